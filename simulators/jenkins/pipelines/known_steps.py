"""The steps of the pinned plugins: without its plugin a step does not exist.

Each has the named arguments that are implemented; None marks a step that this simulator does not implement.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..unsupported import unsupported
from .groovy_host import StepError


@dataclass(frozen=True)
class Step:
    """One step: the plugin that brings it, and its arguments."""

    plugin: str
    arguments: frozenset[str] | None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _implemented(plugin: str, **steps: str) -> dict[str, Step]:
    return {name: Step(plugin, _words(arguments)) for name, arguments in steps.items()}


def _missing(plugin: str, names: str) -> dict[str, Step]:
    return {name: Step(plugin, None) for name in names.split()}


POD_TEMPLATE = """
    cloud hostNetwork idleMinutes imagePullSecrets inheritFrom instanceCap instanceCapStr label name namespace
    nodeSelector podRetention runAsGroup runAsUser serviceAccount showRawYaml slaveConnectTimeout yaml
    yamlMergeStrategy
"""
OTHER_BASIC = """
    archive catchError deleteDir dir fileExists isUnix mail pwd readFile retry stash step tool unstable
    unstash waitUntil warnError wrap
"""
UTILITIES = """
    compareVersions findFiles nodesByLabel prependToFile readCSV readJSON readManifest readMavenPom
    readProperties readYaml sha1 sha256 tar tee touch untar unzip verifySha1 verifySha256 writeCSV writeJSON
    writeMavenPom writeYaml zip
"""
STEPS: dict[str, Step] = {
    **_implemented(
        "workflow-basic-steps",
        echo="message",
        error="message",
        sleep="time unit",
        writeFile="file text",
        archiveArtifacts="artifacts fingerprint",
        withEnv="overrides",
        timeout="time unit",
    ),
    **_implemented("workflow-durable-task-step", node="label", sh="script"),
    **_implemented("workflow-cps", parallel="branches"),
    **_implemented("workflow-multibranch", properties="properties"),
    **_implemented("kubernetes", podTemplate=POD_TEMPLATE, container="name"),
    **_implemented("pipeline-stage-step", stage="name"),
    **_implemented("workflow-scm-step", checkout="scm"),
    **_implemented("credentials-binding", withCredentials="bindings"),
    **_implemented("pipeline-model-definition", pipeline=""),
    **_missing("workflow-basic-steps", OTHER_BASIC),
    **_missing("workflow-durable-task-step", "bat powershell pwsh ws"),
    **_missing("workflow-cps", "load"),
    **_missing("workflow-multibranch", "resolveScm"),
    **_missing("kubernetes", "containerLog"),
    **_missing("git", "git"),
    **_missing("pipeline-build-step", "build waitForBuild"),
    **_missing("pipeline-input-step", "input"),
    **_missing("pipeline-milestone-step", "milestone"),
    **_missing("pipeline-groovy-lib", "library libraryResource"),
    **_missing("job-dsl", "jobDsl"),
    **_missing("pipeline-utility-steps", UTILITIES),
}
INTERNAL = {"parallel-branch"}
SYMBOLS = _words("booleanParam disableConcurrentBuilds parameters string usernamePassword")
"""Names that only make a value for another step."""
MISSING_SYMBOLS = _words(
    """
    always buildDiscarder certificate choice cloneOption configMapVolume containerEnvVar containerTemplate
    cron emptyDirVolume envVar file gitSource hostPathVolume legacySCM logRotator modernSCM never
    onFailure password persistentVolumeClaim pipelineTriggers pollSCM scmGit secretEnvVar secretVolume
    sshUserPrivateKey text upstream usernameColonPassword
    """
)
GLOBALS = ("currentBuild", "env", "params", "pipeline", "scm")


def require(name: str, plugins: Collection[str]) -> None:
    """Refuse a name that is no step of these plugins, or one that is not implemented.

    Raises:
        StepError: for a name that the real controller does not know either, in its words.
    """
    if name in INTERNAL or name in SYMBOLS:
        return
    step = STEPS.get(name)
    if step is not None and step.plugin in plugins:
        if step.arguments is None:
            raise StepError("abort", unsupported(f"the step {name!r}"))
        return
    if name in MISSING_SYMBOLS:
        raise StepError("abort", unsupported(f"the symbol {name!r}"))
    steps = sorted(known for known, step in STEPS.items() if step.plugin in plugins)
    message = (
        f"No such DSL method '{name}' found among steps [{', '.join(steps)}] or symbols "
        f"[{', '.join(sorted(SYMBOLS | MISSING_SYMBOLS))}] or globals [{', '.join(GLOBALS)}]"
    )
    if step is None:
        message += f" ({unsupported('steps of other plugins than its own')})"
    raise StepError("nomethod", message)
