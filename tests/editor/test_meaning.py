"""Hovers, units that nobody wrote, colours by meaning, lenses."""

from __future__ import annotations

import pytest

from plasticdsl.editor.analysis import Analysis, Deeper, analyse, deeper
from plasticdsl.editor.colouring import Shade, coloured
from plasticdsl.editor.hover import described
from plasticdsl.editor.inlays import inlays
from plasticdsl.editor.knowledge import Knowledge, knowledge
from plasticdsl.editor.lenses import lenses
from plasticdsl.editor.words import said
from plasticdsl.library import library_models, read
from plasticdsl.source import SourceFile
from tests.editor.test_names import MODEL
from tests.syntax.test_colours import TEXTS, by_grammar

Whole = tuple[Analysis, Knowledge, Deeper]


@pytest.fixture(scope="module")
def song_abbott() -> Whole:
    path = library_models()["networks/song_abbott"]
    analysis = analyse(read(path), path.parent)
    return analysis, knowledge(analysis, analysis.source.text), deeper(analysis.checked)


def hover(whole: Whole, before: str, name: str) -> str:
    analysis, known, deep = whole
    found = described(known, deep, analysis.source.text.index(before + name) + len(before))
    assert found is not None
    assert analysis.source.text[found.span.start : found.span.end] == name
    return found.text


@pytest.mark.parametrize(
    ("before", "name", "words"),
    [
        ("= ", "E_L", ["E_L = −70 mV", "parameter of neuron LIF", "voltage in mV", "= −70 mV"]),
        ("1.05 ", "A₊", ["A₊ = 0.005", "a pure number", "= 0.005"]),
        ("    ", "A₋", ["= 0.00525"]),
        ("τ_m d", "V", ["state of neuron LIF", "in mV", "exponential Euler", "dV/dt = "]),
        ("τ_ex d", "g_ex", ["exact propagator for g_ex"]),
        ("Δw = w_max ", "F", ["derived from the learning window", "one value per presynaptic unit", "one value per postsynaptic unit"]),
        ("with ", "STDP", ["rule STDP", "when presynaptic spikes arrive"]),
        ("rule ", "STDP", ["rule STDP"]),
        ("    ", "ex", ["ex = inputs → cell", "all to all"]),
        ("    ", "cell", ["cell = 1 LIF", "spikes when V > V_θ"]),
        ("    ", "r_ex", ["r_ex = 10 Hz", "rate in Hz"]),
        ("1000 Poisson(rate = ", "r_ex", ["r_ex = 10 Hz"]),
    ],
)
def test_a_name_is_described(song_abbott: Whole, before: str, name: str, words: list[str]) -> None:
    text = hover(song_abbott, before, name)
    for word in words:
        assert word in text, text


def test_comments_and_values_of_populations_are_shown() -> None:
    text = "neuron A:\n    τ = 20 ms  # how fast\n    τ dV/dt = −V\n\nnetwork N:\n    E = 3 A(τ = 5 ms)\n    F = 2 A, τ ~ U(1 ms, 2 ms)\n"
    analysis = analyse(SourceFile("<text>", text))
    found = hover((analysis, knowledge(analysis, text), deeper(analysis.checked)), "    ", "τ")
    for words in ("how fast", "= 20 ms", "in E: 5 ms", "in F: ~ U("):
        assert words in found


@pytest.mark.parametrize(
    ("before", "name", "words", "latex"),
    [
        ("τ_m d", "V", "τₘ dV/dt = E_L − V + gₑₓ (Eₑₓ − V)", r"\frac{\mathrm{d} V}{\mathrm{d} t} = {E}_{\mathrm{L}} - V"),
        ("Δw = w_max ", "F", r"F(Δt) = { A₊ exp(Δt/τ₊) if Δt < 0; −A₋ exp(−Δt/τ₋) otherwise }", r"\begin{cases}"),
        ("rule ", "STDP", r"for all pairs of spikes: Δw = wₘₐₓ F(tₚᵣₑ − tₚₒₛₜ)", r"$\Delta w = {w}_{\max}"),
    ],
)
def test_formulas_are_set(song_abbott: Whole, before: str, name: str, words: str, latex: str) -> None:
    _, known, deep = song_abbott
    text = TEXTS["networks/song_abbott"]
    offset = text.index(before + name) + len(before)
    plain, set_by_latex = (described(known, deep, offset, latex=way) for way in (False, True))
    assert plain is not None
    assert set_by_latex is not None
    assert words in plain.text
    assert latex in set_by_latex.text


