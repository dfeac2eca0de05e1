"""Checks of live layers, called with clients that return something broken: each fails for its own reason.

The whole proof is a broken stack; this one needs no cluster, and shows that a check can fail at all and
what its first line says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.clients.agents import Agent
from conformance.clients.jobs import Build, JobFact, PluginFact, Started
from conformance.clients.nexus import RepositoryFact
from conformance.clients.objects import Container, Node, Pod, Workload
from conformance.clients.registry import Token
from conformance.contract.load import load
from conformance.contract.model import Contract
from conformance.core.nonconformance import NonConformance
from conformance.core.paths import REFERENCE
from conformance.sources.stack import StackFiles
from suites.agents import test_agents as agents
from suites.agents import test_builds as builds
from suites.agents.conftest import RequestedBuild, Visit
from suites.agents.inside import Answer
from suites.agents.test_img import Img
from suites.jenkins import test_controller as controller
from suites.jenkins import test_jobs as jobs
from suites.jenkins import test_plugins as plugins
from suites.nexus import test_server as nexus_server
from suites.pipelines import test_restarts as pipeline_restarts
from suites.platform import test_platform as platform
from suites.platform import test_rights as rights
from suites.platform import test_workloads as workloads
from suites.registry import test_repositories as repositories

LOADED = load(REFERENCE / "conformance.toml")
CONTRACT: Contract = LOADED.contract
FILES = StackFiles(LOADED)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPACES = (CONTRACT.jenkins.namespace, CONTRACT.nexus.namespace)


class Fake:
    """A client whose methods return given values, by method name."""

    def __init__(self, **reported: Any) -> None:
        self._reported = reported

    def __getattr__(self, name: str) -> Any:
        value = self._reported[name]
        return value if callable(value) else (lambda *_, **__: value)


CONTAINER = {
    "name": "main",
    "image": "registry.example.org/thing:1.0",
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    "securityContext": {"runAsUser": 1000},
    "readinessProbe": {"httpGet": {}},
}


def _workload(kind: str, name: str, namespace: str, **changes: Any) -> Workload:
    template = {
        "containers": [{**CONTAINER, **changes.pop("container", {})}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "x"}}],
        "terminationGracePeriodSeconds": 60,
        **changes.pop("template", {}),
    }
    made = Workload(kind, name, namespace, 1, 1, {}, template)
    return replace(made, **changes)


CONTROLLER = _workload("StatefulSet", "jenkins", SPACES[0])
NEXUS = _workload("Deployment", "nexus", SPACES[1])
SOUND = (CONTROLLER, NEXUS)
POD = Pod(
    name="jenkins-0",
    namespace=SPACES[0],
    uid="1",
    phase="Running",
    labels={},
    node="n",
    service_account="jenkins",
    created=NOW,
    scheduled=NOW,
    ready=True,
    deleted=False,
    containers=(Container("main", CONTAINER["image"], "", True, 0, "", "", "", NOW, CONTAINER),),  # type: ignore[arg-type]
    spec={},
    owner="StatefulSet/jenkins",
)


def _container(**changes: Any) -> Pod:
    return replace(POD, containers=(replace(POD.containers[0], **changes),))


JOB = JobFact(
    "cloudops/build-commerce", jobs.PIPELINE, False, False, (("BRANCH", "string"), ("VERSION", "string"))
)
JOBS = {
    wanted.name: replace(
        JOB, name=wanted.name, parameters=tuple((one.name, one.type) for one in wanted.parameters)
    )
    for wanted in CONTRACT.jenkins.jobs
}
PINNED = {pin.name: PluginFact(pin.name, pin.version, True, True) for pin in FILES.pins}
REPOSITORIES = {
    wanted.name: RepositoryFact(
        wanted.name,
        wanted.format,
        wanted.type,
        wanted.version_policy,
        wanted.write_policy,
        wanted.remote,
        wanted.members,
    )
    for wanted in CONTRACT.nexus.repositories
}
ECR: dict[str, dict[str, object]] = {
    wanted.name: {
        "imageTagMutability": wanted.tag_mutability,
        "imageScanningConfiguration": {"scanOnPush": wanted.scan_on_push},
        "repositoryUri": f"ecr.example.org/{wanted.name}",
        "registryId": CONTRACT.registry.account,
    }
    for wanted in CONTRACT.registry.repositories
}


class _Address:
    host = "ecr.example.org"


class _Registry:
    address = _Address()


REGISTRY: Any = _Registry()
TEMPLATES = {
    "jenkins": {
        "clouds": [
            {
                "kubernetes": {
                    "templates": [
                        {"name": agent.template, "label": agent.label} for agent in CONTRACT.jenkins.agents
                    ]
                }
            }
        ]
    }
}


TIMED = (
    "<flow-definition><properties><org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>"
    "<triggers><hudson.triggers.TimerTrigger><spec>H 2 * * *</spec></hudson.triggers.TimerTrigger></triggers>"
    "</org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty></properties>"
    "</flow-definition>"
)


def _without(known: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in known.items() if key != name}


AGENT = Agent("maven", Started("x", 1, 0), POD, ())


class Ran:
    """What a command in an agent gave."""

    def __init__(self, stdout: str = "", rc: int = 0, stderr: str = "") -> None:
        self.stdout, self.rc, self.stderr = stdout, rc, stderr


def _runs(stdout: str = "", rc: int = 0, stderr: str = "") -> Fake:
    return Fake(run=Ran(stdout, rc, stderr), run_expect=Ran())


def _ended(result: str, console: str) -> Any:
    """Agents whose controller returns a build that ended so."""
    build = Build("x", 1, result, 4.0, console)
    return SimpleNamespace(jenkins=Fake(left_queue=Started("x", 1, 7), finish=build))


#: (check, what it is given, words that the first line must hold)
BROKEN: list[tuple[Callable[..., object], tuple[Any, ...], tuple[str, ...]]] = [
    (platform.test_kubernetes_version, (Fake(version="1.33.0"), CONTRACT), ("1.33.0",)),
    (
        platform.test_kubelets_are_within_the_skew,
        (Fake(version="1.34.4", nodes=(Node("n1", "1.35.0", {}, ""),)),),
        ("n1", "1.35.0"),
    ),
    (
        platform.test_nodes_are_ready,
        (Fake(nodes=(Node("n1", "1.34.4", {"Ready": "True", "DiskPressure": "True"}, ""),)),),
        ("n1", "DiskPressure"),
    ),
    (
        platform.test_nodes_are_ready,
        (Fake(nodes=(Node("n1", "1", {"Ready": "Unknown"}, ""),)),),
        ("Ready is Unknown",),
    ),
    (platform.test_namespaces_are_there, (Fake(namespaces=("jenkins",)), SPACES), ("nexus",)),
    (
        platform.test_every_workload_is_ready,
        ((replace(NEXUS, ready=0), CONTROLLER), (POD,)),
        ("Deployment nexus/nexus",),
    ),
    (
        platform.test_every_workload_is_ready,
        (SOUND, (_container(waiting="CrashLoopBackOff"),)),
        ("jenkins-0", "CrashLoopBackOff"),
    ),
    (platform.test_no_container_restarted, ((_container(restarts=2),),), ("jenkins-0", "2 times")),
    (
        pipeline_restarts.test_nothing_restarted_meanwhile,
        (
            Fake(pods=(replace(_container(restarts=1), owner="StatefulSet/jenkins"),)),
            CONTRACT,
            Fake(once={f"main of pod {SPACES[0]}/jenkins-0 (1)": 0}),
        ),
        ("main of pod", "restarted 1 times"),
    ),
    (
        pipeline_restarts.test_nothing_restarted_meanwhile,
        (Fake(pods=()), CONTRACT, Fake(once={f"main of pod {SPACES[0]}/jenkins-0 (1)": 0})),
        ("main of pod", "is gone"),
    ),
    (
        platform.test_storage_class_is_there_and_claims_are_bound,
        (Fake(storage_classes=(("slow", False),), claims=()), SPACES),
        ("no default storage class",),
    ),
    (
        platform.test_storage_class_is_there_and_claims_are_bound,
        (Fake(storage_classes=(("s", True),), claims=(("home", "Pending"),)), SPACES),
        ("home", "Pending"),
    ),
    (
        platform.test_nexus_is_a_deployment,
        ((CONTROLLER, replace(NEXUS, kind="StatefulSet")), CONTRACT),
        ("StatefulSet",),
    ),
    (
        platform.test_controller_is_one_stateful_set,
        ((replace(CONTROLLER, wanted=2), NEXUS), CONTRACT),
        ("2 replicas",),
    ),
    (platform.test_images_that_run_are_the_declared_ones, ((_container(image="x:2"),), SOUND), ("x:2",)),
    (
        platform.test_images_are_exact,
        ((_workload("Deployment", "nexus", "nexus", container={"image": "nexus3"}),),),
        ("nexus3",),
    ),
    (
        platform.test_resources_are_set,
        ((_workload("Deployment", "nexus", "nexus", container={"resources": {}}),),),
        ("no requests for cpu",),
    ),
    (
        platform.test_no_privileged_container,
        ((_workload("Deployment", "nexus", "nexus", container={"securityContext": {"privileged": True}}),),),
        ("privileged",),
    ),
    (
        platform.test_no_git_server_in_the_stack,
        ((*SOUND, _workload("Deployment", "gitea", "jenkins")),),
        ("gitea",),
    ),
    (
        platform.test_workloads_are_exactly_the_releases,
        ((*SOUND, _workload("Deployment", "debug", "jenkins")), CONTRACT),
        ("debug",),
    ),
    (
        rights.test_controller_may_run_agents,
        (Fake(allowed=False), (POD,), CONTRACT),
        ("jenkins may not create pods",),
    ),
    (
        rights.test_controller_may_no_more_than_it_needs,
        (
            Fake(allowed=lambda _, verb, resource, **__: resource == "nodes" and verb == "list"),
            (POD,),
            CONTRACT,
        ),
        ("jenkins may list nodes",),
    ),
    (rights.test_agents_may_nothing, (Fake(allowed=True), CONTRACT, SPACES, (POD,)), ("agents have rights",)),
    (
        rights.test_service_accounts_are_separate,
        ((replace(POD, service_account="jenkins-agent"),), CONTRACT),
        ("share the service account",),
    ),
    (
        rights.test_service_accounts_are_separate,
        ((replace(POD, service_account="default"),), CONTRACT),
        ("default",),
    ),
    (
        workloads.test_containers_have_readiness_probes,
        (
            (_workload("Deployment", "nexus", "nexus", container={"readinessProbe": None}), CONTROLLER),
            CONTRACT,
        ),
        ("nexus/nexus",),
    ),
    (
        workloads.test_state_is_on_claims,
        ((_workload("Deployment", "nexus", "nexus", template={"volumes": []}), CONTROLLER), CONTRACT),
        ("nexus/nexus",),
    ),
    (
        workloads.test_nothing_runs_as_root,
        ((_workload("Deployment", "nexus", "nexus", container={"securityContext": {}}),),),
        ("container main of nexus/nexus",),
    ),
    (
        workloads.test_no_secret_in_the_environment_of_a_container,
        (
            (
                _workload(
                    "Deployment", "n", "nexus", container={"env": [{"name": "ADMIN_PASSWORD", "value": "x"}]}
                ),
            ),
        ),
        ("ADMIN_PASSWORD",),
    ),
    (
        workloads.test_nexus_has_time_to_stop,
        (
            (_workload("Deployment", "nexus", "nexus", template={"terminationGracePeriodSeconds": 5}),),
            CONTRACT,
        ),
        ("5 s",),
    ),
    (
        agents.test_agent_image_is_the_declared_one,
        (replace(AGENT, pod=_container(image="registry.example.org/agent:latest")),),
        ("agent maven runs an image that is not pinned", "agent:latest"),
    ),
    (
        agents.test_agent_s_home_is_its_own,
        ({"work folder": Answer(1, "touch: cannot touch '.conformance': Permission denied")}, AGENT),
        ("agent maven cannot write its work folder",),
    ),
    (
        agents.test_agent_has_no_setuid_programs_to_root,
        ({"files": Answer(1, "/usr/bin/sudo\n/usr/bin/chfn\n")}, AGENT),
        ("agent maven", "/usr/bin/sudo"),
    ),
    (
        builds.test_builds_reach_the_services,
        (Visit("SUCCESS", (("Nexus", "http://nexus:8081", "6"), ("controller", "x", "0")), {}), "maven"),
        ("a build on maven does not reach a service", "Nexus (http://nexus:8081): its name does not resolve"),
    ),
    (
        builds.test_agent_goes_when_its_build_ends,
        (
            Visit(
                "SUCCESS",
                (),
                {"what": "agent pod maven-1 is still there 60 s after its build", "remedy": "use an init"},
            ),
        ),
        ("agent pod maven-1 is still there",),
    ),
    (
        builds.test_missing_image_ends_the_build,
        (_ended("SUCCESS", ""), CONTRACT, Fake(pods=()), RequestedBuild("x", 7, "absent.invalid/x:1")),
        ("ends SUCCESS after 4 s",),
    ),
    (
        builds.test_missing_image_ends_the_build,
        (
            _ended("ABORTED", "Finished: ABORTED"),
            CONTRACT,
            Fake(pods=()),
            RequestedBuild("x", 7, "absent.invalid/x:1"),
        ),
        ("does not name the image",),
    ),
    (
        builds.test_cap_on_agents_holds,
        (
            _ended("SUCCESS", "[one] conformance-turn begins\n[other] conformance-turn begins\n"),
            CONTRACT,
            RequestedBuild("x", 7),
        ),
        ("a template that may have one agent at a time had two",),
    ),
    (
        Img(_runs(rc=1, stderr="failed to solve: runc did not terminate successfully")).build,
        ("/work", "FROM scratch", "x:1"),
        ("img cannot build: failed to solve: runc did not terminate",),
    ),
    (controller.test_version, (Fake(version="2.492.1"), CONTRACT), ("2.492.1",)),
    (controller.test_no_executors_on_the_controller, (Fake(root={"numExecutors": 2}),), ("2 executors",)),
    (controller.test_controller_takes_builds, (Fake(root={"quietingDown": True}),), ("quieting down",)),
    (controller.test_credentials_are_there, (Fake(credential_ids=("nexus",)), CONTRACT), ("ecr",)),
    (
        controller.test_every_label_has_a_cloud,
        (Fake(label_clouds=(), exported_configuration=TEMPLATES), CONTRACT),
        ("maven",),
    ),
    (
        controller.test_no_static_agents,
        (Fake(computers=({"_class": "hudson.slaves.SlaveComputer", "displayName": "old-agent"},)),),
        ("old-agent",),
    ),
    (controller.test_no_script_waits_for_approval, (Fake(pending_scripts=("SHA512:1",)),), ("1 script",)),
    (
        controller.test_jenkinsfiles_are_valid,
        (Fake(lint_jenkinsfile="Missing required section"), FILES),
        ("Missing required section",),
    ),
    (
        controller.test_configuration_in_force_is_the_declared_one,
        (Fake(exported_configuration={"jenkins": {"quietPeriod": 5}}), FILES),
        ("jenkins.quietPeriod",),
    ),
    (
        controller.test_pod_templates_in_force_are_the_declared_ones,
        (Fake(exported_configuration={}), CONTRACT),
        ("template maven is missing",),
    ),
    (controller.test_agents_can_connect, (Fake(root={"slaveAgentPort": -1}),), ("slaveAgentPort -1",)),
    (
        jobs.test_jobs_are_the_declared_ones,
        (_without(JOBS, "cloudops/build-commerce"), CONTRACT),
        ("cloudops/build-commerce is missing",),
    ),
    (
        jobs.test_jobs_are_the_declared_ones,
        ({**JOBS, "by-hand": replace(JOB, name="by-hand")}, CONTRACT),
        ("by-hand is there but not declared",),
    ),
    (jobs.test_folders_are_those_of_the_jobs, (Fake(folders=("cloudops", "old")), CONTRACT), ("old",)),
    (
        jobs.test_jobs_are_pipelines,
        ({JOB.name: replace(JOB, kind="hudson.model.FreeStyleProject")}, CONTRACT),
        ("FreeStyleProject",),
    ),
    (jobs.test_parameters, ({JOB.name: replace(JOB, parameters=())}, CONTRACT), (JOB.name,)),
    (
        jobs.test_jobs_are_enabled_as_declared,
        ({JOB.name: replace(JOB, disabled=True)}, CONTRACT),
        (f"{JOB.name} is disabled",),
    ),
    (jobs.test_concurrency, ({JOB.name: replace(JOB, concurrent=True)}, CONTRACT), ("allows two builds",)),
    (
        jobs.test_scripts_come_from_the_repository,
        ({JOB.name: ElementTree.fromstring("<flow-definition><definition/></flow-definition>")}, CONTRACT),
        ("an inline script",),
    ),
    (plugins.test_plugins_are_the_pinned_ones, (_without(PINNED, "git"), {}, FILES), ("git is missing",)),
    (
        plugins.test_plugin_versions_are_the_pinned_ones,
        ({**PINNED, "git": replace(PINNED["git"], version="5.6.0")}, FILES),
        ("git runs 5.6.0",),
    ),
    (
        plugins.test_plugins_are_active,
        ({"git": replace(PINNED["git"], active=False)}, {}, FILES),
        ("git is not active",),
    ),
    (
        plugins.test_plugins_are_active,
        (_without(PINNED, "git"), {"git": "Plugin is missing: scm-api (707)"}, FILES),
        ("git failed to load: Plugin is missing: scm-api",),
    ),
    (
        controller.test_no_serious_monitor_is_raised,
        (Fake(monitors=(("jenkins.CLI", "the CLI is open"),)), CONTRACT),
        ("CLI: the CLI is open",),
    ),
    (
        controller.test_views_are_the_declared_ones,
        (Fake(root={"views": [{"name": "all"}, {"name": "old"}]}), CONTRACT),
        ("old is there but not declared",),
    ),
    (
        jobs.test_triggers,
        ({JOB.name: ElementTree.fromstring(TIMED)}, CONTRACT),
        (f"{JOB.name} is started by cron H 2 * * *, not by nothing",),
    ),
    (
        plugins.test_plugins_have_what_they_need,
        (
            Fake(
                tree={
                    "plugins": [
                        {
                            "shortName": "git",
                            "version": "1",
                            "active": True,
                            "dependencies": [{"shortName": "scm-api", "version": "2", "optional": False}],
                        }
                    ]
                }
            ),
        ),
        ("git needs scm-api",),
    ),
    (nexus_server.test_version, (Fake(version="3.70.0-01"), CONTRACT), ("3.70.0-01",)),
    (
        nexus_server.test_repositories_are_the_declared_ones,
        (_without(REPOSITORIES, "maven-releases"), CONTRACT),
        ("maven-releases is missing",),
    ),
    (
        nexus_server.test_repositories_are_configured_as_declared,
        (
            {"maven-releases": replace(REPOSITORIES["maven-releases"], write_policy="ALLOW")},
            CONTRACT.model_copy(
                update={
                    "nexus": CONTRACT.nexus.model_copy(
                        update={"repositories": CONTRACT.nexus.repositories[:1]}
                    )
                }
            ),
        ),
        ("maven-releases", "write policy", "ALLOW"),
    ),
    (
        repositories.test_repositories_are_provisioned,
        (_without(ECR, "commerce/cortex"), CONTRACT),
        ("commerce/cortex is missing",),
    ),
    (
        repositories.test_tag_mutability,
        ({**ECR, "commerce/cortex": {**ECR["commerce/cortex"], "imageTagMutability": "MUTABLE"}}, CONTRACT),
        ("commerce/cortex", "MUTABLE"),
    ),
    (
        repositories.test_scan_on_push,
        ({**ECR, "commerce/cortex": {**ECR["commerce/cortex"], "imageScanningConfiguration": {}}}, CONTRACT),
        ("commerce/cortex",),
    ),
    (
        repositories.test_addresses_are_of_this_registry,
        ({"a": {"repositoryUri": "other/a", "registryId": "1"}}, CONTRACT, REGISTRY),
        ("other/a",),
    ),
    (
        repositories.test_token_states_when_it_ends,
        (Token("AWS", "x", "https://ecr.example.org", datetime.now(UTC) + timedelta(hours=30)),),
        ("an authorization token ends in",),
    ),
    (
        repositories.test_token_is_for_this_registry,
        (Token("AWS", "x", "https://other.example.org", NOW), REGISTRY),
        ("other.example.org",),
    ),
]


@pytest.mark.parametrize(
    ("check", "given", "words"),
    BROKEN,
    ids=[f"{check.__name__}-{n}" for n, (check, _, _) in enumerate(BROKEN)],
)
def test_check_fails_for_its_reason(
    check: Callable[..., object], given: tuple[Any, ...], words: tuple[str, ...]
) -> None:
    with pytest.raises(NonConformance) as caught:
        check(*given)
    first = str(caught.value).splitlines()[0]
    for word in words:
        assert word in first
    assert caught.value.remedy


def test_the_same_checks_pass_on_what_is_sound() -> None:
    nodes = (Node("n1", CONTRACT.kubernetes.version, {"Ready": "True", "MemoryPressure": "False"}, ""),)
    platform.test_nodes_are_ready(Fake(nodes=nodes))  # type: ignore[arg-type]
    platform.test_every_workload_is_ready(SOUND, (POD,))
    platform.test_images_that_run_are_the_declared_ones((POD,), SOUND)
    platform.test_resources_are_set(SOUND)
    platform.test_workloads_are_exactly_the_releases(SOUND, CONTRACT)
    rights.test_service_accounts_are_separate((POD,), CONTRACT)
    workloads.test_state_is_on_claims(SOUND, CONTRACT)
    workloads.test_nothing_runs_as_root(SOUND)
    jobs.test_jobs_are_the_declared_ones(JOBS, CONTRACT)
    jobs.test_parameters(JOBS, CONTRACT)
    jobs.test_concurrency(JOBS, CONTRACT)
    plugins.test_plugins_are_the_pinned_ones(PINNED, {}, FILES)
    # one that failed to load is reported by the check of what runs
    plugins.test_plugins_are_the_pinned_ones(_without(PINNED, "git"), {"git": "no"}, FILES)
    raised = (("jenkins.monitor.JavaVersionRecommendationAdminMonitor-17-2026-03-31-DANGER", "Java 17"),)
    controller.test_no_serious_monitor_is_raised(Fake(monitors=raised), CONTRACT)  # type: ignore[arg-type]
    plugins.test_plugin_versions_are_the_pinned_ones(PINNED, FILES)
    nexus_server.test_repositories_are_the_declared_ones(REPOSITORIES, CONTRACT)
    repositories.test_tag_mutability(ECR, CONTRACT)
    repositories.test_addresses_are_of_this_registry(ECR, CONTRACT, REGISTRY)


def test_a_plugin_that_did_not_load_is_found_in_the_log() -> None:
    log = (
        "2026-11-24 03:00:00.000+0000 [id=33]\tSEVERE\thudson.PluginManager$2$1$2#run: "
        "Failed Loading plugin Git plugin v5.7.0 (git)\n"
        "java.io.IOException: Failed to load: Git plugin (git 5.7.0)\n"
        " - Plugin is missing: scm-api (707.v749f968369d4)\n"
        "2026-11-24 03:00:01.000+0000 [id=33]\tINFO\tjenkins.InitReactorRunner$1#onAttained: Prepared all\n"
    )
    assert list(plugins.failed_to_load(log)) == [("git", "Plugin is missing: scm-api (707.v749f968369d4)")]


def test_a_failed_build_s_reason_is_in_the_first_line() -> None:
    build = Build(
        "cloudops/build-commerce", 3, "FAILURE", 1.0, "x\nERROR: could not resolve org.example:thing\n"
    )
    with pytest.raises(NonConformance) as caught:
        build.require_success()
    assert "could not resolve org.example:thing" in str(caught.value).splitlines()[0]
