"""From a checked network to an instance: sizes, parameters, initial states, connections, delays and given spikes.

Comes in: a `Network`, the step, a seed, and what the user sets or gives. Goes out: an `Instance`, with everything drawn that is drawn before the
first step. All draws are keyed by seed, name of the population or projection, and purpose.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from plasticdsl.model import ClampedSource, GivenSpikes, Network, PoissonSource, Population, Projection, RegularSource, Timing
from plasticdsl.model.expr import Ref, is_of_file, is_series, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, OfTable
from plasticdsl.model.presence import PRESENT
from plasticdsl.model.right_sides import network_sides, right_sides
from plasticdsl.plan.others import read_by
from plasticdsl.runtime.instance.arrays import Arrays
from plasticdsl.runtime.instance.dependence import delay_sides, per_unit
from plasticdsl.runtime.instance.divided import Division, connected_in_part, cut, is_made_in_parts
from plasticdsl.runtime.instance.instance import Instance, Places, PopulationInstance, ProjectionInstance
from plasticdsl.runtime.instance.memory import check_memory, delivery_need, expected_count, population_need, projection_need, waiting_need
from plasticdsl.runtime.instance.pairing import Ends, pattern_of
from plasticdsl.runtime.instance.partners import counterparts, require_partners
from plasticdsl.runtime.instance.patterns import Given as GivenPatterns
from plasticdsl.runtime.instance.patterns import Makings, all_patterns
from plasticdsl.runtime.instance.resolver import Resolver, fail
from plasticdsl.runtime.instance.segments import long_segments
from plasticdsl.runtime.instance.settings import Given, Settings, check_settings
from plasticdsl.runtime.instance.sources import GivenTimes, check_rate, first_pace, given_spikes, lay_down
from plasticdsl.runtime.instance.values import (
    Setup,
    around_of,
    check_periods,
    connection_values,
    ends_of,
    in_steps,
    network_values,
    parameters_of,
    states_of,
    stride_of,
    units_of,
)
from plasticdsl.support.connections import Connections, arranged, there_at_first
from plasticdsl.support.connectivity import NotSymmetric, Pattern, connect
from plasticdsl.support.random import signed, stream_of
from plasticdsl.support.units import whole

_MOST_UNITS = 2**31 - 1


def instantiate(
    network: Network,
    *,
    dt: float,
    seed: int,
    settings: Settings | None = None,
    connections: Mapping[str, object] | None = None,
    spikes: GivenTimes | None = None,
    horizon: int | None = None,
    patterns: GivenPatterns | None = None,
    spread: Collection[Ref] = (),
    files: Collection[str] = (),
    division: Division | None = None,
) -> Instance:
    """The network with numbers.

    - `dt`: step in s. `seed`: up to 64 bits.
    - `settings`: variable → expression, distribution, number or array (one value per unit or connection, or a matrix [post, pre] for connections),
      all in SI; a population as such → its size.
    - `connections`: projection → pre and post units (from 0), or anything that `listed` takes; arrays set for its variables are in the same order.
    - `spikes`: given source → times (s) and units (from 0). `horizon`: steps up to which endless regular sources are worked out.
    - `patterns`: pattern set → array [patterns, units], in place of what the file says. `spread`: parameters that get a value for each unit. `files`:
      data sets that are read beside those that the network itself needs.
    - `division`: which of several processes this is; it gets the connections that lead to its units alone.

    Raises `PlasError` for what is wrong with the model's values (`initial-outside-bounds`, `out-of-range`, `too-large`, …), KeyError for a name
    that does not exist, ValueError for an array that does not fit.
    """
    if not (dt > 0.0 and math.isfinite(dt)):
        raise ValueError(f"dt is {dt:g} s, but must be positive")
    settings, connections, spikes = settings or {}, connections or {}, spikes or {}
    check_settings(network, settings)
    _check_names(network, connections, spikes, patterns or {})
    signed(seed)  # raises ValueError for anything but a whole number of at most 64 bits
    setup = Setup(network, dt, seed, settings, per_unit(network, settings, spread), [], horizon)
    stored = Arrays(network.data, {})
    shared = network_values(setup, network_sides(network, settings), stored)
    sizes = {p.name: _size(p, setup, shared) for p in network.populations}
    needs = [population_need(p, sizes[p.name], setup.arrays) for p in network.populations]
    check_memory(needs)
    shown = all_patterns(network.patterns, Makings(sizes, shared.of, seed, patterns or {}))
    made: dict[str, ProjectionInstance] = {}
    around = around_of(shared.value, dt, made, stored)
    sides = {p.name: right_sides(p.as_owner, p.block, p.values, settings) for p in network.populations}
    units = {p.name: units_of(p, sizes[p.name], sides[p.name], seed, around, stored) for p in network.populations}
    ends = {p.name: ends_of(p, units, around, stored) for p in network.projections}
    wiring = {p.name: pattern_of(p, ends[p.name], connections.get(p.name)) for p in network.projections}
    parts = 1 if division is None else division.size
    counts = {p.name: expected_count(wiring[p.connectivity.of or p.name]) / parts for p in network.projections}
    needs += [projection_need(p, wiring[p.name], counts[p.name], setup.arrays) for p in network.projections]
    check_memory(needs)
    instance = Instance(
        dt,
        setup.seed,
        {name: shared.value(name) for name in network_sides(network, settings)},
        {p.name: _population(p, units[p.name], setup, spikes) for p in network.populations},
        _projections(network, wiring, ends, setup, made, division),
        shown,
        stored.known,
        setup.warnings,
    )
    _read(network, stored, files, instance)
    for population in network.populations:
        instance.warnings.extend(long_segments(population, instance.populations[population.name], instance.parameters, dt))
    return instance


def _read(network: Network, stored: Arrays, files: Collection[str], instance: Instance) -> None:
    """Reads what observables and experiments take from files, so that it is all there before the run."""
    for name in files:
        stored.arrays(name)
    for ref in sorted((ref for expr in expressions(network.variables) for ref in refs(expr) if is_of_file(ref)), key=lambda ref: ref.order):
        if isinstance(ref.owner, OfTable):
            stored.table(ref, instance.size)
        else:
            stored.array(ref)


def _check_names(network: Network, connections: Mapping[str, object], spikes: Mapping[str, object], patterns: Mapping[str, object]) -> None:
    sources = {n for p in network.populations if isinstance(p.source, GivenSpikes) for n in (p.source.name or p.name, p.name)}
    there = {"projection": {p.name for p in network.projections}, "source of given spikes": sources}
    there["set of patterns"] = {s.name for s in network.patterns}
    for (what, known), given in zip(there.items(), (connections, spikes, patterns), strict=True):
        if not isinstance(given, Mapping):
            raise ValueError(f"what is given for each {what} is a mapping by name, not {given!r}")
        for name in given:
            if name not in known:
                raise KeyError(f"there is no {what} {name}; there is {', '.join(sorted(known)) or 'none'}")


def _size(population: Population, setup: Setup, shared: Resolver) -> int:
    known: Given = population.size
    for name in filter(None, (population.as_many_as, population.name)):
        known = setup.settings.get(Ref(OfPopulation(name), ""), known)
    value = shared.of(known, population.name, population.span)
    size = whole(value) if isinstance(value, float) else None
    if size is None or not 1 <= size <= _MOST_UNITS:
        message = f"The size of ‘{population.symbol}’ must be a whole number from 1 to {_MOST_UNITS:,}, not {value:g}."
        fail("not-whole", message, population.span)
    return size


# --- populations -----------------------------------------------------------------------------------------------------


def _population(population: Population, resolver: Resolver, setup: Setup, spikes: GivenTimes) -> PopulationInstance:
    parameters, states = parameters_of(population.block, resolver, setup), states_of(population.block, resolver)
    for name, formula in population.block.definitions.items():
        if any(is_series(ref) for ref in refs(formula)):
            resolver.value(name)  # which reads the samples
    if isinstance(population.source, ClampedSource):
        states.setdefault("x", np.zeros(resolver.count))
    made = PopulationInstance(population.name, resolver.count, stream_of(population.name), parameters, states)
    made.stride = stride_of(population, resolver, setup)
    refractory = population.block.refractory
    if refractory is not None and refractory.constant is not None:
        made.refractory_steps = in_steps(Timing.REFRACTORY, refractory.constant, refractory.span, resolver, setup)
    check_periods(population.block, resolver, setup, made.stride)
    match population.source:
        case PoissonSource() as source:
            check_rate(source, population, resolver)
        case RegularSource() as source:
            made.pace = first_pace(source, population, resolver)
            lay_down(made, setup.dt, setup.horizon)
        case GivenSpikes() as source:
            made.spike_steps, made.spike_units = given_spikes(source, population, resolver, setup.dt, spikes, setup.warn_rounded)
        case _:
            pass
    return made


# --- projections -----------------------------------------------------------------------------------------------------


def _projections(
    network: Network,
    wiring: Mapping[str, Pattern],
    ends: Mapping[str, Ends],
    setup: Setup,
    made: dict[str, ProjectionInstance],
    division: Division | None,
) -> dict[str, ProjectionInstance]:
    """All projections; `made`: so far, to look up what those that come later read."""
    mirrored, read = {p.connectivity.of for p in network.projections}, {o.name for p in network.projections for o in read_by(p, network)}
    for p in sorted(network.projections, key=lambda p: bool(p.connectivity.of)):  # those that mirror others after these
        alone = not (p.name in mirrored | read or p.connectivity.of or read_by(p, network) or p.shared)
        pattern = _mirrored(wiring[p.name], made.get(p.connectivity.of))
        made[p.name] = _projection(p, pattern, ends[p.name], setup, division if alone else None)
    _require_counterparts(network, made)
    found = {p.name: made[p.name] for p in network.projections}
    return found if division is None else {name: cut(one, division.own(ends[name].n_post)) for name, one in found.items()}


def _projection(projection: Projection, pattern: Pattern, ends: Ends, setup: Setup, division: Division | None) -> ProjectionInstance:
    """`division`: it may be made without the connections of other processes."""
    sides = right_sides(projection.as_owner, projection.connection, projection.values, setup.settings)
    in_part = division is not None and is_made_in_parts(projection, pattern, sides.values())
    found, places = _connected(projection, pattern, setup, division if in_part else None)
    made = ProjectionInstance(
        projection.name,
        projection.pre,
        projection.post,
        stream_of(projection.name),
        found.rows,
        found.targets,
        {},
        {},
        order=found.order,
        places=places,
    )
    resolver = connection_values(projection, made, sides, ends, setup, lambda values: arranged(values, found, ends.n_post))
    made.parameters, made.states = parameters_of(projection.connection, resolver, setup), states_of(projection.connection, resolver)
    if projection.changing:
        made.states[PRESENT] = there_at_first(made.states[PRESENT], found)
    require_partners(projection, made)
    delays = {side: in_steps(side, delay, projection.span, resolver, setup) for side, delay in delay_sides(projection).items()}
    made.axonal, made.dendritic = (delays.get(side, 0) for side in (Timing.AXONAL, Timing.DENDRITIC))
    late, later = (int(np.max(steps, initial=0)) for steps in (made.axonal, made.dendritic))
    check_memory((waiting_need(projection, late, ends.n_pre), delivery_need(projection, later, ends.n_post)))
    check_periods(projection.connection, resolver, setup)
    return made


def _mirrored(pattern: Pattern, other: ProjectionInstance | None) -> Pattern:
    """The connections of another projection in the opposite direction."""
    if other is None:
        return pattern
    return replace(pattern, kind="listed", listed=(other.targets.astype(np.int64), other.sources().astype(np.int64)))


def _require_counterparts(network: Network, made: Mapping[str, ProjectionInstance]) -> None:
    """Projections that read others do so at each of their connections."""
    for projection in network.projections:
        for other in read_by(projection, network):
            if not other.exact:
                try:
                    counterparts(made[projection.name], made[other.name], other.transposed)
                except ValueError as problem:
                    hint = "Give both projections the same connections, for example ‘all to all’."
                    fail("unsupported", f"{problem}.", projection.connectivity.span, hint)
        own = made[projection.name].count
        for fewer in (made[name] for name in projection.shared if made[name].count > own):
            message = (
                f"A gradient follows weights of ‘{fewer.name}’ through ‘{projection.name}’, which uses {own} of their {fewer.count} alone."
            )
            fail(
                "not-local", message, projection.connectivity.span, "Give both projections the same connections, for example ‘all to all’."
            )


def _connected(projection: Projection, pattern: Pattern, setup: Setup, division: Division | None) -> tuple[Connections, Places | None]:
    """All connections, or those of one process and which these are."""
    same, stream = projection.pre == projection.post, stream_of(projection.name, "connections")
    try:
        if division is not None:
            return connected_in_part(pattern, same and not pattern.self_connections, setup.seed, stream, division)
        return connect(pattern, same, setup.seed, stream), None
    except ValueError as problem:
        if pattern.kind == "listed" and not projection.connectivity.data:
            raise ValueError(f"{projection.name}: {problem}") from None
        code = "not-symmetric" if isinstance(problem, NotSymmetric) else "sizes-differ" if pattern.kind == "one" else "out-of-range"
        fail(code, f"‘{projection.symbol}’ cannot be connected: {problem}.", projection.connectivity.span)
