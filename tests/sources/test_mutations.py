"""No source file, however broken, ends with anything but findings."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.sources.model import StackModel, load_model
from conformance.sources.secrets import find
from tests.sources.support import DATA, REFERENCE

#: one file of each kind, in its repository
KINDS = {
    "template of values": (DATA / "cloudops", "bootstrap/terraform/jenkins-helm-values.yaml.tmpl"),
    "Terraform with a release": (DATA / "cloudops", "bootstrap/terraform/jenkins.tf"),
    "Terraform with repositories": (DATA / "multibranch", "terraform/modules/ecr/main.tf"),
    "Terraform locals": (DATA / "multibranch", "terraform/main.tf"),
    "variables": (DATA / "multibranch", "terraform/variables.tf"),
    "values of variables": (DATA / "multibranch", "terraform/platform.tfvars"),
    "values of variables in JSON": (REFERENCE, "terraform/stack.auto.tfvars.json"),
    "values": (DATA / "multibranch", "values/jenkins.yaml"),
    "layered values": (DATA / "layered", "chart/values-prod.yaml"),
    "chart": (DATA / "layered", "chart/Chart.yaml"),
    "configuration as code": (DATA / "layered", "k8s/casc/jobs.yaml"),
    "Application": (DATA / "argocd", "apps/jenkins.yaml"),
    "template of a chart": (DATA / "argocd", "charts/nexus/templates/deployment.yaml"),
    "pod file": (DATA / "cloudops", "jenkins/agents/kubernetes/img-small.yaml"),
    "kustomization": (DATA / "layered", "k8s/kustomization.yaml"),
    "script": (DATA / "layered", "deploy"),
}
#: examples for each kind; CI raises it
EXAMPLES = int(os.environ.get("MUTATION_EXAMPLES", "12"))


@st.composite
def mutations(draw: st.DrawFn, content: bytes) -> bytes:
    """The content cut off, with bytes flipped, lines gone, doubled or moved, or pieces put in."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        lines = content.split(b"\n")
        number = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                content = content[:at]
            case 1:
                content = content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
            case 2:
                content = b"\n".join(lines[:number] + lines[number + draw(st.integers(1, 5)) :])
            case 3:
                content = b"\n".join([*lines[:number], lines[number], *lines[number:]])
            case 4:
                pieces = (
                    b"${",
                    b"%{ if x }",
                    b"{{",
                    b"}",
                    b"[",
                    b"- ",
                    b": ",
                    b"&a ",
                    b"*a",
                    b"<<",
                    b"null",
                    b"\t",
                    b"\xff\xfe",
                )
                content = content[:at] + draw(st.sampled_from(pieces)) + content[at:]
            case _:
                other = draw(st.integers(0, len(lines) - 1))
                lines[number], lines[other] = lines[other], lines[number]
                content = b"\n".join(lines)
    return content


def whole(root: Path) -> StackModel:
    """The model with everything that is made of it."""
    model = load_model(root)
    find(model)
    for error in model.errors:
        assert error.message
        assert error.place.file
    return model


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_mutated_files_give_findings(tmp_path: Path, kind: str) -> None:
    root, name = KINDS[kind]
    copy = tmp_path / "repo"
    shutil.copytree(root, copy)
    content = (root / name).read_bytes()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(mutated=mutations(content))
    def try_one(mutated: bytes) -> None:
        (copy / name).write_bytes(mutated)
        whole(copy)

    try_one()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        "controller: {jenkinsUrl: é}\n".encode("latin-1"),
        "controller: {numExecutors: 1}\n".encode("utf-16"),
        b"[" * 100_000,
        b"a: &a [*a]\n",
        b"- " * 10_000,
        b'{"a": ' * 5_000,
        b"controller: 5\nagent: [1]\nadditionalAgents: x\npersistence: []\n",
        b"controller: {JCasC: [], image: [], installPlugins: x, sidecars: 1, admin: []}\nagent: {image: 1}\n",
        b"jenkins: [1]\ncredentials: {system: [1]}\njobs: x\n",
    ],
)
def test_odd_values_files_give_findings(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "values.yaml").write_bytes(content)
    (tmp_path / "terraform.tfvars").write_bytes(content)
    (tmp_path / "main.tf").write_text('variable "a" {}\nresource "x" "y" {\n  a = var.a\n}\n')
    whole(tmp_path)
