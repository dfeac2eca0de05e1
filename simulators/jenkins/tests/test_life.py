"""Starts, good and bad; the pipeline language; plugins; what a person types wrong."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import requests

from conformance.core.waiting import eventually
from simulators.jenkins.api.export import TreeError, parse_tree
from simulators.jenkins.casc.sources import CascError, Resolver, merge, parse
from simulators.jenkins.controller import Controller
from simulators.jenkins.home.life import State
from simulators.jenkins.home.plugin_cli import install, requested, store
from simulators.jenkins.home.plugins import load, read, version_key, write
from simulators.jenkins.home.reference import copy
from simulators.jenkins.pipelines.spans import span

from .comparing import compare
from .running import PASSWORD, USER, RunningSimulator
from .test_builds import DEFINITION

Launch = Callable[..., RunningSimulator]


def pipeline(
    simulator: RunningSimulator, script: str, name: str = "made", sandbox: bool = False
) -> tuple[dict[str, Any], str]:
    """Run a script; the build and its console."""
    xml = DEFINITION.format(escape(script))
    xml = xml.replace("</script>", "</script><sandbox>true</sandbox>") if sandbox else xml
    path = (
        f"/job/cloudops/job/{name}/config.xml"
        if simulator.controller.jobs.find(f"cloudops/{name}")
        else f"/job/cloudops/createItem?name={name}"
    )
    assert (
        simulator.send("POST", path, data=xml.encode(), headers={"Content-Type": "text/xml"}).status_code
        == 200
    )
    number = simulator.build(f"cloudops/{name}")
    return simulator.finished(f"cloudops/{name}", number), simulator.console(f"cloudops/{name}", number)


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("unknown-attr", lambda c: c["jenkins"].update(noSuchThing="x")),
        ("unknown-root", lambda c: c.update(nexusIntegration={"a": 1})),
    ],
)
def test_a_configuration_that_is_not_known_keeps_it_down(
    launch: Launch, capfd: pytest.CaptureFixture[str], family: str, change: Any
) -> None:
    simulator = launch(change, wait=False)
    for page, path in (("api-json", "/api/json"), ("login-html", "/login"), ("root-html", "/")):
        assert (
            compare(
                f"bootfail-jcasc-{family}-1-503-{page}",
                simulator.session.get(simulator.base + path, timeout=5),
            )
            == []
        )
    simulator.starter.start()
    simulator.starter.join(20)
    assert simulator.controller.life.state == State.FAILED
    for page, path in (("api-json", "/api/json"), ("login-html", "/login"), ("root-html", "/")):
        assert (
            compare(
                f"bootfail-jcasc-{family}-2-503-{page}",
                simulator.session.get(simulator.base + path, timeout=5),
            )
            == []
        )
    said = capfd.readouterr().err
    assert "Failed ConfigurationAsCode.init" in said
    assert "Failed to initialize Jenkins" in said
    assert {
        "unknown-attr": "class jenkins.model.Jenkins : noSuchThing.",
        "unknown-root": "root elements:nexusIntegration",
    }[family] in said


@pytest.mark.parametrize(
    ("key", "value", "kind", "name"),
    [
        ("authorizationStrategy", {"globalMatrix": {}}, "AuthorizationStrategy", "globalMatrix"),
        ("authorizationStrategy", {"roleBased": {}}, "AuthorizationStrategy", "roleBased"),
        ("securityRealm", {"ldap": {}}, "SecurityRealm", "ldap"),
    ],
)
def test_security_of_an_absent_plugin_keeps_it_down(
    launch: Launch, key: str, value: Any, kind: str, name: str
) -> None:
    simulator = launch(lambda c: c["jenkins"].update({key: value}), wait=False)
    simulator.starter.start()
    simulator.starter.join(20)
    assert simulator.controller.life.state == State.FAILED
    assert f"No hudson.security.{kind} implementation found for {name}" in simulator.controller.life.reason


def test_an_agent_that_never_connects_is_given_up_and_the_build_waits_on(
    launch: Launch, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("simulators.jenkins.agents.cloud.POLL", 0.05)

    def change(config: dict[str, Any]) -> None:
        template = config["jenkins"]["clouds"][0]["kubernetes"]["templates"][0]
        template.pop("slaveConnectTimeout", None)
        template["slaveConnectTimeoutStr"] = "1"

    simulator = launch(change)
    simulator.kube.connects.clear()
    script = "node('jenkins-jenkins-agent') { sh 'echo came' }"
    xml = DEFINITION.format(escape(script))
    headers = {"Content-Type": "text/xml"}
    simulator.send("POST", "/job/cloudops/createItem?name=late", data=xml.encode(), headers=headers)
    number = simulator.build("cloudops/late")
    eventually(
        lambda: len(simulator.kube.created) > 1, what="another pod is tried", timeout=15, interval=0.05
    )
    assert simulator.get(f"/job/cloudops/job/late/{number}/api/json")["building"] is True
    assert "Agent is not connected after 1 seconds, status: Running" in capfd.readouterr().err
    simulator.kube.connects.set()
    assert simulator.finished("cloudops/late", number)["result"] == "SUCCESS"


def test_names_that_a_person_types(launch: Launch) -> None:
    simulator = launch()
    xml, headers = DEFINITION.format("echo 'x'").encode(), {"Content-Type": "text/xml"}
    refused = simulator.send("POST", "/createItem?name=a%2Fb", data=xml, headers=headers)
    assert refused.status_code == 400
    assert "‘/’ is an unsafe character" in refused.content.decode()
    assert (
        simulator.send(
            "POST", "/createItem?name=k%C3%A4se%20%E2%98%83", data=xml, headers=headers
        ).status_code
        == 200
    )
    number = simulator.build("käse ☃")
    assert simulator.finished("käse ☃", number)["fullDisplayName"] == f"käse ☃ #{number}"
    shown = simulator.get("/job/käse ☃/api/json")
    assert shown["url"].endswith("/job/k%C3%A4se%20%E2%98%83/")
    assert simulator.send("POST", "/job/käse ☃/doDelete").status_code == 302
    assert simulator.send("GET", "/job/käse ☃/api/json").status_code == 404


def test_yaml_that_cannot_be_parsed(launch: Launch) -> None:
    simulator = launch(wait=False)
    for page, path in (("api-json", "/api/json"), ("login-html", "/login"), ("root-html", "/")):
        assert (
            compare(
                f"bootfail-jcasc-yaml-syntax-1-503-{page}",
                simulator.session.get(simulator.base + path, timeout=5),
            )
            == []
        )
    simulator.casc.write_text("jenkins: {foo: [1,\n  bar: }\n")
    simulator.starter.start()
    simulator.starter.join(20)
    assert simulator.controller.life.state == State.UNREADABLE
    for page, path in (("api-json", "/api/json"), ("login-html", "/login"), ("root-html", "/")):
        assert (
            compare(
                f"bootfail-jcasc-yaml-syntax-2-500-{page}",
                simulator.session.get(simulator.base + path, timeout=5),
            )
            == []
        )
    assert "while parsing" in simulator.session.get(simulator.base + "/login", timeout=5).text


def test_an_unresolved_variable_is_empty_and_passwords_fail(
    launch: Launch, capfd: pytest.CaptureFixture[str]
) -> None:
    def change(config: dict[str, Any]) -> None:
        config["jenkins"]["securityRealm"]["local"]["users"][0]["password"] = "${NO_SUCH_VARIABLE}"

    simulator = launch(change, wait=False)
    for page, path in (("api-json", "/api/json"), ("login-html", "/login"), ("root-html", "/")):
        assert (
            compare(
                f"bootfail-jcasc-missing-var-1-503-{page}",
                simulator.session.get(simulator.base + path, timeout=5),
            )
            == []
        )
    simulator.start()
    for page, path in (("api-json", "/api/json"), ("login-html", "/login")):
        assert (
            compare(
                f"bootfail-jcasc-missing-var-2-200-{page}",
                simulator.session.get(simulator.base + path, timeout=5),
                "any",
            )
            == []
        )
    assert (
        simulator.session.get(simulator.base + "/api/json", auth=(USER, PASSWORD), timeout=5).status_code
        == 401
    )
    assert (
        "Found unresolved variable 'NO_SUCH_VARIABLE'. Will default to empty string" in capfd.readouterr().err
    )


def test_a_normal_start_waits_and_then_answers(launch: Launch) -> None:
    simulator = launch(wait=False)
    for page, path in (("api-json", "/api/json"), ("login-html", "/login"), ("root-html", "/")):
        assert (
            compare(f"boot-normal-1-503-{page}", simulator.session.get(simulator.base + path, timeout=5))
            == []
        )
    simulator.start()
    for page, path in (("api-json", "/api/json"), ("login-html", "/login"), ("root-html", "/")):
        assert (
            compare(
                f"boot-normal-2-200-{page}", simulator.session.get(simulator.base + path, timeout=5), "any"
            )
            == []
        )


def test_a_seed_with_an_unknown_method_keeps_it_down(
    launch: Launch, capfd: pytest.CaptureFixture[str]
) -> None:
    seed = "folder('x')\npipelineJob('x/y') {\n  nosuch('z')\n}"
    simulator = launch(lambda config: config.update(jobs=[{"script": seed}]), wait=False)
    simulator.starter.start()
    simulator.starter.join(20)
    assert simulator.controller.life.state == State.FAILED
    said = capfd.readouterr().err
    assert "(script, line 3) No signature of method: javaposse.jobdsl.dsl.jobs.WorkflowJob.nosuch()" in said
    assert "--jenkins-image" in said
    assert "jobs: Failed to execute script with hash" in said


def test_a_job_takes_over_the_builds_of_one_with_another_name(launch: Launch) -> None:
    simulator = launch(
        lambda config: config.update(jobs=[{"script": "pipelineJob('a') { }\npipelineJob('b') { }"}])
    )
    old = simulator.controller.jobs.find("a")
    assert old is not None
    old.new_build()
    seed = "pipelineJob('new') {\n  previousNames('a')\n}\npipelineJob('b') {\n  previousNames('gone.*')\n}"
    for _ in range(2):
        simulator.controller.jobs.seed(seed, {})
        names = {item.full_name for item in simulator.controller.jobs.root.walk()}
        assert names == {"new", "b"}
        new = simulator.controller.jobs.find("new")
        assert new is not None
        assert list(new.builds) == [1]
    with pytest.raises(ValueError, match="more than one job matches"):
        simulator.controller.jobs.seed("pipelineJob('c') { previousNames('new|b') }", {})
    with pytest.raises(ValueError, match="another folder"):
        simulator.controller.jobs.seed("folder('f')\npipelineJob('f/b') { previousNames('b') }", {})


def test_two_hundred_jobs_and_everything_a_seed_declares(launch: Launch) -> None:
    seed = """folder('many') { displayName('Many') }
    (1..200).each { n -> pipelineJob("many/job-${n}") { description("number ${n}"); disabled(n == 7); logRotator { numToKeep(3) }
      parameters { stringParam('A', 'a'); choiceParam('C', ['x', 'y']) }
      triggers { cron('H 4 * * *') }
      properties { disableConcurrentBuilds() }
      definition { cpsScm { scm { git { remote { url('git://example.invalid/x.git') }; branch('main') } }; scriptPath('p/Jenkinsfile'); lightweight(true) } } } }
    listView('some') { jobs { regex('many/job-1.*') } }
    """  # noqa: E501 - a seed reads best as it is written
    simulator = launch(lambda config: config.update(jobs=[{"script": seed.replace("${n}", "^${n}")}]))
    jobs = simulator.get("/job/many/api/json?tree=jobs[name,color,fullName]")["jobs"]
    assert len(jobs) == 200
    assert [j["color"] for j in jobs if j["name"] == "job-7"] == ["disabled"]
    assert len(simulator.get("/view/some/api/json?tree=jobs[name]")["jobs"]) == 111
    config = simulator.controller.jobs.find("many/job-3").config  # type: ignore[union-attr]
    assert config is not None
    assert config.scm is not None
    assert (config.scm.url, config.scm.branches, config.script_path) == (
        "git://example.invalid/x.git",
        ("main",),
        "p/Jenkinsfile",
    )
    assert (config.concurrent, config.keep) == (False, 3)
    xml = simulator.send("GET", "/job/many/job/job-3/config.xml").text
    assert "<hudson.triggers.TimerTrigger>" in xml
    assert "<spec>H 4 * * *</spec>" in xml


DECLARATIVE = """pipeline {
  agent none
  options { timeout(time: 1, unit: 'MINUTES') }
  environment { GREETING = "hello ${env.JOB_NAME}"; TWICE = "${GREETING} ${GREETING}" }
  stages {
    stage('Say') { steps { echo TWICE
      script { def parts = []; for (p in ['a', 'b']) { parts << p }; echo parts.join('-'); sleep 0 } } }
    stage('Both') { steps {
      echo "in ${env.STAGE_NAME}"
      parallel(left: { echo 'left' }, right: { echo 'right' }) } }
    stage('Fails') { steps { error 'on purpose' } }
    stage('After') { steps { echo 'never' } }
  }
  post { always { echo 'always' }
    success { echo 'not now' }
    failure { echo 'failure' } }
}"""


def test_a_declarative_pipeline(launch: Launch) -> None:
    simulator = launch()
    build, said = pipeline(simulator, DECLARATIVE)
    assert build["result"] == "FAILURE"
    for line in (
        "hello cloudops/made hello cloudops/made",
        "a-b",
        "in Both",
        "[Pipeline] { (Branch: right)",
        'Stage "After" skipped due to earlier failure(s)',
        "always",
        "failure",
        "ERROR: on purpose",
        "[Pipeline] { (Declarative: Post Actions)",
    ):
        assert line in said.splitlines(), said
    assert "never" not in said.splitlines()
    assert "not now" not in said.splitlines()


SCRIPTED = """
def twice(x) { return x * 2 }
podTemplate(inheritFrom: 'default', yaml: 'spec: {containers: [{name: side, image: x, command: [cat], tty: true}]}') {
  node(POD_LABEL) {
    sh 'echo one > a.txt'
    echo "twice ${twice('two')}"
    writeFile file: 'sub/deep/b.txt', text: 'two\\n'
    container('side') { sh 'cat a.txt sub/deep/b.txt; test "$JOB_NAME" = cloudops/made' }
    withEnv(['X=y']) { sh 'test $X = y' }
    withCredentials([usernamePassword(credentialsId: 'nexus', usernameVariable: 'U', passwordVariable: 'P')]) { sh 'echo $U:$P' }
    archiveArtifacts artifacts: '**/b.txt', fingerprint: true
    try { sh 'exit 4' } catch (e) { echo "caught: ${e.message}" }
    try { timeout(time: 200, unit: 'MILLISECONDS') { sleep 5 } } catch (e) { echo "timed out: ${e.class.simpleName}" }
  }
}
"""  # noqa: E501 - a pipeline reads best as it is written


def test_without_authorization_who_signs_in_is_still_known(launch: Launch) -> None:
    def unsecured(config: dict[str, Any]) -> None:
        config["jenkins"]["authorizationStrategy"] = "unsecured"

    simulator = launch(unsecured)
    who, anybody = f"{simulator.base}/whoAmI/api/json", requests.Session()
    assert anybody.get(who).json()["anonymous"] is True
    assert simulator.get("/whoAmI/api/json")["name"] == USER
    assert anybody.get(who, auth=(USER, "wrong")).status_code == 401
    assert anybody.get(f"{simulator.base}/api/json").status_code == 200
    assert anybody.post(f"{simulator.base}/quietDown").status_code == 403, "a crumb is asked for"


def test_a_scripted_pipeline_in_a_pod(launch: Launch) -> None:
    simulator = launch()
    build, said = pipeline(simulator, SCRIPTED)
    lines = said.splitlines()
    assert build["result"] == "SUCCESS", said
    for line in (
        "twice twotwo",
        "two",
        "deployer:****",
        "caught: script returned exit code 4",
        "timed out: FlowInterruptedException",
    ):
        assert line in lines, said
    assert [a["relativePath"] for a in build["artifacts"]] == ["sub/deep/b.txt"]
    item = simulator.controller.jobs.find("cloudops/made")
    assert item is not None
    shutil.rmtree(item.builds[build["number"]].archive)
    path = f"/job/cloudops/job/made/{build['number']}"
    assert simulator.get(f"{path}/api/json")["artifacts"] == [], "what lies there counts"
    assert simulator.send("GET", f"{path}/artifact/sub/deep/b.txt").status_code == 404
    pod = simulator.kube.created[0]
    assert pod["metadata"]["labels"]["jenkins/label"].startswith("cloudops_made_1-")
    assert [c["name"] for c in pod["spec"]["containers"]] == ["side", "jnlp"]
    assert all(
        any(m["name"] == "workspace-volume" for m in c["volumeMounts"]) for c in pod["spec"]["containers"]
    )


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "nosuchstep 'x'",
            "java.lang.NoSuchMethodError: No such DSL method 'nosuchstep' found among steps [",
        ),
        ("node { echo 'x'", "startup failed:"),
        ("pipeline { stages { } }", 'Missing required section "agent"'),
        (
            "echo missingName",
            "groovy.lang.MissingPropertyException: No such property: missingName for class: WorkflowScript",
        ),
        ("sh 'x'", "Required context class hudson.FilePath is missing"),
        (
            "withCredentials([string(credentialsId: 'no', variable: 'V')]) { }",
            "Could not find credentials entry with ID 'no'",
        ),
    ],
)
def test_what_a_script_does_wrong_fails_its_build(launch: Launch, script: str, said: str) -> None:
    build, console = pipeline(launch(), script)
    assert build["result"] == "FAILURE"
    assert said in console


def test_parallel_builds_share_the_container_cap(launch: Launch) -> None:
    simulator = launch(
        lambda config: config["jenkins"]["clouds"][0]["kubernetes"].update(containerCapStr="5")
    )
    most = 0
    create = simulator.kube.create

    def counting(pod: dict[str, Any]) -> dict[str, Any]:
        nonlocal most
        made = create(pod)
        most = max(most, len(simulator.kube.pods))
        return made

    simulator.kube.create = counting  # type: ignore[method-assign]
    pipeline(simulator, "echo 'warm'")
    branches = ", ".join(f"b{n}: {{ node('jenkins-jenkins-agent') {{ sh 'sleep 0.2' }} }}" for n in range(20))
    build, said = pipeline(simulator, f"parallel {branches}")
    assert build["result"] == "SUCCESS", said
    assert most == 5


def test_a_large_console_comes_whole(launch: Launch) -> None:
    simulator = launch()
    build, _ = pipeline(
        simulator,
        "def line = 'x' * 1000; def s = new StringBuilder(); 5200.times { s << line << '\\n' }; echo "
        "s.toString()",
    )
    assert len(simulator.console("cloudops/made", build["number"])) > 5_000_000


def test_jobs_and_builds_outlive_the_process(tmp_path: Path, classpath: str) -> None:
    simulator = RunningSimulator(tmp_path, classpath)
    pipeline(simulator, "echo 'kept'")
    simulator.controller.stop()
    simulator.controller.assemble()
    simulator.controller.start()
    assert simulator.controller.life.state == State.UP
    assert simulator.get("/job/cloudops/job/made/1/api/json")["result"] == "SUCCESS"
    assert "kept" in simulator.console("cloudops/made", 1).splitlines()
    number = simulator.build("cloudops/made")
    simulator.close()
    assert number == 2


def test_plugins_are_what_is_in_the_home_directory(tmp_path: Path) -> None:
    every = store()
    said: list[str] = []
    for name in ("credentials", "structs", "git"):
        write(tmp_path / f"{name}.jpi", every[name])
    write(tmp_path / "variant.jpi", every["variant"])
    (tmp_path / "variant.jpi.disabled").touch()
    found, disabled = load(tmp_path, lambda level, text: said.append(text))
    assert [plugin.name for plugin in found] == ["structs"]
    assert [plugin.name for plugin in disabled] == ["variant"]
    assert any("Plugin is missing" in text for text in said)
    assert read(tmp_path / "git.jpi").version == "5.7.0"


def test_the_plugin_cli_refuses_what_it_does_not_have(tmp_path: Path) -> None:
    every = store()
    (problem,) = install({"git": "9.9"}, every, tmp_path / "no")
    assert problem.startswith("Unable to find plugin git version 9.9 (there is 5.7.0)")
    assert "--jenkins-image" in problem
    assert not (tmp_path / "no").exists()
    assert install(requested("# the pins\ngit:5.7.0\n"), every, tmp_path / "yes") == []
    assert (tmp_path / "yes/git-client.jpi").exists()


def test_reference_plugins_replace_only_older_ones(tmp_path: Path) -> None:
    every = store()
    reference, home = tmp_path / "ref", tmp_path / "home"
    (reference / "plugins").mkdir(parents=True)
    write(reference / "plugins/git.jpi", every["git"])
    assert copy(reference, home) == ["INSTALLED plugins/git.jpi"]
    assert copy(reference, home) == ["SKIPPED plugins/git.jpi"]


@pytest.mark.parametrize(
    ("older", "newer"), [("5.6-191", "5.6.1-195"), ("1.9", "1.10"), ("4356.vfa_556c21f086", "4357.v1")]
)
def test_versions_are_ordered(older: str, newer: str) -> None:
    assert version_key(older) < version_key(newer)


def test_trees_are_parsed_and_refused() -> None:
    tree = parse_tree("jobs[name,builds[number]{0,3}],mode")
    assert tree.children["jobs"].children["builds"].end == 3
    with pytest.raises(TreeError, match="expected RBRACE at 9"):
        parse_tree("jobs[name")


def test_configuration_is_merged_and_resolved() -> None:
    missing: list[str] = []
    resolver = Resolver({"A": "1"}, missing.append)
    assert resolver.resolve({"x": ["${A}", "^${A}", "${B:-two}", "${C}"]}) == {"x": ["1", "${A}", "two", ""]}
    assert missing == ["C"]
    with pytest.raises(CascError, match=r"the function base64 in .* use --jenkins-image"):
        resolver.resolve("${base64:x}")
    with pytest.raises(CascError, match="conflicting"):
        merge({"jenkins": {"systemMessage": "a"}}, {"jenkins": {"systemMessage": "b"}})
    with pytest.raises(CascError, match="while parsing"):
        parse("a: {b: [}", "x.yaml")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(600, "10 min"), (300, "5 min 0 sec"), (574, "9 min 34 sec"), (3600, "1 hr 0 min"), (2, "2 sec")],
)
def test_time_spans(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_a_web_socket_agent(launch: Launch) -> None:
    def web_socket(config: dict[str, Any]) -> None:
        cloud = config["jenkins"]["clouds"][0]["kubernetes"]
        cloud["webSocket"] = True

    simulator = launch(web_socket)
    number = simulator.build("cloudops/build-account-management-images", {"imageTag": "1"})
    eventually(
        lambda: any(c.online for c in simulator.controller.computers.all.values()),
        what="online",
        timeout=10,
        interval=0.02,
    )
    env = {e["name"] for c in simulator.kube.created[0]["spec"]["containers"] for e in c["env"]}
    assert "JENKINS_WEB_SOCKET" in env
    assert "JENKINS_TUNNEL" not in env
    assert simulator.finished("cloudops/build-account-management-images", number)["result"] == "SUCCESS"


def test_only_an_agent_with_its_secret_is_let_in(launch: Launch) -> None:
    simulator = launch()
    simulator.kube.connects.clear()
    simulator.build("cloudops/always-fails")
    eventually(
        lambda: simulator.controller.computers.all, what="an agent is expected", timeout=10, interval=0.02
    )
    name = next(iter(simulator.controller.computers.all))
    refused = simulator.session.get(
        f"{simulator.base}/simulator/agent/{name}", headers={"X-Agent-Secret": "wrong"}, timeout=5
    )
    assert refused.status_code == 401


def test_what_waits_in_the_queue_outlives_the_process(launch: Callable[..., RunningSimulator]) -> None:
    """As queue.xml does: the same id, the same parameters, the rest of the quiet period."""
    here = launch()
    xml = "<project><builders/></project>"
    headers = {"Content-Type": "application/xml", **here.crumb()}
    made = here.session.post(
        f"{here.base}/createItem?name=later", data=xml, headers=headers, auth=(USER, PASSWORD)
    )
    assert made.status_code == 200, made.text
    here.send("POST", "/job/later/build?delay=3600sec")
    (before,) = here.controller.queue.waiting()
    here.controller.stop()
    again = Controller(here.settings)
    again.start()
    try:
        (after,) = again.queue.waiting()
        assert (after.id, after.job and after.job.full_name, after.since) == (
            before.id,
            "later",
            before.since,
        )
        assert after.due - time.monotonic() > 3000
        assert again.store.take_queue() == [], "it is taken once"
        assert again.store.next_queue_id() == before.id + 1
    finally:
        again.stop()
