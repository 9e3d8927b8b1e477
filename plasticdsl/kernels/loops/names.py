"""Which array element or scalar a name of the plan is, inside a given loop.

Inside loops `J` is the pre unit, `I` the post unit (or the unit of a population's own loop), `K` the connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from plasticdsl.kernels import recipes
from plasticdsl.kernels.identifiers import NETWORK, Field, Group, Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops import chance, series
from plasticdsl.kernels.program import ZERO, Element, For, If, Let, Read, Statement, element
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Drawn, Expr, InPlan, Number, Ref, Special, rebuild
from plasticdsl.model.owners import OfArgument, OfProjection, Owner, Whose
from plasticdsl.model.schemes import STAGES
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.populations import PopulationPlan
from plasticdsl.plan.superposed import Superposed

#: The step and its time, the place of a step in rings of spikes; the connection and its ends.
N, T, SLOT, K, J, I = (Local(text) for text in ("n", "t", "slot", "k", "j", "i"))  # noqa: E741  the i of w_ij
INDEX = {Place.CONNECTION: K, Place.PRE: J, Place.POST: I}
DT, NOW = Read(recipes.DT), Read(T)

#: Which share of the units, and which step of a window (`loops.shares`).
SHARE, STEP = Local("share"), Local("step_of_window")

#: Which of the spikes of its unit in this step the loop over spikes is at, from 0.
REPEAT = Local("repeat")
#: The time of a kept spike, in the loop over them.
SPIKE_TIME = Local("spike_time")


@dataclass(frozen=True, slots=True)
class Names:
    """Resolves references of one population or projection, `owner`.

    `current`: own variables that are, at this point of a kernel, in a local instead of their array; `index`: of the population's loop.
    `stage`: what has a value at this stage of an integrator is meant with it. `ends`: what the pre and the post unit are called in
    the loop; `along`: the other projection over whose connections it runs, if not over the projection's own. `totals`: sums over connections
    are in arrays of the post units, not in locals. `repeat`: the local that says which of the unit's spikes of this step is handled, where there may
    be several. `half`: which half of a step it is, 1 or 2; 0 where it is a
    whole one. `begun`: when what flows sets out, `length`: for how long it flows, if not for a step; `clock`: the time that statements read.
    """

    plan: Plan
    owner: PopulationPlan | ProjectionPlan
    index: Local = I
    current: Mapping[str, Expr] = field(default_factory=dict)
    stage: int | None = None
    ends: tuple[Local, Local] = (J, I)
    along: str = ""
    totals: bool = False
    repeat: Local | None = None
    half: Literal[0, 1, 2] = 0
    begun: Expr = NOW
    length: Expr | None = None
    clock: Expr = NOW

    def resolve(self, expr: Expr) -> Expr:
        """`expr` with every reference an array element, scalar or local."""
        match expr:
            case Ref():
                return self._ref(expr)
            case Special(special):
                return self._special(special)
            case Call("sample", (Ref() as samples, number)):
                return series.sample(samples, self.resolve(number), self.index)
            case InPlan("total", name) if self.totals:
                return element(self.group.field(Part.SUM, name), I)
            case InPlan("total", name):
                return Read(summed(name))
            case InPlan("remembered", name):
                return Read(remembered(name))
            case InPlan("rest", name):
                group = next(g for g in self.projection.superposed if name in g.rests)
                return Choice(((has_rests(self.projection, group), self.own(name)),), ZERO)
            case InPlan("of_pre", number):
                return element(self.group.field(Part.OF_PRE, number), self.ends[0])
            case InPlan("of_post", number):
                return element(self.group.field(Part.OF_POST, number), self.ends[1])
            case InPlan("noted", name):
                return Read(noted(name))
            case InPlan("shadow" | "forecast" as copy, name):
                return self.own(name, Part.SHADOW if copy == "shadow" else Part.FORECAST)
            case Drawn(distribution, arguments, ends):
                inside = ([self.resolve(a) for a in arguments], [self.resolve(e) for e in ends])
                return chance.number(distribution, *inside, self._key(expr))
            case _:
                return rebuild(expr, self.resolve)

    def cell(self, ref: Ref) -> Element:
        """What is assigned to: never one value for all."""
        found = self.resolve(ref)
        assert isinstance(found, Element)
        return found

    def _ref(self, ref: Ref) -> Expr:
        if ref.owner is Whose.NETWORK:
            return Read(NETWORK.variable(ref.name))
        if isinstance(self.owner, PopulationPlan):
            return self.current.get(ref.name) or self.unit(self.owner, ref.name, self.index)
        if ref.owner in self.owner.projection.ends:
            return self.unit(self.end(ref.owner), ref.name, self.number(ref.owner))
        if isinstance(ref.owner, OfProjection):
            return self.other(ref.owner, ref.name)
        if ref.owner is Whose.OWN and ref.name in self.current:
            return self.current[ref.name]
        return Read(self.group.variable(ref.name)) if self.owner.variable(ref.name).kind is Kind.SHARED else self.own(ref.name)

    @property
    def projection(self) -> ProjectionPlan:
        """The owner, where only a projection can be meant."""
        assert isinstance(self.owner, ProjectionPlan)
        return self.owner

    @property
    def group(self) -> Group:
        """Where the owner has its fields."""
        return (of_population if isinstance(self.owner, PopulationPlan) else of_projection)(self.owner.name)

    @property
    def dt(self) -> Expr:
        """The step of a population or of connections."""
        if self.length is not None:
            return self.length
        slow = isinstance(self.owner, PopulationPlan) and self.owner.population.step is not None
        whole = Binary("*", DT, Read(self.group.field(Part.STRIDE))) if slow else DT
        return Binary("*", Number(0.5), whole) if self.half else whole

    @property
    def draw(self) -> Expr:
        """The number of a step, or of half of one, for what is drawn in it."""
        twice = Binary("*", Number(2.0), Read(N))
        return Read(N) if not self.half else twice if self.half == 1 else Binary("+", twice, Number(1.0))

    def number(self, owner: Owner) -> Expr:
        """Which unit of its population the pre or post unit, or one that is an argument, is, from 0."""
        if not isinstance(owner, OfArgument):
            return Read(self.ends[0] if owner is Whose.PRE else self.ends[1])
        third, own = self.projection.projection.third(owner), Read(self.ends[1])
        first = Read(self.group.field(Part.THIRD, owner.name))
        return first if not third.each else own if third.first == ZERO else Binary("+", own, first)

    def unit(self, population: PopulationPlan, name: str, index: Local | Expr) -> Expr:
        """A population's variable at unit `index`."""
        group = of_population(population.name)
        if population.variable(name).kind is Kind.SHARED:
            return Read(group.variable(name))
        part = Part.STAGE if self.stage is not None and name in population.staged else Part.VARIABLE
        return element(group.field(part, name), index)

    def own(self, name: str, copy: Part = Part.VARIABLE) -> Element:
        """The projection's variable at the loop's connection (or unit, where it lives with the units); `copy`: its shadow or forecast."""
        return element(self.group.field(copy, name), INDEX[self.projection.variable(name).place])

    def other(self, owner: OfProjection, name: str) -> Expr:
        """A variable of another projection at the connection between the same two units (`other_connection`)."""
        known = next(o for o in self.projection.others if o.name == owner.name)
        placed = self.plan.projection(owner.name).variable(name)
        full = of_projection(owner.name).variable(name)
        if placed.kind is Kind.SHARED:
            return Read(full)
        near, far = reversed(self.ends) if known.transposed else self.ends
        k = K if self.along == owner.name else other_connection(owner.name)
        return element(full, {Place.CONNECTION: k, Place.PRE: near, Place.POST: far}[placed.place])

    def end(self, side: Owner) -> PopulationPlan:
        """The population of the pre or post unit, or of one that is an argument."""
        return self.plan.population(self.projection.projection.ends[side])

    def _key(self, drawn: Drawn) -> tuple[Expr, ...]:
        """By what a number drawn at an event is keyed."""
        stream: Expr = Read(chance.stream(self.group, drawn))
        if self.repeat is not None:
            stream = Binary("+", stream, Read(self.repeat))
        unit = Read(self.index if isinstance(self.owner, PopulationPlan) else K)
        return Read(recipes.SEED), stream, Call("whole", (unit,)), Read(N)

    def _special(self, special: str) -> Expr:
        match special:
            case "t":
                return self.clock
            case "dt":
                return DT
            case "i" | "j":
                unit = self.ends[0] if special == "j" else self.ends[1]
                return Binary("+", Read(self.index if isinstance(self.owner, PopulationPlan) else unit), Number(1.0))
            case "N_pre" | "N_post":
                return number_of(self.end(Whose.PRE if special == "N_pre" else Whose.POST).name)
            case "now_pre" | "now_post":
                return arriving_now(self.projection, Place.PRE if special == "now_pre" else Place.POST)
            case "lag":
                return Read(SPIKE_TIME)
            case _:
                raise ValueError(f"{special} is nothing that a kernel knows")


