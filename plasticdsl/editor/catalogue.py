"""What the model says of each place at which something is declared: a `Module` comes in, entries by place go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from plasticdsl.editor.names import spelt
from plasticdsl.model import Block, Network, Role, Variable
from plasticdsl.model.module import Module
from plasticdsl.names import canonical
from plasticdsl.source import SourceFile, Span
from plasticdsl.units.dimension import Dimension
from plasticdsl.units.display import display_unit


class Sort(Enum):
    """What something is, as far as it is shown."""

    BLOCK = "block"
    NETWORK = "network"
    EXPERIMENT = "experiment"
    FUNCTION = "function"
    ARGUMENT = "argument"
    PARAMETER = "parameter"
    STATE = "state"
    DEFINITION = "definition"
    INPUT = "input"
    POPULATION = "population"
    PROJECTION = "projection"
    PHASE = "phase"
    DATA = "data"
    EVENT = "event"
    OTHER = "name"


_ROLES = {
    Role.PARAMETER: Sort.PARAMETER, Role.GIVEN: Sort.PARAMETER, Role.STATE: Sort.STATE, Role.DEFINITION: Sort.DEFINITION,
    Role.INPUT: Sort.INPUT, Role.CLAMPED: Sort.INPUT, Role.REFRACTORY: Sort.STATE,
}  # fmt: skip
#: What a check calls things, where the model has no entry for them.
_WORDS = {
    "a function": Sort.FUNCTION, "an argument": Sort.ARGUMENT, "a neuron": Sort.BLOCK, "a synapse": Sort.BLOCK, "a rule": Sort.BLOCK,
    "a connection": Sort.BLOCK, "a block": Sort.BLOCK, "a network": Sort.NETWORK, "an experiment": Sort.EXPERIMENT, "a table": Sort.EXPERIMENT,
    "a population": Sort.POPULATION, "a part of a population": Sort.POPULATION, "a projection": Sort.PROJECTION, "a phase": Sort.PHASE,
    "a data set": Sort.DATA, "a set of data": Sort.DATA, "a set of patterns": Sort.DATA, "an event": Sort.EVENT, "an input": Sort.INPUT,
    "a quantity": Sort.DEFINITION, "a variable": Sort.STATE, "a parameter": Sort.PARAMETER, "a parameter of the network": Sort.PARAMETER,
    "an observable": Sort.DEFINITION, "a signal": Sort.DEFINITION, "a value from outside": Sort.PARAMETER,
    "a value of this event": Sort.DEFINITION, "a recording": Sort.DEFINITION, "a section": Sort.DATA, "what the phase shows": Sort.ARGUMENT,
}  # fmt: skip


def sort_of_words(what: str) -> Sort:
    """The sort of what a check calls so."""
    return _WORDS.get(what, Sort.OTHER)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A variable of a block, as that is by itself (`network` is None), or as it is in a population or projection of a network, `owner`; of a network
    itself without a block. Each is made once, and equal to itself alone: whole networks are not compared to tell two of them apart."""

    variable: Variable
    block: Block | None = None
    network: Network | None = None
    owner: str = ""

    @property
    def sort(self) -> Sort:
        """What it is."""
        return _ROLES[self.variable.role]


Catalogue = Mapping[Span, tuple[Entry, ...]]


def catalogue(module: Module, sources: Mapping[str, SourceFile]) -> Catalogue:
    """The variables of a module by the place where their names are declared."""
    found: dict[Span, list[Entry]] = {}
    for entry in _entries(module):
        place = _name_at(entry.variable, sources)
        if place is not None:
            found.setdefault(place, []).append(entry)
    return {place: tuple(entries) for place, entries in found.items()}


def _entries(module: Module) -> Iterator[Entry]:
    for block in module.blocks:
        yield from (Entry(v, block) for v in block.variables)
    for network in module.networks:
        yield from (Entry(v, None, network) for v in network.variables)
        for population in network.populations:
            yield from (Entry(v, population.block, network, population.symbol) for v in population.block.variables)
        for projection in network.projections:
            yield from (Entry(v, projection.connection, network, projection.symbol) for v in projection.connection.variables)


def _name_at(variable: Variable, sources: Mapping[str, SourceFile]) -> Span | None:
    """The name at the beginning of a variable’s place, which can be that of its statement."""
    source, span = sources.get(variable.span.path), variable.span
    if source is None:
        return None
    text = source.text[span.start : min(span.end, span.start + 200)]
    for length in (len(variable.symbol), len(text)):
        if text[:length] and canonical(text[:length]) == canonical(variable.symbol):
            return Span(span.start, span.start + length, span.path)
    words = text.split()
    length = spelt(words[0], canonical(variable.symbol)) if words else 0
    return Span(span.start, span.start + length, span.path) if length else None


def unit_of(entries: tuple[Entry, ...]) -> tuple[Dimension, str] | None:
    """The dimension and the unit that all of them have; None where they differ or have none."""
    known = {e.variable.dimension for e in entries if e.variable.dimension is not None}
    if len(known) != 1:
        return None
    (dimension,) = known
    units = {e.variable.unit for e in entries if e.variable.unit and e.variable.dimension is not None}
    return dimension, units.pop() if len(units) == 1 else display_unit(dimension)[0]
