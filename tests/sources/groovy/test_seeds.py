"""Seeds of every usual shape: what they make, what stays open, what is refused in Job DSL's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.sources.facts import Fact, Undecided
from conformance.sources.groovy import BranchSource, GroovyEngine, Item, SeedScript

from .conftest import Run


def at(item: Item | BranchSource, *path: str) -> object:
    """The text of the element at `path`."""
    found = (item.root if isinstance(item, Item) else item.settings).value(*path)
    assert found is not None
    return found.value


def undecided_by(fact: Fact[str] | None) -> str:
    assert fact is not None
    assert isinstance(fact.value, Undecided)
    return fact.value.decided_by


def one(run: Run, text: str, **inputs: str) -> Item:
    seeds = run(text, **inputs)
    assert (seeds.errors, seeds.undecided) == ((), ())
    return seeds.items[-1]


def test_every_type_of_item(run: Run) -> None:
    kinds = [
        "folder",
        "pipelineJob",
        "freeStyleJob",
        "matrixJob",
        "mavenJob",
        "multibranchPipelineJob",
        "organizationFolder",
    ]
    seeds = run("".join(f"{kind}('{kind}')\n" for kind in kinds) + "job('plain') { }\n")
    assert [item.full_name for item in seeds.items] == [*kinds, "plain"]
    assert [item.kind for item in seeds.items] == [*kinds, "freeStyleJob"]
    assert [item.place.line for item in seeds.items] == list(range(1, 9))
    assert seeds.items[3].type == "hudson.matrix.MatrixProject"


def test_a_freestyle_job(run: Run) -> None:
    item = one(
        run,
        """job('a') {
            label('linux && x86')
            disabled()
            concurrentBuild()
            parameters { booleanParam('DRY', true); choiceParam('SIZE', ['s', 'm'], 'Size') }
            scm { git('https://git.example.org/a.git', 'main') }
            triggers { cron('H 1 * * *'); scm('H/5 * * * *'); upstream('b, c', 'FAILURE') }
            steps { shell('make'); shell readFileFromWorkspace('jobs/a.txt') }
            publishers { archiveArtifacts('*.zip') }
            wrappers { timestamps() }
        }""",
    )
    assert item.label is not None
    assert item.label.value == "linux && x86"
    assert (item.disabled.value, item.concurrent.value) == (True, True)
    assert item.scm is not None
    assert [each.value for each in item.scm.urls + item.scm.branches] == [
        "https://git.example.org/a.git",
        "main",
    ]
    assert [(each.kind, each.spec.value) for each in item.triggers] == [
        ("cron", "H 1 * * *"),
        ("scm", "H/5 * * * *"),
        ("upstream", "b, c"),
    ]
    assert [each.value for each in item.steps] == ["make", "text of a"]
    assert [(each.name.value, each.kind) for each in item.parameters] == [
        ("DRY", "boolean"),
        ("SIZE", "choice"),
    ]
    assert item.triggers[0].spec.place.line == 7
    assert "archiveArtifacts" in item.xml
    assert [str(each.value).split("(")[0].split()[-1] for each in item.doubts] == [
        "archiveArtifacts",
        "timestamps",
    ]


def test_an_inline_pipeline(run: Run) -> None:
    item = one(run, "pipelineJob('a') { definition { cps { script('node { }'); sandbox(false) } } }")
    assert item.script is not None
    assert item.script.value == "node { }"
    assert item.script_path is None
    assert at(item, "definition", "sandbox") == "false"


def test_loops_maps_closures_and_methods(run: Run) -> None:
    seeds = run(
        """def make(String name, Map options = [:]) {
            pipelineJob("group/${name}") {
                description options.text ?: 'none'
                logRotator(-1, options.keep ?: 5)
                definition { cpsScm {
                    scm { git { remote { url('u'); credentials('c') }; branches('main', 'dev') } }
                    scriptPath("${name}/Jenkinsfile")
                } }
            }
        }
        folder('group')
        for (name in ['one', 'two']) { make(name) }
        ['three': [text: 'third', keep: 9]].each { key, value -> make(key, value) }
        (4..5).collect { "number$it" }.each this.&make
        """
    )
    assert seeds.errors == ()
    names = [item.full_name for item in seeds.items]
    assert names == ["group", "group/one", "group/two", "group/three", "group/number4", "group/number5"]
    three = seeds.items[3]
    assert three.description is not None
    assert three.description.value == "third"
    assert dict(three.discarder)["numToKeep"].value == "9"
    assert three.scm is not None
    assert [each.value for each in three.scm.branches] == ["main", "dev"]
    assert three.script_path is not None
    assert three.script_path.value == "three/Jenkinsfile"


def test_strings_of_all_kinds(run: Run) -> None:
    item = one(
        run,
        "def a = 'x'\njob('a') { steps { shell($/ it's \"${a}\" and $$HOME /$); shell(/a\\d${a}/); "
        "shell('''three\n'quotes' ''' + \"\"\"and \"${a}\" \"\"\") } }",
    )
    assert [each.value for each in item.steps] == [
        ' it\'s "x" and $HOME ',
        "a\\dx",
        "three\n'quotes' and \"x\" ",
    ]


def test_files_of_the_repository(run: Run) -> None:
    seeds = run(
        """import org.yaml.snakeyaml.Yaml
        import groovy.json.JsonSlurper
        new Yaml().load(readFileFromWorkspace('jobs/b.yaml')).names.each { folder(it) }
        new JsonSlurper().parseText('{"a": ["three"]}').a.each { folder(it) }
        new File("${WORKSPACE}/jobs").eachFile { folder('file-' + it.name.replace('.', '-')) }
        acme.Names.all().each { folder(it) }
        if (new File('jobs/none.txt').exists()) { folder('never') }
        """
    )
    assert seeds.errors == ()
    assert [item.full_name for item in seeds.items] == [
        "one",
        "two",
        "three",
        "file-a-txt",
        "file-b-yaml",
        "x",
        "y",
    ]


def test_environment_and_variables_of_the_build(run: Run) -> None:
    text = "folder(SEED_JOB + '-a') { description(System.getenv('REGION') + System.getenv().ZONE + DOMAIN) }"
    item = one(run, text, SEED_JOB="seed", REGION="eu", ZONE="1", DOMAIN="d")
    assert item.full_name == "seed-a"
    assert item.description is not None
    assert item.description.value == "eu1d"
    open_item = one(run, text, SEED_JOB="seed", REGION="eu")
    assert open_item.description is not None
    assert undecided_by(open_item.description) == "ZONE"
    assert "eu«ZONE»«DOMAIN»" in open_item.xml


def test_a_name_with_an_unknown_part(run: Run) -> None:
    seeds = run("pipelineJob(\"build-${new File('/var/jenkins_secrets/name').text.trim().toLowerCase()}\")")
    (item,) = seeds.items
    assert item.full_name == "build-«/var/jenkins_secrets/name»"
    assert undecided_by(item.name) == "/var/jenkins_secrets/name"
    assert seeds.missing_inputs == {"/var/jenkins_secrets/name"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("folder('a'\n", 1, "unexpected token: a"),
        (
            "folder('a')\n\nfolde('b')",
            3,
            "No signature of method: script.folde() is applicable for argument types",
        ),
        (
            "pipelineJob('a') {\n definition {\n  cpsScm {\n   scm { git { remotes { } } } } } }",
            4,
            "No signature of method: javaposse.jobdsl.dsl.helpers.scm.GitContext.remotes() is applicable",
        ),
        (
            "pipelineJob('a') { steps { } }",
            1,
            "No signature of method: javaposse.jobdsl.dsl.jobs.WorkflowJob.steps()",
        ),
        (
            "job('a') {\n disabled('yes') }",
            2,
            "FreeStyleJob.disabled() is applicable for argument types: (java.lang.String) values: [yes]",
        ),
        (
            "pipelineJob('a') {\n\n parameters { choiceParam('b', []) } }",
            3,
            "at least one option must be specified",
        ),
        ("pipelineJob('')", 1, "name must be specified"),
        ("folder(unknown)", 1, "No such property: unknown for class: script"),
        ("throw new IllegalStateException('why')", 1, "java.lang.IllegalStateException: why"),
        ("assert 1 == 2", 1, "Assertion"),
        ("folder('a')\npipelineJob('a')", 2, 'Type of item "a" does not match existing type'),
    ],
)
def test_mistakes_in_the_words_of_job_dsl(run: Run, text: str, line: int, message: str) -> None:
    (error,) = run(text).errors
    assert message in error.message
    assert error.place.line == line


def test_a_symbol_of_an_unknown_plugin_is_a_doubt(run: Run) -> None:
    item = one(run, "job('a') {\n steps {\n  acmeDeploy {\n   target('x') }\n }\n}")
    (doubt,) = item.doubts
    assert doubt.value == "no plugin that is known has the method acmeDeploy()"
    assert doubt.place.line == 3
    assert at(item, "builders", "acmeDeploy", "target") == "x"


def test_functions_of_the_script_inside_blocks(run: Run) -> None:
    item = one(
        run,
        "def common(context) { context.with { shell('a'); shell('b') } }\n"
        "def closure = { shell('c') }\n"
        "job('a') { steps { common(delegate); closure.delegate = delegate; closure() } }",
    )
    assert [each.value for each in item.steps] == ["a", "b", "c"]
    assert item.doubts == ()


def test_what_a_seed_changes_of_classes_ends_with_it(engine: GroovyEngine, repository: Path) -> None:
    scripts = [
        SeedScript("a", "String.metaClass.trim = { 'changed' }; folder(' a '.trim())"),
        SeedScript("b", "folder(' b '.trim())"),
    ]
    seeds = engine.evaluate_seeds(repository, scripts, {})
    assert [item.full_name for item in seeds.items] == ["changed", "b"]


def test_credentials_of_an_item(run: Run) -> None:
    item = one(
        run,
        """job('a') {
            scm { git { remote { url('u'); credentials('key') } } }
            wrappers { credentialsBinding { usernamePassword('U', 'P', 'nexus'); string('T', 'token') } }
        }""",
    )
    assert [each.value for each in item.credentials] == ["key", "nexus", "token"]


def test_configure_blocks_change_the_document(run: Run) -> None:
    item = one(
        run,
        """pipelineJob('a') {
            configure { project ->
                project / 'properties' << 'org.acme.Property'(plugin: 'acme') { level(3) }
                project / quietPeriod(7)
                (project / 'definition').@class = 'other'
                project.appendNode('extra', 'text')
            }
        }""",
    )
    assert [place.line for place in item.configured] == [2]
    assert at(item, "properties", "org.acme.Property", "level") == "3"
    assert at(item, "quietPeriod") == "7"
    assert at(item, "extra") == "text"


def test_properties_of_pipelines(run: Run) -> None:
    item = one(
        run,
        """pipelineJob('a') { properties {
            disableConcurrentBuilds { abortPrevious(true) }
            buildDiscarder { strategy { logRotator {
                numToKeepStr('7'); daysToKeepStr(''); artifactDaysToKeepStr(''); artifactNumToKeepStr('')
            } } }
            pipelineTriggers { triggers {
                pollSCM { scmpoll_spec('H/2 * * * *') }
                cron { spec('H 2 * * *') }
            } }
        } }""",
    )
    assert item.concurrent.value is False
    assert dict(item.discarder)["numToKeep"].value == "7"
    assert [(each.kind, each.spec.value) for each in item.triggers] == [
        ("scm", "H/2 * * * *"),
        ("cron", "H 2 * * *"),
    ]
    assert item.doubts == ()


def test_sources_of_multibranch_projects(run: Run) -> None:
    item = one(
        run,
        """multibranchPipelineJob('a') {
            branchSources { branchSource { source { git {
                id('x'); remote('https://git.example.org/a.git'); credentialsId('key')
                traits { gitBranchDiscovery(); headWildcardFilter { includes('main'); excludes('') } }
            } } } }
            factory { workflowBranchProjectFactory { scriptPath('ci/Jenkinsfile') } }
            orphanedItemStrategy { discardOldItems { daysToKeep(3) } }
            triggers { periodicFolderTrigger { interval('1d') } }
        }""",
    )
    (source,) = item.sources
    assert source.kind == "jenkins.plugins.git.GitSCMSource"
    assert source.remote is not None
    assert source.remote.value == "https://git.example.org/a.git"
    assert at(source, "traits", "headWildcardFilter", "includes") == "main"
    assert item.script_path is not None
    assert item.script_path.value == "ci/Jenkinsfile"
    assert [(each.kind, each.spec.value) for each in item.triggers] == [("periodic", "1d")]


def test_queue_views_and_output(run: Run) -> None:
    seeds = run(
        "def a = job('a'); queue('b'); queue(a); println 'made'; out.println 'more'\n"
        "listView('v') { description('d'); recurse(); jobs { name('a'); names('b', 'c'); regex('x.*') } }"
    )
    assert [each.value for each in seeds.queued] == ["b", "a"]
    (view,) = seeds.views
    assert [each.value for each in view.jobs] == ["a", "b", "c"]
    assert view.regex is not None
    assert view.regex.value == "x.*"


def test_a_text_inside_another_file_keeps_that_file_s_lines(engine: GroovyEngine, repository: Path) -> None:
    script = SeedScript("casc.yaml", "// first\nfolder('a') {\n  description('x')\n}\nnone()", line=40)
    seeds = engine.evaluate_seeds(repository, [script], {})
    (item,) = seeds.items
    assert str(item.place) == "casc.yaml:41"
    assert item.description is not None
    assert str(item.description.place) == "casc.yaml:42"
    assert str(seeds.errors[0].place) == "casc.yaml:44"


def test_an_item_that_two_seeds_make(engine: GroovyEngine, repository: Path) -> None:
    scripts = [SeedScript("a.groovy", "\nfolder('x')"), SeedScript("b.groovy", "folder('x'); job('y')")]
    seeds = engine.evaluate_seeds(repository, [*scripts, SeedScript("c.groovy", "pipelineJob('y')")], {})
    assert str(seeds.items[1].replaces) == "a.groovy:2"
    (error,) = seeds.errors
    assert (error.place.file, 'Type of item "y"' in error.message) == ("c.groovy", True)


def test_classes_of_a_library_know_the_language_by_its_types(run: Run) -> None:
    seeds = run(
        """import javaposse.jobdsl.dsl.DslFactory
        import javaposse.jobdsl.dsl.Job
        import javaposse.jobdsl.dsl.helpers.ScmContext
        import javaposse.jobdsl.dsl.jobs.FreeStyleJob
        import javaposse.jobdsl.dsl.jobs.WorkflowJob

        class Maker {
            DslFactory factory
            Job base(Job job) { job.with { description('base') }; job }
            FreeStyleJob plain(String name) {
                (FreeStyleJob) base(factory.job(name) { scm { Maker.checkout(delegate) } })
            }
            static void checkout(ScmContext context) { context.git('https://git.example.org/a.git') }
        }
        def job = new Maker(factory: this).plain('a')
        assert job.name == 'a'
        WorkflowJob other = (this as DslFactory).pipelineJob('b')
        folder('c') { freeStyleJob('c/d') { } }
        """
    )
    assert seeds.errors == ()
    assert [item.full_name for item in seeds.items] == ["a", "b", "c", "c/d"]
    assert seeds.items[0].scm is not None
    assert [each.value for each in seeds.items[0].scm.urls] == ["https://git.example.org/a.git"]


def test_a_configuration_in_groovy(run: Run) -> None:
    item = one(
        run,
        """def slurper = new ConfigSlurper()
        slurper.classLoader = this.class.classLoader
        def config = slurper.parse("jobs { name = 'a'; keep = 3 }")
        job(config.jobs.name) { logRotator { numToKeep(config.jobs.keep) } }
        """,
    )
    assert (item.full_name, dict(item.discarder)["numToKeep"].value) == ("a", "3")


def test_variables_of_the_step_that_runs_the_seed(engine: GroovyEngine, repository: Path) -> None:
    script = SeedScript("seed.groovy", "folder(domain)", variables=("domain",))
    assert undecided_by(engine.evaluate_seeds(repository, [script], {}).items[0].name) == "domain"
    assert engine.evaluate_seeds(repository, [script], {"domain": "x"}).items[0].full_name == "x"
