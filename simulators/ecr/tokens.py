"""Authorization tokens: random, signed, with an end.

A token carries its own expiry under a signature, so that it outlives a restart of the pod (as ECR's do)
and nothing has to be stored per login.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

NONCE = 24
SIGNATURE = 32
EXPIRY = struct.Struct(">Q")
#: ECR's one user name
USER = "AWS"


class Verdict(Enum):
    VALID = "valid"
    MISSING = "missing"
    WRONG = "wrong"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the password; `expires_at` is in unix seconds."""

    text: str
    expires_at: int

    @property
    def authorization(self) -> str:
        """The token of GetAuthorizationToken: base64 of `AWS:password`."""
        return base64.b64encode(f"{USER}:{self.text}".encode()).decode()


class Tokens:
    """Issues and checks tokens signed with `key`; they live for `seconds`."""

    def __init__(self, key: bytes, seconds: int, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._seconds = seconds
        self._clock = clock

    def issue(self) -> Token:
        expires_at = int(self._clock()) + self._seconds
        payload = secrets.token_bytes(NONCE) + EXPIRY.pack(expires_at)
        return Token(base64.urlsafe_b64encode(payload + self._sign(payload)).decode(), expires_at)

    def check(self, authorization: str | None) -> Verdict:
        """Judge an `Authorization` header."""
        if not authorization:
            return Verdict.MISSING
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return Verdict.WRONG
        try:
            user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            raw = base64.b64decode(password, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return Verdict.WRONG
        payload, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
        if user != USER or len(payload) != NONCE + EXPIRY.size:
            return Verdict.WRONG
        if not hmac.compare_digest(signature, self._sign(payload)):
            return Verdict.WRONG
        (expires_at,) = EXPIRY.unpack(payload[NONCE:])
        return Verdict.VALID if self._clock() < expires_at else Verdict.EXPIRED

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, hashlib.sha256)


def shared_secret(file: Path) -> bytes:
    """The installation's secret, made by the first container that starts; all read the same."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(secrets.token_bytes(32))
        try:
            os.link(fresh, file)
        except FileExistsError:
            # another container of the pod was faster: its key is used
            pass
        finally:
            fresh.unlink()
    return file.read_bytes()
