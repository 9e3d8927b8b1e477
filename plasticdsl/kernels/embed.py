"""A network as one module that runs by itself: the kernels, the defaults of all parameters, and code that sets everything up with NumPy.

Comes in: a network, its loop program and a time step. Goes out: text. `setup_lines` collects what has a value before the first step, in order;
the template `embedded.py.jinja` writes it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plasticdsl.kernels.describe import module_doc, safe, si_unit
from plasticdsl.kernels.emit import render
from plasticdsl.kernels.identifiers import NETWORK, Field, Group, Part, of_population, of_projection
from plasticdsl.kernels.kinds import Kind
from plasticdsl.kernels.printer import literal
from plasticdsl.kernels.program import For, Function, Invoke, OfPropagator, OfState, Program
from plasticdsl.kernels.setup_fills import Fills, Matrix
from plasticdsl.kernels.setup_values import Owner, Places, Value, Written, connection_owner, network_owner, population_owner
from plasticdsl.kernels.spelling import spell
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


def embed(program: Program, network: Network, dt: float, in_steps: bool = False) -> str:
    """The text of the module. `dt`: default of the step (s); `in_steps`: time is counted in steps.

    Deterministic. Raises ValueError where something has no value before the first step.
    """
    places = Places(spell(program, _set_up(network)))
    around = network_owner(network, places)
    owners: dict[Group, Owner] = {of_population(p.name): population_owner(p, around) for p in network.populations}
    owners |= {of_projection(p.name): connection_owner(p, owners, around) for p in network.projections}
    units = [_units(p, owners[of_population(p.name)], around) for p in network.populations]
    given = frozenset(u.group.name for u in units if u.source is not None)
    fills = Fills(network, places, owners, _matrices(program), given)
    names: dict[str, Any] = {
        "fills": fills,
        "propagators": [
            Propagator(number, tuple(tuple(owners[owner].text(e) for e in row) for row in matrix))
            for (owner, matrix), number in fills.matrices.items()
        ],
        "part": lambda group, part: places.spelling[group.field(Part[part])],
        "at": lambda group, part: places.at(group.field(Part[part])),
        "parameters": _defaults(network, around, owners),
        "network": around.values(),
        "units": units,
        "projections": [_connections(p, owners[of_projection(p.name)]) for p in network.projections],
        "given": given,
        "doc": _doc(program, places, sorted(given)),
        "dt": dt,
        "in_steps": in_steps,
        "default_steps": 1000 if in_steps else 10_000,
        "shown": [places.spelling[a.name] for a in program.arrays if isinstance(a.fill, OfState)],
        "call": _whole(program, places),
        "logs": [of_population(p) for p in program.logs],
    }
    whole = render("embedded.py.jinja", program, places.spelling, support=_HELPERS, **names)
    return render("embedded.py.jinja", program, places.spelling, support=_used(whole), **names)


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


def _doc(program: Program, places: Places, sources: Sequence[str]) -> str:
    example = "\n".join(f"        {line}" for line in _loop(program, places))
    return f"""{module_doc(program, places.spelling)}

`PARAMETERS` has the default of each parameter. `allocate()` makes everything that the kernels work on, `simulate(a, duration)` runs it:

    a = allocate()
    spikes = simulate(a, 1.0)

One step in a loop of your own:

    for n in range(1000):
        t = n * a.dt
{example}{"".join(_by_hand(p, places) for p in sources)}"""


def _by_hand(population: str, places: Places) -> str:
    p = of_population(population)
    slots, spikes, count = (places.at(p.field(part)) for part in (Part.SLOTS, Part.SPIKES, Part.SPIKE_COUNT))
    return f"""

Instead of `spikes_{population}`, the spikes of `{population}` at step n can be set by hand:

    slot = n % {slots}
    {spikes}[slot, : len(units)] = units
    {count}[slot] = len(units)"""


def _loop(program: Program, places: Places) -> list[str]:
    kernels = {f.name: f for f in program.functions}
    loops = [s for s in program.functions[-1].body if isinstance(s, For)]
    calls = [s for loop in loops for s in loop.body if isinstance(s, Invoke)]
    return [line for call in calls for line in _call(call, kernels[call.function], places)]


def _whole(program: Program, places: Places) -> list[str]:
    """The arguments of `advance`."""
    advance = program.functions[-1]
    return ["a.step", "end - a.step", *(places.at(name) for name in (*advance.scalars, *advance.arrays))]


def _call(call: Invoke, kernel: Function, places: Places) -> Sequence[str]:
    fields = (*kernel.scalars, *kernel.arrays)
    words = [*(places.spelling[name] for name in kernel.locals_in), *(places.at(name) for name in fields)]
    head = f"{places.spelling[call.result]} = " if call.result is not None else ""
    text = f"{head}{places.spelling[call.function]}({', '.join(words)})"
    return textwrap.wrap(text, 98, subsequent_indent="    ", break_long_words=False)
