"""The generated documents are what their generator writes today."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from conformance.core.paths import PROJECT
from mutants.model import Mutant
from mutants.static_run import verdict
from reports.document import BEGIN, END, README, RECORDING, SCHEMA_FILE, readme_text, recording, schema_text
from reports.load import load_results

COMMAND = "python -m reports.document"


def test_the_schema_is_published() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), COMMAND


def test_readme_shows_the_recorded_run_as_the_terminal_prints_it_today() -> None:
    readme = README.read_text(encoding="utf-8")
    assert readme_text(readme, load_results(RECORDING)) == readme, COMMAND
    block = readme.partition(BEGIN)[2].partition(END)[0]
    assert "\nverdict: conformant" in block


def test_the_recording_is_a_whole_run_without_evidence() -> None:
    result = load_results(RECORDING)
    assert len(result.checks) > 200
    assert recording(result) == RECORDING.read_text(encoding="utf-8")
    assert "evidence" not in json.loads(RECORDING.read_text(encoding="utf-8"))["checks"][0]


@pytest.mark.parametrize("place", ["/root/", "/home/", "/tmp/"])
def test_the_recording_names_no_folder_of_its_machine(place: str) -> None:
    assert place not in RECORDING.read_text(encoding="utf-8")


def test_the_mutant_in_contributing_is_proven_by_its_check(tmp_path: Path) -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (raw,) = tomllib.loads(text.partition("```toml\n")[2].partition("```")[0])["mutant"]
    mutant = Mutant.model_validate(raw)
    failed = verdict(mutant.make(tmp_path)).failed
    assert set(failed) == set(mutant.breaks)
    first_lines = " ".join(line for lines in failed.values() for line in lines)
    assert [word for word in mutant.says if word not in first_lines] == []


@pytest.mark.parametrize(
    "page", sorted(PROJECT.glob("*.md")) + sorted(PROJECT.glob("docs/*.md")), ids=lambda page: page.name
)
def test_links_between_pages_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []
