"""Steps that touch files of the workspace: read, write, archive, stash."""

import io
import re
import shlex
import tarfile
from collections.abc import Callable
from typing import Any

from .arguments import Args
from .flow import Ctx
from .groovy_host import StepError
from .shell import Shell


def matcher(patterns: str) -> Callable[[str], bool]:
    """Whether a relative path matches one of the comma-separated Ant patterns."""
    compiled = [
        re.compile(_ant(pattern.strip()))
        for pattern in re.split(r"[,\s]+", patterns.strip())
        if pattern.strip()
    ]
    return lambda path: any(pattern.fullmatch(path) for pattern in compiled)


def _ant(pattern: str) -> str:
    whole = pattern.removeprefix("./") + ("**" if pattern.endswith("/") else "")
    out = ""
    for piece in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", whole):
        out += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return out


class Files:
    """The file steps."""

    def __init__(self, shell: Shell) -> None:
        """Args: shell: how the files are reached."""
        self._shell = shell

    def steps(self) -> dict[str, Callable[[Ctx, Args], Any]]:
        """The steps by name."""
        return {
            "readFile": lambda ctx, args: self.read(ctx, str(args.need("file", first=True))).decode(
                "utf-8", "replace"
            ),
            "writeFile": self._write,
            "fileExists": lambda ctx, args: self._test(ctx, str(args.need("file", first=True))),
            "deleteDir": self._delete,
            "archiveArtifacts": self._archive,
            "archive": self._archive,
            "stash": self._stash,
            "unstash": self._unstash,
        }

    def read(self, ctx: Ctx, path: str) -> bytes:
        """A file's content.

        Raises:
            StepError: there is none.
        """
        code, content, _ = self._shell.quiet(ctx, f"cat -- {shlex.quote(path)}")
        if code != 0:
            whole = path if path.startswith("/") else f"{ctx.where()}/{path}"
            raise StepError("io", whole)
        return content

    def _write(self, ctx: Ctx, args: Args) -> None:
        path, text = str(args.need("file")), str(args.get("text", ""))
        quoted = shlex.quote(path)
        code, _, errors = self._shell.quiet(
            ctx, f'mkdir -p "$(dirname -- {quoted})"; cat > {quoted}', (text or "").encode() or b""
        )
        if code != 0:
            raise StepError("io", errors.decode("utf-8", "replace").strip())

    def _test(self, ctx: Ctx, path: str) -> bool:
        return self._shell.quiet(ctx, f"test -e {shlex.quote(path)}")[0] == 0

    def _delete(self, ctx: Ctx, args: Args) -> None:
        self._shell.quiet(ctx, f"cd / && rm -rf -- {shlex.quote(ctx.where())}")

    def _select(self, ctx: Ctx, includes: str, excludes: str | None) -> list[str]:
        code, listing, _ = self._shell.quiet(ctx, "find . -type f -o -type l | sort")
        paths = (
            [line.removeprefix("./") for line in listing.decode("utf-8", "replace").splitlines()]
            if code == 0
            else []
        )
        wanted = matcher(includes)
        unwanted = matcher(excludes) if excludes else (lambda _: False)
        return [path for path in paths if wanted(path) and not unwanted(path)]

    def _pack(self, ctx: Ctx, paths: list[str]) -> bytes:
        names = "\n".join(paths).encode() + b"\n"
        code, content, errors = self._shell.quiet(ctx, "tar -cf - -T -", names)
        if code != 0:
            raise StepError("abort", f"tar failed: {errors.decode('utf-8', 'replace').strip()}")
        return content

    def _archive(self, ctx: Ctx, args: Args) -> None:
        includes = str(args.need("artifacts", first=True))
        ctx.log("Archiving artifacts")
        paths = self._select(ctx, includes, args.get("excludes"))
        if not paths:
            if args.get("allowEmptyArchive"):
                ctx.log(f'No artifacts found that match the file pattern "{includes}". Configuration error?')
                return
            raise StepError(
                "abort", f'No artifacts found that match the file pattern "{includes}". Configuration error?'
            )
        target = ctx.flow.build.archive
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(self._pack(ctx, paths))) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member) if member.isfile() else None
                place = target / member.name
                if content is not None and place.resolve().is_relative_to(target.resolve()):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(content.read())

    def _stash(self, ctx: Ctx, args: Args) -> None:
        name = str(args.need("name", first=True))
        paths = self._select(ctx, str(args.get("includes") or "**"), args.get("excludes"))
        if not paths and not args.get("allowEmpty"):
            raise StepError("abort", "No files included in stash ‘" + name + "’")
        ctx.flow.stashes[name] = self._pack(ctx, paths) if paths else b""
        ctx.log(f"Stashed {len(paths)} file(s)")

    def _unstash(self, ctx: Ctx, args: Args) -> None:
        name = str(args.need("name", first=True))
        if name not in ctx.flow.stashes:
            raise StepError("abort", f"No such saved stash ‘{name}’")
        if content := ctx.flow.stashes[name]:
            code, _, errors = self._shell.quiet(ctx, "tar -xf -", content)
            if code != 0:
                raise StepError("abort", f"tar failed: {errors.decode('utf-8', 'replace').strip()}")
