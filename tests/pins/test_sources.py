"""Where pins are written, with their lines, and what is no exact pin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.pins.running import read_pins
from conformance.sources.plugins.pin import PinFile, PinsUnreadable
from conformance.sources.plugins.read import parse, read

VALUES = """\
# é: a character of two bytes before the pins
controller:
  image:
    tag: "2.504.3-lts-jdk21"
  JCasC:
    configScripts: ${templatefile("x", { a = 1 })}
{{- if .Values.plugins }}
  installLatestPlugins: false
{{- end }}
  overwritePlugins: true
  installPlugins:
    - git:5.7.0   # why
    - "git-client:6.2.0"
    %{ if extra }
    - 'mailer:1.2'
    %{ endif }
"""
TERRAFORM = """\
locals {
  # old_plugins = ["a:0"]
  jenkins_plugins = [
    "git:5.7.0", // why
    { name = "mailer", version = "1.2" },
  ]
  by_name_plugins = {
    credentials = "1419.v1"
    "git-client" = "6.2.0"
  }
  text = <<-EOT
    plugins = ["not:1"]
  EOT
  zones = ["a", "b"]
}
variable "plugins" {
  type    = list(string)
  default = ["junit:1.0"]
}
"""
PLUGINS_YAML = """\
plugins:
  - artifactId: git
    source:
      version: 5.7.0
  - artifactId: mailer
    groupId: org.example
    source: {version: "1.2"}
  - artifactId: elsewhere
    source:
      url: https://example.org/x.hpi
  - artifactId: bare
