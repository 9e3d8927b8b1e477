"""Networks by hand: expressions from text, blocks and instances with few words.

`e("w + r if lag > 0 else -pre.V")` reads Python's notation: `pre.V`, `post.V`, `third.V` (of an argument), `net.a`, `before(r)` and `after(r)` for r⁻ and
r⁺; `t`, `dt`, `lag`, `N_pre`, `N_post`, `now_pre`, `now_post` are what `Special` names; `incoming(w * pre.x)` is a sum over the connections of the post
unit; `drawn(N, 3, 0, 1)` is draw number 3, from N(0, 1).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np

from plasticdsl.check.networks.evaluation_order import evaluation_order
from plasticdsl.model import (
    AddTo,
    Assign,
    Block,
    Connectivity,
    Delays,
    Distribution,
    GivenSpikes,
    Handler,
    Network,
    Pairing,
    PairRule,
    PerUnit,
    Population,
    Projection,
    Role,
    Source,
    Statement,
    Third,
    Timed,
    Timing,
    Trigger,
    Value,
    Variable,
)
from plasticdsl.model.expr import FUNCTIONS, Binary, Call, Choice, Compare, Drawn, Expr, Incoming, Logic, Negate, Number, Ref, Special
from plasticdsl.model.owners import OfArgument, OfPopulation, OfProjection, Whose
from plasticdsl.reference.interpreter import ReferenceEngine
from plasticdsl.runtime.instance.instance import Instance, PopulationInstance, ProjectionInstance
from plasticdsl.support.random import stream_of
from tests.values import value_of

SPECIALS = frozenset({"t", "dt", "lag", "N_pre", "N_post", "i", "j", "now_pre", "now_post"})
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


# --- expressions -----------------------------------------------------------------------------------------------------


_OWNERS = {"net": Whose.NETWORK, "pre": Whose.PRE, "post": Whose.POST, "third": OfArgument("third")}


def e(text: str | float) -> Expr:
    """The expression written in `text`."""
    return Number(float(text)) if not isinstance(text, str) else _expr(ast.parse(text, mode="eval").body)


def _expr(node: ast.expr) -> Expr:
    match node:
        case ast.Constant(value=value):
            return Number(float(value))  # type: ignore[arg-type]
        case ast.Name(id=name):
            return Special(name) if name in SPECIALS else Ref(Whose.OWN, name)  # type: ignore[arg-type]
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return Ref(_OWNERS.get(owner) or OfProjection(owner), name)
        case ast.BinOp(left=left, op=op, right=right):
            return Binary(_BINARY[type(op)], _expr(left), _expr(right))  # type: ignore[arg-type,index]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Negate(_expr(operand))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Logic("not", (_expr(operand),))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return Compare(_COMPARE[type(op)], _expr(left), _expr(right))  # type: ignore[arg-type,index]
        case ast.BoolOp(op=op, values=values):
            return Logic("and" if isinstance(op, ast.And) else "or", tuple(map(_expr, values)))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return Choice(((_expr(test), _expr(body)),), _expr(orelse))
        case ast.Call(func=ast.Name(id="before" | "after" as limit), args=[ast.Name(id=name)]):
            return Ref(Whose.OWN, name, limit)  # type: ignore[arg-type]
        case ast.Call(func=ast.Name(id="incoming"), args=[body]):
            return Incoming(_expr(body))
        case ast.Call(func=ast.Name(id="drawn"), args=[ast.Name(id=name), ast.Constant(value=int(number)), *arguments]):
            return Drawn(name, tuple(map(_expr, arguments)), (), "R", number)
        case ast.Call(func=ast.Name(id=function), args=arguments) if function in FUNCTIONS:
            return Call(function, tuple(map(_expr, arguments)))
    raise ValueError(ast.dump(node))


# --- blocks ----------------------------------------------------------------------------------------------------------


def state(name: str, low: str | float | None = None, high: str | float | None = None) -> Variable:
    """A state with hard bounds."""
    return Variable(name, name, Role.STATE, low=None if low is None else e(low), high=None if high is None else e(high))


def parameter(name: str) -> Variable:
    """A parameter; its value is in the instance."""
    return Variable(name, name, Role.PARAMETER)


def definition(name: str, value: str) -> Variable:
    """`name = value`, always."""
    return Variable(name, name, Role.DEFINITION, value=e(value))


def input_(name: str) -> Variable:
    """A sum that connections fill."""
    return Variable(name, name, Role.INPUT)


def statements(*lines: str) -> tuple[Statement, ...]:
    """`x = …`, `x += …` of own variables; `post.g += …`, `pre.g += …` and `third.g += …` of units."""
    return tuple(map(_statement, lines))


def _statement(line: str) -> Statement:
    node = ast.parse(line).body[0]
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return Assign(Ref(Whose.OWN, name), _expr(value))
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
            return Assign(Ref(Whose.OWN, name), Binary("+", Ref(Whose.OWN, name), _expr(value)))
        case ast.AugAssign(target=ast.Attribute(value=ast.Name(id=owner), attr=name), op=ast.Add(), value=value):
            return AddTo(Ref(_OWNERS[owner], name), _expr(value))
    raise ValueError(line)


def on(trigger: Trigger, *lines: str, rule: bool = True, together: bool = False, period: str | None = None, event: str = "") -> Handler:
    """A handler."""
    source, unit = "R" if rule else "S", OfArgument("third") if trigger is Trigger.THIRD else None
    return Handler(trigger, statements(*lines), together, None if period is None else e(period), source, rule, event=event, unit=unit)


def window(pairing: Pairing, increment: str, truncate: str | None = None, target: str = "w") -> PairRule:
    """A learning window for `target`."""
    return PairRule(pairing, Ref(Whose.OWN, target), e(increment), None if truncate is None else e(truncate), "R")


def neuron(name: str = "Cell", **parts: object) -> Block:
    """A neuron."""
    return Block("neuron", name, **parts)  # type: ignore[arg-type]


def connection(**parts: object) -> Block:
    """What a projection's connections do."""
    return Block("connection", "connection", **parts)  # type: ignore[arg-type]


