"""Sources: `Poisson(rate = …)`, `Regular(rate, start, count)`, `SpikeTimes([…])`, `Source`.

Comes in: the name and arguments after the size. Goes out: a block that holds the source's own variables (`rate`, `start`, `count`, or the output `x`),
the dimensions of these, and the `model.Source`. A rate that depends on the time is a definition, otherwise it is a parameter, and can be drawn per unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plasticdsl.check.networks.connectivity import unit_numbers
from plasticdsl.check.terms.amounts import COUNT_OR_NONE, NOT_NEGATIVE, amount
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.distributions import named_arguments
from plasticdsl.check.terms.expressions import translate_as
from plasticdsl.check.terms.shown_units import unit_of_number
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.model.expr import Expr, Number, Ref, Special, refs, walk
from plasticdsl.model.model import (
    Block,
    ClampedSource,
    GivenSpikes,
    PoissonSource,
    RegularSource,
    Role,
    Source,
    Variable,
)
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree

_RATE = PURE / SECONDS

#: Source → its arguments in order; those after the first may be left out.
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "Poisson": ("rate",),
    "Regular": ("rate", "start", "count"),
    "SpikeTimes": ("times",),
    "Source": (),
}

_DIMENSIONS = {"rate": _RATE, "start": SECONDS, "count": PURE}


#: A source's block, its dimensions, and what it is.
_Made = tuple[Block, Mapping[str, Dim], Source]


def make_source(kind: tree.Name, arguments: Sequence[tree.Argument], span: Span, context: Context, drawn: frozenset[str]) -> _Made:
    """The source; `drawn`: variables that the population gives apart (`Poisson, rate ~ Gamma(…)`)."""
    given, others = named_arguments(arguments, ARGUMENTS[kind.name])
    for argument in others:
        text = f"‘{argument.keyword.text}’" if argument.keyword is not None else "so many arguments"
        hint = f"It takes: {', '.join(ARGUMENTS[kind.name])}." if ARGUMENTS[kind.name] else "It takes none; phases set its output."
        context.report.error("unknown-parameter", f"‘{kind.text}’ does not take {text}.", argument.span, hint)
    match kind.name:
        case "Source":
            output = Variable("x", "x", Role.CLAMPED, span=span)
            dims = {"x": context.solver.fresh()}
            return Block("source", "Source", variables=(output,), output="x", span=span), dims, ClampedSource()
        case "SpikeTimes":
            return Block("source", "SpikeTimes", span=span), {}, _times(kind, given.get("times"), context)
        case _:
            return _rhythmic(kind, given, span, context, drawn)


def _rhythmic(kind: tree.Name, given: Mapping[str, tree.Expr], span: Span, context: Context, drawn: frozenset[str]) -> _Made:
    """Poisson and Regular: a rate, and for Regular when it starts and how many spikes it gives."""
    if "rate" not in given and "rate" not in drawn:
        hint = f"Write for example ‘{kind.text}(rate = 10 Hz)’."
        context.report.error("missing-value", f"‘{kind.text}’ needs a rate.", kind.span, hint)
    defaults: dict[str, Expr] = {"rate": Number(0.0), "start": Number(0.0)}
    values = {n: _value(n, given[n], context) if n in given else defaults.get(n) for n in ARGUMENTS[kind.name]}
    variables = tuple(_variable(n, v, given.get(n), span) for n, v in values.items() if v is not None)
    dims = {v.name: _DIMENSIONS[v.name] for v in variables}
    block = Block("source", kind.name, variables=variables, span=span)
    rate = values["rate"] if variables[0].role is Role.DEFINITION else Ref(Whose.OWN, "rate")
    assert rate is not None, "it has a default"
    if kind.name == "Poisson":
        return block, dims, PoissonSource(rate)
    if any(v.role is Role.DEFINITION for v in variables):
        context.report.error("not-a-constant", "A regular source has a constant rate.", kind.span, "Use SpikeTimes for other rhythms.")
    count = Ref(Whose.OWN, "count") if values["count"] is not None else None
    return block, dims, RegularSource(rate, Ref(Whose.OWN, "start"), count)


def _variable(name: str, value: Expr, node: tree.Expr | None, span: Span) -> Variable:
    changing = any(isinstance(n, Special) and n.name in ("t", "dt") for n in walk(value))
    unit, scale = (unit_of_number(node) if node is not None else None) or {"rate": ("Hz", 1.0), "start": ("ms", 1e-3)}.get(name, ("", 1.0))
    place = node.span if node is not None else span
    return Variable(name, name, Role.DEFINITION if changing else Role.PARAMETER, value=value, unit=unit, scale=scale, span=place)


def _value(name: str, node: tree.Expr, context: Context) -> Expr:
    what, inside = f"The {name} of a source", unit_numbers(context)
    kind, dim = {"rate": NOT_NEGATIVE, "count": COUNT_OR_NONE}.get(name), _DIMENSIONS[name]
    value = translate_as(node, dim, what, inside) if kind is None else amount(node, kind, what, inside, {}, dim)
    if any(r.owner not in (Whose.OWN, Whose.NETWORK) for r in refs(value)):
        message = f"The {name} of a source can depend on the time and on parameters, not on the state of the network."
        context.report.error("not-a-constant", message, node.span)
    return value


def _times(kind: tree.Name, node: tree.Expr | None, context: Context) -> GivenSpikes:
    """A list of times, or the name under which they are given from Python."""
    match node:
        case tree.Listing(items=items):
            return GivenSpikes(tuple(translate_as(item, SECONDS, "The time of a spike", context) for item in items))
        case tree.Name(name=name):
            return GivenSpikes((), name)
        case None:
            hint = "Write for example ‘SpikeTimes([10 ms, 25 ms])’."
            context.report.error("missing-value", f"‘{kind.text}’ needs the times of its spikes.", kind.span, hint)
        case _:
            return GivenSpikes((translate_as(node, SECONDS, "The time of a spike", context),))
    return GivenSpikes(())
