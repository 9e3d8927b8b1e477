"""What statements of neurons, synapses and rules mean."""

from __future__ import annotations

import re
import textwrap
from fractions import Fraction
from operator import add, mul, sub, truediv

import pytest

from plasticdsl.check.blocks.block import CheckedBlock, check_block
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.applications import file_scope
from plasticdsl.check.terms.scope import constants
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model import AddTo, Assign, Distribution, Pairing, Role, Threshold, Trigger
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Negate, Number, Ref, Special, refs
from plasticdsl.model.owners import OfArgument, Whose
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse
from plasticdsl.units.dimension import ONE, TIME, VOLTAGE
from plasticdsl.units.table import CURRENT

W, V, X, Y = Ref(Whose.OWN, "w"), Ref(Whose.OWN, "V"), Ref(Whose.PRE, "#output"), Ref(Whose.POST, "#output")


def check_text(text: str) -> tuple[list[CheckedBlock], tuple[Diagnostic, ...]]:
    """The blocks of a text and every finding."""
    file = parse(SourceFile("<text>", textwrap.dedent(text)))
    report = Reporter()
    scope = file_scope({"<text>": tuple(i for i in file.items if isinstance(i, tree.Function))}, constants())
    blocks = [check_block(i, scope, report) for i in file.items if isinstance(i, tree.Block)]
    return blocks, report.diagnostics


def block(text: str) -> CheckedBlock:
    """The last block of a text that has nothing wrong."""
    blocks, found = check_text(text)
    assert not found, [d.message for d in found]
    return blocks[-1]


def codes(text: str) -> list[str]:
    """The codes of what is wrong, in the order of the text."""
    return [d.code for d in check_text(text)[1]]


def role(text: str, name: str) -> Role:
    variable = block(text).block.variable(name)
    assert variable is not None
    return variable.role


# --- roles -----------------------------------------------------------------------------------------------------------


def test_roles_follow_from_the_statements() -> None:
    found = block("""
        neuron N:
            τ = 10 ms
            ρ = 2 τ
            θ ~ U(1, 2)
            input h
            a = h/θ
            b = 2 a
            c = t/τ
            I(t) = sin(t/ρ)
            τ dx/dt = b + c + I(t) − x
            z(0) = 3
            n → 1 if x > 2
    """).block
    roles = {v.name: v.role for v in found.variables}
    parameters = {"tau", "rho", "theta"}
    definitions = {"a", "b", "c", "I"}
    assert {n for n, r in roles.items() if r is Role.PARAMETER} == parameters
    assert {n for n, r in roles.items() if r is Role.DEFINITION} == definitions
    assert {n for n, r in roles.items() if r is Role.STATE} == {"x", "z", "n"}
    assert roles["h"] is Role.INPUT


def test_definitions_come_after_what_they_use() -> None:
    found = block("""
        neuron N:
            c = 2 b
            b = 2 a
            a = h
            input h
            r = 2 q
            q = 3
    """).block
    names = [v.name for v in found.variables]
    assert names.index("a") < names.index("b") < names.index("c")
    assert names.index("q") < names.index("r")


def test_undeclared_names_are_given_in_a_synapse_and_needed_in_a_rule() -> None:
    synapse = block("""
        synapse S:
            on pre:
                post.g += w k
    """).block
    assert [(v.name, v.role) for v in synapse.variables] == [("w", Role.GIVEN), ("k", Role.GIVEN)]
    rule = block("""
        rule R:
            on pre:
                Δw = w k
    """).block
    assert [(v.name, v.role) for v in rule.variables] == [("w", Role.STATE)]
    assert [(n.owner, n.name) for n in rule.needs] == [(Whose.OWN, "k")]


def test_what_depends_on_an_undeclared_name_is_a_definition() -> None:
    text = "rule R:\n    k = 2·g\n    A = 3\n    Δw = k A"
    assert role(text, "k") is Role.DEFINITION
    assert role(text, "A") is Role.PARAMETER


