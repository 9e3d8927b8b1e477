"""Statements of networks."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.source import Span
from plasticdsl.syntax.tree.dynamics import Define, Draw, Initial
from plasticdsl.syntax.tree.expressions import Apply, Argument, Expr, Indexed, Listing, Name


@dataclass(frozen=True, slots=True)
class Place:
    """`on a ring of 1 mm`, `(x, y) at random on a sheet of 1 mm × 2 mm`: where the units of a population are. `names`: of the coordinates, none where
    none are written. `extent`: one length, or a product of two."""

    names: tuple[Name, ...]
    shape: Name
    extent: Expr | None
    random: bool
    span: Span


@dataclass(frozen=True, slots=True)
class OwnStep:
    """`step 1 ms`: the units of a population have longer steps than the network."""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Population:
    """`E = 8000 LIF(τ_m = 10 ms), I_0 ~ N(…)`: arguments in the brackets, further values after commas.

    `E = 10 LIF:` may instead carry the values as an indented body; they arrive in `values` too.
    """

    name: Name
    size: Expr
    kind: Name
    arguments: tuple[Argument, ...]
    values: tuple[Define | Draw | Initial | Place | OwnStep, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Connectivity:
    """One connectivity clause.

    `kind`: `all to all`, `one to one`, `probability` (value), `in-degree` (value), `out-degree` (value), `except self`,
    `where` (value: a condition on i and j), `with repeats`, `with self`, `connections from` (value: a set of data, or a matrix in one).
    """

    kind: str
    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Delay:
    """`delay = 1.5 ms` (`side == ""`), `axonal delay = …`, `dendritic delay ~ U(…)` (`drawn`)."""

    side: str
    value: Expr
    drawn: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Use:
    """A synapse or rule by name, with arguments: `Transposed(forward = second)`, `STDP(A₊ = 0.01)`."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Projection:
    """`name = A → B: Synapse with Rule and Rule2, connectivity, values, delays`.

    `source` may be an inline source (`Apply`, for example `Poisson(rate = 2 kHz)`); `targets` has several for `each of E, I`. Each is a `Name` or
    a part of a population, `Indexed`. `uses` are the blocks named after the colon: whether the first is a synapse or a rule is decided
    by the checker; `with_rules` are those after `with`.
    """

    name: Name | None
    source: Expr
    targets: tuple[Name | Indexed, ...]
    uses: tuple[Use, ...]
    with_rules: tuple[Use, ...]
    connectivity: tuple[Connectivity, ...]
    values: tuple[Define | Draw | Initial, ...]
    delays: tuple[Delay, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class RandomPatterns:
    """`P random patterns of {−1, +1}`, with `p = 0.1` (`probability`) or `active = 10 %`; or of a distribution, `N(0, 1)`."""

    count: Expr
    values: Listing | Apply
    probability: Expr | None
    active: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class PatternFile:
    """`patterns from "letters.npz"`; `place` is that of the text in quotes."""

    path: str
    place: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Patterns:
    """`ξ = … patterns … over units`; written ones, `patterns [(1, 0.3), (0.2, 1)]`, are a list of lists, or of bare values for a single unit."""

    name: Name
    source: RandomPatterns | Listing | PatternFile
    over: Name
    span: Span


Wiring = Population | Projection | Patterns
