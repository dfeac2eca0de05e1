"""Options that several subcommands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TypeAlias

from conformance.core.paths import CONTRACT, REFERENCE

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no public name

#: Set by the wrapper `./run`, which is for machines that are to be made fit.
PROVISION_VARIABLE = "CONFORMANCE_PROVISION_HOST"


def path(text: str) -> Path:
    """A path of the command line, made absolute: child processes run in another folder."""
    return Path(text).expanduser().absolute()


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Which stack, where it runs and what it is made from."""
    parser.add_argument(
        "--contract", type=path, default=default_contract(), metavar="FILE", help="the contract (%(default)s)"
    )
    parser.add_argument(
        "--environment",
        default="kind",
        choices=("kind", "existing"),
        help="kind: a cluster of our own; existing: what the contract's [existing] names",
    )
    add_making_options(parser)


def add_making_options(parser: argparse._ActionsContainer) -> None:
    """What a stack of our own is made from."""
    parser.add_argument(
        "--images",
        default="auto",
        choices=("auto", "upstream", "packages"),
        help="where images come from (auto: upstream where it answers)",
    )
    parser.add_argument(
        "--jenkins-image", default="", metavar="IMAGE", help="a real controller with the pinned plugins"
    )
    parser.add_argument(
        "--ecr",
        default="auto",
        choices=("auto", "local", "localstack", "aws"),
        help="the ECR behind the stack",
    )
    parser.add_argument(
        "--deployer",
        default="auto",
        choices=("auto", "terraform", "helm"),
        help="what applies the declaration",
    )
    parser.add_argument(
        "--kit", default="", metavar="FILE|URL", help="take everything built from this archive"
    )
    parser.add_argument(
        "--provision-host",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="on Debian and Ubuntu as root: install what is missing (on in ./run, off elsewhere)",
    )


def provision_host(options: argparse.Namespace) -> bool:
    given = getattr(options, "provision_host", None)
    return bool(given) if given is not None else os.environ.get(PROVISION_VARIABLE) == "1"


def default_contract() -> Path:
    """The contract in the current folder, or else the reference stack's."""
    here = Path(CONTRACT)
    return here if here.is_file() else REFERENCE / CONTRACT
