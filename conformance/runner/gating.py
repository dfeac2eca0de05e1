"""pytest plugin: a broken gate of a layer blocks the checks of every layer above it.

Gates are shared as small files in the results folder, so that it works over xdist's workers and over
sessions that run side by side. Why waiting for a gate cannot stop a run:

1. Checks are ordered by layer, gates first, and a check waits only for gates of layers *below* its own: of
   checks that come earlier in this order. Behind all of these come the checks marked `run_late`, whose
   answer takes the stack long and was requested early (none is a gate). Last come the checks that run while
   Nexus restarts, and disruptive layers (conformance.runner.exclusive).
2. Every worker gets its checks in rising order and runs them in that order (`InOrder` below keeps this
   also after a worker died). So of all undecided gates take the lowest: every check before it in
   its worker's queue waits for nothing that is undecided, ends, and the gate runs. If it is in no queue
   yet, nothing later was handed out, except after a death: then a free worker or the dead one's
   replacement gets it first.
3. A worker runs a check only when it knows the next one or that there is none; `InOrder` shuts a worker
   down as soon as no later check is left for it.
4. A gate that can be decided no more (its session ended or died) ends the wait: the check is blocked.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.contract.catalogue import DISRUPTIVE, UNDISTURBED, below, rank
from conformance.core.errors import ConformanceError
from conformance.core.files import write_atomically
from conformance.core.owners import alive
from conformance.core.waiting import eventually
from conformance.runner.decision import Blocked
from conformance.runner.outcomes import MEANING, RUNNING, runs_beside_restart
from conformance.runner.recording import plan_file

BREAKS = ("failed", "error")
BLOCK = pytest.StashKey[tuple[str, str]]()
INTERVAL = 0.2


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate check that some session planned; `pid` and `born` are of the process that controls it."""

    nodeid: str
    layer: str
    session: str
    pid: int
    born: str


GATES = pytest.StashKey["Gates"]()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput"):
        # imported only where xdist is there and distributes
        from conformance.runner.ordering import Distribution

        config.pluginmanager.register(Distribution(gates_of(config)), "conformance-distribution")


def gates_of(config: pytest.Config) -> Gates:
    """The gates as this process knows them."""
    if GATES not in config.stash:
        config.stash[GATES] = Gates(config)
    return config.stash[GATES]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    everything = tuple(items)  # a list that is sorted looks empty

    def place(item: pytest.Item) -> tuple[int, bool, bool, int, bool]:
        meaning = item.stash.get(MEANING, None)
        if meaning is None:
            return 0, False, False, -1, False
        slow = item.get_closest_marker("run_late") is not None and not meaning.gate
        undisturbed = meaning.layer in UNDISTURBED and not meaning.gate
        late = 2 if meaning.layer in DISRUPTIVE or undisturbed else int(runs_beside_restart(item, everything))
        return late, slow, undisturbed, rank(meaning.layer), not meaning.gate

    items.sort(key=place)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    # outside of pytest's own protocol, so that the wait counts neither as the check's time nor
    # against its time limit
    meaning = item.stash.get(MEANING, None)
    if meaning is not None:
        block = gates_of(item.config).wait(meaning.layer, item.config.option.gate_timeout)
        if block:
            item.stash[BLOCK] = block
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if BLOCK in item.stash:
        by, reason = item.stash[BLOCK]
        item.stash[RUNNING].blocked_by = by
        raise Blocked(reason)


def pytest_conformance_gate(item: pytest.Item, record: dict[str, Any]) -> None:
    gates_of(item.config).decide(record)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput") and plan_file(session.config).exists():
        gates_of(session.config).close()


class Gates:
    """Gate outcomes of all sessions of one results folder.

    What was decided stays decided, so it is read once; plans are read again only when one is new.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._option = config.option  # its folder may be chosen after this
        self._plans: dict[str, list[Gate]] = {}
        self._outcomes: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, tuple[int, tuple[str, str] | None]] = {}

    @property
    def folder(self) -> Path:
        return Path(self._option.results_dir)

    @property
    def session(self) -> str:
        return str(self._option.session_name)

    def decide(self, record: dict[str, Any]) -> None:
        """Share the outcome of a gate check; of another check nothing is shared."""
        if record["gate"]:
            keys = ("nodeid", "layer", "requirements", "outcome", "message")
            self._write(_name(record["nodeid"]), {key: record.get(key, "") for key in keys})

    def close(self) -> None:
        """No gate of this session will be decided from now on."""
        self._write(f"closed-{self.session}", {})

    def wait(self, layer: str, timeout: float) -> tuple[str, str] | None:
        """Wait until the gates below `layer` are decided: (gate's node id, reason) if one is broken."""
        answered = self._answers.get(layer)
        if answered and answered[0] == self._read_plans():
            return answered[1]
        lower = below(layer)
        if not lower:
            return None

        def undecided() -> list[str]:
            self._read_plans()
            return [
                gate.nodeid
                for gate in self._planned(lower)
                if self._read(gate.nodeid) is None and self._alive(gate)
            ]

        try:
            eventually(
                undecided,
                what=f"gates below {layer} are decided",
                timeout=timeout,
                interval=INTERVAL,
                until=lambda gates: not gates,
            )
        except ConformanceError as error:
            return "", f"the gates below {layer} were not decided: {error.observed}"
        answer = self._answer(lower)
        self._answers[layer] = (len(self._plans), answer)
        return answer

    def _answer(self, lower: tuple[str, ...]) -> tuple[str, str] | None:
        for gate in self._planned(lower):
            outcome = self._read(gate.nodeid)
            if outcome is None:
                reason = f"a gate below was never decided, its session {gate.session} ended: {gate.nodeid}"
                return gate.nodeid, reason
            if outcome["outcome"] in BREAKS:
                name = ", ".join(outcome["requirements"])
                reason = f"{outcome['layer']} is broken: {name} {outcome['outcome']}: {outcome['message']}"
                return gate.nodeid, reason
        return None

    def _read_plans(self) -> int:
        """Read plans that are new; returns how many there are."""
        for name in os.listdir(self.folder):  # noqa: PTH208 - once per check, and five times as quick
            if name.startswith("plan-") and name.endswith(".json") and name not in self._plans:
                plan = json.loads((self.folder / name).read_bytes())
                pid, born = plan["owner"]
                self._plans[name] = [
                    Gate(check["nodeid"], check["layer"], plan["session"], pid, born)
                    for check in plan["checks"]
                    if check["gate"]
                ]
        return len(self._plans)

    def _planned(self, layers: tuple[str, ...]) -> list[Gate]:
        gates = (gate for plan in self._plans.values() for gate in plan if gate.layer in layers)
        return sorted(gates, key=lambda gate: rank(gate.layer))

    def _alive(self, gate: Gate) -> bool:
        if (self.folder / "gates" / f"closed-{gate.session}.json").exists():
            return False
        return alive(gate.pid, gate.born)

    def _read(self, nodeid: str) -> dict[str, Any] | None:
        if nodeid not in self._outcomes:
            try:
                data = (self.folder / "gates" / f"{_name(nodeid)}.json").read_bytes()
            except FileNotFoundError:
                return None
            self._outcomes[nodeid] = json.loads(data)
        return self._outcomes[nodeid]

    def _write(self, name: str, value: dict[str, Any]) -> None:
        folder = self.folder / "gates"
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{name}.json", json.dumps({**value, "t": time.time()}).encode())


def _name(nodeid: str) -> str:
    return hashlib.sha256(nodeid.encode()).hexdigest()[:24]
