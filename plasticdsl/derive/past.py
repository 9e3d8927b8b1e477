"""What variables were some time ago, `V(t − T)`, is a sum over connections with a delay.

Comes in: a network in which `V(t − T)` of a unit, or of one of the units of a connection, is a call of `model.expr.PAST`. Goes out: the same without them.
Each population whose past is read has a state that keeps how V began, V₀, and for each T three inputs, filled by projections onto itself, one to one:

    now = Σ (pre.V − pre.V₀) with an axonal delay of T,    soon = the same with T − dt,    summed = Σ t

V(t − T) is V₀ + now + (soon − now) (t − summed)/dt: straight from one step to the next, which is of second order in dt. Where inputs are still those of
the step before (spikes and other events, what is recorded between two steps) that is V₀ + soon. Before anything can have arrived both sums are 0.
Connections hold it during a step, as all that they read of their units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import Block, Connectivity, Delays, Network, Population, Projection, Role, SumInto, Variable
from plasticdsl.model.expr import PAST, Binary, Call, Expr, Ref, Special, rebuild, walk
from plasticdsl.model.inline import as_owner
from plasticdsl.model.mapping import expressions, map_network
from plasticdsl.model.owners import OfPopulation, Owner, Whose
from plasticdsl.names import free_name
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import ZERO, add, div, mul, sub
from plasticdsl.units.dimension import TIME

_T, _DT = Special("t"), Special("dt")


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a variable of a population for reading it a time `ago`: the names of the state and of the inputs, and of the projections that
    fill these, one for each."""

    population: str
    variable: str
    ago: Expr
    first: str
    inputs: tuple[str, str, str]
    projections: tuple[str, ...]

    def value(self, owner: Owner) -> Expr:
        """V(t − T) of a unit that is called this."""
        names = (self.first, *self.inputs)
        first, now, soon, summed = (Ref(owner, name) for name in names)
        part = div(sub(_T, summed), _DT)
        return add(add(first, now), mul(sub(soon, now), part if owner is Whose.OWN else Call("round", (part,))))


_Key = tuple[str, str, Expr]
_Part = Population | Projection


def with_past(network: Network) -> Network:
    """`network` with sums in place of what its variables were. Raises `PlasError` (`unsupported`) for what is no state, and for units with steps of
    their own."""
    kept: dict[_Key, _Kept] = {}
    populations = {p.name: p for p in network.populations}
    parts: list[_Part] = [*network.populations, *network.projections]
    taken = {p.name for p in parts}
    for part in parts:
        block = part.block if isinstance(part, Population) else part.connection
        for variable, ago in (call for expr in expressions(block) for node in walk(expr) if (call := _past(node)) is not None):
            key = _key(part, variable, ago)
            if key not in kept:
                kept[key] = _names(key, populations[key[0]], kept, taken, block.span)
    if not kept:
        return network

    def reader(part: _Part | None) -> Callable[[Expr], Expr]:
        def read(expr: Expr) -> Expr:
            call = _past(expr)
            if part is None or call is None:
                return rebuild(expr, read)
            variable, ago = call
            return kept[_key(part, variable, ago)].value(variable.owner)

        return read

    network = map_network(network, reader)
    inputs = tuple(Ref(OfPopulation(k.population), name) for k in kept.values() for name in k.inputs)
    return replace(
        network,
        populations=tuple(_keeping(p, [k for k in kept.values() if k.population == p.name]) for p in network.populations),
        projections=(*network.projections, *(p for k in kept.values() for p in _returning(k))),
        order=(*inputs, *network.order),
    )


def _past(expr: Expr) -> tuple[Ref, Expr] | None:
    """The variable and how long ago; None for anything else."""
    match expr:
        case Call(function, (Ref() as variable, ago)) if function == PAST:
            return variable, ago
        case _:
            return None


def _key(part: _Part, variable: Ref, ago: Expr) -> _Key:
    """Whose past, of what, and how long ago, seen from outside."""
    return part.name if isinstance(part, Population) else part.ends[variable.owner], variable.name, as_owner(ago, part.as_owner)


def _names(key: _Key, population: Population, kept: Mapping[_Key, _Kept], taken: set[str], span: Span) -> _Kept:
    name, variable, ago = key
    found = population.block.variable(variable)
    if found is None or found.role not in (Role.STATE, Role.CLAMPED) or population.step is not None:
        what = variable if found is None else found.symbol
        why = (
            "follows from other quantities"
            if population.step is None
            else f"has its steps with ‘{population.symbol}’, whose units have their own"
        )
        message = f"It is not kept what {what} was: it {why}."
        raise PlasError((Diagnostic("unsupported", message, span, "It is kept of what flows or jumps at the steps of the network."),))
    others = [k for k in kept.values() if k.population == name]
    own = {*(v.name for v in population.block.variables), *(n for k in others for n in (k.first, *k.inputs))}
    first = next((k.first for k in others if k.variable == variable), None) or free_name(f"{variable}_first", own)
    now, soon, summed = (free_name(f"{variable}_{ending}", own | {first}) for ending in ("past", "past_soon", "past_summed"))
    projections = tuple(free_name(f"{name}_{one}", taken) for one in (now, soon, summed))
    taken.update(projections)
    return _Kept(name, variable, ago, first, (now, soon, summed), projections)


def _keeping(population: Population, kept: list[_Kept]) -> Population:
    """The population with the beginnings and inputs."""
    block, new = population.block, dict[str, Variable]()
    for k in kept:
        of = block.variable(k.variable)
        assert of is not None, "it has been found before"
        begin = Ref(Whose.OWN, k.variable) if of.role is Role.STATE else ZERO
        new[k.first] = Variable(
            k.first, f"{of.symbol}(0)", Role.STATE, of.dimension, initial=begin, unit=of.unit, scale=of.scale, span=of.span
        )
        for name in k.inputs[:2]:
            new[name] = Variable(name, name, Role.INPUT, of.dimension, unit=of.unit, scale=of.scale, span=of.span)
        new[k.inputs[2]] = Variable(k.inputs[2], k.inputs[2], Role.INPUT, TIME, unit="s", span=of.span)
    return replace(population, block=replace(block, variables=(*new.values(), *block.variables))) if new else population


def _returning(kept: _Kept) -> Iterator[Projection]:
    """The projections of a population onto itself that bring what was."""

    def from_inside(expr: Expr) -> Expr:
        match expr:
            case Ref(OfPopulation(), own):
                return Ref(Whose.POST, own)
            case _:
                return rebuild(expr, from_inside)

    def onto_itself(name: str, target: str, body: Expr, delay: Expr, low: Expr = ZERO) -> Projection:
        length = Variable("delay", "delay", Role.GIVEN, TIME, low=low, unit="s")
        block = Block("connection", name, variables=(length,), sums=(SumInto(target, body),))
        delays = Delays(axonal=Ref(Whose.OWN, "delay"))
        return Projection(name, name, kept.population, kept.population, block, Connectivity("one"), delays, (("delay", delay),))

    ago, moved = from_inside(kept.ago), Binary("-", Ref(Whose.PRE, kept.variable), Ref(Whose.PRE, kept.first))
    (now, soon, summed), names = kept.inputs, kept.projections
    yield onto_itself(names[0], now, moved, ago, _DT)
    yield onto_itself(names[1], soon, moved, sub(ago, _DT))
    yield onto_itself(names[2], summed, _T, ZERO)  # what comes with a delay is not summed anew for who looks on between two steps
