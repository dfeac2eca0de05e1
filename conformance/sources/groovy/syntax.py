"""The syntax tree of a script, and the values of its expressions where the text determines them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from conformance.sources.facts import Place, Undecided
from conformance.sources.groovy.pipelines import Argument, Call, Entries, FileText, Interpolated, Value

Node = dict[str, Any]

#: steps that return a file's content
READERS = ("readFile", "readTrusted", "libraryResource")
#: methods that leave a text what it is, but for blanks and case
_PLAIN: dict[str, Callable[[str], str]] = {
    "trim": str.strip,
    "strip": str.strip,
    "toString": str,
    "toLowerCase": str.lower,
    "toUpperCase": str.upper,
}
#: names that the run of a build defines
_RUNTIME = ("params", "env", "currentBuild")


class Script:
    """One parsed text: places of nodes, and sources of expressions."""

    def __init__(self, file: str, text: str, line: int) -> None:
        self.file = file
        self.first_line = line
        self._lines = text.split("\n")

    def place(self, node: Node) -> Place:
        line, column = node["p"][:2]
        return Place(self.file, line + self.first_line - 1 if line > 0 else 0, max(column, 0))

    def source(self, node: Node) -> str:
        """The text of an expression, on one line."""
        if node["t"] == "name":
            return str(node["n"])
        if node["t"] == "property" and node["n"]:
            return f"{self.source(node['o'])}.{node['n']}"
        if node["t"] == "binary":
            return f" {node['n']} ".join(self.source(each) for each in node["x"])
        line, column, last_line, last_column = node["p"]
        if line < 1 or last_line < line:
            return str(node.get("n") or node["t"])
        part = self._lines[line - 1 : last_line]
        part[-1] = part[-1][: last_column - 1]
        part[0] = part[0][column - 1 :]
        found = " ".join(" ".join(part).split())
        # the place of an expression in a string may have the braces round it
        return (
            found[1:-1].strip()
            if found[:1] == "{" and found[-1:] == "}" and node["t"] != "closure"
            else found
        )


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below `node`."""
    for value in node.values():
        if isinstance(value, dict):
            yield value
        elif isinstance(value, list):
            yield from (each for each in _flat(value) if isinstance(each, dict))


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def arguments(call: Node) -> Iterator[tuple[str, Node]]:
    """(name, node) of each argument; the entries of a map in front are named arguments."""
    for argument in call["a"]:
        if argument["t"] == "map" and argument is call["a"][0]:
            yield from ((_key(entry), entry["x"]) for entry in argument["x"])
        else:
            yield "", argument


def closures(call: Node) -> list[Node]:
    return [argument for argument in call["a"] if argument["t"] == "closure"]


def _key(entry: Node) -> str:
    return str(entry["k"].get("v") or entry["k"].get("n") or "")


