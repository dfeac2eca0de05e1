"""Git: the script of a pipeline for the controller, and working copies for agents."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..agents.computers import AGENT
from .flow import Ctx
from .groovy_host import StepError
from .shell import Shell

TIMEOUT = 120


class GitError(Exception):
    """The repository cannot be read; the text is for the console."""


HELPER = '!f() { echo "username=$GIT_LOGIN_USER"; echo "password=$GIT_LOGIN_PASSWORD"; }; f'


def login(credential: Mapping[str, Any] | None) -> dict[str, str]:
    """The environment in which git answers a server's question for a user; nothing secret is an argument."""
    if credential is None or credential.get("kind") != "usernamePassword":
        return {}
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "credential.helper",
        "GIT_CONFIG_VALUE_0": HELPER,
        "GIT_LOGIN_USER": str(credential.get("username") or ""),
        "GIT_LOGIN_PASSWORD": str(credential.get("password") or ""),
    }


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


def fetch_script(url: str, spec: str, path: str, credential: Mapping[str, Any] | None = None) -> Fetched:
    """Read one file of a branch, as a lightweight checkout does.

    Raises:
        GitError: no such repository, branch or file.
    """
    branch = branch_name(spec)
    with tempfile.TemporaryDirectory(prefix="script-") as scratch:
        clone = [
            "clone",
            "-q",
            "--depth",
            "1",
            "--no-checkout",
            *(["--branch", branch] if branch else []),
            "--",
            url,
            scratch,
        ]
        _git(clone, None, url, login(credential))
        revision = _git(["rev-parse", "HEAD"], scratch, url).strip()
        name = _git(["rev-parse", "--abbrev-ref", "HEAD"], scratch, url).strip()
        try:
            text = _git(["show", f"HEAD:{path}"], scratch, url)
        except GitError as error:
            raise GitError(f"ERROR: {Path(path)} not found in {url}") from error
    return Fetched(text, revision, name)


def fetch_tree(url: str, version: str, target: Path, credential: Mapping[str, Any] | None = None) -> str:
    """Check a branch, tag or commit out into a new folder; returns the revision.

    Raises:
        GitError: no such repository or version.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _git(["clone", "-q", "--no-checkout", "--", url, str(target)], None, url, login(credential))
    for name in (f"refs/remotes/origin/{version}", f"refs/tags/{version}", version):
        try:
            revision = _git(["rev-parse", "--verify", "-q", f"{name}^{{commit}}"], str(target), url).strip()
        except GitError:
            continue
        _git(["checkout", "-q", "--detach", revision], str(target), url)
        return revision
    raise GitError(f"ERROR: no version {version} in {url}")


def _git(args: list[str], cwd: str | None, url: str, more: Mapping[str, str] = MappingProxyType({})) -> str:
    done = subprocess.run(
        ["git", *args],
        cwd=cwd,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **more},
    )
    if done.returncode != 0:
        stderr = done.stderr.decode("utf-8", "replace").strip()
        raise GitError(
            f"ERROR: Error cloning remote repo 'origin'\nhudson.plugins.git.GitException: Command "
            f'"git fetch --tags --force --progress -- '
            f'{url} +refs/heads/*:refs/remotes/origin/*" returned status code '
            f"{done.returncode}:\nstdout: \nstderr: {stderr}"
        )
    return done.stdout.decode("utf-8", "replace")


class Git:
    """Working copies in agents, always made in the agent's own container."""

    def __init__(self, shell: Shell, credential: Callable[[str], Mapping[str, Any] | None]) -> None:
        """Args: shell: runs git there; credential: finds one by its id."""
        self._shell, self._credential = shell, credential

    def checkout(
        self, ctx: Ctx, url: str, specs: list[str], revision: str | None, credentials_id: str | None = None
    ) -> dict[str, str]:
        """Make or update the working copy in the current directory.

        Raises:
            StepError: git failed.
        """
        branch = branch_name(specs[0])
        where = ctx.where()
        credential = self._credential(credentials_id) if credentials_id else None
        ctx.log("The recommended git tool is: git")
        if credentials_id is None:
            ctx.log("No credentials specified")
        elif credential is None:
            ctx.log(f'Warning: CredentialId "{credentials_id}" could not be found.')
        else:
            ctx.log(f"using credential {credentials_id}")
        exports = "".join(f"export {n}={shlex.quote(v)}\n" for n, v in login(credential).items())
        quoted = shlex.quote(url)
        script = (
            f"[ -d .git ] || git init -q .\ngit config remote.origin.url {quoted}\n"
            f"git fetch -q --tags --force -- {quoted} '+refs/heads/*:refs/remotes/origin/*'\n"
            + (
                f"rev={revision}\n"
                if revision
                else f"rev=$(git rev-parse 'refs/remotes/origin/{branch or 'HEAD'}^{{commit}}')\n"
            )
            + "git checkout -q -f \"$rev\"\ngit log -1 --format='%H%n%s' HEAD\n"
        )
        if branch is None and revision is None:
            script = script.replace(
                "rev=$(",
                f"git ls-remote {quoted} HEAD | cut -f1 > .git/CHOSEN\nrev=$(cat .git/CHOSEN)\n: $(",
                1,
            )
        code, out, err = self._shell.quiet(ctx, exports + script, container=AGENT)
        fetch = f"git fetch --tags --force --progress -- {url} +refs/heads/*:refs/remotes/origin/*"
        ctx.log(
            f"Cloning the remote Git repository\nCloning repository {url}\n > git init {where} # timeout=10\n"
            f"Fetching upstream changes from {url}\n > git --version # timeout=10\n > {fetch} # timeout=10"
        )
        if code != 0:
            stderr = err.decode("utf-8", "replace").strip()
            raise StepError(
                "abort", f"Error cloning remote repo 'origin': {stderr or f'git returned status code {code}'}"
            )
        commit, _, subject = out.decode("utf-8", "replace").strip().partition("\n")
        shown = f"refs/remotes/origin/{branch}" if branch else "detached"
        ctx.log(
            f" > git config remote.origin.url {url} # timeout=10\n > git rev-parse {shown}^{{commit}} "
            f"# timeout=10\n"
            f"Checking out Revision {commit} ({shown})\n > git config core.sparsecheckout # timeout=10\n"
            f' > git checkout -f {commit} # timeout=10\nCommit message: "{subject}"'
        )
        return {
            "GIT_URL": url,
            "GIT_COMMIT": commit,
            "GIT_BRANCH": f"origin/{branch}" if branch else "detached",
        }