"""


def lines(file: PinFile) -> list[tuple[str, str, int]]:
    return [(pin.name, pin.version, pin.where.line) for pin in file.pins]


def spans_fit(file: PinFile) -> bool:
    return all(file.text[slice(*pin.span)] == pin.version for pin in file.pins if pin.span)


def test_values_template() -> None:
    file = parse(VALUES, "values.yaml.tmpl")
    assert lines(file) == [("git", "5.7.0", 12), ("git-client", "6.2.0", 13), ("mailer", "1.2", 15)]
    assert (file.kind, file.core, file.findings) == ("values", "2.504.3", ())
    assert spans_fit(file)


def test_values_of_a_parent_chart() -> None:
    nested = "jenkins:\n" + "".join("  " + line for line in VALUES.splitlines(keepends=True)[1:6])
    nested += "    installPlugins: [git:5.7.0]\n    additionalPlugins:\n      - mailer:1.2\n"
    assert [one[0] for one in lines(parse(nested, "values.yaml"))] == ["git", "mailer"]


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("", "installs-latest"),
        ("  installLatestPlugins: true\n", "installs-latest"),
        ("  installLatestPlugins: false\n  installLatestSpecifiedPlugins: true\n", "installs-latest"),
        ("  installLatestPlugins: false\n", "keeps-volume"),
    ],
)
def test_settings_that_defeat_pins(setting: str, code: str) -> None:
    text = f"controller:\n{setting}  installPlugins:\n    - git:5.7.0\n"
    found = parse(text, "values.yaml").findings
    assert code in [one.code for one in found]
    assert all(one.where.line for one in found)


def test_plugins_txt() -> None:
    file = parse("# all\n\ngit:5.7.0 # why\r\n  mailer:1.2\njunit\n", "plugins.txt")
    assert lines(file) == [("git", "5.7.0", 3), ("mailer", "1.2", 4), ("junit", "", 5)]
    assert spans_fit(file)
    assert [one.where.line for one in file.findings] == [5]


def test_plugins_yaml() -> None:
    file = parse(PLUGINS_YAML, "plugins.yaml")
    assert lines(file) == [("git", "5.7.0", 4), ("mailer", "1.2", 7), ("elsewhere", "", 8), ("bare", "", 11)]
    assert [one.subject for one in file.findings] == ["elsewhere", "bare"]
    assert spans_fit(file)


def test_terraform() -> None:
    file = parse(TERRAFORM, "locals.tf")
    assert lines(file) == [
        ("git", "5.7.0", 4),
        ("mailer", "1.2", 5),
        ("credentials", "1419.v1", 8),
        ("git-client", "6.2.0", 9),
        ("junit", "1.0", 18),
    ]
    assert spans_fit(file)


def test_terraform_variables_as_json() -> None:
    file = parse('{\n "jenkins_plugins": [\n  "git:5.7.0"\n ]\n}\n', "stack.auto.tfvars.json")
    assert lines(file) == [("git", "5.7.0", 3)]


def test_a_running_controllers_saved_answer(tmp_path: Path) -> None:
    answer = {"plugins": [{"shortName": "git", "version": "5.7.0", "active": True}]}
    saved = tmp_path / "running.json"
    saved.write_text(json.dumps(answer))
    assert [(pin.name, pin.version) for pin in read_pins(str(saved), "U", "T").pins] == [("git", "5.7.0")]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("git", "no version"),
        ("git:", "a colon without a version"),
        ("git:latest", "'latest' is not a version"),
        ("git:experimental", "'experimental' is not a version"),
        ("git:5.7 .0", "has spaces in it"),
        ("git: 5.7.0", "has spaces in it"),
        ("git:${git_version}", "template expression"),
        ("git:incrementals;org.example;1.0-rc1", "incremental build"),
        ("git:5.7.0:https://example.org/git.hpi", "comes from a URL"),
        ("git::https://example.org/git.hpi", "comes from a URL"),
        ("g it:1.0", "is not a plugin's name"),
        ("git:../etc", "is not a version"),
    ],
)
def test_what_is_no_exact_pin_is_one_finding(entry: str, says: str) -> None:
    file = parse(f"mailer:1.2\n{entry}\n", "plugins.txt")
    assert [(one.code, one.level, one.where.line) for one in file.findings] == [("not-exact", "no-go", 2)]
    assert says in file.findings[0].what
    assert set(file.exact()) == {"mailer"}


def test_a_plugin_pinned_twice_is_one_finding() -> None:
    file = parse("git:5.7.0\nmailer:1.2\ngit:5.7.1\n", "plugins.txt")
    assert [(one.code, one.subject, one.where.line) for one in file.findings] == [("duplicate", "git", 3)]
    assert "5.7.0 (line 1), 5.7.1 (line 3)" in file.findings[0].what


@pytest.mark.parametrize(
    ("name", "text", "where", "says"),
    [
        ("values.yaml", "controller:\n  installPlugins:\n   - a:1\n  - b\n", "values.yaml:", "not YAML"),
        ("values.yaml.tmpl", "controller: {{ if }\n", "values.yaml.tmpl:", "not YAML"),
        ("values.yaml", "controller:\n  installPlugins: false\n", "values.yaml", "no plugin is pinned"),
        ("values.yaml", "", "values.yaml", "no plugin is pinned"),
        ("x.tf", 'plugins = ["a:1"\n', "x.tf:1", "not closed"),
        ("x.tf", "locals {}\n", "x.tf", "no plugin is pinned"),
        ("plugins.txt", "# nothing\n", "plugins.txt", "no plugin is pinned"),
    ],
)
def test_what_cannot_be_read_at_all_says_where(name: str, text: str, where: str, says: str) -> None:
    with pytest.raises(PinsUnreadable) as caught:
        parse(text, name)
    assert says in caught.value.what
    assert caught.value.where.startswith(where)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ('{"jobs": []}', "not a plugin manager's answer"),
        ('{"plugins": [{"shortName": "git"}]}', "without shortName and version"),
    ],
)
def test_a_saved_answer_that_cannot_be_read(tmp_path: Path, text: str, says: str) -> None:
    saved = tmp_path / "plugins.json"
    saved.write_text(text)
    with pytest.raises(PinsUnreadable) as caught:
        read_pins(str(saved), "U", "T")
    assert says in caught.value.what
    assert caught.value.where == str(saved)


@pytest.mark.parametrize("entry", ["git:v5.7.0", "git: 5.7.0", "git:5.7.0+b1", "git:LATEST1", "git:[1,2)"])
def test_every_reader_has_the_same_rule_of_an_exact_pin(entry: str) -> None:
    name, _, version = entry.partition(":")
    texts = {
        "plugins.txt": f"{entry}\n",
        "values.yaml": f"controller:\n  installPlugins:\n    - '{entry}'\n",
        "plugins.yaml": f"plugins:\n  - artifactId: {name}\n    source: {{version: '{version}'}}\n",
        "x.tf": f'plugins = ["{entry}"]\n',
    }
    found = {file: parse(text, file).pins for file, text in texts.items()}
    assert all(len(pins) == 1 and not pins[0].exact for pins in found.values()), found


def test_templates_are_recognized_by_their_content() -> None:
    for name in ("values.tmpl", "values", "jenkins.tpl"):
        assert parse(VALUES, name).kind == "values"
    assert parse(PLUGINS_YAML, "list").kind == "plugins.yaml"
    assert parse(TERRAFORM, "locals.tf.tmpl").kind == "terraform"
    assert parse("# plugins: all\ngit:5.7.0\n", "plugins.txt").kind == "plugins.txt"


def test_files_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(PinsUnreadable, match="cannot be read"):
        read(tmp_path / "absent.txt")
    binary = tmp_path / "plugins.txt"
    binary.write_bytes(b"git:\xff\xfe")
    with pytest.raises(PinsUnreadable, match="not text in UTF-8"):
        read(binary)
    binary.write_bytes(b"#" * (5 * 1024 * 1024))
    with pytest.raises(PinsUnreadable, match="too large"):
        read(binary)


def test_deep_yaml_is_an_error_not_a_crash() -> None:
    with pytest.raises(PinsUnreadable):
        parse("a: " + "[" * 20000, "values.yaml")
