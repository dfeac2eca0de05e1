"""The container engine: the one that is there, or a private one.

A private engine has its own socket, data root and run folder below the cache directory and is used only
where no engine answers. It never touches one that is there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.core.errors import ConformanceError, HostUnfit
from conformance.core.files import lock
from conformance.core.paths import cache_root, lock_file
from conformance.core.process import RUN_MARK, run
from conformance.core.waiting import eventually
from environments.host import runc_hostcaps


@dataclass(frozen=True, slots=True)
class Engine:
    """A Docker-compatible engine; `socket` is empty for the client's own default."""

    socket: str = ""

    def environment(self) -> dict[str, str]:
        """The process environment in which docker and kind talk to this engine."""
        return dict(os.environ) | ({"DOCKER_HOST": self.socket} if self.socket else {})

    def docker(
        self, *words: str | Path, timeout: float = 600, check: bool = True, stdin: str | bytes | None = None
    ) -> str:
        """Standard output of a docker command, without the last newline. Raises CommandFailed."""
        done = run(
            ["docker", *words],
            env=self.environment(),
            timeout=timeout,
            check=check,
            stdin=stdin,
            remedy="conformance doctor reports the state of the engine",
        )
        return done.stdout.strip()

    def answers(self) -> bool:
        try:
            return bool(self.docker("version", "--format", "{{.Server.Version}}", timeout=10))
        except ConformanceError:
            return False

    def has_image(self, reference: str) -> bool:
        return bool(self.docker("images", "-q", reference))

    def pipe(
        self, producer: Sequence[str | Path], consumer: Sequence[str | Path], timeout: float = 600
    ) -> None:
        """`producer | consumer`, both docker commands (or programs named by path). Raises CommandFailed."""
        first = [str(word) for word in producer]
        with subprocess.Popen(first, stdout=subprocess.PIPE, env=self.environment()) as source:
            assert source.stdout is not None  # noqa: S101 - for the type checker; it is PIPE
            try:
                done = subprocess.run(
                    [str(word) for word in consumer],
                    stdin=source.stdout,
                    env=self.environment(),
                    timeout=timeout,
                    check=False,
                    capture_output=True,
                )
            finally:
                source.stdout.close()
            source.wait(timeout=timeout)
        if source.returncode or done.returncode:
            raise HostUnfit(
                f"{' '.join(first[:3])} | {' '.join(str(w) for w in consumer[:3])} failed",
                observed=f"status {source.returncode} and {done.returncode}: "
                + done.stderr.decode("utf-8", "replace")[-1500:],
                remedy="check disk space (conformance doctor), then run the command again",
            )


def private_folder() -> Path:
    return cache_root() / "engine"


def private() -> Engine:
    return Engine(f"unix://{private_folder()}/docker.sock")


def find() -> Engine | None:
    """The engine to use: the host's when it answers, otherwise our private one when that runs."""
    for engine in (Engine(), private()):
        if engine.answers():
            return engine
    return None


def start_private(shim: bool) -> Engine:
    """Start our private daemon and wait until it answers; one that runs already is used.

    `shim`: put `runc_hostcaps` before runc (see there).

    Raises:
        HostUnfit: it ended or did not answer; carries the end of its log.
    """
    folder, engine = private_folder(), private()
    with lock(lock_file("engine")):
        if engine.answers():
            return engine
        folder.mkdir(parents=True, exist_ok=True)
        # a killed daemon leaves its pid file, which would keep the next one from starting
        for leftover in ("dockerd.pid", "docker.sock"):
            (folder / leftover).unlink(missing_ok=True)
        settings: dict[str, object] = {
            "data-root": str(folder / "data"),
            "exec-root": str(folder / "exec"),
            "pidfile": str(folder / "dockerd.pid"),
            "hosts": [engine.socket],
            "log-level": "warn",
        }
        if shim:
            program = folder / "runc-hostcaps"
            shutil.copyfile(runc_hostcaps.__file__, program)
            program.chmod(0o755)
            settings |= {"default-runtime": "hostcaps", "runtimes": {"hostcaps": {"path": str(program)}}}
        (folder / "daemon.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
        with (folder / "dockerd.log").open("ab") as log:
            daemon = subprocess.Popen(
                ["dockerd", "--config-file", str(folder / "daemon.json")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # it serves every run, so it is marked as no run's own
                env={name: value for name, value in os.environ.items() if name != RUN_MARK},
            )
        try:
            eventually(
                engine.answers,
                what="our private container engine answers",
                timeout=30,
                interval=0.2,
                terminal=lambda _: (
                    f"dockerd ended with status {daemon.returncode}" if daemon.poll() is not None else None
                ),
            )
        except ConformanceError as error:
            tail = (folder / "dockerd.log").read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
            raise HostUnfit(
                "our private container engine did not start",
                where=str(folder / "dockerd.log"),
                observed=" | ".join(tail) or str(error),
                remedy="start an engine yourself, or repair what the log names",
            ) from error
    return engine


def stop_private() -> bool:
    """End our private daemon; its data stay for the next run. False when none ran."""
    pid_file = private_folder() / "dockerd.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    if str(private_folder()).encode() not in command:
        return False  # the number was given to another process since
    os.kill(pid, signal.SIGTERM)
    eventually(
        lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid),
        what="our private container engine ends",
        timeout=60,
        interval=0.1,
    )
    # it leaves a network namespace mounted
    unmount_below(private_folder())
    return True


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def unmount_below(folder: Path) -> None:
    """Unmount all that is mounted below `folder`, the deepest first; a busy one goes when it is free."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for mount in sorted((path for path in mounted if path.startswith(f"{folder}/")), reverse=True):
        try:
            run(["umount", mount], timeout=20)
        except ConformanceError:
            run(["umount", "--lazy", mount], timeout=20)
