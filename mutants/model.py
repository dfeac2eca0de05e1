"""A mutant: the reference stack and contract with one small patch, and the requirements it breaks."""

from __future__ import annotations

import gzip
import shutil
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from conformance.core.errors import UsageError
from conformance.core.paths import REFERENCE

FOLDER = Path(__file__).resolve().parent
STACK = ("stack", "conformance.toml", "update-center.json.gz", "pin-waivers.toml")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Patch(_Part):
    """One change of one file; exactly one way of changing it is given."""

    file: str = Field(description="path from the folder of the contract; of a .gz file, its text is changed")
    find: str = Field("", description="text that is there exactly `count` times")
    replace: str = Field("", description="what takes its place")
    count: int = 1
    append: str = Field("", description="text put behind the file's end; a missing file is made")
    delete: bool = Field(False, description="take the file (or folder) away")
    rename: str = Field("", description="the file's new path")
    mode: str = Field("", pattern=r"^(0[0-7]{3})?$", description="the file's new mode, in octal")

    @model_validator(mode="after")
    def _one_way(self) -> Patch:
        ways = [bool(self.find), bool(self.append), self.delete, bool(self.rename), bool(self.mode)]
        if sum(ways) != 1:
            raise ValueError("a patch has one of find, append, delete, rename and mode")
        return self

    def apply(self, root: Path) -> None:
        """Change the copy of the stack in `root`. UsageError when it does not fit any more."""
        target = root / self.file
        if self.append:
            target.parent.mkdir(parents=True, exist_ok=True)
            before = target.read_text(encoding="utf-8") if target.exists() else ""
            target.write_text(before + self.append, encoding="utf-8")
        elif self.delete:
            shutil.rmtree(target) if target.is_dir() else target.unlink()
        elif self.mode:
            target.chmod(int(self.mode, 8))
        elif self.rename:
            (root / self.rename).parent.mkdir(parents=True, exist_ok=True)
            target.rename(root / self.rename)
        else:
            text = _read(target)
            if text.count(self.find) != self.count:
                raise UsageError(
                    f"a mutant's patch does not fit {self.file}",
                    expected=f"{self.count} times {self.find!r}",
                    observed=f"{text.count(self.find)} times",
                    remedy="the stack changed: change the patch too",
                )
            _write(target, text.replace(self.find, self.replace))


def _read(file: Path) -> str:
    content = file.read_bytes()
    return (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8")


def _write(file: Path, text: str) -> None:
    content = text.encode("utf-8")
    file.write_bytes(gzip.compress(content, compresslevel=1) if file.suffix == ".gz" else content)


class Mutant(_Part):
    """One broken stack.

    `breaks` are the requirements that must fail, and no other may; `says` are words that the first line
    of the failure must hold, so that the author of the patch would recognize it.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    layer: Literal["static", "platform", "nexus", "registry", "jenkins", "agents", "pipelines"]
    what: str
    breaks: tuple[str, ...] = Field(min_length=1)
    says: tuple[str, ...] = Field(min_length=1)
    patch: tuple[Patch, ...] = Field(min_length=1)

    def make(self, target: Path) -> Path:
        """Copy the reference stack into `target`, patch it, and return the contract's path."""
        for name in STACK:
            source = REFERENCE / name
            if source.is_dir():
                shutil.copytree(source, target / name)
            else:
                shutil.copy2(source, target / name)
        for patch in self.patch:
            patch.apply(target)
        return target / "conformance.toml"


def load(folder: Path = FOLDER) -> tuple[Mutant, ...]:
    """Every mutant of the TOML files in `folder`, in their order."""
    found = [
        Mutant.model_validate(raw)
        for file in sorted(folder.glob("*.toml"))
        for raw in tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", ())
    ]
    names = [mutant.id for mutant in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"mutants of the same id: {', '.join(twice)}")
    return tuple(found)
