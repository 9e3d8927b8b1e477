"""Populations: `E = 8000 LIF(τ_m = 10 ms), V(0) = −60 mV`, `inputs = 1000 Poisson(rate = r_ex)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.blocks.bounds import check_bounds
from plasticdsl.check.networks.building import Building, Side
from plasticdsl.check.networks.connectivity import unit_numbers
from plasticdsl.check.networks.projection_values import GivenValue, given_arguments, given_values, read_value, value_context
from plasticdsl.check.networks.sources import ARGUMENTS, make_source
from plasticdsl.check.terms.amounts import COUNT, amount
from plasticdsl.check.terms.constants import Values
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.scope import entries
from plasticdsl.check.terms.unification import Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.expr import Expr
from plasticdsl.model.model import Block, Population, Role, Source, Value, Variable
from plasticdsl.model.owners import Whose
from plasticdsl.syntax import tree


def check_population(statement: tree.Population, building: Building, size: Expr | None = None) -> Side:
    """The population with the dimensions of its names; a neuron of the file wins over a source of the same name.

    `size` is given where the statement stands for a source written in place, which has as many units as its target.
    """
    context, name = building.context, statement.name
    checked = building.blocks.find("neuron", statement.kind) if size is None else None
    if size is None:
        size = amount(statement.size, COUNT, "The size of a population", context, building.constants)
    source: Source | None = None
    dims: Mapping[str, Dim] = {}
    given = given_values(statement.values)
    if checked is not None:
        block, dims = checked.block, context.solver.instantiate(checked.dims)
        given = (*given_arguments(statement.arguments, checked, 0, context), *given)
    elif statement.kind.name in ARGUMENTS:
        drawn = frozenset(g.path for g in given)
        block, dims, source = make_source(statement.kind, statement.arguments, statement.span, context, drawn)
    else:
        hint = did_you_mean(statement.kind.text, [*building.blocks.names(("neuron",), statement.kind), *ARGUMENTS])
        message = f"There is no neuron or source ‘{statement.kind.text}’."
        context.report.error("undeclared-neuron", message, statement.kind.span, hint)
        block, given = Block("neuron", statement.kind.name, span=statement.kind.span), ()
    values = _values(given, block, dims, context, building.constants)
    return Side(Population(name.name, name.text, size, block, source, values, statement.span), dims)


# --- values ----------------------------------------------------------------------------------------------------------


def _values(
    given: Sequence[GivenValue], block: Block, dims: Mapping[str, Dim], context: Context, constants: Values
) -> tuple[tuple[str, Value], ...]:
    """What differs from the block, by name (`V(0)` for initial values)."""
    inside = unit_numbers(value_context(entries(block.variables, dims, Whose.OWN), context))
    found: dict[str, Value] = {}
    changed: dict[str, Variable] = {v.name: v for v in block.variables}
    for value in given:
        key = _key(value, block, context)
        if key is None:
            continue
        if key in found:
            context.report.error("duplicate-definition", f"‘{value.text}’ is given twice.", value.target)
        variable = changed[value.path]
        found[key] = read_value(value, variable.symbol, dims[value.path], inside)
        changed[value.path] = replace(variable, initial=found[key]) if value.starts else replace(variable, value=found[key])
    places = {v.path: v.value.span for v in given}
    check_bounds(tuple(changed.values()), constants, places, given[0].target if given else None, context.report)
    return tuple(found.items())


def _key(value: GivenValue, block: Block, context: Context) -> str | None:
    """Under which key a value is kept; None after reporting that it cannot be given."""
    variable = block.variable(value.path)
    if variable is None:
        hint = did_you_mean(value.text, [v.symbol for v in block.variables], "It has")
        message = f"‘{block.name}’ has nothing called ‘{value.text}’."
        context.report.error("unknown-parameter", message, value.target, hint)
        return None
    labels = (Label(variable.span, f"‘{variable.symbol}’"),)
    if value.starts:
        if variable.role is Role.STATE:
            return f"{variable.name}(0)"
        message = f"‘{variable.symbol}’ is no state, so it has no initial value."
        context.report.error("not-a-state", message, value.target, labels=labels)
        return None
    if variable.role in (Role.PARAMETER, Role.GIVEN):
        return variable.name
    start = f"{variable.symbol}(0)"
    if value.part is not None:
        hint = Hint(f"For its initial value write ‘, {start} = …’ after the brackets." if variable.role is Role.STATE else "")
    else:
        hint = Hint(f"For its initial value write ‘{start} = …’.", (start,)) if variable.role is Role.STATE else Hint("")
    message = f"‘{variable.symbol}’ is no parameter of ‘{block.name}’, so it cannot be given."
    context.report.error("not-a-parameter", message, value.target, hint, labels)
    return None
