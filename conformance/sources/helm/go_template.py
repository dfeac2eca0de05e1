"""The little of Go templates that values hold: names of values and of the release; the rest stays open."""

from __future__ import annotations

from functools import partial

from conformance.sources import texts
from conformance.sources.facts import Place
from conformance.sources.terraform.render import Rendering
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node

_CONTROL = frozenset(
    ("if", "else", "end", "range", "with", "define", "block", "template", "break", "continue")
)


def has_actions(text: str) -> bool:
    """Would Helm's `tpl` do anything with the text?"""
    return "{{" in text


def render(text: Text, values: Node, release: str, namespace: str) -> Text:
    """The text as `tpl` makes it, where its actions are names; an action that decides leaves both ways in."""
    if not has_actions(text.value):
        return text
    made = Rendering(text.origin.place(1))
    rest, line = text.value, 1
    while rest:
        before, opened, after = rest.partition("{{")
        action, closed, tail = after.partition("}}")
        if not opened or not closed:
            made.add(rest, partial(_place, text, line))
            break
        if action.startswith("- "):
            before = before.rstrip()
        made.add(before, partial(_place, text, line))
        line += before.count("\n") + action.count("\n")
        found = _value(action.strip().removeprefix("-").removesuffix("-").strip(), values, release, namespace)
        made.add(found, partial(_fixed, text.origin.place(line)))
        if action.endswith(" -"):
            line += len(tail[: len(tail) - len(tail.lstrip())].split("\n")) - 1
            tail = tail.lstrip()
        rest = tail
    return made.node().as_text()


def _place(text: Text, line: int, number: int) -> Place:
    return text.origin.place(line + number)


def _fixed(place: Place, _: int) -> Place:
    return place


def _value(action: str, values: Node, release: str, namespace: str) -> str:
    if action.startswith("/*") or action.partition(" ")[0] in _CONTROL:
        return ""
    if len(action) > 1 and action[0] == action[-1] and action[0] in '"`':
        return action[1:-1]
    name, _, pipes = action.partition("|")
    name = name.strip()
    known = {".Release.Name": release, ".Release.Namespace": namespace, "$.Release.Name": release}
    if name in known and not pipes:
        return known[name]
    path = name.removeprefix("$")
    if path.startswith(".Values.") and (not pipes or pipes.strip() == "quote"):
        own = values.at(*path.removeprefix(".Values.").split("."))
        if own is not None and own.printed:
            return f'"{own.printed}"' if pipes else own.printed
    return texts.open_name(f"{{{{ {action} }}}}")
