"""The jobs and views of a controller: finding, writing and seeding them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..unsupported import unsupported
from . import items, jobxml
from .items import Item
from .settings import log


@dataclass(frozen=True)
class View:
    """A list view of the root."""

    name: str
    description: str | None
    names: tuple[str, ...]
    regex: str | None


Evaluate = Callable[[str, Mapping[str, str]], Mapping[str, Any]]
"""Runs Job DSL with its variables; returns the items and views that it declares, and its output."""


class Jobs:
    """Everything below the root of one controller; `approved` also lists a script that is not approved."""

    def __init__(self, home: Path, evaluate: Evaluate, approved: Callable[[str], bool]) -> None:
        self._home, self._evaluate, self._approved = home, evaluate, approved
        self.root = Item("", home, None)
        self.views: dict[str, View] = {}

    def load(self) -> None:
        """Read the home directory."""
        self.root = items.load(self._home)

    def find(self, full_name: str) -> Item | None:
        """An item by its full name."""
        return items.find(self.root, full_name)

    def put(self, full_name: str, xml: str) -> bool:
        """Create an item or replace its configuration; returns whether it is new.

        Raises:
            ValueError: the XML is refused, or the folder above it is not there.
        """
        config = jobxml.parse(xml)
        existing = self.find(full_name)
        if existing is not None:
            existing.write(xml, config)
            return False
        above, _, name = full_name.strip("/").rpartition("/")
        parent = self.find(above)
        if parent is None or not parent.is_folder:
            raise ValueError(f'Could not create item, unknown parent path in "{full_name}"')
        items.check_name(name)
        items.child_of(parent, name).write(xml, config)
        return True

    def _take_over(self, pattern: str, full_name: str) -> None:
        """Rename the one job whose full name matches (Job DSL: `previousNames`), with its builds.

        Raises:
            ValueError: several match, or it is in another folder: this simulator moves no job.
        """
        former = [
            item for item in self.root.walk() if not item.is_folder and re.fullmatch(pattern, item.full_name)
        ]
        if former and self.find(full_name) is not None:
            return  # it was renamed when the script ran before
        if len(former) > 1:
            raise ValueError(f"could not rename to {full_name}: more than one job matches {pattern}")
        for item in former:
            above, _, name = full_name.rpartition("/")
            if item.parent is None or item.parent.full_name != above:
                raise ValueError(
                    f"could not rename {item.full_name} to {full_name}: it is in another folder, and "
                    + unsupported("moving a job")
                )
            item.rename(name)

    def seed(self, script: str, binding: dict[str, str]) -> list[tuple[str, bool]]:
        """Run Job DSL; returns the items with whether each is new.

        Raises:
            ScriptError: the script fails.
            ValueError: an item cannot be made.
        """
        declared = self._evaluate(script, binding)
        if declared["output"]:
            log("INFO", "javaposse.jobdsl", declared["output"].rstrip())
        done = []
        for entry in declared["items"]:
            log(
                "INFO",
                "j.j.plugin.JenkinsJobManagement#createOrUpdateConfig",
                f"createOrUpdateConfig for {entry['name']}",
            )
            if entry.get("previous"):
                self._take_over(entry["previous"], entry["name"])
            done.append((str(entry["name"]), self.put(entry["name"], entry["xml"])))
            # an administrator approves what he saves; a seed runs as the system, which does not approve
            config = jobxml.parse(entry["xml"])
            if config is not None and config.script and config.scm is None and not config.sandbox:
                self._approved(config.script)
        for view in declared["views"]:
            self.views[view["name"]] = View(
                view["name"], view["description"], tuple(view["names"]), view["regex"]
            )
        return done
