"""Linear systems with constant coefficients through a part of a step of any length, for which no propagator is known.

Comes in: an `Exact` scheme and how long the part is. Goes out: statements that leave where it leads in the locals `…_new`: a single variable by its
exponential, several by Taylor's series of x(τ) = x + Σ_k τ^k A^{k−1} (A x + b)/k! over so many parts that ‖A‖ τ ≤ 1 in each, where `TERMS` terms are
exact to rounding. Units of the variables make no difference to a term, so that ‖A‖ is that of a balanced matrix (`support.propagators.fastest`).
"""

from __future__ import annotations

from functools import reduce

from plasticdsl.kernels.identifiers import Field, Local, Part
from plasticdsl.kernels.loops.flows import FlowContext, still, varies
from plasticdsl.kernels.loops.names import Names, local
from plasticdsl.kernels.program import ONE, ZERO, Array, For, Let, Read, Scalar, Statement, element, plus, times
from plasticdsl.kernels.recipes import Apply, Formula
from plasticdsl.model.expr import Binary, Call, Expr, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Exact
from plasticdsl.support.propagators import fastest
from plasticdsl.support.structure import square

#: The remainder is below 1/20! = 4e-19 of the first term.
TERMS = 19
#: How many parts, how long each is, which of them; which term.
PARTS, PART, NUMBER, TERM = (Local(text) for text in ("parts", "part", "part_number", "term"))


def arguments(scheme: Exact, names: Names, size: Field) -> list[Array | Scalar]:
    """How fast what goes together changes."""
    if len(scheme.variables) == 1:
        return []
    field = names.group.field(Part.RATE, scheme.variables[0])
    fill = Apply(fastest, (Apply(square, (tuple(tuple(Formula(names.group, e) for e in row) for row in scheme.matrix),)),))
    return [Array(field, "float64", (size,), fill, False) if varies(scheme, names) else Scalar(field, "float64", fill)]


def exact(scheme: Exact, context: FlowContext) -> list[Statement]:
    """Statements for a part as long as `names.dt` says."""
    names, start = context.names, {v: context.names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    if len(scheme.variables) == 1:
        ((v,), ((a,),), (b,)) = scheme.variables, scheme.matrix, scheme.offset
        slope, rate = names.resolve(a), plus(times(names.resolve(a), start[v]), names.resolve(b))
        lead = times(names.dt, Call("expm1_over_x", (times(slope, names.dt),)))
        return [Let(local(v, "new"), plus(start[v], still(v, times(rate, lead), context)))]
    field = names.group.field(Part.RATE, scheme.variables[0])
    fastest_there = element(field, context.unit) if varies(scheme, names) else Read(field)
    entries = {
        (v, w): names.resolve(entry)
        for v, row in zip(scheme.variables, scheme.matrix, strict=True)
        for w, entry in zip(scheme.variables, row, strict=True)
        if entry != ZERO
    }

    def product(v: str, of: str) -> Expr:
        """A row of A times the locals of this kind."""
        terms = [times(entries[v, w], Read(local(w, of))) for w in scheme.variables if (v, w) in entries]
        return reduce(plus, terms) if terms else ZERO

    first: list[Statement] = []
    for v, offset in zip(scheme.variables, scheme.offset, strict=True):
        rate = product(v, "new") if offset == ZERO else plus(product(v, "new"), names.resolve(offset))
        first.append(Let(local(v, "term"), still(v, times(Read(PART), rate), context)))
    weight = Binary("/", Read(PART), plus(Read(TERM), Number(2.0)))
    further = [Let(local(v, "next"), still(v, times(weight, product(v, "term")), context)) for v in scheme.variables]
    added: list[Statement] = [Let(local(v, "new"), plus(Read(local(v, "new")), Read(local(v, "term")))) for v in scheme.variables]
    turned = [Let(local(v, "term"), Read(local(v, "next"))) for v in scheme.variables]
    series = For(TERM, ZERO, Number(float(TERMS - 1)), (*further, *turned, *added))
    return [
        *(Let(local(v, "new"), start[v]) for v in scheme.variables),
        Let(PARTS, Call("max", (ONE, Call("ceil", (times(fastest_there, names.dt),))))),
        Let(PART, Binary("/", names.dt, Read(PARTS))),
        For(NUMBER, ZERO, Read(PARTS), (*first, *added, series)),
    ]
