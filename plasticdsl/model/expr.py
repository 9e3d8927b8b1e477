"""Expressions of the checked model and of the plan: small, closed, printable, without sympy.

All numbers are in SI. Names are canonical ASCII and already resolved: a `Ref` says which owner a name belongs to.
`symbolic/` translates to sympy and back; `kernels/printer.py` prints Python; `runtime/numbers/evaluate.py` computes with NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Literal, TypeGuard

from plasticdsl.model.owners import OfData, OfSeries, OfTable, Owner, Whose, owner_text

Limit = Literal["", "before", "after"]


@dataclass(frozen=True, slots=True)
class Number:
    """A constant in SI units."""

    value: float


@dataclass(frozen=True, slots=True)
class Ref:
    """A variable of `owner`, or the owner as such where `name` is empty. `limit` is `"before"`/`"after"` where `r⁻`/`r⁺` was written."""

    owner: Owner
    name: str
    limit: Limit = ""

    @property
    def path(self) -> str:
        """As people write it: `V`, `post.V`, `cell.V`, without the mark of a limit."""
        return ".".join(part for part in (owner_text(self.owner), self.name) if part)

    @property
    def order(self) -> tuple[str, str, str]:
        """By which references are sorted, where an order is needed and none is given."""
        return owner_text(self.owner), self.name, self.limit


@dataclass(frozen=True, slots=True)
class Special:
    """`t` (time, s), `dt` (step, s), `lag` (t_post − t_pre of a spike pair, s), `N_pre`, `N_post` (unit counts),
    `i`, `j` (post and pre unit number, from 1), `now_pre`, `now_post` (spikes of that side reaching this synapse at t_n); `each`, as the last
    argument of a statistic of spikes: that there is one for each unit."""

    name: Literal["t", "dt", "lag", "N_pre", "N_post", "i", "j", "now_pre", "now_post", "each"]


#: The last argument of a statistic of which there is one for each unit.
EACH = Special("each")

#: The function of a call that stands for one value at each spike in a window: of an expression in variables of one population, and that population, or
#: a part of it, as such.
AT_SPIKES = "at spikes"


#: The end of the function of a call that is a statistic of each unit’s values in a window: `max over time(V)`.
_OVER_TIME = " over time"


def over_time(statistic: str) -> str:
    """The function of a call that takes a statistic of each unit’s values in a window."""
    return statistic + _OVER_TIME


@dataclass(frozen=True, slots=True)
class Binary:
    """`+ - * / ^`."""

    operator: Literal["+", "-", "*", "/", "^"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Negate:
    """`-x`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function of `FUNCTIONS` (model level) or a statistic (`mean`, `rate`, … in experiments). `sample(series, n)`: row n (from 0) of an
    array of samples, `Ref(OfSeries(…), …)`, the last where there are no more: a number for all units, or one for each. `listed(i, …)` and
    `entry(i, j, columns, …)`: the value of unit i, and of the connection to i from j, among those that follow. `pick(array, k, …)`: an entry of an array
    of a file, `Ref(OfTable(…), …)`, counted from 1 or, below 0, from the last."""

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`, operator one of `< <= > >= == !=`."""

    operator: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or` over two or more operands, `not` over one."""

    operator: Literal["and", "or", "not"]
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of the first branch whose condition holds, else `otherwise`. Branches not taken never produce NaN or warnings."""

    branches: tuple[tuple[Expr, Expr], ...]  # (condition, value)
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class At:
    """`w_ij`, `x_k`, `ξ_μi`, `m_1`: a variable of `ref` at bound index letters or at numbers, counted from 1 (network observables)."""

    ref: Ref
    indices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SumOver:
    """`Σ_ij body`: over each index's population (`sets`, same order); with a projection's variable at [i, j] in the body,
    over the connections that exist. `where` may exclude terms."""

    indices: tuple[str, ...]
    sets: tuple[str, ...]
    body: Expr
    where: Expr | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """`Σ body` in a synapse or rule: over the connections of this projection that reach the same postsynaptic unit. Names of the connection
    and of `pre` in the body are those of each of these connections."""

    body: Expr


@dataclass(frozen=True, slots=True)
class Drawn:
    """A number drawn anew at each event, one for each unit or connection: a function of the seed, of its owner, of `source` (the block it is written in),
    of `number` (which draw of that block), of the unit or connection, and of the event. So reading it twice at one event gives the same.

    `distribution`: its name, as in `model.Distribution`; `ends`: the two at which it is cut off, if it is.
    """

    distribution: str
    arguments: tuple[Expr, ...]
    ends: tuple[Expr, ...]
    source: str
    number: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """What only a later stage knows; that of a plan follows, that of a loop program is in `kernels/program.py`."""


@dataclass(frozen=True, slots=True)
class InPlan(Leaf):
    """What only a plan knows under this name. `remembered`: earlier in the same event; `total`: the sum over the connections of the post unit, which has
    been taken before; `shadow`, `forecast`: what the connection's variable was before the events of this step, and will be after them; `rest`: what it has
    beside the parts of its units; `of_pre`, `of_post`: what is kept of a unit for changes that wait; `noted`: by the post unit, at a spike that is
    carried out later."""

    what: Literal["remembered", "total", "shadow", "forecast", "rest", "of_pre", "of_post", "noted"]
    name: str


Expr = Number | Ref | Special | Binary | Negate | Call | Compare | Logic | Choice | At | SumOver | Incoming | Drawn | Leaf

#: Built-in functions of model expressions: name → number of arguments. `x_over_expm1(x)` is x/(eˣ − 1), 1 at 0;
#: `expm1_over_x(x)` is (eˣ − 1)/x, 1 at 0 (φ₁, exponential Euler); `step(x)` is Θ(x), with Θ(0) = 0 (1 strictly above).
FUNCTIONS: Mapping[str, int] = {
    "exp": 1, "log": 1, "log10": 1, "sqrt": 1, "sin": 1, "cos": 1, "tan": 1, "arcsin": 1, "arccos": 1, "arctan": 1,
    "sinh": 1, "cosh": 1, "tanh": 1, "expm1": 1, "log1p": 1, "erf": 1, "abs": 1, "sign": 1, "step": 1, "floor": 1,
    "ceil": 1, "round": 1, "min": 2, "max": 2, "mod": 2, "x_over_expm1": 1, "expm1_over_x": 1,
}  # fmt: skip


def is_function(node: Expr) -> TypeGuard[Call]:
    """Whether it is one of `FUNCTIONS` of its arguments; of one argument `min` and `max` are statistics."""
    return isinstance(node, Call) and node.function in FUNCTIONS and (FUNCTIONS[node.function] == 1 or len(node.arguments) > 1)


#: What comes along the cable from the neighbours of a segment, and what it multiplies: of a voltage, by a resistivity, the current for each area of the
#: segment; of a concentration, by a diffusion coefficient, its rate (`derive.cables`).
COUPLINGS = ("axial", "diffusion")

#: Sliding rates in blocks, before `derive.sliding_rates` writes them out: of the unit itself, or of one of the two units. They take the window.
SLIDING: Mapping[str, Owner] = {"rate": Whose.OWN, "rate_pre": Whose.PRE, "rate_post": Whose.POST}

#: What a variable of a unit was so long ago, before `derive.past` writes it out: of the variable and of the time (s).
PAST = "past"


def is_sliding(call: Call) -> bool:
    """Whether a statistic of spikes is a sliding rate, `rate(P, T)`: its own window ends at each moment."""
    return call.function == "rate" and len([a for a in call.arguments if a != EACH]) > 1


def is_over_time(node: Expr) -> TypeGuard[Call]:
    """Whether it is a statistic of each unit’s values in a window."""
    return isinstance(node, Call) and node.function.endswith(_OVER_TIME)


def of_each(function: str) -> str:
    """`max`, of the function of such a call."""
    return function.removesuffix(_OVER_TIME)


def in_jumps(expr: Expr) -> bool:
    """Whether what a node makes of `t` changes in jumps alone. These happen at grid times, so during a step `t` keeps its value at t_n inside it."""
    return isinstance(expr, Compare) or (isinstance(expr, Call) and expr.function in ("step", "sign", "floor", "ceil", "round"))


def moves_with_time(expr: Expr) -> bool:
    """Whether `expr` varies with t during a step. Cases on t (`I₀ if t > 100 ms`) and functions that change in jumps do not."""
    return expr == Special("t") or (not in_jumps(expr) and any(moves_with_time(child) for child in children(expr)))


#: What most expressions end in, asked for first.
_MOST_LEAVES = frozenset((Number, Ref, Special))


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct sub-expressions, in order."""
    if type(expr) in _MOST_LEAVES:
        return ()
    match expr:
        case Binary(_, left, right) | Compare(_, left, right):
            return (left, right)
        case Number() | Ref() | Special() | At() | Leaf():
            return ()
        case Negate(operand) | Incoming(operand):
            return (operand,)
        case Call(_, several) | Logic(_, several):
            return several
        case Choice(branches, otherwise):
            return (*(part for branch in branches for part in branch), otherwise)
        case SumOver(_, _, body, where):
            return (body,) if where is None else (body, where)
        case Drawn(_, arguments, ends):
            return (*arguments, *ends)


def rebuild(expr: Expr, new: Callable[[Expr], Expr]) -> Expr:
    """The same node with `new` applied to each direct sub-expression; mostly the node itself where that changes nothing."""
    match expr:
        case Binary(operator, left, right):
            first, second = new(left), new(right)
            return expr if first is left and second is right else Binary(operator, first, second)
        case Number() | Ref() | Special() | At() | Leaf():
            return expr
        case Compare(comparison, left, right):
            return Compare(comparison, new(left), new(right))
        case Negate(operand):
            inner = new(operand)
            return expr if inner is operand else Negate(inner)
        case Call(function, arguments):
            made = tuple([new(a) for a in arguments])
            return expr if all(map(is_, made, arguments)) else Call(function, made)
        case Logic(connective, operands):
            return Logic(connective, tuple(new(o) for o in operands))
        case Choice(branches, otherwise):
            return Choice(tuple((new(c), new(v)) for c, v in branches), new(otherwise))
        case SumOver(indices, sets, body, where):
            return SumOver(indices, sets, new(body), None if where is None else new(where))
        case Incoming(body):
            return Incoming(new(body))
        case Drawn(distribution, arguments, ends, source, number):
            return Drawn(distribution, tuple(new(a) for a in arguments), tuple(new(e) for e in ends), source, number)


def substitute(expr: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """`expr` with every node that is a key of `values` replaced (outermost first, results not revisited)."""
    found = values.get(expr)
    return found if found is not None else rebuild(expr, lambda child: substitute(child, values))


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node, parents first."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += children(node)[::-1]


def joined(connective: Literal["and", "or"], conditions: Sequence[Expr]) -> Expr:
    """All of some conditions (at least one), or any."""
    return conditions[0] if len(conditions) == 1 else Logic(connective, tuple(conditions))


def of_a_pair(expr: Expr) -> bool:
    """Whether it has a value for each pair of units."""
    own = (Special("i"), Special("j"))
    return any(node in own or (isinstance(node, Ref) and (node.owner in (Whose.PRE, Whose.POST) or is_stored(node))) for node in walk(expr))


def is_series(node: Expr) -> bool:
    """Whether it is an array of samples."""
    return isinstance(node, Ref) and isinstance(node.owner, OfSeries)


def at_samples(expr: Expr) -> Expr:
    """The same without the time of samples: what it is at all of them. Between two it lies between what it is there."""
    match expr:
        case Call("sample", (series, _)) | Binary(
            "+", Call("sample", (series, _)), Binary("*", Binary("-", Call("sample"), Call("sample")), _)
        ):
            return series
        case _:
            return rebuild(expr, at_samples)


def is_stored(node: Expr) -> bool:
    """Whether it is an array of a file: one value for each unit or connection."""
    return isinstance(node, Ref) and isinstance(node.owner, OfData)


def is_of_file(node: Expr) -> bool:
    """Whether it is an array of a file, or a single number of one."""
    return isinstance(node, Ref) and isinstance(node.owner, OfData | OfTable)


def refs(expr: Expr) -> frozenset[Ref]:
    """Every variable read."""
    return refs_of((expr,))


def refs_of(several: Iterable[Expr]) -> frozenset[Ref]:
    """Every variable that some expressions read."""
    found: set[Ref] = set()
    waiting = list(several)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Ref):
            found.add(node)
        elif isinstance(node, At):
            found.add(node.ref)
        else:
            waiting += children(node)
    return frozenset(found)
