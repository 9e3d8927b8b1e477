"""What `like` keeps and what it replaces."""

from __future__ import annotations

import plasticdsl
from plasticdsl.model import Role
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.owners import OfPopulation, Whose
from tests.check.models import codes, experiment, module, network, population

BASE = """
    network Net:
        r = 10 Hz
        p = 3 Poisson(rate = r)
        b = 3 LIF
        named = p → b: Exc, w = 1 mV
        b → b: Exc, w = 2 mV

    experiment One on Net:
        dt = 0.1 ms
        r = 20 Hz
        phase first for 1 s
        phase second for 2 s:
            expect rate(b) > 1 Hz
        record spikes(b)
        record b.V
        plot raster(b)
        expect rate(b) > 1 Hz
        expect cv(b) > 0.1
        sweep LIF.τ_m in [10 ms, 20 ms]
"""


def projections(text: str) -> dict[str, str]:
    """Each projection of the last network and its weight in mV."""
    found: dict[str, str] = {}
    for p in network(BASE + text).projections:
        w = p.connection.variable("w")
        assert w is not None and isinstance(w.value, Number)
        found[p.name] = f"{w.value.value * 1000:g}"
    return found


def test_a_projection_is_replaced_by_its_name() -> None:
    assert projections("""
    network Other like Net:
        named = b → b: Exc, w = 3 mV
    """) == {"named": "3", "b_to_b": "2"}


def test_a_projection_is_replaced_by_its_populations_and_keeps_its_name() -> None:
    assert projections("""
    network Other like Net:
        p → b: Exc, w = 3 mV
    """) == {"named": "3", "b_to_b": "2"}


def test_a_projection_without_name_gets_one() -> None:
    assert projections("""
    network Other like Net:
        inner = b → b: Exc, w = 3 mV
    """) == {"named": "1", "inner": "3"}


def test_a_new_name_beside_a_named_projection_is_one_more() -> None:
    assert projections("""
    network Other like Net:
        more = p → b: Exc, w = 3 mV
    """) == {"named": "1", "b_to_b": "2", "more": "3"}


def test_populations_and_parameters_are_replaced_where_they_stood() -> None:
    found = network(
        BASE
        + """
    network Other like Net:
        p = 5 Regular(rate = r)
        r = 30 Hz
        q = 1 Source
    """
    )
    assert [p.name for p in found.populations] == ["p", "b", "q"]
    assert found.populations[0].block.name == "Regular"
    assert [v.value for v in found.variables] == [Number(30.0)]


def test_an_experiment_restates_parts() -> None:
    found = experiment(
        BASE
        + """
    experiment Two like One:
        dt = 0.2 ms
        phase second for 5 s
        expect rate(b) > 3 Hz
    """
    )
    assert found.dt == Number(0.0002)
    assert [(p.name, p.duration) for p in found.phases] == [("first", Number(1.0)), ("second", Number(5.0))]
    assert found.phases[1].expectations == ()
    assert [e.text for e in found.expectations] == ["rate(b) > 3 Hz"]
    assert len(found.recordings) == 2 and len(found.plots) == 1 and len(found.sweep) == 1
    assert dict(found.settings) == {"Net.r": Number(20.0)}


def test_recordings_plots_and_sweeps_are_restated_as_a_whole() -> None:
    found = experiment(
        BASE
        + """
    experiment Two like One:
        record b.g
        plot b.g over time
        sweep b in [1, 2]
        r = 3 Hz
    """
    )
    assert [r.text for r in found.recordings] == ["b.g"]
    assert [p.text for p in found.plots] == ["b.g over time"]
    assert [a.target for a in found.sweep] == [Ref(OfPopulation("b"), "")]
    assert len(found.expectations) == 2
    assert dict(found.settings) == {"Net.r": Number(3.0)}


def test_an_experiment_can_move_to_another_network() -> None:
    found = experiment(
        BASE
        + """
    network Other like Net:
        r = 5 Hz

    experiment Two like One on Other
    """
    )
    assert found.network == "Other" and len(found.expectations) == 2


def test_a_neuron_restates_definitions_flows_and_events() -> None:
    found = population(
        """
    neuron Adaptive like LIF:
        τ_m = 10 ms
        τ_m dV/dt = −V
        V(0) = −55 mV
        d = 1 mV
        spike when V > V_θ − d:
            V → −65 mV
            d += 1 mV
        refractory 1 ms

    network Net:
        a = 3 Adaptive
    """.replace("        d = 1 mV\n", "        dd/dt = −d/10 ms\n"),
        "a",
    ).block
    tau = found.variable("tau_m")
    assert tau is not None and tau.value == Number(0.01)
    assert [f.variable for f in found.flows] == ["V", "g", "d"]
    (jumps,) = found.handlers
    assert len(jumps.statements) == 2
    start = found.variable("V")
    assert start is not None and start.initial == Number(-0.055)


