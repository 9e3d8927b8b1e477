r"""A document as LaTeX: a file for pdflatex with amsmath, booktabs, longtable and TikZ, and what is cited with the keys of BibTeX."""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.document.description import Cell, Diagram, Document, Inline, Line, Mono, Section, Table, Words
from plasticdsl.document.latex import formula, text_of
from plasticdsl.document.layout import Box, Curve, caption, drawing
from plasticdsl.document.references import in_words, keys

_HEAD = r"""\documentclass[a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{amsmath}
\usepackage{amssymb}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage{array}
\usepackage[margin=2cm]{geometry}
\usepackage{tikz}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1\linewidth}}
"""
#: How wide the columns of a table are, by their number.
_WIDTHS = {1: (0.95,), 2: (0.22, 0.72), 3: (0.22, 0.34, 0.34), 4: (0.13, 0.19, 0.19, 0.39), 5: (0.13, 0.25, 0.09, 0.24, 0.19)}
#: Widest diagram in points of its own that is drawn at full size.
_PER_CENTIMETRE, _WIDEST = 40.0, 16.5


def tex(document: Document) -> str:
    """The whole file."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield _HEAD
    yield rf"\title{{{text_of(document.title)}}}"
    yield "\\author{}\n\\date{}\n\\begin{document}\n\\maketitle\n"
    yield from (_line(paragraph) + "\n" for paragraph in document.paragraphs)
    for section in document.sections:
        yield from _section(section)
    if document.references:
        yield r"\begin{thebibliography}{99}"
        for key, reference in zip(keys(document.references), document.references, strict=True):
            yield rf"\bibitem{{{key}}} {text_of(in_words(reference))}."
        yield r"\end{thebibliography}"
    yield r"\end{document}"


def _section(section: Section) -> Iterator[str]:
    yield rf"\section*{{{text_of(section.title)}}}"
    yield from (_line(paragraph) + "\n" for paragraph in section.paragraphs)
    if section.diagram is not None and section.diagram.nodes:
        yield from _picture(section.diagram)
    for table in section.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    columns = "".join(f"L{{{width}}}" for width in _WIDTHS[len(table.head)])
    yield rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}"
    head = " & ".join(text_of(head) for head in table.head) + r" \\ \midrule" if any(table.head) else ""
    yield rf"\multicolumn{{{len(table.head)}}}{{@{{}}l}}{{\textbf{{{text_of(table.caption)}}}}} \\ \toprule {head} \endfirsthead"
    yield rf"\toprule {head} \endhead"
    for row in table.rows:
        yield " & ".join(_cell(cell) for cell in row) + r" \\"
    yield "\\bottomrule\n\\end{longtable}"


def _cell(cell: Cell) -> str:
    return r" \newline ".join(_line(line) for line in cell)


def _line(line: Line) -> str:
    return "".join(_inline(part) for part in line)


def _inline(part: Inline) -> str:
    match part:
        case Words(text):
            return text_of(text)
        case Mono(text):
            return rf"\texttt{{{text_of(text)}}}"
        case _:
            return rf"$\displaystyle {formula(part)}$"


# --- the diagram -----------------------------------------------------------------------------------------------------


def _picture(diagram: Diagram) -> Iterator[str]:
    plane = drawing(diagram)
    scale = min(1.0 / _PER_CENTIMETRE, _WIDEST / plane.width)
    shrunk = scale * _PER_CENTIMETRE
    size = "" if shrunk > 0.99 else rf", every node/.append style={{scale={max(shrunk, 0.3):.2f}}}"
    yield rf"\begin{{center}}\begin{{tikzpicture}}[x={scale:.5f}cm, y=-{scale:.5f}cm, >=latex{size}]"
    yield from map(_arrow, plane.curves)
    yield from map(_box, plane.boxes)
    yield from (_label(curve) for curve in plane.curves if curve.label)
    yield r"\end{tikzpicture}\end{center}"


def _box(box: Box) -> str:
    left, top, right, bottom = box.x - box.width / 2, box.y - box.height / 2, box.x + box.width / 2, box.y + box.height / 2
    corners = "14pt" if box.node.source else "2pt"
    words = rf"\textbf{{{text_of(box.node.title)}}}" + (rf"\\ \scriptsize {text_of(caption(box.node))}" if caption(box.node) else "")
    frame = rf"\draw[rounded corners={corners}, fill=black!5] ({left:.1f},{top:.1f}) rectangle ({right:.1f},{bottom:.1f});"
    return rf"{frame} \node[align=center] at ({box.x:.1f},{box.y:.1f}) {{{words}}};"


def _arrow(curve: Curve) -> str:
    points = [f"({x:.1f},{y:.1f})" for x, y in curve.points]
    way = "".join(f" .. controls {b} and {c} .. {d}" for b, c, d in zip(points[1::3], points[2::3], points[3::3], strict=True))
    return rf"\draw[->, {'thick, orange!80!black' if curve.plastic else 'black!70'}] {points[0]}{way};"


def _label(curve: Curve) -> str:
    words = rf"\scriptsize {text_of(curve.label)}"
    return rf"\node[fill=white, inner sep=1pt] at ({curve.at[0]:.1f},{curve.at[1]:.1f}) {{{words}}};"
