"""`for each (pixels, label) in digits where not test, shuffled, 5 epochs, for 100 ms each`: what a phase shows item by item.

Comes in: the loop as written and what the experiment knows. Goes out: a model `ForEach`, and the names that stand for the parts of an item. A part is
`Ref(Whose.ITEM, name)`; numbers in files have no unit, so each part has the dimension of what it is used as, in SI.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plasticdsl.check.experiments.readings import Part, Taking
from plasticdsl.check.experiments.whole_patterns import dimension_of
from plasticdsl.check.files import width
from plasticdsl.check.terms.amounts import COUNT, POSITIVE, amount
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate_condition
from plasticdsl.check.terms.scope import Declared, check_different
from plasticdsl.check.terms.unification import SECONDS
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import OfData, Whose
from plasticdsl.model.patterns import DataSet, PatternSet
from plasticdsl.model.protocol import ForEach
from plasticdsl.names import canonical
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.display import counted


def check_loop(node: tree.ForEach, taking: Taking) -> tuple[ForEach, Taking]:
    """The loop of a phase, and what is in sight with the parts of its items."""
    context = taking.context
    arrays: tuple[str, ...] = ()
    _check_names(node.names, context)
    patterns = next((p for p in taking.network.patterns if p.name == node.source.name), None)
    found = taking.data.get(node.source.name)
    if patterns is not None:
        context.report.means(node.source, patterns.span, "a set of patterns")
        parts = _of_patterns(node, patterns, taking.sizes, context)
    elif found is not None:
        context.report.means(node.source, found.span, "a data set")
        parts, arrays = _of_data(node, found, context)
    else:
        if node.source.name not in taking.data:  # else its file has been reported
            _unknown_source(node.source, taking)
        parts = tuple(Part(name, context.solver.fresh(), None) for name in node.names)
    where = _where(node.where, found, context) if node.where is not None else None
    known = taking.constants
    epochs = None if node.epochs is None else amount(node.epochs, COUNT, "The number of epochs", context, known)
    each_for = None if node.each_for is None else amount(node.each_for, POSITIVE, "How long each item is shown", context, known, SECONDS)
    pause = None if node.pause is None else amount(node.pause, POSITIVE, "The pause after each item", context, known, SECONDS)
    names = tuple(n.name for n in node.names)
    each = ForEach(node.source.name, names, arrays, where, node.shuffled, epochs, each_for, pause, None, node.span)
    scope = context.scope.child({part.name.name: _declared(part) for part in parts})
    inside = replace(taking, context=context.inside(scope), items=parts)
    return each, inside


def _declared(part: Part) -> Declared:
    """The name of a part of an item."""
    name = part.name
    return Declared(name.name, name.text, "what the phase shows", Ref(Whose.ITEM, name.name), part.dim, span=name.span)


def _check_names(names: Iterable[tree.Name], context: Context) -> None:
    check_different(names, "‘{}’ stands twice in this loop.", context.report)
    for name in names:
        known = context.scope.find(name)
        if known is not None:
            labels = (Label(known.span, f"‘{known.symbol}’"),) if known.span.path else ()
            message = f"‘{name.text}’ is {known.what} already; a part of an item needs a name of its own."
            context.report.error("duplicate-definition", message, name.span, labels=labels)


def _unknown_source(source: tree.Name, taking: Taking) -> None:
    known = [p.symbol for p in taking.network.patterns] + [d.symbol for d in taking.data.values() if d is not None]
    declared = taking.context.scope.find(source)
    what = f"‘{source.text}’ is {declared.what} and" if declared is not None and declared.what else f"‘{source.text}’"
    hint = did_you_mean(source.text, known, "There is")
    words = 'Declare patterns in the network (‘ξ = 10 random patterns of {−1, +1} over units’) or data here (‘data d from "d.npz"’).'
    hint = hint or Hint(words)
    taking.context.report.error(
        "no-items", f"{what} holds no items that could be shown: it is no set of patterns and no data.", source.span, hint
    )


# --- patterns --------------------------------------------------------------------------------------------------------


def _of_patterns(node: tree.ForEach, patterns: PatternSet, sizes: Mapping[str, int | None], context: Context) -> tuple[Part, ...]:
    if len(node.names) > 1:
        message = f"An item of ‘{patterns.symbol}’ is one pattern and has one name, not {len(node.names)}."
        context.report.error("unknown-array", message, node.names[1].span)
    if node.where is not None:
        message = "Patterns have nothing that a condition could read."
        context.report.error("unknown-array", message, node.where.span, "‘where’ chooses among the items of data, by their arrays.")
    dim = dimension_of(patterns, context)
    return tuple(Part(name, dim, sizes.get(patterns.population), patterns) for name in node.names)


# --- data ------------------------------------------------------------------------------------------------------------


def _of_data(node: tree.ForEach, data: DataSet, context: Context) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    if not data.path:
        return tuple(Part(name, context.solver.fresh(), None) for name in node.names), ()
    parts: list[Part] = []
    names = ", ".join(a for a, _ in data.arrays)
    for i, name in enumerate(node.names):
        place = next((k for k, (array, _) in enumerate(data.arrays) if canonical(array) == name.name), i)
        if i >= len(data.arrays):
            message = f"‘{data.symbol}’ has {counted(len(data.arrays), 'array')} ({names}), so there is none for ‘{name.text}’."
            context.report.error("unknown-array", message, name.span)
            break
        if place != i:
            message = f"‘{name.text}’ is an array of ‘{data.symbol}’, but stands for another here: names take the arrays in order."
            context.report.error("unknown-array", message, name.span, f"The order is: {names}.")
        parts.append(Part(name, context.solver.fresh(), width(data.arrays[i][1])))
    return tuple(parts), tuple(a for a, _ in data.arrays[: len(parts)])


def _where(node: tree.Expr, data: DataSet | None, context: Context) -> Expr | None:
    """A condition on the arrays of the data, by their own names; a bare array holds where it is not 0."""
    if data is None:
        return None
    if not data.path:
        message = f"The arrays of ‘{data.symbol}’ come from Python and have no names here."
        context.report.error("unknown-array", message, node.span, "Choose the items in Python.")
        return None
    arrays = {canonical(name): (name, shape) for name, shape in data.arrays}
    names = {c: Declared(c, a, "an array", Ref(OfData(data.name), a), context.solver.fresh()) for c, (a, _) in arrays.items()}
    inside = context.inside(context.scope.child(names))
    before = context.report.count
    condition = translate_condition(_flags(node, frozenset(arrays)), inside)
    if context.report.count == before:
        _check_single(condition, node.span, data, context)
    return condition


def _flags(node: tree.Expr, arrays: frozenset[str]) -> tree.Expr:
    """The condition with `test` read as `test ≠ 0`."""
    match node:
        case tree.Name(name=name, span=span) if name in arrays:
            return tree.Compare((node, tree.Number("0", (), span)), ("!=",), span)
        case tree.Unary(operator="not", operand=operand):
            return replace(node, operand=_flags(operand, arrays))
        case tree.Logic(operands=operands):
            return replace(node, operands=tuple(_flags(o, arrays) for o in operands))
        case tree.Group(inner=inner):
            return replace(node, inner=_flags(inner, arrays))
        case _:
            return node


def _check_single(condition: Expr, span: Span, data: DataSet, context: Context) -> None:
    shapes = dict(data.arrays)
    read = {r.name for r in refs(condition) if r.owner == OfData(data.name)}
    for name in sorted(read):
        if width(shapes[name]) != 1:
            message = f"‘{name}’ has {width(shapes[name])} values for each item; a condition on items reads arrays with one."
            context.report.error("sizes-differ", message, span)
    if not read:
        message = f"This condition reads no array of ‘{data.symbol}’, so it holds for all items or for none."
        context.report.error("unknown-array", message, span, f"Its arrays are: {', '.join(shapes)}.")
