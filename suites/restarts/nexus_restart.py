"""The one restart of Nexus, with things on it that must outlast the restart, as for the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.clients.artifacts import jar, noise, sha256
from conformance.clients.kubernetes import Cluster
from conformance.clients.names import Names
from conformance.clients.nexus import Coordinates, Nexus
from conformance.contract.model import Contract
from conformance.core.shared_facts import Shared
from suites.restarts.rolling_restart import Recovery, RollingRestart, answers
from suites.restarts.snapshot import Facts, password_of, repositories_of, users_of

#: bytes of an artifact: more than Nexus writes at once
SIZE = 300_000


@dataclass(frozen=True, slots=True)
class RestartResult:
    """The state of Nexus before its restart, and its recovery.

    `artifacts`: sha256 by `repository/path`. `user`: one created just before.
    """

    recovery: Recovery
    artifacts: Facts
    repositories: Facts
    users: Facts
    user: str

    @classmethod
    def from_facts(cls, raw: Mapping[str, Any]) -> RestartResult:
        """The result from the JSON of `Restart.make`."""
        return cls(**{**raw, "recovery": Recovery(**raw["recovery"])})


@dataclass(frozen=True, slots=True)
class Restart:
    """The one restart of Nexus in a run."""

    nexus: Nexus
    kube: Cluster
    contract: Contract
    shared: Shared
    run_name: str

    def make(self) -> dict[str, Any]:
        """Create what must outlast the restart, restart, wait: the JSON of a RestartResult.

        Raises:
            NonConformance: that could not be created, or there is nothing to restart.
        """
        declared = self.contract.nexus
        rolling = RollingRestart(
            self.kube,
            "Nexus",
            (declared.namespace, declared.release),
            self.contract.budgets.nexus_ready,
            answers(self.nexus.http, "/service/rest/v1/status/writable"),
        )
        rolling.find_pods()
        user = self._user()
        facts: dict[str, Any] = {
            "repositories": repositories_of(self.nexus),
            "users": users_of(self.nexus),
            "user": user,
            "artifacts": self._upload(),
        }
        return {**facts, "recovery": asdict(rolling.run())}

    def _user(self) -> str:
        name = f"conformance-{self.run_name}"
        self.shared.register_cleanup("nexus user", name=name)
        self.nexus.make_user(name, "nx-anonymous", password=password_of(name, self.run_name))
        return name

    def _upload(self) -> Facts:
        """Deploy a release and a snapshot that Nexus acknowledges: sha256 by `repository/path`."""
        declared, found = self.contract.nexus, {}
        group = Names.for_check(self.run_name, "", "restarts").group
        snapshot = f"{group.replace('.', '/')}/kept/1.0-SNAPSHOT/kept-1.0-20260101.000000-1.jar"
        for repository, path in (
            (declared.releases, Coordinates(group, "kept", "1.0").path),
            (declared.snapshots, snapshot),
        ):
            content = jar({"noise": noise(SIZE, f"{self.run_name} {path}")})
            self.shared.register_cleanup("file", repository=repository, path=path)
            self.nexus.expect_deployed(repository, path, content)
            found[f"{repository}/{path}"] = sha256(content)
        return found
