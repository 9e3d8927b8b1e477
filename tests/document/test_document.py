"""What a document says of a model: formulas as they were written, tables, what is cited, and where boxes stand."""

from __future__ import annotations

import re

import pytest

import plasticdsl
from plasticdsl.cli import app
from plasticdsl.document.description import Cell, Diagram, Document, Edge, Mono, Node, Section, Table, Words, cell, words
from plasticdsl.document.formula import Digits, Fenced, Row, Upright
from plasticdsl.document.latex import formula, text_of
from plasticdsl.document.layout import drawing
from plasticdsl.document.markdown import markdown
from plasticdsl.document.pdf import NoLatex, pdf
from plasticdsl.document.references import bibtex, in_words, references
from plasticdsl.document.symbols import symbol
from plasticdsl.document.tex import tex
from plasticdsl.document.typeset import COMMA, typeset
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse


def latex(expression: str) -> str:
    """Of the right side of a definition."""
    (block,) = parse(SourceFile("a.plas", f"neuron A:\n    a = {expression}\n")).items
    assert isinstance(block, tree.Block)
    statement = block.body[0]
    assert isinstance(statement, tree.Define)
    return formula(typeset(statement.rhs)).replace(" ", "")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("τ_m", r"{\tau}_{\mathrm{m}}"),
        ("tau_m", r"{\tau}_{\mathrm{m}}"),
        ("τ₊", r"{\tau}_{+}"),
        ("tau_plus", r"{\tau}_{+}"),
        ("A₂₊", r"{A}_{\mathrm{2} +}"),
        ("w_ij", "{w}_{i j}"),
        ("w_max", r"{w}_{\max}"),
        ("g_{ex}", r"{g}_{\mathrm{ex}}"),
        ("x̄", r"\bar{x}"),
        ("Δ_T", r"{\Delta}_{\mathrm{T}}"),
        ("Δt", r"\Delta t"),
        ("Ca_∞", r"{\mathrm{Ca}}_{\infty}"),
        ("image", r"\mathrm{image}"),
        ("größe", r"\mathrm{gr\ddot{o}\text{ß}e}"),
        ("μέση", r"\mathrm{\mu{}\acute{\varepsilon{}}\sigma{}\eta{}}"),
        ("V_höhe", r"{V}_{\mathrm{h\ddot{o}he}}"),
        ("dt", r"\mathrm{d} t"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert formula(symbol(name)) == shown


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("(E − V)/τ", r"\frac{E-V}{\tau}"),
        ("E − V/τ", r"E-\frac{V}{\tau}"),
        ("½ v²", r"\frac{1}{2}\,{v}^{2}"),
        ("exp(−t/τ)", r"\exp\left(-\frac{t}{\tau}\right)"),
        ("e^(−t/τ)", r"{e}^{-t/\tau}"),
        ("√(2 D)", r"\sqrt{2\,D}"),
        ("1e-5 mV/ms", r"10^{-5}\,\mathrm{mV}\,{\mathrm{ms}}^{-1}".replace("{\\mathrm{ms}}", r"\mathrm{ms}")),
        ("post.V", r"{V}^{\mathrm{post}}"),
        ("post.V²", r"{({V}^{\mathrm{post}})}^{2}"),
        ("post.g_ex", r"{g}_{\mathrm{ex}}^{\mathrm{post}}"),
        ("r⁻", "{r}^{-}"),
        ("⟨x⟩_τ", r"{\langlex\rangle}_{\tau}"),
        ("[x − θ]₊", r"{[x-\theta]}_{+}"),
        ("|x|", r"\left\vertx\right\vert"),
        ("Σ_{k ∈ E} w_k", r"\sum_{k\inE}\,{w}_{k}"),
        ("Σ_{j≠i} x_j", r"\sum_{j\nei}\,{x}_{j}"),
        ("∂L/∂w", r"\frac{\partialL}{\partialw}"),
        ("0 if x < 0\n        1 otherwise", r"\begin{cases}0&\text{if}x<0\\1&\text{otherwise}\end{cases}"),
        ("20 % x", r"20\,\%\,x"),
    ],
)
def test_expressions_are_set_as_they_were_written(expression: str, shown: str) -> None:
    assert latex(expression) == shown


