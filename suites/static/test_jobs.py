"""The seed's jobs, as Groovy makes them: consistent with each other, the Jenkinsfiles and the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from conformance.contract.model import Contract
from conformance.contract.model import Job as Wanted
from conformance.core.nonconformance import require, require_none
from conformance.sources import builds
from conformance.sources.facts import Fact, Place
from conformance.sources.groovy import Item, PipelineFile, text_of
from conformance.sources.stack import StackFiles
from suites.static.findings import Findings

#: symbols of a pipeline's triggers and parameters, as the contract names them
_TRIGGERS = {"cron": "cron", "pollSCM": "scm", "upstream": "upstream"}
_PARAMETERS = {"booleanParam": "boolean", "password": "password", "string": "string", "text": "text"}


@pytest.mark.requirement("STATIC-20")
def test_seed_is_well_formed(stack_files: StackFiles) -> None:
    """The stack has a seed, and it parses."""
    require(
        stack_files.builds.scripts,
        "the stack has no seed",
        expected=f"Job DSL in {', '.join(stack_files.contract.stack.seeds)}",
        remedy="write every job of the controller into a seed, or name its folder in stack.seeds",
    )
    require_none(
        [builds.sentence(error) for error in stack_files.builds.seeds.errors],
        "the seed does not parse",
        remedy="correct it: with a broken seed the controller does not start",
    )


@pytest.mark.requirement("STATIC-21")
def test_seed_names_no_job_twice(stack_files: StackFiles) -> None:
    """The seed makes every job and folder once."""
    require_none(
        [
            f"{item.full_name} at {item.replaces} and {item.place}"
            for item in stack_files.seed_items
            if item.replaces is not None
        ],
        "the seed makes something twice",
        remedy="give each job and folder its own name: the later one silently replaces the earlier",
    )


@pytest.mark.requirement("STATIC-22")
def test_seed_makes_the_declared_jobs(stack_files: StackFiles, contract: Contract) -> None:
    """The seed makes exactly the jobs of the contract."""
    findings = Findings()
    made = {name: job for job in stack_files.seed_jobs if (name := findings.known(job.name))}
    wanted = {each.name for each in contract.jenkins.jobs}
    open_decisions = stack_files.builds.seeds.undecided
    for decision in open_decisions:
        findings.known(decision)
    if not open_decisions and len(made) == len({job.full_name for job in stack_files.seed_jobs}):
        findings += [f"{name} is missing" for name in sorted(wanted - made.keys())]
    findings += [
        f"{name} is there but not declared ({made[name].place})" for name in sorted(made.keys() - wanted)
    ]
    findings.conclude(
        "the jobs of the seed differ",
        expected=", ".join(sorted(wanted)),
        remedy="write the job in the seed, or declare it in the contract (jenkins.jobs)",
    )


@pytest.mark.requirement("STATIC-23")
def test_folders_come_before_their_jobs(stack_files: StackFiles) -> None:
    """The seed makes each folder before the jobs in it."""
    made: set[str] = set()
    findings = []
    for item in stack_files.seed_items:
        parent = str(PurePosixPath(item.full_name).parent)
        if parent != "." and parent not in made:
            findings.append(f"{item.full_name} ({item.place}) lies in {parent}, which is not made before it")
        if item.kind in builds.FOLDERS or item.kind == "organizationFolder":
            made.add(item.full_name)
    require_none(findings, "a job comes before its folder", remedy="call folder(...) before the jobs in it")


@pytest.mark.requirement("STATIC-24")
def test_script_paths_exist(stack_files: StackFiles) -> None:
    """Each job's script path is a file of the repository."""
    findings = Findings()
    for job in _pipeline_jobs(stack_files):
        path: str | None = findings.known(job.script_path)
        if path is None and job.script_path is not None:
            continue
        file = builds.script_file(job)
        if not file or not (stack_files.root / file).is_file():
            findings.append(f"{_at(job, job.script_path)} runs {path or 'no script of the repository'}")
    findings.conclude(
        "a job's Jenkinsfile is not there", remedy="set scriptPath to the path of a file in the repository"
    )


