"""Pairings, ties and delays of learning windows, against tables worked out by hand from docs/language/time-and-order.md."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl.model import Pairing, PairRule, Trigger
from plasticdsl.reference.pairs import partners
from plasticdsl.reference.tie import tie_side
from tests.reference.nets import Net, connection, definition, e, final, on, pair_of_trains, parameter, state, window
from tests.values import value_of

COUNT = "1"


def lags(pairing: Pairing, pre: list[int], post: list[int], axonal: int = 0, dendritic: int = 0) -> list[int]:
    """The lags (in steps) of all pairs that count, by runs with a window that counts one lag."""
    found = []
    for lag in sorted({b + dendritic - a - axonal for a in pre for b in post}):
        exact = f"1 if lag > {lag - 0.5} * dt and lag < {lag + 0.5} * dt else 0"
        block = connection(variables=(state("w"),), pairs=(window(pairing, exact),))
        count = final(pair_of_trains(block, pre, post, axonal=axonal, dendritic=dendritic), 60)
        found += [lag] * round(count)
    return found


@pytest.mark.parametrize(
    ("pairing", "expected"),
    [
        # pre 10, 14, 30; post 12, 18, 33
        # all: (10,12) 2, (10,18) 8, (10,33) 23, (14,12) −2, (14,18) 4, (14,33) 19, (30,12) −18, (30,18) −12, (30,33) 3
        (Pairing.ALL, [-18, -12, -2, 2, 3, 4, 8, 19, 23]),
        # 12 looks back to 10; 14 to 12; 18 to 14; 30 to 18; 33 to 30
        (Pairing.NEAREST, [-12, -2, 2, 3, 4]),
        # pre 10: next 12; pre 14: last 12, next 18; pre 30: last 18, next 33
        (Pairing.CENTRED_PRE, [-12, -2, 2, 3, 4]),
        (Pairing.CENTRED_POST, [-12, -2, 2, 3, 4]),
        (Pairing.REDUCED, [-12, -2, 2, 3, 4]),
    ],
)
def test_alternating_trains(pairing: Pairing, expected: list[int]) -> None:
    assert lags(pairing, [10, 14, 30], [12, 18, 33]) == expected


@pytest.mark.parametrize(
    ("pairing", "expected"),
    [
        # pre 10, 12; post 15, 19; pre 24, 26
        (Pairing.ALL, sorted([5, 9, 3, 7, -9, -5, -11, -7])),
        # 15→12 (3), 19→12 (7), 24→19 (−5), 26→19 (−7)
        (Pairing.NEAREST, [-7, -5, 3, 7]),
        # pre 10: next 15 (5); pre 12: next 15 (3); pre 24: last 19 (−5); pre 26: last 19 (−7)
        (Pairing.CENTRED_PRE, [-7, -5, 3, 5]),
        # post 15: last 12 (3), next pre 24 (−9); post 19: last 12 (7), next pre 24 (−5)
        (Pairing.CENTRED_POST, [-9, -5, 3, 7]),
        # neighbours: 12–15 (3), 19–24 (−5)
        (Pairing.REDUCED, [-5, 3]),
    ],
)
def test_bursts(pairing: Pairing, expected: list[int]) -> None:
    assert lags(pairing, [10, 12, 24, 26], [15, 19]) == expected


@pytest.mark.parametrize(
    ("pairing", "expected"),
    [
        # pre 10, 20, 30; post 15, 20, 26
        (Pairing.ALL, sorted([5, 10, 16, -5, 0, 6, -15, -10, -4])),
        # 15→10 (5); 20 tie (0), nothing else then; 26→20 (6); 30→26 (−4)
        (Pairing.NEAREST, [-4, 0, 5, 6]),
        # pre 10: next 15 (5); pre 20: last is the tie (0), next 26 (6); pre 30: last 26 (−4)
        (Pairing.CENTRED_PRE, [-4, 0, 5, 6]),
        # post 15: last 10 (5), next pre 20 (−5); post 20: tie (0), next pre 30 (−10); post 26: last 20 (6), next pre 30 (−4)
        (Pairing.CENTRED_POST, [-10, -5, -4, 0, 5, 6]),
        # 10–15 (5), tie (0), 20–26 (6), 26–30 (−4)
        (Pairing.REDUCED, [-4, 0, 5, 6]),
    ],
)
def test_ties_are_one_pair(pairing: Pairing, expected: list[int]) -> None:
    assert lags(pairing, [10, 20, 30], [15, 20, 26]) == expected


@pytest.mark.parametrize(
    ("pairing", "expected"),
    [
        # two pre spikes at 10, two post spikes at 14, two pre spikes at 20
        (Pairing.ALL, sorted([4] * 4 + [-6] * 4)),
        (Pairing.NEAREST, sorted([4, 4, -6, -6])),
        # each pre of 10 meets the first post of 14; each pre of 20 the last post of 14
        (Pairing.CENTRED_PRE, sorted([4, 4, -6, -6])),
        # each post of 14 has one last pre and one next pre
        (Pairing.CENTRED_POST, sorted([4, 4, -6, -6])),
        (Pairing.REDUCED, [-6, 4]),
    ],
)
def test_several_spikes_in_one_step(pairing: Pairing, expected: list[int]) -> None:
    assert lags(pairing, [10, 10, 20, 20], [14, 14]) == expected


@pytest.mark.parametrize(("causal", "expected"), [(True, 3), (False, 2)])
@pytest.mark.parametrize("pairing", list(Pairing))
def test_several_spikes_that_tie(pairing: Pairing, causal: bool, expected: int) -> None:
    # 2 pre and 3 post spikes; counted at the post events (F(0) is the causal formula) or at the pre events
    block = connection(variables=(state("w"),), pairs=(window(pairing, "1 if lag >= 0 else 3" if causal else "3 if lag > 0 else 1"),))
    counted = final(pair_of_trains(block, [10, 10], [10, 10, 10]), 20)
    assert counted == (6 if pairing is Pairing.ALL else expected)


def test_delays_shift_times_to_the_synapse() -> None:
    # pre 10 + axonal 7 = 17; post 12 + dendritic 2 = 14, post 15 + 2 = 17 (a tie), post 20 + 2 = 22
    assert lags(Pairing.ALL, [10], [12, 15, 20], axonal=7, dendritic=2) == [-3, 0, 5]


def test_a_delay_larger_than_the_interval() -> None:
    # pre 1, 3, 5 arrive at 21, 23, 25; post 24
    assert lags(Pairing.NEAREST, [1, 3, 5], [24], axonal=20) == [-1, 1]


def test_delays_of_each_connection() -> None:
    net = Net()
    net.population("a", 2, spikes=[(5, 0), (6, 1)])
    net.population("b", 2, spikes=[(9, 0), (10, 1)])
    block = connection(variables=(state("w"),), pairs=(window(Pairing.ALL, "lag / dt"),))
    # connections (pre, post): (0,0) (0,1) (1,0) (1,1)
    net.projection("c", "a", "b", block, axonal=[0, 1, 2, 9], dendritic=[3, 0, 1, 2])
    engine = net.engine()
    engine.advance(30)
    # post arrival − pre arrival: 12−5, 10−6, 10−8, 12−15
    np.testing.assert_allclose(value_of(engine, "c", "w"), [7, 4, 2, -3], atol=1e-9)


def test_truncation_counts_the_limit_itself() -> None:
    for limit, expected in (("2 * dt", 1), ("3 * dt", 2), ("3.4 * dt", 2), ("8 * dt", 3)):
        block = connection(variables=(state("w"),), pairs=(window(Pairing.ALL, COUNT, limit),))
        assert final(pair_of_trains(block, [10], [12, 7, 18]), 40) == expected


# --- at which event, and bounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("increment", "side"),
    [
        ("exp(-lag / tau) if lag > 0 else -exp(lag / tau)", Trigger.PRE),
        ("exp(-lag / tau) if lag >= 0 else -exp(lag / tau)", Trigger.POST),
        ("-exp(lag / tau) if lag < 0 else exp(-lag / tau)", Trigger.POST),
        ("exp(-lag / tau) if lag > 0 else (7 if lag == 0 else -exp(lag / tau))", Trigger.PRE),
        ("exp(-abs(lag) / tau)", Trigger.POST),
        ("(w_max - w) * exp(-lag / tau) if lag > 0 else -w * exp(lag / tau)", Trigger.PRE),
        ("step(lag)", Trigger.PRE),
        ("1 - step(-lag)", Trigger.POST),
        ("A * a * exp(-lag / tau) if lag > 0 else -A * exp(lag / tau)", Trigger.PRE),
    ],
)
def test_where_a_tie_is_counted(increment: str, side: Trigger) -> None:
    block = connection(variables=(state("w"), parameter("tau"), definition("a", "tau / 2"), parameter("A")))
    assert tie_side(PairRule(Pairing.ALL, window(Pairing.ALL, "1").target, e(increment)), block) is side


def test_pairs_of_one_spike_are_summed_before_bounds() -> None:
    # at pre 20 the pairs with post 10 (−5) and 15 (+7 here) sum to +2; one by one with a bound at 0 they would give 7
    formula = "0 if lag >= 0 else (-5 if lag < -7 * dt else 7)"
    block = connection(variables=(state("w", low=0, high=100),), pairs=(window(Pairing.ALL, formula),))
    assert final(pair_of_trains(block, [20], [10, 15]), 30) == 2


def test_each_event_is_bounded() -> None:
    # two pre spikes in one step are two events: −5 → 0, then nothing of the first is left when +… comes at the post spike
    block = connection(variables=(state("w", low=0, high=10),), pairs=(window(Pairing.ALL, "4 if lag > 0 else -5"),))
    # post 5; pre 8, 8: 6−5 = 1, 1−5 → 0; post 9: two pairs, +8
    assert final(pair_of_trains(block, [8, 8], [5, 9], states={"w": 6}), 20) == 8


def test_weight_dependent_increments_see_the_weight_of_their_event() -> None:
    block = connection(variables=(state("w"),), pairs=(window(Pairing.ALL, "1 - w if lag > 0 else -w / 2"),))
    # pre 1, post 2 (w 0 → 1), pre 4 (one pair: 1 → 0.5), post 5 (two pairs: 0.5 + 2·0.5 = 1.5)
    assert final(pair_of_trains(block, [1, 4], [2, 5]), 10) == pytest.approx(1.5)


def test_a_tie_of_a_weight_dependent_window_by_hand() -> None:
    # tie at 4 decided at the pre event with w before it: −w/2 on 1 → 0.5 − … pairs of pre 4: post 2 and tie 4: 1 − 2·0.5 = 0
    block = connection(variables=(state("w"),), pairs=(window(Pairing.ALL, "1 - w if lag > 0 else -w / 2"),))
    # pre 1, post 2: 1. Step 4: pre 4: two pairs, w = 0; post 4: pairs with pre 1 only: w = 0 + 1 = 1
    assert final(pair_of_trains(block, [1, 4], [2, 4]), 10) == pytest.approx(1.0)
    # the same with the tie on the causal side: pre 4: one pair, 0.5; post 4: two pairs: 0.5 + 2·0.5 = 1.5
    block = connection(variables=(state("w"),), pairs=(window(Pairing.ALL, "1 - w if lag >= 0 else -w / 2"),))
    assert final(pair_of_trains(block, [1, 4], [2, 4]), 10) == pytest.approx(1.5)


def test_rules_off_holds_the_weight_and_keeps_the_spikes() -> None:
    block = connection(variables=(state("w"),), pairs=(window(Pairing.ALL, COUNT),))
    engine = pair_of_trains(block, [1, 5], [2, 9]).engine()
    engine.switch_rules({"c": False})
    engine.advance(6)
    assert value_of(engine, "c", "w")[0] == 0
    engine.switch_rules({"c": True})
    engine.advance(6)
    assert value_of(engine, "c", "w")[0] == 2  # post 9 with pre 1 and pre 5


def test_a_window_runs_after_the_statements_of_its_event() -> None:
    block = connection(
        variables=(state("w"), state("seen")),
        handlers=(on(Trigger.POST, "seen = w"),),
        pairs=(window(Pairing.ALL, COUNT),),
    )
    engine = pair_of_trains(block, [1], [2]).engine()
    engine.advance(4)
    assert (value_of(engine, "c", "seen")[0], value_of(engine, "c", "w")[0]) == (0, 1)


def test_partners_of_a_tie_side() -> None:
    assert partners(Pairing.ALL, Trigger.PRE, [3, 5], [2, 5, 5], 5, 0, True) == [2, 5, 5]
    assert partners(Pairing.ALL, Trigger.PRE, [3, 5], [2, 5, 5], 5, 0, False) == [2]
    assert partners(Pairing.NEAREST, Trigger.PRE, [3, 5], [2, 5, 5], 5, 0, False) == []
    assert partners(Pairing.CENTRED_PRE, Trigger.POST, [2, 5], [2, 3, 5], 5, 0, False) == [2, 3]
    assert partners(Pairing.CENTRED_PRE, Trigger.POST, [2, 5], [2, 3, 5], 5, 1, False) == []
    assert partners(Pairing.REDUCED, Trigger.PRE, [3, 5], [2], 5, 0, True) == []
