"""The comparison itself: an engine agrees with itself, and small differences are noticed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray

from plasticdsl.model import Network, PerUnit, Trigger
from plasticdsl.model.expr import Ref
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.reference.interpreter import ReferenceEngine
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.instance import Instance
from tests.reference.nets import connection, on, pair_of_trains, state
from tests.semantics.agreement import Case, assert_agree
from tests.semantics.engines import reference
from tests.semantics.random_models import imposed_cases, recurrent_cases

#: Few models by default: that an engine agrees with itself is seen at once where it does not.
few_or_more = pytest.mark.parametrize("examples", [4, pytest.param(15, marks=pytest.mark.slow)])


def tried(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@few_or_more
def test_the_interpreter_agrees_with_itself_and_values_stay_small(examples: int) -> None:
    @tried(examples)
    @given(imposed_cases())
    def agrees(case: Case) -> None:
        try:
            reached = assert_agree(case, reference, reference)
        except ValueError as refused:
            assert "⁺" in str(refused)
            return
        assert reached == case.steps

    agrees()


@few_or_more
def test_recurrent_networks(examples: int) -> None:
    @tried(examples)
    @given(recurrent_cases())
    def agrees(case: Case) -> None:
        assert_agree(case, reference, reference, every=10)

    agrees()


class Off(ReferenceEngine):
    """Differs in the last digits that count."""

    def read(self, target: Ref) -> NDArray[np.float64]:
        return super().read(target) * (1 + 3e-9)


def off(network: Network, instance: Instance, per_unit: PerUnit, asked: Asked = NOTHING_ASKED) -> Engine:
    return Off(network, instance)


def test_a_difference_is_found() -> None:
    net = pair_of_trains(connection(variables=(state("w"),), handlers=(on(Trigger.PRE, "w += 1"),)), [3], [])
    case = Case(net.network(), net.instance, net.per_unit(), 10)
    with pytest.raises(AssertionError, match=r"c\.w after 4 steps"):
        assert_agree(case, reference, off)


def other_spikes(network: Network, instance: Instance, per_unit: PerUnit, asked: Asked = NOTHING_ASKED) -> Engine:
    steps = instance.populations["a"].spike_steps
    assert steps is not None
    steps[-1] += 1
    return ReferenceEngine(network, instance, asked)


def test_a_spike_that_differs_is_found() -> None:
    net = pair_of_trains(connection(variables=(state("w"),)), [3, 5], [])
    case = Case(net.network(), net.instance, net.per_unit(), 10)
    with pytest.raises(AssertionError, match="spikes of a differ at step 5"):
        assert_agree(case, reference, other_spikes)
    assert assert_agree(Case(case.network, case.numbers, case.per_unit, 10, {}, 4), reference, other_spikes) == 5
