"""A network as one module that runs by itself: the kernels, the defaults of all parameters, and code that sets everything up with NumPy.

Comes in: a network, its loop program and a time step. Goes out: text. `setup_lines` collects what has a value before the first step, in order;
the template `embedded.py.jinja` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plasticdsl.kernels.build import FIRST_STEP, STEPS
from plasticdsl.kernels.describe import Line, lines, safe, si_unit
from plasticdsl.kernels.embedded_loop import module_text_doc, sides
from plasticdsl.kernels.emit import call, render
from plasticdsl.kernels.identifiers import NETWORK, RUN, Field, Group, Part, of_population, of_projection
from plasticdsl.kernels.kinds import Kind
from plasticdsl.kernels.layout import members
from plasticdsl.kernels.printer import literal
from plasticdsl.kernels.program import OfPropagator, OfState, Program
from plasticdsl.kernels.setup_fills import Fills, Matrix
from plasticdsl.kernels.setup_values import Owner, Places, Value, Written, connection_owner, network_owner, population_owner
from plasticdsl.kernels.spelling import Spelling, flat, spell
from plasticdsl.model.expr import Expr, Number, Ref, Special, walk
from plasticdsl.model.model import Connectivity, GivenSpikes, Network, PoissonSource, Population, Projection, RegularSource
from plasticdsl.model.owners import Whose

#: What `allocate` may call.
_HELPERS = (
    "number", "given", "each", "at", "count", "whole_steps", "draw", "error_function", "every_pair", "one_to_one", "random_pairs", "both_ways",
    "mirrored", "partners", "partners_among", "by_rows", "group_ends", "counterparts", "sorting", "largest", "sorted_spikes", "regular_spikes",
    "most_at_once", "square", "propagator", "exponential",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Spikes of a source known beforehand; texts. `times` None: regular ones."""

    name: str
    times: tuple[str, ...] | None = None
    rate: str = ""
    start: str = ""
    spikes: str = ""


@dataclass(frozen=True, slots=True)
class Units:
    """One population: size and values as text. `refractory`: a duration or None; `clamped`: where an output `x` that nobody
    declared stands."""

    group: Group
    symbol: str
    size: str
    values: tuple[Value, ...]
    refractory: str | None
    source: Source | None
    clamped: str | None


@dataclass(frozen=True, slots=True)
class Connections:
    """One projection: how it is connected, its delays and values, as text. `conditions` are in terms of `pre` and `post`. `of`: whose
    connections it has, the other way round. `symmetric`: targets of values that are the same in both directions."""

    group: Group
    symbol: str
    pre: Group
    post: Group
    kind: str
    amount: str
    conditions: tuple[str, ...]
    barred: bool
    repeats: bool
    axonal: Value | None
    dendritic: Value | None
    values: tuple[Value, ...]
    of: Group
    symmetric: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Propagator:
    """One matrix whose exponential is needed: `name` of P and Q, and the texts of its entries."""

    number: int
    rows: tuple[tuple[str, ...], ...]


def embed(program: Program, network: Network, dt: float, *, in_steps: bool = False, alone: bool = False) -> str:
    """The text of the module. `dt`: default of the step (s); `in_steps`: time is counted in steps; `alone`: the network is made of blocks without one.

    Deterministic. Raises ValueError where something has no value before the first step.
    """
    set_up = tuple(_set_up(network))
    known = [m.name for many in members(program).values() for m in many]
    places = Places(flat((*known, *set_up)))
    around = network_owner(network, places)
    owners: dict[Group, Owner] = {of_population(p.name): population_owner(p, around) for p in network.populations}
    owners |= {of_projection(p.name): connection_owner(p, owners, around) for p in network.projections}
    more = {field: doc for field, doc in _beside(around, owners) if field not in known}
    spelling = spell(program, more)
    units = [_units(p, owners[of_population(p.name)], around) for p in network.populations]
    given = frozenset(u.group.name for u in units if u.source is not None)
    fills = Fills(network, places, owners, _matrices(program), given)
    names: dict[str, Any] = {
        "fills": fills,
        "propagators": [
            Propagator(number, tuple(tuple(owners[owner].text(e) for e in row) for row in matrix))
            for (owner, matrix), number in fills.matrices.items()
        ],
        "part": lambda group, part: places.names[group.field(Part[part])],
        "at": lambda group, part: places.at(group.field(Part[part])),
        "held": lambda group, part: f"a.{spelling.at(group.field(Part[part]))}",
        "flat": places.names.__getitem__,
        "parameters": _defaults(network, around, owners),
        "network": around.values(),
        "units": units,
        "projections": [_connections(p, owners[of_projection(p.name)]) for p in network.projections],
        "given": given,
        "doc": module_text_doc(program, spelling, sorted(given)),
        "dt": dt,
        "run_dt": RUN.field(Part.DT),
        "in_steps": in_steps,
        "default_steps": 1000 if in_steps else 10_000,
        "shown": [spelling.at(a.name) for a in program.arrays if isinstance(a.fill, OfState)],
        "advance": call(program.functions[-1], {FIRST_STEP: "a.step", STEPS: "end - a.step"}, spelling, "a."),
        "logs": [of_population(p) for p in program.logs],
        "made": {group: [f"{spelling.fields[f]}={places.at(f)}" for f in (*known, *more) if f.group == group] for group in spelling.groups},
        "sides": sides(program, network, spelling) if alone else (),
    }
    groups = {group: (*lines(many, spelling), *_lines_beside(group, more, spelling)) for group, many in members(program).items()}
    groups |= {group: tuple(_lines_beside(group, more, spelling)) for group in spelling.groups if group not in groups}
    whole = render("embedded.py.jinja", program, spelling, groups, support=_HELPERS, **names)
    return render("embedded.py.jinja", program, spelling, groups, support=_used(whole), **names)


