"""The controller, its queue, computers, labels, plugins and credentials as the remote API shows them."""

import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .beans import CLASSES, Beans, causes_action, color, parameters_action, tag_of
from .computers import Computer
from .credentials import KINDS, display_name
from .export import Bean, Shown
from .items import Item
from .queue import QueueItem
from .security import User

if TYPE_CHECKING:
    from .controller import Controller

PLACEHOLDER = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"
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
STORE = "com.cloudbees.plugins.credentials"


def load(cls: str | None, names: tuple[str, ...] = LOAD) -> Bean:
    """Load statistics: series without numbers."""
    series = Bean(None, {"hour": Bean(None, {}), "min": Bean(None, {}), "sec10": Bean(None, {})})
    return Bean(cls, dict.fromkeys(names, series))


class SystemBeans:
    """Makes the beans of one controller that are no jobs."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: what is shown."""
        self._controller = controller
        self.jobs = Beans(controller)

    # -- the root

    def root(self) -> Bean:
        """`/api`."""
        c = self._controller
        top = self.jobs.children(c.root)
        view = self.jobs.view("all", top, c.root_url())
        return Bean(
            "hudson.model.Hudson",
            {
                "assignedLabels": lambda: [self._label("built-in", atom=False)],
                "mode": c.configured.mode,
                "nodeDescription": "the Jenkins controller's built-in node",
                "nodeName": Shown(2, ""),
                "numExecutors": c.configured.executors,
                "description": c.configured.system_message,
                "jobs": lambda: [self.jobs.item(item) for item in top],
                "overallLoad": load(None, (*LOAD, "totalQueueLength")),
                "primaryView": view,
                "quietDownReason": None,
                "quietingDown": c.life.quieting_down,
                "slaveAgentPort": c.configured.agent_port,
                "unlabeledLoad": load("jenkins.model.UnlabeledLoadStatistics"),
                "url": c.root_url(),
                "useCrumbs": c.configured.crumbs,
                "useSecurity": c.security.enabled,
                "views": [view, *(self.view(name) for name in sorted(c.views))],
            },
        )

    def view(self, name: str) -> Bean:
        """A view of the root."""
        c = self._controller
        top = self.jobs.children(c.root)
        if name == "all":
            return self.jobs.view("all", top, c.root_url())
        view = c.views[name]
        members = [
            i
            for i in c.root.walk()
            if i.full_name in view.names or (view.regex and re.fullmatch(view.regex, i.full_name))
        ]
        return self.jobs.view(name, members, c.root_url(), view.description, "hudson.model.ListView")

    # -- computers and labels

    def label(self, name: str) -> Bean:
        """`/label/NAME`."""
        return self._label(name, atom=True)

    def _label(self, name: str, atom: bool) -> Bean:
        c = self._controller
        agents = [computer for computer in list(c.computers.all.values()) if name in computer.labels]
        built_in = name == "built-in"
        clouds = [cloud for cloud in c.clouds if cloud.template_for(name) is not None]
        nodes = [
            Bean("org.csanchez.jenkins.plugins.kubernetes.KubernetesSlave", {"nodeName": Shown(2, a.name)})
            for a in agents
        ]
        if built_in:
            nodes.append(Bean("hudson.model.Hudson", {"nodeName": Shown(2, "")}))
        tied = [item for item in c.root.walk() if item.config and item.config.label == name]
        busy = sum(1 for a in agents if a.busy)
        online = sum(1 for a in agents if a.online)
        return Bean(
            "hudson.model.labels.LabelAtom" if atom else None,
            {
                "actions": [],
                "busyExecutors": busy,
                "clouds": [
                    Bean("org.csanchez.jenkins.plugins.kubernetes.KubernetesCloud", {"actions": []})
                    for _ in clouds
                ],
                "description": None,
                "idleExecutors": sum(1 for a in agents if a.online and not a.busy and a.accepting),
                "loadStatistics": Bean("hudson.model.Label$1", {}),
                "name": Shown(2, name),
                "nodes": nodes,
                "offline": not built_in and not online,
                "tiedJobs": lambda: [self.jobs.item(item) for item in tied],
                "totalExecutors": online,
                "propertiesList": [],
            },
        )

    def computers(self) -> Bean:
        """`/computer`."""
        agents = list(self._controller.computers.all.values())
        return Bean(
            "hudson.model.ComputerSet",
            {
                "busyExecutors": sum(1 for a in agents if a.busy),
                "computer": Shown(
                    1, [self.built_in(), *(self.computer(agent) for agent in agents)], inline=True
                ),
                "displayName": "Nodes",
                "totalExecutors": sum(1 for a in agents if a.online) + self._controller.configured.executors,
            },
        )

    def built_in(self) -> Bean:
        """The controller's own node."""
        flows = list(self._controller.runner.flows.values())
        running = [
            Bean(
                None,
                {
                    "currentExecutable": self._executable(flow.job, flow.build),
                    "idle": False,
                    "likelyStuck": False,
                    "number": -1,
                    "progress": -1,
                },
            )
            for flow in flows
        ]
        props = self._computer(
            "Built-In Node", "the Jenkins controller's built-in node", [self._label("built-in", atom=False)]
        )
        props |= {
            "idle": not flows,
            "monitorData": self._monitors(self._controller.settings.home),
            "numExecutors": self._controller.configured.executors,
            "oneOffExecutors": running,
        }
        return Bean("hudson.model.Hudson$MasterComputer", props)

    def _executable(self, job: Item, build: Any) -> Bean:
        whole = self.jobs.build(job, build)
        return Bean(whole.cls, whole.props)

    def _computer(self, name: str, description: str, labels: list[Bean]) -> dict[str, Any]:
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

    def computer(self, agent: Computer) -> Bean:
        """An agent."""
        labels = sorted(agent.labels, key=lambda label: (label.replace("_", "-"), label))
        executor: dict[str, Any] = {"idle": not agent.busy, "likelyStuck": False, "number": 0, "progress": -1}
        executor["currentExecutable"] = self._task(agent.task) if agent.task else None
        props = self._computer(
            agent.name, str(agent.template.get("name")), [self._label(name, atom=False) for name in labels]
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
        if item.build is not None and item.job is not None:
            whole = self.jobs.build(item.job, item.build)
            shown = {
                "number": Shown(1, item.build.number),
                "url": Shown(1, self.jobs.url(f"{item.job.url}{item.build.number}/")),
            }
            return Bean(
                PLACEHOLDER + "$PlaceholderExecutable",
                {**shown, "fullDisplayName": whole.props["fullDisplayName"]},
            )
        if item.job is None or item.executable is None:
            return Bean(None, {})
        return self._executable(item.job, item.executable)

    @staticmethod
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
            return Bean(
                f"{MONITOR}.DiskSpaceMonitorDescriptor$DiskSpace", {k: Shown(9, v) for k, v in facts.items()}
            )

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
            f"{MONITOR}.SwapSpaceMonitor": Bean(
                f"{MONITOR}.SwapSpaceMonitor$MemoryUsage2", {k: Shown(9, v) for k, v in swap.items()}
            ),
            f"{MONITOR}.TemporarySpaceMonitor": disk(Path("/tmp")),  # noqa: S108 - it is watched, not used
            f"{MONITOR}.DiskSpaceMonitor": disk(home),
            f"{MONITOR}.ArchitectureMonitor": "Linux (amd64)",
            f"{MONITOR}.ResponseTimeMonitor": Bean(
                f"{MONITOR}.ResponseTimeMonitor$Data", {k: Shown(9, v) for k, v in response.items()}
            ),
            f"{MONITOR}.ClockMonitor": Bean("hudson.util.ClockDifference", {"diff": Shown(9, 0)}),
        }

    # -- queue

    def queue(self) -> Bean:
        """`/queue`, the newest item first."""
        waiting = sorted(self._controller.queue.waiting(), key=lambda item: -item.id)
        return Bean(
            "hudson.model.Queue",
            {
                "discoverableItems": [],
                "items": Shown(1, [self.queue_item(item) for item in waiting], inline=True),
            },
        )

    def queue_item(self, item: QueueItem) -> Bean:
        """An item of the queue, or one that left it."""
        names = {
            "waiting": "WaitingItem",
            "blocked": "BlockedItem",
            "buildable": "BuildableItem",
            "left": "LeftItem",
            "cancelled": "LeftItem",
        }
        actions = (
            []
            if item.is_node
            else [
                *([parameters_action(item.parameters)] if item.parameters else []),
                causes_action(item.causes),
            ]
        )
        props: dict[str, Any] = {
            "actions": actions,
            "blocked": item.state == "blocked",
            "buildable": item.state == "buildable",
            "id": item.id,
            "inQueueSince": item.since,
            "params": ""
            if item.is_node
            else "".join(f"\n{p['name']}={_said(p['value'])}" for p in item.parameters),
            "stuck": item.stuck if item.state == "buildable" else False,
            "task": self._queue_task(item),
            "url": f"queue/item/{item.id}/",
            "why": item.why,
        }
        if item.state in {"left", "cancelled"}:
            props["cancelled"] = item.state == "cancelled"
            if item.state == "left":
                props["executable"] = (
                    Bean(PLACEHOLDER + "$PlaceholderExecutable", {})
                    if item.is_node or item.job is None or item.executable is None
                    else self._executable(item.job, item.executable)
                )
        elif item.state == "waiting":
            props["timestamp"] = item.since
        else:
            props["buildableStartMilliseconds"] = item.buildable_since
            if item.state == "buildable":
                props["pending"] = False
        return Bean(f"hudson.model.Queue${names[item.state]}", props)

    def _queue_task(self, item: QueueItem) -> Bean:
        if item.is_node or item.job is None:
            return Bean(PLACEHOLDER, {})
        shown = {"name": item.job.name, "url": self.jobs.url(item.job.url), "color": color(item.job)}
        return Bean(CLASSES[tag_of(item.job)], {name: Shown(9, value) for name, value in shown.items()})

    # -- plugins, users, credentials

    def plugins(self) -> Bean:
        """`/pluginManager`; of the optional dependencies only those that are there."""
        present = self._controller.plugin_names()
        shown = [
            Bean(
                None,
                {
                    "active": True,
                    "backupVersion": None,
                    "bundled": False,
                    "deleted": False,
                    "dependencies": [
                        Bean(None, {"optional": d.optional, "shortName": d.name, "version": d.version})
                        for d in sorted(plugin.dependencies, key=lambda d: d.optional)
                        if not d.optional or d.name in present
                    ],
                    "detached": plugin.detached,
                    "downgradable": False,
                    "enabled": plugin.enabled,
                    "hasUpdate": False,
                    "longName": plugin.long_name,
                    "pinned": False,
                    "requiredCoreVersion": plugin.core,
                    "shortName": plugin.name,
                    "supportsDynamicLoad": plugin.dynamic,
                    "url": plugin.url,
                    "version": plugin.version,
                },
            )
            for plugin in self._controller.plugins
        ]
        return Bean("hudson.LocalPluginManager", {"plugins": shown})

    def user(self, user: User) -> Bean:
        """`/me` and `/user/ID`."""
        classes = (
            "jenkins.security.ApiTokenProperty",
            "jenkins.console.ConsoleUrlProviderUserProperty",
            f"{STORE}.UserCredentialsProvider$UserCredentialsProperty",
            "hudson.tasks.Mailer$UserProperty",
            "hudson.model.MyViewsProperty",
            "org.jenkinsci.plugins.displayurlapi.user.PreferredProviderUserProperty",
            "hudson.model.PaneStatusProperties",
            "jenkins.security.seed.UserSeedProperty",
            "hudson.search.UserSearchProperty",
            "hudson.model.TimeZoneProperty",
            "jenkins.model.experimentalflags.UserExperimentalFlagsProperty",
            "hudson.security.HudsonPrivateSecurityRealm$Details",
        )
        extra = {
            "hudson.tasks.Mailer$UserProperty": {"address": Shown(2, None)},
            "hudson.search.UserSearchProperty": {"insensitiveSearch": Shown(2, True)},
        }
        return Bean(
            "hudson.model.User",
            {
                "absoluteUrl": self._controller.root_url() + f"user/{user.id}",
                "description": None,
                "fullName": user.name,
                "id": user.id,
                "property": [Bean(cls, extra.get(cls, {})) for cls in classes],
            },
        )

    def credentials(self) -> Bean:
        """`/credentials`."""
        return Bean(
            f"{STORE}.ViewCredentialsAction$RootActionImpl", {"stores": {"system": self.credential_store()}}
        )

    def credential_store(self) -> Bean:
        """`/credentials/store/system`."""
        return Bean(
            f"{STORE}.SystemCredentialsProvider$UserFacingAction",
            {"domains": {"_": self.credential_domain()}},
        )

    def credential_domain(self) -> Bean:
        """`/credentials/store/system/domain/_`."""
        entries = [self._credential(None, data) for data in self._controller.configured.credentials.values()]
        return Bean(
            f"{STORE}.CredentialsStoreAction$DomainWrapper",
            {
                "credentials": entries,
                "description": "Credentials that should be available irrespective of domain "
                "specification to requirements matching.",
                "displayName": "Global credentials (unrestricted)",
                "fullDisplayName": "System » Global credentials (unrestricted)",
                "fullName": "system/_",
                "global": True,
                "urlName": "_",
            },
        )

    def credential(self, data: Mapping[str, Any]) -> Bean:
        """One credential, without its secret."""
        return self._credential(f"{STORE}.CredentialsStoreAction$CredentialsWrapper", data)

    @staticmethod
    def _credential(shown_as: str | None, data: Mapping[str, Any]) -> Bean:
        kind = str(data["kind"])
        return Bean(
            shown_as,
            {
                "description": str(data.get("description") or ""),
                "displayName": display_name(kind, data),
                "fingerprint": None,
                "fullName": f"system/_/{data['id']}",
                "id": str(data["id"]),
                "typeName": KINDS[kind].type_name,
            },
        )


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
