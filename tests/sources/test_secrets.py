"""Secrets that are written out, and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.sources.secrets import find, is_literal, is_secret_name, of_text
from tests.sources.support import DATA, model, text


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("key = AKIAQYLPMN5HHHFPZAM2", "AWS Access Key"),
        ("token: ghp_" + "a1B2" * 9, "GitHub Token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "Private Key"),
        ("url: https://user:h4rdc0ded@git.example.org/x", "Basic Auth Credentials"),
    ],
)
def test_shapes(line: str, kind: str) -> None:
    (found,) = of_text(text(f"a\n{line}\n"), keywords=False)
    assert (found.kind, str(found.place)) == (kind, "file:2")


@pytest.mark.parametrize(
    "line",
    [
        "key = AKIAIOSFODNN7EXAMPLE",
        "usernamePassword(passwordVariable: 'NEXUS_PASSWORD')",
        "url: https://${user}:${password}@git.example.org/x",
        "nexus.security.randompassword=false",
        "// password: 'hunter22'",
    ],
)
def test_references_and_examples_are_none(line: str) -> None:
    assert list(of_text(text(line), keywords=True)) == []


def test_keywords_in_scripts() -> None:
    (found,) = of_text(text("def password = 'hunter22x'\n", "a.groovy"), keywords=True)
    assert (found.kind, str(found.place)) == ("password written out", "a.groovy:1")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("adminPassword", True),
        ("nexus_password", True),
        ("api-key", True),
        ("clientSecret", True),
        ("passwordKey", False),
        ("secretName", False),
        ("existingSecret", False),
        ("accessKeyId", False),
    ],
)
def test_names_that_say_their_value_is_secret(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("hunter2", True),
        ("${X}", False),
        ("${X:-hunter2}", True),
        ("changeit", False),
        ("***", False),
        ("DB_PASSWORD", False),
    ],
)
def test_values_that_are_written_out(value: str, literal: bool) -> None:
    assert is_literal(value) is literal


@pytest.mark.parametrize("name", ["cloudops", "multibranch", "layered", "argocd"])
def test_sound_repositories_have_none(name: str) -> None:
    from conformance.sources.model import load_model

    assert find(load_model(DATA / name)) == ()


def test_secrets_of_structured_files_never_show_their_value(tmp_path: Path) -> None:
    found = find(
        model(
            tmp_path,
            {
                "variables.tf": 'variable "nexus_password" {\n  default = "Heron-Ladder-88"\n}\n'
                'variable "pin" {\n  sensitive = true\n  default = "4711-0815"\n}\n',
                "secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n"
                "  anything: Granite-Canoe\n",
                "sealed.yaml": "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n"
                "  encryptedData:\n    password: AgBjX\n",
                "values.yaml": "controller:\n  numExecutors: 0\n  admin: {password: Sturdy-Otter-5}\n"
                "  containerEnv: [{name: DB_PASSWORD, value: Quiet-Maple-7}]\n",
                "README.md": "password: hunter22\n",
            },
        )
    )
    assert [str(own.place) for own in found] == [
        "secret.yaml:5:13",
        "values.yaml:3:21",
        "values.yaml:4:45",
        "variables.tf:2:13",
        "variables.tf:6:13",
    ]
    assert not any(word in repr(found) for word in ("Heron", "Granite", "Sturdy", "Quiet", "4711"))
