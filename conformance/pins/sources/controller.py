"""A running controller: /pluginManager/api/json, live or saved to a file.

The answer holds what runs and, with `depth=2`, each plugin's dependencies and required core, so one
request gives pins and their manifests both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.core.errors import UsageError
from conformance.pins.errors import PinsUnreadable
from conformance.pins.model import Location, Pin

#: One request, only the fields that are used. Java's minimum is absent from older answers.
QUERY = (
    "/pluginManager/api/json?tree=plugins[shortName,version,active,enabled,requiredCoreVersion,"
    "minimumJavaVersion,dependencies[shortName,version,optional]]"
)


@dataclass(frozen=True, slots=True)
class Running:
    """What a controller runs: plugin to (version, active)."""

    where: str
    plugins: Mapping[str, tuple[str, bool]]
    core: str = ""


def parse(document: object, where: str, core: str = "") -> Running:
    """Raises PinsUnreadable when the answer is not the plugin manager's."""
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
    return Running(where, found, core)


def pins(running: Running) -> tuple[Pin, ...]:
    where = Location(running.where)
    return tuple(Pin(name, version, where) for name, (version, _) in running.plugins.items())


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
            "the controller does not tell its plugins",
            where=url,
            observed=str(error).splitlines()[0],
            remedy="check the address and that the user may read the plugin manager",
        ) from error


def _plugins(document: object) -> object:
    if isinstance(document, dict) and isinstance(document.get("response"), dict):
        document = document["response"].get("json")  # a recording of the answer
    return document.get("plugins") if isinstance(document, dict) else None
