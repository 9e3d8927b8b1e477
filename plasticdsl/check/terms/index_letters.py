"""Index letters: which letters a subscript is made of, and which of a definition's are free.

Comes in: names in canonical spelling, where a letter can be longer than one character (`mu`). Goes out: their letters. `w_ij` is w at i and j,
`ξ_μi` is ξ at μ and i, `m_1` is m at 1.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from plasticdsl.check.likes import path_text
from plasticdsl.check.terms.scope import Scope
from plasticdsl.names import GREEK
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, parts

LETTERS = (*GREEK, *string.ascii_letters)


def split_indices(name: str, bound: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """`w_ij` → (`w`, (`i`, `j`)), where the last subscript is made of bound index letters and whole numbers; None where it is not."""
    base, underscore, subscript = name.rpartition("_")
    if not underscore or not base:
        return None
    letters = _letters(subscript, tuple(sorted(bound, key=len, reverse=True)))
    return (base, letters) if letters else None


def _letters(text: str, bound: tuple[str, ...]) -> tuple[str, ...] | None:
    """`mui` → (`mu`, `i`), `12i` → (`12`, `i`)."""
    if not text:
        return ()
    digits = len(text) - len(text.lstrip(string.digits))
    starts = [text[:digits]] if digits else [letter for letter in bound if text.startswith(letter)]
    for start in starts:
        rest = _letters(text[len(start) :], bound)
        if rest is not None:
            return (start, *rest)
    return None


@dataclass(frozen=True, slots=True)
class Indexed:
    """A name as it stands at index letters (or numbers); `owner` where one is written (`J.w_ij`)."""

    owner: str | None
    name: str
    letters: tuple[str, ...]


def indexed_names(
    node: object, bound: Sequence[str], scope: Scope, inner: frozenset[str] = frozenset()
) -> Iterator[tuple[Indexed, frozenset[str]]]:
    """Every name below `node` that stands at index letters, and the letters that sums on the way to it bind (`inner`: those on the way to `node`)."""
    found = read_indexed(node, bound, scope)
    if found is not None:
        yield found, inner
        return
    if isinstance(node, tree.Sum):
        own = frozenset(letters_of(node, scope))
        bound, inner = (*bound, *(letter for letter in sorted(own) if letter not in bound)), inner | own
    for part in parts(node):
        yield from indexed_names(part, bound, scope, inner)


def read_indexed(node: object, bound: Sequence[str], scope: Scope) -> Indexed | None:
    """How a name is read at index letters; a name that is declared as a whole is none."""
    match node:
        case tree.Name(name=name) if scope.find(node) is None:
            split = split_indices(name, bound)
            return None if split is None else Indexed(None, *split)
        case tree.Member(base=tree.Name(name=owner) as base, attribute=tree.Name(name=name)):
            declared = scope.find(base)
            split = split_indices(name, bound)
            if split is None or declared is None or declared.members is None or declared.members.find(name) is not None:
                return None
            return Indexed(owner, *split)
        case tree.Indexed(base=tree.Name() | tree.Member(base=tree.Name()) as base, indices=indices):
            letters = tuple(letter for index in indices if (letter := _letter(index, bound)) is not None)
            owner, _, name = path_text(base).rpartition(".")
            return Indexed(owner or None, name, letters) if len(letters) == len(indices) else None
        case _:
            return None


def _letter(node: tree.Expr, bound: Sequence[str]) -> str | None:
    match node:
        case tree.Name(name=name) if name in bound:
            return name
        case tree.Number(text=text, unit=()) if text.isdecimal():
            return text
        case _:
            return None


def letters_of(node: tree.Sum, scope: Scope) -> Mapping[str, tree.Name]:
    """The letters a Σ binds: those written before its conditions, and in `Σ_{i ≠ j}` the other side's too."""
    found = {index.name: index for index in node.indices}
    compared = (o for n in nodes(node.where) if isinstance(n, tree.Compare) for o in n.operands)
    for name in compared:
        if isinstance(name, tree.Name) and name.name in LETTERS and scope.find(name) is None:
            found.setdefault(name.name, name)
    return found


def free_letters(target: tree.Expr, rhs: tree.Expr, scope: Scope) -> tuple[tree.Name, tuple[str, ...]] | None:
    """`m_μ = … ξ_μi …` → (`m`, (`μ`,)): the letters of the target that the right side has too, outside every Σ that binds them.

    None where the target is a plain name.
    """
    match target:
        case tree.Name(name=name, text=text, span=span):
            split = split_indices(name, LETTERS)
            base = None if split is None else tree.Name(split[0], text.rpartition("_")[0] or split[0], span)
        case tree.Indexed(base=tree.Name() as base, indices=indices) if all(isinstance(i, tree.Name) for i in indices):
            split = base.name, tuple(i.name for i in indices if isinstance(i, tree.Name))
        case _:
            return None
    if split is None or base is None or any(letter.isdecimal() for letter in split[1]):
        return None
    letters = split[1]
    used = {letter for one, inner in indexed_names(rhs, letters, scope) for letter in one.letters if letter not in inner}
    return (base, letters) if used.issuperset(letters) else None
