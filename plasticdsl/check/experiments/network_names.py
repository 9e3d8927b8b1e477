"""The names of a checked network as experiments see them: its parameters and observables, its populations and projections, and the parameters of the
blocks it uses.

Comes in: a `model.Network` with the look-up of its settings. Goes out: `Declared`s. `cell.V` becomes a reference of `OfPopulation("cell")`, a parameter
of the network one of `Whose.NETWORK`.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.check.terms.index_letters import split_indices
from plasticdsl.check.terms.scope import Declared, Missing, Scope, seen, seen_events
from plasticdsl.check.terms.unification import Solver
from plasticdsl.model import Network
from plasticdsl.model.expr import At, Ref
from plasticdsl.model.lookup import Lookup, Setting
from plasticdsl.model.owners import Whose
from plasticdsl.model.parts import several
from plasticdsl.source import NOWHERE
from plasticdsl.syntax import tree


def is_free(network: Network) -> bool:
    """Whether some variable of it has no units: every experiment finds out for itself what dimension it has."""
    variables = (network.variables, *(block.variables for block in network.blocks.values()))
    return any(v.dimension is None for those in variables for v in those)


def names_of(lookup: Lookup, solver: Solver) -> dict[str, Declared]:
    """Everything of a network that an experiment on it can name; the same for all of them where the network is not free of units."""
    network, blocks = lookup.network, lookup.network.blocks
    names = _blocks(lookup, solver)
    for what, parts in (("a population", network.populations), ("a projection", network.projections)):
        for part in parts:
            block = blocks[part.as_owner]
            own = Scope(seen(block.variables, part.as_owner, solver) | seen_events(block.events, part.as_owner))
            names[part.name] = Declared(part.name, part.symbol, what, members=own, span=part.span)
    names |= {d.name: Declared(d.name, d.symbol, "a set of data", span=d.span) for d in network.data}
    for named in network.parts:
        members = names[named.population].members
        of_part = {n: replace(d, expr=several(d.expr, named.units)) for n, d in (members.names if members else {}).items() if d.expr}
        names[named.name] = Declared(named.name, named.symbol, "a part of a population", members=Scope(of_part), span=named.span)
    names |= seen(network.variables, Whose.NETWORK, solver)
    return names


def undeclared_names(lookup: Lookup, solver: Solver) -> Missing:
    """What else can be named: a parameter without its block, where only one block has it; or one entry of an observable with index letters, `m_1`."""
    return lambda name: _parameter(name, lookup, solver)


def _blocks(lookup: Lookup, solver: Solver) -> dict[str, Declared]:
    """`STDP.A_plus`: the parameter where the block is used; the first place stands for all."""
    found: dict[str, dict[str, Declared]] = {}
    for setting in lookup.everything:
        if setting.kind == "block":
            found.setdefault(setting.owner, {})[setting.name] = _set(setting, setting.name, lookup, solver)
    places = {b.name: b.span for b in lookup.module.blocks}
    return {
        block: Declared(block, block, "a block", members=Scope(names), span=places.get(block, NOWHERE)) for block, names in found.items()
    }


def _set(setting: Setting, symbol: str, lookup: Lookup, solver: Solver) -> Declared:
    place = next(iter(lookup.places(setting)), NOWHERE)
    return Declared(setting.name, symbol, "a parameter", setting.targets[0], solver.of(setting.dimension), span=place)


def _parameter(name: tree.Name, lookup: Lookup, solver: Solver) -> Declared | None:
    setting = lookup.value(name.name)
    return _set(setting, name.text, lookup, solver) if setting is not None else _entry(name, lookup, solver)


def _entry(name: tree.Name, lookup: Lookup, solver: Solver) -> Declared | None:
    split = split_indices(name.name, ())
    if split is None:
        return None
    fitting = [v for v in lookup.network.variables if v.name == split[0] and len(v.indices) == len(split[1])]
    found = seen(fitting, Whose.NETWORK, solver).get(split[0])
    return None if found is None else replace(found, symbol=name.text, expr=At(Ref(Whose.NETWORK, found.name), split[1]))
