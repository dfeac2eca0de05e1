"""The controller: its parts put together, its start, its end and its restarts."""

from __future__ import annotations

import secrets
import threading
from typing import Any

from . import VERSION
from .agents.cloud import REAPER, Tools
from .agents.clouds import Clouds
from .agents.computers import Computers
from .agents.queue import Queue, QueueState
from .agents.scheduler import Hooks, Scheduler
from .api.builds import BuildBeans
from .api.computers import ComputerBeans
from .api.console import OPERATIONS, Console
from .api.items import ItemBeans
from .api.queue import QueueBeans
from .api.system import SystemBeans
from .casc.apply import Application
from .casc.sources import CascError
from .home.accounts import Accounts
from .home.approvals import Approvals
from .home.configured import Configured
from .home.items import find
from .home.jobs import Jobs
from .home.life import Life, State
from .home.plugins import Plugins
from .home.settings import Settings, log
from .home.store import Store
from .http.agents import AgentRoutes
from .http.answers import Answers
from .http.builds import BuildRoutes
from .http.configuration import ConfigurationRoutes
from .http.items import ItemRoutes
from .http.manage import ManageRoutes, Operations
from .http.pages import Pages
from .http.people import PeopleRoutes
from .http.router import OtherRoutes, Router
from .http.security import Security
from .http.server import Request, Response
from .pipelines.blocks import Blocks
from .pipelines.building import Building
from .pipelines.environment import BuildEnvironment
from .pipelines.files import Files
from .pipelines.flow import Interruption
from .pipelines.git import Git
from .pipelines.groovy_host import GroovyHost, ScriptError
from .pipelines.nodes import Nodes
from .pipelines.requests import Requests
from .pipelines.runner import Runner
from .pipelines.seeds import Seeds
from .pipelines.shell import Shell
from .pipelines.steps import Steps
from .unsupported import unsupported

ATTAINED = "jenkins.InitReactorRunner$1#onAttained"
BEFORE_CONFIGURATION = (
    "Listed all plugins",
    "Prepared all plugins",
    "Started all plugins",
    "Augmented all extensions",
    "System config loaded",
)
AFTER_CONFIGURATION = (
    "System config adapted",
    "Loaded all jobs",
    "Configuration for all jobs updated",
    "Completed initialization",
)


