"""A network as tables: what there is, populations, connectivity, input, parameters; and its diagram.

Comes in: the network of the syntax tree, and what the checker made of it. Goes out: a `Section`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from plasticdsl.document import statements as st
from plasticdsl.document.describe_blocks import PARAMETER_HEAD, paragraphs, parameter_row, rows_of, with_remark
from plasticdsl.document.description import Cell, Diagram, Edge, Inline, Line, Node, Section, Table, Words, cell
from plasticdsl.document.formula import Formula, Row, Upright
from plasticdsl.document.symbols import symbol
from plasticdsl.document.typeset import relation, separated, typeset
from plasticdsl.document.written import Written
from plasticdsl.model import Network, Population, Role
from plasticdsl.model.pretty import pretty
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.syntax import tree


def network_section(block: tree.Block, meant: Network, text: Written) -> Section:
    """The section of a network."""
    network = _Network(block, meant, text)
    tables = [Table(f"Summary of {block.name.text}", ("", ""), tuple(network.summary()))]
    tables += _table("Populations", ("name", "elements", "size"), network.populations())
    tables += _table("Connectivity", ("name", "from", "to", "pattern"), network.projections())
    tables += _table("Input", ("name", "type", "size"), network.sources())
    tables += _table(f"Parameters of {block.name.text}", PARAMETER_HEAD, network.parameters())
    tables += _table("Of the network as a whole", ("what", "how"), network.others())
    return Section("network", f"Network {block.name.text}", paragraphs(block.doc), network.diagram(), tuple(tables))


def _table(caption: str, head: tuple[str, ...], rows: Iterable[tuple[Cell, ...]]) -> list[Table]:
    found = tuple(rows)
    return [Table(caption, head, found)] if found else []


class _Network:
    """A network with what is asked of it more than once."""

    def __init__(self, block: tree.Block, meant: Network, text: Written) -> None:
        self.block, self.meant, self.text = block, meant, text
        self.sourced = {p.name for p in meant.populations if p.source is not None}
        self.written = [s for s in block.body if isinstance(s, tree.Population)]
        self.connected = [s for s in block.body if isinstance(s, tree.Projection)]

    # --- tables ---

    def summary(self) -> Iterator[tuple[Cell, ...]]:
        """What there is, a line for each kind of thing."""
        neurons = [p for p in self.written if p.name.name not in self.sourced]
        sources = [p for p in self.written if p.name.name in self.sourced]
        uses = [use for p in self.connected for use in (*p.uses, *p.with_rules)]
        rules = dict.fromkeys(u.name.text for u in uses if u.name.name in {r for p in self.meant.projections for r in p.rules})
        synapses = dict.fromkeys(u.name.text for u in uses if u.name.text not in rules)
        if self.block.base is not None:
            yield cell("based on"), cell(f"like {self.block.base.text}, with what is written here instead")
        yield from self._line("populations", (p.name.text for p in self.written))
        yield from self._line("connectivity", dict.fromkeys(c.kind for p in self.connected for c in p.connectivity))
        yield from self._line("neuron models", dict.fromkeys(p.kind.text for p in neurons))
        yield from self._line("synapse models", synapses)
        yield from self._line("plasticity", rules)
        yield from self._line("input", dict.fromkeys(p.kind.text for p in sources))

    def _line(self, label: str, names: Iterable[str]) -> Iterator[tuple[Cell, ...]]:
        text = _listed(names)
        if text:
            yield cell(label), cell(text)

    def populations(self) -> Iterator[tuple[Cell, ...]]:
        """Name, elements with their values, size."""
        for population in self.written:
            if population.name.name not in self.sourced:
                yield cell((symbol(population.name.text),)), self._elements(population), cell((typeset(population.size),))

    def sources(self) -> Iterator[tuple[Cell, ...]]:
        """The same of sources, those too that are written in place of a population."""
        for population in self.written:
            if population.name.name in self.sourced:
                yield cell((symbol(population.name.text),)), self._elements(population), cell((typeset(population.size),))
        for projection in self.connected:
            if isinstance(projection.source, tree.Apply):
                targets = [typeset(t) for t in projection.targets]
                yield cell("—"), cell((typeset(projection.source),)), cell((Words("as many as "), separated(targets)))

    def _elements(self, population: tree.Population) -> Cell:
        values: list[Line] = [(_argument(a),) for a in population.arguments]
        for value in population.values:
            values.append((_value(value),))
        lines: list[Line] = [(Words(population.kind.text),), *values]
        lines[0] = with_remark(lines[0], self.text, population)
        return tuple(lines)

    def projections(self) -> Iterator[tuple[Cell, ...]]:
        """Name, ends, and which connections there are with what values."""
        for projection in self.connected:
            name: Cell = cell("—") if projection.name is None else cell((symbol(projection.name.text),))
            targets = separated([typeset(t) for t in projection.targets])
            yield name, cell((typeset(projection.source),)), cell((targets,)), self._pattern(projection)

    def _pattern(self, projection: tree.Projection) -> Cell:
        lines: list[Line] = [tuple(_uses(projection))] if projection.uses or projection.with_rules else []
        lines += [_connectivity(c) for c in projection.connectivity]
        lines += [(st.setting(v),) for v in projection.values]
        lines += [_delay(d) for d in projection.delays]
        if lines:
            lines[0] = with_remark(lines[0], self.text, projection)
        return tuple(lines)

    def parameters(self) -> Iterator[tuple[Cell, ...]]:
        """Those of the network itself, and of parts of populations."""
        known = {v.name: v for v in self.meant.variables}
        for s in self.block.body:
            if isinstance(s, tree.Define | tree.Draw) and not (isinstance(s, tree.Define) and s.arguments):
                name = s.target.name if isinstance(s.target, tree.Name) else ""
                if not isinstance(s.target, tree.Name) or (name in known and known[name].role in PARAMETERS):
                    yield parameter_row(s, s.target, known[name].dimension if name in known else None, self.text)

    def others(self) -> Iterator[tuple[Cell, ...]]:
        """Parts of populations, observables, what flows in the network, patterns, data, and what is expected of it."""
        observed = {v.name for v in self.meant.variables if v.role is not Role.PARAMETER and v.role is not Role.GIVEN}
        parameters = {v.name for v in self.meant.variables} - observed
        for s in self.block.body:
            match s:
                case tree.Population() | tree.Projection():
                    continue
                case tree.Define(target=tree.Name(name=name)) if name in parameters and not s.arguments:
                    continue
                case tree.Define(target=tree.Name(name=name), rhs=tree.Indexed()) if name not in observed:
                    yield cell("part"), cell(with_remark((st.defined(s),), self.text, s))
                case tree.Define(target=tree.Name()):
                    yield cell("observable"), cell(with_remark((st.defined(s),), self.text, s))
                case tree.Define() | tree.Draw():
                    continue
                case tree.Patterns() | tree.Data() | tree.Expect():
                    yield cell({"Patterns": "patterns", "Data": "data", "Expect": "holds"}[type(s).__name__]), cell(self._said(s))
                case _:
                    for label, lines in rows_of(s):
                        yield cell(label), tuple(lines)

    def _said(self, statement: tree.Patterns | tree.Data | tree.Expect) -> Line:
        match statement:
            case tree.Expect(left=left, right=right) if right is not None:
                return (Row((typeset(left), relation("="), typeset(right))),)
            case tree.Expect(left=left, relation=how):
                return (typeset(left), *([Words(f" {how}")] if how != "holds" else []))
            case tree.Data(name=name, path=path):
                return symbol(name.text), Words(f" from {path}" if path else " given from outside")
            case tree.Patterns():
                return tuple(_patterns(statement))

    # --- the diagram ---

    def diagram(self) -> Diagram:
        """Its populations, and an edge for each projection. Those of a network that it is like are there too."""
        sizes = {p.name.name: self.text.text(p.size.span) for p in self.written}
        shown = {p.name: p for p in self.meant.populations if not p.hidden}
        nodes = [self._node(p, sizes) for p in shown.values()]
        symbols = {name: p.symbol for name, p in shown.items()}
        edges = [
            Edge(symbols[p.pre], symbols[p.post], "" if ">" in p.symbol or "→" in p.symbol else p.symbol, bool(p.rules))
            for p in self.meant.projections
            if {p.pre, p.post} <= shown.keys()
        ]
        return Diagram(self.block.name.text, tuple(nodes), tuple(edges))

    def _node(self, population: Population, sizes: Mapping[str, str]) -> Node:
        kind = population.block.name if population.source is None else type(population.source).__name__.removesuffix("Source")
        kinds = {p.name.name: p.kind.text for p in self.written}
        if population.as_many_as:  # a source that is written in place of a population
            return Node(population.symbol, kind, "", "", True)
        size = sizes.get(population.name) or pretty(population.size)
        return Node(population.symbol, population.symbol, kinds.get(population.name, kind), size, population.source is not None)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _argument(argument: tree.Argument) -> Formula:
    value = typeset(argument.value)
    return value if argument.keyword is None else Row((symbol(argument.keyword.text), relation("="), value))


def _value(value: tree.Define | tree.Draw | tree.Initial | tree.Place | tree.OwnStep) -> Formula:
    match value:
        case tree.Place(names=names, shape=shape, extent=extent, random=random):
            coordinates = [separated([symbol(n.text) for n in names]), Upright(" ")] if names else []
            where = Upright(f"{'at random ' if random else ''}on a {shape.text}")
            return Row((*coordinates, where, *([Upright(" of "), typeset(extent)] if extent is not None else [])))
        case tree.OwnStep(value=step):
            return Row((Upright("step "), typeset(step)))
        case _:
            return st.setting(value)


def _uses(projection: tree.Projection) -> Iterator[Inline]:
    for number, use in enumerate((*projection.uses, *projection.with_rules)):
        if number:
            yield Words(" with " if number == len(projection.uses) else " and ")
        yield Words(use.name.text)
        if use.arguments:
            yield from (Words(" ("), separated([_argument(a) for a in use.arguments]), Words(")"))


def _connectivity(clause: tree.Connectivity) -> Line:
    value = () if clause.value is None else (typeset(clause.value),)
    match clause.kind:
        case "probability":
            return Words("each pair with probability "), *value
        case "in-degree" | "out-degree":
            return Words(f"fixed {clause.kind} "), *value
        case "except self":
            return (Words("no connection of a unit with itself"),)
        case "with self":
            return (Words("also of a unit with itself"),)
        case "with repeats":
            return (Words("several connections of a pair are allowed"),)
        case kind:
            return (Words(f"{kind} " if value else kind), *value)


def _delay(delay: tree.Delay) -> Line:
    side = f"{delay.side} delay " if delay.side else "delay "
    return (Words(side), *((relation("∼"),) if delay.drawn else ()), typeset(delay.value))


def _patterns(patterns: tree.Patterns) -> Iterator[Inline]:
    yield symbol(patterns.name.text)
    yield Words(": ")
    match patterns.source:
        case tree.RandomPatterns(count=count, values=values, probability=probability, active=active):
            yield typeset(count)
            yield Words(" random patterns of ")
            yield st.domain(values) if isinstance(values, tree.Listing) else typeset(values)
            for word, value in ((", the second value with probability ", probability), (", active ", active)):
                if value is not None:
                    yield from (Words(word), typeset(value))
        case tree.PatternFile(path=path):
            yield Words(f"patterns from {path}")
        case tree.Listing() as listing:
            yield typeset(listing)
    yield Words(" over ")
    yield symbol(patterns.over.text)
