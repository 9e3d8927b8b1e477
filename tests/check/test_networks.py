"""Populations, sources, projections and quantities of networks."""

from __future__ import annotations

import pytest

from plasticdsl.model import ClampedSource, Delays, Distribution, GivenSpikes, PoissonSource, RegularSource, Role
from plasticdsl.model.expr import At, Binary, Number, Ref, Special, SumOver, walk
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose
from plasticdsl.units.dimension import FREQUENCY, ONE, TIME, VOLTAGE
from tests.check.models import codes, network, population, projection, variable

# --- populations and sources -----------------------------------------------------------------------------------------


def test_size_of_a_population_is_an_expression_of_network_parameters() -> None:
    found = population(
        """
        network Net:
            n = 10
            cells = 0.8·n LIF
    """,
        "cells",
    )
    assert found.size == Binary("*", Number(0.8), Ref(Whose.NETWORK, "n"))


def test_values_of_a_population_override_its_block() -> None:
    found = population(
        """
        network Net:
            v = −55 mV
            cells = 10 LIF(τ_m = 10 ms), V_θ ~ N(v, 1 mV), V(0) = v
    """,
        "cells",
    )
    drawn = Distribution("N", (Ref(Whose.NETWORK, "v"), Number(0.001)))
    assert dict(found.values) == {"tau_m": Number(0.01), "V_theta": drawn, "V(0)": Ref(Whose.NETWORK, "v")}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cells[1 to 3].τ_m ~ Gamma(4, 5 ms)", ["unsupported"]),  # the others are no draw that goes with it
        ("cells[1 to 3].V_θ ~ U(−55 mV, −50 mV)", ["unsupported"]),
        ("cells[1 to 3].V_θ = −50 mV", []),
        ("cells.V_θ ~ U(−55 mV, −50 mV)", []),
        ("cells[11].V_θ = −50 mV", ["out-of-range"]),
        ("τ_m ~ N(10 ms, 1 ms)", ["misplaced-statement"]),
        ("V(0) = −50 mV", ["misplaced-statement"]),
        ("x = [1, 2] mV/s", ["not-here"]),  # and no word about the unit
    ],
)
def test_lines_give_values_to_some_units(line: str, found: list[str]) -> None:
    text = f"""
        network Net:
            cells = 10 LIF, V_θ ~ N(−50 mV, 1 mV)
            {line}
    """
    assert codes(text) == found


def test_poisson_rate_is_a_parameter_of_its_units() -> None:
    found = population(
        """
        network Net:
            r = 10 Hz
            inputs = 10 Poisson(rate = r)
    """,
        "inputs",
    )
    assert found.source == PoissonSource(Ref(Whose.OWN, "rate"))
    rate = found.block.variable("rate")
    assert rate is not None and rate.role is Role.PARAMETER
    assert rate.value == Ref(Whose.NETWORK, "r") and rate.dimension == FREQUENCY


def test_poisson_rate_can_be_drawn_per_unit() -> None:
    found = population(
        """
        network Net:
            inputs = 10 Poisson, rate ~ Gamma(2, 5 Hz)
    """,
        "inputs",
    )
    assert dict(found.values) == {"rate": Distribution("Gamma", (Number(2.0), Number(5.0)))}


def test_rate_that_depends_on_time_stands_in_the_source() -> None:
    found = population(
        """
        network Net:
            r = 10 Hz (1 + a)
            a = sin(2 π t·3 Hz)
            inputs = 10 Poisson(rate = r)
    """,
        "inputs",
    )
    assert isinstance(found.source, PoissonSource)
    assert Special("t") in set(walk(found.source.rate))
    assert not any(isinstance(n, Ref) for n in walk(found.source.rate))


def test_other_sources() -> None:
    found = network("""
        network Net:
            beat = 2 Regular(10 Hz, start = 5 ms, count = 3)
            times = 1 SpikeTimes([1 ms, 3 ms])
            named = 1 SpikeTimes(measured)
            food = 1 Source
    """)
    beat, times, named, food = found.populations
    assert beat.source == RegularSource(Ref(Whose.OWN, "rate"), Ref(Whose.OWN, "start"), Ref(Whose.OWN, "count"))
    assert times.source == GivenSpikes((Number(0.001), Number(0.003)))
    assert named.source == GivenSpikes((), "measured")
    assert food.source == ClampedSource() and food.block.output == "x"
    output = food.block.variable("x")
    assert output is not None and output.role is Role.CLAMPED


def test_a_neuron_of_the_file_wins_over_a_source() -> None:
    found = population(
        """
        neuron Poisson:
            input a
            output y = a

        network Net:
            p = 3 Poisson
    """,
        "p",
    )
    assert found.source is None


# --- projections -----------------------------------------------------------------------------------------------------


def test_name_and_symbol_of_a_projection() -> None:
    found = network("""
        network Net:
            a = 3 Poisson(rate = 10 Hz)
            b = 3 LIF
            a → b: Exc, w = 1 mV
            a → b: Exc, w = 2 mV
            ω = a → b: Exc, w = 3 mV
    """)
    assert [(p.name, p.symbol) for p in found.projections] == [("a_to_b", "a -> b"), ("a_to_b_2", "a -> b"), ("omega", "ω")]