MODEL = '''"""A small thing, after Song, Miller & Abbott (2000), Nature Neuroscience 3:919-926."""

neuron LIF:
    """Leaky."""
    τ_m = 20 ms   # time constant
    E = −70 mV
    b = 2 E
    C ~ N(1, 0.1)
    τ_m dV/dt = E − V   # the membrane
    V(0) = E
    spike when V > −54 mV:
        V → −60 mV

synapse Fast:
    on pre:
        post.V += w

rule Rule:
    η = 0.1
    w ∈ [0 mV, 1 mV]
    on post:
        w -= η w + 0.1 mV
    on post:
        w *= 0.5

network Net:
    N = 10
    inputs = 5 Poisson(rate = 10 Hz)
    E = N LIF, V(0) = −65 mV
    ex = inputs → E: Fast with Rule, p = 0.25, w = 0.5 mV, axonal delay = 1.5 ms
    E → E: Fast, p = ½ except self, w = 0.1 mV
    Regular(rate = 3 Hz) → E: Fast, w = 0.2 mV
    part = E[1 to 4]
    m = Σ_i V_i / N

experiment Run on Net:
    dt = 0.2 ms
    phase go for 100 ms:
        rules off for ex
    record E.V every 5 ms
    plot raster(E) over last 50 ms
    expect rate(E) ≈ 3 Hz ± 10 % over last 40 ms

experiment Longer like Run:
    phase go for 900 ms
'''


@pytest.fixture(scope="module")
def document() -> Document:
    return plasticdsl.parse(MODEL).document


def plain(cell: Cell) -> str:
    return "; ".join("".join(p.text if isinstance(p, Words | Mono) else formula(p).replace(" ", "") for p in line) for line in cell)


def rows(document: Document, caption: str) -> list[list[str]]:
    found: list[Table] = [t for s in document.sections for t in s.tables if t.caption == caption]
    assert len(found) == 1
    return [[plain(cell) for cell in row] for row in found[0].rows]


def test_the_tables_of_nordlie(document: Document) -> None:
    assert rows(document, "Summary of Net") == [
        ["populations", "inputs, E"],
        ["connectivity", "probability, except self"],
        ["neuron models", "LIF"],
        ["synapse models", "Fast"],
        ["plasticity", "Rule"],
        ["input", "Poisson"],
    ]
    assert rows(document, "Populations") == [["E", r"LIF; V(0)=-65\,\mathrm{mV}", "N"]]
    assert rows(document, "Input")[0] == [r"\mathrm{inputs}", r"Poisson; \mathrm{rate}=10\,\mathrm{Hz}", "5"]
    assert rows(document, "Input")[1][0] == "—"
    name, source, target, pattern = rows(document, "Connectivity")[0]
    assert (name, source, target) == (r"\mathrm{ex}", r"\mathrm{inputs}", "E")
    assert pattern.split("; ") == [
        "Fast with Rule", "each pair with probability 0.25", r"w=0.5\,\mathrm{mV}", r"axonal delay 1.5\,\mathrm{ms}",
    ]  # fmt: skip
    assert rows(document, "Connectivity")[1][3].split("; ")[1:3] == [
        r"each pair with probability \frac{1}{2}",
        "no connection of a unit with itself",
    ]
    assert rows(document, "Neuron LIF") == [
        ["dynamics", r"{\tau}_{\mathrm{m}}\,\frac{\mathrm{d}V}{\mathrm{d}t}=E-V — the membrane"],
        ["initial values", r"V(0)=E"],
        ["spikes when", r"V>-54\,\mathrm{mV}"],
        ["at a spike", r"V\to-60\,\mathrm{mV}"],
    ]
    assert rows(document, "Rule Rule") == [
        ["bounds", r"w\in[0\,\mathrm{mV},\1\,\mathrm{mV}]"],
        ["at postsynaptic spikes", r"w\tow-(\eta\,w+0.1\,\mathrm{mV}); w\tow\cdot0.5"],
    ]
    assert [row[0] for row in rows(document, "Of the network as a whole")] == ["part", "observable"]


def test_parameters_have_units_meanings_and_places(document: Document) -> None:
    assert rows(document, "Parameters of LIF") == [
        [r"{\tau}_{\mathrm{m}}", "20", r"\mathrm{ms}", "time constant", "line 5"],
        ["E", "-70", r"\mathrm{mV}", "", "line 6"],
        ["b", r"2\,E", "mV", "", "line 7"],
        ["C", r"\simN(1,\0.1)", "1", "", "line 8"],
    ]


def test_integrators_and_experiments(document: Document) -> None:
    assert rows(document, "Numerics of Net") == [["E", "V", "exact propagator"], ["time step", "", r"0.2\,\mathrm{ms} in Run"]]
    assert rows(document, "Experiment Run on Net") == [
        ["step", r"\mathrm{d}t=0.2\,\mathrm{ms}"],
        ["phase go", r"for 100\,\mathrm{ms}; rules off for ex"],
        ["recorded", r"{V}^{\mathrm{E}} every 5\,\mathrm{ms}"],
        ["shown", r"\mathrm{raster}(E) over the last 50\,\mathrm{ms}"],
        ["expected", r"\mathrm{rate}(E)\approx3\,\mathrm{Hz}\pm10\,\% over the last 40\,\mathrm{ms}"],
    ]
    assert rows(document, "Experiments like Run") == [["Longer", r"like Run; phase go: for 900\,\mathrm{ms}"]]


