"""e-prop, Bellec et al. (2020): trials of the network of the authors' tutorial, with both optimisers, against gradients that run backwards."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl.net import Net
from plasticdsl.options import EngineName

Floats = NDArray[np.float64]

TRIAL, TRIALS = 50, 3
DECAY = np.exp(-1 / 30)
THRESHOLD = 0.03
PROJECTIONS = ("first", "recurrent", "readout")


def matrix(net: Net, projection: str, name: str) -> Floats:
    """Post × pre, 0 where there is no connection."""
    found = net[projection]
    whole = np.zeros((found.post.max() + 1, found.pre.max() + 1))
    whole[found.post, found.pre] = getattr(found, name)
    return whole


def curve(net: Net) -> Floats:
    """The curve of one second that the readout has drawn for itself, as far as a trial goes here."""
    out, angle = net["out"], np.arange(TRIAL) / 1000 * 2 * np.pi
    sines = [
        getattr(out, f"A_{f}")[0] * (np.sin(f * angle + getattr(out, f"phi_{f}")[0]) - np.sin(getattr(out, f"phi_{f}")[0]))
        for f in (1, 2, 3, 5)
    ]
    return np.sum(sines, axis=0)


def filtered(values: Floats, backwards: bool = False) -> Floats:
    """What a leaky sum has of the steps before each step; backwards, of the steps after it."""
    order = slice(None, None, -1) if backwards else slice(None)
    found, sofar = np.zeros_like(values), np.zeros_like(values[0])
    for n in range(len(values))[order]:
        found[n] = sofar
        sofar = DECAY * sofar + (1 - DECAY) * values[n]
    return found


def trial(shown: Floats, goal: Floats, w: dict[str, Floats], feedback: Floats) -> tuple[float, dict[str, Floats], int]:
    """The loss, the gradient of ½ Σ (y − goal)² + 150 Σ (rate − 0.01)² without what spikes do through other neurons, and the number of spikes.

    An eligibility enters errors by the readout's filter, and so errors, filtered from the end to the beginning, are what it is multiplied with."""
    v, z = np.zeros((TRIAL + 1, len(feedback))), np.zeros((TRIAL + 1, len(feedback)))
    for n in range(TRIAL):
        v[n + 1] = DECAY * v[n] + (1 - DECAY) * (w["first"] @ shown[n] + w["recurrent"] @ z[n]) - THRESHOLD * z[n]
        z[n + 1] = v[n + 1] > THRESHOLD
    v, z = v[:-1], z[:-1]
    error = filtered(z @ w["readout"].T)[:, 0] - goal
    slope = 0.3 / THRESHOLD * np.maximum(0, 1 - np.abs(v - THRESHOLD) / THRESHOLD)
    learning = filtered(np.outer(error, feedback), backwards=True) + 300 * (z.mean(0) - 0.01) / TRIAL
    gradient = {
        "first": (slope * learning).T @ filtered(shown),
        "recurrent": (slope * learning).T @ filtered(z),
        "readout": filtered(error[:, None], backwards=True).T @ z,
    }
    np.fill_diagonal(gradient["recurrent"], 0)
    return 0.5 * float(error @ error), gradient, int(z.sum())


def learned(shown: Floats, goal: Floats, w: dict[str, Floats], feedback: Floats, adam: bool) -> tuple[list[float], int]:
    """The losses of all trials; `w` is changed after each."""
    first, second = ({p: np.zeros_like(w[p]) for p in PROJECTIONS} for _ in range(2))
    losses, spikes = [], 0
    for k in range(1, TRIALS + 1):
        loss, gradient, count = trial(shown, goal, w, feedback)
        losses.append(loss)
        spikes += count
        for p in PROJECTIONS:
            first[p] = 0.9 * first[p] + 0.1 * gradient[p]
            second[p] = 0.999 * second[p] + 0.001 * gradient[p] ** 2
            step = 3e-3 * (first[p] / (1 - 0.9**k)) / (np.sqrt(second[p] / (1 - 0.999**k)) + 1e-8)
            w[p] = w[p] - (step if adam else 0.05 * gradient[p])
    return losses, spikes


@pytest.mark.parametrize("optimiser", ["Descent", "Adam"])
def test_weights_after_three_trials(optimiser: str, kernels: EngineName) -> None:
    """Adam divides by the size of the gradient, so that rounding of entries that are nearly 0 shows: 1e-6 of a step of 3e-3."""
    adam = optimiser == "Adam"
    lengths = {f"{owner}.T": TRIAL + 1 for owner in ("cells", "first", "recurrent", "readout")} | {"first.n": TRIAL, "recurrent.n": TRIAL}
    rates = {} if adam else {f"{p}.η": 0.05 for p in PROJECTIONS}
    net = plasticdsl.load("networks/pattern_generation").build(
        "WithAdam" if adam else "Tutorial", seed=4, engine=kernels, parameters={"inputs": 20, "cells": 8, **lengths, **rates}
    )
    shown = (np.random.default_rng(0).random((TRIAL, 20)) < 0.2).astype(float)
    w = {p: matrix(net, p, "w") for p in PROJECTIONS}
    before = {p: w[p].copy() for p in PROJECTIONS}
    losses, spikes = learned(shown, curve(net), w, matrix(net, "back", "w")[:, 0], adam)
    found = []
    states = ("cells.v", "cells.z", "out.y", "first.ε", "first.ē", "recurrent.ε", "recurrent.ē", "readout.ε")
    for shown_now in [[], *[shown] * TRIALS]:
        for row in shown_now:
            net["inputs"].x = row
            net.run(steps=1)
        found.append(float(net["out"].E[0]))
        for owner, name in [state.split(".") for state in states]:
            setattr(net[owner], name, 0)
        net["inputs"].x = 0
        net.run(steps=1)  # the step between trials, in which weights change
        net["out"].k = net["out"].E = 0
    assert 20 < spikes < 0.5 * TRIALS * TRIAL * 8
    assert found[1:] == pytest.approx(losses, rel=1e-9)
    for p in PROJECTIONS:
        assert np.max(np.abs(w[p] - before[p])) > 1e-3, p
        assert matrix(net, p, "w") == pytest.approx(w[p], rel=0, abs=3e-9), p
