"""Synapse and rules as one block."""

from __future__ import annotations

from plasticdsl.model import AddTo, Assign, Distribution, Role, Trigger
from plasticdsl.model.expr import Binary, Number, Ref, refs
from plasticdsl.model.owners import OfProjection, Whose
from plasticdsl.model.weights import weights
from tests.check.models import codes, projection, variable

NET = """
network Net:
    p = 3 Poisson(rate = 10 Hz)
    b = 3 LIF
    rate = 4 Rate
    feed = 3 Source
"""


def compose(line: str, blocks: str = "") -> str:
    """A text in which `syn` is the projection of interest."""
    return blocks + NET + f"    syn = {line}\n"


DYNAMIC = """
synapse Dynamic:
    U = 0.5
    τ = 800 ms
    dR/dt = (1 − R)/τ
    R(0) = 1
    on pre:
        post.g += w U R
        R −= U R
"""


def test_a_value_without_a_rule_is_a_parameter() -> None:
    w = variable(projection(compose("p → b: Exc, w = 0.2 mV"), "syn"), "w")
    assert (w.role, w.value, w.initial) == (Role.PARAMETER, Number(0.0002), None)


def test_a_value_that_a_rule_changes_is_a_state_that_starts_there() -> None:
    w = variable(projection(compose("p → b: Exc with STDP, w = w_max"), "syn"), "w")
    assert (w.role, w.value, w.initial) == (Role.STATE, None, Ref(Whose.OWN, "w_max"))


def test_the_bound_of_the_rule_applies_to_the_weight() -> None:
    w = variable(projection(compose("p → b: Exc with STDP, w = 0 mV"), "syn"), "w")
    assert (w.low, w.high) == (Number(0.0), Ref(Whose.OWN, "w_max"))


def test_names_of_the_network_come_before_those_of_the_connection() -> None:
    text = compose("p → b: Exc with STDP, w = w_max").replace("    p = 3", "    w_max = 0.3 mV\n    p = 3")
    assert variable(projection(text, "syn"), "w").initial == Ref(Whose.NETWORK, "w_max")


def test_drawn_weights_and_weights_by_place() -> None:
    drawn = variable(projection(compose("p → b: Exc with STDP, w ~ U(0 mV, w_max)"), "syn"), "w")
    assert drawn.initial == Distribution("U", (Number(0.0), Ref(Whose.OWN, "w_max")))
    placed = variable(projection(compose("p → b: Exc, w = 1 mV i/N_post"), "syn"), "w")
    assert placed.value is not None


def test_arguments_set_the_parameters_of_their_block() -> None:
    found = projection(compose("p → b: Exc with STDP(A_plus = 0.02), w = 0 mV"), "syn")
    assert variable(found, "A_plus").value == Number(0.02)


def test_qualified_values() -> None:
    found = projection(compose("p → b: Exc with STDP, w = 0 mV, STDP.A₊ = 0.03"), "syn")
    assert variable(found, "A_plus").value == Number(0.03)


def test_what_only_has_the_same_name_is_renamed() -> None:
    rule = """
rule Decay:
    τ = 10 s
    R(0) = 2
    τ dR/dt = −R + S_pre τ
    Δw = −0.1 w R
"""
    found = projection(compose("p → b: Dynamic with Decay, w = 1 mV, τ = 700 ms, Decay.τ = 5 s", DYNAMIC + rule), "syn")
    assert variable(found, "tau").value == Number(0.7)
    assert variable(found, "Decay_tau").value == Number(5.0)
    assert variable(found, "R").initial == Number(1.0) and variable(found, "Decay_R").initial == Number(2.0)
    assert dict(found.origins)["Decay_R"] == ("Decay", "R")
    jump = next(s for h in found.connection.handlers if h.trigger is Trigger.STEP for s in h.statements)
    assert isinstance(jump, Assign) and Ref(Whose.OWN, "Decay_R") in refs(jump.value)
    flow = next(f for f in found.connection.flows if f.variable == "Decay_R")
    assert Ref(Whose.OWN, "Decay_tau") in refs(flow.rate) and Ref(Whose.OWN, "R") not in refs(flow.rate)


def test_a_rule_can_change_a_parameter_of_the_synapse() -> None:
    rule = """
rule Release:
    on post:
        U += 0.1 (1 − U)
"""
    found = projection(compose("p → b: Dynamic with Release, w = 1 mV, U = 0.2", DYNAMIC + rule), "syn")
    released = variable(found, "U")
    assert (released.role, released.initial) == (Role.STATE, Number(0.2))
    assert weights(found) == {"U"}


