"""Nodes, their labels and their load as the remote API shows them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..agents.clouds import Clouds
from ..agents.computers import Computer, Computers
from ..agents.queue import QueueItem
from ..home.configured import Configured
from ..home.jobs import Jobs
from ..pipelines.runner import Runner
from .export import Bean, Shown, always
from .items import ItemBeans
from .queue import PLACEHOLDER

MONITOR = "hudson.node_monitors"
MONITORS = (
    "SwapSpaceMonitor",
    "TemporarySpaceMonitor",
    "DiskSpaceMonitor",
    "ArchitectureMonitor",
    "ResponseTimeMonitor",
    "ClockMonitor",
)
LOAD = (
    "availableExecutors",
    "busyExecutors",
    "connectingExecutors",
    "definedExecutors",
    "idleExecutors",
    "onlineExecutors",
    "queueLength",
    "totalExecutors",
)


def load(cls: str | None, names: tuple[str, ...] = LOAD) -> Bean:
    """Load statistics: series without numbers."""
    series = Bean(None, {"hour": Bean(None, {}), "min": Bean(None, {}), "sec10": Bean(None, {})})
    return Bean(cls, dict.fromkeys(names, series))


@dataclass(frozen=True)
class ComputerBeans:
    """Makes the beans of the controller's nodes."""

    home: Path
    configured: Configured
    computers: Computers
    clouds: Clouds
    jobs: Jobs
    runner: Runner
    items: ItemBeans

    def label(self, name: str, atom: bool = True) -> Bean:
        """`/label/NAME`, and the labels of other objects."""
        agents = [computer for computer in list(self.computers.all.values()) if name in computer.labels]
        built_in = name == "built-in"
        cloud = Bean("org.csanchez.jenkins.plugins.kubernetes.KubernetesCloud", {"actions": []})
        clouds = [cloud for each in self.clouds.all if each.template_for(name) is not None]
        cls = "org.csanchez.jenkins.plugins.kubernetes.KubernetesSlave"
        nodes = [Bean(cls, {"nodeName": Shown(2, agent.name)}) for agent in agents]
        if built_in:
            nodes.append(Bean("hudson.model.Hudson", {"nodeName": Shown(2, "")}))
        tied = [item for item in self.jobs.root.walk() if item.config and item.config.label == name]
        online = [agent for agent in agents if agent.online]
        return Bean(
            "hudson.model.labels.LabelAtom" if atom else None,
            {
                "actions": [],
                "busyExecutors": sum(1 for agent in agents if agent.busy),
                "clouds": clouds,
                "description": None,
                "idleExecutors": sum(1 for agent in online if not agent.busy and agent.accepting),
                "loadStatistics": Bean("hudson.model.Label$1", {}),
                "name": Shown(2, name),
                "nodes": nodes,
                "offline": not built_in and not online,
                "tiedJobs": lambda: [self.items.item(item) for item in tied],
                "totalExecutors": len(online),
                "propertiesList": [],
            },
        )

    def whole(self) -> Bean:
        """`/computer`."""
        agents = list(self.computers.all.values())
        return Bean(
            "hudson.model.ComputerSet",
            {
                "busyExecutors": sum(1 for agent in agents if agent.busy),
                "computer": Shown(
                    1, [self.built_in(), *(self.computer(agent) for agent in agents)], inline=True
                ),
                "displayName": "Nodes",
                "totalExecutors": sum(1 for agent in agents if agent.online) + self.configured.executors,
            },
        )

    def built_in(self) -> Bean:
        """The controller's own node."""
        flows = list(self.runner.flows.values())
        running = [
            Bean(
                None,
                {
                    "currentExecutable": self.items.builds.show(flow.job, flow.build),
                    "idle": False,
                    "likelyStuck": False,
                    "number": -1,
                    "progress": -1,
                },
            )
            for flow in flows
        ]
        props = _computer(
            "Built-In Node", "the Jenkins controller's built-in node", [self.label("built-in", atom=False)]
        )
        props |= {
            "idle": not flows,
            "monitorData": _monitors(self.home),
            "numExecutors": self.configured.executors,
            "oneOffExecutors": running,
        }
        return Bean("hudson.model.Hudson$MasterComputer", props)

    def computer(self, agent: Computer) -> Bean:
        """An agent."""
        labels = sorted(agent.labels, key=lambda label: (label.replace("_", "-"), label))
        executor: dict[str, Any] = {"idle": not agent.busy, "likelyStuck": False, "number": 0, "progress": -1}
        executor["currentExecutable"] = self._task(agent.task) if agent.task else None
        props = _computer(
            agent.name, str(agent.template.get("name")), [self.label(name, atom=False) for name in labels]
        )
        props |= {
            "executors": [Bean(None, executor)],
            "icon": "symbol-computer"
            if (agent.online and agent.accepting) or agent.busy
            else "symbol-computer-not-accepting",
            "idle": not agent.busy,
            "jnlpAgent": True,
            "launchSupported": not agent.online,
            "monitorData": {f"{MONITOR}.{name}": None for name in MONITORS},
            "offline": not agent.online,
            "absoluteRemotePath": agent.workdir if agent.online else None,
            "containers": [Bean(None, {}) for _ in agent.pod["spec"]["containers"]] if agent.online else [],
            "podEvents": [Bean(None, {}) for _ in range(4)] if agent.online else [],
        }
        return Bean("org.csanchez.jenkins.plugins.kubernetes.KubernetesComputer", props)

    def _task(self, item: QueueItem) -> Bean:
        if item.build is not None:
            whole = self.items.builds.show(item.job, item.build)
            shown = {
                "number": Shown(1, item.build.number),
                "url": Shown(1, self.items.absolute(f"{item.job.url}{item.build.number}/")),
            }
            return Bean(
                PLACEHOLDER + "$PlaceholderExecutable",
                {**shown, "fullDisplayName": whole.props["fullDisplayName"]},
            )
        return self.items.builds.show(item.job, item.executable) if item.executable else Bean(None, {})


