"""Breaks one stack, and repairs it, step by step."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml
from botocore.exceptions import ClientError

from conformance.clients.http import Http
from conformance.clients.jenkins import Jenkins
from conformance.core.errors import EnvironmentFailure, UsageError
from conformance.core.process import run
from conformance.core.waiting import eventually
from environments.base import Endpoints
from environments.ecr.client import ecr_client
from environments.ecr.dial import session
from environments.host import engine as engines
from mutants import repositories
from mutants.actions import (
    Action,
    Ask,
    Both,
    Commit,
    CopyObject,
    CreateObject,
    DeleteObject,
    Ecr,
    Edit,
    Kubectl,
    Node,
    PatchObject,
    Plugin,
    Point,
    Reconfigure,
    Step,
)

#: what the API server adds to an object and does not take back
SERVER_SIDE = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields")
CONTROLLER = ("--namespace", "jenkins", "exec", "-i", "jenkins-0", "--container", "jenkins", "--")
#: where the chart copies configuration as code to; restarted, the controller copies it anew
CASC = "/var/jenkins_home/casc_configs"
PLUGINS = "/var/jenkins_home/plugins"
MANIFEST = "META-INF/MANIFEST.MF"


@dataclass
class Bench:
    """Plans and takes steps on one stack."""

    endpoints: Endpoints
    _jenkins: Http = field(init=False)
    _nexus: Http = field(init=False)

    def __post_init__(self) -> None:
        self._jenkins = Http(self.endpoints.jenkins, ca_bundle=self.endpoints.ca_bundle, name="Jenkins")
        self._nexus = Http(self.endpoints.nexus, ca_bundle=self.endpoints.ca_bundle, name="Nexus")

    # -- planning -------------------------------------------------------------------------------

    def plan(self, action: Action) -> tuple[list[Step], list[Step]]:
        """Steps, and the steps that undo them in the order in which they are to be done."""
        match action:
            case Both():
                return [action.step] if action.step else [], [action.undo] if action.undo else []
            case PatchObject():
                return self._plan_patch(action)
            case CreateObject():
                manifest = json.dumps(yaml.safe_load(self._filled(action.manifest)))
                gone = Kubectl(
                    words=("delete", "-f", "-", "--ignore-not-found", "--wait", "--grace-period=1"),
                    stdin=manifest,
                )
                made = Kubectl(words=("create", "-f", "-"), stdin=manifest)
                return [made, *([Kubectl(words=action.ready)] if action.ready else [])], [gone]
            case CopyObject():
                return self._plan_copy(action)
            case DeleteObject():
                words = ("delete", action.object, "--namespace", action.namespace, "--ignore-not-found")
                back = Kubectl(words=("apply", "-f", "-"), stdin=self._kept(action.object, action.namespace))
                cascade = ("--cascade=orphan",) if action.orphan else ("--wait",)
                return [Kubectl(words=(*words, *cascade))], [back]
            case Edit():
                return self._plan_edit(action)
            case Commit():
                commits = repositories.change(self.endpoints.run_id, action)
                was, becomes = (Point(repository=action.repository, commit=one) for one in commits)
                return [becomes], [was]
            case Reconfigure():
                return self._plan_reconfigure(action)
            case Plugin():
                return self._plan_plugin(action), []

    def _plan_patch(self, action: PatchObject) -> tuple[list[Step], list[Step]]:
        where = (action.object, "--namespace", action.namespace)
        sub = (f"--subresource={action.subresource}",) if action.subresource else ()
        text = json.dumps(yaml.safe_load(action.patch))
        steps: list[Step] = [Kubectl(words=("patch", *where, *sub, "--type", action.type, "--patch", text))]
        undo: list[Step] = [
            Kubectl(words=("replace", *sub, "-f", "-"), stdin=self._kept(action.object, action.namespace))
        ]
        if action.rollout:
            follow = Kubectl(words=("rollout", "status", *where, "--timeout=180s"))
            steps.append(follow)
            undo.append(follow)
        return steps, undo

    def _plan_copy(self, action: CopyObject) -> tuple[list[Step], list[Step]]:
        made = json.loads(self._kept(action.object, action.namespace))
        made.pop("status", None)
        for key, value in yaml.safe_load(action.set).items():
            _set(made, key, value)
        where = (action.made, "--namespace", action.namespace)
        return (
            [
                Kubectl(words=("create", "-f", "-"), stdin=json.dumps(made)),
                Kubectl(words=("rollout", "status", *where, "--timeout=120s")),
            ],
            [Kubectl(words=("delete", *where, "--ignore-not-found", "--wait", "--cascade=foreground"))],
        )

    def _plan_edit(self, action: Edit) -> tuple[list[Step], list[Step]]:
        http = self._jenkins if action.service == "jenkins" else self._nexus
        answer = http.get(action.path)
        answer.raise_for_status()
        put = action.put or action.path
        if action.find:
            new, count = re.subn(action.find, action.replace, answer.text)
            if not count:
                raise UsageError(f"a mutant's edit does not fit {action.path}", expected=action.find)
            kind = "application/xml"
            return (
                [Ask(service=action.service, method=action.method, path=put, text=new, type=kind)],
                [Ask(service=action.service, method=action.method, path=put, text=answer.text, type=kind)],
            )
        changed = json.loads(answer.text)
        for key, value in action.set.items():
            _set(changed, key, value)
        return (
            [Ask(service=action.service, method=action.method, path=put, json_=changed)],
            [Ask(service=action.service, method=action.method, path=put, json_=answer.json())],
        )

    def _plan_reconfigure(self, action: Reconfigure) -> tuple[list[Step], list[Step]]:
        before = self.kubectl(*CONTROLLER, "cat", f"{CASC}/{action.file}")
        head, mark, tail = before.partition(action.after) if action.after else ("", "", before)
        tail, count = re.subn(action.find, action.replace, tail)
        if count != action.count:
            raise UsageError(
                f"a mutant's patch does not fit {action.file}",
                expected=f"{action.count} times {action.find!r}",
                observed=f"{count} times",
            )
        after = head + mark + tail

        def written(text: str, login: str = "") -> list[Step]:
            write = (*CONTROLLER, "sh", "-c", f"cat > {CASC}/{action.file}")
            path = "/configuration-as-code/reload"
            reload = Ask(service="jenkins", method="POST", path=path, login=login)
            return [Kubectl(words=write, stdin=text), reload]

        return written(after), written(before, action.undo_login)

    def _plan_plugin(self, action: Plugin) -> list[Step]:
        file = f"{PLUGINS}/{action.name}.jpi"
        before = base64.b64decode(self.kubectl(*CONTROLLER, "base64", file))
        after = base64.b64encode(_another_version(before, action.version)).decode()
        # the image's start script leaves alone what it did not put there itself
        by_hand = f"base64 -d > {file} && rm -f {file}.version_from_image && touch {file}.pinned"
        return [Kubectl(words=(*CONTROLLER, "sh", "-c", by_hand), stdin=after)]

    def _kept(self, name: str, namespace: str) -> str:
        """An object as it is, in a form that the API server takes back."""
        found = json.loads(self.kubectl("get", name, "--namespace", namespace, "--output", "json"))
        for key in SERVER_SIDE:
            found["metadata"].pop(key, None)
        return json.dumps(found)

    # -- doing ----------------------------------------------------------------------------------

    def take(self, step: Step) -> None:
        """Do one step. Raises ConformanceError or requests' errors when it did not happen."""
        match step:
            case Kubectl():
                self.kubectl(*step.words, stdin=step.stdin or None)
            case Ask():
                self._take_ask(step)
            case Point():
                repositories.point(self.endpoints.run_id, step.repository, step.commit)
            case Node():
                words = [self._filled(word) for word in step.words]
                node = self.kubectl("get", "nodes", "--output", "jsonpath={.items[0].metadata.name}")
                engine = engines.find()
                if engine is None:
                    raise EnvironmentFailure("the engine of the stack does not answer", where=node)
                engine.docker("exec", node, *words, timeout=120)
            case Ecr():
                client = ecr_client(self.endpoints.registry, self.endpoints.ca_bundle)
                try:
                    failures = getattr(client, step.call)(**step.arguments).get("failures", ())
                    # what is not there need not be deleted; a refusal is no error to the client
                    refused = [each for each in failures if each["failureCode"] != "ImageNotFound"]
                    if refused:
                        raise UsageError(f"ECR refused a mutant's {step.call}", observed=str(refused)[:300])
                except ClientError as error:
                    if error.response["Error"]["Code"] not in step.may:
                        raise

    def _take_ask(self, step: Ask) -> None:
        http = self._jenkins if step.service == "jenkins" else self._nexus
        if step.login:
            user, _, word = step.login.partition(":")
            http = http.as_login((user, word))
        headers = Jenkins(http).crumb() if step.service == "jenkins" else {}
        options: dict[str, Any] = {"json": step.json_} if step.json_ is not None else {}
        if step.text:
            password = self.endpoints.nexus.login.password if self.endpoints.nexus.login else ""
            options["data"] = step.text.replace("{nexus-password}", password).encode()
            headers["Content-Type"] = step.type
        answer = http.request(step.method, step.path, headers=headers, **options)
        if answer.status_code not in step.statuses:
            raise UsageError(
                f"{step.service} refused a mutant's {step.method} {step.path}",
                observed=f"{answer.status_code} {answer.text[:300]}",
            )

    def _filled(self, text: str) -> str:
        """`text` with the images of agents and Nexus for `{agent-image}` and `{nexus-image}`."""
        if "{agent-image}" in text:
            configuration = self.kubectl(*CONTROLLER, "cat", f"{CASC}/jcasc-default-config.yaml")
            text = text.replace("{agent-image}", str(re.findall(r'image: "([^"]+)"', configuration)[0]))
        if "{nexus-image}" in text:
            path = "jsonpath={.spec.template.spec.containers[0].image}"
            image = self.kubectl("get", "deployment/nexus", "--namespace", "nexus", "--output", path)
            text = text.replace("{nexus-image}", image)
        return text

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        endpoints = self.endpoints
        command: list[str | Path] = [
            "kubectl",
            "--kubeconfig",
            endpoints.kubeconfig,
            "--context",
            endpoints.context,
        ]
        return run([*command, *words], stdin=stdin, timeout=300).stdout

    def settled(self) -> None:
        """Wait until every service answers again."""
        for service, path in (
            (self.endpoints.jenkins, "/login"),
            (self.endpoints.nexus, "/service/rest/v1/status"),
        ):
            with session(service, self.endpoints.ca_bundle) as asked:
                eventually(
                    lambda asked=asked, url=service.url, path=path: (  # type: ignore[misc]
                        asked.get(url.rstrip("/") + path, timeout=10).status_code == 200
                    ),
                    what=f"{service.url}{path} answers",
                    timeout=180,
                    transient=(requests.RequestException,),
                )


def _another_version(plugin: bytes, version: str) -> bytes:
    """The plugin's file with another version in its manifest, and everything else as it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plugin)) as before, zipfile.ZipFile(out, "w") as after:
        for entry in before.infolist():
            data = before.read(entry)
            if entry.filename == MANIFEST:
                data = re.sub(rb"(?m)^Plugin-Version: \S+", b"Plugin-Version: " + version.encode(), data)
            after.writestr(entry, data)
    return out.getvalue()


def _set(at: Any, key: str, value: Any) -> None:
    """Set a dotted key (numbers are places in lists); None takes it away."""
    *above, last = key.split(".")
    for part in above:
        at = at[int(part)] if isinstance(at, list) else at[part]
    if value is None:
        at.pop(last, None)
    else:
        at[last] = value
