"""Experiments: phases, clamps, recordings, expectations, sweeps."""

from __future__ import annotations

import pytest

from plasticdsl.model.experiments import Expectation, Experiment, Recording, Window
from plasticdsl.model.expr import Binary, Call, Compare, Logic, Number, Ref, Special
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose
from plasticdsl.units.dimension import FREQUENCY, ONE, TIME, VOLTAGE
from tests.check.models import codes, experiment

NET = """
network Net:
    ρ = 10 Hz
    p = 3 Poisson(rate = ρ)
    cell = 3 LIF
    feed = 2 Source
    units = 4 Rate
    ex = p → cell: Exc with STDP, w = 1 mV
    feed → units: Linear, w = 1
    E = ½ Σ_i y_i²

experiment Run on Net:
    dt = 0.1 ms
"""


def run(*lines: str) -> Experiment:
    """An experiment of these lines."""
    return experiment(NET + "".join(f"    {line}\n" for line in ("phase learn for 1 s", *lines)))


def wrong(*lines: str) -> list[str]:
    """What is wrong with these lines."""
    return codes(NET + "".join(f"    {line}\n" for line in ("phase learn for 1 s", *lines)))


# --- time and phases -------------------------------------------------------------------------------------------------


def test_durations_can_use_parameters_and_steps() -> None:
    found = run("phase a for 60/ρ + 200 ms", "phase b for 5 steps")
    first, second = found.phases[1:]
    assert first.duration == Binary("+", Binary("/", Number(60.0), Ref(Whose.NETWORK, "rho")), Number(0.2))
    assert second.duration == Binary("*", Number(5.0), Special("dt"))
    assert found.dt == Number(0.0001)


def test_clamps() -> None:
    found = run("phase a for 1 s:", "    feed = 1", "    cell.V = −50 mV", "    p.rate = 2 ρ")
    assert [c.target for c in found.phases[1].clamps] == [Ref(OfPopulation("feed"), "x"), Ref(OfPopulation("cell"), "V")]
    assert [c.targets for c in found.phases[1].changes] == [(Ref(OfPopulation("p"), "rate"),)]
    assert found.phases[1].clamps[1].value == Number(-0.05)


@pytest.mark.parametrize(("line", "off"), [("rules off", ()), ("rules off for ex", ("ex",)), ("rules off for STDP, ex", ("STDP", "ex"))])
def test_rules_off(line: str, off: tuple[str, ...]) -> None:
    found = run("phase a for 1 s:", f"    {line}")
    assert [p.rules_off for p in found.phases] == [None, off]


def test_recordings_and_expectations_of_a_phase() -> None:
    phase = run("phase a for 1 s:", "    record cell.V every 1 ms", "    expect rate(cell) > 1 Hz", "    expect E > 0").phases[1]
    assert phase.recordings[0].window == Window(every=Number(0.001), during="a")
    assert [e.window for e in phase.expectations] == [Window(during="a"), Window(at_end=True, during="a")]


def test_settings() -> None:
    found = run("ρ = 40 Hz", "STDP.A₊ = 0.1", "cell = 30", "ex.w = 0.5 mV")
    assert found.settings == (
        ("Net.rho", Number(40.0)),
        ("STDP.A_plus", Number(0.1)),
        ("cell", Number(30.0)),
        ("ex.w", Number(0.0005)),
    )


# --- what is taken ---------------------------------------------------------------------------------------------------


def recorded(item: str) -> Recording:
    """One recording."""
    return run(f"record {item}").recordings[0]


V, W = Ref(OfPopulation("cell"), "V"), Ref(OfProjection("ex"), "w")


