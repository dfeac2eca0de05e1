"""What checks of several layers share.

Agents and products of the contract are parameters. What many checks must read and cannot is told once, by
the check that decides it; the others are blocked.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.load import load
from contract.model import Contract
from fixtures.judging import Blocked
from fixtures.nonconformance import Unreadable


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with _told_once(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with _told_once(item):
        return (yield)


@contextmanager
def _told_once(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        if error.decided_by in {name for mark in item.iter_markers("requirement") for name in mark.args}:
            raise
        raise Blocked(f"{error.decided_by}: {error.what}") from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fill the parameters `label`, `image_label` and `product` from the contract."""
    if not {"label", "image_label", "product_name"} & set(metafunc.fixturenames):
        return
    contract: Contract = load(Path(str(metafunc.config.getoption("--contract")))).contract
    values = {
        "label": [agent.label for agent in contract.jenkins.agents],
        "image_label": [agent.label for agent in contract.jenkins.agents if agent.builds_images],
        "product_name": [product.name for product in contract.products],
    }
    for name, found in values.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found)
