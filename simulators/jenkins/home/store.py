"""Small facts that outlive a process, in the home directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .accounts import User
from .atomic import replace


class Store:
    """Files under the home directory besides jobs and plugins."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "simulator"
        self._folder.mkdir(parents=True, exist_ok=True)

    def next_queue_id(self) -> int:
        """The first queue id of this start."""
        path = self._folder / "queue-id"
        return int(path.read_text()) + 1 if path.exists() else 1

    def keep_queue_id(self, last: int) -> None:
        """Keep the last queue id: ids are never given twice."""
        replace(self._folder / "queue-id", str(last))

    def keep_queue(self, items: list[dict[str, Any]]) -> None:
        """Keep the waiting items when the controller is stopped, as Jenkins does in queue.xml."""
        replace(self._folder / "queue.json", json.dumps(items, default=str))

    def take_queue(self) -> list[dict[str, Any]]:
        """The items that waited when the last process was stopped; they are taken once."""
        path = self._folder / "queue.json"
        if not path.exists():
            return []
        items: list[dict[str, Any]] = json.loads(path.read_text())
        path.unlink()
        return items

    def approved(self) -> set[str]:
        """Hashes of approved scripts."""
        path = self._folder / "approved.json"
        return set(json.loads(path.read_text())) if path.exists() else set()

    def keep_approved(self, hashes: set[str]) -> None:
        """Keep the hashes of approved scripts."""
        replace(self._folder / "approved.json", json.dumps(sorted(hashes)))

    def keep_tokens(self, users: dict[str, User]) -> None:
        """Keep the users' API tokens, by their hashes."""
        kept = {name: user.tokens for name, user in users.items()}
        replace(self._folder / "tokens.json", json.dumps(kept))

    def tokens(self) -> dict[str, dict[str, tuple[str, str]]]:
        """API tokens by user."""
        path = self._folder / "tokens.json"
        if not path.exists():
            return {}
        kept = json.loads(path.read_text())
        return {
            user: {number: (token[0], token[1]) for number, token in tokens.items()}
            for user, tokens in kept.items()
        }
