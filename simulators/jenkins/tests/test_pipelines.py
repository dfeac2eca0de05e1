"""The pipeline language beyond what was recorded: as the plugins' documentation and messages have it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.core.waiting import eventually
from simulators.jenkins.pipelines import building
from simulators.jenkins.pipelines.known_steps import PLUGINS

from .git_server import GitServer
from .standing import Standing
from .test_life import pipeline

Stand = Callable[..., Standing]
JOB = "/job/cloudops/job/made"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, classpath: str) -> Iterator[Standing]:
    """One stand-in for the tests whose builds leave nothing behind."""
    one = Standing(tmp_path_factory.mktemp("shared"), classpath)
    yield one
    one.close()


def waiting(one: Standing, script: str) -> int:
    """Start a build that asks a person; its number once it asks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one, "finished", lambda *_: {})
        pipeline(one, script)
    return asking(one)


def asking(one: Standing) -> int:
    """The number of the build that asks a person."""
    eventually(
        lambda: any(flow.inputs for flow in one.controller.runner.flows.values()),
        what="a build asks",
        timeout=15,
        interval=0.05,
    )
    return next(flow.build.number for flow in one.controller.runner.flows.values() if flow.inputs)


def test_a_person_lets_a_build_go_on_or_not(stand: Stand) -> None:
    one = stand()
    script = "def x = input(message: 'Ship it?', id: 'ship'); echo \"got ${x}\""
    number = waiting(one, script)
    assert one.send("GET", f"{JOB}/{number}/input/").status_code == 200
    assert one.send("GET", f"{JOB}/{number}/input/Ship/proceedEmpty").status_code == 405
    assert one.send("POST", f"{JOB}/{number}/input/Other/proceedEmpty").status_code == 404
    assert one.send("POST", f"{JOB}/{number}/input/Ship/proceedEmpty").status_code == 200
    assert one.finished("cloudops/made", number)["result"] == "SUCCESS"
    lines = one.console("cloudops/made", number).splitlines()
    assert [
        line
        for line in lines
        if line in {"Ship it?", "Proceed or Abort", "Approved by Jenkins Admin", "got null"}
    ] == ["Ship it?", "Proceed or Abort", "Approved by Jenkins Admin", "got null"]
    assert one.send("GET", f"{JOB}/{number}/input/").status_code == 404

    number = waiting(one, script)
    assert one.send("POST", f"{JOB}/{number}/input/Ship/abort").status_code == 200
    assert one.finished("cloudops/made", number)["result"] == "ABORTED"
    assert "Rejected by Jenkins Admin" in one.console("cloudops/made", number).splitlines()


def test_a_person_gives_values(stand: Stand) -> None:
    one = stand()
    number = waiting(
        one,
        "def x = input(message: 'Which?', id: 'Q', submitterParameter: 'who', "
        "parameters: [choice(name: 'C', choices: ['a', 'b']), string(name: 'S', defaultValue: 'd')])\n"
        'echo "got ${x.C} ${x.S} ${x.who}"',
    )
    wrong = {"json": json.dumps({"parameter": [{"name": "NO", "value": "b"}]})}
    assert one.send("POST", f"{JOB}/{number}/input/Q/proceed", data=wrong).status_code == 500
    form = {"json": json.dumps({"parameter": [{"name": "C", "value": "b"}, {"name": "S", "value": "s"}]})}
    assert (
        one.send("POST", f"{JOB}/{number}/input/Q/submit", data={**form, "proceed": "x"}).status_code == 302
    )
    assert one.finished("cloudops/made", number)["result"] == "SUCCESS"
    lines = one.console("cloudops/made", number).splitlines()
    assert "Input requested" in lines
    assert "got b s admin" in lines


def test_a_stage_asks_before_its_agent(stand: Stand) -> None:
    one = stand()
    number = waiting(
        one,
        """pipeline { agent none
        stages { stage('Ask') {
          input { message 'Go?'; id 'go'; ok 'Yes'; parameters { string(name: 'WHO', defaultValue: 'x') } }
          steps { echo "hello ${WHO}" } } } }""",
    )
    form = {"json": json.dumps({"parameter": {"name": "WHO", "value": "you"}})}
    assert one.send("POST", f"{JOB}/{number}/input/Go/proceed", data=form).status_code == 200
    assert one.finished("cloudops/made", number)["result"] == "SUCCESS"
    assert "hello you" in one.console("cloudops/made", number).splitlines()


