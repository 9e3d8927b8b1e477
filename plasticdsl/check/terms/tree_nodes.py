"""Looking through the syntax tree: every node below one, and every name that is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from plasticdsl.source import Span
from plasticdsl.syntax import tree


def nodes(node: object) -> Iterator[object]:
    """`node` (or each of a tuple) and every tree node below it, parents first, in the order of the text; without recursion."""
    waiting: list[object] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, tuple):
            waiting.extend(reversed(current))
        elif dataclasses.is_dataclass(current) and not isinstance(current, Span):
            yield current
            waiting.extend(getattr(current, f.name) for f in reversed(dataclasses.fields(current)))


def names_read(node: object, averages: bool = True) -> Iterator[tree.Name]:
    """The bare names an expression reads, functions it applies included; not attributes, keywords, indices of sums, or both readings of `r⁻`.

    Of `r⁻` the whole name `r⁻` comes before `r`; the caller takes whichever is declared. Without `averages`, what an average is of is left out.
    """
    match node:
        case tree.Name():
            yield node
        case tree.Average(body=body, constant=constant):
            yield from names_read((body, constant) if averages else constant, averages)
        case tree.Member(base=base):
            yield from names_read(base, averages)
        case tree.Apply(function=function, arguments=arguments):
            yield from names_read(function, averages)
            for argument in arguments:
                yield from names_read(argument.value, averages)
        case tree.Limit(operand=operand, whole=whole):
            yield whole
            yield operand
        case tree.Sum(indices=indices, over=over, where=where, body=body):
            bound = {index.name for index in indices}
            yield from (n for part in (over, where, body) for n in names_read(part, averages) if n.name not in bound)
        case tuple():
            for item in node:
                yield from names_read(item, averages)
        case _ if dataclasses.is_dataclass(node) and not isinstance(node, Span):
            for f in dataclasses.fields(node):
                yield from names_read(getattr(node, f.name), averages)
        case _:
            return
