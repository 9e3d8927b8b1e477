"""Steps of their own length within dt: kernels do what the interpreter does, and how long the last one was is part of the state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl.reference import rosenbrock
from plasticdsl.reference.state import Run

MODEL = """
neuron Pulsed:
    \"\"\"Van der Pol’s oscillator, which is pushed on.\"\"\"
    μ ~ U(2, 20)
    dy/dt = v/1 ms
    dv/dt = (μ (1 − y²) v − y)/1 ms
    y(0) = 2
    method: adaptive, tolerance 1e-5

neuron Cable:
    \"\"\"A gate with steps of its own in each segment.\"\"\"
    soma = cylinder(diameter 2 µm, length 200 µm, 5 segments)
    dm/dt = (1 − m²)(0.2 + V/10 mV)/0.01 ms − m/1 ms
    1 µF/cm² dV/dt = 20 µS/cm² (10 mV m − V) + axial(V, 150 Ω·cm)
    method: adaptive for m

synapse Bound:
    \"\"\"Something in each connection is bound within microseconds.\"\"\"
    Ca(0) = 0
    B(0) = 5
    reactions:
        Ca + B ⇌ CaB : 400 ms⁻¹, 50 ms⁻¹
        Ca → ∅ : 2 ms⁻¹
    method: adaptive, tolerance 1e-5
    on pre:
        Ca += 1

network Net:
    inputs = 3 Regular(rate = 700 Hz)
    cells = 4 Pulsed
    cable = 2 Cable
    syn = inputs → cells: Bound
"""

READ = (("cells", "y"), ("cells", "v"), ("cable", "m"), ("cable", "V"), ("syn", "Ca"), ("syn", "CaB"))


def built(engine: str, **more: object) -> plasticdsl.Net:
    return plasticdsl.parse(MODEL).build("Net", dt="0.5 ms", seed=3, engine=engine, **more)


def values(net: plasticdsl.Net) -> dict[str, np.ndarray]:
    return {f"{owner}.{name}": np.array(getattr(net[owner], name)) for owner, name in READ}


@pytest.mark.parametrize("engine", ["python", "compiled"])
def test_kernels_take_the_steps_of_the_interpreter(engine: str) -> None:
    wanted, found = built("reference"), built(engine)
    for _ in range(3):
        for net in (wanted, found):
            net.run("2 ms")
        for name, expected in values(wanted).items():
            np.testing.assert_allclose(values(found)[name], expected, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_the_length_is_saved(engine: str, tmp_path: Path) -> None:
    net, other = built(engine), built(engine)
    net.run("2 ms")
    net.save(tmp_path / "state.npz")
    net.run("1 ms")
    other.load(tmp_path / "state.npz")
    other.run("1 ms")
    for name, expected in values(net).items():
        assert np.array_equal(values(other)[name], expected), name


def test_threads_change_no_bit() -> None:
    alone, together = built("compiled"), built("compiled", threads=2)
    for net in (alone, together):
        net.run("12 ms")
    for name, expected in values(alone).items():
        assert np.array_equal(values(together)[name], expected), name


def test_a_step_begins_as_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A smooth system whose own steps are a little shorter than dt tries each once; where each dt begins anew every one begins with what is too long."""
    text = """
neuron Turning:
    dx/dt = 2 π·1 kHz y
    dy/dt = −2 π·1 kHz x
    x(0) = 1
    method: adaptive, tolerance 1e-7

network Net:
    cell = 1 Turning
"""
    tries = 0
    one_step = rosenbrock.one_step

    def counted(*arguments: object) -> tuple[np.ndarray, np.ndarray]:
        nonlocal tries
        tries += 1
        return one_step(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rosenbrock, "one_step", counted)
    net = plasticdsl.parse(text).build("Net", dt="0.06 ms", engine="reference")
    net.run("1.2 ms")
    remembering, tries = tries, 0
    np.testing.assert_allclose(net["cell"].x, np.cos(2 * np.pi * 1.2), atol=2e-4)
    run: Run = net._engine._run  # type: ignore[attr-defined]
    for _ in range(20):
        run.lengths.clear()
        net.run("0.06 ms")
    assert remembering < 0.9 * tries, (remembering, tries)