def test_the_diagram_has_every_projection(document: Document) -> None:
    (diagram,) = (s.diagram for s in document.sections if s.diagram is not None)
    assert [(n.title, n.kind, n.size, n.source) for n in diagram.nodes] == [
        ("inputs", "Poisson", "5", True), ("E", "LIF", "N", False), ("Regular", "", "", True),
    ]  # fmt: skip
    assert [(e.source, e.target, e.label, e.plastic) for e in diagram.edges] == [
        ("inputs", "E", "ex", True), ("E", "E", "", False), (diagram.nodes[2].name, "E", "", False),
    ]  # fmt: skip


def test_what_is_cited() -> None:
    text = (
        "After van Rossum, Bi & Turrigiano (2000), J. Neurosci. 20:8812-8821; capacity: Amit, Gutfreund & Sompolinsky (1985), Phys. Rev. "
        "Lett. 55:1530-1533, and (1987), Ann. Phys. 173:30-67. Brette et al. (2007), J. Comput. Neurosci. 23:349-398, benchmark 3. Hebb (1949), The "
        "Organization of Behavior, Wiley; Carlson (2013), Proc. Int. Joint Conf. Neural Networks, doi:10.1109/IJCNN.2013.6706961. As in "
        "Hopfield (1982)."
    )
    found = references([text, text])
    assert [in_words(reference) for reference in found] == [
        "Amit, Gutfreund & Sompolinsky (1985), Phys. Rev. Lett. 55:1530-1533",
        "Amit, Gutfreund & Sompolinsky (1987), Ann. Phys. 173:30-67",
        "Brette et al. (2007), J. Comput. Neurosci. 23:349-398",
        "Carlson (2013), Proc. Int. Joint Conf. Neural Networks, doi:10.1109/IJCNN.2013.6706961",
        "Hebb (1949), The Organization of Behavior, Wiley",
        "van Rossum, Bi & Turrigiano (2000), J. Neurosci. 20:8812-8821",
    ]
    written = bibtex(found)
    assert (
        "@article{amit1985,\n  author = {Amit and Gutfreund and Sompolinsky},\n  year = {1985},\n  journal = {Phys. Rev. Lett.}," in written
    )
    assert "  volume = {20},\n  pages = {8812--8821},\n}" in written
    assert "author = {{van Rossum} and Bi and Turrigiano}" in written
    assert (
        "@book{hebb1949,\n  author = {Hebb},\n  year = {1949},\n  title = {The Organization of Behavior},\n  publisher = {Wiley},\n}"
        in written
    )
    assert "doi = {10.1109/IJCNN.2013.6706961}" in written


def test_texts_in_latex() -> None:
    assert text_of("50 % of τ ≤ 3 µm² & A_1") == r"50 \% of \ensuremath{\tau} \ensuremath{\le} 3 \ensuremath{\mu}m\ensuremath{^{2}} \& A\_1"


def test_letters_with_marks_keep_them() -> None:
    """`w̃` without its mark would be another symbol."""
    assert text_of("with w̃ = w at 5 ∓ √15, größe") == (r"with \ensuremath{\tilde{w}} = w at 5 \ensuremath{\mp} \ensuremath{\surd}15, größe")


def test_symbols_in_prose_are_set_as_in_formulas() -> None:
    said = words("Where d^(3/2) of √(R_m d): [force](force.plas), `V_m`, tests/test_it.py, song_abbott and x_tar; (1 − w)^μ")
    assert plain((said,)).replace(" ", "") == (
        r"Where{d}^{\mathrm{3/2}}of√({R}_{\mathrm{m}}d):force,V_m,tests/test_it.py,song_abbottand{x}_{\mathrm{tar}};(1−w{)}^{\mathrm{\mu{}}}"
    )


def test_what_a_block_is_like_is_shown_too() -> None:
    """The equations of a neuron that is like one of another file are those of the other, and so is the work that they come from."""
    document = plasticdsl.load("cobahh").document
    titles = [section.title for section in document.sections]
    assert titles.index("Neuron Cortical") < titles.index("Neuron Cell")
    assert "neuronal networks of the hippocampus" in " ".join(map(in_words, document.references)).lower()
    assert any(r"{g}_{\mathrm{Na}}" in row[1] for row in rows(document, "Neuron Cortical"))


def test_a_network_says_what_it_is_like() -> None:
    assert rows(plasticdsl.load("hopfield").document, "Summary of Cued") == [
        ["based on", "like Hopfield, with what is written here instead"]
    ]


