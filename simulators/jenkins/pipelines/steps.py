"""Steps without a body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..unsupported import unsupported
from .arguments import Arguments
from .declared import declare, property_calls
from .files import Files
from .flow import Context
from .git import Git
from .groovy_host import StepError
from .shell import Shell
from .spans import seconds_of, span

Run = Callable[[Context, Arguments], Any]


class Steps:
    """The steps of one controller's pipelines."""

    def __init__(self, shell: Shell, git: Git, files: Files) -> None:
        self._shell, self._git = shell, git
        self._steps: dict[str, Run] = {
            "echo": _echo,
            "error": _error,
            "sleep": _sleep,
            "sh": self._sh,
            "checkout": self._checkout,
            "properties": _properties,
            "writeFile": files.write,
            "archiveArtifacts": files.archive,
        }

    def run(self, context: Context, name: str, arguments: Arguments) -> Any:
        """Run a step.

        Raises:
            StepError: it fails, or the build is stopped meanwhile.
        """
        if name not in self._steps:
            raise StepError("abort", unsupported(f"the step {name!r} without a body"))
        return self._steps[name](context, arguments)

    def _sh(self, context: Context, arguments: Arguments) -> None:
        code = self._shell.sh(context, str(arguments.need("script", first=True)))
        if code != 0:
            raise StepError("abort", f"script returned exit code {code}")

    def _checkout(self, context: Context, arguments: Arguments) -> dict[str, str]:
        return self._git.checkout(context, arguments.need("scm", first=True))


def _echo(context: Context, arguments: Arguments) -> None:
    context.log(str(arguments.get("message", "null", first=True)))


def _error(context: Context, arguments: Arguments) -> None:
    del context
    raise StepError("abort", str(arguments.get("message", "", first=True)))


def _sleep(context: Context, arguments: Arguments) -> None:
    seconds = seconds_of(arguments.need("time", first=True), str(arguments.get("unit", "SECONDS")))
    context.log(f"Sleeping for {span(seconds)}")
    context.wait(lambda: False, seconds)


def _properties(context: Context, arguments: Arguments) -> None:
    parameters, options = property_calls(arguments.need("properties", first=True))
    defaults = declare(context.flow.job, parameters, options)
    context.flow.params = {**defaults, **context.flow.params}
