"""Text for people and for XML and HTML: without colors, control characters and lone surrogates visible."""

from __future__ import annotations

import datetime as dt
import re

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


def clean(text: str) -> str:
    """`text` as XML 1.0 can hold it; any other character is shown as \\xNN."""
    return _FORBIDDEN.sub(lambda match: f"\\x{ord(match[0]):02x}", _ANSI.sub("", text))


def first_line(text: str) -> str:
    """The first line of `text`, or nothing."""
    return text.strip().splitlines()[0] if text.strip() else ""


def seconds(value: float) -> str:
    """A duration for people: 0 s, 0.04 s, 3.2 s, 75 s, 4 min, 4 min 5 s, 1 h 2 min."""
    if value < 0.005:
        return "0 s"
    if value < 10:
        return f"{value:.2g} s" if value < 1 else f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def day(stamp: float | None) -> str:
    """A moment for people."""
    return dt.datetime.fromtimestamp(stamp, dt.UTC).strftime("%Y-%m-%d %H:%M UTC") if stamp else "not ended"


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"
