"""Indexed expressions of a network: `E = −½ Σ_ij w_ij x_i x_j`.

Comes in: syntax tree below a Σ. Goes out: `SumOver` and `At`. A declared name wins over an indexed reading; otherwise the last subscript is split into
index letters that a Σ binds. `i` of `w_ij` is the post, `j` the pre unit; a sum over `w_ij` runs over the connections that exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from plasticdsl.check.context import Context, Extension, Typed, unknown
from plasticdsl.check.expressions import translate_condition, translate_number
from plasticdsl.check.scope import Declared, Kind, Scope
from plasticdsl.model.expr import At, Expr, Ref, SumOver, walk
from plasticdsl.model.model import Projection
from plasticdsl.source import Span
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Indexables:
    """What can carry indices: the names in each population (one index) and in each projection (two: post, pre)."""

    populations: Mapping[str, Scope]
    projections: Mapping[str, Scope]
    ends: Mapping[str, Projection]

    def owners(self, count: int) -> Mapping[str, Scope]:
        """Those whose variables take so many indices."""
        return {1: self.populations, 2: self.projections}.get(count, {})


def indexing(things: Indexables, bound: Mapping[str, str | None]) -> Extension:
    """The extension that reads Σ and, below it, indexed names; `bound`: index letter → its population where the Σ names one."""

    def extend(node: tree.Expr, context: Context) -> Typed | None:
        match node:
            case tree.Sum():
                return _sum(node, things, bound, context)
            case tree.Name() if bound and context.scope.find(node.name) is None:
                return _indexed_name(None, node, things, bound, context)
            case tree.Member(base=tree.Name() as owner, attribute=attribute) if bound:
                declared = context.scope.find(owner.name)
                whole = declared is None or declared.members is None or declared.members.find(attribute.name) is not None
                return None if whole else _indexed_name(owner.name, attribute, things, bound, context)
            case tree.Indexed(base=base, indices=indices) if bound:
                return _bracketed(base, indices, node.span, things, bound, context)
            case _:
                return None

    return extend


def split_indices(name: str, bound: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """`w_ij` → (`w`, (`i`, `j`)), where the last subscript is made of bound index letters; None where it is not."""
    base, underscore, subscript = name.rpartition("_")
    if not underscore or not base:
        return None
    letters = _letters(subscript, tuple(bound))
    return None if letters is None else (base, letters)


def _letters(text: str, bound: tuple[str, ...]) -> tuple[str, ...] | None:
    """`mui` → (`mu`, `i`): canonical letters can be longer than one character."""
    if not text:
        return ()
    for letter in sorted(bound, key=len, reverse=True):
        if text.startswith(letter):
            rest = _letters(text[len(letter) :], bound)
            if rest is not None:
                return (letter, *rest)
    return None


# --- names with indices ----------------------------------------------------------------------------------------------


def _indexed_name(
    owner: str | None, node: tree.Name, things: Indexables, bound: Mapping[str, str | None], context: Context
) -> Typed | None:
    split = split_indices(node.name, tuple(bound))
    if split is None:
        return None
    name, letters = split
    return _at(owner, name, letters, node.span, things, bound, context)


def _bracketed(
    base: tree.Expr,
    indices: Sequence[tree.Expr],
    span: Span,
    things: Indexables,
    bound: Mapping[str, str | None],
    context: Context,
) -> Typed | None:
    """`w[i, j]`."""
    letters = tuple(i.name for i in indices if isinstance(i, tree.Name) and i.name in bound)
    if len(letters) != len(indices):
        message = f"Here each index is a letter of the Σ around it: {', '.join(bound)}."
        context.report.error("unknown-index", message, span)
        return unknown(context)
    match base:
        case tree.Name(name=name):
            return _at(None, name, letters, span, things, bound, context)
        case tree.Member(base=tree.Name(name=owner), attribute=tree.Name(name=name)):
            return _at(owner, name, letters, span, things, bound, context)
        case _:
            return None


def _at(
    owner: str | None,
    name: str,
    letters: tuple[str, ...],
    span: Span,
    things: Indexables,
    bound: Mapping[str, str | None],
    context: Context,
) -> Typed:
    """The one variable of that name with so many indices."""
    owners = things.owners(len(letters))
    named = bound.get(letters[0]) if len(letters) == 1 else None
    wanted = owner or named
    found = [o for o, names in owners.items() if names.find(name) is not None and (wanted is None or o == wanted)]
    if len(found) != 1:
        kind = "population" if len(letters) == 1 else "projection"
        if found:
            hint = f"Write whose it is: {', '.join(f'{o}.{name}' for o in found)}."
            message = f"‘{name}’ is a variable of more than one {kind}."
        else:
            message, hint = f"No {kind} has a variable ‘{name}’ that could be written with {len(letters)} indices.", ""
        context.report.error("unknown-name", message, span, hint)
        return unknown(context)
    declared = owners[found[0]].find(name)
    assert declared is not None and declared.dim is not None, "it was found by this name"
    return Typed(At(Ref(found[0], name), letters), declared.dim)


# --- sums ------------------------------------------------------------------------------------------------------------


def _sum(node: tree.Sum, things: Indexables, outer: Mapping[str, str | None], context: Context) -> Typed:
    if not node.indices:
        message = "In a network Σ needs its index: Σ_i, Σ_ij or Σ_{k ∈ population}."
        context.report.error("unknown-index", message, node.span)
        return unknown(context)
    named = {i.name: _set_name(over, things, context) for i, over in zip(node.indices, node.over, strict=True)}
    bound = {**outer, **named}
    numbers = {i.name: Declared(i.name, i.text, Kind.INDEX, "an index letter", span=i.span) for i in node.indices if i.name not in outer}
    inside = context.extended(indexing(things, bound)).inside(context.scope.child(numbers))
    body = translate_number(node.body, inside)
    where = translate_condition(node.where, inside) if node.where is not None else None
    sets = tuple(_set_of(i, named[i.name], body.expr, things, context) for i in node.indices)
    return Typed(SumOver(tuple(i.name for i in node.indices), sets, body.expr, where), body.dim)


def _set_name(over: tree.Expr | None, things: Indexables, context: Context) -> str | None:
    if over is None:
        return None
    if isinstance(over, tree.Name) and over.name in things.populations:
        return over.name
    context.report.error("undeclared-population", "An index runs over the units of a population.", over.span)
    return None


def _set_of(index: tree.Name, named: str | None, body: Expr, things: Indexables, context: Context) -> str:
    """The population an index runs over: named, or that of the variables it stands at."""
    found = {named} if named is not None else set()
    found |= set(_populations(index.name, body, things))
    if len(found) == 1:
        return found.pop()
    if found:
        message = f"‘{index.text}’ numbers the units of different populations: {', '.join(sorted(found))}."
        context.report.error("unknown-index", message, index.span)
    else:
        hint = f"Write for example Σ_{{{index.text} ∈ population}}."
        context.report.error("unknown-index", f"Nothing says what ‘{index.text}’ runs over.", index.span, hint)
    return ""


def _populations(letter: str, body: Expr, things: Indexables) -> Iterator[str]:
    for node in walk(body):
        if not isinstance(node, At) or letter not in node.indices:
            continue
        if node.ref.owner in things.ends:
            projection = things.ends[node.ref.owner]
            places = (projection.post, projection.pre)
            yield from (places[k] for k, index in enumerate(node.indices) if index == letter)
        else:
            yield node.ref.owner
