"""Configuration as code by its own rules."""

from __future__ import annotations

import pytest

from conformance.sources import plugin_facts
from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.jcasc import references
from conformance.sources.jcasc.configuration import JcascConfiguration, configuration
from conformance.sources.jcasc.source import CascSource, of_text
from tests.sources.support import text


def casc(
    *written: str, variables: dict[str, str] | None = None, overrides: bool = False
) -> JcascConfiguration:
    sources: list[CascSource] = []
    errors: list[SourceError] = []
    for number, own in enumerate(written):
        found, broken = of_text(f"s{number}", text(own, f"s{number}.yaml"), "values")
        sources += found
        errors += [error for error in broken if isinstance(error, SourceError)]
    return configuration(sources, variables or {}, errors, overrides)


def test_a_scalar_that_two_sources_set_stops_the_start_also_when_equal() -> None:
    found = casc("jenkins: {quietPeriod: 0}\n", "jenkins:\n  quietPeriod: 0\n")
    (conflict,) = found.conflicts
    assert conflict.path == ("jenkins", "quietPeriod")
    assert (str(conflict.first), str(conflict.second)) == ("s0.yaml:1:24", "s1.yaml:2:16")
    assert "ConfiguratorConflictException" in conflict.message
    assert casc("jenkins: {quietPeriod: 0}\n", "jenkins: {quietPeriod: 1}\n", overrides=True).conflicts == ()


def test_objects_merge_and_lists_follow_each_other() -> None:
    first = "jobs: [{script: a}]\njenkins: {systemMessage: x}\n"
    found = casc(first, "jobs: [{script: b}]\njenkins: {quietPeriod: 1}\n")
    assert found.conflicts == ()
    assert [str(seed.script.value) for seed in found.seeds if seed.script] == ["a", "b"]
    assert found.root.plain()["jenkins"] == {"systemMessage": "x", "quietPeriod": 1}


def test_two_descriptions_in_one_place_are_an_error() -> None:
    found = casc(
        "jenkins: {authorizationStrategy: {loggedInUsersCanDoAnything: {allowAnonymousRead: false}}}\n",
        "jenkins:\n  authorizationStrategy:\n    globalMatrix: {entries: []}\n",
    )
    assert [str(error.place) for error in found.errors] == ["s1.yaml:3:5"]
    assert "single entry map expected for jenkins.authorizationStrategy" in found.errors[0].message


def test_keys_given_twice_and_broken_yaml_are_errors() -> None:
    found = casc("jenkins: {}\njenkins: {}\n", "a: [\n", "- x\n")
    assert [error.message.split(";")[0] for error in found.errors][
        -1
    ] == "the key 'jenkins' is given twice in one object"
    assert [str(error.place) for error in found.errors] == ["s1.yaml:2:1", "s2.yaml:1:1", "s0.yaml:2:1"]


@pytest.mark.parametrize(
    ("written", "literal"),
    [
        ("${PASSWORD}", ""),
        ("${PASSWORD:-Tr0ub4dor-seven}", "Tr0ub4dor-seven"),
        ("${A:-${B:-deep}}", "deep"),
        ("^${PASSWORD}", "${PASSWORD}"),
        ("${readFile:/run/secret}", ""),
        ("user-${A}-x", "user--x"),
        ("${unclosed", "${unclosed"),
    ],
)
def test_what_a_value_writes_out(written: str, literal: str) -> None:
    assert references.written_out(written) == literal


def test_references_know_lookups_defaults_and_places() -> None:
    found = references.of_text(text("a ${X:-d}\nb ${readFile:/f:-e} ^${no}\n", "f"))
    assert [(own.name, own.lookup, own.default, str(own.place)) for own in found] == [
        ("X", "", "d", "f:1:3"),
        ("/f", "readFile", "e", "f:2:3"),
    ]


def test_a_seed_gets_its_text_with_references_resolved_and_its_lines_kept() -> None:
    written = (
        "jobs:\n- script: |\n    def a = '${REPO}'\n    job(\"^${name}\")\n    x = '${GONE}'\n"
        "- file: /seed/a.groovy\n"
    )
    script, file = casc(written, variables={"REPO": "https://r"}).seeds
    assert script.script is not None
    assert script.script.value == "def a = 'https://r'\njob(\"${name}\")\nx = '\ue000GONE\ue001'\n"
    assert [str(script.script.origin.place(line)) for line in (1, 2, 3)] == [
        "s0.yaml:3",
        "s0.yaml:4",
        "s0.yaml:5",
    ]
    assert [own.name for own in script.open] == ["GONE"]
    assert file.file == "/seed/a.groovy"


def test_credentials_with_their_secrets() -> None:
    written = (
        "credentials:\n  system:\n    domainCredentials:\n    - credentials:\n"
        "      - usernamePassword: {id: nexus, "
        "username: u, password: '${P:-x}'}\n      - basicSSHUserPrivateKey:\n          id: key\n"
        "          privateKeySource:\n"
        "            directEntry: {privateKey: '${readFile:/k}'}\n      - string: {secret: s}\n"
    )
    found = casc(written).credentials
    assert [(own.id.value, own.type) for own in found[:2]] == [
        ("nexus", "usernamePassword"),
        ("key", "basicSSHUserPrivateKey"),
    ]
    assert isinstance(found[2].id.value, Undecided)
    assert [path for own in found for path, _ in own.secrets] == [
        "password",
        "privateKeySource.directEntry.privateKey",
        "secret",
    ]


