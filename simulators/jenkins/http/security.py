"""The sender of a request: passwords, API tokens, web sessions and the crumbs that are bound to them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from ..home.accounts import Accounts, User
from .server import Headers, Request

ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Caller:
    """The sender of a request; `refused` says that wrong credentials were given."""

    user: User | None
    session: str | None
    by_token: bool = False
    refused: bool = False


class Security:
    """The sessions and crumbs of one start; `seed` makes its cookie differ from that of another start."""

    def __init__(self, accounts: Accounts, seed: str) -> None:
        self._accounts = accounts
        self.cookie = f"JSESSIONID.{seed}"
        self._sessions: dict[str, str | None] = {}
        self._salt = secrets.token_bytes(16)

    def caller(self, request: Request) -> Caller:
        """Identify the sender of a request by its Authorization or its session."""
        session = request.cookies().get(self.cookie)
        if session not in self._sessions:
            session = None
        header = request.headers.get("authorization", "")
        if not self._accounts.enabled:
            return Caller(None, session)
        if header.lower().startswith("basic "):
            return self._basic(header[6:], session)
        return Caller(self._accounts.users.get(self._sessions.get(session or "") or ""), session)

    def _basic(self, encoded: str, session: str | None) -> Caller:
        refused = Caller(None, session, refused=True)
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return refused
        user = self._accounts.users.get(name)
        if user is None:
            return refused
        if user.has_token(secret):
            return Caller(user, session, by_token=True)
        return Caller(user, session) if user.has_password(secret) else refused

    def open_session(self, user: User | None) -> tuple[str, Headers]:
        """A new web session and the header that sets its cookie."""
        session = f"node0{secrets.token_hex(16)}"
        self._sessions[session] = user.id if user else None
        return session, [("Set-Cookie", f"{self.cookie}={session}; Path=/; HttpOnly")]

    def crumb(self, session: str, user: User | None) -> str:
        """The crumb of a session: valid with that session's cookie and user until the next start."""
        name = user.id if user else ANONYMOUS
        return hashlib.sha256(self._salt + f"{name}{session}".encode()).hexdigest()

    def crumb_is_good(self, request: Request, caller: Caller) -> bool:
        """Whether a changing request may pass: with its session's crumb, or authenticated by an API token."""
        if caller.by_token:
            return True
        given = request.headers.get("jenkins-crumb") or request.param("Jenkins-Crumb")
        if not given or caller.session is None:
            return False
        return hmac.compare_digest(given, self.crumb(caller.session, caller.user))
