"""Snapshots of the state that must outlast a restart: facts (name to text) that are compared one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from conformance.clients.artifacts import sha256
from conformance.clients.http import expect
from conformance.clients.jenkins import DEPTH, Jenkins
from conformance.clients.jobs import Started, job_path
from conformance.clients.nexus import Nexus

Facts = dict[str, str]

#: an encrypted value, which differs each time
_ENCRYPTED = re.compile(r"\{AQAAA[\w+/=]*\}")
#: keys of secrets: no file may hold their values, and their hashes differ after each start
_SECRET = re.compile(r"password|passphrase|secret|token|private_?key", re.IGNORECASE)
#: keys that the controller derives from the agents that come and go
_OWN = ("jenkins.labelAtoms", "jenkins.nodes")


def changes(before: Mapping[str, str], after: Mapping[str, str], what: str) -> Iterator[str]:
    """A line for each fact of `before` that is gone or changed, then for each new one: losses come first."""
    for name in sorted(before):
        if name not in after:
            yield f"{what} {name} is gone"
        elif before[name] != after[name]:
            yield f"{what} {name} was {before[name]}, is {after[name]}"
    yield from (f"{what} {name} is there now" for name in sorted(after.keys() - before.keys()))


# -- snapshots ----------------------------------------------------------------------------------


def items_of(jenkins: Jenkins, *folders: str) -> Facts:
    """Jobs and folders by full name: all that no run made, and the content of `folders`."""
    found = {fact.name: fact.kind.rpartition(".")[2] for fact in jenkins.jobs()}
    found |= dict.fromkeys(jenkins.folders(), "Folder")
    for folder in folders:
        answer = jenkins.http.get(f"{job_path(folder)}/api/json", params={"tree": "jobs[name,_class]"})
        for raw in answer.json()["jobs"] if answer.status_code == 200 else ():
            found[f"{folder}/{raw['name']}"] = raw["_class"].rpartition(".")[2]
    return found


def build_of(jenkins: Jenkins, job: str, number: int) -> Facts:
    """A build's result, time and console; empty when there is no such build."""
    path = f"{job_path(job)}/{number}"
    answer = jenkins.http.get(f"{path}/api/json", params={"tree": "result,timestamp"})
    if answer.status_code == 404:
        return {}
    found = expect(answer, 200, what=f"Jenkins does not return {job} #{number}").json()
    console = jenkins.console(Started(job, number, 0))
    return {"result": str(found["result"]), "time": str(found["timestamp"]), "console": console}


def plugins_of(jenkins: Jenkins) -> Facts:
    return {
        found.name: found.version
        + ("" if found.active else ", not active")
        + ("" if found.enabled else ", disabled")
        for found in jenkins.plugins()
    }


def configuration_of(jenkins: Jenkins) -> Facts:
    """The configuration in force by dotted key, with placeholders for secrets."""
    return {
        key: "(a secret)" if _SECRET.search(key) else _ENCRYPTED.sub("(encrypted)", text)
        for key, text in _flat(jenkins.exported_configuration())
        if not key.startswith(_OWN)
    }


def credentials_of(jenkins: Jenkins) -> Facts:
    """The user name and kind of each credential by id, never its secret."""
    found = jenkins.tree("/credentials/store/system/domain/_", "credentials[id,typeName,displayName]")
    return {raw["id"]: f"{raw['displayName']} ({raw['typeName']})" for raw in found["credentials"]}


def repositories_of(nexus: Nexus) -> Facts:
    return {
        found.name: ", ".join(f"{key} {value}" for key, value in asdict(found).items() if key != "name")
        for found in nexus.repositories()
    }


def users_of(nexus: Nexus) -> Facts:
    answer = nexus.http.get("/service/rest/v1/security/users")
    found = expect(answer, 200, what="Nexus does not list its users").json()
    return {raw["userId"]: f"{raw['status']} with roles {', '.join(sorted(raw['roles']))}" for raw in found}


def password_of(user: str, run_name: str) -> str:
    """The password of a user that a run made, derived so that it is written nowhere."""
    return sha256(f"{user} of {run_name}".encode())[:24]


def newest_builds(jenkins: Jenkins) -> dict[str, int]:
    """Number of each job's newest build by full name, 0 for none; in one request."""
    fields = "fullName,lastBuild[number]"
    tree = f"jobs[{fields}]"
    for _ in range(DEPTH - 1):
        tree = f"jobs[{fields},{tree}]"

    def walked(raw: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        for item in raw.get("jobs") or ():
            if "jobs" not in item:
                yield item["fullName"], int((item.get("lastBuild") or {}).get("number") or 0)
            yield from walked(item)

    return dict(walked(jenkins.tree("", tree)))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _flat(item, f"{path}.{place}")
    else:
        yield path, str(value)
