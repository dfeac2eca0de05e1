"""The requests of running pipelines: steps, blocks, variables, post conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .arguments import Arguments
from .blocks import Blocks
from .declared import declare
from .flow import Context
from .known_steps import STEPS, SYMBOLS, require
from .steps import Steps


@dataclass(frozen=True)
class Requests:
    """Answers the requests of pipelines; `plugins` names those that run."""

    plugins: Callable[[], set[str]]
    blocks: Blocks
    steps: Steps

    def answer(self, context: Context, message: Mapping[str, Any]) -> Any:
        """Answer the request of a script at one place of its pipeline.

        Raises:
            StepError: it is refused.
        """
        handlers: dict[str, Callable[[Context, Mapping[str, Any]], Any]] = {
            "step": self._step,
            "begin": self._begin,
            "end": lambda place, given: self.blocks.end(place, given.get("error")),
            "require": lambda _, given: require(str(given["name"]), self.plugins()),
            "variable": _variable,
            "env": _env,
            "outcome": _outcome,
            "declare": _declare,
            "params": lambda place, _: place.flow.params,
            "log": lambda place, given: place.log(str(given["text"])),
        }
        answer = handlers[str(message["op"])](context, message)
        return {} if answer is None and message["op"] != "step" else answer

    def _arguments(self, message: Mapping[str, Any]) -> Arguments:
        """The arguments of a step or block, checked with its name."""
        name = str(message["name"])
        require(name, self.plugins())
        arguments = Arguments(tuple(message.get("positional") or ()), message.get("named") or {})
        if name in STEPS:
            arguments.only(name, STEPS[name].arguments or ())
        return arguments

    def _step(self, context: Context, message: Mapping[str, Any]) -> Any:
        name, arguments = str(message["name"]), self._arguments(message)
        if name in SYMBOLS and name not in STEPS:
            value = {"$value": arguments.positional[0]} if arguments.positional else {}
            return {"$symbol": name, **value, **arguments.named}
        context.check()
        if not message.get("quiet"):
            context.mark(name)
        return self.steps.run(context, name, arguments)

    def _begin(self, context: Context, message: Mapping[str, Any]) -> dict[str, Any]:
        return {"ctx": self.blocks.begin(context, str(message["name"]), self._arguments(message)).id}


def _variable(context: Context, message: Mapping[str, Any]) -> dict[str, Any]:
    name = str(message["name"])
    for place in context.chain():
        if name in place.variables:
            return {"found": True, "value": place.variables[name]}
    environment = context.environment()
    return {"found": name in environment, "value": environment.get(name)}


def _env(context: Context, message: Mapping[str, Any]) -> dict[str, Any]:
    context.flow.build.env_used = True
    return {"value": context.environment().get(str(message["name"]))}


def _outcome(context: Context, message: Mapping[str, Any]) -> dict[str, Any]:
    """The post conditions that hold now."""
    error = message.get("error")
    result = "SUCCESS" if not error else str(error.get("result") or "FAILURE")
    builds, own = context.flow.job.builds, context.flow.build.number
    previous = next((builds[number].result for number in sorted(builds, reverse=True) if number < own), None)
    holds = {
        "always": True,
        "cleanup": True,
        "changed": previous != result,
        "fixed": result == "SUCCESS" and previous in {"FAILURE", "UNSTABLE"},
        "regression": previous == "SUCCESS" and result != "SUCCESS",
        "aborted": result == "ABORTED",
        "failure": result == "FAILURE",
        "success": result == "SUCCESS",
        "unstable": result == "UNSTABLE",
        "notBuilt": result == "NOT_BUILT",
        "unsuccessful": result != "SUCCESS",
    }
    return {"conditions": [name for name, held in holds.items() if held]}


def _declare(context: Context, message: Mapping[str, Any]) -> None:
    declare(context.flow.job, [], message["options"])
