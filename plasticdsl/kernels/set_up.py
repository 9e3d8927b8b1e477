"""How a network gets its numbers in a module that runs by itself: which function of `support/` makes what.

Comes in: a network. Goes out: assignments in order, as data. They are those by which `runtime.instance.build` makes an instance, with the same functions,
seeds and streams.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from plasticdsl.kernels.identifiers import NETWORK, Field, Group, Part, of_data, of_population, of_projection
from plasticdsl.kernels.recipes import DT, SEED, Apply, Called, Default, Formula, Recipe, Word
from plasticdsl.model import (
    ClampedSource,
    Distribution,
    GivenSpikes,
    Network,
    Population,
    Presence,
    Projection,
    RegularSource,
    Third,
    Timing,
    Value,
    Variable,
)
from plasticdsl.model.expr import Expr, Number, Ref, is_of_file, is_series, joined, of_a_pair, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfData, Owner, Whose, owner_text
from plasticdsl.model.parts import count, start_of
from plasticdsl.model.presence import PRESENT
from plasticdsl.model.right_sides import PARAMETERS, STATES, network_sides, right_sides
from plasticdsl.support.connections import given_to_each, in_rows, there_at_first
from plasticdsl.support.connectivity import Pattern, as_given, connect
from plasticdsl.support.distributions import draw
from plasticdsl.support.pairs import require_partners, symmetric
from plasticdsl.support.random import stream_of
from plasticdsl.support.spikes import counted_spikes, endless_spikes, spikes_from, spikes_of_all
from plasticdsl.support.steps import to_step_array, to_steps, whole_multiple
from plasticdsl.support.structure import shared
from plasticdsl.support.units import chosen, require_units, sized
from plasticdsl.support.values import array_given, given, lacks, number, within

#: What `allocate` calls what it was given and what it makes by the way.
_PARAMETERS, _CONNECTIONS, _SPIKES, _DURATION, _FOUND = map(Word, ("parameters", "connections", "spikes", "duration", "found"))


@dataclass(frozen=True, slots=True)
class Assignment:
    """Values and where they go."""

    targets: tuple[Field | Word, ...]
    value: Recipe


#: What is set up together, under a title for readers.
Section = tuple[str, tuple[Assignment, ...]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose names they are: `itself` seen from outside, `sides`: names with a value before the first step, in an order in which each follows what it
    depends on; `ends`: the populations of a projection's units; `thirds`: those of them that are arguments."""

    group: Group
    itself: Owner
    variables: Mapping[str, Variable]
    sides: Mapping[str, Value]
    ends: Mapping[Owner, Group]
    thirds: tuple[Third, ...] = ()

    def parameters(self) -> Iterator[Variable]:
        """Those that are parameters."""
        return (self.variables[name] for name in self.sides if self.variables[name].role in PARAMETERS)


def scopes(network: Network) -> dict[Group, Scope]:
    """Of the network, its populations and its projections."""
    sides = _in_order(Whose.NETWORK, network_sides(network, {}), network.variables, ())
    around = Scope(NETWORK, Whose.NETWORK, {v.name: v for v in network.variables}, sides, {})
    between = {of_projection(p.name): _scope(p, ()) for p in network.projections}
    read = [(p, e) for p in network.projections for e in (*_written(between[of_projection(p.name)]), *_beside(p))]
    asked = [p.from_outside(r) for p, e in read for r in refs(e)]
    populations = {of_population(p.name): _scope(p, [r.name for r in asked if r.owner == p.as_owner]) for p in network.populations}
    return {NETWORK: around, **populations, **between}


