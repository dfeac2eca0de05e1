"""Limits of a rollback, by the two contracts: changes that going back does not undo."""

from __future__ import annotations

from conformance.contract.model import LoadedContract
from conformance.core.errors import ConformanceError
from conformance.core.nonconformance import NonConformance
from conformance.pins.versions import older
from conformance.sources.stack import StackFiles


def obstacles(now: LoadedContract, wanted: LoadedContract) -> tuple[str, ...]:
    """A sentence for each change of `now` that going back to the older `wanted` does not undo."""
    found = []
    core, before = now.contract.jenkins.version, wanted.contract.jenkins.version
    if older(before, core):
        found.append(
            f"Jenkins {before} is older than the home's data, which {core} wrote: what only {core} knows "
            "is dropped or not read (Jenkins supports no downgrade; take the home back from a copy)"
        )
    nexus, previous = now.contract.nexus.version, wanted.contract.nexus.version
    if older(previous, nexus):
        found.append(
            f"Nexus {previous} is older than its database, which {nexus} brought to its own form "
            "(take the volume back from a copy)"
        )
    return (*found, *_plugins(now, wanted))


def _plugins(now: LoadedContract, wanted: LoadedContract) -> tuple[str, ...]:
    try:
        installed = {pin.name: pin.version for pin in StackFiles(now).pins}
        pinned = {pin.name: pin.version for pin in StackFiles(wanted).pins}
    except (ConformanceError, NonConformance):
        return ()  # the static layer reports pins that cannot be read
    lower = [
        f"plugin {name} {pinned[name]} is lower than the installed {version}: a kept home keeps the newer "
        "one unless controller.overwritePlugins is set"
        for name, version in sorted(installed.items())
        if name in pinned and pinned[name] and version and older(pinned[name], version)
    ]
    gone = [
        f"plugin {name} was not pinned before: a kept home keeps it until its file is removed"
        for name in sorted(installed.keys() - pinned.keys())
    ]
    return (*lower, *gone)
