"""Runs every static check against one stack, in this process and without pytest: milliseconds a mutant.

The checks are the suite's own functions; their marks hold requirements and parameters, and they take
nothing but the stack's files and the contract.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import suites.static
from conformance.contract.load import load
from conformance.core.nonconformance import NonConformance, PreconditionFailed
from conformance.runner.decision import NotApplicable, Undecided
from conformance.sources.stack import StackFiles


@dataclass(frozen=True, slots=True)
class Check:
    requirements: tuple[str, ...]
    run: Callable[..., None]
    arguments: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class StaticVerdict:
    """What one stack got: first lines by failed requirement, and the blocked ones."""

    failed: dict[str, list[str]]
    blocked: frozenset[str]


def checks() -> tuple[Check, ...]:
    """Every static check with each of its parameters."""
    return tuple(check for module in _modules() for check in _of(module))


def verdict(contract_file: Path) -> StaticVerdict:
    """Run all static checks against the stack beside `contract_file`."""
    loaded = load(contract_file)
    given = {"stack_files": StackFiles(loaded), "contract": loaded.contract, "loaded_contract": loaded}
    failed: dict[str, list[str]] = {}
    blocked: set[str] = set()
    for check in checks():
        wanted = inspect.signature(check.run).parameters
        arguments = {**{name: given[name] for name in wanted if name in given}, **dict(check.arguments)}
        try:
            check.run(**arguments)
        except (NotApplicable, Undecided):
            continue
        except PreconditionFailed as error:
            if error.requirement in check.requirements:
                _note(failed, check, error)
            else:
                blocked |= set(check.requirements)
        except NonConformance as error:
            _note(failed, check, error)
    return StaticVerdict(failed, frozenset(blocked))


def _note(failed: dict[str, list[str]], check: Check, error: NonConformance) -> None:
    for requirement in check.requirements:
        failed.setdefault(requirement, []).append(str(error).splitlines()[0])


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(suites.static.__path__):
        if found.name.startswith("test_"):
            yield importlib.import_module(f"suites.static.{found.name}")


def _of(module: ModuleType) -> Iterator[Check]:
    for name, function in vars(module).items():
        if not name.startswith("test_") or not callable(function):
            continue
        marks = getattr(function, "pytestmark", [])
        requirements = tuple(arg for mark in marks if mark.name == "requirement" for arg in mark.args)
        axes = [
            [(mark.args[0], value) for value in mark.args[1]] for mark in marks if mark.name == "parametrize"
        ]
        for arguments in product(*axes):
            yield Check(requirements, function, arguments)
