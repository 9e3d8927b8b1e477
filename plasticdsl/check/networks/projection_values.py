"""The values that a projection gives: `w = 0.2 mV`, `w ~ N(0, 1)`, `STDP(A₊ = 0.01)`, `R(0) = 0.5`.

Comes in: the joined parts and what is written after the colon. Goes out: variables with their values. A value is read where it stands, in the network,
so the network's names come first, then those of the connection; i and j are the numbers of the post- and presynaptic unit. What a rule changes
starts at the given value; anything else keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.check.blocks.block import CheckedBlock
from plasticdsl.check.blocks.bounds import check_bounds
from plasticdsl.check.blocks.triggers import only_named
from plasticdsl.check.likes import path_text
from plasticdsl.check.networks.building import Ends, Side
from plasticdsl.check.networks.connectivity import pair_names
from plasticdsl.check.networks.from_data import unit_wanted
from plasticdsl.check.networks.merging import Joined, Part
from plasticdsl.check.networks.moving import of_unit, reads_moving, third_of
from plasticdsl.check.networks.over_time import with_formulas
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.distributions import value_or_draw
from plasticdsl.check.terms.expressions import unit_hint
from plasticdsl.check.terms.mismatch import require_dimension
from plasticdsl.check.terms.scope import Declared, Scope, entries
from plasticdsl.check.terms.unification import Dim
from plasticdsl.check.terms.written_units import unit_of_number, with_dimension
from plasticdsl.derive.local_gradient import partials
from plasticdsl.diagnostics.diagnostic import USED, Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean, nearest
from plasticdsl.model import Block, Need, Role, Value, Variable
from plasticdsl.model.dependencies import circle, circle_at_start, in_working_order
from plasticdsl.model.expr import Expr, Ref, is_of_file, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.model.right_sides import STATES
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.words import CLAUSES

#: How alike a name that is missing must be to one of the block, to be taken for it.
_MISSPELT = 0.75


@dataclass(frozen=True, slots=True)
class GivenValue:
    """One value. `path`: the name, or `Block.name`; `text`: as written. `part`: number of the part whose argument it is, else None.
    `starts`: `V(0)` was written.
    """

    path: str
    text: str
    target: Span
    value: tree.Expr
    drawn: bool = False
    starts: bool = False
    part: int | None = None

    @property
    def name(self) -> tree.Name:
        """The name of what gets the value, behind that of its block."""
        return tree.Name(self.path.rpartition(".")[2], self.text.rpartition(".")[2], self.target)


def given_values(statements: Sequence[tree.Define | tree.Draw | tree.Initial | tree.Place | tree.OwnStep]) -> tuple[GivenValue, ...]:
    """The values of a projection or population as written."""
    found: list[GivenValue] = []
    for statement in statements:
        match statement:
            case tree.Define(target=target, rhs=value) | tree.Draw(target=target, distribution=value):
                text = path_text(target, as_written=True)
                found.append(GivenValue(path_text(target), text, target.span, value, isinstance(statement, tree.Draw)))
            case tree.Initial(variable=variable, rhs=value, drawn=drawn):
                found.append(GivenValue(variable.name, variable.text, variable.span, value, drawn, starts=True))
    return tuple(found)


def given_arguments(arguments: Sequence[tree.Argument], checked: CheckedBlock, part: int, context: Context) -> Iterator[GivenValue]:
    """`LIF(τ_m = 10 ms)`, `STDP(A₊ = 0.01)`: the values of a block's arguments, by keyword, else in the order of `synapse Name(first, second)`."""
    in_order = iter(checked.tree.parameters)
    for argument in arguments:
        parameter = argument.keyword if argument.keyword is not None else next(in_order, None)
        if parameter is None:
            names = [f"{v.symbol} = …" for v in checked.block.variables if v.role in (Role.PARAMETER, Role.GIVEN)]
            hint = did_you_mean("", names, "Its parameters are")
            context.report.error("unknown-parameter", f"Say which parameter of ‘{checked.block.name}’ this is.", argument.span, hint)
        else:
            place = (argument.keyword or argument).span
            yield GivenValue(parameter.name, parameter.text, place, argument.value, part=part)


