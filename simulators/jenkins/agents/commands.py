"""A command in an agent's container, by whichever way it is sent there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STDIN, STDOUT, STDERR, STATUS = 0, 1, 2, 3
"""Streams, numbered as by the API server's exec."""


class Disconnected(Exception):
    """The stream to a container ended without an exit code."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its arguments, the whole of its input, the receiver of its output (stream and bytes, as they
    come), and whether it was cancelled."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    output: Callable[[int, bytes], None] = lambda _stream, _data: None
    cancelled: Callable[[], bool] = lambda: False
