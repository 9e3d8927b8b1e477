"""A network as one module that runs by itself: the kernels, the defaults of all parameters, and code that sets everything up with NumPy.

Comes in: a network, its loop program and a time step. Goes out: text. `setup_lines` collects what has a value before the first step, in order;
the template `embedded.py.jinja` writes it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plasticdsl.kernels.describe import arguments, module_doc, safe, si_unit
from plasticdsl.kernels.emit import render
from plasticdsl.kernels.kinds import Kind
from plasticdsl.kernels.printer import literal
from plasticdsl.kernels.program import For, Function, Invoke, OfPropagator, OfState, Program
from plasticdsl.kernels.setup_values import Owner, Value, Written, connection_owner, network_owner, population_owner
from plasticdsl.model.expr import Expr, Number, Ref, Special, walk
from plasticdsl.model.model import Connectivity, GivenSpikes, Network, PoissonSource, Population, Projection, RegularSource
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.random import stream_of

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
    """One population: size and values as text. `refractory`: a duration or None; `clamped`: it has an output `x` that nobody declared."""

    name: str
    symbol: str
    size: str
    values: tuple[Value, ...]
    refractory: str | None
    source: Source | None
    clamped: bool


@dataclass(frozen=True, slots=True)
class Connections:
    """One projection: how it is connected, its delays and values, as text. `conditions` are in terms of `pre` and `post`. `of`: whose
    connections it has, the other way round. `symmetric`: targets of values that are the same in both directions."""

    name: str
    symbol: str
    pre: str
    post: str
    kind: str
    amount: str
    conditions: tuple[str, ...]
    barred: bool
    repeats: bool
    axonal: Value | None
    dendritic: Value | None
    values: tuple[Value, ...]
    of: str
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
    around = network_owner(network)
    owners = {p.name: population_owner(p, around) for p in network.populations}
    owners |= {p.name: connection_owner(p, owners, around) for p in network.projections}
    units = [_units(p, owners[p.name], around) for p in network.populations]
    names = {
        **_lookups(program, network, owners),
        "parameters": _defaults(network, around, owners),
        "network": around.values(),
        "units": units,
        "projections": [_connections(p, owners[p.name]) for p in network.projections],
        "given": frozenset(p.name for p in units if p.source is not None),
        "doc": _doc(program, sorted(p.name for p in units if p.source is not None)),
        "dt": dt,
        "in_steps": in_steps,
        "default_steps": 1000 if in_steps else 10_000,
        "shown": [a.name for a in program.arrays if isinstance(a.fill, OfState)],
        "call": _whole(program),
    }
    whole = render("embedded.py.jinja", program, support=_HELPERS, **names)
    return render("embedded.py.jinja", program, support=_used(whole), **names)


def _lookups(program: Program, network: Network, owners: Mapping[str, Owner]) -> dict[str, Any]:
    """What the template asks for by owner."""
    matrices = _matrices(program)
    return {
        "propagators": [
            Propagator(number, tuple(tuple(owners[owner].text(e) for e in row) for row in matrix))
            for (owner, matrix), number in matrices.items()
        ],
        "matrix_of": lambda fill: matrices[fill.owner, fill.matrix],
        "text_of": lambda owner, expr: owners[owner].text(expr),
        "stream_of": stream_of,
        "pre_of": {p.name: p.pre for p in network.projections},
        "post_of": {p.name: p.post for p in network.projections},
        "delays_of": _delays(network),
    }


def _used(text: str) -> list[str]:
    """The helpers that the part after the kernels calls."""
    own = text[text.index("\ndef allocate(") :]
    return [name for name in _HELPERS if re.search(rf"\b{name}\(", own)]


# --- texts -----------------------------------------------------------------------------------------------------------


def _matrices(program: Program) -> dict[tuple[str, Any], int]:
    fills = [*(s.fill for s in program.scalars), *(a.fill for a in program.arrays)]
    keys = dict.fromkeys((f.owner, f.matrix) for f in fills if isinstance(f, OfPropagator))
    return {key: number for number, key in enumerate(keys)}


def _units(population: Population, owner: Owner, around: Owner) -> Units:
    refractory, size = population.block.refractory, population.size
    declared = any(v.name == "x" for v in population.block.variables)
    return Units(
        population.name,
        safe(population.symbol),
        literal(size.value, Kind.INT) if isinstance(size, Number) else f"count({around.text(size)})",
        owner.values(),
        None if refractory is None else owner.text(refractory.duration),
        _source(population, owner),
        clamped=population.source is not None
        and not declared
        and not isinstance(population.source, PoissonSource | RegularSource | GivenSpikes),
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
        projection.name,
        safe(projection.symbol),
        projection.pre,
        projection.post,
        _kind(how),
        amount,
        tuple(owner.pair_text(c) for c in written),
        projection.pre == projection.post and not how.self_connections,
        how.repeats,
        None if delays.axonal is None else owner.value("axonal delay", delays.axonal),
        None if delays.dendritic is None else owner.value("dendritic delay", delays.dendritic),
        owner.values(),
        how.of,
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


def _delays(network: Network) -> dict[str, tuple[str, ...]]:
    """Population → its projections' delays on its side, as `<projection>_axonal`."""
    found: dict[str, tuple[str, ...]] = {}
    for population in network.populations:
        axonal = tuple(f"{p.name}_axonal" for p in network.projections if p.pre == population.name)
        dendritic = tuple(f"{p.name}_dendritic" for p in network.projections if p.post == population.name)
        found[population.name] = axonal + dendritic
    return found


# --- what the module says --------------------------------------------------------------------------------------------


def _defaults(network: Network, around: Owner, owners: Mapping[str, Owner]) -> list[tuple[str, float, str]]:
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
    return f"{safe(written.symbol)}{f' of {owner.name}' if owner.name != 'network' else ''}{f', in {unit}' if unit else ''}{follows}"


def _doc(program: Program, sources: Sequence[str]) -> str:
    example = "\n".join(f"        {line}" for line in _loop(program))
    given = [
        f"""

Instead of `spikes_{p}`, the spikes of `{p}` at step n can be set by hand:

    slot = n % a.{p}_slots
    a.{p}_spikes[slot, : len(units)] = units
    a.{p}_spike_count[slot] = len(units)"""
        for p in sorted(sources)
    ]
    return f"""{module_doc(program)}

`PARAMETERS` has the default of each parameter. `allocate()` makes everything that the kernels work on, `simulate(a, duration)` runs it:

    a = allocate()
    spikes = simulate(a, 1.0)

One step in a loop of your own:

    for n in range(1000):
        t = n * a.dt
{example}{"".join(given)}"""


def _loop(program: Program) -> list[str]:
    kernels = {f.name: f for f in program.functions}
    loops = [s for s in program.functions[-1].body if isinstance(s, For)]
    calls = [s for loop in loops for s in loop.body if isinstance(s, Invoke)]
    return [line for call in calls for line in _call(call, kernels[call.function])]


def _whole(program: Program) -> list[str]:
    """The arguments of `advance`."""
    advance = program.functions[-1]
    return ["a.step", "end - a.step", *(f"a.{name}" for name in (*advance.scalars, *advance.arrays))]


def _call(call: Invoke, kernel: Function) -> Sequence[str]:
    locals_in = frozenset(kernel.locals_in)
    words = ", ".join(name if name in locals_in else f"a.{name}" for name in arguments(kernel))
    head = f"{call.result} = " if call.result else ""
    return textwrap.wrap(f"{head}{call.function}({words})", 98, subsequent_indent="    ", break_long_words=False)
