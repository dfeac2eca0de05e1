"""The jobs and views of a controller: found, put and seeded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..pipelines.groovy_host import GroovyHost
from . import items, jobxml
from .items import Item
from .settings import log


@dataclass
class View:
    """A list view of the root."""

    name: str
    description: str | None
    names: tuple[str, ...]
    regex: str | None


class Jobs:
    """Everything below the root of one controller."""

    def __init__(self, home: Path, groovy: Callable[[], GroovyHost], approved: Callable[[str], bool]) -> None:
        """Args: home: JENKINS_HOME; groovy: runs Job DSL; approved: tells whether a script is, and lists
        one that is not."""
        self._home, self._groovy, self._approved = home, groovy, approved
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
            ValueError: several match, or it is in another folder, to which this stand-in does not move it.
        """
        found = [
            item for item in self.root.walk() if not item.is_folder and re.fullmatch(pattern, item.full_name)
        ]
        if found and self.find(full_name) is not None:
            return  # it was renamed when the script ran before
        if len(found) > 1:
            raise ValueError(f"could not rename to {full_name}: more than one job matches {pattern}")
        for item in found:
            above, _, name = full_name.rpartition("/")
            if item.parent is None or item.parent.full_name != above:
                raise ValueError(f"could not rename {item.full_name} to {full_name}: another folder")
            item.rename(name)

    def seed(self, script: str, binding: dict[str, str]) -> list[tuple[str, bool]]:
        """Run Job DSL; returns the items with whether each is new.

        Raises:
            ScriptError: the script fails.
            ValueError: an item cannot be made.
        """
        made = self._groovy().call("dsl", script=script, binding=binding)
        if made["output"]:
            log("INFO", "javaposse.jobdsl", made["output"].rstrip())
        done = []
        for entry in made["items"]:
            log(
                "INFO",
                "j.j.plugin.JenkinsJobManagement#createOrUpdateConfig",
                f"createOrUpdateConfig for {entry['name']}",
            )
            if entry.get("previous"):
                self._take_over(entry["previous"], entry["name"])
            done.append((str(entry["name"]), self.put(entry["name"], entry["xml"])))
            # a person who administers approves what is saved; a seed runs as the system, which does not
            config = jobxml.parse(entry["xml"])
            if config is not None and config.script and config.scm is None and not config.sandbox:
                self._approved(config.script)
        for view in made["views"]:
            self.views[view["name"]] = View(
                view["name"], view["description"], tuple(view["names"]), view["regex"]
            )
        return done
