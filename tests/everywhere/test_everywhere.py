"""Each construct does the same wherever it is used: at every level of optimisation, in sweeps, on several threads, in single precision, after saving and
loading, in a module that runs by itself, from the command line and from Python.

What is tried are the files beside this one. A file has a network `Net`, an experiment `Go` that records what its constructs do and expects values worked
out by hand, `Swept`, which is like it, and `After`, which goes on from its end; a construct that is added to one of them is tried everywhere.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl import driver
from plasticdsl.api import Model
from plasticdsl.cli import app
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.model import Projection, Role
from plasticdsl.model.changing import obstacles
from plasticdsl.model.expr import Ref
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.net import Net
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.results.result import Result
from plasticdsl.runtime.engine import load as machine_code
from plasticdsl.runtime.engine.compiled import CompiledEngine
from plasticdsl.source import NOWHERE
from plasticdsl.support.structure import sources_of

FILES = sorted(Path(__file__).parent.glob("*.plas"))
STEPS, HALF = 24, 9

of_each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def mostly(*now: str) -> pytest.MarkDecorator:
    """Of each file; those that are not named among the slow tests."""
    marked = [pytest.param(path, marks=() if path.stem in now else pytest.mark.slow) for path in FILES]
    return pytest.mark.parametrize("path", marked, ids=lambda path: path.stem)


def slow(value: object) -> Any:
    return pytest.param(value, marks=pytest.mark.slow)


@cache
def model_of(path: Path) -> Model:
    return plasticdsl.load(path)


@cache
def carried_out(path: Path, experiment: str, engine: EngineName, level: int = 1) -> Result:
    return model_of(path).run(experiment, engine=engine, level=level)


def assert_passed(result: Result) -> None:
    assert [(o.text, o.found) for o in result.expectations if o.passed is not True] == []


def assert_same(found: xarray.Dataset, right: xarray.Dataset, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Everything recorded, with all coordinates, but for rounding."""
    assert set(found.variables) == set(right.variables)
    for name, variable in right.variables.items():
        compare = np.testing.assert_array_equal if variable.dtype.kind not in "fc" else np.testing.assert_allclose
        tolerance: dict[str, float] = {} if compare is np.testing.assert_array_equal else {"rtol": rtol, "atol": atol}
        compare(found[name].values, variable.values, err_msg=str(name), **tolerance)


# --- engines and levels ----------------------------------------------------------------------------------------------


@of_each_file
@pytest.mark.parametrize("level", [0, slow(2)])
def test_levels(path: Path, level: int) -> None:
    right = carried_out(path, "Go", "reference")
    found = carried_out(path, "Go", "python", level)
    for result in (right, found):
        assert result.expectations, "a file says what is right"
        assert_passed(result)
    assert_same(found.dataset, right.dataset)


@pytest.mark.slow
@of_each_file
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("experiment", ["Go", "Swept", "After"])
def test_machine_code(path: Path, level: int, experiment: str) -> None:
    assert_same(carried_out(path, experiment, "compiled", level).dataset, carried_out(path, experiment, "python", level).dataset)


@pytest.mark.slow
@of_each_file
def test_threads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks do not use them otherwise. The bits are those of one thread."""
    one = carried_out(path, "Go", "compiled")
    monkeypatch.setattr(machine_code, "LEAST_UNITS_FOR_THREADS", 1)
    two = model_of(path).run("Go", threads=2)
    assert_same(two.dataset, one.dataset, 0.0, 0.0)


@of_each_file
def test_single_precision(path: Path) -> None:
    """The same spikes in the first steps, and values to seven digits but for sums of them."""
    build = model_of(path).build
    double, single = (build(seed=3, engine="python", precision=precision) for precision in ("double", "single"))
    for net in (double, single):
        net.run(steps=5)
    for (owner, name), right in values_of(double).items():
        np.testing.assert_allclose(values_of(single)[owner, name], right, rtol=1e-4, atol=1e-5, err_msg=f"{owner}.{name}")


# --- experiments -----------------------------------------------------------------------------------------------------


@mostly("rules")
def test_sweeps(path: Path) -> None:
    """A run of a sweep is what the experiment gives with these values and this seed; what a user sets is not swept."""
    swept = carried_out(path, "Swept", "python")
    study = swept.study
    assert len(study.runs) == np.prod(study.shape) and study.repeats > 1 and study.axes
    last = study.runs[-1]
    values = {f"{axis.name}": float(axis.values[-1]) for axis in study.axes}
    alone = model_of(path).run("Swept", engine="python", seed=last.seed, parameters=values)
    for one, other in zip(last.recorder.series, alone.study.runs[0].recorder.series, strict=True):
        np.testing.assert_array_equal(one.done, other.done, err_msg=one.name)
    for train, (steps, units) in alone.study.runs[0].spikes.items():
        np.testing.assert_array_equal(last.spikes[train], (steps, units))
    assert any(
        not np.array_equal(a.done, b.done, equal_nan=True) for a, b in zip(last.recorder.series, study.runs[0].recorder.series, strict=True)
    )


@mostly("rules")
def test_going_on_from_an_end(path: Path) -> None:
    right = carried_out(path, "After", "reference")
    assert_same(carried_out(path, "After", "python").dataset, right.dataset)
    assert_passed(right)


@mostly("rules")
def test_command_line(path: Path, tmp_path: Path) -> None:
    """What it writes is what Python gets."""
    assert app.status(["run", str(path), "Go", "--engine", "python", "--out", str(tmp_path), "--quiet"]) == 0
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["expectations"] and all(e["passed"] for e in summary["expectations"])
    with xarray.open_dataset(tmp_path / "recordings.nc") as written:
        assert_same(written, carried_out(path, "Go", "python").dataset)


@mostly("phases")
def test_changes_in_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network whose parameters change in a phase does what one does that is made anew with them, to the bit."""
    right = carried_out(path, "Go", "python")
    monkeypatch.setattr(CompiledEngine, "change", lambda engine, instance: False)
    assert_same(model_of(path).run("Go", engine="python").dataset, right.dataset, 0.0, 0.0)


