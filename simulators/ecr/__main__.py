"""`python -m ecr app|front|registry`: one of the pod's three containers.

`python -m ecr expired` prints a token that ended an hour ago: no check can wait for twelve hours.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from .app import build
from .front import write_nginx, write_registry
from .settings import BadSetting, Settings
from .tokens import Tokens, shared_secret
from .upstream import Distribution
from .wire import Server


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    registry = Distribution(settings.registry_socket, settings.host)
    server = Server(settings.app_socket, build(settings, registry))
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever(), which runs in this thread
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


def main(arguments: list[str]) -> int:
    try:
        settings = Settings.from_env(os.environ)
    except BadSetting as error:
        print(f"ecr: {error}", file=sys.stderr)  # the container's log
        return 3
    match arguments:
        case ["app"]:
            serve(settings)
        case ["front"]:
            # -e: the compiled-in log file cannot be opened without root
            os.execvp("nginx", ["nginx", "-e", "stderr", "-c", str(write_nginx(settings))])
        case ["registry"]:
            os.execvp("registry", ["registry", "serve", str(write_registry(settings))])
        case ["expired"]:
            key = shared_secret(settings.secret_file)
            ended = Tokens(key, settings.token_seconds, lambda: time.time() - settings.token_seconds - 3600)
            sys.stdout.write(ended.issue().text)
        case _:
            print("usage: python -m ecr app|front|registry|expired", file=sys.stderr)  # as above
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
