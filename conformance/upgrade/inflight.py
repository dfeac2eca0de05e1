"""Builds in flight when the upgrade begins: one that runs, one that waits in the queue."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from conformance.clients.http import expect
from conformance.clients.jobs import SCRATCH, Started, job_path
from conformance.clients.stack_clients import StackClients
from conformance.core.errors import WaitTimeout
from conformance.core.waiting import eventually

FOLDER = f"{SCRATCH}inflight"
#: seconds, longer than any upgrade
SECONDS = 1800
DELAY = 7200
#: lines of a console that never say why a build ended
_SKIPPED = re.compile(r"\[Pipeline\]|Finished:|\+ |[\w.$]+: [0-9a-f-]{36}$")
RUNNING = """node('%(label)s') {
  sh 'echo begun; sleep %(seconds)d; echo finished'
}
"""


class Outcome(BaseModel):
    """`running` is `still running`, a build's result, or `lost`; `queued` is `queued` or `lost`."""

    model_config = ConfigDict(frozen=True)

    running: str
    reason: str
    queued: str


class Inflight:
    """The two builds; `__init__` starts the one and queues the other."""

    def __init__(self, stack: StackClients) -> None:
        jenkins, label = stack.jenkins, stack.contract.jenkins.agents[0].label
        jenkins.create_folder(FOLDER)
        jenkins.create_pipeline(f"{FOLDER}/running", RUNNING % {"label": label, "seconds": SECONDS})
        jenkins.create_pipeline(f"{FOLDER}/queued", "echo 'it ran'")
        self._running = jenkins.start(f"{FOLDER}/running")
        eventually(
            lambda: "begun" in jenkins.console(self._running),
            what="the build runs on its agent",
            timeout=stack.contract.budgets.agent_online,
        )
        answer = jenkins.http.post(
            f"{job_path(f'{FOLDER}/queued')}/build?delay={DELAY}sec",
            headers=jenkins.crumb(),
            allow_redirects=False,
        )
        expect(answer, 201, what="Jenkins does not queue a build")

    def outcome(self, stack: StackClients, patience: float) -> Outcome:
        """The fate of both builds after the upgrade.

        Waits up to `patience` seconds for the end of the running one, which may have been resumed.
        """
        jenkins = stack.jenkins
        path = f"{job_path(self._running.job)}/{self._running.number}/api/json"
        answer = jenkins.http.get(path, params={"tree": "building,result"})
        if answer.status_code == 404:
            running, reason = "lost", "the controller knows no such build"
        else:
            running, reason = self._ended(stack, path, patience)
        queued = any(item["task"]["name"] == "queued" for item in jenkins.queue())
        ran = jenkins.tree(job_path(f"{FOLDER}/queued"), "builds[number]")["builds"]
        return Outcome(running=running, reason=reason, queued="queued" if queued or ran else "lost")

    def clean_up(self, stack: StackClients) -> None:
        """Stop the running build and delete both jobs."""
        stack.jenkins.stop_if_running(self._running.job, self._running.number)
        stack.jenkins.delete_job(FOLDER)

    def _ended(self, stack: StackClients, path: str, patience: float) -> tuple[str, str]:
        jenkins = stack.jenkins

        def info() -> dict[str, object]:
            answer = jenkins.http.get(path, params={"tree": "building,result"})
            found: dict[str, object] = expect(answer, 200, what="Jenkins does not return a build").json()
            return found

        try:
            found = eventually(
                info,
                what="the build that ran is settled",
                timeout=patience,
                interval=1,
                until=lambda seen: not seen["building"],
            )
        except WaitTimeout:
            return "still running", "its agent and its step went on"
        console = jenkins.console(Started(self._running.job, self._running.number, 0))
        lines = [line.strip() for line in console.splitlines() if line.strip()]
        reasons = [line for line in lines if not _SKIPPED.match(line)]
        return str(found["result"]), reasons[-1] if reasons else ""
