"""The registry of these tests: its parts without processes, and (slow) the whole of it on loopback."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.waiting import eventually
from environments.base import Login, Registry, Service
from environments.ecr.dial import session
from environments.ecr.local.front import write_nginx
from environments.ecr.local.settings import Settings
from environments.ecr.local.wire import Answer

ACCOUNT = "123456789012"
REGION = "us-east-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.conformance.test"
KEY_ID = "AKIATESTTESTTESTTEST"
SECRET = "a-secret-of-the-tests"


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def image_manifest(*layers: bytes, config: bytes = b"{}") -> bytes:
    """An OCI image manifest over `layers`."""
    kind = "application/vnd.oci.image"

    def part(media_type: str, body: bytes) -> dict[str, object]:
        return {"mediaType": media_type, "digest": digest_of(body), "size": len(body)}

    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{kind}.manifest.v1+json",
            "config": part(f"{kind}.config.v1+json", config),
            "layers": [part(f"{kind}.layer.v1.tar", layer) for layer in layers],
        }
    ).encode()


@dataclass
class FakeRegistry:
    """Answers as Distribution does to the few requests that the application makes."""

    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    status: int = 0

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        self.sent.append((method, target))
        if self.status:
            return Answer(self.status, (), b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}')
        if target == "/v2/":
            return Answer(200)
        name, _, reference = target.removeprefix("/v2/").partition("/manifests/")
        if method == "PUT":
            self.manifests[name, reference] = body
            return Answer(201, (("Docker-Content-Digest", digest_of(body)),))
        return Answer(202)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(ACCOUNT, REGION, HOST, KEY_ID, SECRET, storage=tmp_path / "storage", run=tmp_path / "run")


# The whole of it -----------------------------------------------------------------------------------


def registry_binary() -> str | None:
    return os.environ.get("CONFORMANCE_REGISTRY_BIN") or shutil.which("registry")


def nginx_binary() -> str | None:
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what needs programs that are not there, unless CONFORMANCE_FULL=1 wants the failure."""
    if os.environ.get("CONFORMANCE_FULL") == "1" or (registry_binary() and nginx_binary()):
        return
    here = Path(__file__).parent
    lacking = [item for item in items if here in item.path.parents and item.get_closest_marker("slow")]
    if lacking:
        config.hook.pytest_deselected(items=lacking)
        items[:] = [item for item in items if item not in lacking]


@dataclass(frozen=True)
class Loopback:
    """The three processes of the pod, on loopback."""

    settings: Settings
    ca: Path
    registry: Registry
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
        assert not missing, (
            f"CONFORMANCE_FULL=1 but {missing} not found; CONFORMANCE_REGISTRY_BIN names the registry"
        )
        folders = os.pathsep.join(str(Path(str(path)).resolve().parent) for path in programs.values())
        env = {**self.environment, **changes, "PATH": f"{folders}{os.pathsep}{os.environ['PATH']}"}
        with (self.settings.run / "log").open("ab") as log:
            for name in ("registry", "app", "front"):
                command = [sys.executable, "-m", "environments.ecr.local", name]
                self.processes.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))
        eventually(
            lambda: self.session().get(f"https://{HOST}/healthz", timeout=5).status_code == 200,
            what="the registry on loopback is healthy",
            timeout=60,
            interval=0.1,
            transient=(requests.RequestException,),
            remedy=f"see {self.settings.run / 'log'}",
        )


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.crt, and tls.crt and tls.key signed by it for HOST."""
    folder = tmp_path_factory.mktemp("tls")
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
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("::1"))])
    server = certificate(x509.Name([]), key.public_key()).add_extension(names, True)
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "tls.crt").write_bytes(server.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "tls.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def loopback(tls: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    """Registry, application and nginx as in the pod, on ports of their own."""
    folder = tmp_path_factory.mktemp("ecr")
    settings = replace(
        Settings(
            ACCOUNT, REGION, HOST, KEY_ID, SECRET, storage=folder / "storage", tls=tls, run=folder / "run"
        ),
        front_address="127.0.0.1",
        front_port=free_port(),
        app_port=free_port(),
        registry_port=free_port(),
    )
    write_nginx(settings)
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
        "ECR_APP_PORT": str(settings.app_port),
        "ECR_REGISTRY_PORT": str(settings.registry_port),
    }
    connect = f"127.0.0.1:{settings.front_port}"
    registry = Registry(
        host=HOST,
        api=Service(f"https://{HOST}", Login(KEY_ID, SECRET), connect),
        data=Service(f"https://{HOST}", None, connect),
        account=ACCOUNT,
        region=REGION,
        backend="local",
    )
    running = Loopback(settings, tls / "ca.crt", registry, [], environment)
    try:
        running.start()
        yield running
    finally:
        running.stop()
