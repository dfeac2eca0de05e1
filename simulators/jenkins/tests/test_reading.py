"""Exchanges with a controller that was just started, against what a real one answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from .comparing import RECORDINGS, compare
from .running import PASSWORD, USER, RunningSimulator

ANY_TEXT = {
    "casc-export",
    "adminMonitors",
    "anon-login",
    "auth-login",
    "casc-export-get",
    "scriptText-exception",
    "scriptText-syntaxerror",
}
"""Long texts of which only the beginning or nothing is promised; other tests look at what matters in them."""
BEFORE_ANY_BUILD = [
    "anon-api-json-403",
    "anon-api-json-403-accept-json",
    "anon-crumb-403",
    "anon-login",
    "anon-missing-job",
    "anon-post-build",
    "anon-quietDown-403",
    "anon-restart-403",
    "anon-root-403",
    "anon-root-head",
    "anon-static-adjuncts-404",
    "anon-tcpSlaveAgentListener",
    "anon-whoami",
    "auth-login",
    "bad-credentials-401",
    "bad-credentials-401-crumb",
    "bad-credentials-401-login",
    "bad-user-401",
    "build-folder",
    "build-param-job-without-params-400",
    "buildWithParameters-on-unparameterized-500",
    "casc-export",
    "casc-export-anon-403",
    "casc-export-get",
    "casc-reload-302",
    "casc-reload-token-200",
    "casc-reload-token-bad-401",
    "casc-reload-token-get",
    "casc-reload-token-missing",
    "commerce-badparam-choice",
    "computer-none",
    "computer-none-depth1",
    "createItem-folder-missing-404",
    "credentials-system-domain-depth1",
    "credentials-system-domain-depth2",
    "credentials-tree",
    "crumb",
    "get-build-405",
    "get-buildWithParameters-405",
    "job-bootstrap-api-json",
    "job-bootstrap-config-xml",
    "job-build-account-management-images-api-json-nobuilds",
    "job-build-account-management-images-config-xml",
    "job-build-selfmanaged-commerce-api-json-nobuilds",
    "job-build-selfmanaged-commerce-config-xml",
    "job-lastBuild-none-404",
    "job-missing-404",
    "job-missing-build-404",
    "job-missing-config-404",
    "job-no-agent-api-json-nobuilds",
    "job-no-agent-config-xml",
    "job-build-999-404",
    "label-known-idle",
    "label-known-loadstat",
    "label-unknown",
    "missing-label-label-api",
    "missing-crumb-403",
    "wrong-crumb-403",
    "crumb-without-its-session-cookie-403",
    "pipeline-model-validate",
    "pipeline-model-validate-bad",
    "plugins-depth0",
    "plugins-depth1",
    "plugins-depth2",
    "plugins-failed",
    "plugins-tree",
    "queue-empty",
    "queue-item-missing-404",
    "quietDown-get-405",
    "root-api-json",
    "root-api-json-depth1",
    "root-api-json-tree",
    "root-api-json-tree-bad",
    "root-api-json-tree-mode",
    "root-html",
    "scriptApproval",
    "scriptText-anon-403",
    "scriptText-exception",
    "scriptText-get",
    "scriptText-noparam",
    "scriptText-syntaxerror",
    "view-all",
    "view-missing-404",
    "whoami",
    "apitoken-whoami",
    "adminMonitors",
    "folder-api-json",
    "folder-config-xml",
    "jnlpJars-agent",
    "after-cancelQuietDown-queue",
    "restart-after-queue",
    "safeRestart-after-queue",
]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, classpath: str) -> Iterator[RunningSimulator]:
    simulator = RunningSimulator(tmp_path_factory.mktemp("fresh"), classpath)
    yield simulator
    simulator.close()


def ask(simulator: RunningSimulator, name: str) -> requests.Response:
    """Send a recorded request, with the credentials and the crumb that it had."""
    want = RECORDINGS[name]
    session = requests.Session()
    session.trust_env = False
    auth: Any = {"admin": (USER, PASSWORD), "nobody": ("nobody", "x")}.get(want["auth"])
    if name.startswith("bad-credentials"):
        auth = (USER, "wrong")
    headers: dict[str, str] = {}
    if want.get("content_type"):
        headers["Content-Type"] = want["content_type"]
    crumbless = {"missing-crumb-403", "apitoken-build-no-crumb-201"}
    if want["method"] != "GET" and auth and name not in crumbless:
        answer = session.get(f"{simulator.base}/crumbIssuer/api/json", auth=auth).json()
        headers[answer["crumbRequestField"]] = "0" * 64 if name == "wrong-crumb-403" else answer["crumb"]
        if name == "crumb-without-its-session-cookie-403":
            session.cookies.clear()
    body = want["body"].encode() if want.get("body") else None
    with session:
        return session.request(
            want["method"],
            simulator.base + want["path"],
            auth=auth,
            headers=headers,
            data=body,
            allow_redirects=False,
            timeout=30,
        )


@pytest.mark.parametrize("name", BEFORE_ANY_BUILD)
def test_a_fresh_controller_answers_as_recorded(fresh: RunningSimulator, name: str) -> None:
    answer = ask(fresh, name)
    assert compare(name, answer, "any" if name in ANY_TEXT else "same") == []


def test_console_failures_begin_as_recorded(fresh: RunningSimulator) -> None:
    for name in ("scriptText-exception", "scriptText-syntaxerror"):
        actual, recorded = ask(fresh, name).text, RECORDINGS[name]["text"]
        assert actual.splitlines()[0] == recorded.splitlines()[0]


def test_sign_in_page_says_what_this_is(fresh: RunningSimulator) -> None:
    page = fresh.send("GET", "/login").text
    assert "simulator of a Jenkins controller" in page
    assert "it is not Jenkins" in page


def test_secrets_are_never_shown(fresh: RunningSimulator) -> None:
    path = "/credentials/store/system/domain/_/api/json?depth=3"
    shown = fresh.send("GET", path).text + ask(fresh, "casc-export").text
    assert "made-up-nexus-pw" not in shown
    assert "made-up-token" not in shown


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/xml"),
        ("GET", "/api/python?tree=mode"),
        ("GET", "/manage/systemInfo"),
        ("GET", "/job/cloudops/job/no-agent/wfapi/runs"),
        ("GET", "/credentials/store/system/domain/_/credential/nexus/config.xml"),
        ("POST", "/configuration-as-code/apply"),
        ("POST", "/createItem?name=copy&mode=copy&from=bootstrap"),
        ("POST", "/job/cloudops/job/no-agent/doRename?newName=x"),
    ],
)
def test_a_url_that_is_not_implemented_names_the_way_out(
    fresh: RunningSimulator, method: str, path: str
) -> None:
    answer = fresh.send(method, path)
    assert answer.status_code == 501
    assert f"the Jenkins simulator does not implement {method} {path.partition('?')[0]}" in answer.text
    assert "--jenkins-image" in answer.text


def test_an_api_token_needs_no_crumb(fresh: RunningSimulator) -> None:
    made = fresh.send(
        "POST",
        "/me/descriptorByName/jenkins.security.ApiTokenProperty/generateNewToken",
        data={"newTokenName": "t"},
    )
    token = made.json()["data"]["tokenValue"]
    answer = requests.post(f"{fresh.base}/job/cloudops/job/no-agent/build", auth=(USER, token), timeout=10)
    assert compare("apitoken-build-no-crumb-201", answer) == []


def test_items_are_created_changed_and_deleted_as_recorded(tmp_path: Path, classpath: str) -> None:
    names = [
        "createItem-200",
        "createItem-exists-400",
        "createItem-badname-400",
        "createItem-noname-400",
        "createItem-badxml-500",
        "createItem-unknown-class-500",
        "createItem-nocontenttype",
        "createItem-in-folder-200",
        "job-doDelete-tmpnc",
        "config-xml-post-200",
        "config-xml-after-post",
        "job-disable-302",
        "job-disabled-api",
        "job-disabled-build-409",
        "job-enable",
        "job-doDelete-again-404",
    ]
    simulator = RunningSimulator(tmp_path, classpath)
    wrong = {
        name: found
        for name in names
        if (
            found := compare(name, ask(simulator, name), "any" if name == "config-xml-after-post" else "same")
        )
    }
    simulator.close()
    assert wrong == {}
