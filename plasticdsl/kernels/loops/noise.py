"""One step of an equation with noise, for one unit or connection.

Comes in: a scheme. Goes out: statements that find the new values, as in `flows`. Where an amplitude may be 0, a loop may have been there before
that has drawn what is needed (`loops.kicks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plasticdsl.kernels.identifiers import Group, Part
from plasticdsl.kernels.loops.flows import FlowContext, at_stage, bounded, comment, mean_rate, still
from plasticdsl.kernels.loops.names import Names, local
from plasticdsl.kernels.program import ZERO, Let, Read, Scalar, Statement
from plasticdsl.kernels.recipes import SEED
from plasticdsl.model.expr import Binary, Call, Choice, Expr, Number, Ref, walk
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import EulerMaruyama, Milstein, Noisy, Scheme, TwoStages
from plasticdsl.support.random import stream_of


def noisy(scheme: Noisy, context: FlowContext) -> list[Statement]:
    """The new values of its variables."""
    match scheme:
        case EulerMaruyama():
            return _euler_maruyama(scheme, context)
        case TwoStages():
            return _two_stages(scheme, context)
        case Milstein():
            return _milstein(scheme, context)


def noise_arguments(scheme: Noisy, names: Names) -> Iterator[Scalar]:
    """What is read for it besides variables: streams of noise."""
    owner = names.group
    for v, noise in zip(scheme.variables, scheme.noises, strict=True):
        if noise is not None:
            yield noise_stream(owner, v)


def noise_stream(owner: Group, variable: str) -> Scalar:
    """The random stream of the noise of a variable."""
    return Scalar(owner.field(Part.NOISE, variable), "int64", stream_of(owner.name, "noise", variable))


def vanishing(schemes: Iterable[Scheme]) -> dict[str, Expr]:
    """Amplitudes that are 0 in some cases, so that nothing has to be drawn: they hold a step, a rectifier or cases."""
    found = (zip(s.variables, s.noises, strict=True) for s in schemes if isinstance(s, EulerMaruyama))
    return {v: noise for pairs in found for v, noise in pairs if noise is not None and _may_vanish(noise)}


def _may_vanish(amplitude: Expr) -> bool:
    return any(isinstance(node, Choice) or (isinstance(node, Call) and node.function in ("step", "max", "min")) for node in walk(amplitude))


def _euler_maruyama(scheme: EulerMaruyama, context: FlowContext) -> list[Statement]:
    statements: list[Statement] = []
    for v, rate, noise in zip(scheme.variables, scheme.rates, scheme.noises, strict=True):
        drift = Binary("*", context.names.dt, still(v, mean_rate(rate, context.names), context))
        value = Binary("+", context.names.resolve(Ref(Whose.OWN, v)), drift)
        statements.append(comment(v, context, "Euler-Maruyama"))
        if noise is not None:
            amplitude, number = context.drawn.get(v, (context.names.resolve(noise), drawn(v, context)))
            kick = Binary("*", Binary("*", amplitude, Call("sqrt", (context.names.dt,))), number)
            value = Binary("+", value, kick if v in context.drawn else still(v, kick, context))
        statements.append(Let(local(v, "new"), value))
    return statements


def stream(variable: str, context: FlowContext) -> Expr:
    """The random stream of a noise."""
    return Read(context.names.group.field(Part.NOISE, variable))


def drawn(variable: str, context: FlowContext) -> Expr:
    """A normal number for the noise of a variable in this step."""
    return Call("normal", (Read(SEED), stream(variable, context), Read(context.unit), context.names.draw))


def _kicks(scheme: TwoStages | Milstein, context: FlowContext) -> list[Statement]:
    """Locals with ΔW = √dt N(0, 1) of each variable that has noise."""
    width = Call("sqrt", (context.names.dt,))
    noisy = [v for v, noise in zip(scheme.variables, scheme.noises, strict=True) if noise is not None]
    return [Let(local(v, "kick"), Binary("*", width, drawn(v, context))) for v in noisy]


def _two_stages(scheme: TwoStages, context: FlowContext) -> list[Statement]:
    names, dt = context.names, context.names.dt
    how = "midpoint rule" if scheme.ahead < 1.0 else "Heun: x += dt (k1 + k2)/2"
    statements: list[Statement] = [*(comment(v, context, how) for v in scheme.variables), *_kicks(scheme, context)]
    values = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    start, time = dict(values), names.begun
    for stage in (1, 2):
        for v, rate, noise in zip(scheme.variables, scheme.rates, scheme.noises, strict=True):
            change: Expr = Binary("*", dt, at_stage(rate, values, time, names))
            if noise is not None:
                change = Binary("+", change, Binary("*", at_stage(noise, values, time, names), Read(local(v, "kick"))))
            statements.append(Let(local(v, f"step{stage}"), still(v, change, context)))
        if stage == 1:
            ahead = Number(scheme.ahead)
            for v in scheme.variables:
                there = local(v, "there")
                statements += [Let(there, Binary("+", start[v], Binary("*", ahead, Read(local(v, "step1"))))), *bounded(v, there, context)]
                values[v] = Read(there)
            time = Binary("+", names.begun, Binary("*", ahead, dt))
    late = Number(0.5 / scheme.ahead)
    for v in scheme.variables:
        first, second = (Read(local(v, f"step{stage}")) for stage in (1, 2))
        change = second if scheme.ahead == 0.5 else Binary("*", late, Binary("+", first, second))
        statements.append(Let(local(v, "new"), Binary("+", start[v], change)))
    return statements


def _milstein(scheme: Milstein, context: FlowContext) -> list[Statement]:
    """x += f dt + g ΔW + ½ g g′ (ΔW² − dt), without the last dt in Stratonovich's sense."""
    resolve, dt = context.names.resolve, context.names.dt
    calculus = "Stratonovich" if scheme.stratonovich else "Ito"
    statements = _kicks(scheme, context)
    for v, rate, noise, slope in zip(scheme.variables, scheme.rates, scheme.noises, scheme.slopes, strict=True):
        change: Expr = Binary("*", dt, mean_rate(rate, context.names))
        if noise is not None:
            kick = Read(local(v, "kick"))
            squared: Expr = Binary("*", kick, kick)
            change = Binary("+", change, Binary("*", resolve(noise), kick))
            if slope != ZERO:
                left = squared if scheme.stratonovich else Binary("-", squared, dt)
                product = Binary("*", Binary("*", Number(0.5), resolve(noise)), resolve(slope))
                change = Binary("+", change, Binary("*", product, left))
        new = Binary("+", resolve(Ref(Whose.OWN, v)), still(v, change, context))
        statements += [comment(v, context, f"Milstein, {calculus}"), Let(local(v, "new"), new)]
    return statements
