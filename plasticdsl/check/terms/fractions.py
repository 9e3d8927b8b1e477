"""`2/3 ms` is 2/(3 ms), a rate: said where an error of dimensions follows from it.

Comes in: what was written, or a finding about it. Goes out: a hint with two thirds of a millisecond, ‘2/3·1 ms’.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from plasticdsl.check.terms.written_units import as_written
from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, of_kind
from plasticdsl.units.dimension import Dimension
from plasticdsl.units.display import unit_text


def fractions(node: object) -> Iterator[tuple[tree.Number, tree.Number, Dimension]]:
    """The plain numbers over numbers with a unit in it, `2/3 ms`: both, and the dimension of the unit."""
    for found in nodes(node):
        match found:
            case tree.Binary(operator="/", left=tree.Number(unit=()) as above, right=tree.Number() as below):
                unit = as_written(below.unit)
                if unit is not None and not unit[2].is_one:
                    yield above, below, unit[2]


def meant(above: tree.Number, below: tree.Number) -> Hint:
    """The hint, with what to write in place of the number below."""
    text, share = unit_text(below.unit), f"{above.text}/{below.text}"
    words = f"‘{share} {text}’ is {above.text}/({below.text} {text}). For {share} of 1 {text} write ‘{share}·1 {text}’."
    return Hint(words, (f"{below.text}·1 {text}",), below.span)


def with_fractions(found: Diagnostic, blocks: Iterable[tree.Block]) -> Diagnostic:
    """The finding, where a name in it has such a fraction as its value, with a hint that says so."""
    if found.code != "inconsistent-units" or found.hint:
        return found
    places = (found.span, *(label.span for label in found.labels))
    for block in blocks:
        here = [s for s in block.body if any(_within(place, s.span) for place in places)]
        names = {n.name for n in nodes(tuple(here)) if isinstance(n, tree.Name) and any(_within(n.span, place) for place in places)}
        for define in of_kind(block.body, tree.Define) if names else ():
            value = define.rhs
            if isinstance(define.target, tree.Name) and define.target.name in names and isinstance(value, tree.Binary):
                for above, below, _ in fractions(value):
                    if value.left is above and value.right is below:
                        text, share = unit_text(below.unit), f"{above.text}/{below.text}"
                        words = f"‘{define.target.text}’ is {above.text}/({below.text} {text}); {share} of 1 {text} is ‘{share}·1 {text}’."
                        return replace(found, hint=words)
    return found


def _within(inner: Span, outer: Span) -> bool:
    return inner.path == outer.path and outer.start <= inner.start and inner.end <= outer.end
