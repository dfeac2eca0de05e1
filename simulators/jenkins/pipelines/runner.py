"""Runs builds: pipelines by the Groovy process, free-style ones by their seed."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..agents.queue import QueueItem
from ..home.approvals import Approvals
from ..home.builds import Build
from ..home.items import Item
from ..home.jobxml import PIPELINE, Config
from ..home.settings import log
from ..unsupported import unsupported
from .environment import BuildEnvironment
from .flow import Flow, Interruption
from .git import GitError, fetch_script
from .groovy_host import GroovyHost
from .requests import Requests
from .seeds import Seeds

UNAPPROVED = (
    "org.jenkinsci.plugins.scriptsecurity.scripts.UnapprovedUsageException: script not yet approved for use"
)


@dataclass
class Runner:
    """The builds that run now.

    `running` has the builds whose end is not kept yet: one that is over still writes its files.
    """

    groovy: GroovyHost
    environment: BuildEnvironment
    approvals: Approvals
    requests: Requests
    seeds: Seeds
    flows: dict[str, Flow] = field(default_factory=dict)
    running: set[Build] = field(default_factory=set)

    def start(self, item: QueueItem, build: Build, done: Callable[[], None]) -> None:
        """Run a job's build in its own thread."""
        job, config = item.job, item.job.config
        if config is None:
            raise ValueError("a build needs a job")

        def run() -> None:
            try:
                if config.tag == PIPELINE:
                    self._pipeline(job, config, build)
                else:
                    self.seeds.run(job, config, build, item)
            except Exception as defect:  # noqa: BLE001 - a build must end, also by a defect of the simulator
                log("SEVERE", "simulator", f"build {job.full_name} #{build.number}: {defect!r}")
                build.log(f"defect of the Jenkins simulator: {defect!r}")
                build.finish("FAILURE")
            finally:
                self.running.discard(build)
            done()

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
            time.sleep(0.05)  # only this list shows that a build has ended
        return left

    def answer(self, message: Mapping[str, Any]) -> Any:
        """Answer the request of a running script."""
        flow = self.flows[str(message["ctx"]).partition(":")[0]]
        return self.requests.answer(flow.blocks[str(message["ctx"])], message)

    def _pipeline(self, job: Item, config: Config, build: Build) -> None:
        build.begin()
        flow = Flow(uuid.uuid4().hex[:12], job, build, self.environment.variables(job, build))
        self.flows[flow.uid] = flow
        try:
            script = self._script(config, flow)
            if script is None:
                build.finish("FAILURE")
                return
            build.log("[Pipeline] Start of Pipeline")
            info = {"fromScm": bool(flow.scm), "sandbox": bool(flow.scm) or config.sandbox}
            outcome = self.groovy.call("flow", flow=flow.uid, ctx=flow.root.id, script=script, info=info)
            _end(build, flow, outcome)
        finally:
            self.flows.pop(flow.uid, None)

    def _script(self, config: Config, flow: Flow) -> str | None:
        """The text of a pipeline's script, or None when the console says why there is none."""
        scm = config.scm
        if scm is None:
            if not config.sandbox and self.approvals.waits(config.script or ""):
                flow.build.log(UNAPPROVED)
                return None
            return config.script or ""
        if scm.credentials:
            flow.build.log(f"ERROR: {unsupported('credentials of a Git repository')}")
            return None
        spec = scm.branches[0]
        for name, value in flow.base_env.items():
            spec = spec.replace("${" + name + "}", value)
        try:
            fetched = fetch_script(scm.url, spec, config.script_path)
        except GitError as error:
            flow.build.log(str(error))
            return None
        flow.scm = {"url": scm.url, "branch": fetched.branch, "revision": fetched.revision}
        flow.build.log(f"Obtained {config.script_path} from git {scm.url}")
        return fetched.text


def _end(build: Build, flow: Flow, outcome: Mapping[str, Any]) -> None:
    error = outcome.get("error")
    build.log("[Pipeline] End of Pipeline")
    result = str(outcome["result"])
    if error and result != "SUCCESS":
        _explain(build, error, flow.interruption)
        causes = error.get("causes") or []
        recorded = flow.interruption.recorded if flow.interruption else True
        if causes and recorded:
            build.interrupted = list(causes)
    build.finish(result)


def _explain(build: Build, error: Mapping[str, Any], interruption: Interruption | None) -> None:
    """Print why a build failed, as the real controller does for each kind of failure."""
    kind, text = str(error.get("type")), str(error.get("message") or "")
    identity = f"org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: {uuid.uuid4()}"
    if kind.endswith("FlowInterruptedException"):
        aborted = interruption is not None and any(
            cause.startswith("Aborted by") for cause in interruption.causes
        )
        build.log(identity if aborted or not text else f"{text}\n{identity}")
    elif kind == "hudson.AbortException":
        build.log(f"ERROR: {text}")
    elif kind.endswith("MultipleCompilationErrorsException"):
        build.log(f"{kind}: {text}")
    else:
        trace = str(error.get("trace") or f"{kind}: {text}").rstrip()
        shown = [line for line in trace.splitlines() if not line.lstrip().startswith("at simulator.")]
        build.log("\n".join([f"Also:   {identity}", *shown]))
