"""Recordings on disk while they are made: a Zarr group, which xarray opens while the run goes on.

Comes in: rows. Goes out: an array for each stream, which grows. What readers see is what was published last (the group's consolidated metadata), so never
half a row; what a process put without publishing before it died is written over when the run goes on.
"""

from __future__ import annotations

import errno
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from plasticdsl.runtime.watch.streams import Stream

#: Bytes of a chunk, about.
CHUNK = 1 << 20
#: Zarr takes `/` for a folder; DIVISION SLASH looks the same.
_SLASH = "\u2215"


class ZarrStreams:
    """In a folder, which is made when the first stream is. `attributes`: of the whole."""

    def __init__(self, folder: Path, attributes: Mapping[str, Any]) -> None:
        self.folder, self._attributes = folder, dict(attributes)
        self._group: Any = None

    def _opened(self) -> Any:
        if self._group is None:
            import zarr

            self._group = zarr.open_group(self.folder, mode="a", zarr_format=3, attributes=self._attributes)
            if not self._group.metadata.consolidated_metadata:
                self.publish()
        return self._group

    def stream(self, name: str, dimensions: Sequence[str], like: NDArray[Any], attributes: Mapping[str, Any]) -> Stream:
        """A new one of rows `like` these. Raises OSError."""
        shape, rows = like.shape[1:], max(1, CHUNK // max(1, like.dtype.itemsize * int(like[:1].size)))
        named = [dimension.replace("/", _SLASH) for dimension in dimensions]
        return _Rows(
            self._opened().create_array(
                name.replace("/", _SLASH),
                shape=(0, *shape),
                chunks=(rows, *(max(1, size) for size in shape)),
                dtype=like.dtype,
                dimension_names=named,
                attributes=dict(attributes),
                overwrite=True,
            )
        )

    def again(self, name: str) -> Stream:
        """One that is there. Raises FileNotFoundError where it is not."""
        called = name.replace("/", _SLASH)
        if called not in self._opened():
            raise FileNotFoundError(errno.ENOENT, "what an unfinished run has recorded is gone; begin it anew", str(self.folder / called))
        return _Rows(self._opened()[called])

    def publish(self) -> None:
        """Whoever reads it while it is written sees all that has been put so far."""
        import zarr

        if self._group is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Zarr warns that others may not know consolidated metadata, who then do without
                zarr.consolidate_metadata(self._group.store)


class _Rows:
    """Of one array."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def put(self, at: int, rows: NDArray[Any]) -> None:
        """Rows from number `at` on; those that were there from then on are gone."""
        self._array.resize((at + len(rows), *self._array.shape[1:]))
        self._array[at:] = rows

    def rows(self, begin: int, end: int) -> NDArray[Any]:
        """The rows begin to end − 1."""
        found: NDArray[Any] = self._array[begin:end]
        return found
