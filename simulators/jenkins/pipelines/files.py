"""Steps that write or archive files of the workspace."""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from collections.abc import Callable
from dataclasses import dataclass

from .arguments import Arguments
from .flow import Context
from .groovy_host import StepError
from .shell import Shell


def matcher(patterns: str) -> Callable[[str], bool]:
    """Whether a relative path matches one of the comma-separated Ant patterns."""
    compiled = [re.compile(_ant(pattern)) for pattern in re.split(r"[,\s]+", patterns.strip()) if pattern]
    return lambda path: any(pattern.fullmatch(path) for pattern in compiled)


def _ant(pattern: str) -> str:
    whole = pattern.removeprefix("./") + ("**" if pattern.endswith("/") else "")
    out = ""
    for piece in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", whole):
        out += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return out


@dataclass(frozen=True)
class Files:
    """The file steps."""

    shell: Shell

    def write(self, context: Context, arguments: Arguments) -> None:
        """The step `writeFile`."""
        quoted = shlex.quote(str(arguments.need("file")))
        code, _, errors = self.shell.quiet(
            context,
            f'mkdir -p "$(dirname -- {quoted})"; cat > {quoted}',
            str(arguments.get("text", "")).encode(),
        )
        if code != 0:
            raise StepError("io", errors.decode("utf-8", "replace").strip())

    def archive(self, context: Context, arguments: Arguments) -> None:
        """The step `archiveArtifacts`."""
        includes = str(arguments.need("artifacts", first=True))
        context.log("Archiving artifacts")
        paths = self._select(context, includes)
        if not paths:
            raise StepError(
                "abort", f'No artifacts found that match the file pattern "{includes}". Configuration error?'
            )
        target = context.flow.build.archive
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(self._pack(context, paths))) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member) if member.isfile() else None
                place = target / member.name
                if content is not None and place.resolve().is_relative_to(target.resolve()):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(content.read())

    def _select(self, context: Context, includes: str) -> list[str]:
        code, listing, _ = self.shell.quiet(context, "find . -type f -o -type l | sort")
        lines = listing.decode("utf-8", "replace").splitlines() if code == 0 else []
        return list(filter(matcher(includes), (line.removeprefix("./") for line in lines)))

    def _pack(self, context: Context, paths: list[str]) -> bytes:
        names = "\n".join(paths).encode() + b"\n"
        code, content, errors = self.shell.quiet(context, "tar -cf - -T -", names)
        if code != 0:
            raise StepError("abort", f"tar failed: {errors.decode('utf-8', 'replace').strip()}")
        return content
