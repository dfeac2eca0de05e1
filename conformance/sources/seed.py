"""What a Job DSL seed says literally: folders, pipeline jobs and where their scripts come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.sources.groovy_text import Call, Source

PARAMETER_KINDS = {
    "stringParam": "string",
    "booleanParam": "boolean",
    "choiceParam": "choice",
    "textParam": "text",
    "nonStoredPasswordParam": "password",
}


#: how Job DSL says each kind of trigger: the call, and the call in its block that says when
TRIGGERS = {
    "cron": (("cron", "spec"),),
    "scm": (("scm", "scmpoll_spec"), ("pollSCM", "scmpoll_spec")),
    "upstream": (("upstream", "upstreamProjects"),),
}

_CONSTANT = re.compile(
    r"""^\s*(?:final\s+)?(?:def|String|final\s+String)?\s*(\w+)\s*=\s*['"]([^'"\n]*)['"]""", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class SeedJob:
    """A job as the seed declares it; what the seed does not say literally is empty."""

    name: str
    script_path: str
    repository: str
    branch: str
    parameters: tuple[tuple[str, str], ...]
    triggers: tuple[tuple[str, str], ...]
    disabled: bool
    concurrent: bool
    keeps_builds: bool
    where: str
    line: int


@dataclass(frozen=True, slots=True)
class SeedItem:
    """A folder or a job and the place of its call."""

    name: str
    kind: str
    where: str
    line: int


def items(where: str, source: Source) -> Iterator[SeedItem]:
    """Folders and jobs in the order in which the seed makes them."""
    found = [
        SeedItem(call.argument or "", call.name, where, call.line)
        for kind in ("folder", "pipelineJob", "freeStyleJob", "multibranchPipelineJob", "matrixJob")
        for call in source.calls(kind)
    ]
    yield from sorted(found, key=lambda item: item.line)


def jobs(where: str, source: Source) -> Iterator[SeedJob]:
    """The pipeline jobs of one script."""
    constants = dict(_CONSTANT.findall(source.without_comments()))
    for call in source.calls("pipelineJob"):
        yield _job(where, call, constants)


def _job(where: str, call: Call, constants: dict[str, str]) -> SeedJob:
    body = call.block or Source("")

    def said(name: str) -> str:
        found = next(iter(body.calls(name)), None)
        if found is None:
            return ""
        return found.argument if found.argument is not None else constants.get(found.arguments.strip(), "")

    def flag(name: str) -> bool | None:
        found = next(iter(body.calls(name)), None)
        return None if found is None else found.arguments.strip() != "false"

    parameters = [
        (found.line, (found.argument or "", kind))
        for dsl, kind in PARAMETER_KINDS.items()
        for found in body.calls(dsl)
    ]
    forbidden = bool(flag("disableConcurrentBuilds")) or flag("concurrentBuild") is False
    return SeedJob(
        name=call.argument or "",
        script_path=said("scriptPath"),
        repository=said("url"),
        branch=said("branch") or said("branches"),
        parameters=tuple(parameter for _, parameter in sorted(parameters, key=lambda pair: pair[0])),
        triggers=tuple(sorted(_triggers(body))),
        disabled=bool(flag("disabled")),
        concurrent=not forbidden,
        keeps_builds="logRotator" in body.code or "buildDiscarder" in body.code,
        where=where,
        line=call.line,
    )


def _triggers(body: Source) -> Iterator[tuple[str, str]]:
    """(type, spec) of each trigger, the types as in the contract."""
    # the outer block of `pipelineTriggers { triggers { } }` holds the inner one
    for block in (call.block for call in body.calls("triggers") if call.block):
        for kind, ways in TRIGGERS.items():
            for name, inner in ways:
                for call in block.calls(name):
                    said = call.argument
                    if said is None and call.block is not None:
                        said = next((each.argument for each in call.block.calls(inner)), None)
                    yield kind, said or call.arguments.strip()
