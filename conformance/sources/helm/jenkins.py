"""What the Jenkins chart makes of its values: image, plugins, configuration, pods, rights, storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.sources import chart_defaults
from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.helm import casc
from conformance.sources.helm.agents import AgentTemplates, image_place, image_text
from conformance.sources.helm.casc import CascScript
from conformance.sources.helm.values import ChartValues
from conformance.sources.pods import read
from conformance.sources.pods.model import Security
from conformance.sources.pods.templates import PodTemplate
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import Node


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """How plugins reach the controller."""

    #: entries of `installPlugins` and `additionalPlugins` as written; None: `false`, they are in the image
    entries: tuple[Fact[str], ...] | None
    install_latest: Fact[bool] | None
    install_latest_specified: Fact[bool] | None
    initialize_once: Fact[bool] | None
    overwrite: Fact[bool] | None
    overwrite_from_image: Fact[bool] | None
    place: Place


@dataclass(frozen=True, slots=True)
class AdminSecret:
    """Where the administrator's login comes from."""

    create: Fact[bool] | None
    existing: Fact[str] | None
    user_key: Fact[str] | None
    password_key: Fact[str] | None
    #: a password that the values write out
    password: Fact[str] | None
    user: Fact[str] | None


@dataclass(frozen=True, slots=True)
class Persistence:
    enabled: Fact[bool] | None
    size: Fact[str] | None
    storage_class: Fact[str] | None
    existing_claim: Fact[str] | None
    #: volumes and mounts as the values have them: where ConfigMaps and Secrets lie in the controller
    volumes: Node | None
    mounts: Node | None


@dataclass(frozen=True, slots=True)
class JenkinsRelease:
    """A release of the Jenkins chart."""

    values: ChartValues
    #: `jenkins` of the chart's templates: prefix of everything that it makes
    full_name: str
    image: Fact[str]
    executors: Fact[int] | None
    executor_mode: Fact[str] | None
    url: Fact[str] | None
    plugins: PluginSettings
    scripts: tuple[CascScript, ...]
    #: scripts that the repository does not determine
    open_scripts: Mapping[str, Node]
    #: the chart's own configuration as code; None: switched off
    default_config: Node | None
    #: label of ConfigMaps that the side-car reads; empty if it is switched off
    config_label: str
    pod_templates: tuple[PodTemplate, ...]
    init_scripts: Mapping[str, Text]
    admin: AdminSecret
    persistence: Persistence
    security: Security
    pod_security: Security
    resources: Mapping[str, Fact[str]]
    environment: Mapping[str, Node]
    #: variables of configuration as code that secrets make: `NAME-KEY`
    secret_variables: tuple[Fact[str], ...]
    service_account: Fact[str]
    agent_service_account: Fact[str]
    rbac: Node | None
    ingress: Node | None
    side_cars: Node | None
    #: what `helm template` would refuse, and texts that are no YAML
    errors: tuple[SourceError, ...]


def is_jenkins(values: ChartValues) -> bool:
    """Is it a release of the Jenkins chart, or of one with its keys?"""
    if values.chart == chart_defaults.OFFICIAL_NAME:
        return values.values.at("controller") is not None
    return values.values.at("controller", "JCasC") is not None


def full_name(values: Node, release: str) -> str:
    """The chart's `jenkins.fullname`."""
    override = values.text("fullnameOverride")
    if override:
        return override[:63].rstrip("-")
    name = values.text("nameOverride") or chart_defaults.OFFICIAL_NAME
    return (release if name in release else f"{release}-{name}")[:63].rstrip("-")


