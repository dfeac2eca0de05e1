"""Options that several subcommands share, and the one place where they become a `RunOptions`."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import TypeAlias

from conformance.core.errors import UsageError
from conformance.core.files import write_atomically
from conformance.core.paths import CONTRACT, REFERENCE, find_contract
from environments import registry
from environments.deploy import choice as deployers
from environments.ecr import base as registries
from environments.images import sources
from environments.options import PROVISION_VARIABLE, RunOptions

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no public name


def path(text: str) -> Path:
    """A path of the command line, made absolute: child processes run in another folder."""
    return Path(text).expanduser().absolute()


def kit(text: str) -> str:
    """The kit's URL, or its file as an absolute path."""
    return text if "://" in text or not text else str(path(text))


def require_writable(folder: Path) -> None:
    """Make the folder, and write a file into it for a moment. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / ".writable", b"x")
        (folder / ".writable").unlink()
    except OSError as error:
        raise UsageError(
            f"the folder {folder} cannot be written",
            observed=str(error),
            remedy="name another one, or set XDG_STATE_HOME",
        ) from error


def workers(text: str) -> str:
    """What `-n` of pytest-xdist takes."""
    if text not in ("auto", "logical") and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor auto")
    return text


def add_contract_options(parser: argparse.ArgumentParser) -> None:
    """Which contract: named, found from the current folder upwards, or the reference stack's."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--contract",
        type=path,
        default=None,
        metavar="FILE",
        help=f"the contract (default: {CONTRACT} in the current folder or the nearest one above it)",
    )
    which.add_argument("--reference", action="store_true", help="the contract of the reference stack")


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Which stack, where it runs and what it is made from."""
    add_contract_options(parser)
    parser.add_argument(
        "--environment",
        default=registry.DEFAULT,
        choices=registry.names(),
        help=f"{registry.described()} (default: %(default)s)",
    )
    add_making_options(parser)


def add_making_options(parser: argparse._ActionsContainer) -> None:
    """The inputs of a stack."""
    add_images_option(parser)
    parser.add_argument(
        "--jenkins-image", default="", metavar="IMAGE", help="a real controller with the pinned plugins"
    )
    parser.add_argument(
        "--ecr", default="auto", choices=registries.CHOICES, help="the ECR behind the stack (%(default)s)"
    )
    parser.add_argument(
        "--deployer",
        default="auto",
        choices=deployers.CHOICES,
        help="what applies the declaration (%(default)s)",
    )
    parser.add_argument(
        "--kit", type=kit, default="", metavar="FILE|URL", help="take everything built from this archive"
    )
    add_provision_option(parser)


def add_images_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--images",
        default="auto",
        choices=sources.CHOICES,
        help="where images come from (auto: upstream where it answers)",
    )


def add_provision_option(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--provision-host",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="on Debian and Ubuntu as root: install what is missing (on in ./run, off elsewhere)",
    )


def may_provision(options: argparse.Namespace) -> bool:
    """May packages be installed on this host? For commands without the options of a run."""
    given: bool | None = getattr(options, "provision_host", None)
    return os.environ.get(PROVISION_VARIABLE) == "1" if given is None else given


def contract_of(options: argparse.Namespace) -> Path:
    """The contract that the options name, or the one that belongs to the current folder.

    Raises:
        UsageError: there is none, and the current folder is not in a checkout with the reference stack.
    """
    if getattr(options, "reference", False):
        return REFERENCE / CONTRACT
    if options.contract:
        given: Path = options.contract
        return given.absolute()
    here = Path.cwd()
    if nearest := find_contract(here):
        return nearest
    raise UsageError(
        f"no contract at {here / CONTRACT}, nor in a folder above it",
        remedy="name one with --contract FILE, or take the reference stack with --reference",
    )


def run_options(options: argparse.Namespace, **changed: object) -> RunOptions:
    """The options of the command line as a record; `changed` replaces some of them."""
    given = vars(options) | {"contract": contract_of(options)} | changed
    taken = {field.name: given[field.name] for field in fields(RunOptions) if field.name in given}
    if "pytest_arguments" in taken:
        taken["pytest_arguments"] = tuple(taken["pytest_arguments"])
    return RunOptions(**taken)
