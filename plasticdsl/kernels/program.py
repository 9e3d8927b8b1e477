"""The loop program: what the kernels do, as loops over arrays, still independent of Python's text.

Comes from `build.build(plan)`, goes out to `emit.emit`. Expressions are those of `model.expr` with every variable resolved:
`Ref(Whose.OWN, name)` is a local, a scalar argument or a size; `At(Ref(Whose.OWN, array), indices)` an array element, its indices being names of locals.
`Call` may also name a function of `support/` (`uniform`, `normal`, `exponential`). Not here: lists, strings, exceptions, allocation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.model.expr import At, Expr, Ref
from plasticdsl.model.owners import Whose

DType = Literal["float64", "float32", "int64", "int32"]


# --- where numbers come from -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfState:
    """The initial value of a state of a population or projection (`owner`)."""

    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class OfParameter:
    """A parameter of a population or projection, shared (scalar) or one per unit or connection (array)."""

    owner: str
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
    part: str


@dataclass(frozen=True, slots=True)
class OfPropagator:
    """`P` or `Q` (`part`) of an exact scheme: entry [row, column] of the propagator of `matrix` (entries in the scope of `owner`'s
    parameters); a scalar when the matrix is shared, one per unit otherwise. `held`: variables whose rows are zero (refractory)."""

    owner: str
    matrix: tuple[tuple[Expr, ...], ...]
    part: Literal["P", "Q"]
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class OfExpression:
    """A value computed once from the owner's parameters: `steps` rounds a duration to whole steps."""

    owner: str
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

    owner: str
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
    """A length: `units` of a population, `connections`, `axonal_slots`, `dendritic_slots` of a projection (largest delay + 1),
    `slots` of a population's spike ring (largest delay of its projections + 1), `capacity` (spikes a step can hold), `log` (spike log),
    `rows` = n_pre + 1, `columns` = n_post + 1, `delayed_rows`/`delayed_columns` as in `OfStructure`, `given` spikes of a source, `history`:
    `value` (a duration in the owner's parameters) in whole steps + 1, `feed`: given with the tables (1 before), `one` = 1."""

    name: str
    owner: str
    what: Literal["units", "connections", "rows", "columns", "delayed_rows", "delayed_columns", "axonal_slots", "dendritic_slots",
                  "slots", "capacity", "log", "given", "history", "feed", "one"]  # fmt: skip
    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Array:
    """One array argument; `shape` names sizes. `changes`: it is part of the state of a run (saved and restored). `per`: what a
    projection's variable has one value for."""

    name: str
    dtype: DType
    shape: tuple[str, ...]
    fill: Fill
    changes: bool
    doc: str
    unit: str = ""
    per: Literal["", "connection", "pre", "post"] = ""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar argument, constant during a run. `dt`, `seed` and `learning` switches are scalars too (`fill` None)."""

    name: str
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

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Store:
    """`array[indices] = value`."""

    target: At
    value: Expr


@dataclass(frozen=True, slots=True)
class Increase:
    """`array[indices] += value`."""

    target: At
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

    index: str
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

    function: str
    result: str = ""


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

    name: str
    doc: str
    locals_in: tuple[str, ...]
    scalars: tuple[str, ...]
    arrays: tuple[str, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class SpikeLog:
    """Names of a population's spike log: arrays `steps`, `units` and `count` (one element), filled where `recording` is not 0."""

    population: str
    steps: str
    units: str
    count: str
    recording: str
    total: str


@dataclass(frozen=True, slots=True)
class Program:
    """All kernels of a network, a neuron, or a rule alone.

    `functions`: callees before callers; the last is `advance(first_step, steps, …)`, which runs whole steps and returns how many were
    done (fewer when a spike log is full), negative when a spike buffer overflowed. `switches`: projection → the int64 scalar that is 0 while
    its rules are off; it and the logs' `recording` may change between calls of `advance`. `feeds`: variables (population, name) that can be
    taken from tables (arguments `<population>_<name>_feed…`); `visits`: populations that can update unit by unit (`<population>_order`); `kept`: arrays
    of one element that have to be set to 0 when states, tables or parameters are changed from outside.
    """

    name: str
    doc: str
    sizes: tuple[Size, ...]
    scalars: tuple[Scalar, ...]
    arrays: tuple[Array, ...]
    functions: tuple[Function, ...]
    logs: tuple[SpikeLog, ...] = ()
    switches: tuple[tuple[str, str], ...] = ()
    defaults: tuple[tuple[str, float], ...] = ()
    feeds: tuple[tuple[str, str], ...] = ()
    visits: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def element(array: str, *indices: str) -> At:
    """`array[indices]`."""
    return At(Ref(Whose.OWN, array), indices)


def name(text: str) -> Ref:
    """A local, scalar or size."""
    return Ref(Whose.OWN, text)
