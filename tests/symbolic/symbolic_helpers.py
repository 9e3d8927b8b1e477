"""Expressions from Python syntax, blocks from a few lines, and a plain stepper for schemes."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import cast

import numpy as np

from plasticdsl.model import Block, Flow, MethodChoice, Role, Variable
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref, Special
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import SHARES, STAGES, EulerMaruyama, Exact, ExponentialEuler, ExponentialRungeKutta, Scheme
from plasticdsl.source import NOWHERE
from plasticdsl.support.propagators import propagator
from plasticdsl.symbolic.numeric import evaluate

OWNERS = {"": Whose.OWN, "pre": Whose.PRE, "post": Whose.POST, "network": Whose.NETWORK}
SPECIAL = ("t", "dt", "lag", "N_pre", "N_post", "now_pre", "now_post")
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}
COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def e(text: str) -> Expr:
    """`a*b if c > 0 else d`, `pre.x`, `exp(x)`, `lag`, with ** for powers."""
    return _convert(ast.parse(text, mode="eval").body)


def _convert(node: ast.AST) -> Expr:
    match node:
        case ast.Constant(value):
            return Number(float(cast(float, value)))
        case ast.Name(name):
            return Special(name) if name in SPECIAL else Ref(Whose.OWN, name)  # type: ignore[arg-type]
        case ast.Attribute(ast.Name(owner), name):
            return Ref(OWNERS[owner], name)
        case ast.BinOp(left, operator, right):
            return Binary(OPERATORS[type(operator)], _convert(left), _convert(right))  # type: ignore[arg-type, index]
        case ast.UnaryOp(ast.USub(), ast.Constant(value)):
            return Number(-float(cast(float, value)))
        case ast.UnaryOp(ast.USub(), operand):
            return Negate(_convert(operand))
        case ast.UnaryOp(ast.Not(), operand):
            return Logic("not", (_convert(operand),))
        case ast.BoolOp(operator, operands):
            return Logic("and" if isinstance(operator, ast.And) else "or", tuple(_convert(o) for o in operands))
        case ast.Compare(left, [operator], [right]):
            return Compare(COMPARISONS[type(operator)], _convert(left), _convert(right))  # type: ignore[arg-type, index]
        case ast.IfExp(test, body, orelse):
            rest = _convert(orelse)
            first = (_convert(test), _convert(body))
            return Choice((first, *rest.branches), rest.otherwise) if isinstance(rest, Choice) else Choice((first,), rest)
        case ast.Call(ast.Name(function), arguments):
            return Call(function, tuple(_convert(a) for a in arguments))
        case _:
            raise AssertionError(ast.dump(node))


def block(
    flows: Mapping[str, str | tuple[str, str]],
    parameters: str = "",
    definitions: Mapping[str, str] | None = None,
    states: str = "",
    inputs: str = "",
    method: str = "",
    substeps: int = 1,
    kind: str = "neuron",
) -> Block:
    """A block with rates (or (rate, noise)) by variable; names of parameters, discrete states and inputs separated by spaces."""
    variables = [Variable(n, n, Role.PARAMETER) for n in parameters.split()]
    variables += [Variable(n, n, Role.STATE) for n in (*flows, *states.split())]
    variables += [Variable(n, n, Role.INPUT) for n in inputs.split()]
    variables += [Variable(n, n, Role.DEFINITION, value=e(v)) for n, v in (definitions or {}).items()]
    parsed = []
    for name, rate in flows.items():
        text, noise = (rate, None) if isinstance(rate, str) else rate
        parsed.append(Flow(name, e(text), None if noise is None else e(noise)))
    choice = (MethodChoice(method, substeps, NOWHERE),) if method else ()
    return Block(kind, "Test", variables=tuple(variables), flows=tuple(parsed), methods=choice)


def summary(schemes: tuple[Scheme, ...]) -> dict[str, str]:
    """Scheme by variable; members of one `Exact` or `RungeKutta4` share a text."""
    found = {}
    for scheme in schemes:
        names = (scheme.variable,) if isinstance(scheme, ExponentialEuler) else scheme.variables
        for name in names:
            found[name] = f"{type(scheme).__name__}({' '.join(names)})"
    return found


def values_of(named: Mapping[str, float]) -> dict[Expr, float]:
    """Values by `Ref` and `Special` from values by name (`pre.x` for other owners)."""
    result: dict[Expr, float] = {}
    for name, value in named.items():
        owner, _, bare = name.rpartition(".")
        result[Special(name) if name in SPECIAL else Ref(OWNERS[owner], bare)] = value  # type: ignore[arg-type]
    return result


def step(schemes: tuple[Scheme, ...], state: dict[str, float], fixed: Mapping[str, float], t: float, dt: float) -> dict[str, float]:
    """The state one step later (noise drawn as 0)."""

    def at(expr: Expr, changed: Mapping[str, float] | None = None, time: float = t) -> float:
        return evaluate(expr, values_of({**fixed, **state, **(changed or {}), "t": time, "dt": dt}))

    new = dict(state)
    for scheme in schemes:
        match scheme:
            case Exact(variables, matrix, offset):
                p, q = propagator(np.array([[at(c) for c in row] for row in matrix]), dt)
                result = p @ np.array([state[v] for v in variables]) + q @ np.array([at(o) for o in offset])
                new.update(zip(variables, map(float, result), strict=True))
            case ExponentialEuler(variable, slope, offset):
                new[variable] = _ahead(state[variable], at(slope), at(offset), dt)
            case ExponentialRungeKutta():
                new.update(_exponential_runge_kutta(scheme, state, at, t, dt))
            case EulerMaruyama(variables, rates, _):
                new.update({v: state[v] + dt * at(r) for v, r in zip(variables, rates, strict=True)})
            case _:
                new.update(_runge_kutta(scheme.variables, scheme.rates, state, at, t, dt))
    return new


def _ahead(x: float, a: float, b: float, time: float) -> float:
    return x + time * (a * x + b) * (math.expm1(a * time) / (a * time) if a else 1.0)


def _exponential_runge_kutta(scheme, state, at, t, dt):  # type: ignore[no-untyped-def]
    stage = new = {v: state[v] for v in scheme.variables}
    for fraction, share, following in zip(STAGES, SHARES, (*STAGES[1:], 0.0), strict=True):
        a = [at(slope, stage, t + fraction * dt) for slope in scheme.slopes]
        b = [at(offset, stage, t + fraction * dt) for offset in scheme.offsets]
        parts = list(zip(scheme.variables, a, b, strict=True))
        new = {v: _ahead(new[v], p, q, share * dt) for v, p, q in parts}
        stage = {v: _ahead(state[v], p, q, following * dt) for v, p, q in parts}
    return new


def _runge_kutta(variables, rates, state, at, t, dt):  # type: ignore[no-untyped-def]
    def slopes(previous, fraction):  # type: ignore[no-untyped-def]
        shifted = {v: state[v] + fraction * dt * k for v, k in zip(variables, previous, strict=True)}
        return [at(r, shifted, t + fraction * dt) for r in rates]

    k1 = slopes([0.0] * len(variables), 0.0)
    k2 = slopes(k1, 0.5)
    k3 = slopes(k2, 0.5)
    k4 = slopes(k3, 1.0)
    parts = zip(variables, k1, k2, k3, k4, strict=True)
    return {v: state[v] + dt * (a + 2 * b + 2 * c + d) / 6 for v, a, b, c, d in parts}
