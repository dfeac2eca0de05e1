"""The controller: collections in one request each, jobs and builds through python-jenkins.

python-jenkins sends through the same session, journal and rule about faults as everything else
(see conformance/clients/http.py); its errors become ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from html import unescape
from typing import Any, TypeVar
from urllib.parse import quote

import jenkins
import requests
import yaml

from conformance.clients.http import READS, Http, expect
from conformance.clients.jobs import (
    FOLDER_CLASS,
    Build,
    JobFact,
    PluginFact,
    Started,
    job_path,
    pipeline_xml,
    walk,
)
from conformance.core.errors import EnvironmentFailure, TerminalState, WaitTimeout
from conformance.core.nonconformance import NonConformance
from conformance.core.waiting import eventually

T = TypeVar("T")

#: folders are read this deep, in one request
DEPTH = 5


class _Client(jenkins.Jenkins):  # type: ignore[misc]
    """python-jenkins over our session."""

    def __init__(self, http: Http) -> None:
        login = http.session.auth
        username, password = login if isinstance(login, tuple) else (None, None)
        super().__init__(http.base, username, password)
        self._http = http

    def _request(self, req: requests.Request, stream: bool | None = None) -> requests.Response:
        prepared = self._http.session.prepare_request(req)
        # after a change Jenkins redirects to a page by its own root URL, which may not resolve here
        follow = prepared.method in READS
        return self._http.send(prepared, stream=bool(stream), allow_redirects=follow)


class Jenkins:
    """One controller, as an administrator sees it."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self._client = _Client(http)

    # -- facts, one request each ------------------------------------------------------------

    def version(self) -> str:
        """From the X-Jenkins header, which the login page carries without a login."""
        with self.http.anonymous() as anyone:
            answer = anyone.get("/login")
        return str(answer.headers.get("X-Jenkins", ""))

    def tree(self, path: str, tree: str) -> dict[str, Any]:
        """`path`/api/json?tree=`tree`, parsed. Raises NonConformance unless it answers 200."""
        answer = self.http.get(f"{path}/api/json", params={"tree": tree})
        expect(answer, 200, what=f"Jenkins does not return {path or '/'}")
        result: dict[str, Any] = answer.json()
        return result

    def root(self) -> dict[str, Any]:
        return self.tree(
            "", "mode,numExecutors,quietingDown,useCrumbs,useSecurity,slaveAgentPort,views[name]"
        )

    def jobs(self) -> tuple[JobFact, ...]:
        """Every job that is no folder, except those that runs made for themselves."""
        return tuple(fact for fact in self._items() if fact.kind != FOLDER_CLASS)

    def folders(self) -> tuple[str, ...]:
        return tuple(fact.name for fact in self._items() if fact.kind == FOLDER_CLASS)

    def _items(self) -> Iterator[JobFact]:
        fields = "_class,name,fullName,disabled,concurrentBuild,property[parameterDefinitions[name,type]]"
        tree = f"jobs[{fields}]"
        for _ in range(DEPTH - 1):
            tree = f"jobs[{fields},{tree}]"
        yield from walk(self.tree("", tree))

    def plugins(self) -> tuple[PluginFact, ...]:
        found = self.tree("/pluginManager", "plugins[shortName,version,active,enabled]")["plugins"]
        return tuple(
            PluginFact(raw["shortName"], raw["version"], bool(raw["active"]), bool(raw["enabled"]))
            for raw in found
        )

    def credential_ids(self) -> tuple[str, ...]:
        """Ids in the system's global domain; their values are never read."""
        found = self.tree("/credentials/store/system/domain/_", "credentials[id,typeName]")
        return tuple(raw["id"] for raw in found["credentials"])

    def computers(self) -> tuple[dict[str, Any], ...]:
        found = self.tree("/computer", "computer[_class,displayName,offline,numExecutors,offlineCauseReason]")
        return tuple(found["computer"])

    def queue(self) -> tuple[dict[str, Any], ...]:
        return tuple(self.tree("/queue", "items[id,why,stuck,task[name,url]]")["items"])

    def label_clouds(self, label: str) -> tuple[str, ...]:
        """Classes of the clouds that can make an agent for `label`; empty if none can."""
        found = self.tree(f"/label/{quote(label, safe='')}", "clouds[_class]")
        return tuple(cloud["_class"] for cloud in found["clouds"])

    def config_xml(self, job: str) -> str:
        answer = self.http.get(f"{job_path(job)}/config.xml")
        return expect(answer, 200, what=f"Jenkins does not return the configuration of {job}").text

    def exported_configuration(self) -> dict[str, Any]:
        """JCasC's export of what is in force. Secrets are encrypted in it."""
        answer = self._post("/configuration-as-code/export")
        expect(answer, 200, what="Jenkins does not export its configuration")
        parsed = yaml.safe_load(answer.text)
        return parsed if isinstance(parsed, dict) else {}

    def lint_jenkinsfile(self, text: str) -> str:
        """The controller's errors in a declarative Jenkinsfile; empty: it is valid."""
        answer = self._post("/pipeline-model-converter/validate", data={"jenkinsfile": text})
        expect(answer, 200, what="Jenkins does not validate Jenkinsfiles")
        return "" if "successfully validated" in answer.text else answer.text.strip()

    def pending_scripts(self) -> tuple[str, ...]:
        """The hashes of the scripts that wait on the script approval page."""
        page = expect(
            self.http.get("/scriptApproval/"), 200, what="Jenkins does not show its script approvals"
        ).text
        return tuple(unescape(found) for found in re.findall(r'id="ps-([0-9A-Za-z:]+)"', page))

    def monitors(self) -> tuple[tuple[str, str], ...]:
        """(id, what it says) of each administrative monitor that is raised and says that it is serious.

        All that are about security, and of the others those that are shown in red. Jenkins has no other API
        for them than the two lists that its pages put into their footer (AdministrativeMonitorsApi).
        """
        found = []
        for kind in ("securityPopupContent", "nonSecurityPopupContent"):
            answer = self.http.get(f"/manage/administrativeMonitorsApi/{kind}")
            page = expect(answer, 200, what="Jenkins does not list its administrative monitors").text
            for part in (each.partition("</li>")[0] for each in page.split('<li class="am-message">')[1:]):
                name = re.search(r'administrativeMonitor/([\w.$-]+)/|name="([\w.$-]+\.[\w.$-]+)"', part)
                text = " ".join(
                    unescape(re.sub(r"<button.*?</button>|<[^>]*>", " ", part, flags=re.DOTALL)).split()
                )
                if kind == "securityPopupContent" or "alert-danger" in part:
                    found.append(((name[1] or name[2]) if name else "", text))
        return tuple(found)

    # -- jobs of a run ---------------------------------------------------------------------

    def create_folder(self, name: str) -> None:
        xml = f"<{FOLDER_CLASS}><description>made by a conformance run</description></{FOLDER_CLASS}>"
        self._ask(lambda: self._client.create_job(name, xml), f"make the folder {name}")

    def create_pipeline(self, name: str, script: str) -> None:
        """A pipeline job with `script`, run in the sandbox."""
        self._ask(lambda: self._client.create_job(name, pipeline_xml(script)), f"make the job {name}")

    def delete_job(self, name: str) -> None:
        """Delete a job or a folder with all in it; one that is not there is fine."""
        try:
            self._ask(lambda: self._client.delete_job(name), f"delete {name}")
        except NonConformance:
            if self.http.get(f"{job_path(name)}/api/json", params={"tree": "name"}).status_code != 404:
                raise

    def restore_job(self, name: str, config: str) -> None:
        """Make a job again that was deleted; one that is there is left as it is."""
        if self.http.get(f"{job_path(name)}/api/json", params={"tree": "name"}).status_code == 404:
            self._ask(lambda: self._client.create_job(name, config), f"make the job {name}")

    @contextmanager
    def scratch_folder(self, name: str) -> Iterator[str]:
        self.create_folder(name)
        try:
            yield name
        finally:
            self.delete_job(name)

    # -- builds -----------------------------------------------------------------------------

    def start(self, job: str, parameters: Mapping[str, str] | None = None, *, timeout: float = 60) -> Started:
        """Request a build and wait until it has a number."""
        return self.left_queue(job, self.request_build(job, parameters), timeout=timeout)

    def request_build(self, job: str, parameters: Mapping[str, str] | None = None) -> int:
        """Request a build; returns the id of its item in the queue, where it may wait for another build."""
        call = partial(self._client.build_job, job, dict(parameters or {}) or None)
        return int(self._ask(call, f"build {job}"))

    def left_queue(self, job: str, queue_id: int, *, timeout: float) -> Started:
        """Wait until a requested build has a number. Raises NonConformance."""

        def item() -> dict[str, Any]:
            answer = self.http.get(
                f"/queue/item/{queue_id}/api/json", params={"tree": "cancelled,why,executable[number]"}
            )
            if answer.status_code == 404:  # items that left are forgotten after minutes, builds are not
                return {"executable": self._build_of(job, queue_id)}
            found: dict[str, Any] = expect(
                answer, 200, what=f"Jenkins does not return the queue item of {job}"
            ).json()
            return found

        try:
            left = eventually(
                item,
                what=f"the queued build of {job} starts",
                timeout=timeout,
                interval=0.3,
                until=lambda found: bool(found.get("executable")),
                terminal=lambda found: "it was cancelled in the queue" if found.get("cancelled") else None,
            )
        except (WaitTimeout, TerminalState) as error:
            raise NonConformance(
                f"a build of {job} does not leave the queue",
                expected=f"a build number within {timeout:g} s",
                observed=error.observed,
                remedy="look at the build queue of the controller: is it quieting down?",
            ) from error
        return Started(job, int(left["executable"]["number"]), queue_id)

    def finish(self, started: Started, *, timeout: float) -> Build:
        """Wait for the build's end. Over `timeout` seconds it is stopped and does not conform."""
        path = f"{job_path(started.job)}/{started.number}"

        def info() -> dict[str, Any]:
            return self.tree(path, "building,result,duration,timestamp")

        try:
            done = eventually(
                info,
                what=f"build {started.job} #{started.number} ends",
                timeout=timeout,
                interval=0.5,
                until=lambda found: not found["building"] and bool(found["result"]),
            )
        except WaitTimeout as error:
            console = self.console(started)
            self.stop(started)
            raise NonConformance(
                f"build {started.job} #{started.number} did not end within {timeout:g} s",
                expected=f"an end within {timeout:g} s",
                observed="the console's end:\n" + "\n".join(console.splitlines()[-15:]),
                remedy=f"look at what {started.job} waits for: an agent, a download, a lock?",
            ) from error
        return Build(
            started.job,
            started.number,
            str(done["result"]),
            done.get("duration", 0) / 1000,
            self.console(started),
        )

    def run(self, job: str, parameters: Mapping[str, str] | None = None, *, timeout: float) -> Build:
        """Start a build and wait for its end."""
        return self.finish(self.start(job, parameters), timeout=timeout)

    def console(self, started: Started) -> str:
        """The console so far; an empty one is no error (python-jenkins raises for it)."""
        answer = self.http.get(f"{job_path(started.job)}/{started.number}/consoleText")
        what = f"Jenkins does not show the console of {started.job} #{started.number}"
        return expect(answer, 200, what=what).text

    def stop(self, started: Started) -> None:
        self._ask(lambda: self._client.stop_build(started.job, started.number), f"stop {started.job}")

    def delete_build(self, job: str, number: int) -> None:
        """Delete a build; one that is still running is stopped first, one that is not there is fine."""
        if self.stop_if_running(job, number):
            self._ask(lambda: self._client.delete_build(job, number), f"delete {job} #{number}")

    def stop_if_running(self, job: str, number: int) -> bool:
        """Stop a build and wait for its end; returns whether there is such a build."""
        answer = self.http.get(f"{job_path(job)}/{number}/api/json", params={"tree": "building"})
        if answer.status_code == 404:
            return False
        if answer.json().get("building"):
            started = Started(job, number, 0)
            self.stop(started)
            self.finish(started, timeout=60)
        return True

    def discard(self, job: str, queue_id: int) -> None:
        """Cancel a requested build in the queue, or stop and delete the build that it became."""
        build = self._build_of(job, queue_id)
        if build is None:  # it may become one before it is cancelled
            self.http.post("/queue/cancelItem", params={"id": queue_id}, headers=self.crumb())
            build = self._build_of(job, queue_id)
        if build is not None:
            self.delete_build(job, build["number"])

    # -- inside -----------------------------------------------------------------------------

    def _build_of(self, job: str, queue_id: int) -> dict[str, Any] | None:
        """The build, of the newest 50, that an item of the queue became."""
        builds = self.tree(job_path(job), "builds[number,queueId]{0,50}")["builds"]
        return next((build for build in builds if build["queueId"] == queue_id), None)

    def crumb(self) -> dict[str, str]:
        """The header that a changing request must carry."""
        answer = self.http.get("/crumbIssuer/api/json")
        found = expect(answer, 200, what="Jenkins gives no crumb").json()
        return {found["crumbRequestField"]: found["crumb"]}

    def _post(self, path: str, **options: Any) -> requests.Response:
        return self.http.post(path, headers=self.crumb(), **options)

    def _ask(self, call: Callable[[], T], what: str) -> T:
        try:
            return call()
        except EnvironmentFailure:
            raise
        except (jenkins.JenkinsException, requests.RequestException) as error:
            raise NonConformance(
                f"Jenkins does not {what}",
                observed=" ".join(str(error).split())[:600],
                remedy="look at the controller's log",
            ) from error
