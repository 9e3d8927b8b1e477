"""Random programs as users run them: experiments that repeat, show, wait and go on from each other, tables, and networks that are saved.

A few by default; a hundred, on all levels, with `-m slow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Role
from plasticdsl.net import Net
from plasticdsl.options import EngineName
from plasticdsl.runtime.play.experiment import Run
from tests.semantics.engines import LEVELS
from tests.semantics.random_programs import STEPS, program
from tests.values import value_of

#: What the compiler may refuse to do.
REFUSED = {"limit-not-available", "window-not-separable"}


@cache
def parsed(number: int) -> Model:
    return plasticdsl.parse(program(number).text)


def found(run: Run) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Everything that a run recorded and counted, by name."""
    for series in run.recorder.series:
        yield f"{series.name}, {series.during}", series.done
        yield f"steps of {series.name}, {series.during}", series.steps
    for record in run.recorder.spikes:
        steps, units = run.train(record)
        yield f"{record.name}, {record.during}", np.stack([steps, units])
        if record.taken is not None:
            yield f"values at {record.name}, {record.during}", run.values(record)
    yield "steps", np.array([run.begin, run.steps])
    yield "expected", np.array([np.nan if outcome.value is None else outcome.value for outcome in run.outcomes])


def same(runs: list[Run], others: list[Run], rtol: float = 1e-9, atol: float = 1e-11) -> None:
    for run, other in zip(runs, others, strict=True):
        for (name, left), (_, right) in zip(found(run), found(other), strict=True):
            np.testing.assert_allclose(left, right, rtol=rtol, atol=atol, err_msg=name)


def carried_out(number: int, experiment: str, engine: EngineName, level: int = 1) -> list[Run]:
    try:
        return list(parsed(number).run(experiment, engine=engine, level=level).study.runs)
    except PlasError as refused:
        if {d.code for d in refused.diagnostics} <= REFUSED:
            pytest.skip("refused with a message")
        raise


def alike(number: int, experiment: str, *levels: int) -> None:
    right = carried_out(number, experiment, "reference")
    for level in levels:
        same(carried_out(number, experiment, "python", level), right)


# --- experiments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [202])
def test_experiments(number: int) -> None:
    alike(number, "Train", LEVELS[-1])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(100))
def test_many_experiments(number: int) -> None:
    for experiment in parsed(number).experiments:
        alike(number, experiment, LEVELS[0], LEVELS[-1])


# --- sweeps ----------------------------------------------------------------------------------------------------------


def swept_alone(number: int, engine: EngineName) -> None:
    """Each run of a sweep is, to the bit, that of the experiment with the same value and the same seed; and that of the one it is like, where items are
    not shuffled in an order that the name of the experiment decides too."""
    (name, values), features = program(number).swept, program(number).features
    swept = carried_out(number, "Swept", engine)
    repeats = len(swept) // len(values)
    for place, run in enumerate(swept):
        for experiment in ("Swept",) if "shuffled" in features else ("Swept", "Train"):
            alone = parsed(number).run(experiment, engine=engine, seed=run.seed, parameters={name: values[place // repeats]})
            same(list(alone.study.runs)[:1], [run], rtol=0.0, atol=0.0)


@pytest.mark.parametrize("number", [28])
def test_a_run_of_a_sweep(number: int) -> None:
    swept_alone(number, "python")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["reference", "python"])
@pytest.mark.parametrize("number", range(60))
def test_many_runs_of_sweeps(number: int, engine: EngineName) -> None:
    swept_alone(number, engine)


# --- networks that are saved -----------------------------------------------------------------------------------------


def built(number: int, engine: EngineName) -> Net:
    return parsed(number).build("Net", seed=number + 1, dt="1 ms", engine=engine)


def state(net: Net) -> Iterator[tuple[str, NDArray[np.float64]]]:
    engine = net._engine
    blocks = [(p.name, p.block) for p in net._network.populations] + [(p.name, p.connection) for p in net._network.projections]
    for owner, block in blocks:
        for variable in block.variables:
            if variable.role in (Role.STATE, Role.INPUT):
                yield f"{owner}.{variable.name}", np.array(value_of(engine, owner, variable.name))


def saved_on_the_way(number: int, engine: EngineName, folder: Path) -> None:
    """The same bits as without saving."""
    whole, first, second = (built(number, engine) for _ in range(3))
    cut = 3 + number % (STEPS - 6)
    whole.run(steps=STEPS)
    first.run(steps=cut)
    first.save(folder / "state.npz")
    second.load(folder / "state.npz")
    second.run(steps=STEPS - cut)
    for (name, left), (_, right) in zip(state(second), state(whole), strict=True):
        np.testing.assert_array_equal(left, right, err_msg=f"{name}, saved after {cut} steps")


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_a_network_goes_on_from_where_it_was_saved(engine: EngineName, tmp_path: Path) -> None:
    saved_on_the_way(202, engine, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["reference", "python"])
@pytest.mark.parametrize("number", range(100))
def test_many_networks_go_on_from_where_they_were_saved(number: int, engine: EngineName, tmp_path: Path) -> None:
    try:
        saved_on_the_way(number, engine, tmp_path)
    except PlasError as refused:
        assert {d.code for d in refused.diagnostics} <= REFUSED
