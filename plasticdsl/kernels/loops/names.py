"""Which array element or scalar a name of the plan is, inside a given loop.

Arrays are called `<population>_<variable>` and `<projection>_<variable>`; inside loops `j` is the pre unit, `i` the post unit (or the unit
of a population's own loop), `k` the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from plasticdsl.kernels.program import element, name
from plasticdsl.model.expr import Binary, Expr, Forecast, Number, Ref, Remembered, Shadow, Special, TotalOf, rebuild
from plasticdsl.model.model import Population, Role, Variable
from plasticdsl.model.owners import OfProjection, Owner, StandIn, Whose
from plasticdsl.plan.plan import Place, Plan, ProjectionPlan

#: A variable of a projection itself, or the copy of it that is kept for the other side.
Copy = Literal["", "shadow", "forecast"]
INDEX = {Place.CONNECTION: "k", Place.PRE: "j", Place.POST: "i"}


@dataclass(frozen=True, slots=True)
class Names:
    """Resolves references of one population (`projection` None) or one projection.

    `current`: own variables that are, at this point of a kernel, in a local instead of their array; `index`: of the population's loop.
    `staged`: variables of populations of which the value at an integrator's stage is meant. `ends`: what the pre and the post unit are called in
    the loop; `along`: the other projection over whose connections it runs, if not over the projection's own. `totals`: sums over connections
    are in arrays of the post units, not in locals.
    """

    plan: Plan
    population: Population | None = None
    projection: ProjectionPlan | None = None
    index: str = "i"
    current: Mapping[str, Expr] = field(default_factory=dict)
    staged: frozenset[tuple[str, str]] = frozenset()
    ends: tuple[str, str] = ("j", "i")
    along: str = ""
    totals: bool = False

    def resolve(self, expr: Expr) -> Expr:
        """`expr` with every reference an array element, scalar or local."""
        match expr:
            case Ref():
                return self._ref(expr)
            case Special(special):
                return self._special(special)
            case TotalOf(total) if self.totals:
                assert self.projection is not None
                return element(f"{self.projection.projection.name}_{total}", "i")
            case Remembered(kept) | TotalOf(kept):
                return name(f"{kept}_now")
            case Shadow(variable):
                return self.own(variable, "shadow")
            case Forecast(variable):
                return self.own(variable, "forecast")
            case _:
                return rebuild(expr, self.resolve)

    def _ref(self, ref: Ref) -> Expr:
        if ref.owner is Whose.NETWORK:
            return name(f"network_{ref.name}")
        if ref.owner is StandIn.LOCAL:
            return name(ref.name)
        if self.projection is None:
            assert self.population is not None
            return self.current.get(ref.name) or self.unit(self.population, ref.name, self.index)
        if ref.owner in (Whose.PRE, Whose.POST):
            return self.unit(self.end(ref.owner), ref.name, self.ends[0] if ref.owner is Whose.PRE else self.ends[1])
        if isinstance(ref.owner, OfProjection):
            return self.other(ref.owner, ref.name)
        if ref.owner is Whose.OWN and ref.name in self.current:
            return self.current[ref.name]
        return self.own(ref.name)

    def unit(self, population: Population, variable: str, index: str) -> Expr:
        """A population's variable at unit `index`."""
        full = f"{population.name}_{variable}"
        declared = population.block.variable(variable)
        if declared is not None and _is_parameter(declared) and Ref(population.as_owner, variable) not in self.plan.per_unit:
            return name(full)
        return element(f"{full}_stage" if (population.name, variable) in self.staged else full, index)

    def own(self, variable: str, copy: Copy = "") -> Expr:
        """The projection's variable at the loop's connection (or unit, where it lives with the units); `copy`: its shadow or forecast."""
        assert self.projection is not None
        full = f"{self.projection.projection.name}_{variable}"
        placed = next(p for p in self.projection.variables if p.variable.name == variable)
        if _is_parameter(placed.variable) and Ref(self.projection.projection.as_owner, variable) not in self.plan.per_unit:
            return name(full)
        return element(f"{full}_{copy}" if copy else full, INDEX[placed.place])

    def other(self, owner: OfProjection, variable: str) -> Expr:
        """A variable of another projection at the connection between the same two units (`other_connection`)."""
        assert self.projection is not None
        known = next(o for o in self.projection.others if o.name == owner.name)
        placed = next(p for p in self._plan_of(owner.name).variables if p.variable.name == variable)
        full = f"{owner.name}_{variable}"
        if _is_parameter(placed.variable) and Ref(owner, variable) not in self.plan.per_unit:
            return name(full)
        near, far = reversed(self.ends) if known.transposed else self.ends
        k = "k" if self.along == owner.name else other_connection(owner.name)
        return element(full, {Place.CONNECTION: k, Place.PRE: near, Place.POST: far}[placed.place])

    def _plan_of(self, projection: str) -> ProjectionPlan:
        return next(p for p in self.plan.projections if p.projection.name == projection)

    def end(self, side: Owner) -> Population:
        """The population at the projection's `pre` or `post` side."""
        assert self.projection is not None
        wanted = self.projection.projection.ends[side]
        return next(p for p in self.plan.network.populations if p.name == wanted)

    def _special(self, special: str) -> Expr:
        match special:
            case "t" | "dt":
                return name(special)
            case "i" | "j":
                unit = self.ends[0] if special == "j" else self.ends[1]
                return Binary("+", name(unit if self.projection is not None else self.index), Number(1.0))
            case "N_pre" | "N_post":
                assert self.projection is not None
                own = self.projection.projection
                return name(f"{own.pre if special == 'N_pre' else own.post}_units")
            case "now_pre" | "now_post":
                assert self.projection is not None
                side = Place.PRE if special == "now_pre" else Place.POST
                return element(f"{self.projection.projection.name}_{special}", INDEX[arrival_place(self.projection, side)])
            case _:
                return name(special)


def other_connection(other: str) -> str:
    """The local that holds the number of another projection's connection between the same two units."""
    return f"k_{other}"


def arrival_place(projection: ProjectionPlan, side: Place) -> Place:
    """What has one value where spikes of `side` arrive: a unit's spikes reach all its connections at once unless each has a delay of its own."""
    same = projection.same_axonal if side is Place.PRE else projection.same_dendritic
    return side if same else Place.CONNECTION


def place_sizes(projection: ProjectionPlan) -> dict[Place, str]:
    """The length of an array in each place."""
    own = projection.projection
    return {Place.CONNECTION: f"{own.name}_connections", Place.PRE: f"{own.pre}_units", Place.POST: f"{own.post}_units"}


def _is_parameter(variable: Variable) -> bool:
    return variable.role in (Role.PARAMETER, Role.GIVEN)
