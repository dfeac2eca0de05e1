"""A real controller's image out of brought files: what is refused, what goes into the build, what starts."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.core.errors import UsageError
from conformance.core.paths import REFERENCE
from conformance.sources.plugins.read import read
from environments.host import provision
from environments.host.engine import Engine
from environments.images import controller
from environments.images.catalogue import HERE
from environments.kind import reap

CONTEXT = HERE / "context/controller"
PINS = {"git": "5.7.0", "job-dsl": "1.90"}


def archive(file: Path, **facts: str) -> Path:
    """A war or plugin file that holds a manifest; a long line is folded as the format wants it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        "Manifest-Version: 1.0",
        *(f"{name.replace('_', '-')}: {value}" for name, value in facts.items()),
    ]
    folded = "\r\n".join("\r\n ".join(line[i : i + 71] for i in range(0, len(line), 71)) for line in lines)
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("META-INF/MANIFEST.MF", folded + "\r\n\r\nName: other\r\nPlugin-Version: 0\r\n")
    return file


def plugin(file: Path, name: str, version: str) -> Path:
    return archive(file, Long_Name="x" * 90, Short_Name=name, Plugin_Version=version)


@pytest.fixture
def brought(tmp_path: Path) -> tuple[Path, Path]:
    """A war and a folder with exactly what is pinned, one file under another name, and one more."""
    folder = tmp_path / "plugins"
    plugin(folder / "git.hpi", "git", "5.7.0")
    plugin(folder / "downloaded-17.jpi", "job-dsl", "1.90")
    plugin(folder / "more.jpi", "more", "1")
    return archive(tmp_path / "jenkins.war", Jenkins_Version="2.504.3"), folder


@dataclass(frozen=True)
class FakeEngine(Engine):
    """Keeps what it was asked to build, and the files of the build's folder."""

    words: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def has_image(self, reference: str) -> bool:
        return True

    def docker(
        self, *words: str | Path, timeout: float = 600, check: bool = True, stdin: str | bytes | None = None
    ) -> str:
        self.words.extend(str(word) for word in words)
        context = Path(words[-1])
        self.files.extend(
            str(file.relative_to(context)) for file in sorted(context.rglob("*")) if file.is_file()
        )
        return ""


def test_what_is_pinned_is_taken_whatever_its_file_is_called(brought: tuple[Path, Path]) -> None:
    war, folder = brought
    chosen = controller.choose(war, folder, PINS, "2.504.3")
    assert chosen.plugins == {"git": folder / "git.hpi", "job-dsl": folder / "downloaded-17.jpi"}
    assert chosen.left_out == ("more.jpi",)
    engine = FakeEngine()
    controller.build(chosen, engine, "base:1", "mine:2")
    assert engine.words[:6] == ["build", "--quiet", "--network", "host", "--tag", "mine:2"]
    assert {"BASE=base:1", "JENKINS_VERSION=2.504.3"} <= set(engine.words)
    assert engine.files == [
        *("Dockerfile", "jenkins-plugin-cli", "jenkins.sh", "jenkins.war"),
        *("plugins/git.jpi", "plugins/job-dsl.jpi"),
    ]


def test_another_version_of_a_plugin_may_lie_beside_the_pinned_one(brought: tuple[Path, Path]) -> None:
    war, folder = brought
    plugin(folder / "git-old.hpi", "git", "5.2.0")
    chosen = controller.choose(war, folder, PINS, "2.504.3")
    assert chosen.plugins["git"].name == "git.hpi"
    assert chosen.left_out == ("git-old.hpi", "more.jpi")


def test_all_that_differs_is_told_at_once(brought: tuple[Path, Path]) -> None:
    war, folder = brought
    with pytest.raises(UsageError) as raised:
        controller.choose(war, folder, {"git": "5.8.0", "junit": "1", "job-dsl": "1.90"}, "2.516.1")
    assert raised.value.observed.split("\n") == [
        "the war is 2.504.3, the contract says 2.516.1",
        "             git:5.8.0 is pinned, 5.7.0 is there",
        "             junit:1 is missing",
    ]