# --- Python ----------------------------------------------------------------------------------------------------------


def values_of(net: Net) -> dict[tuple[str, str], Any]:
    """All that changes, definitions and observables too."""
    network = net._network
    found: dict[tuple[str, str], Any] = {("", v.name): np.array(net[v.name]) for v in network.variables}
    for part in (*network.populations, *network.projections):
        block = part.connection if isinstance(part, Projection) else part.block
        for v in block.variables:
            if v.role in (Role.STATE, Role.INPUT, Role.REFRACTORY) or (v.role is Role.DEFINITION and not isinstance(part, Projection)):
                found[part.name, v.name] = np.array(net._observer.variable(Ref(part.as_owner, v.name)))
    return found


def assert_alike(found: Net, right: Net) -> None:
    """To the bit."""
    assert found.step == right.step
    wanted = values_of(right)
    for place, value in values_of(found).items():
        np.testing.assert_array_equal(value, wanted[place], err_msg=".".join(place))


@of_each_file
@pytest.mark.parametrize("engine", [slow("reference"), "python", slow("compiled")])
def test_saving_and_loading(path: Path, engine: EngineName, tmp_path: Path) -> None:
    """A state that was saved on the way goes on to the same bits, step by step too, and a network that is reset is a new one."""

    def build() -> Net:
        return model_of(path).build("Net", seed=3, engine=engine)

    whole, loaded = build(), build()
    whole.run(steps=HALF)
    whole.save(tmp_path / "state.npz")
    loaded.load(tmp_path / "state.npz")
    assert_alike(loaded, whole)
    whole.run(steps=STEPS - HALF)
    for _ in range(STEPS - HALF):
        loaded.run(steps=1)
    assert_alike(loaded, whole)
    loaded.reset()
    assert_alike(loaded, build())


@of_each_file
@pytest.mark.parametrize("text", [True, slow(False)])
@pytest.mark.parametrize("level", [slow(0), 1])
def test_exported_modules(path: Path, text: bool, level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that runs by itself begins with the same values and comes to the same bits, as text that Python runs and as machine code."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", text)
    source = driver.export(model_of(path).loaded, CompileOptions(level=level))
    made = import_text(source, f"everywhere_{digest_of(source)}_{text}")
    # modules walk the columns of postsynaptic spikes
    net = model_of(path).build("Net", seed=3, engine="python" if text else "compiled", level=level, without={"lazy"})
    instance = net._engine.instance
    arrays = {f"{file}_{name}": array for file, stored in instance.stored.items() for name, array in stored.items()}
    given: dict[str, Any] = {name: array for name, array in arrays.items() if name in made.PARAMETERS or f"{name} = " in source}
    listed = [p.name for p in net._network.projections if p.connectivity.kind == "listed"]
    given["connections"] = {name: (net[name].pre, net[name].post) for name in listed}
    with np.errstate(over="ignore"):  # random bits are products modulo 2⁶⁴
        a = made.allocate(seed=3, **given)
        made.simulate(a, STEPS * net.dt)
    net.run(steps=STEPS)
    compared = 0
    for (owner, name), right in values_of(net).items():
        kept = getattr(getattr(a, owner, None), name, None)
        if isinstance(kept, np.ndarray) and kept.dtype.kind == "f":
            if owner in instance.projections and kept.shape != right.shape:  # one value for all connections of a unit
                there = instance.projections[owner]
                kept = kept[sources_of(there.rows) if len(kept) == len(there.rows) - 1 else there.targets]
            np.testing.assert_array_equal(kept, right, err_msg=f"{owner}.{name}")
            compared += 1
    assert compared > 5


def changeable(net: Net) -> list[tuple[str, str]]:
    """The parameters that may change on the way."""
    network, found = net._network, list[tuple[str, str]]()
    for part in (*network.populations, *(p for p in network.projections if p.span != NOWHERE)):
        block = part.connection if isinstance(part, Projection) else part.block
        names = [v.name for v in block.variables if v.role in PARAMETERS]
        found += [(part.name, name) for name in names if not any(obstacles(network, [Ref(part.as_owner, name)]))]
    return found


@mostly("phases")
@pytest.mark.parametrize("engine", [slow("reference"), "python"])
def test_parameters_change(path: Path, engine: EngineName) -> None:
    """A parameter that a program changes and changes back leaves everything as it was."""
    build = model_of(path).build
    still, moved = (build("Net", seed=3, engine=engine) for _ in range(2))
    for net in (still, moved):
        net.run(steps=5)
    for owner, name in changeable(moved):
        value = np.array(getattr(moved[owner], name))  # what is lent follows the changes
        setattr(moved[owner], name, 2.0 * value)
        setattr(moved[owner], name, value)
    for net in (still, moved):
        net.run(steps=5)
    assert_alike(moved, still)
