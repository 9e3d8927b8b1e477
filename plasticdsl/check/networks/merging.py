"""A synapse and rules become one block: which names are one variable, which are only called the same.

Comes in: the checked blocks of one projection, synapse first. Goes out: `Joined`, in which every part's names are those of the connection. A name
that a rule declares for itself and that is taken already is renamed `Rule_name`. One variable are:

- a name that a rule uses without declaring it, and whatever has it;
- a name that the synapse leaves open (it must be given), and a state or definition of a rule: the weight and the rule that changes it;
- a parameter of the synapse, or a state of it that nothing there changes, and a state of a rule: it starts at the synapse's value;
- a state that changes in the synapse, and one of a rule that only jumps there (no flow, no initial value), or on which nothing else in the
  rule depends: it is what the rule is for, not one of its traces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count

from plasticdsl.check.networks.building import Taken
from plasticdsl.check.networks.effects import changes, keys
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.unification import Dim, Solver
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Assign, Block, Need, Role, Variable
from plasticdsl.model.expr import Drawn, Ref
from plasticdsl.model.mapping import rename_block, rename_variable, renames
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Part:
    """One block of a projection: `dims` are in the network's solver, by the block's own names; `use` is where the projection names it; `named`:
    values that are named under its triggers; `taken`: its arguments that are projections or units."""

    block: Block
    dims: Mapping[str, Dim]
    use: tree.Use
    named: Mapping[str, tree.Define]
    taken: Mapping[str, Taken]

    @property
    def name(self) -> str:
        """The block's name."""
        return self.block.name


@dataclass(slots=True)
class Joined:
    """Everything of a connection under the connection's names; `dims` likewise. `origins`: (block, its name there) of each variable.

    `open`: names without a value so far, with the part that needs it. `of_synapse`: the synapse's own names. `blocks`: what the parts do.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    dims: dict[str, Dim] = field(default_factory=dict)
    origins: dict[str, tuple[str, str]] = field(default_factory=dict)
    own_names: list[dict[str, str]] = field(default_factory=list)
    of_synapse: set[str] = field(default_factory=set)
    open: dict[str, tuple[Part, Need]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    @property
    def changed(self) -> frozenset[str]:
        """The names that a flow, a jump or a pair of spikes changes."""
        flows = {f.variable for b in self.blocks for f in b.flows}
        jumps = {s.target.name for b in self.blocks for h in b.handlers for s in h.statements if isinstance(s, Assign)}
        return frozenset(flows | jumps | {p.target.name for b in self.blocks for p in b.pairs})


def join(parts: Sequence[Part], solver: Solver, report: Reporter) -> Joined:
    """The parts as one; reports names that cannot be one variable because their units differ, and flows of one variable in two blocks."""
    joined = Joined()
    for part in parts:
        names = _names(part, joined)
        joined.own_names.append(names)
        joined.of_synapse.update(names.values() if part.block.kind == "synapse" else ())
        _add_variables(part, names, joined, solver, report)
        _add_needs(part, joined, solver, report)
        _add_contents(part, names, joined, report)
    return joined


# --- names -----------------------------------------------------------------------------------------------------------


def _names(part: Part, joined: Joined) -> dict[str, str]:
    """The connection's name of each of the part's own variables."""
    flowing = {f.variable for f in part.block.flows}
    names: dict[str, str] = {}
    for variable in part.block.variables:
        name = variable.name
        taken = name in joined.variables or name in joined.open
        if taken and not _is_one(variable, name in flowing, part.block, joined):
            names[name] = _free(f"{part.name}_{name}", part, joined)
        else:
            names[name] = name
    return names


def _is_one(variable: Variable, flows: bool, block: Block, joined: Joined) -> bool:
    """Whether a part's own variable and the one that has its name already are the same."""
    other = joined.variables.get(variable.name)
    if other is None:
        return True
    if variable.role is Role.GIVEN:
        return True
    if other.role is Role.GIVEN:
        return variable.role in (Role.STATE, Role.DEFINITION)
    if variable.role is not Role.STATE or other.role is not Role.STATE:
        return variable.role is Role.STATE and other.role is Role.PARAMETER and variable.name in joined.of_synapse
    if variable.name in _drawn(block) and any(variable.name in _drawn(b) for b in joined.blocks):
        return False
    only_jumps = not flows and variable.initial is None
    awaits_change = variable.name not in joined.changed
    return only_jumps or awaits_change or not _read_by_others(variable.name, block)


