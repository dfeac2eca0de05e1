"""Templates of HCL: quoted texts, heredocs and files, with interpolations and directives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from conformance.sources.terraform.scanner import Scanner
from conformance.sources.terraform.syntax import Choice, Expression, Interpolation, Loop, Part, Piece

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Expressions(Protocol):
    """The part of the parser that reads expressions inside of braces."""

    scanner: Scanner

    def expression(self, newlines: bool) -> Expression: ...


@dataclass
class _Level:
    """An open directive and the parts before it."""

    kind: str
    head: tuple[str, str, Expression] | None
    parts: list[Part] = field(default_factory=list)
    then: tuple[Part, ...] | None = None
    at: int = 0


class TemplateParser:
    """Reads parts up to the closing quote (quoted) or to the end of the text."""

    def __init__(self, parser: Expressions, quoted: bool) -> None:
        self._parser = parser
        self._scanner = parser.scanner
        self._quoted = quoted
        self._levels = [_Level("", None)]
        self._strip_next = False

    def parts(self) -> tuple[Part, ...]:
        scanner = self._scanner
        start = scanner.at
        while True:
            if scanner.ended:
                if self._quoted:
                    raise scanner.error("the text is not closed", max(start - 1, 0))
                break
            if self._quoted and scanner.peek() == '"':
                break
            self._next()
        if len(self._levels) > 1:
            level = self._levels[-1]
            raise scanner.error(f"the directive {level.kind} has no end{level.kind}", level.at)
        return tuple(self._levels[0].parts)

    def _next(self) -> None:
        scanner = self._scanner
        two = scanner.peek(2)
        if two == "${":
            self._interpolation()
        elif two == "%{":
            self._directive()
        else:
            self._literal()

    def _literal(self) -> None:
        scanner = self._scanner
        start, line = scanner.at, scanner.line()
        found: list[str] = []
        while not scanner.ended:
            character = scanner.peek()
            if self._quoted and character == '"':
                break
            if character in "$%":
                if scanner.peek(3) in {"$${", "%%{"}:
                    found.append(character + "{")
                    scanner.at += 3
                    continue
                if scanner.peek(2) in {"${", "%{"}:
                    break
            if self._quoted and character == "\n":
                raise scanner.error("a quoted text is not closed on its line", start)
            if self._quoted and character == "\\":
                found.append(self._escape())
                continue
            found.append(character)
            scanner.at += 1
        text = "".join(found)
        if self._strip_next:
            before, text = text.count("\n"), _without_first_space(text)
            line += before - text.count("\n")
            self._strip_next = False
        origin = (
            scanner.origin
            if not self._quoted
            else type(scanner.origin)(scanner.origin.file, fixed=scanner.place(start))
        )
        self._levels[-1].parts.append(Piece(text, origin, line))

    def _escape(self) -> str:
        scanner = self._scanner
        mark = scanner.text[scanner.at + 1 : scanner.at + 2]
        if mark in _ESCAPES:
            scanner.at += 2
            return _ESCAPES[mark]
        size = {"u": 4, "U": 8}.get(mark)
        digits = scanner.text[scanner.at + 2 : scanner.at + 2 + (size or 0)]
        try:
            if size is None or len(digits) != size:
                raise ValueError
            found = chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise scanner.error(f"\\{mark} is no escape of a quoted text") from None
        scanner.at += 2 + size
        return found

    def _interpolation(self) -> None:
        self._open()
        expression = self._parser.expression(True)
        self._close()
        self._levels[-1].parts.append(Interpolation(expression))

    def _open(self) -> None:
        scanner = self._scanner
        scanner.at += 2
        self._strip_next = False
        if scanner.take("~"):
            parts = self._levels[-1].parts
            if parts and isinstance(parts[-1], Piece):
                last = parts[-1]
                parts[-1] = Piece(_without_last_space(last.text), last.origin, last.line)

    def _close(self) -> None:
        scanner = self._scanner
        scanner.skip(True)
        self._strip_next = scanner.take("~")
        scanner.expect("}", "at the end of the interpolation")

    def _directive(self) -> None:
        scanner = self._scanner
        start = scanner.at
        self._open()
        scanner.skip(True)
        word = scanner.identifier()
        if word == "if":
            condition = self._parser.expression(True)
            self._close()
            self._levels.append(_Level("if", ("", "", condition), at=start))
        elif word == "for":
            self._levels.append(self._for(start))
        elif word in {"else", "endif", "endfor"}:
            self._close()
            self._end(word, start)
        else:
            raise scanner.error(f"{word!r} is no directive of a template", start)

    def _for(self, start: int) -> _Level:
        scanner = self._scanner
        scanner.skip(True)
        key, value = "", scanner.identifier()
        scanner.skip(True)
        if scanner.take(","):
            scanner.skip(True)
            key, value = value, scanner.identifier()
        scanner.skip(True)
        if scanner.identifier() != "in":
            raise scanner.error("expected 'in' in the directive for", start)
        collection = self._parser.expression(True)
        self._close()
        return _Level("for", (key, value, collection), at=start)

    def _end(self, word: str, start: int) -> None:
        level = self._levels[-1]
        kind = "for" if word == "endfor" else "if"
        if level.kind != kind or level.head is None or (word == "else" and level.then is not None):
            raise self._scanner.error(f"the directive {word} closes nothing", start)
        if word == "else":
            level.then, level.parts = tuple(level.parts), []
            return
        self._levels.pop()
        key, value, expression = level.head
        parts = tuple(level.parts)
        made: Part
        if kind == "for":
            made = Loop(key, value, expression, parts)
        else:
            then, otherwise = (parts, ()) if level.then is None else (level.then, parts)
            made = Choice(expression, then, otherwise)
        self._levels[-1].parts.append(made)


def _without_first_space(text: str) -> str:
    """A strip marker takes the spaces of the rest of its line, and its end if nothing else is there."""
    line, end, rest = text.partition("\n")
    return line.lstrip() + end + rest if line.strip() else rest


def _without_last_space(text: str) -> str:
    """A strip marker takes the spaces before it, or the end of the line before when it begins its line."""
    before, end, line = text.rpartition("\n")
    if line:
        return before + end + line.rstrip()
    return before.rstrip(" \t\r") if end else ""
