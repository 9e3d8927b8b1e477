"""Chance at events: a draw as an expression of counter-based random numbers.

Comes in: a draw with its arguments resolved, and by what its numbers are keyed. Goes out: an expression of `uniform`, `normal`, … of `support/`; and the
streams that kernels of a population or projection read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.kernels.identifiers import Field, Group, Part
from plasticdsl.kernels.program import ONE, ZERO, Scalar
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Drawn, Expr, Number, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.support.random import stream_of


def stream(owner: Group, drawn: Drawn) -> Field:
    """The random stream of a draw."""
    return owner.field(Part.EVENT_STREAM, f"{drawn.source}_{drawn.number}".lstrip("_"))


def streams(owner: Group, part: object) -> Iterator[Scalar]:
    """The streams of all draws in a part of a plan."""
    found = dict.fromkeys((node.source, node.number) for e in expressions(part) for node in walk(e) if isinstance(node, Drawn))
    for source, number in found:
        yield Scalar(stream(owner, Drawn("", (), (), source, number)), "int64", stream_of(owner.name, "event", source, str(number)))


def number(distribution: str, arguments: Sequence[Expr], ends: Sequence[Expr], key: tuple[Expr, ...]) -> Expr:
    """The value of a draw. `key`: seed, stream, unit or connection, and step."""
    match distribution, arguments:
        case "U", (Number(0.0), Number(1.0)) if not ends:
            return Call("uniform", key)
        case "U", (low, high):
            if ends:
                low, high = Call("max", (low, ends[0])), Call("min", (high, ends[1]))
            return _affine(low, Binary("-", high, low), Call("uniform", key))
        case "Bernoulli", (p,):
            return Choice(((Compare("<", Call("uniform", key), p), ONE),), ZERO)
        case "N", (mean, sd):
            return _affine(mean, sd, _drawn("normal", key, (), [_over(Binary("-", e, mean), sd) for e in ends]))
        case "LogN", (mean, sd):
            variance = Call("log1p", (Binary("^", _over(sd, mean), Number(2.0)),))
            spread, half = Call("sqrt", (variance,)), Binary("*", Number(0.5), variance)
            logs = [Call("log", (Call("max", (_over(e, mean), ZERO)),)) for e in ends]
            drawn = _drawn("normal", key, (), [_over(Binary("+", log, half), spread) for log in logs])
            return Binary("*", mean, Call("exp", (Binary("-", Binary("*", spread, drawn), half),)))
        case "Exp", (mean,):
            return Binary("*", mean, _drawn("exponential", key, (), [_over(e, mean) for e in ends]))
        case "Gamma", (shape, scale):
            return Binary("*", scale, _drawn("gamma", key, (shape,), [_over(e, scale) for e in ends]))
        case "Poisson" | "Binomial", _:
            return _drawn(distribution.lower(), key, arguments, ends)
        case _:
            raise ValueError(f"{distribution} is no distribution")


def _drawn(name: str, key: tuple[Expr, ...], arguments: Sequence[Expr], ends: Sequence[Expr]) -> Call:
    return Call(f"{name}_within" if ends else name, (*key, *arguments, *ends))


def _affine(start: Expr, scale: Expr, value: Expr) -> Expr:
    return Binary("+", start, Binary("*", scale, value))


def _over(left: Expr, right: Expr) -> Expr:
    return Binary("/", left, right)
