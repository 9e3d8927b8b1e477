"""Where a run stands, in a folder: what it goes on from after a crash, a reboot or Ctrl-C.

Comes in: a folder, a name that says all that the run depends on, and how often to keep. Goes out: the last checkpoint that is whole. A file holds arrays
and data alone (`archives`), and the last two are there.
"""

from __future__ import annotations

import io
import logging
import math
import shutil
import time
import weakref
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl import archives
from plasticdsl.runtime.engine.company import Company
from plasticdsl.runtime.play.place import Checkpoint
from plasticdsl.runtime.watch.streams import PIECE, Streams, required
from plasticdsl.streaming import ZarrStreams

_log = logging.getLogger(__name__)

ENDING = ".checkpoint.npz"
#: So many are there of a run.
KEPT = 2


class FolderOfCheckpoints:
    """Those of one run. `every`: so many seconds after the beginning, or the last, the next is due. `streams`: where what it records is put meanwhile."""

    def __init__(self, folder: Path, name: str, every: float, streams: Streams | None = None) -> None:
        self._folder, self._name, self._every = folder, name, every
        self.streams = streams
        self._since = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for another one."""
        return time.monotonic() - self._since >= self._every

    def last(self) -> Checkpoint | None:
        """The newest that is whole."""
        found = self.newest()
        return None if found is None else found[1]

    def newest(self) -> tuple[Path, Checkpoint] | None:
        """The same, and where it is."""
        for path in reversed(self._files()):
            try:
                return path, archives.read(path, Checkpoint)[0]
            except archives.PROBLEMS as problem:
                _log.warning("%s is left out: %s", path, problem)
        return None

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keeps it; where that is not possible (a full disk, for example), it is said, and the run goes on."""
        try:
            if self.streams is not None:
                self.streams.secure()
            archives.write(self._folder / f"{self._name}-{checkpoint.step:020d}{ENDING}", checkpoint, lasting=True)
            for path in self._files()[:-KEPT]:
                path.unlink(missing_ok=True)
        except OSError as problem:
            _log.warning("where the run stands is not kept in %s: %s", self._folder, problem.strerror)
        self._since = time.monotonic()

    def forget(self) -> None:
        """The run is finished, and kept as a whole."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._name}-*{ENDING}"))


class SharedCheckpoints:
    """Those of a run that several processes share: the first one keeps them, and tells the others, which put what is recorded into a folder of their own
    meanwhile. All calls are collective, but for `due`."""

    def __init__(self, company: Company, own: FolderOfCheckpoints) -> None:
        self._company, self._own, self.streams = company, own, own.streams
        if company.rank and own.streams is not None:
            folder = mkdtemp(prefix="plasticdsl-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self.streams = ZarrStreams(Path(folder) / "recordings.zarr", {})

    @property
    def due(self) -> bool:
        """Whether it is time for another one, for this process."""
        return self._own.due

    def last(self) -> Checkpoint | None:
        """The newest that is whole, which the first process reads."""
        found = self._own.newest() if self._company.rank == 0 else None
        told = self._company.gather(np.zeros(0, dtype=np.uint8) if found is None else np.fromfile(found[0], dtype=np.uint8))[0]
        if not len(told):
            return None
        checkpoint = found[1] if found is not None else archives.read(io.BytesIO(told.tobytes()), Checkpoint)[0]
        names = {name: one.stored for one in checkpoint.series for name in one.names}
        for name, rows in {**names, **{name: one.stored for one in checkpoint.spikes.values() for name in one.names}}.items():
            self._tell(name, rows)
        return checkpoint

    def keep(self, checkpoint: Checkpoint) -> None:
        """The first process keeps it."""
        if self._company.rank == 0:
            self._own.keep(checkpoint)

    def _tell(self, name: str, rows: int) -> None:
        """The rows that are on disk, piece by piece."""
        streams, company = required(self.streams), self._company
        own = streams.again(name) if company.rank == 0 else None
        like = _like_those_of_the_first(None if own is None else own.rows(0, 1), company)
        step = max(1, PIECE // max(1, math.prod(like.shape[1:])))
        for at in range(0, rows, step):
            part = np.zeros(0, dtype=like.dtype) if own is None else own.rows(at, min(at + step, rows))
            told = company.gather(part.ravel())[0].reshape(-1, *like.shape[1:])
            if company.rank:
                (streams.again(name) if at else streams.stream(name, [f"{name} {k}" for k in range(told.ndim)], told, {})).put(at, told)


def _like_those_of_the_first(rows: NDArray[Any] | None, company: Company) -> NDArray[Any]:
    """Of what type the numbers of the first process are, and how wide its rows."""
    about = "" if rows is None else " ".join((rows.dtype.str, *map(str, rows.shape[1:])))
    kind, *shape = company.gather(np.frombuffer(about.encode(), dtype=np.uint8))[0].tobytes().decode().split()
    return np.zeros((0, *map(int, shape)), dtype=kind)
