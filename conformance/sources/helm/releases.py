"""Helm releases of a repository: of Terraform, Argo CD, Flux, kustomize, helmfile, or values files alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import MissingFile, Place, SourceError, Undecided
from conformance.sources.helm import settings
from conformance.sources.terraform.configuration import Resource, blocks
from conformance.sources.terraform.files import open_template
from conformance.sources.yaml_positions import Document, Node, load, undecided

#: names of files that Terraform's `templatefile` fills in
TEMPLATE_SUFFIXES = frozenset((".tmpl", ".tpl", ".tftpl"))


@dataclass(frozen=True, slots=True)
class Setting:
    """One value by its path, over all files."""

    path: tuple[str | int, ...]
    value: Node


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a chart. Names that the sources do not determine are nodes with the reason."""

    name: Node
    namespace: Node
    chart: Node
    repository: Node
    version: Node
    #: values in their order, later ones win; one that cannot be read is undecided
    layers: tuple[Node, ...]
    settings: tuple[Setting, ...]
    #: where the release is declared: "terraform", "argocd", "flux", "kustomize", "helmfile", "values"
    kind: str
    place: Place
    #: values that are no YAML
    errors: tuple[SourceError, ...] = ()


def _blank(place: Place) -> Node:
    return Node("", place)


def _layer(node: Node, errors: list[SourceError]) -> Node:
    """Values as a YAML text or as an object."""
    if isinstance(node.value, Undecided | Mapping):
        return node
    if node.value is None:
        return Node({}, node.place)
    document = load(node.as_text())
    if isinstance(document, SourceError) and not node.known:
        # what is not known may be a part of the structure
        return Node(undecided(node.printed), node.place)
    if isinstance(document, SourceError):
        errors.append(document)
        return Node(Undecided(f"the values at {document.place} are not YAML"), node.place)
    errors += _duplicates(document)
    if document.root.value is None:
        return Node({}, node.place)
    return document.root


def _duplicates(document: Document) -> Iterator[SourceError]:
    """Helm takes the last one of two equal keys and says nothing."""
    for place, key in document.duplicates:
        yield SourceError(
            place, f"the key {key!r} is given twice in one object; Helm takes this one silently"
        )


def values_file(path: Path, root: Path, errors: list[SourceError]) -> Node:
    """A values file; one that is not there is undecided."""
    file = texts.relative(path, root)
    if not path.is_file():
        return Node(MissingFile(f"the values file {file} is not in the repository", file), Place(file))
    text = texts.read(path, root)
    if not isinstance(text, SourceError) and path.suffix in TEMPLATE_SUFFIXES:
        text = open_template(text)
    document = text if isinstance(text, SourceError) else load(text)
    if isinstance(document, SourceError):
        errors.append(document)
        return Node(Undecided(f"the values file {file} cannot be read", file), Place(file))
    errors += _duplicates(document)
    if document.root.value is None:
        return Node({}, Place(file))
    if not isinstance(document.root.value, Mapping):
        errors.append(SourceError(document.root.place, "a values file holds an object"))
        return Node(Undecided(f"the values file {file} holds no object", file), Place(file))
    return document.root


# -- Terraform --------------------------------------------------------------------------------


def of_terraform(resource: Resource) -> Release:
    """`helm_release`: values in their order, then the blocks `set`, `set_list` and `set_sensitive`."""
    body = resource.body
    errors: list[SourceError] = []
    layers: list[Node] = []
    values = body.at("values")
    if values is not None:
        if isinstance(values.value, Undecided):
            layers.append(values)
        layers += [_layer(item, errors) for item in values.items]
        if values.rest is not None:
            layers.append(Node(values.rest, values.place))
    found: list[Setting] = []
    for kind in ("set", "set_list", "set_sensitive", "set_wo"):
        for block in blocks(body, kind):
            found += _terraform_setting(kind, block)

    def field(name: str) -> Node:
        own = body.at(name)
        return _blank(resource.place) if own is None or own.value is None else own

    namespace = field("namespace")
    return Release(
        field("name"),
        namespace if namespace.value != "" else Node("default", resource.place),
        field("chart"),
        field("repository"),
        field("version"),
        tuple(layers),
        tuple(found),
        "terraform",
        resource.place,
        tuple(errors),
    )


