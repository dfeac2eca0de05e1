"""The locks hold a version with hashes for each requirement of the project, and one that fits it."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conformance.core.paths import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
OWN = PYPROJECT["project"]["dependencies"]
DEVELOPMENT = [each for group in PYPROJECT["dependency-groups"].values() for each in group]


def locked(name: str) -> dict[str, str]:
    """Name and version of each entry of a lock. Fails for an entry without a hash."""
    text = (PROJECT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", line)
        if match:
            assert "--hash=sha256:" in line, line
            found[canonicalize_name(match[1])] = match[2]
    return found


@pytest.mark.parametrize(("lock", "wanted"), [("run.txt", OWN), ("dev.txt", OWN + DEVELOPMENT)])
def test_each_requirement_is_locked_at_a_version_that_fits(lock: str, wanted: list[str]) -> None:
    found = locked(lock)
    for text in wanted:
        requirement = Requirement(text)
        version = found.get(canonicalize_name(requirement.name))
        assert version is not None, f"{lock} lacks {text}: requirements/lock.sh writes it again"
        assert requirement.specifier.contains(version), f"{lock}: {requirement.name} {version}, wanted {text}"


def test_the_locks_name_no_index() -> None:
    for lock in ("run.txt", "dev.txt"):
        assert "://" not in (PROJECT / "requirements" / lock).read_text(encoding="utf-8")
