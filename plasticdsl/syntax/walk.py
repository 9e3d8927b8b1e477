"""Going through a syntax tree without knowing its node types: every node below one, every name that is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from plasticdsl.source import Span
from plasticdsl.syntax import tree

Kind = TypeVar("Kind")


def of_kind(statements: Iterable[object], kind: type[Kind]) -> list[Kind]:
    """The statements of one kind, in the order written."""
    return [s for s in statements if isinstance(s, kind)]


def phases_of(statements: Iterable[object]) -> Iterator[tree.Phase]:
    """The phases of an experiment in the order of the text, repeated ones too."""
    for statement in statements:
        match statement:
            case tree.Phase():
                yield statement
            case tree.Repeat(body=body):
                yield from phases_of(body)


def parts(node: object) -> tuple[object, ...]:
    """What a node (or a tuple of them) consists of, in the order of the text; nothing for a place or a plain value."""
    return node if isinstance(node, tuple) else _values(type(node))(node)


def _getter(kind: type, but: Collection[str] = ()) -> Callable[[Any], tuple[object, ...]]:
    """What gives the values of the fields of a kind of node, except those of some types: each is asked for them very often."""
    match tuple(f.name for f in fields(kind) if f.type not in but) if _is_node(kind) else ():
        case ():
            return lambda _: ()
        case (name,):
            return lambda node: (getattr(node, name),)
        case names:
            return attrgetter(*names)


_values: Callable[[type], Callable[[Any], tuple[object, ...]]] = cache(_getter)
#: Those that can hold nodes.
_inner: Callable[[type], Callable[[Any], tuple[object, ...]]] = cache(lambda kind: _getter(kind, ("Span", "str", "bool", "int", "float")))
_is_node: Callable[[type], bool] = cache(lambda kind: kind is not Span and is_dataclass(kind))


def nodes(node: object) -> Iterator[object]:
    """`node` (or each of a tuple) and every tree node below it, parents first, in the order of the text; without recursion."""
    waiting: list[object] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, tuple):
            waiting.extend(current[::-1])
        elif _is_node(type(current)):
            yield current
            waiting.extend(_inner(type(current))(current)[::-1])


def rebuilt(node: Any, new: Callable[[Any], Any]) -> Any:
    """The same node (or tuple of them) with `new` applied to each of its parts; a place or a plain value is itself."""
    if isinstance(node, tuple):
        return tuple(map(new, node))
    if not _is_node(type(node)):
        return node
    return replace(node, **{f.name: new(getattr(node, f.name)) for f in fields(node)})


def depth(node: Any) -> int:
    """The number of nodes on the longest way down."""
    level, deepest = [node], 0
    while level:
        deepest += 1
        level = [child for parent in level for child in _children(parent)]
    return deepest


def _children(node: object) -> Iterator[object]:
    for part in parts(node):
        yield from (p for p in (part if isinstance(part, tuple) else (part,)) if hasattr(p, "span"))


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
        case tree.Argument(value=value):
            yield from names_read(value, averages)
        case tree.Limit(operand=operand, whole=whole):
            yield whole
            yield operand
        case tree.Sum(indices=indices, over=over, where=where, body=body):
            bound = {index.name for index in indices}
            yield from (n for part in (over, where, body) for n in names_read(part, averages) if n.name not in bound)
        case _:
            for part in parts(node):
                yield from names_read(part, averages)
