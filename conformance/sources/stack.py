"""The stack's own files, read: Helm values template, seed, Jenkinsfiles, Terraform declaration.

Static checks stand on this module alone; nothing here reaches a network. A file that cannot be read
or parsed is the stack's fault (PreconditionFailed names the requirement that says so), not the harness'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from conformance.contract.model import Contract, EcrRepository, LoadedContract
from conformance.core.nonconformance import PreconditionFailed
from conformance.sources import builds, pod_templates
from conformance.sources.builds import Builds
from conformance.sources.facts import Place, SourceError
from conformance.sources.groovy import Item, PipelineFile, SeedScript
from conformance.sources.plugins.pin import Pin, parse_entry
from conformance.sources.pod_templates import PodTemplate

#: lines of template directives; what they enclose is read as if it were always there
_DIRECTIVE = re.compile(r"^\s*(%\{.*\}|\{\{-?.*-?\}\})\s*$", re.MULTILINE)
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
    def values_text(self) -> str:
        return self.read(self.loaded.values_template)

    @cached_property
    def values(self) -> dict[str, Any]:
        """The values template as YAML, placeholders left as they are."""
        where = self.shown(self.loaded.values_template)
        parsed = self._yaml(_DIRECTIVE.sub("", self.values_text), where, "STATIC-02")
        if not isinstance(parsed, dict):
            raise PreconditionFailed("STATIC-02", f"{where} holds no mapping")
        return parsed

    @property
    def controller(self) -> dict[str, Any]:
        found = self.values.get("controller")
        return found if isinstance(found, dict) else {}

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """The entries of `controller.installPlugins`."""
        entries = self.controller.get("installPlugins") or []
        where = Place(self.shown(self.loaded.values_template))
        return tuple(parse_entry(str(each), where) for each in entries if isinstance(entries, list))

    # -- JCasC ------------------------------------------------------------------------------

    @cached_property
    def jcasc_scripts(self) -> dict[str, dict[str, Any]]:
        """`controller.JCasC.configScripts`, each parsed."""
        scripts = (self.controller.get("JCasC") or {}).get("configScripts") or {}
        found = {}
        for name, text in scripts.items():
            parsed = self._yaml(_DIRECTIVE.sub("", str(text)), f"JCasC script {name}", "STATIC-05")
            found[str(name)] = parsed if isinstance(parsed, dict) else {}
        return found

    def jcasc(self, *keys: str) -> list[Any]:
        """What each JCasC script that has it says under `keys`."""
        found = []
        for script in self.jcasc_scripts.values():
            value: Any = script
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            if value is not None:
                found.append(value)
        return found

    @cached_property
    def pod_templates(self) -> tuple[PodTemplate, ...]:
        """Every pod template: of the chart's agent keys, then of clouds in JCasC."""
        found = list(pod_templates.from_values(self.values))
        for name, script in self.jcasc_scripts.items():
            clouds = (script.get("jenkins") or {}).get("clouds") or []
            found += pod_templates.from_clouds(clouds, f"JCasC script {name}")
        return tuple(found)

    @cached_property
    def credential_ids(self) -> tuple[str, ...]:
        """Ids of the credentials that JCasC declares."""
        found = []
        for domains in self.jcasc("credentials", "system", "domainCredentials"):
            for domain in domains:
                for entry in domain.get("credentials") or ():
                    found += [str(body.get("id", "")) for body in entry.values() if isinstance(body, dict)]
        return tuple(found)

    def credential_values(self) -> Iterator[tuple[str, str, str]]:
        """(id, key, value) of everything in a declared credential that may be secret."""
        secret = (
            "password",
            "secret",
            "privateKey",
            "passphrase",
            "secretKey",
            "accessKey",
            "secretBytes",
            "token",
        )
        for domains in self.jcasc("credentials", "system", "domainCredentials"):
            for domain in domains:
                for entry in domain.get("credentials") or ():
                    for body in entry.values():
                        for key, value in (body or {}).items():
                            if key in secret and isinstance(value, str):
                                yield str(body.get("id", "")), key, value

    # -- placeholders -----------------------------------------------------------------------

    def resolved(self, text: str) -> str:
        """`text` with placeholders replaced by what the Terraform declaration says literally."""

        def value(found: re.Match[str]) -> str:
            said = self.placeholders.get(found[1])
            return found[0] if said is None else said

        return re.sub(r"\$\{(\w+)\}", value, text)

    @cached_property
    def placeholders(self) -> dict[str, str]:
        """Plain values of the declaration by their key; an image's parts come from the environment."""
        return {key: str(value) for key, value in self.declaration.items() if isinstance(value, str | int)}

    def exact_image(self, reference: str) -> bool:
        """Is an image pinned by digest or by a tag other than latest? A placeholder decides elsewhere."""
        text = self.resolved(reference)
        if re.search(r"@sha256:[0-9a-f]{64}$", text):
            return True
        tag = text.rpartition("/")[2].partition(":")[2]
        return tag not in ("", "latest")

    # -- seeds and Jenkinsfiles ----------------------------------------------------------------

    @cached_property
    def builds(self) -> Builds:
        """Seeds and Jenkinsfiles as Groovy reads them."""
        jobs = self.contract.jenkins.jobs
        scripts = tuple(self._seed_scripts())
        return builds.evaluate(
            self.root, scripts, self.contract.stack.inputs, [wanted.pipeline for wanted in jobs]
        )

    def _seed_scripts(self) -> Iterator[SeedScript]:
        """Files that the contract names as seeds, then the scripts that JCasC's `jobs` writes out."""
        patterns = self.contract.stack.seeds
        files = {path for pattern in patterns for path in self.root.glob(pattern) if path.is_file()}
        for path in sorted(files):
            yield SeedScript(str(path.relative_to(self.root)))
        for script in self.jcasc_scripts.values():
            for entry in script.get("jobs") or ():
                text = str(entry.get("script") or "") if isinstance(entry, dict) else ""
                # a script that is one placeholder is a seed's file, which Terraform puts there
                if text.strip() and not re.fullmatch(r"\s*\$\{[^}]*\}\s*", text):
                    yield SeedScript(self._stack_path(self.loaded.values_template), text)

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

    @cached_property
    def declaration(self) -> dict[str, Any]:
        """The Terraform variables that declare releases and ECR repositories."""
        text = self.read(self.loaded.declaration)
        try:
            parsed = json.loads(text)
        except ValueError as error:
            raise PreconditionFailed(
                "STATIC-01",
                f"{self.shown(self.loaded.declaration)} is not JSON",
                observed=str(error),
                remedy="mend its syntax",
            ) from error
        return parsed if isinstance(parsed, dict) else {}

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
                remedy="mend the lifecycle policy's syntax",
            ) from error
        return parsed

    @cached_property
    def terraform(self) -> dict[str, str]:
        """Every `.tf` file by its path in the stack, comments blanked."""
        return {
            str(path.relative_to(self.root)): _without_hcl_comments(self.read(path))
            for path in sorted(self.root.rglob("*.tf"))
        }

    def yaml(self, path: Path) -> Any:
        """A YAML file of the stack, parsed."""
        return self._yaml(self.read(path), self.shown(path), "STATIC-55")

    def _yaml(self, text: str, where: str, decided_by: str) -> Any:
        try:
            return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, made strict
        except yaml.YAMLError as error:
            raise PreconditionFailed(
                decided_by,
                f"{where} is not YAML: {' '.join(str(error).split())[:200]}",
                remedy="mend its syntax",
            ) from error


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice: Helm would silently take the last one."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, str) and key in seen and key != "<<":
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice", key_node.start_mark
            )
        seen.add(key if isinstance(key, str) else id(key_node))
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node, deep=True))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _without_hcl_comments(text: str) -> str:
    return re.sub(
        r'("(?:\\.|[^"\\\n])*")|#[^\n]*|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text, flags=re.DOTALL
    )
