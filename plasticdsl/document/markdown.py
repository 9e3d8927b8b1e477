"""A document as Markdown, with formulas in LaTeX between dollar signs, and pictures beside it.

Tables are those of GitHub's Markdown: a cell is one line, in which its lines are separated by `<br>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from plasticdsl.document.description import Cell, Diagram, Document, Inline, Line, Mono, Section, Table, Words
from plasticdsl.document.latex import formula
from plasticdsl.document.plain import plain
from plasticdsl.document.references import bibtex, in_words

#: Signs that mean something to Markdown in a paragraph.
_MEANING = re.compile(r"[\\`*$]|<(?=[\w/!?])|\](?=[(\[:])|(?<!\w)_|_(?!\w)|^[>#+-]", re.MULTILINE)


def markdown(document: Document, picture: Callable[[Diagram], str] | None = None) -> str:
    """The whole text. `picture`: under which name a diagram is found; without it none is shown."""
    return "\n".join(_lines(document, picture))


def _lines(document: Document, picture: Callable[[Diagram], str] | None) -> Iterator[str]:
    yield f"# {escaped(document.title)}\n"
    yield from (f"{_line(paragraph)}\n" for paragraph in document.paragraphs)
    for section in document.sections:
        yield from _section(section, picture)
    if document.references:
        yield "## References\n"
        yield from (f"- {escaped(in_words(reference))}" for reference in document.references)
        yield f"\n```bibtex\n{bibtex(document.references).rstrip()}\n```\n"


def _section(section: Section, picture: Callable[[Diagram], str] | None) -> Iterator[str]:
    yield f"## {escaped(section.title)}\n"
    yield from (f"{_line(paragraph)}\n" for paragraph in section.paragraphs)
    if section.diagram is not None and section.diagram.nodes and picture is not None:
        yield f"![The populations of {section.diagram.name} and their projections]({picture(section.diagram)})\n"
    for table in section.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"**{escaped(table.caption)}**\n"
    yield f"| {' | '.join(table.head)} |"
    yield f"|{'---|' * len(table.head)}"
    yield from (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in table.rows)
    yield ""


def _cell(cell: Cell) -> str:
    return "<br>".join(_line(line) for line in cell).replace("\n", " ")


def line_without_latex(line: Line) -> str:
    """A line of a paragraph whose formulas are text, for what sets no formulas."""
    return "".join(
        f"`{part.text}`" if isinstance(part, Mono) else harmless(part.text if isinstance(part, Words) else plain(part)) for part in line
    )


def line_with_latex(line: Line) -> str:
    """A line with formulas between dollar signs."""
    return _line(line)


def _line(line: Line) -> str:
    """Formulas that touch are one."""
    return "".join(_inline(part) for part in line).replace("$$", " ")


def _inline(part: Inline) -> str:
    match part:
        case Words(text):
            return escaped(text)
        case Mono(text):
            return f"`{text}`".replace("|", r"\|")
        case _:
            return f"${formula(part)}$"


def escaped(text: str) -> str:
    """Signs that mean something to Markdown."""
    return "".join(f"\\{c}" if c in r"\`*_$|<>#[]" else c for c in text)


def harmless(text: str) -> str:
    """The same outside of tables, with as few backslashes as can be, as some editors show them."""
    return _MEANING.sub(r"\\\g<0>", text)
