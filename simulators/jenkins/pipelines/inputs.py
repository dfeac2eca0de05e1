"""The step `input`: a build waits for a person."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..http.security import User
from .arguments import Args
from .flow import Ctx, Interruption

DEFAULT = "Pipeline has paused and needs your input before proceeding"


@dataclass
class Input:
    """One question that a running pipeline asks.

    Who may answer needs no rule of its own: whoever is signed in administers here, and administrators may
    answer whatever `submitter` says.
    """

    id: str
    message: str
    parameters: list[Mapping[str, Any]]
    submitter_parameter: str | None
    say: Callable[[str], None]
    """Prints to the console."""
    settled: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    rejection: Interruption | None = None

    def proceed(self, user: User | None, given: Mapping[str, Any] | None) -> None:
        """Go on with the submitted values."""
        values = dict(given or {})
        if self.submitter_parameter:
            values[self.submitter_parameter] = user.id if user else "anonymous"
        if user is not None:
            self.say(f"Approved by {user.name}")
        self.value = next(iter(values.values())) if len(values) == 1 else values or None
        self.settled.set()

    def abort(self, user: User | None) -> None:
        """Stop the pipeline here."""
        self.rejection = Interruption((f"Rejected by {user.name}" if user else "Rejected",))
        self.settled.set()


def ask(ctx: Ctx, args: Args) -> Any:
    """Ask and wait; returns the value, or the values by name when there are several.

    Raises:
        StepError: it was rejected, or the build is stopped meanwhile.
    """
    message = str(args.get("message", DEFAULT, first=True))
    name = str(args.get("id") or hashlib.md5(message.encode(), usedforsecurity=False).hexdigest())
    name = name[0].upper() + name[1:]  # small letters at the start are kept for the page's own actions
    parameters = args.get("parameters") or []
    asked = Input(name, message, parameters, args.get("submitterParameter"), ctx.log)
    if not ctx.flow.inputs:
        ctx.flow.build.hidden_actions += 1
    ctx.flow.inputs[name] = asked
    if parameters or asked.submitter_parameter:
        ctx.log("Input requested")
    else:
        ctx.log(f"{message}\n{args.get('ok') or 'Proceed'} or {args.get('cancel') or 'Abort'}")
    try:
        ctx.wait(asked.settled.is_set)
    finally:
        ctx.flow.inputs.pop(name, None)
    if asked.rejection is not None:
        raise asked.rejection.error()
    return asked.value
