"""What every expression may use without declaring it: constants of nature, time, and the names of built-in functions and
distributions.

Values: CODATA 2018 (exact since the SI of 2019).
"""

from __future__ import annotations

from plasticdsl.check.terms.scope import Declared, Scope
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.model.expr import FUNCTIONS, Expr, Number, Special
from plasticdsl.units.dimension import dimension
from plasticdsl.units.table import AMOUNT, CHARGE, ENERGY

#: Other spellings of built-in functions.
RENAMED = {
    "Theta": "step", "heaviside": "step", "ln": "log", "sgn": "sign", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
}  # fmt: skip

#: Functions whose value has the dimension of their arguments; all others take and give pure numbers (but `sqrt`, `sign`, `step`).
SAME_DIMENSION = frozenset(("abs", "min", "max", "mod", "clip"))

#: Distributions: name → arguments.
DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "N": ("mean", "sd"), "U": ("low", "high"), "Gamma": ("shape", "scale"), "LogN": ("mean", "sd"), "Exp": ("mean",),
    "Bernoulli": ("p",), "Binomial": ("n", "p"), "Poisson": ("mean",),
}  # fmt: skip

_KELVIN = dimension(k=1)

_CONSTANTS: tuple[tuple[str, str, Expr, Dim, str], ...] = (
    ("pi", "π", Number(3.141592653589793), PURE, "a constant"),
    ("faraday", "faraday", Number(96485.33212331001), Dim(CHARGE / AMOUNT), "a constant"),
    ("gas_constant", "gas_constant", Number(8.31446261815324), Dim(ENERGY / AMOUNT / _KELVIN), "a constant"),
    ("elementary_charge", "elementary_charge", Number(1.602176634e-19), Dim(CHARGE), "a constant"),
    ("boltzmann", "boltzmann", Number(1.380649e-23), Dim(ENERGY / _KELVIN), "a constant"),
    ("avogadro", "avogadro", Number(6.02214076e23), Dim(dimension(mol=-1)), "a constant"),
    ("t", "t", Special("t"), SECONDS, "the time"),
    ("dt", "dt", Special("dt"), SECONDS, "the time step"),
)


def constants() -> Scope:
    """The outermost scope: π, faraday, gas_constant, elementary_charge, boltzmann, avogadro, the time t and the step dt."""
    return Scope({name: Declared(name, symbol, what, expr, dim) for name, symbol, expr, dim, what in _CONSTANTS})


def known_functions() -> frozenset[str]:
    """Every name that is a built-in function."""
    return frozenset(FUNCTIONS) | {"Θ", "ln", "clip", "before", "after"}
