"""What is offered while something is written; `|` is where."""

from __future__ import annotations

import pytest

from plasticdsl.check.experiments.statistics import ALIASES, STATISTICS
from plasticdsl.check.networks.populations import ARGUMENTS
from plasticdsl.check.terms.scope import DISTRIBUTIONS, constants, known_functions
from plasticdsl.editor import built_in
from plasticdsl.editor.analysis import analyse
from plasticdsl.editor.completion import Completion, completions
from plasticdsl.editor.signs import SIGNS
from plasticdsl.library import library_models
from plasticdsl.model.expr import COUPLINGS, FUNCTIONS
from plasticdsl.names import canonical
from plasticdsl.source import SourceFile
from plasticdsl.syntax.words import BLOCKS, FIRST_WORDS, FOREIGN, MEANINGS
from plasticdsl.units.table import unit_words

MODEL = """
neuron LIF:
    τ_m = 20 ms
    E_L = −70 mV
    input I
    τ_m dV/dt = E_L − V + I
    spike when V > −50 mV:
        V → E_L

synapse Exc:
    on pre: post.V += w

rule STDP:
    A₊ = 0.01
    on pre: w += A₊ mV

function σ(a) = 1/(1 + exp(−a))

network Net:
    E = 10 LIF
    S = 10 Poisson(rate = 10 Hz)
    ex = S → E: Exc with STDP, all to all, w = 1 mV
    N = 3

"""


def offered(text: str) -> dict[str, Completion]:
    place = text.index("|")
    analysis = analyse(SourceFile("<text>", text.replace("|", "", 1)))
    return {c.shown: c for c in completions(analysis, place, analysis.checked.known)}


@pytest.mark.parametrize(
    ("text", "some", "none"),
    [
        ("|", {*BLOCKS, "function", "use", "table"}, {"phase", "LIF"}),
        ("neu|", {"neuron"}, {"network"}),
        ("neuron A like |", {"LIF"}, {"STDP", "Net", "ms"}),
        ("neuron A:\n    |", {"input", "spike", "reactions"}, {"phase", "neuron", "E"}),
        ("neuron A:\n    x = 3 |", {"ms", "mV", "steps"}, set()),
        ("neuron A:\n    x = 3 m|", {"ms", "mV", "min", "max"}, {"nA"}),
        ("neuron A:\n    x = |", {"exp", "σ", "t"}, {"ms", "E", "mean"}),
        ("neuron A:\n    y = 1\n    x = 2 + |", {"y"}, {"A₊"}),
        ("neuron A:\n    y = 1\n    x = (2 + |\n    z = 3", {"y", "z"}, set()),
        ("neuron A:\n    spike |", {"when", "at"}, {"if", "input"}),
        ("neuron A:\n    spike when V |", {"rises", "falls", "and"}, {"when"}),
        ("neuron A:\n    x ~ |", {"N", "U", "Gamma"}, {"exp", "mean"}),
        ("neuron A like LIF:\n    x = |", {"τ_m", "E_L", "V"}, {"A₊"}),
        ("synapse B:\n    on |", {"pre", "post", "all", "nearest"}, {"exp"}),
        ("synapse B:\n    on pre: |", set(), {"phase"}),
        ("synapse B:\n    on pre: post.|", {"V", "τ_m"}, {"exp", "A₊"}),
        ("network M:\n    E = 10 |", {"LIF", "Poisson", "Source"}, {"STDP"}),
        ("network M:\n    E = 10 LIF(|", {"τ_m", "E_L"}, {"V"}),
        ("network M:\n    E = 10 LIF\n    E → E: |", {"Exc", "STDP"}, {"LIF"}),
        ("network M:\n    E = 10 LIF\n    E → E: Exc with |", {"STDP"}, {"Exc"}),
        ("network M:\n    E = 10 LIF\n    E → E: Exc, |", {"w", "all", "one", "in-degree"}, {"phase"}),
        ("network M:\n    E = 10 LIF\n    E → |", {"E", "each"}, set()),
        ("experiment X on |", {"Net"}, {"LIF"}),
        ("experiment X on Net:\n    |", {"phase", "record", "expect", "sweep"}, {"spike"}),
        ("experiment X on Net:\n    phase p for 1 s:\n        rules |", {"off"}, {"phase"}),
        ("experiment X on Net:\n    record E.|", {"V", "I"}, {"A₊"}),
        ("experiment X on Net:\n    record ex.|", {"w", "A₊"}, {"V"}),
        ("experiment X on Net:\n    record |", {"E", "S", "ex", "N", "rate", "mean"}, {"ms"}),
        ("experiment X on Net:\n    expect rate(E) ≈ 8 |", {"Hz"}, set()),
        ("experiment X on Net:\n    expect mean(E.V) > 3 mV over |", {"last"}, set()),
        ('use LIF from "|', {"neurons/lif"}, {"LIF"}),
        ("# a comment |", set(), {"neuron"}),
        ('"""A text |"""', set(), {"neuron"}),
    ],
)
def test_what_can_be_written_is_offered(text: str, some: set[str], none: set[str]) -> None:
    found = offered((MODEL if "use" not in text and '"' not in text else "") + text)
    assert some <= set(found)
    assert not none & set(found)


