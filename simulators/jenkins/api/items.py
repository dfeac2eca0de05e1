"""Folders, jobs and views as the remote API shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..agents.queue import Queue
from ..home.builds import Build
from ..home.items import Item
from ..home.jobxml import FOLDER, PIPELINE, Config, Parameter
from .builds import BuildBeans, health
from .export import EMPTY, Bean, Shown, always
from .kinds import CLASSES, color, tag_of
from .queue import QueueBeans

PERMALINKS = (
    "lastBuild",
    "lastCompletedBuild",
    "lastFailedBuild",
    "lastStableBuild",
    "lastSuccessfulBuild",
    "lastUnstableBuild",
    "lastUnsuccessfulBuild",
)
SHOWN_PROPERTIES = ("org.jenkinsci.plugins.workflow.job.properties.", "jenkins.model.BuildDiscarderProperty")


@dataclass(frozen=True)
class ItemBeans:
    """Makes the beans of items; `absolute` makes the URL of a path below the root."""

    waiting: Queue
    builds: BuildBeans
    queue: QueueBeans
    absolute: Callable[[str], str]

    def item(self, item: Item) -> Bean:
        """A folder or a job."""
        return self._folder(item) if item.config is None or item.is_folder else self._job(item, item.config)

    def _common(self, item: Item, actions: list[Bean]) -> dict[str, Any]:
        config = item.config
        return {
            "actions": actions,
            "description": config.description if config else None,
            "displayName": (config.display_name if config else None) or item.name,
            "displayNameOrNull": config.display_name if config else None,
            "fullDisplayName": item.full_display_name,
            "fullName": item.full_name,
            "name": Shown(3, item.name),
            "url": Shown(3, self.absolute(item.url)),
        }

    def _folder(self, item: Item) -> Bean:
        view = self.view("all", children(item), self.absolute(item.url))
        credentials = Bean("com.cloudbees.plugins.credentials.ViewCredentialsAction", {})
        props = {
            **self._common(item, [EMPTY, EMPTY, credentials]),
            "healthReport": [],
            "jobs": lambda: [self.item(child) for child in children(item)],
            "primaryView": view,
            "views": [view],
        }
        return Bean(FOLDER, props)

    def _job(self, item: Item, config: Config) -> Bean:
        pipeline = config.tag == PIPELINE
        queued = [each for each in self.waiting.waiting() if each.job is item and not each.is_node]
        newest = [item.builds[number] for number in sorted(item.builds, reverse=True)]
        links = item.permalinks()
        props: dict[str, Any] = {
            **self._common(item, _actions(item, config)),
            "allBuilds": Shown(-2, lambda: [self.builds.show(item, build) for build in newest]),
            "buildable": not config.disabled,
            "builds": lambda: [self.builds.show(item, build) for build in newest[:100]],
            "color": Shown(2, color(item)),
            "firstBuild": lambda: self._run(item, links["firstBuild"]),
            "healthReport": lambda: health(item),
            "keepDependencies": False,
            **{name: partial(self._run, item, links[name]) for name in PERMALINKS},
            "nextBuildNumber": item.next_number,
            "property": _properties(config),
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
                "labelExpression": config.label or None,
                "scm": Bean("hudson.scm.NullSCM", {"type": "hudson.scm.NullSCM"}),
                "upstreamProjects": [],
            }
        return Bean(CLASSES[tag_of(item)], props)

    def _run(self, item: Item, build: Build | None) -> Bean | None:
        return self.builds.show(item, build) if build else None

    def view(
        self,
        name: str,
        members: list[Item],
        base: str,
        description: str | None = None,
        cls: str = "hudson.model.AllView",
    ) -> Bean:
        """A view over items."""
        props: dict[str, Any] = {
            "description": description,
            "jobs": lambda: [self.item(member) for member in members],
            "name": Shown(2, name),
            "property": [],
            "url": Shown(2, base if name == "all" else f"{base}view/{name}/"),
        }
        return Bean(cls, props)


def children(item: Item) -> list[Item]:
    """Items of a folder in the order of lists."""
    return [item.children[name] for name in sorted(item.children)]


def _actions(item: Item, config: Config) -> list[Bean]:
    display = Bean("org.jenkinsci.plugins.displayurlapi.actions.JobDisplayAction", {})
    credentials = Bean("com.cloudbees.plugins.credentials.ViewCredentialsAction", {})
    if config.tag == PIPELINE:
        return [EMPTY, EMPTY, display, EMPTY, EMPTY, credentials]
    seeded = [EMPTY] * (4 if any(build.seed_actions for build in item.builds.values()) else 0)
    return [*_properties(config, in_actions=True), EMPTY, EMPTY, EMPTY, *seeded, display, credentials]


def _properties(config: Config, in_actions: bool = False) -> list[Bean]:
    beans: list[Bean] = []
    if config.parameters:
        definitions = [_definition(parameter, in_actions) for parameter in config.parameters]
        props = {"parameterDefinitions": Shown(2, definitions)}
        beans.append(Bean("hudson.model.ParametersDefinitionProperty", props))
    return beans + [Bean(tag, {}) for tag in config.properties if tag.startswith(SHOWN_PROPERTIES)]


def _definition(parameter: Parameter, in_actions: bool) -> Bean:
    kind = "String" if parameter.kind == "Choice" else parameter.kind
    value: dict[str, Any] = {"name": Shown(3, parameter.name) if in_actions else parameter.name}
    if parameter.kind != "Password":
        value["value"] = parameter.default
    props: dict[str, Any] = {
        "defaultParameterValue": Bean(f"hudson.model.{kind}ParameterValue", always(value)),
        "description": parameter.description,
        "name": parameter.name,
        "type": f"{parameter.kind}ParameterDefinition",
    }
    if parameter.kind == "Choice":
        props["choices"] = list(parameter.choices)
    return Bean(f"hudson.model.{parameter.kind}ParameterDefinition", always(props))
