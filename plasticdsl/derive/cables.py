"""What flows along the cable of a neuron: `C_m dV/dt = … + axial(V, R_i)`.

Comes in: a `System` whose rates hold couplings (`model.expr.COUPLINGS`). Goes out: what is coupled, apart from what is not.
"""

from __future__ import annotations

from plasticdsl.derive.flow_system import System
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import Block
from plasticdsl.model.expr import COUPLINGS, Binary, Call, Expr, Number, Ref, Special, in_jumps, rebuild, refs, walk
from plasticdsl.model.geometry import nodes, segments_of
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Cables, Coupled, Scheme
from plasticdsl.symbolic.derivative import NotDifferentiable, differentiate
from plasticdsl.symbolic.linear import NotLinear, linear_form

#: Stands for the coupling while a rate is taken apart.
_ALONG = Ref(Whose.OWN, "along the cable")


def coupled_variables(system: System) -> tuple[Coupled, ...]:
    """The variables that are coupled along the cable. Raises `PlasError` (`bad-section`) where a rate is not linear in its coupling, or couples another
    variable, or the neuron has no sections."""
    found = []
    for name, rate in system.rates.items():
        couplings = {node for node in walk(rate) if isinstance(node, Call) and node.function in COUPLINGS}
        if couplings:
            found.append(_coupled(system, name, rate, couplings))
    return tuple(found)


def _coupled(system: System, name: str, rate: Expr, couplings: set[Call]) -> Coupled:
    block, own = system.block, Ref(Whose.OWN, name)
    if not block.sections:
        raise _wrong(block, name, "has no sections, along which something could flow", "For example ‘dendrite = cylinder(…)’.")
    if len(couplings) > 1 or next(iter(couplings)).arguments[0] != own:
        raise _wrong(
            block,
            name,
            f"couples something else than {system.symbol(name)} along the cable",
            f"Write ‘axial({system.symbol(name)}, …)’ once.",
        )
    (coupling,) = couplings
    try:
        form = linear_form(_replaced(rate, coupling), frozenset({_ALONG}))
        slope = differentiate(form.offset, own) if own in refs(form.offset) else Number(0.0)
    except (NotLinear, NotDifferentiable) as why:
        raise _wrong(block, name, f"is not linear in what comes along the cable ({why})", "Add it to the other currents.") from None
    by = coupling.arguments[1]
    resistivity = by if coupling.function == "axial" else Binary("/", Number(1.0), by)
    size: Expr = Ref(Whose.OWN, "area")
    if coupling.function == "diffusion":  # the volume of a cylinder, by its area and diameter
        size = Binary("*", size, Binary("*", Number(0.25), Ref(Whose.OWN, "diameter")))
    weight = Binary("/", form.coefficient(_ALONG), size)
    noise = system.noises.get(name)
    return Coupled(name, halfway(form.offset), halfway(slope), weight, resistivity, None if noise is None else halfway(noise))


def _replaced(expr: Expr, coupling: Call) -> Expr:
    return _ALONG if expr == coupling else rebuild(expr, lambda part: _replaced(part, coupling))


def halfway(expr: Expr) -> Expr:
    """With the time half a step later, but where it changes something in jumps."""
    match expr:
        case Special("t"):
            return Binary("+", expr, Binary("*", Number(0.5), Special("dt")))
        case _ if in_jumps(expr):
            return expr
        case _:
            return rebuild(expr, halfway)


def cables(system: System, coupled: tuple[Coupled, ...], others: tuple[Scheme, ...]) -> Cables:
    """The scheme of all variables of a neuron with a shape."""
    sections = system.block.sections
    names = tuple(c.variable for c in coupled)
    reason = f"{' and '.join(map(system.symbol, names))} by Crank and Nicolson’s scheme along the cable"
    if others:
        reason += ", between two half steps of all others"
    return Cables(coupled, others, mapped(others, halfway), nodes(sections), segments_of(sections), reason)


def _wrong(block: Block, name: str, what: str, hint: str) -> PlasError:
    flow = next(f for f in block.flows if f.variable == name)
    return PlasError((Diagnostic("bad-section", f"‘{block.name}’ {what}.", flow.span, hint),))
