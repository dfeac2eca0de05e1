"""Turn the command line's words into what the gate works on."""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path

from conformance.core.errors import UsageError
from conformance.pins import defaults, known_issues, use, waivers
from conformance.pins.catalogue import Catalogue, read_manifests
from conformance.pins.defaults import Defaults
from conformance.pins.gate import Side
from conformance.pins.judge import Rules
from conformance.pins.model import Location, PinFile, Release
from conformance.pins.options import ENVIRONMENT
from conformance.pins.resolve import Target
from conformance.pins.sources.read import read
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import days, load

WAIVERS = "pin-waivers.toml"


class Inputs:
    """The options, resolved; everything is read when it is asked for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.contract: Defaults | None = defaults.read(options.contract)

    def candidate(self) -> Side:
        return self._side(self.options.candidate, self.options.core)

    def baseline(self, candidate: Side) -> Side | None:
        """The baseline; None when it would be the candidate itself."""
        given = self.options.baseline
        if not given and (self.contract is None or not self.contract.values.exists()):
            return None
        if not given and not self.options.candidate and not self.options.baseline_core:
            return None
        return self._side(given, self.options.baseline_core or self._same_core(given, candidate))

    def catalogue(self) -> Catalogue:
        """Of a directory of days, the newest judges and the others add releases."""
        where = self.where()
        authority = getattr(self.options, "update_center_ca", None)
        signed = getattr(self.options, "require_signature", False)
        newest = load(where, authority, must_be_signed=signed)
        earlier: list[UpdateCenter] = []
        if Path(where).is_dir():
            earlier = [load(str(file)) for _, file in days(Path(where))[:-1]]
        return Catalogue(newest, earlier, self.manifests())

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

    def _side(self, given: str | None, core: str) -> Side:
        file = self._pins(given)
        where = Location("--core")
        if not core and file.core:
            core, where = file.core, Location(file.where)
        elif not core and self.contract:
            core, where = self.contract.core, self.contract.core_where
        return Side(file, Target(core, self.options.java, where))

    def _pins(self, given: str | None) -> PinFile:
        names = {
            name: getattr(self.options, name)
            for name in ("user_env", "token_env")
            if hasattr(self.options, name)
        }
        if given:
            return read(given, **names)
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
