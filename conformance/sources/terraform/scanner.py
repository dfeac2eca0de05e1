"""Characters of HCL with their places: white space, comments, names, numbers, heredocs."""

from __future__ import annotations

from bisect import bisect_right

from conformance.sources.facts import Place
from conformance.sources.terraform.syntax import HclError
from conformance.sources.texts import Text

#: levels of nested expressions and blocks
MAX_DEPTH = 120


class Scanner:
    """A position in a text."""

    def __init__(self, text: Text) -> None:
        self.text = text.value.replace("\r\n", "\n")
        self.origin = text.origin
        self.at = 0
        self.depth = 0
        self._starts = [0]
        while (found := self.text.find("\n", self._starts[-1])) >= 0:
            self._starts.append(found + 1)

    def line(self, at: int | None = None) -> int:
        return bisect_right(self._starts, self.at if at is None else at)

    def place(self, at: int | None = None) -> Place:
        here = self.at if at is None else at
        line = self.line(here)
        return self.origin.place(line, here - self._starts[line - 1] + 1)

    def error(self, message: str, at: int | None = None) -> HclError:
        return HclError(self.place(at), message)

    @property
    def ended(self) -> bool:
        return self.at >= len(self.text)

    def peek(self, size: int = 1) -> str:
        return self.text[self.at : self.at + size]

    def skip(self, newlines: bool) -> None:
        """White space and comments; line ends only where they mean nothing."""
        text = self.text
        while self.at < len(text):
            character = text[self.at]
            if character in " \t\r" or (newlines and character == "\n"):
                self.at += 1
            elif character == "#" or text.startswith("//", self.at):
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif text.startswith("/*", self.at):
                end = text.find("*/", self.at + 2)
                if end < 0:
                    raise self.error("the comment is not closed")
                self.at = end + 2
            else:
                return

    def take(self, token: str) -> bool:
        """Moves over the token if it is next."""
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str, where: str) -> None:
        if not self.take(token):
            seen = self.peek(12).split("\n")[0] or ("the end of the line" if not self.ended else "the end")
            raise self.error(f"expected {token!r} {where}, found {seen!r}")

    def identifier(self) -> str:
        """The name that is next; empty if none is."""
        start, text = self.at, self.text
        if start < len(text) and (text[start].isalpha() or text[start] == "_"):
            end = start + 1
            while end < len(text) and (text[end].isalnum() or text[end] in "_-"):
                end += 1
            self.at = end
        return text[start : self.at]

    def number(self) -> int | float:
        start, text = self.at, self.text
        while self.at < len(text) and text[self.at].isdecimal():
            self.at += 1
        whole = True
        if self.peek() == "." and text[self.at + 1 : self.at + 2].isdecimal():
            whole = False
            self.at += 1
            while self.at < len(text) and text[self.at].isdecimal():
                self.at += 1
        if self.peek().lower() == "e" and text[self.at + 1 : self.at + 3].lstrip("+-")[:1].isdecimal():
            whole = False
            self.at += 2
            while self.at < len(text) and text[self.at].isdecimal():
                self.at += 1
        found = text[start : self.at]
        if len(found) > 300:
            raise self.error("the number has more than 300 digits", start)
        return int(found) if whole else float(found)

    def heredoc(self) -> Text:
        """The text between `<<NAME` and the line of that name, without its indentation for `<<-NAME`."""
        start = self.at
        self.at += 2
        flush = self.take("-")
        name = self.identifier()
        if not name or self.peek() != "\n":
            raise self.error("a heredoc begins with << and a name, then the end of the line", start)
        first = self.line() + 1
        self.at += 1
        lines: list[str] = []
        while not self.ended:
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            line = self.text[self.at : end]
            if line.strip() == name:
                self.at = end
                return self._dedented(lines, first, flush)
            lines.append(line)
            self.at = min(end + 1, len(self.text))
        raise self.error(f"the heredoc {name} is not closed", start)

    def _dedented(self, lines: list[str], first: int, flush: bool) -> Text:
        full = [line for line in lines if line.strip()]
        indent = min((len(line) - len(line.lstrip(" \t")) for line in full), default=0) if flush else 0
        body = "".join(line[indent:] + "\n" for line in lines)
        return Text(body, self.origin.below(first - 1, indent))
