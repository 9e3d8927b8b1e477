"""What changes by chance: which transitions and flows belong together.

Comes in: a `System` whose block has transitions. Goes out: a `Jumps` scheme for each set of them that nothing connects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from plasticdsl.derive.flow_system import System, listed
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.graph import reachable
from plasticdsl.model import Transition
from plasticdsl.model.expr import Expr, Ref, refs, substitute
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Jumps
from plasticdsl.symbolic.algebra import ZERO, mul, written_out
from plasticdsl.symbolic.block_contents import is_constant
from plasticdsl.symbolic.derivative import NotDifferentiable, depends, differentiate
from plasticdsl.symbolic.singular import repair


def jump_schemes(system: System) -> tuple[Jumps, ...]:
    """The schemes of everything that jumps. A variable that flows belongs to one where a propensity reads it, or reads what it drives: then its
    course decides when the next jump comes. Other flows hold what jumps at its value at t_n.
    Raises `PlasError` (`unsupported`) for noise in such flows."""
    values = written_out(system.block.definitions)
    transitions = [
        replace(
            t,
            propensity=repair(substitute(t.propensity, values), lambda ref: is_constant(ref, system.block)),
            constant=None if t.constant is None else substitute(t.constant, values),
        )
        for t in system.block.transitions
    ]
    return tuple(_scheme(system, group) for group in _groups(system, transitions))


def _touched(system: System, transition: Transition) -> frozenset[str]:
    """What a transition changes, and the jumping and flowing variables that decide when it comes."""
    read = {r.name for r in refs(transition.propensity) if r.owner is Whose.OWN and (r.name in system.rates or r.name in system.apart)}
    changed = {name for name, _ in transition.net}
    deciding = reachable(read & system.rates.keys() | changed & system.rates.keys(), {v: system.dependencies(v) for v in system.rates})
    jumping = {r.name for v in deciding for r in refs(system.rates[v]) if r.owner is Whose.OWN and r.name in system.apart}
    return frozenset(changed | read | deciding | jumping)


def _groups(system: System, transitions: list[Transition]) -> Iterator[list[Transition]]:
    left = [(t, _touched(system, t)) for t in transitions]
    while left:
        first, touched = left.pop(0)
        group = [first]
        while joined := [one for one in left if one[1] & touched]:
            left = [one for one in left if not one[1] & touched]
            group += [t for t, _ in joined]
            touched = touched.union(*(others for _, others in joined))
        yield [t for t in transitions if t in group]


def _scheme(system: System, transitions: list[Transition]) -> Jumps:
    touched = frozenset[str]().union(*(_touched(system, t) for t in transitions))
    grains: dict[str, Expr] = {name: t.grain for t in transitions for name, _ in t.net}
    jumping = tuple(v.name for v in system.block.variables if v.name in grains and v.name not in system.rates)
    flowing = tuple(v for v in system.rates if v in touched)
    noisy = [system.symbol(v) for v in flowing if v in system.noises]
    if noisy:
        message = f"{noisy[0]} has noise, and decides when reactions come: between two of them its course must be smooth."
        raise PlasError((Diagnostic("unsupported", message, transitions[0].span, "Let the rates read something that has no noise."),))
    counted = f"{listed([system.symbol(v) for v in jumping])} counted in molecules" if jumping else "what flows also jumps"
    tolerances = [t.tolerance for t in transitions if t.tolerance is not None]
    leaping = min(tolerances) if len(tolerances) == len(transitions) else None
    if flowing and tolerances:
        message = "Several reactions can happen at once only where nothing flows that decides about them."
        raise PlasError((Diagnostic("unsupported", message, transitions[0].span, "Leave out the tolerance: each then happens by itself."),))
    decided = f"; {listed(system.symbols_of(flowing))} on the way, since rates depend on it" if flowing else ""
    rates = tuple(system.rates.get(v, ZERO) for v in (*jumping, *flowing))
    counts = (*(grains[v] for v in jumping), *(None for _ in flowing))
    slopes = () if leaping is None else tuple(_slopes(t, grains) for t in transitions)
    read = {v: 1.0 for of_one in slopes for v, _ in of_one}
    orders = () if leaping is None else tuple((v, order) for v, order in (read | dict(_orders(transitions))).items() if v in jumping)
    return Jumps((*jumping, *flowing), rates, tuple(transitions), counts, counted + decided, leaping, orders, slopes)


def _slopes(transition: Transition, grains: Mapping[str, Expr]) -> tuple[tuple[str, Expr], ...]:
    """What one molecule more of each variable that jumps makes of the propensity, where its rate reads one of them; nothing where it is mass action.
    Raises `PlasError` (`unsupported`) where that is not known."""
    written = transition.constant
    if written is None or not any(depends(written, Ref(Whose.OWN, v)) for v in grains):
        return ()
    try:
        return tuple(
            (v, mul(differentiate(transition.propensity, Ref(Whose.OWN, v)), grain))
            for v, grain in grains.items()
            if depends(transition.propensity, Ref(Whose.OWN, v))
        )
    except NotDifferentiable as problem:
        message = f"Several reactions can happen at once only where it is known how fast their rates change. {problem}"
        hint = "Leave out the tolerance: each then happens by itself."
        raise PlasError((Diagnostic("unsupported", message, transition.span, hint),)) from None


def _orders(transitions: list[Transition]) -> tuple[tuple[str, float], ...]:
    """gᵢ = (n/h) (h + Σₖ k/(xᵢ − k), k < h) for h molecules of i in a reaction of n (Cao, Gillespie & Petzold 2006, eq. 27 and following), at the fewest
    molecules for which it matters: where ε xᵢ/gᵢ ≤ 1, with ε ≤ 0.1, it is not asked, so xᵢ is 10 n at least."""
    found: dict[str, float] = {}
    for transition in transitions:
        n = sum(count for _, count in transition.reactants)
        for name, h in transition.reactants:
            found[name] = max(found.get(name, 1.0), n / h * (h + sum(k / (10 * n - k) for k in range(1, h))))
    return tuple(found.items())
