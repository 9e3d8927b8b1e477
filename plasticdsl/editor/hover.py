"""What there is to say of a name: how it is declared, what it is, its unit and value, and what the compiler made of it. Markdown goes out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from plasticdsl.document.markdown import harmless
from plasticdsl.editor.analysis import Deeper
from plasticdsl.editor.catalogue import Entry, Sort, unit_of
from plasticdsl.editor.knowledge import Knowledge
from plasticdsl.editor.typesetting import typeset_at
from plasticdsl.editor.words import Said
from plasticdsl.model import Block, Distribution, Role, Value, Variable
from plasticdsl.model.schemes import Scheme, variables_of
from plasticdsl.names import canonical
from plasticdsl.plan.explain import WHERE, population_in_words, projection_in_words, scheme_in_words
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.wording import Words
from plasticdsl.source import Span
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.symbolic.numeric import evaluate
from plasticdsl.units.display import name_dimension, shown

_ROLES = {
    Role.PARAMETER: "parameter", Role.GIVEN: "parameter, which has to be given", Role.STATE: "state", Role.DEFINITION: "definition",
    Role.INPUT: "input, a sum that synapses fill", Role.CLAMPED: "input that phases and populations set",
    Role.REFRACTORY: "1 while the unit is refractory, else 0",
}  # fmt: skip
#: Longer texts are cut.
_LONGEST = 12
_COMMENT = re.compile(r"#\s*(.*)$")
_DOC = re.compile(r'\s*"""(.*?)"""', re.DOTALL)


def described(known: Knowledge, deeper: Deeper | None, offset: int, *, latex: bool = False) -> Said | None:
    """What there is to say of the name at a place. `latex`: formulas are LaTeX, else text."""
    place = known.at(offset)
    now = None if place is None else known.now(place)
    if place is None or now is None:
        return None
    declared = known.names.targets.get(place) or (place,)
    paragraphs = [_declaration(known, declared), *_formulas(known, declared, latex), *_what(known, place), *_derived(known, deeper, place)]
    return Said(now, "\n\n".join(p for p in paragraphs if p))


# --- how it is declared ----------------------------------------------------------------------------------------------


def _declaration(known: Knowledge, declared: Iterable[Span]) -> str:
    """The lines in which it is declared, with their comments; of a block its first line and what it says of itself."""
    lines: list[str] = []
    comments: list[str] = []
    for place in declared:
        source = known.sources.get(place.path)
        if source is None:
            continue
        number = source.line_column(place.start)[0]
        line = source.line(number).rstrip("\r")
        comment = _COMMENT.search(line)
        lines.append(" ".join((line[: comment.start()] if comment is not None else line).split()))
        comments += [comment[1]] if comment is not None else []
        if line[:1].strip() and line.rstrip().endswith(":"):
            doc = _DOC.match(source.text, place.end + source.text[place.end :].find(":") + 1)
            comments += [" ".join(doc[1].split())] if doc is not None else []
    shown_lines = "\n".join(dict.fromkeys(lines))
    return "\n\n".join([f"```plas\n{shown_lines}\n```" if lines else "", *map(harmless, dict.fromkeys(comments))]).strip()


def _formulas(known: Knowledge, declared: Iterable[Span], latex: bool) -> Iterator[str]:
    sources = ((known.sources.get(place.path), place) for place in declared)
    lines = (line for source, place in sources if source is not None for line in typeset_at(source, place, latex=latex))
    yield "  \n".join(dict.fromkeys(lines))


# --- what it is ------------------------------------------------------------------------------------------------------


def _what(known: Knowledge, place: Span) -> Iterator[str]:
    entries = known.entries(place)
    thing = known.thing(place)
    if not entries:
        if thing is not None and thing.what:
            yield f"*{thing.what}*"
        return
    of = [e for e in entries if e.block is not None and e.network is None] or list(entries)
    first = of[0]
    unit = unit_of(entries)
    roles = " or ".join(dict.fromkeys(_ROLES[e.variable.role] for e in of))
    owner = f" of {first.block.kind} {first.block.name}" if first.block is not None and first.network is None else ""
    owner = f" of {first.owner or first.network.name}" if not owner and first.network is not None else owner
    measured = "" if unit is None else f", {name_dimension(unit[0])}" + (f" in {unit[1]}" if unit[1] else "")
    yield f"*{roles}{owner}*{measured}"
    values = dict.fromkeys(line for e in entries if (line := _value(e)) is not None)
    yield "  \n".join(values)


def _value(entry: Entry) -> str | None:
    """`= 0.00525`, `in E: ~ N(20 ms, 2 ms)`: the value of a parameter, as the block has it, or a population or projection of it."""
    variable, block, network = entry.variable, entry.block, entry.network
    if block is None or network is None:
        text = _shown(variable.value, variable, block, None) if variable.role is Role.PARAMETER else ""
        return f"= {text}" if text else None
    population = next((p for p in network.populations if p.block is block), None)
    if population is not None:
        given = dict(population.values)
        value = given.get(variable.name, given.get(f"{variable.name}(0)"))
    else:
        value = variable.initial if variable.role is Role.STATE else variable.value if variable.role is Role.PARAMETER else None
    part = population or next((p for p in network.projections if p.connection is block), None)
    text = "" if part is None else _shown(value, variable, block, Words(network, part.as_owner))
    return f"in {entry.owner}: {text}" if text else None


def _shown(value: Value | None, variable: Variable, block: Block | None, words: Words | None) -> str:
    """A number in the variable’s unit, else a formula or distribution."""
    if value is None:
        return ""
    if not isinstance(value, Distribution):
        number = evaluate(value, {} if block is None else default_values(block))
        if math.isfinite(number):
            return shown(number / variable.scale, unit=variable.unit)
    return "" if words is None else words.value(value)


# --- what the compiler made of it ------------------------------------------------------------------------------------


def _derived(known: Knowledge, deeper: Deeper | None, place: Span) -> Iterator[str]:
    if deeper is None or deeper.loaded is None:
        return
    lines: list[str] = []
    text = canonical(known.text_of(place))
    sort = known.sort(place)
    blocks = {e.block.name for e in known.entries(place) if e.block is not None and e.network is None}
    for plan in deeper.plans:
        if sort in (Sort.POPULATION, Sort.PROJECTION):
            lines += [line for words in _parts(plan, text) for line in words]
        elif sort is Sort.BLOCK:
            lines += _of_block(plan, text)
        else:
            lines += _of_variable(plan, text, blocks)
            lines += _traces(plan, known, place)
    lines = list(dict.fromkeys(lines))
    if len(lines) > _LONGEST:
        lines = [*lines[:_LONGEST], "…"]
    if lines:
        yield "```text\n" + "\n".join(lines) + "\n```"


def _parts(plan: Plan, name: str) -> Iterator[list[str]]:
    yield from (list(population_in_words(p, plan.network)) for p in plan.populations if p.population.name == name)
    yield from (list(projection_in_words(p, plan.network)) for p in plan.projections if p.projection.name == name)


def _of_block(plan: Plan, name: str) -> list[str]:
    """The integrators of a neuron where it is used first, or what becomes of a synapse or rule."""
    population = next((p for p in plan.populations if p.population.block.name == name and p.population.source is None), None)
    if population is not None:
        return list(population_in_words(population, plan.network))[1:]
    projection = next((p for p in plan.projections if any(origin[0] == name for _, origin in p.projection.origins)), None)
    return [] if projection is None else list(projection_in_words(projection, plan.network))[1:]


def _of_variable(plan: Plan, name: str, blocks: set[str]) -> list[str]:
    """The integrator of a state, and where it is kept."""
    for population in plan.populations:
        block = population.population.block
        if block.name in blocks and block.variable(name) is not None:
            words = Words(plan.network, population.population.as_owner)
            schemes = [s for s in population.schemes if name in variables_of(s)]
            return [line for scheme in schemes for line in _scheme(scheme, block, words, words.name(name))]
    for projection in plan.projections:
        for placed in projection.variables:
            origin = dict(projection.projection.origins).get(placed.variable.name, ("", ""))
            if origin[1] == name and (origin[0] in blocks or not blocks) and placed.variable.role is Role.STATE:
                reason = f" ({placed.reason})" if placed.reason else ""
                return [f"{placed.variable.symbol}: {WHERE[placed.place]}{reason}"]
    return []


def _scheme(scheme: Scheme, block: Block, words: Words, symbol: str) -> Iterator[str]:
    head, *equations = scheme_in_words(scheme, block, words)
    yield head
    yield from (line for line in equations if line.strip().startswith((f"d{symbol}/dt", f"{symbol} ")))


def _traces(plan: Plan, known: Knowledge, place: Span) -> Iterator[str]:
    """Traces that became of a learning window in the statement that is asked about."""
    for projection in plan.projections:
        for placed in projection.variables:
            span = placed.variable.span
            if placed.derived and span.path == place.path and span.start <= place.start <= span.end and placed.variable.role is Role.STATE:
                reason = f" ({placed.reason})" if placed.reason else ""
                yield f"{placed.variable.symbol}: {WHERE[placed.place]}{reason}; derived from the learning window"
