"""Statements of experiments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plasticdsl.source import Span
from plasticdsl.syntax.tree.dynamics import Define
from plasticdsl.syntax.tree.expressions import Expr, Name

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
    `in phase learning` (`during`), `from 1 s to 2 s` (`start`, `stop`). Absent parts are None."""

    at_end: bool
    at: Expr | None
    every: Expr | None
    last: Expr | None
    over: Expr | None
    during: Name | None
    span: Span
    start: Expr | None = None
    stop: Expr | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """`record a, b every T as name`."""

    items: tuple[Expr, ...]
    moment: Moment | None
    alias: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """What is plotted over: `I_0`, `cell.V from 0 mV to 5 mV` (else `start` and `stop` are None)."""

    target: Expr
    start: Expr | None
    stop: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class DrawnAs:
    """`as "conductance (nS)"` (`text`), or how it is drawn (`kind`): `as matrix`, `as map`, `as image 28 × 28` (`shape`)."""

    text: str
    kind: str
    shape: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Drawing:
    """One item of a plot line: `ex.w`, `cell.g as "conductance (nS)"`."""

    item: Expr
    drawn_as: tuple[DrawnAs, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Axis:
    """`log y as "rate (Hz)" from 1 Hz to 100 Hz` after `with`; `name` is x or y."""

    name: str
    logarithmic: bool
    text: str
    start: Expr | None
    stop: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Plot:
    """`plot histogram(ex.w), … at end over I_0, g_L titled "…" with log x`. The `moment` says nothing of what it is over."""

    drawings: tuple[Drawing, ...]
    moment: Moment | None
    over: tuple[Range, ...]
    title: str
    axes: tuple[Axis, ...]
    span: Span

    @property
    def items(self) -> tuple[Expr, ...]:
        """What is drawn."""
        return tuple(drawing.item for drawing in self.drawings)


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
    """`ρ in [a, b]`, `P from a to b in n values` (`logarithmic`: `in n values, logarithmic`). `together`: the others of `(ρ, lag) in [(a, b), (c, d)]`,
    which take their values with this one."""

    target: Expr
    values: tuple[Expr, ...]
    start: Expr | None
    stop: Expr | None
    count: Expr | None
    logarithmic: bool
    span: Span
    together: tuple[SweepAxis, ...] = ()


@dataclass(frozen=True, slots=True)
class Sweep:
    """`sweep ρ in […], lag in […], 20 repeats`."""

    axes: tuple[SweepAxis, ...]
    repeats: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Fit:
    """`fit τ in 10 ms … 40 ms, η in 0.001 … 0.1, logarithmic, 200 trials to minimise (rate(E) − 8 Hz)² over last 1 s`. Of each axis there are `start` and
    `stop`."""

    axes: tuple[SweepAxis, ...]
    trials: Expr | None
    goal: Expr
    maximise: bool
    moment: Moment | None
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


Procedure = Phase | Repeat | RulesOff | Start | Begin | Schedule | Record | Plot | Expect | Sweep | Fit | Data
