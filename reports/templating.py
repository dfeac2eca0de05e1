"""The template engine, set up once: everything is escaped, nothing may be undefined."""

from __future__ import annotations

import datetime as dt
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.text import clean, seconds, size


def render(template: str, context: dict[str, Any]) -> str:
    """The text of `template` (a file in reports/templates) with `context`."""
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"seconds": seconds, "size": size, "day": day, "sentence": sentence}
    return environment.get_template(template).render(context)


def _shown(value: Any) -> Any:
    """What is put into a template, without what a page cannot hold."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def sentence(text: str) -> str:
    """`text` with a capital in front; names such as ECR keep theirs, which str.capitalize takes away."""
    return text[:1].upper() + text[1:]


def day(stamp: float | None) -> str:
    """A moment for people."""
    return dt.datetime.fromtimestamp(stamp, dt.UTC).strftime("%Y-%m-%d %H:%M UTC") if stamp else "not ended"
