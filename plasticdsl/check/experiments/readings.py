"""How expressions read inside `record`, `plot` and `expect`: statistics, single units, and populations by their name.

Comes in: syntax tree and a `Taking` (what is in sight). Goes out: `Call`s of the statistics in `check.experiments.statistics`. `cell.V[3]` is
`Call("unit", (cell.V, 3))`: one unit, counted from 1; `ex.w[i, j]` is one connection by its post and pre unit. A bare population stands for
its output; a population as such (in `rate(cell)`) is a reference without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.check.experiments.statistics import STATISTICS, Argument, Statistic, example, statistic, taken_together
from plasticdsl.check.experiments.whole_patterns import shown
from plasticdsl.check.networks.from_data import arrays_of
from plasticdsl.check.networks.numbers_of_parts import Surroundings, observables_of
from plasticdsl.check.networks.parts import chosen, unit_number, units
from plasticdsl.check.terms.amounts import COUNT, FROM_EITHER_END, POSITIVE, Values, amount
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate, translate_condition, translate_number
from plasticdsl.check.terms.scope import EVENT
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Network, Population, Projection, Role
from plasticdsl.model.expr import (
    AT_SPIKES,
    EACH,
    Call,
    Expr,
    Number,
    Ref,
    Special,
    is_function,
    of_each,
    over_time,
    rebuild,
    refs,
    walk,
)
from plasticdsl.model.lookup import Lookup
from plasticdsl.model.owners import OfPopulation, OfTable, Whose
from plasticdsl.model.parts import SEVERAL, Units, numbered, parts_read, several
from plasticdsl.model.patterns import DataSet, PatternSet
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.units.display import counted

Sources = Mapping[str, SourceFile]


@dataclass(frozen=True, slots=True)
class Part:
    """One name of a loop: how many values it has for each item (None: not known here), and the pattern set it is from, if it is a pattern."""

    name: tree.Name
    dim: Dim
    width: int | None
    patterns: PatternSet | None = None


@dataclass(frozen=True, slots=True)
class Taking:
    """Where something is taken: the names in sight, the network, its parameters by their names, all `phases` of the experiment with their places, and the
    `phase`, if inside one.
    `resized`: names that the experiment sets or sweeps, populations among them; `constants`: what is known of the network's other parameters, `sizes`:
    units of each population, where they are known. `data`: by name; None for one that could not be read.
    `items`: the parts of the items that the phase shows. `aliases`: what is recorded under a name of its own. `files`: the network's data."""

    context: Context
    network: Network
    lookup: Lookup
    sources: Sources
    phases: Mapping[str, Span]
    phase: str | None = None
    resized: frozenset[str] = frozenset()
    constants: Values = field(default_factory=dict)
    sizes: Mapping[str, int | None] = field(default_factory=dict)
    data: Mapping[str, DataSet | None] = field(default_factory=dict)
    items: tuple[Part, ...] = ()
    aliases: Mapping[str, tree.Expr] = field(default_factory=dict)
    files: Mapping[str, DataSet] = field(default_factory=dict)

    def giving(self) -> Context:
        """The context of what units and connections are given, in which an array of a file has a number for each."""
        return self.context.extended(arrays_of(self.files))

    def showing(self) -> Context:
        """The context of what a phase holds or starts from, in which whole patterns have a meaning."""
        return self.giving().extended(lambda node, context: shown(node, context, self.network, self.constants))

    def reading(self, statement: str) -> Context:
        """The context of an item of `record`, `plot` or `expect`, in which statistics have a meaning."""
        return self.giving().extended(lambda node, context: _extend(node, context, self, statement))

    def placed(self, exprs: Sequence[Expr], span: Span) -> tuple[Expr, ...]:
        """Items that are read together, with the numbers of files that belong to what they read."""
        network = self.network
        around = Surroundings(
            {p.name: p for p in network.populations},
            {p.name: p for p in network.projections},
            observables_of(network.variables),
            self.files,
            self.constants,
            self.sizes,
            taken_together,
        )
        return around.placed(exprs, span, self.context)


