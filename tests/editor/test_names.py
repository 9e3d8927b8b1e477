"""Where names are declared and used, by what the compiler itself looked up; `«…»` marks the places that belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from plasticdsl.diagnostics.diagnostic import Severity
from plasticdsl.editor import built_in
from plasticdsl.editor.analysis import Analysis, analyse
from plasticdsl.editor.names import Names, names
from plasticdsl.editor.renaming import CannotRename, renamed
from plasticdsl.editor.structure import symbols
from plasticdsl.editor.text import applied
from plasticdsl.library import library_models, read
from plasticdsl.source import SourceFile, Span

MODEL = """
use LIF as Borrowed from "neurons/lif"

function σ(a, b) = 1/(1 + exp(−a/b))

neuron Cell:
    τ_m = 20 ms
    E_L = −70 mV
    V_θ = −50 mV
    twice = 2 E_L
    input I : mV
    τ_m dV/dt = E_L − V + I + noise(V) + g
    10 ms dg/dt = −g
    noise(v) = 0·v
    V(0) = E_L
    refractory 2 ms, hold V
    method: Euler for g
    output y = σ(V/1 mV, 2)
    event burst when V > 2 V_θ
    spike when V > V_θ:
        V → E_L

neuron Finer like Cell:
    τ_m = 10 ms

synapse Kick:
    on pre: post.g += w
    on burst of post: post.g += w

synapse Smooth:
    post.I = Σ w_ij y_j·1 mV

rule Learn(teacher):
    η = 0.1
    E_0 = 1 mV
    10 ms dr/dt = −r
    on pre:
        r += 1
    on post:
        w += η r (teacher.V + E_0)·1e-3

rule Window:
    A₊ = 0.01
    w ∈ [0, 1]
    on all pairs: Δw = A₊ F(t_post − t_pre)
    F(Δt) = exp(−abs(Δt)/10 ms)
    truncate F at 100 ms

network Net:
    n = 5
    E = n Cell(τ_m = 15 ms), V_θ ~ N(−50 mV, 1 mV), V(0) = −60 mV
    D = 1 Finer
    B = 2 Borrowed
    some = E[1 to 2]
    some.E_L = −71 mV
    ex = E → E: Kick with Learn(teacher = D[1], η = 0.2), where i < j and pre in some, w = 1 mV
    sm = some → D: Smooth, w = 1
    wi = E → D: Window, w = 0.5
    ξ = 3 random patterns of {−1, 1} over E
    total = Σ_i E.V_i
    m_μ = Σ_i ξ_μi E.y_i

experiment Run on Net:
    dt = 0.1 ms
    data d
    n = 6
    Cell.τ_m = 12 ms
    sweep Learn.η in [0.1, 0.2]
    phase warm for 10 ms:
        E.I = 1 mV
        rules off for ex
    phase shown for each p in ξ for 5 ms each:
        E.I = p·1 mV
    record mean(E.V) as mean_V
    record rate(E, 5 ms) every 1 ms in phase warm
    expect mean_V > −80 mV
    expect total < 0 mV in phase warm

