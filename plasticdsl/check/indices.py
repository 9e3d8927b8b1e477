"""Index letters inside a synapse or rule: `Δw_ij = η y_i x_j` says the same as `Δw = η y x`.

Comes in: a block as written. Goes out: the same block without index letters. As everywhere, i is the postsynaptic and j the presynaptic unit: `w_ij`
is w, `x_j` the output of the presynaptic unit, `V_i` is `post.V`, and `h_i = Σ_j w_ij x_j` is `post.h = Σ w x`. Letters are read so only in a block
that binds them, by an `_ij` or a `Σ_j`, and never in a name that the block declares as a whole (`τ_i = 5 ms`).
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from plasticdsl.check.walk import nodes
from plasticdsl.source import Span
from plasticdsl.syntax import tree

_SUFFIX = re.compile(r"_(ij|i|j)$")
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
            return [i.name for i in indices] == ["j"]
        case _:
            return False


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


def _bare(node: Any, declared: frozenset[str]) -> Any:
    """`node` (a node, a tuple of them, or a plain value) and everything below it without index letters."""
    if isinstance(node, tuple):
        return tuple(_bare(part, declared) for part in node)
    if not dataclasses.is_dataclass(node) or isinstance(node, Span | type):
        return node
    found = _read(node, declared)
    if found is not None:
        return found
    fixed = {"span"} | ({"attribute"} if isinstance(node, tree.Member) else {"keyword"})
    changes = {f.name: _bare(getattr(node, f.name), declared) for f in dataclasses.fields(node) if f.name not in fixed}
    if isinstance(node, tree.Sum) and [i.name for i in node.indices] == ["j"]:
        changes |= {"indices": (), "over": ()}
    return dataclasses.replace(node, **changes)


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
