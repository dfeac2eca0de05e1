"""The controller restarted, with things on it that must outlast it.

What is there is written down first (fixtures.lasting), and checks compare it with what they find afterwards.
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
from suites.restarts.rolling_restart import Return, Way, answers
from suites.restarts.snapshot import (
    Facts,
    build_of,
    configuration_of,
    credentials_of,
    items_of,
    newest_builds,
    plugins_of,
)

#: seconds for which what waits would wait, longer than any restart
DELAY = 7200


@dataclass(frozen=True, slots=True)
class Restarted:
    """What the controller had before its restart, and how it came back.

    `job`: one made by the run, with a finished `build` (its number and facts). `queued`: the job that waits.
    `removed`: the declared job that was deleted, or empty.
    """

    returned: Return
    job: str
    build: Facts
    queued: str
    removed: str
    items: Facts
    plugins: Facts
    configuration: Facts
    credentials: Facts
    #: agents' pods that were left when every build had ended: why, by name
    agents: Facts

    @classmethod
    def from_facts(cls, raw: Mapping[str, Any]) -> Restarted:
        """From what `Restart.make` gave, through JSON."""
        return cls(**{**raw, "returned": Return(**raw["returned"])})


@dataclass(frozen=True, slots=True)
class Restart:
    """Makes the controller's one restart of a run."""

    jenkins: Jenkins
    kube: Cluster
    contract: Contract
    shared: Shared
    folder: str

    def make(self) -> dict[str, Any]:
        """Make what must outlast it, restart it, and wait for it: facts of a Restarted.

        Raises:
            NonConformance: what must outlast it could not be made, or there is nothing to restart.
        """
        told = self.contract.jenkins
        way = Way(
            self.kube,
            "the controller",
            (told.namespace, told.release),
            self.contract.budgets.controller_ready,
            answers(self.jenkins.http, "/login"),
        )
        way.find()
        # first of all: a controller that restarts may take away what it had left
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
        return {**facts, "returned": asdict(way.down_and_back())}

    def _agents(self) -> Facts:
        """What is left of agents within their budget; nothing is waited for where nothing is left."""
        left: Facts = {}

        def look() -> bool:
            left.clear()
            left.update(left_agents(self.jenkins, self.kube, self.contract.jenkins.namespace))
            return not left

        with suppress(WaitTimeout):
            eventually(look, what="agents' pods are gone", timeout=self.contract.budgets.agent_gone)
        return left

    def _remove_one(self) -> str:
        """Delete a declared job as a person would, one of which nobody loses a build; none: empty."""
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
    """The last of `jobs` that is there and has no build but finished ones that these notes say are the run's.

    Empty when each has a build of somebody else's.
    """
    own = {(note["job"], note["queue_id"]) for note in notes if note["kind"] == "requested build"}
    newest = newest_builds(jenkins)

    def is_ours(job: str) -> bool:
        if all(name != job for name, _ in own):
            return False
        builds = jenkins.tree(job_path(job), "builds[queueId,building]")["builds"]
        return all((job, build["queueId"]) in own and not build["building"] for build in builds)

    fit = (job for job in reversed(jobs) if job in newest and (not newest[job] or is_ours(job)))
    return next(fit, "")


def left_agents(jenkins: Jenkins, kube: Cluster, namespace: str) -> Facts:
    """Agents' pods on which no build runs or is about to, and that are not going: why, by name.

    An agent has the name of its pod (Kubernetes plugin). One that is offline may be about to start.
    """
    pods = [pod for pod in kube.pods(namespace) if "jenkins/label" in pod.labels and not pod.deleted]
    if not pods:
        return {}
    told = jenkins.tree("/computer", "computer[displayName,idle,offline]")["computer"]
    agents = {agent["displayName"]: agent for agent in told}
    found = {}
    for pod in pods:
        agent = agents.get(pod.name)
        if agent is None:
            found[pod.name] = "the controller knows no such agent"
        elif agent["idle"] and not agent["offline"]:
            found[pod.name] = "its agent waits idle"
    return found


def again(jenkins: Jenkins) -> Jenkins:
    """The same controller in a session of its own: what it gave before its restart counts no more."""
    auth = jenkins.http.session.auth
    return Jenkins(jenkins.http.as_login(auth if isinstance(auth, tuple) else None))
