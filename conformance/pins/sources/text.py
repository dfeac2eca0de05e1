"""plugins.txt of plugin-installation-manager: an entry a line, `#` begins a comment."""

from __future__ import annotations

import re

from conformance.pins.model import Location, Pin
from conformance.pins.sources.entry import parse

_COMMENT = re.compile(r"(^|\s)#.*$")


def read(text: str, file: str) -> tuple[Pin, ...]:
    found = []
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        body = _COMMENT.sub("", line.rstrip("\r\n")).rstrip()
        entry = body.lstrip()
        if entry:
            found.append(parse(entry, Location(file, number), offset + len(body) - len(entry)))
        offset += len(line)
    return tuple(found)
