"""The benchmark suite: its scripts are Python, its page is made of its results, and its networks do what they are known to do. No other tool is needed."""

from __future__ import annotations

import ast
import importlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

import plasticdsl

from .pages import ROOT

FOLDER = ROOT / "benchmarks"
RESULTS = FOLDER / "results.json"


@pytest.fixture(scope="module")
def suite() -> Iterator[tuple[ModuleType, ModuleType, ModuleType]]:
    """The modules page, play and workloads, as the command imports them."""
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module("page"), importlib.import_module("play"), importlib.import_module("workloads")
    sys.path.remove(str(FOLDER))
    for name in ("page", "play", "workloads", "soak"):
        del sys.modules[name]


@pytest.mark.parametrize("script", sorted(p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*.py")))
def test_scripts_are_python(script: str) -> None:
    assert ast.get_docstring(ast.parse((FOLDER / script).read_text(encoding="utf-8")))


def test_tools_name_scripts_and_workloads_that_there_are(suite: tuple[ModuleType, ...]) -> None:
    _, play, workloads = suite
    names = {w.name for w in workloads.WORKLOADS}
    assert names == set(play.SPIKING) | set(play.DENSE) | {play.START}
    for tool in play.TOOLS:
        assert (FOLDER / "tools" / f"{tool.script}.py").is_file()
        assert set(tool.workloads) <= names
        assert set(tool.meanings) <= {m for w in workloads.WORKLOADS for m in w.variants}


def test_the_models_are_right() -> None:
    for path in sorted((FOLDER / "models").glob("*.plas")):
        assert plasticdsl.load(str(path)).networks


def made_up(play: ModuleType, workload: str, tool: str, seconds: list[float], found: list[float]) -> dict[str, object]:
    spent = {"processor": 0.0, "elapsed": 0.0}
    rounds = [
        {
            "run": {"processor": s, "elapsed": s},
            "build": spent,
            "settle": spent,
            "peak_mb": 1.0,
            "process_s": s + 0.5,
            "turns": None,
            "found": {"rate": f},
        }
        for s, f in zip(seconds, found, strict=True)
    ]
    head = {"tool": tool, "precision": "double", "workload": workload, "threads": 1, "size": 1.0, "version": "1"}
    return {**head, "cold_s": [2.0], "rounds": rounds}


def test_ratios_are_taken_round_by_round_and_agreement_by_chance(suite: tuple[ModuleType, ...]) -> None:
    page, play, workloads = suite
    competition = next(w for w in workloads.WORKLOADS if w.name == "competition")
    ours = made_up(play, "competition", "plasticdsl", [1.0, 2.0, 4.0], [10.0, 11.0, 12.0])
    theirs = made_up(play, "competition", "Brian2", [3.0, 4.0, 8.0], [10.5, 11.5, 12.5])
    assert page.ratio(theirs, ours, competition) == 2.0  # of 3, 2 and 2; that of the medians would be 2 as well, of the sums 15/7
    assert page.per_connection(ours, competition) == pytest.approx(2.0 / 20 / (1000 * 15 * 100))
    assert page.start_of(ours["rounds"][0]) == 0.5
    expected = [10.0, 11.0, 12.0]
    allowed = 4 * statistics.stdev(expected) * (1 / 3 + 1 / 3) ** 0.5 + 0.02 * 11.0
    (comparison,) = play.compared(theirs, {"rate": expected}, competition)
    assert (comparison.mean, comparison.expected, comparison.allowed) == (11.5, 11.0, pytest.approx(allowed))
    assert comparison.agrees
    far = made_up(play, "competition", "Brian2", [1.0, 1.0, 1.0], [11.0 + 1.01 * allowed] * 3)
    assert not play.compared(far, {"rate": expected}, competition)[0].agrees


@pytest.mark.skipif(not RESULTS.exists(), reason="nothing was measured yet")
def test_the_page_is_that_of_the_results(suite: tuple[ModuleType, ...]) -> None:
    page, _, _ = suite
    assert page.page(json.loads(RESULTS.read_text(encoding="utf-8"))) == page.PAGE.read_text(encoding="utf-8")


def test_what_is_wrong_in_a_long_run_is_said(suite: tuple[ModuleType, ...]) -> None:
    soak = importlib.import_module("soak")

    def said(**changes: float) -> list[str]:
        parts = [soak.Part(until=2001.0 + k, events=100, processor=1e-6, memory=50.0 if k else 40.0, mean=0.5, rate=15.0) for k in range(8)]
        parts[-1] = replace(parts[-1], **changes)
        parts[-2] = replace(parts[-2], **{name: value for name, value in changes.items() if name == "processor"})
        return soak.faults(soak.summary(soak.NETWORKS["competition"], parts, 0.5))

    assert said() == []
    assert said(memory=50.6) == ["Memory grew from 50.0 MB to 50.6 MB."]
    assert said(processor=2e-6) == ["An event took 10.00 ns at first and 20.00 ns at last."]
    assert said(mean=0.51) == ["The mean weight went away by 2.00 %."]
    drifting = soak.Summary(1.0, 100, 10.0, 10.0, 50.0, 50.0, began=0.5, ended=0.45, away=0.1, wanted=0.44)
    assert soak.faults(drifting) == ["The mean weight came from 0.5 to 0.45, and not to 0.44."]
    assert soak.faults(replace(drifting, ended=0.445)) == []


@pytest.mark.slow
def test_nothing_grows_through_a_thousand_million_events() -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "soak.py")], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_small_networks_keep_what_their_neurons_receive(suite: tuple[ModuleType, ...]) -> None:
    _, _, workloads = suite
    small = workloads.scaled(workloads.BRUNEL, 0.125)
    assert (small.E, small.I) == (1000, 250)
    assert small.E * small.p * small.w_e == pytest.approx(8000 * 0.1 * 0.2)
    assert small.w_max / small.w_e == pytest.approx(2.0)


