"""The calls of python-jenkins that the harness makes: they succeed and fail as with a real controller."""

from __future__ import annotations

from collections.abc import Callable

import jenkins
import pytest

from .running import PASSWORD, USER, RunningSimulator


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_python_jenkins(launch: Callable[..., RunningSimulator]) -> None:
    simulator = launch()
    client = jenkins.Jenkins(simulator.base, username=USER, password=PASSWORD)
    assert client.get_whoami()["id"] == USER
    assert client.get_version() == "2.504.3"
    assert client.job_exists("cloudops/no-agent")
    assert not client.job_exists("nope")
    assert client.build_job("cloudops/no-agent") == 1
    with pytest.raises(jenkins.JenkinsException, match="does not exist"):
        client.get_queue_item(99999)
    assert simulator.finished("cloudops/no-agent", 1)["result"] == "SUCCESS"
    assert client.get_build_info("cloudops/no-agent", 1)["result"] == "SUCCESS"
    assert "flyweight only" in client.get_build_console_output("cloudops/no-agent", 1)
    assert client.run_script("println(1 + 1)") == "2"
    with pytest.raises(jenkins.JenkinsException, match="RuntimeException: x"):
        client.run_script("throw new RuntimeException('x')")
    client.create_job("made", jenkins.EMPTY_CONFIG_XML)
    with pytest.raises(jenkins.JenkinsException, match="already exists"):
        client.create_job("made", jenkins.EMPTY_CONFIG_XML)
    client.disable_job("made")
    assert client.get_job_info("made")["color"] == "disabled"
    client.enable_job("made")
    client.reconfig_job("made", jenkins.RECONFIG_XML)
    client.delete_job("made")
    assert not client.job_exists("made")
    assert client.build_job("cloudops/sleeper") > 1
    assert simulator.build("cloudops/sleeper") > 0
    client.stop_build("cloudops/sleeper", 1)
    assert simulator.finished("cloudops/sleeper", 1)["result"] == "ABORTED"
    client.delete_build("cloudops/sleeper", 1)
    assert not client.get_job_info("cloudops/sleeper")["builds"][1:]
    client.cancel_queue(99999)
