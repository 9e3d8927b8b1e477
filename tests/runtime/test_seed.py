"""`seed = 3` in an experiment: what its draws come from, unless the run is given another one."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError

TEXT = """
neuron Drawn:
    V(0) ~ N(0, 1)
    10 ms dV/dt = 0

network Net:
    cells = 5 Drawn

experiment Plain on Net:
    dt = 1 ms
    phase run for 1 ms
    record cells.V at end as V

experiment Seeded like Plain:
    seed = 3

experiment Other like Seeded:
    seed = 4
"""


def drawn(name: str, **how: int) -> list[float]:
    values = plasticdsl.parse(TEXT).run(name, engine="reference", **how)["V"].values
    return [float(v) for v in np.ravel(values)]


def test_an_experiment_says_its_seed():
    assert drawn("Seeded") == drawn("Plain", seed=3) != drawn("Plain")
    assert drawn("Other") == drawn("Plain", seed=4)
    assert drawn("Seeded", seed=1) == drawn("Plain"), "the run's own seed wins"
    assert plasticdsl.parse(TEXT).run("Seeded", engine="reference").summary["seed"] == 3


@pytest.mark.parametrize("line", ["seed = 1.5", "seed = −1", "seed = 3 ms", "seed = 2\n    seed = 3"])
def test_a_seed_is_one_whole_number(line):
    with pytest.raises(PlasError):
        plasticdsl.parse(TEXT.replace("    seed = 3", f"    {line}"))
