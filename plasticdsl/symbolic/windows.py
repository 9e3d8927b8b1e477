"""Learning windows F(Δt) taken apart into traces.

Comes in: the increment of a pair rule as an expression in `Special("lag")` (t_post − t_pre), the weight and parameters. Goes out: a `Window`. On
each side of Δt = 0 the increment, if it is a finite sum Σ c sᵏ e^{λ s} {1, cos ω s, sin ω s} in s = |Δt|, becomes a linear
system per (λ, ω):

    z_k = sᵏ e^{λ s}:             z_k' = λ z_k + k z_{k−1},   z_0 jumps by 1 at a spike of the earlier side
    with c_k, d_k for cos, sin:   c_k' = λ c_k − ω d_k + k c_{k−1},   d_k' = λ d_k + ω c_k + k d_{k−1},   c_0 jumps by 1

Since the systems are linear, adding up the jumps of all earlier spikes adds up F over all pairs. A window that is truncated or of compact
support needs a bounded history of spikes instead; any other one cannot count all pairs, and is an error that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import Block, Pairing, PairRule
from plasticdsl.model.expr import Expr, Number, refs, substitute
from plasticdsl.model.owners import Whose
from plasticdsl.model.windows import Side, Trace, Window
from plasticdsl.source import NOWHERE, Span
from plasticdsl.symbolic.algebra import ZERO, add, check_extent, extent, fold, is_number, neg, written_out
from plasticdsl.symbolic.block_contents import default_values, is_constant
from plasticdsl.symbolic.equal import surely_equal
from plasticdsl.symbolic.exponentials import LAG, Mode, NotExponential, Terms, terms_of
from plasticdsl.symbolic.numeric import evaluate
from plasticdsl.symbolic.window_sides import on_side, support

#: The pairings in which spikes of long ago count, on either side.
_SINCE_LONG = {1: (Pairing.ALL, Pairing.CENTRED_PRE), -1: (Pairing.ALL, Pairing.CENTRED_POST)}


def window_of(rule: PairRule, block: Block, values: Mapping[Expr, float] | None = None) -> Window:
    """The window of `rule` in `block` (whose definitions it may use), with the rates of its traces made of parameters alone.

    `values`: representative values of parameters (SI) where the block's defaults are not meant; they decide signs, never numbers.
    Raises `PlasError`: `window-not-separable`, `expression-too-large`.
    """
    written = written_out(block.definitions)
    check_extent(extent(rule.increment, {ref: extent(value) for ref, value in written.items()}), "The increment", rule.span)
    known = {**default_values(block), **(values or {})}

    def constant(expr: Expr) -> bool:
        return is_constant(expr, block)

    increment = substitute(rule.increment, written)
    return separate(increment, rule.truncate, pairing=rule.pairing, constant=constant, values=known, span=rule.span)


def separate(
    increment: Expr,
    truncate: Expr | None = None,
    *,
    pairing: Pairing = Pairing.ALL,
    constant: Callable[[Expr], bool] = lambda expr: True,
    values: Mapping[Expr, float] | None = None,
    span: Span = NOWHERE,
) -> Window:
    """`increment` by sides. `constant` tells which expressions may be rates of traces; `values` as in `window_of`.

    Raises `PlasError` (`window-not-separable`) where a side whose pairs are summed has neither traces nor a bounded history: both sides with
    all pairs, one with centred ones.
    """
    tie = on_side(increment, 0)
    causal, acausal = (_side(on_side(increment, sign), sign, truncate, pairing, constant, values or {}, span) for sign in (1, -1))
    return Window(causal, acausal, tie, "post" if _has_limit(causal, tie) else "pre" if _has_limit(acausal, tie) else None)


def _has_limit(side: Side, tie: Expr) -> bool:
    return surely_equal(tie, fold(substitute(side.formula, {LAG: ZERO})))


def _side(
    formula: Expr,
    sign: int,
    truncate: Expr | None,
    pairing: Pairing,
    constant: Callable[[Expr], bool],
    values: Mapping[Expr, float],
    span: Span,
) -> Side:
    if is_number(formula, 0.0):
        return Side(ZERO, ())
    if truncate is not None:
        return Side(formula, None, history=truncate)
    try:
        terms = terms_of(formula, sign)
        for mode, coefficient in terms:
            if not (constant(mode.rate) and constant(mode.frequency)):
                raise NotExponential(_changing(mode))
            if pairing in _SINCE_LONG[sign] and _grows(mode, coefficient, values):
                raise _growing(sign, span)
        traces, coefficients = realise(terms, "r" if sign > 0 else "o")
        return Side(formula, traces, coefficients)
    except NotExponential as problem:
        ends = support(formula, sign, values)
        if ends is None and pairing in _SINCE_LONG[sign]:
            raise _not_separable(sign, str(problem), pairing, span) from None
        return Side(formula, None, history=ends)


def _grows(mode: Mode, coefficient: Expr, values: Mapping[Expr, float]) -> bool:
    """Whether a term has no bound as s → ∞: c sᵏ e^{λ s} with λ > 0, or with λ = 0 and k > 0."""
    rate = evaluate(mode.rate, values)
    return rate > 0.0 or (rate == 0.0 and mode.power > 0 and evaluate(coefficient, values) != 0.0)


def _growing(sign: int, span: Span) -> PlasError:
    """A window that forgets the sign of Δt on one side, `−A exp(−Δt/τ)` for Δt < 0, or the decay, `A (1 + Δt/τ)`."""
    side, form, far = ("Δt > 0", "exp(−Δt/τ)", "∞") if sign > 0 else ("Δt < 0", "exp(Δt/τ)", "−∞")
    message = f"F(Δt) for {side} grows without end as Δt goes to {far}, so of all pairs the oldest would count most."
    hint = f"A window that decays on this side has ‘{form}’, or ‘exp(−|Δt|/τ)’ on both; one that ends has ‘truncate F at 200 ms’."
    return PlasError((Diagnostic("window-not-separable", message, span, hint),))


def _changing(mode: Mode) -> str:
    """What is no parameter in a decay; a parameter of a unit becomes one of the rule where the projection gives it."""
    of_units = [r.path for r in (*refs(mode.rate), *refs(mode.frequency)) if r.owner not in (Whose.OWN, Whose.NETWORK)]
    if not of_units:
        return "the decay of F depends on something that is no parameter"
    name = of_units[0]
    return f"the decay of F depends on ‘{name}’, which is no parameter of the rule; if it is constant, let the projection give it: ‘τ = {name}’"


def _not_separable(sign: int, problem: str, pairing: Pairing, span: Span) -> PlasError:
    side = "Δt > 0" if sign > 0 else "Δt < 0"
    since = "the beginning" if pairing is Pairing.ALL else "the last spike of the other side"
    message = f"F(Δt) for {side} is no finite sum of exponentials times polynomials ({problem}), so every pair of spikes since {since} would count."
    hint = "Let only nearest pairs count (‘on nearest pairs:’), end it (‘truncate F at 200 ms’), or write F as a sum of exponentials."
    return PlasError((Diagnostic("window-not-separable", message, span, hint),))


# --- realisation -----------------------------------------------------------------------------------------------------


def realise(terms: Terms, prefix: str) -> tuple[tuple[Trace, ...], tuple[tuple[Expr, ...], ...]]:
    """Traces and coefficients such that Σ c z, with z started at the jump, is the exponential polynomial `terms`."""
    groups: list[tuple[Mode, list[tuple[Mode, Expr]]]] = []
    for mode, coefficient in terms:
        for known, members in groups:
            if surely_equal(mode.rate, known.rate) and surely_equal(mode.frequency, known.frequency):
                members.append((mode, coefficient))
                break
            if not mode.is_real_exponential and surely_equal(mode.rate, known.rate) and surely_equal(mode.frequency, neg(known.frequency)):
                members.append((mode, neg(coefficient) if mode.sine else coefficient))
                break
        else:
            groups.append((mode, [(mode, coefficient)]))
    traces: list[Trace] = []
    coefficients: list[tuple[Expr, ...]] = []
    width = sum(_size(members) for _, members in groups)
    number = 1
    for known, members in groups:
        size = _size(members)
        names = (prefix,) if width == 1 else tuple(f"{prefix}{n}" for n in range(number, number + size))
        number += size
        traces.append(Trace(names, _matrix(known, size), (1.0,) + (0.0,) * (size - 1)))
        coefficients.append(_coefficients(members, size))
    return tuple(traces), tuple(coefficients)


def _size(members: list[tuple[Mode, Expr]]) -> int:
    degree = max(mode.power for mode, _ in members)
    return (degree + 1) * (1 if members[0][0].is_real_exponential else 2)


def _matrix(mode: Mode, size: int) -> tuple[tuple[Expr, ...], ...]:
    """The system of the module's text; with an oscillation components alternate cos, sin."""
    rows: list[list[Expr]] = [[ZERO] * size for _ in range(size)]
    step = 1 if mode.is_real_exponential else 2
    for n in range(size):
        rows[n][n] = mode.rate
        if n >= step:
            rows[n][n - step] = Number(float(n // step))
        if step == 2:
            rows[n][n + 1 if n % 2 == 0 else n - 1] = neg(mode.frequency) if n % 2 == 0 else mode.frequency
    return tuple(tuple(row) for row in rows)


def _coefficients(members: list[tuple[Mode, Expr]], size: int) -> tuple[Expr, ...]:
    found: list[Expr] = [ZERO] * size
    for mode, coefficient in members:
        place = mode.power if mode.is_real_exponential else 2 * mode.power + mode.sine
        found[place] = add(found[place], coefficient)
    return tuple(found)
