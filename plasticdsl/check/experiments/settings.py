"""What an experiment sets, sweeps or fits: parameters of the network, of blocks, populations and projections, and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from plasticdsl.check.experiments.network_names import having, in_parts
from plasticdsl.check.experiments.readings import Sources, Taking, text_of
from plasticdsl.check.experiments.words import words_of
from plasticdsl.check.likes import path_text
from plasticdsl.check.networks.from_data import require_units
from plasticdsl.check.networks.lists import listed_items
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import COUNT, amount
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.written_units import written_unit
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.model import Value
from plasticdsl.model.experiments import SweepAxis
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.lookup import Lookup, Setting, UnknownParameter
from plasticdsl.model.owners import OfBlock, OfPopulation, Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree

#: Lines of an experiment that set no parameter of the network.
OWN_LINES = ("dt", "seed")


How = Literal["set", "swept", "fitted"]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a line of an experiment is about, and whether it is `set`, `swept` or `fitted` there."""

    target: tree.Expr
    how: How
    setting: Setting

    @property
    def is_set(self) -> bool:
        """To one value."""
        return self.how == "set"

    def excludes(self, other: _Told) -> bool:
        """Whether only one of the two could count."""
        alike = not self.is_set or not other.is_set or self.setting == other.setting
        return alike and bool(set(self.setting.targets) & set(other.setting.targets))


def _told(body: Iterable[tree.Statement], lookup: Lookup, sources: Sources) -> Iterator[_Told]:
    """All that is set, then all that is swept or fitted; what is unknown is reported where it is read."""
    for target, how in _targets(body):
        with suppress(UnknownParameter):
            yield _Told(target, how, _find(target, lookup, sources))


def settings_told(body: Iterable[tree.Statement], lookup: Lookup, sources: Sources) -> tuple[Setting, ...]:
    """All that an experiment sets, sweeps or fits, as far as it is known."""
    return tuple(one.setting for one in _told(body, lookup, sources))


def _targets(body: Iterable[tree.Statement]) -> Iterator[tuple[tree.Expr, How]]:
    statements = list(body)
    yield from ((s.target, "set") for s in statements if isinstance(s, tree.Define) and path_text(s.target) not in OWN_LINES)
    yield from ((one.target, "swept") for s in statements if isinstance(s, tree.Sweep) for axis in s.axes for one in (axis, *axis.together))
    yield from ((axis.target, "fitted") for s in statements if isinstance(s, tree.Fit) for axis in s.axes)


def _find(target: tree.Expr, lookup: Lookup, sources: Sources) -> Setting:
    """What a target names. Raises `UnknownParameter`."""
    match target:
        case tree.Apply(function=variable, arguments=(tree.Argument(value=tree.Number(text="0", unit=())),)) if path_text(variable):
            return lookup.find(f"{path_text(variable, as_written=True)}(0)")
    return lookup.find(path_text(target) or text_of(target.span, sources))


def mention(target: tree.Expr, found: Setting, lookup: Lookup, report: Reporter) -> None:
    """Remembers what the names of a setting stand for."""
    match target:
        case tree.Apply(function=function):
            mention(function, found, lookup, report)
        case tree.Member(base=tree.Name() as owner, attribute=name):
            network = lookup.network
            parts = [p.span for p in network.populations if p.name == owner.name]
            parts += [p.span for p in network.projections if p.name == owner.name]
            parts += [network.span] if not parts and owner.name == network.name else []
            for place in parts or [b.span for b in lookup.module.blocks if b.name == owner.name]:
                report.means(owner, place)
            mention(name, found, lookup, report)
        case tree.Name():
            for place in lookup.places(found):
                report.means(target, place, "a parameter")
        case _:
            pass


def names_set(body: Iterable[tree.Statement]) -> frozenset[str]:
    """The canonical names of all that an experiment sets, sweeps or fits."""
    return frozenset(path_text(target) for target, _ in _targets(body))


def with_initial_values(block: tree.Block) -> tree.Block:
    """The experiment, where `cell.V(0) = −70 mV` is a setting as `cell.V = −70 mV` is."""

    def as_setting(statement: tree.Statement) -> tree.Statement:
        match statement:
            case tree.Initial(variable=name, rhs=value, drawn=False, span=span, of=base):
                function = name if base is None else tree.Member(base, name, base.span.to(name.span))
                at_first = tree.Argument(None, tree.Number("0", (), name.span), name.span)
                return tree.Define(tree.Apply(function, (at_first,), 0, function.span), (), value, span)
            case _:
                return statement

    return replace(block, body=tuple(map(as_setting, block.body)))


# --- values ----------------------------------------------------------------------------------------------------------


def setting(statement: tree.Define, taking: Taking, lookup: Lookup) -> tuple[str, Value] | None:
    """`ρ = 40 Hz`, `STDP.A₊ = 0.01`, `E = 800` as (name that `find_parameter` knows, value)."""
    found = _named(statement.target, taking, lookup)
    return None if found is None else (found.text, _given(statement.rhs, found, taking))


