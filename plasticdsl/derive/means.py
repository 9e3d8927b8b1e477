"""Running means ⟨x⟩_τ start at the value of what they average.

Comes in: a checked network. Goes out: the same with an initial value for each running mean (and for the mean of a derivative, ∂⟨f⟩/∂w) that has none: x as
it is before the first step, when states have their initial values and inputs are 0. A mean that enters what it is of, and one of what has no value
then (a sum over connections in a rule, a spike train), starts at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from plasticdsl.derive.local_gradient import averaged
from plasticdsl.model import Block, Network, Role
from plasticdsl.model.expr import At, Expr, Incoming, Ref, Special, SumOver, refs, substitute, walk
from plasticdsl.model.inline import as_owner, plain
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.symbolic.algebra import ZERO, written_out

_MARKS = ("⟨", "∂")
_LATER = ("lag", "now_pre", "now_post")


def with_starts(network: Network) -> Network:
    """`network` with initial values for its running means."""
    blocks = {p.name: p.block for p in network.populations}
    populations = tuple(replace(p, block=_started(p.block, {Whose.OWN: p.block})) for p in network.populations)
    projections = []
    for p in network.projections:
        around = {Whose.OWN: p.connection, **{side: blocks[name] for side, name in p.ends.items()}}
        projections.append(replace(p, connection=_started(p.connection, around)))
    return replace(network, populations=populations, projections=tuple(projections))


def _started(block: Block, around: Mapping[Owner, Block]) -> Block:
    means = {v.name: averaged(v, block, _MARKS) for v in block.variables if v.initial is None}
    bodies = {name: mean[0] for name, mean in means.items() if mean is not None}
    if not bodies:
        return block
    before = _before_the_run(around)
    starts = {name: plain(substitute(plain(body), before)) for name, body in bodies.items()}
    known = {name: start for name, start in starts.items() if _has_value(name, starts, around)}
    return replace(block, variables=tuple(replace(v, initial=known.get(v.name, v.initial)) for v in block.variables))


def _before_the_run(around: Mapping[Owner, Block]) -> Mapping[Expr, Expr]:
    """Definitions written out, and inputs, as names of these blocks are read in the first."""
    found: dict[Expr, Expr] = {}
    for owner, block in around.items():
        inputs: dict[Expr, Expr] = {Ref(Whose.OWN, v.name): ZERO for v in block.variables if v.role is Role.INPUT}
        formulas = {ref: substitute(value, inputs) for ref, value in written_out(block.definitions).items()}
        for ref, value in {**inputs, **formulas}.items():
            assert isinstance(ref, Ref), "definitions and inputs have names"
            found[Ref(owner, ref.name)] = as_owner(value, owner)
    return found


def _has_value(name: str, starts: Mapping[str, Expr], around: Mapping[Owner, Block]) -> bool:
    """Whether what this mean is of has a value before the run, without the mean itself."""
    waiting, seen = [name], set[str]()
    while waiting:
        start = starts[waiting.pop()]
        if any(isinstance(n, At | Incoming | SumOver) or (isinstance(n, Special) and n.name in _LATER) for n in walk(start)):
            return False
        read = refs(start)
        if any(r.owner not in (*around, Whose.NETWORK) for r in read):
            return False
        more = {r.name for r in read if r.owner is Whose.OWN and r.name in starts} - seen
        if name in more:
            return False
        seen |= more
        waiting += more
    return True