@pytest.mark.requirement("STATIC-25")
def test_scripts_are_named_jenkinsfile(stack_files: StackFiles) -> None:
    """Each pipeline is a file named Jenkinsfile."""
    require_none(
        [
            f"{_at(job, job.script_path)} runs {path}"
            for job in _pipeline_jobs(stack_files)
            if (path := builds.script_file(job)) and PurePosixPath(path).name != "Jenkinsfile"
        ],
        "a pipeline's file is not named Jenkinsfile",
        remedy="name it Jenkinsfile, in a folder of its own",
    )


@pytest.mark.requirement("STATIC-26")
def test_every_jenkinsfile_has_a_job(stack_files: StackFiles, contract: Contract) -> None:
    """Each Jenkinsfile belongs to a job of the seed."""
    # one that the contract knows lacks its job: the comparison of the jobs reports that
    used = {builds.script_file(job) for job in stack_files.seed_jobs}
    used |= {job.pipeline for job in contract.jenkins.jobs}
    # projects find theirs in the repository that they build, which may be this one
    used |= {str(job.script_path.value) for job in stack_files.seed_jobs if job.sources and job.script_path}
    if any(job.kind == "organizationFolder" for job in stack_files.seed_jobs):
        used.add("Jenkinsfile")
    findings = Findings()
    for decision in stack_files.builds.seeds.undecided:
        findings.known(decision)
    if not stack_files.builds.seeds.undecided:
        findings += [path for path in stack_files.builds.pipelines if path not in used]
    findings.conclude(
        "a Jenkinsfile belongs to no job of the seed",
        remedy="make a job for it in the seed, or delete the file",
    )


@pytest.mark.requirement("STATIC-27")
def test_jobs_run_the_declared_pipelines(stack_files: StackFiles, contract: Contract) -> None:
    """Each job runs the Jenkinsfile that the contract declares."""
    findings = Findings()
    for wanted, job in _both(stack_files, contract):
        path: str = builds.script_file(job)
        if job.sources:
            path = findings.known(job.script_path) or ""
        # a file that is not there is the finding of STATIC-24
        if path != wanted.pipeline and (job.sources or (path and (stack_files.root / path).is_file())):
            findings.append(f"{_at(job, job.script_path)} runs {path}, not {wanted.pipeline}")
    findings.conclude(
        "a job runs another Jenkinsfile than declared",
        remedy="set scriptPath in the seed, or the pipeline in the contract",
    )


@pytest.mark.requirement("STATIC-28")
def test_jobs_have_the_declared_parameters(stack_files: StackFiles, contract: Contract) -> None:
    """Each job has the parameters that the contract declares, in their order."""
    findings = Findings()
    for wanted, job in _both(stack_files, contract):
        declared = tuple((parameter.name, parameter.type) for parameter in wanted.parameters)
        seen = tuple((str(findings.known(each.name)), each.kind) for each in job.parameters)
        seen = seen or tuple(_parameters_of(_pipeline(stack_files, job)))
        if seen != declared:
            place = job.parameters[0].place if job.parameters else job.place
            findings.append(f"{job.full_name} has {_shown(seen)}, not {_shown(declared)} ({place})")
    findings.conclude(
        "a job's parameters differ",
        remedy="declare the parameters in the seed as the contract does, in the same order",
    )


