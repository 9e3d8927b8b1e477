"""From a checked network to an instance: sizes, parameters, initial states, connections, delays and given spikes.

Comes in: a `Network`, the step, a seed, and what the user sets or gives. Goes out: an `Instance`, with everything drawn that is drawn before the
first step. All draws are keyed by seed, name of the population or projection, and purpose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.model import (
    Block,
    ClampedSource,
    GivenSpikes,
    Network,
    PerUnit,
    PoissonSource,
    Population,
    Projection,
    RegularSource,
    Timed,
    Timing,
)
from plasticdsl.model.expr import Ref, Special, is_series, refs
from plasticdsl.model.owners import OfData, OfProjection, OfSeries, Whose
from plasticdsl.model.parts import count, start_of
from plasticdsl.model.presence import PRESENT
from plasticdsl.model.right_sides import PARAMETERS, STATES, network_sides, right_sides
from plasticdsl.plan.others import read_by
from plasticdsl.runtime.instance.arrays import Arrays
from plasticdsl.runtime.instance.dependence import delay_sides, per_unit
from plasticdsl.runtime.instance.instance import Floats, Instance, PopulationInstance, ProjectionInstance, Values
from plasticdsl.runtime.instance.memory import check_memory, delivery_need, expected_count, population_need, projection_need
from plasticdsl.runtime.instance.pairing import Ends, pattern_of
from plasticdsl.runtime.instance.partners import alike, counterparts, require_partners
from plasticdsl.runtime.instance.patterns import Given as GivenPatterns
from plasticdsl.runtime.instance.patterns import Makings, all_patterns
from plasticdsl.runtime.instance.resolver import Arrange, Resolver, checked, fail
from plasticdsl.runtime.instance.settings import Given, Settings, Sides, check_settings
from plasticdsl.runtime.instance.sources import GivenTimes, check_rate, first_pace, given_spikes, lay_down
from plasticdsl.runtime.numbers.evaluate import Lookup, Name, evaluate
from plasticdsl.source import Span
from plasticdsl.support.connectivity import Connections, NotSymmetric, Pattern, arranged, connect, there_at_first, whole
from plasticdsl.support.random import signed, stream_of
from plasticdsl.support.steps import all_multiples, to_step_array, whole_multiple
from plasticdsl.support.structure import require_units

__all__ = ["FIRST_STEPS", "extend_spikes", "instantiate", "per_unit"]

_MOST_UNITS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Setup:
    """What all parts of the network are made with; `arrays` as `per_unit` tells."""

    network: Network
    dt: float
    seed: int
    settings: Settings
    arrays: PerUnit
    warnings: list[Diagnostic]
    horizon: int | None

    def warn_rounded(self, what: str, span: Span) -> None:
        """Notes that a time was rounded; `what` says which, and that it is not on the grid."""
        self.warnings.append(
            Diagnostic("duration-rounded", f"{what} of {self.dt * 1e3:g} ms and was rounded.", span, severity=Severity.WARNING)
        )


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
) -> Instance:
    """The network with numbers.

    - `dt`: step in s. `seed`: up to 64 bits.
    - `settings`: variable → expression, distribution, number or array (one value per unit or connection, or a matrix [post, pre] for connections),
      all in SI; a population as such → its size.
    - `connections`: projection → pre and post units (from 0), or anything that `listed` takes; arrays set for its variables are in the same order.
    - `spikes`: given source → times (s) and units (from 0). `horizon`: steps up to which endless regular sources are worked out.
    - `patterns`: pattern set → array [patterns, units], in place of what the file says. `spread`: parameters that get a value for each unit.

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
    shared = network_values(setup, network_sides(network, settings))
    sizes = {p.name: _size(p, setup, shared) for p in network.populations}
    needs = [population_need(p, sizes[p.name], setup.arrays) for p in network.populations]
    check_memory(needs)
    shown = all_patterns(network.patterns, Makings(sizes, shared.of, seed, patterns or {}))
    made: dict[str, ProjectionInstance] = {}
    around = around_of(shared.value, dt, made)
    sides = {p.name: right_sides(p.as_owner, p.block, p.values, settings) for p in network.populations}
    stored = Arrays(network.data, {})
    units = {p.name: units_of(p, sizes[p.name], sides[p.name], seed, around, stored) for p in network.populations}
    ends = {p.name: ends_of(p, units, around, stored) for p in network.projections}
    wiring = {p.name: pattern_of(p, ends[p.name], connections.get(p.name)) for p in network.projections}
    counts = {p.name: expected_count(wiring[p.connectivity.of or p.name]) for p in network.projections}
    needs += [projection_need(p, wiring[p.name], counts[p.name], setup.arrays) for p in network.projections]
    check_memory(needs)
    return Instance(
        dt,
        setup.seed,
        {name: shared.value(name) for name in network_sides(network, settings)},
        {p.name: _population(p, units[p.name], setup, spikes) for p in network.populations},
        _projections(network, wiring, ends, setup, made),
        shown,
        stored.known,
        setup.warnings,
    )


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


