"""What the numbers of a network, of its populations and of its projections come from, and what is made of them.

Comes in: right sides, and what they may read. Goes out: resolvers, values within their bounds, times in whole steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.model import Block, Network, PerUnit, Population, Projection, Timed, Timing
from plasticdsl.model.expr import Expr, Ref, Special
from plasticdsl.model.owners import OfData, OfProjection, OfSeries, OfTable, Whose
from plasticdsl.model.parts import count, start_of
from plasticdsl.model.right_sides import PARAMETERS, STATES, network_sides
from plasticdsl.runtime.instance.arrays import Arrays
from plasticdsl.runtime.instance.instance import Floats, ProjectionInstance, Values
from plasticdsl.runtime.instance.pairing import Ends
from plasticdsl.runtime.instance.partners import alike
from plasticdsl.runtime.instance.resolver import Arrange, Resolver, checked, fail
from plasticdsl.runtime.instance.settings import Given, Settings, Sides, value_of
from plasticdsl.runtime.numbers.evaluate import Lookup, Name, evaluate
from plasticdsl.source import Span
from plasticdsl.support.connections import Connections
from plasticdsl.support.steps import all_multiples, to_step_array, whole_multiple
from plasticdsl.support.units import require_units

#: As long as delays, refractory times and periods can last: they are counted in 32 bits.
MOST_STEPS = 2**31 - 1


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


def network_value(expr: Expr, network: Network, settings: Settings) -> Values:
    """The value of an expression in parameters of the network and numbers of its files, before anything is built. Raises KeyError where it reads anything
    else, `PlasError` for a file that cannot be read."""
    sides = {Ref(Whose.NETWORK, name): side for name, side in network_sides(network, settings).items()}
    return value_of(expr, sides, Whose.NETWORK, Arrays(network.data, {}).table)


def network_values(setup: Setup, sides: Sides, stored: Arrays) -> Resolver:
    """The values of the network's parameters."""
    around = around_of(dict[str, Values]().__getitem__, setup.dt, {}, stored)
    return Resolver(Whose.NETWORK, "", sides, setup.network.variables, 1, setup.seed, around, lambda values: values)


def around_of(of_network: Callable[[str], Values], dt: float, made: Mapping[str, ProjectionInstance], stored: Arrays) -> Lookup:
    """What every population and projection sees of the network and its files before the run, and of projections that are `made`."""

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
            case Ref(OfTable()):
                return stored.table(node)
            case Ref(OfData()):
                message = f"‘{node.path}’ has several numbers, and one is needed."
                return fail("sizes-differ", message, hint=f"Say which, for example ‘{node.path}[1]’.")
            case Special("t"):
                return 0.0
            case Special("dt"):
                return dt
            case _:
                raise KeyError(node)

    return look_up


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


def states_of(block: Block, resolver: Resolver) -> dict[str, Floats]:
    """The initial states, within their bounds."""
    states = [v for v in block.variables if v.role in STATES]
    return {v.name: _full(checked(v, resolver.value(v.name), resolver), resolver.count) for v in states}


def _full(value: Values, count: int) -> Floats:
    """One for each, of its own; where all have the same, it is there once."""
    return (
        np.broadcast_to(np.float64(value), (count,))
        if np.ndim(value) == 0
        else np.array(np.broadcast_to(value, (count,)), dtype=np.float64)
    )


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
    if (steps < 0).any() or (steps > MOST_STEPS).any():
        extreme = durations.min() if (steps < 0).any() else durations.max()
        most = f": it can last {MOST_STEPS:,} steps, {MOST_STEPS * setup.dt * 1e3:g} ms" if extreme > 0.0 else ""
        fail("out-of-range", f"{what} cannot be {extreme * 1e3:g} ms{most}.", span)
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
        projection.as_owner,
        projection.symbol,
        sides,
        projection.connection.variables,
        made.count,
        setup.seed,
        outside,
        arrange,
        last,
        made,
    )
