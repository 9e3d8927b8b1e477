"""Sums over the incoming connections in rules and synapses: generated code does what the interpreter does, and both what the language says."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.driver import prepared, read
from plasticdsl.kernels.build import build
from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.program import Artifact
from plasticdsl.kernels.widths import in_single
from plasticdsl.model import Network, PerUnit
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.model.weights import weights
from plasticdsl.plan.explain import explain
from plasticdsl.plan.lower import lower
from plasticdsl.runtime.engine.compiled import CompiledEngine
from plasticdsl.runtime.engine.load import digest_of, load
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.source import SourceFile
from tests.semantics.agreement import Case, MakeEngine, assert_agree
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.values import value_of

STEPS = 12
IN_PYTHON = in_python(0)

RATES = """
neuron Unit:
    input a
    output y = tanh(a)

synapse Linear:
    post.a = Σ w x

rule Learning:
{rule}

network Rates:
    source = 5 Source
    units = 3 Unit
    c = source → units: Linear with Learning, {connected}, w ~ U(0.2, 1)
"""

SPIKES = """
neuron Unit:
    10 ms dg/dt = −g
    2.6 ms dV/dt = 1
    V(0) ~ U(0, 1)
    spike when V > 0.9:
        V → 0

synapse Plain:
{synapse}

rule Learning:
{rule}

network Spikes:
    pre = 4 SpikeTimes([1 ms, 3 ms, 4 ms, 8 ms])
    post = 3 Unit
    c = pre → post: Plain with Learning, {connected}, w ~ U(0.2, 1)
