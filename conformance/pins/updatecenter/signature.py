"""Is the document the one that its publisher signed?

The signed form is the document without its `signature`, keys sorted, no blanks, UTF-8. As Jenkins does,
`correct_digest512`/`correct_signature512` are checked (the pairs without "correct_" cover only a part of
the file and are ignored; SHA-1 alone is refused). A certificate authority that the caller trusts decides
whose signature counts; without one, the digest and the signature are still checked, and the words say that
no authority vouched for the certificate.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.pins.model import UpdateCenterUnreadable


def check_sum(content: bytes, sidecar: Path, source: str) -> str:
    """Compare with a `.sha256` file as sha256sum writes it; returns the verified facts in words.

    Raises:
        UpdateCenterUnreadable: another sum, or not a sum at all.
    """
    words = sidecar.read_text(encoding="utf-8", errors="replace").split()
    expected = words[0].lower() if words else "(the file is empty)"
    observed = hashlib.sha256(content).hexdigest()
    if expected != observed:
        raise UpdateCenterUnreadable(
            "the update center document has another checksum than the file beside it says",
            where=source,
            expected=f"{expected} ({sidecar.name})",
            observed=observed,
            remedy="fetch both again",
        )
    return "checksum right"


def check(raw: dict[str, Any], source: str, authority: Path | None = None) -> str:
    """Verify the document's own signature; returns the verified facts in words ("not signed" without one).

    Raises:
        UpdateCenterUnreadable: a signature is there and does not hold.
    """
    block = raw.get("signature")
    if block is None:
        return "not signed"
    if not isinstance(block, dict):
        raise _refused(source, "the signature block is not an object")
    digest, signature = block.get("correct_digest512"), block.get("correct_signature512")
    if not isinstance(digest, str) or not isinstance(signature, str):
        raise _refused(source, "no SHA-512 digest and signature in the signature block")
    unsigned = {key: value for key, value in raw.items() if key != "signature"}
    content = json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if _bytes(digest) != hashlib.sha512(content).digest():
        raise _refused(source, "the content has another SHA-512 digest than the signature says")
    return _signed_by(content, _bytes(signature), block.get("certificates"), source, authority)


def _signed_by(content: bytes, signature: bytes, encoded: object, source: str, authority: Path | None) -> str:
    # Only a signed document pays for loading these.
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA512

    try:
        listed = encoded if isinstance(encoded, list) else []
        chain = [found for one in listed for found in _certificates(str(one))]
        trusted = x509.load_pem_x509_certificates(authority.read_bytes()) if authority else []
    except (ValueError, OSError) as error:
        raise _refused(source, f"a certificate cannot be read: {error}") from error
    if not chain:
        raise _refused(source, "no certificate in the signature block")
    key = chain[0].public_key()
    if not isinstance(key, RSAPublicKey):
        raise _refused(source, "the certificate's key is not RSA")
    try:
        key.verify(signature, content, PKCS1v15(), SHA512())
        signer = chain[0].subject.rfc4514_string()
        if not trusted:
            return f"signature right, by {signer}; no authority was given to vouch for this certificate"
        _chain_ends_in(chain, trusted)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise _refused(
            source, f"the signature or the certificate chain does not hold {error}".strip()
        ) from error
    return f"signature right, by {signer}, vouched for by {authority}"


def _certificates(text: str) -> list[Any]:
    """The certificates in an entry: PEM, or DER in base64 as the public update center has it."""
    from cryptography import x509

    if "-----BEGIN" in text:
        return list(x509.load_pem_x509_certificates(text.encode()))
    return [x509.load_der_x509_certificate(base64.b64decode(text))]


def _chain_ends_in(chain: list[Any], trusted: list[Any]) -> None:
    """Each certificate issued by the next, the last by a trusted one, and all valid at this moment."""
    now = datetime.now().astimezone()
    for at, certificate in enumerate(chain):
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise ValueError(f"(certificate {certificate.subject.rfc4514_string()} is not valid now)")
        if certificate in trusted:
            return
        if at + 1 < len(chain):
            certificate.verify_directly_issued_by(chain[at + 1])
    for root in trusted:
        if root.subject == chain[-1].issuer:
            chain[-1].verify_directly_issued_by(root)
            return
    raise ValueError("(it ends in no trusted certificate)")


def _bytes(text: str) -> bytes:
    """Hex (SHA-512 fields of the real one) or base64; empty for anything else."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _refused(source: str, observed: str) -> UpdateCenterUnreadable:
    return UpdateCenterUnreadable(
        "the update center document's signature does not hold",
        where=source,
        observed=observed,
        remedy="fetch it again from the update center that signs it; a mirror that edits it must re-sign it",
    )
