"""Kernels of a process that shares a network with others (`plan.spread`).

A process has the units of each divided population from `BEGINS[0]` to `BEGINS[1]`, and the connections that lead to them; units have the numbers that they
have in all. Its kernels are those of one process, rewritten: loops over units run over its own, and what is drawn for a connection is keyed by the number
that it has among all (`NUMBER`).

Which values of other processes a kernel needs is read off its loops: those of units of a divided population that are not the unit `i` whose turn it is.
They are exchanged before it, so that a step has parts (`SEGMENT`) with exchanges between them. What a kernel would have to change elsewhere is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.kernels.identifiers import RUN, Field, Part, of_population, of_projection
from plasticdsl.kernels.loops import shares
from plasticdsl.kernels.loops.collect import changed, expressions, statements
from plasticdsl.kernels.loops.names import I, K
from plasticdsl.kernels.program import (
    ZERO,
    Array,
    Element,
    Fill,
    For,
    Function,
    If,
    Increase,
    Let,
    Read,
    Scalar,
    Size,
    Statement,
    Store,
    While,
    element,
)
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.expr import Call, Compare, Expr, Number, rebuild, walk
from plasticdsl.plan import operations as ops
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.spread import refusal
from plasticdsl.source import Span

#: What the lists of spikes are: the engine knows them to all.
_LISTS = frozenset({Part.SPIKES, Part.SPIKE_COUNT, Part.SPIKE_TOTAL, Part.LOG_STEPS, Part.LOG_UNITS, Part.LOG_COUNT})
_SEGMENT = RUN.field(Part.SEGMENT)


# --- what is kept ----------------------------------------------------------------------------------------------------


def sizes(plan: Plan) -> Iterator[Size]:
    """The length of what says which units are its own."""
    if plan.spread is not None:
        yield Size(RUN.field(Part.SHARE_ENDS), 2)


def arguments(plan: Plan) -> Iterator[Array | Scalar]:
    """Its units, the numbers of its connections, what it has drawn, and which part of a step it is at. They begin as one process would have them."""
    if plan.spread is None:
        return
    yield Scalar(_SEGMENT, "int64", 0)
    for name in plan.spread.members:
        p = of_population(name)
        yield Array(p.field(Part.BEGINS), "uint32", (RUN.field(Part.SHARE_ENDS),), (0, p.field(Part.UNITS)), False)
    for projection in plan.projections:
        q = of_projection(projection.name)
        yield Array(q.field(Part.NUMBER), "int64", (q.field(Part.CONNECTIONS),), Apply(range, (q.field(Part.CONNECTIONS),)), False)
    for source in driving(plan):
        yield Array(of_population(source).field(Part.SHARE_TOTAL), "int64", (RUN.field(Part.ONE),), 0, False)


def driving(plan: Plan) -> tuple[str, ...]:
    """Sources whose spikes each process draws for its own units."""
    return tuple(p.projection.pre for p in plan.projections if p.driven)


# --- kernels of a process --------------------------------------------------------------------------------------------


def of_rank(plan: Plan, operation: ops.Single, function: Function) -> Function:
    """A kernel that works on all units, for those of a process."""
    assert plan.spread is not None
    home = _home(operation)
    totals = {of_population(name).field(Part.SPIKE_TOTAL): name for name in driving(plan)} if home.projection else {}
    number = element(of_projection(home.projection).field(Part.NUMBER), K) if home.projection else None

    def own(expr: Expr) -> Expr | None:
        match expr:
            case Element(array) if array in totals:
                return element(of_population(totals[array]).field(Part.SHARE_TOTAL), ZERO)
            case Element():
                return None
            case Call(name, arguments) if number is not None and name != "index" and Read(K) in arguments:
                return replace(expr, arguments=tuple(number if a == Read(K) else rebuilt(a) for a in arguments))
            case _:
                return None

    def rebuilt(expr: Expr) -> Expr:
        found = own(expr)
        return rebuild(expr, rebuilt) if found is None else found

    body = changed(shares.divided(function.body, plan.spread.members), own)
    if any(isinstance(s, Fill) and s.function == "draw_where" for s in statements(body)) and home.projection:
        raise refusal(f"‘{home.projection}’ has noise at its connections that may be 0", _span(plan, home))
    return replace(function, body=(*shares.parts_of(body, plan.spread.members, ZERO), *body))


@dataclass(frozen=True, slots=True)
class _Home:
    """Whose kernel it is: the population whose units `i` are, and the projection, if it is one's."""

    population: str
    projection: str


def _home(operation: ops.Single) -> _Home:
    projection: str = getattr(operation, "projection", "")
    return _Home(getattr(operation, "population", ""), projection)


def _span(plan: Plan, home: _Home) -> Span:
    return plan.projection(home.projection).projection.span if home.projection else plan.population(home.population).population.span


# --- what goes from process to process -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Touched:
    """What a kernel reads of units that are not its own, what it changes, and what of a projection it has for each post unit."""

    elsewhere: frozenset[Field]
    changes: frozenset[Field]
    of_post: frozenset[Field]


