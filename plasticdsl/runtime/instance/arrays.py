"""The numbers that a network takes from files of arrays.

Comes in: the data sets of a network, and what units or connections ask for. Goes out: float64 arrays in the file's units, finite all of them. A file is
read once for each network that is built. Raises `PlasError` that names file and array.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from plasticdsl.data import files
from plasticdsl.model import Projection
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfTable, owner_text
from plasticdsl.model.patterns import DataSet
from plasticdsl.runtime.instance.instance import Floats, Stored, Values
from plasticdsl.runtime.instance.patterns import readable
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.support.arrays import Integers, Sparse, as_series, as_table, dense
from plasticdsl.support.connections import Connections, in_order


class Arrays:
    """The arrays of all data sets, by their references. `known`: those of the sets that have been read."""

    def __init__(self, sets: tuple[DataSet, ...], known: dict[str, Stored]) -> None:
        self._sets = {of.name: of for of in sets}
        self.known = known

    def arrays(self, name: str) -> Stored:
        """All arrays of a data set."""
        of = self._sets[name]
        if name not in self.known:
            with readable(f"The data ‘{of.symbol}’", of.span):
                self.known[name] = {**(files.load_sparse(of.path) or files.load(of.path))}
        return self.known[name]

    def array(self, ref: Ref) -> Floats | Sparse:
        """One array as it is in its file."""
        arrays = self.arrays(owner_text(ref.owner))
        if ref.name not in arrays:
            self._fail("unknown-name", ref, f"is not there any more; the file has {', '.join(arrays)}")
        found = arrays[ref.name]
        wrong = np.argwhere(~np.isfinite(found.values if isinstance(found, Sparse) else found))
        if len(wrong):
            self._fail("not-finite", ref, f"holds a value that is no finite number, at {', '.join(map(str, wrong[0])) or 0} (from 0)")
        return found

    def table(self, ref: Ref, size: Callable[[str], int] = lambda _: 0) -> Values:
        """An array by itself: its only number, or float64 with its axes; `size`: of what an axis runs over."""
        assert isinstance(ref.owner, OfTable)
        try:
            return as_table(self.array(ref), [None if axis is None else size(axis) for axis in ref.owner.axes])
        except ValueError as problem:
            self._fail("sizes-differ", ref, str(problem))

    def of_units(self, ref: Ref, count: int, population: str) -> Values:
        """One number for each unit of a population, or one for all."""
        found = self.array(ref)
        if isinstance(found, Sparse) or found.shape not in ((), (count,)):
            self._fail(
                "sizes-differ", ref, f"has the shape {found.shape}, and ‘{population}’ has {count} units: one number for each is needed"
            )
        return found if found.ndim else float(found)

    def of_series(self, ref: Ref, count: int, population: str) -> Floats:
        """Samples over time: float64[samples, units], or float64[samples, 1] where all units share them."""
        found = dense(self.array(ref))
        if found.ndim not in (1, 2) or not len(found) or (found.ndim == 2 and found.shape[1] not in (1, count)):
            needed = f"samples for ‘{population}’ are one list, or have a row for each time and columns for its {count} units"
            self._fail("sizes-differ", ref, f"has the shape {found.shape}; {needed}")
        return as_series(found)

    def at_pairs(self, ref: Ref, pre: Integers, post: Integers, sizes: tuple[int, int]) -> Values:
        """The entries of a matrix [post, pre] at pairs of units (from 0); `sizes`: of the pre and the post population."""
        found = self.array(ref)
        if found.shape == ():
            return float(np.asarray(found))
        if found.shape != sizes[::-1]:
            self._no_matrix(ref, found.shape, sizes)
        entries: Floats = found[post, pre]
        return entries

    def of_connections(self, ref: Ref, found: Connections, sizes: tuple[int, int]) -> Values:
        """One number for each connection, in the order in which they were listed or from a matrix [post, pre], or one for all."""
        values = self.array(ref)
        if len(values.shape) == 2 and values.shape != sizes[::-1]:
            self._no_matrix(ref, values.shape, sizes)
        try:
            ordered: Values = in_order(values, found, sizes[1])
        except ValueError as problem:
            self._fail("sizes-differ", ref, f"does not fit: {problem}")
        return ordered

    def listed(self, projection: Projection, sizes: tuple[int, int]) -> tuple[Integers, Integers]:
        """The pre and the post unit (from 0) of each connection."""
        refs = projection.connectivity.data
        if len(refs) == 1:
            matrix = self.array(refs[0])
            if matrix.shape != sizes[::-1]:
                self._no_matrix(refs[0], matrix.shape, sizes)
            if isinstance(matrix, Sparse):
                there = matrix.values != 0.0
                return matrix.columns[there], matrix.rows[there]
            post, pre = np.nonzero(matrix)
            return pre, post
        pre, post = map(self._numbers, refs, sizes)
        if len(pre) != len(post):
            self._fail("sizes-differ", refs[0], f"has {len(pre)} numbers, and ‘{refs[1].name}’ {len(post)}")
        return pre, post

    def _numbers(self, ref: Ref, size: int) -> Integers:
        found = self.array(ref)
        if isinstance(found, Sparse):
            self._fail("out-of-range", ref, "is a matrix, and no list of units")
        wrong = np.flatnonzero((found != np.rint(found)) | (found < 0) | (found >= size)) if found.ndim == 1 else np.zeros(1, np.int64)
        if len(wrong):
            said = f"{found[wrong[0]]:g} (row {wrong[0]}, from 0)" if found.ndim == 1 else f"an array of shape {found.shape}"
            self._fail("out-of-range", ref, f"must hold numbers of units from 0 to {size - 1}, and holds {said}")
        return found.astype(np.int64)

    def _no_matrix(self, ref: Ref, shape: tuple[int, ...], sizes: tuple[int, int]) -> NoReturn:
        turned = "; it is the other way round" if shape == sizes else ""
        wanted = f"a row for each of {sizes[1]} post units and a column for each of {sizes[0]} pre units"
        self._fail("sizes-differ", ref, f"has the shape {shape}, but needs {wanted}{turned}")

    def _fail(self, code: str, ref: Ref, said: str) -> NoReturn:
        of = self._sets[owner_text(ref.owner)]
        fail(code, f"‘{ref.name}’ in {Path(of.path).name} {said}.", of.span)
