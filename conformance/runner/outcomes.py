"""pytest plugin: every check decides a requirement, and ends in one of the outcomes of the design.

passed; failed: an assertion or a NonConformance, so the stack does not conform; error: anything else
that went wrong, so the harness or the environment broke; blocked: a gate or a precondition is broken; waived:
it failed and a waiver in force covers it; not applicable: the check itself says why; undecided: what the
check reads does not determine the answer, and the check names what would.

Workers of xdist send their record with the report of the last phase; the controlling process alone
writes, redacted, into the results folder (reports.events).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from conformance.contract import catalogue as catalogues
from conformance.contract.catalogue import DISRUPTIVE, Catalogue, rank, requirement_fields
from conformance.core.errors import ConformanceError
from conformance.core.files import write_atomically
from conformance.core.owners import born
from conformance.core.paths import state_root
from conformance.runner.decision import Running, judge, not_applicable, undecided
from conformance.runner.recording import Recording, check_paths, plan_file
from reports import waivers as waiving
from reports.events import MAX_CHECK, piece
from reports.redact import SECRETS
from reports.waivers import Waiver

__all__ = ["MEANING", "RUNNING", "Evidence", "Meaning", "evidence", "not_applicable", "undecided"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a check, by its markers and the catalogue."""

    requirements: tuple[str, ...]
    layer: str
    gate: bool


#: Markers that would hide an outcome, and the way to say the same.
HIDING = {
    "skip": "it says not_applicable(reason) itself",
    "skipif": "it says not_applicable(reason) itself",
    "xfail": "a known non-conformance belongs into the waivers",
}

RUNNING = pytest.StashKey[Running]()
MEANING = pytest.StashKey[Meaning]()
CATALOGUE = pytest.StashKey[Catalogue]()
WAIVERS = pytest.StashKey[tuple[Waiver, ...]]()
#: key of the options that the controlling process gives its workers
AGREED = "conformance-agreed"


class Evidence:
    """The fixture `evidence`: keeps observations of a check for the report."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, name: str, content: str | bytes | object) -> None:
        """Keep `content` (text, bytes, or what JSON can hold) under `name`; redacted when written."""
        if sum(len(kept["data"]) for kept in self._running.pieces) < 2 * MAX_CHECK:
            self._running.pieces.append(piece(name, content))


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Keeps observations of the check for the report."""
    return Evidence(cast("pytest.Item", request.node).stash[RUNNING])


