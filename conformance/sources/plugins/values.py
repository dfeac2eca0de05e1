"""YAML lists: the Helm values template of the controller's chart, and plugins.yaml.

The nodes' marks give line and offset, so nothing is parsed twice. Templating is replaced first, at the same
length, so that the marks still fit the file: a line that is only a directive becomes a comment, an expression
inside a line becomes the letter x repeated, and the pins are read from the original text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding, Pin, PinsUnreadable, make_pin, parse_entry

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is about ten times faster
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\$\{[^{}\n]*\}|%\{[^{}\n]*\}")
_DIRECTIVE = re.compile(r"\s*(?:(?:\{\{[^\n]*?\}\}|%\{[^{}\n]*\})\s*)+")
_LISTS = ("installPlugins", "additionalPlugins")


def compose(text: str, file: str) -> yaml.Node | None:
    """The document's node tree, templating neutralized.

    Raises:
        PinsUnreadable: not YAML even so (the template would not render into any).
    """
    try:
        return yaml.compose(neutral(text), Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise PinsUnreadable(
            "this is not YAML, with its templating set aside",
            where=str(Place(file, mark.line + 1 if mark else 0)),
            observed=str(getattr(error, "problem", "") or error).splitlines()[0],
            remedy="correct the line; put a block that only some values render on lines of its own",
        ) from error
    except RecursionError as error:
        raise PinsUnreadable("this YAML is nested too deeply to be a values file", where=file) from error


def neutral(text: str) -> str:
    """`text` with template expressions replaced, character for character, by something YAML accepts."""
    lines = []
    for line in text.split("\n"):
        if _DIRECTIVE.fullmatch(line.rstrip("\r")):
            indent = len(line) - len(line.lstrip())
            lines.append(line[:indent] + "#" + "x" * (len(line) - indent - 1))
        else:
            lines.append(_EXPRESSION.sub(lambda found: "x" * len(found.group()), line))
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Values:
    """Pins, findings about how the chart installs them, and the core.

    `core` is the version in the controller's image tag (empty: none), `core_span` its place in the text.
    """

    pins: tuple[Pin, ...]
    findings: tuple[Finding, ...]
    core: str
    core_span: tuple[int, int] | None


def read_values(root: yaml.Node | None, text: str, file: str) -> Values:
    """Pins and settings of the controller's chart.

    Reads `controller.installPlugins` and `controller.additionalPlugins` at any depth (a parent chart
    nests them under the dependency's name).
    """
    pins: list[Pin] = []
    findings: list[Finding] = []
    core: tuple[str, tuple[int, int] | None] = ("", None)
    for controller in _controllers(root):
        keys = {key.value: (key, value) for key, value in controller.value}
        for name in _LISTS:
            if name in keys:
                _list_of(keys[name][1], text, file, pins)
        findings += _settings(keys, text, file, has_pins=bool(pins))
        core = core if core[0] else _tag(keys, text)
    if not pins:
        raise PinsUnreadable(
            "no plugin is pinned here",
            where=file,
            expected="a list at controller.installPlugins",
            remedy="name the values file of the controller's chart, or a plugins.txt",
        )
    return Values(tuple(pins), tuple(findings), *core)


def read_plugins_yaml(root: yaml.Node | None, text: str, file: str) -> tuple[Pin, ...]:
    """Pins of a plugins.yaml: `plugins: [{artifactId, groupId?, source: {version | url}}]`."""
    entries = _child(root, "plugins")
    if not isinstance(entries, yaml.SequenceNode):
        raise PinsUnreadable("no plugin is pinned here", where=file, expected="a list at plugins")
    return tuple(_plugins_yaml_entry(node, text, file) for node in entries.value)


def is_plugins_yaml(root: yaml.Node | None) -> bool:
    return isinstance(_child(root, "plugins"), yaml.SequenceNode)


def _plugins_yaml_entry(node: yaml.Node, text: str, file: str) -> Pin:
    where = Place(file, node.start_mark.line + 1)
    name = _text(_child(node, "artifactId"), text)
    source = _child(node, "source")
    version, url = _child(source, "version"), _child(source, "url")
    if not name:
        return Pin("", "", where, problem="an entry without an artifactId")
    if isinstance(version, yaml.ScalarNode):
        where = Place(file, version.start_mark.line + 1)
        return make_pin(name, _text(version, text), where, _offset(version), _text(url, text))
    return make_pin(name, "", where, None, _text(url, text))


def _list_of(node: yaml.Node, text: str, file: str, into: list[Pin]) -> None:
    if not isinstance(node, yaml.SequenceNode):
        return  # installPlugins: false, or a template that fills it: no pins here
    for item in node.value:
        where = Place(file, item.start_mark.line + 1)
        if isinstance(item, yaml.ScalarNode):
            into.append(parse_entry(_text(item, text), where, _offset(item)))
        else:
            into.append(Pin("", "", where, problem="an entry that is not text of the form name:version"))


def _settings(
    keys: dict[str, tuple[yaml.Node, yaml.Node]], text: str, file: str, *, has_pins: bool
) -> Iterator[Finding]:
    """Settings with which the chart ignores its pins, some of them by default."""
    if not has_pins:
        return
    latest = keys.get("installLatestPlugins")
    lists = keys.get("installPlugins") or keys.get("additionalPlugins")
    if lists and (latest is None or _text(latest[1], text) == "true"):
        at = (latest or lists)[0].start_mark.line + 1
        state = "is not set, and the chart's default is true" if latest is None else "is true"
        yield Finding(
            "installs-latest",
            "no-go",
            "controller",
            f"controller.installLatestPlugins {state}: "
            "dependencies are installed at their newest, whatever is pinned",
            Place(file, at),
            next="set controller.installLatestPlugins: false",
        )
    specified = keys.get("installLatestSpecifiedPlugins")
    if specified and _text(specified[1], text) == "true":
        yield Finding(
            "installs-latest",
            "no-go",
            "controller",
            "controller.installLatestSpecifiedPlugins is true: "
            "the pinned versions are not the ones installed",
            Place(file, specified[0].start_mark.line + 1),
            next="set controller.installLatestSpecifiedPlugins: false",
            ref="specified",
        )
    overwrite = keys.get("overwritePlugins")
    if overwrite is None or _text(overwrite[1], text) == "false":
        at = (overwrite or lists or next(iter(keys.values())))[0].start_mark.line + 1
        yield Finding(
            "keeps-volume",
            "warning",
            "controller",
            "controller.overwritePlugins is not true: on a kept "
            "volume a pin that goes down, and some that go up, change nothing",
            Place(file, at),
            next="set controller.overwritePlugins: true, or compare the running plugins (--running)",
        )


def _tag(keys: dict[str, tuple[yaml.Node, yaml.Node]], text: str) -> tuple[str, tuple[int, int] | None]:
    """The core in controller.image.tag (2.504.3, 2.504.3-lts-jdk21), and its characters in the text."""
    image = keys.get("image")
    node = _child(image[1], "tag") if image else None
    found = re.fullmatch(r"(\d+\.\d+(?:\.\d+)?)(?:-[A-Za-z].*)?", _text(node, text))
    if not found or not isinstance(node, yaml.ScalarNode):
        return "", None
    at = _offset(node)
    return found.group(1), None if at is None else (at, at + len(found.group(1)))


def has_pins(root: yaml.Node | None) -> bool:
    """Is this a values file of the controller's chart, or a plugins.yaml?"""
    return is_plugins_yaml(root) or next(_controllers(root), None) is not None


def _controllers(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """Mappings under the key `controller` that mention plugins, at most three levels down."""
    todo = [(node, 0)]
    while todo:
        at, depth = todo.pop()
        if not isinstance(at, yaml.MappingNode) or depth > 3:
            continue
        for key, value in at.value:
            is_controller = key.value == "controller" and isinstance(value, yaml.MappingNode)
            if is_controller and any(inner.value in _LISTS for inner, _ in value.value):
                yield value
            else:
                todo.append((value, depth + 1))


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _quote(node: yaml.ScalarNode) -> int:
    return 1 if node.style in ("'", '"') else 0


def _offset(node: yaml.ScalarNode) -> int | None:
    return None if node.style in ("|", ">") else int(node.start_mark.index) + _quote(node)


def _text(node: yaml.Node | None, text: str) -> str:
    """The scalar as the file has it, template expressions included."""
    if not isinstance(node, yaml.ScalarNode):
        return ""
    if node.style in ("|", ">"):
        return str(node.value).strip()
    quote = _quote(node)
    return text[node.start_mark.index + quote : node.end_mark.index - quote]
