"""Long texts on a line."""

from __future__ import annotations

import pytest

from conformance.core.text import shortened


@pytest.mark.parametrize("most", [20, 21, 600])
def test_what_is_cut_keeps_its_beginning_and_its_end(most: int) -> None:
    text = f"begin{'x' * 1000}end"
    short = shortened(text, most)
    assert len(short) == most
    assert short.startswith("begin")
    assert short.endswith("end")
    assert "..." in short


@pytest.mark.parametrize("text", ["", "short", "y" * 600])
def test_what_is_short_stays_as_it_is(text: str) -> None:
    assert shortened(text) == text
