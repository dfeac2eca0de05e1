"""The pipelines' shell scripts and the agent's, against servers on loopback and a recording `img`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.core.paths import PROJECT

from .rendering import STACK
from .servers import basic, ecr_token, package, serving, with_sha1

MISSING = [tool for tool in ("curl", "jq", "unzip") if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs the agent image's tools: {', '.join(MISSING)}")

SCRIPTS = STACK / "pipelines/scripts"
ECR_LOGIN = PROJECT / "environments/images/context/agent/ecr-login"
BASE = "/repository/maven-public/org/example/commerce/deployment-package"
DIGEST = "sha256:" + "ab" * 32
PROPERTIES = "# labels\nversion=1.0.0\nrevision=abc123\nsource=git://git.example/commerce.git\n"
#: records how it was called, and lists what it built like the real one
IMG = f"""#!/bin/sh
printf '%s\\n' "$*" >> "$IMG_CALLS"
case $1 in
  login) cat > "$IMG_CALLS.stdin" ;;
  ls) echo "NAME SIZE CREATED AT UPDATED AT DIGEST"
      sed -n 's/^build .*--tag \\([^ ]*\\) .*/\\1/p' "$IMG_CALLS" \\
        | sed 's/$/ 1MiB Less than a second ago Less than a second ago {DIGEST}/' ;;
