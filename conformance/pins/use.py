"""Pins that nothing needs: no other pin depends on them, and the stack shows no sign of using them.

Signs are words in the stack's own files (values, JCasC, Job DSL, Jenkinsfiles). The table knows plugins
that pipelines and configurations use by a word; for any other plugin the sign is its own name. A note,
never more: a plugin can be used by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.pins.model import Release
from conformance.sources.plugins.pin import Finding, Pin

_SIGNS = {
    "ansicolor": r"\bansiColor\b",
    "antisamy-markup-formatter": r"\b(markupFormatter|rawHtml)\b",
    "basic-branch-build-strategies": r"\bbuildStrategies\b",
    "build-timeout": r"\b(timeout|buildTimeoutWrapper)\b",
    "cloudbees-folder": r"\bfolder\b",
    "configuration-as-code": r"\b(JCasC|configScripts|CASC_JENKINS_CONFIG)\b",
    "credentials-binding": r"\bwithCredentials\b|\bcredentials\(",
    "email-ext": r"\bemailext\b",
    "git": r"\b(git|GitSCM|checkout)\b",
    "http_request": r"\bhttpRequest\b",
    "job-dsl": r"\b(jobDsl|pipelineJob|freeStyleJob|multibranchPipelineJob)\b",
    "kubernetes": r"\b(kubernetes|podTemplate|podTemplates|agent)\b",
    "ldap": r"\bldap\b",
    "lockable-resources": r"\block\(",
    "matrix-auth": r"\b(globalMatrix|projectMatrix|authorizationMatrix)\b",
    "mailer": r"\b(mailer|mail)\b",
    "metrics": r"\bmetrics\b",
    "pipeline-stage-view": r"\bstage\(",
    "pipeline-utility-steps": r"\b(readJSON|readYaml|readMavenPom|readProperties|findFiles|writeJSON|zip)\b",
    "prometheus": r"\bprometheus\b",
    "role-strategy": r"\broleBased\b",
    "ssh-agent": r"\bsshagent\b",
    "timestamper": r"\btimestamps\b",
    "workflow-aggregator": r"\b(pipelineJob|pipeline|Jenkinsfile)\b",
    "ws-cleanup": r"\b(cleanWs|deleteDir|preBuildCleanup|wsCleanup)\b",
}
_SUFFIXES = (".groovy", ".yaml", ".yml", ".tmpl", ".tpl", ".xml", ".tf", ".json", ".toml")
_PIN_LINE = re.compile(r"^\s*-\s*[\"']?[A-Za-z0-9][\w.-]*:[\w.+-]+.*$|^\s*#.*$", re.MULTILINE)
_SIZE = 512 * 1024


def text_of(stack: Path) -> str:
    """The text of the stack's files in which a use can show, without the pin lists and comments."""
    parts = []
    for path in sorted(stack.rglob("*")):
        named = path.name.startswith("Jenkinsfile") or path.suffix in _SUFFIXES
        if named and path.is_file() and path.stat().st_size <= _SIZE and ".terraform" not in path.parts:
            parts.append(_PIN_LINE.sub("", path.read_text(encoding="utf-8", errors="replace")))
    return "\n".join(parts)


def findings(pins: Mapping[str, Pin], releases: Mapping[str, Release], stack: str) -> Iterator[Finding]:
    """Notes about pins that nothing needs, by the stack's text."""
    needed = {
        dependency.name
        for release in releases.values()
        for dependency in release.dependencies
        if not dependency.optional
    }
    for name, pin in pins.items():
        if name in needed:
            continue
        sign = _SIGNS.get(name) or rf"\b{re.escape(name)}\b"
        if not re.search(sign, stack):
            yield Finding(
                "unused",
                "note",
                name,
                "no pinned plugin needs it and the stack shows no sign of using it",
                pin.where,
                next="remove the pin if nobody uses it by hand",
            )
