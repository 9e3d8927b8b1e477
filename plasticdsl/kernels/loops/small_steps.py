"""A loop of exponential Euler steps, written twice: for any step, and for a step that is small in all units of a group.

In x += dt (a x + b) φ₁(a dt) the function φ₁(z) = (e^z − 1)/z costs most of a step of a neuron with conductances, and for |z| ≤ ½ it is a short polynomial
(`support.vmath.expm1_over_small_x`), which has the same bits. A compiler that works on several units at once computes both sides of a condition, so that
the way is chosen for a group of units, by a look at a dt of all of them. A function of a unit's own argument is computed either way: the results do not
depend on other units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.loops.factors import in_common
from plasticdsl.kernels.loops.flows import FlowContext
from plasticdsl.kernels.loops.kicks import kicks_of
from plasticdsl.kernels.loops.names import each_unit
from plasticdsl.kernels.loops.seldom import FIRST, each_group, in_group
from plasticdsl.kernels.program import ONE, ZERO, Element, If, Let, Read, Statement
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number, joined, walk
from plasticdsl.model.schemes import ExponentialEuler, Scheme

#: Up to this |a dt| the short way is as good.
SMALL = Number(0.5)

#: So many units are a group.
TOGETHER = 512

#: The local that counts units whose step is not small.
FAR = Local("far")


def in_two_ways(
    population: str, schemes: Sequence[Scheme], context: FlowContext, body: Callable[[FlowContext], Sequence[Statement]]
) -> tuple[Statement, ...]:
    """`body(context)` for all units, and, where that pays, in groups of them the same for small steps. Groups draw noise that may be 0 beforehand."""
    exponents = {s.variable: e for s in schemes if isinstance(s, ExponentialEuler) and _pays(e := _exponent(s, context))}
    kicks = kicks_of(schemes, context, FIRST)
    if not exponents and kicks is None:
        return (each_unit(population, body(context)),)
    first, before = tuple[Statement, ...](), tuple[Statement, ...]()
    if kicks is not None:
        first, context = kicks.first, kicks.moving
        before = (*kicks.begin, in_group(*kicks.look), *kicks.draw(Read(FIRST)))
    if not exponents:
        return *first, each_group(population, (*before, in_group(*body(context))), TOGETHER, in_order=False)
    conditions = [Compare("<=", Call("abs", (e,)), SMALL) for e in exponents.values()]
    count = Let(FAR, Binary("+", Read(FAR), Choice(((joined("and", conditions), ZERO),), ONE)))
    near = replace(context, small=frozenset(exponents))
    choice = If(Compare("==", Read(FAR), ZERO), (in_group(*body(near)),), (in_group(*body(context)),))
    return *first, each_group(population, (*before, Let(FAR, ZERO), in_group(count), choice), TOGETHER, in_order=False)


def _exponent(scheme: ExponentialEuler, context: FlowContext) -> Expr:
    """a dt."""
    step, slope, _ = in_common(scheme.slope, scheme.offset, context.names.dt)
    return Binary("*", context.names.resolve(slope), context.names.resolve(step))


def _pays(exponent: Expr) -> bool:
    """Whether it differs between units (else it is computed once for all), and is no work to compute a second time."""
    nodes = tuple(walk(exponent))
    is_work = any(isinstance(n, Call | Choice) or (isinstance(n, Binary) and n.operator == "^") for n in nodes)
    return not is_work and any(isinstance(n, Element) for n in nodes)