@pytest.mark.parametrize("content", [b"no zip", b""])
def test_a_file_that_is_no_plugin_is_named(brought: tuple[Path, Path], content: bytes) -> None:
    war, folder = brought
    (folder / "broken.jpi").write_bytes(content)
    with pytest.raises(UsageError) as raised:
        controller.choose(war, folder, PINS, "2.504.3")
    assert raised.value.where == str(folder / "broken.jpi")
    with pytest.raises(UsageError, match="no such folder"):
        controller.choose(war, folder / "not-there", PINS, "2.504.3")


def test_the_command_builds_what_the_stack_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(reap, "release_engine", lambda: None)
    engine = FakeEngine()
    monkeypatch.setattr(provision, "fit_host", lambda **_: engine)
    pins = read(REFERENCE / "stack/jenkins-helm-values.yaml.tmpl").exact()
    for name, pin in pins.items():
        plugin(tmp_path / "plugins" / f"{name}.jpi", name, pin.version)
    war = archive(tmp_path / "jenkins.war", Jenkins_Version="2.504.3")
    words = [
        "image",
        "jenkins",
        "--war",
        str(war),
        "--plugins",
        str(tmp_path / "plugins"),
        "--images=packages",
    ]
    contract = ["--contract", str(REFERENCE / "conformance.toml")]
    assert main([*words, *contract, "--tag", "own/jenkins:1"]) == 0
    said = capsys.readouterr().out
    assert f"own/jenkins:1: Jenkins 2.504.3 with {len(pins)} plugins" in said
    assert "use it with --jenkins-image own/jenkins:1" in said
    assert sum(file.startswith("plugins/") for file in engine.files) == len(pins)

    (tmp_path / "plugins/git.jpi").unlink()
    engine.words.clear()
    assert main([*words, *contract]) == 3
    assert f"git:{pins['git'].version} is missing" in capsys.readouterr().err
    assert engine.words == []


def run_cli(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(CONTEXT / "jenkins-plugin-cli"), "--brought", str(tmp_path / "brought")]
    return subprocess.run([*program, *words], capture_output=True, text=True, check=False, timeout=30)


def test_the_images_own_plugin_cli_gives_what_was_built_in(tmp_path: Path) -> None:
    plugin(tmp_path / "brought/git.jpi", "git", "5.7.0")
    pins = tmp_path / "plugins.txt"
    pins.write_text("git:5.7.0  # pinned\n\n")
    target = tmp_path / "ref"
    asked = [
        "--verbose",
        "--war",
        "x.war",
        "--plugin-file",
        str(pins),
        "--latest",
        "false",
        "-d",
        str(target),
    ]
    assert run_cli(tmp_path, *asked).returncode == 0
    assert (target / "git.jpi").is_file()
    pins.write_text("git:5.8.0\njunit:1\n")
    done = run_cli(tmp_path, *asked)
    assert done.returncode == 1
    assert "git: 5.8.0 is asked for, the image was built with 5.7.0" in done.stderr
    assert "junit: the image was built without it" in done.stderr


def test_the_images_start_takes_its_plugins_and_keeps_other_files(tmp_path: Path) -> None:
    ref, home, programs = tmp_path / "ref", tmp_path / "home", tmp_path / "bin"
    for folder in (ref / "plugins", home / "plugins", programs):
        folder.mkdir(parents=True)
    (ref / "plugins/git.jpi").write_text("new")
    (home / "plugins/git.jpi").write_text("old")
    (ref / "config.xml").write_text("reference")
    (home / "config.xml").write_text("own")
    (ref / "always.xml.override").write_text("reference")
    (home / "always.xml").write_text("own")
    java = programs / "java"
    java.write_text('#!/bin/sh\necho "$PWD $@"\n')
    java.chmod(0o755)
    surroundings = os.environ | {
        "REF": str(ref),
        "JENKINS_HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "JAVA_OPTS": "-Xmx1g -Da=b",
        "JENKINS_OPTS": "",
    }
    done = subprocess.run(
        ["sh", str(CONTEXT / "jenkins.sh"), "--httpPort=8080"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert (home / "plugins/git.jpi").read_text() == "new"
    assert (home / "config.xml").read_text() == "own"
    assert (home / "always.xml").read_text() == "reference"
    assert done.stdout.split() == [
        *(str(home), f"-Duser.home={home}", "-Xmx1g", "-Da=b", "-jar", "/usr/share/jenkins/jenkins.war"),
        "--httpPort=8080",
    ]
