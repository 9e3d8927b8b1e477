"""Which integrator is chosen, and that the chosen ones reproduce closed forms."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import plasticdsl
from plasticdsl.derive.schemes import choose_schemes
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Block
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Euler, EulerMaruyama, Exact, ExponentialEuler, ExponentialRungeKutta, RungeKutta4
from tests.counting import counted
from tests.symbolic.symbolic_helpers import block, e, step, summary

LIF = {"V": "(E_L - V + I_e + I_i)/tau_m", "I_e": "-I_e/tau_e", "I_i": "-I_i/tau_i"}
LIF_PARAMETERS = "E_L tau_m tau_e tau_i"
CONDUCTANCES = {"V": "(E_L - V + g_e*(E_e - V) + g_i*(E_i - V))/tau_m", "g_e": "-g_e/tau_e", "g_i": "-g_i/tau_i"}
HODGKIN_HUXLEY = {
    "V": "(g_L*(E_L - V) + g_K*n**4*(E_K - V) + g_Na*m**3*h*(E_Na - V) + I)/C",
    "m": "alpha_m*(1 - m) - beta_m*m",
    "n": "alpha_n*(1 - n) - beta_n*n",
    "h": "alpha_h*(1 - h) - beta_h*h",
}
HH_DEFINITIONS = {
    "u": "(V + 0.04)/0.01",
    "alpha_m": "1000*u/(1 - exp(-u))",
    "beta_m": "4000*exp(-(V + 0.065)/0.018)",
    "alpha_n": "0.1*(V + 0.055)/0.001/(1 - exp(-(V + 0.055)/0.01))*100",
    "beta_n": "125*exp(-(V + 0.065)/0.08)",
    "alpha_h": "70*exp(-(V + 0.065)/0.02)",
    "beta_h": "1000/(1 + exp(-(V + 0.035)/0.01))",
}
HH_PARAMETERS = "g_L g_K g_Na E_L E_K E_Na C"


def chosen(model: Block, **options: frozenset[str]) -> dict[str, str]:
    return summary(choose_schemes(model, **options).schemes)  # type: ignore[arg-type]


def test_integrate_and_fire_with_two_currents_is_one_exact_block() -> None:
    assert set(chosen(block(LIF, LIF_PARAMETERS)).values()) == {"Exact(V I_e I_i)"}


def test_alpha_synapse_is_exact_together_with_the_membrane() -> None:
    model = block({"V": "-V/tau + g/C", "g": "s - g/tau_s", "s": "-s/tau_s"}, "tau C tau_s")
    assert set(chosen(model).values()) == {"Exact(V g s)"}


def test_independent_traces_are_separate() -> None:
    model = block({"r": "-r/tau_r", "o": "-o/tau_o", "c": "-c/tau_c"}, "tau_r tau_o tau_c", kind="connection")
    assert chosen(model) == {"r": "Exact(r)", "o": "Exact(o)", "c": "Exact(c)"}


def test_conductance_based_neuron() -> None:
    model = block(CONDUCTANCES, "E_L E_e E_i tau_m tau_e tau_i")
    assert chosen(model) == {"V": "ExponentialEuler(V)", "g_e": "Exact(g_e)", "g_i": "Exact(g_i)"}
    scheme = next(s for s in choose_schemes(model).schemes if isinstance(s, ExponentialEuler))
    assert scheme.slope == e("(-1 - g_e - g_i)/tau_m")
    assert scheme.offset == e("(E_L + g_e*E_e + g_i*E_i)/tau_m")
    assert "g_e and g_i" in scheme.reason


def test_hodgkin_huxley_goes_through_exponential_stages() -> None:
    model = block(HODGKIN_HUXLEY, HH_PARAMETERS, HH_DEFINITIONS, inputs="I")
    assert chosen(model) == dict.fromkeys(HODGKIN_HUXLEY, "ExponentialRungeKutta(V m n h)")
    (scheme,) = choose_schemes(model).schemes
    assert isinstance(scheme, ExponentialRungeKutta)
    assert scheme.reason == "the rate of V reads m, n and h, which would have to be held over a step"


@pytest.mark.parametrize("extra", ["sin(t)", "I"], ids=["explicit t", "a sum of flowing variables"])
def test_what_needs_stages_in_the_membrane_leaves_the_gates_exponential(extra: str) -> None:
    model = block({**HODGKIN_HUXLEY, "V": f"({HODGKIN_HUXLEY['V']}) + {extra}"}, HH_PARAMETERS, HH_DEFINITIONS, inputs="I")
    assert set(chosen(model, flowing_inputs=frozenset({"I"})).values()) == {"ExponentialRungeKutta(V m n h)"}


def test_a_synaptic_conductance_goes_with_the_gates() -> None:
    flows = {**HODGKIN_HUXLEY, "V": f"({HODGKIN_HUXLEY['V']}) - g*V/C", "g": "(s - g)/tau", "s": "-s/tau"}
    assert set(chosen(block(flows, f"{HH_PARAMETERS} tau", HH_DEFINITIONS, inputs="I")).values()) == {"ExponentialRungeKutta(V m n h g s)"}


def test_a_nonlinear_rate_and_a_conserved_total_beside_gates_are_taken_as_a_whole() -> None:
    flows = {**HODGKIN_HUXLEY, "Ca": "V - Ca**2", "o": "V*c - 3*o", "c": "3*o - V*c"}
    (scheme,) = choose_schemes(block(flows, HH_PARAMETERS, HH_DEFINITIONS, inputs="I")).schemes
    assert isinstance(scheme, ExponentialRungeKutta)
    whole = {v for v, slope in zip(scheme.variables, scheme.slopes, strict=True) if slope == Number(0.0)}
    assert whole == {"Ca", "o", "c"}


def test_what_reads_a_conductance_neuron_is_not_integrated_with_it_held() -> None:
    model = block({**CONDUCTANCES, "x": "(V - x)/tau_m"}, "E_L E_e E_i tau_m tau_e tau_i")
    assert set(chosen(model).values()) == {"ExponentialRungeKutta(V g_e g_i x)"}


def test_what_reads_a_variable_in_stages_goes_with_it() -> None:
    """Else it would be summed up from the values at the beginnings of the steps."""
    assert set(chosen(block({"A": "-A/tau", "B": "A", "C": "A - k*C**2"}, "tau k")).values()) == {"RungeKutta4(A B C)"}


def test_adaptive_exponential_neuron_is_runge_kutta_with_all_it_depends_on() -> None:
    model = block(
        {
            "V": "(-g_L*(V - E_L) + g_L*D*exp((V - V_T)/D) - w + I + I_syn)/C",
            "w": "(a*(V - E_L) - w)/tau_w",
            "I_syn": "-I_syn/tau_s",
            "x": "-x/tau_x",
        },
        "g_L E_L D V_T C a tau_w tau_s tau_x",
        inputs="I",
    )
    found = chosen(model)
    assert found.pop("x") == "Exact(x)"
    assert set(found.values()) == {"RungeKutta4(V w I_syn)"}
    reason = next(s.reason for s in choose_schemes(model).schemes if isinstance(s, RungeKutta4))
    assert "V" in reason and "exp" in reason and "w and I_syn" in reason


def test_izhikevich_is_runge_kutta() -> None:
    model = block({"v": "0.04*v**2 + 5*v + 140 - u + I", "u": "a*(b*v - u)"}, "a b", inputs="I")
    assert set(chosen(model).values()) == {"RungeKutta4(v u)"}


def test_noise_is_euler_maruyama_and_held_elsewhere() -> None:
    model = block({"x": ("-x/tau", "sigma*(2/tau)**0.5"), "V": "(x - V)/tau_m", "r": "-r/tau"}, "tau sigma tau_m")
    assert chosen(model) == {"x": "EulerMaruyama(x)", "V": "ExponentialEuler(V)", "r": "Exact(r)"}
    scheme = next(s for s in choose_schemes(model).schemes if isinstance(s, EulerMaruyama))
    assert scheme.rates == (e("-x/tau"),) and scheme.noises == (e("sigma*(2/tau)**0.5"),)


def test_a_nonlinear_variable_beside_noise_holds_the_noisy_one() -> None:
    model = block({"v": "v - v**3/3 - w", "w": ("(v - w)/tau", "s")}, "tau s")
    assert chosen(model) == {"v": "RungeKutta4(v)", "w": "EulerMaruyama(w)"}


def test_explicit_time_needs_stages() -> None:
    assert chosen(block({"V": "(A*sin(t/T) - V)/tau"}, "A T tau")) == {"V": "RungeKutta4(V)"}


def test_a_current_that_is_switched_on_is_held() -> None:
    assert chosen(block({"V": "((A if t > T else 0) - V)/tau"}, "A T tau")) == {"V": "Exact(V)"}
    assert chosen(block({"V": "(A*step(t - T) - V)/tau"}, "A T tau")) == {"V": "Exact(V)"}
    assert chosen(block({"V": "((A*t if t > T else 0) - V)/tau"}, "A T tau")) == {"V": "RungeKutta4(V)"}
    assert chosen(block({"V": "-V/(tau if t > T else 2*tau)"}, "T tau")) == {"V": "ExponentialEuler(V)"}
    schemes = choose_schemes(block({"V": "((A if t >= T else 0) - V)/tau"}, "A T tau")).schemes
    state = {"V": 0.0}
    for n in range(40):
        state = step(schemes, state, {"A": 3.0, "T": 0.01, "tau": 0.02}, n / 1000, 1e-3)
    assert math.isclose(state["V"], 3.0 * (1 - math.exp(-1.5)), rel_tol=1e-12)


def test_inputs_are_held_unless_they_are_sums_of_flowing_variables() -> None:
    model = block({"r": "(-r + h)/tau"}, "tau", inputs="h")
    assert chosen(model) == {"r": "Exact(r)"}
    assert chosen(model, flowing_inputs=frozenset({"h"})) == {"r": "RungeKutta4(r)"}


def test_definitions_are_written_out() -> None:
    model = block({"V": "(I - V)/tau", "s": "-s/tau"}, "tau g", {"I": "g*s"})
    assert set(chosen(model).values()) == {"Exact(V s)"}
    assert chosen(block({"V": "(I - V)/tau"}, "tau g", {"I": "g*V*V"})) == {"V": "RungeKutta4(V)"}


def test_discrete_states_may_be_in_the_offset_but_not_in_the_matrix() -> None:
    assert chosen(block({"V": "(E + k - V)/tau"}, "E tau", states="k")) == {"V": "Exact(V)"}
    assert chosen(block({"V": "(E - k*V)/tau"}, "E tau", states="k")) == {"V": "ExponentialEuler(V)"}


def test_other_blocks_flow_unless_known_to_be_held() -> None:
    model = block({"w": "(pre.x - w)/tau", "c": "k*pre.x*post.y"}, "tau k", kind="connection")
    assert chosen(model) == {"w": "ExponentialEuler(w)", "c": "ExponentialEuler(c)"}
    held = frozenset({Ref(Whose.PRE, "x")})
    assert summary(choose_schemes(model, held=held).schemes)["w"] == "Exact(w)"
    nonlinear = block({"w": "pre.x*post.y - w**3"}, "", kind="connection")
    assert chosen(nonlinear) == {"w": "RungeKutta4(w)"}


def test_cases_in_a_state_are_not_linear_cases_in_a_parameter_are() -> None:
    assert chosen(block({"V": "-V/a if V > 0 else -V/b"}, "a b")) == {"V": "RungeKutta4(V)"}
    assert chosen(block({"V": "-V/a if s > 0 else -V/b"}, "a b s")) == {"V": "Exact(V)"}
    assert chosen(block({"V": "-V/a if s > 0 else -V/b"}, "a b", inputs="s")) == {"V": "ExponentialEuler(V)"}
    assert chosen(block({"V": "-step(V)"})) == {"V": "RungeKutta4(V)"}


def test_kinetic_schemes_keep_their_total() -> None:
    model = block({"Ca": "-(k*Ca*B) + u*CaB + J", "B": "-(k*Ca*B) + u*CaB", "CaB": "k*Ca*B - u*CaB"}, "k u", inputs="J")
    found = choose_schemes(model).schemes
    assert set(summary(found).values()) == {"RungeKutta4(Ca B CaB)"}
    state = {"Ca": 5.0, "B": 1.0, "CaB": 0.2}
    for n in range(50):
        state = step(found, state, {"k": 3.0, "u": 2.0, "J": 0.1}, n * 0.01, 0.01)
    assert math.isclose(state["B"] + state["CaB"], 1.2, rel_tol=1e-13)


def test_variables_that_turn_around_each_other_are_not_forward_euler() -> None:
    model = block({"x": "k*z*y", "y": "-(k*z*x)", "z": "-z/tau"}, "k tau")
    assert set(chosen(model).values()) == {"RungeKutta4(x y z)"}


def test_equal_rates_are_no_conserved_total() -> None:
    model = block({"a": "k*s*s", "b": "k*s*s", "s": "-s/tau"}, "k tau")
    assert chosen(model) == {"a": "ExponentialEuler(a)", "b": "ExponentialEuler(b)", "s": "Exact(s)"}


# --- named methods ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [("euler", Euler), ("rk4", RungeKutta4), ("runge-kutta 4", RungeKutta4), ("exact", Exact), ("exponential euler", ExponentialEuler)],
)
def test_named_methods(name: str, kind: type) -> None:
    schemes = choose_schemes(block(LIF, LIF_PARAMETERS, method=name)).schemes
    assert all(isinstance(s, kind) for s in schemes)
    assert set(summary(schemes)) == {"V", "I_e", "I_i"}


def test_substeps_belong_to_euler() -> None:
    (scheme,) = choose_schemes(block(LIF, LIF_PARAMETERS, method="euler", substeps=4)).schemes
    assert isinstance(scheme, Euler) and scheme.substeps == 4
    with pytest.raises(PlasError) as error:
        choose_schemes(block(LIF, LIF_PARAMETERS, method="rk4", substeps=4))
    assert error.value.diagnostics[0].code == "method-impossible"


@pytest.mark.parametrize(
    ("model", "method", "says"),
    [
        (block({"V": "V*V"}, method="exact"), "exact", "V multiplied by V"),
        (block({"V": "-V/tau + t"}, "tau", method="exact"), "exact", "t"),
        (block({"V": "-k*V"}, inputs="k", method="exact"), "exact", "not constant"),
        (block({"V": "exp(V)"}, method="exponential euler"), "exponential", "exp"),
        (block({"V": ("-V", "1")}, method="rk4"), "rk4", "noise"),
        (block({"V": ("-V", "1")}, method="euler"), "euler", "noise"),
        (block({"V": "-V"}, method="leapfrog"), "leapfrog", "leapfrog"),
    ],
)
def test_impossible_methods_say_why(model: Block, method: str, says: str) -> None:
    with pytest.raises(PlasError) as error:
        choose_schemes(model)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "method-impossible" and diagnostic.hint
    assert says in diagnostic.message


def test_euler_maruyama_by_name_takes_noiseless_variables_too() -> None:
    (scheme,) = choose_schemes(block({"x": ("-x", "s"), "y": "-y"}, "s", method="euler–maruyama")).schemes
    assert isinstance(scheme, EulerMaruyama) and scheme.noises == (e("s"), None)


# --- closed forms ----------------------------------------------------------------------------------------------------


def test_two_currents_follow_the_closed_form() -> None:
    tau, tau_s, current = 0.02, 0.005, 3.0
    schemes = choose_schemes(block(LIF, LIF_PARAMETERS)).schemes
    state = {"V": 0.0, "I_e": current, "I_i": 0.0}
    fixed = {"E_L": 0.0, "tau_m": tau, "tau_e": tau_s, "tau_i": 0.01}
    dt = 1e-3
    for n in range(1, 30):
        state = step(schemes, state, fixed, (n - 1) * dt, dt)
        expected = current * tau_s / (tau - tau_s) * (math.exp(-n * dt / tau) - math.exp(-n * dt / tau_s))
        assert math.isclose(state["V"], expected, rel_tol=1e-12)


def test_alpha_synapse_with_equal_time_constants() -> None:
    schemes = choose_schemes(block({"g": "s - g/tau", "s": "-s/tau"}, "tau")).schemes
    state = {"g": 0.0, "s": 2.0}
    for n in range(1, 40):
        state = step(schemes, state, {"tau": 0.01}, 0.0, 1e-3)
        assert math.isclose(state["g"], 2.0 * n * 1e-3 * math.exp(-n * 0.1), rel_tol=1e-12)


def test_runge_kutta_is_of_fourth_order_with_explicit_time() -> None:
    schemes = choose_schemes(block({"V": "(cos(t) - V)*2"})).schemes

    def error(steps: int) -> float:
        state = {"V": 0.0}
        for n in range(steps):
            state = step(schemes, state, {}, n / steps, 1 / steps)
        exact = (4 * math.cos(1) + 2 * math.sin(1)) / 5 - 0.8 * math.exp(-2)
        return abs(state["V"] - exact)

    assert 14 < error(20) / error(40) < 18


# --- size ------------------------------------------------------------------------------------------------------------


def test_ordinary_neurons_are_decided_quickly() -> None:
    model = block(HODGKIN_HUXLEY, HH_PARAMETERS, HH_DEFINITIONS, inputs="I")
    choose_schemes(model)
    assert counted(lambda: choose_schemes(model))[1] < 100_000


def test_exploding_definitions_are_refused_at_once() -> None:
    definitions = {"d0": "V + V"} | {f"d{n}": f"d{n - 1} * d{n - 1}" for n in range(1, 60)}
    with pytest.raises(PlasError) as error:
        choose_schemes(block({"V": "d59"}, "", definitions))
    assert error.value.diagnostics[0].code == "expression-too-large"


def test_a_sum_of_many_terms_is_no_problem() -> None:
    rate = " + ".join(f"k*({n} - V)" for n in range(200))
    (scheme,) = choose_schemes(block({"V": rate}, "k")).schemes
    assert isinstance(scheme, Exact)


def test_a_block_without_flows_has_no_schemes() -> None:
    assert choose_schemes(block({}, "a")).schemes == ()


def test_slope_zero_is_written_as_a_number() -> None:
    (scheme,) = choose_schemes(block({"w": "k*pre.x"}, "k")).schemes
    assert isinstance(scheme, ExponentialEuler) and scheme.slope == Number(0.0)


def test_ordinary_models_do_not_need_sympy() -> None:
    """It takes most of a second to import."""
    text = (
        "import sys\n"
        "from tests.symbolic.symbolic_helpers import block, e\n"
        "from plasticdsl.derive.schemes import choose_schemes\n"
        "from plasticdsl.symbolic.windows import separate\n"
        "choose_schemes(block({'m': 'a*(1 - m) - m'}, '', {'a': '0.1*(V + 0.04)/(1 - exp(-(V + 0.04)/0.01))'}, states='V'))\n"
        "separate(e('A*exp(-lag/tau) if lag > 0 else -B*exp(lag/tau)'))\n"
        "assert 'sympy' not in sys.modules\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    subprocess.run([sys.executable, "-c", text], check=True, env={**os.environ, "PYTHONPATH": path})


def test_the_reason_of_units_that_are_integrated_together() -> None:
    """Nobody wrote a method: the sum of a variable that flows is what asks for Runge-Kutta 4."""
    text = """
    neuron Cell:
        input I
        10 ms dV/dt = −V + I
    synapse Gap:
        post.I = Σ (pre.V − post.V)
    network Net:
        cells = 2 Cell
        cells → cells: Gap
    """
    network = plasticdsl.parse(textwrap.dedent(text)).loaded.module.networks[0]
    (scheme,) = network.populations[0].block.schemes
    assert isinstance(scheme, RungeKutta4) and "join it to other units" in scheme.reason