def _computer(name: str, description: str, labels: list[Bean]) -> dict[str, Any]:
    return {
        "actions": [],
        "assignedLabels": labels,
        "description": description,
        "displayName": Shown(1, name),
        "executors": [],
        "icon": "symbol-computer",
        "iconClassName": "symbol-computer",
        "idle": True,
        "jnlpAgent": False,
        "launchSupported": True,
        "loadStatistics": load("hudson.model.Label$1"),
        "manualLaunchAllowed": True,
        "monitorData": {},
        "numExecutors": 1,
        "offline": False,
        "offlineCause": None,
        "offlineCauseReason": "",
        "oneOffExecutors": [],
        "temporarilyOffline": False,
    }


def _monitors(home: Path) -> Mapping[str, Any]:
    def disk(path: Path) -> Bean:
        usage = shutil.disk_usage(path)
        facts = {
            "timestamp": int(time.time() * 1000),
            "path": str(path),
            "size": usage.free,
            "threshold": 1073741824,
            "totalSize": usage.total,
            "warningThreshold": 2147483648,
        }
        return Bean(f"{MONITOR}.DiskSpaceMonitorDescriptor$DiskSpace", always(facts))

    memory = {
        line.split(":")[0]: int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
    }
    swap = {
        "availablePhysicalMemory": memory["MemAvailable"],
        "availableSwapSpace": memory["SwapFree"],
        "totalPhysicalMemory": memory["MemTotal"],
        "totalSwapSpace": memory["SwapTotal"],
    }
    response = {"timestamp": int(time.time() * 1000), "average": 0}
    return {
        f"{MONITOR}.SwapSpaceMonitor": Bean(f"{MONITOR}.SwapSpaceMonitor$MemoryUsage2", always(swap)),
        f"{MONITOR}.TemporarySpaceMonitor": disk(Path("/tmp")),
        f"{MONITOR}.DiskSpaceMonitor": disk(home),
        f"{MONITOR}.ArchitectureMonitor": "Linux (amd64)",
        f"{MONITOR}.ResponseTimeMonitor": Bean(f"{MONITOR}.ResponseTimeMonitor$Data", always(response)),
        f"{MONITOR}.ClockMonitor": Bean("hudson.util.ClockDifference", always({"diff": 0})),
    }
