"""The controller's configuration as code: all sources together, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.sources import plugin_facts
from conformance.sources.facts import Place, SourceError
from conformance.sources.jcasc import declared, references
from conformance.sources.jcasc.declared import Agent, Credential, Grant, Library, SeedScript
from conformance.sources.jcasc.merge import Conflict, merge
from conformance.sources.jcasc.source import CascSource, OpenSource
from conformance.sources.pods.templates import PodTemplate
from conformance.sources.yaml_positions import Node

#: lists whose elements are one description each: an object with a single key
_DESCRIPTIONS = (
    ("jenkins", "clouds"),
    ("jenkins", "nodes"),
    ("jenkins", "views"),
    ("jenkins", "globalNodeProperties"),
)


@dataclass(frozen=True, slots=True)
class Use:
    """A name that the configuration uses and that a plugin brings."""

    #: "root", "attribute" (`unclassified.slackNotifier`), "symbol" (`clouds.kubernetes`)
    kind: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class JcascConfiguration:
    sources: tuple[CascSource, ...]
    #: all sources merged
    root: Node
    conflicts: tuple[Conflict, ...]
    credentials: tuple[Credential, ...]
    seeds: tuple[SeedScript, ...]
    pod_templates: tuple[PodTemplate, ...]
    agents: tuple[Agent, ...]
    libraries: tuple[Library, ...]
    grants: tuple[Grant, ...]
    uses: tuple[Use, ...]
    references: tuple[references.Reference, ...]
    #: sources that the repository does not determine
    open_sources: tuple[OpenSource, ...]
    errors: tuple[SourceError, ...]


def configuration(
    sources: Sequence[CascSource],
    variables: Mapping[str, str],
    errors: Sequence[SourceError] = (),
    overrides: bool = False,
    open_sources: Sequence[OpenSource] = (),
) -> JcascConfiguration:
    """The facts of all sources; `variables` are those of the controller's environment that are known."""
    merged = merge(sources, overrides)
    found = list(errors)
    for source in sources:
        found += source.duplicates
        found += [
            SourceError(source.root.key_place(name), why)
            for name in source.root.mapping
            if (why := plugin_facts.no_root(name))
        ]
    found += _several_entries(merged.root)
    return JcascConfiguration(
        sources=tuple(sources),
        root=merged.root,
        conflicts=merged.conflicts,
        credentials=tuple(declared.credentials(merged.root)),
        seeds=tuple(declared.seeds(merged.root, variables)),
        pod_templates=tuple(declared.pod_templates(merged.root)),
        agents=tuple(declared.agents(merged.root)),
        libraries=tuple(declared.libraries(merged.root)),
        grants=tuple(declared.grants(merged.root)),
        uses=tuple(_uses(sources)),
        references=tuple(_references(sources)),
        open_sources=tuple(open_sources),
        errors=tuple(dict.fromkeys(found)),
    )


def _several_entries(root: Node) -> Iterator[SourceError]:
    """Descriptions with more than one key: the plugin takes an object with exactly one."""
    jenkins = root.at("jenkins")
    for key, node in (jenkins.mapping if jenkins is not None else {}).items():
        if key in plugin_facts.alternatives() and len(node.mapping) > 1:
            last = max(node.mapping, key=node.key_place)
            names = ", ".join(node.mapping)
            yield SourceError(
                node.key_place(last), f"single entry map expected for jenkins.{key}, found {names}"
            )
    entries = [(f"{'.'.join(path)}", root.at(*path)) for path in _DESCRIPTIONS]
    domains = root.at("credentials", "system", "domainCredentials")
    entries += [("credentials", domain.at("credentials")) for domain in (domains.items if domains else ())]
    for name, several in entries:
        for item in several.items if several is not None else ():
            if len(item.mapping) > 1:
                yield SourceError(
                    item.place, f"single entry map expected in {name}, found {', '.join(item.mapping)}"
                )


def _uses(sources: Sequence[CascSource]) -> Iterator[Use]:
    for source in sources:
        for root, node in source.root.mapping.items():
            yield Use("root", root, source.root.key_place(root))
            for attribute, value in node.mapping.items():
                yield Use("attribute", f"{root}.{attribute}", node.key_place(attribute))
                yield from _symbols(attribute, value)


def _symbols(attribute: str, node: Node) -> Iterator[Use]:
    """Symbols of descriptions, at any depth, by the attribute that takes them."""
    single = attribute.removesuffix("s") if attribute.endswith("s") else attribute
    takes = bool({attribute, single} & plugin_facts.alternatives())
    for item in (node, *node.items):
        for key, value in item.mapping.items():
            if takes:
                yield Use("symbol", f"{attribute}.{key}", item.key_place(key))
            yield from _symbols(key, value)


def _references(sources: Sequence[CascSource]) -> Iterator[references.Reference]:
    for source in sources:
        for _, node in source.root.walk():
            if isinstance(node.value, str) and "${" in node.value:
                yield from references.of_text(node.as_text())
