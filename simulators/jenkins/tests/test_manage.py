"""The work of administrators: approvals, monitors, plugins that are switched off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.clients.http import Http
from conformance.clients.jenkins import Jenkins
from environments.base import Login, Service
from simulators.jenkins.home.atomic import replace
from simulators.jenkins.home.life import State

from .running import PASSWORD, USER, RunningSimulator

Launch = Callable[..., RunningSimulator]
SEED = """pipelineJob('cloudops/outside') {
    definition { cps { script('echo 1'); sandbox(false) } }
}
"""


def hand(simulator: RunningSimulator) -> Jenkins:
    return Jenkins(Http(Service(simulator.base, Login(USER, PASSWORD))))


def restarted(simulator: RunningSimulator) -> None:
    simulator.controller.stop()
    simulator.controller.assemble()
    simulator.controller.start()
    assert simulator.controller.life.state == State.UP


def test_a_seeded_script_outside_the_sandbox_waits_for_approval(launch: Launch) -> None:
    def seed(config: dict[str, Any]) -> None:
        config["jobs"].append({"script": SEED})

    simulator = launch(seed)
    page = simulator.send("GET", "/scriptApproval/").text
    names = re.findall(r'id="ps-([0-9A-Za-z:]+)"', page)
    assert len(names) == 1
    assert ">echo 1</textarea>" in page
    assert hand(simulator).pending_scripts() == tuple(names)
    number = simulator.build("cloudops/outside")
    assert simulator.finished("cloudops/outside", number)["result"] == "FAILURE"
    assert "script not yet approved for use" in simulator.console("cloudops/outside", number)
    script = f"org.jenkinsci.plugins.scriptsecurity.scripts.ScriptApproval.get().denyScript('{names[0]}')"
    assert simulator.send("POST", "/scriptText", data={"script": script}).status_code == 200
    assert hand(simulator).pending_scripts() == ()


def test_monitors_about_security_are_a_list_of_their_own(launch: Launch) -> None:
    monitors = hand(launch()).monitors()
    assert [name.rpartition(".")[2] for name, _ in monitors] == [
        "JavaVersionRecommendationAdminMonitor-17-2026-03-31-DANGER"
    ]
    assert monitors[0][1].startswith("Java 17 end of life in Jenkins You are running Jenkins on Java 17")

    def executors(config: dict[str, Any]) -> None:
        config["jenkins"]["numExecutors"] = 2

    first = hand(launch(executors)).monitors()[0]
    assert first[0] == "hudson.diagnosis.ControllerExecutorsAgents"


def test_a_view_is_deleted(launch: Launch) -> None:
    def seed(config: dict[str, Any]) -> None:
        config["jobs"].append({"script": "listView('releases') { jobs { name('cloudops') } }"})

    simulator = launch(seed)
    assert [view["name"] for view in hand(simulator).root()["views"]] == ["all", "releases"]
    assert simulator.send("POST", "/view/releases/doDelete").status_code == 302
    assert [view["name"] for view in hand(simulator).root()["views"]] == ["all"]


def test_a_plugin_that_is_switched_off_is_still_told(launch: Launch) -> None:
    simulator = launch()

    def seen() -> tuple[bool, bool]:
        return next((p.active, p.enabled) for p in hand(simulator).plugins() if p.name == "prism-api")

    path = "/pluginManager/plugin/prism-api"
    assert seen() == (True, True)
    assert simulator.send("POST", f"{path}/makeDisabled").status_code == 200
    assert seen() == (True, False)
    restarted(simulator)
    assert seen() == (False, False)
    assert simulator.send("POST", f"{path}/makeEnabled").status_code == 200
    assert seen() == (False, True)
    restarted(simulator)
    assert seen() == (True, True)


def test_a_file_that_is_not_written_to_its_end_replaces_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config.xml"
    replace(file, "<old/>")
    with pytest.raises(UnicodeEncodeError):
        replace(file, "<new>\ud800</new>")
    assert file.read_text() == "<old/>"
