"""Records a run for the reports: its identity, its components, the steps of its stand-up, its problems.

recorder = Recorder(folder, run_id="r1", environment="kind", contract=loaded, command="run")
recorder.step("nexus", "running") ... recorder.step("nexus", "done")
recorder.components(asdict(part) for part in endpoints.components)
recorder.problem(error, "stand-up")          # after a failure outside of any check
recorder.finish()                            # or recorder.finish(interrupted=True)
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from conformance.contract import catalogue as catalogues
from conformance.contract.model import LoadedContract
from conformance.core.errors import ConformanceError, UsageError
from conformance.core.files import write_atomically
from reports import waivers as waiving
from reports.events import RESERVE, EventLog, reserve
from reports.load import RUN
from reports.model import ComponentInfo
from reports.redact import SECRETS

TIMELINE = "timeline.jsonl"
#: The contract at the beginning of the run: a bundle needs no tree to be judged.
CONTRACT = "contract.toml"


class Recorder:
    """Keeps run.json true at any moment: a killed run leaves the state "running" behind.

    `folder` must hold no other run. `timeline` is the file for the spans of conformance.core.timeline.
    """

    def __init__(
        self,
        folder: Path,
        *,
        run_id: str,
        environment: str,
        contract: LoadedContract | None,
        command: str = "",
        selection: str = "",
        layers: Iterable[str] = (),
        without: Iterable[str] = (),
        waivers: Path | None = None,
        requirements: Path = catalogues.FILE,
        stack_revision: str = "",
        pins: Mapping[str, str] | None = None,
    ) -> None:
        if (folder / RUN).exists():
            raise UsageError(
                f"{folder} holds the results of another run", remedy="name an empty --results-dir"
            )
        self.folder = folder
        self._log = EventLog(folder, "run")
        reserve(folder)
        self._problems: list[dict[str, str]] = []
        self._components: list[dict[str, Any]] = []
        # layers outside of this kind of run are not missing from it
        left_out = frozenset(without)
        self._requirements = [
            catalogues.requirement_fields(known)
            for known in catalogues.load(requirements)
            if known.layer not in left_out
        ]
        self._waivers = [
            {**asdict(waiver), "expires": waiver.expires.isoformat()}
            for waiver in (waiving.load(waivers) if waivers else ())
        ]
        file = contract.file if contract else None
        text = file.read_bytes() if file else b""
        if text:
            write_atomically(folder / CONTRACT, SECRETS.data(text))
        self._run: dict[str, Any] = {
            "id": run_id,
            "started": time.time(),
            "ended": None,
            "state": "running",
            "environment": environment,
            "contract": contract.contract.stack.name if contract else "",
            "contract_file": file.name if file else "",
            "contract_sha256": hashlib.sha256(text).hexdigest() if file else "",
            "stack_revision": stack_revision,
            "harness_version": _version(),
            "command": command,
            "selection": selection,
            "layers": list(layers),
            "pins": sorted((pins or {}).items()),
        }
        self._write()

    @property
    def timeline(self) -> Path:
        return self.folder / TIMELINE

    def components(self, parts: Iterable[Mapping[str, Any]]) -> None:
        """The parts of the stack, each with the fields of `ComponentInfo`."""
        self._components = [ComponentInfo.model_validate(dict(part)).model_dump() for part in parts]
        self._write()

    def read_only(self) -> None:
        """Checks that write do not apply; the headline of the verdict says so."""
        self._run["read_only"] = True
        self._write()

    def pins(self, pins: Mapping[str, str]) -> None:
        """Pinned plugins, name to version."""
        self._run["pins"] = sorted(pins.items())
        self._write()

    def step(self, name: str, state: Literal["running", "done", "failed"], note: str = "") -> None:
        """A part of the stand-up or tear-down began or ended; shown live."""
        self._log.event("step", name=name, state=state, note=note)

    def note(self, text: str) -> None:
        """One line for the live view."""
        self._log.event("note", text=text)

    def problem(self, error: ConformanceError, where: str = "") -> None:
        """Record a failure outside of any check: the verdict cannot be conformant."""
        problem = {
            "what": error.what,
            "where": error.where or where,
            "observed": error.observed or str(error),
            "remedy": error.remedy,
        }
        self._problems.append(problem)
        self._log.event("problem", **problem)
        self._write()

    def finish(self, *, interrupted: bool = False) -> None:
        """Record the end of the run; call it last, before the results are loaded."""
        self._run |= {"ended": time.time(), "state": "interrupted" if interrupted else "finished"}
        self._write()
        self._log.close()
        (self.folder / RESERVE).unlink(missing_ok=True)

    def _write(self) -> None:
        head = {
            "run": self._run,
            "components": self._components,
            "problems": self._problems,
            "requirements": self._requirements,
            "waivers": self._waivers,
        }
        data = json.dumps(SECRETS.tree(head), indent=1, ensure_ascii=False).encode(
            "utf-8", "backslashreplace"
        )
        try:
            write_atomically(self.folder / RUN, data)
        except OSError:
            (self.folder / RESERVE).unlink(missing_ok=True)
            write_atomically(self.folder / RUN, data)


def _version() -> str:
    try:
        return version("buildinfra-conformance")
    except PackageNotFoundError:
        return "from a checkout"