def text_of(span: Span, sources: Sources) -> str:
    """What was written there, on one line."""
    source = sources.get(span.path)
    return " ".join(source.text[span.start : span.end].split()) if source is not None else ""


def _extend(node: tree.Expr, context: Context, taking: Taking, statement: str) -> Typed | None:
    """Statistics, whole patterns, one unit of several, and a population that stands for its output."""
    pattern = shown(node, context, taking.network, taking.constants)
    if pattern is not None:
        return pattern
    match node:
        case tree.Indexed(base=tree.Member(base=tree.Name(name=name))) if name in taking.files:
            return None
        case tree.Apply(function=tree.Name(name=name) as function, arguments=arguments, primes=0):
            found = statistic(name, len(arguments))
            declared = context.scope.find(function)
            if found is None or (declared is not None and declared.function is not None):
                return None
            return _statistic(node, *found, context, taking, statement)
        case tree.AtSpikes():
            return _at_spikes(node, context, taking)
        case tree.Indexed(base=tree.Member() | tree.Name() as base, indices=indices):
            return _unit(node, base, indices, context, taking)
        case tree.Member(base=tree.Indexed(base=tree.Name() as base, indices=indices), attribute=attribute):
            return _unit(tree.Indexed(base, indices, node.base.span), tree.Member(base, attribute, node.span), indices, context, taking)
        case tree.Name():
            return _output(node, context, taking)
        case _:
            return None


def _unit(node: tree.Indexed, base: tree.Expr, indices: tuple[tree.Expr, ...], context: Context, taking: Taking) -> Typed:
    """`cell.V[3]`, `cell.V[1 to 5, 8]`, `ex.w[2, 5]`, `ex.w[2, 1 to 5]`."""
    before = context.report.count
    value = translate_number(base, context)
    parts: list[Population | Projection] = [*taking.network.populations, *taking.network.projections]
    owner = next((p for p in parts if isinstance(value.expr, Ref) and p.as_owner == value.expr.owner), None)
    several_units = len(indices) > 1 or isinstance(indices[0], tree.Interval)
    if isinstance(owner, Population) and several_units:
        return Typed(several(value.expr, _units(owner, indices, context, taking)), value.dim, is_truth=value.is_truth)
    if isinstance(owner, Projection) and len(indices) == 2 and any(isinstance(i, tree.Interval) for i in indices):
        sides = (next(p for p in taking.network.populations if p.name == end) for end in (owner.post, owner.pre))
        between = (_units(side, (index,), context, taking) for side, index in zip(sides, indices, strict=True))
        return Typed(several(value.expr, tuple(one for part in between for one in part)), value.dim, is_truth=value.is_truth)
    numbers = tuple(unit_number(i, context) for i in indices if not isinstance(i, tree.Interval))
    if context.report.count == before:
        _check_unit(node, owner, numbers, context, taking)
    return Typed(Call("unit", (value.expr, *numbers)), value.dim, is_truth=value.is_truth)


def _check_unit(
    node: tree.Indexed, owner: Population | Projection | None, numbers: tuple[Expr, ...], context: Context, taking: Taking
) -> None:
    """Only what belongs to a population or projection has units; how many there are is known here where nothing changes it."""
    match owner:
        case None:
            message = f"‘{text_of(node.base.span, taking.sources)}’ does not belong to units, so none can be chosen by its number."
            hint = "Numbers follow variables of populations and projections: ‘cell.V[1]’, ‘ex.w[1, 2]’."
            context.report.error("not-here", message, node.span, hint)
        case Projection(symbol=symbol) if len(numbers) > 2 or len(numbers) < len(node.indices):
            message = f"A connection of ‘{symbol}’ has two numbers, not {len(node.indices)}: of its post- and of its presynaptic unit."
            hint = f"‘{symbol}.w[2, 5]’ is the connection to unit 2 from unit 5, ‘{symbol}.w[2, 1 to 5]’ are those from the units 1 to 5."
            context.report.error("wrong-number-of-arguments", message, node.span, hint)
        case Population(name, symbol, Number(size)) if name not in taking.resized:
            if isinstance(numbers[0], Number) and abs(numbers[0].value) > size:
                message = f"‘{symbol}’ has the units 1 to {size:g}, so there is no number {numbers[0].value:g}."
                context.report.error("out-of-range", message, node.span)