# --- values ----------------------------------------------------------------------------------------------------------


def network_values(setup: Setup, sides: Sides) -> Resolver:
    """The values of the network's parameters."""
    around = around_of(dict[str, Values]().__getitem__, setup.dt, {})
    return Resolver(Whose.NETWORK, "", sides, setup.network.variables, 1, setup.seed, around, lambda values: values)


def around_of(of_network: Callable[[str], Values], dt: float, made: Mapping[str, ProjectionInstance]) -> Lookup:
    """What every population and projection sees of the network before the run, and of projections that are `made`."""

    def look_up(node: Name) -> Values:
        match node:
            case Ref(Whose.NETWORK, name):
                return of_network(name)
            case Ref(OfProjection(projection), name):
                value = made[projection].parameters[name]
                if np.ndim(value):
                    message = (
                        f"The window of a rate in ‘{projection}’ has a value for each connection; this is not available in this version."
                    )
                    fail("unsupported", message, hint="Give it one value for all of them.")
                return value
            case Special("t"):
                return 0.0
            case Special("dt"):
                return dt
            case _:
                raise KeyError(node)

    return look_up


def _size(population: Population, setup: Setup, shared: Resolver) -> int:
    value = shared.of(setup.settings.get(Ref(population.as_owner, ""), population.size), population.name, population.span)
    size = whole(value) if isinstance(value, float) else None
    if size is None or not 1 <= size <= _MOST_UNITS:
        message = f"The size of ‘{population.symbol}’ must be a whole number from 1 to {_MOST_UNITS:,}, not {value:g}."
        fail("not-whole", message, population.span)
    return size


def units_of(population: Population, size: int, sides: Sides, seed: int, around: Lookup, stored: Arrays) -> Resolver:
    """The values of a population."""

    def outside(node: Name) -> Values:
        match node:
            case Special("i"):
                return np.arange(1.0, size + 1.0)
            case Ref(OfData()):
                return stored.of_units(node, size, population.symbol)
            case Ref(OfSeries()):
                return stored.of_series(node, size, population.symbol)
            case Special("N_pre" | "N_post"):
                return float(size)
            case _:
                return around(node)

    def arrange(values: Floats) -> Floats:
        if values.shape != (size,):
            raise ValueError(f"an array of shape {values.shape} was given, but there is one value per unit: ({size},)")
        return values

    return Resolver(population.as_owner, population.symbol, sides, population.block.variables, size, seed, outside, arrange)


def ends_of(projection: Projection, units: Mapping[str, Resolver], around: Lookup, stored: Arrays) -> Ends:
    """The populations of a projection. Raises `PlasError` (`sizes-differ`) where one that is an argument has other units than are needed."""
    sides, n_post = projection.ends, units[projection.post].count
    for third in projection.thirds:
        size = units[third.population].count
        start, given, others = (float(evaluate(e, around)) for e in (start_of(third.units), count(third.units), count(third.post)))
        needed = (others if third.post else n_post) if third.each else 1
        try:
            require_units(third.owner.name, start, needed, given if third.units else size, size)
        except ValueError as problem:
            fail("sizes-differ", f"‘{projection.symbol}’ {problem}.", third.span)
    return Ends(units[projection.pre].count, n_post, lambda side, name: units[sides[side]].value(name), around, stored, projection.thirds)


