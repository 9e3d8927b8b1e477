"""The numbers of a loop program taken out of it, for machine code: programs that differ only in them have the same text.

Comes in: a program. Goes out: the same program reading an array of the run where numbers stood, without comments and what is said about fields. It
computes the same, bit for bit. Kernels read their numbers at their top; a scalar argument for each would make compiling a tenth longer.

Structural numbers stay: 0, ±1, ±2, ±½, powers (for some bases and exponents LLVM has other functions than `pow`), and all that are integers in
the text. Numbers are told apart by where they stand, not by their values, so that two which happen to be equal are two; only those in equal
expressions are one, since else LLVM would not see that both have the same value, and compute it twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import isfinite

from plasticdsl.kernels.identifiers import RUN, Kernel, Local, Part
from plasticdsl.kernels.kinds import COUNTS, DRAWS, KEEP_INTEGERS, KEYS, Kind, Kinds, counted, infer, is_whole, join, settled
from plasticdsl.kernels.loops.collect import statements
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Element,
    For,
    Function,
    If,
    Increase,
    Invoke,
    Let,
    Program,
    Read,
    Return,
    Size,
    Statement,
    Store,
    While,
    element,
)
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Leaf, Logic, Number, rebuild, walk

STRUCTURAL = (0.0, 0.5, 1.0, 2.0)
NUMBERS, LENGTH = RUN.field(Part.NUMBERS), RUN.field(Part.NUMBERS_LENGTH)

#: What stands for the number at a place among the operands of an expression, or in a statement.
Taken = dict[tuple[Expr | Statement, int], tuple[Local, float]]


def without_numbers(program: Program) -> Program:
    """The program as it is compiled."""
    kinds, values, functions = infer(program), list[float](), dict[Kernel, Function]()
    for function in program.functions:
        taken = Taken()
        body = tuple(_Taking(kinds[function.name], taken).body(function.body))
        lets = (Let(local, element(NUMBERS, Number(float(len(values) + n)))) for n, (local, _) in enumerate(taken.values()))
        body = (*lets, *body)
        values += (value for _, value in taken.values())
        called = [functions[s.function] for s in statements(body) if isinstance(s, Invoke)]
        reads = taken or any(NUMBERS in f.arrays for f in called)
        functions[function.name] = replace(function, doc="", body=body, arrays=(*function.arrays, NUMBERS) if reads else function.arrays)
    arrays = tuple(replace(a, doc="", unit="") for a in program.arrays)
    if values:
        arrays = (*arrays, Array(NUMBERS, "float64", (LENGTH,), tuple(values), changes=False))
    return replace(
        program,
        doc="",
        sizes=(*program.sizes, Size(LENGTH, len(values))) if values else program.sizes,
        scalars=tuple(replace(s, doc="", unit="") for s in program.scalars),
        arrays=arrays,
        functions=tuple(functions.values()),
    )


@dataclass(frozen=True, slots=True)
class _Taking:
    """Takes the numbers out of one function, whose names have these kinds."""

    kinds: Kinds
    taken: Taken

    def body(self, body: Sequence[Statement]) -> Iterator[Statement]:
        """Statements without numbers and comments."""
        for s in body:
            match s:
                case Comment():
                    pass
                case Let(name, value):
                    yield Let(name, self._at(s, 0, value, self.kinds.names[name]))
                case Store(target, value) | Increase(target, value):
                    yield replace(s, target=self._element(target), value=self._at(s, 0, value, self.kinds.arrays[target.array]))
                case Return(value):
                    yield Return(self._at(s, 0, value, settled(self.kinds.of(value))))
                case If(condition, then, otherwise):
                    yield If(self._within(condition, Kind.BOOL), tuple(self.body(then)), tuple(self.body(otherwise)))
                case While(condition, inner):
                    yield While(self._within(condition, Kind.BOOL), tuple(self.body(inner)))
                case For(body=inner):
                    yield replace(s, body=tuple(self.body(inner)))
                case _:
                    yield s

    def _at(self, whole: Expr | Statement, place: int, expr: Expr, want: Kind) -> Expr:
        """What stands at a place of something, where the printer wants this kind."""
        if not isinstance(expr, Number):
            return self._within(expr, want)
        is_integer = is_whole(expr.value) and want is not Kind.FLOAT
        if abs(expr.value) in STRUCTURAL or not isfinite(expr.value) or is_integer:
            return expr
        new = Local("number_{}", (str(len(self.taken) + 1),)), expr.value
        return Read(self.taken.setdefault((whole, place), new)[0])

    def _within(self, expr: Expr, want: Kind) -> Expr:
        match expr:
            case Element():
                return self._element(expr)
            case Binary("^", base, exponent):
                varies = any(isinstance(node, Leaf) for node in walk(base))
                return Binary("^", self._within(base, Kind.FLOAT), exponent) if varies else expr
            case Choice(branches, otherwise):
                cases = tuple((self._within(c, Kind.BOOL), self._at(expr, n, v, want)) for n, (c, v) in enumerate(branches))
                return Choice(cases, self._at(expr, len(branches), otherwise, want))
            case Call(function, arguments) if function in DRAWS or function in COUNTS:
                keys = COUNTS.get(function, KEYS)
                given = (self._at(expr, n, a, Kind.FLOAT) for n, a in enumerate(arguments[keys:]))
                return Call(function, (*arguments[:keys], *given))
        places, inner = count(), self._wanted(expr, want)
        if isinstance(expr, Binary):  # chains are long
            return Binary(expr.operator, self._at(expr, 0, expr.left, inner), self._at(expr, 1, expr.right, inner))
        return rebuild(expr, lambda child: self._at(expr, next(places), child, inner))

    def _wanted(self, expr: Expr, want: Kind) -> Kind:
        """As what the whole numbers among the operands of an expression are printed."""
        match expr:
            case Compare(_, left, right):
                return join(counted(self.kinds.of(left)), counted(self.kinds.of(right)))
            case Logic():
                return Kind.BOOL
            case Call(function):
                return counted(self.kinds.of(expr)) if function in KEEP_INTEGERS else Kind.FLOAT
        own = counted(self.kinds.of(expr))
        return want if own is Kind.ANY else own

    def _element(self, one: Element) -> Element:
        return replace(one, indices=tuple(self._within(i, Kind.INT) for i in one.indices))
