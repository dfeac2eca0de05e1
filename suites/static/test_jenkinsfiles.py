"""The Jenkinsfiles, as Groovy parses them: agents, images, credentials, time-outs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none
from conformance.sources import builds
from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.groovy import Agent, PipelineFile, Value, text_of
from conformance.sources.stack import StackFiles
from conformance.sources.texts import Origin, Text
from conformance.sources.yaml_positions import load_all
from suites.static.findings import Findings

#: what a shell script runs that needs a daemon
_DOCKER = re.compile(
    r"docker\.sock|containerd\.sock|\bdocker\s+(build|push|run|login|pull)\b|\bpodman\s+build\b|\bbuildah\b"
    r"|\bdockerd\b|\bDOCKER_HOST\b"
)
#: instructions of a Dockerfile that name an image
_FROM = re.compile(r"(?im)^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?")
#: agents of a declarative pipeline that a Docker daemon runs
_DAEMON = ("docker", "dockerfile")


@pytest.mark.requirement("STATIC-32")
def test_jenkinsfiles_are_well_formed(stack_files: StackFiles) -> None:
    """The stack has Jenkinsfiles, and they parse."""
    files = stack_files.builds.pipelines
    require(files, "the stack has no Jenkinsfile", remedy="write the pipelines")
    require_none(
        [
            builds.sentence(file)
            for file in (*files.values(), *stack_files.builds.steps.values())
            if isinstance(file, SourceError)
        ],
        "a Jenkinsfile does not parse",
        remedy="correct it at the line that is named",
    )


@pytest.mark.requirement("STATIC-33")
def test_jenkinsfiles_run_on_declared_labels(stack_files: StackFiles, contract: Contract) -> None:
    """Jenkinsfiles run on agents of the contract."""
    known = {agent.label for agent in contract.jenkins.agents}
    templates = {agent.template for agent in contract.jenkins.agents}
    findings = Findings()
    for path, pipeline in stack_files.jenkinsfiles.items():
        pods = any(agent.kind in ("kubernetes", "podTemplate") for agent in pipeline.agents)
        for agent in pipeline.agents:
            where = f"{path}:{agent.place.line}"
            if agent.kind == "any":
                findings.append(f"{where} runs anywhere (agent any)")
            elif agent.kind in ("kubernetes", "podTemplate"):
                parents = text_of(agent.settings.get("inheritFrom")) or ""
                findings += [
                    f"{where} inherits from template {name}"
                    for name in parents.split()
                    if name not in templates and "$" not in name
                ]
            elif agent.kind != "none":
                _label(agent, known, pods, findings)
        if not pipeline.agents and not pipeline.libraries and not pipeline.loads:
            findings.append(f"{path} asks for no label")
    findings.conclude(
        "a Jenkinsfile does not run on a declared agent",
        expected=", ".join(sorted(known)),
        remedy="request a label of the contract (jenkins.agents), or declare the agent",
    )


def _label(agent: Agent, known: set[str], pods: bool, findings: Findings) -> None:
    """Words of a label's expression that no declared agent has."""
    label = text_of(agent.label)
    if label is not None and "$" not in label:
        words = [word for word in re.split(r"[^\w.-]+", label) if word]
        findings += [f"{agent.place} asks for label {word}" for word in words if word not in known] or (
            [] if words else [f"{agent.place} asks for no label"]
        )
    elif agent.label is None and agent.kind not in _DAEMON:
        findings.append(f"{agent.place} asks for no label")
    elif agent.label is not None and not pods:
        findings.leave_open(Undecided("the label is put together when the build runs"), str(agent.place))


@pytest.mark.requirement("STATIC-34")
def test_pipelines_use_no_docker(stack_files: StackFiles) -> None:
    """Pipelines need no Docker daemon: no docker build, no socket."""
    findings = [
        finding
        for pipeline in (*stack_files.jenkinsfiles.values(), *stack_files.library_steps.values())
        for finding in _daemons(pipeline)
    ]
    for file in stack_files.texts:
        if file.text[:2] == "#!":
            findings += _commands(Fact(file.text, Place(file.path, 1)))
    require_none(
        findings,
        "a pipeline needs a Docker daemon",
        remedy="build and push with img: there is no Docker daemon, and a socket would give the node away",
    )


def _daemons(pipeline: PipelineFile) -> Iterator[str]:
    for agent in pipeline.agents:
        if agent.kind in _DAEMON:
            yield f"{agent.place}: agent {{ {agent.kind} }}"
    for call in pipeline.calls:
        if call.owner == "docker":
            yield f"{call.place}: docker.{call.name}"
    for variable in pipeline.environment:
        if variable.name == "DOCKER_HOST":
            yield f"{variable.place}: DOCKER_HOST"
    for text in builds.texts(pipeline):
        yield from _commands(text)


def _commands(text: Fact[str]) -> Iterator[str]:
    """Calls of a daemon in a shell's text, comments left out."""
    script = re.sub(r"(?m)(^|\s)#.*$", r"\1", str(text.value))
    for found in _DOCKER.finditer(script):
        yield f"{_line(text, script, found.start())}: {found[0]}"


def _line(text: Fact[str], script: str, position: int) -> str:
    return f"{text.place.file}:{text.place.line + script.count(chr(10), 0, position)}"