def give(
    joined: Joined, parts: Sequence[Part], given: Sequence[GivenValue], ends: Ends, span: Span, context: Context
) -> tuple[Variable, ...]:
    """The connection's variables with the given values put in; reports what has no value, or cannot have one."""
    before = context.report.count
    own = entries(joined.variables.values(), joined.dims, Whose.OWN)
    inside = pair_names(value_context(own, context), ends.pre, ends.post, ends.constants)
    written: dict[str, GivenValue] = {}
    misnamed: list[GivenValue] = []
    for value in given:
        name = _named(value, joined, parts, context)
        if name is None:
            meant = next((part.named[value.path] for part in parts if value.path in part.named), None)
            if meant is not None and isinstance(meant.target, tree.Name):
                only_named(meant, meant.target, value.text, context.report)
            elif value.part is None:
                misnamed.append(value)
            continue
        if name in written:
            context.report.twice(f"‘{value.text}’ is given twice.", value.target, written[name].target)
        written[name] = value
        _mention(name, value, joined, parts, context)
        _put(name, value, joined, inside, ends)
    for value in misnamed:
        _misnamed(value, len(misnamed) == 1, joined, parts, span, inside, ends)
    _complete(joined, parts, span, context)
    follow = {n: v.value for n in written if (v := joined.variables[n]).role is Role.DEFINITION and isinstance(v.value, Expr)}
    if ends.moving is not None and follow:
        whole = with_formulas(Block("connection", "", variables=in_working_order(joined.variables.values())), follow, written)
        joined.variables = {v.name: v for v in whole.variables}
    variables = tuple(joined.variables.values())
    on_circle = circle(variables)
    if on_circle:
        context.report.circle([(v.symbol, v.span) for v in map(joined.variables.__getitem__, on_circle)], place=span)
        return variables
    places = {name: value.value.span for name, value in written.items()}
    if context.report.count == before and no_circle_at_start(variables, places, context.report):
        shown = tuple(with_dimension(v, joined.dims.get(v.name), context.solver) for v in variables)
        check_bounds(shown, ends.constants, places, span, context.report)
    return variables


def no_circle_at_start(variables: Iterable[Variable], places: Mapping[str, Span], report: Reporter) -> bool:
    """Whether all can be worked out before the run; reports what cannot. `places`: where values were given."""
    found = circle_at_start(variables)
    if found:
        steps = [(f"{v.symbol}(0)" if v.role in STATES else v.symbol, places.get(v.name, v.span)) for v in found]
        report.circle(steps, place=next((places[v.name] for v in found if v.name in places), None))
    return not found


def _mention(name: str, value: GivenValue, joined: Joined, parts: Sequence[Part], context: Context) -> None:
    if name in joined.variables:
        context.report.means(value.name, joined.variables[name].span)
    elif name in joined.open:
        context.report.means(value.name, joined.open[name][1].span)


def value_context(own: Mapping[str, Declared], context: Context) -> Context:
    """The network's names, then the own ones of what gets values."""
    network = context.scope
    return context.inside(Scope(network.names, Scope(own, network.parent), network.missing))


# --- which variable is meant -----------------------------------------------------------------------------------------


def _named(value: GivenValue, joined: Joined, parts: Sequence[Part], context: Context) -> str | None:
    """The connection's name of what gets the value."""
    if value.part is not None:
        own = joined.own_names[value.part]
        if value.path in own:
            return own[value.path]
        if value.path in joined.open or value.path in parts[value.part].named:
            return None  # what the block reads without declaring it is reported as missing, and what it only names as that
        names = [v.symbol for v in parts[value.part].block.variables]
        message = f"‘{parts[value.part].name}’ has no parameter ‘{value.text}’."
        context.report.error("unknown-parameter", message, value.target, did_you_mean(value.text, names))
        return None
    if value.path in joined.variables or value.path in joined.open:
        return value.path
    block, _, name = value.path.rpartition(".")
    return next((n for n, origin in joined.origins.items() if origin == (block, name)), None)


def _misnamed(value: GivenValue, alone: bool, joined: Joined, parts: Sequence[Part], span: Span, context: Context, ends: Ends) -> None:
    """A value for a name that the projection does not have. Where a block lacks a name that is meant by it, that is not said too."""
    turned = f"{value.path}_ji"
    if turned in joined.open:
        _report_missing(turned, *joined.open[turned], parts, span, context, given=True)
        _put(turned, value, joined, context, ends)
        return
    meant = nearest(value.path, joined.open) or (next(iter(joined.open)) if alone and len(joined.open) == 1 else None)
    hint = did_you_mean(value.text, [v.symbol for v in joined.variables.values()])
    if meant is not None:
        hint = Hint(f"Did you mean ‘{meant}’, which {joined.open[meant][0].name} needs?", (meant,))
        _put(meant, value, joined, context, ends)
    context.report.error("unknown-parameter", f"Nothing in this projection is called ‘{value.text}’.", value.target, hint)


# --- putting values in -----------------------------------------------------------------------------------------------


def _put(name: str, given: GivenValue, joined: Joined, context: Context, ends: Ends) -> None:
    """One value into one variable."""
    variable = joined.variables.get(name) or Variable(name, name, Role.GIVEN, span=given.target)
    joined.open.pop(name, None)
    dim = joined.dims.setdefault(name, context.solver.fresh())
    value = read_value(given, variable.symbol, dim, context, ends.moving)
    if variable.role is Role.DEFINITION:
        message = f"‘{variable.symbol}’ follows from other quantities and cannot be given."
        context.report.error("not-a-parameter", message, given.target, labels=(Label(variable.span, "it follows here"),))
        return
    unit = unit_of_number(given.value)
    if unit is not None:
        variable = replace(variable, unit=unit[0], scale=unit[1])
    is_state = variable.role is Role.STATE or name in joined.changed
    if given.starts and not is_state:
        message = f"‘{variable.symbol}’ does not change, so it has no initial value; write ‘{variable.symbol} = …’."
        context.report.error("not-a-state", message, given.target)
    if ends.moving is not None and isinstance(value, Expr) and reads_moving(value, ends.moving) and not is_state:
        seen = of_unit(value, ends.moving.population.name, third_of(ends.moving).owner)
        joined.variables[name] = replace(variable, role=Role.DEFINITION, value=seen)
    elif is_state:
        joined.variables[name] = replace(variable, role=Role.STATE, value=None, initial=value)
    else:
        joined.variables[name] = replace(variable, role=Role.PARAMETER, value=value)
    joined.origins.setdefault(name, ("", name))


