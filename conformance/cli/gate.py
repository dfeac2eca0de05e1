"""`conformance gate`: judging pins from data (see pins), and booting a controller with them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from conformance.cli.options import add_making_options, run_options
from conformance.pins import commands

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers
    from conformance.pins.trial import Trial

#: `--suites` -> what pytest gets
SELECTIONS = {"smoke": ("-k", "jenkins"), "full": ()}


def register(subparsers: Subparsers) -> None:
    parser = commands.register(subparsers, _make_trial)
    booting = parser.add_argument_group("booting a controller (without --static-only)")
    booting.add_argument(
        "--suites",
        choices=tuple(SELECTIONS),
        default="smoke",
        help="smoke: the jenkins layer; full: all of them (%(default)s)",
    )
    add_making_options(booting)


def _make_trial(options: argparse.Namespace) -> Trial:
    from conformance.cli.trial import KindTrial

    return KindTrial(run_options(options), SELECTIONS[options.suites], options.java or "")
