"""The file: blocks, functions, and which statements there are."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.source import Span
from plasticdsl.syntax.tree.dynamics import (
    Bound,
    Define,
    Draw,
    Every,
    Flow,
    Initial,
    Input,
    Jump,
    Method,
    OnEvent,
    OnPairs,
    Output,
    Reactions,
    Refractory,
    SpikeAtRate,
    SpikeWhen,
    Truncate,
)
from plasticdsl.syntax.tree.experiments import Data, Expect, Phase, Plot, Record, RulesOff, Schedule, Start, Sweep
from plasticdsl.syntax.tree.expressions import Expr, Name
from plasticdsl.syntax.tree.networks import Patterns, Population, Projection

Statement = (
    Flow
    | Define
    | Initial
    | Draw
    | Jump
    | Bound
    | OnEvent
    | OnPairs
    | Every
    | SpikeWhen
    | SpikeAtRate
    | Refractory
    | Input
    | Output
    | Method
    | Truncate
    | Reactions
    | Population
    | Projection
    | Patterns
    | Phase
    | RulesOff
    | Start
    | Schedule
    | Record
    | Plot
    | Expect
    | Sweep
    | Data
)


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
class Comment:
    """`# text`; `own_line` when nothing stands before it. Kept for the formatter."""

    text: str
    own_line: bool
    span: Span


@dataclass(frozen=True, slots=True)
class File:
    """One parsed file."""

    doc: str
    items: tuple[Block | Function | UseFile, ...]
    comments: tuple[Comment, ...]
    span: Span
