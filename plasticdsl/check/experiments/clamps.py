"""What a phase holds (`bell = 1`, `image = pixels`), what it changes (`ex.η = 0.1`) and where it starts (`start units.x from ξ_1 with 20 % flipped`).

Comes in: statements of a phase, with the parts of its items in sight. Goes out: `Clamp`s, `Change`s and `Start`s whose value fits the variable: its
dimension, as far as they can be told its number of units, and the values it can have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from plasticdsl.check.blocks.bounds import check_allowed, values_of
from plasticdsl.check.experiments.network_names import having, in_parts
from plasticdsl.check.experiments.readings import Taking, part_of, text_of, undeclared_population
from plasticdsl.check.experiments.settings import mention
from plasticdsl.check.experiments.whole_patterns import set_named
from plasticdsl.check.likes import path_text
from plasticdsl.check.terms.amounts import SHARE, amount, constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import case_branches, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import Declared
from plasticdsl.check.terms.unification import PURE
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Network, Population, Projection, Role, Variable
from plasticdsl.model.changing import obstacles
from plasticdsl.model.experiments import Change, Clamp
from plasticdsl.model.expr import At, Call, Choice, Expr, Number, Ref, Special, children, is_of_file, joined, refs, walk
from plasticdsl.model.lookup import Kind, Setting, UnknownParameter
from plasticdsl.model.owners import OfData, OfPatterns, OfPopulation, Whose
from plasticdsl.model.parts import Those, Units
from plasticdsl.model.patterns import PatternSet, RandomPatterns, WrittenPatterns
from plasticdsl.model.protocol import Start
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import Dimension
from plasticdsl.units.display import counted


def check_held(statement: tree.Define, taking: Taking) -> Clamp | Change | None:
    """`bell = 1`, `digit.target = one_hot(label, 10)`; `ex.η = 0.1`, `ν = 20 Hz`, `A₊ = 0`; `units[1 to 50].base = 1`, `P.I = 2 mV if i ≤ 5`."""
    target, units = _of_part(statement.target, taking)
    statement = replace(statement, target=target)
    found = _target(target, taking)
    match found:
        case None:
            return None
        case Setting():
            return _change(statement, found, units, taking)
        case Population() | Projection() as part, variable:
            value, where = _given(statement, variable.dimension, isinstance(part, Population), taking)
            _check_holdable(statement, part, variable, value, taking)
            if isinstance(part, Projection):
                return None
            held = Clamp(Ref(part.as_owner, variable.name), value, statement.span, Those(units, where))
            if not held.those.are_some:
                _check_fits(value, statement.rhs.span, part, variable, taking)
            number = constant(value, taking.constants)
            if number is not None:
                check_allowed(number, variable, f"is held at {number:g}", statement.span, taking.context.report)
            return held


def _of_part(target: tree.Expr, taking: Taking) -> tuple[tree.Expr, Units]:
    """The variable of the whole population, and the units that are written: of `dog[1 to 5].y`, `dog.y[1 to 5]`, `dogs[1 to 5]`, named parts."""
    match target:
        case tree.Indexed(base=tree.Member(base=tree.Name() as base, attribute=attribute), indices=indices):
            return _of_part(tree.Member(tree.Indexed(base, indices, target.span), attribute, target.span), taking)
        case tree.Member(base=base, attribute=attribute) if (found := part_of(base, taking.context, taking)) is not None and found[1]:
            return tree.Member(tree.Name(found[0].name, found[0].symbol, base.span), attribute, target.span), found[1]
        case _ if (found := part_of(target, taking.context, taking)) is not None and found[1]:
            return tree.Name(found[0].name, found[0].symbol, target.span), found[1]
        case _:
            return target, ()


def _given(statement: tree.Define, dimension: Dimension | None, of_units: bool, taking: Taking) -> tuple[Expr, Expr | None]:
    """The value, and for which units it is given; cases that leave units out, by number or parameters, are for the others alone."""
    if not isinstance(statement.rhs, tree.Cases):
        return _value(statement.target, statement.rhs, dimension, of_units, taking), None
    context = _showing(of_units, taking)
    branches, otherwise, dim = case_branches(statement.rhs, context)
    require_same(statement.target, context.solver.of(dimension), statement.rhs, dim, context)
    conditions = [condition for condition, _ in branches]
    if otherwise is None and not (of_units and all(_chooses_units(c, taking) for c in conditions)):
        hint = "Add a last line, for example ‘0 otherwise’; only units chosen by their number or parameters can be left out."
        context.report.error("no-otherwise", "Nothing says what this is when none of the conditions holds.", statement.rhs.span, hint)
    value = Choice(branches, Number(0.0) if otherwise is None else otherwise) if branches else Number(0.0)
    return value, joined("or", conditions) if otherwise is None and conditions else None


def _chooses_units(condition: Expr, taking: Taking) -> bool:
    """Whether a condition says of each unit once for all whether it holds, by the number of the unit or parameters of its own."""
    parameters = (Role.PARAMETER, Role.GIVEN)
    fixed = {Ref(p.as_owner, v.name) for p in taking.network.populations for v in p.block.variables if v.role in parameters}
    fixed |= {Ref(Whose.NETWORK, v.name) for v in taking.network.variables if v.role in parameters}
    return Special("t") not in walk(condition) and all(r in fixed or r.owner is Whose.ROUND or is_of_file(r) for r in refs(condition))


def _showing(of_units: bool, taking: Taking) -> Context:
    """The context of a value; of units, whose number is `i`, there can be one for each."""
    number = Declared("i", "i", "the number of the unit", Special("i"), PURE)
    context = taking.showing()
    return context.inside(context.scope.child({}, missing=lambda name: number if of_units and name.name == "i" else None))


def _value(target: tree.Expr, node: tree.Expr, dimension: Dimension | None, of_units: bool, taking: Taking) -> Expr:
    context = _showing(of_units, taking)
    value = translate_number(node, context)
    require_same(target, context.solver.of(dimension), node, value.dim, context)
    return value.expr


def _check_holdable(statement: tree.Define, part: Population | Projection, variable: Variable, value: Expr, taking: Taking) -> None:
    """What is computed cannot be held, and what is no state or source only at one value."""
    in_time, by_item = Special("t") in walk(value), reads_item(value)
    role, why, hint = variable.role, "", ""
    if role in (Role.DEFINITION, Role.REFRACTORY):
        why = "is computed from other values and cannot be held."
        hint = "Hold a state, an input, a parameter or the output of a Source instead."
    elif isinstance(part, Projection):
        why = f"is a state of the connections of ‘{part.symbol}’, and a phase holds those of populations only."
        text = path_text(statement.target, as_written=True)
        hint = f"Where it begins says ‘start {text} from …’" + (
            f", and ‘rules off for {part.symbol}’ leaves it there." if part.rules else "."
        )
    elif in_time and (by_item or role is Role.INPUT):
        why = f"is {'an input' if role is Role.INPUT else 'held at what is shown item by item'} and cannot follow the time as well."
        hint = "Let a Source follow the time, and a synapse bring it here."
    if why:
        _not_held(statement, why, hint, taking)


def _not_held(statement: tree.Define, why: str, hint: str, taking: Taking) -> None:
    taking.context.report.error("not-clamped", f"‘{path_text(statement.target, as_written=True)}’ {why}", statement.span, hint)


def _change(statement: tree.Define, found: Setting, units: Units, taking: Taking) -> Change | None:
    """Parameters with another value."""
    text = path_text(statement.target, as_written=True)
    of_units = all(isinstance(target.owner, OfPopulation) for target in found.targets)
    value, where = _given(statement, found.dimension, of_units, taking)
    for what in dict.fromkeys(obstacles(taking.network, found.targets)):
        _not_held(statement, f"settles {what}, which cannot change during a run.", "Set it outside the phases.", taking)
    if Special("t") in walk(value):
        why = "is a parameter and cannot follow the time within a phase."
        _not_held(statement, why, "Give it one value in this phase, or use an input or a Source, which can follow the time.", taking)
    parts = {p.as_owner: p for p in taking.network.populations}
    for target in found.targets:
        if target.owner in parts:
            population = parts[target.owner]
            variable = population.block.variable(target.name)
            assert variable is not None, "a setting names a variable"
            if not units and where is None:
                _check_fits(value, statement.rhs.span, population, variable, taking)
        elif target.owner is Whose.NETWORK and (many := _widths(value, taking)):
            message = f"‘{text}’ is one number, and ‘{text_of(statement.rhs.span, taking.sources)}’ has {max(many)} values."
            taking.context.report.error("sizes-differ", message, statement.rhs.span)
    return Change(found.targets, text, value, statement.span, Those(units, where))


def reads_item(value: Expr) -> bool:
    """Whether an expression depends on the item that is shown."""
    return any(isinstance(n, Ref) and n.owner is Whose.ITEM for n in walk(value))


def _target(target: tree.Expr, taking: Taking) -> tuple[Population | Projection, Variable] | Setting | None:
    """What `bell = 1` or `dog.y = 1` holds, or `ex.η = 0.1` changes."""
    report, network = taking.context.report, taking.network
    populations = {p.name: p for p in network.populations}
    parts: dict[str, Population | Projection] = {**{p.name: p for p in network.projections}, **populations}
    match target:
        case tree.Name() if target.name in populations:
            population = populations[target.name]
            variable = population.block.variable(population.block.output or "")
            report.means(target, population.span, "a population")
            if variable is not None:
                return _held(population, variable)
            names = ", ".join(f"{target.text}.{v.symbol}" for v in population.block.variables)
            hint = f"Name what is held: {names}." if names else ""
            report.error("not-clamped", f"‘{target.text}’ has no output that could be held.", target.span, hint)
        case tree.Member(base=tree.Name() as base, attribute=attribute) if base.name in parts:
            part = parts[base.name]
            found = (part.block if isinstance(part, Population) else part.connection).variable(attribute.name)
            report.means(base, part.span, "a population" if isinstance(part, Population) else "a projection")
            if found is not None:
                report.means(attribute, found.span)
                return _held(part, found)
            translate_number(target, taking.context)  # reports the unknown name with what is near
        case tree.Name() if (moving := _moving(target.name, network)) is not None:
            return moving
        case tree.Name() if any(v.name == target.name and v.role not in PARAMETERS for v in network.variables):
            message = f"‘{target.text}’ is computed from other values and cannot be held."
            report.error("not-clamped", message, target.span, "Hold what it is computed from instead.")
        case _:
            return _parameter(target, taking)
    return None


def _moving(name: str, network: Network) -> tuple[Population, Variable] | None:
    """A quantity of the network that flows: a state of the unit that has it."""
    observed = next((v.formula for v in network.variables if v.name == name), None)
    if not isinstance(observed, At):
        return None
    unit = next((p for p in network.populations if p.as_owner == observed.ref.owner and p.name == network.name), None)
    variable = None if unit is None else unit.block.variable(observed.ref.name)
    return None if unit is None or variable is None else (unit, variable)


def _held(part: Population | Projection, variable: Variable) -> tuple[Population | Projection, Variable] | Setting:
    if variable.role not in PARAMETERS:
        return part, variable
    kind: Kind = "population" if isinstance(part, Population) else "projection"
    return Setting(kind, part.name, variable.name, variable.dimension, (Ref(part.as_owner, variable.name),))


def _parameter(target: tree.Expr, taking: Taking) -> Setting | None:
    """A parameter of the network, of a block, or of a part of the network by another name; None after a report."""
    report, network = taking.context.report, taking.network
    try:
        found = taking.lookup.find(path_text(target) or text_of(target.span, taking.sources))
        mention(target, found, taking.lookup, report)
    except UnknownParameter as problem:
        owner = path_text(target).rpartition(".")[0] or path_text(target)
        if owner in taking.lookup.owners or problem.hint.words.startswith("Write one of"):
            report.error("unknown-parameter", problem.message, target.span, problem.hint)
        elif isinstance(target, tree.Name) and (parts := having(target.name, network)):
            message = f"‘{target.text}’ is a variable of a part of the network."
            report.error("undeclared-population", message, target.span, f"Say whose: {in_parts(target.text, parts)}.")
        else:
            named = target.base if isinstance(target, tree.Member) else target
            undeclared_population(named, taking.context, [p.symbol for p in network.populations if not p.hidden])
        return None
    blocks = {p.as_owner: p.block for p in network.populations} | {p.as_owner: p.connection for p in network.projections}
    states = [
        t for t in found.targets if t.owner in blocks and (v := blocks[t.owner].variable(t.name)) is not None and v.role is Role.STATE
    ]
    if states:
        message = f"‘{path_text(target, as_written=True)}’ is a state; a phase changes parameters of blocks, and starts from states of populations."
        shown = " or ".join(f"‘start {one.path} from …’" for one in states[:4])
        report.error("not-clamped", message, target.span, f"Say whose: {shown}.")
        return None
    return found


# --- start -----------------------------------------------------------------------------------------------------------


def check_start(statement: tree.Start, taking: Taking) -> Start | None:
    """`start units.x from ξ_1 with 20 % flipped`."""
    target, units = _of_part(statement.target, taking)
    statement = replace(statement, target=target)
    report, text = taking.context.report, path_text(target, as_written=True)
    found = _target(target, taking)
    if found is None:
        return None
    if isinstance(found, Setting) or found[1].role is not Role.STATE:
        holdable = isinstance(found, Setting) or found[1].role in (Role.CLAMPED, Role.INPUT)
        hint = "A phase holds it instead: write it with ‘=’." if holdable else ""
        report.error("not-a-state", f"‘{text}’ is no state, so there is nothing to start from.", statement.target.span, hint)
        return None
    part, variable = found
    whole = statement.source.text if isinstance(statement.source, tree.Name) else ""
    if whole in (s.symbol for s in taking.network.patterns):
        message = f"‘{whole}’ is a set of patterns, and units start from one of them."
        report.error("not-here", message, statement.source.span, f"Name it, for example ‘{whole}_1’ or ‘{whole}[1]’.")
        return None
    value = _value(statement.target, statement.source, variable.dimension, isinstance(part, Population), taking)
    if reads_item(value):
        message = "A phase starts once, at its beginning, so this cannot follow the items that it shows."
        report.error("not-here", message, statement.source.span, "Name one pattern, for example ‘ξ_1’.")
        return None
    if isinstance(part, Population) and not units:
        _check_fits(value, statement.source.span, part, variable, taking)
    number = constant(value, taking.constants)
    if number is not None:
        check_allowed(number, variable, f"starts at {number:g} here", statement.source.span, report)
    what = "The share of units that change"
    shares = (statement.flipped, statement.redrawn)
    flipped, redrawn = (None if e is None else amount(e, SHARE, what, taking.context, taking.constants) for e in shares)
    if flipped is not None and len(variable.values) != 2:
        few = f"has the values {values_of(variable)}" if variable.values else "can have any value"
        hint = f"Declare two values in the neuron, ‘{variable.symbol} ∈ {{−1, +1}}’, or draw anew: ‘with 20 % redrawn’."
        message = f"Flipping exchanges two values, and ‘{text}’ {few}."
        report.error("not-two-values", message, statement.span, hint, (Label(variable.span, f"‘{variable.symbol}’"),))
    if redrawn is not None:
        _check_redrawn(value, statement, taking)
    return Start(Ref(part.as_owner, variable.name), value, flipped, redrawn, statement.span, units)


def _check_redrawn(value: Expr, statement: tree.Start, taking: Taking) -> None:
    """There must be a distribution to draw from: that of random patterns."""
    patterns = _whole_pattern(value, taking)
    if patterns is None or not isinstance(patterns.source, RandomPatterns):
        message = "‘redrawn’ draws again from the distribution of random patterns, and this is none of them."
        hint = "Start from a pattern of a set declared with ‘random patterns’."
        taking.context.report.error("not-random", message, statement.source.span, hint)


# --- whether a value fits ---------------------------------------------------------------------------------------------


def _check_fits(value: Expr, span: Span, population: Population, variable: Variable, taking: Taking) -> None:
    """One value, or one for each unit; of a discrete variable, only values that it can have."""
    found = _widths(value, taking)
    size = taking.sizes.get(population.name)
    wrong = sorted(found - {size}) if size is not None else []
    if wrong or len(found) > 1:
        text = text_of(span, taking.sources)
        many = " and ".join(f"{n}" for n in (wrong or sorted(found)))
        units = counted(size, "unit") if size is not None else "one number of units"
        message = f"‘{population.symbol}’ has {units}, and ‘{text}’ has {many} values."
        taking.context.report.error("sizes-differ", message, span, labels=(Label(population.span, f"‘{population.symbol}’"),))
    if variable.values:
        _check_allowed(value, span, variable, taking)


def _widths(expr: Expr, taking: Taking) -> frozenset[int]:
    """How many values an expression has, as far as it can be told: several numbers where its parts do not fit, none where it is one value or
    nothing is known."""
    match expr:
        case Ref(Whose.ITEM, name):
            found = next((p.width for p in taking.items if p.name.name == name), None)
        case Ref(OfPopulation(name)):
            found = taking.sizes[name]
        case Ref(OfData(name), array):
            found = math.prod(dict(taking.files[name].arrays)[array])
        case Call("pattern", (Ref(OfPatterns(name)), _)):
            patterns = set_named(name, taking.network)
            found = taking.sizes.get(patterns.population) if patterns is not None else None
        case Call("one_hot", (_, count)):
            number = constant(count, taking.constants)
            found = int(number) if number is not None and number >= 1 else None
        case _:
            return frozenset().union(*(_widths(child, taking) for child in children(expr)))
    return frozenset() if found is None or found == 1 else frozenset({found})


def _check_allowed(value: Expr, span: Span, variable: Variable, taking: Taking) -> None:
    patterns = _whole_pattern(value, taking)
    if patterns is None:
        return
    for entry in _entries(patterns):
        number = constant(entry, taking.constants) if entry is not None else None
        if entry is None or (number is not None and number not in variable.values):
            what = f"the value {number:g}" if entry is not None else "values from a distribution"
            message = f"The patterns ‘{patterns.symbol}’ have {what}, and the values of ‘{variable.symbol}’ are {values_of(variable)}."
            labels = (Label(patterns.span, f"‘{patterns.symbol}’"), Label(variable.span, f"‘{variable.symbol}’"))
            taking.context.report.error("value-not-allowed", message, span, labels=labels)
            return


def _entries(patterns: PatternSet) -> Iterator[Expr | None]:
    """What the entries can be; None for any number."""
    match patterns.source:
        case RandomPatterns(values=values, distribution=distribution):
            yield from values if distribution is None else (None,)
        case WrittenPatterns(rows):
            yield from (entry for row in rows for entry in row)
        case _:
            return


def _whole_pattern(value: Expr, taking: Taking) -> PatternSet | None:
    """The set that a value is a pattern of as it stands."""
    match value:
        case Call("pattern", (Ref(OfPatterns(name)), _)):
            return set_named(name, taking.network)
        case Ref(Whose.ITEM, name):
            return next((p.patterns for p in taking.items if p.name.name == name), None)
        case _:
            return None
