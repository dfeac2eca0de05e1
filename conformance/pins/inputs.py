"""Turn the command line's words into the inputs of the gate."""

from __future__ import annotations

import argparse
import os
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from conformance.core.errors import ContractError, UsageError
from conformance.pins import known_issues, use, waivers
from conformance.pins.commands import ENVIRONMENT
from conformance.pins.gate import Side
from conformance.pins.judge import Rules
from conformance.pins.model import Release
from conformance.pins.release_index import ReleaseIndex, read_manifests
from conformance.pins.resolve import Target
from conformance.pins.running import read_pins
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import days, load
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding, PinFile, is_version
from conformance.sources.plugins.read import read

WAIVERS = "pin-waivers.toml"


_VALUES = "jenkins-helm-values.yaml.tmpl"


@dataclass(frozen=True, slots=True)
class Defaults:
    """`values` and `stack` are absolute or relative to the working directory; `core` may be empty."""

    values: Path
    stack: Path
    core: str
    core_where: Place


def read_defaults(contract: Path) -> Defaults | None:
    """The contract's pins and core; None when there is no contract.

    Raises:
        ContractError: there is one and it cannot be read.
    """
    try:
        text = contract.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractError(
            "the contract cannot be read", where=str(contract), observed=str(error)
        ) from error
    stack = _table(document, "stack")
    core = _table(document, "jenkins").get("version", "")
    folder = contract.parent / str(stack.get("path", "stack"))
    where = Place(str(contract), _line(text, "jenkins", "version"))
    return Defaults(folder / str(stack.get("values", _VALUES)), folder, str(core), where)


def _table(document: dict[str, object], name: str) -> dict[str, object]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _line(text: str, table: str, key: str) -> int:
    """The line of `key` in `[table]`; 0 when it is written in another way."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("["):
            inside = line.strip() == f"[{table}]"
        elif inside and re.match(rf"\s*{key}\s*=", line):
            return number
    return 0


def _with_other_core(file: PinFile, core: str) -> PinFile:
    """The file with a warning when its own core is another one than the pins are judged for."""
    if not file.core or file.core == core:
        return file
    what = f"the pins are judged for core {core}, but this file sets {file.core}"
    step = f"change the image's tag to {core}, or leave --core out"
    finding = Finding("other-core", "warning", "core", what, Place(file.where), step)
    return replace(file, findings=(*file.findings, finding))


class Inputs:
    """The options, resolved; each input is read on demand."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.contract: Defaults | None = read_defaults(options.contract)

    def candidate(self, *, released_by: str = "") -> Side:
        side = self._side(self.options.candidate, self.options.core)
        return replace(side, target=replace(side.target, released_by=released_by))

    def baseline(self, candidate: Side) -> Side | None:
        """The baseline; None when it would be the candidate itself."""
        given = self.options.baseline
        if not given and (self.contract is None or not self.contract.values.exists()):
            return None
        if not given and not self.options.candidate and not self.options.baseline_core:
            return None
        core = self.options.baseline_core or self._same_core(given, candidate)
        return self._side(given, core, "--baseline-core")

    def other_core(self, core: str) -> str:
        """A line about the contract when it says another core; empty when it says the same or nothing."""
        contract = self.contract
        if contract is None or not contract.core or contract.core == core:
            return ""
        return f"{contract.core_where}: jenkins.version stays {contract.core}; change it to {core}"

    def index(self) -> ReleaseIndex:
        """Of a directory of days, the newest judges and the others add releases."""
        where = self.where()
        authority = getattr(self.options, "update_center_ca", None)
        signed = getattr(self.options, "require_signature", False)
        newest = load(where, authority, must_be_signed=signed)
        earlier: list[UpdateCenter] = []
        if Path(where).is_dir():
            earlier = [load(str(file)) for _, file in days(Path(where))[:-1]]
        return ReleaseIndex(newest, earlier, self.manifests())

    def where(self) -> str:
        where: str = self.options.update_center or os.environ.get(ENVIRONMENT, "")
        if not where:
            raise UsageError(
                "no update center is given",
                expected="--update-center FILE, DIRECTORY or URL",
                remedy=f"pass it, or set {ENVIRONMENT}; it is the one that your controller uses",
            )
        return where

    def manifests(self) -> dict[str, list[Release]]:
        """Releases of all --manifests files."""
        found: dict[str, list[Release]] = {}
        for file in self.options.manifests:
            for name, releases in read_manifests(file).items():
                found.setdefault(name, []).extend(releases)
        return found

    def rules(self) -> Rules:
        given = self.options.waivers
        beside = self.options.contract.parent / WAIVERS
        file = given or (beside if beside.exists() else None)
        stack = self.contract.stack if self.contract and self.contract.stack.is_dir() else None
        return Rules(
            today=self.options.today or date.today(),
            waivers=waivers.read(file) if file else (),
            issues=known_issues.read(self.options.known_issues or known_issues.DEFAULT),
            max_age=getattr(self.options, "max_age", 0),
            stack=use.text_of(stack) if stack else None,
        )

    def _side(self, given: str | None, core: str, option: str = "--core") -> Side:
        file = self._pins(given)
        where = Place(option)
        if not core and file.core:
            core, where = file.core, Place(file.where)
        elif not core and self.contract:
            core, where = self.contract.core, self.contract.core_where
        if not core:
            raise UsageError(
                f"the core of {file.where} is not known, so the pins cannot be judged",
                expected=f"{option} VERSION, an image tag in the values, or jenkins.version in a contract",
            )
        for name, version in ((str(where), core), ("--java", self.options.java)):
            if version and not is_version(version):
                raise UsageError(
                    f"{name} is no version", expected="digits first, such as 2.504.3", observed=repr(version)
                )
        return Side(_with_other_core(file, core), Target(core, self.options.java, where))

    def _pins(self, given: str | None) -> PinFile:
        if given:
            return read_pins(given, self.options.user_env, self.options.token_env)
        if self.contract is None:
            raise UsageError(
                "no pins are given",
                expected="--candidate FILE",
                observed=f"no contract at {self.options.contract}",
            )
        return read(self.contract.values)

    def _same_core(self, given: str | None, candidate: Side) -> str:
        """A baseline without a core of its own ran on the contract's, else on the candidate's."""
        if given is None or self.contract:
            return ""
        return candidate.target.core
