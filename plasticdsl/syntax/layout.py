"""Cuts a file into statements by its indentation: a `SourceFile` comes in, a tree of `Line`s and the comments go out.

A deeper line after a line that does not end in `:` continues it; after one that does, it belongs to its block. This is
done on whole lines, before any word is read, so that an error in one statement never spreads to the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from inspect import cleandoc

from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, diagnostic
from plasticdsl.source import SourceFile, Span

DEEPEST_BLOCKS = 20

_BEFORE_COMMENT = re.compile(r'(?:[^"#\n]|"[^"\n]*"|"(?=[^"\n]*(?:\n|$)))*')
_INDENT = re.compile(r"[ \t\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]*")
#: What `tokens` takes for blanks, beside the end of a line.
_BLANK = (
    " \t\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
    "\x0b\x0c\x1c\x1d\x1e\x1f\x85"
)
_QUOTES = '"""'
_TRIPLE = re.compile(r"\"{3}|'{3}")
# A header that forgot its colon is told so, instead of being read together with its body as one long statement.
_HEADER = re.compile(
    r"(?:neuron|synapse|rule|network|experiment|table)\s+[^\W\d]|on\s+(?:pre|post|all|nearest|[^\W\d]\w*\s+of)\b|every\s"
    r"|spike\s+(?:when|at)\b|event\s+[^\W\d]\w*\s+when\b|phase\s+[^\W\d]\w*\s+(?:for|until)\b|repeat\s+[^=\s]|reactions\s*$"
)
_BODY_LINE = re.compile(
    r"(?!where\b|if\b|and\b|or\b)[^\n]*?(?:\s=\s|[-+*/−]=|→|->|~|∈)|(?:on|spike|record|rules|expect|plot|start|update|phase|input)\s"
)
_BLOCK = re.compile(r"(?:neuron|synapse|rule|network|experiment)\s")
#: A line with a block of its own that is never the end of the header of a block above it, as `on Net:` is.
_OPENING = re.compile(r"on\s+(?:pre|post|all|nearest)\b|every\s|spike\s+(?:when|at)\b|event\s|phase\s|repeat\s")


@dataclass(slots=True)
class Line:
    """One statement: its text as `stretches` (one per physical line, comments cut off), and the lines of its block.

    `doc` is the text of a docstring, which is a line of its own; None for a statement.
    """

    indent: int
    stretches: list[tuple[int, int]]
    doc: str | None = None
    body: list[Line] = field(default_factory=list)
    opens: bool = False

    @property
    def start(self) -> int:
        """Where the statement begins in the text."""
        return self.stretches[0][0]

    @property
    def end(self) -> int:
        """Where it ends, without its block."""
        return self.stretches[-1][1]


@dataclass(frozen=True, slots=True)
class Comment:
    """`# text`; `own_line` when nothing stands before it."""

    text: str
    own_line: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Layout:
    """The statements of a file, its comments in order, and what was wrong with the layout itself."""

    lines: tuple[Line, ...]
    comments: tuple[Comment, ...]
    findings: tuple[Diagnostic, ...]


def layout(source: SourceFile) -> Layout:
    """Reads the indentation of a whole file; never raises, errors are in `findings`."""
    reader = _Reader(source)
    reader.read()
    return Layout(tuple(reader.root.body), tuple(reader.comments), tuple(reader.findings))


def begins_table(source: SourceFile, line: Line) -> bool:
    """Whether the lines below one at the left margin are rows of a table."""
    return source.text.startswith("table ", line.start)


