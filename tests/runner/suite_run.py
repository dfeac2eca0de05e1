"""A small suite in a temporary folder, run by a pytest of its own with the real plugins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from conformance.core.paths import PROJECT
from reports.load import load_results
from reports.model import Check

REQUIREMENTS = (
    ("STATIC-01", "static", True),
    ("STATIC-02", "static", False),
    ("PLATFORM-01", "platform", True),
    ("NEXUS-01", "nexus", True),
    ("NEXUS-02", "nexus", False),
    ("REGISTRY-01", "registry", True),
    ("JENKINS-01", "jenkins", True),
    ("JENKINS-02", "jenkins", False),
    ("AGENTS-01", "agents", True),
    ("AGENTS-02", "agents", False),
    ("PIPELINES-01", "pipelines", False),
)

ENTRY = """
[[requirement]]
id = "{id}"
layer = "{layer}"
level = "{level}"
gate = {gate}
text = "What {id} asks for."
source = "the reference"
remedy = "repair {id}"
"""

#: The decorator of the suites below: marks a check and gives it its requirements' sentences as docstring.
NEED = """
def need(*names):
    def mark(check):
        check.__doc__ = check.__doc__ or " ".join(f"What {name} asks for." for name in names)
        return pytest.mark.requirement(*names)(check)
    return mark
"""


def catalogue(folder: Path, **levels: str) -> Path:
    file = folder / "requirements.toml"
    file.write_text(
        "".join(
            ENTRY.format(id=name, layer=layer, gate=str(gate).lower(), level=levels.get(name, "MUST"))
            for name, layer, gate in REQUIREMENTS
        )
    )
    return file


def suite(folder: Path, **modules: str) -> Path:
    """Write a suite of `modules` (name to source) with a catalogue and a configuration."""
    catalogue(folder)
    checks = folder / "suites"
    checks.mkdir(exist_ok=True)
    for name, source in modules.items():
        (checks / f"test_{name}.py").write_text(
            "import os, time\nimport pytest\nfrom conformance.core.errors import EnvironmentFailure\n"
            "from conformance.runner.decision import not_applicable, undecided\n"
            "from conformance.core.nonconformance import NonConformance\n" + NEED + source
        )
    (folder / "pytest.ini").write_text(
        "[pytest]\nrequirements_file = requirements.toml\naddopts = --strict-markers\n"
    )
    return folder


def run(
    folder: Path, *arguments: str, session: str = "live", timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *arguments, session=session),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def command(folder: Path, *arguments: str, session: str = "live") -> list[str]:
    return [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "conformance.runner.plugin",
        "-p",
        "conformance.runner.outcomes",
        "-p",
        "conformance.runner.gating",
        "-p",
        "conformance.runner.exclusive",
        f"--results-dir={folder / 'results'}",
        f"--session-name={session}",
        *arguments,
    ]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}


def outcomes(folder: Path) -> dict[str, str]:
    """Outcome by the check's short name."""
    return {name: str(check.outcome) for name, check in checks(folder).items()}


def checks(folder: Path) -> dict[str, Check]:
    return {check.nodeid.rpartition("::")[2]: check for check in load_results(folder / "results").checks}