def test_outputs_of_the_two_units_unless_declared() -> None:
    found = block("rule R:\n    Δw = x y").block
    assert found.handlers[0].statements == (Assign(W, Binary("+", W, Binary("*", X, Y)), found.handlers[0].statements[0].span),)
    own = block("rule R:\n    dx/dt = −x/(10 ms)\n    Δw = x y").block
    assert Ref(Whose.OWN, "x") in refs(own.handlers[0].statements[0].value)  # type: ignore[union-attr]


def test_parameters_of_a_block() -> None:
    found = block("synapse T(forward, k):\n    post.h = k Σ forward.wᵀ pre.δ").block
    assert [(v.name, v.role) for v in found.variables] == [("k", Role.GIVEN)]
    assert {(n.owner, n.name) for n in found.needs} == {(Whose.POST, "h"), (OfArgument("forward"), "w"), (Whose.PRE, "delta")}


# --- values and dimensions -------------------------------------------------------------------------------------------


def test_numbers_are_in_si_and_rounded_once() -> None:
    found = block("neuron N:\n    a = 0.3 ms\n    b = 20 %\n    c = ½\n    d = −70 mV\n    e_0 = 0.247 µM⁻¹·ms⁻¹").block
    values = {v.name: v.value for v in found.variables}
    assert values == {"a": Number(0.0003), "b": Number(0.2), "c": Number(0.5), "d": Number(-0.07), "e_0": Number(247000.0)}


def test_steps_are_multiples_of_dt() -> None:
    found = block("rule R:\n    τ = 100 steps\n    Δw = ⟨x⟩_τ").block
    tau = found.variable("tau")
    assert tau is not None and tau.value == Binary("*", Number(100.0), Special("dt")) and tau.dimension == TIME


def test_dimensions_are_inferred() -> None:
    found = block("""
        neuron N:
            C = 200 pF
            g_L = 10 nS
            E_L = −70 mV
            Δ_T = 2 mV
            V_T = −50 mV
            input I
            C dV/dt = −g_L (V − E_L) + g_L Δ_T exp((V − V_T)/Δ_T) − u + I
            τ du/dt = a (V − E_L) − u
            τ = 30 ms
            a = 2 nS
    """).block
    dims = {v.name: v.dimension for v in found.variables}
    assert dims["V"] == VOLTAGE and dims["u"] == CURRENT and dims["I"] == CURRENT


def test_a_literal_zero_has_any_dimension() -> None:
    found = block(
        "neuron N:\n    θ = 0\n    E = 3 mV\n    V(0) = 0\n    dV/dt = max(E − V, 0)/(10 ms)\n    spike when V > θ:\n        V → 0"
    ).block
    theta = found.variable("theta")
    assert theta is not None and theta.dimension == VOLTAGE


def test_what_a_rule_does_not_know_stays_open() -> None:
    checked = block("rule R:\n    η = 2\n    Δw = η x y")
    assert checked.block.variable("w").dimension is None  # type: ignore[union-attr]
    w, x, y = (checked.dims[k] for k in ("w", "pre.#output", "post.#output"))
    assert w == x * y


def test_a_neuron_without_units_says_its_time_unit_once() -> None:
    text = "neuron N:\n    input I\n    {}dv/dt = 0.04 v² + 5 v + 140 − u + I\n    {}du/dt = 0.02 (0.2 v − u)"
    assert set(codes(text.format("", ""))) == {"inconsistent-units"}
    found = block(text.format("1 ms ", "1 ms ")).block
    assert found.variable("v").dimension == ONE  # type: ignore[union-attr]


def test_powers() -> None:
    found = block("neuron N:\n    a = 4 mV²\n    b = sqrt(a)\n    c = a^(1/2)\n    d = a^0.5\n    k = 3\n    f = 2^k\n    g = a^−1").block
    dims = {v.name: v.dimension for v in found.variables}
    assert dims["b"] == dims["c"] == dims["d"] == VOLTAGE
    assert dims["f"] == ONE and dims["g"] == VOLTAGE**-2
    assert codes("neuron N:\n    k = 3\n    a = 2 mV\n    b = a^k") == ["inconsistent-units"]


