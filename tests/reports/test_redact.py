"""Secrets in every disguise, and text that only looks like it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.redact import Redactor

SECRET = 'pA55/w+rd "of\\the<run>&9'
CLEAN = "nothing secret here, only words: passed 12, failed 0"


def disguises(secret: str) -> dict[str, str]:
    raw = secret.encode()
    twice = json.dumps(json.dumps({"password": secret}))
    return {
        "plain": secret,
        "json": json.dumps({"password": secret}),
        "json in json": twice,
        "url path": "https://host/" + quote(secret, safe=""),
        "url query": "token=" + quote_plus(secret),
        "url lower case": quote(secret, safe="").lower() if secret.islower() else quote(secret, safe=""),
        "xml": escape(secret, {'"': "&quot;"}),
        "base64": base64.b64encode(raw).decode(),
        "base64 of user:secret": base64.b64encode(b"admin:" + raw).decode(),
        "base64 shifted one": base64.b64encode(b"x" + raw + b"yz").decode(),
        "base64 shifted two": base64.b64encode(b"xy" + raw + b"z").decode(),
        "base64 for URLs": base64.urlsafe_b64encode(raw).decode(),
        "hex": raw.hex(),
        "split over lines": "\n".join(secret[at : at + 5] for at in range(0, len(secret), 5)),
        "split base64": "\n  ".join(
            base64.b64encode(raw).decode()[at : at + 8] for at in range(0, len(raw) * 2, 8)
        ),
        "coloured": secret[:4] + "\x1b[31m" + secret[4:9] + "\x1b[0m" + secret[9:],
    }


@pytest.mark.parametrize("name", disguises(SECRET))
def test_a_declared_secret_is_found_in_disguise(name: str) -> None:
    text = f"before {disguises(SECRET)[name]} after"
    clean = Redactor([SECRET]).text(text)
    assert "[redacted: secret]" in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    for piece in ("pA55", "w+rd", "w%2Brd", "cEE1NS93", "70413535"):
        assert piece not in clean


@example("k0000000000'\"9", "xml")
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=12).map(
        lambda text: "k" + text + "9"
    ),
    st.sampled_from(sorted(disguises("x" * 16))),
)
def test_any_secret_in_any_disguise_is_found(secret: str, disguise: str) -> None:
    clean = Redactor([secret]).text(f"[[ {disguises(secret)[disguise]} ]]")
    assert secret not in clean
    assert "[redacted: secret]" in clean


@given(st.text())
def test_without_secrets_nothing_changes_that_has_no_known_shape(text: str) -> None:
    if not any(mark in text for mark in ("://", "eyJ", "AKIA", "ASIA", "uthorization", "KEY")):
        assert Redactor().text(text) == text


def test_text_without_secrets_is_left_alone() -> None:
    assert Redactor([SECRET]).text(CLEAN) == CLEAN


def test_bytes_of_any_encoding() -> None:
    data = b"\xff\xfe\x00" + b"sesame-opens-77" + b"\x80\x00"
    assert Redactor(["sesame-opens-77"]).data(data) == b"\xff\xfe\x00[redacted: secret]\x80\x00"
    assert Redactor(["sesame"]).data("grün sesame".encode()) == "grün [redacted: secret]".encode()


def test_short_secrets_are_whole_words_and_tiny_ones_are_refused() -> None:
    redactor = Redactor()
    assert redactor.add("abc1", "pin")
    assert not redactor.add("ab")
    assert redactor.text("abc1 abc12 xabc1 ab") == "[redacted: pin] abc12 xabc1 ab"


SHAPES = {
    "AKIAIOSFODNN7EXAMPLE": "key id AKIAIOSFODNN7EXAMPLE was used",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": (
        'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"'
    ),
    "c2lnbmF0dXJl": "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl end",
    "hunter2": "cloned https://builder:hunter2@git.example.org/stack.git",
    "QWxhZGRpbjpvcGVu": "Authorization: Basic QWxhZGRpbjpvcGVu",
    "MIIEvQIBADANBg": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
    "MHcCAQEEIFake": "cut off: -----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIFake\nand no end",
    "IQoJb3JpZ2luX2VjEXAMPLETOKEN": '"SessionToken": "IQoJb3JpZ2luX2VjEXAMPLETOKEN"',
    "ghp_0123456789abcdefghij0123456789abcdef": "with ghp_0123456789abcdefghij0123456789abcdef",
}


@pytest.mark.parametrize("secret", SHAPES)
def test_known_shapes_are_found_undeclared(secret: str) -> None:
    assert secret not in Redactor().text(SHAPES[secret])


def test_a_kubeconfigs_key_is_found_and_its_certificate_is_kept() -> None:
    key = base64.b64encode(b"-----BEGIN RSA PRIVATE KEY-----\n" + b"x" * 60).decode()
    certificate = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n" + b"x" * 60).decode()
    clean = Redactor().text(f"client-key-data: {key}\nclient-certificate-data: {certificate}\n")
    assert key not in clean
    assert certificate in clean


def test_a_line_of_json_stays_json() -> None:
    redactor = Redactor(['a"b\\c"quoted"'])
    line = redactor.json_line({"message": 'it said a"b\\c"quoted" twice', "n": 1})
    assert json.loads(line) == {"message": "it said [redacted: secret] twice", "n": 1}


@pytest.mark.parametrize(
    "unit", ["x", "eyJ", "://", "a:", "AKIA", "authorization: ", "-----BEGIN PRIVATE KEY-----", "\\"]
)
@pytest.mark.timeout(20)
def test_megabytes_of_anything_take_seconds(unit: str) -> None:
    redactor = Redactor([SECRET, "another-secret-1"])
    text = unit * (1_000_000 // len(unit))
    assert SECRET not in redactor.text(text + SECRET)
