"""What a running pipeline asks of the controller: steps, blocks, variables, the build, post conditions."""

from collections.abc import Callable, Mapping
from typing import Any

from . import known_steps as dsl_steps
from .arguments import Args
from .blocks import Blocks
from .declared import apply as apply_declared
from .flow import ORDER, Ctx, worse
from .groovy_host import StepError
from .libraries import Libraries
from .steps import SYMBOLS, Steps

FAIL = {"FAILURE", "ABORTED", "NOT_BUILT"}


class Asked:
    """Answers the requests of pipelines."""

    def __init__(
        self, plugins: Callable[[], set[str]], blocks: Blocks, steps: Steps, libraries: Libraries
    ) -> None:
        """Args: plugins: names of those that run; the others: the pipeline language."""
        self._plugins, self._blocks, self._steps, self._libraries = plugins, blocks, steps, libraries

    def answer(self, ctx: Ctx, message: Mapping[str, Any]) -> Any:
        """What a script asked at a place of its pipeline.

        Raises:
            StepError: it is refused.
        """
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
            "params": self._params,
            "libraries": self._load,
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
        plugins = self._plugins()
        every = self._steps.known() | self._blocks.known()
        return {name for name in every if dsl_steps.PLUGINS.get(name) in plugins}

    def _require(self, name: str, known: set[str]) -> None:
        internal = {"parallel-branch", *SYMBOLS}
        if name not in known or not (name in internal or dsl_steps.PLUGINS.get(name) in self._plugins()):
            raise StepError("nomethod", dsl_steps.unknown(name, self.known_steps(), SYMBOLS))

    def _variable(self, ctx: Ctx, message: Mapping[str, Any]) -> dict[str, Any]:
        name = str(message["name"])
        for place in ctx.chain():
            if name in place.variables:
                return {"found": True, "value": place.variables[name]}
        environment = ctx.environment()
        return {"found": name in environment, "value": environment.get(name)}

    def _env(self, ctx: Ctx, message: Mapping[str, Any]) -> dict[str, Any]:
        ctx.flow.build.env_used = True
        environment = ctx.environment()
        name = message.get("name")
        return {"value": environment if name is None else environment.get(str(name))}

    def _setenv(self, ctx: Ctx, message: Mapping[str, Any]) -> dict[str, Any]:
        ctx.flow.build.env_used = True
        if message.get("value") is None:
            ctx.flow.build.env.pop(str(message["name"]), None)
        else:
            ctx.flow.build.env[str(message["name"])] = str(message["value"])
        return {}

    def _build(self, ctx: Ctx, message: Mapping[str, Any]) -> dict[str, Any]:
        build, job = ctx.flow.build, ctx.flow.job
        previous = job.builds.get(build.number - 1)
        values: dict[str, Any] = {
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

    def _setbuild(self, ctx: Ctx, message: Mapping[str, Any]) -> dict[str, Any]:
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

    def _outcome(self, ctx: Ctx, message: Mapping[str, Any]) -> dict[str, Any]:
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
            "notBuilt": result == "NOT_BUILT",
            "unsuccessful": result != "SUCCESS",
        }
        return {"conditions": [name for name, held in holds.items() if held]}

    def _load(self, ctx: Ctx, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        if "pipeline-groovy-lib" not in self._plugins():
            return []
        return self._libraries.declared(ctx, list(message["identifiers"]))

    @staticmethod
    def _params(ctx: Ctx, _: Mapping[str, Any]) -> dict[str, Any]:
        return ctx.flow.params

    def _declare(self, ctx: Ctx, message: Mapping[str, Any]) -> dict[str, Any]:
        defaults = apply_declared(ctx.flow.job, message)
        ctx.flow.params = {**defaults, **ctx.flow.params}
        return {}
