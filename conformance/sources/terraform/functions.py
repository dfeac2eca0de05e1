"""Terraform's functions over plain values: numbers, texts, encodings, hashes.

Expressions of a repository are untrusted, so functions that take regular expressions are not run: a pattern
can make Python's engine run for ever. What a function cannot give is a `FunctionError`.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import json
import math
import posixpath
from collections.abc import Callable
from typing import Any

from conformance.sources.terraform.render import MAX_TEXT, TextTooLargeError


class FunctionError(Exception):
    """A call that Terraform refuses, or that this evaluator does not run."""


def call(name: str, arguments: list[Any]) -> Any:
    """The function's value; every argument is known."""
    function = _FUNCTIONS.get(name)
    if function is None:
        raise FunctionError(f"the function {name} is not evaluated")
    try:
        found = function(*arguments)
    except FunctionError:
        raise
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise FunctionError(f"{name}: {error}") from error
    except (csv.Error, binascii.Error) as error:
        raise FunctionError(f"{name}: {' '.join(str(error).split())[:160]}") from error
    if isinstance(found, str) and len(found) > MAX_TEXT:
        raise TextTooLargeError
    return found


def text_of(value: Any) -> str:
    """A scalar as HCL converts it to a text."""
    if value is None or isinstance(value, list | dict):
        raise FunctionError("a text is needed, not null, a list or an object")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def number_of(value: Any) -> int | float:
    """A number, also from its text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FunctionError("a number is needed")
    if not isinstance(value, str):
        return value
    try:
        found = float(value)
    except ValueError:
        raise FunctionError("a number is needed, not another text") from None
    return int(found) if found.is_integer() and "e" not in value.lower() and "." not in value else found


def whole(value: int | float) -> int | float:
    """A number without its fraction if that is zero."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def format_text(pattern: str, *values: Any) -> str:
    """`format`: the verbs %s %d %v %q %f %% with flags and width."""
    made: list[str] = []
    rest, number = text_of(pattern), 0
    while rest:
        before, percent, rest = rest.partition("%")
        made.append(before)
        if not percent:
            break
        flags = ""
        while rest and rest[0] in "+-# 0123456789.":
            flags, rest = flags + rest[0], rest[1:]
        verb, rest = rest[:1], rest[1:]
        if verb == "%":
            made.append("%")
            continue
        if number >= len(values):
            raise FunctionError("format: not enough arguments")
        made.append(_verb(verb, flags, values[number]))
        number += 1
    return "".join(made)


def _verb(verb: str, flags: str, value: Any) -> str:
    if any(len(part) > 4 for part in flags.replace("-", ".").split(".")):
        raise FunctionError("format: the width is too large")
    if verb in {"s", "v"}:
        text = json.dumps(value, separators=(",", ":")) if isinstance(value, list | dict) else text_of(value)
        return f"%{flags}s" % text
    if verb == "q":
        return json.dumps(text_of(value))
    if verb in {"d", "b", "o", "x", "X"}:
        number = int(number_of(value))
        return f"%{flags}{verb}" % number if verb != "b" else format(number, "b")
    if verb in {"f", "e", "g"}:
        return f"%{flags}{verb}" % number_of(value)
    raise FunctionError(f"format: the verb %{verb} is not known")


def indent(spaces: int, text: str) -> str:
    """Every line but the first gets spaces before it."""
    if not 0 <= spaces <= 1000:
        raise FunctionError("indent: the count of spaces is out of range")
    return text_of(text).replace("\n", "\n" + " " * int(spaces))


def _replace(text: str, old: str, new: str) -> str:
    old = text_of(old)
    if len(old) > 1 and old[0] == old[-1] == "/":
        raise FunctionError("replace with a regular expression is not evaluated")
    text, new = text_of(text), text_of(new)
    if text.count(old) * len(new) > MAX_TEXT:
        raise TextTooLargeError
    return text.replace(old, new)


def _regex(*_: Any) -> Any:
    raise FunctionError("functions with regular expressions are not evaluated")


def _substr(text: str, start: int, length: int) -> str:
    text = text_of(text)
    begin = start if start >= 0 else max(len(text) + start, 0)
    return text[begin:] if length < 0 else text[begin : begin + length]


def _range(*numbers: Any) -> list[int | float]:
    values = [number_of(value) for value in numbers]
    start, end = (0, values[0]) if len(values) == 1 else (values[0], values[1])
    step = values[2] if len(values) > 2 else (1 if end >= start else -1)
    if step == 0 or abs((end - start) / step) > 1024:
        raise FunctionError("range: more than 1024 values")
    return [whole(start + step * number) for number in range(max(math.ceil((end - start) / step), 0))]


def _csv(text: str) -> list[dict[str, str]]:
    return [dict(row) for row in csv.DictReader(io.StringIO(text))]


def _hash(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text_of(text).encode(), usedforsecurity=False).hexdigest()


def _decode(text: str) -> str:
    return base64.b64decode(text_of(text), validate=True).decode()


def _title(text: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in text_of(text).split(" "))


def _join(separator: str, *lists: Any) -> str:
    return text_of(separator).join(text_of(item) for items in lists for item in items)


def _number_text(text: str, base: int) -> int:
    return int(text_of(text), int(base))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(number_of(value)),
    "ceil": lambda value: math.ceil(number_of(value)),
    "floor": lambda value: math.floor(number_of(value)),
    "max": lambda *values: max(number_of(value) for value in values),
    "min": lambda *values: min(number_of(value) for value in values),
    "signum": lambda value: (number_of(value) > 0) - (number_of(value) < 0),
    "log": lambda value, base: math.log(number_of(value), number_of(base)),
    "parseint": _number_text,
    "range": _range,
    "chomp": lambda text: text_of(text).rstrip("\r\n"),
    "endswith": lambda text, end: text_of(text).endswith(text_of(end)),
    "startswith": lambda text, start: text_of(text).startswith(text_of(start)),
    "strcontains": lambda text, part: text_of(part) in text_of(text),
    "format": format_text,
    "indent": indent,
    "join": _join,
    "split": lambda separator, text: text_of(text).split(separator) if separator else list(text_of(text)),
    "lower": lambda text: text_of(text).lower(),
    "upper": lambda text: text_of(text).upper(),
    "title": _title,
    "strrev": lambda text: text_of(text)[::-1],
    "substr": _substr,
    "replace": _replace,
    "trim": lambda text, cut: text_of(text).strip(cut),
    "trimprefix": lambda text, prefix: text_of(text).removeprefix(prefix),
    "trimsuffix": lambda text, suffix: text_of(text).removesuffix(suffix),
    "trimspace": lambda text: text_of(text).strip(),
    "regex": _regex,
    "regexall": _regex,
    "csvdecode": _csv,
    "base64encode": lambda text: base64.b64encode(text_of(text).encode()).decode(),
    "base64decode": _decode,
    "md5": _hash("md5"),
    "sha1": _hash("sha1"),
    "sha256": _hash("sha256"),
    "sha512": _hash("sha512"),
    "basename": lambda path: posixpath.basename(text_of(path)),
    "dirname": lambda path: posixpath.dirname(text_of(path)) or ".",
    "tostring": lambda value: None if value is None else text_of(value),
    "tonumber": lambda value: None if value is None else number_of(value),
}
