"""What the names of a block or network are: its parameters, states, definitions and inputs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plasticdsl.model.expr import Expr
from plasticdsl.source import NOWHERE, Span
from plasticdsl.units.dimension import Dimension


class Role(StrEnum):
    """What a name is.

    PARAMETER: constant during a run (a default, a value from the network, or a draw). GIVEN: a parameter without a default, which the
    projection or population must give. STATE: has a flow, a jump or an initial value. DEFINITION: `=` that always holds.
    INPUT: a sum that synapses fill. CLAMPED: the output of a `Source`, or an input that no projection fills: set by
    phases and programs, 0 before. REFRACTORY: 1 while the unit is refractory, else 0; in a network only where something reads it.
    """

    PARAMETER = "parameter"
    GIVEN = "given"
    STATE = "state"
    DEFINITION = "definition"
    INPUT = "input"
    CLAMPED = "clamped"
    REFRACTORY = "refractoriness"


@dataclass(frozen=True, slots=True)
class Distribution:
    """`name`: N, U, Gamma, LogN, Exp, Bernoulli, Binomial, Poisson; arguments as in `docs/language`. Two more are the ends at which it is cut off."""

    name: str
    arguments: tuple[Expr, ...]


Value = Expr | Distribution


@dataclass(frozen=True, slots=True)
class Variable:
    """One name of a block or network.

    `value`: default of a parameter or right side of a definition. `initial`: of a state (0 when None). `low`/`high`: hard bounds, applied
    after every statement that assigns it and after every flow step. `values`: the allowed values of a discrete variable.
    `unit`: text of the unit to show it in, with `scale` = SI value of 1 such unit. `indices`: of an observable with free index letters
    (`m_μ = …`), each letter and what it runs over; its value is then an array.
    """

    name: str
    symbol: str
    role: Role
    dimension: Dimension | None = None
    value: Value | None = None
    initial: Value | None = None
    low: Expr | None = None
    high: Expr | None = None
    values: tuple[float, ...] = ()
    unit: str = ""
    scale: float = 1.0
    span: Span = NOWHERE
    indices: tuple[tuple[str, str], ...] = ()

    @property
    def formula(self) -> Expr | None:
        """The right side of a definition; None for anything else."""
        return self.value if self.role is Role.DEFINITION and not isinstance(self.value, Distribution) else None
