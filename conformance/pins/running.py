"""Compare what a controller runs with what is pinned: the only proof that a pin was obeyed.

On a kept volume an older pin does not roll back, and some newer ones were skipped by the image's own
version comparison; both look like success until the running plugins are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.pins.model import Finding, Location, Pin
from conformance.pins.sources.controller import Running
from conformance.pins.versions import key_of


def compare(pins: Mapping[str, Pin], running: Running) -> Iterator[Finding]:
    """One finding for each plugin that is absent, inactive, at another version, or not pinned."""
    for name, pin in pins.items():
        found = running.plugins.get(name)
        if found is None:
            yield Finding(
                "not-running",
                "no-go",
                name,
                "pinned, but the controller does not have it",
                pin.where,
                "read the controller's log for why it was not installed",
            )
            continue
        version, active = found
        if key_of(version) != key_of(pin.version):
            way = "not upgraded" if key_of(version) < key_of(pin.version) else "not rolled back"
            what = f"{way}: pinned {pin.version}, running {version}"
            step = "start from an empty plugin folder, or set overwritePlugins"
            yield Finding("not-obeyed", "no-go", name, what, pin.where, step)
        elif not active:
            yield Finding(
                "inactive",
                "no-go",
                name,
                f"{version} is installed but not active",
                pin.where,
                "read the controller's log for the dependency that failed",
            )
    for name, (version, _) in running.plugins.items():
        if name not in pins:
            yield Finding(
                "not-pinned",
                "no-go",
                name,
                f"running {version}, but not pinned",
                Location(running.where),
                f"pin {name}:{version}, or remove it",
            )
