"""`conformance`: the command line; tox environments are thin calls of it.

Each subcommand is a module of its own, imported when it is called. An error ends a command with a message and
never with a traceback: that of an unforeseen one goes into a file.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from conformance import __version__
from conformance.cli.output import guard
from conformance.core.errors import INCOMPLETE, USAGE, ConformanceError
from conformance.core.paths import state_root

#: subcommand -> (module, one line for --help)
COMMANDS = {
    "up": ("conformance.cli.stack", "stand the stack up and keep it"),
    "run": (
        "conformance.cli.run",
        "stand the stack up (or find a kept one), run the suites, print the verdict",
    ),
    "down": ("conformance.cli.stack", "remove a kept stack"),
    "status": ("conformance.cli.stack", "stacks that are up, since when, and where they answer"),
    "reap": ("conformance.cli.stack", "remove what killed runs left"),
    "upgrade": ("conformance.cli.upgrade", "upgrade the last release with data in it, and go back"),
    "nightly": ("conformance.cli.nightly", "upgrade validation, unattended: pairs, history, blame"),
    "list": ("conformance.cli.catalogue", "the catalogue of requirements"),
    "doctor": ("conformance.cli.doctor", "is this host fit, and how to make it fit"),
    "kit": ("conformance.cli.kit", "pack everything built into one archive, or unpack one"),
    "image": ("conformance.cli.image", "build a real controller's image from files that you have"),
    "report": ("reports.commands", "render, compare, merge and verify results"),
    "gate": ("conformance.cli.gate", "judge a plugin bump: GO or NO-GO"),
}


def parser(command: str = "") -> argparse.ArgumentParser:
    """The parser with `command` in full; the others are known by name and one line."""
    top = argparse.ArgumentParser(
        prog="conformance",
        description="Does a build infrastructure (Jenkins, Nexus, ECR on Kubernetes) conform?",
        epilog="exit codes: 0 conformant, 1 not conformant, 2 incomplete, 3 usage or configuration",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    module = COMMANDS[command][0] if command in COMMANDS else ""
    for name, (place, line) in COMMANDS.items():
        if place != module:
            subparsers.add_parser(name, help=line)
    if module:
        importlib.import_module(module).register(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    output = guard()
    code = _ended(lambda: _run(words))
    return output.end(code)


def _run(words: list[str]) -> int:
    try:
        options = parser(words[0] if words else "").parse_args(words)
    except SystemExit as ended:
        # argparse exits with 2 for a usage error; here 2 is a verdict
        return USAGE if ended.code else 0
    # SIGINT, too: a program that a shell starts in its background inherits it ignored
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    return int(options.handler(options))


def _ended(command: Callable[[], int]) -> int:
    """The exit code of `command`; its error becomes a message on standard error."""
    try:
        return command()
    except ConformanceError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("conformance: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        place = f" {error.filename}:" if error.filename else ""
        print(f"conformance:{place} {error.strerror or error}", file=sys.stderr)
        print(f"  next:     see {_traceback()}", file=sys.stderr)
        return INCOMPLETE
    except Exception as error:
        line = f"{type(error).__name__}: {error}".splitlines()[0]
        print(f"conformance: an unforeseen error: {line}; traceback: {_traceback()}", file=sys.stderr)
        return INCOMPLETE


def _traceback() -> str:
    """The file that the current exception's traceback was written to, or where it could not be written."""
    # imported where they are needed: every start would pay for them
    import tempfile
    import time
    import traceback

    name = f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for place in (_errors, tempfile.gettempdir):
        try:
            folder = Path(place())
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(traceback.format_exc(), encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return str(folder / name)
    return "nowhere, as no folder can be written"


def _errors() -> str:
    return str(state_root() / "errors")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end a run in order."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
