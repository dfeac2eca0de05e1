"""The seed and the Jenkinsfiles, as texts: consistent with each other and with the contract."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none, require_same_names
from conformance.sources.stack import StackFiles

_DOCKER = re.compile(
    r"docker\.sock|containerd\.sock|\bdocker\s+(build|push|run|login|pull)\b|\bdocker\.(build|image|withRegistry)\b"
    r"|\bpodman\s+build\b|\bbuildah\b|\bdockerd\b|\bDOCKER_HOST\b"
)
_CREDENTIAL = re.compile(r"""\bcredential(?:sId\s*[:=]\s*|s\()['"]([^'"]+)['"]""")
_IMAGE = re.compile(r"""(?m)(?:\bimage[:\s(]+|^\s*FROM\s+(?:--\S+\s+)*)['"]?([^\s'"\\)]+)""")
_LABEL = re.compile(r"""(?:\blabel\s*\(?\s*|\bnode\s*\(\s*)['"]([^'"]+)['"]""")


@pytest.mark.requirement("STATIC-20")
def test_seed_is_well_formed(stack_files: StackFiles) -> None:
    """The stack has a seed, and it parses."""
    require(
        stack_files.seeds,
        "the stack has no seed",
        expected="Job DSL in jobs/*.groovy",
        remedy="write every job of the controller into a seed",
    )
    require_none(
        [f"{where}: {problem}" for where, source in stack_files.seeds for problem in source.problems],
        "the seed does not parse",
        remedy="mend it: with a broken seed the controller does not start",
    )


@pytest.mark.requirement("STATIC-21")
def test_seed_names_no_job_twice(stack_files: StackFiles) -> None:
    """The seed makes every job and folder once."""
    times = Counter(item.name for item in stack_files.seed_items)
    require_none(
        [
            f"{name} at "
            + " and ".join(f"{i.where}:{i.line}" for i in stack_files.seed_items if i.name == name)
            for name, count in times.items()
            if count > 1
        ],
        "the seed makes something twice",
        remedy="give each job and folder its own name: the later one silently replaces the earlier",
    )


@pytest.mark.requirement("STATIC-22")
def test_seed_makes_the_declared_jobs(stack_files: StackFiles, contract: Contract) -> None:
    """The seed makes exactly the jobs of the contract."""
    require_same_names(
        (wanted.name for wanted in contract.jenkins.jobs),
        (job.name for job in stack_files.seed_jobs),
        what="the jobs of the seed differ",
        remedy="write the job in jobs/*.groovy, or declare it in the contract (jenkins.jobs)",
    )


@pytest.mark.requirement("STATIC-23")
def test_folders_come_before_their_jobs(stack_files: StackFiles) -> None:
    """The seed makes each folder before the jobs in it."""
    made: set[str] = set()
    findings = []
    for item in stack_files.seed_items:
        parent = str(PurePosixPath(item.name).parent)
        if parent != "." and parent not in made:
            findings.append(
                f"{item.name} ({item.where}:{item.line}) lies in {parent}, which is not made before it"
            )
        if item.kind == "folder":
            made.add(item.name)
    require_none(findings, "a job comes before its folder", remedy="call folder(...) before the jobs in it")


@pytest.mark.requirement("STATIC-24")
def test_script_paths_exist(stack_files: StackFiles) -> None:
    """Each job's script path is a file of the repository."""
    require_none(
        [
            f"{job.name} ({job.where}:{job.line}) runs {job.script_path or 'no script of the repository'}"
            for job in stack_files.seed_jobs
            if not job.script_path or not (stack_files.root / job.script_path).is_file()
        ],
        "a job's Jenkinsfile is not there",
        remedy="set scriptPath to the path of a file in the repository",
    )


@pytest.mark.requirement("STATIC-25")
def test_scripts_are_named_jenkinsfile(stack_files: StackFiles) -> None:
    """Each pipeline is a file named Jenkinsfile."""
    require_none(
        [
            f"{job.name} runs {job.script_path}"
            for job in stack_files.seed_jobs
            if job.script_path and PurePosixPath(job.script_path).name != "Jenkinsfile"
        ],
        "a pipeline's file is not named Jenkinsfile",
        remedy="name it Jenkinsfile, in a folder of its own",
    )


@pytest.mark.requirement("STATIC-26")
def test_every_jenkinsfile_has_a_job(stack_files: StackFiles, contract: Contract) -> None:
    """Each Jenkinsfile belongs to a job of the seed."""
    # one that the contract knows lacks its job: that is told by the comparison of the jobs
    used = {job.script_path for job in stack_files.seed_jobs} | {
        job.pipeline for job in contract.jenkins.jobs
    }
    require_none(
        [path for path in stack_files.jenkinsfile_texts if path not in used],
        "a Jenkinsfile belongs to no job of the seed",
        remedy="make a job for it in the seed, or delete the file",
    )


@pytest.mark.requirement("STATIC-27")
def test_jobs_run_the_declared_pipelines(stack_files: StackFiles, contract: Contract) -> None:
    """Each job runs the Jenkinsfile that the contract declares."""
    by_name = {job.name: job for job in stack_files.seed_jobs}
    require_none(
        [
            f"{wanted.name} runs {by_name[wanted.name].script_path}, not {wanted.pipeline}"
            for wanted in contract.jenkins.jobs
            if wanted.name in by_name
            and by_name[wanted.name].script_path != wanted.pipeline
            and (stack_files.root / by_name[wanted.name].script_path).is_file()  # else STATIC-24 tells
        ],
        "a job runs another Jenkinsfile than declared",
        remedy="set scriptPath in the seed, or the pipeline in the contract",
    )


@pytest.mark.requirement("STATIC-28")
def test_jobs_have_the_declared_parameters(stack_files: StackFiles, contract: Contract) -> None:
    """Each job has the parameters that the contract declares, in their order."""
    by_name = {job.name: job for job in stack_files.seed_jobs}
    require_none(
        [
            f"{wanted.name} has {_shown(by_name[wanted.name].parameters)}, not {_shown(declared)}"
            for wanted in contract.jenkins.jobs
            if wanted.name in by_name
            and by_name[wanted.name].parameters
            != (declared := tuple((parameter.name, parameter.type) for parameter in wanted.parameters))
        ],
        "a job's parameters differ",
        remedy="declare the parameters in the seed as the contract does, in the same order",
    )


@pytest.mark.requirement("STATIC-29")
def test_jobs_are_enabled_and_concurrent_as_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Each job is enabled, and allows two builds at once, as the contract declares."""
    by_name = {job.name: job for job in stack_files.seed_jobs}
    findings = []
    for wanted in contract.jenkins.jobs:
        job = by_name.get(wanted.name)
        if job is not None and job.disabled != wanted.disabled:
            findings.append(f"{job.name} is {'disabled' if job.disabled else 'enabled'} in the seed")
        if job is not None and job.concurrent != wanted.concurrent:
            findings.append(f"{job.name} {'allows' if job.concurrent else 'forbids'} two builds at once")
    require_none(
        findings,
        "a job is set up differently from the contract",
        remedy="use disabled() and disableConcurrentBuilds() in the seed as the contract declares",
    )


@pytest.mark.requirement("STATIC-19")
def test_triggers_are_the_declared_ones(stack_files: StackFiles, contract: Contract) -> None:
    """Each job has the triggers that the contract declares."""
    by_name = {job.name: job for job in stack_files.seed_jobs}
    require_none(
        [
            f"{wanted.name} has {_pairs(by_name[wanted.name].triggers)}, not {_pairs(declared)}"
            for wanted in contract.jenkins.jobs
            if wanted.name in by_name
            and by_name[wanted.name].triggers
            != (declared := tuple(sorted((trigger.type, trigger.spec) for trigger in wanted.triggers)))
        ],
        "a job's triggers differ in the seed",
        remedy="write triggers { } in the seed as the contract declares them (jenkins.jobs.triggers)",
    )


@pytest.mark.requirement("STATIC-30")
def test_jobs_name_their_repository(stack_files: StackFiles) -> None:
    """Each job names the repository and the branch that its Jenkinsfile comes from."""
    require_none(
        [
            f"{job.name} ({job.where}:{job.line}) names no {what}"
            for job in stack_files.seed_jobs
            for what, said in (("repository", job.repository), ("branch", job.branch))
            if not said
        ],
        "a job does not say where its Jenkinsfile comes from",
        remedy="give url(...) and branch(...) in cpsScm",
    )


@pytest.mark.requirement("STATIC-31")
def test_jobs_discard_old_builds(stack_files: StackFiles) -> None:
    """Each job discards old builds."""
    require_none(
        [f"{job.name} ({job.where}:{job.line})" for job in stack_files.seed_jobs if not job.keeps_builds],
        "a job keeps every build for ever",
        remedy="add logRotator { numToKeep(...) }: the controller's volume fills up otherwise",
    )


@pytest.mark.requirement("STATIC-32")
def test_jenkinsfiles_are_well_formed(stack_files: StackFiles) -> None:
    """The stack has Jenkinsfiles, and they parse."""
    require(stack_files.jenkinsfile_texts, "the stack has no Jenkinsfile", remedy="write the pipelines")
    require_none(
        [
            f"{path}: {problem}"
            for path, source in stack_files.jenkinsfile_texts.items()
            for problem in source.problems
        ],
        "a Jenkinsfile does not parse",
        remedy="mend it at the line that is named",
    )


@pytest.mark.requirement("STATIC-33")
def test_jenkinsfiles_run_on_declared_labels(stack_files: StackFiles, contract: Contract) -> None:
    """Jenkinsfiles run on agents of the contract."""
    known = {agent.label for agent in contract.jenkins.agents}
    findings = []
    for path, source in stack_files.jenkinsfiles.items():
        text = source.without_comments()
        asked = {label for found in _LABEL.findall(text) for label in re.split(r"[^\w.-]+", found) if label}
        findings += [f"{path} asks for label {label}" for label in sorted(asked - known)]
        if re.search(r"\bagent\s+any\b", source.code):
            findings.append(f"{path} runs anywhere (agent any)")
        elif not asked:
            findings.append(f"{path} asks for no label")
    require_none(
        findings,
        "a Jenkinsfile does not run on a declared agent",
        expected=", ".join(sorted(known)),
        remedy="ask for a label of the contract (jenkins.agents), or declare the agent",
    )


@pytest.mark.requirement("STATIC-34")
def test_pipelines_use_no_docker(stack_files: StackFiles) -> None:
    """Pipelines need no Docker daemon: no docker build, no socket."""
    texts = {path: source.without_comments() for path, source in stack_files.jenkinsfiles.items()}
    texts |= {
        file.path: _without_shell_comments(file.text) for file in stack_files.texts if file.text[:2] == "#!"
    }
    require_none(
        [
            f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]}"
            for path, text in texts.items()
            for found in _DOCKER.finditer(text)
        ],
        "a pipeline needs a Docker daemon",
        remedy="build and push with img: there is no Docker daemon, and a socket would give the node away",
    )


def _without_shell_comments(text: str) -> str:
    return re.sub(r"(?m)(^|\s)#.*$", r"\1", text)


@pytest.mark.requirement("STATIC-35")
def test_jenkinsfiles_end_in_time(stack_files: StackFiles) -> None:
    """Each Jenkinsfile sets a time-out."""
    require_none(
        [path for path, source in stack_files.jenkinsfiles.items() if not any(source.calls("timeout"))],
        "a Jenkinsfile has no time-out",
        remedy="add options { timeout(time: 30, unit: 'MINUTES') }: a build that hangs keeps its agent",
    )


@pytest.mark.requirement("STATIC-36")
def test_named_images_are_pinned(stack_files: StackFiles) -> None:
    """Images that Jenkinsfiles and Dockerfiles name are pinned."""
    texts = {path: source.without_comments() for path, source in stack_files.jenkinsfiles.items()}
    texts |= {
        file.path: file.text for file in stack_files.texts if PurePosixPath(file.path).name == "Dockerfile"
    }
    findings = []
    for path, text in texts.items():
        stages = set(re.findall(r"(?im)^\s*FROM\s.*\sAS\s+(\S+)", text))
        for found in _IMAGE.finditer(text):
            image = found[1]
            if image not in {"scratch", *stages} and "$" not in image and not stack_files.exact_image(image):
                findings.append(f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {image}")
    require_none(
        findings,
        "an image that a build stands on is not pinned",
        expected="a tag other than latest, or a digest",
        remedy="pin the image",
    )


@pytest.mark.requirement("STATIC-37")
def test_jenkinsfiles_use_declared_credentials(stack_files: StackFiles) -> None:
    """Jenkinsfiles use declared credentials only."""
    known = set(stack_files.credential_ids)
    require_none(
        [
            f"{path}:{source.line_at(found.start())}: {found[1]}"
            for path, source in stack_files.jenkinsfiles.items()
            for found in _CREDENTIAL.finditer(source.without_comments())
            if found[1] not in known
        ],
        "a Jenkinsfile uses a credential that is declared nowhere",
        expected=", ".join(sorted(known)),
        remedy="declare it in JCasC, or use a declared id",
    )


def _pairs(triggers: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{kind} {spec}" for kind, spec in triggers) or "no trigger"


def _shown(parameters: tuple[tuple[str, str], ...]) -> str:
    return "(" + ", ".join(f"{kind} {name}" for name, kind in parameters) + ")"