def sweep_axis(axis: tree.SweepAxis, taking: Taking, lookup: Lookup) -> SweepAxis | None:
    """One swept or fitted parameter; `target` is where it is set, or (block, name) where a block is used in several places."""
    found = _named(axis.target, taking, lookup)
    if found is None:
        return None
    target = found.targets[0] if len(found.targets) == 1 else Ref(OfBlock(found.owner), found.name)
    axis = replace(axis, values=tuple(one for value in axis.values for one in listed_items(value, taking.context.scope) or (value,)))
    written = tuple(e for e in (*axis.values, axis.start, axis.stop) if e is not None)
    unit, scale = (written_unit(written, found.dimension) if found.dimension is not None else None) or ("", 1.0)
    start, stop = (_value(e, found, taking) if e is not None else None for e in (axis.start, axis.stop))
    count = None if axis.count is None else amount(axis.count, COUNT, "The number of values", taking.context, taking.constants)
    values = tuple(_value(v, found, taking) for v in axis.values)
    text = text_of(axis.target.span, taking.sources) or found.name
    if not values and start is None:
        message = f"‘{text}’ is swept over no values, so nothing would run."
        taking.context.report.error("empty-sweep", message, axis.span, "Write its values between the brackets.")
    others = tuple(other for one in axis.together if (other := sweep_axis(one, taking, lookup)) is not None)
    return SweepAxis(target, text, values, start, stop, count, axis.logarithmic, unit, scale, others, words_of(axis.target, taking))


def _named(target: tree.Expr, taking: Taking, lookup: Lookup) -> Setting | None:
    """What a target names; None after reporting that it is unknown or could be several things."""
    try:
        found = _find(target, lookup, taking.sources)
        mention(target, found, lookup, taking.context.report)
        return found
    except UnknownParameter as problem:
        hint = problem.hint
        if isinstance(target, tree.Name) and (parts := having(target.name, taking.network)) and not hint.texts:
            hint = Hint(f"It is no parameter, so a phase holds it, where it can be held: {in_parts(target.text, parts, ' = …')}.")
        taking.context.report.error("unknown-parameter", problem.message, target.span, hint)
        return None


def _given(node: tree.Expr, found: Setting, taking: Taking) -> Expr:
    """A value that may differ from unit to unit, or from connection to connection."""
    parts = {p.as_owner: p for p in taking.network.populations}
    if found.kind == "size" or all(target.owner is Whose.NETWORK for target in found.targets):
        return _value(node, found, taking)
    value = _value(node, found, replace(taking, context=taking.giving()))
    for target in found.targets:
        population = parts.get(target.owner) if isinstance(target.owner, OfPopulation) else None
        if population is not None:
            require_units(value, population.symbol, taking.sizes[population.name], node.span, taking.context, taking.files)
    return value


def _value(node: tree.Expr, found: Setting, taking: Taking) -> Expr:
    if found.kind == "size":
        return amount(node, COUNT, f"The size of ‘{found.owner}’", taking.context, taking.constants)
    return translate_as(node, taking.context.solver.of(found.dimension), f"‘{found.text}’", taking.context)


# --- said twice ------------------------------------------------------------------------------------------------------


def without_restated(block: tree.Block, lookup: Lookup, sources: Sources) -> tuple[tree.Statement, ...]:
    """The statements of an experiment without the settings and axes that it is `like` and says anew, under whatever name; of two such that it only is
    like, the later one holds."""
    told = list(_told(block.body, lookup, sources))
    kept = [one for one in told if _stands_in(one.target.span, block.span)]
    gone: set[Span] = set()
    for one in reversed([one for one in told if not _stands_in(one.target.span, block.span)]):
        if any(one.excludes(other) for other in kept):
            gone.add(one.target.span)
        else:
            kept.append(one)
    return tuple(_left(block.body, gone)) if gone else block.body


def _stands_in(span: Span, whole: Span) -> bool:
    return span.path == whole.path and whole.start <= span.start < whole.end


def _left(body: Iterable[tree.Statement], gone: set[Span]) -> Iterator[tree.Statement]:
    for statement in body:
        match statement:
            case tree.Define(target=target) if target.span in gone:
                pass
            case tree.Sweep(axes=axes, repeats=repeats):
                left = tuple(axis for axis in axes if axis.target.span not in gone)
                if left or repeats is not None:
                    yield replace(statement, axes=left)
            case tree.Fit(axes=axes):
                yield replace(statement, axes=tuple(axis for axis in axes if axis.target.span not in gone))
            case _:
                yield statement


def check_set_once(body: Iterable[tree.Statement], taking: Taking, lookup: Lookup) -> None:
    """Reports a parameter that is swept or fitted and also set, or that is swept, fitted or set twice: only one of them could count."""
    told: list[_Told] = []
    for one in _told(body, lookup, taking.sources):
        first = next((other for other in told if one.excludes(other)), None)
        text, report = text_of(one.target.span, taking.sources), taking.context.report
        if first is not None and one.how != first.how:
            labels = (Label(first.target.span, f"{first.how} here"),)
            also = "sets it to one value" if first.is_set else "sweeps it"
            hint = f"Leave out one of the two: a {'sweep' if one.how == 'swept' else 'fit'} sets the parameter to each of its values."
            report.error("swept-and-set", f"‘{text}’ is {one.how}, and this experiment also {also}.", one.target.span, hint, labels)
        elif first is not None:
            message = f"‘{text}’ is {one.how} twice."
            report.twice(message, one.target.span, first.target.span, "Keep one of them.")
        told.append(one)
