"""The controller itself, its plugins and users as the remote API shows them."""

import re
from typing import TYPE_CHECKING

from ..http.security import User
from .computers import LOAD, ComputerBeans, load
from .credentials import STORE
from .export import Bean, Shown
from .items import Beans

if TYPE_CHECKING:
    from ..controller import Controller


class SystemBeans:
    """Makes the beans of one controller that are no jobs, nodes or credentials."""

    def __init__(self, controller: "Controller") -> None:
        """Args: controller: what is shown."""
        self._controller = controller
        self.jobs = Beans(controller)

    def root(self) -> Bean:
        """`/api`."""
        c = self._controller
        top = self.jobs.children(c.jobs.root)
        view = self.jobs.view("all", top, c.root_url())
        return Bean(
            "hudson.model.Hudson",
            {
                "assignedLabels": lambda: [ComputerBeans(c).label("built-in", atom=False)],
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
                "views": [view, *(self.view(name) for name in sorted(c.jobs.views))],
            },
        )

    def view(self, name: str) -> Bean:
        """A view of the root."""
        c = self._controller
        top = self.jobs.children(c.jobs.root)
        if name == "all":
            return self.jobs.view("all", top, c.root_url())
        view = c.jobs.views[name]
        members = [
            i
            for i in c.jobs.root.walk()
            if i.full_name in view.names or (view.regex and re.fullmatch(view.regex, i.full_name))
        ]
        return self.jobs.view(name, members, c.root_url(), view.description, "hudson.model.ListView")

    def plugins(self) -> Bean:
        """`/pluginManager`; of the optional dependencies only those that are there."""
        present = self._controller.plugin_names()
        shown = [
            Bean(
                None,
                {
                    "active": plugin.name in present,
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
            for plugin in self._controller.all_plugins
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
