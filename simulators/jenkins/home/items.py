"""Folders and jobs: each is its config.xml in the home directory, as on a real controller."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .atomic import replace
from .builds import Build, permalinks
from .jobxml import FOLDER, Config, parse

UNSAFE = "?*/\\%!@#$^&|<>[]:;"


class BadName(ValueError):
    """A name that no job can have; `header` is the message as the X-Error header can carry it."""

    def __init__(self, message: str, header: str) -> None:
        super().__init__(message)
        self.header = header


def check_name(name: str, taken: Collection[str] = ()) -> None:
    """Refuse a name as the real controller does.

    Raises:
        BadName: it is empty, has an unsafe character, or is taken.
    """
    if not name.strip():
        raise BadName("No name is specified", "No name is specified")
    for char in name:
        if ord(char) < 32 or char in UNSAFE:
            raise BadName(f"‘{char}’ is an unsafe character", f"{char}  is an unsafe character")
    if name in taken:
        message = "A job already exists with the name "
        raise BadName(f"{message}‘{name}’", f"{message} {name} ")


@dataclass
class Item:
    """A folder or a job."""

    name: str
    directory: Path
    parent: Item | None
    xml: str = ""
    config: Config | None = None
    children: dict[str, Item] = field(default_factory=dict)
    builds: dict[int, Build] = field(default_factory=dict)
    next_number: int = 1
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def full_name(self) -> str:
        """Path of names with slashes."""
        above = self.parent.full_name if self.parent else ""
        return f"{above}/{self.name}" if above else self.name

    @property
    def full_display_name(self) -> str:
        """Path of display names as people read it."""
        own = (self.config.display_name if self.config else None) or self.name
        above = self.parent.full_display_name if self.parent else ""
        return f"{above} » {own}" if above else own

    @property
    def url(self) -> str:
        """Path below the root URL, with a slash at its end."""
        above = self.parent.url if self.parent else ""
        return f"{above}job/{_quote(self.name)}/" if self.name else ""

    @property
    def is_folder(self) -> bool:
        """Folders hold items, and the root is one."""
        return self.config is None or self.config.tag == FOLDER

    def write(self, xml: str, config: Config) -> None:
        """Use a configuration and keep it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        replace(self.directory / "config.xml", xml)
        self.xml, self.config = xml, config

    def walk(self) -> Iterator[Item]:
        """Everything below, parents first, by name."""
        for name in sorted(self.children):
            yield self.children[name]
            yield from self.children[name].walk()

    def remove(self) -> None:
        """Delete the item, its builds and the items below it."""
        shutil.rmtree(self.directory, ignore_errors=True)
        if self.parent:
            self.parent.children.pop(self.name, None)

    def rename(self, name: str) -> None:
        """Give the item another name."""
        target = self.directory.with_name(name)
        self.directory.rename(target)
        if self.parent:
            del self.parent.children[self.name]
            self.parent.children[name] = self
        self.name = name
        self._move(target)

    def _move(self, directory: Path) -> None:
        self.directory = directory
        for build in self.builds.values():
            build.directory = directory / "builds" / str(build.number)
        for child in self.children.values():
            child._move(directory / "jobs" / child.name)  # noqa: SLF001 - the same class

    def new_build(self, **facts: Any) -> Build:
        """The next build of this job."""
        with self.lock:
            number = self.next_number
            self.next_number += 1
            replace(self.directory / "nextBuildNumber", f"{self.next_number}\n")
            build = Build(number=number, directory=self.directory / "builds" / str(number), **facts)
            build.save()
            self.builds[number] = build
        return build

    def prune(self) -> None:
        """Drop the builds that the log rotation does not keep."""
        keep = self.config.keep if self.config else -1
        if keep > 0:
            done = sorted(number for number, build in self.builds.items() if not build.building)
            for number in done[: max(0, len(done) - keep)]:
                self.delete_build(number)

    def delete_build(self, number: int) -> None:
        """Forget a build and its files; its number is not given again."""
        shutil.rmtree(self.builds.pop(number).directory, ignore_errors=True)

    def permalinks(self) -> dict[str, Build | None]:
        """lastBuild and its relatives."""
        return permalinks(self.builds)


def _quote(name: str) -> str:
    return quote(name, safe="-_.~")


def load(home: Path) -> Item:
    """All items of a home directory; the root is a nameless folder."""
    root = Item("", home, None)
    _load_children(root)
    return root


def _load_children(parent: Item) -> None:
    for directory in sorted((parent.directory / "jobs").glob("*/config.xml")):
        xml = directory.read_text(encoding="utf-8")
        item = Item(directory.parent.name, directory.parent, parent, xml, parse(xml))
        numbers = item.directory / "nextBuildNumber"
        item.next_number = int(numbers.read_text()) if numbers.exists() else 1
        for state in item.directory.glob("builds/*/build.json"):
            build = Build.load(state)
            item.builds[build.number] = build
        parent.children[item.name] = item
        _load_children(item)


def find(root: Item, full_name: str) -> Item | None:
    """An item by its path of names."""
    item: Item | None = root
    for name in (piece for piece in full_name.split("/") if piece):
        item = item.children.get(name) if item else None
    return item


def child_of(parent: Item, name: str) -> Item:
    """A new item, not written yet."""
    item = Item(name, parent.directory / "jobs" / name, parent)
    parent.children[name] = item
    return item
