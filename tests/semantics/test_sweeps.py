"""Units that update one after the other: machine code keeps sums up to date, the interpreter forms them anew, and both reach the same states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Block, Flow, SumInto, Threshold, Trigger
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation
from plasticdsl.model.protocol import Asked
from plasticdsl.plan.lower import lower
from plasticdsl.plan.operations import Keep
from plasticdsl.plan.passes.pipeline import optimise
from plasticdsl.runtime.engine.engine import Engine, Feed
from tests.reference.nets import Net, connection, definition, e, input_, neuron, on, parameter, state
from tests.semantics.agreement import MakeEngine
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.values import set_value, value_of

FED = Ref(OfPopulation("b"), "x")

N, M = 12, 5


def binary(update: str = "x = (1 if h > theta else -1)", **more: object) -> Block:
    variables = (input_("h"), state("x"), parameter("theta"), definition("y", "2 * x"))
    return neuron("Binary", variables=variables, handlers=(on(Trigger.STEP, update),), output="x", **more)


def coupling(body: str = "w * pre.x", *handlers: object) -> Block:
    return connection(variables=(state("w"), parameter("eta")), sums=(SumInto("h", e(body)),), handlers=handlers)


def net(body: str = "w * pre.x", *handlers: object, block: Block | None = None, delay: int = 0, seed: int = 1) -> Net:
    """One population coupled to itself without self-connections, and driven by and driving a second one."""
    made = Net(dt=1.0)
    random = np.random.default_rng(seed)
    block = block if block is not None else binary()
    made.population("a", N, block, parameters={"theta": 0.1}, states={"x": random.choice([-1.0, 1.0], N).tolist()})
    made.population("b", M, binary(), parameters={"theta": 0.0}, states={"x": random.choice([-1.0, 1.0], M).tolist()})
    pairs = [(j, i) for j in range(N) for i in range(N) if i != j]
    weights = random.normal(0, 1, (N, N))
    symmetric = [float(weights[min(p), max(p)]) for p in pairs]
    made.projection("J", "a", "a", coupling(body, *handlers), pairs, parameters={"eta": 0.05}, states={"w": symmetric}, axonal=delay)
    for name, pre, post, count in (("ab", "a", "b", N * M), ("ba", "b", "a", N * M)):
        made.projection(name, pre, post, coupling(), parameters={"eta": 0.0}, states={"w": random.normal(0, 1, count).tolist()})
    return made


def both(made: Net, make: MakeEngine, *asynchronous: str) -> tuple[Engine, ...]:
    asked = Asked((), asynchronous)
    return tuple(m(made.network(), made.instance(), made.per_unit(), asked) for m in (make, reference))


def same(one: Engine, two: Engine, step: int) -> None:
    for owner, name in (("a", "x"), ("b", "x"), ("a", "h"), ("b", "h"), ("J", "w")):
        message = f"{owner}.{name} after {step} steps"
        np.testing.assert_allclose(value_of(one, owner, name), value_of(two, owner, name), rtol=1e-10, atol=1e-10, err_msg=message)


HEBB = on(Trigger.STEP, "w += eta * pre.x * post.x")
CASES = {
    "states": ("w * pre.x",),
    "a definition": ("w * pre.y + 0.5 * pre.x",),
    "not linear": ("w * pre.x ** 2 if pre.x > 0 else 0.3 * w",),
    "a rule that goes on": ("w * pre.x", HEBB),
}


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize("case", CASES)
def test_generated_code(case: str, level: int) -> None:
    body, *handlers = CASES[case]
    one, two = both(net(body, *handlers), in_python(level), "a", "b")
    random = np.random.default_rng(3)
    for step, visited in enumerate((("a",), ("a", "b"), ("b",), (), ("a", "b"), ("a",))):
        order = {name: random.permutation(N if name == "a" else M) for name in visited}
        for engine in (one, two):
            engine.visit(order)
            engine.advance(1)
        same(one, two, step + 1)


@pytest.mark.parametrize("trigger", [Trigger.STEP, Trigger.EVERY])
def test_a_second_population_sums_definitions_of_the_first(trigger: Trigger) -> None:
    """A rule changes the weights between them in the same step: the sum must hold the new weights and the new outputs."""
    made = net()
    rule = on(trigger, "w += 0.1 * pre.x", period="2 * dt" if trigger is Trigger.EVERY else None)
    made.projections[1] = replace(made.projections[1], connection=coupling("w * pre.y", rule))
    made.projections[0] = replace(made.projections[0], connection=coupling())
    for level in (LEVELS[0], LEVELS[-1]):
        one, two = both(made, in_python(level), "a", "b")
        for engine in (one, two):
            engine.visit({"a": np.arange(N), "b": np.arange(M)})
            engine.advance(3)
        same(one, two, 3)


def test_machine_code_reaches_a_fixed_point_step_by_step() -> None:
    one, two = both(net(seed=5), in_machine_code(2), "a")
    order = np.arange(N)[::-1].copy()
    for engine in (one, two):
        engine.visit({"a": order})
        engine.switch_rules({"J": False})
    for step in range(6):
        for engine in (one, two):
            engine.advance(1)
        same(one, two, step + 1)


def test_a_graded_unit_follows_the_units_before_it() -> None:
    block = binary("x = 0.5 * x + tanh(h)")
    one, two = both(net(block=block), in_python(2), "a")
    for engine in (one, two):
        engine.visit({"a": np.arange(N)})
        engine.advance(4)
    same(one, two, 4)


# --- sums that are kept ----------------------------------------------------------------------------------------------


def kept(made: Net, *asynchronous: str, fed: tuple[Ref, ...] = ()) -> dict[str, Keep]:
    """What is kept of each population, at the highest level."""
    plan = lower(made.network(), made.per_unit(), Asked(fed, asynchronous))
    return {o.population: o for o in optimise(plan, 2).step if isinstance(o, Keep)}


def test_a_sum_is_kept_while_nothing_else_moves_its_terms() -> None:
    found = kept(net(), "a", "b")
    followed = {name: [(t.projection, t.variables) for t in k.terms] for name, k in found.items()}
    assert followed == {"a": [("J", ("x",)), ("ba", ("x",))], "b": [("ab", ("x",))]}
    assert all(k.switched == () and k.unfed == () for k in found.values())
    assert kept(net("w * pre.x", HEBB), "a", "b")["a"].switched == ("J",)
    inputs = (FED, Ref(OfPopulation("a"), "h"))
    assert kept(net(), "a", "b", fed=inputs)["a"].unfed == inputs[1:]
    assert set(kept(net(), "a")) == {"a"}  # b updates all at once, and is followed all the same


def test_sums_of_what_moves_by_itself_are_not_kept() -> None:
    assert "a" not in kept(net("w * pre.x * sin(t)"), "a", "b")
    assert "a" not in kept(net("w * pre.x", on(Trigger.STEP, "w = 0.5 * w", rule=False)), "a", "b")
    assert "a" not in kept(net("w * pre.x", on(Trigger.STEP, "post.h += 0.1")), "a", "b")


class Meddler:
    """Does something to both engines before each step."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def meddle(self, step: int, *engines: Engine) -> None:
        visited = {0: (), 1: ("a",), 2: ("b",)}.get(int(self.random.integers(12)), ("a", "b"))
        order = {name: self.random.permutation(N if name == "a" else M) for name in visited}
        if step % 4 == 1:
            order = dict.fromkeys(visited)
        kind = int(self.random.integers(6))
        weights, signs = self.random.normal(0, 1, N * (N - 1)), self.random.choice([-1.0, 1.0], N)
        for engine in engines:
            engine.visit(order)
            match kind:
                case 0:
                    engine.switch_rules({"J": step % 2 == 0})
                case 1:
                    set_value(engine, "J", "w", weights)
                case 2:
                    set_value(engine, "a", "x", signs)
                case 3:
                    engine.feed([Feed(FED, np.array([signs[:M]]), np.zeros(1, dtype=np.int64), step)] if step % 3 else [])


