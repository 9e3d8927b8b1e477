"""From networks to instances: what counts among defaults, values and settings, what is drawn, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import (
    ClampedSource,
    Connectivity,
    Delays,
    GivenSpikes,
    Network,
    PoissonSource,
    Refractory,
    RegularSource,
    Role,
    Timed,
    Timing,
    Variable,
)
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Number, Ref, Special
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.instance.memory import expected_count
from plasticdsl.runtime.instance.settings import Given
from plasticdsl.runtime.instance.sources import extend_spikes
from plasticdsl.support.connectivity import Pattern
from tests.runtime.handmade import (
    INHIBITION,
    LIF,
    STDP,
    drawn,
    network,
    own,
    parameter,
    population,
    projection,
    shared,
    song_abbott,
    state,
    times,
    with_population,
)

DT = 0.1e-3


def build(net: Network, settings: dict[Ref, Given] | None = None, seed: int = 1) -> Instance:
    return instantiate(net, dt=DT, seed=seed, settings=settings)


def refused(net: Network, settings: dict[Ref, Given] | None = None) -> Diagnostic:
    with pytest.raises(PlasError) as caught:
        build(net, settings)
    (finding,) = caught.value.diagnostics
    return finding


# --- values ----------------------------------------------------------------------------------------------------------


def test_song_abbott() -> None:
    made = build(song_abbott())
    assert made.parameters == {"r_ex": 10.0, "r_in": 10.0}
    assert {n: p.size for n, p in made.populations.items()} == {"inputs": 1000, "balance": 200, "cell": 1}
    cell, ex, inh = made.populations["cell"], made.projections["ex"], made.projections["inh"]
    assert cell.parameters == {"tau_m": 20e-3, "V_theta": -54e-3, "V_r": -60e-3}
    assert cell.refractory_steps == 20
    np.testing.assert_array_equal(cell.states["V"], [-60e-3])
    assert (ex.count, inh.count) == (1000, 200)
    assert ex.parameters["A_minus"] == pytest.approx(1.05 * 0.005)
    np.testing.assert_array_equal(ex.states["w"], np.full(1000, 0.015))
    assert inh.parameters == {"w": 0.05} and inh.states == {}
    np.testing.assert_array_equal(ex.sources(), np.arange(1000))
    assert per_unit(song_abbott()) == frozenset()


def test_settings_go_before_values_and_values_before_defaults() -> None:
    net = song_abbott()
    made = build(
        net,
        {
            Ref(Whose.NETWORK, "r_ex"): 20.0,
            Ref(OfPopulation("inputs"), ""): 500,
            Ref(OfProjection("ex"), "A_plus"): 0.004,
            Ref(OfProjection("ex"), "w"): times(Number(0.5), own("w_max")),
            Ref(OfPopulation("cell"), "V"): -0.055,
        },
    )
    assert made.parameters == {"r_ex": 20.0, "r_in": 20.0}
    assert made.projections["ex"].count == 500
    assert made.projections["ex"].parameters["A_minus"] == pytest.approx(1.05 * 0.004)
    np.testing.assert_array_equal(made.projections["ex"].states["w"], np.full(500, 0.0075))
    np.testing.assert_array_equal(made.populations["cell"].states["V"], [-0.055])


def test_settings_may_be_keyed_by_places() -> None:
    places = {
        Ref(Whose.NETWORK, "r_ex"): Number(20.0),
        Ref(OfPopulation("inputs"), ""): Number(500.0),
        Ref(OfProjection("ex"), "A_plus"): drawn("U", 0.0, 1.0),
    }
    made = instantiate(song_abbott(), dt=DT, seed=1, settings=places)
    assert made.parameters["r_ex"] == 20.0 and made.projections["ex"].count == 500
    assert Ref(OfProjection("ex"), "A_minus") in per_unit(song_abbott(), places)


def test_initial_values_given_by_the_population() -> None:
    net = network(
        (population("P", 3, LIF, None, ("V(0)", own("V_theta")), ("tau_m", times(Number(2.0), shared("tau")))),), (), parameter("tau", 5e-3)
    )
    made = build(net).populations["P"]
    np.testing.assert_array_equal(made.states["V"], np.full(3, -54e-3))
    assert made.parameters["tau_m"] == 10e-3


def test_values_may_depend_on_names_declared_later_and_on_definitions() -> None:
    block = replace(
        LIF,
        variables=(
            parameter("a", times(Number(2.0), own("b"))),
            parameter("b", 3.0),
            state("m", own("m_inf")),
            Variable("m_inf", "m_inf", Role.DEFINITION, value=Binary("+", own("V"), Binary("+", own("h"), own("a")))),
            state("V", Number(1.0)),
            Variable("h", "h", Role.INPUT),
        ),
    )
    made = build(network((population("P", 2, block),))).populations["P"]
    assert made.parameters == {"a": 6.0, "b": 3.0}
    np.testing.assert_array_equal(made.states["m"], [7.0, 7.0])


def test_a_circle_is_shown() -> None:
    block = replace(LIF, variables=(parameter("a", own("b")), parameter("b", own("a"))), refractory=None)
    finding = refused(network((population("P", 2, block),)))
    assert finding.code == "definition-cycle"
    assert "P.a" in finding.message and "P.b" in finding.message


def test_draws_per_unit() -> None:
    net = network((population("P", 4000, LIF, None, ("V(0)", drawn("U", own("V_r"), own("V_theta"))), ("tau_m", drawn("N", 20e-3, 2e-3))),))
    made = build(net).populations["P"]
    tau, v = made.parameters["tau_m"], made.states["V"]
    assert isinstance(tau, np.ndarray) and tau.shape == (4000,)
    assert tau.mean() == pytest.approx(20e-3, rel=0.01) and tau.std() == pytest.approx(2e-3, rel=0.1)
    assert v.min() > -60e-3 and v.max() < -54e-3 and v.std() == pytest.approx(6e-3 / 12**0.5, rel=0.05)
    assert {r.path for r in per_unit(net)} == {"P.tau_m", "P.V"}


def test_an_unrelated_addition_changes_nothing() -> None:
    block = replace(STDP, variables=(*STDP.variables, parameter("q", drawn("Gamma", 2.0, 1.0))))
    net = network(
        (population("P", 50, LIF, None, ("V(0)", drawn("U", -0.06, -0.05))),),
        (projection("J", "P", "P", block, ("w", drawn("U", 0.0, 0.015)), how=Connectivity("probability", Number(0.2))),),
    )
    other = with_population(net, population("Q", 7, LIF, None, ("tau_m", drawn("N", 20e-3, 1e-3))))
    other = replace(other, projections=(projection("K", "Q", "P", INHIBITION, ("w", drawn("N", 0.0, 1.0))), *other.projections))
    first, second = build(net), build(other)
    np.testing.assert_array_equal(first.populations["P"].states["V"], second.populations["P"].states["V"])
    for a, b in ((first.projections["J"], second.projections["J"]),):
        np.testing.assert_array_equal(a.targets, b.targets)
        np.testing.assert_array_equal(a.rows, b.rows)
        np.testing.assert_array_equal(a.states["w"], b.states["w"])
        np.testing.assert_array_equal(a.parameters["q"], b.parameters["q"])
        assert a.stream == b.stream
    third = build(net, seed=2).projections["J"]
    assert not np.array_equal(third.states["w"][:10], first.projections["J"].states["w"][:10])
    streams = {p.stream for p in second.populations.values()} | {p.stream for p in second.projections.values()}
    assert len(streams) == 4


def test_values_of_connections_may_depend_on_both_units() -> None:
    here = replace(LIF, variables=(parameter("x", Binary("/", Special("i"), Number(10.0))), parameter("scale", 2.0)), refractory=None)
    distance = Call("abs", (Binary("-", Ref(Whose.PRE, "x"), Ref(Whose.POST, "x")),))
    block = replace(
        INHIBITION,
        variables=(
            parameter("w", times(distance, Ref(Whose.PRE, "scale"))),
            parameter("k", Binary("+", times(Number(100.0), Special("i")), Special("j"))),
            parameter("n", Binary("/", Special("N_pre"), Special("N_post"))),
        ),
    )
    net = network((population("P", 3, here), population("Q", 2, here)), (projection("J", "P", "Q", block),))
    made = build(net).projections["J"]
    np.testing.assert_allclose(made.parameters["w"], [0.0, 0.2, 0.2, 0.0, 0.4, 0.2], atol=1e-15)
    np.testing.assert_array_equal(made.parameters["k"], [101, 201, 102, 202, 103, 203])
    assert made.parameters["n"] == 1.5
    assert {r.path for r in per_unit(net)} == {"P.x", "Q.x", "J.w", "J.k"}


def test_what_per_unit_says_is_what_instantiate_does() -> None:
    block = replace(
        STDP,
        variables=(
            *STDP.variables,
            parameter("d", 1.0),
            parameter("e", Choice(((Compare(">", own("d"), Number(0.0)), Number(1.0)),), Special("i"))),
        ),
    )
    net = network((population("P", 4, LIF),), (projection("J", "P", "P", block, ("w", drawn("U", 0.0, 0.01))),), parameter("g", 1.0))
    cases: tuple[dict[Ref, Given], ...] = (
        {},
        {Ref(OfProjection("J"), "d"): np.linspace(1.0, 2.0, 16)},
        {Ref(OfPopulation("P"), "tau_m"): [1.0, 2.0, 3.0, 4.0]},
        {Ref(OfProjection("J"), "A_plus"): drawn("U", 0.0, 1.0)},
    )
    for settings in cases:
        made, arrays = build(net, settings), {r.path for r in per_unit(net, settings)}
        owners = {**{n: p.parameters for n, p in made.populations.items()}, **{n: p.parameters for n, p in made.projections.items()}}
        for owner, values in owners.items():
            for name, value in values.items():
                assert isinstance(value, np.ndarray) == (f"{owner}.{name}" in arrays), name
                assert isinstance(value, float | np.ndarray)
    assert Ref(OfProjection("J"), "A_minus") in per_unit(net, {Ref(OfProjection("J"), "A_plus"): drawn("U", 0.0, 1.0)})


def test_arrays_are_copied_and_must_fit() -> None:
    values = np.array([1.0, 2.0, 3.0])
    net = network((population("P", 3, LIF),))
    made = build(net, {Ref(OfPopulation("P"), "tau_m"): values, Ref(OfPopulation("P"), "V"): own("tau_m")}).populations["P"]
    values[:] = 0.0
    np.testing.assert_array_equal(made.parameters["tau_m"], [1.0, 2.0, 3.0])
    assert isinstance(made.parameters["tau_m"], np.ndarray) and not np.shares_memory(made.parameters["tau_m"], made.states["V"])
    with pytest.raises(ValueError, match=r"P.tau_m: an array of shape \(2,\)"):
        build(net, {Ref(OfPopulation("P"), "tau_m"): np.ones(2)})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError, match="cell has no parameter tau; it has V, V_r"):
        build(song_abbott(), {Ref(OfPopulation("cell"), "tau"): 1.0})
    with pytest.raises(KeyError, match="there is no cells"):
        build(song_abbott(), {Ref(OfPopulation("cells"), "tau"): 1.0})
    with pytest.raises(KeyError, match="no projection exc"):
        instantiate(song_abbott(), dt=DT, seed=1, connections={"exc": ([0], [0])})
    with pytest.raises(ValueError, match="dt is 0 s"):
        instantiate(song_abbott(), dt=0.0, seed=1)
    with pytest.raises(ValueError, match="64 bits"):
        instantiate(song_abbott(), dt=DT, seed=2**70)


def test_sizes() -> None:
    net = network((replace(population("P", 1, LIF), size=times(Number(0.07), shared("N"))),), (), parameter("N", 100.0))
    assert build(net).populations["P"].size == 7
    assert refused(net, {Ref(Whose.NETWORK, "N"): 101.0}).code == "not-whole"
    assert refused(net, {Ref(Whose.NETWORK, "N"): 0.0}).code == "not-whole"


def test_a_missing_value_is_named() -> None:
    net = song_abbott()
    finding = refused(replace(net, projections=(*net.projections[:1], replace(net.projections[1], values=()))))
    assert (finding.code, finding.message) == ("not-given", "‘inh.w’ has no value.")


def test_what_has_no_value_before_the_run_is_named() -> None:
    block = replace(LIF, variables=(parameter("a", Special("lag")),), refractory=None)
    finding = refused(network((population("P", 1, block),)))
    assert finding.code == "not-a-constant" and "‘P.a’" in finding.message


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_values_outside_their_bounds() -> None:
    net = song_abbott()
    finding = refused(net, {Ref(OfProjection("ex"), "w"): 0.02})
    assert finding.code == "initial-outside-bounds"
    assert "‘ex.w’ starts at 0.02, but only [0, 0.015] is allowed" in finding.message
    some = refused(net, {Ref(OfProjection("ex"), "w"): np.where(np.arange(1000) < 997, 0.01, -0.001)})
    assert "starts at -0.001" in some.message and "(3 of 1000 values are outside)" in some.message
    with_unit = replace(STDP, variables=tuple(replace(v, unit="mV", scale=1e-3) for v in STDP.variables))
    shown = refused(replace(net, projections=(replace(net.projections[0], connection=with_unit),)), {Ref(OfProjection("ex"), "w"): 0.02})
    assert "starts at 20 mV, but only [0 mV, 15 mV]" in shown.message


def test_rounding_is_not_outside() -> None:
    made = build(song_abbott(), {Ref(OfProjection("ex"), "w_max"): 0.3, Ref(OfProjection("ex"), "w"): 0.1 * 3})
    np.testing.assert_array_equal(made.projections["ex"].states["w"], np.full(1000, 0.3))


def test_discrete_values() -> None:
    block = replace(LIF, variables=(Variable("x", "x", Role.STATE, values=(-1.0, 1.0)),), refractory=None)
    net = network((population("P", 2, block),))
    np.testing.assert_array_equal(build(net).populations["P"].states["x"], [-1.0, -1.0])
    np.testing.assert_array_equal(
        build(net, {Ref(OfPopulation("P"), "x"): np.array([1.0, -1.0])}).populations["P"].states["x"], [1.0, -1.0]
    )
    assert "only {-1, 1} is allowed" in refused(net, {Ref(OfPopulation("P"), "x"): 0.5}).message


def test_no_number_is_refused() -> None:
    assert refused(song_abbott(), {Ref(OfPopulation("cell"), "V"): Call("log", (Number(-1.0),))}).code == "not-finite"


# --- time ------------------------------------------------------------------------------------------------------------


def test_delays_and_their_rounding() -> None:
    delays = Delays(axonal=Number(1.5e-3), dendritic=drawn("U", 0.5e-3, 2e-3))
    net = network((population("P", 20, LIF),), (projection("J", "P", "P", STDP, delays=delays),))
    instance = instantiate(net, dt=DT, seed=1)
    made = instance.projections["J"]
    assert made.axonal == 15 and isinstance(made.axonal, int)
    assert isinstance(made.dendritic, np.ndarray) and made.dendritic.dtype == np.int32 and made.dendritic.shape == (400,)
    assert made.dendritic.min() >= 5 and made.dendritic.max() <= 20 and len(set(made.dendritic.tolist())) > 10
    assert not instance.warnings and per_unit(net) == {Timed(OfProjection("J"), Timing.DENDRITIC)}
    warnings = instantiate(net, dt=0.4e-3, seed=1).warnings
    assert [w.code for w in warnings] == ["duration-rounded"] and "axonal delay of ‘J’" in warnings[0].message


def test_negative_delays_and_refractory_times() -> None:
    net = network((population("P", 20, LIF),), (projection("J", "P", "P", STDP, delays=Delays(axonal=drawn("N", 0.0, 1e-3))),))
    assert refused(net).code == "out-of-range"
    assert refused(network((population("P", 20, replace(LIF, refractory=Refractory(Number(-1.0), ()))),))).code == "out-of-range"


def test_refractory_time_of_each_unit() -> None:
    block = replace(LIF, refractory=Refractory(own("tau_m"), ("V",)))
    net = network((population("P", 20, block, None, ("tau_m", drawn("U", 1e-3, 5e-3))),))
    steps = build(net).populations["P"].refractory_steps
    assert isinstance(steps, np.ndarray) and steps.dtype == np.int64 and steps.shape == (20,)
    assert Timed(OfPopulation("P"), Timing.REFRACTORY) in per_unit(net)


# --- connections -----------------------------------------------------------------------------------------------------


def test_conditions_on_units() -> None:
    below = Connectivity("where", Compare("<", Special("i"), Special("j")))
    net = network((population("P", 4, LIF),), (projection("J", "P", "P", STDP, how=below),))
    made = build(net).projections["J"]
    assert list(zip(made.sources().tolist(), made.targets.tolist(), strict=True)) == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]
    near = Connectivity(
        "probability", Call("exp", (Call("min", (Number(0.0), Binary("-", Number(1.0), Special("j")))),)), also=below.amount
    )
    assert build(network((population("P", 4, LIF),), (projection("J", "P", "P", STDP, how=near),))).projections["J"].count <= 6


def test_parameters_of_units_in_conditions() -> None:
    here = replace(LIF, variables=(parameter("x", drawn("U", 0.0, 1.0)),), refractory=None)
    near = Compare("<", Call("abs", (Binary("-", Ref(Whose.PRE, "x"), Ref(Whose.POST, "x")),)), shared("r"))
    net = network((population("P", 30, here),), (projection("J", "P", "P", STDP, how=Connectivity("where", near)),), parameter("r", 0.1))
    made = build(net)
    x = made.populations["P"].parameters["x"]
    assert isinstance(x, np.ndarray)
    assert made.projections["J"].count == np.count_nonzero(np.abs(np.subtract.outer(x, x)) < 0.1)


def test_impossible_connectivity_is_an_error_of_the_model() -> None:
    pair = (population("P", 3, LIF), population("Q", 4, LIF))
    assert refused(network(pair, (projection("J", "P", "Q", STDP, how=Connectivity("one")),))).code == "sizes-differ"
    for how in (Connectivity("in-degree", Number(5.0)), Connectivity("probability", Number(1.5)), Connectivity("out-degree", Number(1.5))):
        assert refused(network(pair, (projection("J", "P", "Q", STDP, how=how),))).code == "out-of-range"


def test_listed_connections_take_their_values_along() -> None:
    net = network((population("P", 3, LIF), population("Q", 4, LIF)), (projection("J", "P", "Q", STDP),))
    weights = np.array([0.001, 0.002, 0.003])
    made = instantiate(
        net, dt=DT, seed=1, settings={Ref(OfProjection("J"), "w"): weights}, connections={"J": ([2, 0, 2], [1, 3, 0])}
    ).projections["J"]
    assert list(zip(made.sources().tolist(), made.targets.tolist(), made.states["w"].tolist(), strict=True)) == [
        (0, 3, 0.002),
        (2, 0, 0.003),
        (2, 1, 0.001),
    ]
    with pytest.raises(ValueError, match="J: pre units go from 3"):
        instantiate(net, dt=DT, seed=1, connections={"J": ([3], [1])})
    matrix = np.arange(12.0).reshape(4, 3) / 1000
    full = build(net, {Ref(OfProjection("J"), "w"): matrix}).projections["J"]
    np.testing.assert_array_equal(full.states["w"], matrix.T.reshape(-1))


# --- sources ---------------------------------------------------------------------------------------------------------


def regular(count: float | None, rate: float = 20.0, start: float = 0.1) -> Network:
    source = RegularSource(Number(rate), Number(start), Number(count) if count is not None else None)
    return network((population("S", 2, source=source),))


def test_regular_sources() -> None:
    made = build(regular(3.0)).populations["S"]
    assert made.spike_steps is not None and made.spike_units is not None and made.spikes_until is None
    np.testing.assert_array_equal(made.spike_steps, [1000, 1000, 1500, 1500, 2000, 2000])
    np.testing.assert_array_equal(made.spike_units, [0, 1, 0, 1, 0, 1])
    thirds = build(regular(31.0, rate=30.0, start=0.0)).populations["S"]
    assert thirds.spike_steps is not None and thirds.spike_steps[-1] == 10_000
    before = build(regular(3.0, start=-0.06)).populations["S"]
    assert before.spike_steps is not None
    np.testing.assert_array_equal(before.spike_steps, [400, 400])
    assert refused(regular(2.5)).code == "not-whole"
    assert refused(regular(3.0, rate=-1.0)).code == "out-of-range"


def test_endless_regular_sources() -> None:
    net = regular(None)
    made = instantiate(net, dt=DT, seed=1, horizon=2000)
    spikes = made.populations["S"]
    assert spikes.spike_steps is not None and spikes.spikes_until == 2000
    np.testing.assert_array_equal(spikes.spike_steps, [1000, 1000, 1500, 1500])
    assert extend_spikes(made, 2001)
    np.testing.assert_array_equal(spikes.spike_steps, [1000, 1000, 1500, 1500, 2000, 2000])
    assert not extend_spikes(made, 2001)
    free = build(net).populations["S"]
    assert free.spike_steps is not None and free.spikes_until == 200_000_000
    assert len(free.spike_steps) == pytest.approx(2 * 20 * 20_000, abs=5)
    fast = build(regular(None, rate=1e4)).populations["S"]
    assert fast.spike_steps is not None and len(fast.spike_steps) == pytest.approx(4e6, rel=1e-3)


def test_given_spikes() -> None:
    written = network((population("S", 2, source=GivenSpikes((Number(0.02), Number(0.01)))),))
    made = build(written).populations["S"]
    np.testing.assert_array_equal(made.spike_steps, [100, 100, 200, 200])
    np.testing.assert_array_equal(made.spike_units, [0, 1, 0, 1])
    net = network((population("S", 2, source=GivenSpikes((), "data")),))
    given = instantiate(net, dt=DT, seed=1, spikes={"data": ([0.02, 0.01, 0.02], [1, 1, 0])}).populations["S"]
    np.testing.assert_array_equal(given.spike_steps, [100, 200, 200])
    np.testing.assert_array_equal(given.spike_units, [1, 0, 1])
    with pytest.raises(KeyError, match="have to be given"):
        build(net)
    off = instantiate(net, dt=1e-4, seed=1, spikes={"data": ([0.00025, 0.00034, 0.00036], [0, 1, 1])})
    np.testing.assert_array_equal(off.populations["S"].spike_steps, [3, 3, 4])
    assert [w.code for w in off.warnings] == ["duration-rounded"]
    written = network((population("S", 1, source=GivenSpikes((Number(0.00025),))),))
    assert [w.code for w in instantiate(written, dt=1e-4, seed=1).warnings] == ["duration-rounded"]
    for times_, units, message in (([0.1], [2], "from 0 to 1"), ([-0.1], [0], "not negative"), ([0.1, 0.2], [0], "same length")):
        with pytest.raises(ValueError, match=message):
            instantiate(net, dt=DT, seed=1, spikes={"data": (times_, units)})


def test_negative_rates() -> None:
    assert refused(song_abbott(), {Ref(Whose.NETWORK, "r_in"): -1.0}).code == "out-of-range"
    rising = Binary("-", Special("t"), Number(1.0))
    build(network((population("S", 2, source=PoissonSource(rising)),)))


def test_clamped_sources_start_at_zero() -> None:
    net = network((population("S", 3, source=ClampedSource()),))
    np.testing.assert_array_equal(build(net).populations["S"].states["x"], np.zeros(3))


# --- memory ----------------------------------------------------------------------------------------------------------


def test_too_large_networks_are_refused_before_they_are_made() -> None:
    million = population("P", 2_000_000, LIF)
    finding = refused(network((million,), (projection("J", "P", "P", STDP, how=Connectivity("probability", Number(0.1))),)))
    assert finding.code == "too-large"
    assert "‘J’ with about 400,000,000,000 connections (2,000,000 × 2,000,000 units)" in finding.message
    triangle = Connectivity("where", Compare("<", Special("i"), Special("j")))
    assert refused(network((million,), (projection("J", "P", "P", STDP, how=triangle),))).code == "too-large"
    diagonal = Connectivity("in-degree", Number(10.0))
    line = Pattern("where", 3_000_000, 3_000_000, allowed=lambda pre, post: pre == post)
    assert expected_count(line) == pytest.approx(3e6)
    many = network((population("P", 2_000_000_000, LIF), population("Q", 1, LIF)), (projection("J", "P", "Q", STDP, how=diagonal),))
    assert "‘P’ with 2,000,000,000 units" in refused(many).message
