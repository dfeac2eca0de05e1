"""Where a cluster's API server is, by a kubeconfig, and whether anybody listens there."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import yaml

PROBE_SECONDS = 2


def api_server(kubeconfig: Path, context: str) -> tuple[str, int]:
    """Host and port of the context's API server. Raises LookupError, OSError, ValueError, YAMLError."""
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    cluster = {each["name"]: each["context"]["cluster"] for each in document["contexts"]}[context]
    url = urlsplit(
        next(each["cluster"]["server"] for each in document["clusters"] if each["name"] == cluster)
    )
    return url.hostname or "", url.port or 443


def listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, PROBE_SECONDS).close()
    except OSError:
        return False
    return True
