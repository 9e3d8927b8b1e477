"""What happens to the units of one population."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model import Population, Variable
from plasticdsl.model.expr import Expr
from plasticdsl.model.schemes import Scheme, Staged, linear_parts
from plasticdsl.plan.places import Kind


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """A unit spikes where `condition` holds; `rising`: and did not at the previous grid time. `written`: as the author wrote it."""

    condition: Expr
    rising: bool
    written: Expr


@dataclass(frozen=True, slots=True)
class Located:
    """It happens to a unit where `condition` comes to hold within a step (`rising`: there alone; else also where it holds at a grid time, or when the unit
    is not refractory any more), with its jumps, in the flow; at the next grid time it counts. `written`: as the author wrote it."""

    condition: Expr
    rising: bool
    written: Expr


@dataclass(frozen=True, slots=True)
class ByHazard:
    """A unit spikes each time that the hazard `rate` dt has used up an exponential draw. `of_state`: the rate follows the state; `ahead`: it stands still
    between changes from outside, so that the step of the next spike is known; `unlisted`: numbers of spikes are drawn where they are delivered
    (`ProjectionPlan.driven`), and spikes are listed where they are logged alone."""

    rate: Expr
    of_state: bool
    written: Expr
    ahead: bool = False
    unlisted: bool = False


@dataclass(frozen=True, slots=True)
class AtGivenTimes:
    """Spikes are listed before the run."""


Emission = AtThreshold | Located | ByHazard | AtGivenTimes


@dataclass(frozen=True, slots=True)
class Stored:
    """A variable of units, its bounds written out."""

    variable: Variable
    kind: Kind


@dataclass(frozen=True, slots=True)
class UnitJump:
    """`target := value` in a unit, then its bounds are applied. `written`: the value as the author wrote it."""

    target: str
    value: Expr
    written: Expr


@dataclass(frozen=True, slots=True)
class Emits:
    """How units spike, or another `event` happens to them, and what they do then."""

    event: str
    emission: Emission
    jumps: tuple[UnitJump, ...]


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What units do at steps by themselves, all together: at every step, or every `period`. `number` tells those of one population apart."""

    number: int
    period: Expr | None
    jumps: tuple[UnitJump, ...]


@dataclass(frozen=True, slots=True)
class Rest:
    """The refractory time: `held` variables stand still. It lasts for `duration` (`differs`: each unit has its own; `at_spike`: as it is after the jumps
    of the spike), or until `condition` does not hold. `written`: whichever there is, as the author wrote it. `shown`: the variables that tell of it."""

    duration: Expr | None
    condition: Expr | None
    written: Expr
    held: tuple[str, ...]
    differs: bool
    at_spike: bool
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PopulationPlan:
    """One population. `events`: how its units spike, and what else happens to them, in order; `changes`: what they do at steps. `coupled`: their staged
    integrators take the stages together with those of other populations; `staged`: variables, inputs and definitions that have a value at each stage.
    `kept`: names whose values are logged with each spike."""

    population: Population
    variables: tuple[Stored, ...]
    events: tuple[Emits, ...]
    changes: tuple[UnitChange, ...]
    rest: Rest | None
    schemes: tuple[Scheme, ...]
    coupled: bool = False
    staged: frozenset[str] = frozenset()
    kept: tuple[tuple[str, Expr], ...] = ()

    @property
    def name(self) -> str:
        """The population's name."""
        return self.population.name

    def emits(self, event: str) -> Emits:
        """How one of these events happens."""
        return next(e for e in self.events if e.event == event)

    def variable(self, name: str) -> Stored:
        """How this variable is kept."""
        return next(s for s in self.variables if s.variable.name == name)

    @property
    def located(self) -> tuple[Emits, ...]:
        """Spikes and other events that happen within steps, in order."""
        return tuple(e for e in self.events if isinstance(e.emission, Located))

    @property
    def alone(self) -> tuple[Scheme, ...]:
        """Integrators that need nothing of other units within a step."""
        return tuple(s for s in self.schemes if not (self.coupled and isinstance(s, Staged)))

    @property
    def at_stages(self) -> tuple[tuple[str, Expr, Expr], ...]:
        """(variable, a, b) of the rates a x + b that are evaluated at stages."""
        return tuple(part for s in self.schemes if isinstance(s, Staged) for part in linear_parts(s))