def test_bcm_learns_what_its_formula_says() -> None:
    """y = [Σ w x]₊, Δw = η y (y − ⟨y²⟩) x, and then ⟨y²⟩ goes on: the loop that benchmarks/tools/on_numpy.py times."""
    random = np.random.default_rng(1)
    patterns, w = random.random((3, 6)), random.random((6, 6))
    model = plasticdsl.load(str(FOLDER / "models" / "bcm.plas"))
    result = model.run(parameters={"N": 6, "P": 3, "ξ": patterns, "syn.w": w.T.ravel(), "syn.η": 1e-3}, engine="reference")
    mean = np.zeros(6)
    for step in range(30):
        x = patterns[step % 3]
        y = np.maximum(w @ x, 0.0)
        w += np.outer(1e-3 * y * (y - mean), x)
        mean = y**2 + (mean - y**2) * np.exp(-1 / 100)
    assert float(result["mean(syn.w)"].values) == pytest.approx(w.mean(), rel=1e-12)
    assert float(result["sd(syn.w)"].values) == pytest.approx(w.std(), rel=1e-12)


def test_a_small_memory_recalls() -> None:
    model = plasticdsl.load(str(FOLDER / "models" / "hopfield.plas"))
    patterns = np.random.default_rng(1).choice([-1.0, 1.0], (2, 60))
    w = patterns.T @ patterns / 60
    given = {"N": 60, "P": 2, "cues": 1, "ξ": patterns, "J.w": w[~np.eye(60, dtype=bool)]}
    assert float(model.run("Recall", parameters=given, engine="reference")["m_1"].values) == 1.0


def test_pairs_in_one_step_count_for_nothing_in_the_networks_without_ties() -> None:
    """Inputs that spike when the cell does, and never else: by the rule of the paper each such pair depresses."""
    end = {}
    for file in ("competition", "ties"):
        model = plasticdsl.load(str(FOLDER / "models" / f"{file}.plas"))
        # an input of ten spikes in the step in which the cell spikes
        given = {"inputs": 1, "cells": 1, "inputs.rate": 1e5, "ex.w": 0.005}
        net = model.build("Competition", dt="0.1 ms", engine="reference", parameters=given)
        net["cells"].V = 0.0
        net.run(steps=1)
        end[file] = (net.spike_count("inputs"), net.spike_count("cells"), float(net["ex"].w[0]))
    assert end["competition"][:2] == end["ties"][:2]
    inputs, cells, w = end["competition"]
    assert inputs > 0
    assert cells == 1
    assert w == pytest.approx(0.005 - inputs * 1.05 * 0.01 * 0.01)
    assert end["ties"][2] == 0.005
