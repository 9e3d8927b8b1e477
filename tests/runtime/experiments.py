"""Small experiments carried out by the reference interpreter, for tests of the runner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.diagnostics.render import rendered
from plasticdsl.reference.interpreter import ReferenceEngine
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance import settings
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.play import sweep
from plasticdsl.runtime.play.experiment import Order, Workshop
from plasticdsl.runtime.play.progress import SILENT, Progress
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.source import SourceFile

Wrap = Callable[[Engine], Engine]


def carry_out(
    text: str,
    name: str | None = None,
    *,
    seed: int = 1,
    length: str | None = None,
    dt: float | None = None,
    wrap: Wrap = lambda engine: engine,
    progress: Progress = SILENT,
    folder: Path | None = None,
    partial: bool = False,
    **wishes: Any,
) -> Study:
    """Runs an experiment of `text` (the first when none is named); `wrap` may put something between runner and engine, `folder` holds its files.
    Raises `PlasError` where a run could not go on, but with `partial`."""
    loaded = driver.load(SourceFile("<test>", text), folder)
    experiment = next(e for e in loaded.module.experiments if name in (None, e.name))
    network = next(n for n in loaded.module.networks if n.name == experiment.network)
    wanted = settings.sorted_wishes(wishes, network, loaded.module, experiment.data)
    workshop = Workshop(
        network,
        lambda step, number, values: instantiate(network, dt=step, seed=number, settings=values, patterns=wanted.patterns),
        lambda instance, _: wrap(ReferenceEngine(network, instance, loaded.module.asked_of(network.name))),
    )
    given = settings.from_experiment(experiment.settings, network, loaded.module) | wanted.settings
    with rendered(loaded.sources):
        study = sweep.run(experiment, loaded.module, workshop, Order(seed, given, length, dt, wanted.data), progress)
        if study.failure and not partial:
            raise PlasError(study.failure)
        return study
