"""Pipelines of every usual shape, parsed by Groovy and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.sources.facts import Place, SourceError, Undecided
from conformance.sources.groovy import Call, Entries, FileText, GroovyEngine, Interpolated, text_of

from .conftest import Parse


def undecided(value: object) -> Undecided:
    assert isinstance(value, Undecided), value
    return value


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("pipeline {\n  agent any\n", 3, 1, "expecting '}', found ''"),
        ("node('a') {\n  sh 'x\n}", 2, 8, "expecting ''', found"),
        ("def a = \n", 2, 1, "unexpected token"),
        ("x = $/ never closed", 1, 19, "unexpected char: 'd'"),
        ("pipeline { stages { stage('a' { } } }", 1, 35, "unexpected token: }"),
    ],
)
def test_a_syntax_error_is_the_compiler_s(
    engine: GroovyEngine, repository: Path, text: str, line: int, column: int, words: str
) -> None:
    found = engine.parse_text(repository, "Jenkinsfile", text)
    assert isinstance(found, SourceError)
    assert words in found.message
    assert (found.place.file, found.place.line, found.place.column) == ("Jenkinsfile", line, column)


def test_odd_strings_are_right(parse: Parse) -> None:
    parse("def a = $/ it's \"odd\" $$ /$\ndef b = /a'b\\/c/\ndef c = '''x'\"'''\nsh(a + b + c)")


DECLARATIVE = """@Library(['acme@1.2', 'other']) _

def registry = 'registry.example.org'

