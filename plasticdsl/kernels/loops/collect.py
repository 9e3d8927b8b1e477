"""Which arguments a kernel needs: found by reading its statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Field, Local
from plasticdsl.kernels.loops.names import N, T
from plasticdsl.kernels.program import Array, Element, Fill, For, Function, If, Increase, Let, Member, Read, Return, Statement, Store, While
from plasticdsl.model.expr import Expr, walk


def statements(body: Sequence[Statement]) -> Iterator[Statement]:
    """Every statement, nested ones included."""
    for statement in body:
        yield statement
        match statement:
            case If(_, then, otherwise):
                yield from statements((*then, *otherwise))
            case For(body=inner) | While(body=inner):
                yield from statements(inner)
            case _:
                pass


def expressions(statement: Statement) -> tuple[Expr, ...]:
    """The expressions that a statement itself holds."""
    match statement:
        case Let(_, value) | Return(value):
            return (value,)
        case Store(target, value) | Increase(target, value):
            return (target, value)
        case If(condition=condition) | While(condition=condition):
            return (condition,)
        case Fill(arrays, _, arguments):
            return (*(Element(array, ()) for array in arrays), *arguments)
        case For(start=start, stop=stop):
            return (start, stop)
        case _:
            return ()


def mentioned(body: Sequence[Statement]) -> frozenset[Field | Local]:
    """Every array, scalar, size and local that statements read or write."""
    return frozenset(name for s in statements(body) for e in expressions(s) for name in _names(e))


def _names(expr: Expr) -> Iterator[Field | Local]:
    for node in walk(expr):
        match node:
            case Read(name):
                yield name
            case Element(array, indices):
                yield array
                for index in indices:
                    yield from _names(index)
            case _:
                pass


def with_arguments(function: Function, members: Sequence[Member], called: Sequence[Function] = ()) -> Function:
    """The function with the arguments that its body and the functions it calls need, in the order in which they are declared."""
    names = mentioned(function.body).union(*((*f.scalars, *f.arrays) for f in called))
    needed = [m for m in members if m.name in names]
    return replace(
        function,
        locals_in=tuple(n for n in (N, T) if n in names),
        scalars=tuple(m.name for m in needed if not isinstance(m, Array)),
        arrays=tuple(m.name for m in needed if isinstance(m, Array)),
    )