def _units(population: Population, indices: tuple[tree.Expr, ...], context: Context, taking: Taking) -> Units:
    return units(indices, population.symbol, taking.sizes.get(population.name), context, taking.constants)


def _at_spikes(node: tree.AtSpikes, context: Context, taking: Taking) -> Typed:
    """`E.V at spikes`: of variables of one population, whose spikes they are, and parameters of the network."""
    before, parts = context.report.count, set[tuple[OfPopulation, Units]]()
    found = translate(node.item, context)
    given = None if node.of is None else _population(node.of, context, taking)

    def whole(expr: Expr) -> Expr:
        """Without the choice of units."""
        match expr:
            case Call(function, (Ref(OfPopulation() as owner) as of, *numbers)) if function in (SEVERAL, "unit"):
                parts.add((owner, numbered(numbers if function == SEVERAL else numbers * 2)))
                return of
            case Ref(OfPopulation() as owner):
                parts.add((owner, ()))
                return expr
            case _:
                return rebuild(expr, whole)

    value = whole(found.expr)
    if context.report.count > before:
        return context.unknown
    named = frozenset() if given is None else parts_read(given.expr)
    chosen_units = {(owner, part) for owner, part in named if part} | {part for part in parts if part[1]}
    said = chosen_units or parts
    owners = {owner for owner, _ in parts} | {owner for owner, _ in named}
    constant = {Ref(Whose.NETWORK, v.name) for v in taking.network.variables if v.role is Role.PARAMETER}
    plain = all(r.owner in owners or r in constant or isinstance(r.owner, OfTable) for r in refs(value)) and not any(
        isinstance(n, Call | Special) and not is_function(n) for n in walk(value)
    )
    if len(owners) != 1 or len(said) != 1 or not plain:
        message = "What is taken at spikes is computed from variables of one population, at its own spikes."
        return context.refuse("not-at-spikes", message, node.span, "For example ‘E.V at spikes’, ‘E.w at spikes of E[1 to 5]’.")
    ((owner, of_units),) = said
    population = next(p for p in taking.network.populations if p.as_owner == owner)
    if not population.spikes:
        return context.refuse("no-spikes", f"‘{population.symbol}’ does not spike.", node.span, how_to_spike(population))
    return Typed(Call(AT_SPIKES, (value, several(Ref(owner, ""), of_units))), found.dim, is_condition=found.is_condition)


def part_of(node: tree.Expr, context: Context, taking: Taking) -> tuple[Population, Units] | None:
    """The population that stands here, and which of its units are meant (none of them named: all); None for anything else."""
    found = chosen(node, {})
    named = None if found is None else next((p for p in taking.network.parts if p.name == found.population.name), None)
    name = named.population if named is not None else found.population.name if found is not None else ""
    population = next((p for p in taking.network.populations if p.name == name), None)
    if found is None or population is None or (named is not None and found.units):
        return None
    context.report.means(found.called, population.span if named is None else named.span, "a population")
    return population, named.units if named is not None else _units(population, found.units, context, taking)


def _output(node: tree.Name, context: Context, taking: Taking) -> Typed | None:
    """A bare population, or a part of one with a name, read as its output."""
    found = part_of(node, context, taking)
    declared = context.scope.find(node)
    if found is None or found[0].block.output is None or declared is None or declared.members is None:
        return None
    output = declared.members.find(found[0].block.output)
    return Typed(output.expr, output.dim) if output is not None and output.expr is not None and output.dim is not None else None


