"""Morphologies in SWC files (Cannon et al. 1998, J. Neurosci. Methods 84:49): a point a line, with number, type, x, y, z, radius (µm), point before.

Comes in: the text of a file. Goes out: branches of equal segments, in m. A file may come from anybody: what is no tree, or no size that a cell has, is
refused in words.

A soma (type 1) of one point is a sphere; so is one of three, of which two lie at the sides of the first. Otherwise it is cable like everything else. What
comes from a sphere begins at its own first point, without cable between it and the sphere. Two points at one place are a step of the radius.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from plasticdsl.model.geometry import Piece

#: What the types of points are called.
KINDS: Mapping[int, str] = {1: "soma", 2: "axon", 3: "dendrite", 4: "apical"}
MOST_POINTS = 200_000
#: The largest size (µm) of a neuron, and the radius.
LARGEST, THICKEST = 2e6, 1000.0
_UM = 1e-6


@dataclass(frozen=True, slots=True)
class Point:
    """One line, in µm. `parent` is the place of the point before it, −1 for none."""

    kind: int
    place: tuple[float, float, float]
    radius: float
    parent: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Segments without a branching point among them. `parent`: the branch from whose end it comes, −1 of the first."""

    kind: str
    parent: int
    sphere: bool
    pieces: tuple[Piece, ...]


def branches(text: str, longest: float) -> tuple[Branch, ...]:
    """The branches of a morphology, cut into segments of at most `longest` (m). Raises ValueError, with a sentence, for what is no morphology."""
    points = _points(text)
    sphere, points = _with_sphere(points)
    children: dict[int, list[int]] = {}
    for number, point in enumerate(points):
        children.setdefault(point.parent, []).append(number)
    found: list[Branch] = []
    if sphere:
        radius = points[0].radius * _UM
        found.append(Branch("soma", -1, True, (Piece(2 * radius, 4 * math.pi * radius**2, 2 * radius, 0.0),)))
    waiting = [(first, -1 if not sphere else 0, -1) for first in reversed(children.get(0 if sphere else -1, []))]
    while waiting:
        first, parent, before = waiting.pop()
        path = [points[before]] if before >= 0 else []
        at = first
        while True:
            path.append(points[at])
            following = children.get(at, [])
            if len(following) != 1 or points[following[0]].kind != points[at].kind:
                break
            at = following[0]
        number = parent
        if pieces := _pieces(path, longest):
            number = len(found)
            found.append(Branch(KINDS.get(points[first].kind, f"type_{points[first].kind}"), parent, False, pieces))
        waiting += [(child, number, at) for child in reversed(following)]
    if not found:
        raise ValueError("it has no cable and no soma")
    return tuple(found)


def _points(text: str) -> list[Point]:
    numbers: dict[int, int] = {}
    found: list[Point] = []
    for line, written in enumerate(text.splitlines(), 1):
        words = written.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) < 7:
            raise ValueError(f"line {line} has {len(words)} numbers, and a point has seven")
        try:
            number, kind, parent = int(words[0]), int(float(words[1])), int(words[6])
            x, y, z, radius = (float(word) for word in words[2:6])
        except ValueError:
            raise ValueError(f"line {line} holds something that is no number") from None
        if number in numbers:
            raise ValueError(f"line {line}: point {number} is there twice")
        if not all(math.isfinite(v) and abs(v) <= LARGEST for v in (x, y, z)):
            raise ValueError(f"line {line}: a place beyond {LARGEST * 1e-6:g} m, which no neuron reaches (lengths are in µm)")
        if not 0.0 < radius <= THICKEST:
            raise ValueError(f"line {line}: a radius of {radius:g} µm, which no neuron has")
        if parent != -1 and parent not in numbers:
            raise ValueError(f"line {line}: point {number} comes from {parent}, which does not stand above it: a gap or a loop")
        if parent == -1 and found:
            raise ValueError(f"line {line}: point {number} comes from nowhere, as the first one does: there are two trees")
        if len(found) >= MOST_POINTS:
            raise ValueError(f"it has more than {MOST_POINTS} points")
        numbers[number] = len(found)
        found.append(Point(kind, (x, y, z), radius, -1 if parent == -1 else numbers[parent]))
    if not found:
        raise ValueError("it holds no points")
    return found


def _with_sphere(points: list[Point]) -> tuple[bool, list[Point]]:
    """Whether the soma is a sphere, which then is the first point alone."""
    soma = [n for n, point in enumerate(points) if point.kind == 1]
    if points[0].kind != 1:
        return False, points
    if len(soma) == 1:
        return True, points
    sides = soma[1:]
    at_sides = all(
        points[n].parent == 0 and abs(_distance(points[n], points[0]) - points[0].radius) <= 0.1 * points[0].radius for n in sides
    )
    if len(sides) != 2 or not at_sides:
        return False, points
    kept = [n for n in range(len(points)) if n not in sides]
    renumbered = {old: new for new, old in enumerate(kept)} | dict.fromkeys(sides, 0) | {-1: -1}
    return True, [Point(p.kind, p.place, p.radius, renumbered[p.parent]) for p in (points[n] for n in kept)]


def _distance(one: Point, other: Point) -> float:
    return math.dist(one.place, other.place)


def _pieces(path: Sequence[Point], longest: float) -> tuple[Piece, ...]:
    """A path cut into segments of one length; none for a path without a length."""
    frusta = [(a.radius * _UM, b.radius * _UM, h) for a, b in pairwise(path) if (h := _distance(a, b) * _UM) > 0.0]
    whole = sum(h for *_, h in frusta)
    if whole == 0.0:
        return ()
    count = max(1, math.ceil(whole / longest * (1.0 - 1e-9)))
    each = whole / count
    return tuple(_piece(list(_between(frusta, n * each, (n + 1) * each)), each) for n in range(count))


def _between(frusta: Sequence[tuple[float, float, float]], begin: float, end: float) -> Iterator[tuple[float, float, float]]:
    """What of the frusta lies between two places on the path."""
    at = 0.0
    for first, last, height in frusta:
        low, high = max(begin, at), min(end, at + height)
        if high > low:
            yield first + (last - first) * (low - at) / height, first + (last - first) * (high - at) / height, high - low
        at += height


def _piece(frusta: Sequence[tuple[float, float, float]], length: float) -> Piece:
    area = sum(math.pi * (a + b) * math.hypot(h, a - b) for a, b, h in frusta)
    resistance = sum(h / (math.pi * a * b) for a, b, h in frusta)
    return Piece(length, area, sum((a + b) * h for a, b, h in frusta) / length, 0.5 * resistance)
