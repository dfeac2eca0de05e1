"""The stack as a contract names it: values of several files, seeds anywhere, sources that are broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.contract.load import load
from conformance.contract.model import LoadedContract
from conformance.core.nonconformance import PreconditionFailed
from conformance.core.paths import REFERENCE
from conformance.sources.stack import StackFiles

BASE = """controller:
  image: {registry: registry.example.org, repository: ci/jenkins, tag: 2.504.3-r1}
  numExecutors: "2"
  installPlugins: ["git:5.7.0"]
  JCasC:
    configScripts:
      first: |
        jenkins:
          quietPeriod: 0
"""
MORE = """controller:
  image: {tag: 2.504.3-r2}
  numExecutors: 0
agent:
  podName: small
"""


def _stack(tmp_path: Path, **said: Any) -> StackFiles:
    loaded = load(REFERENCE / "conformance.toml")
    stack = loaded.contract.stack.model_copy(update={"path": "stack", **said})
    contract = loaded.contract.model_copy(update={"stack": stack})
    return StackFiles(LoadedContract(contract=contract, file=tmp_path / "conformance.toml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "stack" / "values").mkdir(parents=True)
    (tmp_path / "stack" / "values" / "1-base.yaml").write_text(BASE)
    (tmp_path / "stack" / "values" / "2-more.yaml").write_text(MORE)
    return tmp_path


@pytest.mark.parametrize("values", [("values/1-base.yaml", "values/2-more.yaml"), "values/*.yaml"])
def test_later_values_win_over_earlier_ones_and_the_chart(folder: Path, values: Any) -> None:
    files = _stack(folder, values=values)
    assert files.release.image.value == "registry.example.org/ci/jenkins:2.504.3-r2"
    assert str(files.release.image.place).startswith("values/2-more.yaml:2")
    assert files.release.executors is not None
    assert files.release.executors.value == 0
    assert [str(pin.where) for pin in files.pins] == ["values/1-base.yaml:4:20"]
    assert [pod.name for pod in files.pod_templates] == ["small"]


def test_one_file_is_read_alone(folder: Path) -> None:
    files = _stack(folder, values="values/1-base.yaml")
    assert files.release.executors is not None
    assert files.release.executors.value == 2
    assert files.jcasc_scripts == {"first": {"jenkins": {"quietPeriod": 0}}}


def test_keys_of_old_charts_count(folder: Path) -> None:
    (folder / "stack" / "values" / "old.yaml").write_text("master:\n  numExecutors: 3\n")
    files = _stack(folder, values="values/old.yaml")
    assert files.release.executors is not None
    assert files.release.executors.value == 3


@pytest.mark.parametrize(
    ("text", "requirement", "words"),
    [
        ("controller: [", "STATIC-02", "not YAML"),
        ("controller: {}\ncontroller: {}\n", "STATIC-02", "'controller' is given twice"),
        ("- a\n", "STATIC-02", "holds no mapping"),
        ("other: 1\n", "STATIC-02", "no controller section"),
    ],
)
def test_broken_values_name_their_requirement(folder: Path, text: str, requirement: str, words: str) -> None:
    (folder / "stack" / "values" / "broken.yaml").write_text(text)
    files = _stack(folder, values="values/broken.yaml")
    with pytest.raises(PreconditionFailed, match=words) as failure:
        str(files.release.image)
    assert failure.value.requirement == requirement


def test_seeds_get_what_the_contract_gives(folder: Path) -> None:
    seeds = folder / "stack" / "seeds"
    seeds.mkdir()
    (seeds / "a.groovy").write_text("folder(new File('/var/names').text.trim())\n")
    files = _stack(folder, values="values/*.yaml", seeds=("seeds/*.groovy",), inputs={"/var/names": "x\n"})
    assert [(item.full_name, str(item.place)) for item in files.seed_items] == [("x", "seeds/a.groovy:1")]


def test_a_broken_seed_blocks_what_needs_its_jobs(folder: Path) -> None:
    (folder / "stack" / "jobs").mkdir()
    (folder / "stack" / "jobs" / "a.groovy").write_text("folder('x') {\n")
    files = _stack(folder, values="values/*.yaml")
    with pytest.raises(PreconditionFailed, match="never closed") as failure:
        len(files.seed_jobs)
    assert failure.value.requirement == "STATIC-20"
