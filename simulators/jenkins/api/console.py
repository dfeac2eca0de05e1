"""The requests of console scripts: the script approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..home.approvals import Approvals

OPERATIONS = {"pending", "approve", "deny"}
"""The requests that come from the console; all others come from pipelines."""


@dataclass(frozen=True)
class Console:
    """Answers the requests of console scripts."""

    approvals: Approvals

    def answer(self, message: Mapping[str, Any]) -> Any:
        """Answer one request of a console script."""
        if message["op"] == "pending":
            return [{"hash": key, "script": script} for key, script in self.approvals.pending.items()]
        change = self.approvals.approve if message["op"] == "approve" else self.approvals.deny
        change(str(message["hash"]))
        return None
