"""A file that cannot be read is told once, by the check that decides it; the others are blocked."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from fixtures.judging import Blocked
from fixtures.nonconformance import Unreadable


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    try:
        return (yield)
    except Unreadable as error:
        if error.decided_by in {name for mark in item.iter_markers("requirement") for name in mark.args}:
            raise
        raise Blocked(f"{error.decided_by}: {error.what}") from error
