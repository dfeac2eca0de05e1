"""`jenkins-plugin-cli`: plays the plugin installation manager for the arguments that images and charts
use."""

import argparse
import shutil
import sys
from pathlib import Path

from .plugins import Plugin, available, version_key, write

VERSION = "2.13.2"
STORE = Path("/usr/share/jenkins/plugins-available")
TARGET = Path("/usr/share/jenkins/ref/plugins")


def parser() -> argparse.ArgumentParser:
    """The options of the real program that are understood here."""
    made = argparse.ArgumentParser("jenkins-plugin-cli")
    made.add_argument("--version", "-v", action="version", version=VERSION)
    made.add_argument("--verbose", action="store_true")
    made.add_argument("--war", "-w")
    made.add_argument("--plugin-file", "-f", type=Path)
    made.add_argument("--plugins", "-p", nargs="*", default=[])
    made.add_argument("--plugin-download-directory", "-d", type=Path, default=TARGET)
    for flag in ("--latest", "--latest-specified", "--clean-download-directory", "--no-download"):
        made.add_argument(flag, nargs="?", const="true", default="true" if flag == "--latest" else "false")
    made.add_argument("--jenkins-update-center")
    made.add_argument("--jenkins-version")
    return made


def requested(file: Path | None, named: list[str]) -> dict[str, str]:
    """Plugin names and the versions asked for; an empty version means the newest."""
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    entries = [line.split("#")[0].strip() for line in lines] + named
    wanted: dict[str, str] = {}
    for entry in entries:
        for piece in entry.split():
            name, _, version = piece.partition(":")
            wanted[name] = "" if version in {"latest", "experimental"} else version
    return wanted


def install(wanted: dict[str, str], store: dict[str, Plugin], target: Path) -> list[str]:
    """Copy the plugins and what they need into a directory; returns the problems, and installs nothing
    when there are any."""
    problems = [
        f"Unable to find plugin {name}"
        + (f" version {version}" if version else "")
        + " in the plugins of this stand-in"
        + (f" (it has {store[name].version})" if name in store else "")
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
            found = store.get(need.name)
            if found is None or version_key(found.version) < version_key(need.version):
                problems.append(
                    f"Plugin {plugin.name}:{plugin.version} depends on {need.name}:{need.version}, "
                    f"which is not available"
                )
            else:
                chosen[need.name] = found
                todo.append(found)
    if problems:
        return problems
    target.mkdir(parents=True, exist_ok=True)
    for plugin in chosen.values():
        source = STORE / f"{plugin.name}-{plugin.version}.jpi"
        if source.exists():
            shutil.copyfile(source, target / f"{plugin.name}.jpi")
        else:
            write(target / f"{plugin.name}.jpi", plugin)
    return []


def store() -> dict[str, Plugin]:
    """What can be installed here."""
    return {plugin.name: plugin for plugin in available(Path(__file__).with_name("plugins-available.json"))}


def main(argv: list[str] | None = None) -> int:
    """Run the program; 1 when a plugin cannot be had."""
    options = parser().parse_args(argv)
    if options.plugin_file is not None and not options.plugin_file.exists():
        sys.stderr.write(f"File containing list of plugins does not exist: {options.plugin_file}\n")
        return 1
    wanted = requested(options.plugin_file, options.plugins)
    target: Path = options.plugin_download_directory
    if options.clean_download_directory == "true" and target.is_dir():
        for old in target.glob("*.jpi"):
            old.unlink()
    problems = install(wanted, store(), target) if options.no_download != "true" else []
    if problems:
        sys.stderr.write(
            'Exception in thread "main" io.jenkins.tools.pluginmanager.impl.DownloadPluginException:\n'
        )
        sys.stderr.write("\n".join(problems) + "\n")
        return 1
    if options.verbose:
        sys.stdout.write("".join(f"Copied plugin {name} to {target}\n" for name in sorted(wanted)))
    sys.stdout.write("Done\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
