"""`helm` in scripts: which chart is installed with which values, under which name."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.sources.facts import Place
from conformance.sources.texts import Text

_ACTIONS = frozenset(("install", "upgrade", "template"))
#: options with a value that is of no use here
_WITH_VALUE = frozenset(
    (
        "--timeout",
        "--kube-context",
        "--kubeconfig",
        "--description",
        "--history-max",
        "--username",
        "--password",
    )
)
_NAMES = {"-f": "values", "--values": "values", "-n": "namespace", "--namespace": "namespace"}
_OPTIONS = {**_NAMES, "--set": "set", "--set-string": "set", "--version": "version", "--repo": "repository"}


@dataclass(frozen=True, slots=True)
class HelmCommand:
    """One call of helm; words of variables stay as they are."""

    release: str
    chart: str
    namespace: str
    repository: str
    version: str
    #: values files as they are written
    values: tuple[str, ...]
    settings: tuple[str, ...]
    place: Place


def helm_commands(text: Text) -> Iterator[HelmCommand]:
    """Calls of `helm install`, `upgrade` and `template` in a script."""
    line, joined, start = 0, "", 1
    for raw in text.value.splitlines():
        line += 1
        if not joined:
            start = line
        if raw.rstrip().endswith("\\"):
            joined += raw.rstrip()[:-1] + " "
            continue
        whole, joined = joined + raw, ""
        if "helm" not in whole or whole.lstrip().startswith("#"):
            continue
        try:
            words = shlex.split(whole, comments=True)
        except ValueError:
            continue
        found = _command(words, text.origin.place(start))
        if found is not None:
            yield found


def _command(words: list[str], place: Place) -> HelmCommand | None:
    at = next((number for number, word in enumerate(words) if word.rpartition("/")[2] == "helm"), -1)
    if at < 0:
        return None
    options: dict[str, list[str]] = {}
    plain: list[str] = []
    rest = iter(words[at + 1 :])
    for word in rest:
        if word in {"&&", "||", ";", "|"}:
            break
        name, equals, value = word.partition("=")
        if word in _OPTIONS:
            options.setdefault(_OPTIONS[word], []).append(next(rest, ""))
        elif equals and name in _OPTIONS:
            options.setdefault(_OPTIONS[name], []).append(value)
        elif word in _WITH_VALUE:
            next(rest, "")
        elif not word.startswith("-"):
            plain.append(word.rstrip(";"))
    if len(plain) < 3 or plain[0] not in _ACTIONS:
        return None
    values = [part for word in options.get("values", []) for part in word.split(",")]
    return HelmCommand(
        plain[1],
        plain[2],
        options.get("namespace", [""])[-1],
        options.get("repository", [""])[-1],
        options.get("version", [""])[-1],
        tuple(values),
        tuple(options.get("set", [])),
        place,
    )


def variable_parts(word: str) -> tuple[str, ...]:
    """The literal pieces of a word with shell variables; one piece: it has none."""
    pieces: list[str] = [""]
    at = 0
    while at < len(word):
        if word[at] != "$":
            pieces[-1] += word[at]
            at += 1
            continue
        at += 1
        closing = {"{": "}", "(": ")"}.get(word[at : at + 1])
        if closing is not None:
            end = word.find(closing, at)
            at = len(word) if end < 0 else end + 1
        else:
            while at < len(word) and (word[at].isalnum() or word[at] == "_"):
                at += 1
        pieces.append("")
    return tuple(pieces)
