"""Networks put together by hand, for tests of what happens before the first step."""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.model import (
    Block,
    Connectivity,
    Delays,
    Distribution,
    Network,
    PoissonSource,
    Population,
    Projection,
    Refractory,
    Role,
    Source,
    Value,
    Variable,
)
from plasticdsl.model.expr import Binary, Expr, Number, Ref
from plasticdsl.model.owners import Whose

ALL = Connectivity("all")


def own(name: str) -> Ref:
    return Ref(Whose.OWN, name)


def shared(name: str) -> Ref:
    return Ref(Whose.NETWORK, name)


def times(left: Expr, right: Expr) -> Binary:
    return Binary("*", left, right)


def parameter(name: str, value: Value | float | None) -> Variable:
    side = Number(value) if isinstance(value, float) else value
    return Variable(name, name, Role.PARAMETER if side is not None else Role.GIVEN, value=side)


def state(name: str, initial: Value | None = None, low: Expr | None = None, high: Expr | None = None) -> Variable:
    return Variable(name, name, Role.STATE, initial=initial, low=low, high=high)


LIF = Block(
    "neuron",
    "LIF",
    variables=(
        parameter("tau_m", 20e-3),
        parameter("V_theta", -54e-3),
        parameter("V_r", -60e-3),
        state("V", own("V_r")),
        state("g_ex"),
        state("g_in"),
    ),
    refractory=Refractory(Number(2e-3), ("V",)),
)

STDP = Block(
    "connection",
    "Excitatory",
    variables=(
        parameter("A_plus", 0.005),
        parameter("A_minus", times(Number(1.05), own("A_plus"))),
        parameter("w_max", 0.015),
        state("w", None, Number(0.0), own("w_max")),
    ),
)

INHIBITION = Block("connection", "Inhibitory", variables=(parameter("w", None),))

NOTHING = Block("neuron", "")


def population(name: str, size: int, block: Block = NOTHING, source: Source | None = None, *values: tuple[str, Value]) -> Population:
    return Population(name, name, Number(float(size)), block, source, values)


def projection(
    name: str, pre: str, post: str, block: Block, *values: tuple[str, Value], how: Connectivity = ALL, delays: Delays | None = None
) -> Projection:
    return Projection(name, name, pre, post, block, how, delays or Delays(), values)


def network(populations: tuple[Population, ...], projections: tuple[Projection, ...] = (), *variables: Variable) -> Network:
    return Network("Test", "", variables, populations, projections)


def song_abbott() -> Network:
    """1000 plastic excitatory and 200 inhibitory Poisson inputs onto one neuron."""
    return network(
        (
            population("inputs", 1000, source=PoissonSource(shared("r_ex"))),
            population("balance", 200, source=PoissonSource(shared("r_in"))),
            population("cell", 1, LIF),
        ),
        (
            projection("ex", "inputs", "cell", STDP, ("w", own("w_max"))),
            projection("inh", "balance", "cell", INHIBITION, ("w", Number(0.05))),
        ),
        parameter("r_ex", 10.0),
        parameter("r_in", shared("r_ex")),
    )


def drawn(name: str, *arguments: float | Expr) -> Distribution:
    return Distribution(name, tuple(Number(a) if isinstance(a, float) else a for a in arguments))


def with_population(of: Network, added: Population) -> Network:
    return replace(of, populations=(added, *of.populations))
