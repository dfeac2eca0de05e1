"""The stack's own sources, evaluated: Helm values, seeds, Jenkinsfiles, Terraform, pods.

Static checks read this module alone; nothing here reaches a network. A source that an engine refuses is the
stack's fault (PreconditionFailed names the requirement that decides it), not the harness'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance.contract.model import Contract, EcrRepository, LoadedContract
from conformance.core.nonconformance import PreconditionFailed
from conformance.sources import builds, images
from conformance.sources.builds import Builds
from conformance.sources.facts import SourceError, Undecided
from conformance.sources.groovy import Item, PipelineFile, SeedScript
from conformance.sources.helm.jenkins import JenkinsRelease
from conformance.sources.helm.releases import TEMPLATE_SUFFIXES, Release
from conformance.sources.jcasc.configuration import JcascConfiguration
from conformance.sources.model import Inputs, StackModel, load_model
from conformance.sources.plugins.pin import Pin, parse_entry
from conformance.sources.plugins.read import read as read_pins
from conformance.sources.pod_templates import inline_templates
from conformance.sources.pods.model import Pod
from conformance.sources.pods.templates import effective
from conformance.sources.terraform.files import open_template
from conformance.sources.texts import Origin, Text, is_open, shown
from conformance.sources.yaml_positions import Node, load

#: files larger than this are data, not something that a person wrote into a stack
_LARGE = 400_000


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file of the stack; `path` is relative to the stack's folder."""

    path: str
    text: str


