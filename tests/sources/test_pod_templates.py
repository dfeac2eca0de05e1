"""Pods that Jenkinsfiles write out, and what a pod confines."""

from __future__ import annotations

from pathlib import Path

from conformance.sources.groovy import GroovyEngine, PipelineFile
from conformance.sources.pod_templates import confinement, inline_templates, memory_limit
from conformance.sources.pods.model import Pod
from conformance.sources.pods.templates import effective

DECLARATIVE = """pipeline {
  agent {
    kubernetes {
      inheritFrom 'base'
      yaml '''
spec:
  securityContext: {runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: jnlp
    image: registry.example.org/agent:1.2.3
    resources: {limits: {memory: 1Gi}}
    securityContext:
      privileged: true
'''
    }
  }
}
"""
SCRIPTED = """podTemplate(volumes: [hostPathVolume(hostPath: '/var/lib', mountPath: '/x')], containers: [
  containerTemplate(name: 'tools', image: 'registry.example.org/tools:latest', privileged: true)]) {
  node(POD_LABEL) { sh 'true' }
}
"""


def _pod(tmp_path: Path, text: str) -> Pod:
    with GroovyEngine() as engine:
        pipeline = engine.parse_text(tmp_path, "Jenkinsfile", text)
    assert isinstance(pipeline, PipelineFile)
    (template,) = inline_templates(pipeline)
    return effective(template, {})


def test_a_declarative_pod_has_its_yaml_and_its_lines(tmp_path: Path) -> None:
    pod = _pod(tmp_path, DECLARATIVE)
    (container,) = pod.containers
    assert pod.inherits == ("base",)
    assert container.security.privileged is not None
    assert (container.security.privileged.value, container.security.privileged.place.line) == (True, 13)
    assert confinement(pod) == {"runAsUser": "1000", "seccompProfile": "RuntimeDefault"}
    assert memory_limit(pod) == "1Gi"


def test_a_scripted_pod_has_its_containers_and_volumes(tmp_path: Path) -> None:
    pod = _pod(tmp_path, SCRIPTED)
    (container,) = pod.containers
    (volume,) = pod.host_paths()
    assert (container.name, container.image.value) == ("tools", "registry.example.org/tools:latest")
    assert container.security.privileged is not None
    assert container.security.privileged.value is True
    assert volume.source.value == "/var/lib"
    assert (confinement(pod), memory_limit(pod)) == ({}, "")