@pytest.mark.parametrize(
    ("text", "item", "dimension", "unit"),
    [
        ("cell.V", V, VOLTAGE, "mV"),
        ("ex.w", W, VOLTAGE, "mV"),
        ("ex.w / ex.w_max", Binary("/", W, Ref(OfProjection("ex"), "w_max")), ONE, ""),
        ("mean(ex.w)", Call("mean", (W,)), VOLTAGE, "mV"),
        ("std(cell.V)", Call("sd", (V,)), VOLTAGE, "mV"),
        ("min(cell.V, 0 mV)", Call("min", (V, Number(0.0))), VOLTAGE, "mV"),
        ("min(cell.V)", Call("min", (V,)), VOLTAGE, "mV"),
        ("cell.V[3]", Call("unit", (V, Number(3.0))), VOLTAGE, "mV"),
        ("ex.w[1, 2]", Call("unit", (W, Number(1.0), Number(2.0))), VOLTAGE, "mV"),
        ("spikes(cell)", Call("spikes", (Ref(OfPopulation("cell"), ""),)), TIME, "ms"),
        ("rate(cell)", Call("rate", (Ref(OfPopulation("cell"), ""),)), FREQUENCY, "Hz"),
        ("spike_time(cell, 2)", Call("spike_time", (Ref(OfPopulation("cell"), ""), Number(2.0))), TIME, "ms"),
        ("isi(cell, −1)", Call("isi", (Ref(OfPopulation("cell"), ""), Number(-1.0))), TIME, "ms"),
        ("fraction(ex.w > 0.5 mV)", Call("fraction", (Compare(">", W, Number(0.0005)),)), ONE, ""),
        ("units", Ref(OfPopulation("units"), "y"), ONE, ""),
        ("E", Ref(Whose.NETWORK, "E"), ONE, ""),
        ("2 ρ", Binary("*", Number(2.0), Ref(Whose.NETWORK, "rho")), FREQUENCY, "Hz"),
    ],
)
def test_items(text: str, item: object, dimension: object, unit: str) -> None:
    found = recorded(text)
    assert found.item == item
    assert found.text == text
    assert (found.dimension, found.unit) == (dimension, unit)


@pytest.mark.parametrize(
    ("moment", "window"),
    [
        ("", Window()),
        ("at end", Window(at_end=True)),
        ("at 2 s", Window(at=Number(2.0))),
        ("every 10 ms", Window(every=Number(0.01))),
        ("over last 5 s", Window(last=Number(5.0))),
        ("every 1 ms in phase learn", Window(every=Number(0.001), during="learn")),
        ("over time", Window(over="time")),
    ],
)
def test_moments(moment: str, window: Window) -> None:
    assert recorded(f"cell.V {moment}").window == window


def test_plots() -> None:
    found = run("plot histogram(ex.w)", "plot raster(cell, p) over last 200 ms", "plot mean(ex.w) over ρ").plots
    assert found[0].items[0].window == Window(at_end=True)
    assert found[1].items[0].item == Call("raster", (Ref(OfPopulation("cell"), ""), Ref(OfPopulation("p"), "")))
    assert found[2].window.over == Ref(Whose.NETWORK, "rho")
    assert [p.text for p in found] == ["histogram(ex.w)", "raster(cell, p) over last 200 ms", "mean(ex.w) over ρ"]


def test_alias() -> None:
    assert recorded("mean(ex.w) at end as strength").alias == "strength"


def expected(text: str) -> Expectation:
    """One expectation."""
    return run(f"expect {text}").expectations[0]


def test_expectation_within_a_tolerance() -> None:
    found = expected("rate(cell) ≈ 0.01 kHz ± 1 Hz over last 500 ms")
    assert (found.relation, found.right, found.tolerance, found.relative) == ("near", Number(10.0), Number(1.0), False)
    assert found.window == Window(last=Number(0.5))
    assert (found.unit, found.scale) == ("kHz", 1000.0)
    assert found.text == "rate(cell) ≈ 0.01 kHz ± 1 Hz over last 500 ms"


def test_relative_tolerance() -> None:
    found = expected("cv(cell) ≈ 0.8 ± 5 %")
    assert (found.tolerance, found.relative) == (Number(0.05), True)


def test_equality_is_exact() -> None:
    found = expected("spike_count(cell) = 23")
    assert (found.relation, found.right, found.tolerance) == ("near", Number(23.0), Number(0.0))


