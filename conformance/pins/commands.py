"""`conformance gate` and its forms propose, plan and history: options, and the commands behind them.

Only argparse is loaded here; the rest when a gate runs, so that other commands do not pay for it.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.core.errors import ConformanceError, UsageError
from conformance.core.paths import CONTRACT, find_contract

#: names the update center when no option does
ENVIRONMENT = "CONFORMANCE_UPDATE_CENTER"

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.pins.gate import GateResult
    from conformance.pins.propose import Plan
    from conformance.pins.trial import Trial

TrialFactory = Callable[[argparse.Namespace], "Trial"]
Handler = Callable[[argparse.Namespace], int]


class GateBroken(ConformanceError):
    """The gate itself failed. It decides nothing then: exit code 1 means NO-GO and nothing else."""


def register(subparsers: Any, make_trial: TrialFactory | None = None) -> argparse.ArgumentParser:
    """Add `gate` to a parser's subcommands; each sets `handler`, which returns the exit code.

    0 GO, 1 NO-GO, 2 incomplete, 3 usage. `make_trial` returns the trial that boots a controller; without it
    only `--static-only` works. Returns the gate's parser, for options that the trial needs.
    """
    gate: argparse.ArgumentParser = subparsers.add_parser(
        "gate", help="judge plugin pins: GO or NO-GO before a release"
    )
    add_inputs(gate)
    add_trust(gate)
    add_gate(gate)
    add_outputs(gate)
    gate.set_defaults(handler=_guarded(lambda given: run_gate(given, make_trial)))
    forms = gate.add_subparsers(dest="gate_form", metavar="[propose | plan | history]")
    propose = forms.add_parser("propose", help="write the newest pins without known issues that fit a core")
    add_inputs(propose)
    add_trust(propose)
    propose.add_argument("--output", metavar="FILE", help="write here instead of into the file (- to print)")
    propose.set_defaults(handler=_guarded(run_propose))
    plan = forms.add_parser("plan", help="group the upgrades: security first, then by core; write nothing")
    add_inputs(plan)
    add_trust(plan)
    add_outputs(plan)
    plan.add_argument(
        "--min-age", type=_days, default=0, metavar="DAYS", help="leave out younger releases, such as 14d"
    )
    plan.set_defaults(handler=_guarded(run_plan))
    history = forms.add_parser("history", help="judge the pins by each day's document of a directory")
    add_inputs(history)
    add_outputs(history)
    history.add_argument("--svg", metavar="FILE", help="write a picture")
    history.set_defaults(handler=_guarded(run_history))
    return gate


def _guarded(handler: Handler) -> Handler:
    """The handler, with each of its errors as a ConformanceError: none may end with 1 as a NO-GO does."""

    def guarded(given: argparse.Namespace) -> int:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        for name in ("markdown", "json", "junit", "svg", "output"):
            _writable(getattr(given, name, None), f"--{name}")
        try:
            return handler(given)
        except (ConformanceError, BrokenPipeError):
            raise
        except OSError as error:
            raise UsageError(
                f"{error.filename or 'a file'} cannot be read or written", observed=str(error)
            ) from error
        except Exception as error:
            raise GateBroken(
                "the gate failed and decides nothing",
                observed=f"{type(error).__name__}: {error}"[:300],
                remedy="report it with the document and the pins",
            ) from error

    return guarded


def _writable(where: str | None, option: str) -> None:
    """An output is refused before the work, not after it."""
    if where in (None, "-"):
        return
    file = Path(str(where))
    target = file if file.exists() else file.parent
    if file.is_dir() or not target.exists() or not os.access(target, os.W_OK):
        raise UsageError(
            f"{option} cannot be written",
            where=str(where),
            expected="a file in a folder that exists and can be written to",
        )


def run_gate(given: argparse.Namespace, make_trial: TrialFactory | None = None) -> int:
    from conformance.pins.gate import Dynamic, gate
    from conformance.pins.inputs import Inputs
    from conformance.pins.output import data, markdown, terminal
    from conformance.pins.trial import TrialMemory

    if not given.static_only and make_trial is None:
        raise UsageError(
            "there is no controller to boot here",
            expected="--static-only, or an environment in which a controller can run",
        )
    inputs = Inputs(given)
    candidate = inputs.candidate()
    dynamic = None
    if make_trial is not None and not given.static_only:
        dynamic = Dynamic(make_trial(given), given.budget, TrialMemory(given.bisection))
    result = gate(
        candidate,
        inputs.index(),
        inputs.rules(),
        baseline=inputs.baseline(candidate),
        running=_running(given),
        dynamic=dynamic,
    )
    terminal.show(result, _console(given.markdown, given.json, given.junit))
    _write(given.markdown, lambda: markdown.render(result))
    _write(given.json, lambda: data.as_json(result))
    _write(given.junit, lambda: data.as_junit(result))
    return result.verdict.exit_code


def run_propose(given: argparse.Namespace) -> int:
    """Write the proposal, print what was raised and what is held back, and judge the new file."""
    from conformance.pins.edit import write
    from conformance.pins.gate import Side, gate
    from conformance.pins.inputs import Inputs
    from conformance.pins.output import terminal
    from conformance.pins.propose import propose

    inputs = Inputs(given)
    now = inputs.candidate()
    if not given.output and now.file.kind == "controller":
        raise UsageError("a running controller's pins cannot be edited", expected="--candidate FILE")
    index, rules = inputs.index(), inputs.rules()
    proposal = propose(now.file, index, now.target, rules.issues)
    result = gate(Side(proposal.file(now.file), now.target), index, rules, baseline=now)
    console = _console(given.output)
    terminal.show(result, console)
    _show_plan(result, proposal.plan, inputs.other_core(now.target.core), console)
    if given.output:
        _write(given.output, lambda: proposal.text)
    elif now.file.path is not None:
        write(now.file.path, proposal.text)
    return result.verdict.exit_code


def _show_plan(result: GateResult, plan: Plan, other_core: str, console: Console) -> None:
    from conformance.pins.model import printable

    open_ = [one for one in result.findings if one.code == "advisory" and one.subject != "core"]
    lines = [
        f"held back: {held.name} {held.version} (newest {held.newest}): {held.reason}" for held in plan.held
    ]
    lines += [f"still open: {one.subject} {one.ref} {one.link}" for one in open_]
    lines += [other_core] if other_core else []
    for line in lines:
        console.print(printable(line), markup=False)


def run_plan(given: argparse.Namespace) -> int:
    """The exit code is the verdict about the pins as they are."""
    from conformance.pins.inputs import Inputs
    from conformance.pins.output import plan as output
    from conformance.pins.plan import upgrade_plan

    inputs = Inputs(given)
    index = inputs.index()
    found = upgrade_plan(inputs.candidate(released_by=index.day_before(given.min_age)), index, inputs.rules())
    output.show(found, _console(given.markdown, given.json))
    _write(given.markdown, lambda: output.as_markdown(found))
    _write(given.json, lambda: output.as_json(found))
    return found.now.verdict.exit_code


def _days(text: str) -> int:
    """14 or 14d; a ValueError is argparse's to report."""
    days = int(text.removesuffix("d"))
    if not 0 <= days <= 36500:
        raise ValueError(text)
    return days