def test_the_flow_of_a_weight_is_that_of_the_synapse_s_parameter() -> None:
    blocks = """
synapse Fixed:
    w = 0.5 mV
    on pre:
        post.g += w

rule Decay:
    dw/dt = −w/10 s
"""
    w = variable(projection(compose("p → b: Fixed with Decay", blocks), "syn"), "w")
    assert (w.role, w.initial) == (Role.STATE, Number(0.0005))


def test_a_rule_can_define_the_weight() -> None:
    rule = """
rule Calcium:
    w_0 = 1 mV
    dc/dt = −c/20 ms + S_pre
    w = w_0 (1 + c)
"""
    found = projection(compose("p → b: Exc with Calcium, w_0 = 2 mV", rule), "syn")
    assert variable(found, "w").role is Role.DEFINITION
    names = [v.name for v in found.connection.variables]
    assert names.index("w") > names.index("w_0")


def test_handlers_run_synapse_first_then_the_rules_in_order() -> None:
    rules = """
rule First:
    on pre:
        w += 1 mV

rule Second:
    on pre:
        w −= 2 mV
"""
    found = projection(compose("p → b: Exc with First and Second, w = 0 mV", rules), "syn")
    assert [(h.source, h.is_rule) for h in found.connection.handlers] == [("Exc", False), ("First", True), ("Second", True)]
    assert found.rules == ("First", "Second")
    first = found.connection.handlers[0].statements[0]
    assert first == AddTo(Ref(Whose.POST, "g"), Ref(Whose.OWN, "w"), first.span)


def test_a_second_rule_reads_the_first_one_s_variables() -> None:
    rules = """
rule Trace:
    dr/dt = −r/20 ms + S_pre

rule User:
    on post:
        w += 0.1 r
"""
    found = projection(compose("p → b: Exc with Trace and User, w = 0 mV", rules.replace("0.1 r", "0.1 r·1 mV")), "syn")
    assert "r" in {v.name for v in found.connection.variables} and "User_r" not in {v.name for v in found.connection.variables}


def test_outputs_are_bound_to_the_units() -> None:
    found = projection(compose("feed → rate: Linear with Hebb, w = 0"), "syn")
    (total,) = found.connection.sums
    assert total.body == Binary("*", Ref(Whose.OWN, "w"), Ref(Whose.PRE, "x"))
    statement = found.connection.handlers[0].statements[0]
    assert isinstance(statement, Assign)
    assert {Ref(Whose.PRE, "x"), Ref(Whose.POST, "y")} <= refs(statement.value)


def test_a_rule_without_synapse() -> None:
    found = projection(compose("p → b: STDP, all to all, w = 0.3 mV"), "syn")
    w = variable(found, "w")
    assert (w.role, w.initial, found.rules) == (Role.STATE, Number(0.0003), ("STDP",))
    assert weights(found) == {"w"}


def test_another_projection_as_argument() -> None:
    text = """
neuron Unit:
    input a
    input φ
    output y = a
    δ = φ

synapse Forward:
    post.a = Σ w x

synapse Back(forward):
    post.φ = Σ forward.wᵀ pre.δ

network Net:
    a = 2 Unit
    b = 3 Unit
    down = b → a: Back(up)
    up = a → b: Forward, w = 1
"""
    (total,) = projection(text, "down").connection.sums
    assert total.body == Binary("*", Ref(OfProjection("up"), "w"), Ref(Whose.PRE, "delta"))


def test_everything_wrong_with_a_projection_is_said_at_once() -> None:
    text = compose("p → b: Exc with STDP(w_mx = 3 mV), w = 1 nS, delay = 1 ms, v = 3")
    assert codes(text) == ["unknown-parameter", "inconsistent-units", "bare-delay", "unknown-parameter"]


def test_a_parameter_of_the_synapse_that_a_rule_changes_and_reads_is_one_variable() -> None:
    blocks = """
synapse Fixed:
    w = 0.5 mV
    on pre:
        post.g += w

rule Consolidation:
    w_c(0) = 1 mV
    dw_c/dt = (w − w_c)/1 min
    dw/dt = (w_c − w)/10 s
"""
    found = projection(compose("p → b: Fixed with Consolidation", blocks), "syn")
    w = variable(found, "w")
    assert (w.role, w.initial) == (Role.STATE, Number(0.0005))
    assert {f.variable for f in found.connection.flows} == {"w", "w_c"}


def test_two_rules_keep_their_parameters_and_traces_apart() -> None:
    rules = """
rule First:
    r = 2 mV
    on pre:
        w += r

rule Second:
    dr/dt = −r/20 ms + S_pre
    on post:
        w −= r·1 mV
"""
    found = projection(compose("p → b: Exc with First and Second, w = 0 mV", rules), "syn")
    assert (variable(found, "r").role, variable(found, "Second_r").role) == (Role.PARAMETER, Role.STATE)
    assert variable(found, "w").role is Role.STATE
