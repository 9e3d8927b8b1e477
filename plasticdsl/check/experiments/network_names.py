"""The names of a checked network as experiments see them: its parameters and observables, its populations and projections, and the parameters of the
blocks it uses.

Comes in: a `model.Network` with the look-up of its settings. Goes out: `Declared`s. `cell.V` becomes a reference of `OfPopulation("cell")`, a parameter
of the network one of `Whose.NETWORK`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from plasticdsl.check.terms.index_letters import split_indices
from plasticdsl.check.terms.scope import Declared, Missing, Scope, seen, seen_events
from plasticdsl.check.terms.unification import Solver
from plasticdsl.model import Distribution, Network, Population, Projection, Role
from plasticdsl.model.expr import At, Ref
from plasticdsl.model.lookup import Lookup, Setting
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.parts import several
from plasticdsl.names import NAME
from plasticdsl.source import NOWHERE
from plasticdsl.syntax import tree

_MOST_PARTS = 6


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


def undeclared_names(lookup: Lookup, solver: Solver, told: Collection[Setting]) -> Missing:
    """What else can be named: a parameter without its block, where only one block has it; or one entry of an observable with index letters, `m_1`.
    `told`: what the experiment gives a value to."""
    return lambda name: _parameter(name, lookup, solver, told)


def with_told(names: Mapping[str, Declared], told: Iterable[Setting], lookup: Lookup, solver: Solver) -> Mapping[str, Declared]:
    """The names, where parameters of blocks that the experiment gives a value to are the same wherever the block is used."""
    found = dict(names)
    for setting in told:
        block = found.get(setting.owner)
        if setting.kind == "block" and block is not None and block.members is not None and len(setting.targets) > 1:
            entry = _set(setting, setting.name, lookup, solver, told=True)
            found[setting.owner] = replace(block, members=Scope({**block.members.names, setting.name: entry}))
    return found


def _blocks(lookup: Lookup, solver: Solver) -> dict[str, Declared]:
    """`STDP.A_plus`: the parameter where the block is used; the first place stands for all, where they are alike."""
    found: dict[str, dict[str, Declared]] = {}
    for setting in lookup.everything:
        if setting.kind == "block":
            found.setdefault(setting.owner, {})[setting.name] = _set(setting, setting.name, lookup, solver)
    places = {b.name: b.span for b in lookup.module.blocks}
    return {
        block: Declared(block, block, "a block", members=Scope(names), span=places.get(block, NOWHERE)) for block, names in found.items()
    }


def _set(setting: Setting, symbol: str, lookup: Lookup, solver: Solver, told: bool = False) -> Declared:
    place = next(iter(lookup.places(setting)), NOWHERE)
    if len(setting.targets) > 1 and not _is_alike(setting, lookup.network, told):
        parts = _parts(lookup.network)
        shown = in_parts(symbol, [parts[target.owner] for target in setting.targets])
        return Declared(setting.name, symbol, "not the same everywhere", hint=f"Say where: {shown}.", span=place)
    return Declared(setting.name, symbol, "a parameter", setting.targets[0], solver.of(setting.dimension), span=place)


def _parts(network: Network) -> dict[Owner, Population | Projection]:
    populations: dict[Owner, Population | Projection] = {p.as_owner: p for p in network.populations}
    return populations | {p.as_owner: p for p in network.projections}


def _is_alike(setting: Setting, network: Network, told: bool) -> bool:
    """Whether what a block has is one number for all parts of the network that use it: a parameter that none of them draws or gives another value to, or
    that the experiment gives one."""
    parts = _parts(network)
    values = []
    for target in setting.targets:
        variable = network.blocks[target.owner].variable(target.name)
        if variable is None or variable.role is Role.STATE:
            return False
        values.append(dict(parts[target.owner].values).get(target.name, variable.value))
    return told or all(value == values[0] and not isinstance(value, Distribution) for value in values)


def _parameter(name: tree.Name, lookup: Lookup, solver: Solver, told: Collection[Setting]) -> Declared | None:
    setting = lookup.value(name.name)
    if setting is not None:
        return _set(setting, name.text, lookup, solver, setting in told)
    return _entry(name, lookup, solver) or _of_parts(name, lookup.network)


def _of_parts(name: tree.Name, network: Network) -> Declared | None:
    """A variable of units or connections that is written without them."""
    found = having(name.name, network)
    shown = in_parts(name.text, found)
    return Declared(name.name, name.text, "a variable of a part of the network", hint=f"Say whose: {shown}.") if found else None


def having(name: str, network: Network) -> list[Population | Projection]:
    """The parts of a network that have a variable of this name."""
    parts = (p for p in _parts(network).values() if not isinstance(p, Population) or not p.hidden)
    return [p for p in parts if network.blocks[p.as_owner].variable(name) is not None]


def in_parts(symbol: str, parts: Iterable[Population | Projection], end: str = "") -> str:
    """`‘E.V’ or ‘I.V’`, with what else is written behind it; of many parts the first."""
    called = [part.symbol if re.fullmatch(NAME, part.symbol) else part.name for part in parts]
    return " or ".join(f"‘{part}.{symbol}{end}’" for part in called[:_MOST_PARTS]) + (" or …" if called[_MOST_PARTS:] else "")


def _entry(name: tree.Name, lookup: Lookup, solver: Solver) -> Declared | None:
    split = split_indices(name.name, ())
    if split is None:
        return None
    fitting = [v for v in lookup.network.variables if v.name == split[0] and len(v.indices) == len(split[1])]
    found = seen(fitting, Whose.NETWORK, solver).get(split[0])
    return None if found is None else replace(found, symbol=name.text, expr=At(Ref(Whose.NETWORK, found.name), split[1]))
