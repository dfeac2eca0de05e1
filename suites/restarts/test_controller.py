"""The controller, restarted, comes back and is what it was."""

from __future__ import annotations

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.contract.model import Contract
from conformance.core.nonconformance import require, require_none
from conformance.runner.decision import not_applicable
from suites.restarts.controller_restart import RestartResult
from suites.restarts.snapshot import build_of, changes, configuration_of, credentials_of, items_of, plugins_of

pytestmark = [pytest.mark.writes, pytest.mark.disrupts, pytest.mark.run_late]


@pytest.mark.requirement("RESTARTS-09")
def test_no_agent_outlives_the_builds(restarted: RestartResult, contract: Contract) -> None:
    """When the builds of a run have ended, no agent's pod is left."""
    require_none(
        [f"pod {name}: {why}" for name, why in sorted(restarted.agents.items())],
        "an agent's pod is left although its build has ended",
        expected=f"every pod gone {contract.budgets.agent_gone} s after its build",
        remedy="let pods end with their build (podRetention never, idleMinutes 0), and delete those of a "
        "controller that is no more",
    )


@pytest.mark.requirement("RESTARTS-02")
def test_jobs_and_folders_are_there(controller: Jenkins, restarted: RestartResult) -> None:
    """A restart keeps jobs and folders, also those made by hand."""
    folder = restarted.job.rpartition("/")[0]
    gone = {name for name in (restarted.removed,) if name}
    before = {name: kind for name, kind in restarted.items.items() if name not in gone}
    after = {name: kind for name, kind in items_of(controller, folder).items() if name not in gone}
    require_none(
        changes(before, after, "item"),
        "the restart changed the jobs and folders",
        remedy="keep the controller's home on a persistent volume (persistence.enabled: true)",
    )


@pytest.mark.requirement("RESTARTS-03")
def test_finished_builds_are_there(home: Jenkins, restarted: RestartResult) -> None:
    """A restart keeps finished builds with result, time and console."""
    number = int(restarted.build["number"])
    before = {key: value for key, value in restarted.build.items() if key != "number"}
    after = build_of(home, restarted.job, number)
    require_none(
        changes(before, after, f"of {restarted.job} #{number} the"),
        "the restart lost or changed a finished build",
        remedy="keep the folder of the builds on the home's volume, and let nothing clean it up",
    )


@pytest.mark.requirement("RESTARTS-04")
def test_what_waited_in_the_queue_waits(home: Jenkins, restarted: RestartResult) -> None:
    """What waits in the queue waits after a restart, too."""
    name = restarted.queued.rpartition("/")[2]
    waits = any(item["task"]["name"] == name for item in home.queue())
    require(
        waits,
        f"a build of {restarted.queued} that waited in the queue is lost",
        expected="it waits in the queue",
        remedy="let the controller stop by itself: it writes its queue when SIGTERM comes and needs "
        "terminationGracePeriodSeconds for that",
    )


@pytest.mark.requirement("RESTARTS-05")
def test_deleted_job_of_the_seed_is_back(controller: Jenkins, restarted: RestartResult) -> None:
    """A job of the seed that was deleted by hand is back after a restart."""
    if not restarted.removed:
        not_applicable("every declared job has builds of other people, which would be lost with it")
    require(
        restarted.removed in items_of(controller),
        f"job {restarted.removed} was deleted by hand and did not come back with the restart",
        expected="the controller runs the seed when it starts",
        remedy="run the seed from configuration as code (JCasC jobs:), so that each start makes the jobs",
    )


@pytest.mark.requirement("RESTARTS-06")
def test_plugins_are_the_same(controller: Jenkins, restarted: RestartResult) -> None:
    """A restart changes no plugin."""
    require_none(
        changes(restarted.plugins, plugins_of(controller), "plugin"),
        "the restart changed the plugins that run",
        remedy="pin exactly what runs in controller.installPlugins; what was installed by hand is gone",
    )


@pytest.mark.requirement("RESTARTS-07")
def test_configuration_is_the_same(controller: Jenkins, restarted: RestartResult) -> None:
    """A restart changes nothing of the configuration in force."""
    # credentials have a check of their own
    require_none(
        (
            change
            for change in changes(restarted.configuration, configuration_of(controller), "setting")
            if not change.startswith("setting credentials.")
        ),
        "the restart changed the configuration in force",
        remedy="declare the setting in JCasC: what is set by hand, or declared and not yet loaded, changes "
        "with the next start",
    )


@pytest.mark.requirement("RESTARTS-08")
def test_credentials_are_there(controller: Jenkins, restarted: RestartResult) -> None:
    """A restart keeps the credentials."""
    require_none(
        changes(restarted.credentials, credentials_of(controller), "credential"),
        "the restart changed the credentials",
        remedy="declare it in JCasC (credentials.system), with its values from secrets that are still there",
    )
