"""A run with some of everything, for the page and its pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.model import RunResult
from tests.reports.builders import check, requirement, results

COUNTS = {"STATIC": 8, "PLATFORM": 5, "NEXUS": 9, "REGISTRY": 8, "JENKINS": 10, "AGENTS": 8, "PIPELINES": 6}
START = 1_790_000_000.0
SPECIAL: dict[str, tuple[str, dict[str, Any]]] = {
    "NEXUS-01": (
        "failed",
        {
            "gate": True,
            "message": "maven-releases takes a second upload of the same version",
            "details": "maven-releases takes a second upload of the same version\n"
            "  expected: 400 Bad Request\n  observed: 201 Created\n  next:     set writePolicy ALLOW_ONCE",
            "remedy": "set writePolicy ALLOW_ONCE on maven-releases",
        },
    ),
    "JENKINS-04": (
        "error",
        {
            "message": "ConnectionError: the controller closed the connection",
            "details": "Traceback\n<script>document.title = 'taken'</script>",
        },
    ),
    "REGISTRY-03": ("waived", {"waiver": "REGISTRY-03", "message": "the tag can be overwritten"}),
    "AGENTS-08": ("not applicable", {"message": "no second label is declared"}),
    "STATIC-07": (
        "undecided",
        {
            "message": "the seed reads the branch from an environment variable",
            "remedy": "run the live suites, which read the job from the controller",
        },
    ),
}
SPANS = (
    ("images", (), 0, 12),
    ("cluster", ("images",), 12, 34),
    ("storage", ("cluster",), 34, 37),
    ("trust", ("cluster",), 34, 36),
    ("ecr", ("storage", "trust"), 37, 52),
    ("nexus", ("storage", "trust"), 37, 81),
    ("git", ("trust",), 36, 41),
    ("jenkins", ("storage", "git"), 41, 69),
    ("repositories", ("ecr",), 52, 58),
)
LAUNCH = {"queued": 0.4, "pod created": 1.9, "pod running": 4.4, "connected": 8.8, "first step": 11.2}
HOSTILE = (
    "\x1b[31mred\x1b[0m ]]> <b>bold</b> </script></pre>"
    "<script>document.title='taken'</script> \x00 \x07 &amp;\n"
)


def example(folder: Path) -> RunResult:
    """Write and load the example's results."""
    folder.mkdir(parents=True, exist_ok=True)
    spans = (
        {"name": name, "needs": needs, "start": START + begin, "end": START + end, "ok": True, "note": ""}
        for name, needs, begin, end in SPANS
    )
    (folder / "timeline.jsonl").write_text("".join(json.dumps(span) + "\n" for span in spans))
    checks, at = [], START + 82
    for prefix, count in COUNTS.items():
        for number in range(1, count + 1):
            name = f"{prefix}-{number:02d}"
            outcome, more = SPECIAL.get(name, ("passed", {}))
            seconds = 0.2 + (number * 7 % 5) * 0.9
            if prefix == "PIPELINES":
                outcome, seconds = "blocked", 0.0
                more = {
                    "blocked_by": "suites/nexus/test_nexus.py::test_nexus_01",
                    "message": "nexus is broken: NEXUS-01 failed",
                }
            checks.append(check(name, outcome, started=at, seconds=seconds, worker=f"gw{number % 2}", **more))
            at += seconds / 2
    known = [
        requirement(
            one["requirements"][0],
            text=f"What {one['requirements'][0]} says holds for every repository that is declared.",
            gate=one["requirements"][0].endswith("-01"),
        )
        for one in checks
    ]
    waiver = {
        "requirement": "REGISTRY-03",
        "owner": "build team",
        "reason": "the old repository is emptied",
        "link": "https://tracker.example.org/1234",
        "expires": "2026-10-20",
        "match": "",
    }
    parts = [
        {
            "name": "controller",
            "version": "2.504.3",
            "image": "conformance.test/jenkins:8f7a",
            "digest": "sha256:" + "ab" * 32,
            "simulator": "its API and pipelines",
        },
        {"name": "ECR", "version": "local", "image": "conformance.test/ecr:01cd", "simulator": "its API"},
        {"name": "nexus", "version": "3.71.0-06", "image": "conformance.test/nexus:77ab"},
    ]
    evidence: dict[str, dict[str, Any]] = {
        "NEXUS-01": {
            "request": "PUT /repository/maven-releases/x.jar\n\n201 Created",
            "answer": {"status": 201},
        },
        "AGENTS-01": {"timeline": LAUNCH},
        "JENKINS-04": {"console": HOSTILE * 200, "raw": bytes(range(256)) * 10, "lone": "\ud800 surrogate"},
    }
    return results(
        folder,
        *checks,
        requirements=[*known, requirement("AGENTS-20")],
        evidence=evidence,
        head={"components": parts, "waivers": [waiver]},
        run={
            "command": "conformance run",
            "stack_revision": "1f3c9e",
            "harness_version": "0.1.0",
            "pins": [["kubernetes", "4356.vfa_556c21f086"], ["git", "5.7.0"]],
        },
    )


