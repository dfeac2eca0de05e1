"""One installation for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.core.paths import PROJECT


@dataclass(frozen=True)
class Installation:
    """A virtual environment that holds the wheel; `new` are the names that the wheel added to Python."""

    folder: Path
    new: tuple[str, ...]
    home: Path

    @property
    def packages(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    @property
    def tree(self) -> Path:
        return self.packages / "conformance/_tree"

    def run(self, cwd: Path, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `conformance WORDS` in `cwd` as a user of the installation."""
        environment = _environment() | {
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_STATE_HOME": str(self.home / "state"),
            **more,
        }
        return subprocess.run(
            [str(self.folder / "bin/conformance"), *map(str, words)],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def _environment() -> dict[str, str]:
    """The variables of this process without Python's own: the installation alone decides its imports."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def build(kind: str, target: Path, source: Path) -> None:
    """Build a distribution of `source` into `target` with the build tool of this interpreter."""
    words = ["build", "--target", kind, "--directory", str(target)]
    subprocess.run([sys.executable, "-m", "hatchling", *words], cwd=source, check=True, capture_output=True)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build("wheel", folder, PROJECT)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel's own files from the wheel; its dependencies are those of this interpreter."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, symlinks=True)
    made = Installation(folder, (), tmp_path_factory.mktemp("home"))
    before = {path.name for path in made.packages.iterdir()}
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder / "bin/python")]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", "--no-compile", str(wheel)],
        env=_environment(),
        check=True,
    )
    new = sorted({path.name for path in made.packages.iterdir()} - before)
    # the folder itself and not its .pth files: those of an editable installation of this project stay out
    borrowed = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (made.packages / "dependencies.pth").write_text("\n".join(borrowed) + "\n")
    return Installation(folder, tuple(new), made.home)


@pytest.fixture
def read_only(installation: Installation) -> Installation:
    """The same installation without a permission to write in it, for a user who is not root."""
    for path in (installation.tree, *installation.tree.rglob("*")):
        if path.is_dir():
            path.chmod(0o555)
    return installation
