"""Parameters by the names that users write."""

from __future__ import annotations

import subprocess
import sys

import pytest

from plasticdsl.model.expr import Ref
from plasticdsl.model.lookup import Setting, UnknownParameter, find_parameter
from plasticdsl.model.owners import OfPopulation, OfProjection, Owner, Whose
from plasticdsl.units.dimension import ONE, TIME, VOLTAGE
from tests.check.models import module

TEXT = """
neuron Other like LIF:
    τ_x = 3 ms

network Net:
    r = 10 Hz
    p = 3 Poisson(rate = r)
    E = 3 LIF
    I = 3 LIF
    O = 3 Other
    ex = p → E: Exc with STDP, w = 1 mV
    p → I: Exc, w = 1 mV
    both = E → O: Exc with STDP, w = 1 mV
"""


OWNERS: dict[str, Owner] = {"network": Whose.NETWORK, "p": OfPopulation("p"), "E": OfPopulation("E"), "I": OfPopulation("I")}
OWNERS |= {"O": OfPopulation("O")} | {name: OfProjection(name) for name in ("ex", "p_to_I", "both")}


def find(text: str) -> Setting:
    """The setting of a name."""
    found = module(TEXT)
    return find_parameter(found.networks[0], found, text)


@pytest.mark.parametrize(
    ("text", "kind", "dimension", "targets"),
    [
        ("p", "size", ONE, [("p", "")]),
        ("τ_x", "block", TIME, [("O", "tau_x")]),
        ("tau_x", "block", TIME, [("O", "tau_x")]),
        ("LIF.τ_m", "block", TIME, [("E", "tau_m"), ("I", "tau_m")]),
        ("E.tau_m", "population", TIME, [("E", "tau_m")]),
        ("A₊", "block", ONE, [("ex", "A_plus"), ("both", "A_plus")]),
        ("STDP.A_plus", "block", ONE, [("ex", "A_plus"), ("both", "A_plus")]),
        ("ex.A_plus", "projection", ONE, [("ex", "A_plus")]),
        ("ex.w", "projection", VOLTAGE, [("ex", "w")]),
        ("p -> I.w", "projection", VOLTAGE, [("p_to_I", "w")]),
        ("p → I.w", "projection", VOLTAGE, [("p_to_I", "w")]),
        ("E.V", "population", VOLTAGE, [("E", "V")]),
        ("p.rate", "population", None, [("p", "rate")]),
        ("Net.r", "network", None, [("network", "r")]),
        ("r", "network", None, [("network", "r")]),
    ],
)
def test_names(text: str, kind: str, dimension: object, targets: list[tuple[str, str]]) -> None:
    found = find(text)
    assert found.kind == kind
    assert found.targets == tuple(Ref(OWNERS[owner], name) for owner, name in targets)
    assert dimension is None or found.dimension == dimension


def test_a_name_of_several_blocks_lists_them() -> None:
    with pytest.raises(UnknownParameter) as caught:
        find("τ_m")
    assert set(caught.value.candidates) == {"LIF.tau_m", "Other.tau_m"}
    assert "LIF.tau_m, Other.tau_m" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"), [("tau_y", "tau_x"), ("STDP.A_pls", "A_plus"), ("Rate.θ", "not used"), ("zzz", "There is: p, E")]
)
def test_unknown_names(text: str, words: str) -> None:
    with pytest.raises(KeyError) as caught:
        find(text)
    assert words in str(caught.value)


def test_it_needs_neither_lark_nor_sympy() -> None:
    code = "import sys, plasticdsl.model.lookup; print(sorted({'lark', 'sympy', 'numba'} & sys.modules.keys()))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
