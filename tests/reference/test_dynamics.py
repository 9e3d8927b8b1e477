"""Integrators, thresholds, refractoriness, sums, steps and sources of the interpreter, against closed forms and tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from plasticdsl.model import AtRate, Block, ClampedSource, Flow, PoissonSource, Refractory, Role, SumInto, Threshold, Trigger, Variable
from plasticdsl.model.expr import Number
from plasticdsl.model.schemes import Euler, EulerMaruyama, Exact, ExponentialEuler, ExponentialRungeKutta, RungeKutta4
from plasticdsl.support import random
from tests.reference.nets import Net, connection, definition, e, input_, neuron, on, parameter, state
from tests.values import set_value, value_of

SPIKE, STEP, EVERY = Trigger.SPIKE, Trigger.STEP, Trigger.EVERY


def alone(block: Block, size: int = 1, dt: float = 1e-3, **numbers: object) -> Net:
    net = Net(dt=dt)
    net.population("p", size, block, **numbers)  # type: ignore[arg-type]
    return net


def trajectory(net: Net, steps: int, name: str = "V", owner: str = "p") -> list[float]:
    """The variable at the beginning of each step."""
    engine = net.engine()
    found = []
    for _ in range(steps):
        found.append(float(value_of(engine, owner, name)[0]))
        engine.advance(1)
    return found


# --- integrators -----------------------------------------------------------------------------------------------------


def test_exact() -> None:
    # τ V' = −V + g, σ g' = −g
    scheme = Exact(("V", "g"), ((e("-1 / tau"), e("1 / tau")), (e(0), e("-1 / sigma"))), (e(0), e(0)))
    block = neuron(variables=(state("V"), state("g"), parameter("tau"), parameter("sigma")), schemes=(scheme,))
    tau, sigma = 0.02, 0.005
    net = alone(block, parameters={"tau": tau, "sigma": sigma}, states={"g": 1.0})
    t = np.arange(100) * 1e-3
    expected = sigma / (sigma - tau) * (np.exp(-t / sigma) - np.exp(-t / tau))
    np.testing.assert_allclose(trajectory(net, 100), expected, rtol=1e-12, atol=1e-14)


def test_exact_with_a_parameter_per_unit_and_an_offset() -> None:
    scheme = Exact(("V",), ((e("-1 / tau"),),), (e("E / tau"),))
    block = neuron(variables=(state("V"), parameter("tau"), parameter("E")), schemes=(scheme,))
    net = alone(block, size=3, parameters={"tau": [0.01, 0.02, 0.03], "E": 5.0})
    engine = net.engine()
    engine.advance(50)
    np.testing.assert_allclose(value_of(engine, "p", "V"), 5 * (1 - np.exp(-0.05 / np.array([0.01, 0.02, 0.03]))), rtol=1e-12)


def test_exponential_euler_and_all_schemes_read_the_beginning_of_the_step() -> None:
    first = ExponentialEuler("V", e("-g"), e("g * 2"))
    second = ExponentialEuler("g", e(0), e("V"))
    net = alone(neuron(variables=(state("V"), state("g")), schemes=(second, first)), states={"V": 1.0, "g": 3.0}, dt=0.1)
    engine = net.engine()
    engine.advance(1)
    assert value_of(engine, "p", "V")[0] == pytest.approx(1 + (1 - math.exp(-0.3)))  # towards 2
    assert value_of(engine, "p", "g")[0] == pytest.approx(3.1)


def test_runge_kutta_sees_time_at_its_stages() -> None:
    # V' = t³ is integrated exactly by Simpson's rule
    net = alone(neuron(variables=(state("V"),), schemes=(RungeKutta4(("V",), (e("t ** 3"),)),)), dt=0.5)
    assert trajectory(net, 5)[-1] == pytest.approx(2.0**4 / 4)


def test_runge_kutta_converges_at_fourth_order() -> None:
    def error(steps: int) -> float:
        scheme = RungeKutta4(("V", "g"), (e("g"), e("-V")))
        net = alone(neuron(variables=(state("V"), state("g")), schemes=(scheme,)), dt=1 / steps, states={"V": 1.0})
        return abs(trajectory(net, steps + 1)[-1] - math.cos(1.0))

    assert math.log2(error(10) / error(20)) == pytest.approx(4, abs=0.2)


def test_exponential_runge_kutta_is_runge_kutta_where_the_slope_is_0() -> None:
    rates = (e("g - V ** 2 + t"), e("-V"))
    pairs = (RungeKutta4(("V", "g"), rates), ExponentialRungeKutta(("V", "g"), (e(0), e(0)), rates))
    found = [
        trajectory(alone(neuron(variables=(state("V"), state("g")), schemes=(scheme,)), dt=0.1, states={"V": 1.0}), 20) for scheme in pairs
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)


def test_exponential_runge_kutta_is_exact_for_constant_coefficients() -> None:
    net = alone(neuron(variables=(state("V"),), schemes=(ExponentialRungeKutta(("V",), (e(-50),), (e(100),)),)), dt=0.1)
    np.testing.assert_allclose(trajectory(net, 5), 2 * (1 - np.exp(-50 * 0.1 * np.arange(5))), rtol=1e-13)


def test_exponential_runge_kutta_converges_at_second_order() -> None:
    # V' = 1 − t V: V(t) = √2 D(t/√2), D Dawson's integral
    scheme = ExponentialRungeKutta(("V",), (e("-t"),), (e(1),))

    def error(steps: int) -> float:
        net = alone(neuron(variables=(state("V"),), schemes=(scheme,)), dt=1 / steps)
        return abs(trajectory(net, steps + 1)[-1] - math.sqrt(2) * float(special.dawsn(math.sqrt(0.5))))

    assert math.log2(error(20) / error(40)) == pytest.approx(2, abs=0.2)


def test_exponential_runge_kutta_keeps_gates_between_their_limits_at_any_step() -> None:
    # V' = −1000 x V + 1, x' = 10⁴ (1 − V − x), both towards values between 0 and 1, in less than a hundredth of a step
    scheme = ExponentialRungeKutta(("V", "x"), (e("-1000 * x - 1"), e("-10000")), (e(1), e("10000 * (1 - V)")))
    net = alone(neuron(variables=(state("V"), state("x")), schemes=(scheme,)), dt=1.0, states={"V": 1.0, "x": 1.0})
    for name in ("V", "x"):
        found = np.array(trajectory(net, 200, name))
        assert np.all((found >= 0) & (found <= 1))


def test_euler_with_substeps() -> None:
    block = neuron(variables=(state("V"),), schemes=(Euler(("V",), (e("V"),), 2),))
    assert trajectory(alone(block, dt=0.2, states={"V": 1.0}), 2)[-1] == pytest.approx(1.1**2)


def test_euler_maruyama_draws_one_normal_for_each_unit_and_step() -> None:
    block = neuron(variables=(state("V"),), schemes=(EulerMaruyama(("V",), (e("-V"),), (e(3),)),))
    net = alone(block, size=2, dt=0.01)
    engine = net.engine()
    engine.advance(2)
    first = 3 * 0.1 * random.normals(1, random.stream_of("p", "noise", "V"), [0, 1], 0)
    second = 0.99 * first + 3 * 0.1 * random.normals(1, random.stream_of("p", "noise", "V"), [0, 1], 1)
    np.testing.assert_allclose(value_of(engine, "p", "V"), second)


def test_bounds_after_the_flow() -> None:
    block = neuron(variables=(state("V", low=-1, high=0.25),), schemes=(Euler(("V",), (e(1),)),))
    assert trajectory(alone(block, dt=0.1), 5) == pytest.approx([0, 0.1, 0.2, 0.25, 0.25])


@pytest.mark.parametrize(
    "scheme", [RungeKutta4(("V", "g"), (e(100), e("V"))), ExponentialRungeKutta(("V", "g"), (e(0), e(0)), (e(100), e("V")))]
)
def test_bounds_at_stages(scheme: RungeKutta4 | ExponentialRungeKutta) -> None:
    """V would be 50, 50 and 100 at the stages; with an upper bound of 1, g receives (0 + 2·1 + 2·1 + 1)/6."""
    net = alone(neuron(variables=(state("V", None, 1), state("g")), schemes=(scheme,)), dt=1.0)
    assert trajectory(net, 2, "g")[-1] == pytest.approx(5 / 6)
    assert trajectory(net, 2)[-1] == 1.0


def test_bounds_at_substeps() -> None:
    block = neuron(variables=(state("V", None, 1), state("g")), schemes=(Euler(("V", "g"), (e(100), e("V")), 2),))
    assert trajectory(alone(block, dt=1.0), 2, "g")[-1] == pytest.approx(0.5)


def test_stages_evaluate_undelayed_sums_anew() -> None:
    """Two units drive each other: V₁' = V₂, V₂' = −V₁ through sums is the same as one system of two variables."""
    net = Net(dt=0.1)
    block = neuron(variables=(state("V"), input_("I")), schemes=(RungeKutta4(("V",), (e("I"),)),))
    net.population("p", 2, block, states={"V": [1.0, 0.0]})
    synapse = connection(variables=(parameter("w"),), sums=(SumInto("I", e("w * pre.V")),))
    net.projection("c", "p", "p", synapse, pairs=[(0, 1), (1, 0)], parameters={"w": [-1.0, 1.0]})
    system = RungeKutta4(("V", "g"), (e("g"), e("-V")))
    whole = alone(neuron(variables=(state("V"), state("g")), schemes=(system,)), dt=0.1, states={"V": 1.0})
    assert trajectory(net, 20) == pytest.approx(trajectory(whole, 20), rel=1e-14)


def test_a_connections_flow_sees_its_units_at_the_beginning_of_the_step() -> None:
    net = Net(dt=0.5)
    ramp = neuron(variables=(state("V"),), schemes=(RungeKutta4(("V",), (e(1),)),))
    net.population("p", 1, ramp)
    synapse = connection(variables=(state("w"),), schemes=(RungeKutta4(("w",), (e("pre.V + t"),)),))
    net.projection("c", "p", "p", synapse)
    # Σ 0.5 (V_n + t_n + 1/4): V is held over the step, t is not
    assert trajectory(net, 3, "w", "c") == pytest.approx([0, 0.5 * 0.25, 0.5 * 0.25 + 0.5 * (0.5 + 0.5 + 0.25)])


# --- spikes ----------------------------------------------------------------------------------------------------------

RAMP = (Euler(("V",), (e("1 / dt"),)),)  # one more at each step


def spike_steps(net: Net, steps: int, population: str = "p") -> list[int]:
    engine = net.engine()
    engine.log_spikes([(population, "")])
    engine.advance(steps)
    return engine.drain(population)[0].tolist()


def ramp(refractory: Refractory | None = None, rising: bool = False, reset: bool = True) -> Block:
    return neuron(
        variables=(state("V"), state("u")),
        schemes=RAMP,
        handlers=(on(SPIKE, "V = 0"),) if reset else (),
        spike=Threshold(e("V >= 3"), rising),
        refractory=refractory,
    )


def test_threshold_and_reset() -> None:
    # V: 0 1 2 3→0 1 2 3→0
    assert spike_steps(alone(ramp()), 13) == [3, 6, 9, 12]


@pytest.mark.parametrize(("steps", "expected"), [(0, [3, 6, 9]), (1, [3, 7, 11]), (2, [3, 8, 13])])
def test_held_variables_stand_still_for_as_many_flows(steps: int, expected: list[int]) -> None:
    net = alone(ramp(Refractory(e(0), ("V",))), refractory=steps)
    assert spike_steps(net, 14)[:3] == expected


def test_refractory_without_held_variables() -> None:
    # V goes on from 0 but may not fire before step 3 + 5
    assert spike_steps(alone(ramp(Refractory(e(0), ())), refractory=5), 18) == [3, 8, 13]


def test_a_condition_that_stays_true() -> None:
    assert spike_steps(alone(ramp(reset=False)), 6) == [3, 4, 5]
    assert spike_steps(alone(ramp(reset=False, rising=True)), 6) == [3]
    assert spike_steps(alone(ramp(reset=False, rising=True), states={"V": 7.0}), 6) == [0]


def test_exact_flow_with_a_held_variable() -> None:
    scheme = Exact(("V", "g"), ((e(-1), e(1)), (e(0), e(-2))), (e(0), e(0)))
    block = neuron(
        variables=(state("V"), state("g")),
        schemes=(scheme,),
        handlers=(on(SPIKE, "V = 0.5"),),
        spike=Threshold(e("V > 0.9"), False),
        refractory=Refractory(e(0), ("V",)),
    )
    net = alone(block, dt=0.1, states={"V": 1.0, "g": 1.0}, refractory=2)
    engine = net.engine()
    engine.advance(2)
    assert value_of(engine, "p", "V")[0] == 0.5
    assert value_of(engine, "p", "g")[0] == pytest.approx(math.exp(-0.4))
    engine.advance(1)
    v = 0.5 * math.exp(-0.1) + math.exp(-0.4) * (math.exp(-0.1) - math.exp(-0.2))
    assert value_of(engine, "p", "V")[0] == pytest.approx(v)


@pytest.mark.parametrize("pieces", [1, 4])
def test_poisson_spikes_are_what_the_draws_say(pieces: int) -> None:
    """Also where an engine goes on with the snapshot of another one."""
    net = Net(dt=0.05)  # 0.035 spikes in a step: from one to the next
    net.population("p", 3, source=PoissonSource(e(0.7)))
    engine, drained = net.engine(), []
    for _ in range(pieces):
        before, engine = engine, net.engine()
        engine.restore(before.snapshot())
        engine.log_spikes([("p", "")])
        engine.advance(4000 // pieces)
        drained.append(engine.drain("p"))
    steps, units = (np.concatenate(parts) for parts in zip(*drained, strict=True))
    for unit in range(3):
        waits = random.exponentials(1, random.stream_of("p"), unit, np.arange(400))
        times = np.cumsum(waits) / (
            0.7 * 0.05
        )  # the k-th spike comes when ∫ rate dt has used up k draws; step n has used up (n + 1) rate dt
        expected = np.ceil(times[times <= 4000] - 1e-12).astype(int) - 1
        assert steps[units == unit].tolist() == expected.tolist()
    assert engine.spike_count("p") == len(steps)


def test_a_rate_may_depend_on_time_and_on_the_unit() -> None:
    net = Net(dt=0.1)
    block = Block("source", "Poisson", variables=(parameter("r"),))
    net.population("p", 2, block, PoissonSource(e("r if t < 5 else 0")), parameters={"r": [0.0, 100.0]})
    engine = net.engine()
    engine.log_spikes([("p", "")])
    engine.advance(100)
    steps, units = engine.drain("p")
    assert set(units.tolist()) == {1}
    assert steps.max() == 49 and len(steps) == pytest.approx(500, abs=90)


def test_a_refractory_unit_uses_up_no_hazard() -> None:
    block = neuron(variables=(state("V"),), spike=AtRate(e(1e6)), refractory=Refractory(e(0), ()))
    assert spike_steps(alone(block, refractory=3), 10) == [0, 3, 6, 9]


def test_given_spikes_may_coincide() -> None:
    net = Net()
    net.population("p", 2, spikes=[(3, 1), (3, 1), (3, 0), (7, 0)])
    engine = net.engine()
    engine.log_spikes([("p", "")])
    engine.advance(10)
    steps, units = engine.drain("p")
    assert (steps.tolist(), units.tolist()) == ([3, 3, 3, 7], [0, 1, 1, 0])


# --- sums, steps, periods --------------------------------------------------------------------------------------------


def source_and_readout(axonal: int = 0, dendritic: int = 0) -> Net:
    net = Net(dt=1.0)
    clamped = Block("source", "Source", variables=(Variable("x", "x", Role.CLAMPED),))
    net.population("a", 2, clamped, ClampedSource())
    net.population("b", 1, neuron(variables=(input_("h"), definition("y", "2 * h")), output="y"))
    synapse = connection(
        variables=(state("w"), parameter("eta")),
        sums=(SumInto("h", e("w * pre.x")),),
        handlers=(on(STEP, "w += eta * pre.x * post.y"),),
    )
    net.projection("c", "a", "b", synapse, axonal=axonal, dendritic=dendritic, parameters={"eta": 0.1}, states={"w": [1.0, 2.0]})
    return net


def test_sums_then_changes() -> None:
    engine = source_and_readout().engine()
    set_value(engine, "a", "x", np.array([1.0, 3.0]))
    engine.advance(1)
    assert value_of(engine, "b", "h")[0] == 7
    assert value_of(engine, "b", "y")[0] == 14
    np.testing.assert_allclose(value_of(engine, "c", "w"), [1 + 1.4, 2 + 4.2])


@pytest.mark.parametrize(("axonal", "dendritic"), [(3, 0), (0, 3), (1, 2)])
@pytest.mark.parametrize("saved", [False, True])
def test_delayed_sums(axonal: int, dendritic: int, saved: bool) -> None:
    """`saved`: each step is done by another engine, with the snapshot of the one before."""
    net = source_and_readout(axonal, dendritic)
    engine = net.engine()
    engine.switch_rules({"c": False})
    seen = []
    for step in range(8):
        if saved:
            before, engine = engine, net.engine()
            engine.restore(before.snapshot())
        set_value(engine, "a", "x", np.array([10.0**step, 0.0]))
        engine.advance(1)
        seen.append(value_of(engine, "b", "h")[0])
    assert seen == [0, 0, 0, 1, 10, 100, 1000, 10000]


def test_discrete_updates_are_simultaneous() -> None:
    net = Net(dt=1.0)
    block = neuron(variables=(state("x"), input_("h")), handlers=(on(STEP, "x = h"),), output="x")
    net.population("p", 2, block, states={"x": [5.0, 7.0]})
    net.projection("c", "p", "p", connection(sums=(SumInto("h", e("pre.x")),)), pairs=[(0, 1), (1, 0)])
    engine = net.engine()
    engine.advance(1)
    assert value_of(engine, "p", "x").tolist() == [7, 5]


def test_changes_at_a_step_read_others_from_before() -> None:
    net = Net(dt=1.0)
    net.population("p", 1, neuron(variables=(state("x"),), handlers=(on(STEP, "x += 1"),), output="x"), states={"x": 10.0})
    net.projection("c", "p", "p", connection(variables=(state("w"), state("m")), handlers=(on(STEP, "m = pre.x", "w = m + post.x"),)))
    engine = net.engine()
    engine.advance(1)
    assert (value_of(engine, "p", "x")[0], value_of(engine, "c", "w")[0]) == (11, 20)


def test_periods_begin_at_step_0() -> None:
    block = neuron(variables=(state("V"),), handlers=(on(EVERY, "V += 1", period="3 * dt"),))
    assert trajectory(alone(block), 8) == [0, 1, 1, 1, 2, 2, 2, 3]


def test_flows_of_rules_stand_still_while_rules_are_off() -> None:
    net = Net(dt=0.1)
    net.population("p", 1, neuron(variables=(state("V"),)))
    flows = (Flow("w", e("r"), is_rule=True), Flow("r", e(1), is_rule=True))
    scheme = Exact(("w", "r"), ((e(0), e(1)), (e(0), e(0))), (e(0), e(1)))
    net.projection("c", "p", "p", connection(variables=(state("w"), state("r")), flows=flows, schemes=(scheme,)))
    engine = net.engine()
    engine.switch_rules({"c": False})
    engine.advance(10)
    assert value_of(engine, "c", "w")[0] == 0
    assert value_of(engine, "c", "r")[0] == pytest.approx(1.0)
    engine.switch_rules({"c": True})
    engine.advance(10)
    assert value_of(engine, "c", "w")[0] == pytest.approx(1.5)


# --- snapshots -------------------------------------------------------------------------------------------------------


def test_a_snapshot_continues_to_the_same_values() -> None:
    net = Net(dt=1e-3)
    net.population("a", 4, source=PoissonSource(e(200)))
    cell = neuron(
        variables=(state("V"), input_("h")),
        schemes=(Exact(("V",), ((e(-100),),), (e("h"),)),),
        handlers=(on(SPIKE, "V = 0"),),
        spike=Threshold(e("V > 2"), False),
        refractory=Refractory(Number(0.0), ("V",)),
    )
    net.population("b", 2, cell, refractory=2)
    synapse = connection(
        variables=(state("w"), state("r")),
        handlers=(on(Trigger.PRE, "post.V += w", "r += 1"), on(Trigger.POST, "w += 0.01 * r")),
        sums=(SumInto("h", e("r")),),
    )
    net.projection("c", "a", "b", synapse, axonal=3, dendritic=2, states={"w": 0.5})
    whole, half = net.engine(), net.engine()
    whole.advance(60)
    half.advance(25)
    state_then = half.snapshot()
    other = net.engine()
    other.restore(state_then)
    other.advance(35)
    assert other.step == 60 and other.spike_count("b") == whole.spike_count("b") > 3
    for owner, name in (("b", "V"), ("c", "w"), ("c", "r"), ("b", "h")):
        assert value_of(other, owner, name).tolist() == value_of(whole, owner, name).tolist()
    with pytest.raises(ValueError, match="another network"):
        source_and_readout().engine().restore(state_then)
