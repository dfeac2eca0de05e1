"""The plugins that run, against the pins: one request, whatever their number."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.clients.jobs import PluginFact
from conformance.clients.kubernetes import Cluster
from conformance.contract.model import Contract
from conformance.core.nonconformance import require_none, require_same_names
from conformance.pins.versions import older
from conformance.sources.stack import StackFiles


@pytest.fixture(scope="module")
def running(jenkins: Jenkins) -> dict[str, PluginFact]:
    """The plugins that run, by name, read in one request."""
    return {plugin.name: plugin for plugin in jenkins.plugins()}


@pytest.fixture(scope="module")
def broken(
    running: dict[str, PluginFact], stack_files: StackFiles, kube: Cluster, contract: Contract
) -> dict[str, str]:
    """Plugins that are installed and failed to load, by name, with the cause that the log gives.

    The controller does not list them, so only its log distinguishes them from plugins that were never
    installed. The log is read when a pinned plugin is missing.
    """
    if {pin.name for pin in stack_files.pins} <= running.keys():
        return {}
    selector = f"app.kubernetes.io/instance={contract.jenkins.release}"
    pods = kube.pods(contract.jenkins.namespace, selector)
    logs = (kube.log(pod, lines=None) for pod in pods if pod.containers)
    return {name: why for text in logs for name, why in failed_to_load(text) if name not in running}


_FAILED = re.compile(r"Failed Loading plugin [^\n]* \((?P<name>[\w-]+)\)(?P<why>(?:\n[^\n]+){1,3})")


def failed_to_load(log: str) -> Iterator[tuple[str, str]]:
    """(plugin, why) of each plugin that a controller's log says it could not load."""
    for found in _FAILED.finditer(log):
        # what follows the exception's first line begins with a dash, one line for each cause
        lines = [line.strip() for line in found["why"].strip().splitlines()]
        causes = [line.removeprefix("- ") for line in lines[1:] if line.startswith("- ")]
        yield found["name"], causes[0] if causes else lines[0]


@pytest.mark.requirement("JENKINS-30")
def test_plugins_are_the_pinned_ones(
    running: dict[str, PluginFact], broken: dict[str, str], stack_files: StackFiles
) -> None:
    """The plugins that run are exactly the pinned ones."""
    pinned = {pin.name for pin in stack_files.pins}
    # JENKINS-32 decides an installed plugin that failed to load
    require_same_names(
        pinned,
        running.keys() | (broken.keys() & pinned),
        what="the plugins that run are not the pinned ones",
        remedy="pin it in controller.installPlugins, or remove it; a plugin that failed to load is in the "
        "controller's log",
    )


@pytest.mark.requirement("JENKINS-31")
def test_plugin_versions_are_the_pinned_ones(running: dict[str, PluginFact], stack_files: StackFiles) -> None:
    """Each plugin runs in its pinned version."""
    require_none(
        [
            f"{pin.name} runs {running[pin.name].version}, pinned is {pin.version}"
            for pin in stack_files.pins
            if pin.name in running and running[pin.name].version != pin.version
        ],
        "a plugin runs in another version than pinned",
        remedy="set overwritePlugins: true, and empty the plugins folder of a kept home",
    )


@pytest.mark.requirement("JENKINS-32")
def test_plugins_are_active(
    running: dict[str, PluginFact], broken: dict[str, str], stack_files: StackFiles
) -> None:
    """Each plugin is enabled and active."""
    pinned = {pin.name for pin in stack_files.pins}
    require_none(
        [f"{name} failed to load: {why}" for name, why in sorted(broken.items()) if name in pinned]
        + [
            f"{name} is {'not active' if found.enabled else 'disabled'}"
            for name, found in running.items()
            if not (found.active and found.enabled)
        ],
        "a plugin does not run",
        expected="active and enabled",
        remedy="enable it, or read in the controller's log why it failed to load",
    )


@pytest.mark.requirement("JENKINS-33")
def test_plugins_have_what_they_need(jenkins: Jenkins) -> None:
    """Each plugin that runs has what it needs, in the version that it needs."""
    found = jenkins.tree(
        "/pluginManager", "plugins[shortName,version,active,dependencies[shortName,version,optional]]"
    )["plugins"]
    # JENKINS-32 decides an installed plugin that does not run
    versions = {raw["shortName"]: raw["version"] for raw in found}
    findings = []
    for raw in (raw for raw in found if raw.get("active")):
        for need in raw.get("dependencies") or ():
            name, version = need["shortName"], need["version"]
            if name not in versions:
                if not need.get("optional"):
                    findings.append(f"{raw['shortName']} needs {name}, which is not there")
            elif older(versions[name], version):
                findings.append(f"{raw['shortName']} needs {name} {version}, {versions[name]} runs")
    require_none(
        findings,
        "a plugin lacks what it needs",
        remedy="pin the plugin that is needed, at the version that is needed",
    )
