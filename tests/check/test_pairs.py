"""What a projection may say about two units: their numbers, and parameters of theirs, drawn or not."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.instance import ProjectionInstance
from tests.check.models import check_text, network

CELLS = """
neuron Placed:
    X = 0
    10 ms dV/dt = −V
    spike when V > 1

synapse Kick:
    on pre:
        post.V += w

network Net:
    λ = 4
    A = 60 Placed, X ~ U(0, 20)
    B = 60 Placed, X ~ U(0, 20)
"""


def made(clauses: str, projection: str = "A → B: Kick, w = 1") -> tuple[ProjectionInstance, np.ndarray, np.ndarray]:
    """The projection with its clauses, and the positions of both populations."""
    found = instantiate(network(f"{CELLS}    it = {projection}, {clauses}\n"), dt=1e-3, seed=3)
    positions = [np.asarray(found.populations[name].parameters["X"]) for name in ("A", "B")]
    return found.projections["it"], positions[0], positions[1]


def ends(projection: ProjectionInstance) -> tuple[np.ndarray, np.ndarray]:
    """Post and pre unit of each connection, from 0."""
    return projection.targets.astype(int), projection.sources().astype(int)


def test_a_probability_may_depend_on_the_numbers_of_the_units() -> None:
    post, pre = ends(made("p = exp(−|i − j|/λ)")[0])
    distance = np.abs(post - pre)
    assert (distance == 0).sum() == 60  # where it is 1
    counts, wanted = np.bincount(distance, minlength=60)[1:12], np.exp(-np.arange(1, 12) / 4.0)
    pairs = 2.0 * (60 - np.arange(1, 12))
    assert np.all(np.abs(counts - wanted * pairs) < 4.0 * np.sqrt(pairs * wanted * (1.0 - wanted)) + 1.0)


def test_a_probability_may_depend_on_where_the_units_are() -> None:
    projection, of_pre, of_post = made("p = 0.8 Θ(λ − |pre.X − post.X|)")
    post, pre = ends(projection)
    near = np.abs(of_pre[:, None] - of_post[None, :]) < 4.0
    assert near[pre, post].all()
    assert len(post) == pytest.approx(0.8 * near.sum(), rel=0.06)


def test_conditions_delays_and_weights_too() -> None:
    projection, of_pre, of_post = made("where |pre.X − post.X| < λ, delay = |pre.X − post.X|·1 ms", "A → B: Kick, w = pre.X + 2 post.X")
    post, pre = ends(projection)
    apart = np.abs(of_pre[:, None] - of_post[None, :])
    assert len(post) == (apart < 4.0).sum()
    assert np.array_equal(projection.axonal, np.rint(apart[pre, post]))
    assert np.allclose(projection.parameters["w"], of_pre[pre] + 2.0 * of_post[post])


def test_a_population_in_itself() -> None:
    post, pre = ends(made("p = exp(−|pre.X − post.X|/λ), except self", "A → A: Kick, w = 1")[0])
    assert len(post) > 300
    assert (post != pre).all()


@pytest.mark.parametrize("clause", ["p = pre.V", "where post.V > 0", "delay = post.V·1 ms", "p = exp(−k)"])
def test_nothing_that_changes(clause: str) -> None:
    found = check_text(f"{CELLS}    A → B: Kick, w = 1, {clause}\n")
    assert [d.code for d in found.diagnostics] == ["unknown-name"]
