"""References to container images: registry, repository, tag, digest, and placeholders in any of them."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.sources import texts

_MOVING = frozenset(
    (
        "latest",
        "lts",
        "stable",
        "edge",
        "nightly",
        "main",
        "master",
        "dev",
        "devel",
        "head",
        "snapshot",
        "current",
    )
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image; a part that is filled in elsewhere keeps its placeholder."""

    text: str
    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def placeholder(self) -> bool:
        """Is a part that decides about the version filled in elsewhere?"""
        last = self.digest or self.tag or self.repository.rpartition("/")[2]
        return has_placeholder(last)

    @property
    def moving(self) -> bool:
        """Does the reference follow whatever is newest? A placeholder does not say."""
        if self.digest or self.placeholder:
            return False
        word = self.tag.lower()
        return not word or word in _MOVING or word.split("-")[0] in {"latest", "lts"}


def has_placeholder(text: str) -> bool:
    """Is a part of the text filled in elsewhere: `${NAME}`, `@NAME@`, `{{ name }}`, `$(NAME)`, `<NAME>`?"""
    if texts.is_open(text) or "${" in text or "{{" in text or "$(" in text:
        return True
    return text.count("@") >= 2 or ("<" in text and ">" in text)


def parse(text: str) -> Image:
    """The parts of a reference; colons and slashes inside of placeholders separate nothing."""
    word = text.strip()
    name, digest = word, ""
    if "@sha256:" in word or "@sha512:" in word:
        name, _, digest = word.partition("@")
    masked = _masked(name)
    slash = masked.rfind("/")
    colon = masked.find(":", slash + 1)
    path, tag = (name, "") if colon < 0 else (name[:colon], name[colon + 1 :])
    first = masked.find("/")
    registry = ""
    if first >= 0:
        head = path[:first]
        if "." in head or ":" in head or head == "localhost" or has_placeholder(head):
            registry = head
    repository = path[len(registry) + 1 :] if registry else path
    return Image(text, registry, repository, tag, digest)


def _masked(text: str) -> str:
    """The text with its placeholders blanked, as long as before."""
    made: list[str] = []
    closing = ""
    pairs = (("${", "}"), ("{{", "}}"), ("$(", ")"), ("\ue000", "\ue001"))
    at = 0
    while at < len(text):
        if closing:
            if text.startswith(closing, at):
                made.append("x" * len(closing))
                at += len(closing)
                closing = ""
            else:
                made.append("x")
                at += 1
            continue
        opened = next((pair for pair in pairs if text.startswith(pair[0], at)), None)
        if opened is not None:
            closing = opened[1]
            made.append("x" * len(opened[0]))
            at += len(opened[0])
        else:
            made.append(text[at])
            at += 1
    return "".join(made)
