"""Jobs, builds and folders as the remote API shows them."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .builds import Build, estimate
from .export import Bean, Shown
from .items import FOLDER, Item, Parameter

if TYPE_CHECKING:
    from .controller import Controller

CLASSES = {
    "flow-definition": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
    "project": "hudson.model.FreeStyleProject",
    FOLDER: FOLDER,
}
RUNS = {
    "flow-definition": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
    "project": "hudson.model.FreeStyleBuild",
}
COLORS = {
    "SUCCESS": "blue",
    "UNSTABLE": "yellow",
    "FAILURE": "red",
    "ABORTED": "aborted",
    "NOT_BUILT": "notbuilt",
}
PERMALINKS = (
    "lastBuild",
    "lastCompletedBuild",
    "lastFailedBuild",
    "lastStableBuild",
    "lastSuccessfulBuild",
    "lastUnstableBuild",
    "lastUnsuccessfulBuild",
)
EMPTY = Bean(None, {})


def tag_of(item: Item) -> str:
    """The root element of an item's configuration."""
    return item.config.tag if item.config else FOLDER


def color(item: Item) -> str:
    """The ball."""
    if item.config and item.config.disabled:
        return "disabled"
    done = item.permalinks()["lastCompletedBuild"]
    ball = COLORS.get(done.result or "", "notbuilt") if done else "notbuilt"
    return ball + ("_anime" if any(build.building for build in item.builds.values()) else "")


