"""HCL's native syntax, by its specification: bodies, blocks and expressions with their places."""

from __future__ import annotations

from types import MappingProxyType

from conformance.sources.facts import Place, SourceError
from conformance.sources.terraform.scanner import MAX_DEPTH, Scanner
from conformance.sources.terraform.syntax import (
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    For,
    HclError,
    Index,
    Literal,
    Name,
    ObjectOf,
    Part,
    Piece,
    Setting,
    Splat,
    Template,
    TupleOf,
    Unary,
)
from conformance.sources.terraform.templates import TemplateParser
from conformance.sources.texts import Text

_LEVELS = (("||",), ("&&",), ("==", "!="), ("<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "%"))


def parse(text: Text) -> Body | SourceError:
    """A whole `.tf` or `.tfvars` file."""
    parser = Parser(Scanner(text))
    try:
        return parser.body(top=True)
    except HclError as error:
        return SourceError(error.place, f"not HCL: {error}")
    except RecursionError:
        return SourceError(parser.scanner.place(), "not HCL: expressions are nested too deep")


def parse_template(text: Text) -> Template | SourceError:
    """A file that `templatefile` reads."""
    parser = Parser(Scanner(text))
    try:
        return Template(parser.scanner.place(), TemplateParser(parser, quoted=False).parts())
    except HclError as error:
        return SourceError(error.place, f"not a template: {error}")
    except RecursionError:
        return SourceError(parser.scanner.place(), "not a template: expressions are nested too deep")


class Parser:
    """Recursive descent over one text."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner

    # -- structure --------------------------------------------------------------------------

    def body(self, top: bool = False) -> Body:
        scanner = self.scanner
        settings: dict[str, Setting] = {}
        blocks: list[Block] = []
        while True:
            scanner.skip(True)
            if scanner.ended if top else scanner.peek() == "}":
                return Body(MappingProxyType(settings), tuple(blocks))
            start = scanner.at
            name = scanner.identifier()
            if not name and top and scanner.peek() == '"':
                name = self._quoted_name()
            if not name:
                raise scanner.error(
                    "expected an attribute or a block" if not scanner.ended else "the block is not closed"
                )
            scanner.skip(False)
            if scanner.peek() == "=" and scanner.peek(2) != "==":
                scanner.at += 1
                setting = Setting(name, self.expression(False), scanner.place(start))
                if name in settings:
                    raise scanner.error(f"the attribute {name} is set twice", start)
                settings[name] = setting
                self._end_of_line(name)
            else:
                blocks.append(self._block(name, start))

    def _end_of_line(self, name: str) -> None:
        scanner = self.scanner
        scanner.skip(False)
        if not scanner.ended and scanner.peek() not in "\n}":
            raise scanner.error(f"expected the end of the line after {name}, found {scanner.peek(12)!r}")

    def _block(self, kind: str, start: int) -> Block:
        scanner = self.scanner
        labels: list[str] = []
        while not scanner.take("{"):
            if scanner.peek() == '"':
                labels.append(self._quoted_name())
            elif label := scanner.identifier():
                labels.append(label)
            else:
                raise scanner.error(f"expected '=' or a block after {kind}")
            scanner.skip(False)
        self._deeper()
        body = self.body()
        scanner.expect("}", f"at the end of the block {kind}")
        scanner.depth -= 1
        return Block(kind, tuple(labels), body, scanner.place(start))

    def _quoted_name(self) -> str:
        start = self.scanner.at
        parts = self._quoted().parts
        if any(not isinstance(part, Piece) for part in parts):
            raise self.scanner.error("a label is a plain text", start)
        return "".join(part.text for part in parts if isinstance(part, Piece))

    def _deeper(self) -> None:
        self.scanner.depth += 1
        if self.scanner.depth > MAX_DEPTH:
            raise self.scanner.error(f"nested deeper than {MAX_DEPTH} levels")

    # -- expressions ------------------------------------------------------------------------

    def expression(self, newlines: bool) -> Expression:
        """An expression; line ends are white space inside of brackets only."""
        scanner = self.scanner
        self._deeper()
        scanner.skip(newlines)
        start = scanner.place()
        found = self._binary(0, newlines)
        scanner.skip(newlines)
        if scanner.take("?"):
            then = self.expression(True)
            scanner.skip(True)
            scanner.expect(":", "in the condition")
            scanner.skip(True)
            found = Conditional(start, found, then, self.expression(newlines))
        scanner.depth -= 1
        return found

    def _binary(self, level: int, newlines: bool) -> Expression:
        if level == len(_LEVELS):
            return self._unary(newlines)
        scanner = self.scanner
        left = self._binary(level + 1, newlines)
        while True:
            scanner.skip(newlines)
            operator = next((each for each in _LEVELS[level] if scanner.peek(len(each)) == each), None)
            # `=>` and `%{` and `...` are no operators
            if operator is None or scanner.peek(2) in {"=>", "%{"}:
                return left
            scanner.at += len(operator)
            scanner.skip(True)
            left = Binary(left.place, operator, left, self._binary(level + 1, newlines))

    def _unary(self, newlines: bool) -> Expression:
        scanner = self.scanner
        scanner.skip(newlines)
        start = scanner.place()
        if scanner.peek() in {"-", "!"} and scanner.peek(2) != "!=":
            operator = scanner.peek()
            scanner.at += 1
            self._deeper()
            found: Expression = Unary(start, operator, self._unary(newlines))
            scanner.depth -= 1
            return found
        return self._steps(self._term(newlines), newlines)

    def _steps(self, found: Expression, newlines: bool) -> Expression:
        """Attributes, indexes and splats after a term."""
        scanner = self.scanner
        while True:
            mark = scanner.at
            scanner.skip(newlines)
            if scanner.peek() == "." and scanner.peek(3) != "...":
                scanner.at += 1
                scanner.skip(newlines)
                if scanner.take("*"):
                    found = Splat(found.place, found, self._each(newlines, attributes_only=True))
                elif scanner.peek().isdecimal():
                    found = Index(found.place, found, Literal(scanner.place(), self._legacy_index()))
                else:
                    name = scanner.identifier()
                    if not name:
                        raise scanner.error("expected the name of an attribute after '.'")
                    found = Attribute(found.place, found, name)
            elif scanner.peek() == "[":
                scanner.at += 1
                scanner.skip(True)
                if scanner.peek(2) == "*]":
                    scanner.at += 2
                    found = Splat(found.place, found, self._each(newlines, attributes_only=False))
                    continue
                key = self.expression(True)
                scanner.skip(True)
                scanner.expect("]", "after the index")
                found = Index(found.place, found, key)
            else:
                scanner.at = mark
                return found

    def _legacy_index(self) -> int:
        start = self.scanner.at
        while self.scanner.peek().isdecimal():
            self.scanner.at += 1
        return int(self.scanner.text[start : self.scanner.at])

    def _each(self, newlines: bool, attributes_only: bool) -> Expression:
        scanner = self.scanner
        found: Expression = Name(scanner.place(), "*")
        if not attributes_only:
            return self._steps(found, newlines)
        while scanner.peek() == "." and scanner.peek(3) != "...":
            scanner.at += 1
            found = Attribute(found.place, found, scanner.identifier())
        return found

    def _term(self, newlines: bool) -> Expression:
        scanner = self.scanner
        start = scanner.place()
        character = scanner.peek()
        if character == '"' or scanner.peek(2) == "<<":
            return self._quoted() if character == '"' else self._heredoc(start)
        if character.isdecimal():
            return Literal(start, scanner.number())
        if scanner.take("("):
            found = self.expression(True)
            scanner.skip(True)
            scanner.expect(")", "after the expression")
            return found
        if scanner.take("["):
            return self._list()
        if scanner.take("{"):
            return self._object()
        return self._word(start, newlines)

    def _heredoc(self, start: Place) -> Template:
        inner = Parser(Scanner(self.scanner.heredoc()))
        inner.scanner.depth = self.scanner.depth
        return Template(start, TemplateParser(inner, quoted=False).parts())

    def _word(self, start: Place, newlines: bool) -> Expression:
        """A keyword, a name or a call."""
        scanner = self.scanner
        name = scanner.identifier()
        if not name:
            seen = scanner.peek(12).split("\n")[0]
            raise scanner.error(
                f"expected an expression, found {seen!r}" if seen else "expected an expression"
            )
        if name in {"true", "false", "null"}:
            return Literal(start, {"true": True, "false": False, "null": None}[name])
        while scanner.take("::"):
            name = f"{name}::{scanner.identifier()}"
        mark = scanner.at
        scanner.skip(newlines)
        if scanner.take("("):
            return self._call(name)
        scanner.at = mark
        return Name(start, name)

    def _quoted(self) -> Template:
        scanner = self.scanner
        start = scanner.place()
        scanner.expect('"', "before a text")
        parts: tuple[Part, ...] = TemplateParser(self, quoted=True).parts()
        scanner.expect('"', "after a text")
        return Template(start, parts)

    def _call(self, name: str) -> Call:
        scanner = self.scanner
        start = scanner.place()
        arguments: list[Expression] = []
        expanded = False
        while True:
            scanner.skip(True)
            if scanner.take(")"):
                return Call(start, name, tuple(arguments), expanded)
            arguments.append(self.expression(True))
            scanner.skip(True)
            expanded = scanner.take("...") or expanded
            scanner.skip(True)
            if not scanner.take(",") and scanner.peek() != ")":
                raise scanner.error(f"expected ',' or ')' in the call of {name}")

    def _list(self) -> Expression:
        scanner = self.scanner
        place = scanner.place(scanner.at - 1)
        scanner.skip(True)
        if self._for_follows():
            return self._for("]")
        items: list[Expression] = []
        while True:
            scanner.skip(True)
            if scanner.take("]"):
                return TupleOf(place, tuple(items))
            items.append(self.expression(True))
            scanner.skip(True)
            if not scanner.take(",") and scanner.peek() != "]":
                raise scanner.error("expected ',' or ']' in the list")

    def _object(self) -> Expression:
        scanner = self.scanner
        place = scanner.place(scanner.at - 1)
        scanner.skip(True)
        if self._for_follows():
            return self._for("}")
        items: list[tuple[Expression, Expression]] = []
        while True:
            scanner.skip(True)
            if scanner.take("}"):
                return ObjectOf(place, tuple(items))
            items.append(self._entry())
            scanner.skip(False)
            if not scanner.take(",") and scanner.peek() not in {"\n", "}"}:
                raise scanner.error("expected ',', the end of the line or '}' in the object")

    def _entry(self) -> tuple[Expression, Expression]:
        scanner = self.scanner
        key = self.expression(False)
        if isinstance(key, Name):
            key = Literal(key.place, key.name)
        scanner.skip(False)
        if not scanner.take("=") and not scanner.take(":"):
            raise scanner.error("expected '=' after the key of the object")
        scanner.skip(True)
        return key, self.expression(False)

    def _for_follows(self) -> bool:
        scanner = self.scanner
        mark = scanner.at
        word = scanner.identifier()
        after = scanner.peek()
        scanner.at = mark
        return word == "for" and after in {" ", "\t", "\n"}

    def _for(self, closing: str) -> For:
        scanner = self.scanner
        start = scanner.place()
        scanner.identifier()
        scanner.skip(True)
        key_name, value_name = "", scanner.identifier()
        scanner.skip(True)
        if scanner.take(","):
            scanner.skip(True)
            key_name, value_name = value_name, scanner.identifier()
            scanner.skip(True)
        if scanner.identifier() != "in":
            raise scanner.error("expected 'in' in the for expression")
        collection = self.expression(True)
        scanner.skip(True)
        scanner.expect(":", "in the for expression")
        key: Expression | None = None
        value = self.expression(True)
        scanner.skip(True)
        if closing == "}":
            scanner.expect("=>", "in the for expression")
            key, value = value, self.expression(True)
            scanner.skip(True)
        grouped = scanner.take("...")
        scanner.skip(True)
        condition: Expression | None = None
        mark = scanner.at
        if scanner.identifier() == "if":
            condition = self.expression(True)
            scanner.skip(True)
        else:
            scanner.at = mark
        scanner.expect(closing, "after the for expression")
        return For(start, key_name, value_name, collection, key, value, condition, grouped)
