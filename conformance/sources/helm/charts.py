"""The chart of a release: a folder or archive of the repository, or the bundled facts of the official one."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.sources import chart_defaults, texts
from conformance.sources.facts import Place, SourceError
from conformance.sources.yaml_positions import Document, Node, load

#: bytes of one file of an archive, members that are looked at, and bytes of all of them
MAX_MEMBER, MAX_MEMBERS, MAX_UNPACKED = 2_000_000, 5_000, 100_000_000


@dataclass(frozen=True, slots=True)
class Dependency:
    """A chart that an umbrella chart brings; its values lie below `key`."""

    name: str
    key: str
    version: str
    repository: str
    #: path of a value that switches the chart on, empty if it is always on
    condition: str
    place: Place


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that is at hand."""

    name: str
    version: str
    app_version: str
    defaults: Node
    dependencies: tuple[Dependency, ...]
    #: its folder or archive, from the repository's root on
    path: str
    place: Place


def read_folder(folder: Path, root: Path) -> Chart | SourceError:
    """A chart's folder: `Chart.yaml`, `values.yaml`, `Chart.lock`."""
    manifest = _yaml(folder / "Chart.yaml", root)
    if isinstance(manifest, SourceError):
        return manifest
    values = Node({}, Place(texts.relative(folder / "values.yaml", root)))
    if (folder / "values.yaml").is_file():
        read = _yaml(folder / "values.yaml", root)
        if isinstance(read, SourceError):
            return read
        values = read if read.value is not None else values
    locked: dict[str, str] = {}
    for name in ("Chart.lock", "requirements.lock"):
        if (folder / name).is_file():
            lock = _yaml(folder / name, root)
            if isinstance(lock, Node):
                entries = lock.at("dependencies")
                locked = (
                    {item.text("name"): item.text("version") for item in entries.items} if entries else {}
                )
    declared = manifest.at("dependencies")
    if declared is None and (folder / "requirements.yaml").is_file():
        old = _yaml(folder / "requirements.yaml", root)
        declared = old.at("dependencies") if isinstance(old, Node) else None
    path = texts.relative(folder, root)
    return _chart(manifest, values, tuple(_dependencies(declared, locked)), path)


def _chart(manifest: Node, values: Node, dependencies: tuple[Dependency, ...], path: str) -> Chart:
    return Chart(
        manifest.text("name"),
        manifest.text("version"),
        manifest.text("appVersion"),
        values,
        dependencies,
        path,
        manifest.place,
    )


def _dependencies(declared: Node | None, locked: dict[str, str]) -> Iterator[Dependency]:
    for item in declared.items if declared is not None else ():
        name = item.text("name")
        yield Dependency(
            name,
            item.text("alias") or name,
            locked.get(name) or item.text("version"),
            item.text("repository"),
            item.text("condition"),
            item.place,
        )


def _yaml(path: Path, root: Path) -> Node | SourceError:
    text = texts.read(path, root)
    if isinstance(text, SourceError):
        return text
    document = load(text)
    return document.root if isinstance(document, Document) else document


def read_archive(path: Path, root: Path) -> Chart | SourceError:
    """A chart's `.tgz`; nothing is unpacked."""
    file = texts.relative(path, root)
    found: dict[str, texts.Text] = {}
    try:
        if path.stat().st_size > texts.MAX_BYTES:
            return SourceError(Place(file), "the archive is too large to be read")
        with tarfile.open(path, "r:gz") as archive:
            for number, member in enumerate(archive):
                if number > MAX_MEMBERS or member.offset_data + member.size > MAX_UNPACKED:
                    break
                parts = member.name.split("/")
                if (
                    len(parts) == 2
                    and parts[1] in {"Chart.yaml", "values.yaml"}
                    and member.size <= MAX_MEMBER
                ):
                    stream = archive.extractfile(member)
                    text = texts.decode(stream.read(), f"{file}!/{member.name}") if stream else None
                    if isinstance(text, texts.Text):
                        found[parts[1]] = text
    except (OSError, tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        return SourceError(Place(file), f"not an archive of a chart: {error}")
    if "Chart.yaml" not in found:
        return SourceError(Place(file), "the archive holds no Chart.yaml")
    manifest = load(found["Chart.yaml"])
    values = load(found["values.yaml"]) if "values.yaml" in found else Document(Node({}, Place(file)))
    if isinstance(manifest, SourceError):
        return manifest
    if isinstance(values, SourceError):
        return values
    return _chart(
        manifest.root, values.root, tuple(_dependencies(manifest.root.at("dependencies"), {})), file
    )


def vendored(folder: Path, name: str, root: Path) -> Chart | None:
    """A dependency that lies in the chart's own `charts/`."""
    inner = folder / "charts" / name
    if (inner / "Chart.yaml").is_file():
        found = read_folder(inner, root)
        return found if isinstance(found, Chart) else None
    for path in sorted((folder / "charts").glob(f"{name}-*.tgz")):
        found = read_archive(path, root)
        if isinstance(found, Chart) and found.name == name:
            return found
    return None


def is_official(name: str, repository: str) -> bool:
    """Is it the chart whose defaults are bundled? An alias or a mirror counts by the chart's name."""
    short = name.rstrip("/").rpartition("/")[2]
    return short == chart_defaults.OFFICIAL_NAME and "bitnami" not in f"{name} {repository}"