def number_of(population: str) -> Read:
    """How many units a population has."""
    return Read(of_population(population).field(Part.UNITS))


def each_unit(population: str, body: Sequence[Statement], index: Local = I, *, in_order: bool = False) -> For:
    """For all units of a population; where they need not come in order, on several threads."""
    return For(index, ZERO, number_of(population), tuple(body), independent=not in_order)


def ring(place: Local, step: Expr, slots: Field) -> Let:
    """Where what belongs to a step stands in a ring."""
    return Let(place, Call("mod", (step, Read(slots))))


def rest_length(projection: ProjectionPlan, group: Superposed) -> Field:
    """How many connections have rests: all or none."""
    return of_projection(projection.name).field(Part.REST_LENGTH, group.rests[0])


def has_rests(projection: ProjectionPlan, group: Superposed) -> Compare:
    """Whether connections have rests."""
    return Compare(">", Read(rest_length(projection, group)), ZERO)


def arriving_now(projection: ProjectionPlan, side: Place) -> Element:
    """How many spikes of `side` reach the loop's synapse now."""
    part = Part.NOW_PRE if side is Place.PRE else Part.NOW_POST
    return element(of_projection(projection.name).field(part), INDEX[arrival_place(projection, side)])


def local(variable: str, what: str) -> Local:
    """A local of a variable: `V_new`."""
    return Local(f"{{}}_{what}", (variable,))


