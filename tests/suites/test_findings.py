"""Findings of static checks: failures first, then what the sources leave open."""

from __future__ import annotations

import pytest

from conformance.core.nonconformance import NonConformance
from conformance.runner.decision import Undecided as UndecidedCheck
from conformance.sources.facts import Fact, Place, Undecided
from suites.static.findings import Findings

OPEN: Fact[str] = Fact(Undecided("no source has the file", "/var/x"), Place("seed.groovy", 3))


def test_a_decided_value_is_known() -> None:
    findings = Findings()
    assert findings.known(Fact("a", Place("x"))) == "a"
    assert findings.known(None) is None
    findings.conclude("nothing is wrong")


def test_an_open_value_makes_the_check_undecided() -> None:
    findings = Findings()
    assert findings.known(OPEN) is None
    with pytest.raises(UndecidedCheck, match=r"seed.groovy:3: no source has the file") as ended:
        findings.conclude("something is wrong")
    assert ended.value.remedy == "give /var/x in the contract's [stack.inputs]"


def test_a_finding_comes_before_what_is_open() -> None:
    findings = Findings()
    findings.known(OPEN)
    findings += ["a", "a", "b"]
    with pytest.raises(NonConformance, match=r"^wrong: a \(and 1 more\)"):
        findings.conclude("wrong")
