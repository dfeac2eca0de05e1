"""Texts that templates make, each line with the place that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conformance.sources import texts
from conformance.sources.facts import Place, Undecided
from conformance.sources.texts import Origin
from conformance.sources.yaml_positions import Node

#: characters of one text that an expression may make
MAX_TEXT = 8_000_000


class TextTooLargeError(Exception):
    """An expression makes a text beyond the limit."""


class Rendering:
    """Puts a text together and keeps each line's place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._pieces: list[str] = []
        self._lines: list[Place] = []
        self._size = 0
        self._at_line_start = True

    def add(self, text: str, place: Callable[[int], Place]) -> None:
        """Appends a text; `place(n)` is the place of its line n, from 0 on."""
        if not text:
            return
        self._size += len(text)
        if self._size > MAX_TEXT:
            raise TextTooLargeError
        self._pieces.append(text)
        for number, line in enumerate(text.split("\n")):
            if number:
                self._at_line_start = True
            if self._at_line_start and (line or number < text.count("\n")):
                here = place(number)
                self._lines.append(Place(here.file, here.line))
                self._at_line_start = not line

    def add_value(self, node: Node, place: Place) -> None:
        """Appends a value as a template prints it; an unknown one leaves its name open."""
        value = node.value
        if isinstance(value, Undecided):
            self.add(texts.open_name(value.decided_by or "unknown"), lambda _: place)
            return
        origin = node.lines
        if origin is None or origin.fixed is not None:
            self.add(node.printed, lambda _: place)
        else:
            self.add(node.printed, lambda number: origin.place(number + 1))

    def node(self) -> Node:
        """The text with the places of its lines."""
        text = "".join(self._pieces)
        if len(self._lines) <= 1 and "\n" not in text:
            return Node(text, self._place, Origin(self._place.file, fixed=self._place))
        return Node(text, self._place, Origin(self._place.file, lines=tuple(self._lines) or (self._place,)))


def joined(parts: Iterable[Node], place: Place) -> Node:
    """The texts one after the other."""
    made = Rendering(place)
    for part in parts:
        made.add_value(part, place)
    return made.node()
