"""The loop program: what the kernels do, as loops over arrays, still independent of Python's text. Pickles; knows no sympy and no numba.

Comes from `build.build(plan)`, goes out to `emit.emit`. Expressions are those of `model.expr` with every variable resolved: `Read` is a local, a
scalar argument or a size; `Element` an element of an array. What things are called are values (`identifiers`).
`Call` may also name a function of `support/` (`uniform`, `normal`, `exponential`). Not here: lists, strings, exceptions, allocation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.kernels.identifiers import Field, Kernel, Local, Part
from plasticdsl.kernels.recipes import Apply, Recipe
from plasticdsl.model.expr import Binary, Expr, Leaf, Number
from plasticdsl.model.parts import Emitted
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.plan.places import Place
from plasticdsl.support.structure import filled, kept, scattered

DType = Literal["float64", "float32", "int64", "int32", "uint16", "uint32"]


@dataclass(frozen=True, slots=True)
class Read(Leaf):
    """The value of a local, a scalar argument or a size."""

    name: Local | Field


@dataclass(frozen=True, slots=True)
class Element(Leaf):
    """`array[indices]`; indices are whole numbers."""

    array: Field
    indices: tuple[Expr, ...]


# --- what kernels work on --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Size:
    """A length; 1 for tables that are given later."""

    name: Field
    value: Recipe = 1


@dataclass(frozen=True, slots=True)
class Array:
    """One array argument; `shape` names sizes, `fill` is one value for all elements or one for each. `changes`: it is part of the state of a run (saved
    and restored). `per`: what a projection's variable has one value for; where that is a unit, `fill` has one for each connection. `own`: a fresh array;
    others are never written to and may be that of the instance. `doc`: what it is, where that is more than what fields of its kind are. `narrow`: it has
    32 bits where variables have. `wide`: it has 64 bits even then."""

    name: Field
    dtype: DType
    shape: tuple[Field, ...]
    fill: Recipe = 0.0
    changes: bool = True
    doc: str = ""
    unit: str = ""
    per: Place | None = None
    own: bool = True
    narrow: bool = False
    wide: bool = False

    @property
    def is_variable(self) -> bool:
        """Whether it begins with the values of a state or parameter."""
        return isinstance(self.fill, Field) and self.fill.part is Part.VARIABLE

    @property
    def whole(self) -> Recipe:
        """The array itself."""
        values = self.fill
        if self.per in (Place.PRE, Place.POST) and self.is_variable:
            units = self.name.group.field(Part.SOURCES if self.per is Place.PRE else Part.TARGETS)
            values = Apply(scattered, (values, units, self.shape))
        return Apply(filled if self.own else kept, (values, self.shape, self.dtype))


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar argument, constant during a run. `dt`, `seed` and the switches are scalars too; they stand under their own name (`fill` None)."""

    name: Field
    dtype: DType
    fill: Recipe = None
    doc: str = ""
    unit: str = ""

    @property
    def value(self) -> Recipe:
        """The number itself."""
        return self.name if self.fill is None else Apply(int if self.dtype == "int64" else float, (self.fill,))


Member = Size | Scalar | Array


# --- statements ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comment:
    """A line of comment: the equation that the next statement computes."""

    text: str


@dataclass(frozen=True, slots=True)
class Let:
    """`name = value`, a local (assigned again by a later Let of the same name)."""

    name: Local
    value: Expr


@dataclass(frozen=True, slots=True)
class Store:
    """`array[indices] = value`."""

    target: Element
    value: Expr


@dataclass(frozen=True, slots=True)
class Increase:
    """`array[indices] += value`."""

    target: Element
    value: Expr


@dataclass(frozen=True, slots=True)
class Fill:
    """`function(arguments…, arrays…)`: a function of `support/` stores something in the last array (or the others that it names),
    or asks for one of its elements; arguments are whole numbers."""

    arrays: tuple[Field, ...]
    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class If:
    """`if condition: then … else: otherwise`."""

    condition: Expr
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class For:
    """`for index in range(start, stop): body`. `independent`: iterations touch different elements (may run in parallel)."""

    index: Local
    start: Expr
    stop: Expr
    body: tuple[Statement, ...]
    independent: bool = False


@dataclass(frozen=True, slots=True)
class While:
    """`while condition: body`."""

    condition: Expr
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Invoke:
    """`[result =] function(arguments…)`: arguments are those the function declares, passed under the same names, in order."""

    function: Kernel
    result: Local | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """`return value`."""

    value: Expr


Statement = Comment | Let | Store | Increase | Fill | If | For | While | Invoke | Return