def read_value(given: GivenValue, symbol: str, dim: Dim, context: Context, moving: Side | None = None) -> Value:
    """A constant or a distribution of the wanted dimension; or what `moving`, the unit of the network, makes of it."""
    value, found = value_or_draw(given.value, given.drawn, context)
    require_dimension(given.value, found, dim, f"‘{symbol}’", context, unit_wanted(given.value, dim, context))
    known = (Whose.OWN, Whose.NETWORK, Whose.PRE, Whose.POST)
    outside = [r for e in expressions(value) for r in refs(e) if r.owner not in known and not is_of_file(r)]
    if outside and (moving is None or given.drawn or given.starts or any(r.owner != moving.population.as_owner for r in outside)):
        message = f"A value is fixed before the run and cannot depend on ‘{outside[0].path}’."
        hint = "A synapse or rule reads a unit that it takes as an argument: ‘reward.D’ in ‘rule R(reward):’, with ‘R(reward = vta)’."
        of_units = isinstance(outside[0].owner, OfPopulation) and not given.starts
        context.report.error("not-a-constant", message, given.value.span, hint if of_units else "")
    return value


# --- what is missing -------------------------------------------------------------------------------------------------


def _complete(joined: Joined, parts: Sequence[Part], span: Span, context: Context) -> None:
    """Reports names without a value; gives them a place so that checking can go on."""
    for name, (part, need) in joined.open.items():
        _report_missing(name, part, need, parts, span, context)
        known = joined.variables.get(name)
        if known is None:
            joined.variables[name] = Variable(name, need.symbol, Role.PARAMETER, span=need.span)
        joined.dims.setdefault(name, context.solver.fresh())
    for name, variable in joined.variables.items():
        if variable.role is Role.GIVEN:
            joined.variables[name] = replace(variable, role=Role.PARAMETER)


def _as_given(name: str, part: Part) -> str:
    """How a projection gives a value of a block: with the block's name where the bare one is a clause."""
    return f"{part.name}.{name}" if name in CLAUSES else name


def _of_unit(symbol: str) -> str | None:
    """`x_pre` as other programs write the ‘x’ of the presynaptic unit."""
    stem, _, side = symbol.rpartition("_")
    return f"{side}.{stem}" if stem and side in ("pre", "post") else None


def _report_missing(name: str, part: Part, need: Need, parts: Sequence[Part], span: Span, context: Context, given: bool = False) -> None:
    """`given`: whether the projection gives the value under its name without letters."""
    labels = (Label(need.span, USED),)
    own = [v.symbol for v in part.block.variables]
    near = _of_unit(need.symbol) or (None if need.symbol in own else nearest(need.symbol, own, _MISSPELT))
    meant, fixes = ("", ()) if near is None else (f"Did you mean ‘{near}’? ", (near,))
    if part.block.kind == "synapse":
        message = f"‘{part.name}’ needs a value for ‘{need.symbol}’."
        words = f"Add ‘, {_as_given(need.symbol, part)} = …’ to this projection. {unit_hint(name)}".rstrip()
        hint = Hint(f"{meant}{words}", fixes, need.span)
        if name.endswith("_ji"):
            turned = f"{name.removesuffix('_ji')}_ij"
            hint = Hint(
                f"In a synapse i is the postsynaptic and j the presynaptic unit: write ‘{turned}’.", (turned,) if given else (), need.span
            )
        context.report.error("missing-value", message, span, hint, labels)
        return
    has = ", ".join(f"‘{v.symbol}’" for p in parts if p is not part for v in p.block.variables)
    synapse = next((p.name for p in parts if p.block.kind == "synapse"), None)
    where = f"‘{synapse}’ has {has or 'no variables'}" if synapse is not None else "this projection has no synapse"
    message = f"‘{part.name}’ needs ‘{need.symbol}’, which it does not declare itself; {where}."
    derived = {d.arguments[0] for e in expressions(part.block) for d in partials(e)}
    if Ref(Whose.OWN, name) in derived:
        words = f"Give the network an observable of that name, ‘{need.symbol} = Σ …’, or the rule a definition."
    else:
        words = f"Give it a value here (‘, {_as_given(need.symbol, part)} = …’) or declare it in a block. {unit_hint(name)}".rstrip()
    context.report.error("rule-needs", message, part.use.span, Hint(f"{meant}{words}", fixes, need.span), labels)
