"""Reads a `.plas` file: a `SourceFile` comes in, a `tree.File` goes out, or `PlasError` with everything that is wrong.

The stages are `layout` (lines to statements), `tokens` (a statement to words), `grammar` (words to nodes)
and `resolve` (what only the whole file can tell). Each statement is read on its own, so one error hides no other. `reading` gives
the blocks that were read beside the errors of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.diagnostics.render import render_all
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import limits, misspelt, tree
from plasticdsl.syntax.foreign import told
from plasticdsl.syntax.grammar import read_statement
from plasticdsl.syntax.homes import BLOCK_RULES, body_rule, home_rule
from plasticdsl.syntax.layout import Line, layout
from plasticdsl.syntax.reading import Reading, intact
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.resolve import resolve
from plasticdsl.syntax.statements import inline_body
from plasticdsl.syntax.tables import Table, experiments_of
from plasticdsl.syntax.tokens import Token, tokenize

_Headed = tree.Event | tree.Phase | tree.Repeat
_STAND_ALONE = (tree.SpikeWhen, tree.SpikeAtRate, tree.Phase, tree.Reactions)  # these need no block


def parse(source: SourceFile) -> tree.File:
    """The syntax tree of a file; raises `PlasError` with every finding, and never anything else."""
    found = reading(source)
    if found.findings:
        findings = limits.shown(found.findings)
        raise PlasError(findings, render_all(findings, {source.path: source}), {source.path: source})
    return found.file


def reading(source: SourceFile) -> Reading:
    """As much of a file as can be read; never raises."""
    reader = _Reader(source)
    try:
        limits.check_size(source)
        file, starts = reader.read()
        return intact(source, file, starts, told(source, reader.findings)) if reader.findings else Reading(file)
    except Refusal as refusal:
        reader.report(refusal)
    except _StopReading:
        pass
    return Reading(tree.File("", (), Span(0, len(source.text), source.path)), tuple(reader.findings), None)


class _StopReading(Exception):  # it ends the reading, it reports nothing
    """Enough is known about what is wrong; the rest of the file is not read."""


class _Reader:
    """Walks over the lines of one file and collects what is wrong."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.findings: list[Diagnostic] = []
        self.layout_errors = False  # then a block may look empty because its lines could not be placed

    def read(self) -> tuple[tree.File, tuple[int, ...]]:
        """The file with what could be read, and where each of its items begins."""
        found = layout(self.source)
        self.findings.extend(found.findings)
        self.layout_errors = bool(found.findings)
        limits.check_words(self.source, found.lines)
        doc, lines = _described(found.lines)
        items = [item for line in lines for item in self.items(line)]
        span = Span(0, len(self.source.text), self.source.path)
        file = resolve(tree.File(doc, tuple(items), span))
        limits.check_parts(file)
        return file, tuple(line.start for line in lines)

    def items(self, line: Line) -> tuple[Any, ...]:
        """What stands at the margin; of a table an experiment for each row."""
        item = self.item(line)
        if not isinstance(item, Table):
            return () if item is None else (item,)
        rows = [row for one in line.body if (row := self.statement(one, "row")) is not None]
        try:
            return experiments_of(item, rows) if len(rows) == len(line.body) else ()
        except Refusal as refusal:
            self.report(refusal)
            return ()

    def item(self, line: Line) -> Any:
        """A block with its statements, a function or a `use`; after a bad header the body is still read, for its errors."""
        header = self.statement(line, "item")
        if header is not None and not isinstance(header, tree.Block):
            return header
        doc, lines = _described(line.body)
        rule = BLOCK_RULES[header.kind] if header is not None else body_rule(self.source.text[line.start : line.end])
        body = self.statements(lines, rule)
        if header is None:
            return None
        if not line.body and header.base is None and not self.layout_errors:
            kind, name = header.kind, header.name.text
            message = f"The {kind} ‘{name}’ is empty." if line.opens else f"The header of the {kind} ‘{name}’ ends in ‘:’."
            self.report(Refusal("empty-block", header.span, message, "Write its statements below, indented by four spaces."))
        return replace(header, doc=doc, body=body, span=self.whole(line))

    def statements(self, lines: Sequence[Line], rule: str) -> tuple[Any, ...]:
        return tuple(node for line in lines if (node := self.statement_with_body(line, rule)) is not None)

    def statement_with_body(self, line: Line, rule: str) -> Any:
        node = self.statement(line, rule)
        match node:
            case None:
                self.statements(line.body, home_rule(self.source.text[line.start : line.end], rule))
                return None
            case tree.Reactions():
                return self.filled(node, line, "reaction")
            case tree.Population():
                values = self.statements(line.body, "unit_value")
                return replace(node, values=(*node.values, *values), span=self.whole(line)) if line.body else node
            case tree.Case():
                self.report(
                    Refusal("unexpected", node.span, "This case belongs to no value.", "Indent it deeper than the line of the first case.")
                )
                return None
            case _ if isinstance(node, _Headed) and not getattr(node, "body", ()):
                return self.filled(node, line, _inside(node, rule))
            case _:
                if line.body:
                    hint = "Write all statements below the line that ends in ‘:’." if isinstance(node, _Headed) else ""
                    message = "Nothing can be indented below this statement."
                    self.report(Refusal("unexpected-block", self.whole(line.body[0]), message, hint))
                return node

    def filled(self, node: Any, line: Line, rule: str) -> Any:
        """A header with its block; one that ends in `:` needs it, and so does one that says nothing without."""
        says_nothing = node == tree.Reactions((), node.span)
        alone = isinstance(node, _STAND_ALONE) and not says_nothing
        if not line.body and not self.layout_errors and (line.opens or not alone):
            message = "Nothing follows this ‘:’." if line.opens else "This line begins a block, and nothing is in it."
            hint = "Write the statements below, indented deeper."
            if isinstance(node, tree.Reactions) and not says_nothing:
                hint = "Write the reactions below, indented deeper; without ‘:’ it would say how those of a block happen that this one is like."
            self.report(Refusal("empty-block", node.span, message, hint))
        return replace(node, body=self.statements(line.body, rule), span=self.whole(line))

    def statement(self, line: Line, rule: str) -> Any:
        """The node of one statement without its block, or None after an error."""
        if len(self.findings) > limits.MOST_FINDINGS:
            raise _StopReading
        try:
            if line.doc is not None:
                raise Refusal("misplaced-docstring", self.whole(line), "A docstring stands at the head of a file or block.")
            limits.check_statement(self.source, line.start, line.end)
            tokens, node = self.read_from(line, rule, self.source, line.stretches)
            if len(tokens) > limits.DEEPEST_TREE:
                limits.check_depth(node)
            return node
        except Refusal as refusal:
            if line.doc is None and line.end - line.start <= limits.LONGEST_STATEMENT:
                refusal = misspelt.meant(refusal, self.source, line.stretches, partial(self.read_from, line, rule), rule == "row")
            self.report(refusal)
            return None

    def read_from(self, line: Line, rule: str, source: SourceFile, stretches: Sequence[tuple[int, int]]) -> tuple[tuple[Token, ...], Any]:
        """The words of a line, or of a text in its place, and what they say; nothing where there are none but blanks of some kind."""
        tokens = tokenize(source, stretches, rule == "row")
        inner = inline_body(tokens)
        node: Any = read_statement(tokens[:inner] if inner else tokens, rule) if tokens else None
        return tokens, replace(node, body=(read_statement(tokens[inner:], _inside(node, rule)),), span=self.whole(line)) if inner else node

    def report(self, refusal: Refusal) -> None:
        self.findings.append(refusal.diagnostic(self.source))

    def whole(self, line: Line) -> Span:
        """From the beginning of a statement to the end of its block."""
        last = line
        while last.body:
            last = last.body[-1]
        return Span(line.start, last.end, self.source.path)


def _described(lines: Sequence[Line]) -> tuple[str, Sequence[Line]]:
    """The docstring that a file or block begins with, and what follows it."""
    doc = lines[0].doc if lines else None
    return ("", lines) if doc is None else (doc, lines[1:])


def _inside(node: Any, rule: str) -> str:
    """The rule that reads what stands below a header."""
    return "dynamics" if isinstance(node, tree.OnEvent) else rule
