"""What administrators see and do: approvals, monitors, plugins that are switched off."""

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
from simulators.jenkins.home.life import UP

from .standing import PASSWORD, USER, Standing

Stand = Callable[..., Standing]
SEED = """pipelineJob('cloudops/outside') {
    definition { cps { script('echo 1'); sandbox(false) } }
}
"""


def hand(one: Standing) -> Jenkins:
    return Jenkins(Http(Service(one.base, Login(USER, PASSWORD))))


def restarted(one: Standing) -> None:
    one.controller.stop()
    one.controller._fresh()
    one.controller.start()
    assert one.controller.life.state == UP


def test_a_seeded_script_outside_the_sandbox_waits_for_approval(stand: Stand) -> None:
    def seed(config: dict[str, Any]) -> None:
        config["jobs"].append({"script": SEED})

    one = stand(seed)
    page = one.send("GET", "/scriptApproval/").text
    names = re.findall(r'id="ps-([0-9A-Za-z:]+)"', page)
    assert len(names) == 1
    assert ">echo 1</textarea>" in page
    assert hand(one).pending_scripts() == tuple(names)
    number = one.build("cloudops/outside")
    assert one.finished("cloudops/outside", number)["result"] == "FAILURE"
    assert "script not yet approved for use" in one.console("cloudops/outside", number)
    script = f"org.jenkinsci.plugins.scriptsecurity.scripts.ScriptApproval.get().denyScript('{names[0]}')"
    assert one.send("POST", "/scriptText", data={"script": script}).status_code == 200
    assert hand(one).pending_scripts() == ()


def test_monitors_about_security_are_a_list_of_their_own(stand: Stand) -> None:
    told = hand(stand()).monitors()
    assert [name.rpartition(".")[2] for name, _ in told] == [
        "JavaVersionRecommendationAdminMonitor-17-2026-03-31-DANGER"
    ]
    assert told[0][1].startswith("Java 17 end of life in Jenkins You are running Jenkins on Java 17")

    def executors(config: dict[str, Any]) -> None:
        config["jenkins"]["numExecutors"] = 2

    first = hand(stand(executors)).monitors()[0]
    assert first[0] == "hudson.diagnosis.ControllerExecutorsAgents"


def test_a_view_is_deleted(stand: Stand) -> None:
    def seed(config: dict[str, Any]) -> None:
        config["jobs"].append({"script": "listView('releases') { jobs { name('cloudops') } }"})

    one = stand(seed)
    assert [view["name"] for view in hand(one).root()["views"]] == ["all", "releases"]
    assert one.send("POST", "/view/releases/doDelete").status_code == 302
    assert [view["name"] for view in hand(one).root()["views"]] == ["all"]


def test_a_plugin_that_is_switched_off_is_still_told(stand: Stand) -> None:
    one = stand()

    def seen() -> tuple[bool, bool]:
        return next((p.active, p.enabled) for p in hand(one).plugins() if p.name == "prism-api")

    path = "/pluginManager/plugin/prism-api"
    assert seen() == (True, True)
    assert one.send("POST", f"{path}/makeDisabled").status_code == 200
    assert seen() == (True, False)
    restarted(one)
    assert seen() == (False, False)
    assert one.send("POST", f"{path}/makeEnabled").status_code == 200
    assert seen() == (False, True)
    restarted(one)
    assert seen() == (True, True)


def test_a_file_that_is_not_written_to_its_end_replaces_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config.xml"
    replace(file, "<old/>")
    with pytest.raises(UnicodeEncodeError):
        replace(file, "<new>\ud800</new>")
    assert file.read_text() == "<old/>"
