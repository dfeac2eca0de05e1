"""What pipelines run and build from: the files of the repository that they use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from conformance.contract.model import Contract
from conformance.core import xml
from conformance.core.nonconformance import require, require_none
from conformance.sources import builds, images
from conformance.sources.facts import Fact
from conformance.sources.stack import StackFiles

_LATEST = re.compile(r"""(?m)\b(?:image|tag|version)["']?\s*[:=]\s*["']?[\w./:-]*\blatest\b""")
#: images of which the user is not root
_OWN_USER = frozenset(("jenkins/jenkins", "jenkins/agent", "jenkins/inbound-agent", "sonatype/nexus3"))


@pytest.mark.requirement("STATIC-38")
def test_files_that_jenkinsfiles_use_are_there(stack_files: StackFiles) -> None:
    """Files of the repository that Jenkinsfiles use are there."""
    findings = []
    for pipeline in stack_files.jenkinsfiles.values():
        for path in builds.paths(pipeline):
            # a path below a folder of the repository; anything else is made while the build runs
            first = stack_files.root / PurePosixPath(str(path.value)).parts[0]
            if first.is_dir() and not (stack_files.root / str(path.value)).exists():
                findings.append(f"{path.place.file}:{path.place.line}: {path.value}")
    require_none(
        dict.fromkeys(findings),
        "a Jenkinsfile uses a file that is not in the repository",
        remedy="correct the path, or add the file",
    )


@pytest.mark.requirement("STATIC-39")
def test_scripts_are_executable(stack_files: StackFiles) -> None:
    """Scripts that Jenkinsfiles run are executable."""
    used = "\n".join(str(text.value) for text in _texts(stack_files))
    require_none(
        [
            file.path
            for file in stack_files.texts
            if file.text.startswith("#!")
            and re.search(rf"(^|\s){re.escape(file.path)}\b", used, re.MULTILINE)
            and not os.access(stack_files.root / file.path, os.X_OK)
        ],
        "a script that a Jenkinsfile runs is not executable",
        remedy="git update-index --chmod=+x PATH",
    )


def _texts(stack_files: StackFiles) -> Iterator[Fact[str]]:
    """Texts that Jenkinsfiles give to steps, agents and variables."""
    for pipeline in stack_files.jenkinsfiles.values():
        yield from builds.texts(pipeline)


@pytest.mark.requirement("STATIC-58")
def test_nothing_follows_latest(stack_files: StackFiles) -> None:
    """Nothing in the stack follows latest."""
    require_none(
        [
            f"{file.path}:{file.text.count(chr(10), 0, found.start()) + 1}: {found[0].strip()}"
            for file in stack_files.texts
            if not file.path.endswith((".md", "Jenkinsfile", "Dockerfile"))
            and stack_files.root / file.path not in stack_files.loaded.values_files
            for found in _LATEST.finditer(file.text)
        ],
        "something in the stack follows latest",
        remedy="write the exact version",
    )


@pytest.mark.requirement("STATIC-66")
def test_maven_resolves_through_nexus(stack_files: StackFiles, contract: Contract) -> None:
    """Maven resolves everything through the group of Nexus."""
    settings = {file.path: file.text for file in stack_files.texts if file.path.endswith("settings.xml")}
    if not any(product.build_job for product in contract.products):
        return
    require(
        settings,
        "no Maven settings send builds through Nexus",
        expected="a settings.xml with a mirror of *",
        remedy="add a settings.xml with a mirror of * at the group, and use it in the Jenkinsfile",
    )
    findings = []
    for path, text in settings.items():
        try:
            root = xml.parse(text)
        except ValueError as error:
            findings.append(f"{path} is not XML: {error}")
            continue
        mirrors = [
            (node.text or "").strip() for node in root.iter() if node.tag.rpartition("}")[2] == "mirrorOf"
        ]
        if "*" not in mirrors:
            findings.append(f"{path} mirrors {', '.join(mirrors) or 'nothing'}")
        urls = [node.text or "" for node in root.iter() if node.tag.rpartition("}")[2] == "url"]
        if not any(contract.nexus.group in url for url in urls):
            findings.append(f"{path} does not name the group {contract.nexus.group}")
    require_none(
        findings,
        "Maven does not resolve everything through Nexus",
        expected=f"one mirror of * at the group {contract.nexus.group}",
        remedy="set <mirrorOf>*</mirrorOf>: a build must not take what Nexus does not know",
    )


@pytest.mark.requirement("STATIC-68")
def test_images_name_a_user(stack_files: StackFiles) -> None:
    """Images of components do not run as root."""
    findings = []
    for file in stack_files.texts:
        if PurePosixPath(file.path).name == "Dockerfile":
            users = re.findall(r"(?im)^\s*USER\s+(\S+)", file.text)
            bases = re.findall(r"(?im)^\s*FROM\s+(?:--\S+\s+)*(\S+)", file.text)
            base = images.parse(bases[-1]).repository if bases else ""
            # without an instruction it is the user of the image below
            own = users[-1].partition(":")[0] if users else "" if base in _OWN_USER else "root"
            if own in ("0", "root"):
                findings.append(file.path)
    require_none(
        findings,
        "a component's image runs as root",
        expected="USER with an id other than 0",
        remedy="add USER 1000:1000 to the Dockerfile",
    )
