"""Builds a network and carries out an experiment on it, once.

Comes in: the experiment, a way to build networks and engines (`Workshop`), settings and a seed. Goes out: a `Run` with everything recorded, and with what
results need to know of the network, so that it can be forgotten (a sweep makes many).
"""

from __future__ import annotations

import time

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import Experiment
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.sources import extend_spikes
from plasticdsl.runtime.play.experiment import Beginning, Order, Run, Workshop
from plasticdsl.runtime.play.feeds import show_of
from plasticdsl.runtime.play.place import Checkpoints
from plasticdsl.runtime.play.progress import Interruption, Progress
from plasticdsl.runtime.play.runner import Runner
from plasticdsl.runtime.play.schedule import plan_timeline
from plasticdsl.runtime.watch.observer import Observer


def run_once(
    experiment: Experiment,
    workshop: Workshop,
    order: Order,
    progress: Progress,
    interruption: Interruption,
    beginning: Beginning | None = None,
    checkpoints: Checkpoints | None = None,
) -> tuple[Run, Engine]:
    """Builds the network and runs all phases, or until `interruption` is requested; from where `checkpoints` say that it stood, which keep where it
    stands. Gives what was recorded, and the engine as it is then.

    Raises `PlasError` where it cannot begin, because a recording is too large for instance; what stops it on its way is the run's `failure`.
    """
    begin = time.perf_counter()
    progress.show(0.0, "building")
    dt = order.step(experiment, workshop.network)
    instance = workshop.instantiate(dt, order.seed, order.settings)
    shows = {p.name: s for p in experiment.phases if (s := show_of(p, experiment.name, instance, order.data)) is not None}
    line, warnings = plan_timeline(experiment, instance, shows, order.length)
    extend_spikes(instance, line.end + (0 if beginning is None else beginning.step))
    progress.show(0.0, "compiling")
    engine = workshop.engine(instance, order.settings)
    if beginning is not None:
        _restore(engine, beginning, experiment)
    observer = Observer(workshop.network, engine, line.in_steps)
    runner = Runner(experiment, workshop, observer, order, line, shows, checkpoints)
    runner.recorder.warnings[:0] = (*instance.warnings, *warnings)
    built, processor = time.perf_counter(), time.process_time()
    runner.go(progress, interruption)
    run = runner.result()
    run.build_s, run.run_s, run.processor_s = built - begin, time.perf_counter() - built, time.process_time() - processor
    return run, runner.observer.engine


def end_of(run: Run, engine: Engine) -> Beginning | None:
    """The network at the end of all phases; None where something stopped it on its way."""
    return None if run.interrupted or run.failure else Beginning(engine.snapshot(), engine.step)


def _restore(engine: Engine, beginning: Beginning, experiment: Experiment) -> None:
    try:
        engine.restore(beginning.state, other_parameters=True)
    except ValueError as problem:
        assert experiment.begin is not None, "only such an experiment has a beginning"
        message = f"‘{experiment.name}’ cannot go on from the end of ‘{experiment.begin.experiment}’: {problem}."
        raise PlasError((Diagnostic("unknown-beginning", message, experiment.begin.span),)) from None
