"""The one restart of the controller, with things on it that must outlast the restart.

A snapshot is taken first, and checks compare it with the state afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from conformance.clients.http import expect
from conformance.clients.jenkins import Jenkins
from conformance.clients.jobs import job_path
from conformance.clients.kubernetes import Cluster
from conformance.contract.model import Contract
from conformance.core.errors import WaitTimeout
from conformance.core.shared_facts import Shared
from conformance.core.waiting import eventually
from suites.restarts.rolling_restart import Recovery, RollingRestart, answers
from suites.restarts.snapshot import (
    Facts,
    build_of,
    configuration_of,
    credentials_of,
    items_of,
    newest_builds,
    plugins_of,
)

#: quiet period in seconds of the queued build, longer than any restart
DELAY = 7200


@dataclass(frozen=True, slots=True)
class RestartResult:
    """The controller's state before its restart, and its recovery.

    `job`: one created by the run, with a finished `build` (its number and facts). `queued`: the job whose
    build waits. `removed`: the declared job that was deleted, or empty.
    """

    recovery: Recovery
    job: str
    build: Facts
    queued: str
    removed: str
    items: Facts
    plugins: Facts
    configuration: Facts
    credentials: Facts
    #: agents' pods that remained after every build had ended: the reason, by name
    agents: Facts

    @classmethod
    def from_facts(cls, raw: Mapping[str, Any]) -> RestartResult:
        """The result from the JSON of `Restart.make`."""
        return cls(**{**raw, "recovery": Recovery(**raw["recovery"])})


@dataclass(frozen=True, slots=True)
class Restart:
    """The controller's one restart of a run."""

    jenkins: Jenkins
    kube: Cluster
    contract: Contract
    shared: Shared
    folder: str

    def make(self) -> dict[str, Any]:
        """Create what must outlast the restart, restart, wait: the JSON of a RestartResult.

        Raises:
            NonConformance: that could not be created, or there is nothing to restart.
        """
        declared = self.contract.jenkins
        rolling = RollingRestart(
            self.kube,
            "the controller",
            (declared.namespace, declared.release),
            self.contract.budgets.controller_ready,
            answers(self.jenkins.http, "/login"),
        )
        rolling.find_pods()
        # first of all: a controller may delete remaining pods when it starts
        agents = self._agents()
        job, queued = f"{self.folder}/restarts-kept", f"{self.folder}/restarts-waiting"
        self.jenkins.create_pipeline(job, "echo 'kept over a restart'")
        self.jenkins.create_pipeline(queued, "echo 'it ran'")
        build = self.jenkins.run(job, timeout=self.contract.budgets.build)
        facts: dict[str, Any] = {
            "job": job,
            "build": {"number": str(build.number), **build_of(self.jenkins, job, build.number)},
            "queued": queued,
            "items": items_of(self.jenkins, self.folder),
            "plugins": plugins_of(self.jenkins),
            "configuration": configuration_of(self.jenkins),
            "credentials": credentials_of(self.jenkins),
            "agents": agents,
            "removed": self._remove_one(),
        }
        self._queue(queued)
        return {**facts, "recovery": asdict(rolling.run())}

    def _agents(self) -> Facts:
        """Agents' pods that remain after the budget; waits only while there are some."""
        remaining: Facts = {}

        def all_gone() -> bool:
            remaining.clear()
            remaining.update(idle_agents(self.jenkins, self.kube, self.contract.jenkins.namespace))
            return not remaining

        with suppress(WaitTimeout):
            eventually(all_gone, what="agents' pods are gone", timeout=self.contract.budgets.agent_gone)
        return remaining

    def _remove_one(self) -> str:
        """Delete a declared job without builds of other people, as a person would; empty: there is none."""
        declared = [job.name for job in self.contract.jenkins.jobs]
        name = expendable(self.jenkins, declared, self.shared.cleanups())
        if name:
            self.shared.register_cleanup("seeded job", name=name, config=self.jenkins.config_xml(name))
            self.jenkins.delete_job(name)
        return name

    def _queue(self, job: str) -> None:
        answer = self.jenkins.http.post(
            f"{job_path(job)}/build?delay={DELAY}sec", headers=self.jenkins.crumb(), allow_redirects=False
        )
        expect(answer, 201, what="Jenkins does not queue a build")


def expendable(jenkins: Jenkins, jobs: Sequence[str], notes: Iterable[Mapping[str, Any]]) -> str:
    """The last of `jobs` that exists and has only finished builds, all of them requested by the run.

    `notes` are the run's cleanup registry. Empty: each job has a build of somebody else.
    """
    own = {(note["job"], note["queue_id"]) for note in notes if note["kind"] == "requested build"}
    newest = newest_builds(jenkins)

    def only_own_builds(job: str) -> bool:
        if all(name != job for name, _ in own):
            return False
        builds = jenkins.tree(job_path(job), "builds[queueId,building]")["builds"]
        return all((job, build["queueId"]) in own and not build["building"] for build in builds)

    fit = (job for job in reversed(jobs) if job in newest and (not newest[job] or only_own_builds(job)))
    return next(fit, "")


def idle_agents(jenkins: Jenkins, kube: Cluster, namespace: str) -> Facts:
    """Agents' pods without a build that are not being deleted: the reason, by name.

    An agent has the name of its pod (Kubernetes plugin). An offline agent may be about to start.
    """
    pods = [pod for pod in kube.pods(namespace) if "jenkins/label" in pod.labels and not pod.deleted]
    if not pods:
        return {}
    computers = jenkins.tree("/computer", "computer[displayName,idle,offline]")["computer"]
    agents = {agent["displayName"]: agent for agent in computers}
    found = {}
    for pod in pods:
        agent = agents.get(pod.name)
        if agent is None:
            found[pod.name] = "the controller knows no such agent"
        elif agent["idle"] and not agent["offline"]:
            found[pod.name] = "its agent waits idle"
    return found


def again(jenkins: Jenkins) -> Jenkins:
    """The same controller in a session of its own: cookies and crumbs from before its restart are invalid."""
    auth = jenkins.http.session.auth
    return Jenkins(jenkins.http.as_login(auth if isinstance(auth, tuple) else None))
