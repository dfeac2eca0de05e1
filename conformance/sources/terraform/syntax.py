"""The syntax tree of HCL: what the parser makes and the evaluator reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.sources.facts import Place
from conformance.sources.texts import Origin


class HclError(Exception):
    """HCL that does not parse, with its place."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Expression:
    place: Place


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Piece:
    """Literal text of a template; `origin` gives the places of its lines, `line` is its first one."""

    text: str
    origin: Origin
    line: int


@dataclass(frozen=True, slots=True)
class Interpolation:
    expression: Expression


@dataclass(frozen=True, slots=True)
class Choice:
    """`%{ if }`, `%{ else }`, `%{ endif }`."""

    condition: Expression
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """`%{ for key, value in collection }`, `%{ endfor }`."""

    key: str
    value: str
    collection: Expression
    body: tuple[Part, ...]


Part = Piece | Interpolation | Choice | Loop


@dataclass(frozen=True, slots=True)
class Template(Expression):
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Name(Expression):
    name: str


@dataclass(frozen=True, slots=True)
class Attribute(Expression):
    of: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Index(Expression):
    of: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Splat(Expression):
    """`of[*]` or `of.*`, then the same steps for each element; the name `each` is the element."""

    of: Expression
    each: Expression


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Conditional(Expression):
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Call(Expression):
    name: str
    arguments: tuple[Expression, ...]
    #: the last argument is a list of arguments
    expanded: bool


@dataclass(frozen=True, slots=True)
class TupleOf(Expression):
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ObjectOf(Expression):
    items: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class For(Expression):
    """`[for ...]`, or `{for ...}` when there is a key."""

    key_name: str
    value_name: str
    collection: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    grouped: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """An attribute of a body; its place is that of its name."""

    name: str
    value: Expression
    place: Place


@dataclass(frozen=True, slots=True)
class Block:
    type: str
    labels: tuple[str, ...]
    body: Body
    place: Place


@dataclass(frozen=True, slots=True)
class Body:
    settings: Mapping[str, Setting]
    blocks: tuple[Block, ...]

    def of_type(self, kind: str) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if block.type == kind)
