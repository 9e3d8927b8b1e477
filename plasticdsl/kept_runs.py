"""Finished runs of a sweep in a folder, until all are done: what is finished stays finished, whatever becomes of the process.

Comes in: what runs have in common, and a folder. Goes out: for a turn the run that was kept, or None. A file holds data alone (`archives`), and is called
by everything that its run depends on; so a file of another model, or of other numbers, is not found. What is large in it stays there, and leaves memory.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plasticdsl import archives, cache
from plasticdsl.as_data import written
from plasticdsl.checkpoints import ENDING as OF_CHECKPOINTS
from plasticdsl.checkpoints import FolderOfCheckpoints, SharedCheckpoints
from plasticdsl.driver import stamp
from plasticdsl.jobs import Job
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.networks import GivenSpikes
from plasticdsl.model.patterns import PatternFile
from plasticdsl.occupied import OWN, held_by, occupied
from plasticdsl.runtime.engine.company import Company
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.place import Checkpoints
from plasticdsl.runtime.play.sweep import Turn
from plasticdsl.runtime.watch.streams import Stored, Stream
from plasticdsl.streaming import ZarrStreams, about

_log = logging.getLogger(__name__)

ENDING = ".run.npz"
#: What a run alone records, while it is under way; that of one of several, or of another one, which was left and can go on.
STREAMS, _OWN_STREAMS = "recordings.zarr", ".recordings"
#: The attribute that says whose it is, and what names of runs look like.
_OF, _NAME = "run", re.compile(r"[0-9a-f]+-[0-9a-f]+")

#: A finished run that took longer (s) is on the disk, should the machine go down, before its checkpoints are deleted.
LONG = 1.0

_OTHERS = (
    "%s has nothing of this run, but of another one (of another model, or with other numbers, options, data or another version): "
    "this one begins anew, and that one stays there"
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where runs of a study (or what they begin with) stand, in a folder. `study`: a digest of all that these depend on together, with which every name
    begins; `every`: they are kept so often (s); `company`: the processes that share each run; `holder`: the process that has the folder."""

    folder: Path
    study: str
    every: float
    company: Company | None = None
    holder: bytes = OWN

    def is_here(self) -> bool:
        """Whether this process, perhaps on another machine, sees the folder that the holder has."""
        return held_by(self.folder) == self.holder

    def checkpoints(self, experiment: Experiment, order: Order, alone: bool) -> Checkpoints:
        """Of one run, and where what it records is put meanwhile: where all look for it, if it is `alone`."""
        name = self._name(experiment, order)
        if alone and (self.company is None or self.company.rank == 0):
            _make_room(self.folder, name)
        place = self.folder / STREAMS if alone else _own_streams(self.folder, name)
        own = FolderOfCheckpoints(
            self.folder, name, self.every, ZarrStreams(place, {"experiment": experiment.name, "seed": order.seed, _OF: name})
        )
        return own if self.company is None else SharedCheckpoints(self.company, own)

    def recorded(self, experiment: Experiment, order: Order) -> ZarrStreams:
        """What one of several runs has recorded."""
        return ZarrStreams(_own_streams(self.folder, self._name(experiment, order)), {})

    def forget(self, experiment: Experiment, order: Order) -> None:
        """One run is finished, and kept as a whole; what it recorded stays."""
        FolderOfCheckpoints(self.folder, self._name(experiment, order), self.every).forget()

    def discard(self, experiment: Experiment, order: Order) -> None:
        """One of several runs is finished, and nobody asks for what it recorded."""
        if self.company is not None and self.company.rank:
            return
        self.forget(experiment, order)
        shutil.rmtree(_own_streams(self.folder, self._name(experiment, order)), ignore_errors=True)

    def _name(self, experiment: Experiment, order: Order) -> str:
        return f"{self.study}-{cache.key('place', experiment.name, _digest(replace(order, data={})))}"


