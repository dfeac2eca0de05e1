"""A release's values over its chart's defaults, also of a chart inside of an umbrella chart."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.sources import chart_defaults
from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.helm import charts, merge, settings
from conformance.sources.helm.charts import Chart, Dependency
from conformance.sources.helm.releases import Release
from conformance.sources.yaml_positions import Node


@dataclass(frozen=True, slots=True)
class ChartValues:
    """Everything that the templates of one chart read."""

    #: the chart's own name
    chart: str
    #: its version as it is wanted
    version: Fact[str]
    app_version: Fact[str]
    #: values over defaults; each leaf has its file and line, or the chart's release as `default_of`
    values: Node
    #: what the user gives alone
    given: Node
    #: the chart's defaults alone
    default_values: Node
    #: one sentence: where the defaults are from
    defaults: str
    #: the defaults are those of the wanted version
    exact_defaults: bool
    #: name and namespace of the release
    release: Fact[str]
    namespace: Fact[str]
    place: Place
    #: the chart's folder in the repository, empty if it is elsewhere
    folder: str
    repository: str
    errors: tuple[SourceError, ...] = ()


def fact(node: Node | None, place: Place) -> Fact[str]:
    """A scalar as a fact."""
    if node is None:
        return Fact("", place)
    if isinstance(node.value, Undecided):
        return Fact(node.value, node.place)
    return Fact(node.printed, node.place)


def given_values(release: Release) -> Node:
    """Files and settings of a release, without any defaults."""
    found = merge.merge_all(release.layers, release.place)
    for setting in release.settings:
        found = settings.set_value(found, setting.path, setting.value)
    return found


def of_release(release: Release, root: Path) -> Iterator[ChartValues]:
    """The charts that a release brings: its own one, and those that an umbrella chart depends on."""
    given = given_values(release)
    chart = _own_chart(release, root)
    if isinstance(chart, SourceError):
        yield _without_defaults(release, given, (*release.errors, chart))
        return
    if chart is None:
        yield _remote(release, given)
        return
    if chart.name == chart_defaults.OFFICIAL_NAME:
        given, chart = _with_old_keys(given), replace(chart, defaults=_with_old_keys(chart.defaults))
    merged = merge.over_defaults(given, chart.defaults)
    yield ChartValues(
        chart.name,
        Fact(chart.version, chart.place),
        Fact(chart.app_version, chart.place),
        merged,
        given,
        chart.defaults,
        f"values of the chart in {chart.path}",
        True,
        fact(release.name, release.place),
        fact(release.namespace, release.place),
        release.place,
        chart.path,
        "",
        release.errors,
    )
    for dependency in chart.dependencies:
        if _switched_on(dependency, merged):
            yield _dependency(release, chart, dependency, merged, root)


def _own_chart(release: Release, root: Path) -> Chart | SourceError | None:
    """The chart as a folder or archive of the repository; None if it is elsewhere."""
    if not release.chart.known or release.repository.value != "":
        return None
    name = release.chart.printed
    if not name or "://" in name or name.startswith("/"):
        return None
    path = root / posixpath.normpath(name)
    if ".." in Path(posixpath.normpath(name)).parts or not path.resolve().is_relative_to(root.resolve()):
        return None
    if (path / "Chart.yaml").is_file():
        return charts.read_folder(path, root)
    if path.suffix in {".tgz", ".gz"} and path.is_file():
        return charts.read_archive(path, root)
    return None


def _without_defaults(release: Release, given: Node, errors: tuple[SourceError, ...]) -> ChartValues:
    return ChartValues(
        release.chart.printed.rpartition("/")[2],
        fact(release.version, release.place),
        Fact("", release.place),
        given,
        given,
        Node({}, release.place),
        "no defaults: the chart is not at hand",
        False,
        fact(release.name, release.place),
        fact(release.namespace, release.place),
        release.place,
        "",
        release.repository.printed,
        errors,
    )


def _remote(release: Release, given: Node) -> ChartValues:
    """A chart of a chart repository: the official one by bundled defaults, any other without."""
    name, repository = release.chart.printed, release.repository.printed
    looks_official = charts.is_official(name, repository) or (not name and _has_controller(given))
    if not looks_official:
        return _without_defaults(release, given, release.errors)
    version = fact(release.version, release.place)
    return _official(release, version, given, release.errors, repository)


def _has_controller(given: Node) -> bool:
    for key in ("controller", "master"):
        own = given.at(key)
        if own is not None and isinstance(own.value, Mapping):
            return True
    return False


def _official(
    release: Release, version: Fact[str], given: Node, errors: tuple[SourceError, ...], repository: str
) -> ChartValues:
    wanted = version.value if isinstance(version.value, str) else ""
    defaults = chart_defaults.of_version(wanted)
    values = _with_old_keys(given)
    reason = Undecided(
        f"the core of the chart jenkins {wanted or 'of no version'} is not known here", "controller.image.tag"
    )
    app: str | Undecided = defaults.app_version or reason
    return ChartValues(
        chart_defaults.OFFICIAL_NAME,
        version,
        Fact(app, version.place),
        merge.over_defaults(values, defaults.values),
        given,
        defaults.values,
        defaults.source,
        defaults.exact,
        fact(release.name, release.place),
        fact(release.namespace, release.place),
        release.place,
        "",
        repository,
        errors,
    )


def _with_old_keys(given: Node) -> Node:
    """`master:` of charts before 3 is read as `controller:`."""
    master = given.at("master")
    if master is None or given.at("controller") is not None or isinstance(master.value, Undecided):
        return given
    found = {("controller" if key == "master" else key): value for key, value in given.mapping.items()}
    keys = {("controller" if key == "master" else key): place for key, place in given.keys.items()}
    return Node(found, given.place, keys=keys, rest=given.rest)


def _switched_on(dependency: Dependency, merged: Node) -> bool:
    """The first of the condition's paths that is there decides; none of them means on."""
    for path in dependency.condition.split(","):
        own = merged.at(*path.strip().split(".")) if path.strip() else None
        if own is not None and isinstance(own.value, bool):
            return own.value
    return True


def _dependency(
    release: Release, chart: Chart, dependency: Dependency, merged: Node, root: Path
) -> ChartValues:
    given = merged.at(dependency.key) or Node({}, dependency.place)
    version = Fact(dependency.version, dependency.place)
    local = (
        charts.vendored(root / chart.path, dependency.name, root) if not chart.path.endswith(".tgz") else None
    )
    if local is None and dependency.repository.startswith("file://"):
        folder = root / posixpath.normpath(
            posixpath.join(chart.path, dependency.repository[len("file://") :])
        )
        if (folder / "Chart.yaml").is_file() and folder.resolve().is_relative_to(root.resolve()):
            found = charts.read_folder(folder, root)
            local = found if isinstance(found, Chart) else None
    if local is not None:
        return ChartValues(
            local.name,
            Fact(local.version, local.place),
            Fact(local.app_version, local.place),
            merge.over_defaults(_with_old_keys(given), local.defaults),
            given,
            local.defaults,
            f"values of the chart in {local.path}",
            True,
            fact(release.name, release.place),
            fact(release.namespace, release.place),
            release.place,
            local.path,
            dependency.repository,
            release.errors,
        )
    if charts.is_official(dependency.name, dependency.repository):
        return _official(release, version, given, release.errors, dependency.repository)
    return replace(
        _without_defaults(release, given, release.errors),
        chart=dependency.name,
        version=version,
        app_version=Fact("", dependency.place),
        repository=dependency.repository,
    )
