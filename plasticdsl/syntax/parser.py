"""Reads a `.plas` file: a `SourceFile` comes in, a `tree.File` goes out, or `PlasError` with everything that is wrong.

The stages are `layout` (lines to statements), `tokens` (a statement to words), `machine` (words to nodes, by the grammar)
and `resolve` (what only the whole block can tell). Each statement is read on its own, so one error hides no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.layout import Line, layout
from plasticdsl.syntax.machine import read_statement
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.resolve import resolve
from plasticdsl.syntax.tokens import Token, tokenize

_RULES = {
    "neuron": "dynamics",
    "synapse": "dynamics",
    "rule": "dynamics",
    "network": "network",
    "experiment": "procedure",
}


def parse(source: SourceFile) -> tree.File:
    """The syntax tree of a file; raises `PlasError` with every finding."""
    reader = _Reader(source)
    file = reader.read()
    if reader.findings:
        raise PlasError(tuple(sorted(reader.findings, key=lambda finding: finding.span.start)))
    return file


class _Reader:
    """Walks over the lines of one file and collects what is wrong."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.findings: list[Diagnostic] = []

    def read(self) -> tree.File:
        found = layout(self.source)
        self.findings.extend(found.findings)
        lines = list(found.lines)
        doc = lines.pop(0).doc if lines and lines[0].doc is not None else ""
        items = [item for line in lines if (item := self.item(line)) is not None]
        span = Span(0, len(self.source.text), self.source.path)
        return resolve(tree.File(doc or "", tuple(items), found.comments, span))

    def item(self, line: Line) -> Any:
        header = self.statement(line, "item")
        if not isinstance(header, tree.Block):
            return header
        lines = list(line.body)
        doc = lines.pop(0).doc if lines and lines[0].doc is not None else ""
        body = self.statements(lines, _RULES[header.kind])
        return replace(header, doc=doc or "", body=body, span=self.whole(line))

    def statements(self, lines: Sequence[Line], rule: str) -> tuple[Any, ...]:
        return tuple(node for line in lines if (node := self.statement(line, rule)) is not None)

    def statement(self, line: Line, rule: str) -> Any:
        """The node of one statement with its block, or None after an error."""
        if line.doc is not None:
            return self.report(Refusal("misplaced-docstring", self.whole(line), "a docstring stands at the head of a file or block"))
        try:
            tokens = tokenize(self.source, line.stretches)
            inner = _inline_body(tokens)
            node = read_statement(tokens[:inner] if inner else tokens, rule)
            if inner:
                body: tuple[Any, ...] = (read_statement(tokens[inner:], rule),)
                return replace(node, body=body, span=self.whole(line))
        except Refusal as refusal:
            return self.report(refusal)
        return self.with_body(node, line, rule)

    def with_body(self, node: Any, line: Line, rule: str) -> Any:
        match node:
            case tree.Block():
                return node
            case tree.Reactions():
                return replace(node, body=self.statements(line.body, "reaction"), span=self.whole(line))
            case tree.Population() if line.body:
                return replace(node, values=self.statements(line.body, "setting"), span=self.whole(line))
            case tree.OnEvent() | tree.OnPairs() | tree.Every() | tree.SpikeWhen() | tree.SpikeAtRate() | tree.Phase():
                return replace(node, body=self.statements(line.body, rule), span=self.whole(line))
            case _:
                return node

    def report(self, refusal: Refusal) -> None:
        self.findings.append(refusal.diagnostic(self.source))

    def whole(self, line: Line) -> Span:
        """From the beginning of a statement to the end of its block."""
        last = line
        while last.body:
            last = last.body[-1]
        return Span(line.start, last.end, self.source.path)


def _inline_body(tokens: Sequence[Token]) -> int:
    """Where the statement after the colon begins in `on pre: post.g += w`; 0 where there is none."""
    if tokens[0].text not in ("on", "every", "spike", "phase"):
        return 0
    for number, token in enumerate(tokens[:-1]):
        if token.kind == ":":
            return number + 1
    return 0
