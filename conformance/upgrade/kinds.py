"""The kinds of interruption, in a module of their own: the command line loads nothing else at its start."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["pod", "node", "registry", "volume"]
KINDS: tuple[Kind, ...] = get_args(Kind)
