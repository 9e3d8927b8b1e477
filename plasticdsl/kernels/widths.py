"""In how many bits a loop program computes: for each function, which of its floats have 32.

Comes in: a program. Goes out: the width of what an expression gives. Computed is in 32 bits where 32-bit arrays meet each other, parameters, and numbers
of the text, which are rounded first. What has 64 bits by itself keeps them, and what it meets: times, sums over several elements, draws, and all that
changes in arrays of 64 bits. A decay x(t + dt) = P x(t) + … becomes x + ((P − 1) x + …), where P − 1 is rounded only once it is known, and what is
added to x but once: 32 bits would not tell P from 1 where it is slow, and roundings of x add up over a time constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import reduce

from plasticdsl.kernels.identifiers import Field, Kernel, Local, Part
from plasticdsl.kernels.kinds import COUNTS, DRAWS, Kind, Kinds
from plasticdsl.kernels.loops.collect import changed, statements
from plasticdsl.kernels.program import ONE, Element, Let, Program, Read, minus, plus, times
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, walk

#: Functions that give as many digits as they have.
_OF_THEIR_OWN = DRAWS | COUNTS.keys() | {"in_grains", "steps_to_use_up"}


def in_single(program: Program) -> Program:
    """The same program with 32-bit states and parameters. Times, hazards and counts stay as they are: a spike time in 32 bits would not even tell the
    steps of a minute apart. So do weights without bounds that lack what sums over time hold: these may be large;
    and what is integrated to a tolerance."""
    late = {one.field for one in program.postponed if one.sums and not one.is_up_to_date}
    single = {a.name for a in program.arrays if a.dtype == "float64" and (a.is_variable or a.narrow) and not a.wide and a.name not in late}

    def decaying(expr: Expr) -> Expr | None:
        added = list(_terms(expr))
        for place, term in enumerate(added):
            match term:
                case Binary("*", Read(Field() as decay) | Element(Field() as decay, _) as kept, Element(array, _) as x) if decay.is_decay:
                    if array in single:
                        added[place] = times(minus(kept, ONE), x)
                        return plus(x, reduce(plus, added))
        return None

    return replace(
        program,
        arrays=tuple(replace(a, dtype="float32") if a.name in single else a for a in program.arrays),
        functions=tuple(replace(f, body=changed(f.body, decaying)) for f in program.functions),
    )


def _terms(expr: Expr) -> Iterator[Expr]:
    """Of a sum that hangs to the left."""
    links = [expr]
    while isinstance(link := links[-1], Binary) and link.operator == "+":
        links.append(link.left)
    yield links[-1]
    yield from (link.right for link in reversed(links[:-1]) if isinstance(link, Binary))


def is_lost(expr: Expr) -> bool:
    """Whether it is P − 1."""
    match expr:
        case Binary("-", Read(Field() as name) | Element(Field() as name, _), right):
            return right == ONE and name.is_decay
        case _:
            return False


class Width(IntEnum):
    """EITHER: 64 bits that may be rounded to 32 where they meet such. The larger one wins."""

    EITHER = 0
    SINGLE = 1
    DOUBLE = 2


@dataclass(frozen=True, slots=True)
class Widths:
    """Of the locals and of the elements of arrays, inside one function."""

    kinds: Kinds
    locals: Mapping[Local, Width]
    arrays: Mapping[Field, Width]

    def of(self, expr: Expr) -> Width:
        """Of an expression; whole numbers count as of 64 bits, but for those of the text."""
        match expr:
            case Number() | Compare() | Logic():
                return Width.EITHER
            case Read(Local() as name):
                return self.locals.get(name, Width.DOUBLE)
            case Read(Field() as name):
                return Width.DOUBLE if name.is_decay or self.kinds.names.get(name) is not Kind.FLOAT else Width.EITHER
            case Element(array, _):
                return self.arrays[array]
            case Binary() if is_lost(expr):
                return Width.EITHER
            case Binary():
                return self._of_chain(expr)
            case Negate(operand):
                return self.of(operand)
            case Call("step", _):
                return Width.EITHER
            case Call(function, arguments) if function in _OF_THEIR_OWN:
                return Width.DOUBLE
            case Call(_, arguments):
                return _widest(self.of(a) for a in arguments)
            case Choice(branches, otherwise):
                return _widest((*(self.of(value) for _, value in branches), self.of(otherwise)))
            case _:
                raise TypeError(f"{expr} is not resolved to a local, an argument or an array element")

    def _of_chain(self, expr: Binary) -> Width:
        """Of a chain that hangs to the left, possibly deeper than Python's stack."""
        width, left = Width.EITHER, expr
        while True:
            width = max(width, self.of(left.right))
            if not isinstance(left.left, Binary) or is_lost(left.left):
                return max(width, self.of(left.left))
            left = left.left


def _widest(widths: Iterable[Width]) -> Width:
    return max(widths, default=Width.EITHER)


def widths(program: Program, kinds: Mapping[Kernel, Kinds]) -> dict[Kernel, Widths]:
    """Of all functions of a program in which some arrays have 32 bits; none of others."""
    if not any(a.dtype == "float32" for a in program.arrays):
        return {}
    arrays = {a.name: _of_array(a.dtype, a.changes, a.name) for a in program.arrays}
    return {
        f.name: _settled(Widths(kinds[f.name], {}, arrays), [s for s in statements(f.body) if isinstance(s, Let)])
        for f in program.functions
    }


def _of_array(dtype: str, changes: bool, name: Field) -> Width:
    if dtype == "float32":
        return Width.SINGLE
    rounded = dtype == "float64" and not changes and not name.is_decay and name.part is not Part.DRAWN
    return Width.EITHER if rounded else Width.DOUBLE


def _settled(known: Widths, lets: list[Let]) -> Widths:
    """With the widths of locals, found by going through the assignments until nothing changes. A sum that a local gathers has 64 bits."""
    while True:
        found: dict[Local, Width] = {}
        for let in lets:
            width = known.of(let.value) if known.kinds.names[let.name] is Kind.FLOAT else Width.DOUBLE
            gathers = width is Width.SINGLE and Read(let.name) in walk(let.value)
            found[let.name] = max(found.get(let.name, Width.EITHER), Width.DOUBLE if gathers else width)
        if found == known.locals:
            return known
        known = Widths(known.kinds, found, known.arrays)
