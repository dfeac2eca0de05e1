"""Start the controller in its image: `python3 -m jenkins --httpPort=8080`."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from .agents.mark import mark
from .controller import Controller
from .home.settings import Settings, log, plain
from .http.router import Router
from .http.server import Server


def settings(argv: list[str]) -> Settings:
    """Take what matters out of the arguments that a Jenkins war takes; the others are accepted and
    ignored."""
    parser = argparse.ArgumentParser("jenkins", allow_abbrev=False)
    parser.add_argument("--httpPort", type=int, default=8080, dest="port")
    known, _ = parser.parse_known_args(argv)
    home = Path(os.environ.get("JENKINS_HOME", "/var/jenkins_home"))
    default = Settings(home)
    return Settings(
        home=home,
        port=known.port,
        classpath=os.environ.get("STAND_IN_CLASSPATH", default.classpath),
        java=os.environ.get("STAND_IN_JAVA", default.java),
        agent_jar=Path(os.environ.get("STAND_IN_AGENT_JAR", default.agent_jar)),
    )


def main(argv: list[str]) -> int:
    """Serve until told to stop."""
    here = settings(argv)
    plain("Running from: /usr/share/jenkins/jenkins.war")
    here.home.mkdir(parents=True, exist_ok=True)
    controller = Controller(here)
    server = Server(here.port, Router(controller).answer)
    log(
        "INFO",
        "hudson.WebAppMain#contextInitialized",
        f'Jenkins home directory: {here.home} found at: EnvVars.masterEnvVars.get("JENKINS_HOME")',
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
