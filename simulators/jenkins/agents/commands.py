"""A command in an agent's container, whichever way it gets there."""

from collections.abc import Callable
from dataclasses import dataclass

STDIN, STDOUT, STDERR, STATUS = 0, 1, 2, 3
"""Streams, numbered as by the API server's exec."""


class Disconnected(Exception):
    """The stream to a container ended without an exit code."""


@dataclass(frozen=True, slots=True)
class Command:
    """What runs (`argv`), the whole of its input, who takes its output as it comes (stream and bytes), and
    whether it is no longer wanted."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    output: Callable[[int, bytes], None] = lambda _stream, _data: None
    cancelled: Callable[[], bool] = lambda: False
