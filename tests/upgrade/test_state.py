"""A manifest goes there and back, and every fact that differs has a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.clients.http import Unavailable
from conformance.core.errors import EnvironmentFailure, UsageError
from conformance.core.nonconformance import NonConformance
from conformance.upgrade.state import collectors
from conformance.upgrade.state.model import GONE, Item, Manifest, differences


def item(name: str = "a", **facts: Any) -> Item:
    return Item(service="nexus", kind="thing", name=name, key={"name": name}, facts=facts)


def test_there_and_back(tmp_path: Path) -> None:
    manifest = Manifest(seed=7, stack="s", items=(item(sha256="0", layers=["1", "2"]),))
    manifest.save(tmp_path / "state.json")
    assert Manifest.load(tmp_path / "state.json") == manifest
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0, "tokens are in it"
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot read the state"):
        Manifest.load(tmp_path / "state.json")


def test_differences_name_the_fact() -> None:
    before = item(bytes=3, sha256="a")
    assert list(differences(before, item(bytes=3, sha256="a"))) == []
    (changed,) = differences(before, item(bytes=3, sha256="b"))
    assert str(changed) == "thing a: sha256 was 'a', is 'b'"
    (gone,) = differences(before, None)
    assert (str(gone), gone.after) == ("thing a is gone", GONE)
    (missing,) = differences(before, item(bytes=3))
    assert missing.fact == "sha256"


class Things:
    """Keeps what it holds."""

    kind = "thing"

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.away = False

    def create(self, _stack: object, seed: int) -> Any:
        for name in ("a", "b"):
            self.held[name] = seed
            yield item(name)

    def capture(self, _stack: object, wanted: Item) -> Item | None:
        if self.away:
            raise EnvironmentFailure("it is away")
        if wanted.name not in self.held:
            return None
        return wanted.model_copy(update={"facts": {"held": self.held[wanted.name]}})


class Stack:
    class contract:  # noqa: N801 - as the real one is reached
        class stack:  # noqa: N801
            name = "s"


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch) -> Things:
    made = Things()
    monkeypatch.setattr(collectors, "COLLECTORS", {"thing": made})
    return made


def test_the_filled_state_is_compared_again(things: Things) -> None:
    stack: Any = Stack()
    manifest = collectors.fill(stack, 7)
    assert [each.facts for each in manifest.items] == [{"held": 7}, {"held": 7}]
    assert collectors.compare(stack, manifest) == collectors.Comparison((), ())
    things.held = {"b": 8}
    reported = [str(found) for found in collectors.compare(stack, manifest).different]
    assert reported == ["thing a is gone", "thing b: held was 7, is 8"]
    things.away = True
    assert [reason for _, reason in collectors.compare(stack, manifest).unread] == [
        "it is away",
        "it is away",
    ]


def test_a_stack_that_does_not_keep_its_state_is_an_error(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(things, "capture", lambda *_: None)
    stack: Any = Stack()
    with pytest.raises(NonConformance, match="did not keep thing a"):
        collectors.fill(stack, 7)


def test_a_service_that_is_away_is_waited_for_once(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    stack: Any = Stack()
    manifest = collectors.fill(stack, 1)
    asked: list[str] = []

    def away(_stack: object, wanted: Item) -> Item | None:
        asked.append(wanted.name)
        raise Unavailable("nexus did not answer")

    monkeypatch.setattr(things, "capture", away)
    comparison = collectors.compare(stack, manifest)
    assert asked == ["a"]
    assert [(each.name, reason) for each, reason in comparison.unread] == [
        ("a", "nexus did not answer"),
        ("b", "nexus did not answer"),
    ]
