"""Whom the run trusts: its own CA, made for the run, and the host's trust store with it.

Hosts behind a TLS-inspecting proxy trust its CA; clients in pods must too, or every download of theirs fails
with an unknown CA. So pods get the host's whole bundle, as PEM and as a Java trust store, never baked
into images.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from conformance.core.errors import EnvironmentFailure

STORE_PASSWORD = "changeit"  # noqa: S105 - the Java default; the store holds public certificates only
VALID = datetime.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """PEM texts."""

    certificate: str
    key: str


class RunAuthority:
    """A certificate authority that lives as long as the run; its key is never written down."""

    def __init__(self, run_id: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"conformance run {run_id}")])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        self._certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> str:
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, *names: str) -> KeyPair:
        """A server certificate for DNS names and IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        issuer_key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            self._builder(subject, key.public_key())
            .add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer_key_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return KeyPair(
            certificate.public_bytes(serialization.Encoding.PEM).decode(),
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        )

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + VALID)
        )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def host_bundle() -> str:
    """The host's trusted CAs as PEM text.

    Raises:
        EnvironmentFailure: the host has no bundle.
    """
    paths = (
        os.environ.get("SSL_CERT_FILE"),
        ssl.get_default_verify_paths().cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    )
    for path in paths:
        if path and Path(path).is_file():
            return Path(path).read_text(encoding="utf-8")
    raise EnvironmentFailure(
        "this host has no bundle of trusted CAs",
        expected="SSL_CERT_FILE or /etc/ssl/certs/ca-certificates.crt",
        remedy="apt-get install ca-certificates",
    )


def java_trust_store(bundle: str) -> bytes:
    """A PKCS #12 trust store (password `changeit`) with the certificates of a PEM bundle."""
    with warnings.catch_warnings():
        # public CAs of long ago have serial numbers that the library deprecates
        warnings.simplefilter("ignore")
        certificates = x509.load_pem_x509_certificates(bundle.encode())
        # PKCS #12 wants a name for each, and every name once
        named = [pkcs12.PKCS12Certificate(c, f"ca-{n}".encode()) for n, c in enumerate(certificates)]
        return pkcs12.serialize_java_truststore(
            named, serialization.BestAvailableEncryption(STORE_PASSWORD.encode())
        )