def _clean(text: str) -> str:
    """A docstring without its margin and without blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in cleandoc(text).split("\n")).strip()


class _Reader:
    """Walks once over the file with the stack of open blocks; `stack[0]` is the file itself."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.root = Line(-1, [(0, 0)], opens=True)
        self.stack = [self.root]
        self.last: Line | None = None
        self.comments: list[Comment] = []
        self.never_closed: set[str] = set()  # three quotes that no others follow
        self.findings: list[Diagnostic] = []

    def read(self) -> None:
        text = self.source.text
        position = 1 if text.startswith("\ufeff") else 0
        while position < len(text):
            newline = text.find("\n", position)
            stop = len(text) if newline < 0 else newline
            position = self.physical_line(position, stop) + 1

    def physical_line(self, start: int, stop: int) -> int:
        """Reads the line from `start` to `stop` (a docstring may reach further); returns where it ended."""
        text = self.source.text
        begin = _INDENT.match(text, start, stop).end()  # type: ignore[union-attr]  # it matches the empty text too
        if begin < stop and text[begin] == "#":
            self.comment(begin, stop, own_line=True)
            return stop
        if text.startswith(_QUOTES, begin, stop):
            return self.docstring(start, begin)
        stop = self.closing_quotes(begin, stop)
        code_end = self.cut_comment(begin, stop)
        if begin < code_end and self.indented_with_spaces(start, begin):
            self.code(begin - start, begin, code_end)
        return stop

    def closing_quotes(self, begin: int, stop: int) -> int:
        """Where the line ends on which three quotes are closed that open in this one: the lines of a text are no statements."""
        text = self.source.text
        opening = _TRIPLE.search(text, begin, stop)
        if opening is None or text.find(opening[0], opening.end(), stop) >= 0 or "#" in text[begin : opening.start()]:
            return stop
        if opening[0] in self.never_closed:
            return stop
        close = text.find(opening[0], opening.end())
        if close < 0:
            self.never_closed.add(opening[0])
            return stop
        newline = text.find("\n", close)
        return len(text) if newline < 0 else newline

    def cut_comment(self, begin: int, stop: int) -> int:
        """Records a comment at the end of a line and returns where the code before it ends."""
        text = self.source.text
        end = stop
        if text.find("#", begin, stop) >= 0:
            end = _BEFORE_COMMENT.match(text, begin, stop).end()  # type: ignore[union-attr]
            if end < stop:
                self.comment(end, stop, own_line=False)
        while end > begin and text[end - 1] in _BLANK:
            end -= 1
        return end

    def comment(self, start: int, stop: int, *, own_line: bool) -> None:
        text = self.source.text[start + 1 : stop].strip()
        self.comments.append(Comment(text, own_line, Span(start, stop, self.source.path)))

    def docstring(self, start: int, begin: int) -> int:
        """A docstring from `begin`; returns the end of the line on which it closes."""
        text = self.source.text
        close = text.find(_QUOTES, begin + 3)
        end = len(text) if close < 0 else close + 3
        newline = text.find("\n", end)
        stop = len(text) if newline < 0 else newline
        if close < 0:
            self.report("open-docstring", 'This ‘"""’ is never closed.', (begin, begin + 3), 'End the text with ‘"""’.')
            return stop
        code_end = self.cut_comment(end, stop)
        if end < code_end:
            begin_after = _INDENT.match(text, end, code_end).end()  # type: ignore[union-attr]
            self.report("misplaced-docstring", "Nothing may follow a docstring on its line.", (begin_after, code_end), "Begin a new line.")
        if self.indented_with_spaces(start, begin):
            self.place(Line(begin - start, [(begin, end)], _clean(text[begin + 3 : close])))
        return stop

    def indented_with_spaces(self, start: int, begin: int) -> bool:
        """Whether nothing but spaces stands before a line; reports a tab or another blank."""
        before = self.source.text[start:begin]
        wrong = next((number for number, blank in enumerate(before) if blank != " "), None)
        if wrong is None:
            return True
        what = "A tab" if before[wrong] == "\t" else "A blank that is no ordinary space"
        spaces = " " * len(before.expandtabs(4))
        hint = Hint("Indent with spaces, four per level.", (spaces,), Span(start, begin, self.source.path))
        self.report("tab-indentation", f"{what} indents this line.", (start + wrong, start + wrong + 1), hint)
        return False

    def report(self, code: str, message: str, place: tuple[int, int], hint: Hint | str = "") -> None:
        self.findings.append(diagnostic(code, message, Span(*place, self.source.path), hint))

    def code(self, indent: int, begin: int, end: int) -> None:
        opens = self.source.text[end - 1] == ":"
        last = self.last
        deeper = last is not None and (indent > last.indent or (indent == last.indent and self.source.text[begin] in ")]}"))
        if last is not None and last.doc is None and not last.opens and deeper:  # it continues the last one
            begins = _OPENING if opens and _BLOCK.match(self.source.text, last.start, last.end) else None if opens else _BODY_LINE
            if begins is None or not (self.forgot_colon(last) and begins.match(self.source.text, begin, end)):
                last.stretches.append((begin, end))
                last.opens = opens
                return
            self.add_colon(last)
        self.place(Line(indent, [(begin, end)], opens=opens))

    def forgot_colon(self, line: Line) -> bool:
        return not line.opens and line.doc is None and _HEADER.match(self.source.text, line.start, line.end) is not None

    def add_colon(self, line: Line) -> None:
        """Reports a header without its colon and goes on as if it were there; one with a statement behind its colon cannot have a block."""
        line_has_colon = any(sign in self.source.text[line.start : line.end] for sign in ":：")  # the wide one is told where it is read
        line.opens = True
        if line_has_colon:
            return
        hint = Hint("Add ‘:’.", (":",), Span(line.end, line.end, self.source.path))
        self.report("missing-colon", "A line with an indented block below ends in ‘:’.", (line.end - 1, line.end), hint)

    def place(self, line: Line) -> None:
        """Puts a new statement into the innermost open block that it is indented deeper than."""
        while line.indent <= self.stack[-1].indent:
            self.stack.pop()
        last = self.last
        if last is not None and line.indent > last.indent:
            if self.forgot_colon(last):
                self.add_colon(last)
            if last.opens:
                self.stack.append(last)
        self.last = line
        parent = self.stack[-1]
        self.check_indentation(parent, line)
        if len(self.stack) <= DEEPEST_BLOCKS:
            parent.body.append(line)
        elif len(self.stack) == DEEPEST_BLOCKS + 1 and not parent.body:
            self.report("too-deep", f"Blocks are nested more than {DEEPEST_BLOCKS} deep here.", (line.start, line.end))
            parent.body.append(line)

    def check_indentation(self, parent: Line, line: Line) -> None:
        expected = 0 if parent is self.root else parent.body[0].indent if parent.body else line.indent
        if line.indent != expected:
            message = f"This line is indented by {line.indent} spaces, the lines of its block by {expected}."
            hint = Hint(f"Indent it by {expected} spaces." if expected else "Remove the spaces before it.", (" " * expected,))
            self.report("bad-indentation", message, (line.start - line.indent, line.start), hint)
