"""The pipeline language beyond the recorded builds: as the plugins' documentation and messages have it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.core.waiting import eventually
from simulators.jenkins.pipelines import building
from simulators.jenkins.pipelines.known_steps import STEPS

from .running import RunningSimulator
from .test_life import pipeline

Launch = Callable[..., RunningSimulator]
JOB = "/job/cloudops/job/made"
WAY_OUT = "use --jenkins-image IMAGE to run with a real controller"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, classpath: str) -> Iterator[RunningSimulator]:
    """One simulator for the tests whose builds leave nothing behind."""
    simulator = RunningSimulator(tmp_path_factory.mktemp("shared"), classpath)
    yield simulator
    simulator.close()


def sleeping(simulator: RunningSimulator) -> int:
    """Start a build that sleeps for long; its number once it does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulator, "finished", lambda *_: {})
        pipeline(simulator, "sleep 600")
    job = simulator.controller.jobs.find("cloudops/made")
    assert job is not None
    number = max(job.builds)
    eventually(
        lambda: "Sleeping for" in simulator.console("cloudops/made", number),
        what="it sleeps",
        timeout=15,
        interval=0.05,
    )
    return number


def unsupported(what: str) -> str:
    return f"the Jenkins simulator does not implement {what}; {WAY_OUT}"


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("input 'Go?'", "the step 'input'"),
        ("milestone 1", "the step 'milestone'"),
        ("stash 's'", "the step 'stash'"),
        ("retry(2) { echo 'x' }", "the step 'retry'"),
        ("library 'x'", "the step 'library'"),
        ("build 'other'", "the step 'build'"),
        ("git 'https://example.invalid/x.git'", "the step 'git'"),
        ("catchError { error 'x' }", "the step 'catchError'"),
        ("readYaml text: 'a: b'", "the step 'readYaml'"),
        ("properties([pipelineTriggers([cron('H 1 * * *')])])", "the symbol 'cron'"),
        (
            "properties([disableConcurrentBuilds(abortPrevious: true)])",
            "the arguments of disableConcurrentBuilds",
        ),
        ("sh script: 'x', returnStdout: true", "the argument 'returnStdout' of the step 'sh'"),
        ("dir('x') { }", "the step 'dir'"),
        ("echo('x') { }", "a body of the step 'echo'"),
        ("node 'x'", "the step 'node' without a body"),
        ("parallel failFast: true, a: { }", "the argument failFast of the step parallel"),
        (
            "withCredentials([[$class: 'StringBinding', credentialsId: 'nexus']]) { }",
            "the credentials binding",
        ),
        ("echo currentBuild.result", "the variable currentBuild"),
        ("env.X = 'y'", "setting a variable of env"),
        ("checkout([$class: 'GitSCM'])", "the step 'checkout' with anything but 'scm'"),
    ],
)
def test_a_step_that_is_not_implemented_names_the_way_out(
    shared: RunningSimulator, script: str, what: str
) -> None:
    build, said = pipeline(shared, script)
    assert build["result"] == "FAILURE"
    line = next(line for line in said.splitlines() if line.startswith("ERROR: "))
    assert line.startswith(f"ERROR: the Jenkins simulator does not implement {what}"), said
    assert line.endswith(WAY_OUT)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("options { timestamps() }", 'Invalid option type "timestamps". Valid option types: ['),
        ("options { retry(2) }", unsupported('the option "retry"')),
        (
            "post { failed { echo 'x' } }",
            'Invalid condition "failed" - valid conditions are [always, changed,',
        ),
        ("tools { maven 'M3' }", unsupported('the section "tools"')),
        ("parameters { string(name: 'A') }", unsupported('the section "parameters"')),
        ("triggers { cron('H 1 * * *') }", unsupported('the section "triggers"')),
        ("libraries { lib('x') }", unsupported('the section "libraries"')),
        ("nonsense { }", 'Undefined section "nonsense"'),
    ],
)
def test_nothing_declared_is_left_out_silently(shared: RunningSimulator, part: str, said: str) -> None:
    script = "pipeline { agent none\n " + part + "\n stages { stage('a') { steps { echo 'ran' } } } }"
    build, console = pipeline(shared, script)
    assert build["result"] == "FAILURE"
    assert said in console
    assert "ran" not in console.splitlines()
    linted = shared.send("POST", "/pipeline-model-converter/validate", data={"jenkinsfile": script})
    assert said in linted.text


