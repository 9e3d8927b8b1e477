"""ASCII and Unicode spellings are the same file: converted both ways, trees stay, and texts come back."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from plasticdsl.names import canonical, in_unicode
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.printer import format_file
from plasticdsl.syntax.respell import Spelling, respelled
from tests.syntax.trees import SAMPLES, bare

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.plas"))
FILES = [*SAMPLES, *CASES]


def source(text: str) -> SourceFile:
    return SourceFile("a.plas", text)


def spelt(text: str, spelling: Spelling) -> str:
    return respelled(source(text), spelling)


def same(node: Any) -> Any:
    """A tree in which a fraction is a number whichever way it is written, and so are units, limits and the names of methods."""
    match node:
        case ("Group", ("Binary", "/", ("Number", top, ()), ("Number", below, ()), *_), *_):
            return ("Number", f"{top}/{below}", ())
        case ("Number", str() as text, (_, *_) as unit) if text[0].isdigit():
            return ("Number", float(Fraction(text)), same(unit))
        case ("Apply", ("before" | "after") as limit, (("Argument", None, name),), *_):
            return ("Limit", name[1] if isinstance(name, tuple) else name, limit)
        case ("Limit", name, limit, *_):
            return ("Limit", name, limit)
        case tuple():
            return tuple(map(same, node))
        case str():
            return node.replace("ohm", "Ω").replace("-", "–") if len(node) > 1 else node
        case int():
            return 0  # where a statement stands
        case _:
            return node


def tree(text: str) -> Any:
    return same(bare(parse(source(text))))


def bare_columns(text: str) -> str:
    """The text without the blanks that line `=` up: lines that share a column by chance in one spelling do not in the other."""
    return re.sub(r"(?<=\S) +(?==|#)", " ", text)


def check_both_ways(text: str) -> None:
    there = {spelling: spelt(text, spelling) for spelling in ("ascii", "unicode")}  # type: ignore[arg-type]
    for spelling, other in (("ascii", "unicode"), ("unicode", "ascii")):
        assert tree(there[spelling]) == tree(text)
        assert bare_columns(spelt(there[spelling], other)) == bare_columns(there[other])  # type: ignore[arg-type]
        assert format_file(source(there[spelling])) == there[spelling]


@pytest.mark.parametrize("path", FILES[::7], ids=lambda path: path.stem)
def test_a_file_comes_back(path: Path) -> None:
    check_both_ways(path.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_comes_back(path: Path) -> None:
    check_both_ways(path.read_text(encoding="utf-8"))


UNICODE = '''"""Δ stays in texts: τ → 1."""

neuron A:
    τ_m = 20 ms  # τ in comments
    h_∞ = ½ − ⅓ x/mV
    g   = 0.2 µM⁻¹·ms⁻¹
    R   = 10 MΩ·cm²
    σ   = 3 mV/√ms
    Δ_T = 2 mV
    input I : µA/cm²
    τ_m dV/dt = −V + √(2 τ_m) σ ξ(t) + √2·m³ h V² + [V − θ₊]₊
    V(0) ∈ [0, 1]
    data = "τ.npz"

rule B:
    on pre:
        Δw = η Σ_ij x_ij r⁻ + ⟨x̄⟩_τ + ∂E/∂w − A₂₊
    w ∈ [0, ∞]
    method: Euler–Maruyama

network N:
    a = 5 A, (x, y) on a sheet of 1 mm × 2 mm
    e = Σ_{k ∈ a} a.V_k
    L = Σᵢ x

experiment E on N:
    sweep k in [1, 2]
    expect a.V ≈ 1 ± 0.5
    expect mean(a.V) ≥ ½
'''

ASCII = '''"""Δ stays in texts: τ → 1."""

neuron A:
    tau_m   = 20 ms  # τ in comments
    h_inf   = (1/2) - (1/3) x/mV
    g       = 0.2 uM^-1*ms^-1
    R       = 10 Mohm*cm^2
    sigma   = 3 mV/ms^(1/2)
    Delta_T = 2 mV
    input I : uA/cm^2
    tau_m dV/dt = -V + sqrt(2 tau_m) sigma xi(t) + sqrt(2)*m^3 h V^2 + pos(V - theta_plus)
    V(0) in [0, 1]
    data = "τ.npz"

rule B:
    on pre:
        Delta_w = eta Sum[i, j] x_ij before(r) + avg(x_bar, tau) + grad(E, w) - A_2plus
    w in [0, inf]
    method: Euler-Maruyama

network N:
    a = 5 A, (x, y) on a sheet of 1 mm * 2 mm
    e = Sum[k in a] a.V_k
    L = Sum[i] x

experiment E on N:
    sweep k in [1, 2]
    expect a.V ~= 1 +- 0.5
    expect mean(a.V) >= (1/2)
'''


def test_every_sign_has_its_spelling() -> None:
    assert spelt(UNICODE, "ascii") == ASCII
    assert spelt(ASCII, "unicode") == UNICODE.replace("Σᵢ", "Σ_i")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = a sqrt(b)²", "x = a sqrt(b)²"),  # √b² could be read in two ways
        ("x = a^2 (1/2)", "x = a² (1/2)"),  # a number cannot follow
        ("x = (1/2) s", "x = (1/2) s"),  # half of what is called s is not half a second
        ("x = 2pos(a)", "x = 2 [a]₊"),
        ("x = before(a + b)", "x = before(a + b)"),
        ("x = sqrt(a)(b)", "x = √a (b)"),
        ("x = sqrt(a + b)/2", "x = √(a + b)/2"),
        ("alpha(a) = a", "α(a) = a"),
        ("x = in_1 + SpikeTimes_2", "x = in₁ + SpikeTimes_2"),
    ],
)
def test_what_would_be_read_in_another_way_stays(before: str, after: str) -> None:
    assert spelt(f"neuron A:\n    {before}\n", "unicode") == f"neuron A:\n    {after}\n"
    assert tree(f"neuron A:\n    {before}\n") == tree(f"neuron A:\n    {after}\n")


def test_functions_of_the_author_and_names_of_blocks_stay() -> None:
    text = "function sqrt(x) = x\n\nneuron Delta:\n    x = sqrt(alpha)\n"
    assert spelt(text, "unicode") == "function sqrt(x) = x\n\nneuron Delta:\n    x = sqrt(α)\n"


@pytest.mark.parametrize(
    "name",
    [
        "τ_m",
        "A₊",
        "A₂₊",
        "Δw",
        "Δ_T",
        "Δ_max",
        "x̄",
        "ū₊",
        "h_∞",
        "∞",
        "V_θ",
        "ξ_μi",
        "x₁",
        "Γ",
        "ℓ",
        "Schlögl",
        "w_ij",
        "late₋",
        "Δ₂",
        "Θ_C",
        "größe",
        "ρεύμα",
        "στόχος",
        "Κύτταρο",
        "τ_μεμβ",
    ],
)
def test_names_come_back(name: str) -> None:
    assert in_unicode(canonical(name)) == in_unicode(name) == name


@pytest.mark.parametrize("name", ["Sigma", "Nu", "after_1", "x", "i_j", "N_2B", "omicron", "a__b"])
def test_names_without_another_spelling_stay(name: str) -> None:
    assert in_unicode(name) == name


def test_an_exponent_has_no_unit() -> None:
    """`g m³ h` in ASCII is no `3 h`."""
    assert tree("neuron A:\n    x = g m^3 h + 2^-1 s\n") == tree("neuron A:\n    x = g m³ h + 2⁻¹ s\n")
