"""State of the controller: jobs made by hand, builds with their files, credentials, API tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.clients.artifacts import sha256
from conformance.clients.http import expect
from conformance.clients.jobs import SCRATCH, Started, job_path
from conformance.clients.stack_clients import StackClients
from conformance.core.nonconformance import NonConformance
from conformance.upgrade.state.model import Item

BUILDS = 3
SECONDS = 180
#: products whose images job gets a build of its own
JOBS = 2
SCRIPT = """properties([parameters([string(name: 'COLOR', defaultValue: 'none')])])
echo "colour ${params.COLOR} of %(seed)d"
"""
WITH_ARTIFACT = """node('%(label)s') {
  writeFile file: 'kept.txt', text: 'kept through an upgrade, %(seed)d'
  archiveArtifacts 'kept.txt'
}
"""


class Jobs:
    """Jobs that people made by hand, in folders."""

    kind = "job"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        folder = _folder(seed)
        jenkins, label = stack.jenkins, stack.contract.jenkins.agents[0].label
        jenkins.create_folder(folder)
        jenkins.create_folder(f"{folder}/team")
        jenkins.create_pipeline(f"{folder}/plain", SCRIPT % {"seed": seed})
        jenkins.create_pipeline(f"{folder}/team/archived", WITH_ARTIFACT % {"seed": seed, "label": label})
        # its first build declares the parameter
        jenkins.run(f"{folder}/plain", timeout=SECONDS).require_success()
        for name in ("", "/team", "/plain", "/team/archived"):
            yield Item(
                service="jenkins", kind=self.kind, name=f"{folder}{name}", key={"job": f"{folder}{name}"}
            )

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        answer = stack.jenkins.http.get(f"{job_path(item.key['job'])}/config.xml")
        if answer.status_code == 404:
            return None
        text = expect(answer, 200, what=f"Jenkins does not return the configuration of {item.name}").text
        # a new plugin version writes itself into the same configuration
        same = re.sub(r"\s*plugin=\"[^\"]*\"", "", text)
        return item.model_copy(update={"facts": {"configuration sha256": sha256(same.encode())}})


class Builds:
    """Finished builds of jobs made by hand: result, time, parameters, whole console, archived files."""

    kind = "build"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        folder, jenkins = _folder(seed), stack.jenkins
        for number in range(BUILDS):
            jenkins.run(f"{folder}/plain", {"COLOR": f"c{number}"}, timeout=SECONDS).require_success()
        jenkins.run(f"{folder}/team/archived", timeout=SECONDS).require_success()
        for job, count in ((f"{folder}/plain", BUILDS + 1), (f"{folder}/team/archived", 1)):
            for number in range(1, count + 1):
                key = {"job": job, "number": str(number)}
                yield Item(service="jenkins", kind=self.kind, name=f"{job} #{number}", key=key)

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        job, number = stack.contract.upgrade.name_of(item.key["job"]), int(item.key["number"])
        path = f"{job_path(job)}/{number}"
        tree = "result,timestamp,duration,actions[parameters[name,value]],artifacts[relativePath]"
        answer = stack.jenkins.http.get(f"{path}/api/json", params={"tree": tree})
        if answer.status_code == 404:
            return None
        found: dict[str, Any] = expect(answer, 200, what=f"Jenkins does not return {item.name}").json()
        files = {}
        for artifact in found["artifacts"]:
            name = artifact["relativePath"]
            content = expect(
                stack.jenkins.http.get(f"{path}/artifact/{name}"), 200, what=f"no {name} of {item.name}"
            ).content
            files[name] = sha256(content)
        facts = {
            "result": found["result"],
            "timestamp": found["timestamp"],
            "duration": found["duration"],
            "parameters": _parameters(found),
            "console sha256": sha256(stack.jenkins.console(Started(job, number, 0)).encode()),
            "artifacts": files,
        }
        return item.model_copy(update={"facts": facts})


class DeclaredBuilds(Builds):
    """A build of some jobs that the seed makes: their history goes with them, whatever they are called.

    An images job without a version ends early (PIPELINES-21), which is history as well.
    """

    kind = "build of a declared job"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        for product in stack.contract.products[:JOBS]:
            declared = next(job for job in stack.contract.jenkins.jobs if job.name == product.images_job)
            empty = {parameter.name: "" for parameter in declared.parameters}
            build = stack.jenkins.run(declared.name, empty, timeout=SECONDS)
            key = {"job": declared.name, "number": str(build.number)}
            name = f"{declared.name} #{build.number}"
            yield Item(service="jenkins", kind=self.kind, name=name, key=key)


class Drift:
    """A job that the seed makes, changed by hand: after an upgrade it is as declared again.

    The item is captured before the change is made, so that its facts are those of the declaration.
    """

    kind = "declared job changed by hand"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        declared = stack.contract.jenkins.jobs[-1].name
        mark = f"changed by hand, {seed}"
        yield Item(service="jenkins", kind=self.kind, name=declared, key={"job": declared, "mark": mark})
        text = stack.jenkins.config_xml(declared)
        changed = re.sub(
            r"<description\s*/>|<description>.*?</description>",
            f"<description>{mark}</description>",
            text,
            count=1,
            flags=re.DOTALL,
        )
        headers = stack.jenkins.crumb() | {"Content-Type": "application/xml"}
        path = f"{job_path(declared)}/config.xml"
        answer = stack.jenkins.http.post(path, data=changed.encode(), headers=headers)
        expect(answer, 200, what=f"Jenkins does not take another configuration of {declared}")
        if mark not in stack.jenkins.config_xml(declared):
            raise NonConformance(f"the configuration of {declared} cannot be changed by hand")

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        job = stack.contract.upgrade.name_of(item.key["job"])
        answer = stack.jenkins.http.get(f"{job_path(job)}/config.xml")
        if answer.status_code == 404:
            return None
        text = expect(answer, 200, what=f"Jenkins does not return the configuration of {job}").text
        return item.model_copy(update={"facts": {"changed by hand": item.key["mark"] in text}})


class Credentials:
    """Ids of all credentials that were there. Their values are never read."""

    kind = "credential"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        for name in sorted(stack.jenkins.credential_ids()):
            yield Item(service="jenkins", kind=self.kind, name=name, key={"id": name})

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        there = item.key["id"] in stack.jenkins.credential_ids()
        return item.model_copy(update={"facts": {"there": True}}) if there else None


class Tokens:
    """An API token that a person made is kept when it still signs in, and its user may do what he might."""

    kind = "API token"

    def create(self, stack: StackClients, seed: int) -> Iterator[Item]:
        jenkins = stack.jenkins
        name = f"state-{seed}"
        answer = jenkins.http.post(
            "/me/descriptorByName/jenkins.security.ApiTokenProperty/generateNewToken",
            headers=jenkins.crumb(),
            data={"newTokenName": name},
        )
        expect(answer, 200, what="Jenkins makes no API token")
        login = stack.endpoints.jenkins.login
        if login is None:
            raise NonConformance("an API token needs somebody to be of", remedy="give Jenkins' login")
        key = {"user": login.username, "token": str(answer.json()["data"]["tokenValue"])}
        yield Item(service="jenkins", kind=self.kind, name=name, key=key)

    def capture(self, stack: StackClients, item: Item) -> Item | None:
        own = stack.jenkins.http.as_login((item.key["user"], item.key["token"]))
        answer = own.get("/me/api/json", params={"tree": "id"})
        if answer.status_code in (401, 403):
            return None
        found = expect(answer, 200, what="Jenkins does not return the user of a token").json()
        user = expect(
            own.get("/whoAmI/api/json"), 200, what="Jenkins does not return the user of the request"
        ).json()
        # Jenkins: Overall/SystemRead, which an administrator's token has
        plugins = own.get("/pluginManager/api/json", params={"tree": "plugins[shortName]"})
        facts = {
            "of": found["id"],
            "authorities": sorted(user["authorities"]),
            "sees plugins": plugins.status_code == 200,
        }
        return item.model_copy(update={"facts": facts})


def _folder(seed: int) -> str:
    return f"{SCRATCH}kept-{seed}"


def _parameters(found: dict[str, Any]) -> dict[str, str]:
    return {
        each["name"]: str(each.get("value"))
        for action in found["actions"]
        for each in action.get("parameters", [])
    }