def pytest_configure(config: pytest.Config) -> None:
    # a worker of xdist gets its options from the command line alone
    for option, value in getattr(config, "workerinput", {}).get(AGREED, {}).items():
        setattr(config.option, option, value)
    named = bool(config.option.results_dir)
    if not named:
        config.option.results_dir = str(
            state_root() / "results" / time.strftime(f"%Y%m%d-%H%M%S-{os.getpid()}", time.gmtime())
        )
    config.option.results_dir = str(Path(config.option.results_dir).resolve())
    config.option.session_name = config.option.session_name or f"pytest-{os.getpid()}"
    try:
        config.stash[WAIVERS] = waiving.load(config.rootpath / config.option.waivers)
        if not hasattr(config, "workerinput"):
            config.pluginmanager.register(Recording(config, named=named), "conformance-recording")
    except (ConformanceError, OSError) as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All workers of xdist agree with the controlling process on folder and session."""
    options = node.config.option
    node.workerinput[AGREED] = {"results_dir": options.results_dir, "session_name": options.session_name}


def holds_checks(collector: pytest.Collector) -> bool:
    """Are the items of `collector` checks of a suite (and not, say, the project's own tests)?"""
    return any(folder in collector.path.parents for folder in check_paths(collector.config))


def catalogue(config: pytest.Config) -> Catalogue:
    """The catalogue, read when the first check is collected."""
    if CATALOGUE not in config.stash:
        config.stash[CATALOGUE] = catalogues.load(config.rootpath / config.getini("requirements_file"))
    return config.stash[CATALOGUE]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if not report.passed or not holds_checks(collector):
        return report
    mistakes: list[str] = []
    for item in report.result:
        if isinstance(item, pytest.Item):
            try:
                mistakes += _understand(item)
            except ConformanceError as error:
                mistakes = [str(error)]
                break
    if mistakes:
        report.outcome = "failed"
        report.longrepr = "\n".join(mistakes)
        report.result = []
    return report


def _understand(item: pytest.Item) -> Iterator[str]:
    """Store the meaning of a check; yield the faults of its markers and its docstring."""
    known = catalogue(item.config)
    marks = list(item.iter_markers())
    names = tuple(
        dict.fromkeys(str(name) for mark in marks if mark.name == "requirement" for name in mark.args)
    )
    if not names:
        yield f"{item.nodeid}: decides no requirement; mark it @pytest.mark.requirement(ID)"
    for name in names:
        if name not in known:
            near = ", ".join(known.near(name))
            yield f"{item.nodeid}: unknown requirement {name}" + (f"; did you mean {near}?" if near else "")
    for mark in marks:
        if mark.name in HIDING:
            yield f"{item.nodeid}: a check must not be marked {mark.name}; {HIDING[mark.name]}"
    found = [known[name] for name in names if name in known]
    if found and len(found) == len(names):
        layer = max((requirement.layer for requirement in found), key=rank)
        gate = any(r.gate for r in found) or any(mark.name == "gate" for mark in marks)
        item.stash[MEANING] = Meaning(names, layer, gate)
        sentence = " ".join(requirement.text for requirement in found)
        if isinstance(item, pytest.Function) and " ".join((item.obj.__doc__ or "").split()) != sentence:
            yield f'{item.nodeid}: the docstring must be the sentence of the requirement: """{sentence}"""'


def runs_beside_restart(item: pytest.Item, items: Sequence[pytest.Item]) -> bool:
    """Does `item` run while Nexus restarts? No gate does, and none does unless one of `items` restarts it."""
    own = item.stash.get(MEANING, None)
    if own is None or own.gate or item.get_closest_marker("beside_restart") is None:
        return False
    meanings = (other.stash.get(MEANING, None) for other in items)
    return any(meaning.layer in DISRUPTIVE for meaning in meanings if meaning)


@pytest.hookimpl(tryfirst=True)  # before xdist's worker says that it has collected
def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    checks = [
        {
            "nodeid": item.nodeid,
            "layer": meaning.layer,
            "requirements": list(meaning.requirements),
            "gate": meaning.gate,
        }
        for item in session.items
        if (meaning := item.stash.get(MEANING, None))
    ]
    # every worker writes the same plan (xdist makes sure that it is the same), each time as a whole
    if checks:
        plan_file(config).parent.mkdir(parents=True, exist_ok=True)
        pid = os.getppid() if hasattr(config, "workerinput") else os.getpid()
        requirements = [requirement_fields(requirement) for requirement in catalogue(config)]
        plan = {
            "session": config.option.session_name,
            "owner": (pid, born(pid)),
            "checks": checks,
            "requirements": requirements,
            "beside_restart": [
                item.nodeid for item in session.items if runs_beside_restart(item, session.items)
            ],
        }
        write_atomically(plan_file(config), json.dumps(plan).encode())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    item.stash[RUNNING] = Running(started=time.time())
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    meaning = item.stash.get(MEANING, None)
    if meaning is None:
        return report
    running = item.stash[RUNNING]
    running.seconds += call.duration
    if call.when == "setup":
        running.started = call.start
    if call.excinfo is not None:
        judge(running, report, call.excinfo.value, call.when or "", requirements=meaning.requirements)
    # extra attributes travel with a report from a worker to the controlling process
    vars(report)["conformance_outcome"] = running.outcome
    if call.when == "teardown":
        record = vars(report)["conformance"] = _record(item, running)
        if record["gate"]:
            item.config.hook.pytest_conformance_gate(item=item, record=record)
    return report


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from conformance.runner import hooks

    pluginmanager.add_hookspecs(hooks)


def _record(item: pytest.Item, running: Running) -> dict[str, Any]:
    """The record of a check, without fields that have their default (reports.model)."""
    meaning = item.stash[MEANING]
    record: dict[str, Any] = {
        "nodeid": item.nodeid,
        "layer": meaning.layer,
        "requirements": list(meaning.requirements),
        "gate": meaning.gate,
        "outcome": running.outcome,
        "started": running.started,
        "seconds": round(running.seconds, 6),
    }
    if running.outcome != "passed":
        record |= {
            "message": running.message[:2000],
            "remedy": running.remedy[:2000],
            "details": running.details,
            "blocked_by": running.blocked_by,
        }
    if running.outcome == "failed":
        waivers = item.config.stash[WAIVERS]
        waiver = waiving.find(waivers, meaning.requirements, item.nodeid, running.message, waiving.today())
        if waiver:
            record |= {"outcome": "waived", "waiver": waiver.requirement}
    if hasattr(item.config, "workerinput"):
        record["worker"] = item.config.workerinput["workerid"]
        # taken out by the controlling process before anything is written
        record["secrets"] = _new_secrets(item.config)
    if running.pieces:
        record["pieces"] = [dict(kept) for kept in running.pieces]
    return record


_SENT = pytest.StashKey[int]()


def _new_secrets(config: pytest.Config) -> list[list[str]]:
    """Secrets registered since the last record, for the redactor of the process that writes."""
    sent = config.stash.get(_SENT, 0)
    config.stash[_SENT] = len(SECRETS)
    return [list(pair) for pair in SECRETS.since(sent)]
