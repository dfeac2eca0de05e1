"""Secrets that a repository writes out: by their shape, by the names that structured files give them.

Shapes are those of `detect-secrets`; its rule for keywords runs on files of which no structure is read here.
A finding never holds the secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from conformance.sources import images, texts
from conformance.sources.facts import Place, SourceError
from conformance.sources.jcasc.references import written_out
from conformance.sources.model import StackModel
from conformance.sources.terraform.configuration import Configuration
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node

_SHAPES = (
    "artifactory",
    "aws",
    "azure_storage_key",
    "basic_auth",
    "cloudant",
    "discord",
    "github_token",
    "gitlab_token",
    "ibm_cloud_iam",
    "jwt",
    "mailchimp",
    "npm",
    "openai",
    "private_key",
    "pypi_token",
    "sendgrid",
    "slack",
    "square_oauth",
    "stripe",
    "telegram_token",
    "twilio",
)
#: examples and placeholders that vendors document
ALLOWED = frozenset(
    (
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "changeit",
        "changeme",
        "example",
        "redacted",
    )
)
#: words at the end of a name that say its value is secret
_SECRET_ENDS = (
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "apikey",
    "secretkey",
    "privatekey",
    "secretaccesskey",
    "clientsecret",
    "secretbytes",
)
#: documents whose values are encrypted or only point at secrets
_HARMLESS_KINDS = frozenset(
    ("SealedSecret", "ExternalSecret", "ClusterExternalSecret", "SecretProviderClass")
)
_PROSE = frozenset((".md", ".rst", ".adoc", ".html", ".lock"))
_STRUCTURED = frozenset((".yaml", ".yml", ".tf", ".tfvars", ".json"))
_UNSTRUCTURED = frozenset(
    (".groovy", ".properties", ".env", ".sh", ".xml", ".ini", ".conf", ".cfg", ".jenkinsfile")
)
_WORDS = ("pass", "secret", "token", "key", "credential")
MAX_BYTES, MAX_LINE = 1_000_000, 4_000


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A secret that is written out."""

    #: "AWS Access Key", "password written out"
    kind: str
    #: the name that has the value, empty for shapes
    name: str
    place: Place


def find(model: StackModel) -> tuple[SecretFinding, ...]:
    """Every secret of a repository, each place once."""
    found: dict[tuple[str, int], SecretFinding] = {}
    for finding in (*_of_model(model), *_of_files(model)):
        found.setdefault((finding.place.file, finding.place.line), finding)
    return tuple(sorted(found.values(), key=lambda finding: finding.place))


def is_secret_name(name: str) -> bool:
    """Does a name say that its value is secret? `passwordKey` and `secretName` name something else."""
    word = name.replace("_", "").replace("-", "").replace(".", "").lower()
    return word.endswith(_SECRET_ENDS) and not word.endswith(
        ("existingsecret", "createsecret", "adminsecret")
    )


def is_literal(value: str) -> bool:
    """Is a value written out, not a reference, a placeholder or a documented example?"""
    own = written_out(value).strip().strip("'\"")
    if len(own) < 3 or own.lower() in ALLOWED or own in ALLOWED or images.has_placeholder(own):
        return False
    if own.lower() in {"true", "false", "null", "none"} or own.startswith(("$", "%", "/", "var.", "vault:")):
        return False
    return not (own.replace("_", "").isupper() and "_" in own) and not set(own) <= set("*xX.")


# -- structured sources -----------------------------------------------------------------------


def _of_model(model: StackModel) -> Iterator[SecretFinding]:
    for configuration in (*model.terraform, *model.other_terraform):
        yield from _of_terraform(configuration)
    for documents in model.inventory.documents.values():
        for document in documents:
            if document.root.text("kind") not in _HARMLESS_KINDS:
                yield from _named(document.root, ())
    for chart in model.charts:
        yield from _named(chart.given, ())
    for source in model.jcasc.sources:
        if source.kind != "chart":
            yield from _named(source.root, ())


