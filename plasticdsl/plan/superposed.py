"""Variables of connections that are sums of one value of each unit (`passes.superpose`)."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model.expr import Binary, Expr, InPlan, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Scheme


@dataclass(frozen=True, slots=True)
class Superposed:
    """Variables that flow together, c_ij = a_j + b_i + r_ij each. `names`: c, under which the part of the side is kept where it begins; `others`: the part
    of the other side; `rests`: r, which is 0, and is kept nowhere, until a program writes values that no such sum has. `flow`: how r moves then."""

    names: tuple[str, ...]
    others: tuple[str, ...]
    rests: tuple[str, ...]
    flow: Scheme

    def value(self, name: str) -> Expr:
        """What the author's name means."""
        own = self.names.index(name)
        parts = Binary("+", Ref(Whose.OWN, name), Ref(Whose.OWN, self.others[own]))
        return Binary("+", parts, InPlan("rest", self.rests[own]))
