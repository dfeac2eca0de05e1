"""The config.xml of agents and credentials."""

from collections.abc import Mapping
from typing import Any

from ..agents.cloud import Cloud
from ..agents.computers import Computer
from ..home.plugins import Plugin
from ..pipelines.credentials import KINDS


def agent_xml(agent: Computer, cloud: Cloud) -> str:
    """An agent's configuration."""
    tunnel = cloud.data.get("jenkinsTunnel")
    return (
        '<?xml version="1.1" encoding="UTF-8"?>\n<org.csanchez.jenkins.plugins.kubernetes.KubernetesSlave '
        f'plugin="kubernetes@4356.vfa_556c21f086">\n  <name>{agent.name}</name>\n  '
        f"<description>{agent.template.get('name')}</description>\n"
        f"  <numExecutors>1</numExecutors>\n  "
        f"<mode>{agent.template.get('nodeUsageMode') or 'NORMAL'}</mode>\n"
        '  <launcher class="org.csanchez.jenkins.plugins.kubernetes.KubernetesLauncher">\n'
        + (f"    <tunnel>{tunnel}</tunnel>\n" if tunnel else "")
        + f"    <webSocket>{str(cloud.data.get('webSocket') or False).lower()}</webSocket>\n    "
        f"<launched>true</launched>\n  </launcher>\n"
        f"  <label>{agent.template.get('label')}</label>\n  <nodeProperties/>\n  "
        f"<cloudName>{cloud.name}</cloudName>\n"
        f"  <namespace>{agent.namespace}</namespace>\n  "
        f"<podTemplateId>{agent.template.get('id')}</podTemplateId>\n"
        f"  <remoteFS>{agent.workdir}</remoteFS>\n</org.csanchez.jenkins.plugins.kubernetes.KubernetesSlave>"
    )


def credential_xml(data: Mapping[str, Any], plugins: list[Plugin]) -> str:
    """A credential's configuration, its secret hidden."""
    kind = KINDS[str(data["kind"])]
    version = next((p.version for p in plugins if p.name == kind.plugin), "")
    lines = [
        f'<{kind.element} plugin="{kind.plugin}@{version}">',
        f"  <scope>{data.get('scope') or 'GLOBAL'}</scope>",
        f"  <id>{data['id']}</id>",
    ]
    lines.append(f"  <description>{data.get('description') or ''}</description>")
    hidden = ("password",) if data["kind"] == "usernamePassword" else ("secret",)
    if data["kind"] == "usernamePassword":
        lines.append(f"  <username>{data.get('username')}</username>")
    lines += [f"  <{name}>\n    <secret-redacted/>\n  </{name}>" for name in hidden]
    if data["kind"] == "usernamePassword":
        lines.append(f"  <usernameSecret>{str(data.get('usernameSecret') or False).lower()}</usernameSecret>")
    return "\n".join([*lines, f"</{kind.element}>"])
