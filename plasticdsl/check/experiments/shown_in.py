"""The unit that a name in quotes ends in, `conductance (nS)`: what is called so is shown in it. A text comes in; a name with its unit goes out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from plasticdsl.check.experiments.readings import Taking
from plasticdsl.model.experiments import Recording, ShownIn
from plasticdsl.source import Span
from plasticdsl.units.dimension import ONE, Dimension
from plasticdsl.units.display import display_unit, name_dimension
from plasticdsl.units.table import is_unit, parse_quantity

_UNIT_AT_END = re.compile(r"(?P<text>.*?)\s*(?:\((?P<round>[^()]+)\)|\[(?P<square>[^\[\]]+)\])")
#: `1/s`, and what is counted, `spikes/s`.
_PER = re.compile(r"\s*(?P<counted>1|[^\W\d_]{3,})\s*/\s*(?P<unit>\S+)\s*")


def shown_in(text: str) -> ShownIn | None:
    """`conductance (nS)` in `nS`; None where no unit stands at the end."""
    match = _UNIT_AT_END.fullmatch(text)
    if match is None:
        return None
    unit = match["round"] or match["square"]
    try:
        scale, dimension = parse_quantity(f"1 {unit}")
        return ShownIn(match["text"], unit, scale, dimension)
    except (ValueError, KeyError):
        per = _PER.fullmatch(unit)
    if per is None or is_unit(per["counted"]):
        return None
    try:
        scale, dimension = parse_quantity(f"1 {per['unit']}")
    except (ValueError, KeyError):
        return None
    return ShownIn(match["text"], unit, 1.0 / scale, ONE / dimension)


def labelled(found: Recording, text: str, span: Span, taking: Taking) -> Recording:
    """Called as the line says; a unit in brackets at the end is the one that it is shown in."""
    shown = shown_in(text)
    if shown is None or found.dimension is None or not fits(shown, (found.dimension,), text, span, taking):
        return replace(found, label=text)
    return in_unit(replace(found, label=shown.name), shown)


def in_unit(found: Recording, shown: ShownIn) -> Recording:
    """Shown in that unit, where it can be."""
    return replace(found, unit=shown.unit, scale=shown.scale) if found.dimension == shown.dimension else found


def fits(shown: ShownIn, dimensions: Iterable[Dimension | None], text: str, span: Span, taking: Taking) -> bool:
    """Whether what is of one of these dimensions can be shown in the unit; reports where not."""
    known = tuple(dict.fromkeys(dimensions))
    if shown.dimension in known or None in known:
        return True
    there = [(display_unit(d)[0], name_dimension(d)) for d in known if d is not None]
    said = " or ".join(f"in {unit} ({name})" if unit else "a pure number" for unit, name in there)
    message = f"What is called ‘{text}’ is {said}, which cannot be shown in {shown.unit}."
    unit = there[0][0]
    hint = f"Write the unit that it is to be shown in: ‘{shown.name}{f' ({unit})' if unit else ''}’."
    taking.context.report.error("inconsistent-units", message, span, hint)
    return False
