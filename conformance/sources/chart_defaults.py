"""Default values of the official chart by its version, for repositories that do not hold the chart."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from conformance.sources.facts import Place
from conformance.sources.yaml_positions import Node, from_plain

#: the repository of the chart whose defaults are bundled
OFFICIAL_NAME, OFFICIAL_REPOSITORIES = "jenkins", ("charts.jenkins.io", "charts.jenkinsci.org")


@dataclass(frozen=True, slots=True)
class ChartDefaults:
    """Default values, and how sure they are."""

    values: Node
    #: the release of the chart that the defaults are of
    version: str
    #: Jenkins of that release; empty when the wanted release is another one, since it brings another core
    app_version: str
    #: the wanted release itself is bundled, or it is read from a folder or archive
    exact: bool
    #: one sentence for reports
    source: str


def release_of(version: str) -> tuple[int, ...]:
    """The numbers of a version or of the lower end of a constraint; empty when there are none."""
    numbers: list[int] = []
    text = version.strip().lstrip("v^~>=< ")
    for part in text.split("-")[0].split("+")[0].split(" ")[0].split(","):
        for piece in part.split("."):
            if not piece.isascii() or not piece.isdecimal() or len(piece) > 9:
                return tuple(numbers)
            numbers.append(int(piece))
        break
    return tuple(numbers)


def is_exact(version: str) -> bool:
    """Does a version name one release?"""
    return len(release_of(version)) == 3 and version.strip()[:1].isdecimal() and " " not in version.strip()


@cache
def _releases() -> dict[str, Any]:
    data = resources.files("conformance.sources").joinpath("data/jenkins-chart-defaults.json.gz").read_bytes()
    found: dict[str, Any] = json.loads(gzip.decompress(data))["releases"]
    return found


def bundled_versions() -> tuple[str, ...]:
    """Releases of the official chart whose defaults are bundled, oldest first."""
    return tuple(sorted(_releases(), key=release_of))


@cache
def of_version(version: str) -> ChartDefaults:
    """The defaults of the release, or of the nearest lower one (the oldest if there is none, the newest
    if no version is given)."""
    versions = bundled_versions()
    wanted = release_of(version)
    lower = (
        [each for each in versions if release_of(each)[: len(wanted)] <= wanted] if wanted else list(versions)
    )
    chosen = lower[-1] if lower else versions[0]
    exact = is_exact(version) and chosen == version.strip().lstrip("v")
    release = _releases()[chosen]
    if exact:
        source = f"default values of the chart jenkins {chosen}, bundled"
    else:
        source = f"default values of the chart jenkins {chosen}, bundled; {version or 'no version'} is wanted"
    values = from_plain(release["values"], Place(f"chart jenkins {chosen}"), f"chart default {chosen}")
    return ChartDefaults(values, chosen, release["appVersion"] if exact else "", exact, source)
