"""Decisions of seeds on values that no source has: the result names the input that would decide."""

from __future__ import annotations

import pytest

from .conftest import Run


@pytest.mark.parametrize(
    "decision",
    [
        "if (secret == 'a') { folder('x') }",
        "if (secret) { folder('x') }",
        "if (!secret) { folder('x') }",
        "def x = secret ?: 'b'",
        "def x = secret ? 1 : 2",
        "if (true && secret) { folder('x') }",
        "while (secret) { break }",
        "for (part in secret) { folder(part) }",
        "secret.split(',').each { folder(it) }",
        "secret.tokenize(' ').each { folder(it) }",
        "secret.readLines().each { folder(it) }",
        "switch (secret) { case 'a': folder('x') }",
        "if (secret in ['a']) { folder('x') }",
        "if (['a'].contains(secret)) { folder('x') }",
        "if ([a: 1].containsKey(secret)) { folder('x') }",
        "folder([a: 'x'][secret])",
        "if (secret ==~ /a.*/) { folder('x') }",
        "if (secret.startsWith('a')) { folder('x') }",
        "if (\"x-${secret}\".toString() != 'x-a') { folder('x') }",
        '(1..secret.toInteger()).each { folder("$it") }',
        "if (secret.length() > 3) { folder('x') }",
        "new groovy.json.JsonSlurper().parseText(secret).each { folder(it) }",
        "assert secret",
        "['a', secret].unique().each { folder(it) }",
    ],
)
def test_a_decision_on_an_unknown_value(run: Run, decision: str) -> None:
    seeds = run(
        f"folder('before')\ndef secret = new File('/var/s/key').text.trim()\n{decision}\nfolder('after')"
    )
    assert seeds.errors == ()
    assert [item.full_name for item in seeds.items] == ["before"]
    (undecided,) = seeds.undecided
    assert undecided.place.line == 3
    assert undecided.value is not None
    assert undecided.value.decided_by == "/var/s/key"
    known = run(
        f"folder('before')\ndef secret = new File('/var/s/key').text.trim()\n{decision}\nfolder('after')",
        **{"/var/s/key": "[1]" if "Json" in decision else "3"},
    )
    assert known.undecided == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("if (new File('/etc/feature').exists()) { folder('x') }", "/etc/feature"),
        ("new File('/etc/jobs').eachFile { folder(it.name) }", "/etc/jobs"),
        ("if (binding.hasVariable('FLAG')) { folder('x') }", "FLAG"),
        ("if (System.getenv('STAGE') == 'prod') { folder('x') }", "STAGE"),
        ("import jenkins.model.Jenkins\nfolder(Jenkins.instance.rootUrl)", ""),
        ("folder(jenkins.model.Jenkins.instance.rootUrl)", ""),
        ("@Grab('org.acme:a:1')\nimport org.acme.A\nfolder(A.name())", ""),
        ("import org.apache.commons.lang.StringUtils\nfolder(StringUtils.capitalize('a'))", ""),
        ("com.cloudbees.plugins.X.all().each { folder(it) }", ""),
        ("Class.forName('hudson.model.Job')", ""),
        ("hudson.model.Hudson.instance.items.each { folder(it.name) }", ""),
    ],
)
def test_a_decision_that_only_the_cluster_makes(run: Run, text: str, name: str) -> None:
    (undecided,) = run(text).undecided
    assert undecided.value is not None
    assert undecided.value.decided_by == name
    assert undecided.place.line
