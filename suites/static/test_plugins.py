"""The plugin pins, as they are written in the values."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.core.nonconformance import require, require_none
from conformance.runner.decision import not_applicable
from conformance.sources.chart_defaults import of_version
from conformance.sources.facts import Fact
from conformance.sources.plugins.pin import Pin
from conformance.sources.pods.read import boolean
from conformance.sources.stack import StackFiles


@pytest.mark.requirement("STATIC-10")
def test_every_plugin_has_one_exact_version(stack_files: StackFiles) -> None:
    """Every plugin is pinned to one exact version: never latest, a range or a URL."""
    require(
        stack_files.pins,
        "no plugin is pinned",
        expected="a list of name:version in controller.installPlugins",
        remedy="pin every plugin: without the list the chart installs its own defaults",
    )
    require_none(
        [f"{_entry(pin)!r}: {pin.problem} ({pin.where})" for pin in stack_files.pins if not pin.exact],
        "a plugin is not pinned to one exact version",
        expected="name:version",
        remedy="write the exact version that was tested; ranges, latest and URLs let it change by itself",
    )


def _entry(pin: Pin) -> str:
    return ":".join(filter(None, (pin.name, pin.version, pin.url)))


@pytest.mark.requirement("STATIC-11")
def test_no_plugin_is_pinned_twice(stack_files: StackFiles) -> None:
    """No plugin is pinned twice."""
    times = Counter(pin.name for pin in stack_files.pins)
    require_none(
        [
            f"{name} is pinned to "
            + " and to ".join(pin.version for pin in stack_files.pins if pin.name == name)
            for name, count in times.items()
            if count > 1
        ],
        "a plugin is pinned twice",
        remedy="keep one of the lines: which one wins depends on the order",
    )


@pytest.mark.requirement("STATIC-12")
@pytest.mark.parametrize("key", ["installLatestPlugins", "installLatestSpecifiedPlugins"])
def test_pins_are_not_upgraded_by_themselves(stack_files: StackFiles, key: str) -> None:
    """The chart does not upgrade pinned plugins or their dependencies by itself."""
    if stack_files.plugins_in_image:
        not_applicable("the chart installs no plugins: they are built into the controller's image")
    value = boolean(stack_files.given("controller", key))
    # the official chart's own default; a chart of one's own takes the same values
    default = boolean(of_version("").values.at("controller", key))
    holds = value or default
    require(
        holds is not None and holds.value is False,
        f"controller.{key} is {_shown(value)}: plugins are upgraded whatever is pinned",
        expected="false",
        observed=_place(value),
        remedy=f"set controller.{key}: false (the chart's default for installLatestPlugins is true)",
    )


@pytest.mark.requirement("STATIC-13")
def test_a_kept_home_follows_the_pins(stack_files: StackFiles) -> None:
    """On a kept home the pins replace the plugins that the volume has."""
    kept, plugins = stack_files.release.persistence.enabled, stack_files.release.plugins
    if kept is not None and kept.value is False:
        return
    from_image = plugins.overwrite_from_image
    if stack_files.plugins_in_image and from_image is not None and from_image.value is True:
        return
    require(
        plugins.overwrite is not None and plugins.overwrite.value is True,
        f"controller.overwritePlugins is {_shown(plugins.overwrite)}: an older pin does not replace what the "
        "volume has",
        expected="true, because the home is kept (persistence.enabled)",
        observed=_place(plugins.overwrite),
        remedy="set controller.overwritePlugins: true",
    )
    once = plugins.initialize_once
    require(
        once is None or once.value is not True,
        "controller.initializeOnce is true: pins never reach a volume that is kept",
        expected="false, because the home is kept (persistence.enabled)",
        observed=_place(once),
        remedy="set controller.initializeOnce: false",
    )


@pytest.mark.requirement("STATIC-14")
def test_no_plugins_beside_the_pins(stack_files: StackFiles) -> None:
    """Plugins are listed in one place."""
    more = stack_files.controller.at("additionalPlugins")
    require_none(
        [
            f"controller.additionalPlugins has {entry.printed} ({entry.place})"
            for entry in (more.items if more is not None else ())
        ],
        "plugins are listed in a second place",
        remedy="move them to controller.installPlugins, the one list that is checked",
    )


def _shown(value: Fact[bool] | None) -> str:
    return "not set" if value is None else str(value.value).lower()


def _place(value: Fact[bool] | None) -> str:
    return "" if value is None else f"{_shown(value)} ({value.place})"