def test_a_question_ends_with_its_time(stand: Stand) -> None:
    build, said = pipeline(stand(), "timeout(time: 300, unit: 'MILLISECONDS') { input 'Go?' }")
    assert build["result"] == "ABORTED"
    assert "Timeout has been exceeded" in said


def test_milestones_end_the_builds_that_come_late(stand: Stand) -> None:
    one = stand()
    script = "milestone(1)\nif (env.BUILD_NUMBER == '1') { input id: 'Hold', message: 'Hold' }\nmilestone(2)"
    first = waiting(one, script)
    second, said = pipeline(one, script)
    assert (first, second["number"], second["result"]) == (1, 2, "SUCCESS")
    assert "Trying to pass milestone 2" in said.splitlines()
    late = one.finished("cloudops/made", first)
    assert late["result"] == "NOT_BUILT"
    told = one.get(f"{JOB}/{first}/api/json?tree=actions[causes[shortDescription]]")["actions"]
    causes = [cause["shortDescription"] for action in told for cause in action.get("causes", [])]
    assert "Superseded by #2" in causes


def test_a_build_that_finds_a_newer_one_at_its_milestone_ends(stand: Stand) -> None:
    one = stand()
    script = "if (env.BUILD_NUMBER == '1') { input id: 'Hold', message: 'Hold' }\nmilestone 1"
    first = waiting(one, script)
    assert pipeline(one, script)[0]["result"] == "SUCCESS"
    assert one.send("POST", f"{JOB}/{first}/input/Hold/proceedEmpty").status_code == 200
    assert one.finished("cloudops/made", first)["result"] == "NOT_BUILT"
    lines = one.console("cloudops/made", first).splitlines()
    assert "Canceled since build #2 already got here" in lines
    assert "Superseded by cloudops/made#2" in lines


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("milestone 3\nmilestone 3", "ERROR: Invalid ordinal 3, as the previous one was 3"),
        (
            "parallel a: { sleep 1; milestone() }, b: { sleep 2 }",
            "ERROR: Using a milestone step inside parallel is not allowed",
        ),
    ],
)
def test_milestones_have_an_order(stand: Stand, script: str, said: str) -> None:
    build, console = pipeline(stand(), script)
    assert build["result"] == "FAILURE"
    assert said in console.splitlines(), console


MATRIX = """pipeline { agent none
  stages { stage('Cells') {
    matrix {
      axes { axis { name 'OS'; values 'linux', 'mac' }
             axis { name 'ARCH'; values 'arm', 'x86' } }
      excludes { exclude { axis { name 'OS'; values 'mac' }
                           axis { name 'ARCH'; notValues 'arm' } } }
      when { not { equals expected: 'linux-x86', actual: "${OS}-${ARCH}".toString() } }
      environment { BOTH = "${OS}/${ARCH}" }
      stages { stage('Build') { steps { echo "build ${BOTH}" } }
               stage('Test') { steps { echo "test ${env.OS} ${ARCH}" } } }
      post { always { echo "done ${OS} ${ARCH}" } }
    } } } }"""


def test_a_matrix_is_its_cells_in_parallel(stand: Stand) -> None:
    build, said = pipeline(stand(), MATRIX)
    lines = said.splitlines()
    assert build["result"] == "SUCCESS", said
    branches = [line for line in lines if "(Branch: " in line]
    assert branches == [
        "[Pipeline] { (Branch: Matrix - OS = 'linux', ARCH = 'arm')",
        "[Pipeline] { (Branch: Matrix - OS = 'mac', ARCH = 'arm')",
        "[Pipeline] { (Branch: Matrix - OS = 'linux', ARCH = 'x86')",
    ]
    assert all(lines.index(branches[-1]) < lines.index(f"done {cell}") for cell in ("linux arm", "mac arm"))
    for line in ("build linux/arm", "test linux arm", "build mac/arm", "test mac arm", "done mac arm"):
        assert line in lines, said
    assert "Stage \"Matrix - OS = 'linux', ARCH = 'x86'\" skipped due to when conditional" in lines
    assert "build linux/x86" not in lines


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("options { timestamps() }", 'Invalid option type "timestamps". Valid option types: ['),
        (
            "post { failed { echo 'x' } }",
            'Invalid condition "failed" - valid conditions are [always, changed,',
        ),
        ("tools { maven 'M3' }", 'Tool type "maven" does not have an install of "M3" configured'),
        ("libraries { lib('x') }", 'Undefined section "libraries"'),
    ],
)
def test_nothing_declared_is_left_out_silently(shared: Standing, part: str, said: str) -> None:
    script = "pipeline { agent none\n " + part + "\n stages { stage('a') { steps { echo 'ran' } } } }"
    build, console = pipeline(shared, script)
    assert build["result"] == "FAILURE"
    assert said in console
    assert "ran" not in console.splitlines()
    assert (
        said in shared.send("POST", "/pipeline-model-converter/validate", data={"jenkinsfile": script}).text
    )


