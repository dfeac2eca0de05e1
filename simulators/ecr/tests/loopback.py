"""The ECR simulator as its three processes on loopback, with a certificate of its own."""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conformance.core.waiting import eventually
from environments.base import Login, RegistryEndpoint, Service
from environments.ecr.dial import session
from simulators.ecr.settings import Settings

ACCOUNT = "123456789012"
REGION = "us-east-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.conformance.test"
KEY_ID = "AKIATESTTESTTESTTEST"
SECRET = "a-secret-of-the-tests"


def registry_binary() -> str | None:
    return os.environ.get("CONFORMANCE_REGISTRY_BIN") or shutil.which("registry")


def nginx_binary() -> str | None:
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@dataclass(frozen=True)
class Loopback:
    """The three processes of the pod, on loopback."""

    settings: Settings
    ca: Path
    registry: RegistryEndpoint
    processes: list[subprocess.Popen[bytes]]
    environment: dict[str, str]

    def session(self) -> requests.Session:
        return session(self.registry.data, str(self.ca))

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
        self.processes.clear()

    def start(self, **changes: str) -> None:
        programs = {"registry": registry_binary(), "nginx": nginx_binary()}
        missing = [name for name, path in programs.items() if not path]
        assert not missing, f"{missing} not found on PATH; CONFORMANCE_REGISTRY_BIN may name the registry"
        folders = os.pathsep.join(str(Path(str(path)).resolve().parent) for path in programs.values())
        env = {**self.environment, **changes, "PATH": f"{folders}{os.pathsep}{os.environ['PATH']}"}
        with (self.settings.run / "log").open("ab") as log:
            for name in ("registry", "app", "front"):
                command = [sys.executable, "-m", "simulators.ecr", name]
                self.processes.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))
        eventually(
            lambda: self.session().get(f"https://{HOST}/healthz", timeout=5).status_code == 200,
            what="the registry on loopback is healthy",
            timeout=60,
            interval=0.1,
            transient=(requests.RequestException,),
            remedy=f"see {self.settings.run / 'log'}",
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_certificates(folder: Path) -> None:
    """Write ca.crt, and tls.crt and tls.key signed by it for HOST."""
    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False)
        )

    ca = certificate(issuer, ca_key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
    names = x509.SubjectAlternativeName(
        [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    server = certificate(x509.Name([]), key.public_key()).add_extension(names, True)
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "tls.crt").write_bytes(server.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "tls.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@contextmanager
def running(folder: Path) -> Iterator[Loopback]:
    """Registry, application and nginx as in the pod, on ports of their own, below `folder`."""
    write_certificates(folder)
    settings = replace(
        Settings(
            ACCOUNT, REGION, HOST, KEY_ID, SECRET, storage=folder / "storage", tls=folder, run=folder / "run"
        ),
        front_address="127.0.0.1",
        front_port=free_port(),
    )
    settings.run.mkdir()
    environment = {
        "ECR_ACCOUNT": ACCOUNT,
        "ECR_REGION": REGION,
        "ECR_HOST": HOST,
        "ECR_ACCESS_KEY_ID": KEY_ID,
        "ECR_SECRET_ACCESS_KEY": SECRET,
        "ECR_STORAGE": str(settings.storage),
        "ECR_TLS": str(settings.tls),
        "ECR_RUN": str(settings.run),
        "ECR_FRONT_ADDRESS": settings.front_address,
        "ECR_FRONT_PORT": str(settings.front_port),
    }
    connect = f"127.0.0.1:{settings.front_port}"
    registry = RegistryEndpoint(
        host=HOST,
        api=Service(f"https://{HOST}", Login(KEY_ID, SECRET), connect),
        data=Service(f"https://{HOST}", None, connect),
        account=ACCOUNT,
        region=REGION,
        backend="local",
    )
    loopback = Loopback(settings, folder / "ca.crt", registry, [], environment)
    try:
        loopback.start()
        yield loopback
    finally:
        loopback.stop()
