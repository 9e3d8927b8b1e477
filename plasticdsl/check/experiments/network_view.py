"""The names of a checked network as experiments see them: its parameters and observables, its populations and projections, and the
parameters of the blocks it uses.

Comes in: a `model.Network` with the look-up of its settings. Goes out: a `Scope`. `cell.V` becomes a reference of `OfPopulation("cell")`, a
parameter of the network one of `Whose.NETWORK`, a population as such (in `rate(cell)`) one without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plasticdsl.check.terms.index_letters import split_indices
from plasticdsl.check.terms.scope import Declared, Scope
from plasticdsl.check.terms.unification import Dim, Solver
from plasticdsl.model.expr import At, Ref
from plasticdsl.model.lookup import Lookup, Setting
from plasticdsl.model.model import Role, Variable
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.syntax import tree

WORDS: Mapping[Role, str] = {
    Role.PARAMETER: "a parameter",
    Role.GIVEN: "a parameter",
    Role.STATE: "a state",
    Role.DEFINITION: "a definition",
    Role.INPUT: "an input",
    Role.CLAMPED: "a value that phases set",
}


def declared(variable: Variable, owner: Owner, solver: Solver) -> Declared:
    """The entry of a variable whose references have `owner`."""
    dim = solver.fresh() if variable.dimension is None else Dim(variable.dimension)
    return Declared(variable.name, variable.symbol, WORDS[variable.role], Ref(owner, variable.name), dim, span=variable.span)


def members(variables: Iterable[Variable], owner: Owner, solver: Solver) -> Scope:
    """The variables of one population or projection."""
    return Scope({v.name: declared(v, owner, solver) for v in variables})


def network_scope(lookup: Lookup, outside: Scope, solver: Solver) -> Scope:
    """Everything an experiment on a network can name."""
    network = lookup.network
    names: dict[str, Declared] = _blocks(lookup, solver)
    for population in network.populations:
        inside = members(population.block.variables, population.as_owner, solver)
        names[population.name] = Declared(population.name, population.symbol, "a population", members=inside, span=population.span)
    for projection in network.projections:
        inside = members(projection.connection.variables, projection.as_owner, solver)
        names[projection.name] = Declared(projection.name, projection.symbol, "a projection", members=inside, span=projection.span)
    for variable in network.variables:
        names[variable.name] = declared(variable, Whose.NETWORK, solver)
    return outside.child(names, missing=lambda name: _parameter(name, lookup, solver))


def _blocks(lookup: Lookup, solver: Solver) -> dict[str, Declared]:
    """`STDP.A_plus`: the parameter where the block is used; the first place stands for all."""
    found: dict[str, dict[str, Declared]] = {}
    for setting in lookup.everything:
        if setting.kind == "block":
            found.setdefault(setting.owner, {})[setting.name] = _set(setting, setting.name, solver)
    return {block: Declared(block, block, "a block", members=Scope(names)) for block, names in found.items()}


def _set(setting: Setting, symbol: str, solver: Solver) -> Declared:
    dim = solver.fresh() if setting.dimension is None else Dim(setting.dimension)
    return Declared(setting.name, symbol, "a parameter", setting.targets[0], dim)


def _parameter(name: tree.Name, lookup: Lookup, solver: Solver) -> Declared | None:
    """A parameter named without its block, where only one block has it; or one entry of an observable with index letters, `m_1`."""
    setting = lookup.value(name.name)
    return _set(setting, name.text, solver) if setting is not None else _entry(name, lookup, solver)


def _entry(name: tree.Name, lookup: Lookup, solver: Solver) -> Declared | None:
    split = split_indices(name.name, ())
    found = next(
        (v for v in lookup.network.variables if split is not None and v.name == split[0] and len(v.indices) == len(split[1])), None
    )
    if split is None or found is None:
        return None
    of_all = declared(found, Whose.NETWORK, solver)
    return replace(of_all, symbol=name.text, expr=At(Ref(Whose.NETWORK, found.name), split[1]))