class Controller:
    """One controller over a home directory; `start` brings it up, `restart` does so again.

    It only composes the parts: each of them gets the parts that it uses, none gets the controller.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.home)
        self.assemble()

    def assemble(self) -> None:
        """Make the parts of a fresh start; nothing runs yet."""
        settings, store, wake = self.settings, self.store, threading.Event()
        self.life, self.plugins, self.accounts = Life(), Plugins(), Accounts()
        self.configured = Configured(
            default_url=f"http://localhost:{settings.port}/",
            agent_port=int(settings.environment.get("JENKINS_SLAVE_AGENT_PORT", "-1")),
        )
        self.approvals = Approvals(store)
        self.console = Console(self.approvals)
        self.groovy = GroovyHost(settings.java, settings.classpath, self._answer_script)
        self.jobs = Jobs(
            settings.home,
            lambda script, binding: self.groovy.call("dsl", script=script, binding=binding),
            self.approvals.holds,
        )
        self.computers = Computers(wake.set)
        self.queue = Queue(wake.set, store.next_queue_id())
        back_offs = int(settings.java_property(f"{REAPER}.backoffEventsLimit") or 3)
        tools = Tools(self.computers, self.queue.cancel_labelled, lambda: self.configured.url, back_offs)
        self.clouds = Clouds(tools)
        self.runner = self._runner()
        self.building = Building(self.queue, self.computers, self.runner, self.configured, store)
        hooks = Hooks(lambda: self.life.quieting_down, self.building.start, self.building.lost)
        self.scheduler = Scheduler(self.queue, self.computers, self.clouds, wake, hooks)
        self.application = Application(
            settings, self.plugins, self.configured, self.accounts, self.clouds, self.jobs, store, self.life
        )
        self._wake = wake
        self.pages = Pages(secrets.token_hex(4))
        self.router = self._router()

    def _runner(self) -> Runner:
        shell = Shell(self.clouds)
        environment = BuildEnvironment(self.settings.home, self.configured)
        blocks = Blocks(Nodes(self.queue, self.computers, self.clouds), self.configured.credential)
        requests = Requests(self.plugins.names, blocks, Steps(shell, Git(shell), Files(shell)))
        seeds = Seeds(
            environment.variables,
            self.jobs.seed,
            self.approvals.holds,
            lambda: self.configured.script_security,
        )
        return Runner(self.groovy, environment, self.approvals, requests, seeds)

    def _router(self) -> Router:
        configured, accounts, jobs = self.configured, self.accounts, self.jobs
        answers, security = Answers(self.pages), Security(accounts, secrets.token_hex(4))
        builds = BuildBeans(configured.absolute)
        queue = QueueBeans(self.queue, builds, configured.absolute)
        items = ItemBeans(self.queue, builds, queue, configured.absolute)
        computers = ComputerBeans(
            self.settings.home, configured, self.computers, self.clouds, jobs, self.runner, items
        )
        system = SystemBeans(configured, accounts, self.life, jobs, self.plugins, items, computers)
        agents = AgentRoutes(answers, self.settings, configured, self.computers, computers)
        operations = Operations(self.quiet_down, self.restart)
        families = (
            PeopleRoutes(answers, security, accounts, self.store, system),
            agents,
            ManageRoutes(answers, configured, self.plugins, self.approvals, self.groovy, system, operations),
            ConfigurationRoutes(answers, self.application),
            ItemRoutes(answers, jobs, self.building, items, BuildRoutes(answers, self.building, builds)),
            OtherRoutes(answers, self.plugins, self.groovy, self.queue, queue, jobs, system),
        )
        routes = {name: route for family in families for name, route in family.routes().items()}
        return Router(self.life, configured, accounts, security, answers, agents, routes)

    def answer(self, request: Request) -> Response:
        """Answer a request by the current start."""
        return self.router.answer(request)

    def _answer_script(self, message: dict[str, Any]) -> Any:
        """Answer a request of the Groovy process."""
        answer = self.console.answer if message["op"] in OPERATIONS else self.runner.answer
        return answer(message)

    # -- life

    def start(self) -> None:
        """Come up, or stay down as a real controller would; returns when it is decided."""
        log("INFO", "jenkins.model.Jenkins#<init>", f"Starting version {VERSION}")
        log("INFO", ATTAINED, "Started initialization")
        self.groovy.start()
        try:
            self.plugins.load(
                self.settings.home / "plugins", lambda level, line: log(level, "hudson.PluginManager", line)
            )
            self.jobs.load()
            self._end_old_builds()
            for milestone in BEFORE_CONFIGURATION:
                log("INFO", ATTAINED, milestone)
            if "configuration-as-code" in self.plugins.names():
                self.application.reload()
        except CascError as error:
            self._fail(error)
            return
        except Exception as defect:  # noqa: BLE001 - the state must show that it will never be up
            self._fail(CascError("java.lang.Error", f"defect of the Jenkins simulator: {defect!r}"))
            return
        for milestone in AFTER_CONFIGURATION:
            log("INFO", ATTAINED, milestone)
        self.queue.restore(self.store.take_queue(), lambda name: find(self.jobs.root, name))
        self.scheduler.start()
        self.life.state = State.UP
        log("INFO", "hudson.lifecycle.Lifecycle#onReady", "Jenkins is fully up and running")
        threading.Thread(target=self._warm, args=(self.groovy,), daemon=True, name="warm").start()

    def _warm(self, groovy: GroovyHost) -> None:
        """In the background: load the classes that the first build needs."""
        try:
            groovy.call("warm")
        except (ScriptError, BrokenPipeError) as error:  # it was stopped before it was warm
            log("WARNING", "simulator", f"warming up: {error}")

    def _fail(self, error: CascError) -> None:
        caused = "" if error.syntax else "\nCaused: io.jenkins.plugins.casc.ConfigurationAsCodeBootFailure"
        reason = f"{error}" if error.syntax else f"{error.cls}: {error}"
        reason = reason.replace("\n", "\n[LF]> ")
        chain = (
            f"{reason}{caused}\nCaused: java.lang.reflect.InvocationTargetException\nCaused: java.lang.Error"
        )
        log("SEVERE", "jenkins.InitReactorRunner$1#onTaskFailed", f"Failed ConfigurationAsCode.init\n{chain}")
        log("SEVERE", "hudson.util.BootFailure#publish", f"Failed to initialize Jenkins\n{reason}{caused}")
        log("INFO", "hudson.lifecycle.Lifecycle#onStatusUpdate", "Stopping Jenkins")
        log("INFO", "hudson.lifecycle.Lifecycle#onStatusUpdate", "Jenkins stopped")
        self.life.reason = str(error)
        self.life.state = State.UNREADABLE if error.syntax else State.FAILED
        self.groovy.close()

    def stop(self) -> None:
        """Stop everything that runs."""
        self.scheduler.stop()
        self.store.keep_queue(self.queue.kept())
        why = Interruption(("The controller was stopped",), recorded=False)
        self.runner.end(tuple(self.runner.running), why, 3.0)
        for computer in list(self.computers.all.values()):
            self.clouds.owner(computer).terminate(computer)
        self.groovy.close()
        self.store.keep_queue_id(self.queue.last_id)

    def quiet_down(self, wanted: bool) -> None:
        """Start nothing more, or start the waiting builds."""
        self.life.quieting_down = wanted
        for item in self.queue.waiting():
            if item.state == QueueState.BLOCKED and not wanted:
                item.state = QueueState.WAITING
        self._wake.set()

    def restart(self, safe: bool) -> None:
        """Go down and come up again in this process, with everything new that a new process has."""
        self.life.state = State.SAFE_RESTARTING if safe else State.RESTARTING
        log("INFO", "jenkins.model.Jenkins#restart", "Restarting VM as requested")

        def again() -> None:
            threading.Event().wait(0.5)
            self.stop()
            self.assemble()
            self.start()

        threading.Thread(target=again, daemon=True, name="restart").start()

    def _end_old_builds(self) -> None:
        """End the builds that ran when the last process ended, and say why."""
        for item in self.jobs.root.walk():
            for build in item.builds.values():
                if build.building:
                    build.log(f"The build was not resumed: {unsupported('resuming a build after a restart')}")
                    build.finish("ABORTED")
