"""The data sets of an experiment: read from their files once, or given from Python.

Comes in: the data sets that an experiment names and what the user gives in their place. Goes out: the arrays of each, by name; the first axis numbers
the items.
"""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.data import files
from plasticdsl.model.patterns import DataSet
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.runtime.instance.patterns import read_arrays
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.runtime.play.feeds import Data


def all_data(sets: tuple[DataSet, ...], given: Data) -> dict[str, Mapping[str, Floats]]:
    """Every data set. Raises `PlasError` for a file that cannot be read, ValueError for arrays from Python that do not fit."""
    return {each.name: _given(each, given[each.name]) if each.name in given else _read(each) for each in sets}


def _given(each: DataSet, arrays: Mapping[str, object]) -> dict[str, Floats]:
    if not isinstance(arrays, Mapping) or not arrays:
        raise ValueError(
            f'‘{each.symbol}’ is given as a mapping from names to arrays, for example {each.symbol}={{"image": …, "label": …}}'
        )
    found = files.numbers(arrays, each.symbol)
    missing = [name for name, _ in each.arrays if name not in found]
    if missing:
        raise ValueError(f"‘{each.symbol}’ has no array ‘{missing[0]}’; there is {', '.join(found)}")
    ordered = {name: found[name] for name in (*(name for name, _ in each.arrays), *found)}
    problem = _problem(ordered)
    if problem:
        raise ValueError(f"‘{each.symbol}’: {problem}")
    return ordered


def _read(each: DataSet) -> dict[str, Floats]:
    if not each.path:
        fail(
            "not-given", f"The data ‘{each.symbol}’ have no file and were not given.", each.span, "Give them from Python, under this name."
        )
    found = read_arrays(each.path, f"The data ‘{each.symbol}’", each.span)
    wrong = _problem(found)
    if wrong:
        fail("sizes-differ", f"‘{each.symbol}’: {wrong}.", each.span)
    return found


def _problem(arrays: Mapping[str, Floats]) -> str:
    """What is wrong with arrays whose first axis should number the items; empty where nothing is."""
    if not arrays:
        return "there is no array"
    alone = next((name for name, a in arrays.items() if not a.ndim), None)
    if alone is not None:
        return f"‘{alone}’ is a single number, not one for each item"
    first, *others = arrays
    count = len(arrays[first])
    if not count:
        return f"‘{first}’ is empty"
    for name in others:
        if len(arrays[name]) != count:
            return (
                f"‘{first}’ has {count} items, but ‘{name}’ has {len(arrays[name])} (shapes {arrays[first].shape} and {arrays[name].shape})"
            )
    return ""