def read_release(chart: ChartValues) -> JenkinsRelease:
    """The facts of a release."""
    values = chart.values
    controller = values.at("controller") or Node({}, chart.place)
    errors = list(chart.errors)
    release = (
        chart.release.value if isinstance(chart.release.value, str) and chart.release.value else "jenkins"
    )
    namespace = chart.namespace.value if isinstance(chart.namespace.value, str) else ""
    name = full_name(values, release)
    accounts = _accounts(values, name)
    agents = AgentTemplates(values, release, namespace, Node(accounts[1].value, accounts[1].place))
    templates = agents.all()
    scripts = tuple(casc.scripts(values, release, namespace))
    default = casc.default_config(values, errors)
    reload = values.text("controller", "sidecars", "configAutoReload", "enabled")
    init = controller.at("initScripts")
    errors += [*agents.errors, *_image_errors(chart, controller)]
    return JenkinsRelease(
        values=chart,
        full_name=name,
        image=_image(chart, controller),
        executors=read.number(controller.at("numExecutors")),
        executor_mode=read.word(controller.at("executorMode")),
        url=read.word(controller.at("jenkinsUrl")),
        plugins=_plugins(controller),
        scripts=scripts,
        open_scripts=casc.open_scripts(values),
        default_config=default,
        config_label=f"{name}-jenkins-config" if reload == "true" else "",
        pod_templates=templates,
        init_scripts=_texts(init),
        admin=_admin(controller),
        persistence=_persistence(values),
        security=read.security(controller.at("containerSecurityContext")),
        pod_security=_pod_security(controller),
        resources=read.resources(controller.at("resources")),
        environment=_environment(controller),
        secret_variables=_secret_variables(controller),
        service_account=accounts[0],
        agent_service_account=accounts[1],
        rbac=values.at("rbac"),
        ingress=controller.at("ingress"),
        side_cars=controller.at("sidecars"),
        errors=tuple(errors),
    )


def _texts(node: Node | None) -> dict[str, Text]:
    """Scripts by their names; charts before 4 have a list."""
    if node is None:
        return {}
    found = {name: own.as_text() for name, own in node.mapping.items()}
    return found | {f"init{number}": own.as_text() for number, own in enumerate(node.items)}


def _wants_object(chart: ChartValues) -> bool | None:
    """Does this chart take the image as an object? None: its defaults are not known."""
    default = chart.default_values.at("controller", "image")
    if default is None or isinstance(default.value, Undecided):
        return None
    return isinstance(default.value, Mapping)


def _image_errors(chart: ChartValues, controller: Node) -> list[SourceError]:
    wants = _wants_object(chart)
    found: list[SourceError] = []
    agent = chart.values.at("agent")
    pairs = (
        ("controller.image", controller.at("image")),
        ("agent.image", agent.at("image") if agent else None),
    )
    for name, image in pairs:
        if image is None or wants is None or image.value is None or isinstance(image.value, Undecided):
            continue
        if wants and not isinstance(image.value, Mapping):
            message = f"{name} is a word; this chart takes an object with registry, repository and tag"
            found.append(SourceError(image.place, message))
        elif not wants and isinstance(image.value, Mapping):
            found.append(
                SourceError(image.place, f"{name} is an object; this chart takes a word and {name[:-5]}tag")
            )
    return found


def _image(chart: ChartValues, controller: Node) -> Fact[str]:
    """The controller's image as its pod names it."""
    image, beside = controller.at("image"), controller.at("tag")
    if image is None:
        return Fact(Undecided("no values give the controller's image", "controller.image"), controller.place)
    tag = image.at("tag") if isinstance(image.value, Mapping) else beside
    if (
        isinstance(image.value, str)
        and (tag is None or not tag.value)
        and ":" in image.value.rpartition("/")[2]
    ):
        return Fact(image.printed, image.place)
    if tag is not None and tag.value not in (None, ""):
        return Fact(image_text(image, beside), image_place(image, beside, controller).place)
    label = (image.at("tagLabel") if isinstance(image.value, Mapping) else None) or controller.at("tagLabel")
    app = chart.app_version.value
    place = label.place if label is not None and not label.default_of else chart.version.place
    if isinstance(app, Undecided):
        return Fact(app, place)
    suffix = f"-{label.printed}" if label is not None and label.printed else ""
    return Fact(f"{image_text(image, None)}:{app}{suffix}", place)