def _along(node: tree.Apply, name: str, context: Context) -> tuple[tree.Apply, str, Statistic] | None:
    """`max(E.V over time)` as the statistic of each unit that it is, of what stands before ‘over time’; None after reporting that there is none."""
    found = STATISTICS.get(over_time(name))
    if found is None:
        known = [one for one in STATISTICS if over_time(one) in STATISTICS]
        context.report.error("wrong-statistic", f"‘{name}(…)’ is not taken over time.", node.span, f"Those that are: {', '.join(known)}.")
        return None
    plain = (replace(a, value=a.value.item) if isinstance(a.value, tree.Along) else a for a in node.arguments)
    return replace(node, arguments=tuple(plain)), over_time(name), found


def _statistic(node: tree.Apply, name: str, found: Statistic, context: Context, taking: Taking, statement: str) -> Typed:
    if any(isinstance(a.value, tree.Along) for a in node.arguments):
        along = _along(node, name, context)
        if along is None:
            return context.unknown
        node, name, found = along
    each = bool(node.arguments) and _is_each(node.arguments[-1].value)
    if each and not found.each:
        message = f"‘{name}(…)’ is not taken for each unit."
        hint = f"Those that are: {', '.join(f'‘{one}’' for one, s in STATISTICS.items() if s.each)}."
        context.report.error("wrong-statistic", message, node.arguments[-1].span, hint)
        return context.unknown
    values = _arguments(replace(node, arguments=node.arguments[:-1]) if each else node, name, found, context, taking)
    shown_as = f"{name}(…)" if of_each(name) == name else f"{of_each(name)}(… over time)"
    if statement == "until" and "expect" in found.only:
        message = f"‘{shown_as}’ is known when its time is over, so nothing can wait for it."
        context.report.error("wrong-statistic", message, node.span)
    elif found.only and statement not in found.only:
        where = " and ".join(f"‘{s}’" for s in found.only)
        message = f"‘{shown_as}’ is more than one number; it has a place in {where} only."
        context.report.error("wrong-statistic", message, node.span)
    if values is None:
        return context.unknown
    first = values[0].dim
    result = {"time": SECONDS, "rate": PURE / SECONDS, "pure": PURE, "same": first, "density": first * first * SECONDS}[found.result]
    return Typed(Call(name, (*(v.expr for v in values), *((EACH,) if each else ()))), result)


def _is_each(node: tree.Expr) -> bool:
    """The word as it ends the arguments; no name can be spelled like it."""
    return isinstance(node, tree.Name) and node.name == EACH.name


def _arguments(node: tree.Apply, name: str, found: Statistic, context: Context, taking: Taking) -> tuple[Typed, ...] | None:
    given = len(node.arguments)
    one: tuple[Argument, ...] = ("population",)
    wanted = found.arguments if found.arguments != ("populations",) else one * max(1, given)
    if not any(part_of(more.value, context, taking) for more in node.arguments[len(wanted) :]):
        wanted += found.optional[: max(0, given - len(wanted))]
    if given != len(wanted):
        message = f"‘{name}’ takes {counted(len(wanted), 'argument')}, not {given}."
        shown = example(wanted)
        if wanted[0] == "population" and node.arguments:
            shown = (text_of(node.arguments[0].value.span, taking.sources), *shown[1:])
        context.report.error("wrong-number-of-arguments", message, node.span, f"For example ‘{name}({', '.join(shown)})’.")
        return None
    read: list[Typed] = []
    for kind, argument in zip(wanted, node.arguments, strict=True):
        match kind:
            case "population":
                read.append(_population(argument.value, context, taking))
            case "condition":
                read.append(Typed(translate_condition(argument.value, context), PURE, is_condition=True))
            case "whole":
                what = f"The number of a spike in ‘{name}’"
                read.append(Typed(amount(argument.value, FROM_EITHER_END, what, context, {}), PURE))
            case "time":
                what = f"The length of the windows in ‘{name}’"
                read.append(Typed(amount(argument.value, POSITIVE, what, context, taking.constants, SECONDS), SECONDS))
            case "count":
                read.append(Typed(amount(argument.value, COUNT, "The number of bins", context, taking.constants), PURE))
            case "stretch":
                read.append(_stretch(argument.value, context, taking))
            case _:
                read.append(translate_number(argument.value, context))
    return tuple(read)