def _drawn(block: Block) -> frozenset[str]:
    """The names that stand for what is drawn at events."""
    return frozenset(s.target.name for s in block.statements() if isinstance(s, Assign) and isinstance(s.value, Drawn))


def _read_by_others(name: str, block: Block) -> bool:
    """Whether anything in the block but the changes of `name` itself reads it."""
    own = Ref(Whose.OWN, name)
    return any(own in keys(parts, {}) for target, parts in changes(block) if target != name)


def _free(wish: str, part: Part, joined: Joined) -> str:
    taken = joined.variables.keys() | joined.open.keys() | {v.name for v in part.block.variables}
    return next(n for n in chain([wish], (f"{wish}_{i}" for i in count(2))) if n not in taken)


# --- variables and needs ---------------------------------------------------------------------------------------------


def _add_variables(part: Part, names: Mapping[str, str], joined: Joined, solver: Solver, report: Reporter) -> None:
    for own in part.block.variables:
        name = names[own.name]
        variable = rename_variable(own, names) if renames(names) else own
        _same_dimension(name, own.symbol, part.dims.get(own.name), part, joined, solver, report)
        known = joined.variables.get(name)
        _mention(own.name, own.symbol, own.span, name, joined, report)
        joined.variables[name] = variable if known is None else _one(known, variable)
        joined.origins.setdefault(name, (part.name, own.name))
        if own.role is Role.GIVEN:
            joined.open.setdefault(name, (part, Need(Whose.OWN, own.name, own.symbol, own.span)))
        elif known is None or known.role is Role.GIVEN:
            settled = own.role in (Role.DEFINITION, Role.PARAMETER) or own.initial is not None
            if settled or known is None:
                joined.open.pop(name, None)


def _mention(name: str, symbol: str, place: Span, joint: str, joined: Joined, report: Reporter) -> None:
    """Remembers that what is called so there is what the connection has under its `joint` name already, or lacks."""
    if joint in joined.variables:
        report.means(tree.Name(name, symbol, place), joined.variables[joint].span)
    if joint in joined.open:
        report.means(tree.Name(name, symbol, place), joined.open[joint][1].span)


def _one(known: Variable, new: Variable) -> Variable:
    """Both as one variable: what changes it makes it a state, bounds add up, a value it had becomes its initial value."""
    low = new.low if new.low is not None else known.low
    high = new.high if new.high is not None else known.high
    values = new.values or known.values
    if new.role is Role.GIVEN:
        return replace(known, low=low, high=high, values=values)
    if new.role is Role.DEFINITION:
        return replace(new, symbol=known.symbol, span=known.span)
    initial = known.value if known.role is Role.PARAMETER else known.initial
    initial = initial if initial is not None else new.initial
    return replace(known, role=Role.STATE, value=None, initial=initial, low=low, high=high, values=values)


def _add_needs(part: Part, joined: Joined, solver: Solver, report: Reporter) -> None:
    """Names that the part uses without declaring them are the connection's, whoever has them."""
    for need in part.block.needs:
        if need.owner is Whose.OWN:
            _same_dimension(need.name, need.name, part.dims.get(need.name), part, joined, solver, report)
            _mention(need.name, need.symbol, need.span, need.name, joined, report)
            if need.name not in joined.variables:
                joined.open.setdefault(need.name, (part, need))


def _same_dimension(name: str, symbol: str, dim: Dim | None, part: Part, joined: Joined, solver: Solver, report: Reporter) -> None:
    if dim is None:
        return
    known = joined.dims.setdefault(name, dim)
    if not solver.unify(known, dim, part.use.span):
        message = f"‘{symbol}’ has one unit in {part.name} and another in {joined.origins.get(name, ('this projection', ''))[0]}."
        report.error("inconsistent-units", message, part.use.span)


# --- everything else, in the connection's names ----------------------------------------------------------------------


def _add_contents(part: Part, names: Mapping[str, str], joined: Joined, report: Reporter) -> None:
    block = rename_block(part.block, names) if renames(names) else part.block
    flowing = {f.variable: f for b in joined.blocks for f in b.flows}
    for flow in block.flows:
        other = flowing.get(flow.variable)
        if other is not None:
            message = f"‘{flow.variable}’ flows in {other.source} and in {flow.source}."
            hint = "Write one rule with the sum of both, or let one of them jump."
            report.error("two-flows", message, part.use.span, hint, (Label(other.span, "one"), Label(flow.span, "the other")))
    joined.blocks.append(block)
