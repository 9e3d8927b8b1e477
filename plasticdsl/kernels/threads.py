"""Which kernels run on several threads: those whose loop over independent units does enough for each of them.

Every unit is computed by one thread from values that no other thread writes, so that results do not depend on their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from plasticdsl.kernels.identifiers import Field
from plasticdsl.kernels.loops.collect import expressions, statements
from plasticdsl.kernels.program import For, Function, If, Program, Read, Statement
from plasticdsl.model.expr import walk

#: A loop whose body has fewer operations is bound by memory, not worth a parallel region.
LEAST_OPERATIONS = 20


def has_threads(function: Function) -> bool:
    """Whether the function is compiled for several threads."""
    return any(_loops(function))


def longest_loop(program: Program, sizes: Mapping[Field, int]) -> int:
    """How many units the longest of these loops runs over, for these sizes."""
    stops = (loop.stop for function in program.functions for loop in _loops(function))
    lengths = (node.name for stop in stops for node in walk(stop) if isinstance(node, Read))  # groups are counted by their units
    return max((sizes.get(name, 0) for name in lengths if isinstance(name, Field)), default=0)


def _loops(function: Function) -> Iterator[For]:
    for statement in _outermost(function.body):
        if isinstance(statement, For) and statement.independent and _operations(statement.body) >= LEAST_OPERATIONS:
            yield statement


def _outermost(body: Sequence[Statement]) -> Iterator[Statement]:
    """Those that are in no loop, under whatever conditions."""
    for statement in body:
        yield from _outermost(statement.then) if isinstance(statement, If) else (statement,)


def _operations(body: Sequence[Statement]) -> int:
    return sum(1 for statement in statements(body) for expr in expressions(statement) for _ in walk(expr))