def test_options_do_what_they_say(stand: Stand) -> None:
    one = stand()
    build, said = pipeline(
        one,
        """pipeline { agent none
        options { retry(2); timeout(time: 1, unit: 'MINUTES'); disableConcurrentBuilds(abortPrevious: true)
                  buildDiscarder(logRotator(numToKeepStr: '3')) }
        triggers { cron('H 4 * * *'); upstream(upstreamProjects: 'other') }
        stages { stage('a') { steps { script {
          if (!env.TRIED) { env.TRIED = 'yes'; error 'once' }
          echo 'again' } } } } }""",
    )
    assert build["result"] == "SUCCESS", said
    assert {"Retrying", "again"} <= set(said.splitlines())
    job = one.controller.jobs.find("cloudops/made")
    assert job is not None
    assert job.config is not None
    assert (job.config.concurrent, job.config.keep) == (False, (-1, 3))
    assert job.config.triggers == (
        ("hudson.triggers.TimerTrigger", "H 4 * * *"),
        ("jenkins.triggers.ReverseBuildTrigger", "other"),
    )
    assert "<abortPrevious>true<" in job.xml


def test_a_script_sets_the_properties_of_its_job(stand: Stand) -> None:
    one = stand()
    build, said = pipeline(
        one,
        """properties([disableConcurrentBuilds(), pipelineTriggers([pollSCM('H/5 * * * *')]),
          buildDiscarder(logRotator(numToKeepStr: '7')), parameters([string(name: 'A', defaultValue: 'b')])])
        echo "A is ${params.A}" """,
    )
    assert build["result"] == "SUCCESS", said
    assert "A is b" in said.splitlines()
    job = one.controller.jobs.find("cloudops/made")
    assert job is not None
    assert job.config is not None
    assert (job.config.concurrent, job.config.keep[1]) == (False, 7)
    assert job.config.triggers == (("hudson.triggers.SCMTrigger", "H/5 * * * *"),)
    assert [parameter.name for parameter in job.config.parameters] == ["A"]


@pytest.mark.parametrize(
    "step", ["lock('x') { }", "junit 'a.xml'", "timestamps { }", "ansiColor('xterm') { }"]
)
def test_a_step_of_a_plugin_that_is_not_pinned_does_not_exist(shared: Standing, step: str) -> None:
    build, said = pipeline(shared, step)
    name = step.partition("(")[0].split()[0]
    assert build["result"] == "FAILURE"
    line = next(line for line in said.splitlines() if "No such DSL method" in line)
    assert line.startswith(f"java.lang.NoSuchMethodError: No such DSL method '{name}' found among steps [")
    listed = set(line.partition("steps [")[2].partition("]")[0].split(", "))
    assert listed <= {
        known for known, plugin in PLUGINS.items() if plugin in shared.controller.plugin_names()
    }
    assert {"input", "milestone", "sh", "withCredentials"} <= listed


def test_a_build_is_deleted(stand: Stand) -> None:
    one = stand()
    pipeline(one, "echo 'x'")
    number = waiting(one, "input id: 'Hold', message: 'Hold'")
    assert one.send("GET", f"{JOB}/1/doDelete").status_code == 405
    answer = one.send("POST", f"{JOB}/1/doDelete")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/job/cloudops/job/made/")
    assert one.send("GET", f"{JOB}/1/api/json").status_code == 404
    running = one.send("POST", f"{JOB}/{number}/doDelete")
    assert "because it is still running" in running.text
    assert one.send("GET", f"{JOB}/{number}/api/json").status_code == 200
    one.send("POST", f"{JOB}/{number}/input/Hold/abort")
    one.finished("cloudops/made", number)
    assert one.send("POST", f"{JOB}/{number}/doDelete").status_code == 302
    shown: dict[str, Any] = one.get(f"{JOB}/api/json?tree=builds[number],lastBuild[number],nextBuildNumber")
    assert (shown["builds"], shown["lastBuild"], shown["nextBuildNumber"]) == ([], None, 3)