def touched(plan: Plan, operation: ops.Single, function: Function, arrays: Mapping[Field, Array]) -> Touched:
    """Raises `PlasError` where it would have to change what other processes have."""
    assert plan.spread is not None
    home = _home(operation)
    post = plan.projection(home.projection).projection.post if home.projection else home.population
    divided = {of_population(name).field(Part.UNITS): name for name in plan.spread.members}

    def is_elsewhere(found: Element) -> bool:
        """Whether it is of a unit of a divided population, and not of the one whose turn it is."""
        array = arrays.get(found.array)
        if array is None or found.array.group.kind != "population" or found.array.part in _LISTS or not found.indices:
            return False
        name = divided.get(array.shape[0])
        return name == found.array.group.name and (name != post or found.indices[0] != Read(I))

    def is_of_post(found: Element) -> bool:
        array = arrays.get(found.array)
        units = of_population(post).field(Part.UNITS)
        return (
            array is not None
            and found.array.group.kind == "projection"
            and (units, Read(I)) in zip(array.shape, found.indices, strict=False)
        )

    read, written, at_post = set[Field](), set[Field](), set[Field]()
    for statement in statements(function.body):
        for expr in expressions(statement):
            found = tuple(_elements(expr))
            read.update(e.array for e in found if is_elsewhere(e))
            at_post.update(e.array for e in found if is_of_post(e))
        if isinstance(statement, Store | Increase):
            written.add(statement.target.array)
            if is_elsewhere(statement.target) and not _is_fed(operation):
                raise refusal(f"‘{home.projection or home.population}’ changes units other than the postsynaptic one", _span(plan, home))
        elif isinstance(statement, Fill) and statement.function != "fetch":
            written.update(statement.arrays)
    if both := read & written:
        names = ", ".join(f"‘{one}’" for one in sorted(map(str, both)))
        raise refusal(f"‘{home.projection or home.population}’ reads {names} of presynaptic units while it changes it", _span(plan, home))
    if home.projection:
        _require_own(plan, home, function.body, arrays)
    return Touched(frozenset(read), frozenset() if _is_fed(operation) else frozenset(written), frozenset(at_post))


def _require_own(plan: Plan, home: _Home, body: Sequence[Statement], arrays: Mapping[Field, Array]) -> None:
    """Nothing that all processes have alike is changed from connection to connection."""
    pre = of_population(plan.projection(home.projection).projection.pre).field(Part.UNITS)
    for statement in _at_connections(body, False):
        array = arrays.get(statement.target.array)
        if array is None or pre not in array.shape:
            continue
        index = statement.target.indices[-1] if array.shape[-1] == pre else statement.target.indices[0]
        if index not in (Read(I), Read(K)):
            raise refusal(f"‘{home.projection}’ sums over the connections of presynaptic units", _span(plan, home))


def _at_connections(body: Sequence[Statement], inside: bool) -> Iterator[Store | Increase]:
    """What is stored in loops over connections."""
    for statement in body:
        match statement:
            case Store() | Increase() if inside:
                yield statement
            case For(body=inner) | While(body=inner):
                connection = any(isinstance(s, Let) and s.name == K for s in inner)
                yield from _at_connections(inner, inside or connection or (isinstance(statement, For) and statement.index == K))
            case If(_, then, otherwise):
                yield from _at_connections((*then, *otherwise), inside)
            case _:
                pass


def _is_fed(operation: ops.Single) -> bool:
    """Whether it writes what all processes know."""
    return isinstance(operation, ops.Feed)


def _elements(expr: Expr) -> Iterator[Element]:
    for node in walk(expr):
        if isinstance(node, Element):
            yield node
            for index in node.indices:
                yield from _elements(index)


# --- parts of a step -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """An operation at the top of a step: its calls, and what its kernels touch."""

    calls: tuple[Statement, ...]
    touched: tuple[Touched, ...]
    finds_spikes: bool


def segments(parts: Sequence[Done], at_once: Callable[[bool], bool]) -> tuple[list[list[Statement]], list[tuple[Field, ...]], bool]:
    """The calls of each part of a step, what is exchanged after each, and whether spikes are after the first, which ends with the last that finds some.
    `at_once` says so, told whether anything else is exchanged."""
    changing = frozenset[Field]().union(*(t.changes for part in parts for t in part.touched))
    exchanged = at_once(any(t.elsewhere & changing for part in parts for t in part.touched))
    last = max((number for number, part in enumerate(parts) if part.finds_spikes), default=-1)
    found: list[list[Statement]] = [[]]
    needed: list[tuple[Field, ...]] = []
    known = set[Field]()
    for number, part in enumerate(parts):
        wanted = set[Field]().union(*(t.elsewhere & changing for t in part.touched)) - known
        if wanted:
            assert number > last, "spikes hang on what units have at the end of the step before"
            fields = tuple(sorted(wanted, key=str))
            if found[-1] or not needed:
                needed.append(fields)
                found.append([])
            else:
                needed[-1] = (*needed[-1], *fields)
            known |= wanted
        found[-1] += part.calls
        known -= frozenset[Field]().union(*(t.changes for t in part.touched))
        if exchanged and number == last:
            needed.append(())
            found.append([])
    return found, [*needed, ()], exchanged


def in_segments(found: Sequence[Sequence[Statement]]) -> tuple[Statement, ...]:
    """The part of a step that is asked for."""
    if len(found) == 1:
        return tuple(found[0])
    return tuple(If(Compare("==", Read(_SEGMENT), Number(float(n))), tuple(calls)) for n, calls in enumerate(found))


def only_once(statement: If, parts: int) -> If:
    """What is asked before a step: where it has parts, before the first of them."""
    return statement if parts == 1 else If(Compare("==", Read(_SEGMENT), ZERO), (statement,))
