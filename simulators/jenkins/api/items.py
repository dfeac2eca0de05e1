"""Folders, jobs and views as the remote API shows them."""

from functools import partial
from typing import TYPE_CHECKING, Any

from ..home.builds import Build
from ..home.items import Item
from ..home.jobxml import FOLDER, Parameter
from .builds import BuildBeans, health
from .export import EMPTY, Bean, Shown, deep
from .kinds import CLASSES, color, tag_of
from .queue import QueueBeans

if TYPE_CHECKING:
    from ..controller import Controller

PERMALINKS = (
    "lastBuild",
    "lastCompletedBuild",
    "lastFailedBuild",
    "lastStableBuild",
    "lastSuccessfulBuild",
    "lastUnstableBuild",
    "lastUnsuccessfulBuild",
)


class Beans:
    """Makes the beans of one controller."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: what is shown."""
        self._controller = controller
        self.builds = BuildBeans(self.url)
        self.queue = QueueBeans(controller.queue, self.builds, self.url)

    def url(self, path: str) -> str:
        """An absolute URL by the configured root."""
        return self._controller.root_url() + path

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
            "allBuilds": Shown(-2, lambda: [self.builds.show(item, build) for build in newest]),
            "buildable": not config.disabled,
            "builds": lambda: [self.builds.show(item, build) for build in newest[:100]],
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
            "queueItem": lambda: self.queue.item(queued[0]) if queued else None,
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
        return self.builds.show(item, build) if build else None

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
                f"hudson.model.{kind}ParameterValue", {k: deep(v) for k, v in value.items()}
            ),
            "description": parameter.description,
            "name": parameter.name,
            "type": f"{parameter.kind}ParameterDefinition",
        }
        if parameter.kind == "Choice":
            props["choices"] = list(parameter.choices)
        return Bean(
            f"hudson.model.{parameter.kind}ParameterDefinition", {k: deep(v) for k, v in props.items()}
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
