"""Write new versions into a file of pins, touching nothing but the versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.core.files import write_atomically
from conformance.sources.plugins.pin import Pin, PinFile
from conformance.sources.plugins.read import parse

_BEFORE = re.compile(r"\s*(-\s+)?[\"']?")
_AFTER = re.compile(r"[\"']?\s*,?\s*")
_LINE = re.compile(r"[^\n]*\n?")


def edited(file: PinFile, versions: Mapping[str, str], added: Mapping[str, str]) -> str:
    """The file's text with `versions` (plugin to version) put in place of what is pinned, and `added`
    plugins as lines of their own beside the last pin, in its style.

    Raises:
        UsageError: a pin that should change cannot be edited (no span), or a line cannot be added
            to a source of this shape.
    """
    text = file.text
    spans = []
    for name, version in versions.items():
        for pin in file.pins:
            if pin.name == name and pin.exact and pin.version != version:
                if pin.span is None:
                    raise UsageError(f"the version of {name} cannot be edited in place", where=str(pin.where))
                spans.append((*pin.span, version))
    text_lines = _added(file, added) if added else ("", 0)
    pieces = sorted(
        [*spans, *([(text_lines[1], text_lines[1], text_lines[0])] if added else [])], reverse=True
    )
    for start, end, new in pieces:
        text = text[:start] + new + text[end:]
    return "\ufeff" + text if file.bom else text


def rewritten(file: PinFile, wanted: Mapping[str, str]) -> str:
    """The file's text pinning exactly `wanted` (plugin to version): some edited, some added, some removed.

    Raises:
        UsageError: a pin cannot be edited or removed, or a line cannot be added.
    """
    text = file.text
    for pin in sorted(file.pins, key=lambda pin: pin.span or (0, 0), reverse=True):
        if pin.name not in wanted:
            if pin.span is None:
                raise UsageError(f"{pin.name} cannot be removed from its file", where=str(pin.where))
            start = text.rfind("\n", 0, pin.span[0]) + 1
            end = text.find("\n", pin.span[1])
            text = text[:start] + (text[end + 1 :] if end >= 0 else "")
    left = parse(text, file.where)
    known = left.exact()
    new = {name: version for name, version in wanted.items() if name not in known}
    return edited(left, {name: version for name, version in wanted.items() if name in known}, new)


def write(path: Path, text: str) -> None:
    """Replace the file in one step, keeping its permissions."""
    write_atomically(path, text)


def _added(file: PinFile, added: Mapping[str, str]) -> tuple[str, int]:
    """The new lines, and the offset in the text before which they go."""
    last = _model(file)
    start = file.text.rfind("\n", 0, last.span[0] if last.span else 0) + 1
    found = _LINE.match(file.text, start)
    line = found.group() if found else ""
    ending = "\r\n" if "\r\n" in file.text else "\n"
    body = line.rstrip("\r\n")
    entry = f"{last.name}:{last.version}"
    before, found_entry, rest = body.partition(entry)
    after = re.sub(r"\s+(#|//).*$", "", rest)
    if not found_entry or not _BEFORE.fullmatch(before) or not _AFTER.fullmatch(after):
        raise UsageError(
            "new plugins cannot be added to pins of this shape",
            where=str(last.where),
            expected="lines of name:version, each on its own",
            observed=body.strip(),
            remedy="add by hand: " + ", ".join(f"{name}:{version}" for name, version in added.items()),
        )
    if file.kind == "terraform":  # elements need commas between them, the last one may have none
        after = after.rstrip().rstrip(",") + ","
        return "".join(
            f"{before}{name}:{version}{after}{ending}" for name, version in sorted(added.items())
        ), start
    lines = "".join(f"{before}{name}:{version}{after}{ending}" for name, version in sorted(added.items()))
    offset = start + len(line)
    return (lines, offset) if line.endswith("\n") else (ending + lines.rstrip("\r\n"), offset)


def _model(file: PinFile) -> Pin:
    exact = [pin for pin in file.pins if pin.exact and pin.span]
    if not exact:
        raise UsageError("no pin here can be edited in place", where=file.where)
    return exact[-1]