def _scope(part: Population | Projection, asked: Iterable[str]) -> Scope:
    """`asked`: names that others ask for."""
    block = part.block if isinstance(part, Population) else part.connection
    group = of_population(part.name) if isinstance(part, Population) else of_projection(part.name)
    ends = {} if isinstance(part, Population) else {side: of_population(name) for side, name in part.ends.items()}
    thirds = () if isinstance(part, Population) else part.thirds
    own = [r.name for e in _beside(part) for r in refs(e) if r.owner in (Whose.OWN, part.as_owner)]
    sides = _in_order(part.as_owner, right_sides(part.as_owner, block, part.values, {}), block.variables, (*own, *asked))
    return Scope(group, part.as_owner, {v.name: v for v in block.variables}, sides, ends, thirds)


def _written(scope: Scope) -> Iterator[Expr]:
    return (e for side in scope.sides.values() for e in expressions(side))


def sections(network: Network, known: Mapping[Group, Scope]) -> Iterator[Section]:
    """Everything that has a value before the first step."""
    yield "files", tuple(Assignment((f,), Apply(array_given, (_PARAMETERS, Called(f)))) for f in stored(network, known))
    yield "the network", tuple(_values(known[NETWORK], 1))
    yield "sizes", tuple(Assignment((_units(p),), Apply(sized, (Word(_units(p)), Formula(NETWORK, p.size)))) for p in network.populations)
    for population in network.populations:
        yield population.symbol, tuple(_population(population, known[of_population(population.name)]))
    for projection in sorted(network.projections, key=lambda p: bool(p.connectivity.of)):  # those that mirror others after these
        yield projection.symbol, tuple(_projection(projection, known[of_projection(projection.name)]))
    yield "bounds", tuple(a for scope in known.values() if scope.group != NETWORK for a in _bounds(scope))


def stored(network: Network, known: Mapping[Group, Scope]) -> list[Field]:
    """The arrays that values and conditions take from files, samples among them; connections and spikes are given as such."""
    read = [e for scope in known.values() for e in _written(scope)]
    read += [e for parts in (network.populations, network.projections) for part in parts for e in _beside(part)]
    read += [e for p in network.populations for e in expressions((p.size, p.step, p.block, p.source))]
    read += [e for p in network.projections for e in expressions((p.connectivity.pre, p.connectivity.post, p.thirds))]
    found = {Ref(OfData(owner_text(ref.owner)), ref.name) for e in read for ref in refs(e) if is_of_file(ref) or is_series(ref)}
    return [of_data(owner_text(ref.owner)).variable(ref.name) for ref in sorted(found, key=lambda ref: ref.order)]


# --- populations -----------------------------------------------------------------------------------------------------


def _units(population: Population) -> Field:
    return of_population(population.name).field(Part.UNITS)


def _population(population: Population, scope: Scope) -> Iterator[Assignment]:
    group, units = scope.group, _units(population)
    yield from _values(scope, units)
    if isinstance(population.source, ClampedSource) and "x" not in scope.variables:
        x = group.variable("x")
        yield Assignment((x,), Apply(given, (_PARAMETERS, Called(x), 0.0, units)))
    if population.step is not None:
        yield Assignment((group.field(Part.STRIDE),), Apply(whole_multiple, (Formula(group, population.step), DT)))
    if population.block.refractory is not None and population.block.refractory.constant is not None:
        duration = Formula(group, population.block.refractory.constant)
        yield Assignment((group.field(Part.REFRACTORY_STEPS),), Apply(to_step_array, (duration, DT)))
    if isinstance(population.source, RegularSource | GivenSpikes):
        spikes = _spikes(population, group, units)
        source = population.source.name if isinstance(population.source, GivenSpikes) else ""
        called = tuple(dict.fromkeys((source or population.name, population.name)))
        fields = group.field(Part.GIVEN_STEPS), group.field(Part.GIVEN_UNITS)
        yield Assignment(fields, Apply(spikes_from, (_SPIKES, called, DT, spikes)))


