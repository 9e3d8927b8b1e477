"""Integrators: how a variable gets from t_n to t_{n+1}. Filled in by `derive.schemes`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from plasticdsl.model.dynamics import Transition
from plasticdsl.model.expr import Expr, Number
from plasticdsl.model.geometry import Node


@dataclass(frozen=True, slots=True)
class Exact:
    """x' = A x + b over `variables`: x(t+dt) = e^{A dt} x + (∫₀^dt e^{A s} ds) b. `matrix` depends on parameters alone, so its
    propagator is computed once, numerically, from their values (no closed form: coincident time constants, oscillating and
    singular systems need no case of their own). `offset` is held at its value at t_n."""

    variables: tuple[str, ...]
    matrix: tuple[tuple[Expr, ...], ...]
    offset: tuple[Expr, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExponentialEuler:
    """x' = a x + b with a, b held at t_n: x(t+dt) = x + dt (a x + b) φ₁(a dt), φ₁(z) = (eᶻ − 1)/z. `closed`: b is such that this is exact
    (`derive.products`); `at_rest`: what a and b are while the weights that rules let flow stand still, where they are others. `means`: a
    and b are their means over the step."""

    variable: str
    slope: Expr
    offset: Expr
    reason: str = ""
    closed: bool = False
    at_rest: tuple[Expr, Expr] | None = None
    means: bool = False


@dataclass(frozen=True, slots=True)
class RungeKutta4:
    """The classical fourth-order scheme over `variables` together."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExponentialRungeKutta:
    """x' = a x + b over `variables` together, where a and b depend on any of them. With a and b held, x(t+τ) = x + τ (a x + b) φ₁(a τ).

    Four stages at t_n + c dt, c of `STAGES`: each is reached from x(t_n) in a time c dt with the a and b of the stage before. The step itself
    goes through the four in turn, `SHARES` of dt with the a and b of each. Every part of it leads towards −b/a of some stage, so what is
    stable stays stable at any dt. Second order; where a = 0 throughout it is `RungeKutta4`."""

    variables: tuple[str, ...]
    slopes: tuple[Expr, ...]
    offsets: tuple[Expr, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Euler:
    """Forward Euler over `variables` together, `substeps` per step."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    substeps: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EulerMaruyama:
    """x += rate dt + noise √dt N(0, 1), Itô; one normal per variable with noise, unit (connection) and step. A rate that holds `t` counts with
    its mean over `STAGES`, each by its part of `SHARES`, so that an input gives the same to every equation."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    noises: tuple[Expr | None, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TwoStages:
    """Over `variables` together, with the slopes k₁ at t_n and k₂ at t_n + `ahead` dt, x + `ahead` dt k₁: x += dt ((1 − s) k₁ + s k₂), s = 1/(2 `ahead`).
    Heun's scheme with `ahead` = 1, the midpoint rule with ½; of second order. With noise (Heun alone) both slopes hold g √dt N(0, 1)/dt, the same number
    in both, and what it converges to is Stratonovich's solution (Rümelin 1982, SIAM J. Numer. Anal. 19:604)."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    noises: tuple[Expr | None, ...]
    ahead: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Milstein:
    """x += f dt + g ΔW + ½ g g′ (ΔW² − dt), ΔW = √dt N(0, 1); with `stratonovich` the last dt is 0 (Milstein 1974). `slopes`: g′ = ∂g/∂x. Of order one."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    noises: tuple[Expr | None, ...]
    slopes: tuple[Expr, ...]
    stratonovich: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rosenbrock:
    """RODAS (Hairer & Wanner 1996, Solving Ordinary Differential Equations II, IV.7 and IV.10) over `variables` together: six linear systems with the
    matrix 1/(γ h) − J, where J is `jacobian`, ∂rate/∂variable row by row, at the beginning of the step; of fourth order, L-stable, and ending on the
    equations' slow manifold. `drifts`: ∂rate/∂t.

    `tolerance` None: one such step of h = dt. Else as many as it takes: each counts where the root of the mean square of uᵢ/(tolerance (largest of |xᵢ| at
    its two ends + `floors`ᵢ)), with the difference uᵢ to a result of third order, is at most 1, and the next is 0.9 times that to the −¼ as long, between
    a fifth and five times; where that is five times, it may be as long as one before which only the end of dt cut off. How long the next may
    be is kept from one dt to the next, for each unit or connection; the first of a run may be as long as dt. What has not arrived after `MOST_TRIES`, or
    would take steps that do not move the time, has no value (NaN)."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    jacobian: tuple[tuple[Expr, ...], ...]
    drifts: tuple[Expr, ...]
    tolerance: float | None = None
    floors: tuple[float, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tableau:
    """Of a Rosenbrock scheme in the form without products by J: (1/(γ h) − J) u_s = f(t + `ahead`_s h, x + Σ_r `reached`_sr u_r) + Σ_r `coupled`_sr u_r/h
    + h `drifting`_s ∂f/∂t. The step ends at the last stage plus its u, which is also the difference to a result of one order less."""

    gamma: float
    ahead: tuple[float, ...]
    drifting: tuple[float, ...]
    reached: tuple[tuple[float, ...], ...]
    coupled: tuple[tuple[float, ...], ...]


_FIFTH = (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895)
#: Hairer & Wanner 1996, IV.10, method 1 of RODAS.
RODAS = Tableau(
    0.25,
    (0.0, 0.386, 0.21, 0.63, 1.0, 1.0),
    (0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0),
    (
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        _FIFTH,
        (*_FIFTH, 1.0),
    ),
    (
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    ),
)


@dataclass(frozen=True, slots=True)
class Jumps:
    """A piecewise deterministic Markov process (Davis 1984, J. R. Stat. Soc. B 46:353): `variables` change by `transitions`, and flow by `rates` between
    two of them. The next one comes when the hazard, the integral of all propensities, has used up a number of mean 1; which one it is, is drawn in
    proportion to them (Gillespie 1977, J. Phys. Chem. 81:2340). Where nothing flows the hazard is a straight line; else it is integrated together with
    what flows, by Runge and Kutta's fourth-order scheme, up to the jump, which is found by Newton's method, and on from it. `grains`: what one molecule
    is of a variable that jumps alone, which is kept at whole multiples of it; None of one that flows.

    `tolerance` (with `orders`; only where nothing flows): many transitions may happen at once, in leaps over which no propensity changes by more than this
    part of itself, on average and in standard deviation (Cao, Gillespie & Petzold 2006, J. Chem. Phys. 124:044109): with νᵢⱼ what transition j adds to
    the molecules xᵢ, aⱼ its propensity and the sums over those that are not critical,

        τ = minᵢ (max(ε xᵢ/gᵢ, 1)/|Σⱼ νᵢⱼ aⱼ|, max(ε xᵢ/gᵢ, 1)²/Σⱼ νᵢⱼ² aⱼ),

    and for transitions j whose rate reads variables beside mass action, with slopes sⱼᵢ = ∂aⱼ/∂xᵢ and fⱼₖ = Σᵢ sⱼᵢ νᵢₖ,

        τ = minⱼ (max(ε aⱼ, cⱼ)/|Σₖ fⱼₖ aₖ|, max(ε aⱼ, cⱼ)²/Σₖ fⱼₖ² aₖ), cⱼ = minᵢ |sⱼᵢ|.

    Where gains and losses balance, the mean moves nowhere, and leaps of τ would make the variance 1/(1 − λ τ/2) times what it is where deviations
    decay at the rate λ (Rathinam, Petzold, Cao & Gillespie 2003, J. Chem. Phys. 119:12784). So losses are bounded for themselves too:

        τ = minᵢ max(ε xᵢ/gᵢ, 1)/(Σⱼ max(−νᵢⱼ, 0) aⱼ + xᵢ Σⱼ |νᵢⱼ sⱼᵢ|), the second sum over transitions with slopes, the first over the others.

    Each of these happens a Poisson number of times in τ. A transition that could happen fewer than `FEW` times before its molecules are used up is
    critical and happens at most once, at a time of its own;
    where τ is not `WORTH` transitions long, `IN_TURN` happen one by one; a leap after which there would be
    fewer than no molecules is not made, and half as long a one is tried. `orders`: gᵢ, of each variable that takes part in reactions or is read by
    their rates; `slopes`: for each transition, sⱼᵢ by variable, nothing where it is mass action."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    transitions: tuple[Transition, ...]
    grains: tuple[Expr | None, ...]
    reason: str = ""
    tolerance: float | None = None
    orders: tuple[tuple[str, float], ...] = ()
    slopes: tuple[tuple[tuple[str, Expr], ...], ...] = ()

    @property
    def flowing(self) -> tuple[str, ...]:
        """Those that flow between jumps."""
        return tuple(v for v, grain in zip(self.variables, self.grains, strict=True) if grain is None)


@dataclass(frozen=True, slots=True)
class Coupled:
    """x' = rate + weight Σ_v (x_v − x)/r_v over the neighbours v of a segment, with the resistance r_v of the cable between the two, of which each half of
    a segment has `resistivity` times its length over its cross-section. `slope`: ∂rate/∂x. `noise`: the
    amplitude of white noise of each segment's own (Itô)."""

    variable: str
    rate: Expr
    slope: Expr
    weight: Expr
    resistivity: Expr
    noise: Expr | None = None


@dataclass(frozen=True, slots=True)
class Cables:
    """All variables of neurons with sections: half a step of what is not coupled along the cable, by the schemes `before`; a step of each coupled variable
    by Crank and Nicolson's scheme, with the rate taken linear in it and all else held; and another half step, by the schemes `after` (Strang 1968; with
    the two halves of successive steps taken together that is Hines's staggered scheme, 1984). Of second order in dt; a cell-centred finite volume for each
    segment makes it second order in space. Noise counts as a rate `noise` N(0, 1)/√dt throughout the step: where all is linear and the noise constant,
    what is stationary has the covariance of the equations at any dt, since x(t + dt) = (1 + Z)⁻¹ ((1 − Z) x + √dt G N) with Z = −A dt/2 keeps a covariance
    with (1 + Z) C (1 + Z)ᵀ − (1 − Z) C (1 − Z)ᵀ = dt G Gᵀ, that is A C + C Aᵀ + G Gᵀ = 0. `nodes`: of the tree, `segments`: how many a neuron has."""

    coupled: tuple[Coupled, ...]
    before: tuple[Scheme, ...]
    after: tuple[Scheme, ...]
    nodes: tuple[Node, ...]
    segments: int
    reason: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """Everything that flows."""
        return (*(c.variable for c in self.coupled), *(v for scheme in self.before for v in variables_of(scheme)))


#: How many jumps there may be in one step of the grid.
MOST_JUMPS = 10_000_000
#: How many times a transition can happen that is not critical, how many must happen in a leap, and how many happen one by one where too few would.
FEW, WORTH, IN_TURN = 10.0, 10.0, 100
#: Newton's steps for the time of a jump, and by what part of a step the last may still change it; to what part of a step a crossing is located.
MOST_NEWTON, CLOSE = 50, 1e-13

#: How often an adaptive step may be tried within one step of the grid, or a part of it on the way to events that are located.
MOST_TRIES = 100_000
#: How often a located event of one kind may happen to a unit within one step of the grid.
MOST_LOCATED = 32
#: After what part of a step it is looked whether a condition holds on after its event.
PARTING = 1e-6
#: By what part of a step an end of refractoriness may be off the grid and be meant to be on it.
ON_GRID = 1e-12

#: At which part of a step the stages of Runge–Kutta lie, and which part of it counts with the slopes of each (Kutta 1901).
STAGES = (0.0, 0.5, 0.5, 1.0)
SHARES = (1 / 6, 1 / 3, 1 / 3, 1 / 6)

#: How many time constants a step of Runge and Kutta's fourth-order scheme may be long (Hairer & Wanner 1996, IV.2).
STABLE = 2.785

Staged = RungeKutta4 | ExponentialRungeKutta
Noisy = EulerMaruyama | TwoStages | Milstein
Explicit = Staged | Euler | EulerMaruyama | TwoStages | Milstein
Scheme = Exact | ExponentialEuler | Explicit | Rosenbrock | Jumps | Cables
"""All schemes of a block read the block's state at t_n (they do not see each other's results); rates, slopes and offsets have the
block's definitions substituted, so they hold only states, parameters, inputs and `t`."""


def variables_of(scheme: Scheme) -> tuple[str, ...]:
    """The variables an integrator moves."""
    return (scheme.variable,) if isinstance(scheme, ExponentialEuler) else scheme.variables


def to_tolerance(schemes: Iterable[Scheme]) -> frozenset[str]:
    """The variables that are integrated to a tolerance."""
    return frozenset(v for s in schemes if isinstance(s, Rosenbrock) and s.tolerance is not None for v in s.variables)


def linear_parts(scheme: ExponentialEuler | Explicit | Rosenbrock) -> tuple[tuple[str, Expr, Expr], ...]:
    """(variable, a, b) of each rate a x + b; a is 0 where the rate is taken as a whole."""
    match scheme:
        case ExponentialEuler(variable, slope, offset):
            return ((variable, slope, offset),)
        case ExponentialRungeKutta(variables, slopes, offsets):
            return tuple(zip(variables, slopes, offsets, strict=True))
        case _:
            return tuple((v, Number(0.0), rate) for v, rate in zip(scheme.variables, scheme.rates, strict=True))


class Method(StrEnum):
    """The integrators that `method:` can name, as they are called."""

    EULER = "Euler"
    EXPONENTIAL_EULER = "exponential Euler"
    EXPONENTIAL_RUNGE_KUTTA = "exponential Runge–Kutta"
    EXACT = "exact"
    RUNGE_KUTTA_4 = "RK4"
    HEUN = "Heun"
    MIDPOINT = "midpoint"
    ROSENBROCK = "Rosenbrock"
    ADAPTIVE = "adaptive"
    EULER_MARUYAMA = "Euler–Maruyama"
    MILSTEIN = "Milstein"
    STRATONOVICH_HEUN = "Stratonovich Heun"
    STRATONOVICH_MILSTEIN = "Stratonovich Milstein"

    @property
    def noisy(self) -> bool:
        """Whether it takes equations with noise, whatever the noise is multiplied with."""
        return self in (Method.EULER_MARUYAMA, Method.MILSTEIN, Method.STRATONOVICH_HEUN, Method.STRATONOVICH_MILSTEIN)


_OTHER_NAMES = {
    "forwardeuler": Method.EULER,
    "expeuler": Method.EXPONENTIAL_EULER,
    "exponentialrk": Method.EXPONENTIAL_RUNGE_KUTTA,
    "rungekutta4": Method.RUNGE_KUTTA_4,
    "rungekutta": Method.RUNGE_KUTTA_4,
    "midpointrule": Method.MIDPOINT,
    "adaptiverosenbrock": Method.ADAPTIVE,
    "itôeulermaruyama": Method.EULER_MARUYAMA,
    "itômilstein": Method.MILSTEIN,
    "heunstratonovich": Method.STRATONOVICH_HEUN,
    "milsteinstratonovich": Method.STRATONOVICH_MILSTEIN,
}


def method_named(written: str) -> Method | None:
    """`Runge–Kutta 4`, `Runge-Kutta 4`, `RK4` → `RK4`; None for what is no integrator. Case, blanks and dashes do not matter."""
    return _BY_NAME.get(_plain(written))


def _plain(written: str) -> str:
    return "".join(c for c in written.lower() if c.isalnum())


_BY_NAME = {**{_plain(method): method for method in Method}, **_OTHER_NAMES}
