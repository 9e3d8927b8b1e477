"""Neurons, synapses and rules: their names, and what happens to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from plasticdsl.graph import reached
from plasticdsl.model.dynamics import (
    Assign,
    AtRate,
    Conserved,
    Flow,
    Handler,
    NamedEvent,
    PairRule,
    Refractory,
    Statement,
    SumInto,
    Threshold,
    Total,
    Transition,
    Trigger,
)
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.geometry import Section
from plasticdsl.model.owners import Foreign, OfArgument, Whose
from plasticdsl.model.schemes import Scheme
from plasticdsl.model.variables import Role, Variable
from plasticdsl.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """`method: RK4`: the name as written (`schemes.method_named` says what it means), the number of substeps and the tolerance, where they are given.
    `variables`: for which it is, by their names; all that no other one names, where there are none."""

    name: str
    substeps: int
    span: Span
    tolerance: float | None = None
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """A name a synapse or rule uses but does not declare: the block's own, of a unit, or of a projection that is its argument; `symbol`: as written."""

    owner: Foreign
    name: str
    symbol: str
    span: Span

    @property
    def key(self) -> str:
        """One text for each name that is needed; the plain name where it may be the block's own."""
        return Ref(self.owner, self.name).path if isinstance(self.owner, Whose) else f"({self.owner.name}).{self.name}"


class Presence(Enum):
    """Whether the connections of a projection stay, may vanish, or may arise too: then every pair that may be connected has its place."""

    FIXED = "fixed"
    PRUNED = "pruned"
    GROWN = "grown"


@dataclass(frozen=True, slots=True)
class Block:
    """A neuron, a synapse, a rule, or what a projection composes of a synapse and its rules (`kind == "connection"`).

    `variables`: parameters and definitions come in an order in which each depends only on earlier ones.
    `handlers` of one trigger run in the order given (in a connection: the synapse's, then each rule's).
    `output`: the variable that `x`/`y` mean. `presence`: of a connection. `sections`: of a
    neuron that has a shape; then a unit is a segment.
    """

    kind: str
    name: str
    doc: str = ""
    variables: tuple[Variable, ...] = ()
    flows: tuple[Flow, ...] = ()
    transitions: tuple[Transition, ...] = ()
    conserved: tuple[Conserved, ...] = ()
    handlers: tuple[Handler, ...] = ()
    pairs: tuple[PairRule, ...] = ()
    sums: tuple[SumInto, ...] = ()
    totals: tuple[Total, ...] = ()
    spike: Threshold | AtRate | None = None
    events: tuple[NamedEvent, ...] = ()
    refractory: Refractory | None = None
    output: str | None = None
    methods: tuple[MethodChoice, ...] = ()
    needs: tuple[Need, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    span: Span = NOWHERE
    presence: Presence = Presence.FIXED
    sections: tuple[Section, ...] = ()

    def variable(self, name: str) -> Variable | None:
        """The variable with this canonical name."""
        return next((v for v in self.variables if v.name == name), None)

    @property
    def definitions(self) -> dict[str, Expr]:
        """The formulas of the definitions, in an order in which each depends only on earlier ones."""
        return {v.name: v.formula for v in self.variables if v.formula is not None}

    @property
    def locates(self) -> bool:
        """Whether spikes or other events are found between grid times: then there may be several of a unit in a step."""
        fires_so = isinstance(self.spike, Threshold) and self.spike.located
        return fires_so or any(e.when.located for e in self.events)

    @property
    def fires_once(self) -> bool:
        """Whether a unit spikes at most once in a step, as other events then happen at most once."""
        return isinstance(self.spike, Threshold) and not self.locates

    @property
    def stepping(self) -> tuple[str, ...]:
        """The own states that a statement without a trigger assigns at each step."""
        statements = self.statements(Trigger.STEP)
        assigned = {s.target.name for s in statements if isinstance(s, Assign) and s.target.owner is Whose.OWN}
        return tuple(v.name for v in self.variables if v.role is Role.STATE and v.name in assigned)

    @property
    def stepping_inputs(self) -> tuple[str, ...]:
        """The inputs that statements without a trigger read, also through definitions."""
        read = self.read_through(s.value for s in self.statements(Trigger.STEP))
        return tuple(v.name for v in self.variables if v.role is Role.INPUT and Ref(Whose.OWN, v.name) in read)

    def definition(self, ref: Ref) -> Expr | None:
        """The formula behind a name as the block itself reads it; None where it is no definition of its own."""
        found = self.variable(ref.name) if ref.owner is Whose.OWN else None
        return None if found is None else found.formula

    @property
    def arguments(self) -> frozenset[str]:
        """The names of projections and units that it takes as arguments."""
        read = {n.owner.name for n in self.needs if isinstance(n.owner, OfArgument)}
        return frozenset(read | {h.unit.name for h in self.handlers if h.unit is not None})

    def statements(self, *triggers: Trigger) -> tuple[Statement, ...]:
        """What its handlers do, one after the other; with `triggers`, those of these alone."""
        return tuple(s for h in self.handlers if not triggers or h.trigger in triggers for s in h.statements)

    def read_through(self, exprs: Iterable[Expr]) -> set[Ref]:
        """Everything that expressions of the block read, its own definitions among them, and what these read."""

        def following(ref: Ref) -> frozenset[Ref]:
            formula = self.definition(ref)
            return frozenset() if formula is None else refs(formula)

        return reached((ref for expr in exprs for ref in refs(expr)), following)