def _spikes(population: Population, group: Group, units: Field) -> Recipe:
    """Those that are known beforehand; None where they must be given: a module that runs by itself reads no files."""
    match population.source:
        case RegularSource(rate, start, None):
            end = Apply(to_steps, (_DURATION, DT))
            return Apply(endless_spikes, (Formula(group, rate), Formula(group, start), end, units, DT))
        case RegularSource(rate, start, count):
            assert count is not None
            return Apply(counted_spikes, (Formula(group, rate), Formula(group, start), Formula(group, count), units, DT))
        case GivenSpikes(times, file=None):
            return Apply(spikes_of_all, (tuple(Formula(group, t) for t in times), units, DT))
        case _:
            return None


# --- projections -----------------------------------------------------------------------------------------------------


def _projection(projection: Projection, scope: Scope) -> Iterator[Assignment]:
    group = scope.group
    rows, targets, sources = (group.field(part) for part in (Part.ROWS, Part.TARGETS, Part.SOURCES))
    same, stream = projection.pre == projection.post, stream_of(projection.name, "connections")
    yield Assignment((_FOUND,), Apply(connect, (_pattern(projection, scope), same, SEED, stream)))
    yield Assignment((rows, targets, sources), Apply(in_rows, (_FOUND,)))
    connections = Apply(len, (targets,))
    for assignment in _values(scope, connections, scope.ends[Whose.POST].field(Part.UNITS)):
        yield assignment
        if projection.changing and assignment.targets == (group.variable(PRESENT),):
            yield replace(assignment, value=Apply(there_at_first, (*assignment.targets, _FOUND)))
        yield from _alike(projection, scope, assignment)
    for third in projection.thirds:
        size, others = (scope.ends[end].field(Part.UNITS) for end in (third.owner, Whose.POST))
        given, whole = (Formula(NETWORK, count(part)) if part else n for part, n in ((third.units, size), (third.post, others)))
        needed = whole if third.each else 1
        yield Assignment((), Apply(require_units, (third.owner.name, Formula(NETWORK, start_of(third.units)), needed, given, size)))
    for name, partner in projection.partners:
        both = group.variable(name), group.variable(partner)
        yield Assignment((), Apply(require_partners, (Called(group.variable(name)), *both, sources, targets)))
    for part, timing, delay in (
        (Part.AXONAL, Timing.AXONAL, projection.delays.axonal),
        (Part.DENDRITIC, Timing.DENDRITIC, projection.delays.dendritic),
    ):
        steps = 0 if delay is None else Apply(to_step_array, (_value(scope, timing.value, delay, connections), DT))
        yield Assignment((group.field(part),), steps)


def _alike(projection: Projection, scope: Scope, made: Assignment) -> Iterator[Assignment]:
    """What is alike in both directions is made so."""
    (target,) = made.targets
    for name in (*projection.symmetric, *projection.alike):
        if target == scope.group.variable(name):
            drawn = isinstance(scope.sides[name], Distribution) and name in projection.symmetric
            free: Recipe = Apply(lacks, (_PARAMETERS, Called(target))) if drawn else False
            ends = scope.group.field(Part.SOURCES), scope.group.field(Part.TARGETS)
            yield Assignment((target,), Apply(symmetric, (Called(target), target, *ends, free)))


def _pattern(projection: Projection, scope: Scope) -> Recipe:
    how, group = projection.connectivity, scope.group
    words: dict[str, Recipe] = {}
    if how.of:
        other = of_projection(how.of)
        words["listed"] = (other.field(Part.TARGETS), other.field(Part.SOURCES))
    if how.kind in ("probability", "in-degree", "out-degree") and how.amount is not None:
        amount = Formula(group, how.amount, of_a_pair(how.amount))
        words["amount"] = amount if amount.pairs else Apply(float, (amount,))
    conditions = tuple(c for c in (how.amount if how.kind == "where" else None, how.also) if c is not None)
    if conditions:
        words["allowed"] = Formula(group, joined("and", conditions), pairs=True)
    words |= {} if how.self_connections else {"self_connections": False}
    words |= {"repeats": True} if how.repeats else {}
    words |= {"growing": True} if projection.connection.presence is Presence.GROWN else {}
    words |= {"mirrored": True} if projection.symmetric else {}
    for side, part, end in (("pre", how.pre, Whose.PRE), ("post", how.post, Whose.POST)):
        if part:
            ranges = tuple((Formula(group, one.first), Formula(group, one.last)) for one in part)
            words[side] = Apply(chosen, (ranges, scope.ends[end].field(Part.UNITS)))
    kind = "listed" if how.of else how.kind
    pattern = Apply(Pattern, (kind, *(scope.ends[side].field(Part.UNITS) for side in (Whose.PRE, Whose.POST))), tuple(words.items()))
    return pattern if how.of else Apply(as_given, (_CONNECTIONS, projection.name, pattern))