@pytest.mark.requirement("STATIC-35")
def test_jenkinsfiles_end_in_time(stack_files: StackFiles) -> None:
    """Each Jenkinsfile sets a time-out."""
    findings = Findings()
    for path, pipeline in stack_files.jenkinsfiles.items():
        steps = {call.name for call in pipeline.steps}
        used = [step for name, step in stack_files.library_steps.items() if name in steps]
        if _ends(pipeline) or any(_ends(step) for step in used):
            continue
        if pipeline.pipeline is None and not pipeline.agents and pipeline.libraries and not used:
            reason = Undecided("the pipeline is a step of a library that is not in this repository")
            findings.leave_open(reason, path)
            continue
        findings.append(f"{path}:{pipeline.pipeline.line}" if pipeline.pipeline else path)
    findings.conclude(
        "a Jenkinsfile has no time-out",
        remedy="add options { timeout(time: 30, unit: 'MINUTES') }: a build that hangs keeps its agent",
    )


def _ends(pipeline: PipelineFile) -> bool:
    """Does a time-out cover the whole pipeline: an option, one of each stage, or a step round every shell?"""
    limited = [option.stages for option in pipeline.options if option.name == "timeout"]
    if () in limited:
        return True
    if pipeline.pipeline is None:
        calls = [call for call in pipeline.steps if call.name == "timeout" and call.has_block]
        return bool(calls) and all("timeout" in script.blocks for script in pipeline.scripts)
    outer = [stage.path for stage in pipeline.stages if len(stage.path) == 1]
    limited += [call.stages for call in pipeline.steps if call.name == "timeout" and call.has_block]
    return bool(outer) and all(any(stages[:1] == path for stages in limited) for path in outer)


@pytest.mark.requirement("STATIC-36")
def test_named_images_are_pinned(stack_files: StackFiles) -> None:
    """Images that Jenkinsfiles and Dockerfiles name are pinned."""
    findings = Findings()
    for pipeline in (*stack_files.jenkinsfiles.values(), *stack_files.library_steps.values()):
        for image in _images(pipeline):
            text = str(image.value)
            if text and "$" not in text and not stack_files.exact_image(text):
                findings.append(f"{image.place.file}:{image.place.line}: {text}")
    for file in stack_files.texts:
        if PurePosixPath(file.path).name == "Dockerfile":
            findings += [
                f"{image.place.file}:{image.place.line}: {image.value}"
                for image in _base_images(file.path, file.text)
                if not stack_files.exact_image(str(image.value))
            ]
    findings.conclude(
        "an image that a build stands on is not pinned",
        expected="a tag other than latest, or a digest",
        remedy="pin the image",
    )


def _base_images(path: str, text: str) -> Iterator[Fact[str]]:
    """Images that a Dockerfile begins with; its own stages and build arguments are none."""
    stages = {"scratch"}
    for found in _FROM.finditer(text):
        if found[1] not in stages and "$" not in found[1]:
            yield Fact(found[1], Place(path, text.count("\n", 0, found.start()) + 1))
        stages.add(found[2] or "scratch")


def _images(pipeline: PipelineFile) -> Iterator[Fact[str]]:
    """Images of steps and agents, and those that the pods written in the pipeline name."""
    for image in pipeline.images:
        yield Fact(text_of(image.name) or "", image.place)
    for agent in pipeline.agents:
        yield from _pod_images(agent.settings.get("yaml"), agent.place_of("yaml"))


def _pod_images(value: Value, place: Place) -> Iterator[Fact[str]]:
    text = text_of(value)
    documents = load_all(Text(text, Origin(place.file, place.line - 1))) if text else ()
    for document in () if isinstance(documents, SourceError) else documents:
        for path, node in document.root.walk():
            if path and path[-1] == "image" and isinstance(node.value, str):
                yield Fact(node.value, node.place)


@pytest.mark.requirement("STATIC-37")
def test_jenkinsfiles_use_declared_credentials(stack_files: StackFiles) -> None:
    """Jenkinsfiles use declared credentials only."""
    known = set(stack_files.credential_ids)
    findings = Findings()
    for use in _credentials(stack_files):
        if isinstance(use.value, Undecided):
            findings.leave_open(use.value, str(use.place))
        elif use.value and use.value not in known:
            findings.append(f"{use.place.file}:{use.place.line}: {use.value}")
    findings.conclude(
        "a Jenkinsfile uses a credential that is declared nowhere",
        expected=", ".join(sorted(known)),
        remedy="declare it in JCasC, or use a declared id",
    )


def _credentials(stack_files: StackFiles) -> Iterator[Fact[str]]:
    """Ids that pipelines, libraries' steps and the seed's sources use."""
    for pipeline in (*stack_files.jenkinsfiles.values(), *stack_files.library_steps.values()):
        for use in pipeline.credentials:
            if isinstance(use.id, str):
                yield Fact(use.id, use.place)
            elif isinstance(use.id, Undecided) or text_of(use.id) is not None:
                reason = Undecided("the id of a credential is put together when the build runs")
                yield Fact(use.id if isinstance(use.id, Undecided) else reason, use.place)
    for job in stack_files.builds.jobs:
        yield from job.scm.credentials if job.scm is not None else ()
        yield from (source.credentials for source in job.sources if source.credentials is not None)
