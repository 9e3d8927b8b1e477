"""Plot lines: statements of the syntax tree come in, `PlotSpec`s go out.

What is over time has a window like a recording; what is over something else has that expression, or two of them. How an item is drawn follows from what it
is, unless the line says it (`as matrix`, `as map`, `as image 28 × 28`), and so do the names of axes (`as "conductance (nS)"`, `with log x`) and the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from plasticdsl.check.experiments.readings import Taking, text_of
from plasticdsl.check.experiments.recordings import is_word, recording, refuse_series, window_of
from plasticdsl.check.experiments.shown_in import fits, in_unit, labelled, shown_in
from plasticdsl.check.experiments.statistics import taken_together
from plasticdsl.check.experiments.words import words_of
from plasticdsl.check.networks.from_data import refuse_arrays
from plasticdsl.check.terms.amounts import COUNT, amount
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.model.experiments import NO_WISH, AxisWish, Layout, Plane, PlotSpec, Recording, Side, Window
from plasticdsl.model.expr import AT_SPIKES, At, Call, Expr, Ref, children
from plasticdsl.model.owners import OfPatterns, OfPopulation, OfProjection, Owner
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import FREQUENCY, TIME, Dimension
from plasticdsl.units.display import display_unit

#: Items that are curves, over a lag, a frequency, ….
_CURVES = ("psth", "correlogram", "autocorrelogram", "intervals", "spectrum")


def plot(statement: tree.Plot, taking: Taking) -> PlotSpec:
    """A plot line; a histogram without a moment is taken at the end."""
    statement = _time_last(_with_stretch(statement), taking)
    text = text_of(statement.span, taking.sources).removeprefix("plot ")
    over = statement.over
    if any(_is_contours(item) for item in statement.items) or (len(over) > 1 and any(_is_varied(side, taking) for side in over)):
        return _titled(_contours(statement, text, taking), statement)
    is_over_time = len(over) == 1 and is_word(over[0].target, "time")
    across = () if is_over_time else tuple(_over(side, taking) for side in over)
    window = replace(window_of(statement.moment, taking), over="time" if is_over_time else across[0].item if across else None)
    items = tuple(_item(drawing, window, taking) for drawing in statement.drawings)
    if statement.moment is None and not over:
        items = tuple(replace(i, window=replace(window, at_end=True)) if _is_of_a_moment(i) else i for i in items)
    _require_time(statement, items, bool(across), taking.context)
    spec = PlotSpec(items, window, text, statement.span, over=across)
    return _with_wishes(_titled(spec, statement), statement, taking)


def _titled(spec: PlotSpec, statement: tree.Plot) -> PlotSpec:
    return replace(spec, title=statement.title)


def _with_stretch(statement: tree.Plot) -> tree.Plot:
    """`over time from 90 ms to 150 ms` as `from 90 ms to 150 ms over time`."""
    match statement.over:
        case (tree.Range(target=target, start=start, stop=stop, span=span) as side,) if start is not None and is_word(target, "time"):
            moment = statement.moment or tree.Moment(False, None, None, None, None, None, span)
            return replace(statement, moment=replace(moment, start=start, stop=stop), over=(replace(side, start=None, stop=None),))
        case _:
            return statement


def _time_last(statement: tree.Plot, taking: Taking) -> tree.Plot:
    """`plot V over time, raster(E)` as `plot V, raster(E) over time`, after a report."""
    over, drawings = statement.over, statement.drawings
    time = next((side for side in over if is_word(side.target, "time")), None)
    if time is None or len(over) == 1:
        return statement
    others = tuple(side for side in over if side is not time)
    message = "‘over’ stands behind all that is plotted, and what is over time is over nothing else."
    hint = Hint("Leave out one of them: ‘plot rate(E) over time’, ‘plot rate(E) over I_0’.")
    if time is over[0] and all(side.start is None for side in others):
        text = "".join(f", {text_of(side.span, taking.sources)}" for side in others) + " over time"
        at = Span(drawings[-1].span.end, over[-1].span.end, time.span.path)
        shown = "plot " + text_of(drawings[0].span.to(drawings[-1].span), taking.sources) + text
        hint = Hint(f"Write ‘{shown}’.", (text,), at) if statement.moment is None else Hint(f"For example ‘{shown}’.")
        drawings = (*drawings, *(tree.Drawing(side.target, (), side.span) for side in others))
    taking.context.report.error("not-here", message, time.span, hint)
    return replace(statement, drawings=drawings, over=(time,))


def _is_of_a_moment(item: Recording) -> bool:
    """What is taken at the end where nothing is said."""
    return _calls(item, "histogram") or (item.layout is not None and item.layout.kind != "map")


# --- items -----------------------------------------------------------------------------------------------------------


def _item(drawing: tree.Drawing, window: Window, taking: Taking) -> Recording:
    """What is drawn, and what it is called."""
    found = recording(drawing.item, window, "", "plot", taking)
    found = replace(found, words=words_of(drawing.item, taking))
    for said in drawing.drawn_as:
        found = labelled(found, said.text, said.span, taking) if said.text else replace(found, layout=_layout(found, said, taking))
    return found


def _layout(item: Recording, said: tree.DrawnAs, taking: Taking) -> Layout:
    """How an item is to be drawn, where it has the values for it."""
    owners = set(_owners(item.item))
    context, window = taking.context, item.window
    at_times = window.over is not None or not (window.at_end or window.at is not None)
    kind: Literal["matrix", "map", "image"] = "matrix"
    match said.kind:
        case "matrix":
            fits = len(owners) == 1 and isinstance(next(iter(owners)), OfProjection | OfPatterns)
            message = (
                "A matrix has a value for each connection of one projection, a row for each post- and a column for each presynaptic unit."
            )
            hint = "For example ‘plot ex.w as matrix at end’."
        case "image":
            kind, fits = "image", len(owners) == 1
            message = "An image has a value for each unit of one population, or for each connection of one projection."
            hint = "For example ‘plot cells.V as image 28 × 28 at end’, ‘plot ff.w as image 28 × 28 at end’."
        case _:
            kind, fits = "map", at_times and (len(owners) > 0 or _is_of_each(item.item))
            message = "A map shows a value for each unit or connection over time, in colours."
            hint = "For example ‘plot ex.w over time as map’."
    if (not fits and not isinstance(item.item, At)) or isinstance(window.over, Expr):
        context.report.error("not-here", message, said.span, hint)
    return Layout(kind, *_shape(said.shape, taking))


def _shape(node: tree.Expr | None, taking: Taking) -> tuple[Expr | None, Expr | None]:
    """`28 × 28`: rows and columns."""
    if node is None:
        return None, None
    if not (isinstance(node, tree.Binary) and node.operator == "*" and not node.implicit):
        message = "The shape of an image is its numbers of rows and columns."
        taking.context.report.error("not-here", message, node.span, "For example ‘as image 28 × 28’.")
        return None, None
    rows, columns = (amount(one, COUNT, "The size of an image", taking.context, taking.constants) for one in (node.left, node.right))
    return rows, columns


def _owners(expr: Expr) -> Iterator[Owner]:
    """Of what an expression has a value for each unit or connection."""
    match expr:
        case Ref(owner=OfPopulation() | OfProjection() | OfPatterns() as owner):
            yield owner
        case Call(function="unit"):
            pass
        case Call() if taken_together(expr) and expr.function != AT_SPIKES:
            pass
        case _:
            for child in children(expr):
                yield from _owners(child)


def _is_of_each(expr: Expr) -> bool:
    return any(map(_is_of_each, children(expr))) or (isinstance(expr, Call) and not taken_together(expr) and bool(set(_owners(expr))))


# --- what it is over -------------------------------------------------------------------------------------------------


def _over(side: tree.Range, taking: Taking) -> Recording:
    """An expression that items are plotted over."""
    found = translate_number(side.target, taking.reading("plot"))
    shown = recording(side.target, Window(during=taking.phase), "", "plot", taking)
    (read,) = taking.placed((found.expr,), side.target.span)
    if refuse_series(read, side.target.span, taking.context.report):
        read = taking.context.unknown.expr
    return replace(shown, item=read, words=words_of(side.target, taking))


def _calls(item: Recording, function: str) -> bool:
    return isinstance(item.item, Call) and item.item.function == function


def _require_time(statement: tree.Plot, items: tuple[Recording, ...], elsewhere: bool, context: Context) -> None:
    """A raster is over time, intervals are of a stretch of it, a histogram is of moments."""
    moment = statement.moment
    at_once = moment is not None and (moment.at_end or moment.at is not None)
    if len(statement.over) > 2:
        message = "Over more than two parameters nothing can be drawn."
        context.report.error(
            "not-here", message, statement.over[2].span, "Leave some out: what is not named has a figure or a line of its own."
        )
    for item in items:
        if _calls(item, "raster") and (elsewhere or at_once):
            hint = "Give it a ‘plot’ line of its own: ‘plot raster(E)’, ‘… over last 200 ms’, ‘… in phase test’."
            context.report.error("not-here", "A raster shows spikes over time.", item.span, hint)
        if _calls(item, "isi_histogram") and (elsewhere or at_once):
            hint = "Give it a ‘plot’ line of its own: ‘plot isi_histogram(E)’, ‘… over last 2 s’, ‘… in phase test’."
            context.report.error("not-here", "A histogram of intervals is of a stretch of time.", item.span, hint)
        if elsewhere and any(_calls(item, name) for name in _CURVES):
            message = "This is a curve, and has an axis of its own."
            hint = "Leave that out, or plot a number of it: ‘plot max(psth(E, 5 ms, cue)) over ν’."
            context.report.error("not-here", message, item.span, hint)
        if elsewhere and _calls(item, "histogram"):
            message = "A histogram shows moments, and nothing over another variable."
            context.report.error("not-here", message, item.span, "Leave out what it is over: each run of a sweep has its own outline.")


# --- axes ------------------------------------------------------------------------------------------------------------


def _with_wishes(spec: PlotSpec, statement: tree.Plot, taking: Taking) -> PlotSpec:
    """What the line says of its axes: `with log x, y from 0 Hz to 50 Hz`, `over ν from 5 Hz to 20 Hz`."""
    found = {"x": NO_WISH, "y": NO_WISH}
    across, up = _directions(spec)
    for side, name in zip(statement.over, ("x", "y"), strict=False):
        if side.start is not None and side.stop is not None:
            start, stop = _comparable(side.target, (side.start, side.stop), taking)
            found[name] = replace(found[name], start=start, stop=stop, dimension=spec.over["xy".index(name)].dimension)
    for axis in statement.axes:
        there = across if axis.name == "x" else up
        wish = replace(found[axis.name], logarithmic=axis.logarithmic or found[axis.name].logarithmic)
        if axis.start is not None and axis.stop is not None:
            wish = _range(wish, axis, there, taking)
        if axis.text:
            named = _named(axis, there.of_name, taking)
            wish = replace(wish, label=named.label, shown=named.shown)
        found[axis.name] = wish
    spec = replace(spec, horizontal=found["x"], vertical=found["y"])
    return _in_units(spec)


def _named(axis: tree.Axis | None, dimensions: tuple[Dimension | None, ...], taking: Taking) -> AxisWish:
    """What an axis, along which something of these dimensions lies, is called, and in which unit."""
    if axis is None:
        return NO_WISH
    shown = shown_in(axis.text)
    sound = shown is not None and fits(shown, dimensions, axis.text, axis.span, taking)
    return AxisWish(axis.text, shown if sound else None)


def _in_units(spec: PlotSpec) -> PlotSpec:
    """What lies along an axis that is called with a unit is shown in that unit."""
    across, up = spec.horizontal.shown, spec.vertical.shown
    over, items = spec.over, spec.items
    if any(_calls(item, "histogram") for item in items):
        items = items if across is None else tuple(in_unit(item, across) for item in items)
        return replace(spec, items=items)
    if up is not None and len(over) < 2:
        items = tuple(in_unit(item, up) for item in items)
    shown = (across, up)[: len(over)]
    over = tuple(side if unit is None else in_unit(side, unit) for side, unit in zip(over, shown, strict=True))
    return replace(spec, items=items, over=over)


@dataclass(frozen=True, slots=True)
class _Direction:
    """What the ends of an axis may be: of these dimensions; None where anything may be there. `called`: what its name may end in, where that is less."""

    dimensions: tuple[Dimension | None, ...] | None
    called: tuple[Dimension | None, ...] | None = None

    @property
    def of_name(self) -> tuple[Dimension | None, ...]:
        """What its name may end in; None stands for anything."""
        return self.called or self.dimensions or (None,)


def _directions(spec: PlotSpec) -> tuple[_Direction, _Direction]:
    """What is along the horizontal and along the vertical axis of a plot."""
    items = tuple(item.dimension for item in spec.items)
    if any(_calls(item, name) for item in spec.items for name in (*_CURVES, "isi_histogram")):
        return _Direction(None, (FREQUENCY if _calls(spec.items[0], "spectrum") else TIME,)), _Direction(None)
    if any(_calls(item, "histogram") for item in spec.items):
        return _Direction(items), _Direction(None)
    if len(spec.over) == 2:
        return _Direction((spec.over[0].dimension,)), _Direction((spec.over[1].dimension,))
    if spec.over:
        return _Direction((spec.over[0].dimension,)), _Direction(items)
    return _Direction(None if spec.window.at_end or spec.window.at is not None else (TIME,)), _Direction(items)


def _range(wish: AxisWish, axis: tree.Axis, there: _Direction, taking: Taking) -> AxisWish:
    """With the ends that are wished for."""
    context = taking.reading("plot")
    assert axis.start is not None and axis.stop is not None, "it has ends"
    low, high = translate_number(axis.start, context), translate_number(axis.stop, context)
    require_same(axis.start, low.dim, axis.stop, high.dim, context, "be compared")
    for node, value in ((axis.start, low), (axis.stop, high)):
        refuse_arrays(value.expr, "What is needed here", node.span, context, taking.files)
    known = next(
        (d for d in there.dimensions or () if d is not None and context.solver.unify(low.dim, context.solver.of(d), axis.span)), None
    )
    dimension = known if known is not None else context.solver.resolve(low.dim).known
    if there.dimensions is not None and known is None and None not in there.dimensions:
        shown = " or ".join(dict.fromkeys(display_unit(d)[0] or "a pure number" for d in there.dimensions if d is not None))
        message = f"The axis {axis.name} of this plot has {shown}, and these ends have another unit."
        context.report.error("inconsistent-units", message, axis.span, "Write them in that unit.")
    return replace(wish, start=low.expr, stop=high.expr, dimension=dimension)


# --- contours --------------------------------------------------------------------------------------------------------


def _is_contours(item: tree.Expr) -> bool:
    return isinstance(item, tree.Apply) and is_word(item.function, "contours")


def _is_varied(side: tree.Range, taking: Taking) -> bool:
    """Whether it is a variable of a population with its ends, as on a plane of contours."""
    if side.start is None or not isinstance(side.target, tree.Member | tree.Indexed):
        return False
    found = translate(side.target, taking.reading("plot")).expr
    variable = found.arguments[0] if isinstance(found, Call) and found.function == "unit" else found
    block = taking.network.blocks.get(variable.owner) if isinstance(variable, Ref) else None
    declared = block.variable(variable.name) if block is not None and isinstance(variable, Ref) else None
    return declared is not None and declared.role not in PARAMETERS


def _contours(statement: tree.Plot, text: str, taking: Taking) -> PlotSpec:
    """`contours(E) over x from a to b, y from c to d at [levels]`; the path of the run is taken with it."""
    context, over = taking.reading("plot"), statement.over
    window = Window(during=taking.phase)
    moment = statement.moment
    if moment is not None and (moment.at_end or any(p is not None for p in (moment.every, moment.last, moment.start, moment.during))):
        context.report.error("not-here", "Contours are drawn as they are at the end of the run.", moment.span, "Leave the moment out.")
    items = tuple(_item(drawing, window, taking) for drawing in statement.drawings)
    if len(over) != 2 or any(side.start is None for side in over) or len(items) != 1 or not _is_contours(statement.items[0]):
        message = "A contour plot is of one expression over a plane of two variables."
        hint = "Write ‘plot contours(E) over cell.a from 0 to 1, cell.b from 0 to 1’."
        context.report.error("not-here", message, statement.span, hint)
        return PlotSpec((), window, text, statement.span)
    levels = _levels(statement.items[0], moment, taking)
    sides = _side(over[0], window, taking), _side(over[1], window, taking)
    labels = {axis.name: axis for axis in statement.axes}
    wishes = [_named(labels.get(name), (side.item.dimension,), taking) for name, side in zip("xy", sides, strict=True)]
    x, y = (
        side if wish.shown is None else replace(side, item=in_unit(side.item, wish.shown)) for side, wish in zip(sides, wishes, strict=True)
    )
    return PlotSpec(items, window, text, statement.span, Plane(x, y, levels), (), "", *wishes)


def _levels(item: tree.Expr, moment: tree.Moment | None, taking: Taking) -> tuple[Expr, ...]:
    """The values at which contours are drawn, as listed."""
    if moment is None or moment.at is None:
        return ()
    written = moment.at.items if isinstance(moment.at, tree.Listing) else (moment.at,)
    return _comparable(item, written, taking)


def _comparable(item: tree.Expr, written: Iterable[tree.Expr], taking: Taking) -> tuple[Expr, ...]:
    """Values that `item` is compared with."""
    context = taking.reading("plot")
    dim = translate(item, context).dim
    values = [translate_number(node, context) for node in written]
    for node, value in zip(written, values, strict=True):
        require_same(item, dim, node, value.dim, context, "be compared")
        refuse_arrays(value.expr, "What is needed here", node.span, context, taking.files)
    return tuple(value.expr for value in values)


def _side(side: tree.Range, window: Window, taking: Taking) -> Side:
    """One side of the plane: a variable of a population, or of one of its units."""
    target = replace(recording(side.target, window, "", "plot", taking), words=words_of(side.target, taking))
    variable = target.item.arguments[0] if isinstance(target.item, Call) and target.item.function == "unit" else target.item
    if not isinstance(variable, Ref) or not isinstance(variable.owner, OfPopulation):
        message = f"‘{target.text}’ is no variable of a population, so there is nothing to vary."
        hint = "A side of the plane is ‘cell.V’, or ‘cell.V[1]’ of several cells."
        taking.context.report.error("not-here", message, side.target.span, hint)
    assert side.start is not None and side.stop is not None, "a plane has ends"
    start, stop = _comparable(side.target, (side.start, side.stop), taking)
    return Side(target, start, stop)
