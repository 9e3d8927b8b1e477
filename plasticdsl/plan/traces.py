"""Kernels to traces: a learning window F(Δt) becomes variables of the two sides and statements at spikes.

All pairs, F(Δt) = Σ_k c_k z_k(Δt) with z' = M z: the sum over all earlier spikes of one side is one linear system driven by that side,
z' = M z + jump Σ_f δ(t − t_f), and a spike of the other side adds Σ_k c_k z_k(t). Exact. Centred pairs clear the system after each such spike. Nearest
pairs need the last spike times alone, so F may be anything. A pair with Δt = 0 is decided once, by F(0) (docs/language, "Ties" and "Pairing").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from plasticdsl.derive.grid import lags_on_grid
from plasticdsl.model import Assign, Block, Pairing, PairRule, Role, Variable
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Limit, Logic, Negate, Number, Ref, Special, joined, substitute
from plasticdsl.model.inline import inline
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.presence import while_there
from plasticdsl.model.schemes import Exact
from plasticdsl.model.windows import Side, Window
from plasticdsl.names import free_name
from plasticdsl.plan.events import Event, SumHistory
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import History, Placed, PlacedScheme
from plasticdsl.symbolic.windows import window_of

NEVER = Number(-1.0)  # time of the last spike of a unit that has not fired
ZERO = Number(0.0)
NOW = Special("t")
STEP = Special("dt")
LAG = Special("lag")  # of a pair; inside a sum over a history, the time of a kept spike

_OTHER = {Place.PRE: Place.POST, Place.POST: Place.PRE}


@dataclass(slots=True)
class Derived:
    """What one pair rule contributes: variables, their flows, and statements at the spikes of each side (`late`: at presynaptic ones, after both sides
    have read). `taken`: names that variables have; `held`: the rule changes a weight; `changing`: of connections that come and go,
    so that it does nothing at one that is absent."""

    rule: PairRule
    held: bool
    taken: set[str]
    changing: bool = False
    variables: list[Placed] = field(default_factory=list)
    schemes: list[PlacedScheme] = field(default_factory=list)
    at: dict[Place, list[Event]] = field(default_factory=lambda: {Place.PRE: [], Place.POST: []})
    late: list[Event] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)

    def fresh(self, hint: str) -> str:
        """A name for a derived variable that nobody has."""
        name = free_name(hint, self.taken)
        self.taken.add(name)
        return name

    def state(self, hint: str, start: Number, why: str) -> str:
        """A new derived variable."""
        name = self.fresh(hint)
        self.variables.append(Placed(Variable(name, name, Role.STATE, initial=start, span=self.rule.span), derived=True, reason=why))
        return name

    def while_there(self, amount: Expr) -> Expr:
        """What is added to the weight."""
        return while_there(amount) if self.held and self.changing else amount

    def add(self, amount: Expr) -> Event:
        """`target += amount`, bounded once."""
        amount = self.while_there(amount)
        target = Ref(Whose.OWN, self.rule.target.name)
        return Event(Assign(target, Binary("+", target, amount), self.rule.span), self.held)


def derive(
    rule: PairRule, block: Block, scope: Mapping[Owner, Mapping[str, Expr]], held: bool, taken: set[str], changing: bool = False
) -> Derived:
    """Variables and statements for one pair rule; names already `taken` are avoided (and added to).

    Raises `PlasError` `window-not-separable` as `window_of`.
    """
    window = _on_grid(window_of(replace(rule, increment=inline(rule.increment, scope)), block))
    derived = Derived(rule, held, taken, changing)
    match rule.pairing:
        case Pairing.ALL:
            _all_pairs(window, derived)
        case Pairing.NEAREST | Pairing.REDUCED:
            _nearest(window, derived)
        case Pairing.CENTRED_PRE:
            _centred(window, derived, Place.PRE)
        case Pairing.CENTRED_POST:
            _centred(window, derived, Place.POST)
    return derived


def _on_grid(window: Window) -> Window:
    """The same with lags compared on the grid, where F is evaluated and not summed up in traces."""
    causal, acausal = (replace(side, formula=lags_on_grid(side.formula)) for side in (window.causal, window.acausal))
    return replace(window, causal=causal, acausal=acausal)


def _side(window: Window, earlier: Place) -> Side:
    """The window where the spike of `earlier` comes first."""
    return window.causal if earlier is Place.PRE else window.acausal


# --- all pairs -------------------------------------------------------------------------------------------------------


def _all_pairs(window: Window, derived: Derived) -> None:
    own_tie = substitute(window.tie, {LAG: ZERO}) if window.tie_side is None and window.tie != ZERO else None
    for earlier, later in _OTHER.items():
        side, tie = _side(window, earlier), own_tie if earlier is Place.POST else None
        limit: Limit = "after" if window.tie_side == later else "before"
        if side.traces is None:
            change = _over_history(side, earlier, limit == "after", derived, tie)
        else:
            _, total = _over_traces(side, derived, derived.at[earlier], "a trace of the learning window", limit)
            if tie is not None:
                total = _plus(total, Binary("*", Special("now_post"), tie))
            if total is None:
                continue
            change = derived.add(total)
        derived.at[later].insert(0, change)


def _over_traces(side: Side, derived: Derived, jumps: list[Event], why: str, limit: Limit = "") -> tuple[list[str], Expr | None]:
    """Traces that spikes of the earlier side drive (`jumps`), and the sum over all pairs that a spike of the later one completes; None where F is zero."""
    assert side.traces is not None
    total: Expr | None = None
    made: list[str] = []
    for trace, coefficients in zip(side.traces, side.coefficients, strict=True):
        names = [derived.state(hint, ZERO, why) for hint in trace.names]
        reason = "a trace of the learning window: linear, so its propagator is exact"
        derived.schemes.append(PlacedScheme(Exact(tuple(names), trace.matrix, tuple(ZERO for _ in names), reason)))
        own = [Ref(Whose.OWN, name) for name in names]
        jumps += [Event(Assign(r, Binary("+", r, Number(size)))) for r, size in zip(own, trace.jump, strict=True) if size != 0.0]
        for name, coefficient in zip(names, coefficients, strict=True):
            if coefficient != ZERO:
                total = _plus(total, Binary("*", coefficient, Ref(Whose.OWN, name, limit)))
        made += names
    return made, total


def _plus(total: Expr | None, term: Expr) -> Expr:
    return term if total is None else Binary("+", total, term)


def _over_history(side: Side, earlier: Place, with_now: bool, derived: Derived, own_tie: Expr | None) -> Event:
    """No finite system: F is summed over the spikes of the last `history` seconds, kept for each unit. `own_tie`: F(0) where it is neither limit of F."""
    name, recent, amount = _kept(side, earlier, derived)
    cases: tuple[tuple[Expr, Expr], ...] = ((recent, amount),)
    if own_tie is not None:
        cases = ((Compare("==", LAG, NOW), own_tie), *cases)
    with_now = with_now or own_tie is not None
    return Event(
        SumHistory(name, derived.rule.target.name, derived.while_there(Choice(cases, ZERO)), with_now, derived.rule.span), derived.held
    )


def _kept(side: Side, earlier: Place, derived: Derived) -> tuple[str, Compare, Expr]:
    """A new history of the spikes of `earlier`; whether a kept one still counts, and what it adds."""
    assert side.history is not None  # else it is refused (`window_of`)
    name = derived.fresh(f"times_{earlier}")
    derived.histories.append(History(name, earlier, side.history))
    return name, Compare("<=", _steps_since(LAG), _whole_steps(side.history)), substitute(side.formula, {LAG: _lag(LAG, earlier)})


# --- nearest pairs ---------------------------------------------------------------------------------------------------


def _nearest(window: Window, derived: Derived) -> None:
    last = _last_times(derived)
    for earlier, later in _OTHER.items():
        derived.at[later].append(derived.add(_with_last(window, last, earlier, derived.rule)))
    _note_times(last, derived)


def _last_times(derived: Derived) -> dict[Place, Ref]:
    return {side: Ref(Whose.OWN, derived.state(f"last_{side}", NEVER, f"the time of the last {side}synaptic spike")) for side in _OTHER}


def _note_times(last: Mapping[Place, Ref], derived: Derived) -> None:
    for side, target in last.items():
        derived.at[side].append(Event(Assign(target, NOW)))


def _with_last(window: Window, last: Mapping[Place, Ref], earlier: Place, rule: PairRule) -> Choice:
    """What a spike adds for its pair with the last spike of the `earlier` side."""
    when = Ref(Whose.OWN, last[earlier].name, "after")
    paired = substitute(_side(window, earlier).formula, {LAG: _lag(when, earlier)})
    has_tie = (window.tie_side == "post") == (earlier is Place.PRE)
    at_tie = substitute(window.tie, {LAG: ZERO}) if has_tie else ZERO
    may: list[Expr] = [Compare(">=", when, ZERO)]
    if rule.pairing is Pairing.REDUCED:
        may.append(Compare(">=", when, last[_OTHER[earlier]]))
    if rule.truncate is not None:
        may.append(Compare("<=", _steps_since(when), _whole_steps(rule.truncate)))
    return Choice(((Compare("==", when, NOW), at_tie), (joined("and", may), paired)), ZERO)


# --- lags, in whole steps: a difference of two times is off by their rounding, which decides at the edge of a window -----


def _steps_since(earlier: Expr) -> Expr:
    return Call("round", (Binary("/", Binary("-", NOW, earlier), STEP),))


def _lag(earlier: Expr, side: Place) -> Expr:
    """t_post − t_pre, where the spike of `side` came at the time `earlier` and the other one comes now."""
    steps = _steps_since(earlier)
    return Binary("*", steps if side is Place.PRE else Negate(steps), STEP)


def _whole_steps(duration: Expr) -> Expr:
    """A duration in steps; halves away from zero, with room for the rounding of the division (as `setup.whole_steps`)."""
    return Call("floor", (Binary("+", Binary("/", duration, STEP), Number(0.5 + 1e-9)),))


# --- centred pairs ---------------------------------------------------------------------------------------------------


def _centred(window: Window, derived: Derived, centre: Place) -> None:
    """Each spike of the centre pairs with the other side's last spike and with its next one, which collects all spikes of the centre since the
    one before."""
    last, other = _last_times(derived), _OTHER[centre]
    collect = _collect_history if _side(window, centre).traces is None else _collect_traces
    before, collected, after = collect(_side(window, centre), last[other], derived, centre)
    derived.at[centre].append(derived.add(_with_last(window, last, other, derived.rule)))
    simultaneous = Choice(_with_last(window, last, centre, derived.rule).branches[:1], ZERO)
    derived.at[other][:0] = [*before, derived.add(Binary("+", collected, simultaneous)), *after]
    _note_times(last, derived)


# statements before the weight changes, the sum over the spikes of the centre that waited, statements afterwards
_Collected = tuple[list[Event], Expr, list[Event]]


def _collect_traces(side: Side, last: Ref, derived: Derived, centre: Place) -> _Collected:
    """In traces that the collecting spike clears."""
    jumps = derived.late if centre is Place.PRE else derived.at[centre]
    names, total = _over_traces(side, derived, jumps, "a trace of the learning window, cleared by the other side's spike")
    return [], ZERO if total is None else total, [Event(Assign(Ref(Whose.OWN, name), ZERO)) for name in names]


def _collect_history(side: Side, last: Ref, derived: Derived, centre: Place) -> _Collected:
    """From the kept spikes of the centre: those at or after the last spike of the collecting side, whose first one in a step finds them."""
    name, recent, amount = _kept(side, centre, derived)
    collected = Ref(Whose.OWN, derived.state("collected", ZERO, "the sum over the spikes that waited"))
    waited = Logic("and", (recent, Compare(">=", LAG, last)))
    gather = SumHistory(name, collected.name, Choice(((waited, amount),), ZERO), with_now=False, span=derived.rule.span)
    return [Event(Assign(collected, ZERO)), Event(gather)], collected, []
