"""By what an upgrade is interrupted on purpose; apart from the work: the command line loads no more."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["pod", "node", "registry", "volume"]
KINDS: tuple[Kind, ...] = get_args(Kind)
