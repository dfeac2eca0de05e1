"""The controller and Nexus, restarted at the same time, come back and are what they were."""

from __future__ import annotations

import pytest

from contract.model import Contract
from fixtures.artifacts import sha256
from fixtures.jenkins import Jenkins
from fixtures.judging import not_applicable
from fixtures.lasting import (
    Facts,
    build_of,
    changes,
    configuration_of,
    credentials_of,
    items_of,
    password_of,
    plugins_of,
    users_of,
)
from fixtures.nexus import Nexus
from fixtures.nonconformance import require, require_none
from fixtures.outcomes import Evidence
from fixtures.restarting import Restarted
from fixtures.returning import Return

pytestmark = [pytest.mark.writes, pytest.mark.disrupts]


def is_back(returned: Return, name: str, budget: int, evidence: Evidence) -> None:
    evidence.add("return", {"away": returned.away, "new pod to answer": returned.starting})
    require(
        not returned.trouble,
        f"{name} is not back after its pod was deleted: {returned.trouble}",
        expected=f"a new pod that is ready and answers within {budget} s",
        observed=f"waited for {returned.away:g} s",
        remedy="kubectl describe pod, and its log: probes, image, volume, quota",
    )


@pytest.mark.requirement("RESTARTS-01")
def test_controller_is_back(restarted: Restarted, contract: Contract, evidence: Evidence) -> None:
    is_back(restarted.jenkins, "the controller", contract.budgets.controller_ready, evidence)


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-09")
def test_no_agent_outlives_the_builds(restarted: Restarted, contract: Contract) -> None:
    require_none(
        [f"pod {name}: {why}" for name, why in sorted(restarted.agents.items())],
        "an agent's pod is left although its build has ended",
        expected=f"every pod gone {contract.budgets.agent_gone} s after its build",
        remedy="let pods end with their build (podRetention never, idleMinutes 0), and delete those of a "
        "controller that is no more",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-02")
def test_jobs_and_folders_are_there(controller: Jenkins, restarted: Restarted) -> None:
    folder = restarted.job.rpartition("/")[0]
    gone = {name for name in (restarted.removed,) if name}
    before = {name: kind for name, kind in restarted.items.items() if name not in gone}
    after = {name: kind for name, kind in items_of(controller, folder).items() if name not in gone}
    require_none(
        changes(before, after, "item"),
        "the restart changed the jobs and folders",
        remedy="keep the controller's home on a persistent volume (persistence.enabled: true)",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-03")
def test_finished_builds_are_there(home: Jenkins, restarted: Restarted) -> None:
    number = int(restarted.build["number"])
    before = {key: value for key, value in restarted.build.items() if key != "number"}
    after = build_of(home, restarted.job, number)
    require_none(
        changes(before, after, f"of {restarted.job} #{number} the"),
        "the restart lost or changed a finished build",
        remedy="keep the folder of the builds on the home's volume, and let nothing clean it up",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-04")
def test_what_waited_in_the_queue_waits(home: Jenkins, restarted: Restarted) -> None:
    name = restarted.queued.rpartition("/")[2]
    waits = any(item["task"]["name"] == name for item in home.queue())
    require(
        waits,
        f"a build of {restarted.queued} that waited in the queue is lost",
        expected="it waits in the queue",
        remedy="let the controller stop by itself: it writes its queue when SIGTERM comes and needs "
        "terminationGracePeriodSeconds for that",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-05")
def test_deleted_job_of_the_seed_is_back(controller: Jenkins, restarted: Restarted) -> None:
    if not restarted.removed:
        not_applicable("every declared job has builds of other people, which would be lost with it")
    require(
        restarted.removed in items_of(controller),
        f"job {restarted.removed} was deleted by hand and did not come back with the restart",
        expected="the controller runs the seed when it starts",
        remedy="run the seed from configuration as code (JCasC jobs:), so that each start makes the jobs",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-06")
def test_plugins_are_the_same(controller: Jenkins, restarted: Restarted) -> None:
    require_none(
        changes(restarted.plugins, plugins_of(controller), "plugin"),
        "the restart changed the plugins that run",
        remedy="pin exactly what runs in controller.installPlugins; what was installed by hand is gone",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-07")
def test_configuration_is_the_same(controller: Jenkins, restarted: Restarted) -> None:
    # credentials have a check of their own
    require_none(
        (
            told
            for told in changes(restarted.configuration, configuration_of(controller), "setting")
            if not told.startswith("setting credentials.")
        ),
        "the restart changed the configuration in force",
        remedy="declare the setting in JCasC: what is set by hand, or declared and not yet loaded, changes "
        "with the next start",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-08")
def test_credentials_are_there(controller: Jenkins, restarted: Restarted) -> None:
    require_none(
        changes(restarted.credentials, credentials_of(controller), "credential"),
        "the restart changed the credentials",
        remedy="declare it in JCasC (credentials.system), with its values from secrets that are still there",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-10")
def test_nexus_is_back(restarted: Restarted, contract: Contract, evidence: Evidence) -> None:
    is_back(restarted.nexus, "Nexus", contract.budgets.nexus_ready, evidence)


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-11")
@pytest.mark.parametrize("kind", ["release", "snapshot"])
def test_acknowledged_artifact_is_served(
    kind: str, known: Nexus, restarted: Restarted, contract: Contract
) -> None:
    wanted = contract.nexus.releases if kind == "release" else contract.nexus.snapshots
    place = next(place for place in restarted.artifacts if place.startswith(f"{wanted}/"))
    repository, _, path = place.partition("/")
    answer = known.fetch(repository, path)
    seen = sha256(answer.content) if answer.status_code == 200 else ""
    require(
        seen == restarted.artifacts[place],
        f"a {kind} that Nexus had acknowledged is {'other bytes' if seen else 'not served'} after a restart",
        expected=f"sha256 {restarted.artifacts[place]} of {place}",
        observed=f"status {answer.status_code}, sha256 {seen}" if seen else f"status {answer.status_code}",
        remedy="keep Nexus' blob stores on its persistent volume, and let it stop by itself",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-12")
def test_repositories_are_the_same(repositories: Facts, restarted: Restarted) -> None:
    require_none(
        changes(restarted.repositories, repositories, "repository"),
        "the restart changed the repositories",
        remedy="keep Nexus' database on its persistent volume",
    )


@pytest.mark.patient
@pytest.mark.requirement("RESTARTS-13")
def test_users_are_the_same_and_sign_in(known: Nexus, restarted: Restarted, run_name: str) -> None:
    findings = list(changes(restarted.users, users_of(known), "user"))
    own = known.as_login(restarted.user, password_of(restarted.user, run_name))
    if not findings and own.http.get("/service/rest/v1/status").status_code != 200:
        findings = [f"user {restarted.user} cannot sign in any more"]
    require_none(
        findings,
        "the restart changed the users of Nexus",
        remedy="keep Nexus' database on its persistent volume",
    )
