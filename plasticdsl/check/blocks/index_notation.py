"""Index letters inside a synapse or rule: `Δw_ij = η y_i x_j` says the same as `Δw = η y x`.

Comes in: a block as written. Goes out: the same block without index letters. As everywhere, i is the postsynaptic and j the presynaptic unit: `w_ij`
is w, `x_j` the output of the presynaptic unit, `V_i` is `post.V`, and `h_i = Σ_j w_ij x_j` is `post.h = Σ w x`. Letters are read so only in a block
that binds them, by an `_ij` or a `Σ_j`, and never in a name that the block declares as a whole (`τ_i = 5 ms`). A sum may have a letter of its
own, `Σ_k w_ik x_k`; a sum whose terms belong to another connection too (`Σ_k w_ik x_j`) keeps its letter, which is reported where it is read.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, parts

_SUFFIX = re.compile(r"_(ij|i|j)$")
_LETTER = re.compile(r"_i?([a-z])$")
_WRITTEN = re.compile(r"_?\{?(?:ij|i|j|ᵢⱼ|ᵢ|ⱼ)\}?$")
_SIDES = {"i": "post", "j": "pre"}
_OUTPUTS = {"i": "y", "j": "x"}


def without_indices(block: tree.Block) -> tree.Block:
    """The block with `w_ij`, `x_j`, `V_i` and `Σ_j` in the notation without letters; the block itself where it binds none."""
    if block.kind == "neuron" or not any(_binds(n) for n in nodes(block.body)):
        return block
    return dataclasses.replace(block, body=tuple(_bare(s, _declared(block)) for s in block.body))


def _binds(node: object) -> bool:
    match node:
        case tree.Name(name=name):
            return name.endswith("_ij")
        case tree.Indexed():
            return _letters(node) is not None
        case tree.Sum(indices=indices):
            return _letter(indices) is not None
        case _:
            return False


def _letter(indices: tuple[tree.Name, ...]) -> str | None:
    """The one letter of a sum over connections."""
    return indices[0].name if len(indices) == 1 and len(indices[0].name) == 1 and indices[0].name != "i" else None


def _letters(node: tree.Indexed) -> str | None:
    """`ij` of `w[i, j]`, or None where the indices are not these letters."""
    letters = "".join(i.name if isinstance(i, tree.Name) else "?" for i in node.indices)
    return letters if letters in ("i", "j", "ij") and isinstance(node.base, tree.Name) else None


def _declared(block: tree.Block) -> frozenset[str]:
    """Names with one index letter that the block declares, and so means as a whole."""
    found: set[str] = set()
    for node in nodes(block.body):
        match node:
            case tree.Define(target=tree.Name(name=name)) if not _is_sum(node):
                found.add(name)
            case tree.Flow(variable=tree.Name(name=name)) | tree.Initial(variable=tree.Name(name=name)):
                found.add(name)
            case tree.Draw(target=tree.Name(name=name)) | tree.Jump(target=tree.Name(name=name)):
                found.add(name)
            case _:
                pass
    return frozenset(name for name in found if not name.endswith("_ij"))


def _is_sum(define: tree.Define) -> bool:
    return not define.arguments and any(isinstance(n, tree.Sum) for n in nodes(define.rhs))


def _bare(node: Any, declared: frozenset[str], outer: frozenset[str] = frozenset("j")) -> Any:
    """`node` (a node, a tuple of them, or a plain value) and everything below it without index letters; `outer`: those of the connection and of the
    sums around."""
    if isinstance(node, tuple):
        return tuple(_bare(part, declared, outer) for part in node)
    if not dataclasses.is_dataclass(node) or isinstance(node, Span | type):
        return node
    found = _read(node, declared)
    if found is not None:
        return found
    if isinstance(node, tree.Sum) and (letter := _letter(node.indices)) is not None:
        if _free(node.body, declared) & (outer - {letter}):
            return node
        body = node.body if letter == "j" else _with_letter(node.body, letter, declared)
        return dataclasses.replace(node, indices=(), over=(), body=_bare(body, declared, outer | {letter}))
    fixed = {"span"} | ({"attribute"} if isinstance(node, tree.Member) else {"keyword"})
    changes = {f.name: _bare(getattr(node, f.name), declared, outer) for f in dataclasses.fields(node) if f.name not in fixed}
    return dataclasses.replace(node, **changes)


def _free(node: object, declared: frozenset[str]) -> set[str]:
    """The letters below a node that no sum there binds; of names with one the block does not declare."""
    match node:
        case tree.Sum(indices=indices, body=body):
            return _free(body, declared) - {i.name for i in indices}
        case tree.Name(name=name):
            found = _LETTER.search(name)
            return {found[1]} if found is not None and name not in declared else set()
        case tree.Indexed(indices=indices):
            return {i.name for i in indices if isinstance(i, tree.Name)}
        case _:
            return set().union(*(_free(part, declared) for part in parts(node)))


def _with_letter(node: Any, letter: str, declared: frozenset[str]) -> Any:
    """`w_ik x_k` as `w_ij x_j`."""
    if isinstance(node, tuple):
        return tuple(_with_letter(part, letter, declared) for part in node)
    match node:
        case tree.Name(name=name) if name not in declared and name.endswith((f"_i{letter}", f"_{letter}")):
            text = re.sub(rf"{letter}\}}?$", "j", node.text)
            return dataclasses.replace(node, name=f"{name[:-1]}j", text=text)
        case tree.Indexed(indices=indices):
            return dataclasses.replace(node, indices=tuple(_j(i) if isinstance(i, tree.Name) and i.name == letter else i for i in indices))
        case tree.Sum(indices=indices) if letter in {i.name for i in indices}:
            return node
        case _ if dataclasses.is_dataclass(node) and not isinstance(node, Span | type):
            changes = {f.name: _with_letter(getattr(node, f.name), letter, declared) for f in dataclasses.fields(node) if f.name != "span"}
            return dataclasses.replace(node, **changes)
        case _:
            return node


def _j(index: tree.Name) -> tree.Name:
    return dataclasses.replace(index, name="j", text="j")


def _read(node: object, declared: frozenset[str]) -> tree.Name | tree.Member | tree.Apply | None:
    """What a name with index letters means."""
    match node:
        case tree.Limit(operand=operand, side=side, span=span):
            inside = _read(operand, declared)
            return None if inside is None else tree.Apply(tree.Name(side, side, span), (tree.Argument(None, inside, span),), 0, span)
        case tree.Name(name=name, text=text, span=span):
            letters = _SUFFIX.search(name)
            if letters is None or name in declared:
                return None
            return _meaning(tree.Name(name[: letters.start()], _WRITTEN.sub("", text), span), letters[1])
        case tree.Indexed(base=tree.Name() as base):
            found = _letters(node)
            return None if found is None else _meaning(base, found)
        case _:
            return None


def _meaning(name: tree.Name, letters: str) -> tree.Name | tree.Member:
    if letters == "ij":
        return name
    if name.name in ("x", "y"):
        return dataclasses.replace(name, name=_OUTPUTS[letters])
    return tree.Member(tree.Name(_SIDES[letters], _SIDES[letters], name.span), name, name.span)
