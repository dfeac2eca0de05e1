from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from simulators.ecr.tokens import Tokens, Verdict, shared_secret

KEY = b"k" * 32


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_token_is_valid_until_the_second_it_says() -> None:
    clock = Clock()
    tokens = Tokens(KEY, 100, clock)
    token = tokens.issue()
    assert token.expires_at == 1_700_000_100
    assert tokens.check(f"Basic {token.authorization}") is Verdict.VALID
    clock.now = 1_700_000_099.9
    assert tokens.check(basic("AWS", token.text)) is Verdict.VALID
    clock.now = 1_700_000_100.0
    assert tokens.check(basic("AWS", token.text)) is Verdict.EXPIRED


def test_tokens_are_random_and_outlive_a_restart() -> None:
    tokens = Tokens(KEY, 100)
    first, second = tokens.issue(), tokens.issue()
    assert first.text != second.text
    assert Tokens(KEY, 5).check(basic("AWS", first.text)) is Verdict.VALID
    assert Tokens(b"x" * 32, 100).check(basic("AWS", first.text)) is Verdict.WRONG


def test_what_is_no_token_is_wrong() -> None:
    tokens = Tokens(KEY, 100)
    token = tokens.issue()
    raw = bytearray(base64.urlsafe_b64decode(token.text))
    raw[30] ^= 1  # within the expiry
    forged = base64.urlsafe_b64encode(raw).decode()
    assert tokens.check(None) is Verdict.MISSING
    assert tokens.check("") is Verdict.MISSING
    for header in (
        f"Bearer {token.text}",
        basic("aws", token.text),
        basic("AWS", token.text[:-4]),
        basic("AWS", forged),
        basic("AWS", ""),
        basic("AWS", "é"),
        "Basic !!!",
        "Basic",
    ):
        assert tokens.check(header) is Verdict.WRONG, header


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "storage" / "secret.key"
    secret = shared_secret(file)
    assert len(secret) == 32
    assert shared_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret.key"]


def test_the_faster_container_makes_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret.key"
    seen = iter([False])
    file.write_bytes(b"theirs")
    monkeypatch.setattr(Path, "exists", lambda self: next(seen, True))
    assert shared_secret(file) == b"theirs"
