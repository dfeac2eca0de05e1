"""Texts of a repository's Groovy files: inside the repository, of a sane size, UTF-8."""

from __future__ import annotations

from pathlib import Path

from conformance.sources.facts import Place, SourceError

#: larger than every script that a person writes
LARGEST = 2 << 20


def read(root: Path, file: str) -> str | SourceError:
    """The text of `file`, or why it cannot be read."""
    place = Place(file)
    path = root / file
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            return SourceError(place, "it is a link to a file outside of the repository")
        if not real.is_file():
            return SourceError(place, "it is no file")
        size = real.stat().st_size
        if size > LARGEST:
            return SourceError(place, f"it has {size} bytes; a script has at most {LARGEST}")
        return real.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return SourceError(
            place, f"it is not UTF-8: byte {error.object[error.start]:#04x} at offset {error.start}"
        )
    except (OSError, RuntimeError) as error:
        return SourceError(place, f"it cannot be read: {getattr(error, 'strerror', None) or error}")
