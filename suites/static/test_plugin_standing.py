"""Advisories, deprecations and known issues against the core and the pins.

The contract names an update center document beside it; nothing is fetched. `conformance gate` judges by
today's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest

from conformance.contract.model import Contract
from conformance.core.errors import ConformanceError
from conformance.core.nonconformance import NonConformance, require_none
from conformance.pins import advisories, known_issues, waivers
from conformance.pins.judge import standing
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import load
from conformance.pins.waivers import PinWaiver
from conformance.runner.decision import not_applicable, undecided
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding, Pin, exact
from conformance.sources.stack import StackFiles


@lru_cache(maxsize=4)
def _document(file: Path, _changed: float) -> UpdateCenter:
    return load(str(file))


def _update_center(stack_files: StackFiles) -> UpdateCenter:
    """The document that the contract names."""
    named = stack_files.contract.stack.update_center
    if not named:
        not_applicable(
            "the contract names no update center document (stack.update_center); `conformance gate` has one"
        )
    file = stack_files.loaded.file.parent / named
    try:
        return _document(file, file.stat().st_mtime)
    except (ConformanceError, OSError) as error:
        raise NonConformance(
            f"the update center document {named} cannot be used",
            observed=str(error).splitlines()[0],
            remedy="put it where stack.update_center says: a file as the controller's update center gives it",
        ) from error


def _waivers(stack_files: StackFiles) -> tuple[PinWaiver, ...]:
    """Waivers beside the contract, those that the gate takes too; there may be none."""
    file = stack_files.loaded.file.parent / stack_files.contract.stack.pin_waivers
    return waivers.read(file) if file.is_file() else ()


def _pins(stack_files: StackFiles) -> tuple[Pin, ...]:
    return tuple(exact(stack_files.pins).values())


def _require_section(document: UpdateCenter, section: str) -> None:
    if section in document.absent_sections:
        undecided(f"the update center document has no section `{section}`", "a whole document")


def _require_none(found: Iterable[Finding], given: tuple[PinWaiver, ...], what: str, remedy: str) -> None:
    judged = [one for one in waivers.apply(found, given, date.today()) if not one.waived]
    require_none(
        [
            f"{one.subject}: {one.what}" + (f" ({one.next})" if one.next else "")
            # of a waiver that has ended and the advisory behind it, the waiver comes first
            for one in sorted(judged, key=lambda one: one.code != "waiver-expired")
            if one.level == "no-go"
        ],
        what,
        remedy=remedy,
    )
    unread = [one for one in judged if one.level == "error"]
    if unread:
        undecided(f"{unread[0].subject}: {unread[0].what}", unread[0].next or "the advisory itself")


@pytest.mark.requirement("STATIC-73")
def test_no_pin_is_given_up(stack_files: StackFiles) -> None:
    """No pinned plugin is deprecated or withdrawn, unless waived."""
    document = _update_center(stack_files)
    _require_section(document, "deprecations")
    _require_none(
        _given_up(_pins(stack_files), document),
        _waivers(stack_files),
        "a pinned plugin is given up",
        "replace it, or waive it with an owner, a reason and an end (pin-waivers.toml)",
    )


def _given_up(pins: Iterable[Pin], document: UpdateCenter) -> Iterator[Finding]:
    day = f" of {document.day}" if document.day else ""
    for pin in pins:
        if pin.name not in document:
            what = f"the update center{day} does not have it"
            yield Finding("disappeared", "no-go", pin.name, what, pin.where)
            continue
        for one in standing(pin, ReleaseIndex(document)):
            # a warning of the gate; a stack that is kept for years needs a decision
            yield replace(one, level="no-go", what=f"{one.what} by the update center{day}")


@pytest.mark.requirement("STATIC-74")
def test_no_advisory_is_open(stack_files: StackFiles, contract: Contract) -> None:
    """No security advisory hits the core or a pin, unless waived."""
    document = _update_center(stack_files)
    _require_section(document, "warnings")

    def found() -> Iterator[Finding]:
        where = Place("jenkins.version")
        yield from advisories.findings(document, "core", contract.jenkins.version, where)
        for pin in _pins(stack_files):
            yield from advisories.findings(document, pin.name, pin.version, pin.where)

    _require_none(
        found(),
        _waivers(stack_files),
        "a security advisory is open",
        "take a version after the last affected one, or waive it with an owner, a reason and an end "
        "(pin-waivers.toml)",
    )


@pytest.mark.requirement("STATIC-75")
def test_no_pin_is_known_to_be_bad(stack_files: StackFiles, contract: Contract) -> None:
    """No pin is a release that is known to be bad, unless waived."""
    issues = known_issues.read(known_issues.DEFAULT)
    _require_none(
        known_issues.findings(issues, _pins(stack_files), contract.jenkins.version),
        _waivers(stack_files),
        "a pinned release is known to be bad",
        "pin another release, or waive it with an owner, a reason and an end (pin-waivers.toml)",
    )
