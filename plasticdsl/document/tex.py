r"""A document as LaTeX: a file for pdflatex with amsmath, booktabs, longtable and TikZ, and what is cited with the keys of BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from plasticdsl.document.description import Diagram, Document, Inline, Line, Mono, Section, Table, Words
from plasticdsl.document.latex import formula, is_high, text_of
from plasticdsl.document.layout import Box, Curve, caption, drawing
from plasticdsl.document.plain import plain
from plasticdsl.document.references import in_words, keys

_HEAD = r"""\documentclass[a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{} % letters that are drawn, not dots
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
\setlength{\emergencystretch}{3em}
\setlength{\LTleft}{0pt}
\setlength{\LTright}{\fill}
% columns, and the conditions of cases, whose lines do not touch
\newcommand{\ragged}{\raggedright\lineskiplimit=2pt\lineskip=3pt\arraybackslash}
\newcolumntype{L}[1]{>{\ragged}p{#1\linewidth}}
\newcolumntype{C}{>{\ragged}p{0.6\linewidth}}
\newenvironment{broken}{\left\{\begin{array}{@{}l@{\quad}C@{}}}{\end{array}\right.}
% what is wider than its column becomes as wide as that
\newsavebox{\wide}
\newcommand{\fitted}[1]{\sbox{\wide}{$\displaystyle #1$}%
  \ifdim\wd\wide>\linewidth\resizebox{\linewidth}{!}{\usebox{\wide}}\else\usebox{\wide}\fi}
"""
#: Letters of tables that a line holds, and how many the blank between two columns is wide.
_LETTERS, _BETWEEN = 92.0, 2.4
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
            yield rf"\bibitem{{{key}}} {_in_words(_with_dashes(in_words(reference)))}."
        yield r"\end{thebibliography}"
    yield r"\end{document}"


def _with_dashes(reference: str) -> str:
    """From page to page there is a dash."""
    return re.sub(r"(:\w+)-(\w+)$", r"\1–\2", reference)


def _section(section: Section) -> Iterator[str]:
    yield rf"\section*{{{text_of(section.title)}}}"
    yield from (_line(paragraph) + "\n" for paragraph in section.paragraphs)
    if section.diagram is not None and section.diagram.nodes:
        yield from _picture(section.diagram)
    for table in section.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    widths = _widths(table)
    columns = "".join(f"L{{{width / _LETTERS:.3f}}}" for width in widths)
    yield rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}"
    head = " & ".join(text_of(head) for head in table.head) + r" \\ \midrule" if any(table.head) else ""
    yield rf"\multicolumn{{{len(table.head)}}}{{@{{}}l}}{{\textbf{{{text_of(table.caption)}}}}} \\* \toprule {head} \endfirsthead"
    yield rf"\toprule {head} \endhead"
    yield from _rows(table, widths)
    yield "\\bottomrule\n\\end{longtable}"


def _rows(table: Table, widths: Sequence[float]) -> Iterator[str]:
    """Each line of a cell in a row of its own, as LaTeX goes on to the next page between rows alone; two of them stay together where a cell begins."""
    lines = [(number, line) for row in table.rows for number, line in enumerate(zip_longest(*row, fillvalue=()))]
    for (number, line), (following, below) in pairwise([*lines, (0, ())]):
        cells = " & ".join(_line(part, int(width)) for part, width in zip(line, widths, strict=True))
        blank = 3 if any(is_high(part) for one in (*line, *below) for part in one if not isinstance(part, Words | Mono)) else 1
        yield rf"{cells} \\{'*' if number == 0 and following else ''}" + (rf" \addlinespace[{blank}pt]" if below else "")


def _widths(table: Table) -> list[float]:
    """Of the columns, in letters: what stands in a column fits where there is room for all; what is too wide shares the rest."""
    columns = ([(Words(head),), *(line for row in table.rows for line in row[number])] for number, head in enumerate(table.head))
    wanted = [float(max(len(_plain(line)) for line in column)) for column in columns]
    room = _LETTERS - _BETWEEN * (len(wanted) - 1)
    wanted = [min(1.15 * letters + 1.5, room) for letters in wanted]
    found = [0.0] * len(wanted)
    waiting = sorted(range(len(wanted)), key=lambda number: wanted[number])
    while waiting:
        number = waiting.pop(0)
        found[number] = min(wanted[number], room / (len(waiting) + 1))
        room -= found[number]
    found[-1] += room if len(found) == 2 else 0.0
    return [width + room / len(found) for width in found] if len(found) > 2 else found


def _plain(line: Line) -> str:
    return "".join(part.text if isinstance(part, Words | Mono) else plain(part) for part in line)


def _line(line: Line, width: int | None = None) -> str:
    return "".join(_inline(part, width) for part in line)


def _inline(part: Inline, width: int | None = None) -> str:
    match part:
        case Words(text):
            return _in_words(text)
        case Mono(text):
            return rf"\texttt{{{_in_words(text)}}}"
        case _:
            return rf"$\displaystyle {formula(part, width)}$"


def _in_words(text: str) -> str:
    """Names of files and addresses break where no word does."""
    return re.sub(r"(?<=\S{6})(\\_|/)(?=\S{4})", r"\1\\allowbreak{}", text_of(text))


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
