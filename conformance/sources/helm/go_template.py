"""The little of Go templates that values hold: names of values and of the release; the rest stays open."""

from __future__ import annotations

from functools import partial
from typing import Any

import yaml

from conformance.sources import texts
from conformance.sources.facts import Place, Undecided
from conformance.sources.terraform.render import Rendering
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node

_CONTROL = frozenset(
    ("if", "else", "end", "range", "with", "define", "block", "template", "break", "continue")
)


def has_actions(text: str) -> bool:
    """Would Helm's `tpl` do anything with the text?"""
    return "{{" in text


def render(text: Text, values: Node, release: str, namespace: str, blocks: bool = True) -> Text:
    """The text as `tpl` makes it, where its actions are names; an action that decides leaves both ways in.

    Without `blocks`, whole lines that are not known are left out, so that the rest may be YAML.
    """
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
        inner = action.strip().removeprefix("-").removesuffix("-").strip()
        found = _value(inner, values, release, namespace)
        if not blocks and found.startswith("\n") and texts.is_open(found):
            found = ""
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
    """What an action prints; an action that is not understood leaves its own text open."""
    if action.startswith("/*") or action.partition(" ")[0] in _CONTROL:
        return ""
    found: Any = None
    stages = [stage.strip() for stage in _split(action, "|")]
    for number, stage in enumerate(stages):
        words = [word for word in _split(stage, " ") if word]
        known = [_operand(word, values, release, namespace) for word in words]
        found = _stage(words, known, [found] if number else [])
        if found is None:
            return _open(action, stages[-1])
    return found if isinstance(found, str) else _open(action, stages[-1])


def _open(action: str, last: str) -> str:
    """The open name of an action, on its own line where the action would begin one."""
    name = texts.open_name(f"{{{{ {action} }}}}")
    function, _, count = last.partition(" ")
    if function == "nindent" and count.strip().isdecimal():
        return "\n" + " " * min(int(count), 200) + name
    return name


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators that are in no quotes."""
    found, quote = [""], ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in '"`':
            quote = character
        elif character == separator:
            found.append("")
            continue
        found[-1] += character
    return found


def _operand(word: str, values: Node, release: str, namespace: str) -> Any:
    """A literal, a value or a name of the release; None: not known."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in '"`':
        return word[1:-1]
    if word.isdecimal():
        return word
    name = word.removeprefix("$")
    if name in {".Release.Name", ".Release.Namespace"}:
        return release if name == ".Release.Name" else namespace
    if name.startswith(".Values."):
        own = values.at(*name.removeprefix(".Values.").split("."))
        if own is None or isinstance(own.value, Undecided):
            return None
        return own.plain() if own.mapping or own.items else own.printed
    return None


def _stage(words: list[str], known: list[Any], piped: list[Any]) -> Any:
    """One stage of a pipeline: a value alone, or a function of some."""
    if len(words) == 1 and known[0] is not None:
        return known[0]
    given = [*known[1:], *piped]
    if not given or any(value is None for value in given):
        return None
    name = words[0] if words else ""
    if name == "toYaml":
        return _yaml(given[-1])
    return _function(name, given) if isinstance(given[-1], str) else None


def _function(name: str, given: list[Any]) -> str | None:
    first, last = given[0], str(given[-1])
    if name in {"nindent", "indent"} and len(given) == 2 and str(first).isdecimal():
        spaces = " " * min(int(first), 200)
        return ("\n" if name == "nindent" else "") + spaces + last.replace("\n", "\n" + spaces)
    if name in {"default", "required"} and len(given) == 2:
        return last or (str(first) if name == "default" else None)
    if name == "quote":
        return f'"{last}"'
    return last if name in {"toString", "trim", "tpl", "squote"} else None


def _yaml(value: Any) -> str | None:
    """A value as `toYaml` prints it; None: a part of it is not known."""
    try:
        return yaml.safe_dump(value, default_flow_style=False, sort_keys=True).strip().removesuffix("\n...")
    except yaml.YAMLError:
        return None