def earlier(result: RunResult) -> RunResult:
    """A run before it in which everything had passed."""
    return result.model_copy(
        update={
            "run": result.run.model_copy(
                update={"id": "the-night-before", "stack_revision": "aa01", "started": START - 86400}
            ),
            "checks": tuple(
                check.model_copy(update={"outcome": "passed"})
                if check.outcome in ("failed", "blocked")
                else check
                for check in result.checks
            ),
        }
    )


def troubled(folder: Path) -> RunResult:
    """A run with many failures and long texts: every outcome, every state of a waiver."""
    long = "https://nexus.example.org/repository/" + "maven-releases-of-everybody/" * 6 + "x" * 120
    about = {"link": "https://tracker.example.org/1", "match": ""}
    waivers = [
        {
            **about,
            "requirement": "NEXUS-02",
            "owner": "build team",
            "expires": "2026-10-20",
            "reason": "the old repository is emptied once its last user has moved, see the plan of the year",
        },
        {**about, "requirement": "NEXUS-03", "owner": "platform", "expires": "2026-01-01", "reason": "old"},
        {**about, "requirement": "STATIC-01", "owner": "platform", "expires": "2026-10-20", "reason": "fine"},
        {
            **about,
            "requirement": "NEXUS-77",
            "owner": "nobody",
            "expires": "2026-10-20",
            "link": "in the wiki",
            "reason": "matches nothing",
        },
    ]
    problem = {
        "what": "the cluster's second node did not join within 300 s",
        "where": "stand-up: cluster",
        "observed": "kubelet: " + "connection refused; " * 30,
        "remedy": "free memory",
    }
    checks = [
        check("STATIC-01"),
        check("PLATFORM-01", "error", gate=True, message=f"ConnectionError: {long}", details=f"In\n{long}"),
        check("NEXUS-01", "failed", message=f"{long} is 201", remedy=f"delete {long}", details="a\n" * 300),
        check("NEXUS-02", "waived", waiver="NEXUS-02"),
        check("NEXUS-03", "failed", seconds=3725.0),
        check("JENKINS-01", "not applicable", message="no such plugin is pinned"),
        *(
            check(f"STATIC-{n:02d}", "undecided", message=f"{long} is a variable", remedy=f"resolve {long}")
            for n in range(2, 40)
        ),
        check("JENKINS-02", "failed"),
        check("AGENTS-01", "not run", message="the run ended before it"),
        *(
            check(
                f"PIPELINES-{n:02d}",
                "blocked",
                message="platform is broken: PLATFORM-01 error",
                blocked_by="suites/platform/test_platform.py::test_platform_01",
            )
            for n in range(1, 60)
        ),
    ]
    known = [
        requirement(name, level="SHOULD" if name == "JENKINS-02" else "MUST")
        for one in checks
        for name in one["requirements"]
    ]
    return results(
        folder,
        *checks,
        requirements=known,
        ended=False,
        head={"waivers": waivers, "problems": [problem]},
        run={"command": f"conformance run --contract {long}", "state": "interrupted"},
    )


def nights(folder: Path, count: int = 14) -> list[RunResult]:
    """Runs of as many nights; a plugin's new version breaks one check in the last three."""
    found = []
    for number in range(1, count + 1):
        broken = "failed" if number > count - 3 else "passed"
        at = START + number * 86400
        about = {
            "started": at,
            "ended": at + 230 + 4 * number,
            "pins": [["git", "5.8.0" if broken == "failed" else "5.7.0"]],
        }
        checks = [
            check("STATIC-01"),
            check("JENKINS-01", broken, message="plugin git runs in 5.8.0" if broken == "failed" else ""),
            check("AGENTS-01"),
            # twice it changed while nothing else did
            check("NEXUS-01", "failed" if number == 5 else "passed"),
        ]
        launch = {"AGENTS-01": {"timeline": {"queued": 0.4, "first step": 11.0 + number % 3}}}
        found.append(results(folder / f"night-{number:02d}", *checks, run=about, evidence=launch))
    return found
