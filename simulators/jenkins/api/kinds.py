"""The kinds of items by their names in the remote API, and the color of a job."""

from __future__ import annotations

from ..home.items import Item
from ..home.jobxml import FOLDER, FREESTYLE, PIPELINE

CLASSES = {
    PIPELINE: "org.jenkinsci.plugins.workflow.job.WorkflowJob",
    FREESTYLE: "hudson.model.FreeStyleProject",
    FOLDER: FOLDER,
}
RUNS = {PIPELINE: "org.jenkinsci.plugins.workflow.job.WorkflowRun", FREESTYLE: "hudson.model.FreeStyleBuild"}
COLORS = {
    "SUCCESS": "blue",
    "UNSTABLE": "yellow",
    "FAILURE": "red",
    "ABORTED": "aborted",
    "NOT_BUILT": "notbuilt",
}


def tag_of(item: Item) -> str:
    """The root element of an item's configuration."""
    return item.config.tag if item.config else FOLDER


def color(item: Item) -> str:
    """The color of a job's ball."""
    if item.config and item.config.disabled:
        return "disabled"
    done = item.permalinks()["lastCompletedBuild"]
    ball = COLORS.get(done.result or "", "notbuilt") if done else "notbuilt"
    return ball + ("_anime" if any(build.building for build in item.builds.values()) else "")
