"""Redaction: takes declared secrets, and texts that look like secrets, out of everything written.

A declared secret is found verbatim, base64-encoded at any of the three alignments, URL-encoded, JSON-
and XML-escaped, in hexadecimal, and with line breaks or color codes inside it. Redaction never fails; it
puts `[redacted: LABEL]` in place of the secret.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import partial
from html import escape
from itertools import accumulate
from typing import Any
from urllib.parse import quote, quote_plus

#: A shorter secret is found only verbatim and as a whole word: as a part of words it would match
#: everywhere and make reports useless.
SHORT = 6
#: A shorter text is an ordinary word and refused as a secret.
TOO_SHORT = 3
#: A text is cut only this many bytes after its limit, so that a secret across the cut is found.
MARGIN = 8192

_SQUEEZE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\\[nrt]|[\s\\]+")
_KEEP = "[redacted: {}]"
# the search for cycles costs a fifth of an event's time; records hold plain values only
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode

# every repetition is bounded or starts at a rare text: evidence may be one line of megabytes
_B64 = r"[A-Za-z0-9+/_-]"
_SHAPES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    # label; texts, one of which any match contains; pattern with the secret as its last group (or as a
    # whole), compiled by `re` at its first use
    (
        "private key",
        ("PRIVATE KEY",),
        (
            r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
            r"(?:(?!-----BEGIN).)*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
        ),
    ),
    ("AWS key id", ("AKIA", "ASIA"), r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    (
        "AWS secret key",
        ("ecret", "ECRET"),
        r"(?i)secret_?access_?key[\"'\\]*(?:\s*[:=]\s*|[\"'>\\]+\s*)[\"'\\]*([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
    ),
    ("token", ("eyJ",), rf"eyJ{_B64}{{8,1024}}\.eyJ{_B64}{{8,8192}}\.{_B64}*"),
    ("password in a URL", ("://",), r"(?<=://)[^/\s:@\"'<>]{0,256}:([^@/\s\"'<>]{1,4096})@"),
    (
        "authorization",
        ("uthorization", "UTHORIZATION"),
        r"(?i)authorization[\"'\\]*\s*[:=]\s*[\"'\\]*(?:basic|bearer|token)\s+([A-Za-z0-9+/=._~-]{4,})",
    ),
    (
        "session token",
        ("ecurity-", "essionToken", "ession_token", "ESSION_TOKEN"),
        r"(?i)(?:x-amz-security-token|session_?token)[\"'\\]*\s*[:=]\s*[\"'\\]*([A-Za-z0-9+/=%_-]{16,})",
    ),
    (
        "API token",
        ("ghp_", "gho_", "ghs_", "glpat-", "github_pat_"),
        r"(?:gh[pos]_|github_pat_|glpat-)[A-Za-z0-9_-]{20,}",
    ),
)
_PEM = "LS0tLS1CRUdJTi"
_PEM_IN_BASE64 = _PEM + r"[A-Za-z0-9+/=]{40,}"
#: Every known shape contains one of these: most texts need one search for each.
_NEEDLES = (*(needle for _, needles, _ in _SHAPES for needle in needles), _PEM)


class Redactor:
    """A register of secrets and the one operation on texts. Adding is cheap and may happen any time."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._labels: dict[str, str] = {}
        self._variants: dict[str, str] = {}
        self._squeezed: dict[str, str] = {}
        self._words: dict[str, re.Pattern[str]] = {}
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str, label: str = "secret") -> bool:
        """Declare `secret`; reports show `label` in its place. False: it is too short to be a secret."""
        secret = secret.strip()
        if len(secret) < TOO_SHORT:
            return False
        if secret in self._labels:
            return True
        self._labels[secret] = label
        if len(secret) < SHORT:
            self._words[secret] = re.compile(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])")
            return True
        for variant in _variants(secret):
            self._variants.setdefault(variant, label)
            squeezed = _SQUEEZE.sub("", variant)
            if len(squeezed) >= 8:
                self._squeezed.setdefault(squeezed, label)
        return True

    def since(self, count: int) -> list[tuple[str, str]]:
        """Secrets declared after the first `count`, with labels, for another process."""
        return list(self._labels.items())[count:]

    def __len__(self) -> int:
        return len(self._labels)

    def text(self, text: str) -> str:
        """`text` without any declared or recognizable secret."""
        if len(text) < TOO_SHORT:
            return text
        # longest first: a variant may contain a shorter one
        hits = [variant for variant in self._variants if variant in text]
        for variant in sorted(hits, key=len, reverse=True):
            text = text.replace(variant, _KEEP.format(self._variants[variant]))
        for secret, pattern in self._words.items():
            if secret in text:
                text = pattern.sub(_KEEP.format(self._labels[secret]), text)
        if self._squeezed:
            text = self._split_over_lines(text)
        return _shapes(text)

    def data(self, data: bytes) -> bytes:
        """The same for bytes of any encoding; bytes outside of UTF-8 stay as they are."""
        return self.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def tree(self, value: Any) -> Any:
        """`value` (any that JSON can hold) with every text in it redacted, keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        return value

    def json_line(self, value: Any) -> str:
        """`value` as one line of JSON without secrets; without a match it is encoded once."""
        line = _ENCODE(value)
        if self.text(line) == line:
            return line
        clean = _ENCODE(self.tree(value))
        # a secret may lie across fields; the line must still be JSON
        again = self.text(clean)
        if again != clean and _is_json(again):
            return again
        return clean

    def _split_over_lines(self, text: str) -> str:
        squeezed = _SQUEEZE.sub("", text)
        if len(squeezed) == len(text):
            return text
        hits = [variant for variant in self._squeezed if variant in squeezed]
        if not hits:
            return text
        spans = []
        starts, ends = _kept(text)
        offsets = [0, *accumulate(end - start for start, end in zip(starts, ends, strict=True))]
        for variant in hits:
            at = squeezed.find(variant)
            while at >= 0:
                first = bisect_right(offsets, at) - 1
                last = bisect_right(offsets, at + len(variant) - 1) - 1
                begin = starts[first] + at - offsets[first]
                end = starts[last] + at + len(variant) - offsets[last]
                spans.append((begin, end, self._squeezed[variant]))
                at = squeezed.find(variant, at + len(variant))
        return _cut(text, spans)


def _kept(text: str) -> tuple[list[int], list[int]]:
    starts, ends, at = [], [], 0
    for gap in _SQUEEZE.finditer(text):
        if gap.start() > at:
            starts.append(at)
            ends.append(gap.start())
        at = gap.end()
    if at < len(text):
        starts.append(at)
        ends.append(len(text))
    return starts, ends


def _cut(text: str, spans: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for begin, end, label in sorted(spans):
        if end <= at:
            continue
        parts += [text[at : max(begin, at)], _KEEP.format(label)]
        at = end
    return "".join([*parts, text[at:]])


def _variants(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    for safe in ("/", ""):
        for quoted in (quote(secret, safe=safe), quote_plus(secret, safe=safe)):
            yield quoted
            yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield once.replace("/", "\\/")
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    # writers of XML and HTML escape quotes in different ways
    for double in ('"', "&quot;", "&#34;") if '"' in secret else ('"',):
        for single in ("'", "&#x27;", "&#39;", "&apos;") if "'" in secret else ("'",):
            yield escape(secret, quote=False).replace('"', double).replace("'", single)
    yield raw.hex()
    yield raw.hex().upper()
    for shift in range(3):
        # characters that depend on neighbors are left out, so that any alignment matches
        encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = encoded[(0, 2, 3)[shift] : len(encoded) if (shift + len(raw)) % 3 == 0 else -1]
        if len(inner) >= SHORT:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")
            yield quote(inner, safe="")


def _shapes(text: str) -> str:
    if not any(map(text.__contains__, _NEEDLES)):
        return text
    for label, needles, pattern in _SHAPES:
        if any(map(text.__contains__, needles)):
            text = re.sub(pattern, partial(_masked, label), text)
    if _PEM in text:
        text = re.sub(_PEM_IN_BASE64, _masked_pem, text)
    return text


def _masked(label: str, match: re.Match[str]) -> str:
    mark = _KEEP.format(label)
    if match.re.groups == 0:
        return mark
    if match[1].startswith("[redacted"):
        return match[0]
    begin, end = match.start(1) - match.start(), match.end(1) - match.start()
    return match[0][:begin] + mark + match[0][end:]


def _masked_pem(match: re.Match[str]) -> str:
    whole = match[0].rstrip("=")
    try:
        decoded = base64.b64decode(whole[: len(whole) // 4 * 4])
    except (ValueError, binascii.Error):
        return _KEEP.format("private key")
    return _KEEP.format("private key") if b"PRIVATE KEY" in decoded else match[0]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


#: The register of this process; code that reads a secret declares it here at once.
SECRETS = Redactor()


def register(secret: str, label: str = "secret") -> None:
    """Declare a secret of this process: everything written from now on omits it."""
    SECRETS.add(secret, label)
