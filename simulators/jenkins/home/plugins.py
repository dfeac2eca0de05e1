"""Plugins: only the files in the home directory decide which ones a controller has."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".jpi", ".hpi")


@dataclass(frozen=True)
class Dependency:
    """A plugin that another one needs."""

    name: str
    version: str
    optional: bool


@dataclass(frozen=True)
class Plugin:
    """A plugin's manifest; `path` is its file in the home directory."""

    name: str
    version: str
    long_name: str
    url: str | None
    core: str
    dynamic: str
    detached: bool
    dependencies: tuple[Dependency, ...]
    path: Path | None = None

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
    """Orders versions as hudson.util.VersionNumber does for the shapes that plugins have: a part behind a
    dash counts less."""
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
        f"{need.name}:{need.version}" + (";resolution:=optional" if need.optional else "")
        for need in plugin.dependencies
    )
    facts = {
        "Manifest-Version": "1.0",
        "Short-Name": plugin.name,
        "Long-Name": plugin.long_name,
        "Plugin-Version": plugin.version,
        "Jenkins-Version": plugin.core,
        "Support-Dynamic-Loading": {"YES": "true", "NO": "false"}.get(plugin.dynamic, "maybe"),
        "Conformance-Simulator": "a manifest without code",
        "Conformance-Detached": str(plugin.detached).lower(),
    }
    facts |= {"Url": plugin.url} if plugin.url else {}
    facts |= {"Plugin-Dependencies": dependencies} if dependencies else {}
    lines = []
    for name, value in facts.items():
        line = f"{name}: {value}"
        lines.append(
            "\r\n ".join([line[:72], *(line[start : start + 71] for start in range(72, len(line), 71))])
        )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), "\r\n".join(lines) + "\r\n\r\n")


def available(data: Path) -> list[Plugin]:
    """The plugins that this simulator can install, from its data file."""
    return [
        Plugin(
            entry["name"],
            entry["version"],
            entry["longName"],
            entry["url"],
            entry["requiredCore"],
            entry["supportsDynamicLoad"],
            entry["detached"],
            tuple(
                Dependency(need["name"], need["version"], need["optional"]) for need in entry["dependencies"]
            ),
        )
        for entry in json.loads(data.read_text(encoding="utf-8"))["plugins"]
    ]


class Plugins:
    """The plugins of one start: those that run and those that are disabled, in the order of their files."""

    def __init__(self) -> None:
        self.running: list[Plugin] = []
        self.disabled: list[Plugin] = []

    def load(self, directory: Path, log: Callable[[str, str], None]) -> None:
        """Read the plugins of a home directory; `log` takes the level and the message of each that cannot
        run."""
        self.running, self.disabled = load(directory, log)

    @property
    def all(self) -> list[Plugin]:
        """Running and disabled ones."""
        return sorted([*self.running, *self.disabled], key=lambda plugin: f"{plugin.name}.jpi")

    def names(self) -> set[str]:
        """Names of the plugins that run."""
        return {plugin.name for plugin in self.running}


def load(directory: Path, log: Callable[[str, str], None]) -> tuple[list[Plugin], list[Plugin]]:
    """The plugins that can run and those that are disabled; a plugin without its dependencies is logged."""
    newest: dict[str, Plugin] = {}
    for path in sorted(p for p in directory.glob("*") if p.suffix in SUFFIXES):
        try:
            plugin = read(path)
        except PluginError as error:
            log("SEVERE", f"Failed Loading plugin: {error}")
            continue
        known = newest.get(plugin.name)
        if known is None or version_key(plugin.version) > version_key(known.version):
            newest[plugin.name] = plugin
    usable = {name: plugin for name, plugin in newest.items() if plugin.enabled}
    while broken := {name: why for name, plugin in usable.items() if (why := _missing(plugin, usable))}:
        for name, why in sorted(broken.items()):
            plugin = usable.pop(name)
            log(
                "SEVERE", f"Failed Loading plugin {plugin.long_name} v{plugin.version} ({plugin.name})\n{why}"
            )
    disabled = [plugin for _, plugin in sorted(newest.items()) if not plugin.enabled]
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
