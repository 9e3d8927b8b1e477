"""Statements of networks and of experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


# --- experiments -----------------------------------------------------------------------------------------------------


if TYPE_CHECKING:
    from plasticdsl.syntax.tree.file import Statement


@dataclass(frozen=True, slots=True)
class ForEach:
    """`for each (a, b) in data where not test, shuffled, 5 epochs` (`each_for`: `for 100 ms each`; `pause 50 ms`; `again until CONDITION`)."""

    names: tuple[Name, ...]
    source: Name
    where: Expr | None
    shuffled: bool
    epochs: Expr | None
    each_for: Expr | None
    pause: Expr | None
    again: Until | None
    span: Span


@dataclass(frozen=True, slots=True)
class Until:
    """`until stable`, `until stable within tol`, `up to N steps` (`times`: `at most N times`), or `until CONDITION`."""

    condition: Expr | None
    within: Expr | None
    at_most: Expr | None
    times: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase; exactly one of `duration`, `each`, `until` is given."""

    name: Name
    duration: Expr | None
    each: ForEach | None
    until: Until | None
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """`repeat 60 times:` or `repeat until CONDITION:` above phases; one of `times`, `until` is given."""

    times: Expr | None
    until: Until | None
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class RulesOff:
    """`rules off` or `rules off for name, name`."""

    names: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Start:
    """`start units.x from ξ_1 with 20 % flipped`, or `with 50 % redrawn`."""

    target: Expr
    source: Expr
    flipped: Expr | None
    redrawn: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Begin:
    """`start from end of Training`: where an experiment begins."""

    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Schedule:
    """`update asynchronously` / `update synchronously`; `order` is `random` or `fixed`."""

    asynchronous: bool
    order: str
    span: Span


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is taken: any of `at end`, `at 2 s` (`at`), `every 10 s`, `over last 5 s`, `over time`, `over ρ`,
    `in phase learning` (`during`). Absent parts are None."""

    at_end: bool
    at: Expr | None
    every: Expr | None
    last: Expr | None
    over: Expr | None
    during: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Record:
    """`record a, b every T as name`."""

    items: tuple[Expr, ...]
    moment: Moment | None
    alias: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """`cell.V from 0 mV to 5 mV`: one side of a plane."""

    target: Expr
    start: Expr
    stop: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Plot:
    """`plot histogram(ex.w) at end`; `plane` for `over x from a to b, y from c to d`."""

    items: tuple[Expr, ...]
    moment: Moment | None
    span: Span
    plane: tuple[Range, Range] | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """`expect a ≈ b ± c over last 5 s when ρ = 20 Hz`. `settings`: in a table, of its row.

    `relation`: `≈` with `right` and `tolerance`, or `holds` (left is a comparison), `never increases`,
    `never decreases`. `a ≈ b ± 5 %` has a `Number` in `%` as tolerance.
    """

    left: Expr
    relation: str
    right: Expr | None
    tolerance: Expr | None
    moment: Moment | None
    when: Expr | None
    span: Span
    settings: tuple[Define, ...] | None = None


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """`ρ in [a, b]`, `P from a to b in n values` (`logarithmic`: `in n values, logarithmic`)."""

    target: Expr
    values: tuple[Expr, ...]
    start: Expr | None
    stop: Expr | None
    count: Expr | None
    logarithmic: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Sweep:
    """`sweep ρ in […], lag in […], 20 repeats`."""

    axes: tuple[SweepAxis, ...]
    repeats: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Data:
    """`data digits from "digits.npz"`."""

    name: Name
    path: str
    span: Span

    @property
    def place(self) -> Span:
        """Where the name of the file stands, in its quotes."""
        return Span(self.span.end - len(self.path) - 2, self.span.end, self.span.path)


Procedure = Phase | Repeat | RulesOff | Start | Begin | Schedule | Record | Plot | Expect | Sweep | Data
