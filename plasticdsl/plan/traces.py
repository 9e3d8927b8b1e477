"""Kernels to traces: a learning window F(Δt) becomes variables of the two sides and statements at spikes.

All pairs, F(Δt) = Σ_k c_k z_k(Δt) with z' = M z: the sum over all earlier spikes of one side is one linear system driven by that side,
z' = M z + jump Σ_f δ(t − t_f), and a spike of the other side adds Σ_k c_k z_k(t). Exact. Centred pairs clear the system after each such spike. Nearest
pairs need the last spike times alone, so F may be anything. A pair with Δt = 0 is decided once, by F(0) (docs/language, "Ties" and "Pairing").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from plasticdsl.derive.grid import lags_on_grid
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Limit, Logic, Negate, Number, Ref, Special, substitute
from plasticdsl.model.model import Assign, Block, Pairing, PairRule, Role, Variable
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.schemes import Exact
from plasticdsl.model.windows import Side, Window
from plasticdsl.plan.inline import inline
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Event, History, Placed, PlacedScheme, SumHistory
from plasticdsl.symbolic.windows import window_of

NEVER = Number(-1.0)  # time of the last spike of a unit that has not fired
ZERO = Number(0.0)
NOW = Special("t")
STEP = Special("dt")


@dataclass(frozen=True, slots=True)
class Derived:
    """What one pair rule contributes: variables, their flows, and statements by trigger (`pre_late`: after both sides have read)."""

    variables: tuple[Placed, ...] = ()
    schemes: tuple[PlacedScheme, ...] = ()
    pre: tuple[Event, ...] = ()
    post: tuple[Event, ...] = ()
    pre_late: tuple[Event, ...] = ()
    histories: tuple[History, ...] = ()


@dataclass(slots=True)
class _Draft:
    """Derived, while it is put together."""

    rule: PairRule
    held: bool
    taken: set[str]
    variables: list[Placed] = field(default_factory=list)
    schemes: list[PlacedScheme] = field(default_factory=list)
    pre: list[Event] = field(default_factory=list)
    post: list[Event] = field(default_factory=list)
    pre_late: list[Event] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)

    def done(self) -> Derived:
        """The finished contribution."""
        return Derived(
            tuple(self.variables), tuple(self.schemes), tuple(self.pre), tuple(self.post), tuple(self.pre_late), tuple(self.histories)
        )

    def fresh(self, hint: str) -> str:
        """A name for a derived variable that nobody has."""
        name, number = hint, 1
        while name in self.taken:
            number += 1
            name = f"{hint}_{number}"
        self.taken.add(name)
        return name

    def state(self, hint: str, start: Number, why: str) -> str:
        """A new derived variable."""
        name = self.fresh(hint)
        self.variables.append(Placed(Variable(name, name, Role.STATE, initial=start, span=self.rule.span), derived=True, reason=why))
        return name

    def add(self, amount: Expr) -> Event:
        """`target += amount`, bounded once."""
        target = Ref(Whose.OWN, self.rule.target.name)
        return Event(Assign(target, Binary("+", target, amount), self.rule.span), self.held)


def derive(rule: PairRule, block: Block, scope: Mapping[Owner, Mapping[str, Expr]], held: bool, taken: set[str]) -> Derived:
    """Variables and statements for one pair rule; names already `taken` are avoided (and added to).

    Raises `PlasError` `window-not-separable` as `window_of`.
    """
    window = _on_grid(window_of(replace(rule, increment=inline(rule.increment, scope)), block))
    draft = _Draft(rule, held, taken)
    match rule.pairing:
        case Pairing.ALL:
            _all_pairs(window, draft)
        case Pairing.NEAREST | Pairing.REDUCED:
            _nearest(window, draft, reduced=rule.pairing is Pairing.REDUCED)
        case Pairing.CENTRED_PRE | Pairing.CENTRED_POST:
            _centred(window, draft, on_pre=rule.pairing is Pairing.CENTRED_PRE)
    return draft.done()


def _on_grid(window: Window) -> Window:
    """The same with lags compared on the grid, where F is evaluated and not summed up in traces."""
    causal, acausal = (replace(side, formula=lags_on_grid(side.formula)) for side in (window.causal, window.acausal))
    return replace(window, causal=causal, acausal=acausal)


# --- all pairs -------------------------------------------------------------------------------------------------------


def _all_pairs(window: Window, draft: _Draft) -> None:
    own_tie = substitute(window.tie, {Special("lag"): ZERO}) if window.tie_side is None and window.tie != ZERO else None
    causal = _sum_over_earlier(window.causal, Place.PRE, "after" if window.tie_side == "post" else "before", draft)
    acausal = _sum_over_earlier(window.acausal, Place.POST, "after" if window.tie_side == "pre" else "before", draft, own_tie)
    if own_tie is not None and window.acausal.traces is not None:
        tie = Binary("*", Special("now_post"), own_tie)
        acausal = tie if acausal is None else Binary("+", acausal, tie)
    if acausal is not None:
        draft.pre.insert(0, draft.add(acausal))
    if causal is not None:
        draft.post.insert(0, draft.add(causal))


def _sum_over_earlier(side: Side, earlier: Place, limit: Limit, draft: _Draft, own_tie: Expr | None = None) -> Expr | None:
    """The sum over all pairs with an earlier spike of `earlier`; None where F is zero on this side, or summed over a history (with ties)."""
    if side.traces is None:
        _history(side, earlier, limit, draft, own_tie)
        return None
    total: Expr | None = None
    for trace, coefficients in zip(side.traces, side.coefficients, strict=True):
        names = [draft.state(hint, ZERO, "a trace of the learning window") for hint in trace.names]
        draft.schemes.append(PlacedScheme(_flow(names, trace.names, trace.matrix)))
        events = draft.pre if earlier is Place.PRE else draft.post
        events += [_jump(name, size) for name, size in zip(names, trace.jump, strict=True) if size != 0.0]
        for name, coefficient in zip(names, coefficients, strict=True):
            if coefficient == ZERO:
                continue
            term = Binary("*", coefficient, Ref(Whose.OWN, name, limit))
            total = term if total is None else Binary("+", total, term)
    return total


def _flow(names: list[str], hints: tuple[str, ...], matrix: tuple[tuple[Expr, ...], ...]) -> Exact:
    return Exact(tuple(names), matrix, tuple(ZERO for _ in hints), "a trace of the learning window: linear, so its propagator is exact")


def _jump(name: str, size: float) -> Event:
    own = Ref(Whose.OWN, name)
    return Event(Assign(own, Binary("+", own, Number(size))))


def _history(side: Side, earlier: Place, limit: Limit, draft: _Draft, own_tie: Expr | None) -> None:
    """No finite system: sum F over the spikes of the last `history` seconds, kept for each unit. `own_tie`: F(0) where it is neither limit of F."""
    assert side.history is not None  # else it is refused (`window_of`)
    name = draft.fresh(f"times_{earlier}")
    draft.histories.append(History(name, earlier, side.history))
    spike = Special("lag")  # inside SumHistory: the earlier spike's time
    amount = substitute(side.formula, {Special("lag"): _lag(spike, earlier)})
    cases: tuple[tuple[Expr, Expr], ...] = ((Compare("<=", _steps_since(spike), _whole_steps(side.history)), amount),)
    if own_tie is not None:
        cases = ((Compare("==", spike, NOW), own_tie), *cases)
    with_now = limit == "after" or own_tie is not None
    event = Event(SumHistory(name, draft.rule.target.name, Choice(cases, ZERO), with_now, draft.rule.span), draft.held)
    (draft.post if earlier is Place.PRE else draft.pre).insert(0, event)


# --- nearest pairs ---------------------------------------------------------------------------------------------------


def _nearest(window: Window, draft: _Draft, *, reduced: bool) -> None:
    last = _last_times(draft)
    draft.post.append(draft.add(_with_last_pre(window, last, reduced, draft.rule)))
    draft.pre.append(draft.add(_with_last_post(window, last, reduced, draft.rule)))
    _note_times(last, draft)


def _last_times(draft: _Draft) -> tuple[str, str]:
    return (
        draft.state("last_pre", NEVER, "the time of the last presynaptic spike"),
        draft.state("last_post", NEVER, "the time of the last postsynaptic spike"),
    )


def _note_times(last: tuple[str, str], draft: _Draft) -> None:
    draft.pre.append(Event(Assign(Ref(Whose.OWN, last[0]), NOW)))
    draft.post.append(Event(Assign(Ref(Whose.OWN, last[1]), NOW)))


def _with_last_pre(window: Window, last: tuple[str, str], reduced: bool, rule: PairRule) -> Expr:
    """What a postsynaptic spike adds for its pair with the last presynaptic spike."""
    pre = Ref(Whose.OWN, last[0], "after")
    paired = substitute(window.causal.formula, {Special("lag"): _lag(pre, Place.PRE)})
    at_tie = substitute(window.tie, {Special("lag"): ZERO}) if window.tie_side == "post" else ZERO
    may: list[Expr] = [Compare(">=", pre, ZERO)]
    if reduced:
        may.append(Compare(">=", pre, Ref(Whose.OWN, last[1])))
    may += _cut(rule, pre)
    return Choice(((Compare("==", pre, NOW), at_tie), (_all(may), paired)), ZERO)


def _with_last_post(window: Window, last: tuple[str, str], reduced: bool, rule: PairRule) -> Expr:
    """What a presynaptic spike adds for its pair with the last postsynaptic spike."""
    post = Ref(Whose.OWN, last[1], "after")
    paired = substitute(window.acausal.formula, {Special("lag"): _lag(post, Place.POST)})
    at_tie = ZERO if window.tie_side == "post" else substitute(window.tie, {Special("lag"): ZERO})
    may: list[Expr] = [Compare(">=", post, ZERO)]
    if reduced:
        may.append(Compare(">=", post, Ref(Whose.OWN, last[0])))
    may += _cut(rule, post)
    return Choice(((Compare("==", post, NOW), at_tie), (_all(may), paired)), ZERO)


def _cut(rule: PairRule, earlier: Expr) -> list[Expr]:
    return [] if rule.truncate is None else [Compare("<=", _steps_since(earlier), _whole_steps(rule.truncate))]


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


def _all(conditions: list[Expr]) -> Expr:
    return conditions[0] if len(conditions) == 1 else Logic("and", tuple(conditions))


# --- centred pairs ---------------------------------------------------------------------------------------------------


def _centred(window: Window, draft: _Draft, *, on_pre: bool) -> None:
    """Each spike of the centre pairs with the other side's last spike and with its next one, which collects all spikes of the centre since the
    one before."""
    last = _last_times(draft)
    side = window.causal if on_pre else window.acausal
    collect = _collect_history if side.traces is None else _collect_traces
    before, collected, after = collect(side, last, draft, on_pre)
    nearest_post = _with_last_post(window, last, reduced=False, rule=draft.rule)
    nearest_pre = _with_last_pre(window, last, reduced=False, rule=draft.rule)
    if on_pre:
        draft.pre.append(draft.add(nearest_post))
        draft.post[:0] = [*before, draft.add(Binary("+", collected, _tie_only(nearest_pre))), *after]
    else:
        draft.post.append(draft.add(nearest_pre))
        draft.pre[:0] = [*before, draft.add(Binary("+", collected, _tie_only(nearest_post))), *after]
    _note_times(last, draft)


# statements before the weight changes, the sum over the spikes of the centre that waited, statements afterwards
_Collected = tuple[list[Event], Expr, list[Event]]


def _collect_traces(side: Side, last: tuple[str, str], draft: _Draft, on_pre: bool) -> _Collected:
    """In traces that the collecting spike clears."""
    assert side.traces is not None
    total: Expr | None = None
    clear: list[Event] = []
    for trace, coefficients in zip(side.traces, side.coefficients, strict=True):
        names = [draft.state(hint, ZERO, "a trace of the learning window, cleared by the other side's spike") for hint in trace.names]
        draft.schemes.append(PlacedScheme(_flow(names, trace.names, trace.matrix)))
        jumps = [_jump(name, size) for name, size in zip(names, trace.jump, strict=True) if size != 0.0]
        if on_pre:
            draft.pre_late += jumps
        else:
            draft.post += jumps
        clear += [Event(Assign(Ref(Whose.OWN, name), ZERO)) for name in names]
        for name, coefficient in zip(names, coefficients, strict=True):
            term = Binary("*", coefficient, Ref(Whose.OWN, name))
            total = term if total is None else Binary("+", total, term)
    return [], ZERO if total is None else total, clear


def _collect_history(side: Side, last: tuple[str, str], draft: _Draft, on_pre: bool) -> _Collected:
    """From the kept spikes of the centre: those at or after the last spike of the collecting side, whose first one in a step finds them."""
    assert side.history is not None
    earlier, own = (Place.PRE, last[1]) if on_pre else (Place.POST, last[0])
    name, collected = draft.fresh(f"times_{earlier}"), draft.state("collected", ZERO, "the sum over the spikes that waited")
    draft.histories.append(History(name, earlier, side.history))
    spike = Special("lag")  # inside SumHistory: the earlier spike's time
    waited = Logic("and", (Compare("<=", _steps_since(spike), _whole_steps(side.history)), Compare(">=", spike, Ref(Whose.OWN, own))))
    amount = Choice(((waited, substitute(side.formula, {Special("lag"): _lag(spike, earlier)})),), ZERO)
    gather = Event(SumHistory(name, collected, amount, with_now=False, span=draft.rule.span))
    return [Event(Assign(Ref(Whose.OWN, collected), ZERO)), gather], Ref(Whose.OWN, collected), []


def _tie_only(pair: Expr) -> Expr:
    """Of the nearest pair, the part for a simultaneous spike."""
    assert isinstance(pair, Choice)
    return Choice(pair.branches[:1], ZERO)