class Beans:
    """Makes the beans of one controller."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: what is shown."""
        self._controller = controller

    def url(self, path: str) -> str:
        """An absolute URL by the configured root."""
        return self._controller.root_url() + path

    # -- items

    def item(self, item: Item) -> Bean:
        """A folder or a job."""
        return self._folder(item) if item.is_folder else self._job(item)

    def _common(self, item: Item, actions: list[Bean]) -> dict[str, Any]:
        config = item.config
        description = config.description if config else None
        return {
            "actions": actions,
            "description": description,
            "displayName": (config.display_name if config else None) or item.name,
            "displayNameOrNull": config.display_name if config else None,
            "fullDisplayName": item.full_display_name,
            "fullName": item.full_name,
            "name": Shown(3, item.name),
            "url": Shown(3, self.url(item.url)),
        }

    def _folder(self, item: Item) -> Bean:
        view = self.view("all", list(self.children(item)), self.url(item.url))
        props = {
            **self._common(
                item, [EMPTY, EMPTY, Bean("com.cloudbees.plugins.credentials.ViewCredentialsAction", {})]
            ),
            "healthReport": [],
            "jobs": lambda: [self.item(child) for child in self.children(item)],
            "primaryView": view,
            "views": [view],
        }
        return Bean(FOLDER, props)

    @staticmethod
    def children(item: Item) -> list[Item]:
        """Items of a folder in the order of lists."""
        return [item.children[name] for name in sorted(item.children)]

    def _job(self, item: Item) -> Bean:
        pipeline = tag_of(item) == "flow-definition"
        config = item.config
        if config is None:
            raise ValueError(item.full_name)
        queued = [q for q in self._controller.queue.waiting() if q.job is item and not q.is_node]
        newest = [item.builds[n] for n in sorted(item.builds, reverse=True)]
        links = item.permalinks()
        props: dict[str, Any] = {
            **self._common(item, self._job_actions(item, pipeline)),
            "allBuilds": Shown(-2, lambda: [self.build(item, build) for build in newest]),
            "buildable": not config.disabled,
            "builds": lambda: [self.build(item, build) for build in newest[:100]],
            "color": Shown(2, color(item)),
            "firstBuild": lambda: self._run(item, links["firstBuild"]),
            "healthReport": lambda: health(item),
            "keepDependencies": False,
            **{name: partial(self._run, item, links[name]) for name in PERMALINKS},
            "nextBuildNumber": item.next_number,
            "property": self._properties(item),
            "concurrentBuild": config.concurrent,
            "disabled": config.disabled,
            "inQueue": bool(queued),
            "queueItem": lambda: self._controller_queue(queued[0]) if queued else None,
        }
        if pipeline:
            props["resumeBlocked"] = False
        else:
            props |= {
                "downstreamProjects": [],
                "labelExpression": config.label,
                "scm": Bean("hudson.scm.NullSCM", {"type": "hudson.scm.NullSCM"}),
                "upstreamProjects": [],
            }
            if not config.label:
                props.pop("labelExpression")
                props["labelExpression"] = None
        if item.name == "":
            props.pop("name")
        return Bean(CLASSES[tag_of(item)], props)

    def _run(self, item: Item, build: Build | None) -> Bean | None:
        return self.build(item, build) if build else None

    def _controller_queue(self, queued: Any) -> Bean:
        from .beans_system import SystemBeans  # noqa: PLC0415 - the two show each other

        return SystemBeans(self._controller).queue_item(queued)

    def _job_actions(self, item: Item, pipeline: bool) -> list[Bean]:
        display = Bean("org.jenkinsci.plugins.displayurlapi.actions.JobDisplayAction", {})
        credentials = Bean("com.cloudbees.plugins.credentials.ViewCredentialsAction", {})
        if pipeline:
            return [EMPTY, EMPTY, display, EMPTY, EMPTY, credentials]
        parameters = self._properties(item, in_actions=True)
        seeded = [EMPTY] * (4 if any(build.seed_actions for build in item.builds.values()) else 0)
        return [*parameters, EMPTY, EMPTY, EMPTY, *seeded, display, credentials]

    def _properties(self, item: Item, in_actions: bool = False) -> list[Bean]:
        config = item.config
        made: list[Bean] = []
        if config and config.parameters:
            definitions = [self._definition(p, in_actions) for p in config.parameters]
            made.append(
                Bean(
                    "hudson.model.ParametersDefinitionProperty",
                    {"parameterDefinitions": Shown(2, definitions)},
                )
            )
        known = ("org.jenkinsci.plugins.workflow.job.properties.", "jenkins.model.BuildDiscarderProperty")
        made += [Bean(tag, {}) for tag in (config.properties if config else ()) if tag.startswith(known)]
        return made

    @staticmethod
    def _definition(parameter: Parameter, nameless: bool) -> Bean:
        kind = "String" if parameter.kind == "Choice" else parameter.kind
        value: dict[str, Any] = {"name": parameter.name, "value": parameter.default}
        if nameless:
            value = {"name": Shown(3, parameter.name), "value": parameter.default}
        if parameter.kind == "Password":
            value = {"name": parameter.name}
        props: dict[str, Any] = {
            "defaultParameterValue": Bean(
                f"hudson.model.{kind}ParameterValue", {k: _deep(v) for k, v in value.items()}
            ),
            "description": parameter.description,
            "name": parameter.name,
            "type": f"{parameter.kind}ParameterDefinition",
        }
        if parameter.kind == "Choice":
            props["choices"] = list(parameter.choices)
        return Bean(
            f"hudson.model.{parameter.kind}ParameterDefinition", {k: _deep(v) for k, v in props.items()}
        )

    def view(
        self,
        name: str,
        members: list[Item],
        base: str,
        description: str | None = None,
        cls: str = "hudson.model.AllView",
    ) -> Bean:
        """A view over items."""
        own = base if name == "all" else f"{base}view/{name}/"
        props: dict[str, Any] = {
            "description": description,
            "jobs": lambda: [self.item(member) for member in members],
            "name": Shown(2, name),
            "property": [],
            "url": Shown(2, own),
        }
        return Bean(cls, props)

    # -- builds

    def build(self, item: Item, build: Build) -> Bean:
        """A build of a job."""
        pipeline = tag_of(item) == "flow-definition"
        before, after = item.builds.get(build.number - 1), item.builds.get(build.number + 1)
        executor: Bean | None = None
        if build.building:
            executor = Bean("hudson.model.OneOffExecutor" if pipeline else None, {})
        props: dict[str, Any] = {
            "actions": lambda: self._run_actions(item, build, pipeline),
            "artifacts": [
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
            "url": Shown(2, self.url(f"{item.url}{build.number}/")),
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
            empty = Bean("hudson.scm.EmptyChangeLogSet", {"items": _deep([]), "kind": _deep(None)})
            props |= {"builtOn": build.built_on, "changeSet": empty}
        return Bean(RUNS[tag_of(item)], props)

    def _near(self, item: Item, other: Build | None) -> Bean | None:
        return Bean(None, self.build(item, other).props) if other else None

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
        run = self.url(f"{item.url}{build.number}/")
        props = {
            "artifactsUrl": f"{run}artifact",
            "changesUrl": f"{self.url(item.url)}changes",
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


def _deep(value: Any) -> Shown:
    """Shown wherever its owner is."""
    return value if isinstance(value, Shown) else Shown(9, value)


def parameters_action(values: list[dict[str, Any]]) -> Bean:
    """The values of a build's parameters."""
    shown = [Bean(str(v["_class"]), {k: _deep(v[k]) for k in ("name", "value")}) for v in values]
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
