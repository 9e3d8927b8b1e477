"""Resets that leave a neuron above its threshold: `V_r` and `V_θ` the wrong way round, or a sign that was forgotten.

Comes in: a checked network. Warnings go out, where numbers alone decide: what a spike makes of a unit, and whether it spikes again as it is.
"""

from __future__ import annotations

from plasticdsl.check.report import Reporter
from plasticdsl.model import Assign, Distribution, Network, Population, Role, Threshold, Trigger
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.symbolic.numeric import evaluate_with
from plasticdsl.units.display import display_unit


def check_resets(network: Network, path: str, report: Reporter) -> None:
    """Warns of the neurons of the file `path` that spike again and again once they have spiked."""
    for population in network.populations:
        firing = population.block.spike
        if not isinstance(firing, Threshold) or firing.rising or firing.span.path != path:
            continue
        values, assigned = _after_spike(population)
        if assigned and _known(firing.condition, values) == 1.0:
            name = assigned[0]
            variable = population.block.variable(name)
            assert variable is not None, "a spike assigns variables of the block"
            unit, scale = display_unit(variable.dimension) if variable.dimension is not None else ("", 1.0)
            left = f"{values[Ref(Whose.OWN, name)] / scale:g} {unit}".rstrip()
            message = f"A unit of ‘{population.symbol}’ that has spiked goes on spiking: ‘{variable.symbol}’ is {left} then, and the condition holds."
            report.warning(
                "spikes-every-step", message, firing.span, "A reset takes the unit below its threshold: look at both, and their signs."
            )


def _after_spike(population: Population) -> tuple[dict[Expr, float], list[str]]:
    """What is known of a unit after the jumps of its spike, and the states that they have given a value to which is known."""
    block, given = population.block, dict(population.values)
    values: dict[Expr, float] = default_values(block)
    for name, value in given.items():
        known = None if isinstance(value, Distribution) else _known(value, values)
        values.pop(Ref(Whose.OWN, name), None)
        if known is not None:
            values[Ref(Whose.OWN, name)] = known
    assigned: list[str] = []
    for handler in block.handlers:
        if handler.trigger is Trigger.SPIKE and not handler.event:
            for statement in handler.statements:
                if isinstance(statement, Assign):
                    known = _known(statement.value, values)
                    values.pop(statement.target, None)
                    if known is not None:
                        values[statement.target] = known
                    assigned = [
                        *(n for n in assigned if n != statement.target.name),
                        *([statement.target.name] if known is not None else []),
                    ]
    for variable in block.variables:
        if variable.role is Role.DEFINITION and variable.formula is not None:
            known = _known(variable.formula, values)
            if known is not None:
                values[Ref(Whose.OWN, variable.name)] = known
    return values, assigned


class _Unknown(Exception):
    """Something that is not known before the run."""


def _known(expr: Expr, values: dict[Expr, float]) -> float | None:
    """The value of an expression all of whose parts are known."""

    def look_up(leaf: Expr) -> float:
        if leaf not in values:
            raise _Unknown
        return values[leaf]

    try:
        found = evaluate_with(expr, look_up)
    except _Unknown:
        return None
    return found if found == found else None
