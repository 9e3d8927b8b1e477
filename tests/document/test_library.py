"""Round trip: every number that the text of a library model holds is in its document, and in what is written of it."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from pygments.token import Number

import plasticdsl
from plasticdsl.document.describe_blocks import block_section, functions_section
from plasticdsl.document.describe_experiments import experiment_sections
from plasticdsl.document.describe_networks import network_section
from plasticdsl.document.description import Document
from plasticdsl.document.formula import Row, digits_in
from plasticdsl.document.html import page
from plasticdsl.document.layout import Box, drawing
from plasticdsl.document.markdown import markdown
from plasticdsl.document.mathml import math
from plasticdsl.document.pdf import latex_program, pdf
from plasticdsl.document.svg import text as picture
from plasticdsl.document.tex import tex
from plasticdsl.document.written import written
from plasticdsl.highlight import PlasLexer
from plasticdsl.library import library_models
from plasticdsl.model import Network
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.numbers import digits
from plasticdsl.syntax.parser import parse
from tests.markup import Page

#: How many elements stand in one of MathML.
_ARITY = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2, "msqrt": 1}


def values(text: str) -> list[float]:
    return [float(part) for part in digits(text).split("/")]


def numbers_of(path: Path) -> Counter[float]:
    """As the colours of the text know them, which know no grammar."""
    tokens = PlasLexer().get_tokens(path.read_text(encoding="utf-8"))
    return Counter(value for kind, part in tokens if kind in Number for value in values(part))


def formulas(value: object) -> Iterator[object]:
    if type(value).__module__ == Row.__module__:
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from formulas(part)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from formulas(getattr(value, name))


def documented(name: str) -> Document:
    return plasticdsl.load(name).document


@pytest.mark.parametrize("name", library_models())
def test_every_number_is_there(name: str) -> None:
    document = documented(name)
    wanted = numbers_of(library_models()[name])
    written = Counter(digits_in(document))
    assert not wanted - Counter(value for text, count in written.items() for value in values(text) * count)
    shown = Page(page(document))
    plain = Counter({text: count for text, count in written.items() if "e" not in text.lower()})
    assert not plain - Counter(shown.inside["mn"])
    for text in (tex(document), markdown(document)):
        assert not [number for number in plain if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", text)]


@pytest.mark.parametrize("name", ["networks/song_abbott", "networks/wang_decision", "molecules/spine_plasticity", "networks/digits"])
def test_what_is_written_is_well_formed(name: str) -> None:
    document = documented(name)
    for formula in formulas(document):
        for element in math(formula).iter():
            assert len(element) == _ARITY.get(element.tag, len(element)), element.tag
    text = tex(document)
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert text.count(r"\left") - text.count(r"\leftarrow") == text.count(r"\right") - text.count(r"\rightarrow") - text.count(
        r"\rightleftharpoons"
    )
    assert sorted(re.findall(r"\\begin\{(\w+)\}", text)) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    for line in markdown(document).split("\n"):
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 5, 6)
    for section in document.sections:
        if section.diagram is not None:
            drawn: Element = fromstring(picture(section.diagram))
            assert len(drawn.findall(".//{*}rect")) == 1 + len(section.diagram.nodes)


def _log(text: str, folder: Path) -> str:
    """What LaTeX says of a text, the second time."""
    program = latex_program()
    assert program is not None
    (folder / "model.tex").write_text(text, encoding="utf-8")
    for _ in range(2):
        subprocess.run([program, "-interaction=nonstopmode", "-halt-on-error", "model.tex"], cwd=folder, capture_output=True, check=True)
    return (folder / "model.log").read_text(encoding="utf-8", errors="replace")


def _faults(log: str) -> list[str]:
    """Lines and pages that are too full by more than a hair, and letters that no font has."""
    full = [found[0] for found in re.finditer(r"Overfull \\[hv]box \((\d+)\.\d+pt.*", log) if int(found[1]) > 0]
    return full + re.findall(r"Missing character.*|LaTeX Warning: Reference.*undefined", log)


#: A neuron, molecules with long formulas, cases with long conditions, and letters with marks.
_HARD = ["neurons/cable", "molecules/camkii", "networks/wang_decision", "rules/orchestrated"]


@pytest.mark.skipif(latex_program() is None, reason="no LaTeX is installed")
@pytest.mark.parametrize("name", _HARD)
def test_lines_end_on_the_page(name: str, tmp_path: Path) -> None:
    assert not _faults(_log(tex(documented(name)), tmp_path))


@pytest.mark.slow
@pytest.mark.skipif(latex_program() is None, reason="no LaTeX is installed")
@pytest.mark.parametrize("name", library_models())
def test_latex_makes_a_pdf(name: str, tmp_path: Path) -> None:
    text = tex(documented(name))
    assert not _faults(_log(text, tmp_path))
    assert pdf(text).startswith(b"%PDF")


@pytest.mark.parametrize("name", library_models())
def test_latex_has_every_letter(name: str) -> None:
    """A letter that LaTeX has no command for is a question mark, and none of the library has one."""
    text = library_models()[name].read_text(encoding="utf-8")
    assert tex(documented(name)).count("?") <= text.count("?") * 2


@pytest.mark.parametrize("name", library_models())
def test_arrows_go_through_no_box(name: str) -> None:
    for section in documented(name).sections:
        plane = drawing(section.diagram) if section.diagram is not None else None
        for curve in plane.curves if plane is not None else ():
            assert not [b.node.title for b in plane.boxes for x, y in along(curve.points) if inside(b, x, y)], curve.label


def along(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Points of a curve of Bézier."""
    for number in range(0, len(points) - 1, 3):
        a, b, c, d = points[number : number + 4]
        for t in (k / 50 for k in range(51)):
            x, y = ((1 - t) ** 3 * a[i] + 3 * (1 - t) ** 2 * t * b[i] + 3 * (1 - t) * t**2 * c[i] + t**3 * d[i] for i in (0, 1))
            yield x, y


def inside(box: Box, x: float, y: float) -> bool:
    """Where an arrow begins or ends it touches its box."""
    return abs(x - box.x) < box.width / 2 - 0.5 and abs(y - box.y) < box.height / 2 - 0.5


def test_every_construct_of_the_language_has_its_place() -> None:
    """The sample that has everything once means nothing, so there is no model of it; what was written is set all the same."""
    path = Path(__file__).parents[1] / "syntax" / "samples" / "everything.plas"
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    text, file = written(source), parse(source)
    blocks = [item for item in file.items if isinstance(item, tree.Block)]
    sections = [block_section(b, None, text) for b in blocks if b.kind in ("neuron", "synapse", "rule")]
    sections += [network_section(b, Network(b.name.name, "", (), (), ()), text) for b in blocks if b.kind == "network"]
    sections += experiment_sections([b for b in blocks if b.kind == "experiment"], text)
    sections.append(functions_section((item, text) for item in file.items if isinstance(item, tree.Function)))
    missing = numbers_of(path) - Counter(value for number in digits_in(tuple(sections)) for value in values(number))
    assert not missing
