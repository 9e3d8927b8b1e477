"""The syntax tree: what was written, with the place of every node, and nothing about what it means.

Comes in from `parser.parse`; goes out to `check` (meaning) and `printer` (layout). Names are kept twice: `text` as
written (`τ₊`) and `name`, its canonical ASCII spelling (`tau_plus`, see `names.canonical`).
"""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.source import Span

# --- expressions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitPower:
    """One factor of a written unit: `ms⁻¹` is `UnitPower("ms", -1)`. Exponents are (numerator, denominator)."""

    unit: str
    exponent: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Number:
    """`0.5`, `20 ms`, `1.8 kHz`, `20 %`, `100 steps`; `text` is the digits as written, `½` is `1/2`.

    `unit` is empty when no unit follows; `steps` and `%` are units here.
    """

    text: str
    unit: tuple[UnitPower, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name. `w_ij` and `x_k` stay whole here; the checker splits indices, because a declared name wins."""

    name: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    """`post.V`, `ex.w`, `digit.y`."""

    base: Expr
    attribute: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Limit:
    """`r⁻` (`side == "before"`) or `r⁺` (`"after"`); in ASCII `before(r)` and `after(r)`, which arrive as `Apply`.

    Written on a name only. Where a name with that superscript is declared, the checker reads it as the name.
    """

    operand: Name
    side: str
    whole: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Indexed:
    """`w[i, j]`."""

    base: Expr
    indices: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """`f(x)`; no space before the bracket. `primes` counts `'` after the name: `σ'(a)` has one."""

    function: Name | Member
    arguments: tuple[Argument, ...]
    primes: int
    span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an application, `rate = 10 Hz` or `x`."""

    keyword: Name | None
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x`, `not c`."""

    operator: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`+ - * / ^`; `implicit` marks a product written by juxtaposition, `parenthesised` whether brackets surround it."""

    operator: str
    left: Expr
    right: Expr
    span: Span
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Brackets that group: `( … )`, or `[ … ]` where it is neither a list nor an interval. Kept for the formatter."""

    inner: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Compare:
    """`a < b`, `a ≤ b < c`: operators are `< <= > >= = !=`, one fewer than operands."""

    operands: tuple[Expr, ...]
    operators: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` / `or`."""

    operator: str
    operands: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a case distinction; `condition` is None for `otherwise`."""

    value: Expr
    condition: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Cases:
    """A right-hand side by cases, in the order written."""

    cases: tuple[Case, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Average:
    """`⟨x⟩_τ` or `avg(x, tau)`; `constant` is None for a bare `⟨x⟩`."""

    body: Expr
    constant: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Sum:
    """`Σ_ij body`, `Sum[i,j] body`, `Σ_{k ∈ digit} body`, `Σ_{j≠i} body`, `Σ body` (no index).

    The body extends up to the next `+` or `−`: `½ Σ_i a_i b_i / N + c` sums `a_i b_i / N`. `over` names a set for each index (or
    None); `where` is a condition, whose left name is an index too (`j≠i` binds j).
    """

    indices: tuple[Name, ...]
    over: tuple[Expr | None, ...]
    where: Expr | None
    body: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Partial:
    """`∂E/∂w` or `grad(E, w)`."""

    of: Expr
    by: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Transposed:
    """`wᵀ`."""

    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Rectified:
    """`[x]₊` or `pos(x)`."""

    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Absolute:
    """`|x|`."""

    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Listing:
    """`[a, b, c]` as a list of values (sweeps), or a tuple in brackets `(pixels, label)`."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Interval:
    """`[a, b]` after `∈`."""

    low: Expr
    high: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class SetOf:
    """`{−1, +1}` after `∈`."""

    items: tuple[Expr, ...]
    span: Span


Expr = (
    Number
    | Name
    | Member
    | Limit
    | Indexed
    | Apply
    | Unary
    | Binary
    | Group
    | Compare
    | Logic
    | Cases
    | Average
    | Sum
    | Partial
    | Transposed
    | Rectified
    | Absolute
    | Listing
)

# --- statements of neurons, synapses, rules, functions ---------------------------------------------------------------


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
    """`V(0) = rhs` or `V(0) ~ Dist(…)` (`drawn`)."""

    variable: Name
    rhs: Expr
    drawn: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Draw:
    """`τ_m ~ N(20 ms, 2 ms)`."""

    target: Expr
    distribution: Apply
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
    domain: Interval | SetOf
    span: Span


@dataclass(frozen=True, slots=True)
class OnEvent:
    """`on pre:` `on post:` (`event` is `pre`/`post`)."""

    event: str
    body: tuple[Statement, ...]
    span: Span


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
    """`spike when V > V_θ:` with its jumps; `rising` for `spike when V rises above V_θ` (condition then is V > V_θ)."""

    condition: Expr
    rising: bool
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SpikeAtRate:
    """`spike at rate r:` with its jumps."""

    rate: Expr
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Refractory:
    """`refractory 2 ms` or `refractory T, hold V, w`; `held` is empty when not written."""

    duration: Expr
    held: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    """`input a` or `input I : pA` (`unit` is None when not written)."""

    names: tuple[Name, ...]
    unit: tuple[UnitPower, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """`output y = rhs` or `output x ∈ {−1, +1}`, or `output V`."""

    variable: Name
    rhs: Expr | None
    domain: Interval | SetOf | None
    span: Span


@dataclass(frozen=True, slots=True)
class Method:
    """`method: RK4`; `name` as written, with single blanks; `substeps` for `method: Euler, 2 substeps`."""

    name: str
    substeps: int
    span: Span


@dataclass(frozen=True, slots=True)
class Species:
    """One term of a reaction: `2 Ca` is `Species(2, Ca)`."""

    count: int
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Reaction:
    """`Ca + B ⇌ CaB : k_on, k_off` (`backward` is None for `→`); `∅` on a side is an empty tuple."""

    reactants: tuple[Species, ...]
    products: tuple[Species, ...]
    forward: Expr
    backward: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Reactions:
    """`reactions:` with its lines."""

    body: tuple[Reaction, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Truncate:
    """`truncate F at 200 ms`."""

    function: Name
    at: Expr
    span: Span


# --- statements of networks ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Population:
    """`E = 8000 LIF(τ_m = 10 ms), I_0 ~ N(…)`: arguments in the brackets, further values after commas.

    `E = 10 LIF:` may instead carry the values as an indented body; they arrive in `values` too.
    """

    name: Name
    size: Expr
    kind: Name
    arguments: tuple[Argument, ...]
    values: tuple[Define | Draw | Initial, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Connectivity:
    """One connectivity clause.

    `kind`: `all to all`, `one to one`, `probability` (value), `in-degree` (value), `out-degree` (value), `except self`,
    `where` (value: a condition on i and j), `with repeats`, `with self`, `listed` (explicit lists come from Python).
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

    `source` may be an inline source (`Apply`, for example `Poisson(rate = 2 kHz)`); `targets` has several names for
    `each of E, I`. `uses` are the blocks named after the colon: whether the first is a synapse or a rule is decided
    by the checker; `with_rules` are those after `with`.
    """

    name: Name | None
    source: Expr
    targets: tuple[Name, ...]
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
    values: SetOf | Apply
    probability: Expr | None
    active: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class WrittenPatterns:
    """`patterns [(1, 0.3), (0.2, 1)]`: a `Listing` for each pattern; patterns of one unit are a bare value each."""

    rows: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class PatternFile:
    """`patterns from "letters.npz"`; `place` is that of the text in quotes."""

    path: str
    place: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Patterns:
    """`ξ = … patterns … over units`."""

    name: Name
    source: RandomPatterns | WrittenPatterns | PatternFile
    over: Name
    span: Span


# --- statements of experiments ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ForEach:
    """`for each (a, b) in data where not test, shuffled, 5 epochs` (`each_for`: `for 100 ms each`)."""

    names: tuple[Name, ...]
    source: Name
    where: Expr | None
    shuffled: bool
    epochs: Expr | None
    each_for: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Until:
    """`until stable`, `until stable within tol`, `up to N steps`, or `until CONDITION`."""

    condition: Expr | None
    within: Expr | None
    at_most: Expr | None
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
class Plane:
    """`over x from a to b, y from c to d`."""

    horizontal: Range
    vertical: Range
    span: Span


@dataclass(frozen=True, slots=True)
class Plot:
    """`plot histogram(ex.w) at end`."""

    items: tuple[Expr, ...]
    moment: Moment | None
    span: Span
    plane: Plane | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """`expect a ≈ b ± c over last 5 s when ρ = 20 Hz`.

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


Statement = (
    Flow
    | Define
    | Initial
    | Draw
    | Jump
    | Bound
    | OnEvent
    | OnPairs
    | Every
    | SpikeWhen
    | SpikeAtRate
    | Refractory
    | Input
    | Output
    | Method
    | Truncate
    | Reactions
    | Population
    | Projection
    | Patterns
    | Phase
    | RulesOff
    | Start
    | Schedule
    | Record
    | Plot
    | Expect
    | Sweep
    | Data
)

# --- the file --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """`neuron`, `synapse`, `rule`, `network`, `experiment` (`kind`).

    `parameters`: `Transposed(forward)`; `base`: the block after `like`; `on`: the network of an experiment.
    """

    kind: str
    name: Name
    parameters: tuple[Name, ...]
    base: Name | None
    on: Name | None
    doc: str
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Function:
    """`function σ(a) = 1/(1 + exp(−a))`."""

    name: Name
    arguments: tuple[Name, ...]
    body: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class UseFile:
    """`use LIF, STDP from "neurons/lif"` or `use "synapses"` (`names` empty: everything)."""

    names: tuple[Name, ...]
    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Comment:
    """`# text`; `own_line` when nothing stands before it. Kept for the formatter."""

    text: str
    own_line: bool
    span: Span


@dataclass(frozen=True, slots=True)
class File:
    """One parsed file."""

    doc: str
    items: tuple[Block | Function | UseFile, ...]
    comments: tuple[Comment, ...]
    span: Span
