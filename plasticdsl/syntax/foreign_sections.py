"""Sections, compartments and reactions as they are written elsewhere, or nearly as here: `cylinder(diam=2 µm, L=400 µm, nseg=40)`, `insert hh in soma`,
`Ca + B <-> CaB, k_on, k_off`. As `foreign_lines`, which explains the patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from plasticdsl.names import NAME
from plasticdsl.syntax.foreign_calls import Groups
from plasticdsl.syntax.foreign_lines import DYNAMICS, EXPERIMENT, NETWORK, NEURON, Shape
from plasticdsl.syntax.foreign_texts import Where
from plasticdsl.units.table import is_unit

_MEASURES: Mapping[str, str] = {
    "diameter": "diameter", "diam": "diameter", "d": "diameter", "radius": "radius", "rad": "radius", "r": "radius", "length": "length", "L": "length",
    "l": "length", "len": "length", "segments": "segments", "nseg": "segments", "n": "segments", "nsegs": "segments", "compartments": "segments",
}  # fmt: skip
_SHAPES: Mapping[str, str] = {
    "cylinder": "cylinder", "cable": "cylinder", "Cylinder": "cylinder", "sphere": "sphere", "Sphere": "sphere", "Soma": "sphere",
    "morphology": "morphology", "Morphology": "morphology",
}  # fmt: skip
_MEASURE = re.compile(r"(?:([A-Za-z]+)\s*(?:=|:)?\s+|([A-Za-z]+)\s*[=:]\s*)?([^\s=].*)", re.DOTALL)
_COUNT = re.compile(r"(\d+)\s*(?:segments?|compartments?)?")
_SIZE = re.compile(r"(\d+\.?\d*|\.\d+)(\s+\S+)")
_FROM = re.compile(rf"from\s+({NAME})\s*(?:[(\[]\s*(\d*\.?\d+)\s*[)\]])?(\s+at\s+\w+)?")


# --- sections --------------------------------------------------------------------------------------------------------


def section(groups: Groups, where: Where) -> str | None:
    """A section whose measures have other names, or equals signs."""
    name, called, written, rest = ((group or "").strip() for group in groups)
    shape = _SHAPES[called]
    measures = list(_measures(written))
    if any(measure is None for measure in measures):
        return None
    found = dict(m for m in measures if m is not None)
    wanted = {"cylinder": ("diameter", "length", "segments"), "sphere": ("diameter",), "morphology": ("file", "length")}[shape]
    if not found.keys() <= set(wanted) or not set(wanted) - {"segments"} <= found.keys():
        return None
    origin = _origin(rest)
    if origin is None:
        return None
    said = [{"segments": "{} segments", "file": "{}"}.get(one, f"{one} {{}}").format(found[one]) for one in wanted if one in found]
    text = f"{name} = {shape}({', '.join(said)}){origin}"
    return None if text == " ".join(where.text.split()) else text


def _measures(written: str) -> Iterator[tuple[str, str] | None]:
    for part in written.split(","):
        text = part.strip()
        if text.startswith('"'):
            yield "file", text
        elif count := _COUNT.fullmatch(text):
            yield "segments", count[1]
        elif (match := _MEASURE.fullmatch(text)) and (measure := _MEASURES.get(match[1] or match[2] or "")):
            yield _measure(measure, match[3].strip())
        else:
            yield None


def _measure(measure: str, value: str) -> tuple[str, str] | None:
    if measure == "segments":
        count = _COUNT.fullmatch(value)
        return None if count is None else (measure, count[1])
    if measure != "radius":
        return measure, value
    size = _SIZE.fullmatch(value)
    return None if size is None else ("diameter", f"{(2 * Decimal(size[1])).normalize():f}{size[2]}")


def _origin(rest: str) -> str | None:
    """`from soma(0.5)` is in its middle."""
    if not rest:
        return ""
    match = _FROM.fullmatch(rest)
    if match is None:
        return None
    place = {None: match[3] or "", "1": "", "1.0": "", "0.5": " at middle", ".5": " at middle"}.get(match[2])
    return None if place is None else f" from {match[1]}{place}"


def only_there(groups: Groups, where: Where) -> str | None:
    """`g = 120 mS/cm² in soma`: 0 elsewhere."""
    name, value, place = ((group or "").strip() for group in groups)
    size = re.fullmatch(r"[-−]?(?:\d+\.?\d*|\.\d+)(\s+\S+)?", value)
    return None if size is None else f"{name} = {value} if {place} = 1\n    0{size[1] or ''} otherwise"


# --- parts in networks -----------------------------------------------------------------------------------------------


def to_a_place(groups: Groups, where: Where) -> str | None:
    """`inputs → cell.tuft(100 µm): AMPA`: the place gets a name first."""
    source, arrow, cell, place, at, rest = ((group or "").strip() for group in groups)
    known = {m[1] for line in where.siblings if (m := re.match(rf"({NAME})\s*=", where.source.text[line.start : line.end]))}
    name = place if place not in known else f"{cell}_{place}"
    meant = f"{cell}.{place}" + (f"({at})" if at else "")
    return None if name in known else f"{name} = {meant}\n{source} {arrow} {name}: {rest}"


def to_a_section(groups: Groups, where: Where) -> str | None:
    """The same without a place."""
    return to_a_place([*groups[:4], None, groups[4]], where)


# --- the lines -------------------------------------------------------------------------------------------------------

_SECTION = "The measures of a section have names, and no signs behind them."
_BEGINS = "A section begins at the end or in the middle of another one."
_CUT = "To begin elsewhere, cut the other one there: two cylinders, the second ‘from’ the first."
_CHANNELS = "Channels are not inserted: they are currents in the equation of V, with a conductance that is 0 where they are not."
_EXAMPLE = "For example ‘g_Na = 120 mS/cm² if soma = 1’ and below it ‘0 mS/cm² otherwise’."
_JOINED = "A section says itself where it comes from."
_FROM_SOMA = "For example ‘dendrite = cylinder(diameter 2 µm, length 400 µm, 40 segments) from soma’."
_RATES = "The rates of a reaction stand behind a colon, with a comma between them."
_UNREAD = frozenset(("unexpected", "two-equals"))
_READ = frozenset(("not-a-value", "not-here", "unexpected"))
_NAMED = "A section, or the segment at a place, gets a name in the network."
_OF_A_PART = "What is read of a part of a population has the name of the part before it."
_TIP = "For example ‘tip = cell.tuft(200 µm)’ in the network, and ‘record tip.V’ here."


def of_a_part(groups: Sequence[str | None], where: Where) -> str | None:
    """`record E.V in tip` as `record tip.V`, where that is no unit."""
    word, _, variable, part, rest = (group or "" for group in groups)
    return None if is_unit(part) else f"{word} {part}.{variable} {rest.strip()}".rstrip()


SECTIONS: tuple[Shape, ...] = (
    Shape(NEURON, "NAME = (" + "|".join(_SHAPES) + ") ( … ) …?", _SECTION, section),
    Shape(
        NEURON, "NAME = (morphology|Morphology) …", _SECTION, lambda groups, where: section([groups[0], groups[1], groups[2], ""], where)
    ),
    Shape(NEURON, "NAME = cylinder ( … ) from NAME at …", _BEGINS, hint=_CUT),
    Shape(NEURON, "NAME = cylinder ( … ) from NAME ( … )", _BEGINS, hint=_CUT),
    Shape(
        NEURON,
        "NAME = cylinder ( … ) …?",
        _SECTION,
        hint="For example ‘cylinder(diameter 2 µm, length 400 µm, 40 segments) from soma’.",
        codes=_UNREAD,
    ),
    Shape(
        NEURON,
        "compartment|section NAME :",
        "A compartment is a section of the neuron, whose equations hold in every segment.",
        hint="For example ‘dendrite = cylinder(diameter 2 µm, length 100 µm) from soma’; what holds in it alone is said by cases, ‘… if dendrite’.",
    ),
    Shape(
        NEURON,
        "spike when … >|>=|≥ … in NAME",
        "A section that fires is named behind a crossing.",
        "spike when {1} rises above {2} in {3}",
    ),
    Shape(NEURON, "conserved … = …", "What is conserved is a sum alone; how much there is, initial values say.", "conserved {1}"),
    Shape(NEURON, "insert …", _CHANNELS, hint=_EXAMPLE),
    Shape(NEURON, "NAME . insert ( … )", _CHANNELS, hint=_EXAMPLE),
    Shape(NEURON, "connect …", _JOINED, hint=_FROM_SOMA),
    Shape(NEURON, "NAME . connect ( … )", _JOINED, hint=_FROM_SOMA),
    Shape(NEURON, "NAME = … in NAME", "What holds in one section alone is said by cases.", only_there, codes=frozenset(("not-here",))),
    Shape(DYNAMICS, "…? (<->|⇌|<=>|⇄) …? , …", _RATES, "{1} {2} {3} : {4}", level=2, codes=_UNREAD),
    Shape(DYNAMICS, "… (<->|⇌|<=>|⇄) … : NAME NAME", _RATES, "{1} {2} {3} : {4}, {5}", codes=frozenset(("reaction-rates",))),
    Shape(
        DYNAMICS, "… = … : … , …", "A reaction has an arrow: ‘⇌’ both ways, ‘→’ one way.", "{1} ⇌ {2} : {3}, {4}", level=2, codes=_UNREAD
    ),
    Shape(DYNAMICS, "… = … : …", "A reaction has an arrow: ‘⇌’ both ways, ‘→’ one way.", "{1} → {2} : {3}", level=2, codes=_UNREAD),
    Shape(DYNAMICS, "→|-> … : …", "What comes from nothing comes from ‘∅’.", "∅ → {1} : {2}", level=2, codes=_UNREAD),
    Shape(DYNAMICS, "… (<->|⇌|<=>|⇄) … : …", "Reactions stand below a line ‘reactions:’.", "reactions:\n    {1} {2} {3} : {4}", level=1),
    Shape(DYNAMICS, "NAME ( 0 ) = … if … else …", "Cases stand one below the other.", "{1}(0) = {2} if {3}\n    {4} otherwise"),
    Shape(NETWORK, "… <->|⇌|⇄|↔ … : …", "A projection goes from the units before its arrow to those behind it.", "{1} → {2}: {3}"),
    Shape(NETWORK, "… (→|->) NAME . NAME ( … ) : …", _NAMED, to_a_place),
    Shape(NETWORK, "… (→|->) NAME . NAME : …", _NAMED, to_a_section),
    Shape(EXPERIMENT, "record|plot|expect NAME . NAME . NAME …?", _NAMED, hint=_TIP, codes=_READ),
    Shape(EXPERIMENT, "record|plot|expect NAME . NAME ( … ) . NAME …?", _NAMED, hint=_TIP, codes=_READ),
    Shape(EXPERIMENT, "(record|plot|expect) NAME . NAME in NAME …?", _OF_A_PART, of_a_part, codes=_READ),
)
