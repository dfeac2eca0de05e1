"""The static checks of plugins on data that leaves something open: undecided, never passed."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.contract.load import load
from conformance.core.nonconformance import NonConformance
from conformance.core.paths import REFERENCE
from conformance.runner.decision import Undecided
from conformance.sources.stack import StackFiles
from suites.static import test_plugin_needs as needs
from suites.static import test_plugin_standing as standing

VALUES = "stack/jenkins-helm-values.yaml.tmpl"
CENTER = "update-center.json.gz"
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A copy of the reference stack with its contract, document and waivers."""
    shutil.copytree(REFERENCE, tmp_path / "reference")
    return tmp_path / "reference"


def files(stack: Path) -> StackFiles:
    return StackFiles(load(stack / "conformance.toml"))


def edit(stack: Path, change: Edit) -> StackFiles:
    """The stack with its update center document changed."""
    document = json.loads(gzip.decompress((stack / CENTER).read_bytes()))
    change(document)
    (stack / CENTER).write_bytes(gzip.compress(json.dumps(document).encode(), 1))
    return files(stack)


@pytest.mark.parametrize(
    "check",
    [
        needs.test_what_plugins_need_is_pinned,
        needs.test_pins_satisfy_each_other,
        needs.test_core_satisfies_the_plugins,
    ],
)
def test_unknown_needs_are_undecided(stack: Path, check: Callable[..., None]) -> None:
    values = stack / VALUES
    check(files(stack), files(stack).contract)
    values.write_text(values.read_text().replace("- git:5.7.0", "- git:5.10.1"))
    changed = files(stack)
    with pytest.raises(Undecided, match=r"the needs of 1 pin\(s\) are not known .*: git"):
        check(changed, changed.contract)


def test_known_faults_fail_although_other_needs_are_unknown(stack: Path) -> None:
    values = stack / VALUES
    text = values.read_text().replace("- git:5.7.0", "- git:5.10.1")
    values.write_text(text.replace("    - scm-api:707.v749f968369d4\n", ""))
    changed = files(stack)
    with pytest.raises(NonConformance, match="scm-api"):
        needs.test_what_plugins_need_is_pinned(changed, changed.contract)


def test_a_document_without_deprecations_is_undecided(stack: Path) -> None:
    standing.test_no_pin_is_given_up(files(stack))
    changed = edit(stack, lambda document: document.pop("deprecations"))
    with pytest.raises(Undecided, match=r"no section `deprecations`"):
        standing.test_no_pin_is_given_up(changed)


def test_a_document_without_warnings_is_undecided(stack: Path) -> None:
    standing.test_no_advisory_is_open(files(stack), files(stack).contract)
    changed = edit(stack, lambda document: document.pop("warnings"))
    with pytest.raises(Undecided, match=r"no section `warnings`"):
        standing.test_no_advisory_is_open(changed, changed.contract)


def test_an_advisory_that_cannot_be_evaluated_is_undecided(stack: Path) -> None:
    advisory = {"id": "S-1", "type": "plugin", "name": "git", "versions": [{"pattern": r"(.)\1.*"}]}
    changed = edit(stack, lambda document: document["warnings"].append(advisory))
    with pytest.raises(Undecided, match="git: S-1 cannot be evaluated"):
        standing.test_no_advisory_is_open(changed, changed.contract)


def test_a_plugin_that_is_only_labeled_as_deprecated_fails(stack: Path) -> None:
    changed = edit(stack, lambda document: document["plugins"]["git"]["labels"].append("deprecated"))
    with pytest.raises(NonConformance, match="git: it is deprecated"):
        standing.test_no_pin_is_given_up(changed)
