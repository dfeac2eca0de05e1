"""Names for things that checks create: each contains the run, the worker and the check."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from conformance.clients.jobs import SCRATCH


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one check. Everything begins with `conformance` and the run's id, so that it can be found."""

    run: str
    worker: str
    check: str

    @classmethod
    def for_check(cls, run_id: str, worker: str, nodeid: str) -> Names:
        """Names for the check `nodeid` in the worker `worker` (empty: the only one) of a run."""
        return cls(_plain(run_id), _plain(worker or "main"), hashlib.sha256(nodeid.encode()).hexdigest()[:8])

    @property
    def unique(self) -> str:
        """A name that fits a DNS label: for pods, tags, artifact ids."""
        return f"conformance-{self.run[-24:].strip('-')}-{self.worker}-{self.check}"

    @property
    def group(self) -> str:
        """Maven groupId for the artifacts of this check."""
        return f"conformance.run{re.sub('[^a-z0-9]', '', self.run)}.{self.worker}{self.check}"

    @property
    def folder(self) -> str:
        """Jenkins folder for this worker's own jobs."""
        return f"{SCRATCH}{self.run}-{self.worker}"

    @property
    def labels(self) -> dict[str, str]:
        """Labels for Kubernetes objects."""
        return {"app.kubernetes.io/managed-by": "conformance", "conformance/run": self.run[:63].strip("-")}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "run"
