"""Finished runs of a sweep in a folder, until all are done: what is finished stays finished, whatever becomes of the process.

Comes in: what runs have in common, and a folder. Goes out: for an order the run that was kept, or None. A file holds data alone (`as_data`), is written
whole or not at all, and is called by everything that its run depends on; so a file of another model, or of other numbers, is not found.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from plasticdsl import cache
from plasticdsl.as_data import read, written
from plasticdsl.crew import Job
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.whole import write_whole

_log = logging.getLogger(__name__)

ENDING = ".run.json"


@dataclass(frozen=True, slots=True)
class KeptRuns:
    """Of one job."""

    job: Job
    folder: Path

    def find(self, order: Order) -> Run | None:
        """The run of that order, if it is there."""
        try:
            found = read(self._path(order).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, Run) else None

    def keep(self, order: Order, run: Run) -> None:
        """Keeps a finished run; where that is not possible (a full disk, for example), it is said."""
        try:
            write_whole(self._path(order), written(run))
        except OSError as problem:
            _log.warning("a finished run is not kept in %s: %s", self.folder, problem.strerror)

    def _path(self, order: Order) -> Path:
        job = self.job
        what = written((job.loaded.digest, job.experiment, job.options, dict(job.given), order))
        return self.folder / f"{cache.key('run', hashlib.blake2b(what, digest_size=16).hexdigest())}{ENDING}"


def clear(folder: Path) -> None:
    """Deletes kept runs, and the folder where nothing else is in it."""
    for path in folder.glob(f"*{ENDING}"):
        path.unlink(missing_ok=True)
    try:
        folder.rmdir()
    except OSError:
        return