def test_settings_of_a_table_of_experiments_share_a_line() -> None:
    lines = rows(plasticdsl.load("spine_plasticity").document, "Experiments like Pairing")[0][1].split("; ")
    assert lines[1] == r"settings: N=1, K=0, L=0, {\mathrm{post}}_{\mathrm{at}}=510\,\mathrm{ms}, {I}_{\mathrm{post}}=1\,\mathrm{nA}"


def test_functions_that_several_files_have_are_shown_once() -> None:
    shown = [row[0] for row in rows(plasticdsl.load("spine_plasticity").document, "Functions")]
    assert len([f for f in shown if f.startswith(r"\mathrm{logistic}")]) == 1


def test_tables_of_latex_fit() -> None:
    """Columns are as wide as what stands in them asks for; long lines share what is left, and lines break where formulas do."""
    long = Row((Upright("f"), Fenced("(", Row(tuple(part for k in range(40) for part in (Digits(f"0.{k + 10}"), COMMA))), ")")))
    line = cell((long,), "next")
    text = tex(Document("m", (), (Section("block", "B", (), None, (Table("T", ("a", "b", "c"), ((cell("x"), line, cell("y")),)),)),)))
    widths = [float(width) for width in re.findall(r"L\{([\d.]+)\}", text.split("longtable}{", 1)[1].split("\n")[0])]
    assert widths[0] < 0.1
    assert widths[2] < 0.1
    assert widths[1] > 0.7
    assert sum(widths) + 2 * 2.4 / 92 == pytest.approx(1, abs=0.002)
    assert text.count(r"\allowbreak") == 40
    assert r"y \\* \addlinespace[1pt]" in text  # the second line of a cell is a row of its own
    assert "\n & next &  \\\\\n" in text


def test_arrows_past_boxes_go_through_none() -> None:
    nodes = tuple(Node(name, name, "LIF", "1", False) for name in "abcd")
    edges = tuple(Edge(a, b, f"{a}{b}", False) for a, b in ("ab", "bc", "cd", "ad", "ac", "da", "bb"))
    plane = drawing(Diagram("Net", nodes, edges))
    boxes = {b.node.name: b for b in plane.boxes}
    assert boxes["a"].x < boxes["b"].x < boxes["c"].x < boxes["d"].x
    for curve in plane.curves:
        assert all(0 <= x <= plane.width and 0 <= y <= plane.height for x, y in curve.points)
        for box in plane.boxes:
            if box.node.name not in curve.label:
                for number in range(0, len(curve.points) - 1, 3):
                    a, b, c, d = curve.points[number : number + 4]
                    for t in (k / 50 for k in range(51)):
                        x, y = ((1 - t) ** 3 * a[i] + 3 * (1 - t) ** 2 * t * b[i] + 3 * (1 - t) * t**2 * c[i] + t**3 * d[i] for i in (0, 1))
                        assert abs(x - box.x) > box.width / 2 or abs(y - box.y) > box.height / 2


def test_blocks_that_are_used_are_shown(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.plas").write_text("function f(x) = 2 x\n\nneuron N:\n    τ = 7 ms\n    τ dv/dt = −f(v)\n\nneuron Other:\n    a = 3\n")
    main = tmp_path / "main.plas"
    main.write_text('use "own"\n\nnetwork Net:\n    n = 2 N\n')
    text = markdown(plasticdsl.load(str(main)).document)
    assert "own.plas:4" in text
    assert "Other" not in text
    assert "$f" in text
    for ending in ("md", "html", "tex"):
        assert app.status(["show", str(main), "-o", str(tmp_path / f"out.{ending}")]) == 0
        assert (tmp_path / f"out.{ending}").stat().st_size > 500
    assert "](out-Net.svg)" in (tmp_path / "out.md").read_text()
    assert (tmp_path / "out-Net.svg").read_text().startswith("<svg")
    assert app.status(["show", str(main), "-o", str(tmp_path / "out.docx")]) == 2
    assert "ends in none of .md, .tex, .html, .pdf" in capsys.readouterr().err


def test_without_latex_there_is_no_pdf(monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoLatex, match="no LaTeX is installed"):
        pdf("")
    assert app.status(["show", "lif", "-o", str(tmp_path / "out.pdf")]) == 2
    assert not (tmp_path / "out.pdf").exists()
    assert "no LaTeX is installed" in capsys.readouterr().err


def test_a_name_behind_a_number_is_typeset_as_a_name() -> None:
    """Not upright, as the unit would be."""
    made = plasticdsl.parse("neuron Cell:\n    A = 3\n    y = 1.5 A\n    10 ms dx/dt = y − x\nnetwork Net:\n    E = 2 Cell\n").document
    assert r"1.5\,A" in rows(made, "Parameters of Cell")[1]
