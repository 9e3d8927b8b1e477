"""Whether an expression of a loop program is a float, an integer or a truth value.

Comes in: a program. Goes out: for each function, the kind of every name it uses. Numbers are floats in the expressions; one that is whole
takes the kind that its surroundings want, so that counters and bounds are integers and `0` stored in a float array is `0.0`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from plasticdsl.kernels.identifiers import Field, Kernel, Local
from plasticdsl.kernels.loops.collect import statements
from plasticdsl.kernels.program import Element, For, Function, Invoke, Let, Program, Read, Return, Statement
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number

LARGEST_EXACT = 2.0**53


class Kind(Enum):
    """ANY: a whole number, or what is made of such numbers alone."""

    ANY = "any"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float"


_BY_DTYPE: Mapping[str, Kind] = {
    "float64": Kind.FLOAT, "float32": Kind.FLOAT, "int64": Kind.INT, "int32": Kind.INT, "uint16": Kind.INT, "uint32": Kind.INT,
}  # fmt: skip
_TIME = Local("t")
#: Random numbers: of `KEYS` integers, and perhaps of arguments.
DRAWS = frozenset({"uniform", "normal", "exponential", "gamma", "poisson", "binomial"})
DRAWS |= {f"{name}_within" for name in DRAWS - {"uniform"}}
KEYS = 4
#: Counts of spikes, which take whole numbers first: so many.
COUNTS: Mapping[str, int] = {"count_of": 5, "poisson_count": 4}

#: Functions that give whole numbers.
_COUNTING = frozenset({*COUNTS, "steps_to_use_up"})
KEEP_INTEGERS = frozenset({"abs", "min", "max", "mod", "quotient", "whole", "index"})


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kind of each local, scalar and size, and of the elements of each array, inside one function."""

    names: Mapping[Local | Field, Kind]
    arrays: Mapping[Field, Kind]

    def of(self, expr: Expr) -> Kind:
        """The kind of an expression. Raises TypeError for what has no place in a loop program."""
        match expr:
            case Number(value):
                return Kind.ANY if is_whole(value) else Kind.FLOAT
            case Read(name):
                return self.names.get(name, Kind.ANY)
            case Element(array, _):
                return self.arrays[array]
            case Binary():
                return self._of_chain(expr)
            case Negate(operand):
                return counted(self.of(operand))
            case Call(function, arguments) if function in KEEP_INTEGERS:
                return counted(joined(self.of(a) for a in arguments))
            case Call(function):
                return Kind.INT if function in _COUNTING else Kind.FLOAT
            case Compare() | Logic():
                return Kind.BOOL
            case Choice(branches, otherwise):
                return joined((*(self.of(value) for _, value in branches), self.of(otherwise)))
            case _:
                raise TypeError(f"{expr} is not resolved to a local, an argument or an array element")

    def _of_chain(self, expr: Binary) -> Kind:
        """Of a chain that hangs to the left, possibly deeper than Python's stack."""
        kind, left = Kind.ANY, expr
        while True:
            if left.operator in "/^":
                return Kind.FLOAT
            kind = join(kind, counted(self.of(left.right)))
            if not isinstance(left.left, Binary):
                return join(kind, counted(self.of(left.left)))
            left = left.left


def is_whole(value: float) -> bool:
    """Whether a number may be printed as an integer (minus zero may not)."""
    return abs(value) < LARGEST_EXACT and value == int(value) and str(value) != "-0.0"


def join(one: Kind, other: Kind) -> Kind:
    """The kind that holds both."""
    order = (Kind.ANY, Kind.BOOL, Kind.INT, Kind.FLOAT)
    if Kind.BOOL in (one, other) and Kind.ANY in (one, other):
        return Kind.INT
    return max(one, other, key=order.index)


def joined(kinds: Iterator[Kind] | Sequence[Kind]) -> Kind:
    """The kind that holds all."""
    result: Kind | None = None
    for kind in kinds:
        result = kind if result is None else join(result, kind)
    return Kind.ANY if result is None else result


def counted(kind: Kind) -> Kind:
    """Arithmetic on truth values counts."""
    return Kind.INT if kind is Kind.BOOL else kind


def settled(kind: Kind) -> Kind:
    """What a name is of which nothing but whole numbers is known."""
    return Kind.INT if kind is Kind.ANY else kind


# --- a whole program -------------------------------------------------------------------------------------------------


def infer(program: Program) -> dict[Kernel, Kinds]:
    """The kinds of all names in each function, found by going through the assignments until nothing changes."""
    arrays = {a.name: _BY_DTYPE[a.dtype] for a in program.arrays}
    shared: dict[Local | Field, Kind] = {s.name: Kind.INT for s in program.sizes}
    shared |= {s.name: _BY_DTYPE[s.dtype] for s in program.scalars}
    functions = {f.name: f for f in program.functions}
    called = {s.function for f in program.functions for s in statements(f.body) if isinstance(s, Invoke)}
    known = {name: dict(shared) for name in functions}  # of what each function returns under its own name
    for name in functions.keys() - called:
        known[name] |= {n: Kind.FLOAT if n == _TIME else Kind.INT for n in functions[name].locals_in}
    before: dict[Kernel, dict[Local | Field, Kind]] = {}
    while before != known:
        before = {name: dict(found) for name, found in known.items()}
        for function in program.functions:
            for statement in statements(function.body):
                for where, local, kind in _learned(statement, function.name, Kinds(known[function.name], arrays), known, functions):
                    known[where][local] = join(known[where].get(local, kind), kind)
    return {name: Kinds({n: settled(k) for n, k in found.items()}, arrays) for name, found in known.items()}


def _learned(
    statement: Statement,
    function: Kernel,
    kinds: Kinds,
    known: Mapping[Kernel, Mapping[Local | Field, Kind]],
    functions: Mapping[Kernel, Function],
) -> Iterator[tuple[Kernel, Local, Kind]]:
    """What a statement says of locals: in which function, and their kind."""
    match statement:
        case Let(name, value):
            yield function, name, kinds.of(value)
        case For(index=index):
            yield function, index, Kind.INT
        case Return(value):
            yield function, function, kinds.of(value)
        case Invoke(called, result):
            yield from ((called, argument, kinds.names.get(argument, Kind.ANY)) for argument in functions[called].locals_in)
            if result is not None:
                yield function, result, known[called].get(called, Kind.ANY)
        case _:
            pass
