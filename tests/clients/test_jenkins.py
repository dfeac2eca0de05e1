"""The controller's client, against what a real Jenkins 2.504.3 answered."""

from __future__ import annotations

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.clients.jobs import Build, Started, job_path, pipeline_xml
from conformance.core.nonconformance import NonConformance
from tests.clients.server import Answer, Server, json_answer, recorded


def test_jobs_and_folders_come_in_one_request(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/api/json", recorded("root-api-json-tree"))
    names = [job.name for job in jenkins.jobs()]
    assert names[:2] == ["bootstrap", "cloudops/always-fails"]
    assert len(names) == 7
    assert server.times("GET", "/api/json") == 1
    assert jenkins.folders() == ("cloudops",)


def test_jobs_of_runs_are_left_out(server: Server, jenkins: Jenkins) -> None:
    server.on(
        "GET",
        "/api/json",
        json_answer({"jobs": [{"name": "conformance-run-1", "jobs": [{"name": "x"}]}, {"name": "kept"}]}),
    )
    assert [job.name for job in jenkins.jobs()] == ["kept"]


def test_job_facts(server: Server, jenkins: Jenkins) -> None:
    server.on(
        "GET",
        "/api/json",
        lambda _: Answer(
            200,
            b'{"jobs": [' + recorded("job-build-account-management-images-api-json-nobuilds").body + b"]}",
        ),
    )
    (job,) = jenkins.jobs()
    assert job.name == "cloudops/build-account-management-images"
    assert job.parameters == (("imageTag", "string"),)
    assert job.concurrent
    assert not job.disabled


def test_plugins(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/pluginManager/api/json", recorded("plugins-tree"))
    first = jenkins.plugins()[0]
    assert (first.name, first.version, first.active) == (
        "antisamy-markup-formatter",
        "173.v680e3a_b_69ff3",
        True,
    )


def test_credentials_are_ids(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/credentials/store/system/domain/_/api/json", recorded("credentials-tree"))
    assert jenkins.credential_ids() == ("nexus", "registryToken")


def test_version_needs_no_login(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/login", recorded("anon-login"))
    assert jenkins.version() == "2.504.3"
    assert "Authorization" not in server.asked[-1].headers


@pytest.mark.parametrize(("recording", "clouds"), [("label-unknown", 0), ("label-known-idle", 1)])
def test_label_reports_its_clouds(server: Server, jenkins: Jenkins, recording: str, clouds: int) -> None:
    server.on("GET", "/label/x/api/json", recorded(recording))
    assert len(jenkins.label_clouds("x")) == clouds


def test_pending_scripts(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/scriptApproval/", recorded("scriptApproval-pending-html"))
    (waiting,) = jenkins.pending_scripts()
    assert waiting.startswith("SHA512:c6a5e190")


@pytest.mark.parametrize(
    ("recording", "says"),
    [("pipeline-model-validate", ""), ("pipeline-model-validate-bad", "required section")],
)
def test_lint(server: Server, jenkins: Jenkins, recording: str, says: str) -> None:
    server.on("POST", "/pipeline-model-converter/validate", recorded(recording))
    found = jenkins.lint_jenkinsfile("pipeline {}")
    assert bool(found) == bool(says)
    assert says in found
    assert "Jenkins-Crumb" in server.asked[-1].headers


def test_exported_configuration(server: Server, jenkins: Jenkins) -> None:
    server.on("POST", "/configuration-as-code/export", recorded("casc-export"))
    assert jenkins.exported_configuration()["jenkins"]["clouds"][0]["kubernetes"]["containerCap"] == 10


def test_a_build_from_start_to_end(server: Server, jenkins: Jenkins) -> None:
    job = "/job/cloudops/job/build-account-management-images"
    server.on("POST", f"{job}/buildWithParameters", recorded("agent-killed-post"))
    server.on(
        "GET",
        "/queue/item/15/api/json",
        recorded("agentpod-static-queue-nodestep-item-1"),
        recorded("agentpod-static-queue-item-left"),
    )
    server.on(
        "GET",
        f"{job}/1/api/json",
        recorded("agentpod-static-build-running"),
        Answer(503),
        recorded("agentpod-static-build-end"),
    )
    server.on("GET", f"{job}/1/consoleText", recorded("agentpod-static-consoleText"))
    build = jenkins.run("cloudops/build-account-management-images", {"imageTag": "1.0"}, timeout=10)
    assert (build.number, build.result) == (1, "SUCCESS")
    assert build.seconds > 1
    assert build.console.rstrip().endswith("Finished: SUCCESS")
    assert build.require_success() is build


def test_an_aborted_build_says_why(server: Server, jenkins: Jenkins) -> None:
    job = "/job/cloudops/job/agent-killed"
    server.on("POST", f"{job}/build", recorded("agent-killed-post"))
    server.on("GET", "/queue/item/15/api/json", json_answer({"executable": {"number": 1}}))
    server.on("GET", f"{job}/1/api/json", recorded("agent-killed-build-end"))
    server.on("GET", f"{job}/1/consoleText", recorded("agent-killed-consoleText"))
    build = jenkins.run("cloudops/agent-killed", timeout=5)
    with pytest.raises(NonConformance) as caught:
        build.require_success()
    assert "ended ABORTED" in caught.value.what


def test_a_cancelled_queue_item_ends_the_wait_at_once(server: Server, jenkins: Jenkins) -> None:
    server.on("POST", "/job/x/build", recorded("agent-killed-post"))
    server.on("GET", "/queue/item/15/api/json", json_answer({"cancelled": True}))
    with pytest.raises(NonConformance) as caught:
        jenkins.start("x", timeout=30)
    assert "cancelled" in caught.value.observed


def test_a_build_whose_queue_item_is_forgotten_is_found_by_its_id(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/queue/item/15/api/json", Answer(404))
    builds = [{"number": 8, "queueId": 16}, {"number": 7, "queueId": 15}]
    server.on("GET", "/job/x/api/json", json_answer({"builds": builds}))
    assert jenkins.left_queue("x", 15, timeout=5).number == 7


@pytest.mark.parametrize("waits", [False, True])
def test_what_was_asked_for_is_taken_back(server: Server, jenkins: Jenkins, waits: bool) -> None:
    server.on(
        "GET", "/crumbIssuer/api/json", json_answer({"crumbRequestField": "Jenkins-Crumb", "crumb": "c"})
    )
    server.on("POST", "/queue/cancelItem", Answer(204))
    begun = json_answer({"builds": [{"number": 7, "queueId": 15}]})
    # it begins in the moment in which it is cancelled
    server.on("GET", "/job/x/api/json", *([json_answer({"builds": []})] if waits else []), begun)
    server.on("GET", "/job/x/7/api/json", json_answer({"building": False}))
    server.on("POST", "/job/x/7/doDelete", Answer(302))
    jenkins.discard("x", 15)
    assert server.times("POST", "/queue/cancelItem") == waits
    assert server.times("POST", "/job/x/7/doDelete") == 1


def test_a_build_that_does_not_end_is_stopped(server: Server, jenkins: Jenkins) -> None:
    server.on("POST", "/job/x/build", recorded("agent-killed-post"))
    server.on("GET", "/queue/item/15/api/json", json_answer({"executable": {"number": 4}}))
    server.on("GET", "/job/x/4/api/json", json_answer({"building": True, "result": None}))
    server.on("GET", "/job/x/4/consoleText", Answer(200, b"Still waiting for maven\n"))
    elsewhere = {"Location": "http://jenkins.jenkins.svc.cluster.local:8080/job/x/4/"}
    server.on("POST", "/job/x/4/stop", Answer(302, headers=elsewhere))
    with pytest.raises(NonConformance) as caught:
        jenkins.run("x", timeout=0.5)
    assert "did not end within 0.5 s" in caught.value.what
    assert "Still waiting for maven" in caught.value.observed
    assert server.times("POST", "/job/x/4/stop") == 1


def test_a_job_in_a_folder_is_made_with_a_crumb(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/job/cloudops/job/mine/api/json", Answer(404))
    server.on("POST", "/job/cloudops/createItem", recorded("createItem-in-folder-200"))
    # python-jenkins looks whether the job is there before and after it makes it
    server.on(
        "GET",
        "/job/cloudops/job/mine/api/json",
        Answer(404),
        json_answer({"name": "mine", "fullName": "cloudops/mine"}),
    )
    jenkins.create_pipeline("cloudops/mine", "echo '1 < 2'")
    posted = next(asked for asked in server.asked if asked.method == "POST")
    assert b"echo '1 &lt; 2'" in posted.body
    assert "Jenkins-Crumb" in posted.headers


def test_refusals_are_the_stack_s(server: Server, jenkins: Jenkins) -> None:
    server.on("POST", "/job/x/build", recorded("missing-crumb-403"))
    with pytest.raises(NonConformance) as caught:
        jenkins.start("x")
    assert caught.value.what == "Jenkins does not build x"


def test_deleting_what_is_not_there_is_fine(server: Server, jenkins: Jenkins) -> None:
    server.on("POST", "/job/x/doDelete", Answer(404))
    jenkins.delete_job("x")
    jenkins.delete_build("x", 3)
    assert server.times("POST", "/job/x/3/doDelete") == 0


def test_paths_and_xml() -> None:
    assert job_path("a b/c") == "/job/a%20b/job/c"
    assert "<sandbox>true</sandbox>" in pipeline_xml("x")


@pytest.mark.parametrize(
    ("console", "reason"),
    [
        ("a\nERROR: script returned exit code 3\nFinished: FAILURE\n", "ERROR: script returned exit code 3"),
        ("org.example.Thing not found\nFinished: FAILURE\n", "org.example.Thing not found"),
        ("", "the console is empty"),
        (
            "[INFO] x\n[ERROR] Failed to execute goal compile\n[ERROR] Re-run Maven with -X\n",
            "[ERROR] Failed to execute goal compile",
        ),
        (
            "+ fetch\ng:a:1:zip is not in Nexus\n[Pipeline] }\nERROR: script returned exit code 1\n",
            "g:a:1:zip is not in Nexus",
        ),
    ],
)
def test_the_reason_is_the_line_that_says_it(console: str, reason: str) -> None:
    assert Build("x", 1, "FAILURE", 1.0, console).reason() == reason


def test_a_build_that_said_nothing_yet_has_an_empty_console(server: Server, jenkins: Jenkins) -> None:
    server.on("GET", "/job/x/1/consoleText", Answer(200, b""))
    assert jenkins.console(Started("x", 1, 0)) == ""
    with pytest.raises(NonConformance, match="does not show the console of x #2"):
        jenkins.console(Started("x", 2, 0))
