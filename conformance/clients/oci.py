"""The official OCI distribution conformance suite, run against the registry as the contract gives it.

github.com/opencontainers/distribution-spec/conformance: configured by variables, it writes `junit.xml` and
`results.yaml` and redacts both. It ends with 1 for a registry that deviates; its report says what happened.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from conformance.core import xml
from conformance.core.errors import EnvironmentFailure
from conformance.core.process import run
from environments.base import Login, RegistryEndpoint
from environments.deploy.relay import relay

SUITE = "OCI Conformance Test/"
SECONDS = 300
#: the suite's words for a test that did not pass
BROKEN = ("failure", "error")


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its name without the suite's own, its status in JUnit's words, what it says."""

    name: str
    status: str
    said: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The compiled suite, and the registry that it is run against."""

    program: str
    registry: RegistryEndpoint
    login: Login
    ca_bundle: str

    def run(self, repositories: Sequence[str], folder: Path) -> tuple[Case, ...]:
        """Every test's outcome; `folder` then holds the suite's report.

        The suite pushes to the first repository, mounts from the second, and deletes what it pushed.
        Raises EnvironmentFailure when it left no report.
        """
        data = self.registry.data
        with relay(data) if data.connect else nullcontext("") as proxy:
            environment = {
                "PATH": os.environ.get("PATH", ""),
                "OCI_VERSION": "1.1",
                "OCI_REGISTRY": self.registry.host,
                "OCI_REPO1": repositories[0],
                "OCI_REPO2": repositories[1],
                "OCI_USERNAME": self.login.username,
                "OCI_PASSWORD": self.login.password,
                "OCI_RESULTS_DIR": str(folder),
                # one line per failed test would come twice
                "OCI_LOG": "error",
            }
            if self.ca_bundle:
                environment["SSL_CERT_FILE"] = self.ca_bundle
            if proxy:
                environment["HTTPS_PROXY"] = proxy
            done = run([self.program], env=environment, cwd=folder, timeout=SECONDS, check=False)
        try:
            return cases((folder / "junit.xml").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EnvironmentFailure(
                "the OCI distribution conformance suite left no report",
                where=self.program,
                observed=f"{error}; {done.stderr[-600:]}",
                remedy="run it by hand: docs/ecr.md says how",
            ) from error


def cases(junit: str) -> tuple[Case, ...]:
    """The test cases of a JUnit report of the suite. Raises ParseError."""
    return tuple(
        Case(
            str(test.get("name", "")).removeprefix(SUITE),
            str(test.get("status", "")),
            " ".join((test.findtext("system-out") or "").split())[:500],
        )
        for test in xml.parse(junit).iter("testcase")
    )


def without_exchanges(junit: str) -> str:
    """The report without the requests and answers of tests that passed: 80 KB instead of 2 MB."""
    root = xml.parse(junit)
    for test in root.iter("testcase"):
        if test.get("status") not in BROKEN:
            for log in test.findall("system-err"):
                test.remove(log)
    return ElementTree.tostring(root, encoding="unicode")


def unaccepted(found: Iterable[Case], accepted: Sequence[str]) -> list[Case]:
    """What broke without being accepted by name; of several with one name, the first."""
    broken = {case.name: case for case in reversed(list(found)) if case.status in BROKEN}
    return [
        case
        for name, case in reversed(broken.items())
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in accepted)
    ]


def away(case: Case) -> bool:
    """Did the registry not answer this test, or with 502 to 504: away, which says nothing of its protocol?"""
    return re.search(r"received 50[234]\b|: EOF\b|connection re(set|fused)", case.said) is not None


def needless(found: Iterable[Case], accepted: Sequence[str]) -> list[str]:
    """Accepted names under which nothing broke."""
    broken = [case.name for case in found if case.status in BROKEN]
    return [pattern for pattern in accepted if not fnmatch.filter(broken, pattern)]
