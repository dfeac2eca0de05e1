"""The controller: its parts put together, its start, its configuration and its restarts."""

import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import VERSION, items
from .blocks import Blocks
from .builds import Build
from .casc_apply import apply as apply_casc
from .casc_sources import CascError, Resolver, merge, parse, read, sources
from .cloud import Cloud, Tools
from .computers import Computer, Computers
from .configured import Configured
from .files import Files
from .flow import Flow, Interruption
from .gitscm import Git
from .items import Item
from .jvm import GroovyHost, ScriptError, StepError
from .kube import Kube
from .pages import Look
from .plugins import Plugin
from .plugins import load as load_plugins
from .queue import Queue, QueueItem
from .runner import Runner, Surroundings, approval_hash
from .scheduler import Hooks, Scheduler, cause_of
from .security import Security, User
from .settings import Settings, log
from .shell import Shell
from .steps import Steps
from .store import Store

STARTING, UP, FAILED, UNREADABLE, RESTARTING, SAFE_RESTARTING = (
    "starting",
    "up",
    "failed",
    "unreadable",
    "restarting",
    "safe restarting",
)


@dataclass
class View:
    """A list view of the root."""

    name: str
    description: str | None
    names: tuple[str, ...]
    regex: str | None


@dataclass
class Life:
    """Where one start of the controller stands."""

    state: str = STARTING
    reason: str = ""
    quieting_down: bool = False
    applied_at: float = 0.0
    sources: list[Path] = field(default_factory=list)


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
        session = secrets.token_hex(4)
        self.look = Look(session, self.store.identity())
        self.security = Security(secrets.token_hex(4))
        self.configured = Configured(
            agent_port=int(self.settings.environment.get("JENKINS_SLAVE_AGENT_PORT", "-1"))
        )
        self.plugins: list[Plugin] = []
        self.clouds: list[Cloud] = []
        self.views: dict[str, View] = {}
        self.root = Item("", self.settings.home, None)
        self.computers = Computers(self._wake)
        self.queue = Queue(self._wake, self.store.next_queue_id())
        self.pending: dict[str, str] = {}
        self.approved_hashes: set[str] = self.store.approved()
        self.groovy: GroovyHost | None = None
        shell = Shell(lambda computer: self.cloud_of(computer).kube())
        around = Surroundings(
            groovy=self._groovy,
            plugins=self.plugin_names,
            environment=self.environment,
            seed=self.run_seed,
            approved=self.is_approved,
            script_security=lambda: self.configured.script_security,
            log=log,
        )
        self.runner = Runner(around, Blocks(self), Steps(shell, Git(shell), Files(shell), self))
        hooks = Hooks(lambda: self.clouds, lambda: self.life.quieting_down, self._start_build, self._lost)
        self.scheduler = Scheduler(self.queue, self.computers, hooks)

    def _wake(self) -> None:
        if hasattr(self, "scheduler"):
            self.scheduler.wake.set()

    def _groovy(self) -> GroovyHost:
        if self.groovy is None:
            raise StepError("abort", "the controller is not running")
        return self.groovy

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
            self.plugins = load_plugins(
                settings.home / "plugins", lambda level, text: log(level, "hudson.PluginManager", text)
            )
            for milestone in (
                "Listed all plugins",
                "Prepared all plugins",
                "Started all plugins",
                "Augmented all extensions",
            ):
                log("INFO", attained, milestone)
            self.root = items.load(settings.home)
            self._settle_builds()
            log("INFO", attained, "System config loaded")
            if "configuration-as-code" in self.plugin_names():
                self.life.sources = sources(settings.home, settings.environment)
                self.configure(read(self.life.sources))
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
        except ScriptError as error:
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
        for flow in list(self.runner.flows.values()):
            flow.interrupt(Interruption(("The controller was stopped",), recorded=False))
        deadline = time.monotonic() + 3.0
        while self.runner.flows and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        for computer in list(self.computers.all.values()):
            self.cloud_of(computer).terminate(computer)
        if self.groovy is not None:
            self.groovy.close()
            self.groovy = None
        self.store.keep_queue_id(self.queue.last_id)

    def quiet_down(self, wanted: bool) -> None:
        """Start nothing more, or start what waited."""
        self.life.quieting_down = wanted
        for item in self.queue.waiting():
            item.state = "waiting" if item.state == "blocked" and not wanted else item.state
        self._wake()

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
        for item in self.root.walk():
            for build in item.builds.values():
                if build.building:
                    build.log(
                        "The build was not resumed: this stand-in does not keep running pipelines "
                        "over a restart"
                    )
                    build.finish("ABORTED")

    # -- configuration

    def configure(self, config: Mapping[str, Any]) -> None:
        """Apply a configuration.

        Raises:
            CascError: it is refused.
        """
        apply_casc(self, config, self._resolver())
        self.life.applied_at = time.time()

    def _resolver(self) -> Resolver:
        def warn(name: str) -> None:
            log(
                "WARNING",
                "i.j.p.c.SecretSourceResolver$UnresolvedLookup#lookup",
                f"Configuration import: Found unresolved variable '{name}'. Will default to empty string",
            )

        return Resolver(self.settings.environment, warn)

    def reload(self) -> None:
        """Read the sources again and apply them.

        Raises:
            CascError: they are refused; the old configuration stays.
        """
        self.life.sources = sources(self.settings.home, self.settings.environment)
        self.configure(read(self.life.sources))

    def apply_text(self, text: str) -> None:
        """Apply YAML that was sent, on top of what is there: a key that is set already is a conflict.

        Raises:
            CascError: it is refused.
        """
        sent = parse(text, "request")
        read_again = read(self.life.sources)
        merge(
            {k: v for k, v in read_again.items() if k != "jobs"},
            {k: v for k, v in sent.items() if k != "jobs"},
        )
        self.configure(sent)

    def kube_for(self, cloud: Mapping[str, Any]) -> Kube:
        """The API client for a cloud's server."""
        server = str(cloud.get("serverUrl") or "https://kubernetes.default")
        return Kube(server, timeout=float(cloud.get("readTimeout") or 15))

    def set_clouds(self, configured: list[dict[str, Any]]) -> None:
        """Take over the clouds; templates of running pipelines stay."""
        known = {cloud.name: cloud for cloud in self.clouds}
        tools = Tools(self.computers, self.kube_for, log, self._cancel_waiting, self.root_url)
        made = [Cloud(data, tools) for data in configured]
        for cloud in made:
            if cloud.name in known:
                cloud.dynamic = known[cloud.name].dynamic
                cloud.dying = known[cloud.name].dying
        self.clouds = made

    def root_url(self) -> str:
        """The configured URL, with a slash at its end."""
        return self.configured.root_url or f"http://localhost:{self.settings.port}/"

    def plugin_names(self) -> set[str]:
        """Names of the plugins that run."""
        return {plugin.name for plugin in self.plugins}

    # -- jobs

    def find(self, full_name: str) -> Item | None:
        """An item by its full name."""
        return items.find(self.root, full_name)

    def put(self, full_name: str, xml: str) -> bool:
        """Create an item or replace its configuration; returns whether it is new.

        Raises:
            ValueError: the XML is refused, or the folder above it is not there.
        """
        config = items.parse(xml)
        existing = self.find(full_name)
        if existing is not None:
            existing.write(xml, config)
            return False
        above, _, name = full_name.strip("/").rpartition("/")
        parent = self.find(above)
        if parent is None or not parent.is_folder:
            raise ValueError(f'Could not create item, unknown parent path in "{full_name}"')
        items.check_name(name)
        items.child_of(parent, name).write(xml, config)
        return True

    def run_seed(self, script: str, binding: dict[str, str]) -> list[tuple[str, bool]]:
        """Run Job DSL; returns the items with whether each is new.

        Raises:
            ScriptError: the script fails.
            ValueError: an item cannot be made.
        """
        made = self._groovy().call("dsl", script=script, binding=binding)
        if made["output"]:
            log("INFO", "javaposse.jobdsl", made["output"].rstrip())
        done = []
        for entry in made["items"]:
            log(
                "INFO",
                "j.j.plugin.JenkinsJobManagement#createOrUpdateConfig",
                f"createOrUpdateConfig for {entry['name']}",
            )
            done.append((str(entry["name"]), self.put(entry["name"], entry["xml"])))
        for view in made["views"]:
            self.views[view["name"]] = View(
                view["name"], view["description"], tuple(view["names"]), view["regex"]
            )
        return done

    def is_approved(self, script: str) -> bool:
        """Whether a script is approved; one that is not becomes pending."""
        name = approval_hash(script)
        if name in self.approved_hashes:
            return True
        self.pending[name] = script
        return False

    def approve(self, name: str) -> None:
        """Approve a pending script."""
        self.pending.pop(name, None)
        self.approved_hashes.add(name)
        self.store.keep_approved(self.approved_hashes)

    # -- builds

    def environment(self, job: Item, build: Build) -> dict[str, str]:
        """What every step of a build sees."""
        root, number = self.root_url(), str(build.number)
        job_url = root + job.url
        return {
            "CI": "true",
            "JENKINS_HOME": str(self.settings.home),
            "JENKINS_URL": root,
            "HUDSON_URL": root,
            "BUILD_NUMBER": number,
            "BUILD_ID": number,
            "BUILD_DISPLAY_NAME": f"#{number}",
            "BUILD_TAG": f"jenkins-{job.full_name.replace('/', '-')}-{number}",
            "BUILD_URL": f"{job_url}{number}/",
            "JOB_NAME": job.full_name,
            "JOB_BASE_NAME": job.name,
            "JOB_URL": job_url,
            "RUN_DISPLAY_URL": f"{job_url}{number}/display/redirect",
            **self.configured.environment,
            **{
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in build.values().items()
            },
        }

    def _start_build(self, item: QueueItem) -> Build:
        if item.job is None:
            raise ValueError("a build needs a job")
        now = int(time.time() * 1000)
        build = item.job.new_build(
            queue_id=item.id, job=item.job.full_name, parameters=item.parameters, causes=item.causes
        )
        if item.is_node or item.computer is not None:
            build.buildable_ms = now - item.buildable_since
        build.waiting_ms = max(0, (item.buildable_since or now) - item.since)
        item.executable = build  # before it runs: a short build is over before this returns
        self.runner.start(item, build, self._build_done)
        return build

    def _build_done(self, job: Item, build: Build) -> None:
        job.prune()
        for item in self.queue.items:
            if item.executable is build and item.computer is not None:
                self.scheduler.release(item)
        self._wake()

    def stop_build(self, build: Build, user: User | None) -> None:
        """Abort a build for a person."""
        name = user.name if user else "anonymous"
        flow = self.runner.flow_of(build)
        if flow is not None and flow.interruption is None:
            build.log(f"Aborted by {name}", hidden=267)
            flow.interrupt(Interruption((f"Aborted by {user.id if user else 'anonymous'}",)))

    def kill_build(self, build: Build) -> None:
        """End a build at once, without causes."""
        flow = self.runner.flow_of(build)
        if flow is not None and flow.interruption is None:
            if flow.sleeping:
                build.log("Terminating sleep")
            flow.interrupt(Interruption((), recorded=False))

    def wait_for_node(self, flow: Flow, label: str | None) -> QueueItem:
        """Queue a `node` step."""
        return self.queue.wait_for_node(flow.job, flow.build, label)

    def withdraw(self, item: QueueItem) -> None:
        """Take a step that is stopped out of the queue."""
        if item.state == "left":
            self.scheduler.release(item)
        else:
            item.cancel()

    def release(self, item: QueueItem) -> None:
        """Give an executor back."""
        if item.build is not None:
            now = int(time.time() * 1000)
            item.build.sub_tasks += 1
            item.build.executing_ms += int((time.monotonic() - item.left_at) * 1000)
            item.build.buildable_ms += int(now - item.since - (time.monotonic() - item.left_at) * 1000)
        self.scheduler.release(item)

    def cloud(self, name: str | None) -> Cloud | None:
        """A cloud by its name, or the first."""
        return next((cloud for cloud in self.clouds if name in {None, cloud.name}), None)

    def cloud_of(self, computer: Computer) -> Cloud:
        """The cloud that made an agent."""
        made = next(
            (c for c in self.clouds if computer.template in [*c.templates(), *c.dynamic.values()]), None
        )
        return made or self.clouds[0]

    def credential(self, credentials_id: str) -> Mapping[str, Any] | None:
        """A credential of the system store."""
        return self.configured.credentials.get(credentials_id)

    def trigger(self, flow: Flow, job: str, parameters: list[Mapping[str, Any]]) -> QueueItem:
        """Queue another job for a `build` step.

        Raises:
            StepError: there is none of that name.
        """
        near = f"{flow.job.parent.full_name}/{job}" if flow.job.parent and not job.startswith("/") else job
        target = self.find(near) or self.find(job)
        if target is None or target.is_folder:
            raise StepError("abort", f"No item named {job} found")
        given = {str(p.get("name")): p.get("value") for p in parameters}
        upstream = {
            "_class": "org.jenkinsci.plugins.workflow.support.steps.build.BuildUpstreamCause",
            "shortDescription": f'Started by upstream project "{flow.job.full_name}" '
            f"build number {flow.build.number}",
            "upstreamBuild": flow.build.number,
            "upstreamProject": flow.job.full_name,
            "upstreamUrl": flow.job.url,
        }
        return self.queue.schedule(target, parameter_values(target, given), [upstream], 0.0)

    def submit(
        self, job: Item, given: Mapping[str, Any], user: User | None, delay: float | None = None
    ) -> QueueItem:
        """Queue a job for a person."""
        quiet = delay if delay is not None else (job.config.quiet_period if job.config else None)
        quiet = self.configured.quiet_period if quiet is None else quiet
        item = self.queue.schedule(job, parameter_values(job, given), [cause_of(user)], float(quiet))
        self.store.keep_queue_id(self.queue.last_id)
        return item

    def _cancel_waiting(self, computer: Computer, reason: str) -> None:
        for item in self.queue.waiting():
            if item.label in computer.labels:
                item.cancel(reason)

    def _lost(self, computer: Computer, item: QueueItem | None) -> None:
        """An agent's pod is gone: stop the body that ran on it."""
        if item is None:
            return
        build = item.build or item.executable
        flow = self.runner.flow_of(build) if build else None
        if build is None or flow is None:
            return
        build.log(f"Agent {computer.name} was deleted; cancelling node body")
        build.log(f"Could not connect to {computer.name} to send interrupt signal to process")
        for ctx in list(flow.blocks.values()):
            if ctx.computer is computer and ctx.data.get("item") is item:
                ctx.stop = Interruption(("Agent was removed",))

    # -- the console and the scripts' requests

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["op"] == "model":
            return self._model(str(message["name"]))
        if message["op"] == "approve":
            return self.approve(str(message["hash"]))
        if message["op"] == "quietDown":
            return self.quiet_down(bool(message["value"]))
        if message["op"] == "setcloud":
            for data in self.configured.clouds:
                if data.get("name") == message["name"]:
                    data[str(message["key"])] = message["value"]
            return None
        return self.runner.answer(message)

    def _model(self, name: str) -> Any:
        values: dict[str, Any] = {
            "rootUrl": self.root_url(),
            "systemMessage": self.configured.system_message,
            "numExecutors": self.configured.executors,
            "quietingDown": self.life.quieting_down,
            "items": sorted(self.root.children),
            "jobNames": [item.full_name for item in self.root.walk()],
            "clouds": self.configured.clouds,
            "plugins": [{"shortName": p.name, "version": p.version} for p in self.plugins],
            "pendingScripts": [{"hash": h, "script": s} for h, s in self.pending.items()],
        }
        return values[name]

    def console(self, script: str) -> str:
        """Run a script of the script console.

        Raises:
            ScriptError: the Groovy process failed.
        """
        return str(self._groovy().call("console", script=script)["text"])


def parameter_values(job: Item, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The values of a job's parameters: the given ones, the defaults for the rest; what is not declared
    is dropped.

    Raises:
        ValueError: a choice that does not exist.
    """
    values = []
    for definition in job.config.parameters if job.config else ():
        value = given.get(definition.name, definition.default)
        kind = "String" if definition.kind == "Choice" else definition.kind
        if definition.kind == "Boolean":
            value = value if isinstance(value, bool) else str(value).lower() in {"true", "on"}
        elif definition.kind == "Choice" and value not in definition.choices:
            raise ValueError(f"Illegal choice for parameter {definition.name}: {value}")
        values.append(
            {"_class": f"hudson.model.{kind}ParameterValue", "name": definition.name, "value": value}
        )
    return values


def logging_id() -> str:
    """The id under which the log explains an error page."""
    return str(uuid.uuid4())
