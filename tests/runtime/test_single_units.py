"""One unit or connection by its number, in recordings, plots and expectations."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from tests.runtime.experiments import carry_out

TEXT = """
neuron Leak:
    τ = 10 ms
    I = 0
    τ dV/dt = I − V

neuron Total:
    input a
    output y = a

synapse Linear:
    post.a = Σ w pre.V

network Net:
    n = 3
    cells = n Leak, I = i
    sums = 2 Total
    ex = cells → sums: Linear, where i < j, w = 10 i + j

experiment E on Net:
    dt = 0.1 ms
    phase run for 20 ms
    record cells.V[1], cells.V[−1] every 1 ms
    record cells.V every 1 ms
    record ex.w[2, 3] at end
    plot cells.V[2] − cells.V[1] over cells.V[3]
    expect cells.V[2] ≈ 2 ± 20 %
    expect cells.V[2]/cells.V[1] ≈ 2 ± 1e-9
    expect sums.y[1] > 0
"""


def with_line(line: str) -> str:
    """The experiment with one more line."""
    return f"{TEXT}    {line}\n"


def test_units_are_counted_from_one_and_backwards() -> None:
    run = carry_out(TEXT).runs[0]
    series = {s.name: s.done for s in run.recorder.series}
    assert np.array_equal(series["cells.V[1]"], series["cells.V"][:, 0])
    assert np.array_equal(series["cells.V[−1]"], series["cells.V"][:, 2])
    assert series["ex.w[2, 3]"] == 23.0
    assert [o.passed for o in run.outcomes] == [True, True, True]


def test_a_plot_over_one_unit_is_a_curve() -> None:
    plan = carry_out(TEXT).runs[0].recorder.plots[0]
    assert [panel.kind for panel in plan.panels] == ["plane"]
    assert plan.against is not None
    assert np.allclose(plan.series[0].done, plan.against.done / 3.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("record cells.V[4]", "‘cells’ has the units 1 to 3, so there is no number 4."),
        ("record cells.V[n + 1]", "‘cells’ has the units 1 to 3, so there is no number 4."),
        ("plot cells.V over cells.V[−4]", "‘cells’ has the units 1 to 3, so there is no number -4."),
        ("expect cells.V[5] > 0", "‘cells’ has the units 1 to 3, so there is no number 5."),
        ("record ex.w[2, 1]", "‘ex’ has no connection to unit 2 from unit 1."),
        ("record mean(cells.V − cells.V[7])", "‘cells’ has the units 1 to 3, so there is no number 7."),
    ],
)
def test_units_that_are_not_there(line: str, message: str) -> None:
    with pytest.raises(PlasError) as caught:
        carry_out(with_line(line))
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [("out-of-range", message)]
    assert caught.value.diagnostics[0].span.start > len(TEXT)