def _terraform_setting(kind: str, block: Node) -> Iterator[Setting]:
    name, value = block.at("name"), block.at("value")
    if name is None or not name.known:
        return
    path = settings.path_of(name.printed)
    if value is None:
        why = Undecided(f"the value of {name.printed} is not in the repository", name.printed)
        yield Setting(path, Node(why, block.place))
    elif isinstance(value.value, tuple) or not value.known:
        yield Setting(path, value)
    else:
        as_text = block.text("type") == "string"
        made = settings.typed(value.printed, value.place, as_text) if kind != "set_list" else value
        # a text keeps the places of its lines
        yield Setting(path, value if made.value == value.value else made)


# -- manifests --------------------------------------------------------------------------------


def of_manifest(document: Node, folder: Path, root: Path) -> Iterator[Release]:
    """Releases that a YAML document declares, by its kind."""
    kind, version = document.text("kind"), document.text("apiVersion")
    if kind == "Application" and version.startswith("argoproj.io/"):
        yield from _argo(document, root)
    elif kind == "ApplicationSet" and version.startswith("argoproj.io/"):
        template = document.at("spec", "template")
        if template is not None:
            yield from _argo(template, root)
    elif kind == "HelmRelease" and version.startswith("helm.toolkit.fluxcd.io/"):
        yield _flux(document)
    elif kind == "Kustomization" or document.at("helmCharts") is not None:
        yield from _kustomize(document, folder, root)


def _argo(document: Node, root: Path) -> Iterator[Release]:
    spec = document.at("spec")
    if spec is None:
        return
    single, several = spec.at("source"), spec.at("sources")
    sources = ((single,) if single is not None else ()) + (several.items if several is not None else ())
    for source in sources:
        helm = source.at("helm")
        if source.at("chart") is None and (helm is None or source.at("path") is None):
            continue
        chart = source.at("chart") or source.at("path") or _blank(source.place)
        errors: list[SourceError] = []
        yield Release(
            (helm.at("releaseName") if helm is not None else None) or _name(document),
            spec.at("destination", "namespace") or Node("default", document.place),
            chart,
            (source.at("repoURL") if source.at("chart") is not None else None) or _blank(source.place),
            (source.at("targetRevision") if source.at("chart") is not None else None) or _blank(source.place),
            tuple(_argo_layers(source, helm, root, errors)),
            tuple(_argo_parameters(helm)),
            "argocd",
            document.place,
            tuple(errors),
        )


def _argo_layers(source: Node, helm: Node | None, root: Path, errors: list[SourceError]) -> Iterator[Node]:
    """Files, then `values` or `valuesObject`, as Argo CD layers them."""
    if helm is None:
        return
    files = helm.at("valueFiles")
    for file in files.items if files is not None else ():
        name = file.printed
        if name.startswith("$"):
            # a file of another source of the Application, mostly this repository itself
            name = name.partition("/")[2]
            folder = root
        else:
            folder = root / source.text("path") if source.at("chart") is None else root
        path = (folder / name.lstrip("/")) if not name.startswith("/") else root / name.lstrip("/")
        if ".." in Path(name).parts:
            path = path.resolve()
        if not path.is_file() and helm.text("ignoreMissingValueFiles") == "true":
            continue
        yield values_file(path, root, errors)
    inline = helm.at("valuesObject") or helm.at("values")
    if inline is not None:
        yield _layer(inline, errors)


