"""An agent's connection: it keeps the agent online and carries the commands of its own container.

As with remoting: only steps in other containers go by the API server's exec. The controller sends lines;
behind `run ID ARGUMENTS SIZE` follow SIZE bytes: the arguments, each with a NUL at its end, and the command's
input. The agent answers in frames: stream (one byte), ID and size (four bytes each, big-endian) and so many
bytes. Streams are numbered as by the API server's exec; STATUS holds the exit code in digits.
"""

from __future__ import annotations

import itertools
import queue
import select
import socket
import struct
import threading
from collections.abc import Callable

from .commands import STATUS, Command, Disconnected

HEARTBEAT = 5.0
POLL = 0.5
"""Seconds between checks whether a command was cancelled."""
FRAME = struct.Struct(">BII")


class Channel:
    """The controller's side of one agent's connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._ids = itertools.count(1)
        self._answers: dict[int, queue.SimpleQueue[tuple[int, bytes] | None]] = {}
        self._closed = False

    def hold(self, removed: Callable[[], bool]) -> None:
        """Return when either side ends the connection; commands that run then fail."""
        if self._send(b"connected\n"):
            self._listen(removed)
        self._closed = True
        for answers in list(self._answers.values()):
            answers.put(None)

    def end(self) -> None:
        """Make the agent end."""
        self._send(b"exit\n")

    def run(self, command: Command) -> int:
        """Run a command in the agent's container, pass its output on as it comes, return its exit code.

        Raises:
            Disconnected: the connection ended, or the command was cancelled.
        """
        number = next(self._ids)
        answers = self._answers[number] = queue.SimpleQueue()
        payload = b"".join(argument.encode() + b"\0" for argument in command.argv) + command.stdin
        try:
            # the order matters: hold() ends the waiting commands after it set _closed
            head = f"run {number} {len(command.argv)} {len(payload)}\n".encode()
            if self._closed or not self._send(head + payload):
                raise Disconnected("the agent's connection is closed")
            while not command.cancelled():
                try:
                    answer = answers.get(timeout=POLL)
                except queue.Empty:
                    continue
                if answer is None:
                    raise Disconnected("the agent's connection was closed")
                stream, data = answer
                if stream == STATUS:
                    return int(data)
                command.output(stream, data)
            raise Disconnected("cancelled")
        finally:
            del self._answers[number]

    def _listen(self, removed: Callable[[], bool]) -> None:
        pending = b""
        while not removed():
            readable, _, _ = select.select([self._connection], [], [], HEARTBEAT)
            if not readable:
                if not self._send(b"ping\n"):
                    return
                continue
            try:
                data = self._connection.recv(65536)
            except OSError:
                return
            if not data:
                return
            pending = self._dispatch(pending + data)

    def _dispatch(self, data: bytes) -> bytes:
        """Pass whole frames to their commands; returns the rest."""
        while len(data) >= FRAME.size:
            stream, number, size = FRAME.unpack_from(data)
            end = FRAME.size + size
            if len(data) < end:
                break
            if (answers := self._answers.get(number)) is not None:
                answers.put((stream, data[FRAME.size : end]))
            data = data[end:]
        return data

    def _send(self, message: bytes) -> bool:
        try:
            with self._sending:
                self._connection.sendall(message)
        except OSError:
            return False
        return True
