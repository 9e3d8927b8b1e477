"""The file: blocks and functions."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.source import Span
from plasticdsl.syntax.tree.dynamics import Dynamics
from plasticdsl.syntax.tree.experiments import Procedure
from plasticdsl.syntax.tree.expressions import Expr, Name
from plasticdsl.syntax.tree.networks import Wiring

Statement = Dynamics | Wiring | Procedure


@dataclass(frozen=True, slots=True)
class Block:
    """`neuron`, `synapse`, `rule`, `network`, `experiment` (`kind`).

    `parameters`: `Transposed(forward)`; `base`: the block after `like`; `on`: the network of an experiment.
    """

    kind: str
    name: Name
    parameters: tuple[Name, ...]
    base: Name | None
    on: Name | None
    doc: str
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Function:
    """`function σ(a) = 1/(1 + exp(−a))`."""

    name: Name
    arguments: tuple[Name, ...]
    body: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Brought:
    """`LIF`, `LIF as Cell` in a `use` line. `here`: the name it has in the file that uses it."""

    name: Name
    here: Name


@dataclass(frozen=True, slots=True)
class UseFile:
    """`use LIF, STDP as Rule from "neurons/lif"` or `use "synapses"` (`names` empty: everything)."""

    names: tuple[Brought, ...]
    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class File:
    """One parsed file."""

    doc: str
    items: tuple[Block | Function | UseFile, ...]
    span: Span
