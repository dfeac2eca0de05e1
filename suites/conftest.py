"""What checks of several layers share: agents and products of the contract, as parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.load import load
from contract.model import Contract


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