def test_source_in_place_becomes_a_population_for_each_target() -> None:
    found = network("""
        network Net:
            E = 8 LIF
            I = 2 LIF
            Poisson(rate = 2 kHz) → each of E, I: Exc, w = 1 mV
    """)
    hidden = {p.name: p for p in found.populations if p.source is not None}
    assert {n: p.size for n, p in hidden.items()} == {"Poisson_to_E": Number(8.0), "Poisson_to_I": Number(2.0)}
    assert [(p.pre, p.post, p.connectivity.kind) for p in found.projections] == [("Poisson_to_E", "E", "one"), ("Poisson_to_I", "I", "one")]


def test_each_of_with_a_population() -> None:
    found = network("""
        network Net:
            p = 3 Poisson(rate = 10 Hz)
            E = 8 LIF
            I = 2 LIF
            drive = p → each of E, I: Exc, w = 1 mV
    """)
    assert [(p.name, p.post) for p in found.projections] == [("drive_E", "E"), ("drive_I", "I")]


@pytest.mark.parametrize(
    ("clause", "kind", "itself", "repeats"),
    [
        ("all to all", "all", True, False),
        ("all to all except self", "all", False, False),
        ("one to one", "one", True, False),
        ("p = 0.1", "probability", True, False),
        ("p = 10 % except self", "probability", False, False),
        ("in-degree 3", "in-degree", False, False),
        ("out-degree 3 with self", "out-degree", True, False),
        ("in-degree 3 with repeats", "in-degree", False, True),
        ("where i < j", "where", True, False),
    ],
)
def test_connectivity(clause: str, kind: str, itself: bool, repeats: bool) -> None:
    found = projection(
        f"""
        network Net:
            a = 9 LIF
            syn = a → a: Exc, {clause}, w = 1 mV
    """,
        "syn",
    ).connectivity
    assert (found.kind, found.self_connections, found.repeats) == (kind, itself, repeats)


def test_condition_beside_a_connectivity() -> None:
    found = projection(
        """
        network Net:
            a = 9 LIF
            syn = a → a: Exc, p = 0.5, where i > j, w = 1 mV
    """,
        "syn",
    ).connectivity
    assert found.kind == "probability" and found.amount == Number(0.5) and found.also is not None


def test_delays() -> None:
    found = projection(
        """
        network Net:
            a = 9 LIF
            syn = a → a: Exc with STDP, w = 1 mV, axonal delay = 1 ms, dendritic delay ~ U(0 ms, 2 ms)
            bare = a → a: Exc, w = 1 mV, delay = 1.5 ms
    """,
        "syn",
    ).delays
    assert found == Delays(Number(0.001), Distribution("U", (Number(0.0), Number(0.002))))


def test_bare_delay_without_rule_is_axonal() -> None:
    found = projection(
        """
        network Net:
            a = 9 LIF
            bare = a → a: Exc, w = 1 mV, delay = 1.5 ms
    """,
        "bare",
    ).delays
    assert found == Delays(Number(0.0015), None)


def test_a_source_can_stand_on_either_side() -> None:
    found = network("""
        network Net:
            a = 1 Regular(rate = 10 Hz)
            b = 1 SpikeTimes([1 ms])
            syn = a → b: STDP, one to one
    """)
    assert found.projections[0].rules == ("STDP",)


# --- quantities ------------------------------------------------------------------------------------------------------


def test_parameters_come_after_what_they_use_and_have_dimensions() -> None:
    found = network("""
        network Net:
            b = 2 a
            a = 3 ms
            c = a/b
    """).variables
    assert [(v.name, v.dimension) for v in found] == [("a", TIME), ("b", TIME), ("c", ONE)]
    assert all(v.role is Role.PARAMETER for v in found)


def test_observable_with_indices() -> None:
    found = network("""
        network Net:
            units = 5 Rate
            inputs = 3 Source
            J = inputs → units: Linear, w = 1
            E = −½ Σ_ij w_ij y_i J.w_ij
            total = Σ_{k ∈ inputs} x[k]
    """).variables
    energy, total = found
    sums = [n for n in walk(energy.value) if isinstance(n, SumOver)]  # type: ignore[arg-type]
    assert [(s.indices, s.sets) for s in sums] == [(("i", "j"), ("units", "inputs"))]
    at = {n for n in walk(sums[0]) if isinstance(n, At)}
    assert at == {At(Ref(OfProjection("J"), "w"), ("i", "j")), At(Ref(OfPopulation("units"), "y"), ("i",))}
    assert total.value == SumOver(("k",), ("inputs",), At(Ref(OfPopulation("inputs"), "x"), ("k",)))


def test_declared_name_wins_over_an_indexed_reading() -> None:
    found = network("""
        network Net:
            y_i = 3
            units = 5 Rate
            m = Σ_{i ∈ units} y_i
    """).variables
    assert found[-1].value == SumOver(("i",), ("units",), Ref(Whose.NETWORK, "y_i"))