@pytest.mark.parametrize(
    "section", ["agent", "environment", "input", "matrix", "options", "parallel", "post", "when"]
)
def test_no_section_of_a_stage_is_left_out_silently(shared: RunningSimulator, section: str) -> None:
    stage = f"stage('a') {{ {section} {{ }}\n steps {{ echo 'ran' }} }}"
    build, console = pipeline(shared, f"pipeline {{ agent none\n stages {{ {stage} }} }}")
    assert build["result"] == "FAILURE"
    assert unsupported(f'the section "{section}" of a stage') in console
    assert "ran" not in console.splitlines()


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("agent { kubernetes { yaml '' } }", 'the agent type "kubernetes"'),
        ("agent none\n environment { X = credentials('nexus') }", "credentials() in an environment block"),
    ],
)
def test_no_value_of_a_section_is_left_out_silently(shared: RunningSimulator, part: str, what: str) -> None:
    build, console = pipeline(
        shared, f"pipeline {{ {part}\n stages {{ stage('a') {{ steps {{ echo 'x' }} }} }} }}"
    )
    assert build["result"] == "FAILURE"
    assert f"ERROR: {unsupported(what)}" in console.splitlines()


def test_options_become_the_configuration_of_the_job(launch: Launch) -> None:
    simulator = launch()
    build, said = pipeline(
        simulator,
        """pipeline { agent none
        options { timeout(time: 1, unit: 'MINUTES'); disableConcurrentBuilds() }
        stages { stage('a') { steps { echo 'ran' } } } }""",
    )
    assert build["result"] == "SUCCESS", said
    assert {"ran", "Timeout set to expire in 1 min 0 sec"} <= set(said.splitlines())
    job = simulator.controller.jobs.find("cloudops/made")
    assert job is not None
    assert job.config is not None
    assert not job.config.concurrent
    assert "<abortPrevious>false<" in job.xml


def test_a_script_sets_the_properties_of_its_job(launch: Launch) -> None:
    simulator = launch()
    build, said = pipeline(
        simulator,
        """properties([disableConcurrentBuilds(), parameters([string(name: 'A', defaultValue: 'b'),
          booleanParam(name: 'D', defaultValue: true)])])
        echo "A is ${params.A}, D is ${params.D}" """,
    )
    assert build["result"] == "SUCCESS", said
    assert "A is b, D is true" in said.splitlines()
    job = simulator.controller.jobs.find("cloudops/made")
    assert job is not None
    assert job.config is not None
    assert not job.config.concurrent
    assert [parameter.name for parameter in job.config.parameters] == ["A", "D"]


@pytest.mark.parametrize(
    "step", ["lock('x') { }", "junit 'a.xml'", "timestamps { }", "ansiColor('xterm') { }"]
)
def test_a_step_of_a_plugin_that_is_not_pinned_does_not_exist(shared: RunningSimulator, step: str) -> None:
    build, said = pipeline(shared, step)
    name = step.partition("(")[0].split()[0]
    assert build["result"] == "FAILURE"
    line = next(line for line in said.splitlines() if "No such DSL method" in line)
    assert line.startswith(f"java.lang.NoSuchMethodError: No such DSL method '{name}' found among steps [")
    assert "--jenkins-image" in line
    listed = set(line.partition("steps [")[2].partition("]")[0].split(", "))
    assert listed == {
        name for name, step in STEPS.items() if step.plugin in shared.controller.plugins.names()
    }
    assert {"input", "milestone", "sh", "withCredentials"} <= listed


def test_a_build_is_deleted(launch: Launch) -> None:
    simulator = launch()
    pipeline(simulator, "echo 'x'")
    number = sleeping(simulator)
    assert simulator.send("GET", f"{JOB}/1/doDelete").status_code == 405
    answer = simulator.send("POST", f"{JOB}/1/doDelete")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/job/cloudops/job/made/")
    assert simulator.send("GET", f"{JOB}/1/api/json").status_code == 404
    running = simulator.send("POST", f"{JOB}/{number}/doDelete")
    assert "because it is still running" in running.text
    assert simulator.send("GET", f"{JOB}/{number}/api/json").status_code == 200
    simulator.send("POST", f"{JOB}/{number}/stop")
    simulator.finished("cloudops/made", number)
    assert simulator.send("POST", f"{JOB}/{number}/doDelete").status_code == 302
    shown: dict[str, Any] = simulator.get(
        f"{JOB}/api/json?tree=builds[number],lastBuild[number],nextBuildNumber"
    )
    assert (shown["builds"], shown["lastBuild"], shown["nextBuildNumber"]) == ([], None, 3)


def test_builds_and_queue_items_end_with_the_folder_of_their_job(launch: Launch) -> None:
    simulator = launch()
    number = sleeping(simulator)
    job = simulator.controller.jobs.find("cloudops/made")
    assert job is not None
    build = job.builds[number]
    simulator.send("POST", f"{JOB}/build?delay=7200sec")
    assert len(simulator.get("/queue/api/json")["items"]) == 1
    assert simulator.send("POST", "/job/cloudops/doDelete").status_code == 302
    assert (build.building, build.result) == (False, "ABORTED")
    assert not build.directory.exists()
    assert simulator.get("/queue/api/json")["items"] == []
    assert simulator.send("GET", "/job/cloudops/api/json").status_code == 404


