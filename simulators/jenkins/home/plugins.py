"""Plugins: the files in the home directory, and nothing else, decide what a controller has."""

import json
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".jpi", ".hpi")


@dataclass(frozen=True)
class Dependency:
    """What a plugin needs of another."""

    name: str
    version: str
    optional: bool


@dataclass(frozen=True)
class Plugin:
    """A plugin's manifest."""

    name: str
    version: str
    long_name: str
    url: str | None
    core: str
    java: str | None
    dynamic: str
    detached: bool
    dependencies: tuple[Dependency, ...]
    path: Path | None = None
    """Its file in the home directory."""

    @property
    def enabled(self) -> bool:
        """Whether the next start will let it run: a file beside it says that it is disabled."""
        return self.path is None or not self._mark(self.path).exists()

    def switch(self, *, on: bool) -> None:
        """Enable or disable it; it goes on as it is until the next start."""
        if self.path is not None:
            self._mark(self.path).unlink(missing_ok=True) if on else self._mark(self.path).touch()

    @staticmethod
    def _mark(path: Path) -> Path:
        return path.with_name(path.name + ".disabled")


class PluginError(ValueError):
    """A file that is no plugin."""


def version_key(text: str) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Orders versions as hudson.util.VersionNumber does for the shapes that plugins have: what a dash
    separates counts less."""
    return tuple(
        tuple(
            (1, int(piece), "") if piece.isdigit() else (0, 0, piece)
            for piece in re.findall(r"\d+|[A-Za-z_]+", group)
        )
        for group in text.split("-")
    )


def read(path: Path) -> Plugin:
    """Read a plugin file's manifest.

    Raises:
        PluginError: it has none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("META-INF/MANIFEST.MF").decode("utf-8")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise PluginError(f"{path} is no plugin: {error}") from error
    unfolded = re.sub(r"\r?\n ", "", text)
    facts = dict(line.split(": ", 1) for line in unfolded.splitlines() if ": " in line)
    if "Short-Name" not in facts or "Plugin-Version" not in facts:
        raise PluginError(f"{path} is no plugin: its manifest lacks Short-Name or Plugin-Version")
    return Plugin(
        name=facts["Short-Name"],
        version=facts["Plugin-Version"],
        long_name=facts.get("Long-Name", facts["Short-Name"]),
        url=facts.get("Url"),
        core=facts.get("Jenkins-Version", ""),
        java=facts.get("Minimum-Java-Version"),
        dynamic=facts.get("Support-Dynamic-Loading", "MAYBE")
        .upper()
        .replace("TRUE", "YES")
        .replace("FALSE", "NO"),
        detached=facts.get("Conformance-Detached") == "true",
        dependencies=tuple(_dependencies(facts.get("Plugin-Dependencies", ""))),
        path=path,
    )


def _dependencies(text: str) -> Iterable[Dependency]:
    for entry in (piece for piece in text.split(",") if piece):
        name, _, rest = entry.partition(":")
        version, _, options = rest.partition(";")
        yield Dependency(name, version, "optional" in options)


def write(path: Path, plugin: Plugin) -> None:
    """Write a plugin file that holds a manifest and no code; the manifest says so."""
    dependencies = ",".join(
        f"{d.name}:{d.version}" + (";resolution:=optional" if d.optional else "") for d in plugin.dependencies
    )
    facts = {
        "Manifest-Version": "1.0",
        "Short-Name": plugin.name,
        "Long-Name": plugin.long_name,
        "Plugin-Version": plugin.version,
        "Jenkins-Version": plugin.core,
        "Support-Dynamic-Loading": {"YES": "true", "NO": "false"}.get(plugin.dynamic, "maybe"),
        "Conformance-Stand-In": "a manifest without code",
        "Conformance-Detached": str(plugin.detached).lower(),
    }
    facts |= {"Url": plugin.url} if plugin.url else {}
    facts |= {"Minimum-Java-Version": plugin.java} if plugin.java else {}
    facts |= {"Plugin-Dependencies": dependencies} if dependencies else {}
    lines = []
    for name, value in facts.items():
        line = f"{name}: {value}"
        lines.append("\r\n ".join([line[:72], *(line[i : i + 71] for i in range(72, len(line), 71))]))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), "\r\n".join(lines) + "\r\n\r\n")


def available(data: Path) -> list[Plugin]:
    """The plugins that this stand-in can pretend to have, from its data file."""
    return [
        Plugin(
            p["name"],
            p["version"],
            p["longName"],
            p["url"],
            p["requiredCore"],
            p["minimumJavaVersion"],
            p["supportsDynamicLoad"],
            p["detached"],
            tuple(Dependency(d["name"], d["version"], d["optional"]) for d in p["dependencies"]),
        )
        for p in json.loads(data.read_text(encoding="utf-8"))["plugins"]
    ]


def load(directory: Path, log: Callable[[str, str], None]) -> tuple[list[Plugin], list[Plugin]]:
    """The plugins of a home directory that can run, and those that are disabled, in the order of their
    files; what a missing dependency keeps out is logged.

    Args:
        directory: `plugins` of the home directory.
        log: takes a level and a message.
    """
    found: dict[str, Plugin] = {}
    for path in sorted(p for p in directory.glob("*") if p.suffix in SUFFIXES):
        try:
            plugin = read(path)
        except PluginError as error:
            log("SEVERE", f"Failed Loading plugin: {error}")
            continue
        known = found.get(plugin.name)
        if known is None or version_key(plugin.version) > version_key(known.version):
            found[plugin.name] = plugin
    usable = {name: plugin for name, plugin in found.items() if plugin.enabled}
    while broken := {name: why for name, plugin in usable.items() if (why := _missing(plugin, usable))}:
        for name, why in sorted(broken.items()):
            plugin = usable.pop(name)
            log(
                "SEVERE", f"Failed Loading plugin {plugin.long_name} v{plugin.version} ({plugin.name})\n{why}"
            )
    disabled = [plugin for _, plugin in sorted(found.items()) if not plugin.enabled]
    return [usable[name] for name in sorted(usable, key=lambda name: f"{name}.jpi")], disabled


def _missing(plugin: Plugin, present: dict[str, Plugin]) -> str:
    problems = []
    for need in plugin.dependencies:
        have = present.get(need.name)
        if have is None and not need.optional:
            problems.append(f" - Plugin is missing: {need.name} ({need.version})")
        elif have is not None and version_key(have.version) < version_key(need.version):
            problems.append(
                f" - Update required: {have.long_name} ({need.name} {have.version}) to be updated to "
                f"{need.version} or higher"
            )
    if not problems:
        return ""
    head = f"java.io.IOException: Failed to load: {plugin.long_name} ({plugin.name} {plugin.version})"
    return "\n".join([head, *problems])
