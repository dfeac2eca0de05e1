"""Commands that checks run inside an agent, all of them in one go.

Each `kubectl exec` takes client, API server, kubelet and runtime about half a second of CPU time (measured):
two agents with a dozen commands each would keep two cores busy for ten seconds.
"""

from __future__ import annotations

import re
import shlex
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.clients.agents import Agent, Agents
from conformance.contract.model import Agent as Declared
from conformance.core.errors import EnvironmentFailure

SETUID = ("sudo", "pkexec", "newuidmap", "newgidmap", "doas")
RUNTIME_SOCKETS = (
    "docker.sock",
    "containerd.sock",
    "crio.sock",
    "podman.sock",
    "buildkitd.sock",
    "cri-dockerd.sock",
)
CLIENTS = (
    "docker",
    "dockerd",
    "podman",
    "nerdctl",
    "ctr",
    "crictl",
    "buildctl",
    "buildkitd",
    "containerd",
    "buildah",
)
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
WORK = "/home/jenkins/agent"

_SOCKETS = " -o ".join(f"-name {name}" for name in RUNTIME_SOCKETS)
#: by name; the last ones take the longest, or change something
COMMANDS: Mapping[str, str] = {
    "user": "id -u",
    "group": "id -g",
    "groups": "id -G",
    "seccomp": "sed -n 's/^Seccomp:[[:space:]]*//p' /proc/self/status",
    "mounts": "cat /proc/mounts",
    "sockets in use": "cat /proc/net/unix",
    "processes": "cat /proc/[0-9]*/comm 2>/dev/null | sort -u",
    "clients": f"for name in {' '.join(CLIENTS)}; do command -v $name; done",
    "clients' settings": "env | grep -E '^(DOCKER_HOST|CONTAINER_HOST|BUILDKIT_HOST)='",
    "token": f"test -e {TOKEN}",
    # one walk for both
    "files": f"find / -xdev \\( {_SOCKETS} \\) -print -o -perm -4000 -user root -type f -print 2>/dev/null",
    "work folder": f"cd {WORK} && touch .conformance && rm .conformance && df -P . | tail -1",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of a command, and its output: stdout and stderr."""

    rc: int
    output: str

    @property
    def text(self) -> str:
        return self.output.strip()


Answers = Mapping[str, Answer]


def tool(name: str) -> str:
    """The name of the command for a declared tool's version."""
    return f"tool {name}"


def inspect_agent(agents: Agents, agent: Agent, declared: Declared) -> Answers:
    """The answers of the agent that the run holds, by the command's name; made once in a run."""
    tools = {tool(one.name): one.command for one in declared.tools}
    # versions first: the last command writes a file
    fact = agents.shared.once(
        f"inside {agent.label}",
        lambda: {
            name: asdict(answer)
            for name, answer in run_all(agents.host(agent), {**tools, **COMMANDS}).items()
        },
    )
    return {name: Answer(**answer) for name, answer in fact.items()}


def run_all(host: Any, commands: Mapping[str, str]) -> dict[str, Answer]:
    """Run each command in a shell of its own, in this order, all by one run of testinfra's `host`.

    Raises:
        EnvironmentFailure: not every command ended; the container did, or the connection to it.
    """
    mark = uuid.uuid4().hex
    script = "\n".join(
        f"sh -c {shlex.quote(command)} </dev/null 2>&1; printf '\\n%s %s\\n' {mark} $?"
        for command in commands.values()
    )
    done = host.run(script)
    parts = re.split(rf"\n{mark} (\d+)\n", done.stdout)
    if len(parts) != 2 * len(commands) + 1:
        raise EnvironmentFailure(
            f"agent {host.backend.name} answered {len(parts) // 2} of {len(commands)} questions",
            observed=f"status {done.rc}: {(done.stderr or parts[-1]).strip()[-300:]}",
            remedy="look whether its container is still there, and run again",
        )
    return {
        name: Answer(int(status), output)
        for name, output, status in zip(commands, parts[0::2], parts[1::2], strict=False)
    }
