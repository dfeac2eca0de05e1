"""The mark on the controller's own pod: whoever looks at the cluster sees that this is a stand-in."""

import os
from collections.abc import Mapping

from ..home.settings import log
from .kube import ACCOUNT, Kube, KubeError

LABELS = {"conformance.stand-in": "jenkins-controller"}


def mark(kube: Kube | None = None, environment: Mapping[str, str] = os.environ) -> bool:
    """Label the pod that this runs in; whether that could be done.

    The chart is the same with a real controller, so the label cannot come from there. The service account of
    the agents may do it; where it may not, the image and the sign-in page still say what this is.
    """
    name, namespace = environment.get("HOSTNAME", ""), ACCOUNT / "namespace"
    if kube is None:
        if not namespace.exists():
            return False
        kube = Kube("https://kubernetes.default")
    where = namespace.read_text().strip() if namespace.exists() else "default"
    try:
        kube.label_pod(where, name, LABELS)
    except (KubeError, OSError):
        log("INFO", "stand-in", "the controller's pod could not be labelled as a stand-in")
        return False
    return True
