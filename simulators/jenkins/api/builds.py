"""Builds as the remote API shows them."""

from collections.abc import Callable, Mapping
from typing import Any

from ..home.builds import Build, estimate
from ..home.items import Item
from .export import EMPTY, Bean, Shown, deep
from .kinds import RUNS, tag_of


class BuildBeans:
    """Makes the beans of builds."""

    def __init__(self, url: Callable[[str], str]) -> None:
        """Args: url: makes a path below the root absolute."""
        self._url = url

    def show(self, item: Item, build: Build) -> Bean:
        """A build of a job."""
        pipeline = tag_of(item) == "flow-definition"
        before, after = item.builds.get(build.number - 1), item.builds.get(build.number + 1)
        executor: Bean | None = None
        if build.building:
            executor = Bean("hudson.model.OneOffExecutor" if pipeline else None, {})
        props: dict[str, Any] = {
            "actions": lambda: self._run_actions(item, build, pipeline),
            "artifacts": lambda: [
                Bean(
                    None,
                    {
                        "displayPath": Shown(2, path.rsplit("/", 1)[-1]),
                        "fileName": Shown(2, path.rsplit("/", 1)[-1]),
                        "relativePath": Shown(2, path),
                    },
                )
                for path in build.artifacts
            ],
            "building": build.building,
            "description": build.description,
            "displayName": build.display_name or f"#{build.number}",
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
            "url": Shown(2, self._url(f"{item.url}{build.number}/")),
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
            empty = Bean("hudson.scm.EmptyChangeLogSet", {"items": deep([]), "kind": deep(None)})
            props |= {"builtOn": build.built_on, "changeSet": empty}
        return Bean(RUNS[tag_of(item)], props)

    def _near(self, item: Item, other: Build | None) -> Bean | None:
        return Bean(None, self.show(item, other).props) if other else None

    def _run_actions(self, item: Item, build: Build, pipeline: bool) -> list[Bean]:
        made: list[Bean] = []
        if build.parameters:
            made.append(parameters_action(build.parameters))
        made += [causes_action(build.causes), self._timing(build)]
        if not pipeline:
            return [
                *made,
                *[EMPTY] * (0 if build.building else build.seed_actions),
                self._display(item, build),
            ]
        made.append(Bean("org.jenkinsci.plugins.workflow.libs.LibrariesAction", {"libraries": []}))
        if build.env_used:
            made.append(Bean("org.jenkinsci.plugins.workflow.cps.EnvActionImpl", {}))
        made += [EMPTY] * build.hidden_actions
        if build.interrupted is not None:
            cls = "jenkins.model.CauseOfInterruption"
            causes = [
                Bean(
                    f"{cls}$UserInterruption" if c.startswith("Aborted by") else cls,
                    {"shortDescription": Shown(2, c)},
                )
                for c in build.interrupted
            ]
            made.append(Bean("jenkins.model.InterruptedBuildAction", {"causes": causes}))
        restart = Bean(
            "org.jenkinsci.plugins.pipeline.modeldefinition.actions.RestartDeclarativePipelineAction",
            {"restartEnabled": False, "restartableStages": []},
        )
        made += [self._display(item, build), restart, EMPTY]
        made += [EMPTY, EMPTY] if build.building else []
        return [
            *made,
            Bean("org.jenkinsci.plugins.workflow.job.views.FlowGraphAction", {"nodes": []}),
            EMPTY,
            EMPTY,
        ]

    def _display(self, item: Item, build: Build) -> Bean:
        run = self._url(f"{item.url}{build.number}/")
        props = {
            "artifactsUrl": f"{run}artifact",
            "changesUrl": f"{self._url(item.url)}changes",
            "displayUrl": run,
            "testsUrl": f"{run}testReport",
        }
        return Bean("org.jenkinsci.plugins.displayurlapi.actions.RunDisplayAction", props)

    @staticmethod
    def _timing(build: Build) -> Bean:
        executing = build.executing_ms if build.sub_tasks else build.duration
        used = round(executing / build.duration, 2) if build.duration else 1.0
        tasks = build.sub_tasks
        shown = {
            "blockedDurationMillis": 0,
            "blockedTimeMillis": 0,
            "buildableDurationMillis": 0 if tasks else build.buildable_ms,
            "buildableTimeMillis": build.buildable_ms,
            "buildingDurationMillis": build.duration,
            "executingTimeMillis": executing,
            "executorUtilization": used,
            "subTaskCount": tasks,
            "waitingDurationMillis": build.waiting_ms,
            "waitingTimeMillis": build.waiting_ms,
        }
        deeper = {
            "queuingDurationMillis": build.waiting_ms,
            "queuingTimeMillis": build.waiting_ms + build.buildable_ms,
            "totalDurationMillis": build.duration + build.waiting_ms,
        }
        return Bean(
            "jenkins.metrics.impl.TimeInQueueAction", {**{k: Shown(2, v) for k, v in shown.items()}, **deeper}
        )


def parameters_action(values: list[dict[str, Any]]) -> Bean:
    """The values of a build's parameters."""
    shown = [Bean(str(v["_class"]), {k: deep(v[k]) for k in ("name", "value")}) for v in values]
    return Bean("hudson.model.ParametersAction", {"parameters": Shown(2, shown)})


def causes_action(causes: list[dict[str, Any]]) -> Bean:
    """Why a build was started."""
    shown = [Bean(str(c["_class"]), {k: Shown(9, v) for k, v in c.items() if k != "_class"}) for c in causes]
    return Bean("hudson.model.CauseAction", {"causes": Shown(2, shown)})


def health(item: Item) -> list[Bean]:
    """The weather: how many of the last five builds went well."""
    recent = [item.builds[n] for n in sorted(item.builds, reverse=True)]
    done = [b for b in recent if not b.building and b.result not in {"ABORTED", "NOT_BUILT"}][:5]
    if not done:
        return []
    failed = sum(1 for build in done if build.result == "FAILURE")
    score = 100 * (len(done) - failed) // len(done)
    if failed == 0:
        said = "No recent builds failed."
    elif failed == len(done):
        said = "All recent builds failed."
    else:
        said = f"{failed} out of the last {len(done)} builds failed."
    icon = next(
        name
        for limit, name in ((80, "80plus"), (60, "60to79"), (40, "40to59"), (20, "20to39"), (0, "00to19"))
        if score >= limit
    )
    facts: Mapping[str, Any] = {
        "description": f"Build stability: {said}",
        "iconClassName": f"icon-health-{icon}",
        "iconUrl": f"health-{icon}.png",
        "score": score,
    }
    return [Bean(None, {name: Shown(2, value) for name, value in facts.items()})]
