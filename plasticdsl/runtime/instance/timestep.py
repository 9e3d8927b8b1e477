"""The time step: which one a network has by default, and whether it is small enough for the integrators.

Comes in: a network with integrators and its instance. Raises `PlasError` where a step would make an explicit scheme unstable: forward Euler
and its relatives beyond 2 time constants, Runge-Kutta 4 beyond 2.785 (Hairer & Wanner 1996, "Solving Ordinary Differential Equations II", IV.2).
Time constants are taken at the initial state. Exact propagators and exponential schemes have no such limit.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import Block, Network
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import Expr, Number, Ref, Special
from plasticdsl.model.module import Module
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.schemes import STABLE, Euler, Explicit, Noisy, Staged, linear_parts
from plasticdsl.runtime.instance.instance import Instance, PopulationInstance, ProjectionInstance
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.runtime.instance.values import network_value

#: The step (s) where no experiment says one.
DEFAULT_DT = 1e-4


def require_small_step(network: Network, instance: Instance, before: Instance | None = None) -> None:
    """Raises `PlasError` `time-step-too-large` naming every variable whose time constant the step exceeds too far; what is as `before` is not asked
    again."""
    same = before is not None and before.parameters is instance.parameters
    parts: list[tuple[str, Block, Owner, int]] = [
        (p.symbol, p.block, p.as_owner, instance.populations[p.name].stride) for p in network.populations
    ]
    parts += [(p.symbol, p.connection, p.as_owner, 1) for p in network.projections]
    findings = tuple(
        found
        for symbol, block, owner, stride in parts
        if before is None or not same or before.part(owner) is not instance.part(owner)
        for found in _of_block(symbol, block, instance.part(owner), instance, instance.dt * stride)
    )
    if findings:
        raise PlasError(findings)


def _of_block(owner: str, block: Block, made: PopulationInstance | ProjectionInstance, instance: Instance, step: float) -> list[Diagnostic]:
    limits = _limits(block)
    if not limits:
        return []
    from plasticdsl.derive.stability import time_constants

    shortest: dict[str, float] = {}
    for pick in (np.min, np.max):
        values: dict[Expr, float] = {Ref(Whose.NETWORK, n): float(pick(v)) for n, v in instance.parameters.items()}
        values[Special("dt")] = instance.dt  # `100 steps` is 100 dt
        values |= {Ref(Whose.OWN, n): float(pick(v)) for n, v in {**made.parameters, **made.states}.items() if np.size(v)}
        for name, constant in time_constants(block, values):
            shortest[name] = min(constant, shortest.get(name, constant))
    noisy = {name for s in block.schemes if isinstance(s, Noisy) and any(s.noises) for name in s.variables}
    spans = {f.variable: f.span for f in block.flows}
    found = []
    for name, constant in shortest.items():
        allowed = constant * limits.get(name, np.inf)
        if step > allowed:
            long = f"{constant * 1e3:.3g} ms ({constant / step:.3g} steps)"
            message = f"A step of {step * 1e3:.3g} ms is too large for ‘{name}’ of ‘{owner}’, whose time constant is {long}."
            hint = f"Use a {'dt' if step == instance.dt else 'step'} below {allowed * 1e3:.3g} ms"
            if name not in noisy:
                hint += ", or ‘method: adaptive’, which takes shorter ones by itself"
            found.append(Diagnostic("time-step-too-large", message, spans[name], f"{hint}."))
    return found


def _limits(block: Block) -> dict[str, float]:
    """How many time constants a step may be long, by variable."""
    found: dict[str, float] = {}
    for scheme in block.schemes:
        if isinstance(scheme, Explicit):
            limit = STABLE if isinstance(scheme, Staged) else 2.0 * scheme.substeps if isinstance(scheme, Euler) else 2.0
            found |= {v: limit for v, slope, _ in linear_parts(scheme) if slope == Number(0.0)}
    return found


def time_step(experiment: Experiment, network: Network, settings: Settings) -> float:
    """The step (s) that an experiment says: nominally 1 s where it counts in steps."""
    return 1.0 if experiment.dt is None else float(network_value(experiment.dt, network, settings))


def longest_step(module: Module, network: Network) -> float | None:
    """The longest step (s) of the experiments on the network, None where there is none or time is counted in steps."""
    steps = [time_step(e, network, {}) for e in module.experiments if e.network == network.name and e.dt is not None]
    return max(steps, default=None)


def default_step(module: Module, network: Network) -> tuple[float, bool]:
    """The step (s) of the first experiment on the network, else 0.1 ms, and whether time is counted in steps."""
    for experiment in module.experiments:
        if experiment.network == network.name:
            return time_step(experiment, network, {}), experiment.dt is None
    moving = any(p.block.flows or p.block.spike or p.block.events for p in network.populations)
    moving = moving or any(p.connection.flows or p.connection.pairs for p in network.projections)
    return (DEFAULT_DT, False) if moving else (1.0, True)