def _plugins(controller: Node) -> PluginSettings:
    found: list[Fact[str]] = []
    installed = controller.at("installPlugins")
    off = installed is not None and (installed.value is False or installed.printed == "false")
    for key in ("installPlugins", "additionalPlugins"):
        own = controller.at(key)
        if own is None:
            continue
        if isinstance(own.value, Undecided):
            found.append(Fact(own.value, own.place))
        found += [
            Fact(item.value if isinstance(item.value, Undecided) else item.printed, item.place)
            for item in own.items
        ]
        if own.rest is not None:
            found.append(Fact(own.rest, own.place))
    return PluginSettings(
        entries=None if off and not found else tuple(found),
        install_latest=read.boolean(controller.at("installLatestPlugins")),
        install_latest_specified=read.boolean(controller.at("installLatestSpecifiedPlugins")),
        initialize_once=read.boolean(controller.at("initializeOnce")),
        overwrite=read.boolean(controller.at("overwritePlugins")),
        overwrite_from_image=read.boolean(controller.at("overwritePluginsFromImage")),
        place=installed.place if installed is not None else controller.place,
    )


def _admin(controller: Node) -> AdminSecret:
    """`controller.admin`, or the keys beside it of charts before 5."""
    admin = controller.at("admin") or Node({}, controller.place)

    def either(key: str, old: str) -> Node | None:
        own = admin.mapping.get(key)
        return own if own is not None and own.value is not None else controller.mapping.get(old) or own

    return AdminSecret(
        create=read.boolean(either("createSecret", "adminSecret")),
        existing=read.word(admin.at("existingSecret")),
        user_key=read.word(admin.at("userKey")),
        password_key=read.word(admin.at("passwordKey")),
        password=read.word(either("password", "adminPassword")),
        user=read.word(either("username", "adminUser")),
    )


def _persistence(values: Node) -> Persistence:
    own = values.at("persistence") or Node({}, values.place)
    return Persistence(
        enabled=read.boolean(own.at("enabled")),
        size=read.word(own.at("size")),
        storage_class=read.word(own.at("storageClass")),
        existing_claim=read.word(own.at("existingClaim")),
        volumes=own.at("volumes"),
        mounts=own.at("mounts"),
    )


def _pod_security(controller: Node) -> Security:
    override = controller.at("podSecurityContextOverride")
    if override is not None and override.mapping:
        return read.security(override)
    if controller.text("usePodSecurityContext") == "false":
        return Security()
    return read.security(controller)


def _environment(controller: Node) -> dict[str, Node]:
    """Variables of the controller's container, also those of which the value is elsewhere."""
    found: dict[str, Node] = {}
    for key in ("containerEnv", "initContainerEnv"):
        own = controller.at(key)
        for item in own.items if own is not None else ():
            value = item.at("value")
            if value is None:
                reason = Undecided(
                    f"{item.text('name')} comes from an object of the cluster", item.text("name")
                )
                value = Node(reason, item.place)
            found.setdefault(item.text("name"), value)
    return found


def _secret_variables(controller: Node) -> tuple[Fact[str], ...]:
    found: list[Fact[str]] = []
    for key in ("additionalExistingSecrets", "additionalSecrets"):
        own = controller.at(key)
        for item in own.items if own is not None else ():
            name, part = item.text("name"), item.text("keyName")
            made = f"{name}-{part}" if part else f"additional-{name}" if key == "additionalSecrets" else name
            found.append(Fact(made, item.place))
            if key == "additionalSecrets":
                found.append(Fact(name, item.place))
    return tuple(found)


def _accounts(values: Node, name: str) -> tuple[Fact[str], Fact[str]]:
    """Service accounts of the controller and of its agents."""

    def account(key: str, default: str) -> Fact[str]:
        own = values.at(key)
        given = own.at("name") if own is not None else None
        if given is not None and given.value:
            return Fact(given.printed, given.place)
        place = own.place if own is not None else values.place
        create = own.text("create") if own is not None else ""
        return Fact(default if create == "true" else "default", place)

    return account("serviceAccount", name), account("serviceAccountAgent", f"{name}-agent")
