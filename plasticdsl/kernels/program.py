"""The loop program: what the kernels do, as loops over arrays, still independent of Python's text.

Comes from `build.build(plan)`, goes out to `emit.emit`. Expressions are those of `model.expr` with every variable resolved: `Read` is a local, a
scalar argument or a size; `Element` an element of an array. What things are called are values (`identifiers`).
`Call` may also name a function of `support/` (`uniform`, `normal`, `exponential`). Not here: lists, strings, exceptions, allocation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.kernels.identifiers import Field, Group, Kernel, Local, Part
from plasticdsl.model.expr import Expr, Leaf, Number
from plasticdsl.model.protocol import NOTHING_ASKED, Asked

DType = Literal["float64", "float32", "int64", "int32"]


@dataclass(frozen=True, slots=True)
class Read(Leaf):
    """The value of a local, a scalar argument or a size."""

    name: Local | Field


@dataclass(frozen=True, slots=True)
class Element(Leaf):
    """`array[indices]`; indices are whole numbers."""

    array: Field
    indices: tuple[Expr, ...]


# --- where numbers come from -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfState:
    """The initial value of a state of a population or projection (`owner`)."""

    owner: Group
    name: str


@dataclass(frozen=True, slots=True)
class OfParameter:
    """A parameter of the network, a population or a projection, shared (scalar) or one per unit or connection (array)."""

    owner: Group
    name: str


@dataclass(frozen=True, slots=True)
class OfStructure:
    """A part of a projection's connectivity or delays.

    `rows` (n_pre + 1), `targets`, `columns` (n_post + 1), `column_connections` (connection numbers sorted by post unit, then
    connection), `column_sources` (the pre unit of each of these, so that a column walk reads it in sequence), `axonal`, `dendritic`
    (whole steps; scalar or int32 array). With axonal delays of their own: `delayed_rows` (n_pre·axonal_slots + 1) and
    `delayed_row_connections`: connections sorted by pre unit, then delay; unit j with delay d has positions
    delayed_rows[j·axonal_slots + d] to delayed_rows[j·axonal_slots + d + 1]. Likewise `delayed_columns`,
    `delayed_column_connections` and `delayed_column_sources` by post unit and dendritic delay.
    """

    projection: str
    part: Part


@dataclass(frozen=True, slots=True)
class OfPropagator:
    """`P` or `Q` (`part`) of an exact scheme: entry [row, column] of the propagator of `matrix` (entries in the scope of `owner`'s
    parameters); a scalar when the matrix is shared, one per unit otherwise."""

    owner: Group
    matrix: tuple[tuple[Expr, ...], ...]
    part: Literal["P", "Q"]
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class OfExpression:
    """A value computed once from the owner's parameters: `steps` rounds a duration to whole steps."""

    owner: Group
    value: Expr
    steps: bool = False


@dataclass(frozen=True, slots=True)
class OfSource:
    """Given or regular spikes of a population, sorted by step: `steps` (int64) or `units` (int64)."""

    population: str
    part: Literal["steps", "units"]


@dataclass(frozen=True, slots=True)
class OfStream:
    """The number that keys random draws: of the population itself (`purpose` empty), or `stream_of(owner, *purpose)`."""

    owner: Group
    purpose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfHazard:
    """Draw 0 of each unit's unit-mean exponential distribution: what is left of the hazard until its first spike."""

    population: str


@dataclass(frozen=True, slots=True)
class OfRefractory:
    """`refractory_steps` of a population, shared (scalar) or per unit (array)."""

    population: str


@dataclass(frozen=True, slots=True)
class OfCounterpart:
    """For each connection of a projection the connection of `other` between the same two units (`transposed`: in the opposite direction)."""

    projection: str
    other: str
    transposed: bool


@dataclass(frozen=True, slots=True)
class Constant:
    """Every element starts at this value."""

    value: float = 0.0


Fill = (
    OfState
    | OfParameter
    | OfStructure
    | OfPropagator
    | OfExpression
    | OfSource
    | OfStream
    | OfHazard
    | OfRefractory
    | OfCounterpart
    | Constant
)

# --- what kernels work on --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Size:
    """A length; its part says which. `value`: a duration in the owner's parameters, where it is that of a history."""

    name: Field
    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Array:
    """One array argument; `shape` names sizes. `changes`: it is part of the state of a run (saved and restored). `per`: what a
    projection's variable has one value for."""

    name: Field
    dtype: DType
    shape: tuple[Field, ...]
    fill: Fill
    changes: bool
    doc: str
    unit: str = ""
    per: Literal["", "connection", "pre", "post"] = ""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar argument, constant during a run. `dt`, `seed` and `learning` switches are scalars too (`fill` None)."""

    name: Field
    dtype: DType
    fill: Fill | None
    doc: str
    unit: str = ""


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


Statement = Comment | Let | Store | Increase | If | For | While | Invoke | Return


@dataclass(frozen=True, slots=True)
class Function:
    """One kernel. `locals_in`: arguments that are locals of the caller (`n`, `slot_…`), before scalars and arrays.

    `scalars` name Scalars and Sizes. `doc` is its docstring's first paragraph; the argument list with shapes, dtypes and units
    follows from `Array`/`Scalar`.
    """

    name: Kernel
    doc: str
    locals_in: tuple[Local, ...]
    scalars: tuple[Field, ...]
    arrays: tuple[Field, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """All kernels of a network, a neuron, or a rule alone.

    `functions`: callees before callers; the last is `advance(first_step, steps, …)`, which runs whole steps and returns how many were
    done (fewer when a spike log is full), negative when a spike buffer overflowed. `logs`: populations with a log of their spikes; `switches`:
    projections whose `LEARNING` is 0 while their rules are off; it and `RECORDING` may change between calls of `advance`. `asked`: what can
    be taken from tables, and what can update unit by unit; `kept`: arrays of one element that have to be set to 0 when states, tables or parameters are
    changed from outside.
    """

    name: str
    doc: str
    sizes: tuple[Size, ...]
    scalars: tuple[Scalar, ...]
    arrays: tuple[Array, ...]
    functions: tuple[Function, ...]
    logs: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    asked: Asked = NOTHING_ASKED
    kept: tuple[Field, ...] = ()


def element(array: Field, *indices: Local | Expr) -> Element:
    """`array[indices]`."""
    return Element(array, tuple(Read(i) if isinstance(i, Local) else i for i in indices))


def only(array: Field) -> Element:
    """The one element of an array that holds a single value."""
    return Element(array, (Number(0.0),))
