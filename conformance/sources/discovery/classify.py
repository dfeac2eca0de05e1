"""What each file of a repository is, by its name and by what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from conformance.sources import plugin_facts, texts
from conformance.sources.discovery.commands import HelmCommand, helm_commands
from conformance.sources.discovery.walk import MAX_LOOK, Files
from conformance.sources.facts import SourceError
from conformance.sources.helm.releases import TEMPLATE_SUFFIXES
from conformance.sources.terraform.files import open_template
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Document, Node, load_all

_YAML = frozenset((".yaml", ".yml"))
_SCRIPTS = frozenset((".sh", ".bash", ".mk", ""))
#: keys that identify values of the official chart
_CHART_KEYS = frozenset(("controller", "master", "agent", "additionalAgents", "persistence", "rbac"))
_CONTROLLER_KEYS = frozenset(
    (
        "JCasC",
        "installPlugins",
        "additionalPlugins",
        "numExecutors",
        "jenkinsUrl",
        "admin",
        "adminUser",
        "image",
        "tag",
    )
)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Paths from the root on, by what they are."""

    #: parsed YAML files that are no templates of a chart
    documents: Mapping[str, tuple[Document, ...]]
    values: tuple[str, ...]
    #: folders with a Chart.yaml
    charts: tuple[str, ...]
    #: folders with .tf files
    terraform: tuple[str, ...]
    plans: tuple[str, ...]
    jenkinsfiles: tuple[str, ...]
    groovy: tuple[str, ...]
    plugin_lists: tuple[str, ...]
    dockerfiles: tuple[str, ...]
    casc_files: tuple[str, ...]
    pod_files: tuple[str, ...]
    helmfiles: tuple[str, ...]
    helm_commands: tuple[HelmCommand, ...]
    errors: tuple[SourceError, ...]


@dataclass
class _Found:
    documents: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    commands: list[HelmCommand] = field(default_factory=list)
    errors: list[SourceError] = field(default_factory=list)

    def add(self, kind: str, path: str) -> None:
        self.lists.setdefault(kind, []).append(path)

    def all(self, kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.lists.get(kind, ())))


def classify(files: Files) -> Inventory:
    """What is what; a file that cannot be read is one error."""
    found = _Found(errors=list(files.errors))
    templates = {
        f"{PurePosixPath(path).parent}/templates/" for path in files.paths if path.endswith("/Chart.yaml")
    } | ({"templates/"} if "Chart.yaml" in files.paths else set())
    for path in files.paths:
        if not any(path.startswith(folder) for folder in templates):
            _file(path, files.root, found)
    return Inventory(
        documents=found.documents,
        values=found.all("values"),
        charts=found.all("chart"),
        terraform=found.all("terraform"),
        plans=found.all("plan"),
        jenkinsfiles=found.all("jenkinsfile"),
        groovy=found.all("groovy"),
        plugin_lists=found.all("plugins"),
        dockerfiles=found.all("dockerfile"),
        casc_files=found.all("casc"),
        pod_files=found.all("pod"),
        helmfiles=found.all("helmfile"),
        helm_commands=tuple(found.commands),
        errors=tuple(found.errors),
    )


def is_jenkinsfile(name: str) -> bool:
    """Is it one by its name: `Jenkinsfile`, `Jenkinsfile.release`, `release.Jenkinsfile`, `a.jenkinsfile`?"""
    lower = name.lower()
    if lower.endswith((".md", ".txt", ".yaml", ".yml", ".tmpl")):
        return False
    return (
        lower == "jenkinsfile"
        or lower.startswith(("jenkinsfile.", "jenkinsfile-", "jenkinsfile_"))
        or (lower.endswith((".jenkinsfile", "-jenkinsfile", "_jenkinsfile")))
    )


def _file(path: str, root: Path, found: _Found) -> None:
    pure = PurePosixPath(path)
    name, suffix = pure.name, pure.suffix.lower()
    parent = str(pure.parent)
    if name == "Chart.yaml":
        found.add("chart", parent)
    if suffix == ".tf" or name.endswith(".tf.json"):
        found.add("terraform", parent)
    elif is_jenkinsfile(name):
        found.add("jenkinsfile", path)
    elif suffix == ".groovy":
        found.add("groovy", path)
    elif name.lower().startswith(("dockerfile", "containerfile")) or suffix == ".dockerfile":
        found.add("dockerfile", path)
    elif name.lower() in {"plugins.txt", "plugins.yaml", "plugins.yml"}:
        found.add("plugins", path)
    elif suffix in _YAML:
        _yaml(path, root, found)
    elif suffix in TEMPLATE_SUFFIXES and ("values" in name or PurePosixPath(pure.stem).suffix in _YAML):
        _template(path, root, found)
    elif suffix in _SCRIPTS or name == "Makefile":
        _script(path, root, found)


