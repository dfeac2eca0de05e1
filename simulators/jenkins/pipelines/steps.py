"""Steps without a body."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import yaml

from ..agents.queue import QueueItem
from . import declared
from .arguments import Args
from .files import Files
from .flow import Ctx, Flow, worse
from .git import Git
from .groovy_host import StepError
from .shell import Shell
from .spans import UNITS, span

Step = Callable[[Ctx, Args], Any]
SYMBOLS = {
    "usernamePassword",
    "usernameColonPassword",
    "booleanParam",
    "choice",
    "text",
    "password",
    "logRotator",
    "buildDiscarder",
    "disableConcurrentBuilds",
    "parameters",
    "pipelineTriggers",
    "cron",
    "pollSCM",
    "containerTemplate",
    "containerEnvVar",
    "envVar",
    "secretEnvVar",
    "emptyDirVolume",
    "configMapVolume",
    "secretVolume",
    "hostPathVolume",
    "persistentVolumeClaim",
    "scmGit",
    "modernSCM",
    "legacySCM",
    "gitSource",
    "cleanBeforeCheckout",
    "cloneOption",
    "never",
    "onFailure",
    "always",
    "string",
}
"""Names that only make a value for another step."""


class Downstream(Protocol):
    """What `build` needs of the controller."""

    def trigger(self, flow: Flow, job: str, parameters: list[Mapping[str, Any]]) -> QueueItem:
        """Queue another job.

        Raises:
            StepError: there is none of that name.
        """


class Steps:
    """The steps of one controller's pipelines."""

    def __init__(
        self, shell: Shell, git: Git, files: Files, downstream: Downstream, more: Mapping[str, Step]
    ) -> None:
        """Args: what the steps work with; more: steps that live in modules of their own, by name."""
        self._shell, self._git, self._files, self._downstream = shell, git, files, downstream
        self._steps: dict[str, Step] = {
            "echo": self._echo,
            "error": self._error,
            "unstable": self._unstable,
            "sleep": self._sleep,
            "sh": self._sh,
            "isUnix": lambda ctx, args: True,
            "pwd": lambda ctx, args: ctx.where() + ("@tmp" if args.get("tmp") else ""),
            "checkout": self._checkout,
            "git": self._git_step,
            "build": self._build,
            "readYaml": self._read_yaml,
            "readJSON": self._read_json,
            "properties": self._properties,
            **files.steps(),
            **more,
        }

    def known(self) -> set[str]:
        """Names of the steps."""
        return set(self._steps)

    def run(self, ctx: Ctx, name: str, args: Args, quiet: bool) -> Any:
        """Run a step, or make the value that a symbol stands for.

        Raises:
            StepError: it fails, or the build is stopped meanwhile.
        """
        if name in SYMBOLS and name not in self._steps:
            return {
                "$symbol": name,
                **({"$value": args.positional[0]} if args.positional else {}),
                **args.named,
            }
        ctx.check()
        if not quiet:
            ctx.mark(name)
        return self._steps[name](ctx, args)

    def _echo(self, ctx: Ctx, args: Args) -> None:
        ctx.log(str(args.get("message", "null", first=True)))

    def _error(self, ctx: Ctx, args: Args) -> None:
        raise StepError("abort", str(args.get("message", "", first=True)))

    def _unstable(self, ctx: Ctx, args: Args) -> None:
        ctx.log(f"WARNING: {args.need('message', first=True)}")
        worse(ctx.flow, "UNSTABLE")

    def _sleep(self, ctx: Ctx, args: Args) -> None:
        seconds = float(args.need("time", first=True)) * UNITS[str(args.get("unit", "SECONDS"))]
        ctx.log(f"Sleeping for {span(seconds)}")
        ctx.flow.sleeping = "sleep"
        try:
            ctx.wait(lambda: False, seconds)
        finally:
            ctx.flow.sleeping = ""

    def _sh(self, ctx: Ctx, args: Args) -> Any:
        wants_text = bool(args.get("returnStdout"))
        code, output = self._shell.sh(ctx, str(args.need("script", first=True)), wants_text)
        if args.get("returnStatus"):
            return code
        if code != 0:
            raise StepError("abort", f"script returned exit code {code}")
        return output.decode("utf-8", "replace") if wants_text else None

    def _checkout(self, ctx: Ctx, args: Args) -> dict[str, str]:
        given = args.get("scm", first=True) or args.named
        if given.get("$scm"):
            return self._git.checkout(
                ctx,
                ctx.flow.scm["url"],
                [ctx.flow.scm["branch"]],
                ctx.flow.scm.get("revision"),
                ctx.flow.scm.get("credentials") or None,
            )
        remotes = given.get("userRemoteConfigs") or [{}]
        branches = [str(entry.get("name")) for entry in given.get("branches") or [{"name": "**"}]]
        return self._git.checkout(
            ctx, str(remotes[0].get("url")), branches, None, remotes[0].get("credentialsId")
        )

    def _git_step(self, ctx: Ctx, args: Args) -> dict[str, str]:
        branch = str(args.get("branch") or "master")
        return self._git.checkout(
            ctx, str(args.need("url", first=True)), [branch], None, args.get("credentialsId")
        )

    def _build(self, ctx: Ctx, args: Args) -> Any:
        name = str(args.need("job", first=True))
        item = self._downstream.trigger(ctx.flow, name, args.get("parameters") or [])
        ctx.log(f"Scheduling project: {item.job.full_display_name if item.job else name}")
        if not args.get("wait", True):
            return None
        ctx.wait(item.decided.is_set)
        build = item.executable
        if build is None or item.job is None:
            raise StepError("abort", f"The downstream item of {name} was cancelled")
        shown = f"{item.job.full_display_name} #{build.number}"
        ctx.log(f"Starting building: {shown}")
        ctx.wait(lambda: not build.building)
        ctx.log(f"Build {shown} completed: {build.result}")
        if build.result != "SUCCESS" and args.get("propagate", True):
            raise StepError(
                "abort", f"{shown} completed with status {build.result} (propagate: false to ignore)"
            )
        return {
            "number": build.number,
            "result": build.result,
            "currentResult": build.result,
            "duration": build.duration,
            "fullProjectName": item.job.full_name,
            "projectName": item.job.name,
            "displayName": f"#{build.number}",
            "buildVariables": build.env,
        }

    def _properties(self, ctx: Ctx, args: Args) -> None:
        defaults = declared.apply(ctx.flow.job, declared.message(args.need("properties", first=True)))
        ctx.flow.params = {**defaults, **ctx.flow.params}

    def _read_yaml(self, ctx: Ctx, args: Args) -> Any:
        texts = [str(args.get("text"))] if args.get("text") is not None else []
        if args.get("file"):
            texts.append(self._files.read(ctx, str(args.get("file"))).decode("utf-8", "replace"))
        try:
            documents = [doc for text in texts for doc in yaml.safe_load_all(text)]
        except yaml.YAMLError as error:
            raise StepError("illegal", str(error)) from error
        return _plain(documents[0] if len(documents) == 1 else documents)

    def _read_json(self, ctx: Ctx, args: Args) -> Any:
        text = args.get("text")
        if text is None:
            text = self._files.read(ctx, str(args.need("file"))).decode("utf-8", "replace")
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise StepError("illegal", f"Unable to parse JSON: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return (
        value
        if value is None or isinstance(value, (bool, int, float, str))
        else re.sub(r" 00:00:00$", "", str(value))
    )