def test_what_runs_and_waits_ends_with_the_folder_of_its_job(stand: Stand) -> None:
    one = stand()
    number = waiting(one, "input id: 'Hold', message: 'Hold'")
    job = one.controller.jobs.find("cloudops/made")
    assert job is not None
    build = job.builds[number]
    one.send("POST", f"{JOB}/build?delay=7200sec")
    assert len(one.get("/queue/api/json")["items"]) == 1
    assert one.send("POST", "/job/cloudops/doDelete").status_code == 302
    assert (build.building, build.result) == (False, "ABORTED")
    assert not build.directory.exists()
    assert one.get("/queue/api/json")["items"] == []
    assert one.send("GET", "/job/cloudops/api/json").status_code == 404


def test_a_job_whose_build_does_not_end_is_not_deleted(stand: Stand) -> None:
    one = stand()
    number = waiting(one, "input id: 'Hold', message: 'Hold'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "DELETION", 0.2)
        patch.setattr(one.controller.runner, "flow_of", lambda _: None)  # nothing interrupts it
        assert one.send("POST", f"{JOB}/doDelete").status_code == 400
    one.send("POST", f"{JOB}/{number}/input/Hold/abort")
    one.finished("cloudops/made", number)
    assert one.send("POST", f"{JOB}/doDelete").status_code == 302


def test_a_failed_branch_says_so_and_may_end_the_others(stand: Stand) -> None:
    one = stand()
    build, said = pipeline(one, "parallel a: { error 'broken' }, b: { sleep 1; echo 'b went on' }")
    assert build["result"] == "FAILURE"
    assert {"Failed in branch a", "b went on", "ERROR: broken"} <= set(said.splitlines()), said
    build, said = pipeline(one, "parallel failFast: true, a: { error 'broken' }, b: { sleep 30; echo 'no' }")
    lines = said.splitlines()
    assert build["result"] == "FAILURE"
    assert {"Failed in branch a", "Failed in branch b", "ERROR: broken"} <= set(lines), said
    assert "no" not in lines


@pytest.mark.parametrize("flag", ["beforeOptions", "beforeInput", "beforeAgent"])
def test_a_skipped_stage_waits_for_nothing_that_comes_after_its_condition(
    shared: Standing, flag: str
) -> None:
    asks = "input { message 'never asked' }" if flag != "beforeAgent" else ""
    build, said = pipeline(
        shared,
        "pipeline { agent none\n stages { stage('a') { when { "
        + flag
        + " true; expression { false } }\n agent { label 'no-such-label' }\n options { timeout(9) }\n "
        + asks
        + "\n steps { echo 'ran' } } } }",
    )
    lines = said.splitlines()
    assert build["result"] == "SUCCESS", said
    assert 'Stage "a" skipped due to when conditional' in lines
    assert "Input requested" not in lines
    assert "never asked" not in lines
    assert ("Timeout set to expire in 9 min 0 sec" in lines) is (flag != "beforeOptions")


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("equals expected: 'a', actual: 'a'", True),
        ("equals expected: 'a', actual: 'b'", False),
        ("not { equals expected: 'a', actual: 'b' }", True),
        ("not { equals expected: 'a', actual: 'a' }", False),
        ("allOf { environment name: 'E', value: 'e'; expression { env.E == 'e' } }", True),
        ("anyOf { equals expected: 1, actual: 2; environment name: 'E', value: 'x' }", False),
        ("anyOf { equals expected: 1, actual: 2; equals expected: 2, actual: 2 }", True),
    ],
)
def test_conditions_nest(shared: Standing, condition: str, runs: bool) -> None:
    build, said = pipeline(
        shared,
        "pipeline { agent none\n environment { E = 'e' }\n stages { stage('a') { when { "
        + condition
        + " }\n steps { echo 'ran' } } } }",
    )
    assert build["result"] == "SUCCESS", said
    assert ("ran" in said.splitlines()) is runs


LIBRARY = {
    "vars/greet.groovy": 'def call(Map facts = [:], Closure body = null) {\n  echo "hello ${facts.to}"\n'
    "  if (body) { body() }\n}\ndef loud(String who) { echo who.toUpperCase(); return who.size() }",
    "vars/standard.groovy": "def call(Map c) { pipeline { agent none\n"
    "  stages { stage('Standard') { steps { greet(to: c.name) } } } } }",
    "src/org/acme/Tools.groovy": "package org.acme\nclass Tools {\n  private final steps\n"
    '  Tools(steps) { this.steps = steps }\n  def say(text) { steps.echo("tools: ${text}") }\n'
    "  static int twice(int n) { 2 * n }\n}",
    "resources/org/acme/list.txt": "from the library",
}


