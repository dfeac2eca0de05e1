"""What of the evidence fits into one page: broken checks first, each piece its beginning and its end."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from reports.model import Check, EvidenceRef, Outcome
from reports.text import clean, size

#: Bytes of escaped text that all excerpts of a page share, and most for one piece.
BUDGET = 1_900_000
MOST_BROKEN = 40_000
MOST_PASSED = 6_000
#: Below this an excerpt is not worth its fold.
LEAST = 200


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One piece of evidence as a page shows it; `text` may be empty, `note` says why or what is cut."""

    name: str
    href: str
    text: str
    note: str


def excerpts(checks: tuple[Check, ...], folder: Path, budget: int = BUDGET) -> dict[str, tuple[Excerpt, ...]]:
    """Excerpts by node id. Reads at most what is shown; evidence that is not there is told."""
    found: dict[str, tuple[Excerpt, ...]] = {}
    loud = (Outcome.FAILED, Outcome.ERROR, Outcome.WAIVED)
    ranked = sorted(checks, key=lambda check: check.outcome not in loud)
    quiet = sum(len(check.evidence) for check in checks if check.outcome not in loud)
    for check in ranked:
        broken = check.outcome in loud
        most = MOST_BROKEN if broken else min(MOST_PASSED, max(LEAST, budget // max(quiet, 1)))
        kept = []
        for ref in check.evidence:
            one = _excerpt(ref, folder, min(most, budget))
            if not broken:
                quiet -= 1
            budget -= len(escape(one.text))
            kept.append(one)
        found[check.nodeid] = tuple(kept)
    return found


def _excerpt(ref: EvidenceRef, folder: Path, most: int) -> Excerpt:
    if not ref.file:
        return Excerpt(ref.name, "", "", ref.note or "it was not kept")
    if most < LEAST:
        return Excerpt(ref.name, ref.file, "", f"{size(ref.stored)}, only in the file")
    try:
        with (folder / ref.file).open("rb") as stream:
            head = stream.read(most)
            tail = b""
            if ref.stored > most:
                head = head[: most * 2 // 3]
                stream.seek(max(len(head), ref.stored - most // 3))
                tail = stream.read(most // 3)
    except OSError as error:
        return Excerpt(ref.name, "", "", f"not there: {error.strerror or error}")
    if ref.kind == "binary":
        shown = min(len(head), most // 4, 512)
        note = f"binary, {size(ref.stored)}, the first {shown} bytes in hexadecimal"
        return Excerpt(ref.name, ref.file, head[:shown].hex(" "), note)
    text = _fit(_decoded(head), most * 2 // 3 if tail else most)
    notes = [size(ref.stored), ref.note]
    if tail or len(text) < len(_decoded(head)):
        text += f"\n[... the file holds all of it ...]\n{_fit(_decoded(tail), most // 3)}"
        notes.append("shortened here")
    return Excerpt(ref.name, ref.file, text, ", ".join(filter(None, notes)))


def _decoded(data: bytes) -> str:
    return clean(data.decode("utf-8", "replace"))


def _fit(text: str, most: int) -> str:
    """The beginning of `text` that takes at most `most` characters once it is escaped."""
    while len(escape(text)) > most:
        text = text[: len(text) * most // (len(escape(text)) + 1)]
    return text
