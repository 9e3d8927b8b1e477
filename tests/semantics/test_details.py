"""Small networks in which one thing matters: generated code does what the interpreter does, and that is what the language reference says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from plasticdsl.model import Block, Flow, GivenSpikes, Pairing, SumInto, Trigger
from plasticdsl.model.schemes import EulerMaruyama, Exact, RungeKutta4
from plasticdsl.runtime.engine.engine import Engine
from tests.reference.nets import Net, connection, definition, e, input_, neuron, on, pair_of_trains, state, window
from tests.semantics.agreement import Case, assert_agree
from tests.semantics.engines import LEVELS, in_python, reference
from tests.values import value_of

#: Nothing is moved, everything is.
BOTH = pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))


def agree(net: Net, steps: int, level: int) -> None:
    case = Case(net.network(), net.instance, net.per_unit(), steps)
    assert assert_agree(case, in_python(level), reference) == steps


def value(net: Net, steps: int, owner: str, name: str, level: int) -> np.ndarray:
    """What generated code gives in the end."""
    engine = in_python(level)(net.network(), net.instance(), net.per_unit())
    engine.advance(steps)
    return value_of(engine, owner, name).copy()


# --- lags ------------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("pairing", list(Pairing))
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


# --- ties ------------------------------------------------------------------------------------------------------------

OWN_TIE = "exp(-lag / 0.01) if lag > 0 else (100 if lag == 0 else -exp(lag / 0.01))"


@BOTH
@pytest.mark.parametrize(("axonal", "dendritic"), [([0, 2], 0), (0, [0, 2]), ([1, 3], [1, 2])])
def test_ties_are_counted_at_each_connection(axonal: int | list[int], dendritic: int | list[int], level: int) -> None:
    """Two connections of one unit: where delays differ, spikes that tie at one do not at the other."""
    net = Net()
    net.population("a", 2, spikes=[(3, 0), (3, 1), (5, 1), (7, 0)])
    net.population("b", 1, spikes=[(3, 0), (5, 0), (7, 0)])
    block = connection(variables=(state("w"),), pairs=(window(Pairing.ALL, OWN_TIE),))
    net.projection("c", "a", "b", block, axonal=axonal, dendritic=dendritic)
    agree(net, 15, level)
    pre, post = np.broadcast_to(axonal, 2), np.broadcast_to(dendritic, 2)
    ties = [len({s + pre[j] for s in trains} & {s + post[j] for s in (3, 5, 7)}) for j, trains in enumerate([(3, 7), (3, 5)])]
    assert np.round(value(net, 15, "c", "w", level) / 100).tolist() == ties


@BOTH
def test_the_pairs_of_one_spike_have_the_weight_from_before_their_sum(level: int) -> None:
    """A tie with a value of its own and an earlier spike of a truncated window, completed by the spike at 6."""
    increment = "0 if lag > 0 else (0.5 if lag == 0 else -0.1 * w / (1 + (lag / 0.01) ** 2))"
    net = pair_of_trains(
        connection(variables=(state("w"),), pairs=(window(Pairing.ALL, increment, "8 * dt"),)), [6], [4, 6], states={"w": 1.0}
    )
    agree(net, 10, level)
    assert value(net, 10, "c", "w", level)[0] == pytest.approx(1 + 0.5 - 0.1 / (1 + 0.04), rel=1e-12)


# --- bounds of what is added -----------------------------------------------------------------------------------------


def adding(bounded: Block, dendritic: int | list[int], *lines: str) -> Net:
    """Two spikes of two units each, at 2 and 4; w = 0.7 and 0.6."""
    net = Net()
    net.population("a", 2, neuron(variables=(state("u", None, 0.5),)), GivenSpikes(()), [(2, 0), (2, 1), (4, 0), (4, 1)])
    net.population("b", 1, bounded, states={"top": 1.0})
    net.projection(
        "c", "a", "b", connection(variables=(state("w"),), handlers=(on(Trigger.PRE, *lines, rule=False),)),
        dendritic=dendritic, states={"w": [0.7, 0.6]},
    )  # fmt: skip
    return net


BOUNDED = neuron(variables=(state("g", 0, "limit"), state("top"), definition("limit", "top * 1.0")))


@BOTH
@pytest.mark.parametrize("dendritic", [0, 2, [0, 1], [1, 1]])
def test_what_synapses_add_is_bounded(dendritic: int | list[int], level: int) -> None:
    net = adding(BOUNDED, dendritic, "post.g += w", "pre.u += w")
    agree(net, 12, level)
    assert value(net, 12, "b", "g", level).tolist() == [1.0]
    assert value(net, 12, "a", "u", level).tolist() == [0.5, 0.5]


@BOTH
def test_each_addition_is_bounded_but_what_arrives_together_once(level: int) -> None:
    """At once g is 0.7, 0, 0.7 after the three lines of the first connection, then 1, 0.1, 0.7 by the second, and at the next spikes 1, 0.1, 0.8
    and 1, 0.1, 0.7. Together 0.5 + 0.3 arrive, and again, up to the bound."""
    lines = ("post.g += w", "post.g += -0.9", "post.g += w")
    for dendritic, found in ((0, 0.7), (1, 1.0)):
        net = adding(BOUNDED, dendritic, *lines)
        agree(net, 12, level)
        assert value(net, 12, "b", "g", level) == pytest.approx([found])


@BOTH
@pytest.mark.parametrize("dendritic", [0, 2, [0, 3]])
def test_what_is_added_without_a_spike_is_added_last(dendritic: int | list[int], level: int) -> None:
    """Everyone reads the values from before, units too; the sum of a projection is bounded once."""
    net = Net()
    net.population("a", 2, neuron(variables=(state("g"),), handlers=(on(Trigger.STEP, "g = 0.5 * g + 1"),)), states={"g": [1.0, 2.0]})
    net.population("b", 1, neuron(variables=(state("g", 0, 3),), handlers=(on(Trigger.EVERY, "g = 0.5 * g", period="2 * dt"),)))
    both = (
        on(Trigger.STEP, "w += 0.1 * post.g", "post.g += 0.2 * w", "pre.g += 0.1 * post.g", rule=False),
        on(Trigger.EVERY, "post.g += 0.5 * pre.g", period="3 * dt", rule=False),
    )
    net.projection("c", "a", "b", connection(variables=(state("w"),), handlers=both), dendritic=dendritic, states={"w": [1.0, -0.5]})
    net.projection("d", "a", "b", connection(variables=(state("w"),), handlers=both), states={"w": 0.3})
    agree(net, 12, level)


@BOTH
def test_bounds_may_change(level: int) -> None:
    """They are read when they are applied, after a flow as they were before it; definitions in them are looked through."""
    net = Net()
    flow = Exact(("x", "y"), ((e(-100), e(50)), (e(-50), e(-20))), (e(60), e(80)))
    units = neuron(
        variables=(state("x", "-y", "top"), state("y", "0.2 * x", None), definition("top", "0.3 + 0.5 * y")),
        schemes=(flow,), handlers=(on(Trigger.STEP, "y = y - 0.05 * x"),),
    )  # fmt: skip
    net.population("a", 2, units, GivenSpikes(()), [(2, 0), (2, 1), (4, 0), (9, 1)], states={"x": [0.1, 0.3], "y": [0.2, 0.6]})
    block = connection(
        variables=(state("w", "-most", "most"), state("s", None, "0.2 + pre.top"), definition("most", "0.4 * post.top + s")),
        handlers=(on(Trigger.PRE, "s += 0.3", "w += 0.5", "post.x += w", rule=False), on(Trigger.STEP, "w = 1.02 * w")),
        schemes=(Exact(("s",), ((e(-100),),), (e(0),)), Exact(("w",), ((e(200),),), (e(0),))),
    )
    net.projection("c", "a", "a", block, dendritic=2, states={"w": 0.1})
    agree(net, 20, level)


# --- sums with delays ------------------------------------------------------------------------------------------------


def counting(axonal: int | list[int], dendritic: int | list[int], body: str) -> Net:
    """b.h is a sum over two units of a, whose x is 1, 2, 3, … and 10, 20, 30, … at point 6 of the steps 0, 1, 2, …; b.z is 1, 2, 3, …."""
    net = Net()
    units = neuron(
        variables=(state("x"), state("by"), definition("y", "2 * x + t")), handlers=(on(Trigger.STEP, "x = x + by"),), output="x"
    )
    net.population("a", 2, units, states={"x": [1.0, 10.0], "by": [1.0, 10.0]})
    net.population("b", 1, neuron(variables=(input_("h"), state("z")), handlers=(on(Trigger.STEP, "z = z + 1"),)), states={"z": 1.0})
    block = connection(variables=(state("w"),), sums=(SumInto("h", e(body)),), handlers=(on(Trigger.STEP, "w = w + 1"),))
    net.projection("c", "a", "b", block, axonal=axonal, dendritic=dendritic, states={"w": [1.0, 1.0]})
    return net


@BOTH
@pytest.mark.parametrize(
    ("axonal", "dendritic", "found"),
    [
        (0, 0, lambda n: 11 * (n + 1)),
        (2, 0, lambda n: 11 * (n - 1) if n >= 2 else 0),
        (0, 3, lambda n: 11 * (n - 2) if n >= 3 else 0),
        (2, 3, lambda n: 11 * (n - 4) if n >= 5 else 0),
        ([1, 2], 0, lambda n: (n if n >= 1 else 0) + 10 * (n - 1 if n >= 2 else 0)),
        ([0, 2], [3, 0], lambda n: (n - 2 if n >= 3 else 0) + 10 * (n - 1 if n >= 2 else 0)),
        ([0, 0], [0, 0], lambda n: 11 * (n + 1)),
    ],
)  # fmt: skip
def test_a_delayed_sum_reads_what_was(
    axonal: int | list[int], dendritic: int | list[int], found: Callable[[int], float], level: int
) -> None:
    net = counting(axonal, dendritic, "pre.x")
    agree(net, 12, level)
    engine = in_python(level)(net.network(), net.instance(), net.per_unit())
    for n in range(12):
        engine.advance(1)
        assert value_of(engine, "b", "h").tolist() == [found(n)]


@BOTH
def test_only_the_pre_unit_is_read_as_it_was(level: int) -> None:
    """w and z at the synapse: when the signal passes it, an axonal delay after it left and a dendritic one before it arrives."""
    net = counting(2, 3, "w * pre.x * post.z")
    agree(net, 12, level)
    # at n = 11 arrives what passed at 8 (w = z = 9) and left at 6 (x = 7, 70)
    assert value(net, 12, "b", "h", level).tolist() == [9 * 77 * 9]


@BOTH
def test_a_definition_that_changes_with_time_is_read_as_it_was(level: int) -> None:
    net = counting(4, 0, "pre.y")
    agree(net, 12, level)
    assert value(net, 12, "b", "h", level) == pytest.approx([2 * 88 + 2 * 7e-3])


@BOTH
@pytest.mark.parametrize("axonal", [0, 2, [0, 2]])
def test_delayed_sums_may_read_inputs_in_a_circle(axonal: int | list[int], level: int) -> None:
    net = Net()
    for name in ("a", "b"):
        units = neuron(variables=(input_("h"), state("x"), definition("y", "h + x")), handlers=(on(Trigger.STEP, "x = 0.5 * x + 0.1 * h"),))
        net.population(name, 2, units, states={"x": [1.0, 2.0]})
    for number, (pre, post) in enumerate([("a", "b"), ("b", "a"), ("b", "b")]):
        block = connection(variables=(state("w"),), sums=(SumInto("h", e("w * pre.y - 0.1 * post.h")),))
        count = axonal if isinstance(axonal, int) else axonal * 2
        net.projection(f"c{number}", pre, post, block, axonal=count, dendritic=1 if axonal == 0 else 0, states={"w": 0.3})
    agree(net, 20, level)


def coupled(late: int, rate: str = "(0.3 * h - V) / 0.01") -> Net:
    """Units whose V flows by Runge-Kutta 4, coupled by a sum at once and by one with a delay into the same input."""
    net = Net()
    units = neuron(variables=(state("V"), input_("h")), schemes=(RungeKutta4(("V",), (e(rate),)),), flows=(Flow("V", e(rate)),))
    net.population("a", 2, units, states={"V": [1.0, 2.0]})
    net.population("b", 2, units, states={"V": [-1.0, 0.5]})
    flow = "(pre.V - s ** 3) / 0.01"
    block = connection(
        variables=(state("w"), state("s")), sums=(SumInto("h", e("w * pre.V + 0.1 * s")),), schemes=(RungeKutta4(("s",), (e(flow),)),),
        flows=(Flow("s", e(flow)),),
    )  # fmt: skip
    net.projection("c", "a", "b", block, states={"w": 0.5, "s": 0.2})
    net.projection("d", "b", "a", block, states={"w": -0.4})
    net.projection("f", "a", "b", block, axonal=late, dendritic=late, states={"w": 0.7, "s": 0.1})
    return net


@BOTH
@pytest.mark.parametrize("late", [0, 1, 3])
def test_at_the_stages_of_an_integrator_what_came_late_stays(late: int, level: int) -> None:
    """And connections are read as they are at t_n, though they flow by Runge-Kutta 4 too."""
    agree(coupled(late), 20, level)


@BOTH
def test_a_sum_handed_on_by_units_without_a_flow_takes_the_stages_too(level: int) -> None:
    """a flows, b hands on what it gets, c flows with it."""
    net = Net()
    rate = "(sin(300 * t) + 0.3 * h - V) / 0.01"
    flowing = neuron(variables=(state("V"), input_("h")), schemes=(RungeKutta4(("V",), (e(rate),)),), flows=(Flow("V", e(rate)),))
    net.population("a", 2, flowing, states={"V": [1.0, 2.0]})
    net.population("b", 1, neuron(variables=(input_("h"), definition("y", "2 * h"))))
    net.population("c", 1, flowing)
    for name, pre, post, body in (("ab", "a", "b", "pre.V"), ("bc", "b", "c", "pre.y")):
        net.projection(name, pre, post, connection(sums=(SumInto("h", e(body)),)))
    agree(net, 20, level)


@BOTH
def test_sums_at_stages_look_through_definitions_and_see_time_move(level: int) -> None:
    net = Net()
    rate = "(0.3 * h - V) / 0.01"
    flowing = neuron(
        variables=(state("V"), input_("h"), definition("x", "sin(300 * t)"), definition("y", "x * V")),
        schemes=(RungeKutta4(("V",), (e(rate),)),),
        flows=(Flow("V", e(rate)),),
    )
    net.population("a", 2, flowing, states={"V": [1.0, 2.0]})
    block = connection(variables=(state("w"), definition("d", "w * pre.y + pre.x")), sums=(SumInto("h", e("d * 0.5")),))
    net.projection("c", "a", "a", block, states={"w": 0.3})
    agree(net, 20, level)


@BOTH
@pytest.mark.parametrize(("axonal", "dendritic"), [(2, 3), ([1, 4], [3, 0])])
def test_what_is_on_its_way_is_saved(axonal: int | list[int], dendritic: int | list[int], level: int) -> None:
    net = counting(axonal, dendritic, "w * pre.y")

    def engine() -> Engine:
        return in_python(level)(net.network(), net.instance(), net.per_unit())

    whole, first, second = engine(), engine(), engine()
    whole.advance(20)
    first.advance(9)
    second.restore(first.snapshot())
    second.advance(11)
    assert value_of(second, "b", "h").tolist() == value_of(whole, "b", "h").tolist()


# --- order of a step -------------------------------------------------------------------------------------------------


@BOTH
def test_units_jump_before_what_was_sent_arrives(level: int) -> None:
    """b spikes at the step at which 0.4 arrives: g is set to 0 first."""
    net = Net()
    net.population("a", 1, spikes=[(2, 0)])
    net.population("b", 1, neuron(variables=(state("g"),), handlers=(on(Trigger.SPIKE, "g = 0"),)), GivenSpikes(()), [(5, 0)])
    block = connection(variables=(state("w"),), handlers=(on(Trigger.PRE, "post.g += w", rule=False),))
    net.projection("c", "a", "b", block, dendritic=3, states={"w": 0.4})
    agree(net, 8, level)
    assert value(net, 8, "b", "g", level).tolist() == [0.4]


@BOTH
def test_changes_of_every_step_come_before_periodic_ones(level: int) -> None:
    net = Net()
    handlers = (on(Trigger.EVERY, "x = 2 * x", period="2 * dt"), on(Trigger.STEP, "x = x + 1"))
    net.population("a", 1, neuron(variables=(state("x"),), handlers=handlers))
    net.projection("c", "a", "a", connection(variables=(state("x"),), handlers=handlers))
    agree(net, 5, level)
    assert value(net, 1, "a", "x", level).tolist() == [2.0]
    assert value(net, 1, "c", "x", level).tolist() == [2.0]


# --- noise -----------------------------------------------------------------------------------------------------------


@BOTH
def test_each_connection_has_noise_of_its_own(level: int) -> None:
    """Also where everything else about the variable is the same for all connections of a unit."""
    net = Net()
    net.population("a", 1, neuron(variables=(state("V"),)))
    net.population("b", 3, neuron(variables=(state("V"),)))
    scheme = EulerMaruyama(("s",), (e("(pre.V - s) / 0.01"),), (e("0.2"),))
    net.projection("c", "a", "b", connection(variables=(state("s"),), schemes=(scheme,), flows=(Flow("s", e("(pre.V - s) / 0.01")),)))
    agree(net, 5, level)
    assert len(set(value(net, 5, "c", "s", level))) == 3


@BOTH
@pytest.mark.parametrize("delay", [0, 2])
def test_the_target_of_a_window_with_one_side_is_no_trace(delay: int, level: int) -> None:
    """F is 0 for Δt > 0 and has a value of its own at 0, so the tie is counted at the presynaptic event, and the post event sees it in the weight."""
    net = pair_of_trains(
        connection(
            variables=(state("w"), state("s")),
            handlers=(on(Trigger.POST, "s += w"),),
            pairs=(window(Pairing.ALL, "0 if lag > 0 else (0.4 if lag == 0 else exp(lag / 0.01))"),),
        ),
        [4], [4], axonal=delay, dendritic=delay,
    )  # fmt: skip
    agree(net, 10, level)
    assert value(net, 10, "c", "s", level)[0] == 0.4


@BOTH
@pytest.mark.parametrize("trigger", [Trigger.STEP, Trigger.EVERY])
def test_a_later_handler_remembers_what_an_earlier_one_has_made(trigger: Trigger, level: int) -> None:
    """w: 0 → 1 by the first handler, then 10 by the second, whose v is the w from before itself: 1, then 11."""
    period = "dt" if trigger is Trigger.EVERY else None
    rules = (on(trigger, "w = w + 1", period=period), on(trigger, "w = 10 * before(w)", "v = before(w)", period=period))
    net = pair_of_trains(connection(variables=(state("w"), state("v")), handlers=rules), [3], [5])
    agree(net, 6, level)
    assert [value(net, n, "c", "v", level)[0] for n in (1, 2)] == [1.0, 11.0]
