"""The quantities of a network: parameters (`r_ex = 10 Hz`), signals (`r = r_ex (1 + sin(2 π t·3 Hz))`) and observables (`E = −½ Σ_ij w_ij x_i x_j`).

Comes in: the `name = …` lines. Goes out: model variables in working order. A name equal to a constant expression is a parameter, one that also reads
the time is a signal (written out wherever a source reads it), and one that reads populations or projections an observable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.check.networks.building import Building
from plasticdsl.check.networks.from_data import refuse_arrays
from plasticdsl.check.networks.numbers_of_parts import Surroundings, observables_of
from plasticdsl.check.networks.observables import Indexables, index_number, indexing, ranges, report_without_range
from plasticdsl.check.terms.amounts import constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.index_letters import free_letters
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import Declared, Scope
from plasticdsl.check.terms.unification import Dim
from plasticdsl.check.terms.written_units import unit_of_number
from plasticdsl.graph import reached
from plasticdsl.model import Distribution, Role, Variable
from plasticdsl.model.dependencies import circle, in_working_order
from plasticdsl.model.expr import Expr, Number, Ref, substitute, walk
from plasticdsl.model.owners import Whose
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, nodes

Defines = tuple[tree.Define, ...]

_PLAIN = Declared("", "", "a quantity")

#: A signal may have so many parts when the signals it reads are written out.
LARGEST_SIGNAL = 500


def sorted_by_kind(
    defines: Sequence[tree.Define], moving: Iterable[str] = (), data: Collection[str] = ()
) -> tuple[Defines, Defines, Defines]:
    """Parameters, signals and observables, each in the order written; `moving`: what flows in the network, and is observed; `data`: files."""
    named = {s.target.name: s for s in defines if isinstance(s.target, tree.Name)}
    reading = {n for n, s in named.items() if _reads_units(s, data)}
    of_units = _spread({*reading, *(_base(n, named) for n in reading), *_indexed_targets(defines), *moving}, named) - {*moving}
    of_time = _spread({"t"}, named) - of_units
    parameters = tuple(s for n, s in named.items() if n not in of_units | of_time)
    signals = tuple(s for n, s in named.items() if n in of_time)
    known = {id(s) for s in (*parameters, *signals)}
    return parameters, signals, tuple(s for s in defines if id(s) not in known)


def _reads_units(statement: tree.Define, data: Collection[str]) -> bool:
    def is_array(node: tree.Member) -> bool:
        return isinstance(node.base, tree.Name) and node.base.name in data

    return any(isinstance(n, tree.Sum) or (isinstance(n, tree.Member) and not is_array(n)) for n in nodes(statement.rhs))


def _indexed_targets(defines: Sequence[tree.Define]) -> set[str]:
    """m of `m[μ] = …`."""
    return {s.target.base.name for s in defines if isinstance(s.target, tree.Indexed) and isinstance(s.target.base, tree.Name)}


def _base(name: str, named: Mapping[str, tree.Define]) -> str:
    """The name itself, or m of `m_mu` where the target has an index letter that its right side has too."""
    free = free_letters(named[name].target, named[name].rhs, Scope(dict.fromkeys(named, _PLAIN)))
    return name if free is None else free[0].name


def _spread(names: set[str], named: Mapping[str, tree.Define]) -> set[str]:
    """`names` and every definition that reads one of them, however indirectly."""
    readers: dict[str, list[str]] = {}
    for name, statement in named.items():
        for read in names_read(statement.rhs):
            readers.setdefault(read.name, []).append(name)
            if read.name not in named:  # m_1
                readers.setdefault(read.name.rpartition("_")[0], []).append(name)
    return reached(names, lambda name: readers.get(name, ()))


def check_parameters(parameters: Sequence[tree.Define], building: Building) -> tuple[Variable, ...]:
    """Translates the parameters and declares them."""
    return _check(parameters, Role.PARAMETER, "a parameter of the network", building)


def check_signals(signals: Sequence[tree.Define], building: Building) -> tuple[Variable, ...]:
    """Translates the signals; where one is read from now on, its formula stands."""
    variables = _check(signals, Role.DEFINITION, "a signal", building)
    written_out: dict[Expr, Expr] = {}
    sizes: dict[Expr, int] = {}
    for variable in variables:
        ref, value = Ref(Whose.NETWORK, variable.name), variable.value
        assert value is not None and not isinstance(value, Distribution), "it was given by `=`"
        sizes[ref] = sum(sizes.get(node, 1) for node in walk(value))
        if sizes[ref] > LARGEST_SIGNAL:
            message = f"‘{variable.symbol}’ becomes too large when the signals it reads are written out (more than {LARGEST_SIGNAL} parts)."
            building.context.report.error(
                "expression-too-large", message, variable.span, "Let neurons or sources compute what it is made of."
            )
            sizes[ref], value = 1, Number(0.0)
        written_out[ref] = substitute(value, written_out)
        building.names[variable.name] = replace(building.names[variable.name], expr=written_out[ref])
    return variables


def names_of(defines: Sequence[tree.Define]) -> frozenset[str]:
    """The plain names of definitions, m of `m_μ = …`."""
    named = {s.target.name: s for s in defines if isinstance(s.target, tree.Name)}
    return frozenset(_base(n, named) for n in named) | _indexed_targets(defines)


@dataclass(frozen=True, slots=True)
class _Observable:
    """One definition with its plain name and its free index letters, each with what it runs over."""

    statement: tree.Define
    name: tree.Name
    letters: Mapping[str, str] = field(default_factory=dict)


def check_observables(observables: Sequence[tree.Define], building: Building) -> tuple[Variable, ...]:
    """Translates the observables and declares them; the populations and projections are known by now."""
    things = indexables(building)
    read = [_observable(s, things, building) for s in observables]
    found = [o for o in read if o is not None]
    dims = {o.name.name: building.observables.get(o.name.name) or building.context.solver.fresh() for o in found}
    observed = {o.name.name: (tuple(o.letters.values()), dims[o.name.name]) for o in found if o.letters}
    things = replace(things, observables=observed, declared={**things.declared, **{o.name.name: o.name.span for o in found if o.letters}})
    for o in found:
        name = o.name
        if o.letters and name.name in building.names:
            message = f"‘{name.text}’ is declared twice in this network."
            building.context.report.error("duplicate-definition", message, o.statement.span)
        _declare(name, "an observable", dims[name.name], building)
    variables = tuple(_translated(o, things, building) for o in found)
    if not _no_circle(variables, building.context):
        return variables
    return in_working_order(_with_numbers(variables, things, building), Whose.NETWORK)


def indexables(building: Building) -> Indexables:
    """What carries index letters in the network so far."""
    members = {n: d.members for n, d in building.names.items() if d.members is not None}
    populations = {n: s for n, s in members.items() if n in building.sides}
    projections = {n: s for n, s in members.items() if n in building.projections}
    outputs = {n: s.block.output for n, s in building.sides.items() if s.block.output is not None}
    patterns = {n: (p.population, building.pattern_dims[n]) for n, p in building.patterns.items()}
    sizes = {n: constant(s.population.size, building.constants) for n, s in building.sides.items()}
    named = {p.name: p for p in building.named}
    declared = {n: d.span for n, d in building.names.items() if d.members is not None or n in building.patterns}
    declared |= {p.name: p.span for p in building.named}
    return Indexables(
        populations,
        projections,
        building.projections,
        outputs,
        patterns,
        named,
        sizes,
        building.constants,
        data=building.data,
        declared=declared,
    )


def _observable(statement: tree.Define, things: Indexables, building: Building) -> _Observable | None:
    free = free_letters(statement.target, statement.rhs, building.context.scope)
    if free is None:
        plain = _plain_name(statement, building.context)
        return None if plain is None else _Observable(statement, plain)
    name, letters = free
    known = ranges(statement.rhs, dict.fromkeys(letters), things, building.context.scope)
    for letter in letters:
        if known[letter] is None:
            report_without_range(tree.Name(letter, letter, statement.target.span), building.context)
    return _Observable(statement, name, {letter: known[letter] or "" for letter in letters})


def _translated(one: _Observable, things: Indexables, building: Building) -> Variable:
    numbers = {letter: index_number(tree.Name(letter, letter, one.name.span)) for letter in one.letters}
    context = building.context.extended(indexing(things, one.letters))
    context = context.inside(context.scope.child(numbers)) if numbers else context
    variable = _variable(one.statement, one.name, Role.DEFINITION, context, building)
    return replace(variable, indices=tuple(one.letters.items()))


def _with_numbers(variables: Sequence[Variable], things: Indexables, building: Building) -> tuple[Variable, ...]:
    """Observables with the numbers of files that belong to what they read."""
    populations = {name: side.population for name, side in building.sides.items()}
    around = Surroundings(populations, building.projections, observables_of(variables), building.data, building.constants, things.sizes)
    found = []
    for variable in variables:
        assert isinstance(variable.value, Expr), "it was given by ‘=’"
        if variable.indices:
            around.without_letters(variable.value, variable.span, building.context)
            found.append(variable)
        else:
            found.append(replace(variable, value=around.placed((variable.value,), variable.span, building.context)[0]))
    return tuple(found)


def _check(statements: Sequence[tree.Define], role: Role, what: str, building: Building) -> tuple[Variable, ...]:
    context = building.context
    kept = [(s, name) for s in statements if (name := _plain_name(s, context)) is not None]
    for _, name in kept:
        _declare(name, what, context.solver.fresh(), building)
    variables = tuple(_variable(s, name, role, context, building) for s, name in kept)
    for variable, (statement, _) in zip(variables, kept, strict=True):
        refuse_arrays(variable.value, f"‘{variable.symbol}’", statement.rhs.span, context, building.data)
    _no_circle(variables, context)
    return in_working_order(variables, Whose.NETWORK)


def _declare(name: tree.Name, what: str, dim: Dim, building: Building) -> None:
    building.names[name.name] = Declared(name.name, name.text, what, Ref(Whose.NETWORK, name.name), dim, span=name.span)


def _no_circle(variables: Sequence[Variable], context: Context) -> bool:
    on_circle = circle(variables, Whose.NETWORK)
    if on_circle:
        named = {v.name: (v.symbol, v.span) for v in variables}
        context.report.circle([named[name] for name in on_circle])
    return not on_circle


def _plain_name(statement: tree.Define, context: Context) -> tree.Name | None:
    """The name that is defined; None after reporting that it is none."""
    if not isinstance(statement.target, tree.Name):
        context.report.error("not-a-name", "Only a name can stand on this side.", statement.target.span)
        return None
    if statement.arguments:
        message = "A function is declared outside the network, with ‘function’."
        context.report.error("misplaced-statement", message, statement.span)
        return None
    return statement.target


def _variable(statement: tree.Define, target: tree.Name, role: Role, context: Context, building: Building) -> Variable:
    value = translate_number(statement.rhs, context)
    own = building.names[target.name].dim
    assert own is not None
    require_same(target, own, statement.rhs, value.dim, context)
    unit, scale = unit_of_number(statement.rhs) or ("", 1.0)
    return Variable(target.name, target.text, role, value=value.expr, unit=unit, scale=scale, span=statement.span)
