"""Expressions of HCL, with what is not known kept apart. A value is a node; its place is where it is written.

An unknown input never stops an evaluation. It travels as `Undecided` with the name that would decide it, and
inside of a text as an open name; so the rest of a template stays readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from conformance.sources.facts import Place, Undecided
from conformance.sources.terraform import encode, functions, structures
from conformance.sources.terraform import syntax as hcl
from conformance.sources.terraform.functions import FunctionError, number_of, text_of, whole
from conformance.sources.terraform.operators import arithmetic, node_of, open_text
from conformance.sources.terraform.render import Rendering, TextTooLargeError
from conformance.sources.terraform.structures import list_of, object_of, open_reason
from conformance.sources.yaml_positions import Node

#: expressions that one configuration may evaluate
MAX_STEPS = 200_000


class LimitError(Exception):
    """A configuration needs more than its limits."""


class Scope(Protocol):
    """What names mean in one module."""

    def value(self, root: str, name: str, place: Place) -> Node:
        """`var.name`, `local.name`, `path.name`, `TYPE.NAME` of a resource and the like."""

    def file_function(self, name: str, place: Place, arguments: list[Node], caller: Evaluator) -> Node:
        """`file`, `templatefile`, `fileset` and their kin."""


FILE_FUNCTIONS = frozenset(
    (
        "file",
        "filebase64",
        "fileexists",
        "fileset",
        "templatefile",
        "filemd5",
        "filesha1",
        "filesha256",
        "abspath",
    )
)


@dataclass
class Budget:
    """Steps that are left, shared by all modules of a configuration."""

    steps: int = MAX_STEPS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise LimitError(f"the configuration needs more than {MAX_STEPS} steps of evaluation")


@dataclass(frozen=True)
class Evaluator:
    """Evaluates expressions in a scope; `names` are those of loops and templates."""

    scope: Scope
    budget: Budget
    names: Mapping[str, Node] = field(default_factory=dict)
    #: why a name of a template that `names` lacks is not known
    rest: Undecided | None = None
    #: a template knows its own names alone
    closed: bool = False

    def with_names(self, names: Mapping[str, Node]) -> Evaluator:
        return Evaluator(self.scope, self.budget, {**self.names, **names}, self.rest, self.closed)

    def __call__(self, expression: hcl.Expression) -> Node:
        self.budget.step()
        try:
            return self._evaluate(expression)
        except FunctionError as error:
            return Node(Undecided(str(error)), expression.place)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            return Node(Undecided(f"the expression cannot be evaluated: {error}"), expression.place)
        except TextTooLargeError:
            raise LimitError(f"{expression.place}: the text that an expression makes is too large") from None

    def _evaluate(self, expression: hcl.Expression) -> Node:
        return _KINDS[type(expression)](self, expression)

    def literal(self, literal: hcl.Literal) -> Node:
        return Node(literal.value, literal.place)

    def element(self, expression: hcl.Index) -> Node:
        return self._index(self(expression.of), self(expression.key), expression.place)

    def list_literal(self, expression: hcl.TupleOf) -> Node:
        return list_of((self(item) for item in expression.items), expression.place)

    # -- texts ------------------------------------------------------------------------------

    def template(self, template: hcl.Template) -> Node:
        if len(template.parts) == 1 and isinstance(template.parts[0], hcl.Interpolation):
            return self(template.parts[0].expression)
        if not template.parts:
            return Node("", template.place)
        return self.rendered(template)

    def rendered(self, template: hcl.Template) -> Node:
        """The text of a template, each line with its place."""
        made = Rendering(template.place)
        self.parts(template.parts, made)
        return made.node()

    def parts(self, parts: tuple[hcl.Part, ...], made: Rendering) -> None:
        for part in parts:
            self.budget.step()
            if isinstance(part, hcl.Piece):
                made.add(part.text, partial(_line_of, part))
            elif isinstance(part, hcl.Interpolation):
                value = self(part.expression)
                if value.value is None or isinstance(value.value, tuple | Mapping):
                    value = Node(
                        Undecided("a template prints null, a list or an object", "template"), value.place
                    )
                made.add_value(value, part.expression.place)
            elif isinstance(part, hcl.Choice):
                truth = self._truth(self(part.condition))
                if isinstance(truth, Undecided):
                    # both ways stay readable when one of them is empty: what may be there is judged
                    self.parts(part.then, made)
                else:
                    self.parts(part.then if truth else part.otherwise, made)
            else:
                self.loop(part, made)

    def loop(self, loop: hcl.Loop, made: Rendering) -> None:
        for key, value in self._entries(self(loop.collection)):
            names = {loop.value: value, **({loop.key: key} if loop.key else {})}
            self.with_names(names).parts(loop.body, made)

    # -- names ------------------------------------------------------------------------------

    def name_of(self, name: hcl.Name) -> Node:
        if name.name in self.names:
            return self.names[name.name]
        if self.rest is not None:
            known = self.rest.decided_by
            return Node(
                Undecided(self.rest.reason, f"{known}.{name.name}" if known else name.name), name.place
            )
        raise FunctionError(f"the name {name.name} is not defined")

    def attribute(self, expression: hcl.Attribute) -> Node:
        of = expression.of
        if isinstance(of, hcl.Name) and of.name not in self.names and not self.closed:
            return self.scope.value(of.name, expression.name, expression.place)
        return self._index(self(of), Node(expression.name, expression.place), expression.place)

    def _index(self, where: Node, key: Node, place: Place) -> Node:
        if isinstance(where.value, Undecided):
            return Node(where.value, place)
        reason = open_reason(key)
        if reason is not None:
            return Node(reason, place)
        if isinstance(where.value, tuple):
            number = int(number_of(key.value))
            if 0 <= number < len(where.items):
                return where.items[number]
        else:
            own = where.mapping.get(text_of(key.value))
            if own is not None:
                return own
        if where.rest is not None:
            known = where.rest.decided_by
            return Node(
                Undecided(where.rest.reason, f"{known}.{key.printed}" if known else key.printed), place
            )
        raise FunctionError(f"there is no element {key.printed!r}")

    def splat(self, expression: hcl.Splat) -> Node:
        of = self(expression.of)
        if isinstance(of.value, Undecided):
            return of
        items = of.items if isinstance(of.value, tuple) else (() if of.value is None else (of,))
        made = (self.with_names({"*": item})(expression.each) for item in items)
        return list_of(made, expression.place, of.rest)

    # -- operators --------------------------------------------------------------------------

    def unary(self, expression: hcl.Unary) -> Node:
        operand = self(expression.operand)
        reason = open_reason(operand)
        if reason is not None:
            return Node(reason, expression.place)
        if expression.operator == "!":
            truth = self._truth(operand)
            return Node(truth if isinstance(truth, Undecided) else not truth, operand.place)
        return Node(whole(-number_of(operand.value)), expression.place)

    @staticmethod
    def _truth(node: Node) -> bool | Undecided:
        reason = open_reason(node)
        if reason is not None:
            return reason
        if node.value in (True, "true"):
            return True
        if node.value in (False, "false"):
            return False
        raise FunctionError("a condition is neither true nor false")

    def binary(self, expression: hcl.Binary) -> Node:
        left = self(expression.left)
        if expression.operator in {"&&", "||"}:
            return self._logic(expression, left)
        right = self(expression.right)
        if expression.operator in {"==", "!="}:
            return self._equality(expression, left, right)
        for side in (left, right):
            reason = open_reason(side)
            if reason is not None:
                return Node(reason, expression.place)
        return Node(
            arithmetic(expression.operator, number_of(left.value), number_of(right.value)), expression.place
        )

    def _logic(self, expression: hcl.Binary, left: Node) -> Node:
        decisive = expression.operator == "||"
        first = self._truth(left)
        if first is decisive:
            return Node(decisive, left.place)
        right = self(expression.right)
        second = self._truth(right)
        if second is decisive:
            return Node(decisive, right.place)
        unknown = first if isinstance(first, Undecided) else second
        return Node(unknown if isinstance(unknown, Undecided) else not decisive, left.place)

    @staticmethod
    def _equality(expression: hcl.Binary, left: Node, right: Node) -> Node:
        equal: bool | Undecided
        kinds = {type(left.value), type(right.value)}
        if None in (left.value, right.value) and not kinds & {Undecided}:
            equal = left.value is None and right.value is None
        else:
            reason = open_reason(left) or open_reason(right)
            equal = reason if reason is not None else left.plain() == right.plain()
            if isinstance(equal, bool) and bool in kinds and len(kinds) > 1:
                equal = False
        place = right.place if isinstance(expression.left, hcl.Literal) else left.place
        if isinstance(equal, Undecided):
            return Node(equal, place)
        return Node(equal == (expression.operator == "=="), place)

    def conditional(self, expression: hcl.Conditional) -> Node:
        """One branch; a scalar's place is that of the data that decided, since a change belongs there."""
        condition = self(expression.condition)
        truth = self._truth(condition)
        if isinstance(truth, Undecided):
            then, otherwise = self(expression.then), self(expression.otherwise)
            same = (
                open_reason(then) is None
                and open_reason(otherwise) is None
                and then.plain() == otherwise.plain()
            )
            return then if same else Node(truth, expression.place)
        chosen = self(expression.then if truth else expression.otherwise)
        branch = expression.then if truth else expression.otherwise
        written = isinstance(branch, hcl.Literal | hcl.Template)
        if (
            written
            and not isinstance(chosen.value, tuple | Mapping | Undecided)
            and not isinstance(expression.condition, hcl.Literal)
        ):
            return Node(chosen.value, condition.place, chosen.lines)
        return chosen

    # -- collections ------------------------------------------------------------------------

    def object_literal(self, expression: hcl.ObjectOf) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        rest: Undecided | None = None
        for key_expression, value_expression in expression.items:
            key = self(key_expression)
            reason = open_reason(key)
            if reason is not None:
                rest = reason
                continue
            name = text_of(key.value)
            found[name], keys[name] = self(value_expression), key.place
        return Node(object_of(found, expression.place).value, expression.place, keys=keys, rest=rest)

    @staticmethod
    def _entries(collection: Node) -> list[tuple[Node, Node]]:
        if isinstance(collection.value, tuple):
            return [(Node(number, item.place), item) for number, item in enumerate(collection.items)]
        return [
            (Node(key, collection.key_place(key)), item) for key, item in sorted(collection.mapping.items())
        ]

    def for_each(self, expression: hcl.For) -> Node:
        collection = self(expression.collection)
        if isinstance(collection.value, Undecided):
            return Node(collection.value, expression.place)
        if not isinstance(collection.value, tuple | Mapping):
            raise FunctionError("a for expression needs a list or an object")
        rows: list[tuple[Node | None, Node]] = []
        rest = collection.rest
        for key, value in self._entries(collection):
            names = {
                expression.value_name: value,
                **({expression.key_name: key} if expression.key_name else {}),
            }
            inner = self.with_names(names)
            if expression.condition is not None:
                wanted = self._truth(inner(expression.condition))
                if isinstance(wanted, Undecided):
                    rest = wanted
                    continue
                if not wanted:
                    continue
            rows.append((inner(expression.key) if expression.key else None, inner(expression.value)))
        if expression.key is None:
            return list_of((value for _, value in rows), collection.place, rest)
        return self._object_of_rows(rows, collection.place, rest, expression.grouped)

    @staticmethod
    def _object_of_rows(
        rows: list[tuple[Node | None, Node]], place: Place, rest: Undecided | None, grouped: bool
    ) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        groups: dict[str, list[Node]] = {}
        for key, value in rows:
            reason = open_reason(key) if key is not None else None
            if key is None or reason is not None:
                rest = reason or rest
                continue
            name = text_of(key.value)
            keys.setdefault(name, key.place)
            groups.setdefault(name, []).append(value)
            found[name] = value
        if grouped:
            found = {name: list_of(items, place) for name, items in groups.items()}
        return Node(object_of(found, place).value, place, keys=keys, rest=rest)

    # -- functions --------------------------------------------------------------------------

    def call(self, expression: hcl.Call) -> Node:
        name, place = expression.name.removeprefix("core::"), expression.place
        if name in {"try", "can"}:
            return self._try(name, expression)
        if name == "tobool":
            return Node(self._truth(self(expression.arguments[0])), place)
        arguments = [self(argument) for argument in expression.arguments]
        if expression.expanded and arguments:
            last = arguments.pop()
            if isinstance(last.value, Undecided):
                arguments.append(last)
            arguments += last.items
        if name in FILE_FUNCTIONS:
            return self.scope.file_function(name, place, arguments, self)
        if name in encode.FUNCTIONS and len(arguments) == 1:
            return encode.FUNCTIONS[name](name, arguments[0], place)
        if name in structures.FUNCTIONS:
            return structures.call(name, place, arguments)
        return self._text_call(name, place, arguments)

    def _text_call(self, name: str, place: Place, arguments: list[Node]) -> Node:
        if name in {"join", "indent", "trimspace", "format"}:
            kept = open_text(name, place, arguments)
            if kept is not None:
                return kept
        for argument in arguments:
            reason = open_reason(argument)
            if reason is not None:
                return Node(reason, place)
        found = functions.call(name, [argument.plain() for argument in arguments])
        return node_of(found, place)

    def _try(self, name: str, expression: hcl.Call) -> Node:
        """An error has no input that would decide it; an unknown value has one."""
        for argument in expression.arguments:
            found = self(argument)
            if not isinstance(found.value, Undecided):
                return Node(True, expression.place) if name == "can" else found
            if found.value.decided_by:
                return Node(found.value, expression.place)
        if name == "can":
            return Node(False, expression.place)
        raise FunctionError("try: no argument has a value")


_KINDS: dict[type[hcl.Expression], Callable[[Evaluator, Any], Node]] = {
    hcl.Literal: Evaluator.literal,
    hcl.Template: Evaluator.template,
    hcl.Name: Evaluator.name_of,
    hcl.Attribute: Evaluator.attribute,
    hcl.Index: Evaluator.element,
    hcl.Splat: Evaluator.splat,
    hcl.Unary: Evaluator.unary,
    hcl.Binary: Evaluator.binary,
    hcl.Conditional: Evaluator.conditional,
    hcl.Call: Evaluator.call,
    hcl.TupleOf: Evaluator.list_literal,
    hcl.ObjectOf: Evaluator.object_literal,
    hcl.For: Evaluator.for_each,
}


def _line_of(piece: hcl.Piece, number: int) -> Place:
    return piece.origin.place(piece.line + number)
