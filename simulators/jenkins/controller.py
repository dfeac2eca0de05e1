"""The controller: its parts put together, its start, its end and its restarts."""

import secrets
import threading
from typing import Any

from . import VERSION
from .agents.cloud import REAPER, Tools
from .agents.clouds import Clouds, kube_for
from .agents.computers import Computers
from .agents.queue import Queue
from .agents.scheduler import Hooks, Scheduler
from .api import console as model
from .casc import apply as casc_apply
from .casc.sources import CascError, read, sources
from .home.approvals import Approvals
from .home.configured import Configured
from .home.items import find
from .home.jobs import Jobs
from .home.life import FAILED, RESTARTING, SAFE_RESTARTING, UNREADABLE, UP, Life
from .home.plugins import Plugin
from .home.plugins import load as load_plugins
from .home.settings import Settings, log
from .home.store import Store
from .http.pages import Look
from .http.security import Security
from .pipelines import inputs
from .pipelines.blocks import Blocks
from .pipelines.building import Building
from .pipelines.files import Files
from .pipelines.flow import Interruption
from .pipelines.git import Git
from .pipelines.groovy_host import GroovyHost, ScriptError, StepError
from .pipelines.libraries import Libraries
from .pipelines.milestones import Milestones
from .pipelines.nodes import Nodes
from .pipelines.requests import Asked
from .pipelines.runner import Runner, Surroundings
from .pipelines.seeds import Seeds
from .pipelines.shell import Shell
from .pipelines.steps import Steps


