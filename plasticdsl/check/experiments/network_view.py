"""The names of a checked network as experiments see them: its parameters and observables, its populations and projections, and the
parameters of the blocks it uses.

Comes in: a `model.Network` with the look-up of its settings. Goes out: a `Scope`. `cell.V` becomes a reference of `OfPopulation("cell")`, a
parameter of the network one of `Whose.NETWORK`, a population as such (in `rate(cell)`) one without a name.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.check.terms.index_letters import split_indices
from plasticdsl.check.terms.scope import Declared, Scope, seen
from plasticdsl.check.terms.unification import Solver
from plasticdsl.model.expr import At, Ref
from plasticdsl.model.lookup import Lookup, Setting
from plasticdsl.model.owners import Whose
from plasticdsl.model.parts import several
from plasticdsl.syntax import tree


def network_scope(lookup: Lookup, outside: Scope, solver: Solver) -> Scope:
    """Everything an experiment on a network can name."""
    network, blocks = lookup.network, lookup.network.blocks
    names = _blocks(lookup, solver)
    for what, parts in (("a population", network.populations), ("a projection", network.projections)):
        for part in parts:
            own = Scope(seen(blocks[part.as_owner].variables, part.as_owner, solver))
            names[part.name] = Declared(part.name, part.symbol, what, members=own, span=part.span)
    for named in network.parts:
        members = names[named.population].members
        of_part = {n: replace(d, expr=several(d.expr, named.units)) for n, d in (members.names if members else {}).items() if d.expr}
        names[named.name] = Declared(named.name, named.symbol, "a part of a population", members=Scope(of_part))
    names |= seen(network.variables, Whose.NETWORK, solver)
    return outside.child(names, missing=lambda name: _parameter(name, lookup, solver))


def _blocks(lookup: Lookup, solver: Solver) -> dict[str, Declared]:
    """`STDP.A_plus`: the parameter where the block is used; the first place stands for all."""
    found: dict[str, dict[str, Declared]] = {}
    for setting in lookup.everything:
        if setting.kind == "block":
            found.setdefault(setting.owner, {})[setting.name] = _set(setting, setting.name, solver)
    return {block: Declared(block, block, "a block", members=Scope(names)) for block, names in found.items()}


def _set(setting: Setting, symbol: str, solver: Solver) -> Declared:
    return Declared(setting.name, symbol, "a parameter", setting.targets[0], solver.of(setting.dimension))


def _parameter(name: tree.Name, lookup: Lookup, solver: Solver) -> Declared | None:
    """A parameter named without its block, where only one block has it; or one entry of an observable with index letters, `m_1`."""
    setting = lookup.value(name.name)
    return _set(setting, name.text, solver) if setting is not None else _entry(name, lookup, solver)


def _entry(name: tree.Name, lookup: Lookup, solver: Solver) -> Declared | None:
    split = split_indices(name.name, ())
    if split is None:
        return None
    fitting = [v for v in lookup.network.variables if v.name == split[0] and len(v.indices) == len(split[1])]
    found = seen(fitting, Whose.NETWORK, solver).get(split[0])
    return None if found is None else replace(found, symbol=name.text, expr=At(Ref(Whose.NETWORK, found.name), split[1]))
