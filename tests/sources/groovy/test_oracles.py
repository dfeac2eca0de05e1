"""What the real Job DSL 1.90 made of two seeds, and what the evaluator makes of them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import yaml

from conformance.sources.facts import Undecided
from conformance.sources.groovy import GroovyEngine, Item, Seeds

from .conftest import DATA

CLOUDOPS = {
    "cloudopsRepoUrl": "https://git.example.org/acme/cloudops.git",
    "cloudopsBranch": "main",
    "storeRepoUrl": "https://git.example.org/acme/store.git",
    "storeBranch": "main",
    "domainName": "build.example.org",
    "clusterName": "hub",
}
SECRETS = "/var/controller-secrets/"


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return found


def normalized(text: str) -> str:
    """The document without the versions of plugins and without blanks between elements."""
    root = ET.fromstring(text)
    for each in root.iter():
        each.attrib.pop("plugin", None)
        each.text, each.tail = (each.text or "").strip(), ""
    return ET.tostring(root, encoding="unicode")


def organization_items() -> dict[str, Any]:
    items: dict[str, Any] = yaml.safe_load((DATA / "multibranch-org/items.yaml").read_text(encoding="utf-8"))
    return items


def as_recorded(engine: GroovyEngine, name: str) -> Seeds:
    """The seed with the inputs that the real one had."""
    if name == "cloudops-today":
        inputs = {SECRETS + key: value for key, value in CLOUDOPS.items()}
        return engine.evaluate_seeds(DATA / name, ["bootstrap.groovy"], inputs)
    items = organization_items()
    # the real one had no plugin for the organization folder, and not the second item of one name
    items["items"] = [each for each in items["items"] if each["kind"] != "organization"][:-1]
    return engine.evaluate_seeds(
        DATA / name, ["seed.groovy"], {"/var/jenkins_seed/items.yaml": yaml.safe_dump(items)}
    )


@pytest.mark.parametrize(("name", "count"), [("cloudops-today", 22), ("multibranch-org", 7)])
def test_items_as_the_real_job_dsl_made_them(engine: GroovyEngine, name: str, count: int) -> None:
    seeds = as_recorded(engine, name)
    assert seeds.errors == ()
    assert seeds.undecided == ()
    assert seeds.missing_inputs == frozenset()
    real = recorded(name)
    made = {item.full_name: item for item in seeds.items}
    assert len(made) == len(seeds.items) == count
    assert sorted(made) == sorted(each["name"] for each in real["items"])
    for each in real["items"]:
        item = made[each["name"]]
        assert item.type == each["type"]
        assert normalized(item.xml) == normalized(each["config"]), item.full_name
        assert item.doubts == ()
    assert sorted(view.name for view in seeds.views) == sorted(real["views"])


def test_facts_of_the_seed_of_one_file(engine: GroovyEngine) -> None:
    seeds = as_recorded(engine, "cloudops-today")
    by_name = {item.full_name: item for item in seeds.items}
    nightly = by_name["nightly-store-8.6"]
    assert nightly.kind == "pipelineJob"
    assert str(nightly.place) == "bootstrap.groovy:178"
    assert nightly.script_path is not None
    assert nightly.script_path.value == "cloudops/jenkins/jobs/store-nightly/Jenkinsfile"
    assert [(trigger.kind, trigger.spec.value) for trigger in nightly.triggers] == [
        ("cron", "H H(0-3) * * *")
    ]
    assert [parameter.name.value for parameter in nightly.parameters] == [
        "cloudopsRepoUrl",
        "cloudopsBranch",
        "storeRepoUrl",
        "storeBranch",
        "storeName",
        "domainName",
    ]
    assert nightly.parameters[5].default is not None
    assert nightly.parameters[5].default.value == "nightly-store-8.6.build.example.org"
    assert nightly.concurrent.value is False
    assert nightly.scm is not None
    assert [each.value for each in nightly.scm.urls] == ["${cloudopsRepoUrl}"]
    assert [each.value for each in nightly.scm.credentials] == ["git-deploy-key"]
    assert nightly.scm.target is not None
    assert (nightly.scm.target.value, nightly.scm.target.place.line) == ("cloudops", 50)
    assert dict(nightly.discarder)["numToKeep"].value == "30"
    assert by_name["build-all-images"].concurrent.value is True
    assert by_name["store-on-request"].triggers == ()
    mode = next(each for each in by_name["store-stack"].parameters if each.name.value == "mode")
    assert (mode.kind, [each.value for each in mode.choices]) == ("choice", ["deploy", "delete"])
    (build,) = [view for view in seeds.views if view.name == "Build"]
    assert len(build.jobs) == 13
    assert seeds.used_inputs == {SECRETS + key for key in CLOUDOPS}


def test_without_inputs_values_stay_symbolic(engine: GroovyEngine) -> None:
    seeds = engine.evaluate_seeds(DATA / "cloudops-today", ["bootstrap.groovy"], {})
    assert len(seeds.items) == 22
    assert (seeds.errors, seeds.undecided) == ((), ())
    assert seeds.missing_inputs == {SECRETS + key for key in CLOUDOPS}
    nightly = next(item for item in seeds.items if item.full_name == "nightly-store-8.6")
    default = nightly.parameters[5].default
    assert default is not None
    assert not default.decided
    assert isinstance(default.value, Undecided)
    assert default.value.decided_by == SECRETS + "domainName"
    assert (
        "<defaultValue>nightly-store-8.6.«/var/controller-secrets/domainName»</defaultValue>" in nightly.xml
    )


def whole(engine: GroovyEngine, items: str | None = None) -> Seeds:
    text = items or (DATA / "multibranch-org/items.yaml").read_text(encoding="utf-8")
    return engine.evaluate_seeds(
        DATA / "multibranch-org", ["seed.groovy"], {"/var/jenkins_seed/items.yaml": text}
    )


def test_an_item_that_changes_its_type(engine: GroovyEngine) -> None:
    (error,) = whole(engine).errors
    assert error.message == (
        'Type of item "pricing" does not match existing type, item type can not be changed'
    )
    assert str(error.place) == "seed.groovy:56"


def test_an_organization_folder_of_a_plugin_outside_the_facts(engine: GroovyEngine) -> None:
    folder: Item = whole(engine).items[0]
    assert (folder.full_name, folder.type) == ("acme-outdoor", "jenkins.branch.OrganizationFolder")
    (source,) = folder.sources
    assert source.kind == "github"
    assert source.remote is not None
    assert source.remote.value == "acme-outdoor"
    assert source.credentials is not None
    assert source.credentials.value == "github-app"
    regex = source.settings.value("traits", "sourceRegexFilter", "regex")
    assert regex is not None
    assert regex.value == "svc-.*"
    (doubt,) = folder.doubts
    assert (doubt.value, doubt.place.line) == ("no plugin that is known has the method github()", 24)
    assert folder.discarder[2][1].value == "20"


def test_a_list_in_a_file_that_only_the_cluster_has(engine: GroovyEngine) -> None:
    seeds = engine.evaluate_seeds(DATA / "multibranch-org", ["seed.groovy"], {})
    assert seeds.items == ()
    (undecided,) = seeds.undecided
    assert undecided.value is not None
    assert undecided.value.decided_by == "/var/jenkins_seed/items.yaml"
    assert str(undecided.place) == "seed.groovy:6"


def test_a_multibranch_project(engine: GroovyEngine) -> None:
    catalog = next(
        item for item in as_recorded(engine, "multibranch-org").items if item.full_name == "catalog"
    )
    assert catalog.script_path is not None
    assert catalog.script_path.value == "services/catalog/Jenkinsfile"
    (source,) = catalog.sources
    assert source.kind == "jenkins.plugins.git.GitSCMSource"
    assert source.remote is not None
    assert source.remote.value == "https://git.example.org/acme-outdoor/platform.git"
    assert source.credentials is not None
    assert source.credentials.value == "git-reader"
