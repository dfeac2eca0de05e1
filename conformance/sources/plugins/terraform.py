"""Terraform: plugin lists and maps in locals, variable defaults, module arguments and tfvars.

A narrow reader by intention. python-hcl2 gives values without the line of a list's element, costs 60 ms of
start-up and cannot write a version back without reformatting the file; pins need exactly line, offset and
an untouched rest. It reads an assignment whose name contains "plugins" (the last label for a
variable's block: `variable "jenkins_plugins" { default = [...] }`), with a list of "name:version" strings,
a map of name = "version", or a list of objects with name (or artifactId) and version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Pin, PinsUnreadable, make_pin, parse_entry

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n,;]+)
      | (?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
      | (?P<heredoc><<-?(?P<mark>[A-Za-z_]\w*)[ \t]*\r?\n.*?\n[ \t]*(?P=mark)(?=\r?\n|$))
      | (?P<string>"(?:\\.|\$\{[^{}\n]*\}|[^"\\\n])*")
      | (?P<word>[A-Za-z_][\w.-]*)
      | (?P<mark1>[\[\]{}=:])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def read(text: str, file: str) -> tuple[Pin, ...]:
    """The pins, in the file's order.

    Raises:
        PinsUnreadable: brackets that do not close, or nothing here looks like a plugin list.
    """
    tokens = [
        _Token(str(found.lastgroup if found.lastgroup != "mark" else "heredoc"), found.group(), found.start())
        for found in _TOKEN.finditer(text)
        if found.lastgroup not in ("space", "comment")
    ]
    reader = _Reader(tokens, text, file)
    found = reader.pins()
    if not found:
        raise PinsUnreadable(
            "no plugin is pinned here",
            where=file,
            expected='a list or map whose name contains "plugins"',
            remedy="name the file with the plugin list (locals, a variable's default, or tfvars)",
        )
    return tuple(found)


class _Reader:
    def __init__(self, tokens: list[_Token], text: str, file: str) -> None:
        self.tokens = tokens
        self.text = text
        self.file = file

    def pins(self) -> list[Pin]:
        found: list[Pin] = []
        at = 0
        while at < len(self.tokens):
            opens = self._plugin_value(at)
            if opens is None:
                at += 1
                continue
            end = self._close(opens)
            inside = self.tokens[opens + 1 : end]
            found += self._list(inside) if self.tokens[opens].text == "[" else self._map(inside)
            at = end + 1
        return found

    def _plugin_value(self, at: int) -> int | None:
        """The index of the bracket that opens a plugin list or map named at `at`; None when there is none."""
        names = self.tokens[at : at + 3]
        if len(names) < 3:
            return None
        if names[0].text == "variable" and _about_plugins(names[1].text) and names[2].text == "{":
            end = self._close(at + 2)
            for inner in range(at + 3, end - 2):
                if self.tokens[inner].text == "default" and self.tokens[inner + 1].text == "=":
                    return inner + 2 if self.tokens[inner + 2].text in ("[", "{") else None
            return None
        named = names[0].kind in ("word", "string") and _about_plugins(names[0].text)
        if named and names[1].text in ("=", ":") and names[2].text in ("[", "{"):
            return at + 2
        return None

    def _close(self, opens: int) -> int:
        depth = 0
        for at in range(opens, len(self.tokens)):
            token = self.tokens[at]
            if token.kind == "mark1" and token.text in "[{":
                depth += 1
            elif token.kind == "mark1" and token.text in "]}":
                depth -= 1
                if depth == 0:
                    return at
        raise PinsUnreadable(
            "this bracket is not closed", where=str(self._where(self.tokens[opens])), observed="end of file"
        )

    def _list(self, inside: list[_Token]) -> list[Pin]:
        found = []
        at = 0
        while at < len(inside):
            token = inside[at]
            if token.text == "{":
                end = next(
                    (i for i in range(at, len(inside)) if inside[i].text == "}"), len(inside) - 1
                )  # objects of a plugin list are flat
                found.append(self._object(inside[at + 1 : end], token))
                at = end + 1
                continue
            if token.kind == "string":
                found.append(parse_entry(token.text[1:-1], self._where(token), token.at + 1))
            else:
                found.append(
                    Pin(token.text, "", self._where(token), problem="an expression: known only to Terraform")
                )
            at += 1
        return found

    def _object(self, inside: list[_Token], opens: _Token) -> Pin:
        fields = {
            _bare(inside[at].text): inside[at + 2]
            for at in range(len(inside) - 2)
            if inside[at + 1].text in ("=", ":")
        }
        name = fields.get("name") or fields.get("artifactId")
        version = fields.get("version")
        if name is None or name.kind != "string":
            return Pin("", "", self._where(opens), problem="an object without a name")
        if version is None or version.kind != "string":
            return make_pin(_bare(name.text), "", self._where(opens), None)
        return make_pin(_bare(name.text), version.text[1:-1], self._where(version), version.at + 1)

    def _map(self, inside: list[_Token]) -> list[Pin]:
        found = []
        at = 0
        while at + 2 < len(inside) + 0 and inside[at + 1].text in ("=", ":"):
            key, value = inside[at], inside[at + 2]
            if value.kind == "string":
                pin = make_pin(_bare(key.text), value.text[1:-1], self._where(value), value.at + 1)
            else:
                pin = Pin(
                    _bare(key.text), "", self._where(key), problem="an expression: known only to Terraform"
                )
            found.append(pin)
            at += 3
        if at < len(inside):
            found.append(
                Pin(
                    "", "", self._where(inside[at]), problem="an entry that is not of the form name = version"
                )
            )
        return found

    def _where(self, token: _Token) -> Place:
        return Place(self.file, self.text.count("\n", 0, token.at) + 1)


def _bare(text: str) -> str:
    return text[1:-1] if text.startswith('"') else text


def _about_plugins(name: str) -> bool:
    return "plugins" in _bare(name).lower()
