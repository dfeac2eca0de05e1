"""Configuration as code that the official chart makes: its scripts, and its own default configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.sources.facts import SourceError, Undecided
from conformance.sources.helm import go_template
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node, load

#: name of the default configuration among the scripts
DEFAULT = "jcasc-default-config"


@dataclass(frozen=True, slots=True)
class CascScript:
    """One file of configuration as code, as the chart puts it into a ConfigMap."""

    name: str
    text: Text


def scripts(values: Node, release: str, namespace: str) -> Iterator[CascScript]:
    """`controller.JCasC.configScripts`, rendered."""
    found = values.at("controller", "JCasC", "configScripts")
    for name, node in (found.mapping if found is not None else {}).items():
        if isinstance(node.value, Undecided):
            continue
        yield CascScript(name, go_template.render(node.as_text(), values, release, namespace))


def open_scripts(values: Node) -> dict[str, Node]:
    """Scripts that the repository does not determine, by their names; all of them under an empty name."""
    found = values.at("controller", "JCasC", "configScripts")
    if found is None:
        return {}
    unknown = {name: node for name, node in found.mapping.items() if isinstance(node.value, Undecided)}
    why = found.value if isinstance(found.value, Undecided) else found.rest
    return unknown if why is None else {**unknown, "": Node(why, found.place)}


def default_config(values: Node, errors: list[SourceError]) -> Node | None:
    """The chart's own file; None when it is switched off. Clouds are in the pod templates' facts."""
    casc = values.at("controller", "JCasC")
    controller = values.at("controller")
    if casc is None or controller is None or casc.text("defaultConfig") == "false":
        return None
    configured = casc.at("configScripts")
    written = "\n".join(
        node.printed for node in (configured.mapping.values() if configured is not None else ())
    )
    jenkins: dict[str, Node] = {}
    for key in ("authorizationStrategy", "securityRealm"):
        own = casc.at(key)
        # the chart leaves its own out when any script has the word
        if own is not None and own.value and f"{key}:" not in written:
            parsed = _parsed(own, errors)
            if parsed is not None:
                jenkins[key] = parsed
    names = {"disableRememberMe": "disableRememberMe", "executorMode": "mode", "numExecutors": "numExecutors"}
    jenkins |= {new: own for old, new in names.items() if (own := controller.at(old)) is not None}
    labels = controller.at("customJenkinsLabels")
    if labels is not None and labels.items:
        jenkins["labelString"] = Node(" ".join(item.printed for item in labels.items), labels.place)
    jenkins |= _describables(controller)
    found: dict[str, Node] = {"jenkins": Node(jenkins, controller.place, keys=controller.keys)}
    security = casc.at("security")
    if security is not None and security.mapping:
        found["security"] = _security(security, controller)
    found["unclassified"] = _location(controller)
    return Node(found, casc.place)


def _parsed(node: Node, errors: list[SourceError]) -> Node | None:
    if isinstance(node.value, Mapping):
        return node
    document = load(node.as_text())
    if isinstance(document, SourceError):
        errors.append(document)
        return None
    return document.root


def _describables(controller: Node) -> dict[str, Node]:
    found: dict[str, Node] = {}
    naming = controller.at("projectNamingStrategy")
    if naming is not None and naming.value:
        found["projectNamingStrategy"] = naming
    raw = controller.at("enableRawHtmlMarkupFormatter")
    formatter = controller.at("markupFormatter")
    if raw is not None and raw.value is True:
        inner = Node({"disableSyntaxHighlighting": Node(True, raw.place)}, raw.place)
        found["markupFormatter"] = Node({"rawHtml": inner}, raw.place)
    elif formatter is not None and formatter.value:
        found["markupFormatter"] = formatter
    crumbs = controller.at("csrf", "defaultCrumbIssuer")
    if crumbs is not None and crumbs.text("enabled") == "true":
        proxy = crumbs.at("proxyCompatability")
        inner = Node({"excludeClientIPFromCrumb": proxy} if proxy is not None else {}, crumbs.place)
        found["crumbIssuer"] = Node({"standard": inner}, crumbs.place)
    return found


def _security(security: Node, controller: Node) -> Node:
    approval = controller.at("scriptApproval")
    if approval is None or not approval.items:
        return security
    inner = Node({"approvedSignatures": approval}, approval.place)
    return Node({**security.mapping, "scriptApproval": inner}, security.place, keys=security.keys)


def _location(controller: Node) -> Node:
    found: dict[str, Node] = {}
    names = {"jenkinsUrl": "url", "jenkinsAdminEmail": "adminAddress"}
    for old, new in names.items():
        own = controller.at(old)
        if own is not None and own.value:
            found[new] = own
    return Node({"location": Node(found, controller.place)}, controller.place)
