"""The controller itself, its plugins and users as the remote API shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..home.accounts import Accounts, User
from ..home.configured import Configured
from ..home.jobs import Jobs
from ..home.life import Life
from ..home.plugins import Plugins
from .computers import LOAD, ComputerBeans, load
from .export import Bean, Shown
from .items import ItemBeans, children


@dataclass(frozen=True)
class SystemBeans:
    """Makes the beans that are no jobs, nodes or credentials."""

    configured: Configured
    accounts: Accounts
    life: Life
    jobs: Jobs
    installed: Plugins
    items: ItemBeans
    computers: ComputerBeans

    def root(self) -> Bean:
        """`/api`."""
        configured = self.configured
        view = self.view("all")
        return Bean(
            "hudson.model.Hudson",
            {
                "assignedLabels": lambda: [self.computers.label("built-in", atom=False)],
                "mode": configured.mode,
                "nodeDescription": "the Jenkins controller's built-in node",
                "nodeName": Shown(2, ""),
                "numExecutors": configured.executors,
                "description": configured.system_message,
                "jobs": lambda: [self.items.item(item) for item in children(self.jobs.root)],
                "overallLoad": load(None, (*LOAD, "totalQueueLength")),
                "primaryView": view,
                "quietDownReason": None,
                "quietingDown": self.life.quieting_down,
                "slaveAgentPort": configured.agent_port,
                "unlabeledLoad": load("jenkins.model.UnlabeledLoadStatistics"),
                "url": configured.url,
                "useCrumbs": configured.crumbs,
                "useSecurity": self.accounts.enabled,
                "views": [view, *(self.view(name) for name in sorted(self.jobs.views))],
            },
        )

    def view(self, name: str) -> Bean:
        """A view of the root."""
        url = self.configured.url
        if name == "all":
            return self.items.view("all", children(self.jobs.root), url)
        view = self.jobs.views[name]
        members = [
            item
            for item in self.jobs.root.walk()
            if item.full_name in view.names or (view.regex and re.fullmatch(view.regex, item.full_name))
        ]
        return self.items.view(name, members, url, view.description, "hudson.model.ListView")

    def plugins(self) -> Bean:
        """`/pluginManager`; of the optional dependencies only those that are there."""
        present = self.installed.names()
        shown = [
            Bean(
                None,
                {
                    "active": plugin.name in present,
                    "backupVersion": None,
                    "bundled": False,
                    "deleted": False,
                    "dependencies": [
                        Bean(
                            None, {"optional": need.optional, "shortName": need.name, "version": need.version}
                        )
                        for need in sorted(plugin.dependencies, key=lambda need: need.optional)
                        if not need.optional or need.name in present
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
            for plugin in self.installed.all
        ]
        return Bean("hudson.LocalPluginManager", {"plugins": shown})

    def user(self, user: User) -> Bean:
        """`/me`."""
        url = self.configured.absolute(f"user/{user.id}")
        return Bean(
            "hudson.model.User",
            {"absoluteUrl": url, "description": None, "fullName": user.name, "id": user.id},
        )
