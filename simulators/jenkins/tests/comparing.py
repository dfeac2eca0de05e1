"""Compares an answer with the recorded one, except times, ids, sessions and names that are drawn by lot."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import Any

import requests

RECORDINGS: dict[str, dict[str, Any]] = {}
for _file in sorted((Path(__file__).parent / "recordings").glob("*.json")):
    RECORDINGS.update(json.loads(_file.read_text()))

COMPARED: set[str] = set()
"""Recordings that this run compared."""

VOLATILE = re.compile(
    r"(timestamp|duration|estimatedDuration|.*Millis|inQueueSince|buildableStartMilliseconds|id|queueId|number|nextBuildNumber|executorUtilization"
    r"|progress|average|diff|size|totalSize|available.*|total.*|crumb|subTaskCount|path)$"
)
"""Keys whose values are times, ids or measures; their types must still agree."""
ANY_LENGTH = {"builds", "allBuilds", "podEvents", "containers", "jobs", "nodes", "labelAtoms"}
"""Lists that grow with a controller's history; the first entries must agree."""
RESTLESS = {"displayName", "why", "nodeName", "description", "name", "builtOn", "fullDisplayName", "params"}

_NAMES = [
    (
        re.compile(
            r"https?://(172\.18\.0\.[0-9]+|127\.0\.0\.1|jenkins\.jenkins\.svc\.cluster\.local|localhost):\d+"
        ),
        "BASE",
    ),
    (re.compile(r"\b(default|badimage)-[0-9a-z]{5}\b(?!/)"), r"\1-XXXXX"),
    (
        re.compile(r"\b(cloudops[-_][a-z-]+?[-_])\d+-[0-9a-z]{5}(-[0-9a-z]{5})?(-[0-9a-z]{5})?\b"),
        r"\1N-XXXXX",
    ),
    (re.compile(r"/(static|adjuncts)/[0-9a-f]{8}"), r"/\1/SESSION"),
    (re.compile(r"queue/item/\d+"), "queue/item/N"),
    (re.compile(r"(/job/[^/\"]+)/\d+(?=/|$)"), r"\1/N"),
    (re.compile(r" #\d+"), " #N"),
    (re.compile(r"^#\d+$"), "#N"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "SHA1"),
    (re.compile(r"\"\d{13}\""), '"MILLIS"'),
    (re.compile(r"/\d+\.\d+\.\d+\.\d+(/\d+\.\d+\.\d+\.\d+)?:\d+|from \d+\.\d+\.\d+\.\d+/\S+"), "/PEER"),
    (re.compile(r"Script1\.groovy:\d+"), "Script1.groovy:N"),
    (re.compile(r"PendingScript@\w+"), "PendingScript@HASH"),
    (re.compile(r"made-up-template-id-1"), "TEMPLATE"),
]


def clean(text: str) -> str:
    """A text without what differs from run to run."""
    text = STILL.sub("", text)
    for pattern, stands_for in _NAMES:
        text = pattern.sub(stands_for, text)
    return text


def differences(want: Any, got: Any, where: str = "") -> list[str]:
    """The places where two JSON values differ in shape, type or stable value."""
    key = where.rsplit(".", 1)[-1].split("[", maxsplit=1)[0]
    if isinstance(want, dict) and isinstance(got, dict):
        found = (
            [f"{where}: keys {sorted(set(want) ^ set(got))} on one side only"]
            if set(want) != set(got)
            else []
        )
        return found + [
            d
            for name in want.keys() & got.keys()
            for d in differences(want[name], got[name], f"{where}.{name}")
        ]
    if isinstance(want, list) and isinstance(got, list):
        if key == "assignedLabels":
            want, got = (
                sorted(side, key=lambda label: clean(str(label.get("name")))) for side in (want, got)
            )
        if len(want) != len(got) and key not in ANY_LENGTH:
            return [f"{where}: {len(got)} entries, recorded {len(want)}"]
        return [
            d
            for i, (a, b) in enumerate(zip(want, got, strict=False))
            if key != "jobs" or i == 0
            for d in differences(a, b, f"{where}[{i}]")
        ]
    numbers = (
        isinstance(want, (int, float))
        and isinstance(got, (int, float))
        and not isinstance(want, bool)
        and not isinstance(got, bool)
    )
    if not numbers and type(want) is not type(got):
        return [f"{where}: {got!r}, recorded {want!r}"]
    if VOLATILE.match(key):
        return []
    if isinstance(want, str):
        return [] if clean(want) == clean(got) else [f"{where}: {clean(got)!r}, recorded {clean(want)!r}"]
    return [] if want == got else [f"{where}: {got!r}, recorded {want!r}"]


STILL = re.compile(
    r"Still waiting to schedule task\r?\n(.*is offline|Waiting for next available executor)\r?\n"
)
"""Comes after 15 s; how long an agent took is no behaviour."""

SAME_HEADERS = {
    "X-Jenkins",
    "X-Hudson",
    "WWW-Authenticate",
    "Content-Type",
    "X-Error",
    "Allow",
    "X-Jenkins-JNLP-Port",
    "Content-Disposition",
    "X-Hudson-JNLP-Port",
    "X-Jenkins-Agent-Protocols",
    "X-More-Data",
    "X-Frame-Options",
    "Content-Security-Policy",
}
PRESENT = {"X-Jenkins-Session", "X-Text-Size"}


def compare(
    name: str, answer: requests.Response, text: str = "same", loose: tuple[str, ...] = ()
) -> list[str]:
    """The differences from a recording.

    Args:
        name: of the recording.
        answer: of the simulator.
        text: `same`, `start` (the one begins with the other: a console read at another moment) or `any`.
        loose: keys whose values came of what that controller had done before (the color of another job,
            a previous build).
    """
    want = RECORDINGS[name]
    COMPARED.add(name)
    found = (
        []
        if answer.status_code == want["status"]
        else [f"status {answer.status_code}, recorded {want['status']}"]
    )
    headers = dict(want["headers"])
    for header in SAME_HEADERS | PRESENT:
        actual, recorded = answer.headers.get(header), headers.get(header)
        if (actual is None) != (recorded is None) or (
            header in SAME_HEADERS and (actual or "").replace(" ", "") != (recorded or "").replace(" ", "")
        ):
            found.append(f"header {header}: {actual!r}, recorded {recorded!r}")
    if "Location" in headers and clean(answer.headers.get("Location", "")) != clean(str(headers["Location"])):
        found.append(f"Location {answer.headers.get('Location')!r}, recorded {headers['Location']!r}")
    if "json" in want:
        found += [
            d
            for d in differences(want["json"], answer.json())
            if not set(re.split(r"[.\[]", d.partition(":")[0])) & set(loose)
        ]
    elif "text" in want and text != "any":
        actual, recorded = clean(answer.text).strip(), clean(want["text"]).strip()
        good = (
            actual == recorded
            if text == "same"
            else actual.startswith(recorded) or recorded.startswith(actual)
        )
        if not good:
            found += difflib.unified_diff(
                recorded.splitlines(), actual.splitlines(), "recorded", "actual", n=1, lineterm=""
            )
    elif "title" in want and text != "any" and f"<title>{want['title']}</title>" not in answer.text:
        found.append(f"title {re.findall('<title>.*?</title>', answer.text)}, recorded {want['title']}")
    return found
