"""How a long text is shown on a line."""

from __future__ import annotations


def shortened(text: str, most: int = 600) -> str:
    """`text` in at most `most` characters, cut in the middle.

    What a container runtime or a chain of causes says begins with what was tried and ends with why it failed:
    both are wanted, and what is between repeats the first.
    """
    if len(text) <= most:
        return text
    tail = (most - 3) // 2
    return f"{text[: most - 3 - tail]}...{text[len(text) - tail :]}"
