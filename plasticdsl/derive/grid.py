"""Time on the grid: what changes in a jump at some time does so at the grid time that is meant.

Comes in: a network or an experiment. Goes out: the same, in which what jumps with time leaves room for rounding. Times are doubles: of two that are the
same to the author, t at step 3 and 0.3 ms, either may be larger in its last digits. So two times are the same if they lie within a thousandth of a
step. Where f is a function of time alone, ε = |∂f/∂t| dt/1000 is how far f goes in that time, and

    a > b  is  a > b + ε,   a ≥ b  is  a ≥ b − ε,   a = b  is  |a − b| ≤ ε   with f = a − b (<, ≤ and ≠ are the opposites),
    Θ(f)  is  Θ(f − ε),   sign(f)  is  1 for f > ε, −1 for f < −ε and else 0,
    floor(f)  is  floor(f + ε),   ceil(f)  is  ceil(f − ε),   round(f)  is  round(½ floor(f + ½ + ε) + ½ ceil(f − ½ − ε)),
    mod(x, y)  is  y max(0, f − floor(f + ε))  with f = x/y.

A function of time alone reads nothing but `t`, stored times (states whose dimension is that of time), times of spikes, and what does not change during
a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plasticdsl.model import Network, Population, Projection, Role, Variable
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import (
    At,
    Binary,
    Call,
    Choice,
    Compare,
    Expr,
    Incoming,
    Number,
    Ref,
    Special,
    SumOver,
    children,
    is_function,
    rebuild,
    refs,
    walk,
)
from plasticdsl.model.inline import as_owner
from plasticdsl.model.mapping import Read, map_experiment, map_network
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.symbolic.algebra import MAX_DEPTH, ONE, ZERO, Extent, add, calling, div, extent, mul, neg, sub
from plasticdsl.symbolic.derivative import HOLD, NotDifferentiable, differentiate, without_holds
from plasticdsl.units.dimension import TIME

#: Two times are the same if they differ by no more.
NEARLY = Binary("/", Special("dt"), Number(1000.0))

HALF = Number(0.5)
FIXED = ("dt", "N_pre", "N_post", "i", "j")
#: Statistics that are times of spikes, or between them.
STATISTICS = ("spike_time", "isi")
#: Functions that are finite whatever their argument is.
TAME = ("sin", "cos", "exp", "abs", "sign", "step", "floor", "ceil", "round", "min", "max")
MAX_DEFINITIONS = 100
MAX_NODES = 2000


def on_grid(network: Network) -> Network:
    """`network` with all that it evaluates decided on the grid, but for learning windows (`lags_on_grid`)."""
    return map_network(network, lambda part: _reader(Clock(names_of(network, part))))


def experiment_on_grid(experiment: Experiment, network: Network) -> Experiment:
    """`experiment` with all that it evaluates of its network decided on the grid."""
    return map_experiment(experiment, _reader(Clock(names_of(network, None))))


def lags_on_grid(increment: Expr) -> Expr:
    """What a pair of spikes adds, with its lag compared on the grid. All else is fixed when a pair is complete."""
    return _reader(Clock({}, of_pairs=True))(increment)


def _reader(clock: Clock) -> Read:
    def read(expr: Expr) -> Expr:
        new = rebuild(expr, read)
        margin = None
        match expr:
            case Compare(_, left, right):
                margin = clock.margin(Binary("-", left, right))
            case Call("mod", (x, y)):
                margin = clock.margin(Binary("/", x, y))
            case Call("step" | "sign" | "floor" | "ceil" | "round", (x,)):
                margin = clock.margin(x)
        return new if margin is None else _with_room(new, margin)

    return read


def _with_room(jumping: Expr, margin: Expr) -> Expr:
    """What jumps, decided to within `margin` of where it does: the formulas of the module's text."""
    match jumping:
        case Compare(">" | "<=" as operator, a, b):
            return Compare(operator, a, add(b, margin))
        case Compare(">=" | "<" as operator, a, b):
            return Compare(operator, a, sub(b, margin))
        case Compare(operator, a, b):
            return Compare("<=" if operator == "==" else ">", Call("abs", (sub(a, b),)), margin)
        case Call("mod", (x, y)):
            quotient = div(x, y)
            return mul(y, Call("max", (sub(quotient, _floor(quotient, margin)), ZERO)))
        case Call("step", (x,)):
            return Call("step", (sub(x, margin),))
        case Call("sign", (x,)):
            return Choice(((Compare(">", x, margin), ONE), (Compare("<", x, neg(margin)), neg(ONE))), ZERO)
        case Call("floor", (x,)):
            return _floor(x, margin)
        case Call("ceil", (x,)):
            return _ceil(x, margin)
        case Call(
            "round", (x,)
        ):  # both whole neighbours of a half are the same distance away: their mean is that half, without its rounding
            return Call("round", (mul(HALF, add(_floor(add(x, HALF), margin), _ceil(sub(x, HALF), margin))),))
        case _:
            return jumping


def _floor(x: Expr, margin: Expr) -> Expr:
    return Call("floor", (add(x, margin),))


def _ceil(x: Expr, margin: Expr) -> Expr:
    return Call("ceil", (sub(x, margin),))


