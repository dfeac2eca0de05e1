"""Who asks: passwords, API tokens, web sessions and the crumbs that are bound to them."""

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, field

from .server import Headers, Request

ANONYMOUS = "anonymous"


@dataclass
class User:
    """A user of the controller's own database."""

    id: str
    name: str
    password: str
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    """uuid -> (name, SHA-256 of the token)."""


@dataclass(frozen=True)
class Caller:
    """Whom a request speaks for."""

    user: User | None
    session: str | None
    by_token: bool
    refused: bool = False
    """Credentials were given and are wrong."""


class Security:
    """The security realm, the authorization and the crumb issuer of one running controller."""

    def __init__(self, seed: str) -> None:
        """Args: seed: tells apart the cookies of two starts."""
        self.enabled = False
        self.anonymous_read = True
        self.anonymous_write = False
        self.users: dict[str, User] = {}
        self.cookie = f"JSESSIONID.{seed}"
        self._sessions: dict[str, str | None] = {}
        self._salt = secrets.token_bytes(16)

    def caller(self, request: Request) -> Caller:
        """Identify the sender of a request by its Authorization or its session."""
        session = request.cookies().get(self.cookie)
        if session not in self._sessions:
            session = None
        header = request.headers.get("authorization", "")
        if not self.enabled:
            return Caller(None, session, by_token=False)
        if header.lower().startswith("basic "):
            return self._basic(header[6:], session)
        user = self.users.get(self._sessions.get(session or "") or "")
        return Caller(user, session, by_token=False)

    def _basic(self, encoded: str, session: str | None) -> Caller:
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Caller(None, session, by_token=False, refused=True)
        user = self.users.get(name)
        if user is None:
            return Caller(None, session, by_token=False, refused=True)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        if any(hmac.compare_digest(digest, known) for _, known in user.tokens.values()):
            return Caller(user, session, by_token=True)
        if user.password and hmac.compare_digest(user.password.encode(), secret.encode()):
            return Caller(user, session, by_token=False)
        return Caller(None, session, by_token=False, refused=True)

    def may_read(self, caller: Caller) -> bool:
        """Everybody who is signed in may do anything; others only what the strategy leaves open."""
        return not self.enabled or caller.user is not None or self.anonymous_read

    def may_write(self, caller: Caller) -> bool:
        """See may_read; anonymous visitors write only where nothing is secured."""
        return not self.enabled or caller.user is not None or self.anonymous_write

    def open_session(self, user: User | None) -> tuple[str, Headers]:
        """A new web session and the header that hands it out."""
        session = f"node0{secrets.token_hex(16)}"
        self._sessions[session] = user.id if user else None
        return session, [("Set-Cookie", f"{self.cookie}={session}; Path=/; HttpOnly")]

    def sign_in(self, name: str, password: str) -> User | None:
        """The user with that password, if there is one."""
        user = self.users.get(name)
        return (
            user
            if user and user.password and hmac.compare_digest(user.password.encode(), password.encode())
            else None
        )

    def crumb(self, session: str, user: User | None) -> str:
        """The crumb of a session: good only with that session's cookie and user, and only until the
        next start."""
        whose = user.id if user else ANONYMOUS
        return hashlib.sha256(self._salt + f"{whose}{session}".encode()).hexdigest()

    def crumb_is_good(self, request: Request, caller: Caller) -> bool:
        """Whether a changing request may pass: with its session's crumb, or authenticated by an API token."""
        if caller.by_token:
            return True
        given = request.headers.get("jenkins-crumb") or request.param("Jenkins-Crumb")
        if not given or caller.session is None:
            return False
        return hmac.compare_digest(given, self.crumb(caller.session, caller.user))

    def new_token(self, user: User, name: str) -> tuple[str, str]:
        """Make an API token; returns its uuid and its value, which is shown only this once."""
        value = "11" + secrets.token_hex(16)
        number = str(uuid.uuid4())
        user.tokens[number] = (name, hashlib.sha256(value.encode()).hexdigest())
        return number, value
