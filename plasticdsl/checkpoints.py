"""Where a run stands, in a folder: what it goes on from after a crash, a reboot or Ctrl-C.

Comes in: a folder, a name that says all that the run depends on, and how often to keep. Goes out: the last checkpoint that is whole. A file holds arrays
and data alone (`as_data`), is written whole or not at all, and the last two are there.
"""

from __future__ import annotations

import logging
import time
import zipfile
from pathlib import Path

import numpy as np

from plasticdsl.as_data import read, written
from plasticdsl.runtime.play.place import Checkpoint
from plasticdsl.runtime.watch.streams import Streams
from plasticdsl.whole import written as written_whole

_log = logging.getLogger(__name__)

ENDING = ".checkpoint.npz"
#: So many are there of a run.
KEPT = 2

_TABLE = "table"


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
        for path in reversed(self._files()):
            try:
                return _read(path)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError) as problem:
                _log.warning("%s is left out: %s", path, problem)
        return None

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keeps it; where that is not possible (a full disk, for example), it is said, and the run goes on."""
        try:
            _write(self._folder / f"{self._name}-{checkpoint.step:020d}{ENDING}", checkpoint)
            for path in self._files()[:-KEPT]:
                path.unlink(missing_ok=True)
        except OSError as problem:
            _log.warning("where the run stands is not kept in %s: %s", self._folder, problem.strerror)
        self._since = time.monotonic()

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._name}-*{ENDING}"))


def _write(path: Path, checkpoint: Checkpoint) -> None:
    arrays: list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = []
    table = np.frombuffer(written(checkpoint, arrays), dtype=np.uint8)
    with written_whole(path, lasting=True) as file:
        np.savez(file, **{_TABLE: table, **{f"array {number}": array for number, array in enumerate(arrays)}})  # type: ignore[arg-type]


def _read(path: Path) -> Checkpoint:
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("nothing in it is compressed, so that nothing takes more memory than its file")
    with np.load(path, allow_pickle=False) as file:
        arrays = [file[f"array {number}"] for number in range(len(file.files) - 1)]
        found = read(file[_TABLE].tobytes(), arrays)
    if not isinstance(found, Checkpoint):
        raise ValueError("it holds something else")
    return found
