"""Write new versions into a file of pins, touching nothing but the versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.core.files import write_atomically
from conformance.sources.plugins.pin import Pin, PinFile, exact
from conformance.sources.plugins.read import parse

_BEFORE = re.compile(r"\s*(-\s+)?[\"']?")
_AFTER = re.compile(r"[\"']?\s*,?\s*")
_COMMENT = re.compile(r"\s+(#|//).*$")
_LINE = re.compile(r"[^\n]*\n?")


def edited(file: PinFile, versions: Mapping[str, str], added: Mapping[str, str], *, core: str = "") -> str:
    """The file's text with `versions` (plugin to version) put in place of the pinned or open ones, and
    `added` plugins as lines of their own beside the last pin, in its style; with `core` in the image's tag.

    Raises:
        UsageError: a pin that should change cannot be edited (no span), or a line cannot be added
            to a source of this shape.
    """
    text = file.text
    pieces = []
    for pin in file.pins:
        version = versions.get(pin.name, pin.version)
        if version != pin.version and (pin.exact or pin.unpinned):
            if pin.span is None:
                raise UsageError(f"the version of {pin.name} cannot be edited in place", where=str(pin.where))
            pieces.append((*pin.span, pin.lead + version))
    if core and file.core_span and core != file.core:
        pieces.append((*file.core_span, core))
    if added:
        lines, at = _added(file, added)
        pieces.append((at, at, lines))
    for start, end, new in sorted(pieces, reverse=True):
        text = text[:start] + new + text[end:]
    return "\ufeff" + text if file.bom else text


def without_repeats(file: PinFile) -> PinFile:
    """The file with each plugin once: of several entries the first exact one stays.

    Raises:
        UsageError: an entry that repeats another cannot be removed from its line.
    """
    kept = exact(file.pins)
    gone = [pin for pin in file.pins if pin.name and kept.setdefault(pin.name, pin) is not pin]
    return parse(_without(file, gone), file.where, file.path) if gone else file


def rewritten(file: PinFile, wanted: Mapping[str, str]) -> str:
    """The file's text pinning exactly `wanted` (plugin to version): some edited, some added, some removed.

    Raises:
        UsageError: a pin cannot be edited or removed, or a line cannot be added.
    """
    left = parse(_without(file, [pin for pin in file.pins if pin.name not in wanted]), file.where)
    known = left.exact()
    new = {name: version for name, version in wanted.items() if name not in known}
    return edited(left, {name: version for name, version in wanted.items() if name in known}, new)


def _without(file: PinFile, gone: Iterable[Pin]) -> str:
    """The file's text without the lines of these pins; each must be alone on its line."""
    text = file.text
    for pin in sorted(gone, key=lambda pin: pin.span or (0, 0), reverse=True):
        start, end = _line_of(text, pin)
        entry = text[start:end].strip()
        if pin.span is None or not _alone(entry, pin):
            raise UsageError(
                f"{pin.name} cannot be removed from its file",
                where=str(pin.where),
                expected="lines of name:version, each on its own",
                observed=entry[:200],
            )
        text = text[:start] + text[end:]
    return "\ufeff" + text if file.bom else text


def _line_of(text: str, pin: Pin) -> tuple[int, int]:
    """Where the pin's line begins, and where the next one does."""
    at = pin.span[0] if pin.span else 0
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end + 1


def _alone(line: str, pin: Pin) -> bool:
    """Is this entry the only thing on its line, apart from a comment?"""
    written = f"{pin.name}:{pin.version}" if f"{pin.name}:" in line else pin.name
    before, found, rest = line.partition(written)
    return bool(found and _BEFORE.fullmatch(before) and _AFTER.fullmatch(_COMMENT.sub("", rest)))


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
    entry = last.name if last.lead else f"{last.name}:{last.version}"
    before, _, rest = body.partition(entry)
    after = _COMMENT.sub("", rest)
    if not _alone(body, last):
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
    listed = [pin for pin in file.pins if (pin.exact or pin.unpinned) and pin.span]
    if not listed:
        raise UsageError("no pin here can be edited in place", where=file.where)
    return listed[-1]