def test_one_of_several_inputs_can_be_restated() -> None:
    found = population(
        """
    neuron Two:
        input a, b
        output y = a + b

    neuron One like Two:
        b = 3

    network Net:
        n = 1 One
    """,
        "n",
    ).block
    roles = {v.name: v.role for v in found.variables}
    assert roles == {"a": Role.CLAMPED, "b": Role.PARAMETER, "y": Role.DEFINITION}  # nothing fills a


def test_a_chain_of_likes() -> None:
    found = module("""
    rule A:
        η = 1
        Δw = η x

    rule C like B:
        Δw = η y

    rule B like A:
        η = 2
    """)
    c = next(b for b in found.blocks if b.name == "C")
    eta = c.variable("eta")
    assert eta is not None and eta.value == Number(2.0)
    assert [n.owner for n in c.needs] == [Whose.POST]


def test_errors() -> None:
    assert codes("""
    rule A like A:
        η = 1
    """) == ["like-cycle"]
    assert codes("""
    rule A like STDPP:
        η = 1
    """) == ["unknown-base"]
    assert codes("""
    rule A like LIF:
        η = 1
    """) == ["unknown-base"]


def test_what_is_swept_anew_is_no_longer_set() -> None:
    found = experiment(
        BASE
        + """
    experiment Scan like One:
        sweep r in [5 Hz, 10 Hz]
    """
    )
    assert [a.text for a in found.sweep] == ["r"]
    assert found.settings == ()


def test_what_is_set_anew_is_no_longer_swept() -> None:
    base = BASE.replace("r = 20 Hz", "p = 4").replace("LIF.τ_m in", "r in [1 Hz, 2 Hz], LIF.τ_m in")
    found = experiment(
        base
        + """
    experiment Single like One:
        r = 3 Hz
    """
    )
    assert [a.text for a in found.sweep] == ["LIF.τ_m"]
    assert [name for name, _ in found.settings] == ["p", "Net.r"]


def test_a_setting_is_restated_under_any_of_its_names() -> None:
    settings = "        Net.r = 20 Hz\n        LIF.V_θ = −40 mV\n        b.τ_m = 3 ms\n"
    base = BASE.replace("        r = 20 Hz\n", settings).replace("sweep LIF.τ_m in [10 ms, 20 ms]", "")
    texts = ["r = 3 Hz\n        V_θ = −45 mV", "sweep r in [3 Hz, 4 Hz], V_θ in [−45 mV], LIF.τ_m in [1 ms]"]
    one, two = (experiment(f"{base}\n    experiment Single like One:\n        {text}\n") for text in texts)
    assert dict(one.settings) == {"Net.r": Number(3.0), "LIF.V_theta": Number(-0.045), "b.tau_m": Number(0.003)}
    assert two.settings == () and [a.text for a in two.sweep] == ["r", "V_θ", "LIF.τ_m"]


def test_of_what_is_only_inherited_the_later_holds() -> None:
    found = experiment(
        BASE.replace("r = 20 Hz", "Net.r = 20 Hz")
        + """
    experiment Two like One:
        r = 3 Hz

    experiment Three like Two:
        phase third for 1 s

    experiment Four like Three:
        sweep Net.r in [1 Hz, 2 Hz]

    experiment Five like Four:
        phase fifth for 1 s
    """
    )
    assert found.settings == () and [a.text for a in found.sweep] == ["Net.r"]
    assert [p.name for p in found.phases] == ["first", "second", "third", "fifth"]


def test_what_is_repeated_is_restated_by_its_phases():
    text = """
network Net:
    src = 1 Source

experiment A on Net:
    phase before for 1 step
    repeat 3 times:
        phase up for 2 steps
        phase down for 3 steps
    phase after for 4 steps

experiment B like A:
    phase down for 5 steps

experiment C like A:
    repeat 2 times:
        phase before for 1 step
        phase up for 1 step

experiment D like A:
    repeat 7 times:
        phase up for 2 steps
        phase down for 3 steps
    phase more for 1 step
"""
    courses = {name: _course(text, name) for name in "ABCD"}
    assert courses["B"] == courses["A"] == ["before", (3, ["up", "down"]), "after"]
    assert courses["C"] == [(2, ["before", "up"]), (3, ["down"]), "after"]
    assert courses["D"] == ["before", (7, ["up", "down"]), "after", "more"]


def _course(text, name):
    def shown(course):
        return [part if isinstance(part, str) else (part.times.value, shown(part.body)) for part in course]

    found = next(e for e in plasticdsl.parse(text).loaded.module.experiments if e.name == name)
    return shown(found.course)


def test_a_line_without_reactions_needs_some_of_the_block_that_it_is_like() -> None:
    for header in ("neuron A like LIF:", "neuron A:"):
        assert codes(f"{header}\n    reactions stochastic\n") == ["empty-block"]
