"""`conformance`: one command line for people; tox environments are thin calls of it.

Every subcommand lives in a module of its own and is imported when it is called, so that the quick ones stay
quick.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from conformance import __version__
from conformance.core.errors import ConformanceError

#: subcommand -> (module, one line for --help)
COMMANDS = {
    "up": ("conformance.cli.stack", "stand the stack up and keep it"),
    "run": (
        "conformance.cli.run",
        "stand the stack up (or find a kept one), run the suites, print the verdict",
    ),
    "down": ("conformance.cli.stack", "remove a kept stack"),
    "status": ("conformance.cli.stack", "what stands, since when, and where it answers"),
    "reap": ("conformance.cli.stack", "remove what killed runs left"),
    "upgrade": ("conformance.cli.upgrade", "upgrade the last release with data in it, and go back"),
    "nightly": ("conformance.cli.nightly", "upgrade validation, unattended: pairs, history, blame"),
    "list": ("conformance.cli.catalogue", "the catalogue of requirements"),
    "doctor": ("conformance.cli.doctor", "is this host fit, and what to do about it"),
    "kit": ("conformance.cli.kit", "pack everything built into one archive, or take one in"),
    "image": ("conformance.cli.image", "build a real controller's image from files that you have"),
    "report": ("reports.commands", "render, compare, merge and verify results"),
    "gate": ("conformance.cli.gate", "judge a plugin bump: GO or NO-GO"),
}


def parser(commands: Sequence[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """The parser with the named subcommands in full; the others are known by name only."""
    top = argparse.ArgumentParser(
        prog="conformance",
        description="Does a build infrastructure (Jenkins, Nexus, ECR on Kubernetes) conform?",
        epilog="exit codes: 0 conformant, 1 not conformant, 2 incomplete, 3 usage or configuration",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in dict.fromkeys(COMMANDS[name][0] for name in commands):
        importlib.import_module(module).register(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; every error of ours is told in full and never as a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    known = [words[0]] if words and words[0] in COMMANDS else list(COMMANDS)
    try:
        options = parser(known).parse_args(words)
    except SystemExit as ended:
        # argparse says 2 for a usage error; here 2 is a verdict
        return 3 if ended.code else 0
    # SIGINT, too: whatever was started in a shell's background inherits it ignored
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        return int(options.handler(options))
    except ConformanceError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("conformance: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end a run in order."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
