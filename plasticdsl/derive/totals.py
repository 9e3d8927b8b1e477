"""Sums over the connections of a unit that a connection's own flows read: `dw/dt = η (x y − y² Σ w²)`.

Comes in: the block of a connection. Goes out: the same block with an input of its own for each such sum (`Block.totals`), which is evaluated with the
inputs of the units and keeps its value over the flow. Definitions that hold sums are written out in the flows.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from plasticdsl.model.expr import Expr, Incoming, Ref, rebuild
from plasticdsl.model.model import Block, Flow, Role, Total, Variable
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.block_contents import definitions_with_sums, holds_sum


def with_totals(block: Block) -> Block:
    """The block with every sum in its flows read from an input."""
    holding = definitions_with_sums(block)
    if not any(holds_sum(expr, holding) for f in block.flows for expr in _parts(f)):
        return block
    return _Naming(block, holding).named()


def _parts(flow: Flow) -> tuple[Expr, ...]:
    return (flow.rate,) if flow.noise is None else (flow.rate, flow.noise)


class _Naming:
    """Gives each sum of a block a name; a sum within a sum comes first."""

    def __init__(self, block: Block, holding: frozenset[str]) -> None:
        self.block = block
        self._values: dict[Expr, Expr] = {Ref(Whose.OWN, name): value for name, value in block.definitions.items() if name in holding}
        self._taken = {v.name for v in block.variables}
        self._totals: dict[Expr, Total] = {}

    def named(self) -> Block:
        """The block in terms of names."""
        flows = tuple(replace(f, rate=self._read(f.rate), noise=None if f.noise is None else self._read(f.noise)) for f in self.block.flows)
        inputs = tuple(Variable(t.name, t.name, Role.INPUT) for t in self._totals.values())
        return replace(
            self.block, flows=flows, variables=(*self.block.variables, *inputs), totals=(*self.block.totals, *self._totals.values())
        )

    def _read(self, expr: Expr) -> Expr:
        match expr:
            case Ref() if expr in self._values:
                return self._read(self._values[expr])
            case Incoming(body):
                inner = self._read(body)
                if inner not in self._totals:
                    name = next(n for n in (f"sum_{k}" for k in count(1)) if n not in self._taken)
                    self._taken.add(name)
                    self._totals[inner] = Total(name, inner)
                return Ref(Whose.OWN, self._totals[inner].name)
            case _:
                return rebuild(expr, self._read)
