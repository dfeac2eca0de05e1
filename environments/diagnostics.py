"""What explains a failure, collected before anything is torn down.

Never raises: what cannot be had is noted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from conformance.core.errors import ConformanceError
from environments.host.engine import Engine
from environments.kubectl import Kubectl
from reports.redact import SECRETS

LOG_LINES = "2000"
KINDS = (
    "nodes,namespaces,deployments,statefulsets,daemonsets,replicasets,pods,services,endpoints,configmaps,"
    "serviceaccounts,roles,rolebindings,networkpolicies,pvc,pv,storageclasses"
)
VIEWS = {
    "pods.txt": ("get", "pods", "--all-namespaces", "--output", "wide"),
    "events.txt": ("get", "events", "--all-namespaces", "--sort-by", ".lastTimestamp"),
    "describe-nodes.txt": ("describe", "nodes"),
    "describe-pods.txt": ("describe", "pods", "--all-namespaces"),
    # no values of secrets: names alone
    "secrets.txt": ("get", "secrets", "--all-namespaces"),
    "resources.yaml": ("get", KINDS, "--all-namespaces", "--output", "yaml"),
    "volumes.txt": ("get", "pv,pvc,storageclass", "--all-namespaces", "--output", "wide"),
}
_CONSOLES = (
    "cd /var/jenkins_home && find jobs -path '*/builds/*/log' -mmin -240 | sort | tail -n 40 "
    '| while read -r file; do echo "==== $file"; tail -n 400 "$file"; done'
)
#: What services keep in files of their own: the result's name, which pod, a shell command in it.
FILES = (
    ("jenkins-consoles.txt", "app.kubernetes.io/component=jenkins-controller", _CONSOLES),
    ("nexus.log", "app.kubernetes.io/name=nexus", "tail -n 2000 /nexus-data/log/nexus.log"),
)
Piece = tuple[str, Callable[[], str]]


def collect(target: Path, engine: Engine | None, nodes: Iterable[str], kubectl: Kubectl) -> None:
    """Node journals, pods, events, descriptions, logs (also of the previous container), build consoles.

    All of it redacted. Without an engine there is nothing to be had of nodes.
    """
    target.mkdir(parents=True, exist_ok=True)
    pieces: list[Piece] = []
    if engine is not None:
        for node in nodes:
            words = ("exec", node, "journalctl", "--no-pager", "--lines", LOG_LINES)
            pieces.append((f"node-{node}-journal.txt", partial(engine.docker, *words, timeout=30)))
            pieces.append((f"node-{node}-container.txt", partial(engine.docker, "logs", node, timeout=30)))
    pieces += [(name, partial(kubectl, *words, timeout=30)) for name, words in VIEWS.items()]
    pieces += _container_logs(kubectl)
    pieces += [(name, partial(_in_pod, kubectl, *how)) for name, *how in FILES]
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda piece: _write(target, *piece), pieces))


def _container_logs(kubectl: Kubectl) -> list[Piece]:
    try:
        pods = kubectl.get("pods", "--all-namespaces")["items"]
    except (ConformanceError, ValueError):
        return []
    pieces: list[Piece] = []
    for pod in pods:
        space, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if space == "kube-system":
            continue
        statuses = [
            *pod["status"].get("initContainerStatuses", []),
            *pod["status"].get("containerStatuses", []),
        ]
        for status in statuses:
            words = ("logs", name, "--namespace", space, "--container", status["name"], "--tail", LOG_LINES)
            file = f"log-{space}-{name}-{status['name']}.txt"
            pieces.append((file, partial(kubectl, *words, timeout=30)))
            if status.get("restartCount"):
                pieces.append((f"previous-{file}", partial(kubectl, *words, "--previous", timeout=30)))
    return pieces


def _in_pod(kubectl: Kubectl, selector: str, script: str) -> str:
    words = ("get", "pods", "--all-namespaces", "--selector", selector, "--output")
    found = kubectl(*words, "jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name} {end}").split()
    if not found:
        return "there is no such pod"
    return kubectl("exec", found[1], "--namespace", found[0], "--", "sh", "-c", script, timeout=60)


def _write(target: Path, name: str, read: Callable[[], str]) -> None:
    try:
        text = read()
    except ConformanceError as error:
        text = f"could not be had: {error}"
    try:
        (target / name).write_text(SECRETS.text(text), encoding="utf-8")
    except OSError as error:
        # a full disk must not hide the failure that is being explained
        print(json.dumps({"diagnostics": name, "lost": str(error)}))  # noqa: T201