def test_a_job_whose_build_does_not_end_is_not_deleted(launch: Launch) -> None:
    simulator = launch()
    number = sleeping(simulator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "DELETION", 0.2)
        patch.setattr(simulator.controller.runner, "flow_of", lambda _: None)  # nothing interrupts it
        assert simulator.send("POST", f"{JOB}/doDelete").status_code == 400
    simulator.send("POST", f"{JOB}/{number}/stop")
    simulator.finished("cloudops/made", number)
    assert simulator.send("POST", f"{JOB}/doDelete").status_code == 302


def test_a_failed_branch_says_so_and_the_others_go_on(shared: RunningSimulator) -> None:
    build, said = pipeline(shared, "parallel a: { error 'broken' }, b: { sleep 1; echo 'b went on' }")
    assert build["result"] == "FAILURE"
    assert {"Failed in branch a", "b went on", "ERROR: broken"} <= set(said.splitlines()), said


@pytest.fixture
def repository(tmp_path: Path) -> str:
    """A repository with a Jenkinsfile on `main`; its URL."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Jenkinsfile").write_text(
        "pipeline { agent { label 'jenkins-jenkins-agent' }\n"
        ' environment { NAME = "${JOB_NAME}"; TWICE = "${NAME} ${NAME}" }\n'
        " stages { stage('Show') { steps { sh 'cat Jenkinsfile; echo at $GIT_BRANCH $TWICE' } } } }"
    )
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True, capture_output=True, timeout=30)
    return f"file://{folder}"


JOB_FROM_GIT = """<flow-definition><properties/>
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition">
    <scm class="hudson.plugins.git.GitSCM"><userRemoteConfigs><hudson.plugins.git.UserRemoteConfig>
      <url>{url}</url>{credentials}</hudson.plugins.git.UserRemoteConfig></userRemoteConfigs>
      <branches><hudson.plugins.git.BranchSpec><name>{branch}</name></hudson.plugins.git.BranchSpec></branches></scm>
    <scriptPath>Jenkinsfile</scriptPath></definition></flow-definition>"""


@pytest.mark.parametrize(
    ("branch", "credentials", "result", "said"),
    [
        ("*/main", "", "SUCCESS", "at origin/main signed signed"),
        ("*/main", "", "SUCCESS", "[Pipeline] { (Declarative: Checkout SCM)"),
        ("trunk", "", "FAILURE", "ERROR: Error cloning remote repo 'origin'"),
        (
            "main",
            "<credentialsId>nexus</credentialsId>",
            "FAILURE",
            f"ERROR: {unsupported('credentials of a Git repository')}",
        ),
    ],
)
def test_a_script_comes_from_git(
    shared: RunningSimulator, repository: str, branch: str, credentials: str, result: str, said: str
) -> None:
    job = JOB_FROM_GIT.format(url=repository, branch=branch, credentials=credentials)
    headers = {"Content-Type": "text/xml"}
    made = shared.send("POST", "/createItem?name=signed", data=job.encode(), headers=headers)
    assert made.status_code == 200
    build = shared.finished("signed", shared.build("signed"))
    console = shared.console("signed", build["number"])
    shared.send("POST", "/job/signed/doDelete")
    assert build["result"] == result, console
    assert said in console.splitlines()


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("echo new File('/etc/passwd').text", "the class java.io.File"),
        ("[1].each { System.exit(it) }", "the class java.lang.System"),
        ("stage('a') { if (true) { 'ls'.execute() } }", "the method execute"),
        (
            "pipeline { agent none\n stages { stage('a') { steps { script { new URL('http://x') } } } } }",
            "the class java.net.URL",
        ),
    ],
)
def test_a_sandboxed_script_may_not_leave_its_sandbox(
    shared: RunningSimulator, script: str, what: str
) -> None:
    build, said = pipeline(shared, script, sandbox=True)
    assert build["result"] == "FAILURE"
    assert f"{unsupported(f'{what} in the sandbox')}" in said


def test_a_sandboxed_script_may_use_plain_values(shared: RunningSimulator) -> None:
    script = """def when = new Date(0)
    def all = [b: 2, a: 1].sort { it.key }
    def text = new StringBuilder('x').append(URLEncoder.encode('a b', 'UTF-8')).toString()
    class Own { def run() { 'mine' } }
    echo "${when.time} ${all.keySet()} ${text} ${Math.max(1, 2)} ${new Own().run()}" """
    build, said = pipeline(shared, script, sandbox=True)
    assert build["result"] == "SUCCESS", said
    assert "0 [a, b] xa+b 2 mine" in said.splitlines()


def test_a_script_outside_the_sandbox_may(shared: RunningSimulator) -> None:
    build, said = pipeline(shared, "echo new File('/').absolutePath")
    assert build["result"] == "SUCCESS", said
