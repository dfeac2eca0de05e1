"""Shared libraries: which ones the configuration offers, and how their files get to a build."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .arguments import Args
from .flow import Ctx
from .git import GitError, fetch_tree
from .groovy_host import StepError


class Libraries:
    """The libraries that pipelines of one controller can load; each build keeps its own copies."""

    def __init__(
        self,
        offered: Callable[[], list[Mapping[str, Any]]],
        credential: Callable[[str], Mapping[str, Any] | None],
    ) -> None:
        """Args: offered: the configured global libraries; credential: finds one by its id."""
        self._offered, self._credential = offered, credential

    def declared(self, ctx: Ctx, identifiers: list[str]) -> list[dict[str, Any]]:
        """Load what `@Library` names and what is loaded without being asked for.

        Raises:
            StepError: one of them is not configured or cannot be had.
        """
        wanted = dict(_parts(identifier) for identifier in identifiers)
        known = {str(library["name"]): library for library in self._offered()}
        unknown = [identifier for identifier in identifiers if _parts(identifier)[0] not in known]
        if unknown:
            raise StepError("abort", f"Could not find any definition of libraries [{', '.join(unknown)}]")
        return [
            self._load(ctx, name, _version(library, wanted.get(name)), library["retriever"])
            for name, library in known.items()
            if name in wanted or library.get("implicit")
        ]

    def step(self, ctx: Ctx, args: Args) -> dict[str, Any]:
        """The step `library`.

        Raises:
            StepError: it is not configured or cannot be had.
        """
        name, version = _parts(str(args.need("identifier", first=True)))
        retriever = args.get("retriever")
        if retriever is None:
            library = next((known for known in self._offered() if known["name"] == name), None)
            if library is None:
                raise StepError("abort", f"No library named {name} found")
            return self._load(ctx, name, _version(library, version), library["retriever"])
        if version is None:
            raise StepError("abort", f"Must specify a version for library {name}")
        return self._load(ctx, name, version, retriever)

    def resource(self, ctx: Ctx, args: Args) -> str:
        """The step `libraryResource`.

        Raises:
            StepError: no loaded library has it, or several do.
        """
        name = str(args.need("resource", first=True))
        roots = [Path(folder) / "resources" for folder in ctx.flow.libraries.values()]
        found = [root / name for root in roots if (root / name).resolve().is_relative_to(root.resolve())]
        found = [path for path in found if path.is_file()]
        if not found:
            raise StepError("abort", f"No such library resource {name} could be found.")
        if len(found) > 1:
            raise StepError("abort", f"Library resource {name} ambiguous among libraries")
        return found[0].read_text(encoding="utf-8")

    def _load(self, ctx: Ctx, name: str, version: str, retriever: Mapping[str, Any]) -> dict[str, Any]:
        known = ctx.flow.libraries
        if name in known:
            ctx.log(f"Only using first definition of library {name}")
            return {"directory": known[name]}
        ctx.log(f"Loading library {name}@{version}")
        ctx.log(f"Attempting to resolve {version} from remote references...")
        target = ctx.flow.build.directory / "libs" / str(len(known))
        try:
            credential = self._credential(_search(retriever, ("credentialsId",)) or "")
            revision = fetch_tree(_remote(retriever), version, target, credential)
        except GitError as error:
            raise StepError("abort", f"No version {version} found for library {name}") from error
        ctx.log(f"Found match: {version} revision {revision}")
        directory = target / str(retriever.get("libraryPath") or (_scm(retriever).get("libraryPath") or ""))
        if not any((directory / root).is_dir() for root in ("src", "vars")):
            message = f"Library {name} expected to contain at least one of src or vars directories"
            raise StepError("abort", message)
        known[name] = str(directory)
        return {"directory": str(directory)}


def _parts(identifier: str) -> tuple[str, str | None]:
    name, at, version = identifier.partition("@")
    return name, version if at else None


def _version(library: Mapping[str, Any], asked: str | None) -> str:
    default = library.get("defaultVersion")
    if asked is None and default is None:
        raise StepError("abort", f"No version specified for library {library['name']}")
    if asked not in {None, default} and not library.get("allowVersionOverride", True):
        raise StepError("abort", f"Version override not permitted for library {library['name']}")
    return str(asked or default)


def _scm(retriever: Mapping[str, Any]) -> Mapping[str, Any]:
    """The description below `modernSCM` or `legacySCM`, which a script writes in another form than a file."""
    inner = retriever.get("modernSCM") or retriever.get("legacySCM") or retriever.get("$value")
    return inner if isinstance(inner, Mapping) else retriever


def _remote(description: Any) -> str:
    """The repository's URL, wherever the description has it."""
    found = _search(description, ("remote", "url"))
    if found is None:
        raise StepError("abort", "the library's retriever names no Git repository")
    return found


def _search(description: Any, names: tuple[str, ...]) -> str | None:
    if isinstance(description, Mapping):
        for name in names:
            if isinstance(description.get(name), str):
                return str(description[name])
        return next((found for value in description.values() if (found := _search(value, names))), None)
    if isinstance(description, list):
        return next((found for value in description if (found := _search(value, names))), None)
    return None
