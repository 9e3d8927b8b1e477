"""What jumps with time is decided as if times were exact, not by the last digit of a double."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from plasticdsl.derive.grid import lags_on_grid, on_grid
from plasticdsl.model import Block, Network, Population, Role, Variable
from plasticdsl.model.expr import Expr, Number, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.numeric import evaluate
from plasticdsl.units.dimension import TIME
from tests.symbolic.symbolic_helpers import e

STEPS = 600
DTS = ("0.0001", "0.001", "0.00025", "0.00003")


def mod(x: Fraction, y: Fraction) -> Fraction:
    return x - y * (x // y)


def sign(x: Fraction) -> int:
    return (x > 0) - (x < 0)


#: Text with T = 7 steps and U = 3 steps, and what it is at the time t.
EXACT: dict[str, Callable[[Fraction, Fraction, Fraction], Fraction | int]] = {
    "1 if lag > T + U else 0": lambda t, T, U: int(t > T + U),
    "1 if lag >= T + U else 0": lambda t, T, U: int(t >= T + U),
    "1 if T + U > lag else 0": lambda t, T, U: int(t < T + U),
    "1 if lag <= 4*U else 0": lambda t, T, U: int(t <= 4 * U),
    "1 if lag == 3*T else 0": lambda t, T, U: int(t == 3 * T),
    "1 if lag != 3*T else 0": lambda t, T, U: int(t != 3 * T),
    "1 if lag/T < 3 else 0": lambda t, T, U: int(t < 3 * T),
    "1 if -2*lag + T > -T else 0": lambda t, T, U: int(t < T),
    "step(lag - T)": lambda t, T, U: int(t > T),
    "sign(T - lag)": lambda t, T, U: sign(T - t),
    "floor(lag/U)": lambda t, T, U: t // U,
    "floor(-lag/U)": lambda t, T, U: -t // U,
    "ceil(lag/U)": lambda t, T, U: -(-t // U),
    "round(lag/(2*U))": lambda t, T, U: round(t / (2 * U)),
    "1 if mod(lag, T) < U else 0": lambda t, T, U: int(mod(t, T) < U),
    "1 if mod(lag, T)/T >= 3/7 else 0": lambda t, T, U: int(7 * mod(t, T) >= 3 * T),
    "1 if lag - T*floor(lag/T) < U else 0": lambda t, T, U: int(mod(t, T) < U),
    "1 if T*floor(lag/T) >= 3*T else 0": lambda t, T, U: int(T * (t // T) >= 3 * T),
    "floor(mod(lag, T)/U)": lambda t, T, U: mod(t, T) // U,
}


@pytest.mark.parametrize("dt", DTS)
@pytest.mark.parametrize("text", EXACT)
def test_as_with_exact_numbers(text: str, dt: str) -> None:
    step = Fraction(dt)
    found, wrong = lags_on_grid(e(text)), []
    values: dict[Expr, float] = {Ref(Whose.OWN, "T"): float(7 * step), Ref(Whose.OWN, "U"): 3 * float(step), Special("dt"): float(dt)}
    for n in range(STEPS):
        values[Special("lag")] = n * float(dt)
        if evaluate(found, values) != EXACT[text](n * step, 7 * step, 3 * step):
            wrong.append(n)
    assert wrong == []


@pytest.mark.parametrize("period", ["T", "-T"])
def test_modulo_keeps_its_sign_and_is_never_beyond_its_ends(period: str) -> None:
    found = lags_on_grid(e(f"mod(lag, {period})"))
    length = 7e-4 if period == "T" else -7e-4
    for n in range(-STEPS, STEPS):
        value = evaluate(found, {Ref(Whose.OWN, "T"): 7e-4, Special("dt"): 1e-4, Special("lag"): n * 1e-4})
        assert value == pytest.approx(float(mod(Fraction(n), Fraction(7 if length > 0 else -7))) * 1e-4, abs=1e-15)
        assert value * length >= 0.0


def of_unit(text: str) -> Expr:
    """`text` as the definition `y` of a unit with a parameter T, a stored time `last`, a voltage V and definitions of time and of voltage."""
    variables = (
        Variable("T", "T", Role.PARAMETER, TIME, Number(1e-3)),
        Variable("last", "last", Role.STATE, TIME),
        Variable("V", "V", Role.STATE),
        Variable("since", "since", Role.DEFINITION, TIME, e("t - last")),
        Variable("shifted", "shifted", Role.DEFINITION, None, e("V + t")),
        Variable("y", "y", Role.DEFINITION, None, e(text)),
    )
    network = Network("N", "", (), (Population("p", "p", Number(1.0), Block("neuron", "C", variables=variables)),), ())
    found = on_grid(network).populations[0].block.variable("y")
    assert found is not None and isinstance(found.value, Expr)
    return found.value


@pytest.mark.parametrize(
    "text", ["V > T", "V > sin(t)", "shifted > 3", "floor(V)", "mod(V, 2)", "T > 2", "step(V - t)", "abs(t - T)", "log(t) > 1"]
)
def test_what_is_no_time_stays_as_written(text: str) -> None:
    assert of_unit(f"1 if {text} else 0" if ">" in text else text) == e(f"1 if {text} else 0" if ">" in text else text)


def test_times_are_seen_through_definitions_and_in_what_is_stored() -> None:
    assert of_unit("1 if since > T else 0") == e("1 if since > T + dt/1000 else 0")
    assert of_unit("1 if last < T else 0") == e("1 if last < T - dt/1000 else 0")
    assert of_unit("1 if 2*t <= T else 0") == e("1 if 2*t <= T + 2*(dt/1000) else 0")
