"""An agent's real program at one end of its connection, the controller's side at the other."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.jenkins.agents.channel import Channel
from simulators.jenkins.agents.commands import STDERR, STDOUT, Command, Disconnected

PROGRAM = Path(__file__).parents[1] / "agents/java"
HELLO = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"

pytestmark = pytest.mark.skipif(shutil.which("javac") is None, reason="needs a Java compiler")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agent's program, compiled as in the image of the controller."""
    made = tmp_path_factory.mktemp("agent")
    files = sorted(str(file) for file in PROGRAM.glob("*.java"))
    subprocess.run(["javac", "--release", "17", "-Xlint:all", "-Werror", "-d", made, *files], check=True)
    return made


@dataclass
class Ends:
    channel: Channel
    connection: socket.socket
    agent: subprocess.Popen[bytes]
    removed: threading.Event
    asked: bytes

    def run(self, *command: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
        said: dict[int, bytes] = {STDOUT: b"", STDERR: b""}

        def output(stream: int, data: bytes) -> None:
            said[stream] += data

        code = self.channel.run(Command(command, stdin, output))
        return code, said[STDOUT], said[STDERR]


@pytest.fixture(scope="module")
def ends(classes: Path) -> Iterator[Ends]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        words = ["java", "-cp", str(classes), "Agent", "-url", url, "-secret", "s3", "-name", "maven-x1"]
        with subprocess.Popen(words, stderr=subprocess.PIPE) as agent:
            connection, _ = server.accept()
            asked = b""
            while not asked.endswith(b"\r\n\r\n"):
                asked += connection.recv(4096)
            connection.sendall(HELLO)
            removed = threading.Event()
            both = Ends(Channel(connection), connection, agent, removed, asked)
            threading.Thread(target=both.channel.hold, args=(removed.is_set,), daemon=True).start()
            yield both
            connection.close()
            agent.kill()


def test_it_asks_as_the_controller_expects(ends: Ends) -> None:
    assert ends.asked.startswith(b"GET /simulator/agent/maven-x1 HTTP/1.1\r\n")
    assert b"\r\nX-Agent-Secret: s3\r\n" in ends.asked


def test_output_errors_and_code(ends: Ends) -> None:
    assert ends.run("sh", "-c", 'echo "$1"; echo wrong >&2; exit 7', "sh", "ä b") == (
        7,
        "ä b\n".encode(),
        b"wrong\n",
    )


def test_input_is_given_whole_and_ends(ends: Ends) -> None:
    much = bytes(range(256)) * 4096
    assert ends.run("cat", stdin=much) == (0, much, b"")


def test_a_command_that_reads_nothing(ends: Ends) -> None:
    assert ends.run("true", stdin=b"x" * 1_000_000)[0] == 0


def test_a_killed_command_tells_the_signal(ends: Ends) -> None:
    assert ends.run("sh", "-c", "kill -9 $$")[0] == 137


def test_a_program_that_is_not_there(ends: Ends) -> None:
    code, _, errors = ends.run("no-such-program")
    assert code == 127
    assert b"no-such-program" in errors


def test_what_stays_behind_is_not_waited_for(ends: Ends) -> None:
    start = time.monotonic()
    assert ends.run("sh", "-c", "sleep 30 & echo done")[:2] == (0, b"done\n")
    assert time.monotonic() - start < 15


def test_side_by_side(ends: Ends) -> None:
    seen: dict[int, tuple[int, bytes, bytes]] = {}

    def one(n: int) -> None:
        seen[n] = ends.run("sh", "-c", f"head -c 100000 /dev/zero | tr '\\0' {n}; exit {n}")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == {n: (n, str(n).encode() * 100000, b"") for n in range(4)}


def test_a_command_that_is_wanted_no_more(ends: Ends) -> None:
    with pytest.raises(Disconnected, match="cancelled"):
        ends.channel.run(Command(("sleep", "5"), cancelled=lambda: True))
    assert ends.run("echo", "still there") == (0, b"still there\n", b"")


def test_the_end_of_the_connection_ends_what_runs() -> None:
    actual, agents = socket.socketpair()
    channel = Channel(actual)
    holding = threading.Thread(target=channel.hold, args=(lambda: False,), daemon=True)
    holding.start()
    threading.Timer(0.5, agents.shutdown, (socket.SHUT_RDWR,)).start()
    with actual, agents, pytest.raises(Disconnected, match="was closed"):
        channel.run(Command(("sleep", "600")))
    holding.join(10)
    with pytest.raises(Disconnected, match="is closed"):
        channel.run(Command(("true",)))


def test_the_agent_goes_when_it_is_told(ends: Ends) -> None:
    ends.removed.set()
    ends.channel.end()
    assert ends.agent.wait(20) == 0
    assert ends.agent.stderr is not None
    assert b"INFO: Connected\nINFO: Terminated\n" in ends.agent.stderr.read()
