"""What a check stands on inside its own layer: broken, it is told by one check and blocks the others."""

from __future__ import annotations

import pytest

from conformance.core.nonconformance import Unreadable


def decides(request: pytest.FixtureRequest, requirement: str) -> bool:
    """Does the running check decide `requirement`? Then it runs, and tells in its own words."""
    return any(requirement in mark.args for mark in request.node.iter_markers("requirement"))


def blocked(request: pytest.FixtureRequest, requirement: str, what: str) -> None:
    """Block the running check because of `what`, unless it is the one that decides `requirement`."""
    if not decides(request, requirement):
        raise Unreadable(what, decided_by=requirement)


def planned(request: pytest.FixtureRequest, requirement: str) -> bool:
    """Does this session hold a check of `requirement`? Then what it needs is asked for early."""
    marks = (mark for item in request.session.items for mark in item.iter_markers("requirement"))
    return any(requirement in mark.args for mark in marks)
