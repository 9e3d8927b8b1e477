"""What is done with a network: phases, what is recorded, shown and expected, and what is swept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from plasticdsl.model import Value
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import owner_text
from plasticdsl.model.parts import ALL, Those
from plasticdsl.model.patterns import DataSet
from plasticdsl.model.protocol import Begin, Course, ForEach, Order, Start, Until, awaited
from plasticdsl.source import NOWHERE, Span
from plasticdsl.units.dimension import Dimension


@dataclass(frozen=True, slots=True)
class Window:
    """When something is taken: `at_end`, `at` (s), `every` (s), `last` (s, counted back from the end), `during` (a phase), from `start` to `stop` (s,
    counted from the beginning), `over` (`"time"`, or the first expression plotted against). `throughout`: statistics of values are of all moments of the
    phase."""

    at_end: bool = False
    at: Expr | None = None
    every: Expr | None = None
    last: Expr | None = None
    during: str | None = None
    over: Expr | str | None = None
    throughout: bool = False
    start: Expr | None = None
    stop: Expr | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What a figure calls a quantity: typeset, with formulas between dollar signs as matplotlib reads them, and what it is `of`: `E`, `ex`; empty where
    that is the network, or several of its parts, which are then in the quantity. `chosen`: which of its units or connections, `unit 3`, `1 → 2`."""

    quantity: str = ""
    of: str = ""
    chosen: str = ""

    @property
    def whose(self) -> str:
        """`E, unit 3`."""
        return ", ".join(filter(None, (self.of, self.chosen)))


NO_WORDS = Words()


