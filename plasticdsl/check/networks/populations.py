"""Populations: `E = 8000 LIF(τ_m = 10 ms), V(0) = −60 mV`, `inputs = 1000 Poisson(rate = r_ex)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.blocks.block import CheckedBlocks
from plasticdsl.check.blocks.bounds import check_bounds
from plasticdsl.check.networks.connectivity import Side, unit_numbers
from plasticdsl.check.networks.projection_values import GivenValue, given_values, read_value
from plasticdsl.check.networks.sources import ARGUMENTS, make_source
from plasticdsl.check.terms.amounts import COUNT, amount
from plasticdsl.check.terms.constants import Values
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.scope import Scope, entries
from plasticdsl.check.terms.unification import Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.expr import Expr
from plasticdsl.model.model import Block, Population, Role, Source, Value, Variable
from plasticdsl.model.owners import Whose
from plasticdsl.syntax import tree


def check_population(
    statement: tree.Population, neurons: CheckedBlocks | None, context: Context, constants: Values, size: Expr | None = None
) -> Side:
    """The population with the dimensions of its names; a neuron of the file wins over a source of the same name.

    `size` is given and `neurons` is None where the statement stands for a source written in place, which has as many units as its target.
    """
    size = amount(statement.size, COUNT, "The size of a population", context, constants) if size is None else size
    source: Source | None = None
    given = given_values(statement.values)
    checked = neurons.find("neuron", statement.kind) if neurons is not None else None
    if checked is not None:
        block: Block = checked.block
        dims: Mapping[str, Dim] = context.solver.instantiate(checked.dims)
        given = _arguments(statement, block, context) + given
    elif statement.kind.name in ARGUMENTS:
        drawn = frozenset(g.path for g in given)
        made = make_source(statement.kind, statement.arguments, statement.span, context, drawn)
        block, dims, source = made.block, made.dims, made.source
    else:
        _unknown_kind(statement, neurons, context)
        block, dims = Block("neuron", statement.kind.name, span=statement.kind.span), {}
        return Side(Population(statement.name.name, statement.name.text, size, block, None, (), statement.span), dims)
    values = _values(given, block, dims, context, constants)
    return Side(Population(statement.name.name, statement.name.text, size, block, source, values, statement.span), dims)


def _unknown_kind(statement: tree.Population, neurons: CheckedBlocks | None, context: Context) -> None:
    known = [*(neurons.names(("neuron",), statement.kind) if neurons is not None else ()), *ARGUMENTS]
    hint = did_you_mean(statement.kind.text, known)
    message = f"There is no neuron or source ‘{statement.kind.text}’."
    context.report.error("undeclared-neuron", message, statement.kind.span, hint)


# --- values ----------------------------------------------------------------------------------------------------------


def _arguments(statement: tree.Population, block: Block, context: Context) -> tuple[GivenValue, ...]:
    """`LIF(τ_m = 10 ms)` is `LIF, τ_m = 10 ms`."""
    found: list[GivenValue] = []
    for argument in statement.arguments:
        if argument.keyword is None:
            names = ", ".join(f"{v.symbol} = …" for v in block.variables if v.role is Role.PARAMETER)
            hint = f"Its parameters are: {names}." if names else ""
            context.report.error("unknown-parameter", f"Say which parameter of ‘{block.name}’ this is.", argument.span, hint)
            continue
        found.append(GivenValue(argument.keyword.name, argument.keyword.text, argument.keyword.span, argument.value, part=0))
    return tuple(found)


def _values(
    given: Sequence[GivenValue], block: Block, dims: Mapping[str, Dim], context: Context, constants: Values
) -> tuple[tuple[str, Value], ...]:
    """What differs from the block, by name (`V(0)` for initial values)."""
    own = entries(block.variables, dims, Whose.OWN)
    network = context.scope
    inside = unit_numbers(context.inside(Scope(network.names, Scope(own, network.parent), network.missing)))
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
        part = {"initial": found[key]} if value.starts else {"value": found[key]}
        changed[value.path] = _replaced(variable, part)
    places = {v.path: v.value.span for v in given}
    check_bounds(tuple(changed.values()), constants, places, given[0].target if given else None, context.report)
    return tuple(found.items())


def _replaced(variable: Variable, part: Mapping[str, Value]) -> Variable:
    return replace(variable, value=part.get("value", variable.value), initial=part.get("initial", variable.initial))


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