def _beside(around: Owner, owners: Mapping[Group, Owner]) -> Iterator[tuple[Field, str]]:
    """What the named tuples hold besides what kernels work on: sizes, connections and all that has a value before the first step."""
    for owner in (around, *owners.values()):
        parts = {"population": (Part.UNITS,), "projection": (Part.ROWS, Part.TARGETS, Part.SOURCES, Part.AXONAL, Part.DENDRITIC)}.get(
            owner.group.kind, ()
        )
        yield from ((owner.group.field(part), safe(part.meaning.format(owner.name))) for part in parts)
        yield from ((owner.group.variable(written.name), _meaning(written, owner)) for written in owner.all())


def _lines_beside(group: Group, more: Mapping[Field, str], spelling: Spelling) -> Iterator[Line]:
    return (Line(spelling.fields[field], "Any", doc) for field, doc in more.items() if field.group == group)


def _set_up(network: Network) -> Iterator[Field]:
    """What is set up whether kernels have it or not."""
    yield from (NETWORK.variable(v.name) for v in network.variables)
    for population in network.populations:
        p = of_population(population.name)
        yield from (p.variable(name) for name in dict.fromkeys((*(v.name for v in population.block.variables), "x")))
        yield from (p.field(part) for part in (Part.UNITS, Part.REFRACTORY_STEPS, Part.GIVEN_STEPS, Part.GIVEN_UNITS))
    for projection in network.projections:
        p = of_projection(projection.name)
        yield from (p.variable(v.name) for v in projection.connection.variables)
        yield from (p.field(part) for part in (Part.ROWS, Part.TARGETS, Part.SOURCES, Part.AXONAL, Part.DENDRITIC))


def _used(text: str) -> list[str]:
    """The helpers that the part after the kernels calls."""
    own = text[text.index("\ndef allocate(") :]
    return [name for name in _HELPERS if re.search(rf"\b{name}\(", own)]


# --- texts -----------------------------------------------------------------------------------------------------------


def _matrices(program: Program) -> dict[tuple[Group, Matrix], int]:
    fills = [*(s.fill for s in program.scalars), *(a.fill for a in program.arrays)]
    keys = dict.fromkeys((f.owner, f.matrix) for f in fills if isinstance(f, OfPropagator))
    return {key: number for number, key in enumerate(keys)}


def _units(population: Population, owner: Owner, around: Owner) -> Units:
    refractory, size = population.block.refractory, population.size
    declared = any(v.name == "x" for v in population.block.variables)
    spikes = isinstance(population.source, PoissonSource | RegularSource | GivenSpikes)
    return Units(
        owner.group,
        safe(population.symbol),
        literal(size.value, Kind.INT) if isinstance(size, Number) else f"count({around.text(size)})",
        owner.values(),
        None if refractory is None else owner.text(refractory.duration),
        _source(population, owner),
        clamped=None if population.source is None or declared or spikes else owner.target("x"),
    )


def _source(population: Population, owner: Owner) -> Source | None:
    match population.source:
        case RegularSource(rate, start, spikes):
            return Source(population.name, None, owner.text(rate), owner.text(start), "None" if spikes is None else owner.text(spikes))
        case GivenSpikes(times):
            return Source(population.name, tuple(owner.text(t) for t in times))
        case _:
            return None


def _connections(projection: Projection, owner: Owner) -> Connections:
    how, delays = projection.connectivity, projection.delays
    written = [c for c in (how.amount if how.kind == "where" else None, how.also) if c is not None]
    amount = "" if how.amount is None or how.kind == "where" else owner.pair_text(how.amount)
    return Connections(
        owner.group,
        safe(projection.symbol),
        of_population(projection.pre),
        of_population(projection.post),
        _kind(how),
        amount,
        tuple(owner.pair_text(c) for c in written),
        projection.pre == projection.post and not how.self_connections,
        how.repeats,
        None if delays.axonal is None else owner.value("axonal delay", delays.axonal),
        None if delays.dendritic is None else owner.value("dendritic delay", delays.dendritic),
        owner.values(),
        of_projection(how.of),
        tuple(owner.target(name) for name in projection.symmetric),
    )


def _kind(how: Connectivity) -> str:
    """`pairwise`: a probability of each pair; `in-degree among`: partners are drawn among those that a condition allows."""
    if how.kind == "probability" and how.amount is not None and any(_of_a_pair(node) for node in walk(how.amount)):
        return "pairwise"
    return f"{how.kind} among" if how.kind.endswith("degree") and how.also is not None else how.kind


def _of_a_pair(node: Expr) -> bool:
    match node:
        case Special("i" | "j") | Ref(Whose.PRE | Whose.POST, _):
            return True
        case _:
            return False


# --- what the module says --------------------------------------------------------------------------------------------


def _defaults(network: Network, around: Owner, owners: Mapping[Group, Owner]) -> list[tuple[str, float, str]]:
    """PARAMETERS: name, value in SI, meaning."""
    found: list[tuple[str, float, str]] = []
    known: dict[str, float] = {}
    for owner in (around, *owners.values()):
        for written in owner.parameters():
            value = owner.default(written, known)
            if value is not None:
                known[owner.target(written.name)] = value
                found.append((owner.target(written.name), value, _meaning(written, owner)))
    return found


def _meaning(written: Written, owner: Owner) -> str:
    unit = si_unit(written.unit)
    follows = "" if written.is_constant else f", = {written.shown}"
    return f"{safe(written.symbol)}{f' of {owner.name}' if owner.group != NETWORK else ''}{f', in {unit}' if unit else ''}{follows}"
