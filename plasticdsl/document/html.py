"""A document as HTML: one file without anything else, formulas in MathML and diagrams in SVG; or a piece of it, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from plasticdsl.document.description import Cell, Document, Inline, Line, Mono, Section, Table, Words
from plasticdsl.document.mathml import math
from plasticdsl.document.references import bibtex, in_words
from plasticdsl.document.svg import element as picture
from plasticdsl.markup import Content, node, table, text_of

_STYLE = """
body { font-family: sans-serif; line-height: 1.45; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #111; background: #fff; }
table { border-collapse: collapse; margin: 0.6em 0 1.4em; }
caption { text-align: left; font-weight: bold; padding-bottom: 0.3em; }
th, td { border-top: 1px solid #bbb; padding: 0.3em 0.8em 0.3em 0; }
math { font-size: 1.05em; }
pre { overflow-x: auto; background: #f5f5f5; padding: 0.8em; }
"""


def page(document: Document) -> str:
    """A file of its own."""
    head = node("head", node("meta", charset="utf-8"), node("title", document.title), node("style", _STYLE))
    body = node("body", node("h1", document.title), *_paragraphs(document.paragraphs))
    body.extend(part for section in document.sections for part in _section(section, "h2"))
    body.extend(_references(document))
    return f"<!DOCTYPE html>\n{text_of(node('html', head, body, lang='en'))}\n"


def piece(document: Document) -> str:
    """For notebooks: networks and blocks; experiments, integrators and references fold out."""
    found = node("div", node("h3", document.title), *_paragraphs(document.paragraphs))
    shown = [s for s in document.sections if s.kind in ("network", "block")]
    folded = [s for s in document.sections if s.kind not in ("network", "block")]
    found.extend(part for section in shown for part in _section(section, "h4"))
    if folded:
        found.append(_folded("Experiments and numerics", [part for section in folded for part in _section(section, "h4")]))
    references = list(_references(document))
    if references:
        found.append(_folded("References", references[1:]))
    return text_of(found)


def blocks(sections: Iterable[Section]) -> str:
    """The tables of some sections, without their titles."""
    return text_of(
        node("div", *(part for section in sections for part in (*_paragraphs(section.paragraphs), *map(_table, section.tables))))
    )


def _folded(title: str, parts: Iterable[Element]) -> Element:
    return node("details", node("summary", title), *parts)


def _paragraphs(lines: Iterable[Line]) -> Iterator[Element]:
    return (node("p", *map(_inline, line)) for line in lines)


def _section(section: Section, heading: str) -> Iterator[Element]:
    yield node(heading, section.title)
    yield from _paragraphs(section.paragraphs)
    if section.diagram is not None and section.diagram.nodes:
        yield node("p", picture(section.diagram))
    yield from map(_table, section.tables)


def _table(written: Table) -> Element:
    rows = ([_cell(cell) for cell in row] for row in written.rows)
    made = table(written.head if any(written.head) else (), rows)
    made.insert(0, node("caption", written.caption, style="text-align: left; font-weight: bold; white-space: nowrap"))
    return made


def _cell(cell: Cell) -> Content:
    return node("div", *(node("div", *map(_inline, line), style="padding: 0.12em 0") for line in cell))


def _inline(part: Inline) -> Content:
    match part:
        case Words(text):
            return text
        case Mono(text):
            return node("code", text)
        case _:
            return math(part)


def _references(document: Document) -> Iterator[Element]:
    if document.references:
        yield node("h2", "References")
        yield node("ul", *(node("li", in_words(reference)) for reference in document.references))
        yield node("details", node("summary", "BibTeX"), node("pre", bibtex(document.references)))