def _argo_parameters(helm: Node | None) -> Iterator[Setting]:
    parameters = helm.at("parameters") if helm is not None else None
    for parameter in parameters.items if parameters is not None else ():
        value = parameter.at("value") or _blank(parameter.place)
        as_text = parameter.at("forceString") is not None and parameter.text("forceString") == "true"
        made = settings.typed(value.printed, value.place, as_text) if value.known else value
        yield Setting(settings.path_of(parameter.text("name")), made)


def _name(document: Node) -> Node:
    return document.at("metadata", "name") or _blank(document.place)


def _flux(document: Node) -> Release:
    errors: list[SourceError] = []
    layers: list[Node] = []
    from_objects = document.at("spec", "valuesFrom")
    for item in from_objects.items if from_objects is not None else ():
        what = f"{item.text('kind')} {item.text('name')}"
        layers.append(
            Node(Undecided(f"values of the {what} are known in the cluster alone", what), item.place)
        )
    values = document.at("spec", "values")
    if values is not None:
        layers.append(_layer(values, errors))
    chart = document.at("spec", "chart", "spec", "chart")
    return Release(
        document.at("spec", "releaseName") or _name(document),
        document.at("spec", "targetNamespace")
        or document.at("metadata", "namespace")
        or _blank(document.place),
        chart or _blank(document.place),
        document.at("spec", "chart", "spec", "sourceRef", "name") or _blank(document.place),
        document.at("spec", "chart", "spec", "version") or _blank(document.place),
        tuple(layers),
        (),
        "flux",
        document.place,
        tuple(errors),
    )


def _kustomize(document: Node, folder: Path, root: Path) -> Iterator[Release]:
    charts = document.at("helmCharts")
    for item in charts.items if charts is not None else ():
        errors: list[SourceError] = []
        first, more = item.at("valuesFile"), item.at("additionalValuesFiles")
        names = ((first,) if first is not None else ()) + (more.items if more is not None else ())
        layers = [values_file(folder / name.printed, root, errors) for name in names]
        inline = item.at("valuesInline")
        if inline is not None:
            layers.append(_layer(inline, errors))
        yield Release(
            item.at("releaseName") or item.at("name") or _blank(item.place),
            item.at("namespace") or document.at("namespace") or _blank(item.place),
            item.at("name") or _blank(item.place),
            item.at("repo") or _blank(item.place),
            item.at("version") or _blank(item.place),
            tuple(layers),
            (),
            "kustomize",
            item.place,
            tuple(errors),
        )


def of_helmfile(document: Node, folder: Path, root: Path) -> Iterator[Release]:
    """The releases of a helmfile that is plain YAML."""
    releases = document.at("releases")
    for item in releases.items if releases is not None else ():
        errors: list[SourceError] = []
        layers: list[Node] = []
        values = item.at("values")
        for entry in values.items if values is not None else ():
            if isinstance(entry.value, str):
                layers.append(values_file(folder / entry.value, root, errors))
            else:
                layers.append(_layer(entry, errors))
        sets = item.at("set")
        found = tuple(
            Setting(settings.path_of(one.text("name")), settings.typed(one.text("value"), one.place))
            for one in (sets.items if sets is not None else ())
        )
        yield Release(
            item.at("name") or _blank(item.place),
            item.at("namespace") or _blank(item.place),
            item.at("chart") or _blank(item.place),
            _blank(item.place),
            item.at("version") or _blank(item.place),
            tuple(layers),
            found,
            "helmfile",
            item.place,
            tuple(errors),
        )


def of_values(
    files: tuple[Path, ...], chart: str, root: Path, name: str = "", namespace: str = ""
) -> Release:
    """Values files in their order, for a chart's folder or the official chart."""
    errors: list[SourceError] = []
    layers = tuple(values_file(path, root, errors) for path in files)
    place = Place(texts.relative(files[0], root)) if files else Place(chart)
    return Release(
        Node(name, place),
        Node(namespace, place),
        Node(chart, place),
        _blank(place),
        _blank(place),
        layers,
        (),
        "values",
        place,
        tuple(errors),
    )
