"""Pairs of stacks, old and new: contracts from files, or from revisions of the repository."""

from __future__ import annotations

import io
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.contract.load import load
from conformance.contract.model import LoadedContract
from conformance.core.errors import CommandFailed, ContractError, UsageError
from conformance.core.process import run

PREFIX = "stack@"


@dataclass(frozen=True, slots=True)
class Side:
    """One end of an upgrade: its name for people, and its contract with the stack beside it."""

    name: str
    loaded: LoadedContract


@dataclass(frozen=True, slots=True)
class Pair:
    """`before` and `after` have the form of `--from` and `--to`."""

    before: str
    after: str


def side(given: str, contract: Path, folder: Path) -> Side:
    """`stack@REVISION` of the repository that holds `contract`, or a contract's file.

    A revision is written out below `folder`. Raises UsageError, ContractError.
    """
    if not given.startswith(PREFIX):
        return Side(given, load(Path(given)))
    revision = given.removeprefix(PREFIX)
    top = _git(contract.resolve().parent, "rev-parse", "--show-toplevel")
    inside = contract.resolve().relative_to(Path(top))
    target = folder / "".join(each if each.isalnum() else "-" for each in revision)
    target.mkdir(parents=True)
    commit = _git(Path(top), "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    packed = target.with_suffix(".tar")
    _git(Path(top), "archive", "--format=tar", f"--output={packed}", commit)
    with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
        archive.extractall(target, filter="data")
    packed.unlink()
    return Side(given, load(target / inside))


def newest_release(contract: Path) -> str:
    """`stack@TAG` of the newest tag. Raises UsageError when there is none."""
    try:
        return PREFIX + _git(contract.resolve().parent, "describe", "--tags", "--abbrev=0")
    except UsageError as error:
        raise UsageError(
            "there is no release to upgrade from",
            where=str(contract.resolve().parent),
            expected="a git tag, the newest of which is the last release",
            observed=error.observed,
            remedy="tag the release, or name what to upgrade from: --from stack@REVISION or a contract",
        ) from error


def matrix(file: Path) -> Iterator[Pair]:
    """The `[[pair]]` tables of a file, each with `from` and `to`. Raises ContractError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractError("cannot read the pairs", where=str(file), observed=str(error)) from error
    pairs = document.get("pair", [])
    if not pairs:
        raise ContractError("there is no pair", where=str(file), expected="[[pair]] with from and to")
    for number, each in enumerate(pairs, 1):
        if set(each) != {"from", "to"} or not all(isinstance(value, str) for value in each.values()):
            raise ContractError(
                f"pair {number} is malformed",
                where=str(file),
                expected="from and to, both text",
                observed=", ".join(f"{key} = {value!r}" for key, value in each.items()),
            )
        yield Pair(each["from"], each["to"])


def _git(folder: Path, *words: str) -> str:
    try:
        return run(["git", "-C", folder, *words], timeout=60).stdout.strip()
    except CommandFailed as error:
        raise UsageError(
            f"git does not know {words[-1]}",
            where=str(folder),
            observed=error.observed,
            remedy="name a revision of the repository that holds the contract",
        ) from error