def test_units_to_show() -> None:
    found = block("neuron N:\n    τ = 2 s\n    I_0 = 3 nA\n    R = 1 MΩ\n    τ dV/dt = R I_0 − V\n    V(0) = −65 mV").block
    assert {v.name: (v.unit, v.scale) for v in found.variables} == {
        "tau": ("s", 1.0), "I_0": ("nA", 1e-9), "R": ("MΩ", 1e6), "V": ("mV", 1e-3)
    }  # fmt: skip


# --- flows -----------------------------------------------------------------------------------------------------------


def test_the_coefficient_is_divided_out() -> None:
    (flow,) = block("neuron N:\n    τ = 10 ms\n    τ dV/dt = 3 mV − V").block.flows
    assert flow.rate == Binary("/", Binary("-", Number(0.003), V), Ref(Whose.OWN, "tau"))
    assert flow.noise is None


def test_pulses_become_simultaneous_jumps() -> None:
    found = block("""
        rule R:
            τ = 10 ms
            A = 2
            τ dr/dt = −r + τ S_pre
            do/dt = −o/τ + S_post
            dw/dt = A (S_post r − o S_pre)
    """).block
    assert {f.variable for f in found.flows} == {"r", "o"}
    pre, post = found.handlers
    assert (pre.trigger, post.trigger) == (Trigger.PRE, Trigger.POST) and pre.simultaneous and post.simultaneous
    assert [s.target.name for s in pre.statements] == ["r", "w"]
    assert pre.is_rule and pre.source == "R"


def test_pulses_through_a_definition() -> None:
    found = block("""
        rule R:
            τ = 10 ms
            dr/dt = −r/τ + S_pre
            hebb = r S_post
            dw/dt = 2 hebb
    """).block
    assert found.variable("hebb") is None
    assert [s.target.name for h in found.handlers if h.trigger is Trigger.POST for s in h.statements] == ["w"]


def test_white_noise() -> None:
    (flow,) = block("neuron N:\n    τ = 10 ms\n    σ = 2 mV\n    dV/dt = −V/τ + σ sqrt(2/τ) ξ(t)").block.flows
    assert flow.noise is not None and refs(flow.noise) == {Ref(Whose.OWN, "tau"), Ref(Whose.OWN, "sigma")}
    (both,) = block("neuron N:\n    τ = 10 ms\n    dV/dt = −V/τ + (3 ξ_1(t) + 4 ξ_2(t))/sqrt(τ)").block.flows
    assert isinstance(both.noise, Call) and both.noise.function == "sqrt"


def test_averages_are_states() -> None:
    found = block("rule R:\n    τ = 10 ms\n    Δw = (x − ⟨x⟩_τ) ⟨x⟩_τ ⟨y²⟩_τ").block
    assert [f.variable for f in found.flows] == ["mean_x_tau", "mean_y_tau"]
    assert found.flows[0].rate == Binary("/", Binary("-", X, Ref(Whose.OWN, "mean_x_tau")), Ref(Whose.OWN, "tau"))


def test_an_average_of_a_spike_train_is_a_rate() -> None:
    found = block("rule R:\n    τ = 100 ms\n    Δw = ⟨S_post⟩_τ τ").block
    assert found.handlers[0].trigger is Trigger.POST and found.handlers[0].simultaneous
    assert found.variable("mean_S_post_tau").dimension == ONE / TIME  # type: ignore[union-attr]


def test_reactions_follow_mass_action() -> None:
    found = block("""
        neuron N:
            k_1 = 2 µM⁻²·ms⁻¹
            k_2 = 3 ms⁻¹
            B(0) = 4 µM
            reactions:
                A + 2 B ⇌ C : k_1, k_2
                C → ∅ : k_2
    """).block
    rates = {f.variable: f.rate for f in found.flows}
    a, b, c, k1, k2 = (Ref(Whose.OWN, n) for n in ("A", "B", "C", "k_1", "k_2"))
    values = {a: 5.0, b: 7.0, c: 11.0, k1: 2.0, k2: 3.0}
    flux, decay = 2 * 5 * 7**2 - 3 * 11, 3 * 11
    assert evaluate(rates["A"], values) == -flux
    assert evaluate(rates["B"], values) == -2 * flux
    assert evaluate(rates["C"], values) == flux - decay


