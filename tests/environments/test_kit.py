"""A kit goes out and comes back byte for byte, or says what is wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from conformance.core.errors import BuildFailure, UsageError
from environments.images import catalogue, kit, programs, store
from environments.images.builder import HOST_PROGRAMS

ENTRIES = catalogue.load("1.34.4")


class FakeEngine:
    """Saves files that name what was requested, and remembers what was loaded."""

    def __init__(self) -> None:
        self.loaded: list[bytes] = []
        self.images = True

    def has_image(self, _: str) -> bool:
        return self.images

    def docker(self, *words: Any, **_: Any) -> str:
        if words[0] == "save":
            Path(words[2]).write_text(" ".join(str(word) for word in words[3:]) * 1000)
        if words[0] == "load":
            self.loaded.append(Path(words[-1]).read_bytes())
        return ""


@pytest.fixture
def engine() -> Any:
    return FakeEngine()


@pytest.fixture
def packed(tmp_path: Path, engine: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kit, and a host that has nothing of it."""
    for program in HOST_PROGRAMS:
        file = programs.path(ENTRIES, program)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"the program {program}")
        file.chmod(0o755)
        (file.parent / ".complete").touch()
    store.folder(ENTRIES).mkdir(parents=True)
    (store.folder(ENTRIES) / ".complete").touch()
    made = tmp_path / "kit.tar.zst"
    assert kit.export(made, ENTRIES, engine) == made.stat().st_size
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another-host"))
    engine.images = False
    return made


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What reached the image store."""
    found: list[bytes] = []
    monkeypatch.setattr(store, "build", lambda _entries, _engine, archive: found.append(archive.read_bytes()))
    return found


def test_all_of_it_comes_back(packed: Path, engine: Any, imported: list[bytes]) -> None:
    said: list[str] = []
    kit.take(str(packed), ENTRIES, engine, said.append)
    for program in HOST_PROGRAMS:
        assert programs.is_built(ENTRIES.module_of(program))
        assert programs.path(ENTRIES, program).read_text() == f"the program {program}"
        assert programs.path(ENTRIES, program).stat().st_mode & 0o111
    assert engine.loaded == [(ENTRIES.built("node") * 1000).encode()]
    assert ENTRIES.reference("jenkins").encode() in imported[0]
    assert "checksums right" in said[0]


def test_nothing_is_packed_before_it_is_built(tmp_path: Path, engine: Any) -> None:
    with pytest.raises(UsageError, match="nothing to pack yet"):
        kit.export(tmp_path / "kit", ENTRIES, engine)
    assert not list(tmp_path.glob("kit*"))


def test_a_kit_of_another_state_is_refused(packed: Path, engine: Any, imported: list[bytes]) -> None:
    with pytest.raises(UsageError, match="another state of this project") as failure:
        kit.take(str(packed), catalogue.load("1.34.5"), engine, print)
    assert store.key(ENTRIES) in failure.value.observed
    assert not imported


@pytest.mark.parametrize("cut", [10, 200, -40])
def test_a_damaged_kit_is_told_and_nothing_of_it_used(
    packed: Path, engine: Any, imported: list[bytes], cut: int
) -> None:
    packed.write_bytes(packed.read_bytes()[:cut])
    with pytest.raises((BuildFailure, UsageError), match=r"damaged|not a kit"):
        kit.take(str(packed), ENTRIES, engine, print)
    assert not imported
    assert not engine.loaded
    assert not any(programs.is_built(module) for module in ENTRIES.modules.values())


def test_a_kit_that_cannot_be_read(tmp_path: Path, engine: Any, server: str) -> None:
    with pytest.raises(UsageError, match="cannot read the kit"):
        kit.take(str(tmp_path / "none"), ENTRIES, engine, print)
    with pytest.raises(BuildFailure, match="cannot fetch the kit"):
        kit.take(f"{server}/none", ENTRIES, engine, print)


def test_a_kit_from_a_web_server(packed: Path, engine: Any, imported: list[bytes], server: str) -> None:
    kit.take(f"{server}/{packed.name}", ENTRIES, engine, print)
    assert imported


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()
