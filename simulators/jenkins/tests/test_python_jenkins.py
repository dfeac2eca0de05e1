"""What python-jenkins could do with a real controller it can do here, and fails where it failed."""

from __future__ import annotations

from collections.abc import Callable

import jenkins
import pytest

from .standing import PASSWORD, USER, Standing


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_python_jenkins(stand: Callable[..., Standing]) -> None:
    one = stand()
    client = jenkins.Jenkins(one.base, username=USER, password=PASSWORD)
    with pytest.raises(jenkins.BadHTTPException):
        client.get_version()
    assert client.get_whoami()["id"] == USER
    assert client.get_version() == "2.504.3"
    assert client.get_plugin_info("git")["version"] == "5.7.0"
    assert client.get_plugin_info("nope") is None
    assert [job["fullname"] for job in client.get_all_jobs()][:2] == ["bootstrap", "cloudops"]
    assert client.job_exists("cloudops/no-agent")
    assert not client.job_exists("nope")
    assert client.build_job("cloudops/no-agent") == 1
    with pytest.raises(jenkins.JenkinsException, match="does not exist"):
        client.get_queue_item(99999)
    assert one.finished("cloudops/no-agent", 1)["result"] == "SUCCESS"
    assert client.get_build_info("cloudops/no-agent", 1)["result"] == "SUCCESS"
    assert "flyweight only" in client.get_build_console_output("cloudops/no-agent", 1)
    assert client.get_build_test_report("cloudops/no-agent", 1) is None
    assert client.get_build_env_vars("cloudops/no-agent", 1) is None
    assert client.run_script("println(1 + 1)") == "2"
    with pytest.raises(jenkins.JenkinsException, match="RuntimeException: x"):
        client.run_script("throw new RuntimeException('x')")
    client.create_job("pj1", jenkins.EMPTY_CONFIG_XML)
    with pytest.raises(jenkins.JenkinsException, match="already exists"):
        client.create_job("pj1", jenkins.EMPTY_CONFIG_XML)
    client.copy_job("pj1", "pj2")
    client.rename_job("pj2", "pj3")
    client.disable_job("pj3")
    assert client.get_job_info("pj3")["color"] == "disabled"
    client.enable_job("pj3")
    client.reconfig_job("pj3", jenkins.RECONFIG_XML)
    client.delete_job("pj3")
    client.create_folder("pf")
    assert client.is_folder("pf")
    assert client.list_credentials("pf") == []
    client.delete_job("pf")
    assert (
        client.check_jenkinsfile_syntax(
            "pipeline { agent any\nstages { stage('a') { steps { echo 'x' } } } }"
        )
        == []
    )
    assert 'Missing required section "stages"' in str(client.check_jenkinsfile_syntax("pipeline { }"))
    client.quiet_down()
    assert client.get_info()["quietingDown"]
    client.run_script("Jenkins.instance.doCancelQuietDown()")
    assert not client.get_info()["quietingDown"]
    assert client.get_running_builds() == []
    client.cancel_queue(99999)
