"""Is every state still a finite number?

Comes in: an observer. Raises `PlasError` (`not-finite`) that names the population or projection, the variable, the unit and the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.model import Network, Population, Projection, Role, Variable
from plasticdsl.runtime.engine import Engine


def require_finite(network: Network, engine: Engine, in_steps: bool, projections: bool = True) -> None:
    """Looks at every state of every unit and, with `projections`, of every connection."""
    owners: list[tuple[Population | Projection, tuple[Variable, ...]]] = [(p, p.block.variables) for p in network.populations]
    if projections:
        owners += [(p, p.connection.variables) for p in network.projections]
    for owner, variables in owners:
        for variable in variables:
            if variable.role is Role.STATE:
                values = engine.read(owner.name, variable.name)
                if not _all_finite(values):
                    raise _error(owner, variable, values, engine, in_steps)


def _all_finite(values: NDArray[np.float64]) -> bool:
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum()):  # the quick way; a sum may also overflow
            return True
    return bool(np.isfinite(values).all())


def _error(owner: Population | Projection, variable: Variable, values: NDArray[np.float64], engine: Engine, in_steps: bool) -> PlasError:
    bad = np.flatnonzero(~np.isfinite(values))
    first = int(bad[0])
    when = f"after {engine.step} steps" if in_steps else f"at t = {engine.step * engine.instance.dt:g} s or shortly before"
    what = "unit" if isinstance(owner, Population) else "connection"
    if isinstance(owner, Projection):
        drawn = engine.instance.projections[owner.name]
        ends = f" (from unit {int(drawn.sources()[first]) + 1} to unit {int(drawn.targets[first]) + 1})"
    else:
        ends = ""
    others = f", and of {len(bad) - 1} more" if len(bad) > 1 else ""
    message = f"{owner.symbol}.{variable.symbol} of {what} {first + 1}{ends}{others} became {_word(float(values[first]))} {when}."
    hint = "A smaller dt, or bounds for what grows without end, may help; record the variable to see it go."
    finding = Diagnostic("not-finite", message, variable.span, hint)
    return PlasError((finding,), f"error[{finding.code}]: {message}\n  hint: {hint}")


def _word(value: float) -> str:
    return "NaN (not a number)" if np.isnan(value) else "infinite"
