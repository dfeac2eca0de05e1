"""What checks of the controller stand on: an answer, and a login."""

from __future__ import annotations

import pytest

from conformance.clients.jenkins import Jenkins
from suites.ground import blocked


@pytest.fixture(scope="session")
def _answers(jenkins: Jenkins) -> tuple[str, str]:
    """Empty, or the requirement that tells why nothing else can be asked, and what that is."""
    with jenkins.http.anonymous() as anyone:
        status = anyone.get("/login").status_code
    if status != 200:
        return "JENKINS-01", f"the login page answers {status}"
    status = jenkins.http.get("/whoAmI/api/json").status_code
    return ("", "") if status == 200 else ("JENKINS-02", f"the administrator's login gets {status}")


@pytest.fixture(autouse=True)
def _ground(request: pytest.FixtureRequest, _answers: tuple[str, str]) -> None:
    requirement, what = _answers
    if requirement:
        blocked(request, requirement, what)
