"""Index letters inside a synapse or rule: `Δw_ij = η y_i x_j` says the same as `Δw = η y x`.

Comes in: a block as written. Goes out: the same block without index letters. As everywhere, i is the postsynaptic and j the presynaptic unit: `w_ij`
is w, `x_j` the output of the presynaptic unit, `V_i` is `post.V`, and `h_i = Σ_j w_ij x_j` is `post.h = Σ w x`. Letters are read so only in a block
that binds them, by an `_ij` or a `Σ_j`, and never in a name that the block declares as a whole (`τ_i = 5 ms`). A sum may have a letter of its
own, `Σ_k w_ik x_k`; a sum whose terms belong to another connection too (`Σ_k w_ik x_j`) keeps its letter, which is reported where it is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from plasticdsl.check.likes import subject
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, parts, rebuilt

_LETTER = re.compile(r"_i?([a-z])$")
_OUTPUTS = {"post": "y", "pre": "x"}


def without_indices(block: tree.Block) -> tree.Block:
    """The block with `w_ij`, `x_j`, `V_i` and `Σ_j` in the notation without letters; the block itself where it binds none."""
    if block.kind == "neuron" or not any(_binds(n) for n in nodes(block.body)):
        return block
    return replace(block, body=_Letters(_declared(block)).bare(block.body))


def _binds(node: object) -> bool:
    match node:
        case tree.Name(name=name):
            return name.endswith("_ij")
        case tree.Indexed(base=tree.Name()):
            return _joined(node) in ("i", "j", "ij")
        case tree.Sum(indices=indices):
            return _letter(indices) is not None
        case _:
            return False


def _letter(indices: tuple[tree.Name, ...]) -> str | None:
    """The one letter of a sum over connections."""
    return indices[0].name if len(indices) == 1 and len(indices[0].name) == 1 and indices[0].name != "i" else None


def _joined(node: tree.Indexed) -> str:
    """`ij` of `w[i, j]`."""
    return "".join(i.name if isinstance(i, tree.Name) else "?" for i in node.indices)


def _declared(block: tree.Block) -> frozenset[str]:
    """Names with one index letter that the block declares, and so means as a whole."""
    found = (n for n in nodes(block.body) if isinstance(n, tree.Define | tree.Draw | tree.Flow | tree.Initial | tree.Jump))
    targets = (subject(statement) for statement in found if not _is_sum(statement))
    return frozenset(t.name for t in targets if isinstance(t, tree.Name) and not t.name.endswith("_ij"))


def _is_sum(statement: tree.Statement) -> bool:
    return isinstance(statement, tree.Define) and not statement.arguments and any(isinstance(n, tree.Sum) for n in nodes(statement.rhs))


@dataclass(frozen=True, slots=True)
class _Letters:
    """How names are read at one place. `declared`: names that are none of a letter; `pre`: the letter of the presynaptic unit, which a sum may choose;
    `outer`: those of the connection and of the sums around."""

    declared: frozenset[str]
    pre: str = "j"
    outer: frozenset[str] = frozenset("j")

    def bare(self, node: Any) -> Any:
        """`node` (a node, a tuple of them, or a plain value) and everything below it without index letters."""
        found = self._read(node)
        if found is not None:
            return found
        match node:
            case tree.Sum(indices=indices, body=body) if (letter := _letter(indices)) is not None:
                if self._free(body) & (self.outer - {letter}):
                    return node
                inside = replace(self, pre=letter, outer=self.outer | {letter})
                return replace(node, indices=(), over=(), body=inside.bare(body))
            case tree.Member(base=base):
                return replace(node, base=self.bare(base))
            case tree.Argument(value=value):
                return replace(node, value=self.bare(value))
            case _:
                return rebuilt(node, self.bare)

    def _free(self, node: object) -> set[str]:
        """The letters below a node that no sum there binds; of names with one the block does not declare."""
        match node:
            case tree.Sum(indices=indices, body=body):
                return self._free(body) - {i.name for i in indices}
            case tree.Name(name=name):
                found = _LETTER.search(name)
                return {found[1]} if found is not None and name not in self.declared else set()
            case tree.Indexed(indices=indices):
                return {i.name for i in indices if isinstance(i, tree.Name)}
            case _:
                return set().union(*map(self._free, parts(node)))

    def _read(self, node: object) -> tree.Name | tree.Member | tree.Apply | None:
        """What a name with index letters means."""
        match node:
            case tree.Limit(operand=operand, side=side, span=span):
                inside = self._read(operand)
                return None if inside is None else tree.Apply(tree.Name(side, side, span), (tree.Argument(None, inside, span),), 0, span)
            case tree.Name(name=name, text=text, span=span) if name not in self.declared:
                base, underscore, letters = name.rpartition("_")
                written = re.sub(rf"_?\{{?.{{{len(letters)}}}\}}?$", "", text)
                return self._meaning(tree.Name(base, written, span), letters) if underscore else None
            case tree.Indexed(base=tree.Name() as name):
                return self._meaning(name, _joined(node))
            case _:
                return None

    def _meaning(self, name: tree.Name, letters: str) -> tree.Name | tree.Member | None:
        if letters == f"i{self.pre}":
            return name
        side = {"i": "post", self.pre: "pre"}.get(letters)
        if side is None:
            return None
        if name.name in ("x", "y"):
            return replace(name, name=_OUTPUTS[side])
        return tree.Member(tree.Name(side, side, name.span), name, name.span)
