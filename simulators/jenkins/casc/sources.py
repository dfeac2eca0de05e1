"""Configuration as code: where the YAML comes from, how files are merged, and what `${...}` in it means."""

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

SECRETS = Path("/run/secrets")
VARIABLE = re.compile(r"(\^)?\$\{([^${}]*(?:\$\{[^${}]*\}[^${}]*)*)\}")


class CascError(Exception):
    """A configuration that cannot be used: the exception's class name as a real controller logs it, and
    its message."""

    def __init__(self, cls: str, message: str, syntax: bool = False) -> None:
        """Args: cls: fully qualified; syntax: the YAML could not even be parsed."""
        super().__init__(message)
        self.cls, self.syntax = cls, syntax


def sources(home: Path, environment: Mapping[str, str]) -> list[Path]:
    """The files that CASC_JENKINS_CONFIG names; directories are searched for YAML.

    Raises:
        CascError: one of them is not there.
    """
    configured = environment.get("CASC_JENKINS_CONFIG")
    if not configured:
        default = home / "jenkins.yaml"
        return [default] if default.exists() else []
    found: list[Path] = []
    for entry in (piece.strip() for piece in configured.split(",")):
        path = Path(entry)
        if path.is_dir():
            found += sorted(
                p for p in path.rglob("*.y*ml") if p.suffix in {".yml", ".yaml"} and not _hidden(p, path)
            )
        elif path.is_file():
            found.append(path)
        else:
            raise CascError(
                "io.jenkins.plugins.casc.ConfiguratorException", f"Invalid configuration source: {entry}"
            )
    return found


def _hidden(path: Path, base: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(base).parts)


def parse(text: str, name: str) -> dict[str, Any]:
    """Parse one YAML text.

    Raises:
        CascError: it is no YAML, in the words of the real parser, or no mapping.
    """
    try:
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        raise CascError(
            "org.yaml.snakeyaml.parser.ParserException", _snake(error, text, name), syntax=True
        ) from error
    except yaml.YAMLError as error:
        raise CascError("org.yaml.snakeyaml.error.YAMLException", str(error), syntax=True) from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CascError(
            "io.jenkins.plugins.casc.ConfiguratorException",
            f"Configuration is no mapping: {name}",
            syntax=True,
        )
    return value


def _snake(error: yaml.MarkedYAMLError, text: str, name: str) -> str:
    lines = text.splitlines()

    def place(mark: yaml.Mark | None) -> str:
        if mark is None:
            return ""
        line = lines[mark.line] if mark.line < len(lines) else ""
        where = f" in {name}, line {mark.line + 1}, column {mark.column + 1}:"
        return f"{where}\n    {line}\n    {' ' * mark.column}^\n"

    context = f"{error.context}\n{place(error.context_mark)}" if error.context else ""
    return f"{context}{error.problem}\n{place(error.problem_mark)}"


def merge(below: Any, above: Any, path: str = "") -> Any:
    """Merge two sources: maps by key, lists one after the other; the same scalar twice is a conflict.

    Raises:
        CascError: the conflict.
    """
    if isinstance(below, dict) and isinstance(above, dict):
        merged = dict(below)
        for key, value in above.items():
            merged[key] = merge(merged[key], value, f"{path}.{key}".lstrip(".")) if key in merged else value
        return merged
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *above]
    if below == above:
        return below
    raise CascError(
        "io.jenkins.plugins.casc.yaml.merge.YamlSourceConflict", f"Found conflicting configuration at {path}"
    )


def read(files: list[Path]) -> dict[str, Any]:
    """All files merged.

    Raises:
        CascError: one cannot be parsed or they contradict each other.
    """
    whole: dict[str, Any] = {}
    for path in files:
        whole = merge(whole, parse(path.read_text(encoding="utf-8"), str(path)))
    return whole


class Resolver:
    """Replaces `${...}`: secrets first, then the environment; what nothing resolves becomes empty, with
    a warning."""

    def __init__(self, environment: Mapping[str, str], warn: Callable[[str], None]) -> None:
        """Args: environment: of the process; warn: told the name of each variable that is not there."""
        self.environment, self._warn = environment, warn
        self._secrets = Path(environment.get("SECRETS") or SECRETS)

    def resolve(self, value: Any) -> Any:
        """A value with every text in it resolved."""
        if isinstance(value, dict):
            return {key: self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        return VARIABLE.sub(
            lambda found: found.group(0)[1:] if found.group(1) else self._one(found.group(2)), text
        )

    def _one(self, expression: str) -> str:
        inner = self._text(expression)
        verb, colon, rest = inner.partition(":")
        if colon and verb in FUNCTIONS:
            try:
                return FUNCTIONS[verb](rest)
            except (OSError, ValueError, KeyError):
                self._warn(inner)
                return ""
        name, dash, default = inner.partition(":-")
        for candidate in (self._secrets / name, SECRETS / name):
            if name and candidate.is_file():
                return candidate.read_text(encoding="utf-8").strip()
        if name in self.environment:
            return self.environment[name]
        if dash:
            return default
        self._warn(name)
        return ""


def _json(rest: str) -> str:
    key, _, document = rest.partition(":")
    return str(json.loads(document)[key])


FUNCTIONS: dict[str, Callable[[str], str]] = {
    "readFile": lambda path: Path(path).read_text(encoding="utf-8"),
    "file": lambda path: Path(path).read_text(encoding="utf-8"),
    "readFileBase64": lambda path: base64.b64encode(Path(path).read_bytes()).decode(),
    "fileBase64": lambda path: base64.b64encode(Path(path).read_bytes()).decode(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "decodeBase64": lambda text: base64.b64decode(text).decode(),
    "trim": str.strip,
    "json": _json,
    "sysProp": lambda name: os.environ[name],
}