@pytest.mark.parametrize("seed", range(4))
def test_kept_sums_follow_whatever_happens_between_steps(seed: int) -> None:
    made = net("eta * w * pre.x", HEBB, seed=seed)
    asked = Asked((FED,), ("a", "b"))
    one, two = (make(made.network(), made.instance(), made.per_unit(), asked) for make in (in_python(2), reference))
    meddler = Meddler(seed)
    for step in range(60):
        meddler.meddle(step, one, two)
        for engine in (one, two):
            engine.advance(1 + step % 3)
        same(one, two, step + 1)


def test_kept_sums_are_saved_to_the_bit() -> None:
    """Weights and start such that units change for many steps."""
    made = net(block=binary("x = 0.9 * x + 0.3 * sin(h)"))
    made.projections = [p for p in made.projections if p.name == "J"]
    asked = Asked((), ("a",))
    assert kept(made, "a")
    whole, first, second = (in_python(2)(made.network(), made.instance(), made.per_unit(), asked) for _ in range(3))
    for engine in (whole, first, second):
        engine.visit({"a": np.arange(N)})
    whole.advance(230)
    first.advance(117)
    second.restore(first.snapshot())
    second.advance(113)
    for name in ("x", "h"):
        assert value_of(second, "a", name).tolist() == value_of(whole, "a", name).tolist()


