"""`plasticdsl show`: the model as a methods section, in Markdown, HTML, LaTeX or PDF."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plasticdsl.cli import console
from plasticdsl.cli.choices import File
from plasticdsl.whole import write_whole

if TYPE_CHECKING:
    from plasticdsl.document.description import Diagram, Document

ENDINGS = (".md", ".tex", ".html", ".pdf")


def show(
    file: File,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="OUT", help="The file to write: OUT.md, OUT.tex, OUT.html, or OUT.pdf where LaTeX is installed."
        ),
    ] = None,
) -> None:
    """Show the model as a methods section: tables, equations, a diagram, what is cited."""
    if out is not None and out.suffix not in ENDINGS:
        raise console.WrongUsage(f"-o: {out} ends in none of {', '.join(ENDINGS)}")
    document = console.loaded(file).document
    if out is None:
        from plasticdsl.document.markdown import markdown

        console.say(markdown(document).rstrip())
        return
    for path, content in _files(document, out).items():
        write_whole(path, content)
        path.chmod(0o644)


def _files(document: Document, out: Path) -> dict[Path, bytes]:
    """What is written: the document, what it cites, and for Markdown its diagrams."""
    from plasticdsl.document.references import bibtex

    found: dict[Path, bytes] = {}
    match out.suffix:
        case ".md":
            from plasticdsl.document.markdown import markdown
            from plasticdsl.document.svg import text

            found[out] = markdown(document, lambda diagram: _picture(out, diagram).name).encode()
            diagrams = (section.diagram for section in document.sections)
            found |= {_picture(out, diagram): text(diagram).encode() for diagram in diagrams if diagram is not None and diagram.nodes}
        case ".html":
            from plasticdsl.document.html import page

            found[out] = page(document).encode()
        case ".tex":
            from plasticdsl.document.tex import tex

            found[out] = tex(document).encode()
        case _:
            from plasticdsl.document.pdf import pdf
            from plasticdsl.document.tex import tex

            found[out] = pdf(tex(document))
    if document.references:
        found[out.with_suffix(".bib")] = bibtex(document.references).encode()
    return found


def _picture(out: Path, diagram: Diagram) -> Path:
    """The name of the file of a diagram: safe on every file system, and the same for the same network."""
    return out.with_name(out.stem + "-" + re.sub(r"\W+", "-", diagram.name) + ".svg")
