"""The spikes and other events of t_n, and what they do to the units that made them.

Thresholds and rates are evaluated on the state that the flow from t_{n−1} produced. A unit that spikes at step n and is refractory for
k steps may spike again at step n + k; its held variables stand still in the k flows that begin at steps n … n + k − 1. Where a condition says
for how long, k is the number of steps until it does not hold. Events that are located within a step have happened in the flow that has just ended
(`reference.located`); here they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import (
    AddTo,
    AtRate,
    GivenSpikes,
    PoissonSource,
    Population,
    Refractory,
    RegularSource,
    Role,
    Threshold,
    Trigger,
)
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import OfPopulation, Whose, owner_text
from plasticdsl.model.parts import Emitted
from plasticdsl.model.undefined import undefined
from plasticdsl.reference.evaluate import evaluate, everything
from plasticdsl.reference.handlers import run_at
from plasticdsl.reference.located import located_events
from plasticdsl.reference.state import FOR_EVER, Run
from plasticdsl.reference.structure import Index
from plasticdsl.runtime.engine.engine import TOO_MANY_SPIKES
from plasticdsl.runtime.instance.instance import Floats, Values
from plasticdsl.support import random
from plasticdsl.support.counts import OFTEN, poisson_count
from plasticdsl.support.hazards import in_grains
from plasticdsl.support.steps import to_step_array


def emit(run: Run) -> None:
    """Find the spikes and other events of this step in every population, then make their jumps."""
    populations = run.structure.populations
    due = [p for p in populations.values() if run.due(p.name)]
    for population in due:
        _recover(run, population)
    emitted = {one: _emitted(run, p, one.event) for p in due for one in p.emits}
    located = {one for one in emitted if _is_located(populations[one.population], one.event)}
    for one, counts in emitted.items():
        run.spikes[one].add(run.frame.step, counts, flat(run.located_at[one], counts) if one in located else None)
    _note(run, {one: counts for one, counts in emitted.items() if one not in located})
    for one in located:
        for name, values in run.located_kept.pop(one.population, {}).items() if not one.event else ():
            run.noted.setdefault(Ref(OfPopulation(one.population), name), []).append(flat(values, emitted[one]))
        run.located_count[one] = np.zeros_like(emitted[one])
    for (name, event), counts in emitted.items():
        if Emitted(name, event) not in located:
            _jump(run, populations[name], event, counts)


def flat(values: Floats, counts: Index) -> Floats:
    """The first so many values of each unit, unit after unit."""
    return np.concatenate([np.zeros(0), *(values[unit, : counts[unit]] for unit in np.flatnonzero(counts))])


def _is_located(population: Population, event: str) -> bool:
    return event in located_events(population.block)


def _note(run: Run, emitted: Mapping[Emitted, Index]) -> None:
    """What variables are at the spikes, one value for each, in the order of the units."""
    for ref in run.kept:
        owner = owner_text(ref.owner)
        counts = emitted.get(Emitted(owner))
        if counts is not None and counts.any():
            values = np.broadcast_to(evaluate(Ref(Whose.OWN, ref.name), everything(run.structure, run.frame, owner)), counts.shape)
            run.noted.setdefault(ref, []).append(np.repeat(values, counts))


def _emitted(run: Run, population: Population, event: str) -> Index:
    if _is_located(population, event):
        one = Emitted(population.name, event)
        _tell_undecided(run, population, one, located_events(population.block)[event].condition)
        return run.located_count[one].copy()
    if event:
        return _where(run, population, event, next(e.when for e in population.block.events if e.name == event)).astype(np.int64)
    match population.source, population.block.spike:
        case PoissonSource(rate), _:
            return _by_hazard(run, population, rate, counted=True)
        case RegularSource() | GivenSpikes(), _:
            return _given(run, population)
        case _, AtRate(rate):
            return _by_hazard(run, population, rate)
        case _, Threshold() as threshold:
            may = run.frame.step >= run.refractory_until[population.name]
            return (_where(run, population, event, threshold) & may).astype(np.int64)
        case _:
            raise ValueError(f"the units of {population.name} do not spike")


def _where(run: Run, population: Population, event: str, threshold: Threshold) -> NDArray[np.bool_]:
    """Whether the condition of an event is fulfilled, or has come to be, for each unit."""
    name, one = population.name, Emitted(population.name, event)
    scope, count = everything(run.structure, run.frame, name), run.structure.count(name)
    holds = np.broadcast_to(evaluate(threshold.condition, scope), (count,)).astype(bool)
    _tell_undecided(run, population, one, threshold.condition)
    held, run.condition[one] = run.condition[one], holds
    return holds & ~held if threshold.rising else holds


def _tell_undecided(run: Run, population: Population, one: Emitted, condition: Expr) -> None:
    unanswered = undefined(condition)
    if unanswered is not None:
        scope = everything(run.structure, run.frame, population.name)
        run.undecided[one] |= np.broadcast_to(evaluate(unanswered, scope), run.undecided[one].shape).astype(bool)


def _by_hazard(run: Run, population: Population, rate: Expr, counted: bool = False) -> Index:
    """Each unit's hazard ∫ rate dt uses up a draw from Exp(1); each time it is used up there is a spike and a new draw. `counted`: where there are often
    spikes their number is drawn in each step."""
    name, structure = population.name, run.structure
    size = structure.count(name)
    rates = np.broadcast_to(evaluate(rate, everything(structure, run.frame, name)), (size,))
    stream, seed = structure.instance.populations[name].stream, structure.instance.seed
    remaining, draws, rest = run.remaining[name], run.draws[name], population.block.refractory
    counts = np.zeros(size, dtype=np.int64)
    means = rates * (structure.instance.dt * structure.stride(name))
    often = (means >= OFTEN) & counted
    if np.isinf(means[often]).any():
        raise RuntimeError(TOO_MANY_SPIKES)
    counts[often] = [poisson_count(seed, stream, unit, run.frame.step, means[unit]) for unit in np.flatnonzero(often).tolist()]
    for unit in np.flatnonzero(~often).tolist():
        if run.frame.step < run.refractory_until[name][unit]:
            continue
        run.undecided[Emitted(name)][unit] |= np.isnan(rates[unit])
        remaining[unit] -= in_grains(float(means[unit]))
        if remaining[unit] == -np.inf:  # no number of draws makes up for it
            raise RuntimeError(TOO_MANY_SPIKES)
        while remaining[unit] <= 0:
            counts[unit] += 1
            draws[unit] += 1
            remaining[unit] += random.hazards(seed, stream, unit, draws[unit])
            if rest is not None and (rest.at_spike or refractory_steps(run, population, rest)[unit] > 0):
                break
    return counts


def _given(run: Run, population: Population) -> Index:
    drawn = run.structure.instance.populations[population.name]
    counts = np.zeros(drawn.size, dtype=np.int64)
    if drawn.spike_steps is not None and drawn.spike_units is not None:
        begin, end = np.searchsorted(drawn.spike_steps, (run.frame.step, run.frame.step + 1))  # they are sorted by step
        np.add.at(counts, drawn.spike_units[begin:end], 1)
    return counts


def refractory_steps(run: Run, population: Population, rest: Refractory) -> Index:
    """For how many steps each unit would be refractory if it spiked now."""
    drawn, structure = run.structure.instance.populations[population.name], run.structure
    steps: Values | Index = drawn.refractory_steps
    if rest.condition is not None:
        steps = FOR_EVER
    elif rest.duration is not None and rest.at_spike:
        lasts = evaluate(rest.duration, everything(structure, run.frame, population.name))
        steps = to_step_array(np.where(lasts > 0.0, np.minimum(lasts, FOR_EVER * structure.instance.dt), 0.0), structure.instance.dt)
    return np.broadcast_to(np.asarray(steps, dtype=np.int64), (drawn.size,))


def _recover(run: Run, population: Population) -> None:
    """End the refractoriness of units whose condition does not hold; one without an answer does not."""
    rest, name = population.block.refractory, population.name
    if rest is not None and rest.condition is not None:
        scope, until = everything(run.structure, run.frame, name), run.refractory_until[name]
        holds = np.broadcast_to(evaluate(rest.condition, scope), until.shape).astype(bool)
        until[(until > run.frame.step) & ~holds] = run.frame.step
    _show_refractoriness(run, population)


def _show_refractoriness(run: Run, population: Population) -> None:
    for variable in population.block.variables:
        if variable.role is Role.REFRACTORY:
            run.frame.values[population.name][variable.name][...] = run.refractory_until[population.name] > run.frame.step


def _jump(run: Run, population: Population, event: str, counts: Index) -> None:
    for repeat in range(int(counts.max(initial=0))):
        units = np.flatnonzero(counts > repeat)
        for handler in population.block.handlers:
            if handler.trigger is Trigger.SPIKE and handler.event == event:
                assert not any(isinstance(s, AddTo) for s in handler.statements), "a neuron adds to nobody"
                run_at(run, population.name, handler, units, run.frame, repeat=repeat)
    rest = population.block.refractory
    if rest is not None and not event:
        fired, until = counts > 0, run.refractory_until[population.name]
        until[fired] = run.frame.step + refractory_steps(run, population, rest)[fired]
        _show_refractoriness(run, population)
