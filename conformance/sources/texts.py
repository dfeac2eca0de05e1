"""Texts of a repository: read within limits, decoded by their mark, each line with its place."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from conformance.sources.facts import Place, SourceError

#: no source that a person writes is larger; one that is larger is reported and not read
MAX_BYTES = 8_000_000

#: an open name in a text: a value that no source determines, between two characters of private use
_OPEN, _CLOSE = "\ue000", "\ue001"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The places of a text's lines: of a file from some line on, or one place for every line."""

    file: str
    #: lines of the file before the text
    shift: int = 0
    #: columns before the text in each of its lines
    indent: int = 0
    #: the text is computed, so every line has this place
    fixed: Place | None = None
    #: each line's own place, where the text is put together; its column counts what is before the line
    lines: tuple[Place, ...] = ()

    def place(self, line: int, column: int = 0) -> Place:
        """The place of a line and column of the text, both from 1 on."""
        if self.fixed is not None:
            return self.fixed
        if self.lines:
            found = self.lines[min(line, len(self.lines)) - 1]
            return Place(found.file, found.line, found.column + column if column else 0)
        return Place(self.file, line + self.shift, column + self.indent if column else 0)

    def below(self, line: int, indent: int) -> Origin:
        """The places of a text that begins after `line` lines of this one."""
        if self.fixed is not None:
            return self
        if self.lines:
            rest = self.lines[min(line, len(self.lines) - 1) :]
            return Origin(self.file, lines=tuple(Place(p.file, p.line, p.column + indent) for p in rest))
        return Origin(self.file, self.shift + line, self.indent + indent)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and the places of its lines."""

    value: str
    origin: Origin


def decode(data: bytes, file: str) -> Text | SourceError:
    """UTF-8, or what a byte order mark says; the byte and its line where that fails."""
    encoding, body = "utf-8", data
    for mark, name in _MARKS:
        if data.startswith(mark):
            encoding, body = name, data[len(mark) :]
            break
    try:
        return Text(body.decode(encoding), Origin(file))
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        reason = f"{error.reason} at byte {error.start}"
        return SourceError(
            Place(file, line), f"the text is not {encoding.upper()} ({reason}); save it as UTF-8"
        )


def read(path: Path, root: Path) -> Text | SourceError:
    """A file of the repository, within the limits."""
    file = relative(path, root)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return SourceError(Place(file), f"the file has {size} bytes; at most {MAX_BYTES} are read")
        if not path.resolve().is_relative_to(root.resolve()):
            return SourceError(Place(file), "the file is a link to a place outside of the repository")
        data = path.read_bytes()
    except OSError as error:
        return SourceError(Place(file), f"the file cannot be read: {error.strerror or error}")
    return decode(data, file)


def relative(path: Path, root: Path) -> str:
    """The path from the root on, with forward slashes; the path itself if it lies elsewhere."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def open_name(name: str) -> str:
    """The text that holds the place of a value that is not known."""
    return f"{_OPEN}{name}{_CLOSE}"


def open_names(text: str) -> tuple[str, ...]:
    """Names of the unknown values inside of a text, each once."""
    pieces = [piece.partition(_CLOSE) for piece in text.split(_OPEN)[1:]]
    return tuple(dict.fromkeys(name for name, closed, _ in pieces if closed))


def is_open(text: str) -> bool:
    """Does a text hold a value that is not known?"""
    return _OPEN in text


def shown(text: str) -> str:
    """The text for people: `${name}` for each unknown value."""
    return text.replace(_OPEN, "${").replace(_CLOSE, "}")
