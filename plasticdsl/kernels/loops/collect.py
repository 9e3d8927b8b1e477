"""Which arguments a kernel needs: found by reading its statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Field, Local
from plasticdsl.kernels.loops.names import SHARE, STEP, N, T
from plasticdsl.kernels.program import Array, Element, Fill, For, Function, If, Increase, Let, Member, Read, Return, Statement, Store, While
from plasticdsl.model.expr import Expr, rebuild, walk


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


def changed(body: Sequence[Statement], change: Callable[[Expr], Expr | None]) -> tuple[Statement, ...]:
    """The statements with `change(node)` for each part of their expressions, indices of elements among them, for which it is something."""

    def of(expr: Expr) -> Expr:
        found = change(expr)
        if found is not None:
            return found
        if isinstance(expr, Element):
            return replace(expr, indices=tuple(map(of, expr.indices)))
        return rebuild(expr, of)

    def at(target: Element) -> Element:
        found = of(target)
        assert isinstance(found, Element)
        return found

    def inside(statement: Statement) -> Statement:
        match statement:
            case Let(value=value) | Return(value):
                return replace(statement, value=of(value))
            case Store(target, value) | Increase(target, value):
                return replace(statement, target=at(target), value=of(value))
            case Fill(arguments=arguments):
                return replace(statement, arguments=tuple(map(of, arguments)))
            case If(condition, then, otherwise):
                return If(of(condition), changed(then, change), changed(otherwise, change))
            case While(condition, inner):
                return While(of(condition), changed(inner, change))
            case For(start=start, stop=stop, body=inner):
                return replace(statement, start=of(start), stop=of(stop), body=changed(inner, change))
            case _:
                return statement

    return tuple(map(inside, body))


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
        locals_in=tuple(n for n in (N, T, STEP, SHARE) if n in names),
        scalars=tuple(m.name for m in needed if not isinstance(m, Array)),
        arrays=tuple(m.name for m in needed if isinstance(m, Array)),
    )