def remembered(name: str) -> Local:
    """The local that holds a value for the rest of an event."""
    return local(name, "now")


def noted(name: str) -> Local:
    """The local that holds what the post unit has noted, or notes now."""
    return local(name, "noted")


def summed(name: str) -> Local:
    """The local that holds a sum over the connections of a unit."""
    return Local("{}_now", (name, "sum"))


def other_connection(other: str) -> Local:
    """The local that holds the number of another projection's connection between the same two units."""
    return Local("k_{}", (other,))


def arrival_place(projection: ProjectionPlan, side: Place) -> Place:
    """What has one value where spikes of `side` arrive: a unit's spikes reach all its connections at once unless each has a delay of its own."""
    same = projection.same_axonal if side is Place.PRE else projection.same_dendritic
    return side if same else Place.CONNECTION


def delay(projection: ProjectionPlan, part: Part) -> Expr:
    """The axonal or dendritic delay of the loop's connection in steps."""
    field = of_projection(projection.name).field(part)
    same = projection.same_axonal if part is Part.AXONAL else projection.same_dendritic
    return Read(field) if same else element(field, K)


def place_sizes(projection: ProjectionPlan) -> dict[Place, Field]:
    """The length of an array in each place."""
    own = projection.projection
    return {
        Place.CONNECTION: of_projection(own.name).field(Part.CONNECTIONS),
        Place.PRE: of_population(own.pre).field(Part.UNITS),
        Place.POST: of_population(own.post).field(Part.UNITS),
    }


def stage_time(stage: int | None, dt: Expr = DT, begun: Expr = NOW) -> Expr:
    """t at a stage of an integrator; None: where it begins."""
    fraction = STAGES[stage or 0]
    return begun if fraction == 0.0 else Binary("+", begun, Binary("*", Number(fraction), dt))


def every(period: Field, body: Sequence[Statement]) -> If:
    """Only at whole multiples of a period."""
    return If(Compare("==", Call("mod", (Read(N), Read(period))), ZERO), tuple(body))


def at_own_steps(population: PopulationPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """Only at the steps of its units."""
    if population.population.step is None:
        return tuple(body)
    return (every(of_population(population.name).field(Part.STRIDE), body),)


def at_own_ends(population: PopulationPlan, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """Only where a step of its units ends, with n and t as they were where it began."""
    if population.population.step is None:
        return tuple(body)
    stride = Read(of_population(population.name).field(Part.STRIDE))
    begun = Binary("-", Binary("+", Read(N), Number(1.0)), stride)
    ends = Compare("==", Call("mod", (Binary("+", Read(N), Number(1.0)), stride)), ZERO)
    return (If(ends, (Let(N, begun), Let(T, Binary("*", Read(N), DT)), *body)),)


def stage_kernel(kernel: Kernel, stage: int | None) -> Kernel:
    """What a kernel is called where it works on the values of a stage."""
    return kernel if stage is None else Kernel(f"{kernel.pattern}_at_stage_{stage + 1}", kernel.of)
