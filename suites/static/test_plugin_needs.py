"""The needs of the pinned plugins, of each other and of the core, from the manifests of their releases.

`manifests.json` holds the releases that are known without a network. The needs of any other release are
unknown: the check is undecided then and says so, unless the known ones are already wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require_none
from conformance.pins.release_index import ReleaseIndex, read_manifests
from conformance.pins.resolve import Target, resolve
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.runner.decision import undecided
from conformance.sources.groovy import PipelineFile
from conformance.sources.model import missing
from conformance.sources.plugin_facts import Need, need
from conformance.sources.plugins.pin import Finding, Pin, exact
from conformance.sources.stack import StackFiles

MANIFESTS = Path(__file__).parent / "manifests.json"
_UNKNOWN = ("unknown-plugin", "unknown-release", "unknown-needs", "broken-entry")


@cache
def _index() -> ReleaseIndex:
    return ReleaseIndex(UpdateCenter({"plugins": {}}, "no update center"), (), read_manifests(MANIFESTS))


@lru_cache(maxsize=4)
def _resolved(pins: tuple[Pin, ...], core: str) -> tuple[Finding, ...]:
    return tuple(resolve(exact(pins), _index(), Target(core)))


def _findings(stack_files: StackFiles, contract: Contract) -> tuple[Finding, ...]:
    return _resolved(stack_files.pins, contract.jenkins.version)


def _require_none(findings: tuple[Finding, ...], codes: tuple[str, ...], what: str, remedy: str) -> None:
    require_none(
        [f"{found.subject}: {found.what} ({found.next})" for found in findings if found.code in codes],
        what,
        remedy=remedy,
    )
    unknown = sorted(found.subject for found in findings if found.code in _UNKNOWN)
    if unknown:
        undecided(
            f"the needs of {len(unknown)} pin(s) are not known without a network: {', '.join(unknown[:5])}",
            "`conformance gate` with an update center document",
        )


def _used(stack_files: StackFiles) -> Iterator[Need]:
    """Plugins that pods, items of seeds, and steps of pipelines need; unknown names are no needs here."""
    yield from (need_ for need_ in stack_files.model.needs if need_.kind == "feature")
    for item in stack_files.builds.items:
        yield need("item", item.kind, item.place)
    for pipeline in (*stack_files.builds.pipelines.values(), *stack_files.builds.steps.values()):
        if not isinstance(pipeline, PipelineFile):
            continue
        if pipeline.pipeline is not None:
            yield need("feature", "declarative", pipeline.pipeline)
        for call in pipeline.steps:
            # a library's own step hides a plugin's
            if call.name not in stack_files.builds.steps:
                yield need("step", call.name, call.place)


@pytest.mark.requirement("STATIC-70")
def test_what_plugins_need_is_pinned(stack_files: StackFiles, contract: Contract) -> None:
    """Every plugin that a pinned plugin needs is pinned too."""
    pinned = {pin.name for pin in stack_files.pins}
    require_none(
        dict.fromkeys(
            f"{found.place}: {found.kind} {found.name} needs {found.plugin}"
            for found in missing(_used(stack_files), pinned)
            # a list without any pin is the finding of STATIC-10
            if pinned
        ),
        "a plugin that the stack uses is not pinned",
        remedy="pin it: without it the job, the pod or the step does not run",
    )
    _require_none(
        _findings(stack_files, contract),
        ("missing", "implied"),
        "a plugin that others need is not pinned",
        "pin it: otherwise the installation takes whatever version it finds, or the plugin does not load",
    )


@pytest.mark.requirement("STATIC-71")
def test_pins_satisfy_each_other(stack_files: StackFiles, contract: Contract) -> None:
    """Every pin satisfies the plugins that need it."""
    _require_none(
        _findings(stack_files, contract),
        ("too-old",),
        "a plugin is pinned to a version that others find too old",
        "raise the pin: with this one the others do not load",
    )


@pytest.mark.requirement("STATIC-72")
def test_core_satisfies_the_plugins(stack_files: StackFiles, contract: Contract) -> None:
    """The controller's core satisfies every pin."""
    _require_none(
        _findings(stack_files, contract),
        ("core-too-old",),
        "a plugin needs a newer core than the contract's",
        "raise the controller's version, or keep an older plugin",
    )
