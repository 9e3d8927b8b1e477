"""The flow from t_n to t_{n+1}.

Every scheme starts from the values at t_n, after the events of that time. What other schemes of the block and other units and connections
hold stays at those values during the step, with one exception: the units' variables that Runge–Kutta 4 integrates go through its stages
together, and undelayed sums of flowing variables are evaluated anew at each stage from the stage's values. Bounds, as they are at t_n, are
applied at the end. A population with steps of its own flows through a whole one at the end of the network's step before its next, from the time and with
the inputs of its last one. Units with events that are located within a step go from one to the next (`reference.located`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.model.expr import Ref
from plasticdsl.model.geometry import Measure
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import SHARES, STAGES, Cables, Coupled, ExponentialRungeKutta, RungeKutta4, Scheme, Staged, linear_parts
from plasticdsl.reference.course import seen_from, step_of, whole
from plasticdsl.reference.evaluate import everything
from plasticdsl.reference.located import flow_to_events
from plasticdsl.reference.schemes import kick, led_on, moved_by
from plasticdsl.reference.state import Run
from plasticdsl.reference.sums import sum_inputs_at_stage
from plasticdsl.reference.trees import on_tree
from plasticdsl.runtime.instance.instance import Floats

Moved = dict[tuple[str, str], Floats]


def flow(run: Run) -> None:
    """Move every flowing variable by one step."""
    new: Moved = {}
    for owner, scheme in _schemes(run):
        _scheme(run, owner, scheme, new)
    _in_stages(run, new)
    new = _allowed(run, new)
    found = [flow_to_events(run, name) for name, p in run.structure.populations.items() if p.block.locates and _ends(run, name)]
    for (owner, name), values in new.items():
        run.frame.values[owner][name] = values
    for take_over in found:
        take_over()


def _scheme(run: Run, owner: str, scheme: Scheme, new: Moved) -> None:
    match scheme:
        case Cables():
            _cables(run, owner, scheme, new)
        case RungeKutta4() | ExponentialRungeKutta():
            pass  # all of them together
        case _:
            course = whole(run, owner)
            new.update({(owner, v): values for v, values in moved_by(scheme, course).items()})
            run.lengths.update({(owner, first): lengths for first, lengths in course.next_lengths.items()})


def _allowed(run: Run, new: Moved) -> Moved:
    return {(owner, name): whole(run, owner).within_bounds(name, values) for (owner, name), values in new.items()}


def _ends(run: Run, owner: str) -> bool:
    """Whether a step of the owner's ends now."""
    return (run.frame.step + 1) % run.structure.stride(owner) == 0


def _schemes(run: Run) -> Iterator[tuple[str, Scheme]]:
    """Of what comes to the end of its step now, and has no events on the way."""
    for owner in run.structure.owners():
        if _ends(run, owner) and not run.structure.block(owner).locates:
            yield from ((owner, scheme) for scheme in run.structure.block(owner).schemes)


# --- along cables ----------------------------------------------------------------------------------------------------


def _cables(run: Run, owner: str, scheme: Cables, new: Moved) -> None:
    """Half a step of what is not coupled, a step along the cable, and another half, in a frame that nobody else sees."""
    outside, step = run.frame, step_of(run, owner)
    run.frame = outside.at_stage(outside.ahead)
    _half(run, owner, scheme.before, 1)
    for coupled in scheme.coupled:
        moved = {(owner, coupled.variable): _along(run, owner, scheme, coupled, step)}
        run.frame.values[owner].update({name: values for (_, name), values in _allowed(run, moved).items()})
    _half(run, owner, scheme.after, 2)
    new.update({(owner, v): run.frame.values[owner][v] for v in scheme.variables})
    run.frame = outside


def _half(run: Run, owner: str, schemes: Sequence[Scheme], half: int) -> None:
    new: Moved = {}
    run.half = half
    for scheme in schemes:
        _scheme(run, owner, scheme, new)
        if isinstance(scheme, Staged):
            _together(run, [(owner, scheme)], step_of(run, owner), new)
    run.half = 0
    run.frame.values[owner].update({name: values for (_, name), values in _allowed(run, new).items()})


def _along(run: Run, owner: str, scheme: Cables, one: Coupled, step: float) -> Floats:
    """Crank and Nicolson’s step: twice as far as to its middle, where (2/dt − a) x = (2/dt) x(t) + (rate − a x(t)) + what comes along."""
    course, now = whole(run, owner), run.frame.values[owner][one.variable]
    scope = course.scope()
    slope, rate, weight = (course.rate(one.variable, e, scope) for e in (one.slope, one.rate, one.weight))
    if one.noise is not None:
        rate = rate + course.rate(one.variable, one.noise, scope) * kick(course, one.variable) / step
    resistances = course.each(one.resistivity, scope) * course.each(Ref(Whose.OWN, Measure.HALF.value), scope)
    pole = 2.0 / step - slope
    return 2.0 * on_tree(scheme, pole, pole * now + rate, weight, resistances) - now


# --- stages ----------------------------------------------------------------------------------------------------------


def _in_stages(run: Run, new: Moved) -> None:
    """All variables of the network that are integrated in stages, together, as `ExponentialRungeKutta` says; those of a population with steps of its
    own apart."""
    staged = [(owner, scheme) for owner, scheme in _schemes(run) if isinstance(scheme, Staged)]
    slow = {name for name, p in run.structure.populations.items() if p.step is not None}
    _together(run, [(owner, scheme) for owner, scheme in staged if owner not in slow], run.structure.instance.dt, new)
    for name in slow:
        _together(run, [(owner, scheme) for owner, scheme in staged if owner == name], step_of(run, name), new)


def _together(run: Run, schemes: list[tuple[str, Staged]], dt: float, new: Moved) -> None:
    if not schemes:
        return
    start = {(owner, v): run.frame.values[owner][v] for owner, scheme in schemes for v in scheme.variables}
    at, moved = start, start
    for number, share in enumerate(SHARES):
        rates = _rates(run, schemes, at, STAGES[number] * dt)
        moved = {x: led_on(moved[x], rates[x], share * dt) for x in start}
        if number + 1 < len(STAGES):
            ahead = STAGES[number + 1] * dt
            at = {(owner, v): whole(run, owner).within_bounds(v, led_on(start[owner, v], rates[owner, v], ahead)) for owner, v in start}
    new.update(moved)


def _rates(run: Run, schemes: list[tuple[str, Staged]], at: Moved, ahead: float) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """a and b of the rates a x + b with the variables at `at`, `ahead` of t_n."""
    stage = seen_from(run, schemes[0][0], ahead).at_stage(ahead)
    for (owner, v), values in at.items():
        if owner in run.structure.populations:
            stage.values[owner][v] = values
    sum_inputs_at_stage(run, stage)
    found: dict[tuple[str, str], tuple[Floats, Floats]] = {}
    for owner, scheme in schemes:
        # a connection sees its units as they are at t_n
        seen, course = stage if owner in run.structure.populations else seen_from(run, owner, ahead), whole(run, owner)
        scope = everything(run.structure, seen, owner, {v: at[owner, v] for v in scheme.variables})
        for v, slope, offset in linear_parts(scheme):
            found[owner, v] = course.rate(v, slope, scope), course.rate(v, offset, scope)
    return found
