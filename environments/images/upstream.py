"""Do the public registries answer from here? Asked once, briefly."""

from __future__ import annotations

import os

import requests

MIRROR_VARIABLE = "CONFORMANCE_REGISTRY_MIRROR"
SECONDS = 3.0


def mirror() -> str:
    """`host[:port]/path` of a registry that mirrors the public ones under their own repository names."""
    return os.environ.get(MIRROR_VARIABLE, "").rstrip("/")


def mirrored(reference: str) -> str:
    """`reference` as this host pulls it: through the mirror when one is set."""
    host, _, rest = reference.partition("/")
    return f"{mirror()}/{rest}" if mirror() and "." in host else reference


def answers(reference: str) -> tuple[bool, str]:
    """Does the registry of `reference` speak the registry API, and what was seen.

    The API's version check is defined to answer 200, or 401 where a login is needed
    (distribution-spec, "Determining Support").
    """
    host = mirrored(reference).partition("/")[0]
    host = "registry-1.docker.io" if host == "docker.io" else host
    local = host.split(":")[0] in {"127.0.0.1", "localhost"}
    url = f"{'http' if local else 'https'}://{host}/v2/"
    try:
        status = requests.get(url, timeout=SECONDS, allow_redirects=False).status_code
    except requests.RequestException as error:
        return False, f"{host} does not answer ({type(error).__name__})"
    return status in {200, 401}, f"{host} answers {status}"
