"""Small facts that outlive a process, in the home directory."""

import json
import secrets
from pathlib import Path
from typing import Any

from ..http.security import User
from .atomic import replace


class Store:
    """Files under the home directory besides jobs and plugins."""

    def __init__(self, home: Path) -> None:
        """Args: home: JENKINS_HOME."""
        self._dir = home / "stand-in"
        self._dir.mkdir(parents=True, exist_ok=True)
        self.new_identity = not (self._dir / "identity").exists()

    def identity(self) -> str:
        """The controller's public key; a placeholder until a new one was made."""
        path = self._dir / "identity"
        return path.read_text() if path.exists() else secrets.token_urlsafe(16)

    def keep_identity(self, key: str) -> str:
        """Keep a new key."""
        replace(self._dir / "identity", key)
        self.new_identity = False
        return key

    def next_queue_id(self) -> int:
        """The first queue id of this start."""
        path = self._dir / "queue-id"
        return int(path.read_text()) + 1 if path.exists() else 1

    def keep_queue_id(self, last: int) -> None:
        """Ids are never given twice."""
        replace(self._dir / "queue-id", str(last))

    def keep_queue(self, items: list[dict[str, Any]]) -> None:
        """Keep what waits, as Jenkins does in queue.xml when it is stopped."""
        replace(self._dir / "queue.json", json.dumps(items, default=str))

    def queue(self) -> list[dict[str, Any]]:
        """What waited when the last process was stopped; it is taken once."""
        path = self._dir / "queue.json"
        if not path.exists():
            return []
        found: list[dict[str, Any]] = json.loads(path.read_text())
        path.unlink()
        return found

    def approved(self) -> set[str]:
        """Hashes of approved scripts."""
        path = self._dir / "approved.json"
        return set(json.loads(path.read_text())) if path.exists() else set()

    def keep_approved(self, hashes: set[str]) -> None:
        """Keep them."""
        replace(self._dir / "approved.json", json.dumps(sorted(hashes)))

    def keep_tokens(self, users: dict[str, User]) -> None:
        """Keep the users' API tokens, by their hashes."""
        kept = {name: user.tokens for name, user in users.items()}
        replace(self._dir / "tokens.json", json.dumps(kept))

    def tokens(self) -> dict[str, dict[str, tuple[str, str]]]:
        """API tokens by user."""
        path = self._dir / "tokens.json"
        if not path.exists():
            return {}
        return {u: {k: (v[0], v[1]) for k, v in t.items()} for u, t in json.loads(path.read_text()).items()}
