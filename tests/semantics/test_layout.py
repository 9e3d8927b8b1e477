"""Connections between all pairs are numbered instead of listed: the same bits as with lists, and what the interpreter does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plasticdsl.model import Connectivity, GivenSpikes, Network, SumInto, Trigger
from plasticdsl.plan.lower import lower
from plasticdsl.plan.passes.pipeline import optimise
from plasticdsl.plan.plan import Layout
from tests.reference.nets import Net, connection, e, input_, neuron, on, state
from tests.semantics.engines import in_machine_code, in_python, reference
from tests.values import value_of

N, M, STEPS = 5, 3, 30


def net() -> Net:
    """Spikes in both directions, sums, and a rule at every step; between two populations and within one, with and without self-connections."""
    made, random = Net(), np.random.default_rng(2)
    for name, size in (("a", N), ("b", M)):
        cell = neuron("Cell", variables=(input_("h"), state("g"), state("x")), handlers=(on(Trigger.STEP, "x = tanh(h + 0.1 * g)"),))
        spikes = sorted((int(random.integers(STEPS)), int(random.integers(size))) for _ in range(20))
        made.population(name, size, cell, GivenSpikes(()), spikes, states={"x": random.normal(0, 1, size).tolist()})
    handlers = (
        on(Trigger.PRE, "post.g += w", rule=False),
        on(Trigger.PRE, "r += 0.1", "w = 0.9 * w + 0.01 * post.x"),
        on(Trigger.POST, "w += 0.02 * r + 0.01 * pre.x"),
        on(Trigger.STEP, "w += 0.01 * pre.x * post.x"),
    )
    block = connection(variables=(state("w", -1, 1), state("r")), handlers=handlers, sums=(SumInto("h", e("w * pre.x - 0.1 * post.x")),))
    for name, pre, post, itself in (("ab", "a", "b", True), ("aa", "a", "a", True), ("but", "a", "a", False), ("bb", "b", "b", False)):
        sizes = {"a": N, "b": M}
        pairs = [(j, i) for j in range(sizes[pre]) for i in range(sizes[post]) if itself or i != j]
        late = 2 if name == "but" else 0
        made.projection(name, pre, post, block, pairs, axonal=late, states={"w": random.normal(0, 0.5, len(pairs)).tolist()})
    return made


def network(made: Net) -> Network:
    found = made.network()
    full = tuple(replace(p, connectivity=Connectivity("all", self_connections=p.name in ("ab", "aa"))) for p in found.projections)
    return replace(found, projections=full)


def test_all_pairs_need_no_list() -> None:
    made = net()
    plan = optimise(lower(network(made), made.per_unit()), 1)
    assert [p.layout for p in plan.projections] == [Layout.FULL, Layout.FULL, Layout.FULL_BUT_SELF, Layout.FULL_BUT_SELF]
    listed = optimise(lower(made.network(), made.per_unit()), 1)
    assert {p.layout for p in listed.projections} == {Layout.LISTED}


@pytest.mark.parametrize("off", [(), ("ab", "but")])
def test_numbered_connections_do_what_listed_ones_do(off: tuple[str, ...]) -> None:
    made = net()
    makers = (in_python(2), in_python(2, "layout"), reference)
    numbered, listed, meaning = (make(network(made), made.instance(), made.per_unit()) for make in makers)
    names = [("a", "x"), ("a", "h"), ("a", "g"), ("b", "x"), ("b", "g"), *((p.name, v) for p in made.projections for v in ("w", "r"))]
    for engine in (numbered, listed, meaning):
        engine.advance(STEPS // 2)
        engine.switch_rules(dict.fromkeys(off, False))
        engine.advance(STEPS - STEPS // 2)
    for owner, name in names:
        assert value_of(numbered, owner, name).tolist() == value_of(listed, owner, name).tolist(), f"{owner}.{name}"
        np.testing.assert_allclose(value_of(numbered, owner, name), value_of(meaning, owner, name), rtol=1e-10, err_msg=f"{owner}.{name}")


def test_machine_code_gives_the_same_bits_with_vectors() -> None:
    """Rows of more connections than are worked on at a time; generated Python has no vectors."""
    made, size, random = Net(dt=1.0), 37, np.random.default_rng(4)
    cell = neuron("Cell", variables=(input_("h"), state("x")), handlers=(on(Trigger.STEP, "x = 0.5 * x + 0.1 * h"),))
    made.population("a", size, cell, states={"x": random.normal(0, 1, size).tolist()})
    block = connection(
        variables=(state("w"),), handlers=(on(Trigger.STEP, "w += 0.01 * pre.x * (post.x - w)"),), sums=(SumInto("h", e("w * pre.x")),)
    )
    for name, itself in (("aa", True), ("but", False)):
        pairs = [(j, i) for j in range(size) for i in range(size) if itself or i != j]
        made.projection(name, "a", "a", block, pairs, states={"w": random.normal(0, 0.1, len(pairs)).tolist()})
    full = tuple(replace(p, connectivity=Connectivity("all", self_connections=p.name == "aa")) for p in made.network().projections)
    engines = [
        make(replace(made.network(), projections=full), made.instance(), made.per_unit()) for make in (in_machine_code(2), in_python(2))
    ]
    for engine in engines:
        engine.advance(20)
    for owner, name in (("a", "x"), ("aa", "w"), ("but", "w")):
        assert value_of(engines[0], owner, name).tolist() == value_of(engines[1], owner, name).tolist(), f"{owner}.{name}"
