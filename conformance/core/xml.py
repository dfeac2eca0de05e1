"""XML from others: parsed without entities, so that a small document cannot grow into a large one."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring


def parse(text: str | bytes) -> Element:
    """The root element of `text`. Raises ValueError with the parser's own words and position."""
    try:
        root: Element = fromstring(text)
    except (ParseError, DefusedXmlException) as error:
        raise ValueError(str(error)) from error
    return root
