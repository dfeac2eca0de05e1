"""The agent image's entry point, with a controller that serves agent.jar and a `java` that only records."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.core.paths import PROJECT

from .servers import serving

ENTRYPOINT = PROJECT / "environments/images/context/agent/agent-entrypoint"
JAVA = """#!/bin/sh
printf '%s\\n' "$@" > "$HOME/java-words"
while [ "$1" != -jar ]; do shift; done
cp "$2" "$HOME/java-jar"
"""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs the agent image's curl")


def start(tmp_path: Path, url: str, **env: str) -> subprocess.CompletedProcess[str]:
    java = tmp_path / "java"
    java.write_text(JAVA, encoding="utf-8")
    java.chmod(0o755)
    named = {"JENKINS_URL": url, "JENKINS_SECRET": "s3", "JENKINS_AGENT_NAME": "maven-x1", **env}
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "JENKINS_AGENT_WORKDIR": str(tmp_path / "agent"),
        **{name: value for name, value in named.items() if value},
    }
    return subprocess.run(
        ["sh", ENTRYPOINT, "ignored-secret", "ignored-name"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def words(tmp_path: Path) -> list[str]:
    """What java was called with, after the jar."""
    said = (tmp_path / "java-words").read_text("utf-8").split("\n")[:-1]
    return said[said.index("-jar") + 2 :]


def test_runs_the_controllers_own_agent_program(tmp_path: Path) -> None:
    with serving({"/jnlpJars/agent.jar": (200, b"the jar")}) as controller:
        done = start(tmp_path, f"{controller.url}/")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "java-jar").read_bytes() == b"the jar"
    assert words(tmp_path) == [
        "-url",
        f"{controller.url}/",
        "-secret",
        "s3",
        "-name",
        "maven-x1",
        "-workDir",
        str(tmp_path / "agent"),
    ]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"JENKINS_TUNNEL": "jenkins-agent:50000"}, ["-tunnel", "jenkins-agent:50000"]),
        ({"JENKINS_WEB_SOCKET": "true", "JENKINS_TUNNEL": "x:1"}, ["-webSocket"]),
        ({"REMOTING_OPTS": "-noReconnectAfter 1d"}, ["-noReconnectAfter", "1d"]),
    ],
)
def test_connects_as_the_kubernetes_plugin_says(
    tmp_path: Path, env: dict[str, str], expected: list[str]
) -> None:
    with serving({"/jnlpJars/agent.jar": (200, b"the jar")}) as controller:
        assert start(tmp_path, controller.url, **env).returncode == 0
    assert words(tmp_path)[8:] == expected


def test_a_controller_without_the_program_ends_the_agent(tmp_path: Path) -> None:
    with serving({}) as controller:
        done = start(tmp_path, controller.url)
    assert done.returncode != 0
    assert "404" in done.stderr
    assert not (tmp_path / "java-words").exists()


@pytest.mark.parametrize("missing", ["JENKINS_URL", "JENKINS_SECRET", "JENKINS_AGENT_NAME"])
def test_says_what_is_not_set(tmp_path: Path, missing: str) -> None:
    done = start(tmp_path, "http://127.0.0.1:1", **{missing: ""})
    assert done.returncode != 0
    assert missing in done.stderr
