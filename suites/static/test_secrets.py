"""No secret in any file of the stack."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conformance.core.nonconformance import require_none
from conformance.sources.facts import SourceError
from conformance.sources.groovy import PipelineFile
from conformance.sources.stack import StackFiles, TextFile
from conformance.sources.texts import Origin, Text
from conformance.sources.yaml_positions import load_all

#: what a secret looks like wherever it stands
_SHAPES = {
    "a private key": re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"),
    "an AWS access key id": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}\b"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a password in a URL": re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@$\"'{<]+:(?![$%{<])[^/\s:@\"']+@[\w.-]+"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
}

#: what is one when it is given a value: `password: hunter2`, `secret = "x"`, `<password>x</password>`
_GIVEN = re.compile(
    r"""(?ix)
    (?<![$\w.-])  # a template's variable holds what is made elsewhere
    (?:["']?[\w.-]*(?:password|passwd|passphrase|secret[_-]?access[_-]?key|secret[_-]?key|api[_-]?key|auth[_-]?token
        |private[_-]?key|client[_-]?secret)\b["']?[ \t]*[:=][ \t]*|<(?:password|passphrase)>)
    ["']?([^\s"'<>,;)}]+)
    """
)
#: variables that hold one
_SECRET = re.compile(
    r"(?i)(password|passwd|passphrase|secret_?(access_?)?key|api_?key|auth_?token|private_?key|client_?secret)$"
)
#: values that only point at a secret, or are none
_HARMLESS = re.compile(
    r"(?i)^(\$|%|\{|\||>|<|null$|none$|true$|false$|~$|!|var\.|local\.|env\.|data\.|module\.|string$|sensitive$"
    r"|changeit$|\"?$|\*+$|this|[a-z_]+\()|^[\w.-]+:$"
)
#: the word before the value says that the value is a name of something, not the thing
_NAMES = re.compile(
    r"(?i)(key|name|id|ref|variable|secret)s?[\"']?\s*[:=]\s*[\"']?$|passwordVariable|usernameVariable"
)


@pytest.mark.requirement("STATIC-60")
def test_nothing_looks_like_a_secret(stack_files: StackFiles) -> None:
    """No file of the stack holds a key or a token."""
    require_none(
        [
            f"{_place(file, found.start())} holds {what}"
            for file in stack_files.texts
            for what, shape in _SHAPES.items()
            for found in shape.finditer(file.text)
        ],
        "a secret stands in the stack's repository",
        remedy="take it out, change it (it is known now), and refer to a secret store instead",
    )


@pytest.mark.requirement("STATIC-61")
def test_no_password_is_written_out(stack_files: StackFiles) -> None:
    """No file of the stack writes a password out."""
    findings = []
    for file in stack_files.texts:
        if file.path.endswith((".md", ".adoc", ".rst")) or _is_sealed(file):
            continue
        for found in _GIVEN.finditer(file.text):
            key = found[0][: found.start(1) - found.start()]
            if not _HARMLESS.match(found[1]) and not _NAMES.search(key) and not _refers(file, key, found[1]):
                findings.append(f"{_place(file, found.start())}: {key.strip()} has a value")
    findings += _defaults(stack_files)
    findings += _accounts(stack_files)
    require_none(
        findings,
        "a password is written out in the stack's repository",
        remedy="refer to it: ${...} of a secret in the values, credentials('id') in a Jenkinsfile",
    )


def _defaults(stack_files: StackFiles) -> Iterator[str]:
    """Variables of Terraform that have a secret as their default."""
    model = stack_files.model
    for variable in (each for part in (*model.terraform, *model.other_terraform) for each in part.variables):
        default = variable.default
        if _SECRET.search(variable.name) and default is not None and default.known and default.printed:
            yield f"{default.place.file}:{default.place.line}: variable {variable.name} has a default"


def _accounts(stack_files: StackFiles) -> Iterator[str]:
    """Accounts that an init script makes with a password written out."""
    for script in stack_files.builds.init_scripts:
        for call in script.calls if isinstance(script, PipelineFile) else ():
            password = [each.value for each in call.arguments][1:2]
            if call.name == "createAccount" and password and isinstance(password[0], str):
                yield f"{call.place.file}:{call.place.line}: createAccount has a password"


def _is_sealed(file: TextFile) -> bool:
    """Is a file encrypted for the cluster, and so meant to be in the repository?"""
    if not file.path.endswith((".yaml", ".yml")) or "SealedSecret" not in file.text:
        return False
    documents = load_all(Text(file.text, Origin(file.path)))
    return not isinstance(documents, SourceError) and all(
        document.root.text("kind") == "SealedSecret" for document in documents if document.root.mapping
    )


def _refers(file: TextFile, key: str, value: str) -> bool:
    """Is a value a reference of its language, or a rule of sudo?"""
    if key.strip().startswith("NOPASSWD"):
        return True
    if file.path.endswith(".tf"):
        return re.fullmatch(r"[a-z_][\w-]*(\.[\w\[\]*-]+)+", value) is not None
    # a keyword argument takes the variable of its own name
    return file.path.endswith((".py", ".groovy")) and value == key.strip(" \t:=")


def _place(file: TextFile, position: int) -> str:
    return f"{file.path}:{file.text.count(chr(10), 0, position) + 1}"
