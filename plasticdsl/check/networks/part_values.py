"""Values of some units of a population, on a line of the network: `E[1 to 240].τ_m = 10 ms`, `assembly.V(0) ~ U(−70 mV, −60 mV)`, `E.τ_m = 10 ms`.

Comes in: these lines and the populations. Goes out: the populations with their values by cases of the number of the unit; of two lines about a unit the
later one counts. Draws of both, of one kind, become one draw whose arguments are given by cases, so each unit keeps its random number.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from plasticdsl.check.blocks.bounds import check_bounds
from plasticdsl.check.networks.building import Building, Side
from plasticdsl.check.networks.connectivity import unit_numbers
from plasticdsl.check.networks.from_data import require_units
from plasticdsl.check.networks.parts import Chosen, at_end, chosen, units
from plasticdsl.check.networks.populations import key_of
from plasticdsl.check.networks.projection_values import GivenValue, given_values, read_value, value_context
from plasticdsl.check.terms.amounts import constant
from plasticdsl.check.terms.scope import entries
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Distribution, Value
from plasticdsl.model.expr import Choice, Expr, Number, Special
from plasticdsl.model.owners import Whose
from plasticdsl.model.parts import among
from plasticdsl.syntax import tree

Line = tree.Define | tree.Draw | tree.Initial


def owner_of(statement: tree.Statement) -> tree.Expr | None:
    """Whose value the line of a network gives; None for a line about the network itself."""
    match statement:
        case tree.Define(target=tree.Member(base=base)) | tree.Draw(target=tree.Member(base=base)):
            return base
        case tree.Initial(of=base):
            return base
        case _:
            return None


def check_part_values(lines: Sequence[tree.Statement], projections: Collection[str], building: Building) -> None:
    """Puts the values of these lines into the populations; `projections`: names that are none."""
    for line in lines:
        owner = owner_of(line)
        part = None if owner is None else chosen(owner, building.parts)
        if not isinstance(line, Line) or owner is None:
            continue
        if part is not None and part.population.name in building.sides:
            _check(line, part, building.sides[part.population.name], building)
        elif part is None or part.population.name not in building.missing:
            name = part.called.text if part is not None else ""
            hint = did_you_mean(name, building.symbols, "The populations are")
            if part is not None and part.population.name in projections:
                hint = Hint(f"Values of a projection stand behind it, after a comma: ‘{name} = …, w = 0.1’.")
            message = "What a line of a network gives values to is a population, or a part of one."
            building.context.report.error("undeclared-population", message, owner.span, hint)


def _check(line: Line, part: Chosen, side: Side, building: Building) -> None:
    report = building.context.report
    plain = replace(line, of=None) if isinstance(line, tree.Initial) else replace(line, target=_attribute(line.target))
    (given,) = given_values((plain,))
    named = next((p for p in building.named if p.name == part.called.name), None)
    report.means(part.called, side.population.span if named is None else named.span, "a population")
    key = key_of(given, side.block, building.context)
    if key is None:
        return
    size = constant(side.population.size, building.constants)
    chosen_units = units(part.units, side.population.symbol, size, building.context, building.constants)
    inside = unit_numbers(value_context(entries(side.block.variables, side.dims, Whose.OWN), building.context))
    variable = side.block.variable(given.path)
    assert variable is not None, "its key has been found"
    new = read_value(given, variable.symbol, side.dims[given.path], inside)
    require_units(new, side.population.symbol, size, given.value.span, building.context, building.data)
    changed = replace(variable, initial=new) if given.starts else replace(variable, value=new)
    check_bounds((changed,), building.constants, {given.path: given.value.span}, given.target, report)
    values = dict(side.population.values)
    old = values.get(key, variable.initial if given.starts else variable.value)
    if chosen_units:
        where = among(Special("i"), at_end(chosen_units, Whose.POST), Special("N_post"))
        new = _by_cases(where, new, Number(0.0) if old is None else old) or _refused(given, building, new)
    values[key] = new
    building.add_side(replace(side, population=replace(side.population, values=tuple(values.items()))))


def _attribute(target: tree.Expr) -> tree.Expr:
    return target.attribute if isinstance(target, tree.Member) else target


def _by_cases(where: Expr, new: Value, old: Value) -> Value | None:
    """One value where the condition holds and the other elsewhere; None where they are drawn in ways that do not go together."""
    if not isinstance(new, Distribution) and not isinstance(old, Distribution):
        return Choice(((where, new),), old)
    kind = new if isinstance(new, Distribution) else old
    drawn = [value if isinstance(value, Distribution) else _surely(kind, value) for value in (new, old)]
    match drawn:
        case [Distribution(name, first), Distribution(other, second)] if name == other and len(first) == len(second):
            return Distribution(name, tuple(Choice(((where, a),), b) for a, b in zip(first, second, strict=True)))
        case _:
            return None


def _surely(kind: Value, value: Expr) -> Distribution | None:
    """The distribution of this kind that draws nothing but this value."""
    match kind:
        case Distribution("N" as name):
            return Distribution(name, (value, Number(0.0)))
        case Distribution("U" as name):
            return Distribution(name, (value, value))
        case _:
            return None


def _refused(given: GivenValue, building: Building, new: Value) -> Value:
    message = f"Some units would get ‘{given.text}’ from one kind of draw, and the others from another."
    hint = Hint("Draw them from distributions of one kind, or make populations of their own.")
    building.context.report.error("unsupported", message, given.target, hint)
    return new
