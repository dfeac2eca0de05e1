"""How checks are handed to xdist's workers: a few at a time and always in rising order.

xdist's own distribution puts the queue of a worker that died behind everything else, so that a gate
could come after checks that wait for it. See conformance.runner.gating for why the order matters.
"""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from xdist.dsession import get_default_max_worker_restart
from xdist.scheduler import LoadScheduling

from conformance.runner.recording import plan_file


class Decisions(Protocol):
    """The outcomes of gates that sessions share (conformance.runner.gating.Gates)."""

    def decide(self, record: dict[str, Any]) -> None:
        """Share the outcome of a gate check."""

    def close(self) -> None:
        """No gate of this session will be decided from now on."""


class InOrder(LoadScheduling):  # type: ignore[misc]
    """Each worker holds the check that it runs and the next one; its queue only ever rises."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        self.maxschedchunk = 1  # the first chunk is then two, the fewest that lets a worker start

    def check_schedule(self, node: Any, duration: float = 0) -> None:  # noqa: ARG002 - xdist's signature
        """Give `node` up to two checks that come after its own; without one shut it down."""
        if node.shutting_down:
            return
        queue = self.node2pending[node]
        while len(queue) < 2:
            last = queue[-1] if queue else -1
            later = next((index for index in self.pending if index > last), None)
            if later is None:
                # it may hold its last check until it knows that nothing follows
                node.shutdown()
                return
            self.pending.remove(later)
            queue.append(later)
            node.send_runtest_some([later])

    def remove_node(self, node: Any) -> str | None:
        """Take back what a dead worker held, into its place in the order; returns what it ran."""
        queue = self.node2pending.pop(node)
        if not queue:
            return None
        crashed, *left = queue
        self.pending[:] = sorted([*self.pending, *left])
        for other in self.nodes:
            self.check_schedule(other)
        assert self.collection is not None  # noqa: S101 - a queue exists only after the collection
        return str(self.collection[crashed])


class Distribution:
    """Hooks of the controlling process; registered only where xdist distributes."""

    def __init__(self, gates: Decisions) -> None:
        self.gates = gates
        self.deaths = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> InOrder | None:
        return InOrder(config, log) if config.getvalue("dist") == "load" else None

    def pytest_xdist_node_collection_finished(self, node: Any) -> None:
        dist = node.config.getvalue("dist")
        if dist != "load" and plan_file(node.config).exists():
            raise pytest.UsageError(
                f"--dist={dist} cannot keep the order that the gates of checks need; give only -n"
            )

    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        if error is None:
            return
        self.deaths += 1
        most = get_default_max_worker_restart(node.config)
        if most is not None and self.deaths > most:
            # no replacement comes: a check that waits for a lost gate must not wait for ever
            self.gates.close()

    def pytest_conformance_crashed(self, record: dict[str, Any]) -> None:
        self.gates.decide(record)
