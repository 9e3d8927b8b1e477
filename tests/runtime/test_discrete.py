"""Where discrete variables start."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from tests.runtime.experiments import carry_out

TEXT = """
neuron Unit:
    input h
    output x ∈ {{{values}}}{initial}
    x → {first}  if h > 1
        {last}  if h < −1

network Net:
    units = 40 Unit

experiment E on Net:
    phase rest for 2 steps
    record units.x
"""


def states(values: tuple[int, ...], initial: str = "") -> np.ndarray:
    """What the units are at each step."""
    listed = ", ".join(f"{v:+d}" for v in values)
    text = TEXT.format(values=listed, initial=initial and f"\n    {initial}", first=values[0], last=values[-1])
    return np.asarray(carry_out(text).runs[0].recorder.series[0].done)


@pytest.mark.parametrize("values", [(-1, 1), (1, -1), (0, 1), (1, 0), (-1, 0, 1)])
def test_the_first_value_where_nothing_is_said(values: tuple[int, ...]) -> None:
    assert (states(values) == values[0]).all()


def test_a_draw_among_the_values() -> None:
    found = states((0, 1), "x(0) ~ Bernoulli(0.5)")
    assert set(found[0]) == {0.0, 1.0}
    with pytest.raises(PlasError) as caught:
        states((-1, 1), "x(0) ~ Bernoulli(0.5)")
    assert [d.code for d in caught.value.diagnostics] == ["value-not-allowed"]