"""


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())


def network(text: str, **parts: str) -> Network:
    module = prepared(read(SourceFile("model.plas", text.format(**parts))))
    return module.networks[0]


def rates(rule: str, connected: str = "all to all") -> Network:
    return network(RATES, rule=indented(rule), connected=connected)


def spikes(rule: str, connected: str = "all to all", synapse: str = "    on pre:\n        post.g += w") -> Network:
    return network(SPIKES, rule=indented(rule), connected=connected, synapse=synapse)


def numbers(net: Network) -> Instance:
    dt = 1.0 if net.name == "Rates" else 1e-3
    instance = instantiate(net, dt=dt, seed=5)
    if net.name == "Rates":
        instance.populations["source"].states["x"] = np.linspace(-0.5, 1.0, 5)
    return instance


def agree(net: Network, make: MakeEngine, *, rtol: float = 1e-12) -> None:
    instance = numbers(net)
    case = Case(net, lambda: deepcopy(instance), per_unit(net), STEPS, {7: {"c": False}, 9: {"c": True}})
    assert assert_agree(case, make, reference, rtol=rtol) == STEPS


def columns(net: Network, steps: int = STEPS, make: MakeEngine = IN_PYTHON) -> dict[str, list[np.ndarray]]:
    """The weights of each post unit in the end."""
    engine = make(net, numbers(net), per_unit(net))
    engine.advance(steps)
    w, targets = value_of(engine, "c", "w"), engine.instance.projections["c"].targets
    return {"w": [w[targets == i] for i in range(3)]}


MULTIPLICATIVE = "Δw = 0.1 x y\nw → w/√(Σ w²)"
SUBTRACTIVE = "Δw = 0.1 y (x − (1/N_pre) Σ x)"

RATE_RULES = {
    "multiplicative": MULTIPLICATIVE,
    "through a definition": "n = √q\nq = Σ w²\nΔw = 0.1 x y\nw → w/n",
    "subtractive": SUBTRACTIVE,
    "with letters": "Δw_ij = 0.1 y_i (x_j − (1/N_pre) Σ_j x_j)\nw_ij → w_ij/√(Σ_j w_ij²)",
    "with a letter of its own": "Δw_ij = 0.1 y_i (x_j − (1/N_pre) Σ_k x_k)\nw_ij → w_ij/√(Σ_k w_ik²)",
    "one within another": "Δw = 0.1 x y\nw → w/√(0.1 + Σ (w − Σ w/N_pre)²)",
    "every": "Δw = 0.1 x y\nevery 3 steps:\n    w → 2 w/Σ w",
    "a value before": "z(0) = 0\nΔw = 0.1 x y\nw → w/√(Σ w²)\nz → w − w⁻",
    "by cases": "Δw = 0.1 x y if Σ w < 3\n     −0.1 w otherwise",
    "an average": "Δw = 0.1 x y − 0.01 w ⟨Σ w²⟩_τ\nτ = 5 steps",
}


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize("rule", RATE_RULES)
def test_rules_of_every_step(rule: str, level: int) -> None:
    for connected in ("all to all", "p = 0.4"):
        agree(rates(RATE_RULES[rule], connected), in_python(level))


SPIKE_RULES = {
    "at postsynaptic spikes": "on post:\n    w += 0.1\n    w → w/Σ w",
    "with a trace of the other side": "τ = 5 ms\nτ dr/dt = −r\non pre:\n    r += 1\non post:\n    w += 0.1 (r − Σ r/N_pre)",
    "pulses see the values before": "τ = 5 ms\ndr/dt = −r/τ + S_pre\ndw/dt = S_post (0.1 r − 0.02 Σ w) − 0.01 S_pre",
    "a flow": "τ = 5 ms\ndw/dt = (1 − Σ w²) w/τ",
    "a flow through a definition": "τ = 5 ms\nn = Σ m\nm = w²\ndw/dt = −w n/τ + 0.1 S_post",
    "a flow with a sum in a sum": "τ = 5 ms\ndw/dt = (w − Σ w/N_pre)/τ − w Σ (w − Σ w/N_pre)²/τ",
    "noise": "τ = 5 ms\ndw/dt = −w/τ + (0.1/√τ) (Σ w) ξ(t)",
    "periodically": "on pre:\n    w += 0.1\nevery 2 ms:\n    w → 2 w/Σ w",
    "the value before": "z(0) = 0\non post:\n    w += 0.1\n    w → w/Σ w\n    z += w − w⁻",
}  # fmt: skip

CONNECTED = (
    "all to all",
    "p = 0.5",
    "in-degree 3, with repeats",
    "all to all, dendritic delay = 1 ms, axonal delay = 1 ms",
    "all to all, dendritic delay = 1 ms·(j − 1)",
)


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize("rule", SPIKE_RULES)
def test_rules_of_spikes(rule: str, level: int) -> None:
    for connected in CONNECTED:
        agree(spikes(SPIKE_RULES[rule], connected), in_python(level))


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
def test_all_connections_come_to_a_sum_before_any_goes_on(level: int) -> None:
    """Also where what one connection does to its unit is seen by the next, which makes the order of connections matter."""
    lines = (
        "on pre:",
        "    post.g += w",
        "on post:",
        "    post.g += 0.1 w",
        "    w += 0.1 post.g",
        "    w → 2 w/Σ w",
        "    post.g −= 0.01 w Σ w²",
    )
    synapse = indented("\n".join(lines))
    for connected in CONNECTED:
        agree(spikes("on post:\n    w += 0.01 post.g\n    w → 3 w/Σ w", connected, synapse), in_python(level))


# --- what it means ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("connected", ["all to all", "p = 0.4", "all to all, axonal delay = 2 steps, dendritic delay = 1 step"])
def test_multiplicative_normalisation_leaves_length_one(connected: str) -> None:
    """Top to bottom: the sum is taken when all connections have learned. Delays of the projection do not delay it."""
    for w in columns(rates(MULTIPLICATIVE, connected))["w"]:
        assert len(w) == 0 or np.sum(w**2) == pytest.approx(1.0, rel=1e-14)


def test_subtractive_normalisation_conserves_the_sum() -> None:
    net = rates(SUBTRACTIVE)
    for before, after in zip(columns(net, 0)["w"], columns(net)["w"], strict=True):
        assert not np.allclose(before, after)
        assert np.sum(after) == pytest.approx(np.sum(before), rel=1e-13)


def test_a_definition_means_the_same_as_written_out() -> None:
    one, two = (columns(rates(RATE_RULES[name]))["w"] for name in ("multiplicative", "through a definition"))
    np.testing.assert_array_equal(one, two)


def test_letters_mean_the_same_as_none() -> None:
    plain = columns(rates(f"{SUBTRACTIVE}\nw → w/√(Σ w²)"))["w"]
    for name in ("with letters", "with a letter of its own"):
        np.testing.assert_array_equal(columns(rates(RATE_RULES[name]))["w"], plain)


def test_a_flow_reads_the_sum_of_point_six() -> None:
    """What changes at point 7 of the step is not in the sum that the flow of this step reads."""
    net = spikes("τ = 1 ms\ndw/dt = (Σ w)/τ\nmethod: euler\nevery 1 ms:\n    w → 1")
    sums = [np.sum(w) for w in columns(net, 0)["w"]]
    for total, w in zip(sums, columns(net, 1)["w"], strict=True):
        np.testing.assert_allclose(w, 1 + total, rtol=1e-12)


def test_several_rules_on_one_projection() -> None:
    text = RATES.format(rule=indented(MULTIPLICATIVE), connected="all to all").replace(
        "network Rates:", "rule Decay:\n    Δw = −0.1 w Σ w²\n    w → w/Σ w\n\nnetwork Rates:"
    )
    module = prepared(read(SourceFile("model.plas", text.replace("with Learning", "with Learning and Decay"))))
    net = module.networks[0]
    agree(net, in_python(2))
    for w in columns(net)["w"]:
        assert np.sum(w) == pytest.approx(1.0, rel=1e-14)


# --- with other projections, and rules off ---------------------------------------------------------------------------

BESIDE = """
neuron Unit:
    input a
    output y = tanh(a)

