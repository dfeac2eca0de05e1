"""Script approval: the scripts that may run, and those that wait for an administrator."""

from __future__ import annotations

import hashlib

from .store import Store


class Approvals:
    """The pending and the approved scripts of one controller; the store keeps the approved ones."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._approved = store.approved()
        self.pending: dict[str, str] = {}

    def holds(self, script: str) -> bool:
        """Whether a script is approved; one that is not becomes pending."""
        name = approval_hash(script)
        if name in self._approved:
            return True
        self.pending[name] = script
        return False

    def waits(self, script: str) -> bool:
        """Whether a script is pending."""
        return approval_hash(script) in self.pending

    def deny(self, name: str) -> None:
        """Take a pending script off the list; running it again puts it back."""
        self.pending.pop(name, None)

    def approve(self, name: str) -> None:
        """Approve a pending script."""
        self.pending.pop(name, None)
        self._approved.add(name)
        self._store.keep_approved(self._approved)


def approval_hash(script: str) -> str:
    """The name under which a Groovy script is approved."""
    return "SHA512:" + hashlib.sha512(f"groovy:{script}".encode()).hexdigest()
