"""Where populations and arrows of a diagram stand: from left to right, each population right of what drives it, as far as there are no circles. An arrow
past a column of boxes has a place of its own in it, so that it goes through none.

Comes in: a `Diagram`. Goes out: a `Drawing`, boxes and curves in a plane whose y grows downwards, which `svg` and `tex` draw. After Sugiyama, Tagawa &
Toda (1981), IEEE Trans. Syst. Man Cybern. 11:109-125.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from plasticdsl.document.description import Diagram, Edge, Node

Point = tuple[float, float]
#: A population by its name, or where an arrow from one to another passes a column.
Place = str | tuple[str, str, int]
#: The two ends of an arrow.
Pair = tuple[str, str]

_HEIGHT, _LEAST_WIDTH = 50.0, 84.0
_PER_LETTER_OF_TITLE, _PER_LETTER = 9.6, 7.2
_PASSING = 10.0  # height of the place of an arrow that passes
_BETWEEN_COLUMNS, _BETWEEN_PLACES, _MARGIN = 110.0, 46.0, 14.0
#: Names of so many projections stand at an arrow.
_MOST_NAMES = 3
_SWEEPS = 3
#: Populations that nothing connects stand in rows.
_ALONE_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A population; x and y are those of its middle."""

    node: Node
    x: float
    y: float
    width: float
    height: float


def caption(node: Node) -> str:
    """Size and kind, as far as they are known."""
    return " ".join(filter(None, (node.size, node.kind)))


@dataclass(frozen=True, slots=True)
class Curve:
    """An arrow along cubic Bézier curves: `points` are 3 n + 1 for n of them. With its label, and where the middle of that is."""

    points: tuple[Point, ...]
    label: str
    at: Point
    plastic: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn, in a rectangle from (0, 0) to (`width`, `height`)."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]


def drawing(diagram: Diagram) -> Drawing:
    """The diagram in the plane."""
    pairs = _pairs(diagram.edges)
    depth = _depths(diagram, list(pairs))
    chains = {pair: _chain(pair, depth) for pair in pairs}
    columns = _ordered(_columns(diagram, depth, chains), list(chains.values()))
    boxes, passing = _placed(diagram, columns, max((len(_label(edges)) for edges in pairs.values()), default=0))
    ports = _ports(boxes, passing, chains)
    curves = []
    for pair, edges in pairs.items():
        points = _points(boxes, passing, chains[pair], ports.get(pair, (0.0, 0.0)))
        curves.append(Curve(points, _label(edges), _middle(points), any(e.plastic for e in edges)))
    return _in_a_rectangle(list(boxes.values()), curves)


def _in_a_rectangle(boxes: Sequence[Box], curves: Sequence[Curve]) -> Drawing:
    around = [p for c in curves for p in (*c.points, *_corners(*c.at, 8.0 * len(c.label), 20.0))]
    around += [p for b in boxes for p in _corners(b.x, b.y, b.width, b.height)]
    left, top = (min((p[i] for p in around), default=0.0) - _MARGIN for i in (0, 1))
    right, bottom = (max((p[i] for p in around), default=0.0) + _MARGIN for i in (0, 1))
    moved = tuple(Box(b.node, b.x - left, b.y - top, b.width, b.height) for b in boxes)
    shifted = (Curve(tuple((x - left, y - top) for x, y in c.points), c.label, (c.at[0] - left, c.at[1] - top), c.plastic) for c in curves)
    return Drawing(right - left, bottom - top, moved, tuple(shifted))


def _corners(x: float, y: float, width: float, height: float) -> tuple[Point, Point]:
    return (x - width / 2, y - height / 2), (x + width / 2, y + height / 2)


def _pairs(edges: Iterable[Edge]) -> dict[Pair, list[Edge]]:
    """Edges between the same two nodes share an arrow."""
    found: dict[Pair, list[Edge]] = {}
    for edge in edges:
        found.setdefault((edge.source, edge.target), []).append(edge)
    return found


def _label(edges: Sequence[Edge]) -> str:
    names = [e.label for e in edges if e.label]
    return ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")


# --- columns ---------------------------------------------------------------------------------------------------------


