"""The settings of an installation, and the log."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_WRITE = threading.Lock()


@dataclass(frozen=True)
class Settings:
    """One installation of the simulator; the defaults are the image's."""

    home: Path
    port: int = 8080
    classpath: str = "/usr/share/jenkins/groovy-all.jar:/usr/share/jenkins/groovy-host"
    java: str = "java"
    agent_jar: Path = Path("/usr/share/jenkins/agent.jar")
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def java_property(self, name: str) -> str | None:
        """A system property out of JAVA_OPTS or JENKINS_JAVA_OPTS, where charts put them."""
        for variable in ("JAVA_OPTS", "JENKINS_JAVA_OPTS"):
            for option in self.environment.get(variable, "").split():
                if option.startswith(f"-D{name}="):
                    return option.partition("=")[2]
        return None


def log(level: str, logger: str, message: str) -> None:
    """Write a line as java.util.logging does in the official image."""
    now = datetime.now(UTC)
    stamp = now.strftime("%Y-%m-%d %H:%M:%S.") + f"{now.microsecond // 1000:03d}+0000"
    first, *rest = message.splitlines() or [""]
    plain("\n".join([f"{stamp} [id={threading.get_native_id()}]\t{level}\t{logger}: {first}", *rest]))


def plain(message: str) -> None:
    """Write a line without a stamp."""
    with _WRITE:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