@dataclass(frozen=True, slots=True)
class Layout:
    """How an item is drawn, if not as suits it: `as matrix`, `as map`, `as image 28 × 28` (`rows`, `columns`; None: a square)."""

    kind: Literal["matrix", "map", "image"]
    rows: Expr | None = None
    columns: Expr | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """`record item …`. `text` is the item as written, the name under which results keep it (or `alias`). `unit`/`scale` for display. Of a plot line also
    what it is called in the figure: `words`, or as the line says (`label`); and the `layout` that it asks for."""

    item: Expr
    text: str
    window: Window
    alias: str = ""
    dimension: Dimension | None = None
    unit: str = ""
    scale: float = 1.0
    span: Span = NOWHERE
    words: Words = NO_WORDS
    label: str = ""
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a plane: a variable of a population or of one of its units, from `start` to `stop`."""

    item: Recording
    start: Expr
    stop: Expr


@dataclass(frozen=True, slots=True)
class Plane:
    """`contours(E) over x from a to b, y from c to d at [levels]`; without levels they are chosen when it is drawn."""

    horizontal: Side
    vertical: Side
    levels: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownIn:
    """A name with the unit that it ends in, of this `scale` in SI and of this dimension."""

    name: str
    unit: str
    scale: float
    dimension: Dimension


@dataclass(frozen=True, slots=True)
class AxisWish:
    """What a plot line says of an axis: what it is called (`label`, empty for what suits it), the unit in that, its ends, and whether it is logarithmic.
    `dimension`: of the ends."""

    label: str = ""
    shown: ShownIn | None = None
    start: Expr | None = None
    stop: Expr | None = None
    dimension: Dimension | None = None
    logarithmic: bool = False


NO_WISH = AxisWish()


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """`plot items …`; `plane`: what the contours of the only item are drawn over; `over`: the one or two expressions that others are plotted over, but for
    time. `title`: empty for what suits it."""

    items: tuple[Recording, ...]
    window: Window
    text: str
    span: Span = NOWHERE
    plane: Plane | None = None
    over: tuple[Recording, ...] = ()
    title: str = ""
    horizontal: AxisWish = NO_WISH
    vertical: AxisWish = NO_WISH


#: The relation of what a fit makes small or large: nothing is expected of it but that it is one number.
GOAL = "goal"


@dataclass(frozen=True, slots=True)
class Expectation:
    """`expect …`; `relation`: `near` (left ≈ right ± tolerance; `relative` when the tolerance is a fraction of right), `holds`
    (left is a condition), `never increases`, `never decreases`, or `GOAL`, which has a `dimension`. `repeats`: looked at once for all repeats of a
    combination, its statistics being of all of them together; outside of statistics it reads parameters alone."""

    left: Expr
    relation: str
    right: Expr | None
    tolerance: Expr | None
    relative: bool
    window: Window
    when: Expr | None
    text: str
    unit: str = ""
    scale: float = 1.0
    span: Span = NOWHERE
    repeats: bool = False
    dimension: Dimension | None = None

    @property
    def compared(self) -> tuple[Expr, ...]:
        """What is compared: left, right and the tolerance, as far as they are there."""
        return tuple(e for e in (self.left, self.right, self.tolerance) if e is not None)


@dataclass(frozen=True, slots=True)
class Clamp:
    """`X = value` in a phase: the output of a source (or another variable of a population) is held at `value`, which may depend on `t`
    (then evaluated every step) or on the item that the phase shows (`Ref(Whose.ITEM, …)`). Held are `those` units."""

    target: Ref
    value: Expr
    span: Span = NOWHERE
    those: Those = ALL

    @property
    def population(self) -> str:
        """The name of the population whose variable is held."""
        return owner_text(self.target.owner)


@dataclass(frozen=True, slots=True)
class Change:
    """`ex.η = 0.1`, `A₊ = 0`, `ν = 20 Hz` in a phase: what the parameters `targets` are while it lasts; all that follows from them follows. `text`: the
    name as it is written. A value that reads the item that the phase shows changes with it."""

    targets: tuple[Ref, ...]
    text: str
    value: Expr
    span: Span = NOWHERE
    those: Those = ALL


@dataclass(frozen=True, slots=True)
class Phase:
    """`duration` in s (`Special("dt")` times a number where steps were written); instead of it `each` or `until`. `clamps`: variables of populations that
    are held; `changes`: parameters with another value. `rules_off`: None (on), `()` (all off) or names.
    `asynchronous`: the order in which units update one by one (None: all at once)."""

    name: str
    duration: Expr | None
    clamps: tuple[Clamp, ...] = ()
    rules_off: tuple[str, ...] | None = None
    recordings: tuple[Recording, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    span: Span = NOWHERE
    each: ForEach | None = None
    until: Until | None = None
    starts: tuple[Start, ...] = ()
    asynchronous: Order | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """One swept parameter (of the network, a population, a projection or a block) and its values (given, or `count` from start to stop). `together`:
    others, which take as many values with it. `words`: what figures call it."""

    target: Ref
    text: str
    values: tuple[Expr, ...] = ()
    start: Expr | None = None
    stop: Expr | None = None
    count: Expr | None = None
    logarithmic: bool = False
    unit: str = ""
    scale: float = 1.0
    together: tuple[SweepAxis, ...] = ()
    words: Words = NO_WORDS


@dataclass(frozen=True, slots=True)
class Fit:
    """`fit … to minimise goal`: parameters with the ends (`start`, `stop`) between which each is searched, and how many `trials` are made (None: as many
    as suit). The goal is an expectation of the relation `GOAL`: what it is about, and when."""

    searched: tuple[SweepAxis, ...]
    goal: Expectation
    maximise: bool
    trials: Expr | None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is done with a network. `course`: the names of `phases` in the order in which they are carried out. `dt` None: time is counted in steps of
    nominally 1 s. `seed`: where none is given to the run. `begin`: where it goes on from."""

    name: str
    doc: str
    network: str
    dt: Expr | None
    phases: tuple[Phase, ...]
    recordings: tuple[Recording, ...]
    plots: tuple[PlotSpec, ...]
    expectations: tuple[Expectation, ...]
    sweep: tuple[SweepAxis, ...] = ()
    repeats: Expr | None = None
    settings: tuple[tuple[str, Value], ...] = ()
    span: Span = NOWHERE
    data: tuple[DataSet, ...] = ()
    seed: int | None = None
    course: Course = ()
    begin: Begin | None = None
    fit: Fit | None = None
    symbol: str = field(default="", compare=False)

    @property
    def called(self) -> str:
        """What it is called where people read it: as it was written, where it was."""
        return self.symbol or self.name

    @property
    def has_many(self) -> bool:
        """Whether it has more than one run beside its repeats, so that none is the whole."""
        return bool(self.sweep) or self.fit is not None

    @property
    def all_recordings(self) -> tuple[Recording, ...]:
        """Its own, then those of its phases."""
        return (*self.recordings, *(r for p in self.phases for r in p.recordings))

    @property
    def all_awaited(self) -> tuple[Until, ...]:
        """What phases, repeats and items that are shown again wait for."""
        phases = (u for p in self.phases for u in (p.until, p.each.again if p.each is not None else None) if u is not None)
        return (*phases, *awaited(self.course))

    @property
    def all_expectations(self) -> tuple[Expectation, ...]:
        """Those of its phases, then its own; last the goal of a fit."""
        return (*(e for p in self.phases for e in p.expectations), *self.expectations, *(() if self.fit is None else (self.fit.goal,)))
