"""Feeds: both engines take variables from tables, item by item, and mean the same by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from plasticdsl.model import Block, ClampedSource, Flow, Role, SumInto, Trigger, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation
from plasticdsl.model.protocol import Asked
from plasticdsl.model.schemes import RungeKutta4
from plasticdsl.runtime.engine.engine import Engine, Feed
from tests.reference.nets import Net, connection, definition, e, input_, neuron, on, parameter, state
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.values import value_of

SOURCE = Block("source", "Source", variables=(Variable("x", "x", Role.CLAMPED),), output="x")
SHOWN = (2, 0, 1, 1, 2)


def unit() -> Block:
    """An input that synapses fill, one that nothing fills, a state that moves by itself and a definition of all."""
    names = (input_("h"), input_("target"), state("x"), definition("y", "h + 2 * target + x"))
    return neuron(variables=names, handlers=(on(Trigger.STEP, "x = 0.5 * x + 0.1 * y"),), output="y")


def net() -> Net:
    """Three sources drive two units with a rule on the way."""
    made = Net(dt=1.0)
    made.population("image", 3, SOURCE, ClampedSource())
    made.population("cell", 2, unit())
    delta = on(Trigger.STEP, "w += eta * pre.x * (post.target - post.h)")
    forward = connection(variables=(state("w"), parameter("eta")), handlers=(delta,), sums=(SumInto("h", e("w * pre.x")),))
    made.projection("forward", "image", "cell", forward, parameters={"eta": 0.1}, states={"w": [0.1, -0.2, 0.3, 0.4, 0.5, -0.6]})
    return made


def images(hold: int = 1, first: int = 0) -> Feed:
    table = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 2.0], [-1.0, 0.25, 0.5]])
    return Feed(Ref(OfPopulation("image"), "x"), table, np.array(SHOWN), first, hold)


def targets(name: str = "target", hold: int = 1, first: int = 0) -> Feed:
    return Feed(Ref(OfPopulation("cell"), name), np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), np.array(SHOWN), first, hold)


def some(name: str) -> Feed:
    """For the second unit alone; the first is free."""
    return replace(targets(name), table=np.array([[np.nan, 0.25], [np.nan, -3.0], [np.nan, 0.5]]))


def same(one: Engine, two: Engine) -> None:
    for owner, name in (("image", "x"), ("cell", "h"), ("cell", "target"), ("cell", "x"), ("forward", "w")):
        np.testing.assert_allclose(
            value_of(one, owner, name), value_of(two, owner, name), rtol=1e-12, atol=1e-15, err_msg=f"{owner}.{name}"
        )


ALL = Asked((Ref(OfPopulation("image"), "x"), *(Ref(OfPopulation("cell"), name) for name in ("target", "x", "h"))))


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize(
    "feeds",
    [(images(), targets()), (images(2), targets("x", 2)), (images(3, 1), targets("h"), targets("x")), (images(), some("h"), some("x"))],
)
def test_generated_code_takes_the_rows_of_tables(feeds: Sequence[Feed], level: int) -> None:
    made = net()
    one, two = (make(made.network(), made.instance(), made.per_unit(), ALL) for make in (in_python(level), reference))
    for count in (1, 2, 1, 4):
        for engine in (one, two):
            engine.feed(feeds)
            engine.advance(count)
        same(one, two)
    for engine in (one, two):  # what is no longer fed goes its own way again
        engine.feed([])
        engine.advance(3)
    same(one, two)


def test_machine_code_takes_other_tables_in_each_phase() -> None:
    made = net()
    one, two = (make(made.network(), made.instance(), made.per_unit(), ALL) for make in (in_machine_code(2), reference))
    shared = Feed(Ref(OfPopulation("cell"), "target"), np.array([[3.0]]), np.array([0]), 0)
    for feeds in ((images(), targets()), (replace(images(), items=np.array([1]), first=5), shared), ()):
        for engine in (one, two):
            engine.feed(feeds)
            engine.advance(5)
        same(one, two)


@pytest.mark.parametrize("make", [in_python(0), reference])
def test_a_fed_input_keeps_its_value_through_the_sums(make: object) -> None:
    assert callable(make)
    made = net()
    engine: Engine = make(made.network(), made.instance(), made.per_unit(), ALL)
    engine.feed([images(), targets("h"), replace(targets(), table=np.array([[7.0]]), items=np.array([0]))])
    engine.advance(3)
    assert value_of(engine, "cell", "h").tolist() == [0.0, 1.0]
    assert value_of(engine, "cell", "target").tolist() == [7.0, 7.0]
    engine.advance(10)  # the last item stays
    assert value_of(engine, "image", "x").tolist() == [-1.0, 0.25, 0.5]


@pytest.mark.parametrize("make", [in_python(0), reference])
def test_a_snapshot_holds_the_values_and_not_the_feed(make: object) -> None:
    assert callable(make)
    made = net()
    one: Engine = make(made.network(), made.instance(), made.per_unit(), ALL)
    two: Engine = make(made.network(), made.instance(), made.per_unit(), ALL)
    for engine in (one, two):
        engine.feed([images(), targets()])
    one.advance(3)
    two.restore(one.snapshot())
    for engine in (one, two):
        engine.advance(2)
    same(one, two)


@pytest.mark.parametrize("make", [in_python(0), reference])
@pytest.mark.parametrize(
    ("feed", "message"),
    [
        (replace(images(), target=Ref(OfPopulation("image"), "y")), "not among the variables"),
        (replace(images(), table=np.zeros((3, 2))), "3 units, but is fed from a table of shape"),
        (replace(images(), items=np.array([3])), "no rows of a table of 3"),
        (replace(images(), hold=0), "whole number of steps"),
    ],
)
def test_tables_that_do_not_fit_are_refused(make: object, feed: Feed, message: str) -> None:
    assert callable(make)
    made = net()
    engine: Engine = make(made.network(), made.instance(), made.per_unit(), ALL)
    with pytest.raises(ValueError, match=message):
        engine.feed([feed])


def flowing() -> Net:
    """Coupled units that flow by Runge-Kutta 4, one of whose inputs can be fed."""
    made = Net(dt=0.1)
    scheme = RungeKutta4(("v",), (e("h + u - v"),))
    cell = neuron(variables=(input_("h"), input_("u"), state("v")), flows=(Flow("v", scheme.rates[0]),), schemes=(scheme,))
    made.population("cell", 2, cell, states={"v": [1.0, 2.0]})
    coupling = connection(variables=(state("w"),), sums=(SumInto("h", e("w * pre.v")), SumInto("u", e("pre.v"))))
    made.projection("c", "cell", "cell", coupling, states={"w": 0.5})
    return made


def test_a_fed_input_is_the_same_at_all_stages_of_an_integrator() -> None:
    made = flowing()
    asked = Asked((Ref(OfPopulation("cell"), "h"),))
    one, two = (make(made.network(), made.instance(), made.per_unit(), asked) for make in (in_python(1), reference))
    for engine in (one, two):
        engine.feed([Feed(Ref(OfPopulation("cell"), "h"), np.array([[0.25]]), np.array([0]), 0)])
        engine.advance(4)
    np.testing.assert_allclose(value_of(one, "cell", "v"), value_of(two, "cell", "v"), rtol=1e-12)
