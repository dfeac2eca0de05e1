"""Builds as the remote API shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..home.builds import Build, estimate
from ..home.items import Item
from ..home.jobxml import PIPELINE
from .export import EMPTY, Bean, Shown, always, shown_at
from .kinds import RUNS, tag_of

TIMES = (
    "blockedDurationMillis",
    "blockedTimeMillis",
    "buildableDurationMillis",
    "buildableTimeMillis",
    "subTaskCount",
    "waitingDurationMillis",
    "waitingTimeMillis",
)


@dataclass(frozen=True)
class BuildBeans:
    """Makes the beans of builds; `absolute` makes the URL of a path below the root."""

    absolute: Callable[[str], str]

    def show(self, item: Item, build: Build) -> Bean:
        """A build of a job."""
        pipeline = tag_of(item) == PIPELINE
        before, after = item.builds.get(build.number - 1), item.builds.get(build.number + 1)
        executor: Bean | None = None
        if build.building:
            executor = Bean("hudson.model.OneOffExecutor" if pipeline else None, {})
        props: dict[str, Any] = {
            "actions": lambda: self._actions(item, build, pipeline),
            "artifacts": lambda: [_artifact(path) for path in build.artifacts],
            "building": build.building,
            "description": None,
            "displayName": f"#{build.number}",
            "duration": build.duration,
            "estimatedDuration": lambda: estimate(item.builds),
            "executor": executor,
            "fingerprint": Shown(-1, []),
            "fullDisplayName": f"{item.full_display_name} #{build.number}",
            "id": str(build.number),
            "keepLog": False,
            "number": Shown(2, build.number),
            "queueId": build.queue_id,
            "result": build.result,
            "timestamp": build.timestamp,
            "url": Shown(2, self.absolute(f"{item.url}{build.number}/")),
            "culprits": [],
            "inProgress": build.building,
        }
        if pipeline:
            props |= {
                "changeSets": [],
                "nextBuild": lambda: self._near(item, after),
                "previousBuild": lambda: self._near(item, before),
            }
        else:
            empty = Bean("hudson.scm.EmptyChangeLogSet", always({"items": [], "kind": None}))
            props |= {"builtOn": build.built_on, "changeSet": empty}
        return Bean(RUNS[tag_of(item)], props)

    def _near(self, item: Item, other: Build | None) -> Bean | None:
        return Bean(None, self.show(item, other).props) if other else None

    def _actions(self, item: Item, build: Build, pipeline: bool) -> list[Bean]:
        actions = [parameters_action(build.parameters)] if build.parameters else []
        actions += [causes_action(build.causes), _timing(build)]
        display = self._display(item, build)
        if not pipeline:
            return [*actions, *[EMPTY] * (0 if build.building else build.seed_actions), display]
        actions.append(Bean("org.jenkinsci.plugins.workflow.libs.LibrariesAction", {"libraries": []}))
        if build.env_used:
            actions.append(Bean("org.jenkinsci.plugins.workflow.cps.EnvActionImpl", {}))
        actions += [EMPTY] * build.hidden_actions
        if build.interrupted is not None:
            causes = [_interruption(cause) for cause in build.interrupted]
            actions.append(Bean("jenkins.model.InterruptedBuildAction", {"causes": causes}))
        restart = Bean(
            "org.jenkinsci.plugins.pipeline.modeldefinition.actions.RestartDeclarativePipelineAction",
            {"restartEnabled": False, "restartableStages": []},
        )
        graph = Bean("org.jenkinsci.plugins.workflow.job.views.FlowGraphAction", {"nodes": []})
        return [*actions, display, restart, *[EMPTY] * (3 if build.building else 1), graph, EMPTY, EMPTY]

    def _display(self, item: Item, build: Build) -> Bean:
        run = self.absolute(f"{item.url}{build.number}/")
        props = {
            "artifactsUrl": f"{run}artifact",
            "changesUrl": f"{self.absolute(item.url)}changes",
            "displayUrl": run,
            "testsUrl": f"{run}testReport",
        }
        return Bean("org.jenkinsci.plugins.displayurlapi.actions.RunDisplayAction", props)


def _artifact(path: str) -> Bean:
    name = path.rsplit("/", 1)[-1]
    return Bean(None, shown_at(2, {"displayPath": name, "fileName": name, "relativePath": path}))


def _interruption(cause: str) -> Bean:
    cls = "jenkins.model.CauseOfInterruption"
    aborted = cause.startswith("Aborted by")
    return Bean(f"{cls}$UserInterruption" if aborted else cls, shown_at(2, {"shortDescription": cause}))


def _timing(build: Build) -> Bean:
    """The times of the metrics plugin; this simulator measures only the duration."""
    shown = dict.fromkeys(TIMES, 0) | {
        "buildingDurationMillis": build.duration,
        "executingTimeMillis": build.duration,
        "executorUtilization": 1.0,
    }
    deeper = {"queuingDurationMillis": 0, "queuingTimeMillis": 0, "totalDurationMillis": build.duration}
    return Bean("jenkins.metrics.impl.TimeInQueueAction", {**shown_at(2, shown), **deeper})


def parameters_action(values: list[dict[str, Any]]) -> Bean:
    """The values of a build's parameters."""
    shown = [
        Bean(str(value["_class"]), always({"name": value["name"], "value": value["value"]}))
        for value in values
    ]
    return Bean("hudson.model.ParametersAction", {"parameters": Shown(2, shown)})


def causes_action(causes: list[dict[str, Any]]) -> Bean:
    """Why a build was started."""
    shown = [
        Bean(str(cause["_class"]), always({name: value for name, value in cause.items() if name != "_class"}))
        for cause in causes
    ]
    return Bean("hudson.model.CauseAction", {"causes": Shown(2, shown)})


def health(item: Item) -> list[Bean]:
    """The weather: the share of successful builds among the last five."""
    recent = [item.builds[number] for number in sorted(item.builds, reverse=True)]
    counted = [
        build for build in recent if not build.building and build.result not in {"ABORTED", "NOT_BUILT"}
    ]
    done = counted[:5]
    if not done:
        return []
    failed = sum(1 for build in done if build.result == "FAILURE")
    score = 100 * (len(done) - failed) // len(done)
    if failed == 0:
        summary = "No recent builds failed."
    elif failed == len(done):
        summary = "All recent builds failed."
    else:
        summary = f"{failed} out of the last {len(done)} builds failed."
    icons = ((80, "80plus"), (60, "60to79"), (40, "40to59"), (20, "20to39"), (0, "00to19"))
    icon = next(name for limit, name in icons if score >= limit)
    facts = {
        "description": f"Build stability: {summary}",
        "iconClassName": f"icon-health-{icon}",
        "iconUrl": f"health-{icon}.png",
        "score": score,
    }
    return [Bean(None, shown_at(2, facts))]