def run_history(given: argparse.Namespace) -> int:
    """The exit code is that of the last day's verdict."""
    from conformance.pins.gate import EXIT
    from conformance.pins.history import history
    from conformance.pins.inputs import Inputs
    from conformance.pins.output import timeline

    inputs = Inputs(given)
    directory = Path(inputs.where())
    if not directory.is_dir():
        raise UsageError("a history needs a directory of days", where=str(directory))
    side = inputs.candidate()
    found = history(directory, side.file, side.target, inputs.rules(), inputs.manifests())
    timeline.show(found, _console(given.markdown, given.json))
    _write(given.markdown, lambda: timeline.as_markdown(found))
    _write(given.json, lambda: timeline.as_json(found))
    _write(given.svg, lambda: timeline.as_svg(found))
    return EXIT[found.days[-1].word]


def _running(given: argparse.Namespace) -> Any:
    if not given.running:
        return None
    from conformance.pins.running import read_running

    return read_running(given.running, given.user_env, given.token_env)


def _console(*outputs: str | None) -> Console:
    """The terminal; standard error when an output goes to standard output."""
    from rich.console import Console

    console = Console(stderr="-" in outputs, highlight=False)
    if not console.is_terminal:
        console.width = 140  # a log has no width of its own, and 80 columns fold every line of a table
    return console


