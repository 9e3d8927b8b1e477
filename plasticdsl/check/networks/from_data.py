"""What a network takes from files of arrays: `SpikeTimes(d.times ms, d.units)`.

Comes in: arguments as written, and the files that the network names. Goes out: names of arrays with the unit behind them. Numbers in files have no unit,
so one is written behind the array.
"""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.check.networks.lists import written_unit
from plasticdsl.check.terms.context import Context
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.model import GivenSpikes, SpikeFile
from plasticdsl.model.patterns import DataSet
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import ONE, TIME
from plasticdsl.units.table import combine

_EXAMPLE = "Write for example ‘SpikeTimes(d.times ms, d.units)’."

#: An array of a file, by data set and name, with its shape.
_Array = tuple[DataSet, str, tuple[int, ...]]


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
    of, name = data[member.base.name], member.attribute
    shape = next((shape for array, shape in of.arrays if array in (name.text, name.name)), None)
    if shape is None:
        hint = did_you_mean(name.text, [array for array, _ in of.arrays], "It has")
        context.report.error("unknown-name", f"‘{of.symbol}’ has no array ‘{name.text}’.", name.span, hint)
        return None
    key = next(array for array, _ in of.arrays if array in (name.text, name.name))
    unit: tree.Unit | None = () if node is member else None
    if isinstance(node, tree.Binary) and node.operator == "*" and node.left is member:
        unit = written_unit(node.right, context.scope)
    scale, dimension = combine(unit) if unit is not None else (1, None)
    if dimension != (TIME if argument == "times" else ONE):
        wanted = f"‘{of.symbol}.{name.text} ms’" if argument == "times" else f"‘{of.symbol}.{name.text}’, without a unit"
        message = f"Numbers in a file have no unit: write the {argument} of spikes as {wanted}."
        context.report.error("inconsistent-units", message, node.span)
        return None
    return (of, key, shape), float(scale)
