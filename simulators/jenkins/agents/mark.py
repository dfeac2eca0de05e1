"""The mark on the controller's own pod: it says in the cluster that this is a simulator."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..home.settings import log
from .kube import ACCOUNT, Kube, KubeError

LABELS = {"conformance.simulator": "jenkins-controller"}


def mark(kube: Kube | None = None, environment: Mapping[str, str] = os.environ) -> bool:
    """Label the pod that this runs in; returns whether that was possible.

    The chart is the same with a real controller, so the label cannot come from there. Where the service
    account may not set it, the image and the sign-in page still say that this is a simulator."""
    name, namespace = environment.get("HOSTNAME", ""), ACCOUNT / "namespace"
    if kube is None:
        if not namespace.exists():
            return False
        kube = Kube("https://kubernetes.default")
    place = namespace.read_text().strip() if namespace.exists() else "default"
    try:
        kube.label_pod(place, name, LABELS)
    except (KubeError, OSError):
        log("INFO", "simulator", "the controller's pod could not be labelled as a simulator")
        return False
    return True