def parameters_of(block: Block, resolver: Resolver, setup: Setup) -> dict[str, Values]:
    """The parameters, within their bounds; what is not shared in arrays of its own."""
    found: dict[str, Values] = {}
    for variable in block.variables:
        if variable.role in PARAMETERS:
            value = checked(variable, resolver.value(variable.name), resolver)
            own = Ref(resolver.owner, variable.name) in setup.arrays
            found[variable.name] = _full(value, resolver.count) if own else float(value)
    return found


def _states_of(block: Block, resolver: Resolver) -> dict[str, Floats]:
    """The initial states, within their bounds."""
    states = [v for v in block.variables if v.role in STATES]
    return {v.name: _full(checked(v, resolver.value(v.name), resolver), resolver.count) for v in states}


def _full(value: Values, count: int) -> Floats:
    return np.array(np.broadcast_to(value, (count,)), dtype=np.float64)


# --- populations -----------------------------------------------------------------------------------------------------


def _population(population: Population, resolver: Resolver, setup: Setup, spikes: GivenTimes) -> PopulationInstance:
    parameters, states = parameters_of(population.block, resolver, setup), _states_of(population.block, resolver)
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


def stride_of(population: Population, resolver: Resolver, setup: Setup) -> int:
    """How many steps of the network one of the population's own is."""
    if population.step is None:
        return 1
    try:
        return whole_multiple(resolver.of(population.step, "step", population.span), setup.dt)
    except ValueError as problem:
        hint = "Its units take part in every k-th step of the network."
        fail("step-not-multiple", f"The step of ‘{population.symbol}’: {problem}.", population.span, hint)


def in_steps(timing: Timing, given: Given, span: Span, resolver: Resolver, setup: Setup) -> int | NDArray[Any]:
    """A refractory time or delay in whole steps, one for each unit or connection where it may differ."""
    steps = _steps(given, timing.value, f"The {timing.value} of ‘{resolver.symbol}’", span, resolver, setup)
    own = Timed(resolver.owner, timing) in setup.arrays
    dtype = np.int64 if timing is Timing.REFRACTORY else np.int32
    return np.broadcast_to(steps, (resolver.count,)).astype(dtype) if own else int(np.asarray(steps))


def _steps(given: Given, purpose: str, what: str, span: Span, resolver: Resolver, setup: Setup) -> int | NDArray[np.int64]:
    """Whole steps, not negative; a warning where one duration for all was rounded."""
    durations = np.asarray(resolver.of(given, purpose, span), dtype=np.float64)
    try:
        steps = to_step_array(durations, setup.dt)
    except ValueError as problem:
        fail("out-of-range", f"{what}: {problem}.", span)
    if (steps < 0).any() or (steps > np.iinfo(np.int32).max).any():
        extreme = durations.min() if (steps < 0).any() else durations.max()
        fail("out-of-range", f"{what} cannot be {extreme * 1e3:g} ms.", span)
    if durations.ndim == 0 and not all_multiples(durations, setup.dt):
        setup.warn_rounded(f"{what} is no whole number of steps", span)
    return int(steps) if steps.ndim == 0 else steps


def check_periods(block: Block, resolver: Resolver, setup: Setup, stride: int = 1) -> None:
    """Raises `PlasError` where `every T` is less than a step (of `stride` steps) or not one time for all; warns of what is rounded."""
    setup = replace(setup, dt=setup.dt * stride)
    what = f"A period of ‘{resolver.symbol}’"
    for handler in block.handlers:
        if handler.period is None:
            continue
        steps = _steps(handler.period, "period", what, handler.span, resolver, setup)
        if not isinstance(steps, int):
            fail("unsupported", f"{what} is not the same everywhere; this is not available in this version.", handler.span)
        if steps < 1:
            message = f"{what} must be at least one step, {setup.dt * 1e3:g} ms."
            fail("out-of-range", message, handler.span, "Give it more time, or take a smaller dt.")


#: As far as endless regular sources are worked out before it is known how long a network runs.
FIRST_STEPS = 10_000


