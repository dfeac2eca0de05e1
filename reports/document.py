"""Generates documents: `python -m reports.document` writes the JSON schema of results and README's run.

README shows the end of a run as the terminal prints it today, rendered from the recorded result
docs/examples/result.json. `python -m reports.document RESULTS` first replaces the recording by the results
in the folder RESULTS, without their evidence.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from conformance.core.paths import PROJECT
from reports.load import load_results
from reports.model import SCHEMA_VERSION, RunResult, schema
from reports.terminal import print_verdict
from reports.text import day
from reports.verdict import BROKEN

SCHEMA_FILE = PROJECT / "docs" / f"result-{SCHEMA_VERSION}.schema.json"
RECORDING = PROJECT / "docs" / "examples" / "result.json"
README = PROJECT / "README.md"
BEGIN, END = "<!-- begin: python -m reports.document -->\n", "<!-- end -->\n"
WIDTH = 100


def schema_text() -> str:
    """The JSON schema of results."""
    return json.dumps(schema(), indent=1) + "\n"


def readme_text(readme: str, result: RunResult) -> str:
    """`readme` with `result` between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    folder = f"~/.local/state/buildinfra-conformance/runs/{result.run.id}/results"
    screen = io.StringIO()
    print_verdict(Console(file=screen, width=WIDTH, color_system=None), result, folder=folder)
    lines = [line.rstrip() for line in screen.getvalue().strip().splitlines()]
    block = "\n".join(["```console", f"$ {result.run.command}", *lines, "```"])
    return f"{before}{BEGIN}Recorded on {day(result.run.started)}:\n\n{block}\n{END}{after}"


def recording(result: RunResult) -> str:
    """`result` as a compact document: without evidence, empty fields and texts of passed requirements."""
    checks = tuple(check.model_copy(update={"evidence": (), "details": ""}) for check in result.checks)
    broken = {name for check in checks if check.outcome in BROKEN for name in check.requirements}
    requirements = tuple(requirement for requirement in result.requirements if requirement.id in broken)
    slim = result.model_copy(update={"checks": checks, "requirements": requirements})
    document = {"schema_version": SCHEMA_VERSION, **slim.model_dump(mode="json", exclude_defaults=True)}
    return json.dumps(document, separators=(",", ":")) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m reports.document", description=__doc__)
    parser.add_argument("results", type=Path, nargs="?", metavar="RESULTS", help="the new recording")
    options = parser.parse_args(arguments)
    if options.results:
        RECORDING.write_text(recording(load_results(options.results)), encoding="utf-8")
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(readme_text(readme, load_results(RECORDING)), encoding="utf-8")


if __name__ == "__main__":
    main()
