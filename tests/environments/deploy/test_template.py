"""Values templates, and Terraform itself as the oracle where it is installed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from conformance.core.errors import ContractError
from conformance.core.paths import REFERENCE
from conformance.core.process import run
from environments.deploy.template import names_in, render

NAMES = {"name": "jenkins", "text": "one\n\n  two", "tricky": "${name} %{ if } $${x}"}
TEMPLATES = [
    "plain, with a $ and a { and } and $$ and 100%\n",
    'a: ${name}\nb: "${ name }"\n',
    "literal: $${name} and %%{name} and $$${name}\n",
    "block: |\n  ${indent(2, text)}\nend: ${indent(0, text)}\n",
    "not read again: ${tricky}\n",
]


def test_fills_names_in() -> None:
    assert render("${name}-${ name }", NAMES, "t") == "jenkins-jenkins"


def test_escapes_stay_for_whoever_reads_the_result() -> None:
    assert render("$${name} %%{x}", NAMES, "t") == "${name} %{x}"


def test_indents_every_line_but_the_first() -> None:
    assert render("  ${indent(2, text)}", NAMES, "t") == "  one\n  \n    two"


def test_values_are_not_read_as_templates() -> None:
    assert render("${tricky}", NAMES, "t") == NAMES["tricky"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a\n${nmae}\n", "a name that nothing supplies: nmae"),
        ("a\n%{ if true }\n", "a directive"),
        ("a\n${upper(name)}\n", "an expression"),
        ("a\n${name\n}", "an expression"),
        ("a\n${}\n", "an expression"),
    ],
)
def test_what_it_cannot_render_is_refused_with_its_line(text: str, what: str) -> None:
    with pytest.raises(ContractError) as failure:
        render(text, NAMES, "values.tmpl")
    assert what in failure.value.what
    assert failure.value.where == "values.tmpl:2"


def test_names_in_a_template() -> None:
    assert names_in("${a} ${indent(4, b)} $${c} %%{d}") == {"a", "b"}


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs terraform, as the oracle")
def test_renders_what_terraform_renders(tmp_path: Path) -> None:
    folder = REFERENCE / "stack"
    texts = [*TEMPLATES, (folder / "jenkins-helm-values.yaml.tmpl").read_text("utf-8")]
    names = {name: f"<{name}>" for text in texts for name in names_in(text)} | NAMES
    (tmp_path / "names.json").write_text(json.dumps(names), encoding="utf-8")
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"{number}.tmpl")
        files[-1].write_text(text, encoding="utf-8")
    shown = ", ".join(f'templatefile("{file}", jsondecode(file("names.json")))' for file in files)
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    out = run(
        ["terraform", "console"], stdin=f"jsonencode([{shown}])\n", cwd=tmp_path, env=environment
    ).stdout
    assert json.loads(json.loads(out)) == [render(text, names, "t") for text in texts]