# --- values ----------------------------------------------------------------------------------------------------------


def _values(scope: Scope, count: Recipe, n_post: Recipe = None) -> Iterator[Assignment]:
    """One assignment for each name; `n_post`: for connections."""
    for name, side in scope.sides.items():
        field, role = scope.group.variable(name), scope.variables[name].role
        default = Default(field) if role in PARAMETERS and isinstance(side, Number) else _value(scope, name, side, count)
        if role not in (*PARAMETERS, *STATES):
            yield Assignment((field,), Apply(number, (default,)))
        elif n_post is None:
            yield Assignment((field,), Apply(given, (_PARAMETERS, Called(field), default, count)))
        else:
            yield Assignment((field,), Apply(given_to_each, (_PARAMETERS, Called(field), default, _FOUND, n_post)))


def _value(scope: Scope, purpose: str, side: Value, count: Recipe) -> Recipe:
    """What is written, or drawn for this purpose."""
    match side:
        case Distribution(name, arguments):
            stream = stream_of(scope.group.name, "set-up", purpose)
            drawn = Apply(draw, (name, tuple(Formula(scope.group, a) for a in arguments), count, SEED, stream))
            return Apply(shared, (drawn,)) if scope.group == NETWORK else drawn
        case _:
            return Formula(scope.group, side)


def _bounds(scope: Scope) -> Iterator[Assignment]:
    """What is bounded begins within its bounds."""
    for name in scope.sides:
        v, field = scope.variables[name], scope.group.variable(name)
        if v.role in (*PARAMETERS, *STATES) and not (v.low is None and v.high is None and not v.values):
            low = -math.inf if v.low is None else Formula(scope.group, v.low)
            high = math.inf if v.high is None else Formula(scope.group, v.high)
            yield Assignment((field,), Apply(within, (Called(field), field, low, high, v.values)))


# --- which names, in which order -------------------------------------------------------------------------------------


def _in_order(itself: Owner, written: Mapping[str, Value | None], variables: Iterable[Variable], asked: Iterable[str]) -> dict[str, Value]:
    """Parameters, states and what is asked for beside, each after what it reads."""
    sides = {name: side for name, side in written.items() if side is not None}
    waiting = [name for name in (*(v.name for v in variables if v.role in (*PARAMETERS, *STATES)), *asked) if name in sides]
    graph: dict[str, list[str]] = {}
    while waiting:
        name = waiting.pop(0)
        if name not in graph:
            read = {r.name for e in expressions(sides[name]) for r in refs(e) if r.owner in (Whose.OWN, itself)}
            graph[name] = sorted(read & sides.keys())
            waiting += graph[name]
    return {name: sides[name] for name in TopologicalSorter(graph).static_order()}


def _beside(part: Population | Projection) -> Iterator[Expr]:
    block = part.block if isinstance(part, Population) else part.connection
    yield from expressions(tuple((v.low, v.high) for v in block.variables))
    match part:
        case Population(source=RegularSource() | GivenSpikes() as source):
            yield from expressions(source)
        case Projection(connectivity=how, delays=delays):
            yield from expressions((how.amount, how.also, delays.axonal, delays.dendritic))
        case _:
            pass
    if block.refractory is not None and block.refractory.constant is not None:
        yield block.refractory.constant
