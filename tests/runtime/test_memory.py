"""What a network needs is counted before it is made."""

from __future__ import annotations

import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.memory import Need, available_memory, check_memory, expected_count, projection_need
from plasticdsl.source import NOWHERE
from plasticdsl.support.connectivity import Pattern
from tests.runtime.handmade import song_abbott


def test_available_memory_is_plausible() -> None:
    free = available_memory()
    assert free is None or 1e6 < free < 1e15


def test_the_largest_part_is_named() -> None:
    needs = [Need("‘a’", 1e9, NOWHERE), Need("‘b’", 5e9, NOWHERE)]
    check_memory(needs, lambda: 6e9)
    check_memory(needs, lambda: None)
    with pytest.raises(PlasError, match=r"needs about 6 GB of memory, and 5.5 GB are available; most of it for ‘b’") as caught:
        check_memory(needs, lambda: 5.5e9)
    assert caught.value.diagnostics[0].code == "too-large"


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (Pattern("all", 30, 40), 1200),
        (Pattern("one", 30, 30), 30),
        (Pattern("probability", 30, 40, 0.25), 300),
        (Pattern("in-degree", 30, 40, 5.0), 200),
        (Pattern("out-degree", 30, 40, 5.0), 150),
        (Pattern("out-degree", 30, 40, 5.0, lambda pre, post: pre < 20), 100),
        (Pattern("in-degree", 30, 40, 5.0, lambda pre, post: (post < 10) & (pre > 3)), 50),
        (Pattern("where", 30, 40, allowed=lambda pre, post: (pre + post) % 2 == 0), 600),
        (Pattern("probability", 30, 40, lambda pre, post: 0.5, lambda pre, post: post < 20), 300),
        (Pattern("where", 0, 40, allowed=lambda pre, post: pre == post), 0),
    ],
)
def test_expected_connections(pattern: Pattern, count: int) -> None:
    assert expected_count(pattern) == pytest.approx(count)


def test_the_estimate_covers_what_an_instance_holds() -> None:
    net = song_abbott()
    made = instantiate(net, dt=1e-4, seed=1).projections["ex"]
    held = made.rows.nbytes + made.targets.nbytes + sum(s.nbytes for s in made.states.values())
    estimate = projection_need(net.projections[0], Pattern("all", 1000, 1), 1000.0, frozenset()).amount
    assert held <= estimate <= 4 * held