@pytest.mark.requirement("STATIC-29")
def test_jobs_are_enabled_and_concurrent_as_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Each job is enabled, and allows two builds at once, as the contract declares."""
    findings = Findings()
    for wanted, job in _both(stack_files, contract):
        disabled, concurrent = findings.known(job.disabled), findings.known(job.concurrent)
        if disabled is not None and disabled != wanted.disabled:
            state = "disabled" if disabled else "enabled"
            findings.append(f"{job.full_name} is {state} in the seed ({job.disabled.place})")
        concurrent = concurrent and not _has_option(stack_files, job, "disableConcurrentBuilds")
        if concurrent is not None and concurrent != wanted.concurrent:
            state = "allows" if concurrent else "forbids"
            findings.append(f"{job.full_name} {state} two builds at once ({job.concurrent.place})")
    findings.conclude(
        "a job is set up differently from the contract",
        remedy="use disabled() and disableConcurrentBuilds() in the seed as the contract declares",
    )


@pytest.mark.requirement("STATIC-19")
def test_triggers_are_the_declared_ones(stack_files: StackFiles, contract: Contract) -> None:
    """Each job has the triggers that the contract declares."""
    findings = Findings()
    for wanted, job in _both(stack_files, contract):
        pairs = [(each.kind, findings.known(each.spec), each.spec.place) for each in job.triggers]
        pairs += _triggers_of(_pipeline(stack_files, job))
        # an empty schedule never starts a build
        seen = tuple(sorted({(kind, spec) for kind, spec, _ in pairs if spec}))
        if seen != (declared := tuple(sorted((each.type, each.spec) for each in wanted.triggers))):
            place = pairs[0][2] if pairs else job.place
            findings.append(f"{job.full_name} has {_pairs(seen)}, not {_pairs(declared)} ({place})")
    findings.conclude(
        "a job's triggers differ in the seed",
        remedy="write triggers { } in the seed as the contract declares them (jenkins.jobs.triggers)",
    )


@pytest.mark.requirement("STATIC-30")
def test_jobs_name_their_repository(stack_files: StackFiles) -> None:
    """Each job names the repository and the branch that its Jenkinsfile comes from."""
    require_none(
        [
            f"{job.full_name} ({job.place}) names no {what}"
            for job in _pipeline_jobs(stack_files)
            for what, facts in (
                ("repository", job.scm.urls if job.scm else ()),
                ("branch", job.scm.branches if job.scm else ()),
            )
            # without a branch Job DSL writes the expression for all of them
            if not any(fact.value not in ("", "**") for fact in facts)
        ],
        "a job does not say where its Jenkinsfile comes from",
        remedy="give url(...) and branch(...) in cpsScm",
    )


@pytest.mark.requirement("STATIC-31")
def test_jobs_discard_old_builds(stack_files: StackFiles) -> None:
    """Each job discards old builds."""
    require_none(
        [
            f"{job.full_name} ({job.place})"
            for job in stack_files.seed_jobs
            if not job.sources
            and not any(fact.value not in ("", "-1") for _, fact in job.discarder)
            and not _has_option(stack_files, job, "buildDiscarder")
        ],
        "a job keeps every build for ever",
        remedy="add logRotator { numToKeep(...) }: the controller's volume fills up otherwise",
    )


def _pipeline_jobs(stack_files: StackFiles) -> Iterator[Item]:
    """Jobs that run one pipeline; freestyle jobs have none, projects find theirs in what they build."""
    return (job for job in stack_files.seed_jobs if job.kind == "pipelineJob")


def _both(stack_files: StackFiles, contract: Contract) -> Iterator[tuple[Wanted, Item]]:
    """Declared jobs that the seed makes; a later item replaces an earlier one."""
    by_name = {job.full_name: job for job in stack_files.seed_jobs}
    return ((wanted, by_name[wanted.name]) for wanted in contract.jenkins.jobs if wanted.name in by_name)


def _pipeline(stack_files: StackFiles, job: Item) -> PipelineFile | None:
    """The Jenkinsfile of a job; one that does not parse is the finding of STATIC-32."""
    found = stack_files.builds.pipelines.get(builds.script_file(job))
    return found if isinstance(found, PipelineFile) else None


def _has_option(stack_files: StackFiles, job: Item, option: str) -> bool:
    pipeline = _pipeline(stack_files, job)
    return pipeline is not None and any(each.name == option for each in pipeline.options)


def _triggers_of(pipeline: PipelineFile | None) -> list[tuple[str, str | None, Place]]:
    return [
        (_TRIGGERS.get(each.name, each.name), text_of(each.first()), each.place)
        for each in (pipeline.triggers if pipeline is not None else ())
    ]


def _parameters_of(pipeline: PipelineFile | None) -> Iterator[tuple[str, str]]:
    for each in pipeline.parameters if pipeline is not None else ():
        yield text_of(each.name) or "", _PARAMETERS.get(each.kind, each.kind)


def _at(job: Item, fact: Fact[str] | None) -> str:
    return f"{job.full_name} ({fact.place if fact is not None else job.place})"


def _pairs(triggers: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{kind} {spec}" for kind, spec in triggers) or "no trigger"


def _shown(parameters: tuple[tuple[str, str], ...]) -> str:
    return "(" + ", ".join(f"{kind} {name}" for name, kind in parameters) + ")"
