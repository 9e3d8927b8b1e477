"""A step that an explicit integrator cannot take is refused before the run."""

from __future__ import annotations

import pytest

import plasticdsl

CELL = """
neuron Cell:
    τ = 1 ms
    τ dV/dt = −V
    method: {method}

network Net:
    cells = 3 Cell
"""


@pytest.mark.parametrize(("method", "dt", "fits"), [
    ("Euler", "1.9 ms", True),
    ("Euler", "2.1 ms", False),
    ("Euler, 2 substeps", "3.9 ms", True),
    ("RK4", "2.7 ms", True),
    ("RK4", "2.8 ms", False),
    ("exponential Euler", "50 ms", True),
    ("exact", "50 ms", True),
])  # fmt: skip
def test_a_step_beyond_stability_is_an_error(method: str, dt: str, fits: bool) -> None:
    model = plasticdsl.parse(CELL.format(method=method))
    if fits:
        model.build("Net", dt=dt)
        return
    with pytest.raises(plasticdsl.PlasError) as error:
        model.build("Net", dt=dt)
    assert [d.code for d in error.value.diagnostics] == ["time-step-too-large"]
    assert "‘V’ of ‘cells’" in error.value.diagnostics[0].message


def test_the_shortest_time_constant_of_a_population_counts() -> None:
    model = plasticdsl.parse(CELL.format(method="Euler"))
    with pytest.raises(plasticdsl.PlasError, match=r"0\.5 ms"):
        model.build("Net", dt="1.5 ms", tau=[1e-3, 0.5e-3, 1e-3])


def test_inputs_that_a_projection_fills_hide_no_time_constant() -> None:
    """They count as 0, which they are before anything has come."""
    neurons = "neuron Cell:\n    input g\n    1 ms dV/dt = −V − g V²\n    method: exponential Runge–Kutta\n\n"
    neurons += "neuron Other:\n    output y\n    10 ms dy/dt = −y\n\nsynapse Reading:\n    post.g = Σ pre.y\n\n"
    model = plasticdsl.parse(f"{neurons}network Net:\n    cell = 1 Cell\n    other = 1 Other\n    other → cell: Reading\n")
    model.build("Net", dt="2.7 ms")
    with pytest.raises(plasticdsl.PlasError, match="‘V’ of ‘cell’"):
        model.build("Net", dt="2.8 ms")


@pytest.mark.parametrize(("constant", "fits"), [("1 step", True), ("0.6 steps", True), ("0.4 steps", False)])
def test_time_constants_may_be_counted_in_steps(constant: str, fits: bool) -> None:
    noise = f"neuron Noise:\n    dn/dt = −n/({constant}) + ξ(t)/√(1 step)\n\n"
    noise += "network Net:\n    cells = 1 Noise\n\nexperiment Run on Net:\n    phase p for 3 steps\n"
    if fits:
        plasticdsl.parse(noise).build("Net")
        return
    with pytest.raises(plasticdsl.PlasError) as error:
        plasticdsl.parse(noise).build("Net")
    (found,) = error.value.diagnostics
    assert found.code == "time-step-too-large" and "(0.4 steps)" in found.message
    assert "method" not in found.hint  # there is only one for equations with noise
