"""Read a file of pins. Its name decides the form where that is certain, else its content does."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from conformance.sources.facts import Place
from conformance.sources.plugins import terraform
from conformance.sources.plugins.pin import Finding, Pin, PinFile, PinsUnreadable, parse_entry

#: in characters; no plugin list is this long
_LIMIT = 4 * 1024 * 1024
_COMMENT = re.compile(r"(^|\s)#.*$")
_TERRAFORM = {"tf", "tfvars", "hcl"}
_YAML = {"yaml", "yml"}


def read(path: str | Path) -> PinFile:
    """The pins of a file.

    Raises:
        PinsUnreadable: no such file, no text, no pins in it, or a template that renders into no YAML.
    """
    return parse(text_of(Path(path)), str(path), Path(path))


def parse(content: str, file: str, path: Path | None = None) -> PinFile:
    """The pins of `content`; `file` names it in findings and may decide its form."""
    parts = set(Path(file).name.lower().split(".")[1:])
    bom = content.startswith("\ufeff")
    content = content.removeprefix("\ufeff")  # YAML's marks do not count it
    if parts & _TERRAFORM:
        pins = terraform.read(content, file)
        return with_findings(PinFile(file, "terraform", pins, text=content, path=path, bom=bom))
    perhaps_yaml = "txt" not in parts and ("controller:" in content or "plugins:" in content)
    if parts & _YAML or perhaps_yaml:
        from conformance.sources.plugins import values

        root = values.compose(content, file)
        if values.is_plugins_yaml(root):
            pins = values.read_plugins_yaml(root, content, file)
            return with_findings(PinFile(file, "plugins.yaml", pins, text=content, path=path, bom=bom))
        if parts & _YAML or values.has_pins(root):
            found = values.read_values(root, content, file)
            pins, findings = found.pins, found.findings
            return with_findings(
                PinFile(file, "values", pins, findings, found.core, content, path, bom, found.core_span)
            )
    pins = _lines(content, file)
    if not pins:
        raise PinsUnreadable("no plugin is pinned here", where=file, expected="lines of name:version")
    return with_findings(PinFile(file, "plugins.txt", pins, text=content, path=path, bom=bom))


def text_of(path: Path) -> str:
    """The text of a file of pins; raises PinsUnreadable."""
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise PinsUnreadable(
            "the file with the pins cannot be read", where=str(path), observed=str(error)
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


def _lines(text: str, file: str) -> tuple[Pin, ...]:
    """plugins.txt of plugin-installation-manager: one entry per line, `#` begins a comment."""
    found = []
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        body = _COMMENT.sub("", line.rstrip("\r\n")).rstrip()
        entry = body.lstrip()
        if entry:
            found.append(parse_entry(entry, Place(file, number), offset + len(body) - len(entry)))
        offset += len(line)
    return tuple(found)


def with_findings(file: PinFile) -> PinFile:
    """`file` with a finding for each entry that is no exact pin, and for each plugin that is pinned twice."""
    found = []
    for pin in file.pins:
        if pin.problem:
            what, ref = f"not an exact pin: {pin.problem}", "" if pin.name else str(pin.where)
            step = "write name:version with one exact version"
            name = pin.name or "(no name)"
            found.append(Finding("not-exact", "no-go", name, what, pin.where, next=step, ref=ref))
    counts = Counter(pin.name for pin in file.pins if pin.name)
    for name, count in counts.items():
        if count > 1:
            lines = [pin for pin in file.pins if pin.name == name]
            listed = ", ".join(f"{pin.version or '?'} (line {pin.where.line})" for pin in lines)
            what, where = f"pinned {count} times: {listed}", lines[1].where
            found.append(Finding("duplicate", "no-go", name, what, where, next="keep one of the lines"))
    return replace(file, findings=(*file.findings, *found))