# --- networks with numbers -------------------------------------------------------------------------------------------


@dataclass
class Net:
    """Collects populations and projections, their sizes and numbers."""

    dt: float = 1e-3
    seed: int = 1
    parameters: dict[str, float] = field(default_factory=dict)
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    numbers: dict[str, PopulationInstance | ProjectionInstance] = field(default_factory=dict)

    def population(
        self,
        name: str,
        size: int,
        block: Block | None = None,
        source: Source | None = None,
        spikes: Sequence[tuple[int, int]] = (),
        refractory: int = 0,
        parameters: Mapping[str, float | Sequence[float]] | None = None,
        states: Mapping[str, float | Sequence[float]] | None = None,
        stride: int | None = None,
    ) -> None:
        """`spikes`: (step, unit) of a source of given spikes. `stride`: of units with steps of their own."""
        block = block if block is not None else Block("source", name)
        given = sorted(spikes)
        if source is None and block.kind == "source":
            source = GivenSpikes(())
        step = None if stride is None else Number(stride * self.dt)
        self.populations.append(Population(name, name, Number(float(size)), block, source, step=step))
        steps = np.array([s for s, _ in given], dtype=np.int64) if source is not None else None
        units = np.array([u for _, u in given], dtype=np.int64) if source is not None else None
        own = _states(block, size, states or {})
        self.numbers[name] = PopulationInstance(
            name, size, stream_of(name), _parameters(parameters), own, refractory, steps, units, stride=stride or 1
        )

    def projection(
        self,
        name: str,
        pre: str,
        post: str,
        block: Block,
        pairs: Sequence[tuple[int, int]] | None = None,
        axonal: int | Sequence[int] = 0,
        dendritic: int | Sequence[int] = 0,
        given: Sequence[str] = ("w",),
        parameters: Mapping[str, float | Sequence[float]] | None = None,
        states: Mapping[str, float | Sequence[float]] | None = None,
        thirds: Sequence[Third] = (),
    ) -> None:
        """`pairs`: (pre unit, post unit) of the connections (None: all to all). `given`: variables the projection gives (its weights)."""
        sizes = {k: v.size for k, v in self.numbers.items() if isinstance(v, PopulationInstance)}
        connectivity = Connectivity("all" if pairs is None else "listed")
        if pairs is None:
            pairs = [(j, i) for j in range(sizes[pre]) for i in range(sizes[post])]
        pairs = sorted(pairs)
        rows = np.searchsorted([j for j, _ in pairs], np.arange(sizes[pre] + 1)).astype(np.int64)
        targets = np.array([i for _, i in pairs], dtype=np.int32)
        origins = tuple((v.name, ("S" if v.name in given else "R", v.name)) for v in block.variables)
        delays = Delays(self._written(axonal), self._written(dendritic))
        values = tuple((f"{k}(0)", _value(v)) for k, v in (states or {}).items())
        made = Projection(name, name, pre, post, block, connectivity, delays, values, ("R",), origins, thirds=tuple(thirds))
        self.projections.append(made)
        self.numbers[name] = ProjectionInstance(
            name, pre, post, stream_of(name), rows, targets, _parameters(parameters), _states(block, len(pairs), states or {}),
            _delay(axonal), _delay(dendritic),
        )  # fmt: skip

    def _written(self, steps: int | Sequence[int]) -> Value | None:
        if isinstance(steps, int):
            return Number(steps * self.dt) if steps else None
        return _value(steps)

    def per_unit(self) -> PerUnit:
        """Parameters and delays with one value per unit or connection."""
        found: set[Ref | Timed] = set()
        for name, drawn in self.numbers.items():
            owner = OfProjection(name) if isinstance(drawn, ProjectionInstance) else OfPopulation(name)
            found |= {Ref(owner, k) for k, v in drawn.parameters.items() if np.ndim(v)}
            if isinstance(drawn, ProjectionInstance):
                delays = {Timing.AXONAL: drawn.axonal, Timing.DENDRITIC: drawn.dendritic}
                found |= {Timed(owner, which) for which, delay in delays.items() if np.ndim(delay)}
        return frozenset(found)

    def network(self) -> Network:
        """The model."""
        shared = tuple(Variable(k, k, Role.PARAMETER, value=Number(v)) for k, v in self.parameters.items())
        order, circles = evaluation_order(self.populations, self.projections, ())
        assert not circles
        return Network("net", "", shared, tuple(self.populations), tuple(self.projections), order)

    def instance(self) -> Instance:
        """The numbers; the network's own parameters are in `parameters`."""
        populations = {k: v for k, v in self.numbers.items() if isinstance(v, PopulationInstance)}
        projections = {k: v for k, v in self.numbers.items() if isinstance(v, ProjectionInstance)}
        return deepcopy(Instance(self.dt, self.seed, dict(self.parameters), populations, projections))

    def engine(self) -> ReferenceEngine:
        """The interpreter."""
        return ReferenceEngine(self.network(), self.instance())