def test_kept_sums_do_not_outlive_the_parameters_they_were_made_with() -> None:
    made, other = net("eta * w * pre.x"), net("eta * w * pre.x")
    other.numbers["J"].parameters["eta"] = 0.7
    network, asked = made.network(), Asked((), ("a", "b"))
    before = in_python(2)(network, made.instance(), made.per_unit(), asked)
    one, two = (make(network, other.instance(), other.per_unit(), asked) for make in (in_python(2), reference))
    order = {"a": np.arange(N), "b": np.arange(M)}
    before.visit(order)
    before.advance(3)
    one.restore(before.snapshot(), other_parameters=True)
    for owner, name in (("a", "x"), ("b", "x")):
        set_value(two, owner, name, value_of(before, owner, name))
    for engine in (one, two):
        engine.visit(order)
        engine.advance(2)
    same(one, two, 5)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trigger", [Trigger.PRE, Trigger.POST])
def test_kept_sums_see_what_rules_do_at_the_spikes_of_the_step_that_turns_them_on(trigger: Trigger) -> None:
    """These rules change connections before the sums of their step."""
    block = binary("x = (1 if h > 0.1 else -1)", spike=Threshold(e("x > 0"), False))
    made = net("w * pre.x", on(trigger, "w += -0.37"), block=block)
    made.projections = [p for p in made.projections if p.name == "J"]
    assert kept(made, "a")["a"].switched == ("J",)
    one, two = both(made, in_python(2), "a")
    for engine in (one, two):
        engine.visit({"a": np.arange(N)})
    for step in range(40):
        for engine in (one, two):
            engine.switch_rules({"J": step % 7 == 5})
            engine.advance(1)
        for owner, name in (("a", "x"), ("a", "h"), ("J", "w")):
            np.testing.assert_allclose(
                value_of(one, owner, name), value_of(two, owner, name), atol=1e-10, err_msg=f"{owner}.{name} after {step + 1} steps"
            )


@pytest.mark.parametrize("make", [in_python(0), reference])
def test_an_order_must_name_every_unit_once(make: object) -> None:
    assert callable(make)
    made = net()
    engine: Engine = make(made.network(), made.instance(), made.per_unit(), Asked((), ("a",)))
    with pytest.raises(ValueError, match="each of its 12 units once"):
        engine.visit({"a": np.zeros(N, dtype=np.int64)})
    with pytest.raises(ValueError, match="b is not among"):
        engine.visit({"b": np.arange(M)})


def _refused(made: Net) -> str:
    with pytest.raises(PlasError) as error:
        lower(made.network(), made.per_unit(), Asked((), ("a",)))
    (finding,) = error.value.diagnostics
    assert finding.code == "unsupported"
    return finding.message


def test_what_cannot_follow_single_units_is_refused() -> None:
    late = net(delay=2)
    assert "has a delay" in _refused(late)
    own = net("w * pre.x * post.x")
    assert "reads ‘post.x’" in _refused(own)
    flowing = net(block=binary(flows=(Flow("x", e("h - x")),)))
    assert "flow in time" in _refused(flowing)
    periodic = on(Trigger.EVERY, "x = 0", period="3 * dt")
    often = net(block=replace(binary(), handlers=(*binary().handlers, periodic)))
    assert "change periodically" in _refused(often)


def test_sums_over_sums_are_refused() -> None:
    made = Net(dt=1.0)
    made.population("a", 3, binary(), parameters={"theta": 0.0})
    relay = neuron("Relay", variables=(input_("g"), definition("y", "2 * g")), output="y")
    made.population("r", 3, relay)
    made.projection("ar", "a", "r", connection(variables=(state("w"),), sums=(SumInto("g", e("w * pre.x")),)))
    made.projection("ra", "r", "a", connection(variables=(state("w"),), sums=(SumInto("h", e("w * pre.y")),)))
    message = _refused(made)
    assert message.startswith("‘a’ updates unit by unit from sums over ‘r’, whose own sum ‘g’ changes with each unit")
