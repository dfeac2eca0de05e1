"""`jenkins-plugin-cli`: simulates the plugin installation manager for the arguments of images and charts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from ..unsupported import unsupported
from .plugins import Plugin, available, version_key, write

TARGET = Path("/usr/share/jenkins/ref/plugins")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(f"{message}: {unsupported('other options of jenkins-plugin-cli')}")


def parser() -> argparse.ArgumentParser:
    """The options that charts use; the versions are always those of the simulator's own plugins."""
    options = _Parser("jenkins-plugin-cli", allow_abbrev=False)
    options.add_argument("--verbose", action="store_true")
    options.add_argument("--war", "-w")
    options.add_argument("--plugin-file", "-f", type=Path, required=True)
    for flag in ("--latest", "--latest-specified"):
        options.add_argument(flag, nargs="?")
    return options


def requested(text: str) -> dict[str, str]:
    """The requested plugins and their versions; an empty version means the newest."""
    wanted: dict[str, str] = {}
    for line in text.splitlines():
        for piece in line.split("#")[0].split():
            name, _, version = piece.partition(":")
            wanted[name] = "" if version in {"latest", "experimental"} else version
    return wanted


def install(wanted: dict[str, str], store: dict[str, Plugin], target: Path) -> list[str]:
    """Write the plugins and their dependencies into a directory, or return the problems and write nothing."""
    problems = [
        f"Unable to find plugin {name}"
        + (f" version {version}" if version else "")
        + (f" (there is {store[name].version})" if name in store else "")
        + f": {unsupported('other plugins than its own')}"
        for name, version in wanted.items()
        if name not in store or (version and store[name].version != version)
    ]
    chosen = {name: store[name] for name in wanted if name in store}
    todo = list(chosen.values())
    while todo:
        plugin = todo.pop()
        for need in plugin.dependencies:
            if need.optional or need.name in chosen:
                continue
            offered = store.get(need.name)
            if offered is None or version_key(offered.version) < version_key(need.version):
                problems.append(
                    f"Plugin {plugin.name}:{plugin.version} depends on {need.name}:{need.version}, "
                    f"which is not available"
                )
            else:
                chosen[need.name] = offered
                todo.append(offered)
    if problems:
        return problems
    target.mkdir(parents=True, exist_ok=True)
    for plugin in chosen.values():
        write(target / f"{plugin.name}.jpi", plugin)
    return []


def store() -> dict[str, Plugin]:
    """The plugins that can be installed here."""
    return {plugin.name: plugin for plugin in available(Path(__file__).with_name("plugins-available.json"))}


def main(argv: list[str] | None = None) -> int:
    """Run the program; 1 when a plugin cannot be had."""
    options = parser().parse_args(argv)
    if not options.plugin_file.exists():
        sys.stderr.write(f"File containing list of plugins does not exist: {options.plugin_file}\n")
        return 1
    wanted = requested(options.plugin_file.read_text(encoding="utf-8"))
    if problems := install(wanted, store(), TARGET):
        exception = "io.jenkins.tools.pluginmanager.impl.DownloadPluginException"
        sys.stderr.write("\n".join([f'Exception in thread "main" {exception}:', *problems, ""]))
        return 1
    if options.verbose:
        sys.stdout.write("".join(f"Copied plugin {name} to {TARGET}\n" for name in sorted(wanted)))
    sys.stdout.write("Done\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
