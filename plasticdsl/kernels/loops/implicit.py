"""A step of Rosenbrock's scheme, for one unit or connection: linear systems with 1/(γ h) − J, written out for the entries of J that are not 0.

Comes in: a `Rosenbrock` scheme. Goes out: statements that leave x(t_{n+1}) in the locals `…_new`. Elimination goes by the diagonal, without exchanges of
rows: in the order in which the fewest entries arise (Markowitz 1957), which is the same for every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import reduce

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.loops.flows import FlowContext, at_stage, comment, still
from plasticdsl.kernels.loops.names import local
from plasticdsl.kernels.program import ONE, ZERO, Comment, Element, If, Let, Read, Statement, Store, While, minus, plus, times
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import MOST_TRIES, RODAS, Rosenbrock

#: Of one step within a step of the grid: how long it may be and how long it is, how much lies behind and ahead, the root mean square of its error, how
#: many were tried.
LENGTH, TRIED, BEHIND, AHEAD, ERROR, TRIES = map(Local, ("length", "tried", "behind", "ahead", "error", "tries"))
#: By which the next step may be longer or shorter than the one that was tried.
FACTOR = Local("factor")
#: 1/(γ h), and 1/h.
POLE, PER_LENGTH = Local("pole"), Local("per_length")
#: By which the next step may be shorter and longer than the last, and by how much shorter than would just do.
SHRINK, GROW, SAFETY = Number(0.2), Number(5.0), Number(0.9)


def rosenbrock(scheme: Rosenbrock, context: FlowContext) -> list[Statement]:
    """Statements for one step of the grid."""
    names, dt = context.names, context.names.dt
    state = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    if scheme.tolerance is None:
        how = "Rosenbrock (RODAS)"
        step = _step(scheme, context, state, (names.begun, dt))
        return [*(comment(v, context, how) for v in scheme.variables), *step, *(Let(local(v, "new"), _end(v)) for v in scheme.variables)]
    how = f"Rosenbrock (RODAS), tolerance {scheme.tolerance:g}"
    begun: list[Statement] = [comment(v, context, how) for v in scheme.variables]
    begun += [Let(local(v, "new"), value) for v, value in state.items()]
    first = scheme.variables[0]
    kept = context.length_kept(first)
    begun += [Let(AHEAD, dt), Let(BEHIND, ZERO), Let(TRIES, ZERO)]
    begun += [Let(LENGTH, Choice(((Compare(">", kept, ZERO), kept),), dt))]
    going_on = Logic("and", (Compare(">", Read(AHEAD), ZERO), Compare("<", Read(TRIES), Number(float(MOST_TRIES)))))
    nowhere = (*(Let(local(v, "new"), Number(float("nan"))) for v in scheme.variables), Let(LENGTH, ZERO))
    lost = If(Compare(">", Read(AHEAD), ZERO), nowhere)
    told = Store(kept, Read(LENGTH)) if isinstance(kept, Element) else Let(local(first, "length_then"), Read(LENGTH))
    return [*begun, While(going_on, tuple(_trial(scheme, context, scheme.tolerance))), lost, told]


def _trial(scheme: Rosenbrock, context: FlowContext, tolerance: float) -> Iterator[Statement]:
    """One step, which counts where its error is small enough, and the length of the next."""
    now = {v: Read(local(v, "new")) for v in scheme.variables}
    yield Let(TRIED, Call("min", (Read(LENGTH), Read(AHEAD))))
    stands = Compare("==", plus(Read(BEHIND), Read(TRIED)), Read(BEHIND))
    yield Let(TRIES, Choice(((stands, Number(float(MOST_TRIES))),), plus(Read(TRIES), ONE)))
    yield from _step(scheme, context, now, (plus(context.names.begun, Read(BEHIND)), Read(TRIED)))
    yield Comment("the error as a part of what the tolerance allows; what it says of the next step")
    for v, floor in zip(scheme.variables, scheme.floors, strict=True):
        yield Let(local(v, "end"), _end(v))
        largest = Call("max", (Call("abs", (now[v],)), Call("abs", (Read(local(v, "end")),))))
        allowed = times(Number(tolerance), plus(largest, Number(floor)))
        yield Let(local(v, "off"), Binary("/", Read(_increment(v, len(RODAS.ahead))), allowed))
    squares = [times(Read(local(v, "off")), Read(local(v, "off"))) for v in scheme.variables]
    yield Let(ERROR, Call("sqrt", (Binary("/", reduce(plus, squares), Number(float(len(squares)))),)))
    reached: list[Statement] = [Let(local(v, "new"), Read(local(v, "end"))) for v in scheme.variables]
    reached += [Let(BEHIND, plus(Read(BEHIND), Read(TRIED))), Let(AHEAD, minus(Read(AHEAD), Read(TRIED)))]
    counts = Compare("<=", Read(ERROR), ONE)
    yield If(counts, tuple(reached))
    wanted = Binary("/", SAFETY, Call("sqrt", (Call("sqrt", (Call("max", (Read(ERROR), Number(1e-9))),)),)))
    factor = Choice(((Compare(">=", Read(ERROR), ZERO), Call("max", (SHRINK, Call("min", (GROW, wanted))))),), SHRINK)
    yield Let(FACTOR, factor)
    longer = times(Read(TRIED), Read(FACTOR))
    yield Let(LENGTH, Choice(((Compare(">=", Read(FACTOR), GROW), Call("max", (Read(LENGTH), longer))),), longer))


def _increment(variable: str, stage: int) -> Local:
    """The local with u of a stage, from 1."""
    return local(variable, f"u{stage}")


def _end(variable: str) -> Expr:
    """The last stage, and its u."""
    return plus(Read(local(variable, "stage")), Read(_increment(variable, len(RODAS.ahead))))


def _step(scheme: Rosenbrock, context: FlowContext, state: Mapping[str, Expr], at: tuple[Expr, Expr]) -> list[Statement]:
    """Locals `…_u1` to `…_u6` and the last `…_stage` of a step from `state`; `at`: when it begins, and how long it is."""
    names, (time, length) = context.names, at
    statements: list[Statement] = [Let(PER_LENGTH, Binary("/", ONE, length)), Let(POLE, times(Number(1 / RODAS.gamma), Read(PER_LENGTH)))]
    matrix = _Matrix.of(scheme)
    statements.append(Comment("1/(gamma h) - J, J = d rate/d variable at the beginning of the step, and its factors"))
    statements += matrix.factors(lambda entry, v: still(v, at_stage(entry, state, time, names), context))
    drifting = [v for v, drift in zip(scheme.variables, scheme.drifts, strict=True) if drift != ZERO]
    for v in drifting:
        drift = scheme.drifts[scheme.variables.index(v)]
        statements.append(Let(local(v, "drift"), still(v, times(length, at_stage(drift, state, time, names)), context)))
    for stage, (ahead, drifts) in enumerate(zip(RODAS.ahead, RODAS.drifting, strict=True), 1):
        statements.append(Comment(f"stage {stage}: (1/(gamma h) - J) u{stage} = rate + what the stages before add"))
        values = dict(state)
        for v in scheme.variables if stage > 1 else ():
            way = [times(Number(a), Read(_increment(v, s))) for s, a in enumerate(RODAS.reached[stage - 1], 1)]
            statements.append(Let(local(v, "stage"), plus(state[v], reduce(plus, way))))
            values[v] = Read(local(v, "stage"))
        when = time if ahead == 0.0 else plus(time, times(Number(ahead), length))
        for v, rate in zip(scheme.variables, scheme.rates, strict=True):
            right = still(v, at_stage(rate, values, when, names), context)
            coupled = [times(Number(c), Read(_increment(v, s))) for s, c in enumerate(RODAS.coupled[stage - 1], 1)]
            if coupled:
                right = plus(right, times(Read(PER_LENGTH), reduce(plus, coupled)))
            if v in drifting and drifts:
                right = plus(right, times(Number(drifts), Read(local(v, "drift"))))
            statements.append(Let(_increment(v, stage), right))
        statements += matrix.solved({v: _increment(v, stage) for v in scheme.variables})
    return statements


# --- linear systems --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Matrix:
    """1/(γ h) − J: `entries` of J that are not 0, by row and column; `order` of elimination; `above`: what is right of the diagonal in each row when its
    turn comes, `below` the rows that it is taken from."""

    entries: Mapping[tuple[str, str], Expr]
    order: Sequence[str]
    above: Mapping[str, Sequence[str]]
    below: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, scheme: Rosenbrock) -> _Matrix:
        """Of a scheme, with the order in which the fewest entries arise."""
        names = scheme.variables
        entries = {
            (v, w): entry
            for v, row in zip(names, scheme.jacobian, strict=True)
            for w, entry in zip(names, row, strict=True)
            if entry != ZERO
        }
        rows = {v: {w for w in names if (v, w) in entries and v != w} for v in names}
        columns = {w: {v for v in names if (v, w) in entries and v != w} for w in names}
        place = {v: number for number, v in enumerate(names)}
        order: list[str] = []
        above, below = dict[str, Sequence[str]](), dict[str, Sequence[str]]()
        left = dict.fromkeys(names)
        while left:
            pivot = min(left, key=lambda v: len(rows[v]) * len(columns[v]))
            del left[pivot]
            order.append(pivot)
            above[pivot], below[pivot] = (sorted(many, key=place.__getitem__) for many in (rows[pivot], columns[pivot]))
            for row in below[pivot]:
                _fill(rows[row], pivot, set(above[pivot]) - {row})
            for column in above[pivot]:
                _fill(columns[column], pivot, set(below[pivot]) - {column})
        return cls(entries, order, above, below)

    def factors(self, value: Callable[[Expr, str], Expr]) -> list[Statement]:
        """The factors of the matrix, in locals. `value`: of an entry of J in the row of a variable."""
        statements: list[Statement] = []
        known = {(v, v) for v in self.order} | self.entries.keys()
        for v, w in sorted(known, key=lambda at: (self.order.index(at[0]), self.order.index(at[1]))):
            entry = self.entries.get((v, w))
            below = value(entry, v) if entry is not None else None
            if v == w:
                statements.append(Let(_entry(v, w), Read(POLE) if below is None else minus(Read(POLE), below)))
            elif below is not None:
                statements.append(Let(_entry(v, w), Negate(below)))
        for pivot in self.order:
            statements.append(Let(_entry(pivot, pivot), Binary("/", ONE, Read(_entry(pivot, pivot)))))
            for row in self.below[pivot]:
                factor = _entry(row, pivot)
                statements.append(Let(factor, times(Read(factor), Read(_entry(pivot, pivot)))))
                for column in self.above[pivot]:
                    product = times(Read(factor), Read(_entry(pivot, column)))
                    there = Read(_entry(row, column))
                    statements.append(Let(_entry(row, column), minus(there, product) if (row, column) in known else Negate(product)))
                    known.add((row, column))
        return statements

    def solved(self, right: Mapping[str, Local]) -> list[Statement]:
        """The locals `right` as the solution of the system with what they hold on its right side."""
        statements: list[Statement] = []
        for pivot in self.order:
            for row in self.below[pivot]:
                statements.append(Let(right[row], minus(Read(right[row]), times(Read(_entry(row, pivot)), Read(right[pivot])))))
        for pivot in reversed(self.order):
            rest: Expr = Read(right[pivot])
            for column in self.above[pivot]:
                rest = minus(rest, times(Read(_entry(pivot, column)), Read(right[column])))
            statements.append(Let(right[pivot], times(rest, Read(_entry(pivot, pivot)))))
        return statements


def _fill(line: set[str], without: str, more: Set[str]) -> None:
    line.discard(without)
    line |= more


def _entry(row: str, column: str) -> Local:
    return Local("{}_by_{}", (row, column))