esac
exit "${{IMG_STATUS:-0}}"
"""


def call(
    script: Path, *words: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    tools = cwd / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in (("img", IMG), ("ecr-login", f'#!/bin/sh\nexec "{ECR_LOGIN}"\n')):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(cwd),
        "IMG_CALLS": str(cwd / "img-calls"),
        "ECR_REGISTRY": "registry.example",
        "AWS_REGION": "us-east-1",
        **(env or {}),
    }
    return subprocess.run(
        ["sh", script, *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def fetch(url: str, version: str, cwd: Path, password: str = 'p"w\\1') -> subprocess.CompletedProcess[str]:
    login = {"NEXUS_URL": url, "NEXUS_USERNAME": "deployer", "NEXUS_PASSWORD": password}
    words = ("org.example.commerce", "deployment-package", version, "package")
    return call(SCRIPTS / "fetch-package", *words, cwd=cwd, env=login)


def test_a_missing_parameter_ends_the_build_with_its_name(tmp_path: Path) -> None:
    done = call(SCRIPTS / "require", "VERSION", "IMAGE_TAG", cwd=tmp_path, env={"IMAGE_TAG": "1"})
    assert done.returncode == 2
    assert done.stderr == "build parameter not set: VERSION\n"


def test_given_parameters_pass(tmp_path: Path) -> None:
    assert call(SCRIPTS / "require", "VERSION", cwd=tmp_path, env={"VERSION": "1"}).returncode == 0


def test_a_release_is_fetched_checked_and_unpacked(tmp_path: Path) -> None:
    body = package({"build.properties": PROPERTIES, "cortex/Dockerfile": "FROM scratch\n"})
    answers = with_sha1(f"{BASE}/1.0.0/deployment-package-1.0.0.zip", body)
    with serving(answers, authorization=basic("deployer", 'p"w\\1')) as nexus:
        done = fetch(nexus.url, "1.0.0", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "package/cortex/Dockerfile").read_text("utf-8") == "FROM scratch\n"


def test_a_snapshot_is_found_by_the_metadata(tmp_path: Path) -> None:
    metadata = b"""<metadata><versioning><snapshotVersions>
      <snapshotVersion><extension>pom</extension><value>1.1.0-20260101.000000-2</value></snapshotVersion>
      <snapshotVersion><extension>zip</extension>
        <value>1.1.0-20260101.000000-2</value></snapshotVersion>
      <snapshotVersion><classifier>docs</classifier><extension>zip</extension><value>other</value>
      </snapshotVersion></snapshotVersions></versioning></metadata>"""
    body = package({"build.properties": PROPERTIES})
    answers = with_sha1(f"{BASE}/1.1.0-SNAPSHOT/deployment-package-1.1.0-20260101.000000-2.zip", body)
    answers[f"{BASE}/1.1.0-SNAPSHOT/maven-metadata.xml"] = (200, metadata)
    with serving(answers) as nexus:
        done = fetch(nexus.url, "1.1.0-SNAPSHOT", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "package/build.properties").is_file()


def test_a_missing_package_fails_with_what_to_do(tmp_path: Path) -> None:
    with serving({}) as nexus:
        done = fetch(nexus.url, "9.9.9", tmp_path)
    assert done.returncode == 1
    assert "org.example.commerce:deployment-package:9.9.9:zip is not in Nexus" in done.stderr
    assert "Build and deploy it first" in done.stderr
    assert not (tmp_path / "package").exists()


def test_refused_credentials_are_said_so_and_not_shown(tmp_path: Path) -> None:
    with serving({}, authorization="other") as nexus:
        done = fetch(nexus.url, "1.0.0", tmp_path, password="canary-5d1")
    assert done.returncode == 1
    assert "refuses the credentials" in done.stderr
    assert "canary-5d1" not in done.stdout + done.stderr


def test_a_damaged_package_is_refused(tmp_path: Path) -> None:
    path = f"{BASE}/1.0.0/deployment-package-1.0.0.zip"
    answers = {**with_sha1(path, package({"a": "b"})), path: (200, b"damaged")}
    with serving(answers) as nexus:
        done = fetch(nexus.url, "1.0.0", tmp_path)
    assert done.returncode == 1
    assert "is damaged: SHA-1" in done.stderr


def test_nexus_away_is_said_so(tmp_path: Path) -> None:
    done = fetch("http://127.0.0.1:1", "1.0.0", tmp_path)
    assert done.returncode == 1
    assert "no answer from http://127.0.0.1:1" in done.stderr


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    for component in ("cortex", "search"):
        (folder / component).mkdir(parents=True)
        (folder / component / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (folder / "docs").mkdir()
    (folder / "build.properties").write_text(PROPERTIES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def busybox(unpacked: Path) -> None:
    """`cp /bin/busybox` of the agent image works here whether or not the host has one."""
    (unpacked / "tools").mkdir()
    copy = unpacked / "tools/cp"
    copy.write_text(
        '#!/bin/sh\n[ "$1" = /bin/busybox ] && exec touch "$2"\nexec /bin/cp "$@"\n', encoding="utf-8"
    )
    copy.chmod(0o755)


@pytest.mark.usefixtures("busybox")
def test_every_component_becomes_an_image_with_labels_and_a_recorded_digest(unpacked: Path) -> None:
    done = call(SCRIPTS / "build-images", "package", "commerce", cwd=unpacked, env={"IMAGE_TAG": "7"})
    assert done.returncode == 0, done.stderr
    recorded = json.loads((unpacked / "images.json").read_text("utf-8"))
    assert recorded == {
        "version": "1.0.0",
        "revision": "abc123",
        "source": "git://git.example/commerce.git",
        "images": [
            {
                "repository": f"commerce/{name}",
                "tag": "7",
                "reference": f"registry.example/commerce/{name}:7",
                "digest": DIGEST,
            }
            for name in ("cortex", "search")
        ],
    }
    built = [
        line for line in (unpacked / "img-calls").read_text("utf-8").splitlines() if line.startswith("build")
    ]
    assert len(built) == 2
    for label in ("version=1.0.0", "revision=abc123", "source=git://git.example/commerce.git"):
        assert all(f"--label org.opencontainers.image.{label}" in line for line in built)


def test_a_package_without_components_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/build.properties").write_text(PROPERTIES, encoding="utf-8")
    done = call(SCRIPTS / "build-images", "package", "commerce", cwd=tmp_path, env={"IMAGE_TAG": "7"})
    assert done.returncode == 1
    assert "no component" in done.stderr


@pytest.mark.usefixtures("busybox")
def test_a_failed_build_ends_the_script(unpacked: Path) -> None:
    env = {"IMAGE_TAG": "7", "IMG_STATUS": "1"}
    assert call(SCRIPTS / "build-images", "package", "commerce", cwd=unpacked, env=env).returncode == 1


def aws(url: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "canary-77",
        "AWS_ENDPOINT_URL_ECR": url,
    }


def test_push_logs_in_with_a_token_and_pushes_what_was_recorded(tmp_path: Path) -> None:
    image = {"repository": "commerce/cortex", "tag": "7", "reference": "registry.example/commerce/cortex:7"}
    text = json.dumps({"images": [{**image, "digest": DIGEST}]})
    (tmp_path / "images.json").write_text(text, encoding="utf-8")
    with serving({"/": (200, ecr_token("AWS", "token-with:colon"))}) as api:
        done = call(SCRIPTS / "push-images", cwd=tmp_path, env=aws(api.url))
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "img-calls").read_text("utf-8").splitlines()
    assert calls == [
        "login --username AWS --password-stdin https://registry.example",
        "push registry.example/commerce/cortex:7",
    ]
    assert (tmp_path / "img-calls.stdin").read_text("utf-8") == "token-with:colon"
    assert f"pushed registry.example/commerce/cortex:7@{DIGEST}" in done.stdout
    ((method, _, headers),) = api.requests
    assert method == "POST"
    assert headers["X-Amz-Target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    assert "Credential=AKIAEXAMPLE/" in headers["Authorization"]
    assert "/us-east-1/ecr/aws4_request" in headers["Authorization"]
    assert "canary-77" not in done.stdout + done.stderr + str(headers)


def test_a_refused_login_says_what_the_api_said(tmp_path: Path) -> None:
    with serving({"/": (400, b'{"__type": "UnrecognizedClientException"}')}) as api:
        done = call(ECR_LOGIN, cwd=tmp_path, env=aws(api.url))
    assert done.returncode == 1
    assert "answered 400 to GetAuthorizationToken" in done.stderr
    assert "UnrecognizedClientException" in done.stderr


def test_a_registry_that_refuses_the_token_fails_the_login(tmp_path: Path) -> None:
    with serving({"/": (200, ecr_token("AWS", "token"))}) as api:
        done = call(ECR_LOGIN, cwd=tmp_path, env={**aws(api.url), "IMG_STATUS": "1"})
    assert done.returncode == 1
    assert "refused the token" in done.stderr


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_REGION", "ECR_REGISTRY"])
def test_login_says_what_is_not_set(tmp_path: Path, missing: str) -> None:
    done = call(ECR_LOGIN, cwd=tmp_path, env={**aws("http://127.0.0.1:1"), missing: ""})
    assert done.returncode == 1
    assert done.stderr.startswith("ecr-login: ")