@dataclass(frozen=True, slots=True)
class Function:
    """One kernel. `locals_in`: arguments that are locals of the caller (`n`, `t`), before scalars and arrays.

    `scalars` name Scalars and Sizes. `doc` is its docstring's first paragraph; the argument list with shapes, dtypes and units
    follows from `Array`/`Scalar`. The loops leave out all arguments: they follow from the body (`loops.collect.with_arguments`).
    """

    name: Kernel
    doc: str
    body: tuple[Statement, ...]
    locals_in: tuple[Local, ...] = ()
    scalars: tuple[Field, ...] = ()
    arrays: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Switch:
    """Rules of `projection` are off while `field` is 0; nothing changes the arrays `standing` then."""

    projection: str
    field: Field
    standing: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A sum that is kept from step to step: `age` is an array of one element, 0 where it is to be summed anew. It `follows` what happens to these
    variables; where anything else is changed from outside, `age` has to become 0."""

    age: Field
    follows: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Postponed:
    """An array that lacks changes that wait (`loops.lazy`, `loops.blocks`). `advance` by no step stores in `now` what it would be with them, where that
    has the size `length`. While the element of `begun` is 0, nothing may wait: all elements of `sums` are 0 then. `rests_on`: the scalars for whose values
    something waits, those of its bounds among them. `shown`: a block of steps knows beforehand what tables give this variable, and keeps `changes`.
    `is_up_to_date`: it lacks a few changes or is what it was at the last visit, so that 32 bits serve as well as they would without."""

    field: Field
    now: Field
    length: Field
    begun: Field
    sums: tuple[Field, ...]
    rests_on: tuple[Field, ...]
    shown: Field | None = None
    changes: tuple[Field, ...] = ()
    is_up_to_date: bool = False


@dataclass(frozen=True, slots=True)
class Superposition:
    """Variables of connections that are sums, `fields` + `others` + `rests`, one of each for every variable: two of them per unit of a side (`Array.per`),
    and the third per connection. `length`: of rests; 0 as long as there are none."""

    fields: tuple[Field, ...]
    others: tuple[Field, ...]
    rests: tuple[Field, ...]
    length: Field


@dataclass(frozen=True, slots=True)
class Waits:
    """Arrays that may lack the changes of the last step (`loops.defer`): while the element of `wait` is 1. `advance` by no step carries them out."""

    fields: tuple[Field, ...]
    wait: Field


@dataclass(frozen=True, slots=True)
class Shared:
    """How several processes share a network. `members`: populations whose units are divided. `at_once`: spikes are exchanged in each step, after its first
    part, else after as many steps as the smallest delay allows. `needed`: after each part of a step, the arrays of which each process then needs
    what the others have found for their units; a step is one part where it is carried out without exchange. `driving`: sources of which each process draws
    a part of the spikes. `of_post`: arrays of projections that have one value for each post unit."""

    members: tuple[str, ...]
    at_once: bool
    needed: tuple[tuple[Field, ...], ...]
    driving: tuple[str, ...]
    of_post: frozenset[Field]


@dataclass(frozen=True, slots=True)
class Program:
    """All kernels of a network, a neuron, or a rule alone.

    `functions`: callees before callers; the last is `advance(first_step, steps, …)`, which runs whole steps and returns how many were
    done (fewer when a spike log is full), negative when a spike buffer overflowed. `logs`: spikes and other events that have a log; `switches`:
    projections whose `LEARNING` is 0 while their rules are off, and the arrays that nothing changes then; it and `RECORDING` may change between calls of
    `advance`. `asked`: what can be taken from tables, and what can update unit by unit; `kept`: what has to be forgotten when states, tables or parameters
    are changed from outside; `postponed`: what is not in its array yet, nor `deferred` after a step; `superposed`: what is the sum of several.
    `windowed`: several threads may run `advance` together (`loops.windows`). `shared`: how several processes do (`loops.ranks`).
    """

    name: str
    doc: str
    sizes: tuple[Size, ...]
    scalars: tuple[Scalar, ...]
    arrays: tuple[Array, ...]
    functions: tuple[Function, ...]
    logs: tuple[Emitted, ...] = ()
    switches: tuple[Switch, ...] = ()
    asked: Asked = NOTHING_ASKED
    kept: tuple[Kept, ...] = ()
    postponed: tuple[Postponed, ...] = ()
    superposed: tuple[Superposition, ...] = ()
    deferred: tuple[Waits, ...] = ()
    windowed: bool = False
    shared: Shared | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """What compiling a network leaves behind. `source`: the whole generated module (only NumPy and numba needed). `program`: its layout. `digest` names it
    in the cache."""

    program: Program
    source: str
    digest: str


ZERO, ONE = Number(0.0), Number(1.0)


def plus(left: Expr, right: Expr) -> Expr:
    """left + right."""
    return Binary("+", left, right)


def minus(left: Expr, right: Expr) -> Expr:
    """left − right."""
    return Binary("-", left, right)


def times(left: Expr, right: Expr) -> Expr:
    """left right."""
    return Binary("*", left, right)


def element(array: Field, *indices: Local | Expr) -> Element:
    """`array[indices]`."""
    return Element(array, tuple(Read(i) if isinstance(i, Local) else i for i in indices))


def only(array: Field) -> Element:
    """The one element of an array that holds a single value."""
    return Element(array, (ZERO,))
