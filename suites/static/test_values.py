"""The Helm values of the controller and its configuration as code."""

from __future__ import annotations

import re

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none
from conformance.sources.stack import StackFiles

#: tags that move to another image from one day to the next
_FLOATING = re.compile(r"^(latest|lts|alpine|slim|jdk\d+|lts-.*|\d+(\.\d+)?(-(lts|jdk\d+|alpine|slim).*)?)?$")

#: what the root of a JCasC document may hold: the core's own and those of common plugins
_ROOTS = frozenset(
    [
        "jenkins",
        "tool",
        "security",
        "unclassified",
        "credentials",
        "jobs",
        "appearance",
        "groovy",
        "support",
        "configuration-as-code",
        "aws",
        "azure",
        "beakerReport",
        "globalCredentialsConfiguration",
        "kubernetes",
        "masking",
        "metrics",
        "plugins",
        "securityRealm",
        "views",
        "x-jenkins-linter",
    ]
)


@pytest.mark.requirement("STATIC-01")
def test_the_stack_has_the_files_of_the_contract(stack_files: StackFiles) -> None:
    """The stack has the files that the contract names: its folder, the values template and the Terraform
    declaration.
    """
    loaded = stack_files.loaded
    require_none(
        [
            f"{stack_files.shown(path)} is missing"
            for path in (loaded.stack_dir, loaded.values_template, loaded.declaration)
            if not path.exists()
        ],
        "the stack lacks a file that the contract names",
        remedy="put it there, or name the right path in the contract (stack.path, .values, .declaration)",
    )


@pytest.mark.requirement("STATIC-02")
def test_values_are_yaml(stack_files: StackFiles) -> None:
    """The Helm values of the controller are YAML in the keys of the official Jenkins chart, and no key is
    given twice.
    """
    require(
        stack_files.controller,
        "the values have no controller section",
        expected="controller: with image, installPlugins and JCasC",
        remedy="use the keys of the official Jenkins chart",
    )


@pytest.mark.requirement("STATIC-03")
def test_controller_image_is_exact(stack_files: StackFiles) -> None:
    """The controller's image has one exact tag."""
    tag = (stack_files.controller.get("image") or {}).get("tag")
    text = stack_files.resolved(str(tag or ""))
    require(
        "${" in text or not _FLOATING.match(text),
        f"the controller's image tag is {text or 'not set'}: it moves by itself",
        expected="an exact version, such as 2.504.3-jdk17",
        observed=text,
        remedy="set controller.image.tag to one exact version",
    )


@pytest.mark.requirement("STATIC-04")
def test_no_executors_on_the_controller(stack_files: StackFiles) -> None:
    """The values give the controller no executors."""
    said = stack_files.controller.get("numExecutors", 0)
    by_jcasc = stack_files.jcasc("jenkins", "numExecutors")
    require(
        said in (0, None) and all(value == 0 for value in by_jcasc),
        f"the values give the controller {max([said, *by_jcasc], key=lambda value: value or 0)} executors",
        expected="0",
        remedy="set controller.numExecutors: 0: builds run in pods, never beside the controller's secrets",
    )


@pytest.mark.requirement("STATIC-05")
def test_jcasc_is_yaml_with_known_roots(stack_files: StackFiles) -> None:
    """Every JCasC script is YAML with roots that configuration as code knows."""
    require_none(
        [
            f"JCasC script {name} has the unknown root {root!r}"
            for name, script in stack_files.jcasc_scripts.items()
            for root in script
            if root not in _ROOTS
        ]
        + [
            f"JCasC script {name} is empty"
            for name, script in stack_files.jcasc_scripts.items()
            if not script
        ],
        "JCasC is not what the controller understands",
        expected="one or more of " + ", ".join(sorted(_ROOTS)),
        remedy="correct the key: an unknown root keeps the controller from starting",
    )