def test_conditions_and_trends() -> None:
    found = expected("1 Hz < rate(cell) < 3 Hz")
    assert found.relation == "holds" and isinstance(found.left, Logic)
    assert expected("E never increases").relation == "never increases"
    assert expected("E never increases").window == Window()


def test_condition_of_an_expectation() -> None:
    found = expected("ex.w[1, 1] ≈ 1 mV ± 1 mV at end when ρ = 20 Hz")
    assert found.when == Compare("==", Ref(Whose.NETWORK, "rho"), Number(20.0))


# --- sweeps ----------------------------------------------------------------------------------------------------------


def test_sweep() -> None:
    found = run("sweep ρ in [1 Hz, 2 ρ], ex.w from 0 mV to 1 mV in 5 values, logarithmic, 20 repeats", "plot rate(cell) over A₊")
    rates, weights = found.sweep
    assert (rates.target, rates.unit, len(rates.values)) == (Ref(Whose.NETWORK, "rho"), "Hz", 2)
    assert (weights.target, weights.start, weights.stop, weights.count) == (
        Ref(OfProjection("ex"), "w"),
        Number(0.0),
        Number(0.001),
        Number(5.0),
    )
    assert weights.logarithmic and found.repeats == Number(20.0)


def test_sweep_of_sizes_and_block_parameters() -> None:
    found = run("sweep cell in [3, 5], STDP.A₊ in [0.1, 0.2], τ_m in [1 ms]").sweep
    assert [a.target for a in found] == [
        Ref(OfPopulation("cell"), ""),
        Ref(OfProjection("ex"), "A_plus"),
        Ref(OfPopulation("cell"), "tau_m"),
    ]


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("record cel.V", "unknown-name"),
        ("record cell.U", "unknown-name"),
        ("record cell", "not-a-value"),
        ("record rate(units)", "no-spikes"),
        ("record mean(spikes(cell))", "wrong-statistic"),
        ("plot 2 raster(cell)", "wrong-statistic"),
        ("plot raster(cell) + raster(cell)", "wrong-statistic"),
        ("plot mean(isi_histogram(cell))", "wrong-statistic"),
        ("plot 2 histogram(cell.V)", "wrong-statistic"),
        ("plot cell.V over raster(cell)", "wrong-statistic"),
        ("record rate(ex)", "undeclared-population"),
        ("record rate(cell.V)", "undeclared-population"),
        ("expect rate(cell) ≈ 3 mV ± 1 mV", "inconsistent-units"),
        ("expect rate(cell) ≈ 3 Hz ± 1 ms", "inconsistent-units"),
        ("expect rate(cell) > 3", "inconsistent-units"),
        ("expect rate(cell)", "not-a-condition"),
        ("expect fraction(cell.V) > 0.3", "not-a-condition"),
        ("expect cell.V[0] > 0 mV", "not-whole"),
        ("record cell.V every 3 mV", "inconsistent-units"),
        ("ρ = 3 ms", "inconsistent-units"),
        ("STDP.A₊ = 3 ms", "inconsistent-units"),
        ("cells = 3", "unknown-parameter"),
        ("sweep ρ in [3 ms]", "inconsistent-units"),
        ("sweep V_θθ in [3 mV]", "unknown-parameter"),
        ("phase learn for 2 s", "duplicate-definition"),
        ("phase more for 2 mV", "inconsistent-units"),
        ("dt = 1 ms", "duplicate-definition"),
    ],
)
def test_errors(line: str, code: str) -> None:
    assert wrong(line) == [code]


def test_without_network_the_only_one_is_meant() -> None:
    assert experiment(NET.replace(" on Net", "") + "    phase a for 1 s\n").network == "Net"


def test_all_errors_of_an_experiment_are_reported() -> None:
    assert wrong("record cel.V", "expect rate(cell) > 3", "phase b for 1 s:", "    food = 1") == [
        "unknown-name",
        "inconsistent-units",
        "undeclared-population",
    ]