# --- what depends on time --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Clock:
    """What names mean in time. `names`: variables, as they are read in the expressions looked at. `of_pairs`: the lag of a pair is the time, and all
    names are fixed."""

    names: Mapping[Ref, Variable]
    of_pairs: bool = False
    written: dict[Expr, Expr] = field(default_factory=dict)

    def margin(self, f: Expr) -> Expr | None:
        """How far f goes in a thousandth of a step, if it is a function of time alone; else None."""
        leaves = set(self._leaves(f))
        times = [leaf for leaf in leaves if self._is_time(leaf)]
        if not times or not all(leaf in times or self.of_pairs or is_fixed(leaf, self.names) for leaf in leaves):
            return None
        formula = self._written_out(f)
        if formula is None:
            return None
        now = [leaf for leaf in times if isinstance(leaf, Special)]
        stored = sorted((leaf for leaf in times if isinstance(leaf, Ref | Call)), key=str)
        for group, smooth in ((now, False), (now, True), (stored, False)):
            slope = _slope(formula, group, smooth)
            if slope is None or slope != ZERO:
                return None if slope is None else mul(slope, NEARLY)
        return None

    def _leaves(self, f: Expr) -> Iterator[Expr]:
        """What f reads, through definitions; functions that are no function of numbers count as a whole."""
        waiting, seen = [f], set[Expr]()
        while waiting:
            node = waiting.pop()
            match node:
                case Ref() if node not in seen and (value := self._definition(node)) is not None:
                    waiting.append(value)
                case Ref() | Special() | At() | SumOver() | Incoming():
                    yield node
                case Call() if not is_function(node):
                    yield node
                case _:
                    waiting += children(node)
            seen.add(node)

    def _definition(self, ref: Ref) -> Expr | None:
        """The formula of a definition, its names as they are read here."""
        variable = self.names.get(ref)
        if variable is None or variable.formula is None:
            return None
        if ref not in self.written:
            self.written[ref] = as_owner(variable.formula, ref.owner)
        return self.written[ref]

    def _is_time(self, leaf: Expr) -> bool:
        match leaf:
            case Special(name):
                return name == ("lag" if self.of_pairs else "t")
            case Ref():
                variable = self.names.get(leaf)
                return variable is not None and variable.role is Role.STATE and variable.dimension == TIME
            case Call(function):
                return function in STATISTICS
            case _:
                return False

    def _written_out(self, f: Expr) -> Expr | None:
        """f without definitions; None where that would be too large."""
        sizes: dict[Expr, Extent] = {}

        def size(expr: Expr) -> Extent:
            for ref in refs(expr):
                value = self._definition(ref) if ref not in sizes and len(sizes) < MAX_DEFINITIONS else None
                if value is not None:
                    sizes[ref] = Extent(0, 0)
                    sizes[ref] = size(value)
            return extent(expr, sizes)

        def read(node: Expr) -> Expr:
            value = self._definition(node) if isinstance(node, Ref) else None
            return rebuild(node, read) if value is None else read(value)

        full = size(f)
        return read(f) if len(sizes) < MAX_DEFINITIONS and full.nodes <= MAX_NODES and full.depth <= MAX_DEPTH else None


def is_fixed(leaf: Expr, names: Mapping[Ref, Variable]) -> bool:
    """Whether a leaf of an expression keeps its value during a run."""
    match leaf:
        case Special(name):
            return name in FIXED
        case Number() | Ref(Whose.INDEX):
            return True
        case Ref() | At():
            variable = names.get(leaf if isinstance(leaf, Ref) else leaf.ref)
            return variable is not None and variable.role in (Role.PARAMETER, Role.GIVEN)
        case _:
            return False


def names_of(network: Network, part: Population | Projection | None) -> Mapping[Ref, Variable]:
    """The variables that expressions of a part read, of None, those of the network and of experiments."""
    blocks: dict[Owner, tuple[Variable, ...]] = {Whose.NETWORK: network.variables}
    match part:
        case Population(block=block):
            blocks[Whose.OWN] = block.variables
        case Projection(connection=connection, ends=ends):
            of = {p.name: p.block.variables for p in network.populations}
            blocks |= {side: of[name] for side, name in ends.items()} | {Whose.OWN: connection.variables}
        case None:
            blocks[Whose.OWN] = network.variables
            blocks |= {owner: block.variables for owner, block in network.blocks.items()}
    return {Ref(owner, v.name): v for owner, variables in blocks.items() for v in variables}


# --- slopes ----------------------------------------------------------------------------------------------------------


def _slope(f: Expr, times: Sequence[Expr], smooth: bool) -> Expr | None:
    """Σ |∂f/∂x| over some times; None where it does not exist, or not at all times. What goes in jumps counts as constant, or, if `smooth`, as what it
    follows (so that k T with k = floor(t/T) is a time too)."""
    total: Expr = ZERO
    for time in times:
        try:
            found = without_holds(differentiate(_without_jumps(f, smooth), time))
        except NotDifferentiable:
            return None
        if not all(_is_tame(node, time) for node in walk(found)):
            return None
        total = add(total, Number(abs(found.value)) if isinstance(found, Number) else Call("abs", (found,)))
    return total


_held = calling(HOLD)


def _without_jumps(f: Expr, smooth: bool) -> Expr:
    new = rebuild(f, lambda child: _without_jumps(child, smooth))
    match new:
        case Call("floor" | "ceil" | "round", (x,)) if smooth:
            return x
        case Call("mod", (x, y)):
            return x if smooth else sub(x, mul(y, _held(Call("floor", (div(x, y),)))))
        case Call("floor" | "ceil" | "round" | "step" | "sign"):
            return _held(new)
        case _:
            return new


def _is_tame(node: Expr, time: Expr) -> bool:
    """Whether a part of a slope is finite at all times."""
    match node:
        case Binary("/", _, right):
            return time not in walk(right)
        case Binary("^", base, exponent):
            return time not in walk(base) or (isinstance(exponent, Number) and exponent.value >= 1.0)
        case Call(function):
            return function in TAME or time not in walk(node)
        case _:
            return True
