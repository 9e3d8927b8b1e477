"""Round trip: every number that the text of a library model holds is in its document, and in what is written of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
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


@pytest.mark.slow
@pytest.mark.skipif(latex_program() is None, reason="no LaTeX is installed")
@pytest.mark.parametrize("name", library_models())
def test_latex_makes_a_pdf(name: str) -> None:
    assert pdf(tex(documented(name))).startswith(b"%PDF")


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
