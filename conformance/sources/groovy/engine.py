"""Evaluates the Groovy sources of a repository: seeds are run, pipelines and libraries are parsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from conformance.core.paths import cache_root
from conformance.sources.facts import Fact, Place, SourceError, Undecided
from conformance.sources.groovy import seeds as results
from conformance.sources.groovy.elements import Context
from conformance.sources.groovy.machine import LimitReached, Machine
from conformance.sources.groovy.pipelines import PipelineFile
from conformance.sources.groovy.program import Limits, fingerprint, program
from conformance.sources.groovy.reading import read
from conformance.sources.groovy.results import ResultCache
from conformance.sources.groovy.scripts import pipeline_file
from conformance.sources.groovy.seeds import Item, Seeds, SeedScript, View


@dataclass(slots=True)
class _Gathered:
    """What the seeds that ran so far made."""

    items: list[Item] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    queued: list[Fact[str]] = field(default_factory=list)
    errors: list[SourceError] = field(default_factory=list)
    undecided: list[Fact[None]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)


class GroovyEngine:
    """Evaluates the Groovy sources of repositories; a context manager that ends its virtual machines.

    A virtual machine serves one repository. It starts when a result is not in the cache, and not before.
    """

    def __init__(self, limits: Limits | None = None, *, cached: bool = True) -> None:
        self._limits = limits or Limits()
        self._cached = cached
        self._key = fingerprint()
        self._machines: dict[Path, Machine] = {}

    def __enter__(self) -> GroovyEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every virtual machine."""
        machines, self._machines = self._machines, {}
        for machine in machines.values():
            machine.close()

    @property
    def starts(self) -> int:
        """How many virtual machines this engine started."""
        return sum(machine.starts for machine in self._machines.values())

    @property
    def processes(self) -> tuple[int, ...]:
        """Ids of the virtual machines that run now."""
        return tuple(machine.pid for machine in self._machines.values() if machine.pid)

    def resident_mb(self) -> float:
        """Resident memory of the virtual machines that run now."""
        return sum(machine.resident_mb() for machine in self._machines.values())

    def evaluate_seeds(
        self, root: Path, seeds: Sequence[SeedScript | str], inputs: Mapping[str, str]
    ) -> Seeds:
        """Run `seeds` in their order, with `inputs` for what only the cluster has.

        A key of `inputs` is the path of a file (or its name alone), or the name of an environment variable.
        Items of a seed that fails are in the result, although Jenkins makes none of them.
        """
        gathered = _Gathered()
        for seed in seeds:
            script = SeedScript(seed) if isinstance(seed, str) else seed
            self._seed(root, script, dict(inputs), gathered)
        return Seeds(
            items=tuple(_with_replaced(gathered)),
            views=tuple(gathered.views),
            queued=tuple(gathered.queued),
            errors=tuple(gathered.errors),
            undecided=tuple(gathered.undecided),
            used_inputs=frozenset(gathered.used),
            missing_inputs=frozenset(gathered.missing),
        )

    def parse_pipelines(self, root: Path, files: Iterable[str]) -> dict[str, PipelineFile | SourceError]:
        """Parse Jenkinsfiles, libraries' steps and loaded scripts; nothing of them runs."""
        return {file: self._pipeline(root, file) for file in files}

    def parse_text(self, root: Path, file: str, text: str, line: int = 1) -> PipelineFile | SourceError:
        """Parse a pipeline that is written inside another file, from `line` on."""
        response = self._response(root, {"operation": "parse", "text": text}, Place(file, line))
        if isinstance(response, SourceError):
            return response
        if "error" in response:
            return _error(response["error"], Context(file, line, ()))
        return pipeline_file(file, text, response, line)

    def _pipeline(self, root: Path, file: str) -> PipelineFile | SourceError:
        text = read(root, file)
        return text if isinstance(text, SourceError) else self.parse_text(root, file, text)

    def _seed(self, root: Path, seed: SeedScript, inputs: dict[str, str], gathered: _Gathered) -> None:
        text = read(root, seed.file) if seed.text is None else seed.text
        if isinstance(text, SourceError):
            gathered.errors.append(text)
            return
        folders = [str((root / seed.file).parent.resolve()), str((root / "src/main/groovy").resolve())]
        request = {
            "operation": "seed",
            "text": text,
            "inputs": inputs,
            "folder": Path(seed.file).parent.as_posix(),
            "variables": list(seed.variables),
        }
        response = self._response(root, request, Place(seed.file, seed.line), classpath=folders)
        if isinstance(response, SourceError):
            gathered.errors.append(response)
            return
        context = Context(seed.file, seed.line, tuple(response["symbols"]))
        gathered.items += [results.item(each, context) for each in response["items"]]
        gathered.views += [results.view(each, context) for each in response["views"]]
        gathered.queued += [context.fact(each["name"], each["line"]) for each in response["queued"]]
        gathered.used.update(response["used"])
        gathered.missing.update(response["symbols"])
        if "error" in response:
            gathered.errors.append(_error(response["error"], context))
        if "undecided" in response:
            found = response["undecided"]
            reason = Undecided(context.readable(found["reason"]), decided_by=found["input"])
            gathered.undecided.append(Fact(reason, context.place(found["line"])))
            gathered.missing.update([found["input"]] if found["input"] else [])

    def _response(
        self, root: Path, request: dict[str, Any], place: Place, *, classpath: Sequence[str] = ()
    ) -> dict[str, Any] | SourceError:
        cache = ResultCache(cache_root() / "groovy" / self._key / "results", root)
        kept = cache.get(request) if self._cached else None
        if kept is not None:
            return kept
        try:
            response = self._machine(root).request({**request, "classpath": list(classpath)})
        except LimitReached as reached:
            return SourceError(place, f"the script was ended: {reached}")
        if self._cached:
            cache.put(request, response, response.get("touched", ()))
        return response

    def _machine(self, root: Path) -> Machine:
        place = root.resolve()
        if place not in self._machines:
            self._machines[place] = Machine(program(self._key), place, self._limits)
        return self._machines[place]


def _error(raw: Mapping[str, Any], context: Context) -> SourceError:
    line = context.place(raw["line"])
    return SourceError(Place(line.file, line.line, max(raw["column"], 0)), context.readable(raw["message"]))


def _with_replaced(gathered: _Gathered) -> list[Item]:
    """The items, each with the place of an earlier one of its name; another type is an error."""
    made: dict[str, Item] = {}
    items = []
    for each in gathered.items:
        before = made.get(each.full_name) if each.name.decided else None
        current = replace(each, replaces=before.place) if before else each
        if before and before.type != each.type and before.place.file != each.place.file:
            message = (
                f'Type of item "{each.full_name}" does not match existing type, item type can not be changed'
            )
            gathered.errors.append(SourceError(each.place, message))
        made[each.full_name] = current
        items.append(current)
    return items