def evaluate(expr: object, values: dict[Ref, float]) -> float:
    """A small interpreter, enough for polynomials."""
    match expr:
        case Number(value):
            return value
        case Ref():
            return values[expr]
        case Negate(operand):
            return -evaluate(operand, values)
        case Binary(operator, left, right):
            a, b = evaluate(left, values), evaluate(right, values)
            return {"+": add, "-": sub, "*": mul, "/": truediv, "^": pow}[operator](a, b)  # type: ignore[no-any-return, operator]
        case _:
            raise AssertionError(expr)


# --- triggers --------------------------------------------------------------------------------------------------------


def test_spiking() -> None:
    found = block("""
        neuron N:
            τ = 10 ms
            θ = 10 mV
            U = V + a
            τ dV/dt = −V
            τ da/dt = −a
            τ db/dt = −b
            spike when U > θ:
                V → 0
                b += 1
            refractory 2 ms
    """).block
    assert found.spike == Threshold(Compare(">", Ref(Whose.OWN, "U"), Ref(Whose.OWN, "theta")), False, found.spike.span)  # type: ignore[union-attr]
    assert found.refractory is not None and set(found.refractory.held) == {"V", "a"}
    (handler,) = found.handlers
    assert handler.trigger is Trigger.SPIKE and len(handler.statements) == 2


def test_jumps() -> None:
    found = block("""
        synapse S:
            on pre:
                a += 1
                a −= 2
                a *= 3
                a /= 4
                a → 5
                post.g += w
                pre.b −= w
            on post:
                Δa = 6
    """).block
    values = [s.value for s in found.handlers[0].statements if isinstance(s, Assign)]
    a = Ref(Whose.OWN, "a")
    assert values == [
        Binary("+", a, Number(1.0)), Binary("-", a, Number(2.0)), Binary("*", a, Number(3.0)), Binary("/", a, Number(4.0)), Number(5.0)
    ]  # fmt: skip
    adds = [s for s in found.handlers[0].statements if isinstance(s, AddTo)]
    assert [(s.target, s.value) for s in adds] == [(Ref(Whose.POST, "g"), W), (Ref(Whose.PRE, "b"), Negate(W))]
    assert found.handlers[1].trigger is Trigger.POST


def test_where_no_case_holds_nothing_changes() -> None:
    found = block("neuron N:\n    input h\n    x → +1 if h > 2").block
    (statement,) = found.handlers[0].statements
    assert isinstance(statement, Assign) and isinstance(statement.value, Choice)
    assert statement.value.otherwise == Ref(Whose.OWN, "x")
    assert found.handlers[0].trigger is Trigger.STEP


def test_opposite_cases_leave_nothing_open() -> None:
    text = "neuron N:\n    input h\n    y =  1  if h > 2\n        −1  if h {} 2"
    assert codes(text.format("≤")) == []
    assert codes(text.format("<")) == ["no-otherwise"]


def test_values_of_an_event() -> None:
    found = block("rule R:\n    on pre:\n        a = 2 k\n        w += a\n        Δw = a").block
    assert [v.name for v in found.variables] == ["w"]
    assert len(found.handlers[0].statements) == 2


def test_every() -> None:
    (handler,) = block("rule R:\n    every 10 ms:\n        Δw = 1").block.handlers
    assert handler.trigger is Trigger.EVERY and handler.period == Number(0.01)


