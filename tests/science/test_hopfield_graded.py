"""Hopfield (1984), figure 3: two graded neurons, their energy and its minima."""

import numpy as np
import pytest

import plasticdsl
from plasticdsl.results.result import Result


@pytest.fixture(scope="module")
def result() -> Result:
    return plasticdsl.load("hopfield_graded").run("Map")


def test_what_the_model_expects(result: Result) -> None:
    assert result.expectations
    assert all(outcome.passed for outcome in result.expectations)


def gradient(v: np.ndarray) -> np.ndarray:
    """∂E/∂V = −T V + g⁻¹(V), with λ = 1.4."""
    return -v[..., ::-1] + 2.0 / (np.pi * 1.4) * np.tan(np.pi * v / 2.0)


def test_every_start_ends_in_a_minimum(result: Result) -> None:
    """(0.572873, 0.572873) or its opposite, and both are reached."""
    ends = result["units.V"].values[:, -1]
    assert len(ends) == 20
    assert np.abs(ends) == pytest.approx(np.full((20, 2), 0.572873), abs=1e-6)
    assert set(np.sign(ends[:, 0])) == {-1.0, 1.0}


def test_energy_only_falls(result: Result) -> None:
    """dE/dt = −Σ (g⁻¹)′(V) (dV/dt)² ≤ 0; it begins above and ends at −0.0530098."""
    energy = result["E"].values
    assert np.max(np.diff(energy, axis=1)) < 1e-12
    assert energy[:, -1] == pytest.approx(np.full(20, -0.0530098), abs=1e-6)


def test_paths_are_not_perpendicular_to_contours(result: Result) -> None:
    """Only where g is linear would the state move along the gradient of E."""
    v = result["units.V"].values
    steps, slopes = np.diff(v, axis=1), gradient(0.5 * (v[:, 1:] + v[:, :-1]))
    far = np.linalg.norm(steps, axis=2) > 1e-3
    cosine = np.sum(steps * slopes, axis=2)[far] / (np.linalg.norm(steps, axis=2) * np.linalg.norm(slopes, axis=2))[far]
    assert np.all(cosine < 0.0)
    assert np.max(cosine) > -0.8, "somewhere more than 35° away from the gradient"


def test_contours(result: Result) -> None:
    """Where the six printed contours cross the diagonal V₁ = V₂ and the line V₁ = −V₂, to 1e-4."""
    landscape = result.study.runs[0].recorder.plots[0].landscape
    assert landscape is not None
    assert landscape.levels == (-0.041, -0.023, -0.003, 0.017, 0.156, 0.449)
    diagonal = {0.449: [0.93516], 0.156: [0.86578], 0.017: [0.77858]}
    diagonal |= {-0.003: [0.10304, 0.75471], -0.023: [0.29865, 0.72210], -0.041: [0.42723, 0.67493]}
    across = {0.449: [0.49913], 0.156: [0.29923], 0.017: [0.09950], -0.003: []}
    for crossings, other in ((diagonal, 1.0), (across, -1.0)):
        for level, wanted in crossings.items():
            found = roots(lambda v, s=other, e=level: landscape.at(v, s * v) - e)
            assert found == pytest.approx(wanted, abs=1e-5)


def roots(f) -> list[float]:
    """All sign changes on (0.01, 0.99), by bisection."""
    grid = np.linspace(0.01, 0.99, 99)
    values = [f(float(v)) for v in grid]
    found = []
    for a, b, left, right in zip(grid, grid[1:], values, values[1:], strict=False):
        if left * right < 0.0:
            for _ in range(40):
                middle = 0.5 * (a + b)
                a, b = (middle, b) if f(float(middle)) * left > 0.0 else (a, middle)
            found.append(float(0.5 * (a + b)))
    return found


def test_curvature_at_the_saddle(result: Result) -> None:
    """Eigenvalues 1/λ ∓ 1 of the second derivatives at the origin: −0.285714 and 1.714286."""
    landscape = result.study.runs[0].recorder.plots[0].landscape
    assert landscape is not None
    h = 1e-4
    along, across = (2.0 * (landscape.at(h, s * h) - landscape.at(0.0, 0.0)) / (2.0 * h * h) for s in (1.0, -1.0))
    assert (along, across) == pytest.approx((1 / 1.4 - 1, 1 / 1.4 + 1), abs=1e-5)
