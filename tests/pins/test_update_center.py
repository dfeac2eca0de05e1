"""Documents: forms, damage, signatures, days, and fetching."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.server
import json
import lzma
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from conformance.core.paths import REFERENCE
from conformance.pins.model import UpdateCenterUnreadable
from conformance.pins.updatecenter.load import days, fetch, load, parse
from tests.pins.support import DAYS, LAST, document, plugin

RAW: dict[str, Any] = {"plugins": {"git": plugin("git", "5.7.0")}, "unknown": {"field": 1}}
PLAIN = json.dumps(RAW).encode()
PAGE = (
    b"\xef\xbb\xbf<!DOCTYPE html><html><head></head><body><script>window.onload = function () { "
    b"window.parent.postMessage(JSON.stringify(\nCONTENT\n),'*'); };</script></body></html>"
)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        b"updateCenter.post(\n" + PLAIN + b"\n);",
        b"updateCenter.post(\n" + PLAIN + b"\n);\n",
        gzip.compress(PLAIN),
        gzip.compress(b"updateCenter.post(" + PLAIN + b");"),
        b"\xef\xbb\xbf" + PLAIN,
        lzma.compress(PLAIN),
        zstandard.compress(PLAIN),
        b"/* a comment */ /* another */\nupdateCenter.post(" + PLAIN + b")",
        PAGE.replace(b"CONTENT", PLAIN),
        PAGE.replace(b"CONTENT", PLAIN).replace(b"'*'", b'"*"'),
    ],
)
def test_forms(content: bytes) -> None:
    found = parse(content, "here")
    release = found.release("git")
    assert release is not None
    assert (release.version, found.signed) == ("5.7.0", "not signed")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(PLAIN)[:-12], "truncated"),
        (gzip.compress(PLAIN)[:20] + b"\0\0\0\0" + gzip.compress(PLAIN)[24:], "damaged"),
        (PLAIN[:-5], "not JSON"),
        (PLAIN + b"x", "something else follows"),
        (b"/*" * 10_000, "not JSON"),
        (b"BZh91AY", "packed by bzip2"),
        (b"PK\x03\x04", "packed by zip"),
        (lzma.compress(PLAIN)[:-20], "too early"),
        (zstandard.compress(PLAIN)[:20], "the zstd data"),
        (zstandard.compress(PLAIN)[:4] + b"\xff" * 20, "the zstd data is damaged"),
        (b'{"plugins": {"a": {}}, "plugins": {"b": {}}}', "'plugins' is given twice"),
        (b'{"plugins": {"a": {"version": "1", "version": "2"}}}', "'version' is given twice"),
        (b'{"plugins": {"a": {}}, "warnings": [{"versions": ["1"]}]}', "`versions` are no objects"),
        (b"updateCenter.post(\n" + PLAIN, "not closed"),
        (b"<html>gateway time-out</html>", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[]", "without an object `plugins`"),
        (b'{"plugins": []}', "without an object `plugins`"),
        (b'{"plugins": {}}', "no plugin at all"),
        (b'{"plugins": {"a": {}}, "warnings": {}}', "`warnings` is not a list"),
        (b'{"plugins": {"a": {}}, "warnings": [{"versions": 1}]}', "`versions` is not a list"),
    ],
)
def test_damage_is_one_error(content: bytes, says: str) -> None:
    with pytest.raises(UpdateCenterUnreadable) as caught:
        parse(content, "here.json")
    assert says in caught.value.observed
    assert (caught.value.where, caught.value.exit_code) == ("here.json", 2)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.pins.updatecenter.document.LIMIT", 1000)
    with pytest.raises(UpdateCenterUnreadable) as caught:
        parse(gzip.compress(b" " * 1_000_000), "bomb.gz")
    assert "larger than" in caught.value.observed


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        {"name": "git"},
        {"name": "git", "version": 1},
        {"name": "git", "version": "v1"},
        {"name": "git", "version": "1\n- evil:1"},
        {"name": "git", "version": "1" * 500},
        {"name": "git", "version": "1", "requiredCore": "banana"},
        {"name": "git", "version": "1", "compatibleSinceVersion": ["1"]},
        {"name": "git", "version": "1", "dependencies": [{"name": "mai ler", "version": "1"}]},
        {"name": "git", "version": "1", "dependencies": [{"name": "mailer", "version": "\x1b[2J"}]},
        {"name": "git", "version": "1", "requiredCore": 2},
        {"name": "git", "version": "1", "dependencies": {}},
        {"name": "git", "version": "1", "dependencies": ["mailer"]},
        {"name": "git", "version": "1", "dependencies": [{"name": "mailer"}]},
        {
            "name": "git",
            "version": "1",
            "dependencies": [{"name": "mailer", "version": "1", "optional": "no"}],
        },
    ],
)
def test_a_broken_entry_never_counts_as_one_without_needs(entry: object) -> None:
    found = parse(json.dumps({"plugins": {"git": entry}}).encode(), "here").release("git")
    assert found is not None
    assert found.problem


@pytest.mark.parametrize(
    ("entry", "unknown"),
    [
        ({"version": "1", "requiredCore": "2.479.1"}, ("the plugins that it needs",)),
        ({"version": "1", "dependencies": []}, ("the core that it needs",)),
        ({"version": "1", "requiredCore": "2.479.1", "dependencies": []}, ()),
    ],
)
def test_a_field_that_is_absent_is_unknown(entry: dict[str, Any], unknown: tuple[str, ...]) -> None:
    found = parse(json.dumps({"plugins": {"git": entry}}).encode(), "here").release("git")
    assert found is not None
    assert (found.unknown, found.problem) == (unknown, "")


def test_the_reference_document_is_complete_and_small() -> None:
    """All plugins with everything that the gate reads; no excerpt."""
    file = REFERENCE / "update-center.json.gz"
    found = load(str(file))
    assert (found.day, len(found), found.core, found.absent_sections) == ("2026-06-14", 2082, "2.568", ())
    assert sum(len(several) for several in found.advisories.values()) == 1489
    raw = json.loads(gzip.decompress(file.read_bytes()))
    releases = [found.release(name) for name in raw["plugins"]]
    assert all(release and release.complete for release in releases)
    assert file.stat().st_size < 1_500_000


def test_age() -> None:
    assert document(plugin("git", "1")).day == "2026-06-14"
    assert document(plugin("git", "1"), generationTimestamp="yesterday").generated is None


def test_a_directory_of_days(tmp_path: Path) -> None:
    assert [day for day, _ in days(DAYS)] == [
        "2025-06-28",
        "2025-09-15",
        "2025-12-15",
        "2026-03-15",
        "2026-06-13",
        "2026-06-14",
    ]
    assert load(str(DAYS)).source == str(LAST)
    with pytest.raises(UpdateCenterUnreadable, match="no update center document"):
        days(tmp_path)
    for name in ("2026-01-01.json", "uc-2026-01-01.json.gz"):
        (tmp_path / name).write_bytes(PLAIN)
    with pytest.raises(UpdateCenterUnreadable, match="two documents for 2026-01-01"):
        days(tmp_path)


def test_a_checksum_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "update-center.json"
    file.write_bytes(PLAIN)
    beside = tmp_path / "update-center.json.sha256"
    beside.write_text(f"{hashlib.sha256(PLAIN).hexdigest()}  update-center.json\n")
    assert "checksum right" in load(str(file)).signed
    file.write_bytes(PLAIN + b" ")
    with pytest.raises(UpdateCenterUnreadable, match="another checksum"):
        load(str(file))


class Signer:
    """A certificate of its own and a document signed with it, as an update center signs."""

    def __init__(self, days_left: int = 30) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "update center of a test")])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(7)
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days_left))
            .sign(self.key, hashes.SHA256())
        )

    def pem(self, folder: Path) -> Path:
        file = folder / "ca.pem"
        file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def sign(self, raw: dict[str, Any]) -> dict[str, Any]:
        content = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        signature = self.key.sign(content, padding.PKCS1v15(), hashes.SHA512())
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        block = {
            "correct_digest512": hashlib.sha512(content).hexdigest(),
            "correct_signature512": signature.hex(),
            "certificates": [base64.b64encode(der).decode()],
        }
        return {**raw, "signature": block}


def test_a_signature_is_verified(tmp_path: Path) -> None:
    signer = Signer()
    content = json.dumps(signer.sign(RAW)).encode()
    assert "no authority was given to vouch" in parse(content, "here").signed
    assert "vouched for by" in parse(content, "here", signer.pem(tmp_path)).signed
    with pytest.raises(UpdateCenterUnreadable) as caught:
        parse(content, "here", Signer().pem(tmp_path))
    assert "chain does not hold" in caught.value.observed


def test_certificates_in_pem(tmp_path: Path) -> None:
    signer = Signer()
    signed = signer.sign(RAW)
    signed["signature"]["certificates"] = [signer.pem(tmp_path).read_text()]
    assert "vouched for by" in parse(json.dumps(signed).encode(), "here", signer.pem(tmp_path)).signed
    signed["signature"]["certificates"] = ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
    with pytest.raises(UpdateCenterUnreadable, match="signature does not hold"):
        parse(json.dumps(signed).encode(), "here")


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    signer = Signer(days_left=-1)
    with pytest.raises(UpdateCenterUnreadable) as caught:
        parse(json.dumps(signer.sign(RAW)).encode(), "here", signer.pem(tmp_path))
    assert "not valid now" in caught.value.observed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"plugins": {"git": plugin("git", "9.9")}}, "another SHA-512 digest"),
        ({"signature": "none"}, "not an object"),
        ({"signature": {"digest": "x", "signature": "y"}}, "no SHA-512 digest"),
    ],
)
def test_a_signature_that_does_not_hold(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UpdateCenterUnreadable) as caught:
        parse(json.dumps({**Signer().sign(RAW), **change}).encode(), "here")
    assert says in caught.value.observed


def test_a_forged_signature_with_a_right_digest() -> None:
    forged = Signer().sign(RAW)
    forged["signature"]["certificates"] = Signer().sign(RAW)["signature"]["certificates"]
    with pytest.raises(UpdateCenterUnreadable, match="signature does not hold"):
        parse(json.dumps(forged).encode(), "here")


def test_an_unsigned_document_can_be_refused() -> None:
    with pytest.raises(UpdateCenterUnreadable, match="not signed"):
        parse(PLAIN, "here", must_be_signed=True)


class Played(http.server.BaseHTTPRequestHandler):
    """An update center that knows ETags; `answers` is what it does next."""

    status = 200
    content = PLAIN
    requested: list[str | None]

    def do_GET(self) -> None:
        type(self).requested.append(self.headers.get("If-None-Match"))
        unchanged = self.status == 200 and self.headers.get("If-None-Match") == '"1"'
        self.send_response(304 if unchanged else self.status)
        body = b"" if unchanged else self.content
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def played() -> Iterator[tuple[str, type[Played]]]:
    handler = type("OnePlayed", (Played,), {"requested": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/update-center.json", handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.usefixtures("direct")
def test_fetch_requests_only_what_changed(played: tuple[str, type[Played]], tmp_path: Path) -> None:
    url, handler = played
    assert fetch(url, tmp_path).content == PLAIN
    assert fetch(url, tmp_path).content == PLAIN
    assert handler.requested == [None, '"1"']


@pytest.mark.usefixtures("direct")
def test_fetch_falls_back_on_the_copy_and_says_so(played: tuple[str, type[Played]], tmp_path: Path) -> None:
    url, handler = played
    handler.status = 500
    with pytest.raises(UpdateCenterUnreadable, match="cannot be fetched"):
        fetch(url, tmp_path)
    handler.status = 200
    fetch(url, tmp_path)
    handler.status = 500
    again = fetch(url, tmp_path)
    assert again.content == PLAIN
    assert "using the copy fetched before" in again.notice


@pytest.mark.usefixtures("direct")
def test_what_is_no_document_is_not_kept(played: tuple[str, type[Played]], tmp_path: Path) -> None:
    url, handler = played
    handler.content = b"<html>sign in</html>"
    with pytest.raises(UpdateCenterUnreadable):
        fetch(url, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("direct")
def test_no_network_is_one_error_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(UpdateCenterUnreadable) as caught:
        fetch("http://127.0.0.1:9/update-center.json", tmp_path, timeout=(1, 1))
    assert "give a file" in caught.value.remedy
