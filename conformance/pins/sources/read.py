"""Find out what kind of source a path or address is, and read it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from conformance.pins.errors import PinsUnreadable
from conformance.pins.model import Finding, Pin, PinFile, Source
from conformance.pins.sources import controller, terraform, text

_LIMIT = 4 * 1024 * 1024  # characters; no plugin list is this long


def read(where: str | Path, *, user_env: str = "JENKINS_USER", token_env: str = "JENKINS_TOKEN") -> PinFile:  # noqa: S107 - names of variables
    """Pins of a file (by its name and content) or of a controller's address.

    Raises:
        PinsUnreadable: not there, not text, no pins in it, or a template that renders into no YAML.
    """
    if str(where).startswith(("http://", "https://")):
        document, core = controller.fetch(str(where), user_env, token_env)
        running = controller.parse(document, str(where), core)
        return PinFile(str(where), "controller", controller.pins(running), core=core)
    path = Path(where)
    return parse(_text(path), str(where), path)


def parse(content: str, file: str, path: Path | None = None) -> PinFile:
    """Pins of `content`, as if it stood in `file`."""
    name = Path(file).name.lower()
    bom = content.startswith("\ufeff")
    content = content.removeprefix("\ufeff")  # YAML's marks do not count it
    core = ""
    kind: Source
    findings: tuple[Finding, ...] = ()
    if name.endswith(".json") and not name.endswith(".tfvars.json"):
        running = controller.parse(_json(content, file), file)
        return PinFile(file, "controller", controller.pins(running), text=content, path=path)
    if name.endswith((".tf", ".tfvars", ".hcl", ".tfvars.json")):
        kind, pins = "terraform", terraform.read(content, file)
    elif ".yaml" in name or ".yml" in name:
        from conformance.pins.sources import yamlfile

        root = yamlfile.compose(content, file)
        if yamlfile.is_plugins_yaml(root):
            kind, pins = "plugins.yaml", yamlfile.read_plugins_yaml(root, content, file)
        else:
            kind = "values"
            pins, findings, core = yamlfile.read_values(root, content, file)
    else:
        kind, pins = "plugins.txt", text.read(content, file)
        if not pins:
            raise PinsUnreadable("no plugin is pinned here", where=file, expected="lines of name:version")
    return PinFile(file, kind, pins, findings + tuple(entry_findings(pins)), core, content, path, bom)


def entry_findings(pins: tuple[Pin, ...]) -> list[Finding]:
    """One finding for each entry that is no exact pin, and for each plugin that is pinned twice."""
    found = []
    for pin in pins:
        if pin.problem:
            what, ref = f"not an exact pin: {pin.problem}", "" if pin.name else str(pin.where)
            step = "write name:version with one exact version"
            name = pin.name or "(no name)"
            found.append(Finding("not-exact", "no-go", name, what, pin.where, next=step, ref=ref))
    counts = Counter(pin.name for pin in pins if pin.name)
    for name, count in counts.items():
        if count > 1:
            lines = [pin for pin in pins if pin.name == name]
            said = ", ".join(f"{pin.version or '?'} (line {pin.where.line})" for pin in lines)
            what, where = f"pinned {count} times: {said}", lines[1].where
            found.append(Finding("duplicate", "no-go", name, what, where, next="keep one of the lines"))
    return found


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PinsUnreadable(
            "the file with the pins cannot be read", where=str(path), observed=error.strerror or str(error)
        ) from error
    if len(content) > _LIMIT:
        raise PinsUnreadable(
            "this is too large to be a list of pins", where=str(path), observed=f"{len(content)} bytes"
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PinsUnreadable(
            "this is not text in UTF-8", where=str(path), observed=f"byte {error.start}"
        ) from error


def _json(content: str, file: str) -> object:
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PinsUnreadable("this is not JSON", where=file, observed=str(error)) from error
    return document


def json_of(path: Path) -> object:
    """The JSON of a file; raises PinsUnreadable."""
    return _json(_text(path), str(path))
