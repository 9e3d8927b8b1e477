"""Indexed expressions of a network: `E = −½ Σ_ij w_ij x_i x_j`, `m_μ = (1/N) Σ_i ξ_μi x_i`.

Comes in: syntax tree below a Σ or beside a free index letter. Goes out: `SumOver` and `At`. A declared name wins over an indexed reading; otherwise the
last subscript is split into index letters that are bound. `i` of `w_ij` is the post, `j` the pre unit, `μ` of `ξ_μi` the pattern; a sum over `w_ij` runs
over the connections that exist. A letter that stands alone is the number of the unit, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from plasticdsl.check.networks.parts import chosen, units
from plasticdsl.check.terms.amounts import Values
from plasticdsl.check.terms.context import Context, Extension, Typed
from plasticdsl.check.terms.expressions import read_hold, translate_condition, translate_number
from plasticdsl.check.terms.index_letters import Indexed, indexed_names, letters_of, read_indexed
from plasticdsl.check.terms.scope import Declared, Scope
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.model import Projection
from plasticdsl.model.expr import At, Expr, Number, Ref, SumOver, joined, walk
from plasticdsl.model.owners import OfPatterns, OfPopulation, OfProjection, OfTable, Owner, Whose, owner_text
from plasticdsl.model.parts import NamedPart, Units, among
from plasticdsl.model.patterns import DataSet
from plasticdsl.names import canonical
from plasticdsl.source import NOWHERE, Span
from plasticdsl.syntax import tree
from plasticdsl.units.display import counted

Bound = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Indexables:
    """What can carry indices: the names in each population (one index) and in each projection (two: post, pre), pattern sets (pattern, unit) by
    the population they are over, and observables with free letters by what these run over. `outputs`: what `x` and `y` mean in a population that has
    neither. `parts`: of populations, with names; `sizes`: of populations, and `constants`: of parameters, where they are known. `data`: files of
    arrays, whose indices run over whatever the letters do. `declared`: where patterns and observables are.
    """

    populations: Mapping[str, Scope]
    projections: Mapping[str, Scope]
    ends: Mapping[str, Projection]
    outputs: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, tuple[str, Dim]] = field(default_factory=dict)
    parts: Mapping[str, NamedPart] = field(default_factory=dict)
    sizes: Mapping[str, float | None] = field(default_factory=dict)
    constants: Values = field(default_factory=dict)
    observables: Mapping[str, tuple[tuple[str, ...], Dim]] = field(default_factory=dict)
    data: Mapping[str, DataSet] = field(default_factory=dict)
    declared: Mapping[str, Span] = field(default_factory=dict)

    def sets(self, ref: Ref) -> tuple[str | None, ...]:
        """What each index of a variable runs over; None for anything."""
        match ref.owner:
            case OfTable(_, axes):
                return axes
            case OfProjection(name):
                return self.ends[name].post, self.ends[name].pre
            case OfPatterns(name):
                return name, self.patterns[name][0]
            case OfPopulation(name):
                return (name,)
            case _:
                return self.observables[ref.name][0]

    def places(self, one: Indexed) -> Iterator[Place]:
        """Everything that the name could be with so many indices."""
        members = self._of_units(one) if len(one.letters) == 1 else self._of_connections(one) if len(one.letters) == 2 else ()
        found = [(Ref(owner, declared.name), declared.dim, declared.span) for owner, declared in members if declared is not None]
        there = self.declared.get(one.name, NOWHERE)
        if one.owner is None and one.name in self.patterns:
            found.append((Ref(OfPatterns(one.name), ""), self.patterns[one.name][1], there))
        if one.owner is None and one.name in self.observables:
            found.append((Ref(Whose.NETWORK, one.name), self.observables[one.name][1], there))
        of = self.data.get(one.owner or "")
        if of is not None:
            found += [
                (Ref(OfTable(of.name, (None,) * len(shape)), array), PURE, NOWHERE)
                for array, shape in of.arrays
                if one.name in (array, canonical(array))
            ]
        for ref, dim, declared in found:
            if dim is not None and len(self.sets(ref)) == len(one.letters):
                yield Place(ref, self.sets(ref), dim, declared)

    def _of_units(self, one: Indexed) -> list[tuple[Owner, Declared | None]]:
        """The variable in each population; `x` and `y` also mean the output, where none has it under this name."""
        owners = {o: names for o, names in self.populations.items() if one.owner in (None, o)}
        if one.name in ("x", "y") and not any(names.find(one.name) for names in owners.values()):
            return [(OfPopulation(o), names.find(self.outputs[o])) for o, names in owners.items() if o in self.outputs]
        return [(OfPopulation(o), names.find(one.name)) for o, names in owners.items()]

    def _of_connections(self, one: Indexed) -> list[tuple[Owner, Declared | None]]:
        return [(OfProjection(o), names.find(one.name)) for o, names in self.projections.items() if one.owner in (None, o)]


@dataclass(frozen=True, slots=True)
class Place:
    """One reading of an indexed name; `sets`: what each index runs over."""

    ref: Ref
    sets: tuple[str | None, ...]
    dim: Dim
    declared: Span = NOWHERE


def _readings(one: Indexed, bound: Bound, things: Indexables) -> list[Place]:
    """Those that fit what is known of the letters; all of them where none does."""
    found = list(things.places(one))
    fitting = [p for p in found if all(None in (bound.get(k), s) or bound[k] == s for k, s in zip(one.letters, p.sets, strict=True))]
    return fitting or found


def ranges(node: object, bound: Bound, things: Indexables, scope: Scope) -> dict[str, str | None]:
    """`bound`, with what the letters in it run over as far as the names below `node` tell."""
    names = [one for one, _ in indexed_names(node, tuple(bound), scope)]
    known = dict(bound)
    while True:
        before = dict(known)
        for one in names:
            readings = _readings(one, known, things)
            for position, letter in enumerate(one.letters):
                sets = {p.sets[position] for p in readings}
                if letter in known and known[letter] is None and len(sets) == 1:
                    known[letter] = sets.pop()
        if known == before:
            return known


def indexing(things: Indexables, bound: Bound) -> Extension:
    """The extension that reads Σ and indexed names; `bound`: index letter → what it runs over, where that is known."""

    def extend(node: tree.Expr, context: Context) -> Typed | None:
        if isinstance(node, tree.Sum):
            return _sum(node, things, bound, context)
        one = read_indexed(node, tuple(bound), context.scope)
        if one is not None and (bound or isinstance(node, tree.Indexed) or any(things.places(one))):
            _mention_owner(node, context)
            return _at(one, node.span, things, bound, context)
        if isinstance(node, tree.Indexed) and bound and not _is_entry(node, things):
            message = f"Here each index is a number or a letter of the Σ around it: {', '.join(bound)}."
            return context.refuse("unknown-index", message, node.span)
        return read_hold(node, context)

    return extend


def _mention_owner(node: tree.Expr, context: Context) -> None:
    """J of `J.w_ij`."""
    base = node.base if isinstance(node, tree.Indexed) else node
    found = context.scope.find(base.base) if isinstance(base, tree.Member) and isinstance(base.base, tree.Name) else None
    if found is not None and isinstance(base, tree.Member) and isinstance(base.base, tree.Name):
        context.report.means(base.base, found.span, found.what)


def _is_entry(node: tree.Indexed, things: Indexables) -> bool:
    """Whether it is an entry of an array of a file."""
    return isinstance(node.base, tree.Member) and isinstance(node.base.base, tree.Name) and node.base.base.name in things.data


def _at(one: Indexed, span: Span, things: Indexables, bound: Bound, context: Context) -> Typed:
    """The one variable of that name with so many indices."""
    found = _readings(one, bound, things)
    if len(found) != 1:
        if found:
            hint = f"Write whose it is: {', '.join(f'{owner_text(p.ref.owner)}.{one.name}' for p in found)}."
            message = f"‘{one.name}’ is a variable of more than one {'population' if len(one.letters) == 1 else 'projection'}."
        else:
            if one.owner is not None and one.owner in things.data:
                return _no_array(one, span, things.data[one.owner], context)
            kind = {1: "population", 2: "projection"}.get(len(one.letters), "thing")
            count = "an index" if len(one.letters) == 1 else f"{len(one.letters)} indices"
            message, hint = f"No {kind} has a variable ‘{one.name}’ that could be written with {count}.", _hint(one, things)
        return context.refuse("unknown-name", message, span, hint)
    (place,) = found
    context.report.means(tree.Name(one.name, one.name, span), place.declared)
    if isinstance(place.ref.owner, OfTable):
        return Typed(_of_table(place.ref, one, span, things, bound, context), place.dim)
    return Typed(At(place.ref, one.letters), place.dim)


def _of_table(ref: Ref, one: Indexed, span: Span, things: Indexables, bound: Bound, context: Context) -> Expr:
    """An array of a file at index letters, each of which numbers what it numbers elsewhere."""
    of = things.data[owner_text(ref.owner)]
    shape = dict(of.arrays)[ref.name]
    axes = tuple(bound.get(letter) for letter in one.letters)
    for letter, axis, length in zip(one.letters, axes, shape, strict=True):
        size = things.sizes.get(axis or "")
        if letter.isdecimal() and not 1 <= int(letter) <= length:
            message = f"‘{of.symbol}.{ref.name}’ has the entries 1 to {length}, so there is no number {letter}."
            context.report.error("out-of-range", message, span)
        elif size is not None and size != length:
            message = f"‘{letter}’ numbers the {counted(size, 'unit')} of ‘{axis}’, and ‘{of.symbol}.{ref.name}’ has the shape {shape}."
            context.report.error("sizes-differ", message, span)
    return At(Ref(OfTable(of.name, axes), ref.name), one.letters)


def _no_array(one: Indexed, span: Span, of: DataSet, context: Context) -> Typed:
    message = f"‘{of.symbol}’ has no array ‘{one.name}’ with {'an index' if len(one.letters) == 1 else f'{len(one.letters)} indices'}."
    arrays = ", ".join(f"‘{name}’ with the shape {shape}" for name, shape in of.arrays)
    return context.refuse("unknown-name", message, span, f"It has {arrays}.")


def _hint(one: Indexed, things: Indexables) -> str:
    """For a population in place of a variable."""
    if one.name not in things.outputs or len(one.letters) > 1:
        return ""
    return f"‘{one.name}’ is a population; its output is ‘{one.name}.x_{one.letters[0]}’."


# --- sums ------------------------------------------------------------------------------------------------------------


def _sum(node: tree.Sum, things: Indexables, outer: Bound, context: Context) -> Typed:
    letters = letters_of(node, context.scope)
    if not letters:
        message = "In a network Σ needs its index: Σ_i, Σ_ij or Σ_{k ∈ population}."
        return context.refuse("unknown-index", message, node.span)
    meant = {i.name: _set_named(over, things, context) for i, over in zip(node.indices, node.over, strict=True)}
    named = {name: over for name, (over, _) in meant.items()}
    own = {name: named.get(name) for name in letters}
    bound = ranges((node.body, node.where), {**outer, **own}, things, context.scope)
    numbers = {name: index_number(letter) for name, letter in letters.items()}
    inside = context.extended(indexing(things, bound)).inside(context.scope.child(numbers))
    body = translate_number(node.body, inside)
    where = translate_condition(node.where, inside) if node.where is not None else None
    sets = tuple(_set_of(letter, named.get(name), body.expr, bound, things, context) for name, letter in letters.items())
    inner = [among(Ref(Whose.INDEX, name), units, _size(over)) for name, (over, units) in meant.items() if units and over is not None]
    conditions = [*inner, *((where,) if where is not None else ())]
    return Typed(SumOver(tuple(letters), sets, body.expr, joined("and", conditions) if conditions else None), body.dim)


def _size(population: str) -> Expr:
    """The number of units, which runs may change."""
    return SumOver(("k",), (population,), Number(1.0))


def index_number(letter: tree.Name) -> Declared:
    """A letter by itself: the number of the unit, from 1."""
    return Declared(letter.name, letter.text, "an index letter", Ref(Whose.INDEX, letter.name), PURE, span=letter.span)


def _set_named(over: tree.Expr | None, things: Indexables, context: Context) -> tuple[str | None, Units]:
    """What an index is said to run over, and which units of it where it is a part of a population."""
    if over is None:
        return None, ()
    part = chosen(over, {})
    if part is not None:
        name, text = part.population.name, part.population.text
        if name in things.parts and not part.units:
            return things.parts[name].population, things.parts[name].units
        context.report.means(part.called, things.declared.get(name, NOWHERE))
        if name in things.populations:
            return name, units(part.units, text, things.sizes.get(name), context, things.constants)
        if name in things.patterns and not part.units:
            return name, ()
    context.report.error("undeclared-population", "An index runs over the units of a population, or over a set of patterns.", over.span)
    return None, ()


def _set_of(index: tree.Name, named: str | None, body: Expr, bound: Bound, things: Indexables, context: Context) -> str:
    """What an index runs over: as named, or as the variables it stands at tell."""
    found = {named} if named is not None else set()
    found |= {over for over in _sets(index.name, body, things) if over is not None}
    if len(found) == 1:
        return found.pop()
    if found:
        message = f"‘{index.text}’ numbers the units of different populations: {', '.join(sorted(found))}."
        context.report.error("unknown-index", message, index.span)
        return ""
    known = bound.get(index.name)
    if known is None:
        report_without_range(index, context)
    return known or ""


def report_without_range(index: tree.Name, context: Context) -> None:
    """Nothing says what the letter numbers."""
    hint = f"Write for example Σ_{{{index.text} ∈ population}}."
    context.report.error("unknown-index", f"Nothing says what ‘{index.text}’ runs over.", index.span, hint)


def _sets(letter: str, body: Expr, things: Indexables) -> Iterator[str | None]:
    for node in walk(body):
        if isinstance(node, At) and letter in node.indices:
            places = things.sets(node.ref)
            yield from (places[k] for k, index in enumerate(node.indices) if index == letter)