def test_circle_of_parameters_is_an_error() -> None:
    assert codes("""
        network Net:
            a = 2 b
            b = 3 a
    """) == ["definition-cycle"]


# --- dimensions ------------------------------------------------------------------------------------------------------


def test_a_weight_gets_its_unit_from_the_neuron() -> None:
    found = projection(
        """
        network Net:
            p = 3 Poisson(rate = 10 Hz)
            b = 3 LIF
            syn = p → b: Exc, w = 0.5 mV
    """,
        "syn",
    )
    w = variable(found, "w")
    assert (w.dimension, w.unit, w.scale) == (VOLTAGE, "mV", 0.001)


def test_the_output_of_a_source_gets_its_unit_from_where_it_goes() -> None:
    found = population(
        """
        neuron Cell:
            input I : pA
            1 nF dV/dt = I

        synapse Current:
            post.I = Σ x

        network Net:
            s = 1 Source
            c = 1 Cell
            s → c: Current
    """,
        "s",
    )
    output = found.block.variable("x")
    assert output is not None and output.unit == "pA"


@pytest.mark.parametrize(
    "line",
    [
        "syn = p → b: Exc, w = 1 nS",
        "syn = p → b: Exc with STDP(w_max = 1 nS), w = 0 mV",
        "syn = p → b: Exc with STDP(A₊ = 1 mV), w = 0 mV",
        "syn = p → b: Exc with Hebbian, w = 1 mV",
        "syn = p → b: Exc, w ~ N(1 mV, 1 ms)",
        "syn = p → b: Exc, w = 1 mV, delay = 1 mV",
        "syn = p → b: Exc, w = 1 mV, p = 1 ms",
        "c = 3 LIF(τ_m = 3 mV)",
        "c = 3 LIF, V(0) = 1 ms",
        "c = (1 ms) LIF(V_θ = 1 mV)",
        "c = 3 Poisson(rate = 3 ms)",
    ],
)
def test_what_does_not_fit_is_inconsistent(line: str) -> None:
    found = codes(f"""
        rule Hebbian:
            w_0 = 3 nS
            on pre:
                w → w_0

        network Net:
            p = 3 Poisson(rate = 10 Hz)
            b = 3 LIF
            {line}
    """)
    assert set(found) == {"inconsistent-units"}


# --- order of evaluation ---------------------------------------------------------------------------------------------


def test_inputs_come_before_what_reads_them_across_populations() -> None:
    found = network("""
        network Net:
            c = 3 Rate
            b = 3 Rate
            a = 3 Source
            b → c: Linear, w = 1
            a → b: Linear, w = 1
    """)
    assert [ref.path for ref in found.order] == ["b.a", "b.y", "c.a"]


CIRCLE = """
    network Net:
        a = 3 Rate
        b = 3 Rate
        a → b: Linear, w = 1
        b → a: Linear, w = 1{delay}
"""


def test_circle_across_populations_is_an_error_that_shows_it() -> None:
    assert codes(CIRCLE.format(delay="")) == ["definition-cycle"]


def test_a_delay_breaks_the_circle() -> None:
    assert codes(CIRCLE.format(delay=", delay = 1 ms")) == []


def test_a_delay_of_0_is_none() -> None:
    for written in ("delay = 0 ms", "axonal delay = 0 ms", "dendritic delay = −0 ms", "delay = 0·2 ms"):
        assert not projection(f"    network Net:\n        a = 9 LIF\n        bare = a → a: Exc, w = 1 mV, {written}\n", "bare").delays, (
            written
        )
        assert codes(CIRCLE.format(delay=f", {written}")) == ["definition-cycle"], written


def test_a_delay_that_a_parameter_gives_is_one_whatever_its_value() -> None:
    text = "    network Net:\n        d = 0 ms\n        a = 9 LIF\n        bare = a → a: Exc, w = 1 mV, delay{}\n"
    for written in (" = d", " = 2 d", " ~ U(0 ms, 0 ms)"):
        assert projection(text.format(written), "bare").delays, written


def test_a_long_chain_is_ordered_without_recursion() -> None:
    populations = "".join(f"            p{i} = 1 Rate\n" for i in range(400))
    chain = "".join(f"            p{i + 1} → p{i}: Linear, w = 1\n" for i in range(399))
    found = network(f"        network Net:\n{populations}{chain}")
    assert found.order[0].path == "p399.y" and found.order[-1].path == "p0.a"


def test_signals_written_out_stay_small() -> None:
    doubling = "".join(f"            a{i + 1} = a{i} + a{i}\n" for i in range(60))
    text = f"        network Net:\n            a0 = t/1 s\n{doubling}            p = 1 Poisson(rate = a60 1 Hz)\n"
    assert set(codes(text.replace("a60 1 Hz", "1 Hz a60"))) == {"expression-too-large"}
    chain = "".join(f"            a{i + 1} = a{i} + 1\n" for i in range(100))
    assert codes(f"        network Net:\n            a0 = t/1 s\n{chain}            p = 1 Poisson(rate = 1 Hz a100)\n") == []
