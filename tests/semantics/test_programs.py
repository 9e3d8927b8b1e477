"""Random programs as users run them: experiments that repeat, show, wait and go on from each other, tables, and networks that are saved.

A few by default; a hundred, on all levels and some of them as machine code, with `-m slow`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import driver
from plasticdsl.api import Model
from plasticdsl.check.experiments.statistics import STATISTICS
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Role, dynamics, experiments, networks, protocol, schemes
from plasticdsl.model.expr import FUNCTIONS
from plasticdsl.net import Net
from plasticdsl.options import FOR_LARGE, CompileOptions, EngineName
from plasticdsl.plan.passes.pipeline import PASSES
from plasticdsl.runtime.play.experiment import Run
from plasticdsl.support import structure
from plasticdsl.syntax import words
from tests.semantics import random_large, random_programs, random_rates
from tests.semantics.engines import LEVELS
from tests.semantics.random_programs import STEPS, Program
from tests.semantics.random_trees import random_tree
from tests.semantics.test_reactions import KINDS as MIXED
from tests.semantics.test_reactions import scheme
from tests.values import value_of

#: What the compiler may refuse to do.
REFUSED = {"limit-not-available", "window-not-separable"}


#: Spikes in time, rates in steps, and what passes for large networks take.
KINDS: dict[str, Callable[[int], Program]] = {
    "spikes": random_programs.program,
    "rates": random_rates.program,
    "large": random_large.program,
}
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})
    monkeypatch.setattr(driver, "FOR_THREADS", frozenset())
    monkeypatch.setattr(structure, "UNITS_OF_SHARE", 8)
    monkeypatch.setattr(structure, "SHARE_MULTIPLE", 4)


@cache
def parsed(number: int, kind: str = "spikes") -> Model:
    return plasticdsl.parse(KINDS[kind](number).text)


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


def carried_out(
    number: int, experiment: str, engine: EngineName, level: int = 1, kind: str = "spikes", without: Sequence[str] = ()
) -> list[Run]:
    try:
        return list(parsed(number, kind).run(experiment, engine=engine, level=level, without=without).study.runs)
    except PlasError as refused:
        if {d.code for d in refused.diagnostics} <= REFUSED:
            pytest.skip("refused with a message")
        raise


def alike(number: int, experiment: str, *levels: int, kind: str = "spikes") -> None:
    right = carried_out(number, experiment, "reference", kind=kind)
    for level in levels:
        same(carried_out(number, experiment, "python", level, kind), right)


# --- experiments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "kind"), [(202, "spikes"), (7, "rates"), (21, "large")])
def test_experiments(number: int, kind: str) -> None:
    alike(number, "Train", LEVELS[-1], kind=kind)


@pytest.mark.slow
@kinds
@pytest.mark.parametrize("number", range(100))
def test_many_experiments(number: int, kind: str) -> None:
    for experiment in parsed(number, kind).experiments:
        alike(number, experiment, LEVELS[0], LEVELS[-1], kind=kind)


@pytest.mark.slow
@kinds
@pytest.mark.parametrize("number", range(20))
def test_experiments_in_machine_code(number: int, kind: str) -> None:
    """At each level, without one of the passes, and without those that are for large projections."""
    right = carried_out(number, "Train", "reference", kind=kind)
    one = PASSES[number % len(PASSES)].name
    for level, without in ((LEVELS[0], ()), (1, ()), (1, (one,)), (1, tuple(FOR_LARGE))):
        same(carried_out(number, "Train", "compiled", level, kind, without), right)


# --- what they are made of -------------------------------------------------------------------------------------------

#: Words that stand in no random program: other spellings, what is said of mistakes, and what takes files.
_ELSEWHERE = {"Sum", "centered", "else", "elif", "then", "connections", "data", "linear", "use"}
#: Words of reactions and of sections, which have random models of their own.
_ELSEWHERE |= {"stochastic", "deterministic", "volume", "tolerance", "diameter", "length", "segments", "conserved", "inside"}
#: Words of fits, whose trials are runs like any others (`tests/cases/fits.plas`, `tests/runtime/test_fitting.py`).
_ELSEWHERE |= {"fit", "trials", "minimise", "minimize", "maximise", "maximize"}


@cache
def _texts() -> str:
    return "\n".join(write(number).text for write in KINDS.values() for number in range(400))


def test_programs_use_every_word_of_the_language() -> None:
    texts = _texts()
    every = {*words.RESERVED, *words.INSIDE, *(word for first in words.FIRST_WORDS.values() for word in first)}
    assert every - set(re.findall(r"[A-Za-z]+(?:-degree)?", texts)) == _ELSEWHERE


def test_programs_use_every_function_and_statistic() -> None:
    texts = _texts()
    written = {"step": "Θ", "spikes": "spikes of"}
    names = [name for name in (*FUNCTIONS, *STATISTICS) if not name.endswith(" over time")]
    assert [name for name in names if f"{written.get(name, f'{name}(')}" not in texts] == []
    of_each = [name.removesuffix(" over time") for name in STATISTICS if name.endswith(" over time")]
    assert [name for name in of_each if re.search(rf"\b{name}\([^()]* over time\)", texts) is None] == []


def _parts(value: object) -> Iterator[object]:
    """Everything that a model is made of: kinds of dataclasses, and members of enumerations."""
    if isinstance(value, Enum):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _parts(one)
    elif is_dataclass(value):
        yield type(value)
        for field in fields(value):
            yield from _parts(getattr(value, field.name))


def _of(module: ModuleType) -> set[type]:
    found = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)
    return {value for value in found if is_dataclass(value)}


@pytest.mark.slow
def test_programs_have_every_part_of_a_model() -> None:
    """Or random reactions and trees have; but those that only checks or plans know, what is read from files, Milstein's scheme (which the random models
    of `random_superposed` have), the tables of steps that adapt (`test_adaptive`), and what is declared of reactions (`tests/cases`)."""
    found: set[object] = set()
    connected: set[str] = set()
    texts = (write(number).text for write in KINDS.values() for number in range(60))
    reactions = (scheme(seed)[0] for seed in range(40) if MIXED[seed % len(MIXED)] != "mixed")
    for text in chain(texts, map(random_tree, range(30)), reactions):
        module = plasticdsl.parse(text).loaded.module
        found |= set(_parts((module.networks, module.experiments)))
        connected |= {p.connectivity.kind for network in module.networks for p in network.projections}
    every: set[object] = (
        _of(dynamics) | _of(schemes) | _of(experiments) | _of(protocol) | _of(networks) | {*Role, *dynamics.Trigger, *dynamics.Pairing}
    )
    assert {getattr(one, "__name__", str(one)) for one in every - found} == {
        "Asked",
        "Conserved",
        "Milstein",
        "SpikeFile",
        "Tableau",
        "Timed",
    }
    assert connected == {"all", "one", "probability", "in-degree", "out-degree", "where", "transposed"}


def _noted(text: str) -> set[str]:
    """The passes that have something to say of a program, none where it is refused."""
    try:
        plans = driver.plans(plasticdsl.parse(text).loaded, CompileOptions())
    except PlasError as refused:
        assert {d.code for d in refused.diagnostics} <= REFUSED
        return set()
    return {note.split(":")[0] for plan in plans for note in plan.notes}


@pytest.mark.slow
def test_every_pass_takes_some_program() -> None:
    """But what `random_superposed` has models for."""
    noted = {name for write in KINDS.values() for number in range(30) for name in _noted(write(number).text)}
    assert {p.name for p in PASSES} - noted <= {"superpose"}


# --- sweeps ----------------------------------------------------------------------------------------------------------


def swept_alone(number: int, engine: EngineName, kind: str = "spikes") -> None:
    """Each run of a sweep is, to the bit, that of the experiment with the same value and the same seed; and that of the one it is like, where items are
    not shuffled in an order that the name of the experiment decides too."""
    (name, values), features = KINDS[kind](number).swept, KINDS[kind](number).features
    swept = carried_out(number, "Swept", engine, kind=kind)
    repeats = len(swept) // len(values)
    for place, run in enumerate(swept):
        for experiment in ("Swept",) if "shuffled" in features else ("Swept", "Train"):
            alone = parsed(number, kind).run(experiment, engine=engine, seed=run.seed, parameters={name: values[place // repeats]})
            same(list(alone.study.runs)[:1], [run], rtol=0.0, atol=0.0)


@pytest.mark.parametrize("number", [28])
def test_a_run_of_a_sweep(number: int) -> None:
    swept_alone(number, "python")


@pytest.mark.slow
@kinds
@pytest.mark.parametrize("engine", ["reference", "python"])
@pytest.mark.parametrize("number", range(60))
def test_many_runs_of_sweeps(number: int, engine: EngineName, kind: str) -> None:
    swept_alone(number, engine, kind)


# --- networks that are saved -----------------------------------------------------------------------------------------


def built(number: int, engine: EngineName, kind: str) -> Net:
    return parsed(number, kind).build("Net", seed=number + 1, dt="1 ms" if kind == "spikes" else None, engine=engine)


def state(net: Net) -> Iterator[tuple[str, NDArray[np.float64]]]:
    engine = net._engine
    blocks = [(p.name, p.block) for p in net._network.populations] + [(p.name, p.connection) for p in net._network.projections]
    for owner, block in blocks:
        for variable in block.variables:
            if variable.role in (Role.STATE, Role.INPUT):
                yield f"{owner}.{variable.name}", np.array(value_of(engine, owner, variable.name))


def saved_on_the_way(number: int, engine: EngineName, folder: Path, kind: str = "spikes") -> None:
    """The same bits as without saving."""
    whole, first, second = (built(number, engine, kind) for _ in range(3))
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
@kinds
@pytest.mark.parametrize("engine", ["reference", "python"])
@pytest.mark.parametrize("number", range(100))
def test_many_networks_go_on_from_where_they_were_saved(number: int, engine: EngineName, kind: str, tmp_path: Path) -> None:
    try:
        saved_on_the_way(number, engine, tmp_path, kind)
    except PlasError as refused:
        assert {d.code for d in refused.diagnostics} <= REFUSED