def _parameters(values: Mapping[str, float | Sequence[float]] | None) -> dict[str, float | np.ndarray]:
    return {k: float(v) if isinstance(v, int | float) else np.array(v, dtype=float) for k, v in (values or {}).items()}


def _states(block: Block, count: int, values: Mapping[str, float | Sequence[float]]) -> dict[str, np.ndarray]:
    names = [v.name for v in block.variables if v.role in (Role.STATE, Role.CLAMPED)]
    return {name: np.array(np.broadcast_to(values.get(name, 0.0), (count,)), dtype=float) for name in names}


def _value(values: float | Sequence[float]) -> Value:
    """How the model writes it: a number, or (one for each) a draw."""
    return Number(float(values)) if isinstance(values, int | float) else Distribution("U", (Number(0.0), Number(1.0)))


def _delay(steps: int | Sequence[int]) -> int | np.ndarray:
    return steps if isinstance(steps, int) else np.array(steps, dtype=np.int32)


def pair_of_trains(
    block: Block,
    pre: Sequence[int],
    post: Sequence[int],
    parameters: Mapping[str, float] | None = None,
    axonal: int = 0,
    dendritic: int = 0,
    states: Mapping[str, float] | None = None,
    post_block: Block | None = None,
) -> Net:
    """One connection between two units with given spike steps (a step named twice: two spikes)."""
    net = Net()
    net.population("a", 1, spikes=[(s, 0) for s in pre])
    net.population("b", 1, post_block, GivenSpikes(()), spikes=[(s, 0) for s in post])
    net.projection("c", "a", "b", block, axonal=axonal, dendritic=dendritic, parameters=parameters, states=states)
    return net


def final(net: Net, steps: int, name: str = "w") -> float:
    """A variable of connection 0 after some steps."""
    engine = net.engine()
    engine.advance(steps)
    return float(value_of(engine, "c", name)[0])
