"""Suites, clients and the stack must not know whether the controller is a real one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.core.paths import PROJECT
from simulators.jenkins.agents.kube import Kube
from simulators.jenkins.agents.mark import mark

from .fake_kube import FakeKube

FOLDERS = ("suites", "fixtures", "conformance/clients", "conformance/sources", "reference/stack")
KNOWING = re.compile(
    r"stand[-_]?ins?\b|\bsimulat\w+|\bsimulators[./]|conformance\.test/jenkins", re.IGNORECASE
)
"""The simulator's names: in text, in code, as an import or folder, as an image."""


def mentions(text: str) -> list[tuple[int, str]]:
    """Lines that know of the simulator, with their numbers."""
    return [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if KNOWING.search(line)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_here_knows_of_the_simulator(folder: str) -> None:
    files = [path for path in sorted((PROJECT / folder).rglob("*")) if path.is_file()]
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in files if path.suffix != ".pyc"}
    assert texts, "the folder is where this test looks for it"
    found = [
        f"{path.relative_to(PROJECT)}:{n}: {line}"
        for path, text in texts.items()
        for n, line in mentions(text)
    ]
    assert not found, (
        f"{folder}/ must be the same with a real controller and with the simulator; only reports name it:\n"
        + "\n".join(found)
    )


@pytest.mark.parametrize(
    "line",
    [
        "if component.stand_in:",
        "# the stand-in does not do this",
        "from simulators.jenkins import VERSION",
        'image: "conformance.test/jenkins:0123"',
        "Path('/etc/conformance/simulator').exists()",
        "with a simulated controller",
    ],
)
def test_a_mention_is_found(line: str) -> None:
    assert mentions("\n" + line) == [(2, line)]


def test_what_is_no_mention_is_left_alone() -> None:
    assert mentions("/etc/conformance/trust\nmarkers of standing\nconformance.test/agent:1") == []


def test_the_image_says_what_it_is() -> None:
    """The marks by which reports and people know it."""
    image = PROJECT / "simulators/jenkins/image"
    assert "LABEL conformance.simulator=jenkins-controller" in (image / "Dockerfile").read_text()
    assert "It is not Jenkins" in (image / "simulator").read_text()
    entry = Path(PROJECT / "environments/images/catalogue.toml").read_text().partition('name = "jenkins"')[2]
    assert 'simulator = "simulated controller"' in entry.partition("[[image]]")[0]


def test_the_pod_is_labelled_as_a_simulator(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cluster = FakeKube(tmp_path)
    cluster.pods["jenkins-0"] = {"metadata": {"name": "jenkins-0", "labels": {"app": "jenkins"}}}
    kube = Kube(cluster.url)
    try:
        assert mark(kube, {"HOSTNAME": "jenkins-0"})
        labels = cluster.pods["jenkins-0"]["metadata"]["labels"]
        assert labels == {"app": "jenkins", "conformance.simulator": "jenkins-controller"}
        assert not mark(kube, {"HOSTNAME": "another"})
        cluster.forbidden = True
        assert not mark(kube, {"HOSTNAME": "jenkins-0"})
    finally:
        cluster.close()
    assert "could not be labelled" in capfd.readouterr().err