class KeptRuns:
    """Of one job and what was `ordered`, and the `places` of those that are under way, which are kept every so many seconds. Where a `company` of
    processes shares each run, the first of them keeps it and tells the others, whose memory what is large leaves too."""

    def __init__(self, job: Job, ordered: Order, folder: Path, every: float, company: Company | None = None) -> None:
        self.folder, self._company, self._experiment = folder, company, job.experiment
        options = replace(job.options, processes=1)  # any number goes on with what another has kept
        study = _digest((job.loaded.digest, job.experiment, options, dict(job.given), _stamps(job), ordered))
        self._moments: dict[tuple[str, int], NDArray[np.int64]] = {}  # of so many values of a recording, which many runs share
        self._common: tuple[Order, str] | None = None  # what the turns of a study have in common, which can be large
        self.places = Places(folder.absolute(), cache.key(study), every, company)

    @property
    def _is_first(self) -> bool:
        """Whether this process reads and writes there."""
        return self._company is None or self._company.rank == 0

    @contextmanager
    def in_its_folder(self, resume: bool) -> Iterator[None]:
        """Nobody else writes there meanwhile; what was there before is gone on from, or deleted. Raises BlockingIOError where another process has the
        folder."""
        if not self._is_first:
            yield
            return
        with occupied(self.folder):
            if not resume:
                clear(self.folder)
            elif self._finds_others():
                _log.warning(_OTHERS, self.folder)
            yield

    def _finds_others(self) -> bool:
        """Whether there is nothing of this study, but something of another one."""
        there = [path.name for ending in (ENDING, OF_CHECKPOINTS) for path in self.folder.glob(f"*{ending}")]
        return bool(there) and not any(name.startswith(self.places.study) for name in there)

    def forget(self) -> None:
        """All that is kept of this study is deleted; its results have been written."""
        if self._is_first:
            clear(self.folder, self.places.study)

    def find(self, order: Order, turn: Turn) -> Run | None:
        """The run of that turn, if it is there."""
        path = self._path(order, turn)
        try:
            run, arrays = archives.read(path if self._company is None else io.BytesIO(self._told(path)), Run)
        except archives.PROBLEMS:
            return None
        is_there = _put_back(run, self.places.recorded(self._experiment, turn.of(order)))
        if self._company is not None:
            is_there = bool(self._company.gather(np.array([is_there]))[0])
        return self._left(run, arrays, path) if is_there else None

    def _told(self, path: Path) -> bytes:
        """What the first process finds there; nothing where it cannot be read."""
        assert self._company is not None, "somebody is told"
        try:
            content = path.read_bytes() if self._is_first else b""
        except OSError:
            content = b""
        return self._company.gather(np.frombuffer(content, dtype=np.uint8))[0].tobytes()

    def keep(self, order: Order, turn: Turn, run: Run) -> None:
        """Keeps a finished run, of which what is large leaves memory; where that is not possible (a full disk, for example), it is said."""
        path = self._path(order, turn)
        arrays: archives.Arrays = ()
        recorded, lasting = self.places.recorded(self._experiment, turn.of(order)), run.run_s > LONG
        if self._is_first:
            try:
                if lasting:
                    recorded.secure()
                with _set_apart(run):
                    arrays = archives.write(path, run, lasting)
                self.places.forget(self._experiment, turn.of(order))
            except OSError as problem:
                _log.warning("a finished run is not kept in %s: %s", self.folder, problem.strerror)
        else:
            _put_back(run, recorded)
        self._left(run, arrays, path)

    def _left(self, run: Run, arrays: archives.Arrays, path: Path) -> Run:
        """A run, of which what is large is read from its file, where these are its arrays, when it is asked for. Of several processes, the first one knows
        where that lies; the others read from the same file, if they see it."""
        nothing = np.zeros(0), np.zeros(0)
        large = [column for train in run.spikes.values() for column in (nothing if isinstance(train, Stored) else train)]
        large += [series.kept.values for series in (*run.recorder.series, *run.recorder.drawn)]
        there = self._there(large, arrays, path)
        for emitted, train in run.spikes.items():
            if not isinstance(train, Stored) and all(id(column) in there for column in train):
                steps = train[0]
                run.spikes[emitted] = Stored(tuple(there[id(column)] for column in train), (), (len(steps),), (float(steps[-1]),))
        for series in (*run.recorder.series, *run.recorder.drawn):
            if not series.kept.first and (values := there.get(id(series.kept.values))) is not None:
                series.kept.leave_for(values)
            if series.kept.first:
                series.kept.share(self._moments.setdefault((series.name, series.taken), series.steps))
        return run

    def _there(self, large: archives.Arrays, arrays: archives.Arrays, path: Path) -> Mapping[int, archives.Lying]:
        """Where those of these arrays lie that are in the file, by their identity. `arrays`: all that are in it, for who has written or read it."""
        found: Mapping[int, archives.Lying] = {}
        if self._is_first:
            with suppress(*archives.PROBLEMS):
                found = archives.lying(path, arrays)
        if self._company is None:
            return found
        offsets = np.array([found[id(one)].offset if id(one) in found else -1 for one in large], dtype=np.int64)
        told = self._company.gather(offsets)[0].tolist()
        return {id(one): archives.Lying(path, at, one.dtype, one.shape) for one, at in zip(large, told, strict=True) if at >= 0}

    def checkpoints(self, experiment: Experiment, order: Order, alone: bool) -> Checkpoints | None:
        """As `Places` says."""
        return self.places.checkpoints(experiment, order, alone)

    def discard(self, experiment: Experiment, order: Order) -> None:
        """As `Places` says."""
        self.places.discard(experiment, order)

    def _path(self, order: Order, turn: Turn) -> Path:
        if self._common is None or self._common[0] is not order:
            self._common = order, _digest(replace(order, seed=0))
        name = cache.key("run", self._common[1], _digest((turn.settings, turn.seed)))
        return self.folder / f"{self.places.study}-{name}{ENDING}"


