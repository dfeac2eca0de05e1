"""The evidence bundle: one tar.zst with all results of a run and a manifest of checksums.

manifest.json   {"schema_version": 1, "run": ID, "files": {path: {"sha256", "size"}}}
manifest.sig    optional: base64 of an Ed25519 signature of manifest.json
files/...       the results folder, every file redacted once more
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from conformance.core.errors import UsageError
from conformance.core.files import draft
from reports.events import RESERVE
from reports.load import load_results
from reports.redact import SECRETS, Redactor

MANIFEST, SIGNATURE, FILES = "manifest.json", "manifest.sig", "files/"
SCHEMA_VERSION = 1
#: A larger file is not part of a bundle.
MAX_FILE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of verifying: without `faults` the bundle is whole. `signed`: a signature was checked."""

    run: str
    files: int
    signed: bool
    faults: tuple[str, ...]


def pack(folder: Path, target: Path, *, key: Path | None = None, redactor: Redactor = SECRETS) -> Path:
    """Pack the results in `folder` into `target`; `key` is an Ed25519 private key (PEM) to sign with.

    Raises:
        UsageError: no results there, or no such key.
    """
    run = load_results(folder).run
    signer = _private(key) if key else None
    files = {
        file.relative_to(folder).as_posix(): redactor.data(file.read_bytes())
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not file.is_symlink()
        and file.name != RESERVE
        and file.resolve() != target.resolve()
    }
    manifest = json.dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "run": run.id,
            "files": {
                name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                for name, data in files.items()
            },
        },
        indent=1,
    ).encode()
    with (
        draft(target) as half,
        half.open("wb") as out,
        zstandard.ZstdCompressor(level=6).stream_writer(out) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        _add(archive, MANIFEST, manifest, run.started)
        if signer:
            _add(archive, SIGNATURE, base64.b64encode(signer.sign(manifest)), run.started)
        for name, data in files.items():
            _add(archive, FILES + name, data, run.started)
    return target


def verify(bundle: Path, *, key: Path | None = None) -> Verification:
    """Check every file of `bundle` against its manifest, and with `key` (PEM) the manifest's signature.

    Raises:
        UsageError: no bundle there, or no such key. A damaged bundle raises nothing and has faults.
    """
    public = _public(key) if key else None
    faults: list[str] = []
    manifest, signature, actual = _contents(bundle, faults)
    declared, run = _declared(manifest, faults)
    for name, (digest, length) in declared.items():
        content = actual.pop(FILES + name, None)
        if content is None:
            faults.append(f"{name}: is missing")
        elif content != (digest, length):
            faults.append(f"{name}: differs from the manifest")
    faults += [f"{name.removeprefix(FILES)}: is not in the manifest" for name in actual]
    if public:
        faults += _signature_faults(public, signature, manifest)
    return Verification(run, len(declared), bool(public), tuple(faults))


def unpack(bundle: Path, folder: Path) -> Path:
    """Unpack a whole bundle into the empty `folder`. Raises UsageError when it does not verify."""
    faults = verify(bundle).faults
    if faults:
        raise UsageError(f"{bundle} is not whole", observed="; ".join(faults[:5]))
    for name, data in _members(bundle):
        if name.startswith(FILES):
            target = folder / name.removeprefix(FILES)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return folder


def _contents(bundle: Path, faults: list[str]) -> tuple[bytes, bytes, dict[str, tuple[str, int]]]:
    """Manifest, signature, and digest and size of each file; faults are added to `faults`."""
    manifest, signature = b"", b""
    files: dict[str, tuple[str, int]] = {}
    try:
        for name, data in _members(bundle):
            if name == MANIFEST:
                manifest = data
            elif name == SIGNATURE:
                signature = data
            elif not name.startswith(FILES) or ".." in PurePosixPath(name).parts:
                faults.append(f"{name}: has no place in a bundle")
            elif name in files:
                faults.append(f"{name}: is there twice")
            else:
                files[name] = (hashlib.sha256(data).hexdigest(), len(data))
    except FileNotFoundError as error:
        raise UsageError(f"no bundle at {bundle}") from error
    except (tarfile.TarError, zstandard.ZstdError, OSError, EOFError, ValueError) as error:
        faults.append(f"the archive is damaged: {error}")
    return manifest, signature, files


def _members(bundle: Path) -> Iterator[tuple[str, bytes]]:
    with (
        bundle.open("rb") as raw,
        zstandard.ZstdDecompressor().stream_reader(raw) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for member in archive:
            opened = archive.extractfile(member) if member.isreg() and member.size <= MAX_FILE else None
            if opened is None:
                raise ValueError(f"{member.name} is not an ordinary file of a bundle")
            yield member.name, opened.read()


def _declared(manifest: bytes, faults: list[str]) -> tuple[dict[str, tuple[str, int]], str]:
    """Digest and size of each file by the manifest, and the run's id; faults are added to `faults`."""
    if not manifest:
        faults.append("there is no manifest")
        return {}, ""
    try:
        raw = json.loads(manifest)
        if raw["schema_version"] != SCHEMA_VERSION:
            faults.append(f"the manifest is of version {raw['schema_version']}, known is {SCHEMA_VERSION}")
            return {}, str(raw.get("run", ""))
        files = {
            str(name): (str(entry["sha256"]), int(entry["size"])) for name, entry in raw["files"].items()
        }
        return files, str(raw["run"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        faults.append(f"the manifest cannot be read: {error}")
        return {}, ""


def _signature_faults(public: Ed25519PublicKey, signature: bytes, manifest: bytes) -> list[str]:
    if not signature:
        return ["the bundle is not signed"]
    try:
        public.verify(base64.b64decode(signature, validate=True), manifest)
    except (InvalidSignature, binascii.Error):
        return ["the signature does not match the key and the manifest"]
    return []


def _private(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"cannot read the key {file}", observed=str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"{file} is not an Ed25519 key", remedy="openssl genpkey -algorithm ed25519 -out key.pem"
        )
    return key


def _public(file: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the key {file}", observed=str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            f"{file} is not an Ed25519 public key", remedy="openssl pkey -in key.pem -pubout -out pub.pem"
        )
    return key


def _add(archive: tarfile.TarFile, name: str, data: bytes, when: float) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(data), int(when), 0o644
    archive.addfile(entry, io.BytesIO(data))
