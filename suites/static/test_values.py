"""The Helm values of the controller and its configuration as code."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none
from conformance.sources import images
from conformance.sources.facts import Fact, Undecided
from conformance.sources.jcasc.references import written_out
from conformance.sources.model import missing
from conformance.sources.plugin_facts import plugin_of
from conformance.sources.pods.read import boolean, number
from conformance.sources.stack import StackFiles
from conformance.sources.texts import is_open, shown
from suites.static.findings import Findings

#: tags that move to another image from one day to the next
_FLOATING = re.compile(
    r"^(latest.*|lts|alpine|slim|jdk\d+|lts-.*|\d+(\.\d+)?(-(lts|jdk\d+|alpine|slim).*)?)?$"
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
            for path in (loaded.stack_dir, *loaded.values_files, loaded.declaration)
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
        stack_files.controller.mapping,
        "the values have no controller section",
        expected="controller: with image, installPlugins and JCasC",
        remedy="use the keys of the official Jenkins chart",
    )


@pytest.mark.requirement("STATIC-03")
def test_controller_image_is_exact(stack_files: StackFiles) -> None:
    """The controller's image has one exact tag."""
    release = stack_files.release
    require_none(
        [
            f"{error.place}: {error.message}"
            for error in release.errors
            if "controller.image" in error.message
        ],
        "the controller's image is not what the chart takes",
        expected="controller.image with registry, repository and tag",
        remedy="write the image in the keys of the chart's version",
    )
    findings = Findings()
    parsed = images.parse(findings.known(release.image) or "${unknown}")
    require(
        # a tag that the environment fills in shows when it runs
        parsed.digest or parsed.placeholder or not _FLOATING.match(parsed.tag),
        f"the controller's image tag is {shown(parsed.tag) or 'not set'}: it moves by itself",
        expected="an exact version, such as 2.504.3-jdk17",
        observed=f"{shown(parsed.text)} ({release.image.place})",
        remedy="set controller.image.tag to one exact version",
    )
    findings.conclude("the controller's image is not known")


@pytest.mark.requirement("STATIC-04")
def test_no_executors_on_the_controller(stack_files: StackFiles) -> None:
    """The values give the controller no executors."""
    findings = Findings()
    counts = [each for each in (stack_files.release.executors, *_executors(stack_files)) if each is not None]
    given = {each.place: count for each in counts if (count := findings.known(each))}
    require(
        not given,
        f"the values give the controller {max(given.values(), default=0)} executors",
        expected="0",
        observed=", ".join(f"{count} ({place})" for place, count in given.items()),
        remedy="set controller.numExecutors: 0: builds run in pods, never beside the controller's secrets",
    )
    findings.conclude("the count of executors is not known")


def _executors(stack_files: StackFiles) -> Iterator[Fact[int] | None]:
    for source in stack_files.jcasc.sources:
        yield number(source.root.at("jenkins", "numExecutors"))


@pytest.mark.requirement("STATIC-05")
def test_jcasc_is_yaml_with_known_roots(stack_files: StackFiles) -> None:
    """Every JCasC script is YAML with roots that configuration as code knows."""
    findings = [
        f"JCasC script {name} has the unknown root {root!r} ({node.key_place(root)})"
        for name, node in stack_files.jcasc_nodes.items()
        for root in node.mapping
        if isinstance(plugin_of("root", root), Undecided)
    ]
    findings += [
        f"JCasC script {name} is empty" for name, node in stack_files.jcasc_nodes.items() if not node.mapping
    ]
    findings += [f"{error.message} ({error.place})" for error in stack_files.jcasc.errors]
    require_none(
        findings,
        "JCasC is not what the controller understands",
        expected="roots such as jenkins, security, unclassified, credentials, tool, jobs",
        remedy="correct the key: an unknown root keeps the controller from starting",
    )
    pinned = {pin.name for pin in stack_files.pins}
    needs = [need for need in stack_files.model.needs if need.kind in ("root", "attribute", "symbol")]
    require_none(
        dict.fromkeys(
            f"{need.place}: {need.name} needs the plugin {need.plugin}"
            for need in missing(needs, pinned)
            # configuration without any pin is the finding of STATIC-10
            if pinned
        ),
        "JCasC configures a plugin that is not pinned",
        remedy="pin the plugin, or remove the key: an unknown key keeps the controller from starting",
    )


@pytest.mark.requirement("STATIC-06")
def test_jcasc_configures_nothing_twice(stack_files: StackFiles) -> None:
    """No two JCasC scripts set the same key differently."""
    require_none(
        [
            f"{'.'.join(conflict.path)} is in {conflict.first} and in {conflict.second}"
            for conflict in stack_files.jcasc.conflicts
        ],
        "two JCasC scripts set the same key",
        remedy="keep it in one of them: equal values keep the controller from starting too",
    )


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
            f"{key} of credential {shown(str(credential.id.value))} is written out ({node.place})"
            for credential in stack_files.jcasc.credentials
            for key, node in credential.secrets
            # a name that Terraform fills in is a reference too
            if isinstance(node.value, str) and _literal(node.value)
        ],
        "a credential's value stands in the values",
        expected="a reference such as ${secret-key}",
        remedy="put the value into a secret and refer to it (controller.additionalExistingSecrets)",
    )


def _literal(value: str) -> str:
    text = written_out(value)
    return "" if is_open(text) else text.strip()


@pytest.mark.requirement("STATIC-09")
def test_administrator_s_password_is_not_written_out(stack_files: StackFiles) -> None:
    """The administrator's password is not written out, and nobody administers without logging in."""
    password = stack_files.release.admin.password
    require(
        password is None or not isinstance(password.value, str) or not _literal(password.value),
        "controller.admin.password is written out in the values",
        expected="no password: the chart makes one, or an existing secret has it",
        observed=password.place if password is not None else "",
        remedy="remove it; use controller.admin.existingSecret",
    )
    require_none(
        [
            f"{grant.permission} ({grant.place})"
            for grant in stack_files.jcasc.grants
            if grant.name == "anonymous" and grant.permission.endswith("Overall/Administer")
        ],
        "JCasC lets anybody do anything (authorizationStrategy: unsecured)",
        remedy="use loggedInUsersCanDoAnything with allowAnonymousRead: false, or a matrix",
    )


@pytest.mark.requirement("STATIC-15")
def test_anonymous_read_is_off(stack_files: StackFiles) -> None:
    """The values do not let anonymous users read the controller."""
    require_none(
        [
            f"{grant.permission} ({grant.place})"
            for grant in stack_files.jcasc.grants
            if grant.name == "anonymous" and not grant.permission.endswith("Overall/Administer")
        ],
        "anonymous users may read the controller (allowAnonymousRead: true)",
        expected="allowAnonymousRead: false",
        remedy="set allowAnonymousRead: false",
    )


@pytest.mark.requirement("STATIC-16")
def test_crumbs_are_on(stack_files: StackFiles) -> None:
    """The values leave the crumb issuer on."""
    enabled = boolean(stack_files.controller.at("csrf", "defaultCrumbIssuer", "enabled"))
    require(
        enabled is None or enabled.value is not False,
        "the crumb issuer is switched off (controller.csrf.defaultCrumbIssuer.enabled: false)",
        expected="true",
        observed=enabled.place if enabled is not None else "",
        remedy="set it to true: without crumbs any web page can make a logged-in user's browser start builds",
    )
