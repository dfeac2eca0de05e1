"""The tree that becomes an item's config.xml, each element with the line of the seed that makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.sources.facts import Fact, Place, Undecided

#: how the evaluator writes an unknown input into a string
_SYMBOL = re.compile("\ue000(\\d+)\ue001")
#: why the evaluator is not sure of an element
FLAGS = {
    "unknown": "no plugin that is known has the method {tag}()",
    "approximate": "the element that the plugin writes for {tag}() is not known, its values are",
}


@dataclass(frozen=True, slots=True)
class Context:
    """What turns the evaluator's strings and lines into facts: the seed's file and the unknown inputs."""

    file: str
    first_line: int
    symbols: tuple[str, ...]

    def place(self, line: int) -> Place:
        return Place(self.file, line + self.first_line - 1 if line else 0)

    def readable(self, text: str) -> str:
        return _SYMBOL.sub(lambda found: f"«{self.symbols[int(found.group(1))]}»", text)

    def fact(self, text: str, line: int) -> Fact[str]:
        """The text, or Undecided when an unknown input is in it."""
        found = _SYMBOL.search(text)
        if not found:
            return Fact(text, self.place(line))
        name = self.symbols[int(found.group(1))]
        reason = f"the value is {self.readable(text)}, and no source has {name}"
        return Fact(Undecided(reason, decided_by=name), self.place(line))


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a config.xml."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: Fact[str]
    #: the text with unknown inputs as «name»
    readable: str
    children: tuple[Element, ...]
    #: why the element may differ from the real one; empty when it is known
    doubt: str = ""

    @property
    def place(self) -> Place:
        return self.text.place

    def attribute(self, name: str) -> str:
        return dict(self.attributes).get(name, "")

    def child(self, *path: str) -> Element | None:
        """The first element at `path`."""
        found: Element | None = self
        for tag in path:
            found = next((each for each in found.children if each.tag == tag), None) if found else None
        return found

    def value(self, *path: str) -> Fact[str] | None:
        """The text at `path`; None when there is no such element."""
        found = self.child(*path)
        return found.text if found else None

    def walk(self) -> Iterator[Element]:
        yield self
        for each in self.children:
            yield from each.walk()


def element(raw: Sequence[Any], context: Context) -> Element:
    """Element of the evaluator's `[tag, attributes, line, flag, text, elements]`."""
    tag, attributes, line, flag, text, below = raw
    return Element(
        tag=tag,
        attributes=tuple((key, context.readable(value)) for key, value in attributes.items()),
        text=context.fact(text, line),
        readable=context.readable(text),
        children=tuple(element(each, context) for each in below),
        doubt=FLAGS[flag].format(tag=tag) if flag else "",
    )
