"""Reports: the result model, the verdict, and every artifact and view of a run.

The names here are for the command line and the pytest plugins. They are imported at their first use, so
that a pytest worker, which only appends events, does not pay for the result model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.live import LiveView as LiveView
    from reports.live import usual as usual
    from reports.load import load_results as load_results
    from reports.model import RunResult as RunResult
    from reports.recorder import Recorder as Recorder
    from reports.terminal import print_verdict as print_verdict
    from reports.write import write_all as write_all

_HOME = {
    "LiveView": "reports.live",
    "Recorder": "reports.recorder",
    "RunResult": "reports.model",
    "load_results": "reports.load",
    "print_verdict": "reports.terminal",
    "usual": "reports.live",
    "write_all": "reports.write",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'reports' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
