"""Small networks in which one thing matters: generated code does what the interpreter does, and that is what the language reference says."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl.model.model import Pairing
from tests.reference.nets import Net, connection, pair_of_trains, state, window
from tests.semantics.agreement import Case, assert_agree
from tests.semantics.engines import LEVELS, in_python, reference

#: Nothing is moved, everything is.
BOTH = pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))


def agree(net: Net, steps: int, level: int) -> None:
    case = Case(net.network(), net.instance, net.per_unit(), steps)
    assert assert_agree(case, in_python(level), reference) == steps


def value(net: Net, steps: int, owner: str, name: str, level: int) -> np.ndarray:
    """What generated code gives in the end."""
    engine = in_python(level)(net.network(), net.instance(), net.per_unit())
    engine.advance(steps)
    return engine.read(owner, name).copy()


# --- lags ------------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("pairing", [Pairing.ALL, Pairing.NEAREST, Pairing.REDUCED])
@pytest.mark.parametrize("post_first", [False, True])
def test_a_truncated_window_counts_lags_in_whole_steps(pairing: Pairing, post_first: bool, level: int) -> None:
    """3 steps are within 3 steps and 2.6, whatever the rounding of n dt: the difference of the two times is often a little more."""
    early, late = list(range(5, 200, 10)), list(range(8, 200, 10))
    for limit in ("3 * dt", "2.6 * dt"):
        net = pair_of_trains(
            connection(variables=(state("w"),), pairs=(window(pairing, "1 / (1 + lag ** 2)", limit),)),
            *((late, early) if post_first else (early, late)),
        )
        net.dt = 1e-4
        agree(net, 220, level)
        assert value(net, 220, "c", "w", level)[0] == pytest.approx(len(early) / (1 + 9e-8), rel=1e-12)
