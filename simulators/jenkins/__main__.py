"""Start the controller in its image: `python3 -m jenkins --httpPort=8080`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from .agents.mark import mark
from .controller import Controller
from .home.settings import Settings, log, plain
from .http.server import Server


def read_settings(argv: list[str]) -> Settings:
    """Read the arguments of a Jenkins war that matter here; the others are accepted and ignored."""
    parser = argparse.ArgumentParser("jenkins", allow_abbrev=False)
    parser.add_argument("--httpPort", type=int, default=8080, dest="port")
    known, _ = parser.parse_known_args(argv)
    return Settings(Path(os.environ.get("JENKINS_HOME", "/var/jenkins_home")), known.port)


def main(argv: list[str]) -> int:
    """Serve until a signal ends it."""
    settings = read_settings(argv)
    plain("Running from: /usr/share/jenkins/jenkins.war")
    settings.home.mkdir(parents=True, exist_ok=True)
    controller = Controller(settings)
    server = Server(settings.port, controller.answer)
    log(
        "INFO",
        "hudson.WebAppMain#contextInitialized",
        f'Jenkins home directory: {settings.home} found at: EnvVars.masterEnvVars.get("JENKINS_HOME")',
    )

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threading.Thread(target=controller.start, daemon=True, name="start").start()
    threading.Thread(target=mark, daemon=True, name="mark").start()
    server.serve_forever(poll_interval=0.2)
    controller.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
