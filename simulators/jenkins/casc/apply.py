"""Applies a configuration to the controller, in the order in which configuration as code does."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..home.configured import take_jenkins, take_rest, take_security
from ..home.settings import log, plain
from ..pipelines.groovy_host import ScriptError
from .schema import validate
from .sources import CascError, Resolver, merge, parse, read, sources

if TYPE_CHECKING:
    from ..controller import Controller


def configure(controller: "Controller", config: Mapping[str, Any]) -> None:
    """Check, resolve and apply.

    Raises:
        CascError: something in it is unknown, or a seed script fails.
    """
    resolver = Resolver(controller.settings.environment, _unresolved)
    validate(config, controller.plugin_names())
    resolved = resolver.resolve(dict(config))
    jenkins = resolved.get("jenkins") or {}
    take_jenkins(controller.configured, jenkins)
    take_security(controller.security, jenkins)
    take_rest(controller.configured, resolved)
    for name, tokens in controller.store.tokens().items():
        if name in controller.security.users and not controller.security.users[name].tokens:
            controller.security.users[name].tokens = tokens
    if "clouds" in jenkins:
        controller.clouds.take(controller.configured.clouds)
    for entry in resolved.get("jobs") or []:
        _seed(controller, entry, resolver)
    controller.life.applied_at = time.time()


def reload(controller: "Controller") -> None:
    """Read the sources again and apply them.

    Raises:
        CascError: they are refused; the old configuration stays.
    """
    controller.life.sources = sources(controller.settings.home, controller.settings.environment)
    configure(controller, read(controller.life.sources))


def apply_text(controller: "Controller", text: str) -> None:
    """Apply YAML that was sent, on top of what is there: a key that is set already is a conflict.

    Raises:
        CascError: it is refused.
    """
    sent = parse(text, "request")
    there = read(controller.life.sources)
    merge({k: v for k, v in there.items() if k != "jobs"}, {k: v for k, v in sent.items() if k != "jobs"})
    configure(controller, sent)


def _unresolved(name: str) -> None:
    log(
        "WARNING",
        "i.j.p.c.SecretSourceResolver$UnresolvedLookup#lookup",
        f"Configuration import: Found unresolved variable '{name}'. Will default to empty string",
    )


def _seed(controller: "Controller", entry: Mapping[str, Any], resolver: Resolver) -> None:
    script = _text(entry)
    plain("Processing provided DSL script")
    try:
        controller.jobs.seed(script, dict(resolver.environment))
    except ScriptError as error:
        _refuse(script, f"{error.type}: {error}", error.trace)
    except ValueError as error:
        _refuse(script, f"javaposse.jobdsl.dsl.DslException: {error}", "")


def _refuse(script: str, reason: str, trace: str) -> None:
    missing = [
        line.partition("Caused by: ")[2] for line in trace.splitlines() if line.startswith("Caused by: ")
    ]
    inner = f"{missing[0]}\nCaused: {reason}" if missing else reason
    log("SEVERE", "j.j.plugin.JenkinsJobManagement", inner)
    raise CascError(
        "io.jenkins.plugins.casc.ConfiguratorException",
        f"jobs: Failed to execute script with hash {java_hash(script)}\nCaused by: {inner}",
    )


def _text(entry: Mapping[str, Any]) -> str:
    if "script" in entry:
        return str(entry["script"])
    if "file" in entry:
        try:
            with open(str(entry["file"]), encoding="utf-8") as source:  # noqa: PTH123 - a path of the configuration
                return source.read()
        except OSError as error:
            raise CascError(
                "io.jenkins.plugins.casc.ConfiguratorException",
                f"jobs: Failed to read {entry['file']}: {error}",
            ) from error
    raise CascError(
        "java.lang.IllegalArgumentException",
        f"No javaposse.jobdsl.plugin.casc.ScriptSource implementation found for {next(iter(entry))}",
    )


def java_hash(text: str) -> int:
    """String.hashCode()."""
    value = 0
    for char in text:
        value = (31 * value + ord(char)) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value