@pytest.mark.parametrize(
    ("typed", "sign"), [("tau", "τ"), ("_+", "₊"), ("^2", "²"), ("le", "≤"), ("sum", "Σ"), ("->", "→"), ("Delta", "Δ")]
)
def test_signs_stand_behind_a_backslash(typed: str, sign: str) -> None:
    text = f"neuron A:\n    x\\{typed}|"
    found = offered(text)[f"\\{typed}"]
    assert found.text == sign
    assert text[found.start : found.end] == f"\\{typed}"


def test_letters_are_spelt_as_the_language_spells_them() -> None:
    others = {"varepsilon", "vartheta", "varphi", "micro", "infty", "ohm", "ell"}
    for name, letter in SIGNS.items():
        if letter.isalpha() and name.isascii() and name.isalpha() and name not in others | {"top", "sum"}:
            assert canonical(letter) == name
        elif name[:1] == "_":
            assert canonical(f"x{letter}") == f"x_{ {'+': 'plus', '-': 'minus'}.get(name[1:], name[1:]) }"


def test_what_stands_there_is_replaced() -> None:
    text = MODEL + "neuron A:\n    τ_mem = 3\n    x = τ_m|"
    found = offered(text)["τ_mem"]
    assert text[found.start : found.end] == "τ_m"


def test_every_first_word_is_offered_where_it_belongs() -> None:
    places = {"item": "|", "dynamics": "rule A:\n    |", "network": "network A:\n    |", "procedure": "experiment A on B:\n    |"}
    for rule, text in places.items():
        assert set(FIRST_WORDS[rule]) <= set(offered(text))


def test_every_word_has_a_meaning() -> None:
    for words in ("neuron A:\n    x = 3 |", "experiment A on B:\n    |", "network A:\n    E → E: B, |"):
        for one in offered(words).values():
            assert one.kind.value != "keyword" or one.meaning == MEANINGS[one.shown]
    assert all(meaning.endswith((".", "’")) for word, meaning in MEANINGS.items() if word not in FOREIGN)


def test_units_are_all_there() -> None:
    assert set(unit_words()) <= set(offered("neuron A:\n    x = 3 |"))


def test_built_in_names_are_all_there() -> None:
    assert set(built_in.FUNCTIONS) == known_functions() | set(FUNCTIONS) | set(COUPLINGS) | {
        "hold",
        "one_hot",
        "cylinder",
        "sphere",
        "morphology",
    }
    assert set(built_in.STATISTICS) == {*(name.removesuffix(" over time") for name in STATISTICS), *ALIASES}
    assert set(built_in.DISTRIBUTIONS) == set(DISTRIBUTIONS)
    assert set(built_in.SOURCES) == set(ARGUMENTS)
    assert set(map(canonical, built_in.CONSTANTS)) == set(constants().names)


def test_the_library_is_offered() -> None:
    assert set(library_models()) == set(offered('use "|'))
