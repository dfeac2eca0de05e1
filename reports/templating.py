"""The template engine, set up once: everything is escaped, nothing may be undefined."""

from __future__ import annotations

import datetime as dt
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.text import clean, seconds, size


def render(template: str, context: dict[str, Any]) -> str:
    """The text of `template` (a file in reports/templates) with `context`."""
    environment = Environment(
        loader=PackageLoader("reports", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"seconds": seconds, "size": size, "clean": clean, "day": day}
    return environment.get_template(template).render(context)


def day(stamp: float | None) -> str:
    """A moment for people."""
    return dt.datetime.fromtimestamp(stamp, dt.UTC).strftime("%Y-%m-%d %H:%M UTC") if stamp else "not ended"
