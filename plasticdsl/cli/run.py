"""`plasticdsl run`: carries out an experiment and shows what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from plasticdsl.api import load
from plasticdsl.cli import console
from plasticdsl.cli.choices import (
    Checkpoint,
    Digits,
    File,
    Folder,
    Format,
    Level,
    Quiet,
    Resume,
    Runs,
    Scheduler,
    Seed,
    Size,
    Threads,
    Values,
    Without,
    Workers,
    wishes,
)
from plasticdsl.cli.together import processes, require_together
from plasticdsl.occupied import occupied
from plasticdsl.results.files import require_writable
from plasticdsl.results.result import Result, Unfinished
from plasticdsl.results.trials import lines
from plasticdsl.results.verdicts import verdicts
from plasticdsl.runtime.play.progress import Terminated, ending
from plasticdsl.units.display import shown

#: Where finished runs of a sweep are kept, in the folder of the results, until all are done, and where unfinished ones stand.
UNFINISHED = "unfinished"


def run(
    file: File,
    experiment: Annotated[
        str | None, typer.Argument(metavar="EXPERIMENT", help="Its name; the first of the file when none is given.")
    ] = None,
    values: Values = None,
    length: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help='Length of the last timed phase, "10 s" or "200 steps".')
    ] = None,
    seed: Seed = None,
    threads: Threads = 1,
    workers: Workers = 1,
    cluster: Scheduler = None,
    precision: Digits = "double",
    out: Folder = None,
    resume: Resume = False,
    checkpoint: Checkpoint = None,
    format: Format = "png",  # noqa: A002
    size: Size = "slide",
    no_plots: Annotated[bool, typer.Option("--no-plots", help="Write no plots.")] = False,
    quiet: Quiet = False,
    level: Level = 1,
    without: Without = None,
    engine: Runs = "compiled",
) -> None:
    """Run an experiment of a file; under mpiexec, one network on all its processes."""
    together, keep = processes(), None if out is None else out / UNFINISHED
    if together is not None:
        require_together(workers, cluster)
        if together.Get_rank():  # the first one says and writes all there is
            quiet, out = True, None
    if out is not None:
        try:
            require_writable(out)
        except OSError as problem:
            raise console.WrongUsage(f"--out: {console.sentence(problem)}") from None
    elif keep is None and (resume or checkpoint is not None):
        what = "--resume goes on" if resume else "--checkpoint keeps where a run stands"
        raise console.WrongUsage(f"{what} in the folder that --out names")
    begin = time.perf_counter()
    model = load(file)
    load_s = time.perf_counter() - begin
    if not quiet:
        console.tell_findings(model.warnings, model.loaded.sources)
    with ending(), nullcontext() if out is None else occupied(out / UNFINISHED):  # until the results are written
        failure: Unfinished | None = None
        with console.asking(), _client(cluster) as client, console.progress(quiet) as bar:
            try:
                result = model.run(
                    experiment,
                    seed=seed,
                    duration=length,
                    threads=threads,
                    workers=workers,
                    client=client,
                    keep=keep,
                    resume=resume,
                    checkpoint=checkpoint or "5 min",
                    communicator=together,
                    precision=precision,
                    level=level,
                    without=without or (),
                    engine=engine,
                    progress=bar,
                    parameters=wishes(values),
                )
            except Unfinished as problem:
                result, failure = problem.result, problem
        if together is not None and together.Get_rank():
            raise typer.Exit(130 if result.interrupted else 0 if failure is None and result.passed else 1)
        result.load_s = load_s
        if not quiet:
            console.tell_findings(result.warnings, model.loaded.sources)
            _report(result)
        if out is not None:
            with _saying_what_is_kept():
                result.save(out, plots=not no_plots, format=format, size=size)
            if failure is None and not result.interrupted:
                result.forget()
        if failure is not None:
            console.tell_error(failure)
            if out is not None:
                console.tell("What was recorded until then has been written, marked as partial.")
            raise typer.Exit(1)
        if result.interrupted:
            what, status = ("ended by SIGTERM", 143) if result.study.terminated else ("interrupted", 130)
            console.tell(f"{what}: what was computed so far has been kept, and --resume goes on from there" if out is not None else what)
            raise typer.Exit(status)
        if not result.passed:
            raise typer.Exit(1)


@contextmanager
def _saying_what_is_kept() -> Iterator[None]:
    """For results that are being written when Ctrl-C or SIGTERM comes."""
    try:
        yield
    except (KeyboardInterrupt, Terminated):
        console.tell("the results are not written; --resume goes on from where the run stood last")
        raise


def _client(address: str | None) -> AbstractContextManager[Any]:
    """What reaches a cluster, if one is named. Raises `WrongUsage` without Dask."""
    from plasticdsl.cluster import EXTRA, connected

    if address is None:
        return nullcontext()
    if find_spec("distributed") is None:
        raise console.WrongUsage(f"--cluster needs Dask: pip install 'plasticdsl[{EXTRA}]'")
    return connected(address)


def _report(result: Result) -> None:
    """Rates of the populations and the verdict on each expectation."""
    summary = result.summary
    timing = summary["timing"]
    took = timing["build_s"] + timing["run_s"]
    runs = f"{len(result.study.runs)} runs, " if len(result.study.runs) > 1 else ""
    in_steps = result.study.runs[0].line.in_steps if result.study.runs else False
    length = f"{summary['duration_s']:g} {'steps' if in_steps else 's'}"
    compiled = f", compiled in {timing['compile_s']:.1f} s" if timing["compile_s"] >= 0.1 else ""
    console.say(f"{result.study.network.called} · {result.study.experiment.called}: {runs}{length} in {took:.2g} s{compiled}")
    symbols = {p.name: p.symbol for p in result.study.network.populations}
    width = max((len(symbols[name]) for name in summary["spikes"]), default=0)
    for name, count in summary["spikes"].items():
        rate = summary["rates_hz"][name]
        console.say(
            f"  {symbols[name]:{width}}  {count} spikes, {'' if rate is None else shown(rate, unit='per step' if in_steps else 'Hz')}"
        )
    for line in (*lines(result.study), *verdicts(result.expectations)):
        console.say(f"  {line}")