experiment Again like Run
"""


def known_of(*analyses: Analysis) -> Names:
    sources = {path: source for a in analyses for path, source in a.checked.sources.items()}
    return names([m for a in analyses for m in a.checked.mentions], sources)


@pytest.fixture(scope="module")
def model() -> tuple[Analysis, Names]:
    analysis = analyse(SourceFile("<text>", MODEL))
    assert [d for d in analysis.checked.diagnostics if d.severity is Severity.ERROR] == []
    return analysis, known_of(analysis)


def place(text: str, snippet: str) -> int:
    """Where `«` stands in a snippet of the text."""
    plain = snippet.replace("«", "")
    assert text.count(plain) == 1, plain
    return text.index(plain) + snippet.index("«")


def lines_of(text: str, spans: tuple[Span, ...]) -> list[str]:
    return [text[text.rfind("\n", 0, s.start) + 1 : s.start].lstrip() + "«" + text[s.start : s.end] for s in spans if s.path == "<text>"]


@pytest.mark.parametrize(
    ("snippet", "declared", "count"),
    [
        ("    «E_L = −70 mV", "«E_L", 6),
        ("    τ_m dV/dt = «E_L − V + I", "«E_L", 6),
        ("«τ_m dV/dt", "«τ_m + «τ_m", 5),
        ("τ_m d«V/dt", "τ_m d«V", 13),
        ("hold «V", "τ_m d«V", 13),
        ("for «g", "10 ms d«g", 6),
        ("noise(«V)", "τ_m d«V", 13),
        ("«noise(V)", "«noise", 2),
        ("noise(v) = 0·«v", "noise(«v", 2),
        ("y = «σ(V", "function «σ", 2),
        ("exp(−«a/b)", "function σ(«a", 2),
        ("neuron Finer like «Cell", "neuron «Cell", 4),
        ("on «burst of post", "event «burst", 2),
        ("on pre: post.«g", "10 ms d«g", 6),
        ("post.«I = Σ", "input «I", 5),
        ("Σ «w_ij", "post.I = Σ «w", 2),
        ("Learn(«teacher = D", "rule Learn(«teacher", 3),
        ("r («teacher.V", "rule Learn(«teacher", 3),
        ("teacher.«V", "τ_m d«V", 13),
        ("Learn(teacher = «D[1]", "«D", 4),
        ("«η = 0.2", "«η", 4),
        ("Learn.«η in", "«η", 4),
        ("sweep «Learn", "rule «Learn", 3),
        ("Δw = «A₊", "«A₊", 2),
        ("truncate «F", "«F", 3),
        ("E = «n Cell", "«n", 3),
        ("    «n = 6", "«n", 3),
        ("Cell(«τ_m = 15", "«τ_m", 5),
        ("pre in «some", "«some", 4),
        ("    «some.E_L", "«some", 4),
        ("B = 2 «Borrowed", "", 4),
        ("«ξ_μi", "«ξ", 3),
        ("each p in «ξ", "«ξ", 3),
        ("E.I = «p·1", "phase shown for each «p", 2),
        ("in phase «warm\n    expect mean", "phase «warm", 3),
        ("expect «mean_V", "record mean(E.V) as «mean_V", 2),
        ("expect «total", "«total", 2),
        ("Again like «Run", "experiment «Run", 2),
        ("Run on «Net", "network «Net", 2),
        ("off for «ex", "«ex", 2),
        ("    «Cell.τ_m = 12", "neuron «Cell", 4),
        ("«E.V_i", "«E", 12),
    ],
)
def test_a_name_leads_to_its_declaration_and_to_all_its_places(
    model: tuple[Analysis, Names], snippet: str, declared: str, count: int
) -> None:
    _, known = model
    there = known.at("<text>", place(MODEL, snippet))
    assert there is not None
    assert lines_of(MODEL, known.targets[there]) == (declared.split(" + ") if declared else [])
    spelled = {MODEL[s.start : s.end] for s in known.things[there].places if s.path == "<text>"}
    assert len(spelled) == 1 or spelled == {"Borrowed", "LIF"}
    assert len(known.things[there].places) == count


def test_what_is_called_alike_is_not_mixed_up(model: tuple[Analysis, Names]) -> None:
    """The weights of three synapses, and the states `V` of the library and of this file."""
    _, known = model
    kick, smooth, window = (known.at("<text>", place(MODEL, s)) for s in ("on pre: post.g += «w", "Σ «w_ij", "    «w ∈ [0"))
    things = [known.things[p] for p in (kick, smooth, window) if p is not None]
    assert len({thing.places for thing in things}) == 3
    assert "Borrowed" not in {MODEL[s.start : s.end] for t in things for s in t.places if s.path == "<text>"}


def every_place(analysis: Analysis, known: Names) -> list[Span]:
    """One place of each thing that is declared in the text itself."""
    found: dict[tuple[Span, ...], Span] = {}
    for span in known.in_file(analysis.source.path):
        thing = known.things[span]
        if all(d.path == analysis.source.path for d in thing.declared):
            found.setdefault(thing.places, span)
    return list(found.values())


@pytest.mark.parametrize("number", range(12))
def test_whatever_is_renamed_means_the_same(model: tuple[Analysis, Names], number: int) -> None:
    """Every thing of the model; that nothing is wrong afterwards and as many places belong together is what `renamed` makes sure of."""
    analysis, known = model
    for there in every_place(analysis, known)[number::12]:
        if MODEL[there.start : there.end] in ("pre", "post"):
            continue
        edits = renamed(there, "Quite_new", known, [analysis], {})
        after = applied(MODEL, edits["<text>"])
        assert "Quite_new" in after
        again = analyse(SourceFile("<text>", after))
        assert [d for d in again.checked.diagnostics if d.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    ("snippet", "new", "why"),
    [
        ("    «E_L = −70 mV", "V_θ", "error|another thing"),
        ("    «E_L = −70 mV", "if", "reserved word"),
        ("    «E_L = −70 mV", "3x", "is no name"),
        ("    «E_L = −70 mV", "t", "error"),
        ("    «twice = 2", "V", "error|another thing"),
    ],
)
def test_some_names_cannot_be_had(model: tuple[Analysis, Names], snippet: str, new: str, why: str) -> None:
    analysis, known = model
    there = known.at("<text>", place(MODEL, snippet))
    assert there is not None
    with pytest.raises(CannotRename, match=why):
        renamed(there, new, known, [analysis], {})


def test_the_library_stays_as_it_is() -> None:
    text = 'use LIF from "neurons/lif"\n\nnetwork N:\n    E = 3 LIF\n'
    analysis = analyse(SourceFile("<text>", text))
    known = known_of(analysis)
    there = known.at("<text>", text.index("LIF"))
    assert there is not None
    assert [Path(s.path).name for s in known.targets[there]] == ["lif.plas"]
    with pytest.raises(CannotRename, match="library"):
        renamed(there, "Other", known, [analysis], {})


def test_a_block_under_another_name_is_renamed_alone() -> None:
    text = 'use LIF as Cell from "neurons/lif"\n\nnetwork N:\n    E = 3 Cell\n'
    analysis = analyse(SourceFile("<text>", text))
    known = known_of(analysis)
    there = known.at("<text>", text.index("Cell\n"))
    assert there is not None
    assert applied(text, renamed(there, "Neuron", known, [analysis], {})["<text>"]) == text.replace("Cell", "Neuron")


#: What no block declares: what segments measure, numbers of units, and what comes after ‘over’.
_NO_NAMES = frozenset(("area", "diameter", "distance", "i", "j", "k", "time", "repeats"))


@pytest.mark.parametrize("name", library_models())
def test_the_compiler_says_of_nearly_every_name_what_it_is(name: str) -> None:
    """All but units in lists, methods, arrays of files, and names of experiments and phases that nothing else mentions."""
    path = library_models()[name]
    analysis = analyse(read(path), path.parent)
    known = known_of(analysis)
    mine = {(s.start, s.end) for s in known.in_file(analysis.source.path)}
    declared = {s.name_span.start for outer in symbols(analysis) for s in (outer, *outer.inside)}
    total = missing = 0
    for statement in analysis.statements:
        for word in statement.words:
            if word.kind in ("NAME", "CALLED") and word.text not in _NO_NAMES and built_in.meaning(word.text, statement.rule) is None:
                total += 1
                missing += word.span.start not in declared and not any(a < word.span.end and word.span.start < b for a, b in mine)
    assert missing <= 0.12 * total
