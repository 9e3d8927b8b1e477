"""One function applied to every expression of a block: renaming, and binding to what is around it.

Comes in: a block, variable or value of the checked model and a function of expressions. Goes out: the same with every expression replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from plasticdsl.model.expr import Expr, Ref, rebuild
from plasticdsl.model.model import AddTo, Assign, Block, Distribution, Handler, PairRule, Statement, Value, Variable

Read = Callable[[Expr], Expr]


def renames(names: Mapping[str, str]) -> bool:
    """Whether a renaming changes anything."""
    return any(old != new for old, new in names.items())


def rename_variable(variable: Variable, names: Mapping[str, str]) -> Variable:
    """The variable with its own name and all it reads renamed."""
    return replace(map_variable(variable, _renaming(names)), name=names.get(variable.name, variable.name))


def map_variable(variable: Variable, read: Read) -> Variable:
    """`read` applied to the value, initial value and bounds."""
    if variable.value is None and variable.initial is None and variable.low is None and variable.high is None:
        return variable
    low = read(variable.low) if variable.low is not None else None
    high = read(variable.high) if variable.high is not None else None
    return replace(variable, value=map_value(variable.value, read), initial=map_value(variable.initial, read), low=low, high=high)


def rename_block(block: Block, names: Mapping[str, str]) -> Block:
    """Flows, handlers, pairs and sums with the block's own names renamed."""
    read = _renaming(names)
    flows = tuple(replace(f, variable=names.get(f.variable, f.variable)) for f in block.flows)
    return map_block(replace(block, flows=flows), read)


def _renaming(names: Mapping[str, str]) -> Read:
    def read(expr: Expr) -> Expr:
        match expr:
            case Ref("", name, limit) if name in names:
                return Ref("", names[name], limit)
            case _:
                return rebuild(expr, read)

    return read


def map_value(value: Value | None, read: Read) -> Value | None:
    """`read` applied to an expression or to the arguments of a distribution."""
    if isinstance(value, Distribution):
        return Distribution(value.name, tuple(read(a) for a in value.arguments))
    return None if value is None else read(value)


def map_block(block: Block, read: Read) -> Block:
    """`read` applied to every expression of the flows, handlers, pairs and sums; targets too."""
    return replace(
        block,
        flows=tuple(replace(f, rate=read(f.rate), noise=read(f.noise) if f.noise is not None else None) for f in block.flows),
        handlers=tuple(_map_handler(h, read) for h in block.handlers),
        pairs=tuple(_map_pair(p, read) for p in block.pairs),
        sums=tuple(replace(s, body=read(s.body)) for s in block.sums),
    )


def _map_handler(handler: Handler, read: Read) -> Handler:
    statements = tuple(_map_statement(s, read) for s in handler.statements)
    return replace(handler, statements=statements, period=read(handler.period) if handler.period is not None else None)


def _map_statement(statement: Statement, read: Read) -> Statement:
    target = _target(statement.target, read)
    match statement:
        case Assign(_, value, span):
            return Assign(target, read(value), span)
        case AddTo(_, amount, span):
            return AddTo(target, read(amount), span)


def _map_pair(pair: PairRule, read: Read) -> PairRule:
    truncate = read(pair.truncate) if pair.truncate is not None else None
    return replace(pair, target=_target(pair.target, read), increment=read(pair.increment), truncate=truncate)


def _target(ref: Ref, read: Read) -> Ref:
    changed = read(ref)
    return changed if isinstance(changed, Ref) else ref


def expressions(block: Block) -> Iterator[Expr]:
    """Every expression of a block's variables, flows, handlers, pairs and sums."""
    for v in block.variables:
        for value in (v.value, v.initial):
            yield from value.arguments if isinstance(value, Distribution) else () if value is None else (value,)
        yield from (bound for bound in (v.low, v.high) if bound is not None)
    for flow in block.flows:
        yield from (flow.rate,) if flow.noise is None else (flow.rate, flow.noise)
    for handler in block.handlers:
        yield from (s.value if isinstance(s, Assign) else s.amount for s in handler.statements)
    yield from (pair.increment for pair in block.pairs)
    yield from (total.body for total in block.sums)