pipeline {
    agent {
        kubernetes {
            cloud 'c'
            inheritFrom 'base small'
            defaultContainer 'maven'
            yaml '''
spec: {}
'''
        }
    }
    options { timeout(time: 1, unit: 'HOURS'); disableResume(); keep(logRotator(numToKeepStr: '5')) }
    triggers { cron('H 2 * * *'); pollSCM 'H/5 * * * *' }
    parameters {
        string(name: 'VERSION', defaultValue: '1', description: 'd')
        booleanParam(name: 'DRY', defaultValue: true)
        choice(name: 'SIZE', choices: ['s', 'm'])
    }
    environment {
        TOKEN = credentials('api-token')
        URL = "https://${registry}/v2/${env.BRANCH_NAME}"
    }
    tools { maven 'M3' }
    stages {
        stage('Build') {
            agent { docker { image 'maven:3.9.6'; label 'linux'; registryCredentialsId 'hub' } }
            when { branch 'main' }
            steps {
                container('maven') { sh "mvn -B ${params.GOALS} install" }
                withCredentials([usernamePassword(credentialsId: 'nexus', passwordVariable: 'P')]) {
                    sh '''curl -u "$U:$P" x'''
                }
            }
            post { failure { mail to: 'a@example.org', subject: 'x' } }
        }
        stage('Both') {
            parallel {
                stage('one') { agent { label 'one' }; steps { bat 'dir' } }
                stage('two') { agent { dockerfile { filename 'ci/D' } }; steps { script { load 'c.gy' } } }
            }
        }
        stage('Cells') {
            matrix {
                agent { node { label "os-${OS}"; customWorkspace '/w' } }
                axes { axis { name 'OS'; values 'linux', 'windows' } }
                stages { stage('Cell') { steps { junit 'out/*.xml' } } }
            }
        }
    }
    post { always { deleteDir() } }
}
"""


def test_a_declarative_pipeline(parse: Parse) -> None:
    found = parse(DECLARATIVE)
    assert (found.kind, found.pipeline) == ("declarative", Place("Jenkinsfile", 5, 1))
    assert [(each.kind, each.stages, each.within) for each in found.agents] == [
        ("kubernetes", (), ()),
        ("docker", ("Build",), ()),
        ("label", ("Both", "one"), ("parallel",)),
        ("dockerfile", ("Both", "two"), ("parallel",)),
        ("label", ("Cells",), ("matrix",)),
    ]
    pod = found.agents[0]
    assert pod.settings == Entries(
        (
            ("cloud", "c"),
            ("inheritFrom", "base small"),
            ("defaultContainer", "maven"),
            ("yaml", "\nspec: {}\n"),
        )
    )
    assert pod.place_of("yaml").line == 11
    assert found.agents[1].label == "linux"
    assert found.agents[3].settings.get("filename") == "ci/D"
    assert found.agents[4].label == Interpolated(("os-", ""), ("OS",))
    assert text_of(found.agents[4].label) == "os-${OS}"
    assert [(each.path, each.place.line) for each in found.stages] == [
        (("Build",), 29),
        (("Both",), 40),
        (("Both", "one"), 42),
        (("Both", "two"), 43),
        (("Cells",), 46),
        (("Cells", "Cell"), 50),
    ]


def test_directives_of_a_declarative_pipeline(parse: Parse) -> None:
    found = parse(DECLARATIVE)
    assert [each.name for each in found.options] == ["timeout", "disableResume", "keep"]
    assert found.options[0].named("unit") == "HOURS"
    keep = found.options[2].first()
    assert isinstance(keep, Call)
    assert keep.named("numToKeepStr") == "5"
    assert [(each.name, each.first()) for each in found.triggers] == [
        ("cron", "H 2 * * *"),
        ("pollSCM", "H/5 * * * *"),
    ]
    assert [(each.kind, each.name, each.default, each.choices) for each in found.parameters] == [
        ("string", "VERSION", "1", None),
        ("booleanParam", "DRY", True, None),
        ("choice", "SIZE", None, ("s", "m")),
    ]
    assert [each.name for each in found.environment] == ["TOKEN", "URL"]
    assert found.environment[1].value == Interpolated(
        ("https://registry.example.org/v2/", ""), ("env.BRANCH_NAME",)
    )
    assert [(each.name, each.value) for each in found.tools] == [("maven", "M3")]
    assert [(each.name, each.version) for each in found.libraries] == [("acme", "1.2"), ("other", "")]
    assert [each.name for each in found.conditions] == ["branch"]


def test_uses_of_a_declarative_pipeline(parse: Parse) -> None:
    found = parse(DECLARATIVE)
    steps = [each.name for each in found.steps if not each.nested]
    assert steps == [
        "container",
        "sh",
        "withCredentials",
        "sh",
        "mail",
        "bat",
        "script",
        "load",
        "junit",
        "deleteDir",
    ]
    assert [(each.id, each.by) for each in found.credentials] == [
        ("api-token", "credentials"),
        ("hub", "docker"),
        ("nexus", "usernamePassword"),
    ]
    assert [(each.shell, text_of(each.text)) for each in found.scripts] == [
        ("sh", "mvn -B ${params.GOALS} install"),
        ("sh", 'curl -u "$U:$P" x'),
        ("bat", "dir"),
    ]
    assert found.scripts[1].blocks == ("withCredentials",)
    assert found.scripts[0].stages == ("Build",)
    assert [each.value for each in found.containers] == ["maven"]
    assert [each.value for each in found.loads] == ["c.gy"]
    assert [(each.name, each.by) for each in found.images] == [("maven:3.9.6", "agent")]
    mail = next(each for each in found.calls if each.name == "mail")
    assert (mail.stages, mail.blocks, mail.place.line) == (("Build",), ("post",), 38)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("agent any", "any"),
        ("agent none", "none"),
        ("agent { label 'a' }", "label"),
        ("agent { docker 'x:1' }", "docker"),
        ("agent { dockerfile true }", "dockerfile"),
        ("agent { ecs { image 'x' } }", "ecs"),
    ],
)
def test_kinds_of_agents(parse: Parse, agent: str, kind: str) -> None:
    (found,) = parse(f"pipeline {{ {agent}\nstages {{ stage('a') {{ steps {{ echo 'x' }} }} }} }}").agents
    assert found.kind == kind
    assert (found.settings.get("image") == "x:1") is (kind == "docker")


SCRIPTED = """properties([
    parameters([string(name: 'A', defaultValue: 'b')]),
    pipelineTriggers([cron('H 3 * * *')]),
    disableConcurrentBuilds(),
])
def label = "pod-${UUID.randomUUID()}"
library 'acme@main'
podTemplate(label: label, inheritFrom: 'small', yaml: '''
spec:
  containers: []
'''.stripIndent(), containers: [
    containerTemplate(name: 'broom', image: 'registry.example.org/broom:latest'),
]) {
    node(label) {
        timeout(time: 5) {
            stage('Check') {
                checkout scm
                git url: 'https://git.example.org/a.git', credentialsId: 'git-key'
                if (env.BRANCH_NAME == 'main') { sh 'a' } else { sh 'b' }
            }
        }
        try { docker.image('alpine:3.20').inside { sh 'c' } } finally { junit 'x' }
        docker.withRegistry('https://r.example.org', 'registry-key') { sh "docker push ${label}" }
        sshagent(['deploy-key']) { sh(script: 'd', returnStdout: true).trim() }
        for (name in ['x', 'y']) { build job: "build-${name}", parameters: [string(name: 'A', value: name)] }
        parallel one: { node('small') { sh 'e' } }, two: { sh 'f' }
        dir('lib') { load('../ci/steps.groovy') }
    }
}
"""


def test_a_scripted_pipeline(parse: Parse) -> None:
    found = parse(SCRIPTED)
    assert (found.kind, found.pipeline) == ("scripted", None)
    template, node, small = found.agents
    assert (template.kind, template.settings.get("inheritFrom")) == ("podTemplate", "small")
    assert template.settings.get("yaml") == "\nspec:\n  containers: []\n"
    assert [each.first("image") for each in template.containers] == ["registry.example.org/broom:latest"]
    assert text_of(node.label) == "pod-${UUID.randomUUID()}"
    assert small.label == "small"
    assert [each.name for each in found.options] == ["disableConcurrentBuilds"]
    assert [(each.name, each.first()) for each in found.triggers] == [("cron", "H 3 * * *")]
    assert [(each.name, each.default) for each in found.parameters] == [("A", "b")]
    assert [(each.name, each.version, each.place.line) for each in found.libraries] == [("acme", "main", 7)]
    assert [(each.id, each.by) for each in found.credentials] == [
        ("git-key", "git"),
        ("registry-key", "withRegistry"),
        ("deploy-key", "sshagent"),
    ]
    assert [(each.name, each.by) for each in found.images] == [
        ("registry.example.org/broom:latest", "containerTemplate"),
        ("alpine:3.20", "docker.image"),
    ]
    assert [text_of(each.text) for each in found.scripts] == [
        "a",
        "b",
        "c",
        "docker push pod-${UUID.randomUUID()}",
        "d",
        "e",
        "f",
    ]
    assert found.scripts[0].blocks == ("podTemplate", "node", "timeout", "stage")
    assert [each.value for each in found.loads] == ["ci/steps.groovy"]
    job = next(each for each in found.calls if each.name == "build").named("job")
    assert job == Interpolated(("build-", ""), ("name",))


def test_a_pod_in_a_file_with_placeholders(parse: Parse) -> None:
    found = parse(
        "def folder = new File('/var/secrets')\ndef host = new File(folder, 'host').text.trim()\n"
        "String text = ''\n"
        "node('a') { text = readFile('pods/a.yaml').replace('@HOST@', host).replace('@TAG@', '1.2') }\n"
        "pipeline { agent { kubernetes { yaml text } }\nstages { stage('a') { steps { echo 'x' } } } }"
    )
    assert found.agents[1].settings.get("yaml") == FileText(
        "readFile", "pods/a.yaml", (("@HOST@", FileText("new File", "/var/secrets/host")), ("@TAG@", "1.2"))
    )


def test_containers_of_a_declarative_pod(parse: Parse) -> None:
    (agent,) = parse(
        "pipeline { agent { kubernetes {\n containerTemplate {\n name 'a'; image 'x:1' }\n"
        " yamlFile 'pod.yaml'; yamlMergeStrategy merge() } }\nstages { stage('a') { steps { sh 'x' } } } }"
    ).agents
    (container,) = agent.containers
    assert (container.named("name"), container.named("image")) == ("a", "x:1")
    assert agent.settings.get("yamlFile") == "pod.yaml"


def test_what_the_text_does_not_determine(parse: Parse) -> None:
    found = parse(
        "def a = 'x'\na = 'y'\ndef f(String b) { sh b }\n"
        "node(params.WHERE) { sh a; sh env.COMMAND; sh choose(); f('z') }"
    )
    assert undecided(found.agents[0].label).decided_by == "params.WHERE"
    texts = [each.text for each in found.scripts]
    assert undecided(texts[0]).decided_by == "a"
    assert undecided(texts[1]).decided_by == "env.COMMAND"
    assert isinstance(texts[2], Call)
    assert undecided(texts[3]).decided_by == "b"
    assert [each.name for each in found.calls if each.local] == ["f"]
    assert (found.functions[0].name, found.functions[0].parameters) == ("f", ("b",))


def test_constants_are_followed(parse: Parse) -> None:
    found = parse(
        "final String HOST = 'r.example.org'\ndef IMAGE = HOST + '/tools:' + 1.2\n"
        "def settings = [label: 'java']\n"
        'node(settings.label) { docker.image(IMAGE).inside { } ; docker.image("${HOST}/b:1").pull() }'
    )
    assert [each.name for each in found.images] == ["r.example.org/tools:1.2", "r.example.org/b:1"]
    assert found.agents[0].label == "java"


def test_a_library_s_step(parse: Parse) -> None:
    found = parse(
        "import org.acme.Registry\n/** doc */\ndef call(Map settings = [:]) {\n  pipeline {\n"
        "    agent { label settings.label }\n"
        "    stages { stage('a') { steps { withVault(vaultSecrets: [[credentialsId: 'v']]) { sh 'x' } } } }\n"
        "  }\n}\n"
    )
    assert (found.kind, found.pipeline) == ("library", Place("Jenkinsfile", 4, 3))
    assert [(each.name, each.parameters) for each in found.functions] == [("call", ("settings",))]
    assert found.imports == ("org.acme.Registry",)
    assert [each.id for each in found.credentials] == ["v"]
    assert undecided(found.agents[0].label).reason == "it is the value of `settings.label`"


def test_a_class_of_a_library(parse: Parse) -> None:
    found = parse(
        "package org.acme\nclass Registry implements Serializable {\n  def steps\n"
        "  void push() { steps.sh 'x' }\n}"
    )
    assert (found.kind, found.classes) == ("library", ("org.acme.Registry",))
    assert [(each.owner, each.name) for each in found.calls] == [("steps", "sh")]


def test_prose_and_comments_are_no_calls(parse: Parse) -> None:
    found = parse(
        "// sh 'docker run x'\n/* image 'a:latest' */\nnode { sh 'echo move image tags to the next build' }"
    )
    assert [each.name for each in found.calls] == ["node", "sh"]
    assert found.images == ()


def test_places_of_a_text_inside_another_file(engine: GroovyEngine, repository: Path) -> None:
    found = engine.parse_text(repository, "values.yaml", "\nnode { sh 'x' }", line=10)
    assert not isinstance(found, SourceError)
    assert str(found.scripts[0].place) == "values.yaml:11:8"
    broken = engine.parse_text(repository, "values.yaml", "\nnode {", line=10)
    assert isinstance(broken, SourceError)
    assert broken.place.line == 11