def _stretch(node: tree.Expr, context: Context, taking: Taking) -> Typed:
    """What a histogram is aligned to: a phase by its name, or a time after which the next one begins."""
    if isinstance(node, tree.Name) and node.name in taking.phases:
        context.report.means(node, taking.phases[node.name], "a phase")
        return Typed(Ref(Whose.PHASE, node.name), SECONDS)
    if isinstance(node, tree.Name) and context.scope.find(node) is None:
        hint = did_you_mean(node.text, taking.phases, "The phases are")
        return context.refuse("unknown-phase", f"There is no phase ‘{node.text}’.", node.span, hint)
    what = "The time from one beginning to the next"
    return Typed(amount(node, POSITIVE, what, context, taking.constants, SECONDS), SECONDS)


def _population(node: tree.Expr, context: Context, taking: Taking) -> Typed:
    """A population by its name, or a part of one, as an argument: its spikes, or with a name after it another event of its units."""
    match node:
        case tree.Indexed(base=tree.Member(base=whole, attribute=happening), indices=indices):  # E.burst[1 to 5] as E[1 to 5].burst
            node = tree.Member(tree.Indexed(whole, indices, node.span), happening, node.span)
        case _:
            pass
    if isinstance(node, tree.Member) and (found := part_of(node.base, context, taking)) is not None:
        (population, chosen_units), name = found, node.attribute
        if population.block.variable(name.name) is not None:
            undeclared_population(node, context, [p.symbol for p in taking.network.populations if not p.hidden])
        elif not any(e.name == name.name for e in population.block.events):
            unknown_event(name.text, name.span, population, context)
        for event in (e for e in population.block.events if e.name == name.name):
            context.report.means(name, event.when.span, EVENT)
        return Typed(several(Ref(population.as_owner, name.name), chosen_units), PURE)
    found = part_of(node, context, taking)
    if found is not None:
        population, chosen_units = found
        if not population.spikes:
            message = f"‘{population.symbol}’ does not spike."
            labels = (Label(population.span, "declared here"),)
            context.report.error("no-spikes", message, node.span, how_to_spike(population), labels)
        return Typed(several(Ref(population.as_owner, ""), chosen_units), PURE)
    named = node.base if isinstance(node, tree.Indexed) else node
    undeclared_population(named, context, [p.symbol for p in taking.network.populations if not p.hidden])
    return context.unknown


def undeclared_population(node: tree.Expr, context: Context, symbols: Iterable[str]) -> None:
    """Reports that the name of a population is needed here; `symbols`: of those there are."""
    name = node.text if isinstance(node, tree.Name) else ""
    message = f"There is no population ‘{name}’." if name else "The name of a population is needed here."
    context.report.error("undeclared-population", message, node.span, did_you_mean(name, symbols, "The populations are"))


def how_to_spike(population: Population) -> str:
    """A hint for a population without spikes."""
    if population.source is not None:
        return "Sources of spikes are Poisson, Regular and SpikeTimes."
    return f"Give {population.block.name} a ‘spike when …’ line."


def unknown_event(name: str, span: Span, population: Population, context: Context, waiting: Span | None = None) -> None:
    """Reports an event that the units of a population do not have. `waiting`: what waits for it elsewhere."""
    message = f"The units of ‘{population.symbol}’ ({population.block.name}) have no event ‘{name}’."
    known = [e.symbol for e in population.block.events]
    hint = did_you_mean(name, known, "Their events are") if waiting is None else Hint(f"Their events are: {', '.join(known)}.")
    if population.source is not None:
        hint = Hint("What sources have is spikes; other events are those of neurons.")
    elif not known:
        hint = Hint(f"Give {population.block.name} an ‘event {name} when …’ line.")
    labels = () if waiting is None else (Label(waiting, "waits for it"),)
    context.report.error("unknown-event", message, span, hint, labels)