@pytest.mark.parametrize(("written", "meant"), [
    ("t_post − t_pre", Special("lag")),
    ("t_pre − t_post", Negate(Special("lag"))),
    ("(t_post − t_pre)", Special("lag")),
])  # fmt: skip
def test_pairs_count_by_their_lag(written: str, meant: object) -> None:
    found = block(
        f"rule R:\n    τ = 20 ms\n    F(Δt) = exp(Δt/τ)\n    truncate F at 80 ms\n    on nearest pairs:\n        Δw = F({written})"
    ).block
    (rule,) = found.pairs
    assert rule.pairing is Pairing.NEAREST and rule.target == W
    assert rule.increment == Call("exp", (Binary("/", meant, Ref(Whose.OWN, "tau")),))  # type: ignore[arg-type]
    assert rule.truncate == Number(0.08)


def test_a_time_difference_may_have_a_name() -> None:
    found = block("rule R:\n    τ = 20 ms\n    Δt = t_post − t_pre\n    on all pairs:\n        Δw = exp(−Δt/τ) if Δt > 0").block
    assert found.variable("Delta_t") is None
    assert found.pairs[0].increment == Choice(
        ((Compare(">", Special("lag"), Number(0.0)), Call("exp", (Negate(Binary("/", Special("lag"), Ref(Whose.OWN, "tau"))),))),),
        Number(0.0),
    )


def test_limits_and_names_with_signs() -> None:
    found = block("rule R:\n    on pre:\n        w += r⁻ + after(r)\n        r += 1").block
    (first, _) = found.handlers[0].statements
    assert {r for r in refs(first.value) if r.name == "r"} == {Ref(Whose.OWN, "r", "before"), Ref(Whose.OWN, "r", "after")}  # type: ignore[union-attr]


# --- sums, draws, bounds ---------------------------------------------------------------------------------------------


def test_sums_with_factors() -> None:
    found = block("synapse S:\n    post.h = ½ Σ w x − Σ w").block
    (total,) = found.sums
    assert total.target == "h"
    assert evaluate(total.body, {W: 3.0, X: 5.0}) == 0.5 * 15 - 3


def test_gap_junction() -> None:
    found = block("synapse Gap:\n    post.I = Σ g (pre.V − post.V)").block
    assert {(n.owner, n.name) for n in found.needs} == {(Whose.POST, "I"), (Whose.PRE, "V"), (Whose.POST, "V")}


def test_draws_and_bounds() -> None:
    found = block("""
        neuron N:
            τ ~ N(mean = 20 ms, sd = 2 ms)
            V(0) ~ U(−70 mV, −50 mV)
            V ∈ [−90 mV, ∞]
            τ dV/dt = −V
            output x ∈ {−1, +1}
            x → +1 if V > −60 mV
               −1 otherwise
    """).block
    tau, v, x = (found.variable(n) for n in ("tau", "V", "x"))
    assert tau is not None and tau.value == Distribution("N", (Number(0.02), Number(0.002))) and tau.role is Role.PARAMETER
    assert v is not None and v.initial == Distribution("U", (Number(-0.07), Number(-0.05))) and v.low == Number(-0.09) and v.high is None
    assert x is not None and x.values == (-1.0, 1.0) and found.output == "x"


@pytest.mark.parametrize(
    ("with_letters", "without"),
    [
        ("synapse S:\n    h_i = ½ Σ_j w_ij x_j", "synapse S:\n    post.h = ½ Σ w x"),
        ("synapse S:\n    post.h = Sum[j] w[i,j] x[j]", "synapse S:\n    post.h = Σ w x"),
        ("rule R:\n    η = 2\n    Δw_ij = η x_j y_i x_i", "rule R:\n    η = 2\n    Δw = η x y y"),
        ("rule R:\n    τ_i = 3 ms\n    τ_i dw_ij/dt = V_j c_i − w_ij\n    w_ij ∈ [0, 1]\n    w_ij(0) = ½",
         "rule R:\n    τ_i = 3 ms\n    τ_i dw/dt = pre.V post.c − w\n    w ∈ [0, 1]\n    w(0) = ½"),
        ("rule R:\n    Delta_w[i,j] = 0.1 y[i] r_j⁻", "rule R:\n    Δw = 0.1 y before(pre.r)"),
    ],
)  # fmt: skip
def test_index_letters_say_the_same(with_letters: str, without: str) -> None:
    one, other = block(with_letters).block, block(without).block

    def plain(expr: object) -> object:
        return re.sub(r"(, )?span=Span\([^)]*\)", "", repr(expr))

    for part in ("flows", "handlers", "sums"):
        assert plain(getattr(one, part)) == plain(getattr(other, part))
    assert {(n.owner, n.name) for n in one.needs} == {(n.owner, n.name) for n in other.needs}
    assert [(v.name, v.role, v.value, v.initial, v.low, v.high) for v in one.variables] == [
        (v.name, v.role, v.value, v.initial, v.low, v.high) for v in other.variables
    ]


