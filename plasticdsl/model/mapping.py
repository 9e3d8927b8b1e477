"""One function applied to every expression of a block, a network or an experiment: renaming, binding to what is around it, rewriting.

Comes in: a part of the checked model and a function of expressions. Goes out: the same with every expression replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from plasticdsl.model.experiments import Clamp, Expectation, Experiment, Phase, PlotSpec, Recording
from plasticdsl.model.expr import Expr, Ref, rebuild
from plasticdsl.model.model import (
    AddTo,
    Assign,
    AtRate,
    Block,
    Delays,
    Distribution,
    GivenSpikes,
    Handler,
    Network,
    PairRule,
    PoissonSource,
    Population,
    Projection,
    RegularSource,
    Source,
    Statement,
    Threshold,
    Value,
    Variable,
)
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Euler, EulerMaruyama, Exact, ExponentialEuler, ExponentialRungeKutta, RungeKutta4, Scheme

Read = Callable[[Expr], Expr]
Values = tuple[tuple[str, Value], ...]


def renames(names: Mapping[str, str]) -> bool:
    """Whether a renaming changes anything."""
    return any(old != new for old, new in names.items())


def rename_variable(variable: Variable, names: Mapping[str, str]) -> Variable:
    """The variable with its own name and all it reads renamed."""
    return replace(map_variable(variable, _renaming(names)), name=names.get(variable.name, variable.name))


def map_variable(variable: Variable, read: Read) -> Variable:
    """`read` applied to the value, initial value and bounds."""
    if variable.value is None and variable.initial is None and variable.low is None and variable.high is None:
        return variable
    low = read(variable.low) if variable.low is not None else None
    high = read(variable.high) if variable.high is not None else None
    return replace(variable, value=map_value(variable.value, read), initial=map_value(variable.initial, read), low=low, high=high)


def rename_block(block: Block, names: Mapping[str, str]) -> Block:
    """Flows, handlers, pairs and sums with the block's own names renamed."""
    read = _renaming(names)
    flows = tuple(replace(f, variable=names.get(f.variable, f.variable)) for f in block.flows)
    return map_block(replace(block, flows=flows), read)


def _renaming(names: Mapping[str, str]) -> Read:
    def read(expr: Expr) -> Expr:
        match expr:
            case Ref(Whose.OWN, name, limit) if name in names:
                return Ref(Whose.OWN, names[name], limit)
            case _:
                return rebuild(expr, read)

    return read


def map_value(value: Value | None, read: Read) -> Value | None:
    """`read` applied to an expression or to the arguments of a distribution."""
    if isinstance(value, Distribution):
        return Distribution(value.name, tuple(read(a) for a in value.arguments))
    return None if value is None else read(value)


def map_block(block: Block, read: Read) -> Block:
    """`read` applied to every expression of the flows, handlers, pairs and sums; targets too."""
    return replace(
        block,
        flows=tuple(replace(f, rate=read(f.rate), noise=read(f.noise) if f.noise is not None else None) for f in block.flows),
        handlers=tuple(_map_handler(h, read) for h in block.handlers),
        pairs=tuple(_map_pair(p, read) for p in block.pairs),
        sums=tuple(replace(s, body=read(s.body)) for s in block.sums),
    )


def _map_handler(handler: Handler, read: Read) -> Handler:
    statements = tuple(_map_statement(s, read) for s in handler.statements)
    return replace(handler, statements=statements, period=read(handler.period) if handler.period is not None else None)


def _map_statement(statement: Statement, read: Read) -> Statement:
    target = _target(statement.target, read)
    match statement:
        case Assign(_, value, span):
            return Assign(target, read(value), span)
        case AddTo(_, amount, span):
            return AddTo(target, read(amount), span)


def _map_pair(pair: PairRule, read: Read) -> PairRule:
    truncate = read(pair.truncate) if pair.truncate is not None else None
    return replace(pair, target=_target(pair.target, read), increment=read(pair.increment), truncate=truncate)


def _target(ref: Ref, read: Read) -> Ref:
    changed = read(ref)
    return changed if isinstance(changed, Ref) else ref


def expressions(block: Block) -> Iterator[Expr]:
    """Every expression of a block's variables, flows, handlers, pairs and sums."""
    for v in block.variables:
        for value in (v.value, v.initial):
            yield from value.arguments if isinstance(value, Distribution) else () if value is None else (value,)
        yield from (bound for bound in (v.low, v.high) if bound is not None)
    for flow in block.flows:
        yield from (flow.rate,) if flow.noise is None else (flow.rate, flow.noise)
    for handler in block.handlers:
        yield from (s.value if isinstance(s, Assign) else s.amount for s in handler.statements)
    yield from (pair.increment for pair in block.pairs)
    yield from (total.body for total in block.sums)


# --- networks --------------------------------------------------------------------------------------------------------


