"""Bundles: whole, tampered with, signed."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.contract.load import load
from conformance.core.errors import UsageError
from conformance.core.paths import REFERENCE
from reports import bundle
from reports.load import load_results
from reports.recorder import Recorder
from reports.redact import Redactor
from reports.write import write_all
from tests.reports.builders import check, results
from tests.runner.suite_run import catalogue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    results(folder, check("NEXUS-01", "failed"), evidence={"NEXUS-01": {"answer": "201 Created"}})
    return folder


def keys(tmp_path: Path) -> tuple[Path, Path]:
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "key.pem", tmp_path / "pub.pem"
    pem = serialization.Encoding.PEM
    private.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_a_bundle_is_whole_and_reads_back(folder: Path, tmp_path: Path) -> None:
    packed = bundle.pack(folder, tmp_path / "run.tar.zst")
    found = bundle.verify(packed)
    assert (found.faults, found.files, found.signed, found.run) == ((), 3, False, "results")
    assert load_results(bundle.unpack(packed, tmp_path / "again")) == load_results(folder)


def test_a_bundle_holds_what_explains_a_red_run_and_no_secret_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    recorder = Recorder(
        folder,
        run_id="r1",
        environment="kind",
        contract=load(REFERENCE / "conformance.toml"),
        requirements=catalogue(tmp_path),
    )
    recorder.finish()
    results(folder, check("NEXUS-01", "failed"), evidence={"NEXUS-01": {"answer": "201 Created"}})
    (folder / "pytest-live.log").write_text("1 failed")
    (folder / "diagnostics").mkdir()
    (folder / "diagnostics" / "resources.yaml").write_text("env:\n- name: PASSWORD\n  value: sesame-9913\n")
    write_all(load_results(folder), folder)
    packed = bundle.pack(folder, tmp_path / "run.tar.zst", redactor=Redactor(["sesame-9913"]))
    again = bundle.unpack(packed, tmp_path / "again")
    held = {file.relative_to(again).as_posix() for file in again.rglob("*") if file.is_file()}
    assert held >= {
        "run.json",
        "contract.toml",
        "events-run.jsonl",
        "events-live.jsonl",
        "report.html",
        "result.json",
        "junit.xml",
        "summary.md",
        "pytest-live.log",
        "diagnostics/resources.yaml",
    }
    assert any(name.startswith("evidence/") for name in held)
    assert "[redacted: secret]" in (again / "diagnostics" / "resources.yaml").read_text()
    assert 'href="diagnostics/resources.yaml"' in (again / "report.html").read_text()


def test_the_same_results_make_the_same_bundle(folder: Path, tmp_path: Path) -> None:
    first = bundle.pack(folder, tmp_path / "a.tar.zst").read_bytes()
    assert bundle.pack(folder, tmp_path / "b.tar.zst").read_bytes() == first


def rewritten(packed: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """`packed` with its members changed, as in tampering."""
    data = zstandard.ZstdDecompressor().decompressobj().decompress(packed.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}  # type: ignore[union-attr]
    change(members)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    packed.write_bytes(zstandard.ZstdCompressor().compress(out.getvalue()))
    return packed


@pytest.mark.parametrize(
    ("change", "fault_text"),
    [
        (lambda m: m.update({"files/run.json": m["files/run.json"] + b" "}), "run.json: differs"),
        (lambda m: m.pop("files/events-live.jsonl"), "events-live.jsonl: is missing"),
        (lambda m: m.update({"files/new": b"x"}), "new: is not in the manifest"),
        (lambda m: m.update({"files/../../etc/passwd": b"x"}), "has no place in a bundle"),
        (lambda m: m.update({"other": b"x"}), "has no place in a bundle"),
        (lambda m: m.pop("manifest.json"), "there is no manifest"),
        (lambda m: m.update({"manifest.json": b'{"schema_version": 9}'}), "of version 9"),
        (lambda m: m.update({"manifest.json": b"["}), "cannot be read"),
    ],
)
def test_tampering_is_reported(
    folder: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], fault_text: str
) -> None:
    packed = rewritten(bundle.pack(folder, tmp_path / "run.tar.zst"), change)
    assert any(fault_text in fault for fault in bundle.verify(packed).faults)
    with pytest.raises(UsageError, match="is not whole"):
        bundle.unpack(packed, tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_damage_is_reported_without_a_traceback(folder: Path, tmp_path: Path, damage: str) -> None:
    packed = bundle.pack(folder, tmp_path / "run.tar.zst")
    data = packed.read_bytes()
    packed.write_bytes({"cut": data[: len(data) // 2], "noise": b"noise" * 99, "empty": b""}[damage])
    assert bundle.verify(packed).faults


def test_signatures(folder: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path)
    packed = bundle.pack(folder, tmp_path / "run.tar.zst", key=private)
    assert bundle.verify(packed, key=public).faults == ()
    assert bundle.verify(packed, key=public).signed
    other = tmp_path / "other"
    other.mkdir()
    assert bundle.verify(packed, key=keys(other)[1]).faults == (
        "the signature does not match the key and the manifest",
    )
    plain = bundle.pack(folder, tmp_path / "plain.tar.zst")
    assert bundle.verify(plain, key=public).faults == ("the bundle is not signed",)
    with pytest.raises(UsageError, match="cannot read the key"):
        bundle.pack(folder, tmp_path / "x.tar.zst", key=tmp_path / "no.pem")


def test_a_missing_bundle(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no bundle at"):
        bundle.verify(tmp_path / "no.tar.zst")
