"""The jobs of the seed, as the controller has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.clients.jobs import JobFact
from conformance.contract.model import Contract
from conformance.core import xml
from conformance.core.nonconformance import require_none, require_same_names
from conformance.sources import builds
from conformance.sources.stack import StackFiles

PIPELINE = "org.jenkinsci.plugins.workflow.job.WorkflowJob"


@pytest.fixture(scope="module")
def jobs(jenkins: Jenkins) -> dict[str, JobFact]:
    """Every job by its full name, read in one request."""
    return {job.name: job for job in jenkins.jobs()}


@pytest.fixture
def pipelines(jobs: dict[str, JobFact]) -> dict[str, JobFact]:
    """The jobs that are pipelines; JENKINS-22 decides the others."""
    return {name: found for name, found in jobs.items() if found.kind == PIPELINE}


@pytest.mark.requirement("JENKINS-20")
def test_jobs_are_the_declared_ones(jobs: dict[str, JobFact], contract: Contract) -> None:
    """The controller has exactly the jobs of the contract."""
    require_same_names(
        (wanted.name for wanted in contract.jenkins.jobs),
        jobs,
        what="the jobs of the controller differ",
        remedy="make the job in the seed (jobs/*.groovy), or declare it in the contract (jenkins.jobs)",
    )


@pytest.mark.requirement("JENKINS-21")
def test_folders_are_those_of_the_jobs(jenkins: Jenkins, contract: Contract) -> None:
    """The controller has exactly the folders of those jobs."""
    needed = {
        "/".join(parts[:depth])
        for parts in (wanted.name.split("/") for wanted in contract.jenkins.jobs)
        for depth in range(1, len(parts))
    }
    require_same_names(
        needed,
        jenkins.folders(),
        what="the folders of the controller differ",
        remedy="make in the seed exactly the folders that jobs lie in",
    )


@pytest.mark.requirement("JENKINS-22")
def test_jobs_are_pipelines(jobs: dict[str, JobFact], contract: Contract) -> None:
    """Every job is a pipeline."""
    declared = {wanted.name for wanted in contract.jenkins.jobs}
    require_none(
        [
            f"{name} is a {found.kind.rpartition('.')[2]}"
            for name, found in jobs.items()
            if found.kind != PIPELINE and name in declared
        ],
        "a job is not a pipeline",
        expected="pipelineJob",
        remedy="write the job as a pipelineJob with a Jenkinsfile",
    )


@pytest.mark.requirement("JENKINS-23")
def test_parameters(pipelines: dict[str, JobFact], contract: Contract) -> None:
    """Each job has the parameters of the contract."""
    require_none(
        [
            f"{wanted.name} has ({_shown(pipelines[wanted.name].parameters)}), not ({_shown(declared)})"
            for wanted in contract.jenkins.jobs
            if wanted.name in pipelines
            and pipelines[wanted.name].parameters
            != (declared := tuple((parameter.name, parameter.type) for parameter in wanted.parameters))
        ],
        "a job's parameters differ",
        remedy="declare the parameters in the seed as the contract does, in the same order",
    )


@pytest.mark.requirement("JENKINS-24")
def test_jobs_are_enabled_as_declared(pipelines: dict[str, JobFact], contract: Contract) -> None:
    """Each job is enabled as the contract declares."""
    require_none(
        [
            f"{wanted.name} is {'disabled' if pipelines[wanted.name].disabled else 'enabled'}"
            for wanted in contract.jenkins.jobs
            if wanted.name in pipelines and pipelines[wanted.name].disabled != wanted.disabled
        ],
        "a job is not enabled as declared",
        remedy="enable it, and find out why it was disabled; the seed has its declared state",
    )


@pytest.mark.requirement("JENKINS-25")
def test_concurrency(pipelines: dict[str, JobFact], contract: Contract) -> None:
    """Each job allows two builds at once as the contract declares."""
    require_none(
        [
            f"{wanted.name} {'allows' if pipelines[wanted.name].concurrent else 'forbids'} two builds at once"
            for wanted in contract.jenkins.jobs
            if wanted.name in pipelines and pipelines[wanted.name].concurrent != wanted.concurrent
        ],
        "a job's concurrency differs",
        remedy="add or remove disableConcurrentBuilds() in the seed",
    )


@pytest.fixture(scope="module")
def settings(
    jenkins: Jenkins, contract: Contract, jobs: dict[str, JobFact]
) -> dict[str, ElementTree.Element]:
    """Configuration of one job for each Jenkinsfile and its triggers, by the job's name.

    One job represents all jobs with the same Jenkinsfile and triggers, so the cost does not grow with the
    jobs.
    """
    alike = {
        (wanted.pipeline, wanted.triggers): wanted.name
        for wanted in contract.jenkins.jobs
        if wanted.name in jobs
    }
    return {name: settings_of(jenkins, name) for name in alike.values() if jobs[name].kind == PIPELINE}


@pytest.mark.requirement("JENKINS-26")
def test_scripts_come_from_the_repository(
    settings: dict[str, ElementTree.Element], contract: Contract
) -> None:
    """Each job runs its Jenkinsfile from the repository."""
    declared = {wanted.name: wanted.pipeline for wanted in contract.jenkins.jobs}
    require_none(
        [
            f"{name} runs {seen or 'an inline script'}, not {declared[name]}"
            for name, config in settings.items()
            if (seen := config.findtext("definition/scriptPath", "")) != declared[name]
        ],
        "a job does not run its Jenkinsfile",
        remedy="set scriptPath in the seed to the Jenkinsfile's path in the repository",
    )


@pytest.mark.requirement("JENKINS-27")
def test_sources_are_those_of_the_seed(
    settings: dict[str, ElementTree.Element], stack_files: StackFiles
) -> None:
    """Each job takes its Jenkinsfile from the repository and the branch that the seed names."""
    seeded = {job.full_name: job for job in stack_files.seed_jobs}
    findings = []
    for name, config in settings.items():
        # an inline script has no source: JENKINS-26 decides that
        if name not in seeded or config.find("definition/scm") is None:
            continue
        url = config.findtext("definition/scm/userRemoteConfigs/*/url", "")
        branch = config.findtext("definition/scm/branches/*/name", "")
        repository, seeded_branch = builds.repository(seeded[name]), builds.branch(seeded[name])
        if not _fits(repository, url):
            findings.append(f"{name} takes it from {url}, not {repository}")
        # a value that the sources do not determine cannot be compared
        elif seeded_branch and branch.removeprefix("*/") != seeded_branch.removeprefix("*/"):
            findings.append(f"{name} takes it from branch {branch}, not {seeded_branch}")
    require_none(
        findings,
        "a job takes its Jenkinsfile from another place than the seed says",
        remedy="somebody changed the job by hand: start the controller again, which runs the seed",
    )


#: triggers as config.xml names them, and what says when
TRIGGERS = {
    "hudson.triggers.TimerTrigger": ("cron", "spec"),
    "hudson.triggers.SCMTrigger": ("scm", "spec"),
    "jenkins.triggers.ReverseBuildTrigger": ("upstream", "upstreamProjects"),
}


@pytest.mark.requirement("JENKINS-28")
def test_triggers(settings: dict[str, ElementTree.Element], contract: Contract) -> None:
    """Each job is started by the triggers of the contract, and by nothing else."""
    declared: dict[str, list[tuple[str, str]]] = {
        wanted.name: sorted((trigger.type, trigger.spec) for trigger in wanted.triggers)
        for wanted in contract.jenkins.jobs
    }
    require_none(
        [
            f"{name} is started by {_pairs(seen)}, not by {_pairs(declared[name])}"
            for name, config in settings.items()
            if (seen := sorted(_triggers(config))) != declared[name]
        ],
        "a job's triggers differ",
        remedy="write triggers { } in the seed, and declare the same in the contract (jenkins.jobs.triggers)",
    )


def _triggers(config: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """(type, spec) of each: Job DSL writes them beside the properties, a job that was saved among them."""
    holders = [config.find("triggers")]
    holders += [part.find("triggers") for part in config.iterfind("properties/*")]
    for holder in holders:
        for trigger in () if holder is None else holder:
            kind, key = TRIGGERS.get(trigger.tag, (trigger.tag, "spec"))
            yield kind, trigger.findtext(key, "")


def _pairs(triggers: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{kind} {spec}" for kind, spec in triggers) or "nothing"


def settings_of(jenkins: Jenkins, name: str) -> ElementTree.Element:
    """A job's configuration."""
    text = jenkins.config_xml(name)
    # Jenkins writes XML 1.1, which expat refuses; its content is 1.0
    return xml.parse(text.replace("version='1.1'", "version='1.0'").replace('"1.1"', '"1.0"'))


def _fits(seeded: str, seen: str) -> bool:
    """Is `seen` what the seed says, with whatever value its variables have?"""
    pattern = ".+".join(re.escape(part) for part in re.split(r"\$\{[^}]*\}", seeded))
    return re.fullmatch(pattern, seen) is not None if seeded else True


def _shown(parameters: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{kind} {name}" for name, kind in parameters) or "none"
