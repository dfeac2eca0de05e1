"""What the script console sees and changes of the controller."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..controller import Controller

OPERATIONS = {"model", "approve", "deny", "quietDown", "setcloud"}
"""The requests that come from the console; all others come from pipelines."""


def answer(controller: "Controller", message: Mapping[str, Any]) -> Any:
    """What a script of the console asked."""
    op = message["op"]
    if op == "model":
        return _value(controller, str(message["name"]))
    if op == "approve":
        controller.approvals.approve(str(message["hash"]))
    elif op == "deny":
        controller.approvals.deny(str(message["hash"]))
    elif op == "quietDown":
        controller.quiet_down(bool(message["value"]))
    elif op == "setcloud":
        for data in controller.configured.clouds:
            if data.get("name") == message["name"]:
                data[str(message["key"])] = message["value"]
    return None


def _value(c: "Controller", name: str) -> Any:
    values: dict[str, Any] = {
        "rootUrl": c.root_url(),
        "systemMessage": c.configured.system_message,
        "numExecutors": c.configured.executors,
        "quietingDown": c.life.quieting_down,
        "items": sorted(c.jobs.root.children),
        "jobNames": [item.full_name for item in c.jobs.root.walk()],
        "clouds": c.configured.clouds,
        "plugins": [{"shortName": p.name, "version": p.version} for p in c.plugins],
        "pendingScripts": [{"hash": h, "script": s} for h, s in c.approvals.pending.items()],
    }
    return values[name]
