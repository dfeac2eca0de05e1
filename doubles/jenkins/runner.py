"""Runs builds: pipelines by the Groovy process, free-style seeds on their agent."""

import hashlib
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import dsl_steps, podspec
from .blocks import ORDER, Args, Blocks, worse
from .builds import STEP_NOTE, USER_NOTE, Build
from .computers import Computer
from .declared import apply as apply_declared
from .flow import Flow, Interruption
from .gitscm import GitError, fetch_script
from .items import Item
from .jvm import GroovyHost, ScriptError, StepError
from .queue import QueueItem
from .steps import SYMBOLS, Steps

FAIL = {"FAILURE", "ABORTED", "NOT_BUILT"}


@dataclass
class Surroundings:
    """What running builds need of the controller."""

    groovy: Callable[[], GroovyHost]
    plugins: Callable[[], set[str]]
    environment: Callable[[Item, Build], dict[str, str]]
    seed: Callable[[str, dict[str, str]], list[tuple[str, bool]]]
    """Run Job DSL; returns the items with whether each is new. ScriptError or ValueError refuse."""
    approved: Callable[[str], bool]
    """Whether a script is approved; one that is not becomes pending."""
    script_security: Callable[[], bool]
    log: Callable[[str, str, str], None]


class Runner:
    """The builds that run now."""

    def __init__(self, around: Surroundings, blocks: Blocks, steps: Steps) -> None:
        """Args: around: the controller; blocks, steps: the pipeline language."""
        self._around, self._blocks, self._steps = around, blocks, steps
        self.flows: dict[str, Flow] = {}

    def start(self, item: QueueItem, build: Build, done: Callable[[Item, Build], None]) -> None:
        """Run a job's build in its own thread."""
        job = item.job
        if job is None or job.config is None:
            raise ValueError("a build needs a job")
        target = self._pipeline if job.config.tag == "flow-definition" else self._freestyle

        def run() -> None:
            try:
                target(job, build, item)
            except Exception as defect:  # noqa: BLE001 - a build must end, also by a defect of ours
                self._around.log("SEVERE", "stand-in", f"build {job.full_name} #{build.number}: {defect!r}")
                build.log(f"stand-in defect: {defect!r}")
                build.finish("FAILURE")
            done(job, build)

        threading.Thread(target=run, daemon=True, name=f"{job.full_name} #{build.number}").start()

    def flow_of(self, build: Build) -> Flow | None:
        """The running pipeline of a build."""
        return next((flow for flow in self.flows.values() if flow.build is build), None)

    def _pipeline(self, job: Item, build: Build, item: QueueItem) -> None:  # noqa: ARG002 - as for a free-style job
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
                info={"fromScm": bool(flow.scm), "params": flow.params},
            )
            self._end(build, flow, outcome)
        finally:
            self.flows.pop(flow.uid, None)

    def _script(self, job: Item, flow: Flow) -> str | None:
        config = job.config
        if config is None:
            raise ValueError("a folder has no script")
        if config.scm is None:
            return config.script or ""
        spec = config.scm.branches[0]
        for name, value in flow.base_env.items():
            spec = spec.replace("${" + name + "}", value)
        try:
            fetched = fetch_script(config.scm.url, spec, config.script_path)
        except GitError as error:
            flow.build.log(str(error))
            return None
        flow.scm = {"url": config.scm.url, "branch": fetched.branch, "revision": fetched.revision}
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

    def _freestyle(self, job: Item, build: Build, item: QueueItem) -> None:
        config = job.config
        if config is None:
            raise ValueError("a folder has no builds")
        computer: Computer = item.computer
        build.built_on = computer.name
        started(build)
        build.log("Running as SYSTEM")
        build.log(f"Agent {computer.name} is provisioned from template {computer.template.get('name')}")
        build.log("---\n" + podspec.show(computer.pod, computer.secret))
        build.log(
            f"Building remotely on {computer.name} ({computer.template.get('label')}) in workspace "
            f"{computer.workdir}/workspace/{job.full_name}"
        )
        result = "SUCCESS"
        for tag in config.unsupported:
            build.log(f"ERROR: the build step {tag} is not part of this stand-in")
            result = "FAILURE"
        if config.seed is not None and result == "SUCCESS":
            result = self._seed(config.seed, config.seed_sandbox, job, build)
        build.finish(result)

    def _seed(self, script: str, sandbox: bool, job: Item, build: Build) -> str:
        build.log("Processing provided DSL script")
        if self._around.script_security() and not sandbox and not self._around.approved(script):
            build.log("ERROR: script not yet approved for use")
            return "FAILURE"
        try:
            made = self._around.seed(script, self._around.environment(job, build))
        except (ScriptError, ValueError) as error:
            build.log(f"ERROR: {error}")
            return "FAILURE"
        for heading, new in (("Added items:", True), ("Existing items:", False)):
            names = [name for name, fresh in made if fresh is new]
            if names:
                build.log("\n".join([heading, *(f"    GeneratedJob{{name='{name}'}}" for name in names)]))
        build.seed_actions = 4
        return "SUCCESS"

    # -- requests of running scripts

    def answer(self, message: dict[str, Any]) -> Any:
        """What a script asked."""
        uid = str(message["ctx"]).partition(":")[0]
        flow = self.flows[uid]
        ctx = flow.blocks[str(message["ctx"])]
        op, name = str(message["op"]), message.get("name")
        args = Args(message.get("positional") or [], message.get("named") or {})
        if op == "step":
            self._require(str(name), self._steps.known() | SYMBOLS)
            return self._steps.run(ctx, str(name), args, bool(message.get("quiet")))
        if op == "begin":
            self._require(str(name), self._blocks.known() | {"parallel-branch"})
            opened = self._blocks.begin(ctx, str(name), args)
            return {"ctx": opened.id}
        if op == "end":
            return self._blocks.end(ctx, message.get("error"))
        if op == "require":
            self._require(str(name), {"pipeline"})
            return {}
        handler = {
            "variable": self._variable,
            "env": self._env,
            "setenv": self._setenv,
            "build": self._build,
            "setbuild": self._setbuild,
            "outcome": self._outcome,
            "declare": self._declare,
        }.get(op)
        if handler is not None:
            return handler(ctx, message)
        if op == "log":
            ctx.log(str(message["text"]))
        elif op == "retrying":
            ctx.log(f"ERROR: {message['error'].get('message')}\nRetrying")
            ctx.check()
        elif op == "pause":
            ctx.wait(lambda: False, float(message["seconds"]))
        else:
            raise StepError("illegal", f"unknown request {op}")
        return {}

    def known_steps(self) -> set[str]:
        """The steps that the installed plugins bring."""
        plugins = self._around.plugins()
        every = self._steps.known() | self._blocks.known()
        return {name for name in every if dsl_steps.PLUGINS.get(name) in plugins}

    def _require(self, name: str, known: set[str]) -> None:
        internal = {"parallel-branch", *SYMBOLS}
        if name not in known or not (
            name in internal or dsl_steps.PLUGINS.get(name) in self._around.plugins()
        ):
            raise StepError("nomethod", dsl_steps.unknown(name, self.known_steps(), SYMBOLS))

    def _variable(self, ctx: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        name = str(message["name"])
        for place in ctx.chain():
            if name in place.variables:
                return {"found": True, "value": place.variables[name]}
        environment = ctx.environment()
        return {"found": name in environment, "value": environment.get(name)}

    def _env(self, ctx: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        ctx.flow.build.env_used = True
        environment = ctx.environment()
        name = message.get("name")
        return {"value": environment if name is None else environment.get(str(name))}

    def _setenv(self, ctx: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        ctx.flow.build.env_used = True
        if message.get("value") is None:
            ctx.flow.build.env.pop(str(message["name"]), None)
        else:
            ctx.flow.build.env[str(message["name"])] = str(message["value"])
        return {}

    def _build(self, ctx: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        build, job = ctx.flow.build, ctx.flow.job
        previous = job.builds.get(build.number - 1)
        values = {
            "result": build.pending_result,
            "currentResult": build.pending_result or "SUCCESS",
            "number": build.number,
            "id": str(build.number),
            "displayName": build.display_name or f"#{build.number}",
            "fullDisplayName": f"{job.full_display_name} #{build.number}",
            "projectName": job.name,
            "fullProjectName": job.full_name,
            "description": build.description,
            "absoluteUrl": ctx.environment().get("BUILD_URL"),
            "timeInMillis": build.timestamp,
            "startTimeInMillis": build.timestamp,
            "duration": build.duration,
            "previousBuild": {"number": previous.number, "result": previous.result} if previous else None,
            "changeSets": [],
            "buildVariables": build.env,
        }
        if message["name"] not in values:
            raise StepError("missingproperty", f"No such property: {message['name']} for class: RunWrapper")
        return {"value": values[str(message["name"])]}

    def _setbuild(self, ctx: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        name, value = str(message["name"]), message.get("value")
        if name == "result" and value:
            worse(ctx.flow, str(value))
        elif name == "description":
            ctx.flow.build.description = value
        elif name == "displayName":
            ctx.flow.build.display_name = value
        elif name != "result":
            raise StepError("missingproperty", f"Cannot set property: {name} for class: RunWrapper")
        return {}

    def _outcome(self, ctx: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        """Which post conditions hold now."""
        error = message.get("error")
        failed = "SUCCESS" if not error else str(error.get("result") or "FAILURE")
        pending = ctx.flow.build.pending_result or "SUCCESS"
        result = max(failed, pending, key=ORDER.index)
        builds = ctx.flow.job.builds
        previous = next(
            (builds[n].result for n in sorted(builds, reverse=True) if n < ctx.flow.build.number), None
        )
        holds = {
            "always": True,
            "cleanup": True,
            "changed": previous != result,
            "fixed": result == "SUCCESS" and previous in {"FAILURE", "UNSTABLE"},
            "regression": previous == "SUCCESS" and result in {*FAIL, "UNSTABLE"},
            "aborted": result == "ABORTED",
            "failure": result == "FAILURE",
            "success": result == "SUCCESS",
            "unstable": result == "UNSTABLE",
            "unsuccessful": result != "SUCCESS",
        }
        return {"conditions": [name for name, held in holds.items() if held]}

    def _declare(self, ctx: Any, message: Mapping[str, Any]) -> dict[str, Any]:
        defaults = apply_declared(ctx.flow.job, message)
        ctx.flow.params = {**defaults, **ctx.flow.params}
        return {"params": ctx.flow.params}


def started(build: Build) -> None:
    """The first line of a console."""
    for cause in build.causes:
        build.log(str(cause["shortDescription"]), USER_NOTE)


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


def approval_hash(script: str) -> str:
    """The name under which a Groovy script is approved."""
    return "SHA512:" + hashlib.sha512(f"groovy:{script}".encode()).hexdigest()
