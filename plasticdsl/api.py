"""`load`, `parse` and `Model`: what a Python program does with a `.plas` file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from plasticdsl import driver, plotting
from plasticdsl.bars import shown
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.diagnostics.render import render_all, rendered
from plasticdsl.library import find_file, read
from plasticdsl.model import Network
from plasticdsl.model.experiments import Experiment
from plasticdsl.options import CompileOptions, EngineName, Precision
from plasticdsl.source import SourceFile

if TYPE_CHECKING:
    from plasticdsl.document.description import Document
    from plasticdsl.net import Net
    from plasticdsl.results.result import Result
    from plasticdsl.runtime.play.progress import Progress

Named = TypeVar("Named", Experiment, Network)


def load(path: str | Path) -> Model:
    """The model in a file, or of the library by its name (`"song_abbott"`).

    Raises FileNotFoundError where there is neither, `PlasError` with everything that is wrong with it.
    """
    found = find_file(str(path))
    folder = found.resolve().parent
    return Model(driver.load(read(found), folder), folder)


def parse(text: str) -> Model:
    """The model in a text; `use` finds the library alone. Raises `PlasError`."""
    return Model(driver.load(SourceFile("<text>", text), None))


class Model:
    """A checked file: blocks, networks and experiments. `folder`: where it lies."""

    def __init__(self, loaded: driver.Loaded, folder: Path | None = None) -> None:
        self._loaded, self._folder = loaded, folder

    @property
    def loaded(self) -> driver.Loaded:
        """The checked model, for tools."""
        return self._loaded

    @property
    def folder(self) -> Path | None:
        """Where it lies, if anywhere."""
        return self._folder

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Findings that stop nothing."""
        return self._loaded.warnings

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of its networks."""
        return tuple(n.name for n in self._loaded.module.networks)

    @property
    def experiments(self) -> tuple[str, ...]:
        """The names of its experiments."""
        return tuple(e.name for e in self._loaded.module.experiments)

    def __repr__(self) -> str:
        return f"<Model {self._loaded.module.path}: networks {', '.join(self.networks) or 'none'}; experiments {', '.join(self.experiments) or 'none'}>"

    @property
    def document(self) -> Document:
        """The model as a methods section: tables, formulas as they were written, and diagrams, as plain data."""
        return driver.document(self._loaded)

    def _repr_html_(self) -> str:
        """What a notebook displays: equations, parameters with units, and a diagram of each network."""
        from plasticdsl.document.html import piece

        return piece(self.document)

    def build(
        self,
        network: str | None = None,
        *,
        seed: int = 1,
        dt: str | float | None = None,
        connections: Mapping[str, Any] | None = None,
        spikes: Mapping[str, tuple[Any, Any]] | None = None,
        log: Iterable[str] | None = None,
        level: int = 1,
        without: Iterable[str] = (),
        threads: int = 1,
        precision: Precision = "double",
        engine: EngineName = "compiled",
        progress: Progress | bool | None = None,
        parameters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Net:
        """A network with numbers, ready to run (the first of the file when none is named).

        `dt`: the step, `"0.1 ms"` or seconds; that of the file's first experiment on this network when none is given. Parameters by name
        (`A_plus=0.004`), or in the mapping `parameters` where the name has a dot (`{"LIF.tau_m": "10 ms"}`), in SI or as text with a unit; a
        population's name sets its size. Arrays give each unit or connection its own. `connections`: projection → pre and post units (from 0) and, if
        wanted, weights, or a matrix of weights with a row for each post and a column for each pre unit (dense, 0 for no connection, or of scipy.sparse).
        `spikes`: source → times (s) and units. `log`: whose spikes to keep (default: all neurons, no sources). An array given for a set of
        patterns (`ξ=array`) replaces it. `level` of optimisation: 0, 1 or 2 (today the same as 1); `without`: passes to leave
        out. `engine`: `"compiled"`, `"python"` (the same kernels, slow) or `"reference"` (the definition itself). `progress`: a bar while it takes long,
        by default in notebooks alone, or what is told instead. `Model.run` takes the same.

        Raises KeyError for an unknown name, ValueError for an unsuitable value, `PlasError` for what is wrong with the model.
        """
        from plasticdsl.net import Net
        from plasticdsl.runtime.instance import settings
        from plasticdsl.runtime.instance.pairing import connections_of
        from plasticdsl.runtime.instance.timestep import default_step

        found = self._network(network)
        wanted = settings.sorted_wishes({**(parameters or {}), **more}, found, self._loaded.module)
        step, in_steps = default_step(self._loaded.module, found) if dt is None else (settings.duration(dt, 1.0), False)
        options = CompileOptions(level, frozenset(without), precision, threads, engine)
        wired, weights = connections_of(connections, found)
        given: dict[str, Any] = {"connections": wired, "spikes": spikes, "patterns": wanted.patterns}
        with shown(progress) as bar, rendered(self._loaded.sources):
            workshop, _ = driver.workshop_of(self._loaded, found, options, bar, **given)
            explained, line_on = partial(rendered, self._loaded.sources), partial(plotting.line_on, self._loaded, self._folder, found)
            return Net(workshop, settings.joined(wanted.settings, weights), seed, step, in_steps, log, explained, line_on)

    def run(
        self,
        experiment: str | None = None,
        *,
        seed: int | None = None,
        duration: str | float | None = None,
        dt: str | float | None = None,
        connections: Mapping[str, Any] | None = None,
        spikes: Mapping[str, tuple[Any, Any]] | None = None,
        level: int = 1,
        without: Iterable[str] = (),
        threads: int = 1,
        precision: Precision = "double",
        engine: EngineName = "compiled",
        progress: Progress | bool | None = None,
        workers: int = 1,
        client: Any = None,
        keep: str | Path | None = None,
        resume: bool = False,
        checkpoint: str | float = "5 min",
        communicator: Any = None,
        parameters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Result:
        """Carries out an experiment (the first when none is named) and returns what it recorded.

        `seed` replaces that of the experiment, which is 1 where it has none, `duration` the length of the last timed phase, `dt` the experiment's
        step; everything else as in `build`. `workers`: how many processes carry out the runs of a sweep or of repeats, each with the bits that it has
        alone; or a `client` of Dask, the workers of its cluster. `keep`: a folder in which finished runs of a sweep are kept, and every `checkpoint`
        (`"5 min"`, or seconds) where one stands that is under way, and what it records; with `resume`, it is gone on from what is there, to the same
        results, and without it that is deleted first; `Result.forget` deletes it when the result is saved. `communicator`: one of mpi4py, whose
        processes all make this call and share the network, each with a part of its units and the connections that lead to them (extra `mpi`); all
        return the whole result, which is that of one process. A data set is given as a mapping from names to arrays (`digits={"image": …, "label": …}`).

        Raises `results.result.Unfinished`, a `PlasError` with what was recorded until then as its `result`, where something has no finite value;
        BlockingIOError where another process keeps a run in that folder.
        """
        from plasticdsl.cluster import Cluster
        from plasticdsl.crew import Crew
        from plasticdsl.jobs import Job
        from plasticdsl.kept_runs import KeptRuns
        from plasticdsl.results.result import Result, Unfinished
        from plasticdsl.runtime.engine.company import company_of
        from plasticdsl.runtime.instance import settings
        from plasticdsl.runtime.instance.pairing import connections_of
        from plasticdsl.runtime.play.experiment import Order
        from plasticdsl.runtime.play.sweep import best

        found = self.find_experiment(experiment)
        network = self._network(found.network)
        module = self._loaded.module
        wanted = settings.sorted_wishes({**(parameters or {}), **more}, network, module, (*found.data, *module.data_before(found)))
        wired, weights = connections_of(connections, network)
        own = settings.joined(wanted.settings, weights)
        wishes = settings.from_experiment(found.settings, network, module) | own
        step = None if dt is None else settings.duration(dt, 1.0)
        company = None if communicator is None else company_of(communicator)
        options = CompileOptions(level, frozenset(without), precision, threads, engine, 1 if company is None else company.size)
        if options.processes > 1 and (workers > 1 or client is not None):
            raise ValueError("several processes share each run: ‘workers’ and ‘client’ are for runs that have a process of their own")
        with shown(progress) as bar, rendered(self._loaded.sources):
            given: dict[str, Any] = {"connections": wired, "spikes": spikes, "patterns": wanted.patterns}
            order = Order(_seed(seed, found), wishes, duration, step, wanted.data, own)
            job = Job(self._loaded, found, options, given)
            if client is not None and workers > 1:
                raise ValueError("runs are carried out by workers of this machine, or by those of a client's cluster, not by both")
            keeper = None if keep is None else KeptRuns(job, order, Path(keep), settings.on_the_clock(checkpoint), company)
            beside = job if keeper is None else replace(job, places=keeper.places)
            crew = Cluster(beside, client) if client is not None else Crew(beside, workers) if workers > 1 else None
            hands = None if crew is None else crew.carry_out
            with nullcontext() if keeper is None else keeper.in_its_folder(resume):
                study, compiling = driver.simulate(self._loaded, found, options, order, bar, hands, keeper, company, **given)
        alone = replace(options, processes=1)
        again = partial(plotting.drawn_again, self._loaded, self._folder, found, alone, best(study, order), given)
        took = compiling + (0.0 if crew is None else crew.compile_s)
        result = Result(study, self._loaded.module.path, took, again=again, kept=None if keeper is None else keeper.forget)
        if result.failure:
            raise Unfinished(result, render_all(result.failure, self._loaded.sources), self._loaded.sources)
        return result

    def find_experiment(self, name: str | None) -> Experiment:
        """The experiment of that name, or the first. Raises KeyError with what there is."""
        return _named(self._loaded.module.experiments, name, "experiment")

    def _network(self, name: str | None) -> Network:
        return _named(self._loaded.module.networks, name, "network")


def _seed(given: int | None, experiment: Experiment) -> int:
    """What all random numbers come from."""
    return next((seed for seed in (given, experiment.seed) if seed is not None), 1)


def _named(there: Sequence[Named], name: str | None, kind: str) -> Named:
    """The one of that name, or the first."""
    if name is None and there:
        return there[0]
    found = next((one for one in there if one.name == name), None)
    if found is None:
        what = f"there is no {kind} {name}" if name is not None else f"there is no {kind} in this file"
        raise KeyError(f"{what}; there is {', '.join(one.name for one in there)}" if there else what)
    return found


__all__ = ["Model", "load", "parse"]
