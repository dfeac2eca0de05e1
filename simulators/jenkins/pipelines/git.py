"""Git: the script of a pipeline for the controller, and working copies for agents."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..agents.computers import AGENT
from ..unsupported import unsupported
from .flow import Context
from .groovy_host import StepError
from .shell import Shell

TIMEOUT = 120


class GitError(Exception):
    """The repository cannot be read; the text is for the console."""


@dataclass(frozen=True)
class Fetched:
    """A script out of a repository."""

    text: str
    revision: str
    branch: str


def branch_name(spec: str) -> str | None:
    """A branch of the remote from a branch specifier; None for its default branch."""
    name = spec.removeprefix("refs/heads/").removeprefix("*/").removeprefix("origin/")
    return None if name in {"", "**", "*"} else name


def fetch_script(url: str, spec: str, path: str) -> Fetched:
    """Read one file of a branch, as a lightweight checkout does.

    Raises:
        GitError: no such repository, branch or file.
    """
    branch = branch_name(spec)
    with tempfile.TemporaryDirectory(prefix="script-") as scratch:
        chosen = ["--branch", branch] if branch else []
        _git(["clone", "-q", "--depth", "1", "--no-checkout", *chosen, "--", url, scratch], None, url)
        revision = _git(["rev-parse", "HEAD"], scratch, url).strip()
        name = _git(["rev-parse", "--abbrev-ref", "HEAD"], scratch, url).strip()
        try:
            text = _git(["show", f"HEAD:{path}"], scratch, url)
        except GitError as error:
            raise GitError(f"ERROR: {path} not found in {url}") from error
    return Fetched(text, revision, name)


def _git(args: list[str], cwd: str | None, url: str) -> str:
    done = subprocess.run(
        ["git", *args],
        cwd=cwd,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
    )
    if done.returncode != 0:
        stderr = done.stderr.decode("utf-8", "replace").strip()
        raise GitError(f"ERROR: Error cloning remote repo 'origin'\n{url}: {stderr}")
    return done.stdout.decode("utf-8", "replace")


@dataclass(frozen=True)
class Git:
    """Working copies in agents, always made in the agent's own container."""

    shell: Shell

    def checkout(self, context: Context, scm: Mapping[str, Any]) -> dict[str, str]:
        """Make or update the working copy of the script's own repository in the current directory.

        Raises:
            StepError: git failed, or another repository is named.
        """
        if not scm.get("$scm"):
            raise StepError("abort", unsupported("the step 'checkout' with anything but 'scm'"))
        source = context.flow.scm
        url, branch = source["url"], source["branch"]
        quoted = shlex.quote(url)
        script = (
            f"[ -d .git ] || git init -q .\ngit config remote.origin.url {quoted}\n"
            f"git fetch -q --tags --force -- {quoted} '+refs/heads/*:refs/remotes/origin/*'\n"
            f"git checkout -q -f {source['revision']}\ngit log -1 --format='%H%n%s' HEAD\n"
        )
        code, out, err = self.shell.quiet(context, script, container=AGENT)
        context.log(f"Cloning the remote Git repository\nCloning repository {url}")
        if code != 0:
            reason = err.decode("utf-8", "replace").strip() or f"git returned status code {code}"
            raise StepError("abort", f"Error cloning remote repo 'origin': {reason}")
        commit, _, subject = out.decode("utf-8", "replace").strip().partition("\n")
        context.log(
            f'Checking out Revision {commit} (refs/remotes/origin/{branch})\nCommit message: "{subject}"'
        )
        return {"GIT_URL": url, "GIT_COMMIT": commit, "GIT_BRANCH": f"origin/{branch}"}