def _script(path: str, root: Path, found: _Found) -> None:
    full = root / path
    if full.stat().st_size > 200_000:
        return
    text = texts.read(full, root)
    if isinstance(text, Text) and "helm" in text.value:
        found.commands += helm_commands(text)


def _template(path: str, root: Path, found: _Found) -> None:
    """A template that may hold values; its open names are no errors."""
    full = root / path
    if full.stat().st_size > MAX_LOOK:
        return
    text = texts.read(full, root)
    rendered = text if isinstance(text, SourceError) else open_template(text)
    documents = rendered if isinstance(rendered, SourceError) else load_all(rendered)
    if not isinstance(documents, SourceError) and any(
        kind_of(document.root, PurePosixPath(path).name) == "values" for document in documents
    ):
        found.add("values", path)
        found.documents[path] = documents


def _yaml(path: str, root: Path, found: _Found) -> None:
    full = root / path
    size = full.stat().st_size
    if size > MAX_LOOK:
        place = texts.read(full, root)
        message = f"the file has {size} bytes; at most {MAX_LOOK} are read"
        where = place.place if isinstance(place, SourceError) else place.origin.place(1)
        found.errors.append(SourceError(where, message))
        return
    text = texts.read(full, root)
    documents = text if isinstance(text, SourceError) else load_all(text)
    if isinstance(documents, SourceError):
        marks = ("{{", "<%", "%{")
        templated = isinstance(text, Text) and any(mark in text.value for mark in marks)
        if not templated:
            found.errors.append(documents)
        return
    found.documents[path] = documents
    for document in documents:
        kind = kind_of(document.root, PurePosixPath(path).name)
        if kind:
            found.add(kind, path)


def kind_of(root: Node, name: str) -> str:
    """What a YAML document is: values, casc, pod, helmfile. Empty: something else, also other objects."""
    lower = name.lower()
    if not isinstance(root.value, Mapping) or lower == "chart.yaml":
        found = ""
    elif root.text("kind") and root.text("apiVersion"):
        found = "pod" if root.text("kind") == "Pod" else ""
    elif lower.startswith("helmfile") and root.at("releases") is not None:
        found = "helmfile"
    elif _is_values(root) or any(_is_values(inner) for inner in root.mapping.values()):
        found = "values"
    elif _is_casc(root):
        found = "casc"
    elif root.at("spec", "containers") is not None:
        found = "pod"
    else:
        found = (
            "values" if lower.startswith("values") or lower.endswith(("values.yaml", "values.yml")) else ""
        )
    return found


def _is_values(root: Node) -> bool:
    for key in ("controller", "master"):
        own = root.at(key)
        if (
            own is not None
            and set(own.mapping) & _CONTROLLER_KEYS
            and (
                set(own.mapping)
                & {"JCasC", "installPlugins", "additionalPlugins", "numExecutors", "jenkinsUrl"}
                or set(root.mapping) & (_CHART_KEYS - {"controller", "master"})
            )
        ):
            return True
    return False


def _is_casc(root: Node) -> bool:
    keys = set(root.mapping)
    known = {name for name in keys if isinstance(plugin_facts.plugin_of("root", name), str)}
    return (
        bool(keys & {"jenkins", "unclassified", "credentials", "jobs"})
        and len(known) == len(keys)
        and _deep(root)
    )


def _deep(root: Node) -> bool:
    """Do its roots hold what such a file holds, not the words of another tool?"""
    jenkins, jobs = root.at("jenkins"), root.at("jobs")
    credentials = root.at("credentials")
    if jobs is not None and not any(
        item.at("script") or item.at("file") or item.at("url") for item in jobs.items
    ):
        return False
    if credentials is not None and credentials.at("system") is None:
        return False
    if jenkins is None:
        return True
    attributes = {f"jenkins.{name}" for name in jenkins.mapping}
    return any(isinstance(plugin_facts.plugin_of("attribute", name), str) for name in attributes)
