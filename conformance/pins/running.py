"""The plugins that a controller runs: /pluginManager/api/json, live or saved to a file, and its comparison
with the pins.

The answer holds the running versions and, with `depth=2`, each plugin's dependencies and required core, so
one request gives pins and manifests. The comparison is the only proof that a pin was obeyed: on a kept volume
an older pin does not roll back, and the image's own version comparison skips some newer ones; both look like
success otherwise.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.pins.versions import key_of
from conformance.sources.facts import Place
from conformance.sources.plugins import read as files
from conformance.sources.plugins.pin import Finding, Pin, PinFile, PinsUnreadable, make_pin

#: One request, only the fields that are used. Java's minimum is absent from older answers.
QUERY = (
    "/pluginManager/api/json?tree=plugins[shortName,version,active,enabled,requiredCoreVersion,"
    "minimumJavaVersion,dependencies[shortName,version,optional]]"
)


@dataclass(frozen=True, slots=True)
class RunningPlugins:
    """The plugins of a controller: plugin to (version, active)."""

    where: str
    plugins: Mapping[str, tuple[str, bool]]
    core: str = ""


def parse(document: object, where: str, core: str = "") -> RunningPlugins:
    """The plugins in an answer of the plugin manager; raises PinsUnreadable for any other document."""
    plugins = _plugins(document)
    if not isinstance(plugins, list):
        raise PinsUnreadable(
            "this is not a plugin manager's answer", where=where, expected="an object with plugins"
        )
    found: dict[str, tuple[str, bool]] = {}
    for entry in plugins:
        name = entry.get("shortName") if isinstance(entry, dict) else None
        version = entry.get("version") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not isinstance(version, str):
            raise PinsUnreadable(
                "a plugin without shortName and version", where=where, observed=json.dumps(entry)[:200]
            )
        found[name] = (version, bool(entry.get("active", True)))
    return RunningPlugins(where, found, core)


def pins_of(running: RunningPlugins) -> tuple[Pin, ...]:
    where = Place(running.where)
    return tuple(make_pin(name, version, where, None) for name, (version, _) in running.plugins.items())


def fetch(url: str, user_env: str, token_env: str, timeout: float = 30) -> tuple[object, str]:
    """(answer, core version) of the controller at `url`; credentials come from the environment.

    Raises:
        UsageError: a variable that should hold a credential is not set.
        PinsUnreadable: no answer, or not the plugin manager's.
    """
    import requests

    missing = [name for name in (user_env, token_env) if not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"the environment variable {missing[0]} is not set", expected="a user and an API token"
        )
    try:
        answer = requests.get(
            url.rstrip("/") + QUERY, auth=(os.environ[user_env], os.environ[token_env]), timeout=timeout
        )
        answer.raise_for_status()
        return answer.json(), answer.headers.get("X-Jenkins", "")
    except (requests.RequestException, ValueError) as error:
        raise PinsUnreadable(
            "the list of plugins cannot be read from the controller",
            where=url,
            observed=str(error).splitlines()[0],
            remedy="check the address and that the user may read the plugin manager",
        ) from error


def _plugins(document: object) -> object:
    if isinstance(document, dict) and isinstance(document.get("response"), dict):
        document = document["response"].get("json")  # a recording of the answer
    return document.get("plugins") if isinstance(document, dict) else None


def read_pins(where: str, user_env: str, token_env: str) -> PinFile:
    """Pins of a file, of a controller's saved answer (.json), or of a controller's address.

    Raises:
        PinsUnreadable: not there, no pins in it, or not the plugin manager's answer.
    """
    if where.startswith(("http://", "https://")):
        document, core = fetch(where, user_env, token_env)
        pins = pins_of(parse(document, where, core))
        return files.with_findings(PinFile(where, "controller", pins, core=core))
    if where.lower().endswith(".json") and not where.lower().endswith(".tfvars.json"):
        text = files.text_of(Path(where))
        pins = pins_of(parse(json_of(text, where), where))
        return files.with_findings(PinFile(where, "controller", pins, text=text, path=Path(where)))
    return files.read(where)


def read_running(where: str, user_env: str, token_env: str) -> RunningPlugins:
    """The running plugins of a controller's address, or of its saved answer."""
    if where.startswith(("http://", "https://")):
        answer, core = fetch(where, user_env, token_env)
        return parse(answer, where, core)
    return parse(json_of(files.text_of(Path(where)), where), where)


def json_of(content: str, file: str) -> object:
    """The JSON in `content`; raises PinsUnreadable."""
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PinsUnreadable("this is not JSON", where=file, observed=str(error)) from error
    return document


def compare(pins: Mapping[str, Pin], running: RunningPlugins) -> Iterator[Finding]:
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
            how = "not upgraded" if key_of(version) < key_of(pin.version) else "not rolled back"
            what = f"{how}: pinned {pin.version}, running {version}"
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
                Place(running.where),
                f"pin {name}:{version}, or remove it",
            )
