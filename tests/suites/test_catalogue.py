"""The catalogue and the checks belong together, and its page is up to date."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from conformance.contract import catalogue
from conformance.core.paths import PROJECT
from suites import document

SUITES = PROJECT / "suites"
CHECKS = sorted(SUITES.rglob("test_*.py"))


def _decided() -> dict[str, list[str]]:
    """Requirement to the checks that decide it, read from the sources."""
    found: dict[str, list[str]] = {}
    for file in CHECKS:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith(
                        "requirement"
                    ):
                        for argument in decorator.args:
                            found.setdefault(ast.literal_eval(argument), []).append(f"{file}::{node.name}")
    return found


def test_every_requirement_has_a_check_and_every_check_a_requirement() -> None:
    assert set(_decided()) == {requirement.id for requirement in catalogue.load()}


def test_checks_lie_in_the_folder_of_their_layer() -> None:
    known = catalogue.load()
    for identifier, checks in _decided().items():
        for check in checks:
            assert f"/suites/{known[identifier].layer}/" in check


@pytest.mark.parametrize("file", CHECKS, ids=lambda file: str(file.relative_to(SUITES)))
def test_every_check_decides_something(file: Path) -> None:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert any("requirement" in ast.unparse(mark) for mark in node.decorator_list), node.name


def test_each_layer_has_a_gate_where_something_stands_on_it() -> None:
    layers = {requirement.layer for requirement in catalogue.load() if requirement.gate}
    assert layers >= {"static", "platform", "nexus", "registry", "jenkins", "agents"}


def test_texts_are_sentences_without_values() -> None:
    for requirement in catalogue.load():
        assert requirement.text.endswith(".")
        assert requirement.remedy.endswith(".")
        assert not re.search(r"\d+\.\d+\.\d+", requirement.text), requirement.id


def test_page_is_up_to_date() -> None:
    assert document.PAGE.read_text(encoding="utf-8") == document.page(catalogue.load()), (
        "run python -m suites.document"
    )


def test_checks_ask_no_environment() -> None:
    for file in CHECKS:
        text = file.read_text(encoding="utf-8")
        assert "import environments" not in text
        assert "from environments" not in text, f"{file} knows where it runs"
        assert "from simulators" not in text


def test_checks_use_marks_that_exist_without_the_tests_packages() -> None:
    """pytest-timeout and others are for our own tests; users run the suites without them."""
    known = {
        "requirement",
        "writes",
        "disrupts",
        "run_late",
        "beside_restart",
        "parametrize",
        "usefixtures",
        "args",
    }
    used = {
        found
        for file in SUITES.rglob("*.py")
        for found in re.findall(r"\bmark\.([a-z_]+)", file.read_text(encoding="utf-8"))
    }
    assert used <= known