def _depths(diagram: Diagram, pairs: Sequence[Pair]) -> dict[str, int]:
    """Each node is right of all that lead to it, but for arrows that close a circle."""
    names = [n.name for n in diagram.nodes]
    after = {name: [b for a, b in pairs if a == name and b != name] for name in names}
    back = _closing(names, after)
    depth = dict.fromkeys(names, 0)
    for _ in names:  # as many rounds as the longest way can have arrows
        for name in names:
            for target in after[name]:
                if (name, target) not in back:
                    depth[target] = max(depth[target], depth[name] + 1)
    alone = [name for name in names if all(name not in pair for pair in pairs)]
    across = max(_ALONE_IN_A_ROW, 1 + max(depth.values(), default=0))
    return depth | {name: number % across for number, name in enumerate(alone)}


def _closing(names: Iterable[str], after: Mapping[str, list[str]]) -> set[Pair]:
    """The arrows that lead back to where a walk in the order of the text has come from; without recursion."""
    found: set[Pair] = set()
    done: set[str] = set()
    for start in names:
        path, waiting = [start], [iter(after[start])]
        while waiting:
            target = next(waiting[-1], None)
            if target is None:
                done.add(path.pop())
                waiting.pop()
            elif target in path:
                found.add((path[-1], target))
            elif target not in done:
                path.append(target)
                waiting.append(iter(after[target]))
    return found


def _chain(pair: Pair, depth: Mapping[str, int]) -> tuple[Place, ...]:
    """The places that an arrow goes through, its ends among them."""
    start, end = pair
    return (start, *((start, end, level) for level in range(depth[start] + 1, depth[end])), end)