@pytest.fixture
def library(tmp_path: Path) -> str:
    """A repository with a shared library on `main`, tagged `v1`; its URL."""
    folder = tmp_path / "library"
    for name, text in LIBRARY.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "x"], ["tag", "v1"]):
        subprocess.run([*git, *words], check=True, capture_output=True, timeout=30)
    return f"file://{folder}"


def offering(url: str, **more: Any) -> Callable[[dict[str, Any]], None]:
    """A configuration with the library `acme`."""
    retriever = {"modernSCM": {"scm": {"git": {"remote": url}}}}
    entry = {"name": "acme", "defaultVersion": "main", "retriever": retriever, **more}
    return lambda config: config.setdefault("unclassified", {}).update(globalLibraries={"libraries": [entry]})


def test_a_shared_library_by_annotation(stand: Stand, library: str) -> None:
    build, said = pipeline(
        stand(offering(library)),
        "@Library('acme@v1') _\nimport org.acme.Tools\n"
        "greet(to: 'you') { echo 'inside' }\necho \"size ${greet.loud('abc')}\"\n"
        "new Tools(this).say(Tools.twice(4))\necho libraryResource('org/acme/list.txt')",
    )
    lines = said.splitlines()
    assert build["result"] == "SUCCESS", said
    for line in (
        "Loading library acme@v1",
        "hello you",
        "inside",
        "ABC",
        "size 3",
        "tools: 8",
        "from the library",
    ):
        assert line in lines, said


def test_a_shared_library_by_step(stand: Stand, library: str) -> None:
    build, said = pipeline(
        stand(),
        f"def from = modernSCM([$class: 'GitSCMSource', remote: '{library}'])\n"
        "def acme = library(identifier: 'mine@main', retriever: from)\n"
        "acme.org.acme.Tools.new(this).say(acme.org.acme.Tools.twice(2))\nstandard(name: 'all')",
    )
    assert build["result"] == "SUCCESS", said
    assert {"Loading library mine@main", "tools: 4", "[Pipeline] { (Standard)", "hello all"} <= set(
        said.splitlines()
    )


def test_an_implicit_library_needs_no_word(stand: Stand, library: str) -> None:
    build, said = pipeline(stand(offering(library, implicit=True)), "greet(to: 'all')")
    assert build["result"] == "SUCCESS", said
    assert "hello all" in said.splitlines()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("@Library('nope') _\necho 'x'", "ERROR: Could not find any definition of libraries [nope]"),
        ("@Library('nope') _\necho 'x'", "WorkflowScript: Loading libraries failed"),
        ("library 'nope'", "ERROR: No library named nope found"),
        ("library 'acme@v9'", "ERROR: No version v9 found for library acme"),
        (
            "library 'acme'\nlibraryResource 'no.txt'",
            "ERROR: No such library resource no.txt could be found.",
        ),
        ("greet(to: 'x')", "java.lang.NoSuchMethodError: No such DSL method 'greet' found among steps ["),
    ],
)
def test_libraries_that_cannot_be_had(stand: Stand, library: str, script: str, said: str) -> None:
    build, console = pipeline(stand(offering(library)), script)
    assert build["result"] == "FAILURE"
    assert any(line.startswith(said) for line in console.splitlines()), console


def test_a_version_may_be_fixed(stand: Stand, library: str) -> None:
    build, console = pipeline(stand(offering(library, allowVersionOverride=False)), "library 'acme@v1'")
    assert build["result"] == "FAILURE"
    assert "ERROR: Version override not permitted for library acme" in console.splitlines()


@pytest.fixture
def private(library: str) -> Iterator[str]:
    """The library's repository behind the password of the credential `nexus`; its URL."""
    folder = Path(library.removeprefix("file://"))
    (folder / "Jenkinsfile").write_text(
        "node('jenkins-jenkins-agent') { checkout scm; sh 'cat Jenkinsfile' }"
    )
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    bare = folder.with_name("library.git")
    for words in (["add", "-A"], ["commit", "-q", "-m", "y"], ["clone", "-q", "--bare", ".", str(bare)]):
        subprocess.run([*git, *words], check=True, capture_output=True, timeout=30)
    server = GitServer(folder.parent, "deployer", "made-up-nexus-pw")
    yield f"{server.url}/library.git"
    server.close()