def test_numbers_are_not_said_twice(song_abbott: Whole) -> None:
    assert hover(song_abbott, "    ", "E_L").count("E") == 1


def test_a_broken_block_is_described_as_it_was() -> None:
    good = "neuron A:\n    τ = 20 ms\n    τ dV/dt = −V\n"
    bad = "neuron A:\n    τ = 20 ms\n    x = (3 +\n    τ dV/dt = −V\n"
    before = analyse(SourceFile("<text>", good))
    known = knowledge(before, bad)
    found = described(known, None, bad.index("τ dV"))
    assert found is not None
    assert "= 20 ms" in found.text
    assert bad[found.span.start : found.span.end] == "τ"
    assert described(known, None, bad.index("x =")) is None


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("neuron A:\n    x = 3 mV/ms\n", "mV/ms", "voltage per time"),
        ("neuron A:\n    spike when x > 1\n", "when", "becomes true"),
        ("neuron A:\n    x = exp(3)\n", "exp", "exponential"),
        ("experiment E on N:\n    record rate(A)\n", "rate", "Spikes for each unit"),
        ("experiment E on N:\n    record rate(A)\n", "record", "kept of a run"),
        ("synapse S:\n    on pre: post.g += w\n", "pre", "presynaptic"),
        ("network N:\n    S = 3 Poisson(rate = 2 Hz)\n", "Poisson", "spike by chance"),
    ],
)
def test_words_units_and_built_in_names_are_described(text: str, at: str, words: str) -> None:
    found = said(analyse(SourceFile("<text>", text)), text.index(at) + 1)
    assert found is not None
    assert words in found.text


def test_units_that_nobody_wrote_are_shown() -> None:
    text = MODEL
    analysis = analyse(SourceFile("<text>", text))
    found = {}
    for one in inlays(analysis, knowledge(analysis, text), 0, len(text)):
        begin = text.rfind("\n", 0, one.offset) + 1
        found[text[begin : one.offset].strip()] = one.text
    assert found == {"twice": ": mV", "τ_m dV/dt": " (V: mV)", "10 ms dg/dt": " (g: mV)", "total": ": mV"}


def test_each_word_has_the_colour_that_the_grammar_gives_it() -> None:
    text = TEXTS["networks/song_abbott"]
    analysis = analyse(SourceFile("<text>", text))
    shades = {"keyword": {Shade.KEYWORD}, "unit": {Shade.UNIT}, "name": {*Shade} - {Shade.KEYWORD, Shade.UNIT, Shade.NUMBER}}
    found = {(c.span.start, text[c.span.start : c.span.end]): c.shade for c in coloured(analysis, ())}
    for begin, word, what in by_grammar(text):
        if (begin, word) in found:
            assert found[begin, word] in shades[what]
    assert sum((begin, word) in found for begin, word, _ in by_grammar(text)) > 200


@pytest.mark.parametrize(
    ("before", "name", "shade", "declaration"),
    [
        ("neuron ", "Cell", Shade.BLOCK, True),
        ("like ", "Cell", Shade.BLOCK, False),
        ("    ", "τ_m", Shade.CONSTANT, True),
        ("τ_m d", "V", Shade.STATE, True),
        ("hold ", "V", Shade.STATE, False),
        ("input ", "I", Shade.ARGUMENT, True),
        ("function ", "σ", Shade.FUNCTION, True),
        ("y = ", "σ", Shade.FUNCTION, False),
        ("exp(−", "a", Shade.ARGUMENT, False),
        ("+ ", "exp", Shade.FUNCTION, False),
        ("rate(", "E", Shade.POPULATION, False),
        ("off for ", "ex", Shade.PROJECTION, False),
        ("event ", "burst", Shade.EVENT, True),
        ("phase ", "warm", Shade.EVENT, True),
        ("over ", "E", Shade.POPULATION, False),
        ("each p in ", "ξ", Shade.DATA, False),
    ],
)
def test_names_have_the_colour_of_what_they_are(before: str, name: str, shade: Shade, declaration: bool) -> None:
    analysis = analyse(SourceFile("<text>", MODEL))
    begin = MODEL.index(before + name) + len(before)
    (found,) = [c for c in coloured(analysis, (knowledge(analysis, MODEL),)) if c.span.start == begin]
    assert (MODEL[begin : found.span.end], found.shade, found.declaration) == (name, shade, declaration)


def test_experiments_are_run_and_tested_at_a_click() -> None:
    assert [(one.deed, one.name) for one in lenses(analyse(SourceFile("<text>", MODEL)))] == [
        ("run", "Run"),
        ("test", "Run"),
        ("run", "Again"),
        ("test", "Again"),
    ]
