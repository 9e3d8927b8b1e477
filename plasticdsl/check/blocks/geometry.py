"""Sections of a neuron: `axon = cylinder(diameter 1 µm, length 300 µm, 300 segments) from soma`.

Comes in: a block as written. Goes out: the same block in which what segments measure (`area`, `diameter`, `distance`) and whether they belong to a section
(`axon`: 1 or 0) are parameters, which each population gives to its units (`check.networks.segments`); and the sections, once names have a meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.files import Morphologies
from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import mentioned
from plasticdsl.check.terms.amounts import constant
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.scope import IN_SECTION, Declared
from plasticdsl.check.terms.unification import Dim
from plasticdsl.data.swc import KINDS, Branch, branches
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.expr import Number
from plasticdsl.model.geometry import Measure, Place, Section
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind
from plasticdsl.units.table import LENGTH

#: The power of a metre in which each is measured.
_POWERS = {Measure.AREA: 2, Measure.DIAMETER: 1, Measure.DISTANCE: 1, Measure.HALF: -1}


def sections_written(block: tree.Block) -> tuple[tree.Section, ...]:
    """The sections of a neuron, in the order of the text."""
    return tuple(of_kind(block.body, tree.Section))


def with_measures(block: tree.Block) -> tree.Block:
    """The block without its sections, and with a parameter for everything about its segments that it reads and does not declare itself."""
    sections = sections_written(block)
    if not sections or block.kind != "neuron":
        return block
    body = tuple(s for s in block.body if not isinstance(s, tree.Section))
    read = frozenset(name for statement in body for name in mentioned(statement))
    own = {s.target.name for s in of_kind(body, tree.Define) if isinstance(s.target, tree.Name)}
    at = sections[0].span
    needed = {Measure.HALF, Measure.AREA, *([Measure.DIAMETER] if "diffusion" in read else [])}  # of what flows along the cable
    wanted = [(m.value, _POWERS[m]) for m in Measure if (m.value in read or m in needed) and m.value not in own]
    names = [*(s.name.name for s in sections if s.file is None), *(KINDS.values() if any(s.file is not None for s in sections) else ())]
    wanted += [(name, 0) for name in names if name in read]
    places = {s.name.name: s.name.span for s in reversed(sections)}
    made = tuple(_parameter(name, power, places.get(name, at)) for name, power in dict(wanted).items())
    return replace(block, body=(*made, *body))


def names_of_sections(sections: Sequence[tree.Section]) -> dict[str, Declared]:
    """The sections of a neuron by the names under which its text knows them, of those of a file the usual ones."""
    own = {s.name.name: Declared(s.name.name, s.name.text, IN_SECTION, span=s.name.span) for s in sections if s.file is None}
    of_files = {name: Declared(name, name, IN_SECTION, span=s.span) for s in sections if s.file is not None for name in KINDS.values()}
    return {**of_files, **own}


def _parameter(name: str, power: int, at: Span) -> tree.Define:
    unit = (("µm", Fraction(power)),) if power else ()
    return tree.Define(tree.Name(name, name, at), (), tree.Number("1" if power else "0", unit, at), at)


def translated(written: Sequence[tree.Section], scope: BlockScope, report: Reporter, files: Morphologies) -> tuple[Section, ...]:
    """The sections of a block with their measures; what is wrong is reported."""
    reconstructed = [s for s in written if s.file is not None]
    if reconstructed and len(written) > 1:
        hint = "Draw what is to be added into the file."
        report.error("bad-section", "A neuron whose shape comes from a file has no other sections.", written[1].span, hint)
    if reconstructed:
        return _reconstructed(reconstructed[0], scope, report, files)
    above: list[str] = []
    numbers = {s.name.name: n for n, s in reversed(list(enumerate(written)))}
    found: list[Section] = []
    for number, section in enumerate(written):
        if numbers[section.name.name] != number:
            report.twice(f"There is a section ‘{section.name.text}’ already.", section.name.span, written[numbers[section.name.name]].span)
        diameter, length = (
            translate_as(e, Dim(LENGTH), what, scope.context)
            for e, what in ((section.diameter, "A diameter"), (section.length or section.diameter, "A length"))
            if e is not None
        )
        parent = -1 if section.parent is None else numbers.get(section.parent.name, number)
        if parent >= number or (number > 0 and parent < 0):
            _not_above(section, numbers, above, report)
            parent = -1 if number == 0 else 0
        if section.parent is not None and parent >= 0:
            report.means(section.parent, written[parent].name.span, "a section")
        place = _place(section, written[parent] if parent >= 0 else None, parent, report)
        name = section.name
        above.append(name.text)
        found.append(
            Section(name.name, name.text, diameter, length, section.segments, parent, place, section.shape == "sphere", section.span)
        )
    _with_resistance(found, report)
    return tuple(found)


def _not_above(section: tree.Section, numbers: Mapping[str, int], above: Sequence[str], report: Reporter) -> None:
    """Reports where a section comes from: from none, from one below, or from something that is no section."""
    name, first = section.name.text, above[0] if above else "soma"
    if section.parent is not None and section.parent.name not in numbers:
        hint = did_you_mean(section.parent.text, above, "Above it stand")
        report.error(
            "bad-section", f"There is no section ‘{section.parent.text}’ that ‘{name}’ could come from.", section.parent.span, hint
        )
        return
    message = "A section comes from one that stands above it; only the first comes from nowhere."
    span = section.span if section.parent is None else section.parent.span
    report.error("bad-section", message, span, f"Sections come one after the other: ‘{name} = … from {first}’.")


def _with_resistance(sections: Sequence[Section], report: Reporter) -> None:
    """Reports spheres that begin where there is no cable: at a sphere, in the middle of a segment, or where several sections begin."""
    begin = [(section.parent, section.place) for section in sections]
    for section, where in list(zip(sections, begin, strict=True))[1:]:
        from_cable = not sections[section.parent].sphere and section.place is not Place.MIDDLE and begin.count(where) == 1
        if section.sphere and not from_cable:
            message = f"Nothing resists between the sphere ‘{section.symbol}’ and where it begins, so it has no voltage of its own."
            report.error("bad-section", message, section.span, "Put a piece of cable between: ‘neck = cylinder(…)’.")


def _reconstructed(written: tree.Section, scope: BlockScope, report: Reporter, files: Morphologies) -> tuple[Section, ...]:
    """The sections of a file, each a branch."""
    assert written.file is not None
    assert written.length is not None
    longest = constant(translate_as(written.length, Dim(LENGTH), "A length", scope.context), {})
    if longest is None or not longest > 0.0:
        report.error("bad-section", "How long a segment may be is a length that is known: ‘length 20 µm’.", written.length.span)
        return ()
    text, span = written.file
    content = files.read(text, span, report)
    if content is None:
        return ()
    try:
        found = branches(content, longest)
    except ValueError as problem:
        report.error("bad-morphology", f"‘{text}’ is no morphology: {problem}.", span)
        return ()
    return tuple(_section(branch, written.span) for branch in found)


def _section(branch: Branch, span: Span) -> Section:
    size, kind = len(branch.pieces), branch.kind
    length = Number(sum(piece.length for piece in branch.pieces))
    diameter = Number(sum(piece.diameter for piece in branch.pieces) / size)
    return Section(kind, kind, diameter, length, size, branch.parent, Place.END, branch.sphere, span, branch.pieces)


def _place(section: tree.Section, parent: tree.Section | None, number: int, report: Reporter) -> Place:
    if section.place is None:
        return Place.END
    known = {p.value: p for p in Place}
    place = known.get(section.place.name)
    middle = place is Place.MIDDLE and parent is not None and parent.segments % 2 == 0
    start = place is Place.START and number > 0
    if place is None or middle or start:
        message = {True: "An even number of segments has none in the middle."}.get(
            middle, "A section begins at the end or the middle of another one."
        )
        hint = "‘from soma’, ‘from soma at middle’; at its start only the first section has another."
        report.error("bad-section", message, section.place.span, hint)
        return Place.END
    return place