class Values:
    """Evaluates expressions: literals, constants of the script, files that it reads."""

    def __init__(self, script: Script, tree: Node) -> None:
        self.script = script
        self._assigned: dict[str, list[Node]] = defaultdict(list)
        #: names of parameters: what they mean depends on who calls
        self._parameters: set[str] = set()
        self._open: set[str] = set()
        self._gather(tree)

    def _gather(self, root: Node) -> None:
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node.get("t") == "assign" and node["n"]:
                self._assigned[node["n"]].append(node["x"])
            names = node.get("a")
            self._parameters.update(each for each in names or () if isinstance(each, str))
            waiting.extend(children(node))

    def of(self, node: Node) -> Value:
        """The value of an expression; Undecided where the text does not determine it."""
        way = getattr(self, f"_{node['t']}", None)
        found: Value = way(node) if way else self._unknown(node)
        return found

    def call(self, node: Node, **extra: Any) -> Call:
        """A call as a value, with its arguments."""
        owner = self.script.source(node["o"]) if node.get("o") else ""
        given = tuple(
            Argument(name, self.of(each), self.script.place(each))
            for name, each in arguments(node)
            if each["t"] != "closure" or name
        )
        has_block = bool(closures(node))
        place = self.script.place({"p": node.get("m") or node["p"]})
        return Call(str(node["n"] or ""), owner, given, place, has_block=has_block, **extra)

    def _unknown(self, node: Node) -> Undecided:
        return Undecided(f"it is the value of the expression `{self.script.source(node)}`")

    def _constant(self, node: Node) -> Value:
        value: Value = node["v"]
        return value

    def _text(self, node: Node) -> Value:
        whole: Value = node["s"][0]
        for following, expression in zip([*node["s"][1:], ""], node["x"], strict=False):
            value = self._as_text(self.of(expression), expression)
            whole = _joined(_joined(whole, value), following)
        return whole

    def _list(self, node: Node) -> Value:
        return tuple(self.of(each) for each in node["x"])

    def _map(self, node: Node) -> Value:
        return Entries(tuple((_key(each), self.of(each["x"])) for each in node["x"]))

    def _cast(self, node: Node) -> Value:
        return self.of(node["x"])

    def _assign(self, node: Node) -> Value:
        return self.of(node["x"])

    def _closure(self, node: Node) -> Value:
        return Undecided(f"it is a block of code at line {self.script.place(node).line}")

    def _name(self, node: Node) -> Value:
        name = str(node["n"])
        meant = [each for each in self._assigned.get(name, ()) if not _empty(each)] or self._assigned.get(
            name, []
        )
        if len(meant) != 1 or name in self._open or name in self._parameters:
            return Undecided(f"it is the value of `{name}`", decided_by=name)
        self._open.add(name)
        try:
            return self.of(meant[0])
        finally:
            self._open.discard(name)

    def _property(self, node: Node) -> Value:
        source = self.script.source(node)
        if node["o"]["t"] == "name" and node["o"]["n"] in _RUNTIME:
            return Undecided(f"it is the value of `{source}` in a build", decided_by=source)
        owner = self.of(node["o"])
        if isinstance(owner, FileText) and node["n"] == "text":
            return owner
        if isinstance(owner, Entries) and node["n"] in owner:
            return owner.get(node["n"])
        if isinstance(owner, Undecided) and owner.decided_by:
            return Undecided(f"it is the value of `{source}`", owner.decided_by)
        return self._unknown(node)

    def _new(self, node: Node) -> Value:
        if node["n"] not in {"File", "java.io.File"}:
            return self._unknown(node)
        parts = [self.of(each) for each in node["a"]]
        paths = [part.path if isinstance(part, FileText) else part for part in parts]
        if not all(isinstance(path, str) for path in paths):
            return FileText("new File", Undecided(f"it is the path `{self.script.source(node)}`"))
        return FileText("new File", "/".join(str(path) for path in paths))

    def _binary(self, node: Node) -> Value:
        left, right = (self.of(each) for each in node["x"])
        if node["n"] != "+":
            return self._unknown(node)
        if isinstance(left, tuple) and isinstance(right, tuple):
            return left + right
        if not isinstance(left, str | Interpolated) and not isinstance(right, str | Interpolated):
            return self._unknown(node)
        return _joined(self._as_text(left, node["x"][0]), self._as_text(right, node["x"][1]))

    def _as_text(self, value: Value, node: Node) -> Interpolated:
        if isinstance(value, Interpolated):
            return value
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return Interpolated((str(value),), ())
        return Interpolated(("", ""), (self.script.source(node),))

    def _call(self, node: Node) -> Value:
        if not node.get("o"):
            if node["n"] in READERS:
                return self._file(node)
            return self.call(node)
        owner = self.of(node["o"])
        name = node["n"]
        if isinstance(owner, FileText):
            return self._of_file(owner, node)
        if isinstance(owner, Undecided) and owner.decided_by and name in _PLAIN:
            return owner
        if isinstance(owner, str | Interpolated):
            return self._of_text(owner, node)
        return self.call(node) if name in {"image", "withRun"} else self._unknown(node)

    def _of_text(self, owner: str | Interpolated, node: Node) -> Value:
        name = node["n"]
        if isinstance(owner, str) and name in _PLAIN:
            return _PLAIN[name](owner)
        if name in {"stripIndent", "stripMargin"}:
            return owner if isinstance(owner, Interpolated) else _stripped(owner, name)
        return self._replaced(owner, node) if name in {"replace", "trim", "toString"} else self._unknown(node)

    def _file(self, node: Node) -> Value:
        call = self.call(node)
        path = call.first("file")
        known = path if isinstance(path, str) else Undecided(f"it is the path `{self.script.source(node)}`")
        return FileText(str(node["n"]), known)

    def _of_file(self, file: FileText, node: Node) -> Value:
        words = [self.of(each) for each in node["a"]]
        if node["n"] in {"replace", "replaceAll"} and len(words) == 2 and isinstance(words[0], str):
            return FileText(file.how, file.path, (*file.replacements, (words[0], words[1])))
        return file if node["n"] in {*_PLAIN, "getText", "stripIndent"} else self._unknown(node)

    def _replaced(self, owner: str | Interpolated, node: Node) -> Value:
        words = [self.of(each) for each in node["a"]]
        if node["n"] != "replace":
            return owner
        if isinstance(owner, str) and len(words) == 2 and isinstance(words[0], str):
            if isinstance(words[1], str):
                return owner.replace(words[0], words[1])
            pieces = owner.split(words[0]) if words[0] else [owner]
            return Interpolated(tuple(pieces), (self.script.source(node["a"][1]),) * (len(pieces) - 1))
        return owner


def _empty(node: Node) -> bool:
    """Is it a declaration's placeholder: null, an empty string or list, nothing."""
    blank = node["t"] == "constant" and node["v"] in (None, "")
    return (
        blank or (node["t"] in {"list", "map"} and not node["x"]) or (node["t"] == "other" and not node["x"])
    )


def _joined(one: Value, other: Value) -> Value:
    """Two strings as one."""
    left, right = (
        each if isinstance(each, Interpolated) else Interpolated((str(each),), ()) for each in (one, other)
    )
    parts = (*left.parts[:-1], left.parts[-1] + right.parts[0], *right.parts[1:])
    sources = left.expressions + right.expressions
    return Interpolated(parts, sources) if sources else parts[0]


def _stripped(text: str, how: str) -> str:
    lines = text.split("\n")
    if how == "stripMargin":
        return "\n".join(
            line.lstrip().removeprefix("|") if line.lstrip()[:1] == "|" else line for line in lines
        )
    depth = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[depth:] for line in lines)