def map_network(network: Network, reader: Callable[[Population | Projection | None], Read]) -> Network:
    """`network` with the expressions of each population and projection, and of the network itself (None), read by what `reader` gives for it. Sizes,
    connections and patterns stay."""
    read = reader(None)
    return replace(
        network,
        variables=tuple(map_variable(v, read) for v in network.variables),
        populations=tuple(_map_population(p, reader(p)) for p in network.populations),
        projections=tuple(_map_projection(p, reader(p)) for p in network.projections),
    )


def map_whole_block(block: Block, read: Read) -> Block:
    """`map_block`, and variables, conditions, totals and integrators too."""
    spike = block.spike
    match spike:
        case Threshold(condition):
            spike = replace(spike, condition=read(condition))
        case AtRate(rate):
            spike = replace(spike, rate=read(rate))
        case None:
            pass
    resting = block.refractory
    return replace(
        map_block(block, read),
        variables=tuple(map_variable(v, read) for v in block.variables),
        totals=tuple(replace(t, body=read(t.body)) for t in block.totals),
        spike=spike,
        refractory=None if resting is None else replace(resting, duration=read(resting.duration)),
        schemes=tuple(_map_scheme(s, read) for s in block.schemes),
    )


def _map_scheme(scheme: Scheme, read: Read) -> Scheme:
    match scheme:
        case Exact(matrix=matrix, offset=offset):
            return replace(scheme, matrix=tuple(_each(row, read) for row in matrix), offset=_each(offset, read))
        case ExponentialEuler(slope=slope, offset=held):
            return replace(scheme, slope=read(slope), offset=read(held))
        case RungeKutta4() | Euler():
            return replace(scheme, rates=_each(scheme.rates, read))
        case ExponentialRungeKutta(slopes=slopes, offsets=offsets):
            return replace(scheme, slopes=_each(slopes, read), offsets=_each(offsets, read))
        case EulerMaruyama(rates=rates, noises=noises):
            return replace(scheme, rates=_each(rates, read), noises=tuple(_maybe(n, read) for n in noises))


def _map_population(population: Population, read: Read) -> Population:
    return replace(
        population,
        block=map_whole_block(population.block, read),
        source=None if population.source is None else _map_source(population.source, read),
        values=_map_values(population.values, read),
    )


def _map_source(source: Source, read: Read) -> Source:
    match source:
        case PoissonSource(rate):
            return PoissonSource(read(rate))
        case RegularSource(rate, start, count):
            return RegularSource(read(rate), read(start), _maybe(count, read))
        case GivenSpikes(times):
            return replace(source, times=_each(times, read))
        case _:
            return source


def _map_projection(projection: Projection, read: Read) -> Projection:
    delays = projection.delays
    return replace(
        projection,
        connection=map_whole_block(projection.connection, read),
        delays=Delays(map_value(delays.axonal, read), map_value(delays.dendritic, read)),
        values=_map_values(projection.values, read),
    )


def _map_values(values: Values, read: Read) -> Values:
    return tuple((name, value if (new := map_value(value, read)) is None else new) for name, value in values)


def _each(exprs: tuple[Expr, ...], read: Read) -> tuple[Expr, ...]:
    return tuple(read(e) for e in exprs)


def _maybe(expr: Expr | None, read: Read) -> Expr | None:
    return None if expr is None else read(expr)


# --- experiments -----------------------------------------------------------------------------------------------------


def map_experiment(experiment: Experiment, read: Read) -> Experiment:
    """`read` applied to all that an experiment evaluates on its network: what it holds, records, plots, expects and waits for, and its settings."""
    return replace(
        experiment,
        phases=tuple(_map_phase(p, read) for p in experiment.phases),
        recordings=tuple(_map_recording(r, read) for r in experiment.recordings),
        plots=tuple(_map_plot(p, read) for p in experiment.plots),
        expectations=tuple(_map_expectation(e, read) for e in experiment.expectations),
        settings=_map_values(experiment.settings, read),
    )


def _map_phase(phase: Phase, read: Read) -> Phase:
    return replace(
        phase,
        clamps=tuple(_map_clamp(c, read) for c in phase.clamps),
        recordings=tuple(_map_recording(r, read) for r in phase.recordings),
        expectations=tuple(_map_expectation(e, read) for e in phase.expectations),
        until=None if phase.until is None else replace(phase.until, condition=_maybe(phase.until.condition, read)),
        starts=tuple(replace(s, value=read(s.value)) for s in phase.starts),
    )


def _map_clamp(clamp: Clamp, read: Read) -> Clamp:
    return replace(clamp, value=read(clamp.value))


def _map_recording(recording: Recording, read: Read) -> Recording:
    return replace(recording, item=read(recording.item))


def _map_plot(plot: PlotSpec, read: Read) -> PlotSpec:
    return replace(plot, items=tuple(_map_recording(i, read) for i in plot.items))


def _map_expectation(expectation: Expectation, read: Read) -> Expectation:
    return replace(
        expectation,
        left=read(expectation.left),
        right=_maybe(expectation.right, read),
        tolerance=_maybe(expectation.tolerance, read),
        when=_maybe(expectation.when, read),
    )
