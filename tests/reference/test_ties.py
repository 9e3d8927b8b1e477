"""What statements at spikes see: the other side at a tie, ⁻ and ⁺, pulses, several spikes in one step; numbers worked out by hand."""

from __future__ import annotations

from plasticdsl.model import GivenSpikes, Trigger
from tests.reference.nets import Net, connection, definition, final, on, pair_of_trains, state
from tests.values import value_of

PRE, POST = Trigger.PRE, Trigger.POST
TRACES = (state("w"), state("r"), state("o"))


def both(*, pre: str, post: str, together: bool = False) -> Net:
    """r counts pre, o post spikes; pre at 2, 5; post at 3, 5, 5."""
    handlers = (on(PRE, *pre.split("; "), together=together), on(POST, *post.split("; "), together=together))
    return pair_of_trains(connection(variables=TRACES, handlers=handlers), [2, 5], [3, 5, 5])


def test_neither_side_sees_the_others_jump_of_now() -> None:
    # pre: step 2 sees o = 0, step 5 sees o = 1 (not the two of step 5). 0 + 100
    assert final(both(pre="w += 100 * o; r += 1", post="o += 1"), 8) == 100
    # post: step 3 sees r = 1; step 5, twice, sees r = 1 (not the one of step 5): 3
    assert final(both(pre="r += 1", post="w += r; o += 1"), 8) == 3


def test_plus_asks_for_the_jump_of_now() -> None:
    # pre: step 2: 0; step 5: o⁺ = 3
    assert final(both(pre="w += 100 * after(o); r += 1", post="o += 1"), 8) == 300
    # post: step 3: 1; step 5: r⁺ = 2, twice
    assert final(both(pre="r += 1", post="w += after(r); o += 1"), 8) == 5


def test_the_own_side_is_seen_from_top_to_bottom() -> None:
    # r at pre 2: 1 already; at pre 5: 2
    assert final(both(pre="r += 1; w += r", post="o += 1"), 8) == 3
    assert final(both(pre="r += 1; w += before(r)", post="o += 1"), 8) == 1
    # the two post spikes of step 5 follow one another: o⁻ 0, 1, 2
    assert final(both(pre="r += 1", post="o += 1; w += before(o)"), 8) == 3


def test_pulses_multiply_the_values_from_before() -> None:
    assert final(both(pre="r = r + 1; w = w + r", post="o = o + 1", together=True), 8) == 1
    assert final(both(pre="r = r + 1; w = w + after(r)", post="o = o + 1", together=True), 8) == 3
    # written the other way round it is the same
    assert final(both(pre="w = w + after(r); r = r + 1", post="o = o + 1", together=True), 8) == 3
    # w, r: 0, 0 → 1, 10 → 11, 11
    assert final(both(pre="w = r + 1; r = w + 10", post="o = o + 1", together=True), 8) == 11


def test_a_weight_that_both_sides_change_is_shared() -> None:
    # pre 2: 1; post 3: 2; pre 5: 3; post 5: 6; post 5: 12
    assert final(both(pre="w += 1", post="w = 2 * w"), 8) == 12


def test_a_definition_is_seen_like_what_it_reads() -> None:
    handlers = (on(PRE, "w += twice"), on(POST, "o += 1"))
    block = connection(variables=(*TRACES, definition("twice", "2 * o")), handlers=handlers)
    assert final(pair_of_trains(block, [2, 5], [3, 5, 5]), 8) == 2
    handlers = (on(PRE, "w += after(twice)"), on(POST, "o += 1"))
    block = connection(variables=(*TRACES, definition("twice", "2 * o")), handlers=handlers)
    assert final(pair_of_trains(block, [2, 5], [3, 5, 5]), 8) == 6


def test_how_many_spikes_arrive_now() -> None:
    assert final(both(pre="w += now_post; r += 1", post="w += 100 * now_pre"), 8) == 202


def test_bounds_hold_after_each_statement() -> None:
    block = connection(variables=(state("w", low=0, high=10),), handlers=(on(PRE, "w += 8", "w += 8", "w += -3"),))
    assert final(pair_of_trains(block, [2], []), 4) == 7
    block = connection(variables=(state("w", low="0 - a", high="2 * a"), definition("a", "3")), handlers=(on(PRE, "w += -8"),))
    assert final(pair_of_trains(block, [2], []), 4) == -3


def test_the_synapse_transmits_the_weight_from_before() -> None:
    cell = connection(variables=(state("g"),))
    synapse = (on(PRE, "post.g += w", rule=False), on(PRE, "w += 1"), on(POST, "w += 10"))
    net = pair_of_trains(connection(variables=(state("w"),), handlers=synapse), [4], [4], states={"w": 5}, post_block=cell)
    engine = net.engine()
    engine.advance(5)
    assert (value_of(engine, "b", "g")[0], value_of(engine, "c", "w")[0]) == (5, 16)


def test_arrival_after_both_delays() -> None:
    cell = connection(variables=(state("g"),))
    synapse = (on(PRE, "post.g += w", rule=False), on(PRE, "w += 1"))
    net = pair_of_trains(connection(variables=(state("w"),), handlers=synapse), [4, 5], [], axonal=2, dendritic=3, post_block=cell)
    engine = net.engine()
    seen = []
    for _ in range(12):
        engine.advance(1)
        seen.append((value_of(engine, "c", "w")[0], value_of(engine, "b", "g")[0]))
    # at the synapse after steps 6 and 7, at the cell after steps 9 (w was 0) and 10 (w was 1)
    assert [w for w, _ in seen] == [0] * 6 + [1] + [2] * 5
    assert [g for _, g in seen] == [0] * 10 + [1] * 2


def test_projections_in_the_order_written() -> None:
    cell = connection(variables=(state("g"),))
    net = Net()
    net.population("a", 1, spikes=[(1, 0)])
    net.population("b", 1, cell, GivenSpikes(()))
    adds = connection(variables=(state("w"),), handlers=(on(PRE, "post.g += 3", rule=False),))
    reads = connection(variables=(state("w"),), handlers=(on(PRE, "w = post.g", rule=False),))
    net.projection("first", "a", "b", adds)
    net.projection("c", "a", "b", reads)
    assert final(net, 2) == 3


def test_an_addition_is_bounded() -> None:
    cell = connection(variables=(state("g", high=5),))
    synapse = (on(PRE, "post.g += 4", rule=False),)
    for dendritic in (0, 2):
        net = pair_of_trains(connection(handlers=synapse), [1, 1], [], dendritic=dendritic, post_block=cell)
        engine = net.engine()
        engine.advance(6)
        assert value_of(engine, "b", "g")[0] == 5


def test_repeated_connections_follow_one_another() -> None:
    cell = connection(variables=(state("g"),))
    net = Net()
    net.population("a", 1, spikes=[(1, 0)])
    net.population("b", 1, cell, GivenSpikes(()))
    block = connection(variables=(state("w"),), handlers=(on(PRE, "post.g += 1", "w = post.g", rule=False),))
    net.projection("c", "a", "b", block, pairs=[(0, 0), (0, 0), (0, 0)])
    engine = net.engine()
    engine.advance(2)
    assert value_of(engine, "c", "w").tolist() == [1, 2, 3]


def test_rules_off_hold_weights_and_let_traces_run() -> None:
    net = both(pre="r += 1; w += o", post="o += 1; w += r")
    engine = net.engine()
    engine.switch_rules({"c": False})
    engine.advance(8)
    assert [value_of(engine, "c", name)[0] for name in "wro"] == [0, 2, 3]
