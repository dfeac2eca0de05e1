"""The one sentence that names what this simulator does not implement, and what to use instead."""

from __future__ import annotations


def unsupported(what: str) -> str:
    """The message for one missing feature."""
    return (
        f"the Jenkins simulator does not implement {what}; "
        "use --jenkins-image IMAGE to run with a real controller"
    )