def complete_until(instance: Instance) -> float:
    """The step before which the spikes of all regular sources are complete."""
    return min((p.spikes_until for p in instance.populations.values() if p.spikes_until is not None), default=math.inf)


def extend_spikes(instance: Instance, horizon: int, ahead: int = 0) -> bool:
    """Works out endless regular sources of `instance` up to step `horizon`, those that are not yet so far `ahead` of it; returns whether there are new
    arrays of spikes."""
    short = [p for p in instance.populations.values() if p.spikes_until is not None and p.spikes_until < horizon]
    for made in short:
        lay_down(made, instance.dt, horizon + ahead)
    return bool(short)


# --- projections -----------------------------------------------------------------------------------------------------


def _projections(
    network: Network, wiring: Mapping[str, Pattern], ends: Mapping[str, Ends], setup: Setup, made: dict[str, ProjectionInstance]
) -> dict[str, ProjectionInstance]:
    """All projections; `made`: so far, to look up what those that come later read."""
    for p in sorted(network.projections, key=lambda p: bool(p.connectivity.of)):  # those that mirror others after these
        made[p.name] = _projection(p, _mirrored(wiring[p.name], made.get(p.connectivity.of)), ends[p.name], setup)
    _require_counterparts(network, made)
    return {p.name: made[p.name] for p in network.projections}


def _projection(projection: Projection, pattern: Pattern, ends: Ends, setup: Setup) -> ProjectionInstance:
    found = _connected(projection, pattern, setup)
    made = ProjectionInstance(
        projection.name, projection.pre, projection.post, stream_of(projection.name), found.rows, found.targets, {}, {}, order=found.order
    )
    sides = right_sides(projection.as_owner, projection.connection, projection.values, setup.settings)
    resolver = connection_values(projection, made, sides, ends, setup, lambda values: arranged(values, found, ends.n_post))
    made.parameters, made.states = parameters_of(projection.connection, resolver, setup), _states_of(projection.connection, resolver)
    if projection.changing:
        made.states[PRESENT] = there_at_first(made.states[PRESENT], found)
    require_partners(projection, made)
    delays = {side: in_steps(side, delay, projection.span, resolver, setup) for side, delay in delay_sides(projection).items()}
    made.axonal, made.dendritic = (delays.get(side, 0) for side in (Timing.AXONAL, Timing.DENDRITIC))
    check_memory((delivery_need(projection, int(np.max(made.dendritic, initial=0)), ends.n_post),))
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


def _connected(projection: Projection, pattern: Pattern, setup: Setup) -> Connections:
    try:
        return connect(pattern, projection.pre == projection.post, setup.seed, stream_of(projection.name, "connections"))
    except ValueError as problem:
        if pattern.kind == "listed" and not projection.connectivity.data:
            raise ValueError(f"{projection.name}: {problem}") from None
        code = "not-symmetric" if isinstance(problem, NotSymmetric) else "sizes-differ" if pattern.kind == "one" else "out-of-range"
        fail(code, f"‘{projection.symbol}’ cannot be connected: {problem}.", projection.connectivity.span)


def connection_values(
    projection: Projection, made: ProjectionInstance, sides: Sides, ends: Ends, setup: Setup, arrange: Arrange
) -> Resolver:
    """The values of a projection whose connections are made."""

    @cache
    def pre() -> NDArray[np.int64]:
        return made.sources().astype(np.int64)

    def post() -> NDArray[np.int64]:
        return made.targets.astype(np.int64)

    def finish(name: str, side: Given, values: Values) -> Values:
        return alike(projection, made, name, side, values)

    def outside(node: Name) -> Values:
        if isinstance(node, Ref) and isinstance(node.owner, OfData):
            return ends.arrays.of_connections(node, Connections(made.rows, made.targets, made.order), (ends.n_pre, ends.n_post))
        return at_pairs(node)

    at_pairs, last = ends.lookup(pre, post), finish if projection.symmetric else None
    return Resolver(
        projection.as_owner, projection.symbol, sides, projection.connection.variables, made.count, setup.seed, outside, arrange, last
    )
