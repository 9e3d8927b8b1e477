"""Projections: `name = A → B: Synapse with Rule, connectivity, values, delays`.

Comes in: statements of the syntax tree. Goes out: one `model.Projection` for each target. A source written in place (`Poisson(rate = 2 kHz) → E`)
becomes a population of its own for each target, as large as that and connected one to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.check.blocks.block import CheckedBlock, CheckedBlocks
from plasticdsl.check.experiments.readings import undeclared_population
from plasticdsl.check.networks.composition import Composed, Ends, compose
from plasticdsl.check.networks.connectivity import Side, connectivity, delays, pair_names
from plasticdsl.check.networks.merging import Part
from plasticdsl.check.networks.projection_values import Given, GivenValue, given_values
from plasticdsl.check.networks.symmetric_weights import symmetric, taken_out
from plasticdsl.check.terms.constants import Values
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.unification import SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.model import Projection
from plasticdsl.model.owners import OfArgument, OfProjection
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Wanted:
    """One projection to one target. `hidden`: the population to make of a source written in place. `reads`: names among its arguments,
    which may be other projections.
    """

    statement: tree.Projection
    name: str
    symbol: str
    pre: tree.Name
    post: tree.Name
    hidden: tree.Population | None
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Around:
    """What a projection can refer to: blocks, populations, the projections before it with their dimensions, and the
    observables of the network."""

    blocks: CheckedBlocks
    sides: Mapping[str, Side]
    projections: Mapping[str, Projection]
    dims: Mapping[str, Mapping[str, Dim]]
    constants: Values
    observables: Mapping[str, Dim]


def expand(statements: Sequence[tree.Projection], taken: frozenset[str], context: Context) -> tuple[Wanted, ...]:
    """One for each target, with names that are unique and depend on nothing but the text of the network."""
    names = dict.fromkeys([*taken, *(s.name.name for s in statements if s.name is not None)], 1)
    found: list[Wanted] = []
    for statement in statements:
        for target in statement.targets:
            one = _one(statement, target, names, context)
            found.extend([one] if one is not None else [])
    return tuple(found)


def _one(statement: tree.Projection, target: tree.Name, names: dict[str, int], context: Context) -> Wanted | None:
    hidden: tree.Population | None = None
    match statement.source:
        case tree.Name() as pre:
            short = pre.text
        case tree.Apply(function=tree.Name() as kind, arguments=arguments, span=span):
            text = _free(f"{kind.name}_to_{target.name}", names)
            pre, short = tree.Name(text, text, span), kind.text
            hidden = tree.Population(pre, tree.Number("1", (), span), kind, arguments, (), span)
        case _:
            hint = "Write the name of a population, or a source such as ‘Poisson(rate = 10 Hz)’."
            context.report.error("undeclared-population", "A projection begins with a population.", statement.source.span, hint)
            return None
    if statement.name is None:
        name = _free(f"{pre.name}_to_{target.name}", names)
        symbol = f"{short} -> {target.text}"
    elif len(statement.targets) > 1:
        name = _free(f"{statement.name.name}_{target.name}", names)
        symbol = f"{statement.name.text}_{target.text}"
    else:
        name, symbol = statement.name.name, statement.name.text
    uses = (*statement.uses, *statement.with_rules)
    reads = frozenset(a.value.name for u in uses for a in u.arguments if isinstance(a.value, tree.Name))
    return Wanted(statement, name, symbol, pre, target, hidden, reads)


def _free(wish: str, names: dict[str, int]) -> str:
    """`wish`, or `wish_2` …; it is taken from now on. `names`: those that are taken, each with the last number it got."""
    found = wish
    while found in names:
        names[wish] += 1
        found = f"{wish}_{names[wish]}"
    names[found] = 1
    return found


def check_projection(wanted: Wanted, around: Around, context: Context) -> tuple[Projection, Mapping[str, Dim]] | None:
    """The projection and the dimensions of its names; None after reporting that a population or block is unknown."""
    pre, post = (_population(name, around, context) for name in (wanted.pre, wanted.post))
    parts, values, others = _parts(wanted.statement, around, context)
    if pre is None or post is None or len(parts) < len(wanted.statement.uses) + len(wanted.statement.with_rules):
        return None
    statement = wanted.statement
    rules = tuple(p.name for p in parts if p.block.kind == "rule")
    clauses = statement.connectivity
    if wanted.hidden is not None and not clauses:
        clauses = (tree.Connectivity("one to one", None, statement.source.span),)
    connected = connectivity(clauses, pre, post, statement.span, context, around.constants)
    late = delays(statement.delays, bool(rules), SECONDS, pair_names(context, pre, post), around.constants)
    equations, values_written = taken_out(statement.values)
    written = given_values(values_written)
    given = Given((*values, *written), around.constants, pre, post)
    composed: Composed = compose(
        wanted.name, parts, Ends(pre, post, others, around.observables, bool(late)), given, statement.span, context
    )
    projection = Projection(
        name=wanted.name,
        symbol=wanted.symbol,
        pre=wanted.pre.name,
        post=wanted.post.name,
        connection=composed.block,
        connectivity=connected,
        delays=late,
        rules=rules,
        origins=composed.origins,
        given=tuple(v.name for v in composed.block.variables if v.name in {g.path for g in written}),
        span=statement.span,
        symmetric=symmetric(equations, composed.block, wanted.pre.name, wanted.post.name, connected, context.report),
    )
    return projection, composed.dims


def _population(name: tree.Name, around: Around, context: Context) -> Side | None:
    side = around.sides.get(name.name)
    if side is None:
        undeclared_population(name, context, [s.population.symbol for s in around.sides.values()])
    return side


# --- synapse and rules -----------------------------------------------------------------------------------------------


def _parts(
    statement: tree.Projection, around: Around, context: Context
) -> tuple[list[Part], list[GivenValue], dict[str, tuple[OfProjection, Mapping[str, Dim]]]]:
    """The blocks named after the colon, their arguments, and the other projections among these."""
    parts: list[Part] = []
    values: list[GivenValue] = []
    others: dict[str, tuple[OfProjection, Mapping[str, Dim]]] = {}
    for use, after_with in (*((u, False) for u in statement.uses), *((u, True) for u in statement.with_rules)):
        checked = _block(use, after_with, around, context)
        if checked is None:
            continue
        part = Part(checked.block, context.solver.instantiate(checked.dims), use)
        for argument, parameter in zip(use.arguments, _parameters(use, checked, context), strict=True):
            _argument(argument, parameter, len(parts), part, values, others, around, context)
        parts.append(part)
    synapses = [p for p in parts if p.block.kind == "synapse"]
    if len(synapses) > 1:
        labels = (Label(synapses[0].use.span, "the first"),)
        message = "A projection has one synapse."
        hint = "Write two projections; a rule between them can read the other’s variables."
        context.report.error("two-synapses", message, synapses[1].use.span, hint, labels)
    parts_in_order = sorted(range(len(parts)), key=lambda k: parts[k].block.kind != "synapse")
    place = {old: new for new, old in enumerate(parts_in_order)}
    moved = [replace(v, part=place[v.part or 0]) for v in values]
    return [parts[k] for k in parts_in_order], moved, others


def _block(use: tree.Use, after_with: bool, around: Around, context: Context) -> CheckedBlock | None:
    kinds = ("rule",) if after_with else ("synapse", "rule")
    found = {kind: around.blocks.find(kind, use.name) for kind in ("neuron", "synapse", "rule")}
    checked = next((found[kind] for kind in kinds if found[kind] is not None), None)
    if checked is not None:
        return checked
    other = next((block for block in found.values() if block is not None), None)
    wanted = "a rule" if after_with else "a synapse or a rule"
    if other is not None:
        labels = (Label(other.tree.name.span, f"the {other.block.kind}"),)
        message = f"‘{use.name.text}’ is a {other.block.kind}; here stands {wanted}."
        context.report.error("undeclared-block", message, use.name.span, labels=labels)
        return None
    words = "rule" if after_with else "synapse or rule"
    hint = did_you_mean(use.name.text, around.blocks.names(kinds, use.name))
    context.report.error("undeclared-block", f"There is no {words} ‘{use.name.text}’.", use.name.span, hint)
    return None


def _parameters(use: tree.Use, checked: CheckedBlock, context: Context) -> Iterator[tree.Name | None]:
    """Which parameter each argument is for: by keyword, else in the order of `synapse Name(first, second)`."""
    in_order = iter(checked.tree.parameters)
    for argument in use.arguments:
        parameter = argument.keyword if argument.keyword is not None else next(in_order, None)
        if parameter is None:
            hint = did_you_mean("", [f"{v.symbol} = …" for v in checked.block.variables], "It has")
            context.report.error("unknown-parameter", f"Say which parameter of ‘{checked.block.name}’ this is.", argument.span, hint)
        yield parameter


def _argument(
    argument: tree.Argument,
    parameter: tree.Name | None,
    part: int,
    block: Part,
    values: list[GivenValue],
    others: dict[str, tuple[OfProjection, Mapping[str, Dim]]],
    around: Around,
    context: Context,
) -> None:
    """A value, or another projection where the block reads one."""
    if parameter is None:
        return
    if not any(need.owner == OfArgument(parameter.name) for need in block.block.needs):
        values.append(GivenValue(parameter.name, parameter.text, (argument.keyword or argument).span, argument.value, part=part))
        return
    node = argument.value
    if isinstance(node, tree.Name) and node.name in around.projections:
        others[parameter.name] = (OfProjection(node.name), around.dims[node.name])
        return
    text = f"‘{node.text}’" if isinstance(node, tree.Name) else "This"
    hint = did_you_mean(node.text if isinstance(node, tree.Name) else "", around.projections, "The projections are")
    context.report.error("undeclared-projection", f"{text} is no projection; ‘{block.name}’ reads one here.", node.span, hint)