def test_git_signs_in_with_the_credential_that_is_named(stand: Stand, private: str) -> None:
    one = stand(offering(private))
    script = f"node('jenkins-jenkins-agent') {{ git url: '{private}', branch: 'main', credentialsId: 'ID' }}"
    build, said = pipeline(one, script.replace("ID", "nexus"))
    assert build["result"] == "SUCCESS", said
    assert "using credential nexus" in said.splitlines()
    build, said = pipeline(one, script.replace("ID", "nope"))
    assert build["result"] == "FAILURE"
    assert 'Warning: CredentialId "nope" could not be found.' in said.splitlines()
    assert "made-up-nexus-pw" not in said


def test_a_script_and_a_library_come_from_where_one_must_sign_in(stand: Stand, private: str) -> None:
    retriever = {"modernSCM": {"scm": {"git": {"remote": private, "credentialsId": "nexus"}}}}
    one = stand(offering(private, retriever=retriever, implicit=True))
    job = JOB_FROM_GIT.format(url=private, credentials="<credentialsId>nexus</credentialsId>")
    headers = {"Content-Type": "text/xml"}
    assert one.send("POST", "/createItem?name=signed", data=job.encode(), headers=headers).status_code == 200
    build = one.finished("signed", one.build("signed"))
    said = one.console("signed", build["number"])
    assert build["result"] == "SUCCESS", said
    assert {"Loading library acme@main", "using credential nexus"} <= set(said.splitlines())
    job = JOB_FROM_GIT.format(url=private, credentials="")
    assert (
        one.send("POST", "/createItem?name=unsigned", data=job.encode(), headers=headers).status_code == 200
    )
    assert one.finished("unsigned", one.build("unsigned"))["result"] == "FAILURE"


JOB_FROM_GIT = """<flow-definition><properties/>
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition">
    <scm class="hudson.plugins.git.GitSCM"><userRemoteConfigs><hudson.plugins.git.UserRemoteConfig>
      <url>{url}</url>{credentials}</hudson.plugins.git.UserRemoteConfig></userRemoteConfigs>
      <branches><hudson.plugins.git.BranchSpec><name>*/main</name></hudson.plugins.git.BranchSpec></branches></scm>
    <scriptPath>Jenkinsfile</scriptPath></definition></flow-definition>"""


@pytest.mark.parametrize(
    ("script", "signature"),
    [
        ("echo new File('/etc/passwd').text", "new java.io.File java.lang.String"),
        ("echo \"${new File('/etc', 'x')}\"", "new java.io.File java.lang.String java.lang.String"),
        ("[1].each { System.exit(it) }", "staticMethod java.lang.System exit int"),
        ("echo System.getenv('PATH')", "staticMethod java.lang.System getenv java.lang.String"),
        ("echo jenkins.model.Jenkins.instance.rootUrl", "staticMethod jenkins.model.Jenkins getInstance"),
        (
            "stage('a') { if (true) { 'ls'.execute() } }",
            "staticMethod org.codehaus.groovy.runtime.ProcessGroovyMethods execute java.lang.String",
        ),
        (
            "pipeline { agent none\n stages { stage('a') { steps { script { new URL('http://x') } } } } }",
            "new java.net.URL java.lang.String",
        ),
    ],
)
def test_a_sandboxed_script_may_not_leave_its_sandbox(shared: Standing, script: str, signature: str) -> None:
    build, said = pipeline(shared, script, sandbox=True)
    refused = f"Scripts not permitted to use {signature}"
    lines = said.splitlines()
    assert build["result"] == "FAILURE"
    assert f"{refused}. Administrators can decide whether to approve or reject this signature." in lines, said
    cls = "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException"
    assert f"{cls}: {refused}" in lines


def test_a_sandboxed_script_may_do_what_scripts_do(shared: Standing) -> None:
    script = """def when = new Date(0); def now = System.currentTimeMillis()
    def all = [b: 2, a: 1].sort { it.key }
    def text = new StringBuilder('x').append(URLEncoder.encode('a b', 'UTF-8')).toString()
    class Own { def execute() { 'mine' } }
    echo "${when.time} ${now > 0} ${all.keySet()} ${text} ${Math.max(1, 2)} ${new Own().execute()}" """
    build, said = pipeline(shared, script, sandbox=True)
    assert build["result"] == "SUCCESS", said
    assert "0 true [a, b] xa+b 2 mine" in said.splitlines()


def test_a_script_outside_the_sandbox_may(shared: Standing) -> None:
    build, said = pipeline(shared, "echo new File('/').absolutePath")
    assert build["result"] == "SUCCESS", said