def test_a_letter_that_nothing_binds_is_part_of_the_name() -> None:
    assert [v.name for v in block("synapse S:\n    on pre:\n        post.g_i += w_i").block.variables] == ["w_i"]


# --- functions -------------------------------------------------------------------------------------------------------


def test_functions_are_written_out() -> None:
    found = block("function f(a, b) = a² + b\n\nneuron N:\n    input h\n    output y = f(h, 3)").block
    y = found.variable("y")
    assert y is not None and y.value == Binary("+", Binary("^", Ref(Whose.OWN, "h"), Number(2.0)), Number(3.0))


def test_functions_have_any_units() -> None:
    found = block("function half(a) = a/2\n\nneuron N:\n    a = half(3 mV)\n    b = half(4 ms)").block
    assert [v.dimension for v in found.variables] == [VOLTAGE, TIME]


def test_built_in_functions() -> None:
    found = block(
        "neuron N:\n    input h\n    a = max(h, 2, 3)\n    b = clip(h, 0, 1)\n    c = [h − 1]₊\n    d = |h|\n    f = ln(Θ(h))"
    ).block
    values = {v.name: v.value for v in found.variables}
    h = Ref(Whose.OWN, "h")
    assert values["a"] == Call("max", (Call("max", (h, Number(2.0))), Number(3.0)))
    assert values["b"] == Call("min", (Call("max", (h, Number(0.0))), Number(1.0)))
    assert values["c"] == Call("max", (Binary("-", h, Number(1.0)), Number(0.0)))
    assert values["d"] == Call("abs", (h,)) and values["f"] == Call("log", (Call("step", (h,)),))


def test_derivatives_by_a_prime() -> None:
    found = block("function f(a) = a² + 3 a\n\nneuron N:\n    input h\n    output y = f'(2·h) + exp'(h)").block
    y = found.variable("y")
    assert y is not None and isinstance(y.value, Binary)
    assert evaluate(y.value.left, {Ref(Whose.OWN, "h"): 5.0}) == pytest.approx(23)


def test_constants_of_nature() -> None:
    found = block("neuron N:\n    T = 310 K\n    E = gas_constant T/faraday·log(4/140)\n    a = 2 π").block
    e = found.variable("E")
    assert e is not None and e.dimension == VOLTAGE


# --- robustness ------------------------------------------------------------------------------------------------------


def test_functions_of_functions_do_not_explode() -> None:
    lines = ["function f0(x) = x + x"] + [f"function f{i}(x) = f{i - 1}(x) f{i - 1}(x)" for i in range(1, 30)]
    text = "\n\n".join(lines) + "\n\nneuron N:\n    input h\n    output y = f29(h)"
    assert set(codes(text)) == {"expression-too-large"}


def test_long_chains_of_definitions() -> None:
    lines = [f"    a{i} = a{i - 1} + 1" for i in range(1, 2000)]
    blocks, found = check_text("\n".join(["neuron N:", "    input a0", *reversed(lines)]))
    assert not found
    names = [v.name for v in blocks[0].block.variables]
    assert names.index("a1") < names.index("a1999")


def test_half_powers_of_units() -> None:
    found = block("neuron N:\n    σ = 2 mV·ms^(-1/2)\n    τ = 10 ms\n    dV/dt = −V/τ + σ ξ(t)").block
    sigma = found.variable("sigma")
    assert sigma is not None and sigma.dimension == VOLTAGE * TIME ** Fraction(-1, 2)