@pytest.mark.requirement("STATIC-06")
def test_jcasc_configures_nothing_twice(stack_files: StackFiles) -> None:
    """No two JCasC scripts set the same key differently."""
    seen: dict[str, tuple[str, object]] = {}
    findings = []
    for name, script in stack_files.jcasc_scripts.items():
        for path, value in _leaves(script):
            if path in seen and seen[path][1] != value:
                findings.append(f"{path} is in {seen[path][0]} and, differently, in {name}")
            seen.setdefault(path, (name, value))
    require_none(
        findings,
        "two JCasC scripts set the same key",
        remedy="keep it in one of them: a conflict keeps the controller from starting",
    )


def _leaves(value: object, path: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{path}.{key}".lstrip("."))]
    # lists of different scripts are merged, so only plain values can conflict
    return [] if isinstance(value, list) else [(path, value)]


@pytest.mark.requirement("STATIC-07")
def test_credentials_of_the_contract_are_declared(stack_files: StackFiles, contract: Contract) -> None:
    """Every credential of the contract is declared in JCasC."""
    require_none(
        [
            f"credential {name} is declared nowhere"
            for name in contract.jenkins.credentials
            if name not in stack_files.credential_ids
        ],
        "a credential that builds need is not declared",
        expected=", ".join(contract.jenkins.credentials),
        remedy="declare it in a JCasC script under credentials.system.domainCredentials",
    )


@pytest.mark.requirement("STATIC-08")
def test_credentials_are_references(stack_files: StackFiles) -> None:
    """Declared credentials refer to secrets; no value is written out."""
    require_none(
        [
            f"{key} of credential {identifier or '(without id)'} is written out"
            for identifier, key, value in stack_files.credential_values()
            if value and not re.fullmatch(r"\$\$?\{[^}]+\}", value)
        ],
        "a credential's value stands in the values",
        expected="a reference such as ${secret-key}",
        remedy="put the value into a secret and refer to it (controller.additionalExistingSecrets)",
    )


@pytest.mark.requirement("STATIC-09")
def test_administrator_s_password_is_not_written_out(stack_files: StackFiles) -> None:
    """The administrator's password is not written out, and nobody administers without logging in."""
    said = (stack_files.controller.get("admin") or {}).get("password")
    require(
        not said or "${" in str(said),
        "controller.admin.password is written out in the values",
        expected="no password: the chart makes one, or an existing secret has it",
        remedy="remove it; use controller.admin.existingSecret",
    )
    anybody = stack_files.jcasc("jenkins", "authorizationStrategy")
    require(
        not any(
            value == "unsecured" or (isinstance(value, dict) and "unsecured" in value) for value in anybody
        ),
        "JCasC lets anybody do anything (authorizationStrategy: unsecured)",
        remedy="use loggedInUsersCanDoAnything with allowAnonymousRead: false, or a matrix",
    )


@pytest.mark.requirement("STATIC-15")
def test_anonymous_read_is_off(stack_files: StackFiles) -> None:
    """The values do not let anonymous users read the controller."""
    texts = [str(value) for value in stack_files.jcasc("jenkins", "authorizationStrategy")]
    texts.append(str((stack_files.controller.get("JCasC") or {}).get("authorizationStrategy") or ""))
    require(
        not any(re.search(r"allowAnonymousRead['\"]?\s*:\s*[Tt]rue", text) for text in texts),
        "anonymous users may read the controller (allowAnonymousRead: true)",
        expected="allowAnonymousRead: false",
        remedy="set allowAnonymousRead: false",
    )


@pytest.mark.requirement("STATIC-16")
def test_crumbs_are_on(stack_files: StackFiles) -> None:
    """The values leave the crumb issuer on."""
    said = ((stack_files.controller.get("csrf") or {}).get("defaultCrumbIssuer") or {}).get("enabled", True)
    require(
        said is not False,
        "the crumb issuer is switched off (controller.csrf.defaultCrumbIssuer.enabled: false)",
        expected="true",
        remedy="set it to true: without crumbs any web page can make a logged-in user's browser start builds",
    )
