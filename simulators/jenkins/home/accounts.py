"""The users of the controller's own database, and the rights of visitors."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, field


@dataclass
class User:
    """A user; `tokens` maps a token's uuid to its name and its SHA-256."""

    id: str
    name: str
    password: str
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)

    def has_password(self, password: str) -> bool:
        """Whether `password` is the user's; a user without one never signs in."""
        return bool(self.password) and hmac.compare_digest(self.password.encode(), password.encode())

    def has_token(self, token: str) -> bool:
        """Whether `token` is one of the user's API tokens."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        return any(hmac.compare_digest(digest, known) for _, known in self.tokens.values())

    def new_token(self, name: str) -> tuple[str, str]:
        """Make an API token; returns its uuid and its value, which is shown only this once."""
        value = "11" + secrets.token_hex(16)
        number = str(uuid.uuid4())
        self.tokens[number] = (name, hashlib.sha256(value.encode()).hexdigest())
        return number, value


@dataclass
class Accounts:
    """The security realm and the authorization strategy in force."""

    enabled: bool = False
    anonymous_read: bool = True
    anonymous_write: bool = False
    users: dict[str, User] = field(default_factory=dict)

    def may_read(self, user: User | None) -> bool:
        """Signed-in users may do anything; visitors read if the strategy lets them."""
        return not self.enabled or user is not None or self.anonymous_read

    def may_write(self, user: User | None) -> bool:
        """Visitors write only where nothing is secured."""
        return not self.enabled or user is not None or self.anonymous_write