def _columns(diagram: Diagram, depth: Mapping[str, int], chains: Mapping[Pair, tuple[Place, ...]]) -> list[list[Place]]:
    found: list[list[Place]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in diagram.nodes:
        found[depth[node.name]].append(node.name)
    for chain in chains.values():
        for place in chain[1:-1]:
            if isinstance(place, tuple):
                found[place[2]].append(place)
    return found


def _ordered(columns: list[list[Place]], chains: Iterable[tuple[Place, ...]]) -> list[list[Place]]:
    """In each column by where their neighbours stand in the columns before, and then in those behind, and again."""
    links = [link for chain in chains for link in pairwise(chain) if link[0] != link[1]]
    before: dict[Place, list[Place]] = {}
    behind: dict[Place, list[Place]] = {}
    for a, b in links:
        behind.setdefault(a, []).append(b)
        before.setdefault(b, []).append(a)
    found = columns
    for number in range(_SWEEPS):
        forward = number % 2 == 0
        height: dict[Place, float] = {}
        sorted_columns = []
        for column in found if forward else found[::-1]:
            near = {p: [height[q] for q in (before if forward else behind).get(p, ()) if q in height] for p in column}
            own = {p: i - 0.5 * (len(column) - 1) for i, p in enumerate(column)}
            ordered = sorted(column, key=lambda p: sum(near[p]) / len(near[p]) if near[p] else own[p])
            height |= {p: i - 0.5 * (len(ordered) - 1) for i, p in enumerate(ordered)}
            sorted_columns.append(ordered)
        found = sorted_columns if forward else sorted_columns[::-1]
    return found


def _placed(diagram: Diagram, columns: Sequence[Sequence[Place]], longest: int) -> tuple[dict[str, Box], dict[Place, Point]]:
    """Boxes, and where arrows pass. `longest`: letters of the longest label, which stands between two columns."""
    nodes = {n.name: n for n in diagram.nodes}
    width = {n.name: max(_LEAST_WIDTH, 20 + max(_PER_LETTER_OF_TITLE * len(n.title), _PER_LETTER * len(caption(n)))) for n in diagram.nodes}
    boxes: dict[str, Box] = {}
    passing: dict[Place, Point] = {}
    left = 0.0
    for column in columns:
        widest = max((width[p] for p in column if isinstance(p, str)), default=_LEAST_WIDTH)
        heights = [_HEIGHT if isinstance(p, str) else _PASSING for p in column]
        y = -0.5 * (sum(heights) + _BETWEEN_PLACES * (len(column) - 1))
        for place, height in zip(column, heights, strict=True):
            if isinstance(place, str):
                boxes[place] = Box(nodes[place], left + widest / 2, y + height / 2, width[place], _HEIGHT)
            else:
                passing[place] = left + widest / 2, y + height / 2
            y += height + _BETWEEN_PLACES
        left += widest + max(_BETWEEN_COLUMNS, 40 + 7 * longest)
    return {n.name: boxes[n.name] for n in diagram.nodes}, passing


# --- curves ----------------------------------------------------------------------------------------------------------


def _ports(boxes: Mapping[str, Box], passing: Mapping[Place, Point], chains: Mapping[Pair, Sequence[Place]]) -> dict[Pair, Point]:
    """How far from the middle of the right side of a box an arrow leaves it, and how far from the middle of the left side it arrives; in the order in
    which they go on, or come from, above each other."""

    def height(place: Place) -> float:
        return boxes[place].y if isinstance(place, str) else passing[place][1]

    forward = {pair: chain for pair, chain in chains.items() if pair[0] != pair[1] and _right_of(boxes[pair[1]], boxes[pair[0]])}
    leaving = {name: sorted((p for p in forward if p[0] == name), key=lambda p: height(forward[p][1])) for name in boxes}
    arriving = {name: sorted((p for p in forward if p[1] == name), key=lambda p: height(forward[p][-2])) for name in boxes}
    return {pair: (_offset(leaving[pair[0]], pair), _offset(arriving[pair[1]], pair)) for pair in forward}


def _offset(pairs: Sequence[Pair], pair: Pair) -> float:
    return (pairs.index(pair) - 0.5 * (len(pairs) - 1)) * min(12.0, 0.7 * _HEIGHT / len(pairs))


def _right_of(one: Box, other: Box) -> bool:
    return one.x - one.width / 2 > other.x + other.width / 2


def _points(boxes: Mapping[str, Box], passing: Mapping[Place, Point], chain: Sequence[Place], ports: Point) -> tuple[Point, ...]:
    start, end = boxes[str(chain[0])], boxes[str(chain[-1])]
    if start is end:
        top, out = start.y - start.height / 2, start.width / 5
        return (start.x - out, top), (start.x - 2 * out, top - 52), (start.x + 2 * out, top - 52), (start.x + out, top)
    if _right_of(end, start):
        way = [(start.x + start.width / 2, start.y + ports[0]), *(passing[p] for p in chain[1:-1])]
        way.append((end.x - end.width / 2, end.y + ports[1]))
        found = [way[0]]
        for (x, y), (u, v) in pairwise(way):
            bend = 0.45 * (u - x)
            found += [(x + bend, y), (u - bend, v), (u, v)]
        return tuple(found)
    if abs(end.x - start.x) <= 1.0:  # one above the other; there and back on different sides
        side = 1.0 if end.y > start.y else -1.0
        out = side * 0.28 * min(start.width, end.width)
        a, d = (start.x + out, start.y + side * start.height / 2), (end.x + out, end.y - side * end.height / 2)
        return a, (a[0] + out, a[1] + side * 14), (d[0] + out, d[1] - side * 14), d
    return _back(boxes, start, end)


def _back(boxes: Mapping[str, Box], start: Box, end: Box) -> tuple[Point, ...]:
    """An arrow to the left: below all boxes that it passes, or above them where another box is below one of its ends; where there are boxes on both
    sides, it leaves to the right and arrives from the left.
    """
    passed = [b for b in boxes.values() if end.x - end.width / 2 <= b.x + b.width / 2 and b.x - b.width / 2 <= start.x + start.width / 2]
    for side in (1.0, -1.0):
        outermost = max(side * b.y + b.height / 2 for b in passed) + 40
        if all(side * b.y <= side * one.y or not _overlap(b, one) for b in passed for one in (start, end)):
            a, d = (start.x, start.y + side * start.height / 2), (end.x, end.y + side * end.height / 2)
            return a, (a[0], side * outermost), (d[0], side * outermost), d
    low = max(b.y + b.height / 2 for b in passed) + 40
    out = 0.5 * _BETWEEN_COLUMNS
    right = max(b.x + b.width / 2 for b in passed if _overlap(b, start))
    left = min(b.x - b.width / 2 for b in passed if _overlap(b, end))
    a, d = (start.x + start.width / 2, start.y), (end.x - end.width / 2, end.y)
    return (
        *(a, (right + out, a[1]), (right + out, low), (right, low)),
        *((right - out, low), (left + out, low), (left, low)),
        *((left - out, low), (left - out, d[1]), d),
    )


def _overlap(one: Box, other: Box) -> bool:
    return abs(one.x - other.x) < (one.width + other.width) / 2


def _middle(points: Sequence[Point]) -> Point:
    """Of the curve in the middle."""
    first = 3 * ((len(points) - 1) // 3 // 2)
    a, b, c, d = points[first : first + 4]
    return (a[0] + 3 * b[0] + 3 * c[0] + d[0]) / 8, (a[1] + 3 * b[1] + 3 * c[1] + d[1]) / 8
