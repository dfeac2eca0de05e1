"""The plugin pins, as they are written in the values."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.core.nonconformance import require, require_none
from conformance.sources.plugins.pin import Pin
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
        [f"{_entry(pin)!r}: {pin.problem}" for pin in stack_files.pins if not pin.exact],
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
    value = stack_files.controller.get(key)
    require(
        value is False,
        f"controller.{key} is {_shown(value)}: plugins are upgraded whatever is pinned",
        expected="false",
        observed=_shown(value),
        remedy=f"set controller.{key}: false (the chart's default for installLatestPlugins is true)",
    )


@pytest.mark.requirement("STATIC-13")
def test_a_kept_home_follows_the_pins(stack_files: StackFiles) -> None:
    """On a kept home the pins replace the plugins that the volume has."""
    kept = (stack_files.values.get("persistence") or {}).get("enabled", True)
    value = stack_files.controller.get("overwritePlugins")
    require(
        value is True or kept is False,
        f"controller.overwritePlugins is {_shown(value)}: an older pin does not replace what the volume has",
        expected="true, because the home is kept (persistence.enabled)",
        observed=_shown(value),
        remedy="set controller.overwritePlugins: true",
    )


@pytest.mark.requirement("STATIC-14")
def test_no_plugins_beside_the_pins(stack_files: StackFiles) -> None:
    """Plugins are listed in one place."""
    more = stack_files.controller.get("additionalPlugins") or []
    require_none(
        [f"controller.additionalPlugins has {entry}" for entry in more],
        "plugins are listed in a second place",
        remedy="move them to controller.installPlugins, the one list that is checked",
    )


def _shown(value: object) -> str:
    return "not set" if value is None else str(value).lower()