class StackFiles:
    """The stack's folder, as the contract names its parts."""

    def __init__(self, loaded: LoadedContract) -> None:
        self.loaded = loaded
        self.contract: Contract = loaded.contract
        self.root = loaded.stack_dir

    # -- files ------------------------------------------------------------------------------

    def read(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PreconditionFailed(
                "STATIC-01",
                f"cannot read {self.shown(path)}",
                observed=str(error),
                remedy="put the file where the contract says",
            ) from error

    def shown(self, path: Path) -> str:
        """The path as messages name it: from the folder of the contract."""
        return str(path.relative_to(self.loaded.file.parent)) if self._inside(path) else str(path)

    def _inside(self, path: Path) -> bool:
        return path.is_relative_to(self.loaded.file.parent)

    @cached_property
    def texts(self) -> tuple[TextFile, ...]:
        """Every text file of the stack."""
        found = []
        for path in sorted(self.root.rglob("*")):
            if not path.is_file() or path.stat().st_size > _LARGE or ".terraform" in path.parts:
                continue
            data = path.read_bytes()
            if b"\0" not in data:
                found.append(TextFile(str(path.relative_to(self.root)), data.decode("utf-8", "replace")))
        return tuple(found)

    # -- Helm values ------------------------------------------------------------------------

    @cached_property
    def model(self) -> StackModel:
        """Everything that the sources say, evaluated by the engines.

        Terraform's own release of Jenkins wins where it takes every values file of the contract. Otherwise
        these files are merged over the chart's defaults.
        """
        files = tuple(self._stack_path(path) for path in self.loaded.values_files)
        found = self._declared
        # a chart of the repository that no release takes is a controller of its own to the engine
        if len(found.jenkins) == 1 and any(
            set(files) <= _files_of(release) and _is_of(found.jenkins[0], release)
            for release in found.releases
        ):
            return found
        return load_model(
            self.root, Inputs(values=files, release=self.contract.jenkins.release, var_files=self._variables)
        )

    @cached_property
    def _declared(self) -> StackModel:
        """The sources alone, without what the contract says of the values."""
        return load_model(self.root, Inputs(var_files=self._variables))

    @property
    def _variables(self) -> tuple[str, ...]:
        """The declaration, where Terraform does not read it by itself."""
        file = self.loaded.declaration
        loads = file.name.startswith("terraform.tfvars") or ".auto.tfvars" in file.name
        return () if loads or not file.is_file() else (self._stack_path(file),)

    @cached_property
    def release(self) -> JenkinsRelease:
        """The release of Jenkins: its values over the chart's defaults."""
        for path in self.loaded.values_files:
            self._check_values(path)
        named = [each for each in self.model.jenkins if self._is_ours(each)]
        for found in (*named, *self.model.jenkins):
            return found
        where = ", ".join(self.shown(path) for path in self.loaded.values_files)
        raise PreconditionFailed(
            "STATIC-02",
            f"{where}: the values have no controller section",
            expected="controller: with image, installPlugins and JCasC",
            remedy="use the keys of the official Jenkins chart",
        )

    def _is_ours(self, release: JenkinsRelease) -> bool:
        return release.values.release.value == self.contract.jenkins.release

    def _check_values(self, path: Path) -> None:
        """A values file is an object in YAML, and no key of it is given twice."""
        where = self.shown(path)
        text: Text | SourceError = Text(self.read(path), Origin(self._stack_path(path)))
        if isinstance(text, Text) and path.suffix in TEMPLATE_SUFFIXES:
            text = open_template(text)
        document = text if isinstance(text, SourceError) else load(text)
        if isinstance(document, SourceError):
            raise PreconditionFailed(
                "STATIC-02", f"{where} is {_not_yaml(document)}", remedy="correct its syntax"
            )
        for place, key in document.duplicates:
            raise PreconditionFailed(
                "STATIC-02",
                f"{where} is not YAML: the key {key!r} is given twice ({place})",
                remedy="keep one of them: Helm silently takes the last one",
            )
        if not isinstance(document.root.value, Mapping):
            raise PreconditionFailed("STATIC-02", f"{where} holds no mapping")

    @property
    def values(self) -> Node:
        """The values of the Jenkins release over the chart's defaults."""
        return self.release.values.values

    @property
    def controller(self) -> Node:
        """`controller` of the values; `master` of old charts."""
        return self.values.at("controller") or Node({}, self.values.place)

    def given(self, *keys: str) -> Node | None:
        """What the stack's own values say below `keys`, without the chart's defaults."""
        given = self.release.values.given
        return given.at(*keys) or (given.at("master", *keys[1:]) if keys[0] == "controller" else None)

    @property
    def plugins_in_image(self) -> bool:
        """Does the chart install none, since a list of the repository is built into the image?"""
        return self.release.plugins.entries is None and bool(self.model.inventory.plugin_lists)

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """The entries of `controller.installPlugins`, or of the lists that are built into the image."""
        if self.plugins_in_image:
            lists = [read_pins(self.root / path) for path in self.model.inventory.plugin_lists]
            return tuple(pin for found in lists for pin in found.pins)
        entries = self.controller.at("installPlugins")
        return tuple(
            parse_entry(shown(entry.printed), entry.place)
            for entry in (entries.items if entries is not None else ())
            if not isinstance(entry.value, Undecided)
        )

    # -- JCasC ------------------------------------------------------------------------------

    @cached_property
    def jcasc_nodes(self) -> dict[str, Node]:
        """Scripts of the values (`controller.JCasC.configScripts`), each parsed."""
        found = {}
        for script in self.release.scripts:
            document = load(script.text)
            if isinstance(document, SourceError):
                raise PreconditionFailed(
                    "STATIC-05",
                    f"JCasC script {script.name} is {_not_yaml(document)}",
                    remedy="correct its syntax",
                )
            found[script.name] = document.root
        return found

    @cached_property
    def jcasc_scripts(self) -> dict[str, dict[str, Any]]:
        """The same in Python's own types, with `${name}` for values that the sources do not determine."""
        plain = {name: _shown_plain(root.plain()) for name, root in self.jcasc_nodes.items()}
        return {name: value if isinstance(value, dict) else {} for name, value in plain.items()}

    def _require_scripts(self) -> None:
        """Raise PreconditionFailed for values or scripts that are no YAML."""
        if not self.jcasc_nodes:
            self._check_values(self.loaded.values_template)

    @property
    def jcasc(self) -> JcascConfiguration:
        """Configuration as code, merged over all its sources."""
        self._require_scripts()
        return self.model.jcasc

    @property
    def pod_templates(self) -> tuple[Pod, ...]:
        """Pods of declared templates, merged: of the chart's agent keys and of clouds in JCasC."""
        self._require_scripts()
        return self.model.pods[: len(self.model.pod_templates)]

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Every pod that builds run in: templates, pod files, and pods that Jenkinsfiles write out."""
        known = {template.name: template for template in self.model.pod_templates}
        inline = [
            effective(template, known)
            for file in self.builds.pipelines.values()
            if isinstance(file, PipelineFile)
            for template in inline_templates(file)
        ]
        return (*self.pod_templates, *self.model.pods[len(self.model.pod_templates) :], *inline)

    @cached_property
    def credential_ids(self) -> tuple[str, ...]:
        """Ids of the credentials that JCasC declares."""
        found = [credential.id.value for credential in self.jcasc.credentials]
        return tuple(value for value in found if isinstance(value, str))

    def exact_image(self, reference: str) -> bool:
        """Is an image pinned by digest or by a tag that stays? A placeholder decides elsewhere."""
        return not images.parse(reference).moving

    # -- seeds and Jenkinsfiles ----------------------------------------------------------------

    @cached_property
    def builds(self) -> Builds:
        """Seeds and Jenkinsfiles as Groovy reads them."""
        jobs = self.contract.jenkins.jobs
        scripts = tuple(self._seed_scripts())
        return builds.evaluate(
            self.root,
            scripts,
            self._seed_inputs,
            [wanted.pipeline for wanted in jobs],
            [text for release in self.model.jenkins for text in release.init_scripts.values()],
        )

    @property
    def _seed_inputs(self) -> dict[str, str]:
        """Files that the controller mounts and the repository has; the contract's own inputs win."""
        mounted = {file.path: file.text.value for file in self.model.mounted if isinstance(file.text, Text)}
        return mounted | self.contract.stack.inputs

    def _seed_scripts(self) -> Iterator[SeedScript]:
        """Files that the contract names as seeds, then the scripts that JCasC's `jobs` writes out."""
        for path in self.seed_files:
            yield SeedScript(self._stack_path(path))
        jobs = self.model.jcasc.root.at("jobs")
        entries = [
            entry
            for entry in (jobs.items if jobs is not None else ())
            if entry.at("script") is not None or entry.text("file") or entry.text("url")
        ]
        for entry, source in zip(entries, self.model.seeds, strict=False):
            if source.text is None or not source.text.value.strip():
                continue
            # as it is written, before its references are resolved
            written = entry.text("script") or source.text.value
            if not self._is_a_file(written):
                place = source.text.origin.place(1)
                yield SeedScript(place.file, source.text.value, place.line or 1)

    def _is_a_file(self, script: str) -> bool:
        """Is a script the text of seeds that the contract names, or a value that is not known?"""
        if not script.strip() or is_open(script.strip().splitlines()[0]):
            return True
        lines = {line.strip() for path in self.seed_files for line in self.read(path).splitlines()}
        return all(line.strip() in lines for line in script.splitlines())

    @cached_property
    def seed_files(self) -> tuple[Path, ...]:
        patterns = self.contract.stack.seeds
        found = {path for pattern in patterns for path in self.root.glob(pattern) if path.is_file()}
        return tuple(sorted(found))

    def _stack_path(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    @property
    def seed_items(self) -> tuple[Item, ...]:
        """Folders and jobs, in the order in which the seed makes them."""
        return self._sound_builds.items

    @property
    def seed_jobs(self) -> tuple[Item, ...]:
        """What the seed makes, without folders."""
        return self._sound_builds.jobs

    @property
    def _sound_builds(self) -> Builds:
        for error in self.builds.seeds.errors:
            raise PreconditionFailed("STATIC-20", f"the seed does not parse: {builds.sentence(error)}")
        return self.builds

    @property
    def jenkinsfiles(self) -> dict[str, PipelineFile]:
        """Every Jenkinsfile of the stack, by its path; all of them are sound."""
        return self._sound(self.builds.pipelines)

    @property
    def library_steps(self) -> dict[str, PipelineFile]:
        """Steps of shared libraries that the stack holds, by their names."""
        return self._sound(self.builds.steps)

    def _sound(self, files: Mapping[str, PipelineFile | SourceError]) -> dict[str, PipelineFile]:
        sound = {}
        for name, file in files.items():
            if isinstance(file, SourceError):
                raise PreconditionFailed(
                    "STATIC-32", f"a Jenkinsfile does not parse: {builds.sentence(file)}"
                )
            sound[name] = file
        return sound

    def jenkinsfile_text(self, path: str) -> str:
        """A Jenkinsfile as it is written."""
        return self.read(self.root / path)

    # -- Terraform --------------------------------------------------------------------------

    @property
    def infrastructure(self) -> StackModel:
        """What Terraform and manifests declare: the sources are there, and they parse."""
        self.read(self.loaded.declaration)
        for error in self._declared.errors:
            if error.place.file.endswith((".tf", ".tf.json", ".tfvars", ".tfvars.json")):
                raise PreconditionFailed(
                    "STATIC-01", f"{error.place}: {error.message}", remedy="correct its syntax"
                )
        return self._declared

    def lifecycle_policy(self, repository: EcrRepository) -> dict[str, Any] | None:
        """The lifecycle policy that the contract wants; None: none. Its file must be JSON."""
        if repository.lifecycle_policy == "none":
            return None
        path = self.root / repository.lifecycle_policy
        try:
            parsed: dict[str, Any] = json.loads(self.read(path))
        except ValueError as error:
            raise PreconditionFailed(
                "STATIC-51",
                f"{self.shown(path)} is not JSON",
                observed=str(error),
                remedy="correct the lifecycle policy's syntax",
            ) from error
        return parsed


def _files_of(release: Release) -> set[str]:
    """Values files of a release, by their paths in the stack."""
    return {layer.place.file for layer in release.layers}


def _is_of(controller: JenkinsRelease, release: Release) -> bool:
    """Is a controller what a release brings?"""
    values = controller.values
    return values.place == release.place and values.release.value == release.name.value


def _not_yaml(error: SourceError) -> str:
    words = error.message if error.message.startswith("not YAML") else f"not YAML: {error.message}"
    return f"{words} ({error.place})"


def _shown_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown_plain(own) for key, own in value.items()}
    if isinstance(value, list):
        return [_shown_plain(own) for own in value]
    if isinstance(value, Undecided):
        return f"${{{value.decided_by or value.reason}}}"
    return shown(value) if isinstance(value, str) else value