@pytest.mark.parametrize(
    ("strategy", "anonymous"),
    [
        ("loggedInUsersCanDoAnything: {allowAnonymousRead: false}", []),
        ("loggedInUsersCanDoAnything: {allowAnonymousRead: true}", ["Overall/Read"]),
        ("loggedInUsersCanDoAnything: {}", ["Overall/Read"]),
        ("unsecured: {}", ["Overall/Administer"]),
        (
            "globalMatrix: {entries: [{group: {name: anonymous, permissions: [Overall/Administer]}}]}",
            ["Overall/Administer"],
        ),
        ("globalMatrix: {permissions: ['Overall/Read:anonymous', 'USER:Job/Read:bob']}", ["Overall/Read"]),
        (
            (
                "roleBased: {roles: {global: [{name: r, permissions: [Job/Read], entries: [{user: "
                "anonymous}]}]}}"
            ),
            ["Job/Read"],
        ),
    ],
)
def test_rights_of_anonymous(strategy: str, anonymous: list[str]) -> None:
    found = casc(f"jenkins: {{authorizationStrategy: {{{strategy}}}}}\n").grants
    assert [own.permission for own in found if own.name == "anonymous"] == anonymous


def test_clouds_nodes_and_libraries() -> None:
    written = (
        "jenkins:\n  clouds:\n  - kubernetes:\n      name: second\n"
        "      defaultsProviderTemplate: base\n      templates:\n"
        "      - {name: base, label: b}\n"
        "      - {name: web, label: 'web node', containers: [{name: jnlp, image: 'a:1'}]}\n"
        "  nodes:\n  - permanent: {name: big, labelString: 'linux big'}\n"
        "unclassified:\n  globalLibraries:\n    libraries:\n    - name: acme\n"
        "      defaultVersion: main\n      retriever:\n"
        "        modernSCM: {scm: {git: {remote: https://r, credentialsId: c}}}\n"
    )
    found = casc(written)
    assert [(own.name, own.labels, own.inherits) for own in found.pod_templates] == [
        ("base", ("b",), ()),
        ("web", ("web", "node"), ("base",)),
    ]
    assert [(own.name, own.labels) for own in found.agents] == [("big", ("linux", "big"))]
    assert [(own.name, own.remote, own.credential) for own in found.libraries] == [("acme", "https://r", "c")]


@pytest.mark.parametrize(
    ("kind", "name", "plugin"),
    [
        ("root", "jobs", "job-dsl"),
        ("root", "jenkins", "configuration-as-code"),
        ("attribute", "unclassified.slackNotifier", "slack"),
        ("attribute", "jenkins.numExecutors", "core"),
        ("attribute", "security.globalJobDslSecurityConfiguration", "job-dsl"),
        ("symbol", "credentials.basicSSHUserPrivateKey", "ssh-credentials"),
        ("symbol", "clouds.kubernetes", "kubernetes"),
        ("symbol", "scm.git", "git"),
        ("symbol", "sshHostKeyVerificationStrategy.noHostKeyVerificationStrategy", "git-client"),
        ("step", "junit", "junit"),
        ("step", "sh", "workflow-durable-task-step"),
        ("step", "container", "kubernetes"),
        ("item", "multibranchPipelineJob", "workflow-multibranch"),
        ("item", "org.jenkinsci.plugins.workflow.job.WorkflowJob", "workflow-job"),
        ("feature", "declarative", "pipeline-model-definition"),
    ],
)
def test_names_and_the_plugins_that_bring_them(kind: str, name: str, plugin: str) -> None:
    assert plugin_facts.plugin_of(kind, name) == plugin


@pytest.mark.parametrize(
    ("kind", "name"), [("root", "views"), ("step", "ourOwn"), ("attribute", "unclassified.ourOwn")]
)
def test_unknown_names_are_undecided(kind: str, name: str) -> None:
    found = plugin_facts.need(kind, name, Place("x"))
    assert isinstance(found.plugin, Undecided)


def test_roots_that_are_none_for_certain() -> None:
    found = casc("views: []\nplugins: {required: {git: '5'}}\nourPlugin: {}\njenkins: {}\n")
    assert [(str(error.place), error.message.split(";")[0]) for error in found.errors] == [
        ("s0.yaml:1:1", "views is no root element"),
        ("s0.yaml:2:1", "plugins is no root element"),
    ]
    assert {"git", "job-dsl"} <= plugin_facts.covered()
    assert "slack" not in plugin_facts.covered()


def test_uses_are_roots_attributes_and_symbols() -> None:
    found = casc("securityRealm: {local: {}}\njenkins: {markupFormatter: {rawHtml: {}}}\n")
    assert [(own.kind, own.name) for own in found.uses] == [
        ("root", "securityRealm"),
        ("attribute", "securityRealm.local"),
        ("root", "jenkins"),
        ("attribute", "jenkins.markupFormatter"),
        ("symbol", "markupFormatter.rawHtml"),
    ]
