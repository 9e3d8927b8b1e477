"""How much is read. What is beyond is refused at once, since any file must be answered within seconds.

Reading costs about 15 µs per word or sign, and the stages behind recurse into expressions; no model written by a person
comes near these limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.source import LARGEST_FILE, SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.layout import Line
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.walk import depth, of_kind

LONGEST_STATEMENT = 20_000
MOST_WORDS = 60_000
DEEPEST_TREE = 250
MOST_FINDINGS = 100
#: Populations and projections of a network. Each has kernels of its own: a thousand populations take a minute to compile.
MOST_PARTS = 2000


_WORD = re.compile(r"\w+|[^\w\s]")


def check_size(source: SourceFile) -> None:
    """Raises `Refusal` for a file over 1 MB."""
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_FILE:
        message = f"This file has {size / 1e6:.1f} MB; at most 1 MB is read."
        raise Refusal("file-too-large", Span(0, 0, source.path), message, 'Keep data in .npz or .csv files: ‘data d from "file.npz"’.')


def check_words(source: SourceFile, lines: Sequence[Line]) -> None:
    """Raises `Refusal` for a file with more words and signs than can be read in time; comments and docstrings are free."""
    words = 0
    waiting = list(lines)
    while waiting:
        line = waiting.pop()
        waiting.extend(line.body)
        if line.doc is None:
            words += sum(len(_WORD.findall(source.text, start, end)) for start, end in line.stretches)
        if words > MOST_WORDS:
            message = f"This file has more than {MOST_WORDS} words and signs outside its comments."
            raise Refusal("file-too-large", Span(0, 0, source.path), message, "Split it into files that ‘use’ each other.")


def check_statement(source: SourceFile, start: int, end: int) -> None:
    """Raises `Refusal` for a statement that is too long to be read."""
    if end - start > LONGEST_STATEMENT:
        message = f"This statement has {end - start} characters; at most {LONGEST_STATEMENT} are read."
        raise Refusal("statement-too-long", Span(start, start + 1, source.path), message, "Name parts of it by definitions of their own.")


def check_parts(file: tree.File) -> None:
    """Raises `Refusal` for a network of more populations and projections than are made into kernels in time."""
    for network in of_kind(file.items, tree.Block):
        parts = sum(isinstance(s, tree.Population | tree.Projection) for s in network.body)
        if parts > MOST_PARTS:
            message = f"This network has {parts} populations and projections; at most {MOST_PARTS} are read."
            hint = "Units of one kind make one population, ‘cells = 10000 LIF’, of which parts can have names: ‘left = cells[1 to 5000]’."
            raise Refusal("network-too-large", Span(network.span.start, network.span.start + 1, network.span.path), message, hint)


def check_depth(node: Any) -> None:
    """Raises `Refusal` for an expression with too many operations inside each other."""
    if depth(node) > DEEPEST_TREE:
        message = f"This statement has more than {DEEPEST_TREE} operations one inside the other."
        raise Refusal("too-deep", node.span, message, "Name parts of it by definitions of their own.")


def shown(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings by file and in the order of the text, cut where nobody would read on."""
    ordered = tuple(sorted(findings, key=lambda finding: (finding.span.path, finding.span.start)))
    if len(ordered) <= MOST_FINDINGS:
        return ordered
    message = f"There are more errors; the first {MOST_FINDINGS} are shown."
    return (*ordered[:MOST_FINDINGS], Diagnostic("too-many-errors", message, ordered[MOST_FINDINGS].span))
