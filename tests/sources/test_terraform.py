"""HCL: syntax, evaluation, modules, values of variables, plans."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from conformance.sources.facts import Undecided
from conformance.sources.model import load_model
from conformance.sources.terraform import ecr
from conformance.sources.terraform.configuration import Configuration
from conformance.sources.terraform.load import load
from conformance.sources.terraform.parser import parse
from conformance.sources.terraform.plan import load_plan
from conformance.sources.terraform.syntax import Body
from conformance.sources.texts import shown
from conformance.sources.yaml_positions import Node
from tests.sources.support import DATA, REFERENCE, broken, repository, text

USE = 'resource "x" "y" {\n  v = local.a\n}\n'


def evaluated(tmp_path: Path, expression: str, more: str = "", files: dict[str, str] | None = None) -> Node:
    """The value of an expression, as an attribute of a resource."""
    main = f'{more}\nresource "null_resource" "x" {{\n  value = {expression}\n}}\n'
    root = repository(tmp_path, {"main.tf": main, **(files or {})})
    configuration = load(root, root)
    assert not configuration.errors, configuration.errors
    found = configuration.resources[-1].body.at("value")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("-(7 % 4)", -3),
        ("10 / 4", 2.5),
        ("!(1 > 2) && true || false", True),
        ('"a" == "a" ? "yes" : "no"', "yes"),
        ('"x${1 + 1}y$${z}%%{w}"', "x2y${z}%{w}"),
        ('"\\u00e9\\n\\t\\""', 'é\n\t"'),
        ("[for n in [1, 2, 3] : n * 2 if n != 2]", [2, 6]),
        ("{for k, v in {a = 1, b = 2} : upper(k) => v}", {"A": 1, "B": 2}),
        ('{for w in ["ab", "ac", "b"] : substr(w, 0, 1) => w...}', {"a": ["ab", "ac"], "b": ["b"]}),
        ("[{a = 1}, {a = 2}][*].a", [1, 2]),
        ("[{a = 1}, {a = 2}].*.a", [1, 2]),
        ('{"a b" = [1, {c = 2}]}["a b"][1].c', 2),
        ("[1, 2].0", 1),
        ("merge({a = 1, b = 1}, {b = 2})", {"a": 1, "b": 2}),
        ('concat(["b"], ["a"], [])', ["b", "a"]),
        ('toset(["b", "a", "b"])', ["a", "b"]),
        ("flatten([[1], [[2, 3]], 4])", [1, 2, 3, 4]),
        ('lookup({a = 1}, "b", 2)', 2),
        ('try({}.a, [1][5], "last")', "last"),
        ("can({}.a)", False),
        ('coalesce("", null, "x")', "x"),
        ('join("-", ["a", "b"])', "a-b"),
        ('split("/", "a/b")', ["a", "b"]),
        ('format("%s-%03d-%q-%%", "a", 7, "b")', 'a-007-"b"-%'),
        ('replace("a.b.c", ".", "-")', "a-b-c"),
        ('jsonencode({b = [1, true, null], a = "<"})', '{"a":"\\u003c","b":[1,true,null]}'),
        ('jsondecode("{\\"a\\": [1]}")', {"a": [1]}),
        ('yamldecode("a: 1")', {"a": 1}),
        ('base64decode(base64encode("é"))', "é"),
        ("length([1, 2])", 2),
        ('contains(["a"], "a")', True),
        ("keys({b = 1, a = 2})", ["a", "b"]),
        ('zipmap(["a"], [1])', {"a": 1}),
        ("max([1, 5, 3]...)", 5),
        ("range(3)", [0, 1, 2]),
        ('setproduct(["a", "b"], [1])', [["a", 1], ["b", 1]]),
        ('trimspace("  a\\n")', "a"),
        ('trimsuffix("a.git", ".git")', "a"),
        ('element(["a", "b"], 3)', "b"),
        ('slice(["a", "b", "c"], 1, 3)', ["b", "c"]),
        ("null == null", True),
        ("tostring(5)", "5"),
        ('tobool("true")', True),
    ],
)
def test_expressions(tmp_path: Path, expression: str, value: object) -> None:
    assert evaluated(tmp_path, expression).plain() == value


def test_heredocs_and_directives(tmp_path: Path) -> None:
    lines = [
        "a",
        "  %{ for n in [1, 2] ~}",
        "  - ${n}",
        "  %{ endfor ~}",
        "%{ if true }yes%{ else }no%{ endif }",
    ]
    body = "<<-EOT\n" + "".join(f"    {line}\n" for line in lines) + "    EOT"
    # as Terraform 1.11 prints it: a strip marker takes its line's end, not the next line's spaces
    assert evaluated(tmp_path, body).value == "a\n    - 1\n    - 2\n  yes\n"


def test_unknown_values_stay_open_and_name_their_variable(tmp_path: Path) -> None:
    more = 'variable "tag" {}\nlocals {\n  all = merge({a = "1"}, var.rest)\n}\nvariable "rest" {}\n'
    found = evaluated(tmp_path, '["r/x:${var.tag}", var.tag == "1" ? 1 : 2, local.all.a, local.all.b]', more)
    image, choice, known, unknown = found.items
    assert shown(image.printed) == "r/x:${var.tag}"
    assert isinstance(choice.value, Undecided)
    assert choice.value.decided_by == "var.tag"
    assert known.value == "1"
    assert isinstance(unknown.value, Undecided)
    assert unknown.value.decided_by == "var.rest.b"


def test_a_condition_that_is_not_known_needs_no_decision_where_both_ways_agree(tmp_path: Path) -> None:
    assert evaluated(tmp_path, 'var.on ? "a" : "a"', 'variable "on" {}').value == "a"
    assert evaluated(tmp_path, "false && var.on", 'variable "on" {}').value is False


def test_variables_take_their_values_by_precedence_and_type(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        {
            "main.tf": 'variable "a" {\n  type = string\n}\nvariable "b" {\n  default = 1\n}\n'
            'variable "o" {\n  type = map(object({ on = optional(bool, true), n = optional(number) }))\n}\n'
            'resource "x" "y" {\n  a = var.a\n  b = var.b\n  o = var.o\n}\n',
            "terraform.tfvars": 'a = 5\nb = 2\no = {\n  k = { n = "7" }\n}\n',
            "z.auto.tfvars.json": '{"b": 3}\n',
        },
    )
    body = load(root, root).resources[0].body
    assert body.plain() == {"a": "5", "b": 3, "o": {"k": {"on": True, "n": 7}}}
    assert str(body.at("b").place) == "z.auto.tfvars.json:1:7"  # type: ignore[union-attr]


def test_one_file_for_var_file_is_assumed_and_several_are_not(tmp_path: Path) -> None:
    files = {"main.tf": 'variable "a" {}\nresource "x" "y" {\n  a = var.a\n}\n', "prod.tfvars": 'a = "p"\n'}
    root = repository(tmp_path / "one", files)
    found = load(root, root)
    assert found.assumed_file == "prod.tfvars"
    assert found.resources[0].body.plain() == {"a": "p"}
    root = repository(tmp_path / "two", {**files, "test.tfvars": 'a = "t"\n'})
    found = load(root, root)
    assert found.assumed_file == ""
    assert isinstance(found.resources[0].body.at("a").value, Undecided)  # type: ignore[union-attr]
    given = load(root, root, [root / "test.tfvars"])
    assert given.resources[0].body.plain() == {"a": "t"}


def test_modules_with_for_each_count_and_outputs(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        {
            "tf/main.tf": 'module "m" {\n  source = "../mod"\n  for_each = toset(["a", "b"])\n'
            "  name = each.key\n}\n"
            'resource "x" "all" {\n  names = [for m in module.m : m.out]\n}\n'
            'module "gone" {\n  source  = "terraform-aws-modules/ecr/aws"\n  version = "2.4.0"\n'
            '  repository_name = "public/one"\n}\n'
            'resource "y" "u" {\n  v = module.gone.arn\n}\n',
            "mod/main.tf": 'variable "name" {}\nresource "x" "r" {\n  count = 2\n'
            '  n = "${var.name}${count.index}"\n}\n'
            'output "out" {\n  value = x.r[1].n\n}\n',
        },
    )
    found = load(root / "tf", root)
    assert [own.address for own in found.of_type("x")] == [
        'module.m["a"].x.r[0]',
        'module.m["a"].x.r[1]',
        'module.m["b"].x.r[0]',
        'module.m["b"].x.r[1]',
        "x.all",
    ]
    assert found.of_type("x")[-1].body.plain() == {"names": ["a1", "b1"]}
    assert [(own.source, own.version) for own in found.unread_modules] == [
        ("terraform-aws-modules/ecr/aws", "2.4.0")
    ]
    unknown = found.of_type("y")[0].body.at("v")
    assert unknown is not None
    assert isinstance(unknown.value, Undecided)
    repositories = ecr.repositories(found)
    assert repositories[0].name.value == "public/one"
    assert isinstance(repositories[0].mutability.value, Undecided)


def test_dynamic_blocks_and_unknown_instances(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        {
            "main.tf": 'variable "names" {}\nresource "x" "d" {\n  dynamic "rule" {\n'
            '    for_each = ["a", "b"]\n'
            "    iterator = own\n    content {\n      name = own.value\n    }\n  }\n}\n"
            'resource "x" "u" {\n  for_each = toset(concat(["k"], var.names))\n  name = each.value\n}\n'
        },
    )
    first, known, unknown = load(root, root).resources
    assert first.body.plain() == {"rule": [{"name": "a"}, {"name": "b"}]}
    assert known.address == 'x.u["k"]'
    assert known.instances is None
    assert unknown.instances is not None
    assert unknown.instances.decided_by == "var.names"


@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        ('a = "x\n', "file:1:6", "not closed on its line"),
        ("a = [1,\n", "file:2:1", "expected an expression"),
        ('r "x" {\n a = 1\n', "file:3:1", "the block is not closed"),
        ("a = <<E\nfoo\n", "file:1:5", "the heredoc E is not closed"),
        ("a = 1 b = 2\n", "file:1:7", "expected the end of the line"),
        ("a = 1\na = 2\n", "file:2:1", "set twice"),
        ("/* x", "file:1:1", "the comment is not closed"),
        ('a = "%{ if x }"', "file:1:6", "has no endif"),
        ("a = " + "[" * 5000, "file:1:", "nested"),
    ],
)
def test_broken_hcl_is_one_error_with_its_place(written: str, place: str, words: str) -> None:
    error = broken(parse(text(written)))
    assert str(error.place).startswith(place)
    assert words in error.message


@pytest.mark.parametrize(
    "bomb",
    [
        'locals {\n  a = "'
        + "x" * 900
        + '"\n  '
        + "\n  ".join(
            f'l{n} = join("", [for i in range(900) : local.{"a" if n == 0 else f"l{n - 1}"}])'
            for n in range(6)
        )
        + '\n}\nresource "x" "y" {\n  v = local.l5\n}\n',
        (
            "locals {\n  a = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : "
            "1]]]\n}\n" + USE
        ),
        "locals {\n  a = local.b\n  b = local.a\n}\n" + USE,
        'module "m" {\n  source = "./"\n}\n',
        'resource "x" "y" {\n  count = 99999999\n}\n',
    ],
)
def test_bombs_end_with_a_limit_or_an_unknown(tmp_path: Path, bomb: str) -> None:
    root = repository(tmp_path, {"main.tf": bomb})
    found = load(root, root)
    value = found.resources[0].body.at("v") if found.resources else None
    assert found.errors or (value is not None and isinstance(value.value, Undecided))


def test_what_terraform_refuses_is_undecided_with_the_reason(tmp_path: Path) -> None:
    root = repository(
        tmp_path,
        {
            "main.tf": 'resource "x" "a" {\n  v = -"word"\n  w = nothing.here\n'
            '  f = regex("(a+)+b", "aaaa")\n}\n'
            'resource "x" "c" {\n  count = "many"\n}\nresource "x" "d" {\n  v = 1\n}\n'
        },
    )
    first, second, third = load(root, root).resources
    reasons = [
        value.value.reason for value in first.body.mapping.values() if isinstance(value.value, Undecided)
    ]
    assert reasons == [
        "a number is needed, not another text",
        "there is no resource nothing.here",
        "functions with regular expressions are not evaluated",
    ]
    assert second.instances is not None
    assert third.body.plain() == {"v": 1}


def test_files_outside_of_the_repository_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    root = repository(
        tmp_path / "repo",
        {
            "main.tf": 'resource "x" "y" {\n  a = file("../secret")\n  b = file("/etc/hostname")\n'
            '  c = file("no")\n}\n'
        },
    )
    body = load(root, root).resources[0].body
    assert all(isinstance(value.value, Undecided) for value in body.mapping.values())


def cloudops() -> Configuration:
    return load(DATA / "cloudops/bootstrap/terraform", DATA / "cloudops")


def test_the_cloudops_root_makes_its_repositories() -> None:
    found = cloudops()
    assert found.errors == ()
    repositories = ecr.repositories(found)
    assert len(repositories) == 17
    assert {own.mutability.value for own in repositories} == {"IMMUTABLE"}
    assert {own.scan_on_push.value for own in repositories} == {True}
    assert {own.encryption.value for own in repositories} == {"AES256"}
    extra = next(own for own in repositories if own.name.value == "store/loyalty")
    assert str(extra.name.place) == "bootstrap/terraform/terraform.tfvars:6:3"
    assert extra.lifecycle_policy is not None
    assert (
        json.loads(str(extra.lifecycle_policy.value))["rules"][0]["selection"]["countType"]
        == "sinceImagePushed"
    )
    region = ecr.region(found)
    assert region is not None
    assert region.value == "eu-north-1"
    assert [(own.name, own.version) for own in found.requirements] == [
        ("aws", "5.100.0"),
        ("helm", "2.17.0"),
        ("kubernetes", "2.37.1"),
    ]


def test_findings_belong_to_the_data_that_decides() -> None:
    root = DATA / "multibranch"
    found = load(root / "terraform", root)
    own = {str(part.name.value): part for part in ecr.repositories(found)}
    assert own["platform/legacy-export"].mutability.value == "MUTABLE"
    assert str(own["platform/legacy-export"].mutability.place) == "terraform/platform.tfvars:7:44"
    assert own["tools/broom"].encryption.value == "KMS"
    assert own["tools/ask"].encryption.value == "AES256"
    assert own["platform/pricing"].lifecycle_policy is not None
    assert '"countNumber":30' in str(own["platform/pricing"].lifecycle_policy.value)


def test_the_declaration_may_be_hcl_or_json(tmp_path: Path) -> None:
    shutil.copytree(REFERENCE, tmp_path / "stack")
    declaration = tmp_path / "stack/terraform/stack.auto.tfvars.json"
    before = ecr.repositories(load(tmp_path / "stack/terraform", tmp_path / "stack"))
    content = json.loads(declaration.read_text())
    declaration.unlink()
    (tmp_path / "stack/terraform/terraform.tfvars").write_text(
        "".join(f"{name} = {json.dumps(value, indent=2)}\n" for name, value in content.items())
    )
    after = ecr.repositories(load(tmp_path / "stack/terraform", tmp_path / "stack"))
    assert [own.name.value for own in after] == [own.name.value for own in before]
    assert [own.mutability.value for own in after] == [own.mutability.value for own in before]


def test_a_plan_has_what_terraform_evaluated(tmp_path: Path) -> None:
    plan = {
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_ecr_repository.a",
                        "mode": "managed",
                        "type": "aws_ecr_repository",
                        "name": "a",
                        "values": {"name": "a", "image_tag_mutability": "IMMUTABLE"},
                    }
                ],
                "child_modules": [
                    {"resources": [{"address": "module.m.x.y", "type": "x", "name": "y", "values": {}}]}
                ],
            }
        },
        "resource_changes": [
            {"address": "aws_ecr_repository.a", "change": {"after_unknown": {"arn": True, "tags": {}}}}
        ],
        "configuration": {
            "provider_config": {
                "aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]}}}
            }
        },
        "variables": {"region": {"value": "eu-west-1"}},
    }
    root = repository(tmp_path, {"plan.json": json.dumps(plan, indent=1)})
    found = load_plan(root / "plan.json", root)
    assert [own.address for own in found.resources] == ["aws_ecr_repository.a", "module.m.x.y"]
    assert ecr.repositories(found)[0].mutability.value == "IMMUTABLE"
    arn = found.resources[0].body.at("arn")
    assert arn is not None
    assert isinstance(arn.value, Undecided)
    region = ecr.region(found)
    assert region is not None
    assert region.value == "eu-west-1"
    broken_plan = load_plan(repository(tmp_path, {"x.json": "{}"}) / "x.json", tmp_path)
    assert "not a plan" in broken_plan.errors[0].message


def plain(found: Any) -> Any:
    if isinstance(found, dict):
        return {
            key: plain(value) for key, value in found.items() if key not in {"__tfmeta", "id", "for_each"}
        }
    return found


@pytest.mark.parametrize(
    ("root", "folder", "values"),
    [
        ("cloudops", "bootstrap/terraform", "terraform.tfvars"),
        ("multibranch", "terraform", "platform.tfvars"),
    ],
)
def test_another_evaluator_finds_the_same_repositories(root: str, folder: str, values: str) -> None:
    import tfparse

    theirs = tfparse.load_from_path(DATA / root / folder, vars_paths=[values])["aws_ecr_repository"]
    ours = load(DATA / root / folder, DATA / root).of_type("aws_ecr_repository")
    assert {own.address: own.body.text("image_tag_mutability") for own in ours} == {
        own["__tfmeta"]["path"]: own["image_tag_mutability"] for own in theirs
    }
    scanning = {own.address: own.block("image_scanning_configuration") for own in ours}
    for own in theirs:
        mine = scanning[own["__tfmeta"]["path"]]
        assert mine is not None
        assert mine.plain() == plain(own["image_scanning_configuration"])


def test_parse_gives_blocks_with_places() -> None:
    body = parse(text('terraform {\n  required_version = "~> 1.9"\n}\n', "versions.tf"))
    assert isinstance(body, Body)
    assert str(body.of_type("terraform")[0].body.settings["required_version"].place) == "versions.tf:2:3"


def test_settings_of_the_whole_registry(tmp_path: Path) -> None:
    main = (
        'resource "aws_ecr_registry_scanning_configuration" "r" {\n  scan_type = "ENHANCED"\n  rule {\n'
        '    scan_frequency = "CONTINUOUS_SCAN"\n  }\n}\n'
        'resource "aws_ecr_pull_through_cache_rule" "d" {\n  ecr_repository_prefix = "hub"\n}\n'
    )
    root = repository(tmp_path, {"main.tf": main})
    found = ecr.registry_settings(load(root, root))
    assert found.scan_type is not None
    assert found.scan_frequency is not None
    assert (found.scan_type.value, found.scan_frequency.value) == ("ENHANCED", "CONTINUOUS_SCAN")
    assert [own.value for own in found.pull_through] == ["hub"]
    assert (found.policy, found.replicates) == (None, False)


def test_encoded_values_keep_their_places_and_what_is_open(tmp_path: Path) -> None:
    main = (
        'variable "tag" {}\nvariable "host" {}\nlocals {\n  values = {\n    controller = {\n'
        "      numExecutors = 2\n"
        '      image = { tag = var.tag }\n      jenkinsUrl = format("https://%s/", var.host)\n'
        '      installPlugins = ["git:5.7.0", "mailer:1"]\n    }\n  }\n}\n'
        'resource "helm_release" "jenkins" {\n  name = "jenkins"\n  chart = "jenkins"\n  version = "5.8.68"\n'
        "  values = [yamlencode(local.values)]\n}\n"
        'resource "x" "back" {\n  v = yamldecode(yamlencode(local.values)).controller.image.tag\n'
        '  j = jsondecode(jsonencode({ a = [1, "<", var.tag] }))\n}\n'
    )
    found = load_model(repository(tmp_path, {"main.tf": main}))
    (jenkins,) = found.jenkins
    assert jenkins.executors is not None
    assert (jenkins.executors.value, jenkins.executors.place.line) == (2, 6)
    assert jenkins.url is not None
    assert shown(str(jenkins.url.value)) == "https://${var.host}/"
    assert [(entry.value, entry.place.line) for entry in jenkins.plugins.entries or ()] == [
        ("git:5.7.0", 9),
        ("mailer:1", 9),
    ]
    assert shown(str(jenkins.image.value)) == "docker.io/jenkins/jenkins:${var.tag}"
    back = found.terraform[0].of_type("x")[0].body
    assert shown(back.text("v")) == "${var.tag}"
    assert [shown(str(item)) for item in back.plain()["j"]["a"]] == ["1", "<", "${var.tag}"]


def test_template_files_of_the_old_kind_are_rendered(tmp_path: Path) -> None:
    main = (
        'variable "host" {}\ndata "template_file" "values" {\n  template = file("${path.module}/v.tpl")\n'
        '  vars = {\n    tag = "1.2"\n    host = var.host\n  }\n}\n'
        'data "template_file" "inline" {\n  template = <<EOF\na: "${var.host}"\nb: $${c}\nEOF\n'
        "  vars = { c = 5 }\n}\n"
        'data "aws_caller_identity" "me" {}\n'
        'resource "x" "y" {\n  v = data.template_file.values.rendered\n'
        "  w = data.template_file.inline.rendered\n"
        "  u = data.aws_caller_identity.me.account_id\n}\n"
    )
    root = repository(
        tmp_path, {"main.tf": main, "v.tpl": "controller:\n  tag: ${tag}\n  jenkinsUrl: ${host}\n"}
    )
    found = load(root, root)
    assert found.errors == ()
    body = found.resources[0].body
    assert shown(body.text("v")) == "controller:\n  tag: 1.2\n  jenkinsUrl: ${var.host}\n"
    assert shown(body.text("w")) == 'a: "${var.host}"\nb: 5\n'
    unknown = body.at("u")
    assert unknown is not None
    assert isinstance(unknown.value, Undecided)
    assert unknown.value.decided_by == "data.aws_caller_identity.me.account_id"
    lines = body.at("v")
    assert lines is not None
    assert str(lines.as_text().origin.place(3)) == "v.tpl:3"
