"""Populations of neurons, `E = 8000 LIF(τ_m = 10 ms), V(0) = −60 mV`, and of sources: `Poisson(rate = …)`, `Regular(rate, start, count)`,
`SpikeTimes([…])`, `Source`.

Of a source, its name and arguments after the size come in. Goes out: a block that holds the source's own variables (`rate`, `start`, `count`, or the
output `x`), the dimensions of these, and the `model.Source`. A rate that depends on the time is a definition, otherwise it is a parameter, and can be
drawn per unit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.blocks.bounds import check_bounds
from plasticdsl.check.networks.building import Building, Side
from plasticdsl.check.networks.connectivity import unit_numbers
from plasticdsl.check.networks.from_data import refuse_arrays, require_series, require_units, spikes_from_data, unit_wanted
from plasticdsl.check.networks.lists import listed_items, lists_per_unit
from plasticdsl.check.networks.moving import reads_moving, require_fixed
from plasticdsl.check.networks.over_time import names_read, over_time, with_formulas
from plasticdsl.check.networks.positions import placed
from plasticdsl.check.networks.projection_values import (
    GivenValue,
    given_arguments,
    given_values,
    no_circle_at_start,
    read_value,
    value_context,
)
from plasticdsl.check.networks.segments import measures, units_of_segments
from plasticdsl.check.terms.amounts import COUNT, COUNT_OR_NONE, NOT_NEGATIVE, POSITIVE, Values, amount, constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.distributions import named_arguments
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.mismatch import require_dimension
from plasticdsl.check.terms.scope import entries
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.check.terms.written_units import unit_of_number
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Block, ClampedSource, GivenSpikes, PoissonSource, Population, RegularSource, Role, Source, Value, Variable
from plasticdsl.model.expr import Expr, Number, Ref, Special, is_of_file, is_series, refs, substitute, walk
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import Whose
from plasticdsl.model.patterns import DataSet
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind


def check_population(statement: tree.Population, building: Building, target: Side | None = None) -> Side:
    """The population with the dimensions of its names; a neuron of the file wins over a source of the same name.

    `target` is given where the statement stands for a source written in place, which has as many units as its target.
    """
    context, name = building.context, statement.name
    checked = building.blocks.find("neuron", statement.kind) if target is None else None
    if target is not None:
        size = substitute(target.count, {Special("N_post"): target.population.size})
    else:
        size = amount(statement.size, COUNT, "The size of a population", context, building.constants)
        refuse_arrays(size, f"The size of ‘{name.text}’", statement.size.span, context, building.data)
    source: Source | None = None
    dims: Mapping[str, Dim] = {}
    given = given_values(statement.values)
    neurons = size
    if checked is not None:
        size = units_of_segments(checked.block, neurons)
    listing = lists_per_unit(context, name, size, building.constants, statement.span)
    if checked is not None:
        block, dims = checked.block, context.solver.instantiate(checked.dims)
        given = (*given_arguments(statement.arguments, checked, 0, context), *given)
    elif statement.kind.name in ARGUMENTS:
        drawn = frozenset(g.path for g in given)
        block, dims, source = make_source(statement.kind, statement.arguments, statement.span, listing, drawn, building.data)
    else:
        hint = did_you_mean(statement.kind.text, [*building.blocks.names(("neuron",), statement.kind), *ARGUMENTS])
        message = f"There is no neuron or source ‘{statement.kind.text}’."
        context.report.error("undeclared-neuron", message, statement.kind.span, hint)
        block, given = Block("neuron", statement.kind.name, span=statement.kind.span), ()
    places = of_kind(statement.values, tree.Place)
    there = placed(places, block, dims, context, building.constants)
    if there is not None:
        block, dims = there.block, there.dims
    elif places:
        building.missing.add(name.name)
    fixed, moving = ([g for g in given if isinstance(g.value, tree.OverTime) is over] for over in (False, True))
    fed: dict[str, tuple[Expr, Span]] = {}
    unit = None if checked is None else building.moving
    own = {**measures(block, neurons), **({} if there is None else there.values)}
    values = _values(fixed, block, dims, listing, building.constants, own, unit, fed)
    block, dims = _with_inputs(block, dims, fed, dict(values).keys())
    if moving:
        block = _over_time(moving, values, block, dims, listing, building.constants)
    if building.data:
        count = constant(size, building.constants)
        require_series(block, name.text, count, statement.span, context, building.data)
        read = (values, block.variables) if checked is None else values
        require_units(read, name.text, count, statement.span, context, building.data)
    step = _own_step(of_kind(statement.values, tree.OwnStep), source, building)
    if step is not None:
        longer: dict[Expr, Expr] = {Special("dt"): step}
        block = mapped(block, lambda expr: substitute(expr, longer))
    like = "" if target is None or target.units else target.population.name
    population = Population(name.name, name.text, size, block, source, values, statement.span, step, as_many_as=like)
    made = Side(population, dims, space=None if there is None else there.space)
    building.fed += [(made, _input_of(name), value, span) for name, (value, span) in fed.items()]
    require_fixed(block, fed.keys(), statement.span, context.report)
    return made


def _input_of(variable: str) -> str:
    """The input that brings a parameter what flows in the network."""
    return f"{variable}_of_network"


def _with_inputs(
    block: Block, dims: Mapping[str, Dim], fed: Mapping[str, tuple[Expr, Span]], given: Collection[str]
) -> tuple[Block, Mapping[str, Dim]]:
    """The block with an input for each of these parameters, which follow from it."""
    if not fed:
        return block, dims
    formulas: dict[str, Expr] = {name: Ref(Whose.OWN, _input_of(name)) for name in fed}
    inputs = tuple(Variable(_input_of(name), _input_of(name), Role.INPUT) for name in fed)
    changed = with_formulas(block, formulas, given)
    return replace(changed, variables=(*inputs, *changed.variables)), {**dims, **{_input_of(name): dims[name] for name in fed}}


def _own_step(written: Sequence[tree.OwnStep], source: Source | None, building: Building) -> Expr | None:
    """How long the steps of a population are, where it says so."""
    if not written:
        return None
    report = building.context.report
    if len(written) > 1:
        report.twice("A population has only one ‘step’.", written[1].span, written[0].span)
    if source is not None:
        hint = "Sources take part in every step of the network; populations of neurons may have longer ones."
        report.error("not-here", "A source has no steps of its own.", written[0].span, hint)
    return amount(written[0].value, POSITIVE, "A step", building.context, building.constants, SECONDS)


# --- values ----------------------------------------------------------------------------------------------------------


def _values(
    given: Sequence[GivenValue],
    block: Block,
    dims: Mapping[str, Dim],
    context: Context,
    constants: Values,
    found: dict[str, Value],
    moving: Side | None,
    fed: dict[str, tuple[Expr, Span]],
) -> tuple[tuple[str, Value], ...]:
    """What differs from the block, by name (`V(0)` for initial values); `found`: what does so already; `fed`: gets what reads the unit `moving`."""
    inside = unit_numbers(value_context(entries(block.variables, dims, Whose.OWN), context)) if given else context
    changed: dict[str, Variable] = {v.name: v for v in block.variables}
    for value in given:
        key = key_of(value, block, context)
        if key is None:
            continue
        if key in found:
            context.report.error("duplicate-definition", f"‘{value.text}’ is given twice.", value.target)
        variable = changed[value.path]
        known = read_value(value, variable.symbol, dims[value.path], inside, moving)
        if isinstance(known, Expr) and reads_moving(known, moving) and not value.starts:
            fed[key] = known, value.value.span
            continue
        found[key] = known
        changed[value.path] = replace(variable, initial=found[key]) if value.starts else replace(variable, value=found[key])
    places = {v.path: v.value.span for v in given}
    if no_circle_at_start(changed.values(), places, context.report):
        check_bounds(tuple(changed.values()), constants, places, given[0].target if given else None, context.report)
    return tuple(found.items())


def _over_time(
    given: Sequence[GivenValue],
    values: Sequence[tuple[str, Value]],
    block: Block,
    dims: Mapping[str, Dim],
    context: Context,
    constants: Values,
) -> Block:
    """The block in which names that get a value over time follow from it."""
    inside = unit_numbers(value_context(entries(block.variables, dims, Whose.OWN), context))
    formulas: dict[str, Expr] = {}
    for value in given:
        assert isinstance(value.value, tree.OverTime)
        variable = block.variable(value.path)
        if value.starts:
            context.report.error("not-a-constant", f"‘{value.text}(0)’ is a value at t = 0, and does not change.", value.value.span)
            continue
        if (variable is None or variable.role is not Role.INPUT) and key_of(value, block, context) is None:
            continue
        assert variable is not None
        if value.path in formulas or value.path in dict(values):
            context.report.error("duplicate-definition", f"‘{value.text}’ is given twice.", value.target)
        found = over_time(value.value, inside, constants)
        dim, symbol = dims[value.path], f"‘{variable.symbol}’"
        require_dimension(value.value, found.dim, dim, symbol, context, unit_wanted(value.value.value, dim, context))
        parameters = {v.name for v in block.variables if v.role in (Role.PARAMETER, Role.GIVEN)} - {g.path for g in given}
        if any(r.owner is Whose.OWN and r.name not in parameters for r in refs(found.expr)):
            message = "A value over time can depend on the time and on parameters, not on the state of the network."
            context.report.error("not-a-constant", message, value.value.span)
        formulas[value.path] = found.expr
    changed = with_formulas(block, formulas, dict(values).keys())
    for name, fixed in values:
        if names_read(fixed) & (changed.definitions.keys() - block.definitions.keys()):
            message = f"‘{name}’ is fixed before the run, and what it reads changes with time."
            context.report.error("not-a-constant", message, given[0].value.span)
    return changed


def key_of(value: GivenValue, block: Block, context: Context) -> str | None:
    """Under which key a value is kept; None after reporting that it cannot be given."""
    variable = block.variable(value.path)
    if variable is None:
        hint = did_you_mean(value.text, [v.symbol for v in block.variables], "It has")
        if value.path in ("step", "dt"):
            hint = Hint("Longer steps of a population are written without ‘=’: ‘, step 1 ms’.")
        message = f"‘{block.name}’ has nothing called ‘{value.text}’."
        context.report.error("unknown-parameter", message, value.target, hint)
        return None
    context.report.means(value.name, variable.span)
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
    if variable.role is Role.INPUT and value.part is None:
        over_time = f"{variable.symbol}(t)"
        hint = Hint(f"What an input gets all the time is written ‘{over_time} = …’.", (over_time,))
    message = f"‘{variable.symbol}’ is no parameter of ‘{block.name}’, so it cannot be given."
    context.report.error("not-a-parameter", message, value.target, hint, labels)
    return None


# --- sources ---------------------------------------------------------------------------------------------------------


_RATE = PURE / SECONDS

#: Source → its arguments in order; those after the first may be left out.
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "Poisson": ("rate",),
    "Regular": ("rate", "start", "count"),
    "SpikeTimes": ("times", "units"),
    "Source": (),
}

_DIMENSIONS = {"rate": _RATE, "start": SECONDS, "count": PURE}


#: A source's block, its dimensions, and what it is.
_Made = tuple[Block, Mapping[str, Dim], Source]


def make_source(
    kind: tree.Name, arguments: Sequence[tree.Argument], span: Span, context: Context, drawn: frozenset[str], data: Mapping[str, DataSet]
) -> _Made:
    """The source; `drawn`: variables that the population gives apart (`Poisson, rate ~ Gamma(…)`)."""
    given, others = named_arguments(arguments, ARGUMENTS[kind.name])
    for argument in others:
        text = f"‘{argument.keyword.text}’" if argument.keyword is not None else "so many arguments"
        hint = f"It takes: {', '.join(ARGUMENTS[kind.name])}." if ARGUMENTS[kind.name] else "It takes none; phases set its output."
        context.report.error("unknown-parameter", f"‘{kind.text}’ does not take {text}.", argument.span, hint)
    match kind.name:
        case "Source":
            output = Variable("x", "x", Role.CLAMPED, span=span)
            dims = {"x": context.solver.fresh()}
            return Block("source", "Source", variables=(output,), output="x", span=span), dims, ClampedSource()
        case "SpikeTimes":
            return (
                Block("source", "SpikeTimes", span=span),
                {},
                spikes_from_data(given, span, context, data) or _times(kind, given.get("times"), context),
            )
        case _:
            return _rhythmic(kind, given, span, context, drawn)


def _rhythmic(kind: tree.Name, given: Mapping[str, tree.Expr], span: Span, context: Context, drawn: frozenset[str]) -> _Made:
    """Poisson and Regular: a rate, and for Regular when it starts and how many spikes it gives."""
    if "rate" not in given and "rate" not in drawn:
        hint = f"Write for example ‘{kind.text}(rate = 10 Hz)’."
        context.report.error("missing-value", f"‘{kind.text}’ needs a rate.", kind.span, hint)
    defaults: dict[str, Expr] = {"rate": Number(0.0), "start": Number(0.0)}
    values = {n: _value(n, given[n], context) if n in given else defaults.get(n) for n in ARGUMENTS[kind.name]}
    variables = tuple(_variable(n, v, given.get(n), span) for n, v in values.items() if v is not None)
    dims = {v.name: _DIMENSIONS[v.name] for v in variables}
    block = Block("source", kind.name, variables=variables, span=span)
    rate = values["rate"] if variables[0].role is Role.DEFINITION else Ref(Whose.OWN, "rate")
    assert rate is not None, "it has a default"
    if kind.name == "Poisson":
        return block, dims, PoissonSource(rate)
    if any(v.role is Role.DEFINITION for v in variables):
        context.report.error("not-a-constant", "A regular source has a constant rate.", kind.span, "Use SpikeTimes for other rhythms.")
    count = Ref(Whose.OWN, "count") if values["count"] is not None else None
    return block, dims, RegularSource(rate, Ref(Whose.OWN, "start"), count)


def _variable(name: str, value: Expr, node: tree.Expr | None, span: Span) -> Variable:
    changing = any(isinstance(n, Special) and n.name in ("t", "dt") for n in walk(value))
    unit, scale = (unit_of_number(node) if node is not None else None) or {"rate": ("Hz", 1.0), "start": ("ms", 1e-3)}.get(name, ("", 1.0))
    place = node.span if node is not None else span
    return Variable(name, name, Role.DEFINITION if changing else Role.PARAMETER, value=value, unit=unit, scale=scale, span=place)


def _value(name: str, node: tree.Expr, context: Context) -> Expr:
    what, inside = f"The {name} of a source", unit_numbers(context)
    kind, dim = {"rate": NOT_NEGATIVE, "count": COUNT_OR_NONE}.get(name), _DIMENSIONS[name]
    if isinstance(node, tree.OverTime):
        found = over_time(node, inside, {})
        require_dimension(node, found.dim, dim, what, context, unit_wanted(node.value, dim, context))
        value = found.expr
    else:
        value = translate_as(node, dim, what, inside) if kind is None else amount(node, kind, what, inside, {}, dim)
    if any(r.owner not in (Whose.OWN, Whose.NETWORK) and not is_of_file(r) and not is_series(r) for r in refs(value)):
        message = f"The {name} of a source can depend on the time and on parameters, not on the state of the network."
        context.report.error("not-a-constant", message, node.span)
    return value


def _times(kind: tree.Name, node: tree.Expr | None, context: Context) -> GivenSpikes:
    """A list of times, or the name under which they are given from Python."""
    items = None if node is None else listed_items(node, context.scope)
    if items is not None:
        return GivenSpikes(tuple(translate_as(item, SECONDS, "The time of a spike", context) for item in items))
    match node:
        case tree.Name(name=name):
            return GivenSpikes((), name)
        case None:
            hint = "Write for example ‘SpikeTimes([10 ms, 25 ms])’."
            context.report.error("missing-value", f"‘{kind.text}’ needs the times of its spikes.", kind.span, hint)
        case _:
            return GivenSpikes((translate_as(node, SECONDS, "The time of a spike", context),))
    return GivenSpikes(())