def _write(where: str | None, render: Callable[[], str]) -> None:
    if where == "-":
        sys.stdout.write(render())
    elif where:
        Path(where).write_text(render(), encoding="utf-8", errors="backslashreplace", newline="")


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Options of all forms: the pins, the core, the data."""
    parser.add_argument(
        "--candidate",
        metavar="FILE|URL",
        help="pins to judge: values template, plugins.txt, plugins.yaml, Terraform, or a controller "
        "(default: the contract's)",
    )
    parser.add_argument(
        "--contract",
        type=Path,
        default=find_contract(Path.cwd()) or Path(CONTRACT),
        help="contract (%(default)s)",
    )
    parser.add_argument("--core", default="", help="core version (default: the values', then the contract's)")
    parser.add_argument("--java", default="", help="Java version of the controller, such as 21")
    parser.add_argument(
        "--update-center",
        metavar="FILE|DIRECTORY|URL",
        help=f"update center document (default: ${ENVIRONMENT}); of a directory of days, the newest judges",
    )
    parser.add_argument(
        "--manifests",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="data about older releases: a plugin manager's answer (depth=2) or plugin-versions data",
    )
    parser.add_argument(
        "--waivers", type=Path, metavar="FILE", help="waivers (default: pin-waivers.toml if there)"
    )
    parser.add_argument(
        "--known-issues", type=Path, metavar="FILE", help="default: the project's known-issues.toml"
    )
    parser.add_argument("--user-env", default="JENKINS_USER", metavar="NAME", help="variable with the user")
    parser.add_argument(
        "--token-env", default="JENKINS_TOKEN", metavar="NAME", help="variable with the token"
    )
    parser.add_argument(
        "--today", type=date.fromisoformat, default=None, metavar="DATE", help="judge waivers as of this day"
    )


def add_trust(parser: argparse.ArgumentParser) -> None:
    """How far to trust the document."""
    parser.add_argument("--max-age", type=int, default=0, metavar="DAYS", help="refuse an older document")
    parser.add_argument("--require-signature", action="store_true", help="refuse an unsigned document")
    parser.add_argument(
        "--update-center-ca", type=Path, metavar="PEM", help="certificates that the signature must lead to"
    )


def add_gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--baseline", metavar="FILE|URL", help="pins to compare with (default: the contract's)"
    )
    parser.add_argument("--baseline-core", default="", metavar="VERSION", help="core of the baseline")
    parser.add_argument("--static-only", action="store_true", help="decide from data, boot no controller")
    parser.add_argument(
        "--running", metavar="FILE|URL", help="a controller to compare with the pins (or its saved answer)"
    )
    parser.add_argument("--budget", type=int, default=20, help="most trials of a bisection (default: 20)")
    parser.add_argument(
        "--bisection",
        type=Path,
        default=Path("bisection.jsonl"),
        metavar="FILE",
        help="where trials are remembered, so that a bisection goes on after an interruption",
    )
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML (- for standard output)")


def add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--markdown", metavar="FILE", help="write Markdown for a comment (- for standard output)"
    )
    parser.add_argument("--json", metavar="FILE", help="write JSON (- for standard output)")
