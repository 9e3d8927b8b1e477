"""A diagram as SVG: sources are round, populations square, what learns is orange."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

from plasticdsl.document.description import Diagram
from plasticdsl.document.layout import Box, Curve, caption, drawing
from plasticdsl.markup import node

INK, LEARNS = "#444444", "#c04a00"
_FILL = {True: "#f3f0e4", False: "#e3ecf7"}
_FONT = "font-family: sans-serif; fill: #111111"


def element(diagram: Diagram) -> Element:
    """The diagram as an element of HTML."""
    plane = drawing(diagram)
    width, height = f"{plane.width:.0f}", f"{plane.height:.0f}"
    ground = node("rect", width=width, height=height, rx="8", fill="#ffffff")
    parts = [ground, *map(_arrow, plane.curves), *map(_box, plane.boxes), *(_label(c) for c in plane.curves if c.label)]
    label = {"role": "img", "aria-label": f"The populations of {diagram.name} and their projections"}
    made = node("svg", *parts, width=width, height=height, viewBox=f"0 0 {width} {height}", xmlns="http://www.w3.org/2000/svg")
    made.attrib |= {**label, "style": "max-width: 100%"}
    return made


def text(diagram: Diagram) -> str:
    """The diagram as a file."""
    return tostring(element(diagram), encoding="unicode") + "\n"


def _box(box: Box) -> Element:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    radius = box.height / 2 if box.node.source else 6.0
    sizes = {"x": left, "y": top, "width": box.width, "height": box.height, "rx": radius}
    rect = node("rect", fill=_FILL[box.node.source], stroke=INK, **{name: f"{value:.1f}" for name, value in sizes.items()})
    name = _words(box.node.title, box.x, box.y - (4 if caption(box.node) else -5), "font-size: 15px; font-weight: bold")
    return node("g", rect, name, *([_words(caption(box.node), box.x, box.y + 15, "font-size: 12px")] if caption(box.node) else []))


def _words(words: str, x: float, y: float, style: str) -> Element:
    return node("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor="middle", style=f"{_FONT}; {style}")


def _arrow(curve: Curve) -> Element:
    colour, width = (LEARNS, "2.4") if curve.plastic else (INK, "1.5")
    first, *rest = (f"{x:.1f},{y:.1f}" for x, y in curve.points)
    along = node("path", d=f"M{first} C{' '.join(rest)}", fill="none", stroke=colour, stroke_width=width)
    return node("g", along, node("path", d=_head(curve.points[-2], curve.points[-1]), fill=colour))


def _head(before: tuple[float, float], tip: tuple[float, float]) -> str:
    """A triangle whose tip is at the end of the curve."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / length, dy / length
    corners = [(tip[0] - 10 * dx + sign * 4.5 * dy, tip[1] - 10 * dy - sign * 4.5 * dx) for sign in (-1, 1)]
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *corners)) + " Z"


def _label(curve: Curve) -> Element:
    colour = LEARNS if curve.plastic else INK
    style = f"font-family: sans-serif; font-size: 12px; fill: {colour}; paint-order: stroke; stroke: #ffffff; stroke-width: 4px"
    return node("text", curve.label, x=f"{curve.at[0]:.1f}", y=f"{curve.at[1] + 4:.1f}", text_anchor="middle", style=style)
