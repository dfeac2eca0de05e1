"""Standard output that survives its reader: `conformance run | head` tears down in order and says so."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass


class GuardedOutput(io.TextIOWrapper):
    """Text output that goes on into nothing when its reader has closed the pipe.

    Characters that the locale's encoding lacks are written as escapes.
    """

    closed_by_reader = False

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._lose()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._lose()

    def _lose(self) -> None:
        self.closed_by_reader = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What `guard` put in place; nothing where standard output is somebody else's object."""

    stream: GuardedOutput | None

    def end(self, code: int) -> int:
        """Write what is left. A command whose output was cut off did not end well: 2 instead of 0."""
        if self.stream is None:
            return code
        self.stream.flush()
        if not self.stream.closed_by_reader:
            return code
        print("conformance: standard output was closed before everything was written", file=sys.stderr)
        return code or 2


def guard() -> Guarded:
    """Replace this process' standard output by one that a closed pipe does not stop."""
    plain = sys.stdout
    if plain is not sys.__stdout__ or not isinstance(plain, io.TextIOWrapper):
        return Guarded(None)
    encoding, buffered = plain.encoding, plain.line_buffering
    stream = GuardedOutput(plain.detach(), encoding, "backslashreplace", line_buffering=buffered)
    sys.stdout = stream
    return Guarded(stream)
