"""Finished runs of a sweep in a folder, until all are done: what is finished stays finished, whatever becomes of the process.

Comes in: what runs have in common, and a folder. Goes out: for a turn the run that was kept, or None. A file holds data alone (`as_data`), is written
whole or not at all, and is called by everything that its run depends on; so a file of another model, or of other numbers, is not found.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from plasticdsl import cache
from plasticdsl.as_data import read, written
from plasticdsl.checkpoints import ENDING as OF_CHECKPOINTS
from plasticdsl.checkpoints import FolderOfCheckpoints, SharedCheckpoints
from plasticdsl.driver import stamp
from plasticdsl.jobs import Job
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.networks import GivenSpikes
from plasticdsl.model.patterns import PatternFile
from plasticdsl.runtime.engine.company import Company
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.place import Checkpoints
from plasticdsl.runtime.play.sweep import Turn
from plasticdsl.streaming import ZarrStreams
from plasticdsl.whole import write_whole

_log = logging.getLogger(__name__)

ENDING = ".run.json"
#: What a run alone records, while it is under way.
STREAMS = "recordings.zarr"


@dataclass(frozen=True, slots=True)
class Places:
    """Where runs of a job (or what they begin with) stand, in a folder. `job`: a digest of what they depend on beside experiment and order; `every`: they
    are kept so often (s); `company`: the processes that share each run."""

    folder: Path
    job: str
    every: float
    company: Company | None = None

    def checkpoints(self, experiment: Experiment, order: Order, alone: bool) -> Checkpoints:
        """Of one run, and, if it is `alone`, where what it records is put meanwhile."""
        streams = ZarrStreams(self.folder / STREAMS, {"experiment": experiment.name, "seed": order.seed}) if alone else None
        own = self.folder_of(experiment, order, streams)
        return own if self.company is None else SharedCheckpoints(self.company, own)

    def folder_of(self, experiment: Experiment, order: Order, streams: ZarrStreams | None = None) -> FolderOfCheckpoints:
        """Those of one run, for the process that keeps them."""
        name = cache.key("place", self.job, experiment.name, _digest(replace(order, data={})))
        return FolderOfCheckpoints(self.folder, name, self.every, streams)


class KeptRuns:
    """Of one job, and the `places` of those that are under way, which are kept every so many seconds. `given`: the arrays of the user. Where a `company`
    of processes shares each run, the first of them keeps it and tells the others."""

    def __init__(self, job: Job, folder: Path, every: float, given: Data, company: Company | None = None) -> None:
        self.folder, self._company, self._experiment = folder, company, job.experiment
        options = replace(job.options, processes=1)  # any number goes on with what another has kept
        self._job = _digest((job.loaded.digest, job.experiment, options, dict(job.given), _stamps(job)))
        self._common: tuple[Order, str] | None = None  # what the turns of a study have in common, which can be large
        self.places = Places(folder, cache.key(self._job, _digest(given)), every, company)

    def find(self, order: Order, turn: Turn) -> Run | None:
        """The run of that turn, if it is there."""
        try:
            found = read(self._content(order, turn))
        except ValueError:
            return None
        return found if isinstance(found, Run) else None

    def _content(self, order: Order, turn: Turn) -> bytes:
        """What is kept, or nothing."""
        path, content = self._path(order, turn), b""
        if self._company is None or self._company.rank == 0:
            content = path.read_bytes() if path.exists() else b""
        return content if self._company is None else self._company.gather(np.frombuffer(content, dtype=np.uint8))[0].tobytes()

    def keep(self, order: Order, turn: Turn, run: Run) -> None:
        """Keeps a finished run; where that is not possible (a full disk, for example), it is said."""
        if self._company is not None and self._company.rank:
            return
        try:
            write_whole(self._path(order, turn), written(run))
            self.places.folder_of(self._experiment, turn.of(order)).forget()
        except OSError as problem:
            _log.warning("a finished run is not kept in %s: %s", self.folder, problem.strerror)

    def checkpoints(self, experiment: Experiment, order: Order, alone: bool) -> Checkpoints | None:
        """As `Places` says."""
        return self.places.checkpoints(experiment, order, alone)

    def _path(self, order: Order, turn: Turn) -> Path:
        if self._common is None or self._common[0] is not order:
            self._common = order, _digest(replace(order, seed=0))
        name = cache.key("run", self._job, self._common[1], _digest((turn.settings, turn.seed)))
        return self.folder / f"{name}{ENDING}"


def _digest(value: object) -> str:
    return hashlib.blake2b(written(value), digest_size=16).hexdigest()


def _stamps(job: Job) -> dict[str, tuple[int, int] | None]:
    """Size and time of every file of numbers that networks read when they are built: they are no part of what was checked."""
    paths = set(job.loaded.data)
    for network in job.loaded.module.networks:
        paths |= {s.source.path for s in network.patterns if isinstance(s.source, PatternFile)}
        paths |= {p.source.file.path for p in network.populations if isinstance(p.source, GivenSpikes) and p.source.file is not None}
    return {path: stamp(path) for path in sorted(paths)}


def clear(folder: Path) -> None:
    """Deletes what is kept of runs, and the folder where nothing else is in it."""
    for ending in (ENDING, OF_CHECKPOINTS):
        for path in folder.glob(f"*{ending}"):
            path.unlink(missing_ok=True)
    shutil.rmtree(folder / STREAMS, ignore_errors=True)
    try:
        folder.rmdir()
    except OSError:
        return
