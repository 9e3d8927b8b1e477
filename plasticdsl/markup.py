"""Elements of HTML, MathML and SVG: trees of `xml.etree`, which writes what is in them safely.

`node("td", "a < b", style="text-align: right")` is one; `text_of` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, tostring

#: What stands in an element.
Content = str | Element


def node(tag: str, *content: Content, **attributes: str) -> Element:
    """An element. In names of attributes `_` stands for `-`, and one at the end for nothing (`class_`)."""
    made = Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    for part in content:
        _append(made, part)
    return made


def _append(to: Element, part: Content) -> None:
    if not isinstance(part, str):
        to.append(part)
    elif len(to):
        to[-1].tail = (to[-1].tail or "") + part
    else:
        to.text = (to.text or "") + part


def table(head: Sequence[Content], rows: Iterable[Sequence[Content]], **attributes: str) -> Element:
    """A table of HTML; without a line of headings where there are none."""
    body = [node("tr", *(node("td", cell, style=_CELL) for cell in row)) for row in rows]
    top = [node("thead", node("tr", *(node("th", cell, style=_CELL) for cell in head)))] if head else []
    return node("table", *top, node("tbody", *body), **attributes)


#: Notebooks align numbers and words to the right unless they are told.
_CELL = "text-align: left; vertical-align: top; padding: 0.25em 0.9em 0.25em 0"


def text_of(element: Element) -> str:
    """As HTML, in which MathML and SVG may stand."""
    return tostring(element, encoding="unicode", method="html")