class Controller:
    """One controller over a home directory; `start` brings it up, `restart` does so again."""

    def __init__(self, settings: Settings) -> None:
        """Args: settings: where everything is. Nothing runs yet."""
        self.settings = settings
        self.store = Store(settings.home)
        self._fresh()

    def _fresh(self) -> None:
        """The state of a controller that was just started."""
        self.life = Life()
        self.look = Look(secrets.token_hex(4), self.store.identity())
        self.security = Security(secrets.token_hex(4))
        self.configured = Configured(
            agent_port=int(self.settings.environment.get("JENKINS_SLAVE_AGENT_PORT", "-1"))
        )
        self.plugins: list[Plugin] = []
        self.disabled_plugins: list[Plugin] = []
        self.groovy: GroovyHost | None = None
        self.approvals = Approvals(self.store)
        self.jobs = Jobs(self.settings.home, self._groovy, self.approvals.holds)
        self.building = Building(self)
        self.computers = Computers(self.wake)
        back_offs = int(self.settings.java_property(f"{REAPER}.backoffEventsLimit") or 3)
        self.clouds = Clouds(
            Tools(self.computers, kube_for, log, self.building.cancel_waiting, self.root_url, back_offs)
        )
        self.queue = Queue(self.wake, self.store.next_queue_id())
        self.milestones = Milestones(lambda build: self.runner.flow_of(build))  # noqa: PLW0108 - it comes later
        self.runner = self._runner()
        hooks = Hooks(
            lambda: self.clouds.all, lambda: self.life.quieting_down, self.building.start, self.building.lost
        )
        self.scheduler = Scheduler(self.queue, self.computers, hooks)

    def _runner(self) -> Runner:
        building = self.building
        shell = Shell(lambda computer: self.clouds.of(computer).kube())
        blocks = Blocks(Nodes(building, self.clouds.named), self.configured.credential)
        libraries = Libraries(lambda: self.configured.libraries, self.configured.credential)
        more = {
            "input": inputs.ask,
            "milestone": self.milestones.reach,
            "library": libraries.step,
            "libraryResource": libraries.resource,
        }
        steps = Steps(shell, Git(shell, self.configured.credential), Files(shell), building, more)
        seeds = Seeds(
            building.environment,
            self.jobs.seed,
            self.approvals.holds,
            lambda: self.configured.script_security,
        )
        around = Surroundings(
            self._groovy, building.environment, self.configured.credential, log, self.approvals.waits
        )
        return Runner(around, Asked(self.plugin_names, blocks, steps, libraries), seeds)

    def wake(self) -> None:
        """Let the scheduler look now."""
        if hasattr(self, "scheduler"):
            self.scheduler.wake.set()

    def _groovy(self) -> GroovyHost:
        if self.groovy is None:
            raise StepError("abort", "the controller is not running")
        return self.groovy

    def root_url(self) -> str:
        """The configured URL, with a slash at its end."""
        return self.configured.root_url or f"http://localhost:{self.settings.port}/"

    @property
    def all_plugins(self) -> list[Plugin]:
        """Those that run and those that are disabled, in the order of their files."""
        return sorted([*self.plugins, *self.disabled_plugins], key=lambda plugin: f"{plugin.name}.jpi")

    def plugin_names(self) -> set[str]:
        """Names of the plugins that run."""
        return {plugin.name for plugin in self.plugins}

    # -- life

    def start(self) -> None:
        """Come up, or stay down as a real controller would; returns when it is decided."""
        log("INFO", "jenkins.model.Jenkins#<init>", f"Starting version {VERSION}")
        attained = "jenkins.InitReactorRunner$1#onAttained"
        log("INFO", attained, "Started initialization")
        settings = self.settings
        self.groovy = GroovyHost(
            settings.java,
            settings.classpath,
            self._answer,
            lambda text: log("SEVERE", "stand-in", f"defect: {text}"),
        )
        try:
            self.plugins, self.disabled_plugins = load_plugins(
                settings.home / "plugins", lambda level, text: log(level, "hudson.PluginManager", text)
            )
            for milestone in (
                "Listed all plugins",
                "Prepared all plugins",
                "Started all plugins",
                "Augmented all extensions",
            ):
                log("INFO", attained, milestone)
            self.jobs.load()
            self._settle_builds()
            log("INFO", attained, "System config loaded")
            if "configuration-as-code" in self.plugin_names():
                self.life.sources = sources(settings.home, settings.environment)
                casc_apply.configure(self, read(self.life.sources))
        except CascError as error:
            self._boot_failure(error)
            return
        except Exception as defect:  # noqa: BLE001 - it must be seen that it will never be up
            self._boot_failure(CascError("java.lang.Error", f"stand-in defect: {defect!r}"))
            return
        for milestone in (
            "System config adapted",
            "Loaded all jobs",
            "Configuration for all jobs updated",
            "Completed initialization",
        ):
            log("INFO", attained, milestone)
        self.queue.restore(self.store.queue(), lambda name: find(self.jobs.root, name))
        self.scheduler.start()
        self.life.state = UP
        log("INFO", "hudson.lifecycle.Lifecycle#onReady", "Jenkins is fully up and running")
        threading.Thread(target=self._warm, args=(self.groovy,), daemon=True, name="warm").start()

    def _warm(self, groovy: GroovyHost) -> None:
        """What nobody waits for: the key of a new home, and the classes that the first build needs."""
        try:
            if self.store.new_identity:
                self.look.identity = self.store.keep_identity(str(groovy.call("identity")))
            groovy.call("warm")
        except (ScriptError, BrokenPipeError) as error:  # it was stopped before it was warm
            log("WARNING", "stand-in", f"warming up: {error}")

    def _boot_failure(self, error: CascError) -> None:
        caused = "" if error.syntax else "\nCaused: io.jenkins.plugins.casc.ConfigurationAsCodeBootFailure"
        text = f"{error}" if error.syntax else f"{error.cls}: {error}"
        text = text.replace("\n", "\n[LF]> ")
        chain = (
            f"{text}{caused}\nCaused: java.lang.reflect.InvocationTargetException\nCaused: java.lang.Error"
        )
        log("SEVERE", "jenkins.InitReactorRunner$1#onTaskFailed", f"Failed ConfigurationAsCode.init\n{chain}")
        log("SEVERE", "hudson.util.BootFailure#publish", f"Failed to initialize Jenkins\n{text}{caused}")
        log("INFO", "hudson.lifecycle.Lifecycle#onStatusUpdate", "Stopping Jenkins")
        log("INFO", "hudson.lifecycle.Lifecycle#onStatusUpdate", "Jenkins stopped")
        self.life.reason = str(error)
        self.life.state = UNREADABLE if error.syntax else FAILED
        if self.groovy is not None:
            self.groovy.close()
            self.groovy = None

    def stop(self) -> None:
        """Stop everything that runs."""
        self.scheduler.stop()
        self.store.keep_queue(self.queue.kept())
        why = Interruption(("The controller was stopped",), recorded=False)
        self.runner.end(tuple(self.runner.running), why, 3.0)
        for computer in list(self.computers.all.values()):
            self.clouds.of(computer).terminate(computer)
        if self.groovy is not None:
            self.groovy.close()
            self.groovy = None
        self.store.keep_queue_id(self.queue.last_id)

    def quiet_down(self, wanted: bool) -> None:
        """Start nothing more, or start what waited."""
        self.life.quieting_down = wanted
        for item in self.queue.waiting():
            item.state = "waiting" if item.state == "blocked" and not wanted else item.state
        self.wake()

    def restart(self, safe: bool) -> None:
        """Go down and come up again in this process, with everything new that a new process has."""
        self.life.state = SAFE_RESTARTING if safe else RESTARTING
        log("INFO", "jenkins.model.Jenkins#restart", "Restarting VM as requested")

        def again() -> None:
            threading.Event().wait(0.5)
            self.stop()
            self._fresh()
            self.start()

        threading.Thread(target=again, daemon=True, name="restart").start()

    def _settle_builds(self) -> None:
        """Builds that ran when the last process ended cannot go on here; they say so."""
        for item in self.jobs.root.walk():
            for build in item.builds.values():
                if build.building:
                    build.log(
                        "The build was not resumed: this stand-in does not keep running pipelines "
                        "over a restart"
                    )
                    build.finish("ABORTED")

    # -- scripts

    def _answer(self, message: dict[str, Any]) -> Any:
        return (
            model.answer(self, message) if message["op"] in model.OPERATIONS else self.runner.answer(message)
        )

    def console(self, script: str) -> str:
        """Run a script of the script console.

        Raises:
            ScriptError: the Groovy process failed.
        """
        return str(self._groovy().call("console", script=script)["text"])
