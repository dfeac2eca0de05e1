"""Which plugin brings which step: without the plugin there is no such step."""

PLUGINS: dict[str, str] = {
    **dict.fromkeys(
        [
            "echo",
            "error",
            "sleep",
            "dir",
            "pwd",
            "isUnix",
            "readFile",
            "writeFile",
            "fileExists",
            "deleteDir",
            "archive",
            "stash",
            "unstash",
            "withEnv",
            "timeout",
            "retry",
            "waitUntil",
            "catchError",
            "warnError",
            "unstable",
        ],
        "workflow-basic-steps",
    ),
    **dict.fromkeys(["node", "sh", "ws"], "workflow-durable-task-step"),
    **dict.fromkeys(["parallel", "properties"], "workflow-cps"),
    **dict.fromkeys(["podTemplate", "container"], "kubernetes"),
    "archiveArtifacts": "workflow-basic-steps",
    "stage": "pipeline-stage-step",
    "checkout": "workflow-scm-step",
    "git": "git",
    "withCredentials": "credentials-binding",
    "build": "pipeline-build-step",
    "input": "pipeline-input-step",
    "milestone": "pipeline-milestone-step",
    **dict.fromkeys(["library", "libraryResource"], "pipeline-groovy-lib"),
    **dict.fromkeys(["readYaml", "readJSON"], "pipeline-utility-steps"),
    "pipeline": "pipeline-model-definition",
    "timestamps": "timestamper",
}
GLOBALS = ["currentBuild", "env", "params", "pipeline", "scm"]


def unknown(name: str, steps: set[str], symbols: set[str]) -> str:
    """What a real controller says of a name that is no step."""
    return (
        f"No such DSL method '{name}' found among steps [{', '.join(sorted(steps))}] or symbols "
        f"[{', '.join(sorted(symbols))}] "
        f"or globals [{', '.join(GLOBALS)}]"
    )
