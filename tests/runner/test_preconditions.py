"""A failed precondition fails the check that decides it, and blocks every other check that needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.core.nonconformance import NonConformance, PreconditionFailed
from tests.runner.suite_run import checks, outcomes, run, suite

CHECKS = """
from conformance.core.nonconformance import PreconditionFailed

@pytest.fixture(scope="session")
def login():
    with open("attempts", "a") as file:
        file.write("x")
    raise PreconditionFailed(
        "NEXUS-01", "Nexus answers 401", observed="401", remedy="set the password", dependents="no login"
    )

@need("NEXUS-01")
def test_decides_in_a_fixture(login): pass

@need("NEXUS-01")
def test_decides_in_its_own_words(): raise NonConformance("Nexus refuses its administrator")

@need("NEXUS-02")
def test_needs_it(login): pass

@need("NEXUS-02")
def test_needs_it_too(login): pass

@need("NEXUS-02")
def test_finds_it(): raise PreconditionFailed("NEXUS-01", "Nexus is frozen")
"""


def test_the_deciding_check_fails_and_the_others_are_blocked(tmp_path: Path) -> None:
    run(suite(tmp_path, nexus=CHECKS))
    assert outcomes(tmp_path) == {
        "test_decides_in_a_fixture": "failed",
        "test_decides_in_its_own_words": "failed",
        "test_needs_it": "blocked",
        "test_needs_it_too": "blocked",
        "test_finds_it": "blocked",
    }
    found = checks(tmp_path)
    decides = found["test_decides_in_a_fixture"]
    assert (decides.message, decides.remedy) == ("Nexus answers 401", "set the password")
    assert "observed: 401" in decides.details
    assert found["test_needs_it"].message == "NEXUS-01: no login"
    assert found["test_finds_it"].message == "NEXUS-01: Nexus is frozen"


def test_a_session_fixture_is_tried_once(tmp_path: Path) -> None:
    run(suite(tmp_path, nexus=CHECKS))
    assert (tmp_path / "attempts").read_text() == "x"


def test_an_error_becomes_a_precondition_with_all_that_it_says() -> None:
    error = NonConformance("no agent comes", expected="one", observed="none", remedy="look at the queue")
    with pytest.raises(PreconditionFailed) as caught:
        raise PreconditionFailed.from_error("AGENTS-01", error)
    assert str(caught.value) == str(error)
    assert (caught.value.requirement, caught.value.dependents) == ("AGENTS-01", "no agent comes")
