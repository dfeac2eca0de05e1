"""Configuration as code: the YAML files, how they are merged, and the values of `${...}` in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ..unsupported import unsupported

SECRETS = Path("/run/secrets")
READERS = {"file", "fileBase64", "readFile", "readFileBase64"}
FUNCTIONS = {"base64", "decodeBase64", "json", "sysProp", "trim", *READERS}
"""The functions of `${...}`; none of them is implemented."""
VARIABLE = re.compile(r"(\^)?\$\{([^${}]*(?:\$\{[^${}]*\}[^${}]*)*)\}")


class CascError(Exception):
    """A configuration that cannot be used.

    `cls` is the exception's class as a real controller logs it; `syntax` says that the YAML could not be
    parsed."""

    def __init__(self, cls: str, message: str, syntax: bool = False) -> None:
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
    files: list[Path] = []
    for entry in (piece.strip() for piece in configured.split(",")):
        path = Path(entry)
        if path.is_dir():
            files += sorted(
                file
                for file in path.rglob("*.y*ml")
                if file.suffix in {".yml", ".yaml"} and not _hidden(file, path)
            )
        elif path.is_file():
            files.append(path)
        else:
            raise CascError(
                "io.jenkins.plugins.casc.ConfiguratorException", f"Invalid configuration source: {entry}"
            )
    return files


def _hidden(path: Path, base: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(base).parts)


def parse(text: str, name: str) -> dict[str, Any]:
    """Parse one YAML text.

    Raises:
        CascError: it is no YAML, or no mapping.
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = f"{name}: {error}"
        raise CascError("org.yaml.snakeyaml.error.YAMLException", reason, syntax=True) from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CascError(
            "io.jenkins.plugins.casc.ConfiguratorException",
            f"Configuration is no mapping: {name}",
            syntax=True,
        )
    return value


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
    """Replaces `${...}`: secrets first, then the environment. A variable that neither has becomes empty, and
    `warn` gets its name."""

    def __init__(self, environment: Mapping[str, str], warn: Callable[[str], None]) -> None:
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
            lambda match: match.group(0)[1:] if match.group(1) else self._value(match.group(2)), text
        )

    def _value(self, expression: str) -> str:
        inner = self._text(expression)
        verb, colon, _ = inner.partition(":")
        if colon and verb in FUNCTIONS:
            raise CascError(
                "io.jenkins.plugins.casc.ConfiguratorException",
                unsupported(f"the function {verb} in ${{{expression}}}"),
            )
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
