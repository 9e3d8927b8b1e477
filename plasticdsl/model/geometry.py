"""The shape of a neuron: sections of cable that are joined to a tree, each cut into segments; every segment is a unit of its population.

In a population of N such neurons the units 1 to N are the first segments of all of them, the next N the second ones, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number, Special
from plasticdsl.source import NOWHERE, Span

_PI = Number(3.141592653589793)


class Place(Enum):
    """Where on another section a section begins. All of a sphere is one place."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment of a reconstructed neuron: its length (m), the area of its membrane (m²), its mean diameter (m), and how much cable from its middle to its
    end resists, by resistivity (1/m)."""

    length: float
    area: float
    diameter: float
    half: float


@dataclass(frozen=True, slots=True)
class Section:
    """A cylinder, or a sphere (which has the area of a cylinder as long as wide, and no resistance within). `parent`: the number of the section from
    which it comes, −1 of the first. `pieces`: its segments, where a file says them."""

    name: str
    symbol: str
    diameter: Expr
    length: Expr
    segments: int
    parent: int = -1
    place: Place = Place.END
    sphere: bool = False
    span: Span = NOWHERE
    pieces: tuple[Piece, ...] = ()


class Measure(Enum):
    """What a segment has by its place: its area, its diameter, how far its middle is from where the neuron begins, along the cable, and how much the cable
    from its middle to its end resists, by resistivity (1/m)."""

    AREA = "area"
    DIAMETER = "diameter"
    DISTANCE = "distance"
    HALF = "half_segment"


#: The names of measures.
MEASURED = frozenset(what.value for what in Measure)


@dataclass(frozen=True, slots=True)
class Node:
    """A point of the tree: the middle of a segment, or where more than two sections meet (`segment` −1). `way`: the segments of which a half lies between
    it and its `parent`, a node before it (−1 of the first)."""

    segment: int
    parent: int
    way: tuple[int, ...]


def segments_of(sections: Sequence[Section]) -> int:
    """How many there are."""
    return sum(section.segments for section in sections)


def first_segments(sections: Sequence[Section]) -> tuple[int, ...]:
    """The number of the first segment of each section, from 0."""
    found, total = [], 0
    for section in sections:
        found.append(total)
        total += section.segments
    return tuple(found)


def nodes(sections: Sequence[Section]) -> tuple[Node, ...]:
    """The points of the tree, parents first. Where several sections come from the end of a cylinder they meet in a point without area."""
    firsts = first_segments(sections)
    joined = [(section.parent, section.place) for section in sections[1:]]
    found: list[Node] = []
    node_of: dict[int, int] = {}
    points: dict[tuple[int, Place], tuple[int, tuple[int, ...]]] = {}

    def add(node: Node) -> int:
        found.append(node)
        if node.segment >= 0:
            node_of[node.segment] = len(found) - 1
        return len(found) - 1

    for number, section in enumerate(sections):
        first, last = firsts[number], firsts[number] + section.segments - 1
        at, way = points[section.parent, section.place] if number else (-1, ())
        for segment in range(first, last + 1):
            before = way if segment == first else (segment - 1,)
            at = add(Node(segment, at, (*before, segment) if at >= 0 else ()))
        for place, segment in ((Place.START, first), (Place.END, last)):
            several = joined.count((number, place)) > 1
            if section.sphere:
                points[number, place] = node_of[segment], ()
            elif several:
                points[number, place] = add(Node(-1, node_of[segment], (segment,))), ()
            else:
                points[number, place] = node_of[segment], (segment,)
        points[number, Place.MIDDLE] = node_of[first + section.segments // 2], ()
    return tuple(found)


# --- what the segments measure ---------------------------------------------------------------------------------------


def measure(what: Measure, sections: Sequence[Section], size: Expr) -> Expr:
    """A measure of a unit by its number, `Special("i")`, where there are `size` neurons."""
    if any(section.pieces for section in sections):
        return _by_segment([value for number in range(len(sections)) for value in _of_pieces(what, sections, number)], size)
    per_section = [_measured(what, sections, number, size) for number in range(len(sections))]
    return _by_section(per_section, sections, size)


def membership(name: str, sections: Sequence[Section], size: Expr) -> Expr:
    """1 for the units of the sections of a name, else 0."""
    if any(section.pieces for section in sections):
        return _by_segment([Number(float(s.name == name)) for s in sections for _ in range(s.segments)], size)
    return _by_section([Number(float(section.name == name)) for section in sections], sections, size)


def _by_segment(values: Sequence[Expr], size: Expr) -> Expr:
    one = Number(1.0)
    return Call("entry", (Binary("+", _place_in_neuron(size), one), one, one, *values))


def _place_in_neuron(size: Expr) -> Expr:
    """The number of the segment of a unit, from 0."""
    return Call("floor", (_over(Binary("-", Special("i"), Number(1.0)), size),))


def _of_pieces(what: Measure, sections: Sequence[Section], number: int) -> list[Expr]:
    section, found = sections[number], list[Expr]()
    if not section.pieces:
        raise ValueError("a neuron whose shape comes from a file has no other sections")
    at = 0.0
    for piece in section.pieces:
        match what:
            case Measure.AREA:
                found.append(Number(piece.area))
            case Measure.DIAMETER:
                found.append(Number(piece.diameter))
            case Measure.HALF:
                found.append(Number(piece.half))
            case Measure.DISTANCE if section.sphere:
                found.append(Number(0.0))
            case Measure.DISTANCE:
                found.append(Binary("+", _begin(sections, number), Number(at + 0.5 * piece.length)))
        at += piece.length
    return found


def _by_section(values: Sequence[Expr], sections: Sequence[Section], size: Expr) -> Expr:
    ends, total = [], 0
    for section in sections:
        total += section.segments
        ends.append(Compare("<=", Special("i"), _times(Number(float(total)), size)))
    return values[0] if len(values) == 1 else Choice(tuple(zip(ends[:-1], values[:-1], strict=True)), values[-1])


def _measured(what: Measure, sections: Sequence[Section], number: int, size: Expr) -> Expr:
    section = sections[number]
    piece = _over(section.length, Number(float(section.segments)))
    match what:
        case Measure.AREA:
            return _times(_PI, _times(section.diameter, piece))
        case Measure.DIAMETER:
            return section.diameter
        case Measure.HALF:
            return (
                Number(0.0)
                if section.sphere
                else _over(_times(Number(2.0), piece), _times(_PI, _times(section.diameter, section.diameter)))
            )
        case Measure.DISTANCE:
            if section.sphere:
                return Number(0.0)
            along = Binary("-", _place_in_neuron(size), Number(first_segments(sections)[number] - 0.5))
            return Binary("+", _begin(sections, number), _times(along, piece))


def _begin(sections: Sequence[Section], number: int) -> Expr:
    """How far from the beginning of the neuron a section begins."""
    section = sections[number]
    if section.parent < 0 or (parent := sections[section.parent]).sphere:
        return Number(0.0)
    before = _begin(sections, section.parent)
    match section.place:
        case Place.START:
            return before
        case Place.MIDDLE:
            return Binary("+", before, _times(Number(0.5), parent.length))
        case Place.END:
            return Binary("+", before, parent.length)


def _times(left: Expr, right: Expr) -> Expr:
    return left if right == Number(1.0) else right if left == Number(1.0) else Binary("*", left, right)


def _over(left: Expr, right: Expr) -> Expr:
    return left if right == Number(1.0) else Binary("/", left, right)
