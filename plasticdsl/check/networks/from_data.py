"""What a network takes from files of arrays: values (`C = d.C pF`), connections (`connections from d`), spikes (`SpikeTimes(d.times ms, d.units)`).

Comes in: what is written, and the files that the network names. Goes out: `Ref(OfData(name), array)` with the unit behind it, for values and
connections; a single number is `Ref(OfTable(name), array)` wherever it stands, and an entry (`d.W[2, 1]`) picked from `Ref(OfTable(name, axes), array)`;
names of arrays for spikes. Numbers in files have no unit, so one is written behind the array. Shapes are compared with the sizes that are known; all of
them again when the network is built.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from plasticdsl.check.networks.building import Building, Side
from plasticdsl.check.networks.lists import with_unit, written_unit
from plasticdsl.check.terms.amounts import FROM_EITHER_END, amount, constant
from plasticdsl.check.terms.context import Context, Extension, Typed
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Connectivity, GivenSpikes, SpikeFile
from plasticdsl.model.expr import Binary, Call, Expr, Number, Ref, Special, refs, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfData, OfSeries, OfTable, owner_text
from plasticdsl.model.patterns import DataSet
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import ONE, TIME
from plasticdsl.units.display import counted, display_unit
from plasticdsl.units.table import combine

_EXAMPLE = "Write for example ‘SpikeTimes(d.times ms, d.units)’."

_WAYS = (
    "Write ‘connections from d’ where the file has arrays ‘pre’ and ‘post’ with the units (from 0) of each connection, or ‘connections from d.W’ for a "
    "matrix with a row for each post and a column for each pre unit."
)

_Shape = tuple[int, ...]

#: An array of a file, by data set and name, with its shape.
_Array = tuple[DataSet, str, _Shape]


def arrays_of(data: Mapping[str, DataSet], *, single: bool = False) -> Extension:
    """The extension that reads `d.C pF`, `2 d.C pF`, `d.C[3] pF`; `single`: where one number is needed."""

    def extend(node: tree.Expr, context: Context) -> Typed | None:
        inner, unit = with_unit(node, context.scope)
        last = inner.right if isinstance(inner, tree.Binary) else inner
        if not unit:
            found = _numbers(node, context, data)
            if single and found is not None:
                refuse_arrays(found.expr, "What is needed here", node.span, context, data)
            return found
        if not _is_member(last.base if isinstance(last, tree.Indexed) else last, data):
            return None
        value = translate_number(inner, context)
        scale, dimension = combine(unit)
        return Typed(value.expr if scale == 1 else Binary("*", value.expr, Number(float(scale))), value.dim * Dim(dimension))

    return extend


def _numbers(node: tree.Expr, context: Context, data: Mapping[str, DataSet]) -> Typed | None:
    """An array, or one of its entries; None for anything else."""
    indices = node.indices if isinstance(node, tree.Indexed) else None
    array = node.base if isinstance(node, tree.Indexed) else node
    if not _is_member(array, data):
        return None
    found = _found(array, context, data)
    if found is None:
        return context.unknown
    of, name, shape = found
    if indices is not None:
        return _entry(indices, found, node.span, context)
    return Typed(Ref(OfTable(of.name) if math.prod(shape) == 1 else OfData(of.name), name), PURE)


def _entry(indices: tuple[tree.Expr, ...], found: _Array, span: Span, context: Context) -> Typed:
    """`d.w[3]`, `d.W[k, −1]`: counted from 1, or from the last."""
    of, name, shape = found
    symbol = f"{of.symbol}.{name}"
    if len(indices) != len(shape):
        example = f"‘{symbol}[{', '.join(['1'] * len(shape))}]’" if shape else f"‘{symbol}’"
        message = f"‘{symbol}’ has the shape {shape}, so an entry of it has {counted(len(shape), 'number')}, not {len(indices)}."
        return context.refuse("wrong-number-of-arguments", message, span, f"One of them is {example}.")
    numbers: list[Expr] = []
    for index, length in zip(indices, shape, strict=True):
        before = context.report.count
        number = amount(index, FROM_EITHER_END, "The number of an entry", context, {})
        value = constant(number, {})
        if context.report.count == before and value is not None and abs(value) > length:
            context.report.error("out-of-range", f"‘{symbol}’ has the entries 1 to {length}, so there is no number {value:g}.", index.span)
        if Special("t") in walk(number):
            hint = "Samples over time are read with ‘every’: ‘A = 10 LIF, I(t) = d.stim pA every 0.5 ms’."
            context.report.error("not-a-constant", "Which entry is taken is settled before the run.", index.span, hint)
        numbers.append(number)
    return Typed(Call("pick", (Ref(OfTable(of.name, (None,) * len(shape)), name), *numbers)), PURE)


def unit_wanted(node: tree.Expr, dim: Dim, context: Context) -> str:
    """The hint for an array of a file whose unit is missing."""
    known = context.solver.resolve(dim).known
    array = node.base if isinstance(node, tree.Indexed) else node
    if known is None or not isinstance(array, tree.Member) or not isinstance(array.base, tree.Name):
        return ""
    entry = "" if array is node else "[…]"
    return f"Numbers in a file have no unit: write it behind the array, ‘{array.base.text}.{array.attribute.text}{entry} {display_unit(known)[0]}’."


def refuse_arrays(read: object, what: str, span: Span, context: Context, data: Mapping[str, DataSet]) -> None:
    """Reports an array of several numbers where one is needed; `what` it is for begins the sentence."""
    for _, symbol, shape in _read(read, data):
        has = counted(shape[0], "number") if len(shape) == 1 else f"the shape {shape}"
        entry = f"‘{symbol}[{', '.join(['1'] * len(shape))}]’"
        hint = f"Say which one, for example {entry}; populations and projections take them all: ‘A = 10 LIF, C = d.C pF’, ‘A → B: Exc, w = d.W’."
        context.report.error("sizes-differ", f"{what} is one number, and ‘{symbol}’ has {has}.", span, hint)


def require_units(read: object, population: str, count: float | None, span: Span, context: Context, data: Mapping[str, DataSet]) -> None:
    """Reports arrays that have not one number for each unit of a population, or one for all."""
    for _, symbol, shape in _read(read, data):
        if len(shape) > 1 or (shape and count is not None and shape != (count,)):
            known = "its units" if count is None else counted(int(count), "unit")
            has = counted(shape[0], "number") if len(shape) == 1 else f"the shape {shape}"
            message = f"‘{population}’ has {known}, and ‘{symbol}’ has {has}; one for each unit is needed."
            context.report.error("sizes-differ", message, span, f"Samples over time say how far they lie apart: ‘{symbol} … every 1 ms’.")


def require_series(read: object, population: str, count: float | None, span: Span, context: Context, data: Mapping[str, DataSet]) -> None:
    """Reports samples that are neither one series nor one for each unit of a population."""
    for _, symbol, shape in _read(read, data, OfSeries):
        if not shape or len(shape) > 2 or not shape[0] or (len(shape) == 2 and count is not None and shape[1] not in (1, count)):
            known = "units" if count is None else counted(int(count), "unit")
            needed = f"samples for ‘{population}’ are one list, or have a row for each time and columns for its {known}"
            message = f"‘{symbol}’ has the shape {shape}; {needed}."
            context.report.error("sizes-differ", message, span)


def require_pairs(read: object, connected: Connectivity, pre: Side, post: Side, span: Span, building: Building) -> None:
    """Reports arrays that are no matrix [post, pre], and have not one number for each connection that comes from a file, nor one for all."""
    report = building.context.report
    for of, symbol, shape in _read(read, building.data):
        if len(shape) == 2:
            _require_matrix(symbol, shape, pre, post, span, building)
        elif len(connected.data) == 2 and len(shape) == 1:
            listed = dict(of.arrays).get(connected.data[0].name) if connected.data[0].owner == OfData(of.name) else shape
            if shape != listed and listed is not None:
                message = f"‘{symbol}’ has {counted(shape[0], 'number')}, and there are {counted(listed[0], 'connection')}."
                report.error("sizes-differ", message, span)
        elif shape:
            message = f"‘{symbol}’ has the shape {shape}, so that nothing tells which number belongs to which connection."
            hint = "Give a matrix with a row for each post and a column for each pre unit, or take the connections from the file: ‘connections from d’."
            report.error("sizes-differ", message, span, hint)


def listed(node: tree.Expr, pre: Side, post: Side, building: Building) -> tuple[Ref, ...]:
    """The arrays that hold connections: of pre and of post units, or one matrix; none after reporting what is wrong."""
    report, data = building.context.report, building.data
    if isinstance(node, tree.Name) and node.name in data:
        of = data[node.name]
        if not of.path:
            return ()
        shapes = [dict(of.arrays).get(side) for side in ("pre", "post")]
        if None in shapes:
            names = ", ".join(f"‘{name}’" for name, _ in of.arrays)
            report.error("unknown-name", f"‘{of.symbol}’ has no arrays ‘pre’ and ‘post’; it has {names}.", node.span, _WAYS)
        elif shapes[0] != shapes[1] or len(shapes[0] or ()) != 1:
            message = f"‘pre’ and ‘post’ in ‘{of.symbol}’ must each have one number for each connection; their shapes are {shapes[0]} and {shapes[1]}."
            report.error("sizes-differ", message, node.span)
        else:
            return Ref(OfData(of.name), "pre"), Ref(OfData(of.name), "post")
    elif _is_member(node, data):
        found = _found(node, building.context, data)
        if found is not None and _require_matrix(f"{found[0].symbol}.{found[1]}", found[2], pre, post, node.span, building):
            return (Ref(OfData(found[0].name), found[1]),)
    else:
        report.error("not-here", "Connections come from a set of data of this network.", node.span, _WAYS)
    return ()


def _require_matrix(symbol: str, shape: _Shape, pre: Side, post: Side, span: Span, building: Building) -> bool:
    sizes = tuple(constant(side.population.size, building.constants) for side in (post, pre))
    if len(shape) == 2 and all(size is None or size == length for size, length in zip(sizes, shape, strict=True)):
        return True
    of_post, of_pre = (
        f"each unit of ‘{side.population.symbol}’" if size is None else f"each of the {size:g} units of ‘{side.population.symbol}’"
        for side, size in zip((post, pre), sizes, strict=True)
    )
    turned = "; it is the other way round" if shape == sizes[::-1] else ""
    message = f"‘{symbol}’ has the shape {shape}, but needs a row for {of_post} (post) and a column for {of_pre} (pre){turned}."
    building.context.report.error("sizes-differ", message, span)
    return False


def _read(read: object, data: Mapping[str, DataSet], kind: type[OfData | OfSeries] = OfData) -> list[tuple[DataSet, str, _Shape]]:
    """The arrays of a kind that something reads, each with what it is called there and its shape."""
    found = {ref for expr in expressions(read) for ref in refs(expr) if isinstance(ref.owner, kind)} if data else set[Ref]()
    sets = [(data[owner_text(ref.owner)], ref.name) for ref in sorted(found, key=lambda ref: ref.order)]
    return [(of, f"{of.symbol}.{name}", dict(of.arrays)[name]) for of, name in sets]


def _is_member(node: tree.Expr, data: Mapping[str, DataSet]) -> bool:
    return isinstance(node, tree.Member) and isinstance(node.base, tree.Name) and node.base.name in data


def _found(node: tree.Expr, context: Context, data: Mapping[str, DataSet]) -> _Array | None:
    """The array meant; None after reporting that there is none, or that the file is not."""
    assert isinstance(node, tree.Member) and isinstance(node.base, tree.Name)
    of, name = data[node.base.name], node.attribute
    if not of.path:
        return None
    found = next(((of, array, shape) for array, shape in of.arrays if array in (name.text, name.name)), None)
    if found is None:
        hint = did_you_mean(name.text, [array for array, _ in of.arrays], "It has")
        whole = name.text.rpartition("_")[0]
        if whole in dict(of.arrays):
            hint = Hint(
                f"If it is an entry of ‘{of.symbol}.{whole}’: an index letter stands within its sum, ‘Σ_i (A.V_i − {of.symbol}.{whole}_i)’."
            )
        context.report.error("unknown-name", f"‘{of.symbol}’ has no array ‘{name.text}’.", name.span, hint)
    return found


# --- spikes ----------------------------------------------------------------------------------------------------------


def spikes_from_data(given: Mapping[str, tree.Expr], span: Span, context: Context, data: Mapping[str, DataSet]) -> GivenSpikes | None:
    """The spikes in two arrays of one file; None where no file is meant."""
    if not any(_member(node, data) for node in given.values()):
        return None
    report, read = context.report, {name: _array(node, name, context, data) for name, node in given.items()}
    if "times" not in read or "units" not in read:
        report.error("missing-value", "Spikes from a file need their times and their units.", span, _EXAMPLE)
        return GivenSpikes(())
    times, units = read["times"], read["units"]
    if times is None or units is None:
        return GivenSpikes(())
    (of, name, shape), scale = times
    (other, unit_name, unit_shape), _ = units
    if of.name != other.name:
        report.error("unknown-option", "Times and units of spikes come from one file.", span, _EXAMPLE)
    elif len(shape) != 1 or shape != unit_shape:
        message = f"‘{name}’ and ‘{unit_name}’ in ‘{of.symbol}’ must each have one number for each spike; their shapes are {shape} and {unit_shape}."
        report.error("sizes-differ", message, span)
    return GivenSpikes((), file=SpikeFile(of.path, name, unit_name, scale))


def _member(node: tree.Expr, data: Mapping[str, DataSet]) -> tree.Member | None:
    """`d.times` of `d.times ms`."""
    while isinstance(node, tree.Binary):
        node = node.left
    return node if isinstance(node, tree.Member) and isinstance(node.base, tree.Name) and node.base.name in data else None


def _array(node: tree.Expr, argument: str, context: Context, data: Mapping[str, DataSet]) -> tuple[_Array, float] | None:
    """An array and the SI value of its unit; None after reporting what is wrong."""
    member = _member(node, data)
    if member is None or not isinstance(member.base, tree.Name):
        context.report.error("not-here", f"The {argument} of these spikes must be an array of the file.", node.span, _EXAMPLE)
        return None
    found = _found(member, context, data)
    if found is None:
        return None
    unit: tree.Unit | None = () if node is member else None
    if isinstance(node, tree.Binary) and node.operator == "*" and node.left is member:
        unit = written_unit(node.right, context.scope)
    scale, dimension = combine(unit) if unit is not None else (1, None)
    if dimension != (TIME if argument == "times" else ONE):
        symbol = f"{found[0].symbol}.{member.attribute.text}"
        wanted = f"‘{symbol} ms’" if argument == "times" else f"‘{symbol}’, without a unit"
        message = f"Numbers in a file have no unit: write the {argument} of spikes as {wanted}."
        context.report.error("inconsistent-units", message, node.span)
        return None
    return found, float(scale)
