"""The needs of a set of pins: their closure, and everything in it that does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.pins.detached import implied
from conformance.pins.model import Dependency, Release
from conformance.pins.release_index import ReleaseIndex
from conformance.pins.versions import key_of, older
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding, Pin

CORE = Place("core")


@dataclass(frozen=True, slots=True)
class Target:
    """The core and Java that the pins run on; an empty one is not checked.

    With `released_by` (an ISO date), younger releases are not taken into a proposal or a plan.
    """

    core: str
    java: str = ""
    where: Place = CORE
    released_by: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """`by` needs what `dependency` says."""

    by: Release
    dependency: Dependency

    def __str__(self) -> str:
        return f"{self.by.name} {self.by.version} needs {self.dependency.version}"


def resolve(pins: Mapping[str, Pin], index: ReleaseIndex, target: Target) -> list[Finding]:
    """Findings about the needs of the pins: each missing or too old plugin once, with all that need it."""
    found: list[Finding] = []
    releases: dict[str, Release] = {}
    for name, pin in pins.items():
        release = index.release(name, pin.version)
        if release is None:
            found.append(_unknown(pin, index))
        elif release.problem:
            found.append(_broken(pin, release))
        else:
            releases[name] = release
            found += _platform(pin, release, target)
            found += _unknown_facts(pin, release)
    found += _needs(pins, releases, index)
    found += _implied(pins, releases)
    found += _circles(pins, releases)
    return found


def _needs(
    pins: Mapping[str, Pin], releases: Mapping[str, Release], index: ReleaseIndex
) -> Iterator[Finding]:
    needed, roots = _closure(pins, releases, index)
    for name, needs in needed.items():
        pin = pins.get(name)
        if pin is None:
            yield _missing(name, needs, pins[roots[name]].where, index)
        else:
            short = [need for need in needs if older(pin.version, need.dependency.version)]
            if short:
                yield _too_old(pin, short)


def _closure(
    pins: Mapping[str, Pin], releases: Mapping[str, Release], index: ReleaseIndex
) -> tuple[dict[str, list[Need]], dict[str, str]]:
    """All needs by plugin, those of missing plugins included; and for each the pin that leads to it.

    A missing plugin counts at its oldest release that meets all needs. Meeting a later need can raise it,
    with other needs of its own, so the collection repeats until no missing plugin is raised. None is ever
    lowered, so this ends. The order of pins and dependencies changes nothing.
    """
    missing: dict[str, Release] = {}
    while True:
        needed: dict[str, list[Need]] = {}
        roots = {name: name for name in releases}
        todo = [releases[name] for name in sorted(releases)]
        for by in todo:
            for dependency in sorted(by.dependencies, key=lambda one: one.name):
                if dependency.optional and dependency.name not in pins:
                    continue
                needed.setdefault(dependency.name, []).append(Need(by, dependency))
                if dependency.name not in pins and dependency.name not in roots:
                    roots[dependency.name] = roots[by.name]
                    if dependency.name in missing:
                        todo.append(missing[dependency.name])
        fitting = {name: _smallest(index, _most(needed[name])) for name in needed if name not in pins}
        raised = {
            name: release
            for name, release in fitting.items()
            if release and (name not in missing or older(missing[name].version, release.version))
        }
        if not raised:
            return needed, roots
        missing |= raised


def _most(needs: list[Need]) -> Dependency:
    """The need for the newest version."""
    return max(needs, key=lambda need: key_of(need.dependency.version)).dependency


def _smallest(index: ReleaseIndex, dependency: Dependency) -> Release | None:
    fitting = [one for one in index.releases(dependency.name) if not older(one.version, dependency.version)]
    return fitting[-1] if fitting else None


def _missing(name: str, needs: list[Need], where: Place, index: ReleaseIndex) -> Finding:
    most = _most(needs)
    fitting = _smallest(index, most)
    step = f"pin {name}:{fitting.version}" if fitting else f"pin {name} at {most.version} or newer"
    what = f"not pinned, but needed: {_listed(needs)}"
    return Finding("missing", "no-go", name, what, where, next=step)


def _too_old(pin: Pin, short: list[Need]) -> Finding:
    most = _most(short).version
    what = f"{pin.version} is too old: {_listed(short)}"
    return Finding("too-old", "no-go", pin.name, what, pin.where, next=f"raise it to {most} or newer")


def _listed(needs: list[Need]) -> str:
    shown = sorted(needs, key=lambda need: (key_of(need.dependency.version), need.by.name), reverse=True)
    rest = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return "; ".join(str(need) for need in shown[:3]) + rest


def _platform(pin: Pin, release: Release, target: Target) -> Iterator[Finding]:
    if target.core and release.required_core and older(target.core, release.required_core):
        yield Finding(
            "core-too-old",
            "no-go",
            pin.name,
            f"{pin.version} needs core {release.required_core}; the controller has {target.core}",
            pin.where,
            next=f"raise the core to {release.required_core}, or keep an older {pin.name}",
        )
    if target.java and release.min_java and older(target.java, release.min_java):
        yield Finding(
            "java-too-old",
            "no-go",
            pin.name,
            f"{pin.version} needs Java {release.min_java}; the controller has {target.java}",
            pin.where,
            next="raise the controller's Java",
        )


def _unknown_facts(pin: Pin, release: Release) -> Iterator[Finding]:
    if release.unknown:
        yield Finding(
            "unknown-needs",
            "error",
            pin.name,
            f"the data about {pin.version} does not say {' and '.join(release.unknown)}",
            pin.where,
            next="give a whole document, or --manifests from a controller that runs this version",
        )


def _implied(pins: Mapping[str, Pin], releases: Mapping[str, Release]) -> Iterator[Finding]:
    needed: dict[str, list[Need]] = {}
    for release in releases.values():
        for dependency in implied(release.name, release.required_core):
            needed.setdefault(dependency.name, []).append(Need(release, dependency))
    for name, needs in needed.items():
        pin = pins.get(name)
        short = [need for need in needs if pin and older(pin.version, need.dependency.version)]
        if pin and short:
            yield _too_old(pin, short)
        elif not pin:
            by = ", ".join(f"{need.by.name} (built for {need.by.required_core})" for need in needs[:3])
            rest = f" and {len(needs) - 3} more" if len(needs) > 3 else ""
            yield Finding(
                "implied",
                "warning",
                name,
                f"was part of the core that these were built for: {by}{rest}; unpinned, the controller takes "
                "the version its war bundles, or none",
                pins[needs[0].by.name].where,
                next=f"pin {name}",
            )


def _circles(pins: Mapping[str, Pin], releases: Mapping[str, Release]) -> Iterator[Finding]:
    """The controller refuses circles, through optional dependencies too, and deactivates all in them."""
    edges = {
        name: [need.name for need in release.dependencies if need.name in releases]
        for name, release in sorted(releases.items())
    }
    for group in _components(edges):
        if len(group) > 1 or group[0] in edges[group[0]]:
            names = sorted(group)
            yield Finding(
                "circle",
                "no-go",
                names[0],
                f"these need each other in a circle, so the controller loads none: {', '.join(names)}",
                pins[names[0]].where,
                next="take releases that do not",
                ref=" ".join(names),
            )


def _components(edges: Mapping[str, list[str]]) -> list[list[str]]:
    """Strongly connected components (Tarjan), without recursion: a hostile document may nest deeply."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for root in edges:
        if root in index:
            continue
        path = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while path:
            name, rest = path[-1]
            step = next((to for to in rest if to not in index or to in stack), None)
            if step is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[name])
                if low[name] == index[name]:
                    cut = stack.index(name)
                    found.append(stack[cut:])
                    del stack[cut:]
            elif step in index:
                low[name] = min(low[name], index[step])
            else:
                index[step] = low[step] = len(index)
                stack.append(step)
                path.append((step, iter(edges[step])))
    return found


def _unknown(pin: Pin, index: ReleaseIndex) -> Finding:
    offered = index.offered(pin.name)
    if offered is None and not index.was_known(pin.name):
        return Finding(
            "unknown-plugin",
            "no-go",
            pin.name,
            "no update center document and no manifest knows this plugin",
            pin.where,
            next="check the spelling of the plugin's id",
        )
    newest = f"; the update center offers {offered.version}" if offered and offered.version else ""
    if offered and offered.problem:
        newest = f"; the update center's entry cannot be used: {offered.problem}"
    return Finding(
        "unknown-release",
        "error",
        pin.name,
        f"nothing is known of {pin.version}, so its needs are unknown{newest}",
        pin.where,
        next="give --manifests from a controller that runs it, or documents of earlier days",
    )


def _broken(pin: Pin, release: Release) -> Finding:
    what = f"the update center's entry for {release.version or pin.name} cannot be used: {release.problem}"
    return Finding("broken-entry", "error", pin.name, what, pin.where, next="fetch the document again")
