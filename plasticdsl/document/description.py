"""A model as a methods section, without any format: sections with tables, formulas, a diagram, and what is cited.

Comes from `describe`; goes to the writers (`markdown`, `latex`, `html`). The tables are those of Nordlie, Gewaltig & Plesser (2009), PLoS Comput. Biol.
5:e1000456: what there is, populations, connectivity, neurons and synapses, plasticity, input, measurements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from plasticdsl.document.formula import Formula, Letter, Script, Sign, Upright
from plasticdsl.document.symbols import symbol


@dataclass(frozen=True, slots=True)
class Words:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Mono:
    """A name or text as it stands in the file."""

    text: str


Inline = Words | Mono | Formula

#: What stands on one line, and what stands in a cell, line by line.
Line = tuple[Inline, ...]
Cell = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading for each column."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A population; `title`: what stands in its box, its name where it has one; `size` as it was written. Sources have no neurons."""

    name: str
    title: str
    kind: str
    size: str
    source: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """A projection from one node to another, by their names; `plastic`: with a rule. `label`: its name, or its synapse."""

    source: str
    target: str
    label: str
    plastic: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """The populations of a network, and what connects them."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """`kind`: what it is about, for displays that leave something out."""

    kind: Literal["network", "block", "experiment", "numerics"]
    title: str
    paragraphs: tuple[Line, ...] = ()
    diagram: Diagram | None = None
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """What is cited. `authors`: family names; `place`: what follows the year, as it was written. Of an article `journal`, `volume` and `pages` are known,
    of some works a `doi`."""

    authors: tuple[str, ...]
    year: str
    place: str
    journal: str = ""
    volume: str = ""
    pages: str = ""
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file."""

    title: str
    paragraphs: tuple[Line, ...]
    sections: tuple[Section, ...]
    references: tuple[Reference, ...] = ()


def words(text: str) -> Line:
    """A line of running text; what stands between backquotes in it is text of the file. Symbols with an index and powers (`τ_m`, `2^(−2/3)`) are set as
    such, and of a link to another file its words stand there.
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return tuple(_running(text))
    return tuple(piece for number, part in enumerate(parts) if part for piece in ((Mono(part),) if number % 2 else _running(part)))


_LINK = re.compile(r"\[([^\[\]]+)\]\((?!\w+:)[^()\s]+\)")
_SYMBOL = r"(?<![\w/.])[^\W\d_][^\W\d_]?_[^\W_]+(?![\w/(]|\.\w)"
_POWER = r"(?P<base>(?<![\w.])(?:[^\W\d_]|\d[\d.]*)|\))\^(?P<power>\([^()_]+\)|\{[^{}_]+\}|[−-]?(?:\d[\d.]*|[^\W\d_](?!\w)))"
_SET = re.compile(f"(?P<symbol>{_SYMBOL})|{_POWER}")


def _running(text: str) -> Iterator[Inline]:
    at = 0
    text = _LINK.sub(r"\1", text)
    for found in _SET.finditer(text):
        if at < found.start():
            yield Words(text[at : found.start()])
        yield symbol(found["symbol"]) if found["symbol"] else _power(found["base"], found["power"])
        at = found.end()
    if at < len(text):
        yield Words(text[at:])


def _power(base: str, power: str) -> Formula:
    return Script(Letter(base) if base.isalpha() else Sign(base) if base == ")" else Upright(base), None, Upright(power.strip("(){}")))


def cell(*lines: Line | str) -> Cell:
    """A cell of lines; a text is a line of running text."""
    return tuple(words(line) if isinstance(line, str) else line for line in lines)
