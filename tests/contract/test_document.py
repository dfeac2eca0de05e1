from __future__ import annotations

from conformance.contract.document import render
from conformance.core.paths import PROJECT


def test_the_reference_is_up_to_date() -> None:
    written = (PROJECT / "docs/contract.md").read_text(encoding="utf-8")
    assert written == render(), "python -m conformance.contract.document > docs/contract.md"


def test_every_table_is_described() -> None:
    text = render()
    for table in (
        "[stack]",
        "[[jenkins.jobs]]",
        "[[jenkins.jobs.parameters]]",
        "[existing.jenkins_login]",
        "[budgets]",
    ):
        assert f"`{table}`" in text
