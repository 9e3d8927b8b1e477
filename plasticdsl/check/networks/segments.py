"""Populations of neurons that have a shape: each of their segments is a unit.

Comes in: a block with sections, and how many neurons there are. Goes out: the number of units, and what each segment measures, as values of the block's
parameters (`model.geometry`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from plasticdsl.check.blocks.block import CheckedBlock, CheckedBlocks
from plasticdsl.check.terms.amounts import constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.unification import Dim
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Block, Value
from plasticdsl.model.expr import Binary, Expr, Number, Ref
from plasticdsl.model.geometry import Measure, Section, first_segments, measure, membership, segments_of
from plasticdsl.names import free_name
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind
from plasticdsl.units.table import LENGTH


def units_of_segments(block: Block, neurons: Expr) -> Expr:
    """How many units the neurons have."""
    number = segments_of(block.sections) if block.sections else 1
    match neurons:
        case Number(value):
            return Number(value * number)
        case _:
            return neurons if number == 1 else Binary("*", neurons, Number(float(number)))


def measures(block: Block, neurons: Expr) -> dict[str, Value]:
    """The values of the parameters by which a block knows of its segments; nothing for one without a shape."""
    found: dict[str, Value] = {}
    for what in Measure if block.sections else ():
        if block.variable(what.value) is not None:
            found[what.value] = measure(what, block.sections, neurons)
    for name in dict.fromkeys(section.name for section in block.sections):
        if block.variable(name) is not None:
            found[name] = membership(name, block.sections, neurons)
    return found


# --- names of sections and places --------------------------------------------------------------------------------------


def with_parts(block: tree.Block, blocks: CheckedBlocks, context: Context) -> tree.Block:
    """A network in which `axon = cell.axon` and `tip = cell.axon(300 µm)` are parts, chosen by the numbers of their units; how many neurons there are is a
    parameter, on which these numbers depend."""
    taken = {s.target.name for s in of_kind(block.body, tree.Define) if isinstance(s.target, tree.Name)}
    shaped: dict[str, tuple[tree.Population, CheckedBlock]] = {}
    body: list[tree.Statement] = []
    for statement in block.body:
        if isinstance(statement, tree.Population):
            checked = blocks.find("neuron", statement.kind)
            if checked is not None and checked.block.sections:
                number = free_name(f"neurons_of_{statement.name.name}", taken)
                count = tree.Name(number, number, statement.size.span)
                body.append(tree.Define(count, (), statement.size, statement.size.span))
                statement = replace(statement, size=count)
                shaped[statement.name.name] = statement, checked
        body.append(statement)
    if not shaped:
        return block
    return replace(block, body=tuple(_statement(s, shaped, context) for s in body))


def _statement(statement: tree.Statement, shaped: Mapping[str, tuple[tree.Population, CheckedBlock]], context: Context) -> tree.Statement:
    match statement:
        case tree.Define(target=tree.Name(), rhs=tree.Indexed(base=tree.Member(base=tree.Name(name=name))) as rhs) if name in shaped:
            return _first(statement, shaped[name][0], rhs) if _numbered(rhs, shaped[name][1], context) else statement
        case tree.Define(target=tree.Name(), rhs=tree.Member(base=tree.Name(name=name), attribute=section) as rhs) if name in shaped:
            at: tree.Expr | None = None
        case tree.Define(
            target=tree.Name(),
            rhs=tree.Apply(function=tree.Member(base=tree.Name(name=name), attribute=section), arguments=(only,)) as rhs,
        ) if name in shaped:
            at = only.value
        case _:
            return statement
    population, checked = shaped[name]
    firsts = first_segments(checked.block.sections)
    meant = [(first, one) for first, one in zip(firsts, checked.block.sections, strict=True) if one.name == section.name]
    if not meant:
        if at is not None:
            hint = did_you_mean(section.text, dict.fromkeys(one.symbol for one in checked.block.sections))
            message = f"‘{population.name.text}’ has no section ‘{section.text}’."
            context.report.error("bad-section", message, section.span, hint)
            return _first(statement, population, rhs)
        return statement
    if at is None:
        segments = [(first, first + one.segments - 1) for first, one in meant]
    elif len(meant) > 1:
        several = "Choose a unit by its number, ‘cell[12]’; ‘record cell.distance’ says how far each is."
        context.report.error("bad-section", f"There are {len(meant)} branches called ‘{section.text}’.", rhs.span, several)
        return statement
    else:
        first, one = meant[0]
        segments = [(first + _segment_at(at, one, checked, population, context),) * 2]
    units = tuple(_units(population.size, low, high, rhs) for low, high in segments)
    return replace(statement, rhs=tree.Indexed(replace(population.name, span=rhs.span), units, rhs.span))


def _first(statement: tree.Define, population: tree.Population, at: tree.Expr) -> tree.Define:
    """A part in place of one that has been reported, so that what reads it is not reported too."""
    units = (_units(population.size, 0, 0, at),)
    return replace(statement, rhs=tree.Indexed(replace(population.name, span=at.span), units, at.span))


def _numbered(written: tree.Indexed, checked: CheckedBlock, context: Context) -> bool:
    """Reports `cell.tuft[10]`, with the place that the middle of that segment has."""
    section = written.base.attribute if isinstance(written.base, tree.Member) else None
    one = next((s for s in checked.block.sections if section is not None and s.name == section.name), None)
    if one is None or section is None or not isinstance(written.base, tree.Member):
        return False
    number = written.indices[0].text if len(written.indices) == 1 and isinstance(written.indices[0], tree.Number) else ""
    known = {ref: Number(value) for ref, value in default_values(checked.block).items() if isinstance(ref, Ref)}
    length = constant(one.length, known)
    hint = Hint(f"For example ‘{section.text}(100 µm)’, counted from where it begins.")
    if length is not None and number.isdigit() and 0 < int(number) <= one.segments:
        base = written.base.base
        text = (
            f"{base.text if isinstance(base, tree.Name) else ''}.{section.text}({1e6 * length * (int(number) - 0.5) / one.segments:g} µm)"
        )
        hint = Hint(f"The middle of segment {number} is ‘{text}’.", (text,))
    context.report.error("bad-section", "A segment of a section is chosen by its place.", written.span, hint)
    return True


def _units(neurons: tree.Expr, low: int, high: int, at: tree.Expr) -> tree.Expr:
    """The units of these segments of all neurons."""
    span = at.span

    def number(value: int) -> tree.Expr:
        return tree.Number(str(value), (), span)

    first = tree.Binary("+", tree.Binary("*", neurons, number(low), span), number(1), span)
    return tree.Interval(first, tree.Binary("*", neurons, number(high + 1), span), span)


def _segment_at(place: tree.Expr, section: Section, checked: CheckedBlock, population: tree.Population, context: Context) -> int:
    """The number of the segment at a distance from the beginning of its section, from 0; what cannot be known is reported."""
    report, before = context.report, context.report.count
    if isinstance(place, tree.Number) and not place.unit and (share := _share(place, section, checked)):
        hint = Hint(f"A place is a length from where the section begins: ‘{share}’.", (share,))
        report.error("bad-section", "A place on a section is no share of it.", place.span, hint)
        return 0
    where = constant(translate_as(place, Dim(LENGTH), "A place on a section", context), {})
    known = {ref: Number(value) for ref, value in default_values(checked.block).items() if isinstance(ref, Ref)}
    length = constant(section.length, known)
    if report.count > before:
        return 0
    if population.arguments or population.values or where is None or length is None:
        unknown = "Where the length is a number in the neuron, and the place one, it is known which segment is there; else choose a unit: ‘cell[12]’."
        report.error("bad-section", "Which segment this is, is not known before the run.", place.span, unknown)
        return 0
    if not 0.0 <= where <= length:
        report.error(
            "bad-section", f"‘{section.symbol}’ is {length * 1e6:g} µm long.", place.span, "Places are counted from where it begins."
        )
        return 0
    return min(int(where / length * section.segments), section.segments - 1)


def _share(place: tree.Number, section: Section, checked: CheckedBlock) -> str:
    """The place that a number from 0 to 1 would be as a share of a section of known length; nothing for another number."""
    known = {ref: Number(value) for ref, value in default_values(checked.block).items() if isinstance(ref, Ref)}
    length = constant(section.length, known)
    value = float(Fraction(place.text))
    return f"{1e6 * length * value:g} µm" if length is not None and 0.0 <= value <= 1.0 else ""
