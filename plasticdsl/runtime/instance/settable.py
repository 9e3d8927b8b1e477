"""What users set: parameters, initial values and sizes of a network, by variable.

Comes in: a network, and settings as they were written. Goes out: the same by variable, all of them names that the network has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.model import Network, Value
from plasticdsl.model.owners import OfPopulation, Owner, Whose, owner_text
from plasticdsl.model.right_sides import PARAMETERS, STATES

#: What a name may be set to: an expression or distribution, a number, or one number per unit or connection. A matrix [post, pre], as in w_ij,
#: gives each connection its element.
Given = Value | float | NDArray[np.float64] | Sequence[float]

#: What names are set to. A state is set in its initial value (the name `V(0)` does the same), a population as such in its size.
Settings = Mapping[Ref, Given]

#: The same as Python programs may write it: (population, projection or "network"; name).
Written = Mapping[tuple[str, str], Given]

Sides = Mapping[str, Given | None]


def placed(settings: Settings | Written, network: Network) -> Settings:
    """Settings by variable, whichever way they are keyed; a population or projection that is called `network` is meant before the network."""
    owners: dict[str, Owner] = {"network": Whose.NETWORK}
    owners |= {p.name: p.as_owner for p in network.populations} | {p.name: p.as_owner for p in network.projections}
    found: dict[Ref, Given] = {}
    for key, value in settings.items():
        found[key if isinstance(key, Ref) else Ref(owners.get(key[0], OfPopulation(key[0])), key[1])] = value
    return found


def is_array(given: Given | None) -> bool:
    """Whether numbers were given one by one."""
    return isinstance(given, np.ndarray | list | tuple) and np.ndim(given) > 0


def is_expression(given: Given | None) -> TypeGuard[Expr]:
    """Whether this still has to be evaluated."""
    return isinstance(given, Expr)


def allowed_keys(network: Network) -> frozenset[Ref]:
    """Everything that `Settings` may hold for this network."""
    keys = {Ref(Whose.NETWORK, v.name) for v in network.variables if v.role in PARAMETERS}
    keys |= {Ref(p.as_owner, "") for p in network.populations}
    for owner, block in network.blocks.items():
        for variable in block.variables:
            if variable.role in (*PARAMETERS, *STATES):
                keys.add(Ref(owner, variable.name))
            if variable.role in STATES:
                keys.add(Ref(owner, f"{variable.name}(0)"))
    return frozenset(keys)


def check_settings(network: Network, settings: Settings) -> None:
    """Raises KeyError for a name the network does not have, with what there is."""
    allowed = allowed_keys(network)
    for key in settings:
        if key not in allowed:
            owner = owner_text(key.owner)
            names = sorted(k.name for k in allowed if k.owner == key.owner and k.name and not k.name.endswith(")"))
            what = f"it has {', '.join(names)}" if names else f"there are {', '.join(sorted({owner_text(k.owner) for k in allowed}))}"
            raise KeyError(f"{owner} has no parameter {key.name}; {what}" if names else f"there is no {owner}; {what}")
