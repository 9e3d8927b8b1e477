"""What an experiment sets or sweeps: parameters of the network, of blocks, populations and projections, and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from plasticdsl.check.experiments.readings import Sources, Taking, text_of
from plasticdsl.check.likes import path_text
from plasticdsl.check.terms.amounts import COUNT, amount
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.shown_units import written_unit
from plasticdsl.check.terms.unification import Dim
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model.experiments import SweepAxis
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.lookup import Lookup, Setting, UnknownParameter
from plasticdsl.model.model import Value
from plasticdsl.model.owners import OfBlock
from plasticdsl.source import Span
from plasticdsl.syntax import tree


def setting(statement: tree.Define, taking: Taking, lookup: Lookup) -> tuple[str, Value] | None:
    """`ρ = 40 Hz`, `STDP.A₊ = 0.01`, `E = 800` as (name that `find_parameter` knows, value)."""
    found = named_setting(statement.target, taking, lookup)
    if found is None:
        return None
    return found.text, _value(statement.rhs, found, taking)


def named_setting(target: tree.Expr, taking: Taking, lookup: Lookup) -> Setting | None:
    """What a target names; reports what is unknown or could be several things."""
    try:
        return lookup.find(path_text(target) or text_of(target.span, taking.sources))
    except UnknownParameter as problem:
        taking.context.report.error("unknown-parameter", problem.message, target.span, problem.hint)
        return None


def _dim(found: Setting, taking: Taking) -> Dim:
    return Dim(found.dimension) if found.dimension is not None else taking.context.solver.fresh()


def _value(node: tree.Expr, found: Setting, taking: Taking) -> Expr:
    """A value for a setting, of its dimension."""
    if found.kind == "size":
        return amount(node, COUNT, f"The size of ‘{found.owner}’", taking.context, taking.constants)
    return translate_as(node, _dim(found, taking), f"‘{found.text}’", taking.context)


def sweep_axis(axis: tree.SweepAxis, taking: Taking, lookup: Lookup) -> SweepAxis | None:
    """One swept parameter; `target` is where it is set, or (block, name) where a block is used in several places."""
    found = named_setting(axis.target, taking, lookup)
    if found is None:
        return None
    target = found.targets[0] if len(found.targets) == 1 else Ref(OfBlock(found.owner), found.name)
    written = tuple(e for e in (*axis.values, axis.start, axis.stop) if e is not None)
    unit, scale = (written_unit(written, found.dimension) if found.dimension is not None else None) or ("", 1.0)
    start, stop = (_value(e, found, taking) if e is not None else None for e in (axis.start, axis.stop))
    count = None if axis.count is None else amount(axis.count, COUNT, "The number of values", taking.context, taking.constants)
    values = tuple(_value(v, found, taking) for v in axis.values)
    if not values and count is None:
        message = f"‘{text_of(axis.target.span, taking.sources)}’ is swept over no values, so nothing would run."
        taking.context.report.error("empty-sweep", message, axis.span, "Write its values between the brackets.")
    text = text_of(axis.target.span, taking.sources) or found.name
    return SweepAxis(target, text, values, start, stop, count, axis.logarithmic, unit, scale)


# --- what `like` brings along ---------------------------------------------------------------------------------------


def without_restated(block: tree.Block, lookup: Lookup, sources: Sources) -> tuple[tree.Statement, ...]:
    """The statements of an experiment without the settings and axes that it is `like` and says anew, under whatever name; of two such that it only is
    like, the later one holds."""
    own = {target.span for target, _ in _targets(s for s in block.body if _stands_in(s, block))}
    told: list[tuple[bool, Setting]] = []
    gone: set[Span] = set()
    targets = list(_targets(block.body))
    for target, is_swept in (*(t for t in targets if t[0].span in own), *(t for t in reversed(targets) if t[0].span not in own)):
        try:
            found = lookup.find(path_text(target) or text_of(target.span, sources))
        except UnknownParameter:
            continue  # reported where it is read
        if target.span not in own and any(_same(is_swept, found, *other) for other in told):
            gone.add(target.span)
        else:
            told.append((is_swept, found))
    return tuple(_left(block.body, gone)) if gone else block.body


def _stands_in(statement: tree.Statement, block: tree.Block) -> bool:
    span, whole = statement.span, block.span
    return span.path == whole.path and whole.start <= span.start < whole.end


def _same(is_swept: bool, one: Setting, other_is_swept: bool, other: Setting) -> bool:
    """Whether only one of the two could count."""
    return bool(set(one.targets) & set(other.targets)) and (is_swept or other_is_swept or one == other)


def _left(body: Iterable[tree.Statement], gone: set[Span]) -> Iterator[tree.Statement]:
    for statement in body:
        match statement:
            case tree.Define(target=target) if target.span in gone:
                pass
            case tree.Sweep(axes=axes, repeats=repeats):
                left = tuple(axis for axis in axes if axis.target.span not in gone)
                if left or repeats is not None:
                    yield replace(statement, axes=left)
            case _:
                yield statement


# --- set and swept ---------------------------------------------------------------------------------------------------


def check_set_once(body: Iterable[tree.Statement], taking: Taking, lookup: Lookup) -> None:
    """Reports a parameter that is swept and also set, swept twice, or set twice: only one of them could count."""
    told: dict[Ref, tuple[tree.Expr, bool, Setting]] = {}
    for target, is_swept in _targets(body):
        try:
            found = lookup.find(path_text(target) or text_of(target.span, taking.sources))
        except UnknownParameter:
            continue  # reported where it is read
        earlier = next((told[place] for place in found.targets if place in told), None)
        if earlier is not None and (is_swept or earlier[1] or earlier[2] == found):
            _told_twice(target, is_swept, *earlier[:2], taking)
        for place in found.targets:
            told.setdefault(place, (target, is_swept, found))


def names_set(body: Iterable[tree.Statement]) -> frozenset[str]:
    """The canonical names of all that an experiment sets or sweeps."""
    return frozenset(path_text(target) for target, _ in _targets(body))


def _targets(body: Iterable[tree.Statement]) -> Iterator[tuple[tree.Expr, bool]]:
    """What is set, then what is swept."""
    statements = list(body)
    yield from ((s.target, False) for s in statements if isinstance(s, tree.Define) and path_text(s.target) != "dt")
    yield from ((axis.target, True) for s in statements if isinstance(s, tree.Sweep) for axis in s.axes)


def _told_twice(target: tree.Expr, is_swept: bool, first: tree.Expr, first_is_swept: bool, taking: Taking) -> None:
    text, report = text_of(target.span, taking.sources), taking.context.report
    if is_swept and not first_is_swept:
        labels = (Label(first.span, "set here"),)
        hint = "Leave out one of the two: a sweep sets the parameter to each of its values."
        report.error("swept-and-set", f"‘{text}’ is swept, and this experiment also sets it to one value.", target.span, hint, labels)
        return
    report.twice(f"‘{text}’ is {'swept' if is_swept else 'set'} twice.", target.span, first.span, "Keep one of them.")
