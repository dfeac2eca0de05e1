"""The one way to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from conformance.core.errors import TerminalState, WaitTimeout

T = TypeVar("T")
_cancelled = threading.Event()
#: what ends this thread's waits early
_ending: ContextVar[threading.Event] = ContextVar("ending", default=_cancelled)


@contextmanager
def shield() -> Iterator[None]:
    """Inside, this thread's waits and programs go on although the process cancels its work."""
    before = _ending.set(threading.Event())
    try:
        yield
    finally:
        _ending.reset(before)


def is_shielded() -> bool:
    """Does this thread run inside of `shield`?"""
    return _ending.get() is not _cancelled


@contextmanager
def cancelled() -> Iterator[None]:
    """Inside, every wait of this process ends after its next probe, except those inside of `shield`."""
    _cancelled.set()
    try:
        yield
    finally:
        _cancelled.clear()


def eventually(
    probe: Callable[[], T],
    *,
    what: str,
    timeout: float,
    interval: float = 0.5,
    until: Callable[[T], bool] = bool,
    terminal: Callable[[T], str | None] | None = None,
    transient: tuple[type[Exception], ...] = (),
    remedy: str = "",
) -> T:
    """Call `probe` every `interval` seconds until `until(value)` holds, and return that value.

    `terminal(value)` returns a reason when the awaited state cannot come any more; the wait then
    ends at once. Exceptions named in `transient` count as "not yet", and the error names the last one;
    any other goes through. Times are seconds on the monotonic clock; the probe is called at
    least once, and once more at the deadline.

    Raises:
        WaitTimeout: the time ran out, or the work is cancelled (not inside of `shield`); carries the last
            value.
        TerminalState: `terminal` gave a reason.
    """
    start = time.monotonic()
    deadline = start + timeout
    cause: Exception | None = None
    while True:
        last_try = time.monotonic() >= deadline
        try:
            value = probe()
        except transient as error:
            observed, cause = f"{type(error).__name__}: {error}", error
        else:
            if until(value):
                return value
            reason = terminal(value) if terminal else None
            if reason:
                raise TerminalState(
                    f"{what}: cannot happen any more",
                    expected=f"within {timeout:g} s",
                    observed=f"{reason} (after {time.monotonic() - start:.1f} s)",
                    remedy=remedy,
                )
            observed, cause = repr(value), None
        if last_try or _ending.get().is_set():
            raise WaitTimeout(
                f"{what}: not within {timeout:g} s" if last_try else f"{what}: cancelled, the work has ended",
                expected=what,
                observed=f"last seen: {observed[:2000]}",
                remedy=remedy,
            ) from cause
        _ending.get().wait(max(0.0, min(interval, deadline - time.monotonic())))
