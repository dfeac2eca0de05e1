"""Waiting for the local ECR as the test host reaches it."""

from __future__ import annotations

import requests

from conformance.core.waiting import eventually
from environments.base import Registry
from environments.ecr.dial import session


def wait_healthy(registry: Registry, ca_bundle: str, timeout: float = 60) -> None:
    """Return when front, application and registry answer at `registry.data`.

    A ready pod is not enough: its port on the host follows when kube-proxy has written its rules.
    Raises WaitTimeout.
    """
    with session(registry.data, ca_bundle) as http:
        eventually(
            lambda: http.get(f"{registry.data.url}/healthz", timeout=10).status_code,
            until=lambda status: status == 200,
            what=f"the registry {registry.host} answers at {registry.data.connect}",
            timeout=timeout,
            transient=(requests.RequestException,),
            remedy="see the logs of deployment ecr in namespace conformance-system",
        )
