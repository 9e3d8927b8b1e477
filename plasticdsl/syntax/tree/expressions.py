"""Expressions as written."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from plasticdsl.source import Span

#: The factors of a written unit: `mV·ms⁻¹` is `(("mV", 1), ("ms", -1))`.
Unit = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Number:
    """`0.5`, `20 ms`, `1.8 kHz`, `20 %`, `100 steps`; `text` is the digits as written, `½` is `1/2`.

    `unit` is empty when no unit follows; `steps` and `%` are units here.
    """

    text: str
    unit: Unit
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
    """`w[i, j]`, `E[1 to 240]`."""

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
    """`-x`, `not c`; `|x|` or `abs(x)` as `abs`, `[x]₊` or `pos(x)` as `pos`."""

    operator: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`+ - * / ^`; `implicit` marks a product written by juxtaposition."""

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
    square: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """`a < b`, `a ≤ b < c`: operators are `< <= > >= = !=`, one fewer than operands."""

    operands: tuple[Expr, ...]
    operators: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Membership:
    """`pre in assembly`: whether a unit belongs to a population, or to a part of one."""

    element: Expr
    whole: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Inside:
    """`(x, y) inside [(0, 0), (2, 8), (8, 5)]`: whether a point lies in a polygon."""

    point: Expr
    polygon: Expr
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
class Listing:
    """`[a, b, c]` as a list of values (sweeps), a tuple in brackets `(pixels, label)`, or a set of values `{−1, +1}`."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Interval:
    """`[a, b]` after `∈`; `1 to 240`, in brackets behind what it chooses from."""

    low: Expr
    high: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class AtSpikes:
    """`E.V at spikes`, `E.V at spikes of E`: what it is at each spike. `of`: whose spikes, where that is said."""

    item: Expr
    of: Name | Indexed | None
    span: Span


@dataclass(frozen=True, slots=True)
class Along:
    """`E.V over time` within a statistic: of each unit, its values in a window."""

    item: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Within:
    """`N(1.8, 0.9) in [0.36, 3.6]`: a distribution cut off at both ends."""

    drawn: Apply
    low: Expr
    high: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class OverTime:
    """A value that changes with time: `I(t) = …` in a population, or samples, `d.stim pA every 0.5 ms linear` (`period`, `linear`)."""

    value: Expr
    period: Expr | None
    linear: bool
    span: Span


Expr = (
    Number
    | Name
    | Member
    | Limit
    | Indexed
    | Interval
    | Within
    | AtSpikes
    | Along
    | Apply
    | Unary
    | Binary
    | Group
    | Compare
    | Membership
    | Inside
    | Logic
    | Cases
    | Average
    | Sum
    | Partial
    | Transposed
    | Listing
    | OverTime
)
