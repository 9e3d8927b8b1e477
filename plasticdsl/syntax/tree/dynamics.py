"""Statements of neurons, synapses, rules and functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plasticdsl.source import Span
from plasticdsl.syntax.tree.expressions import Apply, Expr, Interval, Listing, Name, Unit, Within

if TYPE_CHECKING:
    from plasticdsl.syntax.tree.file import Statement
    from plasticdsl.syntax.tree.networks import Connectivity


@dataclass(frozen=True, slots=True)
class Flow:
    """`τ_m dV/dt = rhs`; `coefficient` is what stands before the derivative, or None."""

    coefficient: Expr | None
    variable: Name
    rhs: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Define:
    """`target = rhs`: a parameter, a definition, a sum `post.h = Σ w x`, a clamp in a phase, an observable.

    `arguments` is non-empty for a local function (`F(Δt) = …`, `I(t) = …`).
    """

    target: Expr
    arguments: tuple[Name, ...]
    rhs: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Initial:
    """`V(0) = rhs` or `V(0) ~ Dist(…)` (`drawn`); on a line of a network `of` some units."""

    variable: Name
    rhs: Expr
    drawn: bool
    span: Span
    of: Expr | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """`τ_m ~ N(20 ms, 2 ms)`."""

    target: Expr
    distribution: Apply | Within
    span: Span


@dataclass(frozen=True, slots=True)
class Jump:
    """A change in an instant. `operator`: `+=` `-=` `*=` `/=` `->` (set), or `Delta` for `Δw = rhs` (adds rhs).

    With `Delta` the target is `w`, without the `Δ`. `ΔX = rhs` arrives as a `Jump` when `X` is `w`, or the block uses a
    name `X`, or the statement stands under a trigger; otherwise (`Δ_T = 2 mV`, `Δt = …`) it is a `Define` of `Delta_X`.
    """

    target: Expr
    operator: str
    rhs: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Bound:
    """`w ∈ [0, w_max]`, `x ∈ {−1, +1}`."""

    target: Expr
    domain: Interval | Listing
    span: Span


@dataclass(frozen=True, slots=True)
class OnEvent:
    """`on pre:` `on post:` `on reward:` (`event` is whose spikes they are); `on burst of pre:` has the `name` of the event."""

    event: Name
    body: tuple[Statement, ...]
    span: Span
    name: Name | None = None


@dataclass(frozen=True, slots=True)
class OnPairs:
    """`on all pairs:`; `pairing` is `all`, `nearest`, `nearest centred on pre`, `nearest centred on post`, `nearest reduced`."""

    pairing: str
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Every:
    """`every 10 ms:`."""

    period: Expr
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SpikeWhen:
    """`spike when V > V_θ:` with its jumps; `rising` for `spike when V rises above V_θ` (condition then is V > V_θ). `event burst when …` has a `name`.
    `located`: where the word stands that asks for the time of the crossing within a step."""

    condition: Expr
    rising: bool
    body: tuple[Statement, ...]
    span: Span
    name: Name | None = None
    located: Span | None = None


@dataclass(frozen=True, slots=True)
class SpikeAtRate:
    """`spike at rate r:` with its jumps. `located`: where this word stands, which means nothing here."""

    rate: Expr
    body: tuple[Statement, ...]
    span: Span
    located: Span | None = None


@dataclass(frozen=True, slots=True)
class Refractory:
    """`refractory 2 ms` or `refractory T, hold V, w`, with a duration; `refractory while V > V_on`, with a condition. `held` is empty when not written."""

    duration: Expr | None
    condition: Expr | None
    held: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    """`input a` or `input I : pA` (`unit` is None when not written)."""

    names: tuple[Name, ...]
    unit: Unit | None
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """`output y = rhs` or `output x ∈ {−1, +1}`, or `output V`."""

    variable: Name
    rhs: Expr | None
    domain: Interval | Listing | None
    span: Span


@dataclass(frozen=True, slots=True)
class Method:
    """`method: RK4`; `name` as written, with single blanks; `substeps` for `method: Euler, 2 substeps`, `tolerance` for `adaptive, tolerance 1e-6`;
    `variables`: for which it is (none: all others)."""

    name: str
    substeps: int
    tolerance: float | None
    variables: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Species:
    """One term of a reaction: `2 Ca` is `Species(2, Ca)`."""

    count: int
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Reaction:
    """`Ca + B ⇌ CaB : k_on, k_off` (`backward` is None for `→`); `∅` on a side is an empty tuple. `stochastic`: None where its scheme decides."""

    reactants: tuple[Species, ...]
    products: tuple[Species, ...]
    forward: Expr
    backward: Expr | None
    span: Span
    stochastic: bool | None = None


@dataclass(frozen=True, slots=True)
class Reactions:
    """`reactions:` with its lines; `reactions stochastic, volume V, tolerance 0.03:`. Without lines it says how those of another block, which this one is
    `like`, happen here. `stochastic`: None where it is not said."""

    body: tuple[Reaction, ...]
    span: Span
    stochastic: bool | None = None
    volume: Expr | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Conserved:
    """`conserved CaM + CaCaM`."""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Section:
    """`axon = cylinder(diameter 1 µm, length 300 µm, 300 segments) from soma at end`; `sphere(diameter 20 µm)` is one segment without a length. `file`: of
    `cell = morphology("cell.swc", length 20 µm)`, and where that stands; the length is then that of the longest segment."""

    name: Name
    shape: str
    diameter: Expr | None
    length: Expr | None
    segments: int
    parent: Name | None
    place: Name | None
    span: Span
    file: tuple[str, Span] | None = None


@dataclass(frozen=True, slots=True)
class Truncate:
    """`truncate F at 200 ms`."""

    function: Name
    at: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Prune:
    """`prune when w < 0.01 every 1 s`; without a `period` at every step."""

    condition: Expr
    period: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Grow:
    """`grow p = 0.001 every 1 s where post.c < c₀, in-degree ≤ 20, w = 0.02`; `degrees`: the most of either kind that there may be;
    `body`: what sets the values of a new connection."""

    probability: Expr | None
    period: Expr
    condition: Expr | None
    degrees: tuple[Connectivity, ...]
    body: tuple[Statement, ...]
    span: Span


#: What a population or projection gives, too.
Setting = Define | Draw | Initial

Event = OnEvent | OnPairs | Every | SpikeWhen | SpikeAtRate

Dynamics = (
    Flow | Setting | Jump | Bound | Event | Refractory | Input | Output | Method | Truncate | Reactions | Prune | Grow | Section | Conserved
)
