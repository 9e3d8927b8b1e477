"""Recordings on disk while they are made: a Zarr group, which xarray opens while the run goes on.

Comes in: rows. Goes out: an array for each stream, which grows. What readers see is what was published last (the group's consolidated metadata), so never
half a row; what a process put without publishing before it died is written over when the run goes on. Each array has a mark of its own, so that a result
which reads from one is told where that is gone, or another run's stands in its place.

Zarr does its work in coroutines, by itself in a thread for these and others for files and for packing. Here they are carried out where they are asked for,
one chunk after the other (`_now`): threads have stacks and heaps of their own, and there is not always memory to begin one.
"""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
import uuid
import warnings
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from numpy.typing import NDArray

from plasticdsl.archives import gone
from plasticdsl.runtime.watch.streams import Stream
from plasticdsl.whole import synchronise

P = ParamSpec("P")
T = TypeVar("T")

#: Bytes of a chunk, about.
CHUNK = 1 << 20
#: The attribute that is the mark of an array, and the file in which Zarr keeps attributes.
_MARK, _ABOUT = "recorded_as", "zarr.json"
#: Zarr takes `/` for a folder; DIVISION SLASH looks the same.
_SLASH = "\u2215"


class ZarrStreams:
    """In a folder, which is made when the first stream is. `attributes`: of the whole."""

    def __init__(self, folder: Path, attributes: Mapping[str, Any]) -> None:
        self.folder, self._attributes = folder, dict(attributes)
        self._group: Any = None
        self._secured = 0  # ns of the clock of files

    def _opened(self) -> Any:
        if self._group is None:
            from zarr.api.asynchronous import open_group

            self._group = _now(open_group(self.folder, mode="a", zarr_format=3, attributes=self._attributes))
            if not self._group.metadata.consolidated_metadata:
                self.publish()
        return self._group

    def stream(self, name: str, dimensions: Sequence[str], like: NDArray[Any], attributes: Mapping[str, Any]) -> Stream:
        """A new one of rows `like` these. Raises OSError."""
        shape, rows = like.shape[1:], max(1, CHUNK // max(1, like.dtype.itemsize * int(like[:1].size)))
        named = [dimension.replace("/", _SLASH) for dimension in dimensions]
        array = _now(
            self._opened().create_array(
                name.replace("/", _SLASH),
                shape=(0, *shape),
                chunks=(rows, *(max(1, size) for size in shape)),
                dtype=like.dtype,
                dimension_names=named,
                attributes={**attributes, _MARK: uuid.uuid4().hex},
                overwrite=True,
            )
        )
        return _Rows(self.folder / name.replace("/", _SLASH), array.attrs[_MARK], array)

    def again(self, name: str) -> Stream:
        """One that is there. Raises FileNotFoundError where it is not."""
        place = self.folder / name.replace("/", _SLASH)
        mark = about(place).get(_MARK)
        if not isinstance(mark, str):
            raise FileNotFoundError(errno.ENOENT, "what an unfinished run has recorded is gone; begin it anew", str(place))
        return _Rows(place, mark)

    def gone(self, name: str) -> Stream:
        """One that is not there: who reads it is told so."""
        return _Rows(self.folder / name.replace("/", _SLASH), "")

    def free(self) -> int:
        """How many bytes there is room for, those of what is there already among them."""
        there = next(folder for folder in (self.folder.absolute(), *self.folder.absolute().parents) if folder.exists())
        return shutil.disk_usage(there).free + sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def publish(self) -> None:
        """Whoever reads it while it is written sees all that has been put so far."""
        if self._group is not None or self.folder.exists():
            from zarr.api.asynchronous import consolidate_metadata

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Zarr warns that others may not know consolidated metadata, who then do without
                _now(consolidate_metadata(self._opened().store))

    def secure(self) -> None:
        """What has been put so far is on the disk by now, should the machine go down. Raises OSError."""
        latest = self._secured
        for file in self.folder.rglob("*"):
            if file.is_file() and (changed := file.stat().st_mtime_ns) >= self._secured:
                synchronise(file)
                latest = max(latest, changed)
        self._secured = latest


def about(folder: Path) -> dict[str, Any]:
    """The attributes of the group in a folder; none where there is no group."""
    try:
        found = json.loads((folder / _ABOUT).read_bytes())["attributes"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


class _Rows:
    """Of one array with a mark, which lies in `folder`, and is opened when it is asked for: another process may have it too."""

    def __init__(self, folder: Path, mark: str, array: Any = None) -> None:
        self._folder, self._mark, self._opened = folder, mark, array

    def __reduce__(self) -> tuple[type[_Rows], tuple[Path, str]]:
        return _Rows, (self._folder, self._mark)

    @property
    def _array(self) -> Any:
        self._require_same()
        if self._opened is None:
            from zarr.api.asynchronous import open_array

            self._opened = _now(open_array(store=self._folder, mode="r+"))
        return self._opened

    def _require_same(self) -> None:
        """Raises FileNotFoundError where the array is gone, or another one has come in its place: Zarr would read zeros, or what is not meant."""
        mark = about(self._folder).get(_MARK)
        if mark is None or mark != self._mark:
            raise gone(self._folder)

    def put(self, at: int, rows: NDArray[Any]) -> None:
        """Rows from number `at` on; those that were there from then on are gone."""
        array, end = self._array, at + len(rows)
        _now(array.resize((end, *array.shape[1:])))
        _now(array.setitem(slice(at, end), rows))

    def rows(self, begin: int, end: int) -> NDArray[Any]:
        """The rows begin to end − 1."""
        found: NDArray[Any] = _now(self._array.getitem(slice(begin, end)))
        return found


# --- Zarr's coroutines, without its threads --------------------------------------------------------------------------


class _Here(ThreadPoolExecutor):
    """Does what would be done in another thread at once. It never begins a thread."""

    def submit(self, function: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> Future[T]:
        """Its result is there when this returns."""
        done = Future[T]()
        try:
            done.set_result(function(*arguments, **options))
        except Exception as problem:
            done.set_exception(problem)
        return done


def _now(what: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine of Zarr, carried out in this thread, unless that is in the middle of another one (as in notebooks)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _carried_out(what)
    with ThreadPoolExecutor(1) as other:
        return other.submit(_carried_out, what).result()


def _carried_out(what: Coroutine[Any, Any, T]) -> T:
    from zarr import config

    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Here(1))
    loop.set_exception_handler(
        lambda _loop, _problem: None
    )  # a second Ctrl-C may come in the middle of Zarr's coroutines, which would print where
    try:
        with config.set({"async.concurrency": 1}):
            return loop.run_until_complete(what)
    finally:
        loop.close()
