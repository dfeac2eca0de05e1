from __future__ import annotations

import threading
from pathlib import Path

import pytest

from conformance.core import timeline
from conformance.core.graph import Task, run_tasks
from conformance.core.timeline import Timeline
from conformance.core.waiting import eventually


def test_tasks_run_after_what_they_need_and_leave_spans(tmp_path: Path) -> None:
    order: list[str] = []
    tasks = [
        Task("c", lambda: order.append("c"), ("a", "b")),
        Task("a", lambda: order.append("a")),
        Task("b", lambda: order.append("b"), ("a", "there already")),
    ]
    run_tasks(tasks, Timeline(tmp_path / "t.jsonl"))
    assert order == ["a", "b", "c"]
    assert {span.name: span.ok for span in timeline.read(tmp_path / "t.jsonl")} == dict.fromkeys("abc", True)


def test_independent_tasks_run_side_by_side(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=20)
    tasks = [Task("x", lambda: void(both.wait())), Task("y", lambda: void(both.wait()))]
    run_tasks(tasks, Timeline(tmp_path / "t.jsonl"))
    assert len(timeline.read(tmp_path / "t.jsonl")) == 2


def void(_: object) -> None:
    """A task returns nothing."""


def test_the_first_failure_is_raised_and_nothing_new_starts(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    def fail() -> None:
        raise RuntimeError("no space")

    tasks = [Task("a", fail), Task("b", lambda: None, ("a",))]
    with pytest.raises(RuntimeError, match="no space"):
        run_tasks(tasks, Timeline(tmp_path / "t.jsonl"), lambda n, h, _: seen.append((n, h)))
    assert seen == [("a", "started"), ("a", "failed")]
    (span,) = timeline.read(tmp_path / "t.jsonl")
    assert (span.ok, span.note) == (False, "no space")


def test_a_circle_is_an_error(tmp_path: Path) -> None:
    tasks = [Task("a", lambda: None, ("b",)), Task("b", lambda: None, ("a",))]
    with pytest.raises(ValueError, match="circle"):
        run_tasks(tasks, Timeline(tmp_path / "t.jsonl"))


def test_the_critical_path_is_the_longest_chain() -> None:
    spans = (
        timeline.Span("cluster", (), 0, 10),
        timeline.Span("git", (), 0, 12),
        timeline.Span("nexus", ("cluster",), 10, 30),
        timeline.Span("jenkins", ("cluster",), 10, 15),
        timeline.Span("set-up", ("nexus", "git"), 30, 33),
    )
    assert [span.name for span in timeline.critical_path(spans)] == ["cluster", "nexus", "set-up"]


def test_a_half_written_line_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    with Timeline(file).span("whole"):
        pass
    with file.open("a") as out:
        out.write('{"name": "ha')
    assert [span.name for span in timeline.read(file)] == ["whole"]


def test_a_failure_ends_what_others_wait_for(tmp_path: Path) -> None:
    waits = threading.Event()

    def fail() -> None:
        assert waits.wait(20)
        raise RuntimeError("no space")

    def wait() -> None:
        eventually(waits.set, what="nothing", timeout=60, interval=30, until=lambda _: False)

    with pytest.raises(RuntimeError, match="no space"):
        run_tasks([Task("wait", wait), Task("fail", fail)], Timeline(tmp_path / "t.jsonl"))
    notes = {span.name: span.note for span in timeline.read(tmp_path / "t.jsonl")}
    assert notes["wait"] == "nothing: cancelled, the work has ended"
    assert eventually(lambda: 1, what="a later wait", timeout=1) == 1