def _of_terraform(configuration: Configuration) -> Iterator[SecretFinding]:
    for variable in configuration.variables:
        default = variable.default
        named = is_secret_name(variable.name) or variable.sensitive
        if named and default is not None and isinstance(default.value, str) and is_literal(default.value):
            yield SecretFinding("password written out", variable.name, default.place)
    for resource in configuration.resources:
        yield from _named(resource.body, (), skip_helm=True)


def _named(node: Node, path: tuple[str, ...], skip_helm: bool = False) -> Iterator[SecretFinding]:
    """Values below names that say they are secret; keys of a Secret count whatever their name."""
    secret_data = node.text("kind") == "Secret"
    for key, value in node.mapping.items():
        if skip_helm and key == "values":
            continue
        if isinstance(value.value, str) and not value.default_of:
            if is_secret_name(key) and "\n" not in value.value.strip() and is_literal(value.value):
                yield SecretFinding("password written out", ".".join((*path, key)), value.place)
        elif secret_data and key in {"data", "stringData"}:
            yield from _secret(value)
        else:
            yield from _named(value, (*path, key), skip_helm)
    for item in node.items:
        name, content = item.text("name"), item.at("value")
        if name and content is not None and is_secret_name(name) and isinstance(content.value, str):
            if is_literal(content.value):
                yield SecretFinding("password written out", name, content.place)
            continue
        yield from _named(item, path, skip_helm)


def _secret(data: Node) -> Iterator[SecretFinding]:
    for key, value in data.mapping.items():
        if isinstance(value.value, str) and is_literal(value.value):
            yield SecretFinding("Secret with a value", key, value.place)


# -- files ------------------------------------------------------------------------------------


@cache
def _detectors() -> tuple[Any, ...]:
    from detect_secrets.plugins.base import BasePlugin

    modules = [import_module(f"detect_secrets.plugins.{name}") for name in _SHAPES]
    return tuple(
        value()
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BasePlugin) and value.__module__ == module.__name__
    )


@cache
def _keywords() -> Any:
    from detect_secrets.plugins.keyword import KeywordDetector

    return KeywordDetector()


def _of_files(model: StackModel) -> Iterator[SecretFinding]:
    sealed = {
        path
        for path, documents in model.inventory.documents.items()
        if any(document.root.text("kind") in _HARMLESS_KINDS for document in documents)
    }
    for path in model.files:
        if path not in sealed:
            yield from _of_file(model.root / path, model.root)


def _of_file(path: Path, root: Path) -> Iterator[SecretFinding]:
    pure = PurePosixPath(path)
    if pure.suffix in _PROSE or path.stat().st_size > MAX_BYTES:
        return
    text = texts.read(path, root)
    if isinstance(text, SourceError) or "\0" in text.value:
        return
    name = pure.name.lower()
    keywords = pure.suffix in _UNSTRUCTURED or name.startswith(("jenkinsfile", "dockerfile"))
    yield from of_text(text, keywords)


def of_text(text: Text, keywords: bool) -> Iterator[SecretFinding]:
    """Secrets of a text; `keywords`: also words such as `password = "..."`."""
    for number, line in enumerate(text.value.split("\n"), 1):
        if len(line) < 8 or len(line) > MAX_LINE:
            continue
        for detector in _detectors():
            secrets = [secret for secret in detector.analyze_string(line) if is_literal(secret)]
            if secrets:
                yield SecretFinding(detector.secret_type, "", text.origin.place(number))
        lower = line.lower()
        if (
            keywords
            and any(word in lower for word in _WORDS)
            and not lower.lstrip().startswith(("//", "#", "*"))
        ):
            yield from _keyword(line, text.origin.place(number))


def _keyword(line: str, place: Place) -> Iterator[SecretFinding]:
    for secret in _keywords().analyze_string(line):
        quoted = f"'{secret}'" in line or f'"{secret}"' in line or f">{secret}<" in line
        if quoted and is_literal(secret) and not secret.endswith((")", "]")):
            yield SecretFinding("password written out", "", place)
            return
