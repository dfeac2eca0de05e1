"""Runs builds: pipelines by the Groovy process, free-style ones by their seed."""

import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..agents.queue import QueueItem
from ..home.builds import STEP_NOTE, Build, started
from ..home.items import Item
from .flow import ORDER, Flow, Interruption
from .git import GitError, fetch_script
from .groovy_host import GroovyHost
from .requests import Asked
from .seeds import Seeds

UNAPPROVED = (
    "org.jenkinsci.plugins.scriptsecurity.scripts.UnapprovedUsageException: script not yet approved for use"
)


@dataclass
class Surroundings:
    """What running pipelines need of the controller."""

    groovy: Callable[[], GroovyHost]
    environment: Callable[[Item, Build], dict[str, str]]
    credential: Callable[[str], Mapping[str, Any] | None]
    log: Callable[[str, str, str], None]
    waits: Callable[[str], bool]
    """Whether a script waits for an administrator's approval."""


class Runner:
    """The builds that run now."""

    def __init__(self, around: Surroundings, asked: Asked, seeds: Seeds) -> None:
        """Args: around: the controller; asked: answers pipelines; seeds: runs free-style builds."""
        self._around, self._asked, self._seeds = around, asked, seeds
        self.flows: dict[str, Flow] = {}
        self.running: set[Build] = set()
        """Builds whose end is not yet kept: one that says it is over still writes its files."""

    def start(self, item: QueueItem, build: Build, done: Callable[[Item, Build], None]) -> None:
        """Run a job's build in its own thread."""
        job = item.job
        if job is None or job.config is None:
            raise ValueError("a build needs a job")
        target = self._pipeline if job.config.tag == "flow-definition" else self._seeds.run

        def run() -> None:
            try:
                target(job, build, item)
            except Exception as defect:  # noqa: BLE001 - a build must end, also by a defect of ours
                self._around.log("SEVERE", "stand-in", f"build {job.full_name} #{build.number}: {defect!r}")
                build.log(f"stand-in defect: {defect!r}")
                build.finish("FAILURE")
            finally:
                self.running.discard(build)
            done(job, build)

        self.running.add(build)
        threading.Thread(target=run, daemon=True, name=f"{job.full_name} #{build.number}").start()

    def flow_of(self, build: Build) -> Flow | None:
        """The running pipeline of a build."""
        return next((flow for flow in self.flows.values() if flow.build is build), None)

    def end(self, builds: Collection[Build], why: Interruption, seconds: float) -> int:
        """Interrupt builds and give them time to end. Returns how many did not."""
        for build in builds:
            if (flow := self.flow_of(build)) is not None:
                flow.interrupt(why)
        until = time.monotonic() + seconds
        while (left := len(self.running.intersection(builds))) and time.monotonic() < until:
            time.sleep(0.05)  # nothing tells of an end but this list
        return left

    def answer(self, message: Mapping[str, Any]) -> Any:
        """What a running script asked."""
        flow = self.flows[str(message["ctx"]).partition(":")[0]]
        return self._asked.answer(flow.blocks[str(message["ctx"])], message)

    def _pipeline(self, job: Item, build: Build, item: QueueItem) -> None:
        started(build)
        flow = Flow(uuid.uuid4().hex[:12], job, build, self._around.environment(job, build))
        self.flows[flow.uid] = flow
        try:
            script = self._script(job, flow)
            if script is None:
                build.finish("FAILURE")
                return
            build.log("[Pipeline] Start of Pipeline", STEP_NOTE)
            outcome = self._around.groovy().call(
                "flow",
                flow=flow.uid,
                ctx=flow.root.id,
                script=script,
                info={"fromScm": bool(flow.scm), "sandbox": bool(flow.scm) or _sandboxed(job)},
            )
            self._end(build, flow, outcome)
        finally:
            self.flows.pop(flow.uid, None)

    def _script(self, job: Item, flow: Flow) -> str | None:
        config = job.config
        if config is None:
            raise ValueError("a folder has no script")
        if config.scm is None:
            if not config.sandbox and self._around.waits(config.script or ""):
                flow.build.log(UNAPPROVED)
                return None
            return config.script or ""
        spec = config.scm.branches[0]
        for name, value in flow.base_env.items():
            spec = spec.replace("${" + name + "}", value)
        try:
            credential = self._around.credential(config.scm.credentials or "")
            fetched = fetch_script(config.scm.url, spec, config.script_path, credential)
        except GitError as error:
            flow.build.log(str(error))
            return None
        flow.scm = {
            "url": config.scm.url,
            "branch": fetched.branch,
            "revision": fetched.revision,
            "credentials": config.scm.credentials or "",
        }
        flow.build.log(f"Obtained {config.script_path} from git {config.scm.url}")
        return fetched.text

    def _end(self, build: Build, flow: Flow, outcome: Mapping[str, Any]) -> None:
        error = outcome.get("error")
        build.log("[Pipeline] End of Pipeline", STEP_NOTE)
        result = str(outcome["result"])
        if build.pending_result and (
            result == "SUCCESS" or ORDER.index(build.pending_result) > ORDER.index(result)
        ):
            result = build.pending_result
        if error and result != "SUCCESS":
            explain(build, error, flow.interruption)
            causes = error.get("causes") or []
            recorded = flow.interruption.recorded if flow.interruption else True
            if causes and recorded:
                build.interrupted = list(causes)
        build.finish(result)


def _sandboxed(job: Item) -> bool:
    return job.config is not None and job.config.sandbox


def explain(build: Build, error: Mapping[str, Any], interruption: Interruption | None) -> None:
    """Say in the console why a build failed, as the real one does for each kind of failure."""
    kind, text = str(error.get("type")), str(error.get("message") or "")
    identity = f"org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: {uuid.uuid4()}"
    if kind == "killed":
        build.log(identity)
    elif kind.endswith("FlowInterruptedException"):
        by_person = interruption is not None and any(
            cause.startswith("Aborted by") for cause in interruption.causes
        )
        build.log(identity if by_person or not text else f"{text}\n{identity}")
    elif kind == "hudson.AbortException":
        build.log(f"ERROR: {text}")
    elif kind.endswith("MultipleCompilationErrorsException"):
        build.log(f"{kind}: {text}")
    else:
        trace = str(error.get("trace") or f"{kind}: {text}").rstrip()
        shown = [line for line in trace.splitlines() if not line.lstrip().startswith("at standin.")]
        build.log("\n".join([f"Also:   {identity}", *shown]))
