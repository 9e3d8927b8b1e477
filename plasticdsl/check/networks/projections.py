"""Projections: `name = A → B: Synapse with Rule, connectivity, values, delays`.

Comes in: statements of the syntax tree. Goes out: one `model.Projection` for each target. A source written in place (`Poisson(rate = 2 kHz) → E`)
becomes a population of its own for each target, as large as that and connected one to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.check.blocks.block import CheckedBlock
from plasticdsl.check.experiments.readings import undeclared_population
from plasticdsl.check.networks.arguments import arguments, bound
from plasticdsl.check.networks.building import Building, Ends, Side
from plasticdsl.check.networks.composition import compose
from plasticdsl.check.networks.connectivity import connectivity, delays, pair_names
from plasticdsl.check.networks.from_data import require_pairs
from plasticdsl.check.networks.merging import Part
from plasticdsl.check.networks.moving import require_fixed, third_of
from plasticdsl.check.networks.parts import Chosen, at_end, chosen, units, with_counts
from plasticdsl.check.networks.presence import check_beginning, check_pairs
from plasticdsl.check.networks.projection_values import GivenValue, given_values
from plasticdsl.check.networks.symmetric_weights import symmetric, taken_out
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import constant
from plasticdsl.check.terms.unification import SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Block, Projection, Role, Third
from plasticdsl.model.expr import refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.presence import masked
from plasticdsl.model.weights import weights
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Wanted:
    """One projection between two populations or parts of them. `hidden`: the population to make of a source written in place. `reads`: names among its
    arguments, which may be other projections.
    """

    statement: tree.Projection
    name: str
    symbol: str
    pre: Chosen
    post: Chosen
    hidden: tree.Population | None
    reads: frozenset[str]


def expand(statements: Sequence[tree.Projection], taken: frozenset[str], building: Building) -> tuple[Wanted, ...]:
    """One for each target, with names that are unique and depend on nothing but the text of the network."""
    names = dict.fromkeys([*taken, *(s.name.name for s in statements if s.name is not None)], 1)
    found: list[Wanted] = []
    for statement in statements:
        for target in statement.targets:
            one = _one(statement, target, names, building)
            found.extend([one] if one is not None else [])
    return tuple(found)


def _one(statement: tree.Projection, end: tree.Name | tree.Indexed, names: dict[str, int], building: Building) -> Wanted | None:
    hidden: tree.Population | None = None
    pre, post = (chosen(node, building.parts) for node in (statement.source, end))
    if post is not None and isinstance(statement.source, tree.Apply) and isinstance(statement.source.function, tree.Name):
        kind, span = statement.source.function, statement.source.span
        text = _free(f"{kind.name}_to_{post.called.name}", names)
        pre = Chosen(tree.Name(text, text, span), kind)
        hidden = tree.Population(pre.population, tree.Number("1", (), span), kind, statement.source.arguments, (), span)
    if pre is None or post is None:
        hint = "Write the name of a population, or a source such as ‘Poisson(rate = 10 Hz)’."
        building.context.report.error("undeclared-population", "A projection begins with a population.", statement.source.span, hint)
        return None
    target = post.called
    if statement.name is None:
        name = _free(f"{pre.called.name if hidden is None else pre.population.name}_to_{target.name}", names)
        symbol = f"{pre.called.text} -> {target.text}"
    elif len(statement.targets) > 1:
        name = _free(f"{statement.name.name}_{target.name}", names)
        symbol = f"{statement.name.text}_{target.text}"
    else:
        name, symbol = statement.name.name, statement.name.text
    uses = (*statement.uses, *statement.with_rules)
    reads = frozenset(a.value.name for u in uses for a in u.arguments if isinstance(a.value, tree.Name))
    return Wanted(statement, name, symbol, pre, post, hidden, reads)


def _free(wish: str, names: dict[str, int]) -> str:
    """`wish`, or `wish_2` …; it is taken from now on. `names`: those that are taken, each with the last number it got."""
    found = wish
    while found in names:
        names[wish] += 1
        found = f"{wish}_{names[wish]}"
    names[found] = 1
    return found


def check_projection(wanted: Wanted, post: Side | None, building: Building) -> tuple[Projection, Mapping[str, Dim]] | None:
    """The projection and the dimensions of its names; None after reporting that a population or block is unknown."""
    statement, context = wanted.statement, building.context
    pre = side(wanted.pre, Whose.PRE, building)
    parts, values = _parts(statement, post, building)
    if pre is None or post is None or len(parts) < len(statement.uses) + len(statement.with_rules):
        return None
    thirds: dict[Owner, Side] = {t.owner: t.side for part in parts for t in part.taken.values() if t.side is not None}
    rules = tuple(p.name for p in parts if p.block.kind == "rule")
    clauses = statement.connectivity
    if wanted.hidden is not None and not clauses:
        clauses = (tree.Connectivity("one to one", None, statement.source.span),)
    connected = connectivity(clauses, pre, post, statement.span, building)
    late = delays(statement.delays, bool(rules), SECONDS, pair_names(context, pre, post, building.constants), building.constants)
    equations, values_written = taken_out(statement.values)
    written = given_values(values_written)
    ends = Ends(pre, post, thirds, building.observables, building.constants, bool(late), building.moving)
    block, joined = compose(wanted.name, parts, ends, (*values, *written), statement.span, context)
    _check_bare(statement, parts, values, context.report)
    _check_self(statement, clauses, pre, post, building)
    require_pairs((block.variables, connected.amount, connected.also, late), connected, pre, post, statement.span, building)
    check_pairs(block, connected, context.report)
    taken = (*dict.fromkeys(t.third for part in parts for t in part.taken.values() if t.third is not None), *_moving(block, building))
    projection = Projection(
        name=wanted.name,
        symbol=wanted.symbol,
        pre=wanted.pre.population.name,
        post=wanted.post.population.name,
        connection=block,
        connectivity=connected,
        delays=late,
        rules=rules,
        origins=tuple((v.name, joined.origins[v.name]) for v in block.variables if v.name in joined.origins),
        given=tuple(v.name for v in block.variables if v.name in {g.path for g in written}),
        span=statement.span,
        symmetric=symmetric(equations, block, wanted.pre.population.name, wanted.post.population.name, connected, context.report),
        thirds=taken,
    )
    if projection.changing:
        standing = weights(projection)
        check_beginning(block, standing, statement.span, context.report)
        projection = replace(projection, connection=masked(block, standing))
    return with_counts(projection), joined.dims


def _moving(block: Block, building: Building) -> Iterator[Third]:
    """The unit of the network, where values read what flows in it."""
    third = None if building.moving is None else third_of(building.moving)
    if third is not None and any(r.owner == third.owner for e in expressions(block) for r in refs(e)):
        flowing = {v.name for v in block.variables if any(r.owner == third.owner for e in expressions(v) for r in refs(e))}
        require_fixed(block, flowing, block.span, building.context.report)
        yield third


def _check_bare(statement: tree.Projection, parts: Sequence[Part], arguments: Sequence[GivenValue], report: Reporter) -> None:
    """A bare `p` connects and a bare `delay` delays, also where a block has a parameter of that name; warns where nothing else gives the parameter."""
    bare = [("p", "the probability of a connection", c.span) for c in statement.connectivity if c.kind == "probability"]
    bare += [("delay", "the delay of the projection", d.span) for d in statement.delays if d.side == ""]
    for name, what, span in bare:
        given = {g.path for g in given_values(statement.values)} | {f"{parts[a.part or 0].name}.{a.path}" for a in arguments}
        for part in parts:
            variable = part.block.variable(name)
            if variable is not None and variable.role is Role.PARAMETER and f"{part.name}.{name}" not in given:
                message = f"‘{name}’ is {what} here, and the parameter ‘{name}’ of ‘{part.name}’ keeps its own value."
                hint = f"To set the parameter write ‘{part.name}.{name} = …’, or ‘{part.name}({name} = …)’."
                report.warning("clause-not-parameter", message, span, hint, (Label(variable.span, f"the parameter ‘{name}’"),))


def _check_self(statement: tree.Projection, clauses: Sequence[tree.Connectivity], pre: Side, post: Side, building: Building) -> None:
    """Warns where units are told (not) to be connected with themselves that are of two populations: of none of the targets, if there are several."""
    source = pre.population.name
    targets = {found.population.name for end in statement.targets if (found := chosen(end, building.parts)) is not None}
    for clause in clauses:
        if clause.kind in ("except self", "with self") and source not in targets:
            message = f"‘{pre.population.symbol}’ and ‘{post.population.symbol}’ are two populations, so ‘{clause.kind}’ does nothing."
            hint = "It is about connections of a population with itself; pairs of units with the same number are left out by ‘where i ≠ j’."
            building.context.report.warning("no-effect", message, clause.span, hint)


def side(end: Chosen, whose: Whose, building: Building) -> Side | None:
    """The population at one end, or the part of it; None after reporting that there is none."""
    found = building.sides.get(end.population.name)
    if found is None:
        undeclared_population(end.population, building.context, building.symbols)
        return None
    part = next((p for p in building.named if p.name == end.called.name), None)
    if end.called is not end.population or not found.population.hidden:
        building.context.report.means(end.called, found.population.span if part is None else part.span, "a population")
    if building.named:
        found = replace(found, named=building.named)
    if not end.units:
        return found
    size = constant(found.population.size, building.constants)
    return replace(found, units=at_end(units(end.units, found.population.symbol, size, building.context, building.constants), whose))


# --- synapse and rules -----------------------------------------------------------------------------------------------


def _parts(statement: tree.Projection, post: Side | None, building: Building) -> tuple[list[Part], list[GivenValue]]:
    """The blocks named after the colon, the synapse first, and the values of their arguments."""
    context = building.context
    uses = [*((u, ("synapse", "rule")) for u in statement.uses), *((u, ("rule",)) for u in statement.with_rules)]
    found = [(use, block) for use, kinds in uses if (block := _block(use, kinds, building)) is not None]
    found.sort(key=lambda one: one[1].block.kind != "synapse")
    values: list[GivenValue] = []
    parts: list[Part] = []
    for number, (use, checked) in enumerate(found):
        others = [taken for part in parts for taken in part.taken.values()]
        taken, given = arguments(use, checked, number, post, others, building)
        values += given
        if taken is not None:
            parts.append(Part(bound(checked.block, taken), context.solver.instantiate(checked.dims), use, checked.named, taken))
    synapses = [use for use, checked in found if checked.block.kind == "synapse"]
    if len(synapses) > 1:
        labels = (Label(synapses[0].span, "the first"),)
        hint = "Write two projections; a rule between them can read the other’s variables."
        context.report.error("two-synapses", "A projection has one synapse.", synapses[1].span, hint, labels)
    return parts, values


def _block(use: tree.Use, kinds: tuple[str, ...], building: Building) -> CheckedBlock | None:
    found = {kind: building.blocks.find(kind, use.name) for kind in ("neuron", "synapse", "rule")}
    checked = next((found[kind] for kind in kinds if found[kind] is not None), None)
    if checked is not None:
        return checked
    report = building.context.report
    other = next((block for block in found.values() if block is not None), None)
    if other is not None:
        labels = (Label(other.tree.name.span, f"the {other.block.kind}"),)
        message = f"‘{use.name.text}’ is a {other.block.kind}; here stands a {' or a '.join(kinds)}."
        report.error("undeclared-block", message, use.name.span, labels=labels)
    else:
        hint = did_you_mean(use.name.text, building.blocks.names(kinds, use.name))
        report.error("undeclared-block", f"There is no {' or '.join(kinds)} ‘{use.name.text}’.", use.name.span, hint)
    return None