synapse Linear:
    post.a = Σ w x
    n = Σ w

rule Following(other):
    v(0) = 0
    Δv = 0.1 (READ − v)

network Rates:
    source = 5 Source
    units = 3 Unit
    c = source → units: Linear, p = 0.5, w ~ U(0.2, 1)
    d = source → units: Following(other = c), CONNECTED
"""


def beside(read_: str) -> Network:
    return network(BESIDE.replace("READ", read_).replace("CONNECTED", "all to all").replace("p = 0.5", "all to all"))


def test_sums_of_what_is_read_of_another_projection() -> None:
    agree(beside("Σ other.w x"), in_python(2))


def test_a_sum_of_another_projection_is_no_sum_of_this_one() -> None:
    net = beside("other.n")
    with pytest.raises(PlasError, match="which holds a sum over the connections of that projection"):
        lower(net, per_unit(net))


def test_rules_off_hold_a_weight_whose_flow_reads_sums() -> None:
    """Also in a rule without a synapse, where a weight is what nothing else in the rule reads."""
    text = SPIKES.replace("Plain with Learning, {connected}, w ~ U(0.2, 1)", "Learning, all to all")
    net = network(text, rule=indented("τ = 5 ms\nw(0) = 0.5\ndw/dt = (1 − Σ w²) w/τ"), synapse="    on pre:\n        post.g += w")
    assert weights(net.projections[0]) == {"w"}
    agree(net, in_python(2))


# --- mathematics ---------------------------------------------------------------------------------------------------------


def messages(text: str) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in read(SourceFile("model.plas", text)).diagnostics]


def test_equations_with_sums_are_proved_or_refuted() -> None:
    """The second change of a step sees the first, also through definitions that hold sums."""
    rule = indented("n = Σ w\nm = Σ 2 w\nΔw = m\nΔw = n")
    refuted = messages(RATES.format(rule=rule, connected="all to all") + "    expect c.Δw = 3 c.n\n")
    assert [code for code, _ in refuted] == ["proof-refuted"]
    simple = indented("n = Σ w\nm = Σ 2 w\nΔw = 2 n")
    assert messages(RATES.format(rule=simple, connected="all to all") + "    expect c.Δw = c.m\n") == []


def test_gradients_of_sums_are_refused() -> None:
    rule = indented("E = ½ Σ w²\nΔw = −0.1 ∂E/∂w")
    [(code, message)] = messages(RATES.format(rule=rule, connected="all to all"))
    assert code == "no-derivative" and "A sum over the connections of a unit has no derivative here" in message


# --- machine code ----------------------------------------------------------------------------------------------------

EVERYTHING = f"{RATE_RULES['through a definition']}\nevery 2 steps:\n    w → w + 0.01 Σ (w − Σ x w)\n"


def test_machine_code_in_both_precisions() -> None:
    net = rates(EVERYTHING, "p = 0.7")
    agree(net, in_machine_code(2))

    def single(network: Network, instance: Instance, per: PerUnit, asked: Asked = NOTHING_ASKED) -> CompiledEngine:
        program = in_single(build(lower(network, per, asked)))
        text = emit(program)
        return CompiledEngine(program, load(Artifact(program, text, digest_of(text))), instance)

    agree(net, single, rtol=2e-5)


def test_machine_code_at_spikes() -> None:
    agree(spikes(f"{SPIKE_RULES['a flow with a sum in a sum']}\non post:\n    w += 0.1\n    w → w/Σ w", CONNECTED[-1]), in_machine_code(2))


def test_explained_in_words() -> None:
    net = rates(MULTIPLICATIVE)
    text = explain(lower(net, per_unit(net)))
    assert "at every step: sum_1 = sum over the connections of each post unit of w^2, when all of them have come here" in text
    assert "at every step: w → w/sqrt(sum_1) (not while rules are off)" in text