def _digest(value: object) -> str:
    return hashlib.blake2b(written(value), digest_size=16).hexdigest()


def _stamps(job: Job) -> dict[str, tuple[int, int] | None]:
    """Size and time of every file of numbers that networks read when they are built: they are no part of what was checked."""
    paths = set(job.loaded.data)
    for network in job.loaded.module.networks:
        paths |= {s.source.path for s in network.patterns if isinstance(s.source, PatternFile)}
        paths |= {p.source.file.path for p in network.populations if isinstance(p.source, GivenSpikes) and p.source.file is not None}
    return {path: stamp(path) for path in sorted(paths)}


# --- what a finished run has recorded to disk --------------------------------------------------------------------------


@contextmanager
def _set_apart(run: Run) -> Iterator[None]:
    """Meanwhile a run is data alone: where its streams lie follows from its name."""
    trains = {emitted: train for emitted, train in run.spikes.items() if isinstance(train, Stored)}
    series = [(one.kept, one.kept.streams) for one in run.recorder.series if one.kept.first]
    run.spikes.update({emitted: replace(train, streams=()) for emitted, train in trains.items()})
    for kept, _ in series:
        kept.streams = ()
    try:
        yield
    finally:
        run.spikes.update(trains)
        for kept, streams in series:
            kept.streams = streams


def _put_back(run: Run, recorded: ZarrStreams) -> bool:
    """The streams of a run that was read, or that another process keeps, as far as they are there; whether all are."""
    found = list[bool]()

    def streams(rows: int, names: Sequence[str]) -> tuple[Stream, ...]:
        try:
            there = tuple(recorded.again(name) for name in names)
            found.append(bool(there) and all(len(stream.rows(rows - 1, rows)) == 1 for stream in there))
        except archives.PROBLEMS:
            there = tuple(recorded.gone(name) for name in names)
            found.append(False)
        return there

    for emitted, train in run.spikes.items():
        if isinstance(train, Stored):
            run.spikes[emitted] = replace(train, streams=streams(train.rows, train.names))
    for series in run.recorder.series:
        if series.kept.first:
            series.kept.streams = streams(series.kept.first, series.streamed)
    return all(found)


def _own_streams(folder: Path, name: str) -> Path:
    return folder / f"{name}{_OWN_STREAMS}"


def _make_room(folder: Path, name: str) -> None:
    """For what a run records: what was put aside of it is back, and what another one has recorded is put aside for as long as that can go on."""
    place, aside = folder / STREAMS, _own_streams(folder, name)
    whose = about(place).get(_OF)
    if whose == name or not folder.exists():
        return
    if isinstance(whose, str) and _NAME.fullmatch(whose) and any(folder.glob(f"{whose}-*{OF_CHECKPOINTS}")):
        place.replace(_own_streams(folder, whose))
    else:
        shutil.rmtree(place, ignore_errors=True)
    if aside.exists():
        aside.replace(place)


def clear(folder: Path, study: str = "") -> None:
    """Deletes what is kept of the runs of a study, or of all, and the folder where nothing else is in it."""
    for ending in (ENDING, OF_CHECKPOINTS):
        for path in folder.glob(f"{study}*{ending}"):
            path.unlink(missing_ok=True)
    if str(about(folder / STREAMS).get(_OF, "")).startswith(study):
        shutil.rmtree(folder / STREAMS, ignore_errors=True)
    for path in folder.glob(f"{study}*{_OWN_STREAMS}"):
        shutil.rmtree(path, ignore_errors=True)
    try:
        folder.rmdir()
    except OSError:
        return
