"""Whether what a projection of a population onto itself changes stays the same in both directions: w_ij = w_ji.

Comes in: a projection whose variables (`Projection.symmetric`) begin so. Goes out: what breaks it, or nothing.

The connection from i to j sees as its presynaptic unit what the one from j to i sees as its postsynaptic one. So a change of w keeps w_ij = w_ji if
it stays the same when pre and post, i and j, and the connection's own variables with their counterparts change places. Counterparts: w is its own; of
other states (two running means, say) one is found for which the same holds of what they begin at and how they change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

from plasticdsl.model import Assign, Distribution, Handler, PairRule, Projection, Role, Trigger
from plasticdsl.model.expr import (
    Binary,
    Call,
    Compare,
    Drawn,
    Expr,
    Incoming,
    Logic,
    Number,
    Ref,
    Special,
    SumOver,
    of_a_pair,
    rebuild,
    refs,
)
from plasticdsl.model.inline import at_this_moment, inline, map_refs, turned
from plasticdsl.model.owners import OfOpposite, OfProjection, Owner, Whose, owner_text
from plasticdsl.source import Span
from plasticdsl.symbolic.convert import NotAnalysable, Translator
from plasticdsl.symbolic.equal import surely_equal

#: States beside w whose counterparts are looked for.
MOST_STATES = 4

#: Stands between the name of a variable and the number of the statement after which, within its bounds, it is meant.
_VERSION = "#"

Partners = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Broken:
    """What keeps the two directions from being alike: `term` of a change and what it is in the other direction, or (`term` None) `why` in words."""

    variable: str
    span: Span
    source: str = ""
    term: Expr | None = None
    opposite: Expr | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Lasting:
    """What it takes that the two directions stay alike: own `parameters` that changes read are the same in both, and of each pair of `states` the first
    begins as the second does in the other direction."""

    parameters: tuple[str, ...]
    states: tuple[tuple[str, str], ...]


def examined(projection: Projection) -> Broken | Lasting:
    """The first thing that breaks the symmetry, or what it takes to last."""
    exchange = _Exchange(projection)
    found = next(exchange.problems(), None)
    if found is not None:
        return found
    read = {r.name for name in exchange.reached for expr in exchange.changes(name) for r in refs(expr) if r.owner is Whose.OWN}
    parameters = tuple(v.name for v in projection.connection.variables if v.name in read and v.role in (Role.PARAMETER, Role.GIVEN))
    return Lasting(parameters, tuple((n, other) for n, other in exchange.partners.items() if n not in projection.symmetric))


class _Exchange:
    def __init__(self, projection: Projection) -> None:
        self.projection, self.block = projection, projection.connection
        self.definitions = self.block.definitions
        self.variables = {v.name: v for v in self.block.variables}
        self.reached = self._reached()
        self.partners: Partners = {n: n for n in self.reached}
        self.each = frozenset[Owner](third.owner for third in projection.thirds if third.each)

    # --- what changes ------------------------------------------------------------------------------------------------

    def changes(self, name: str) -> Iterator[Expr]:
        """Every expression that says how a variable changes."""
        for handler in self.block.handlers:
            yield from (self._written(s.value) for s in handler.statements if isinstance(s, Assign) and s.target.name == name)
        yield from (self._written(e) for f in self.block.flows if f.variable == name for e in (f.rate, f.noise) if e is not None)
        yield from (self._written(p.increment) for p in self.block.pairs if p.target.name == name)
        variable = self.variables[name]
        yield from (self._written(e) for e in (variable.low, variable.high) if e is not None)

    def _written(self, expr: Expr) -> Expr:
        return inline(expr, {Whose.OWN: self.definitions})

    def _plain(self, expr: Expr) -> Expr:
        """Definitions written out, and parameters that depend on the two units."""
        parameters = (v for v in self.variables.values() if v.role in (Role.PARAMETER, Role.GIVEN))
        of_units = {v.name: v.value for v in parameters if isinstance(v.value, Expr) and of_a_pair(v.value)}
        return inline(self._written(expr), {Whose.OWN: of_units})

    def _reached(self) -> tuple[str, ...]:
        """The symmetric variables, and the states that their changes depend on."""
        found = list(self.projection.symmetric)
        for name in found:
            for expr in self.changes(name):
                states = {r.name for r in refs(expr) if r.owner is Whose.OWN and self._is_state(r.name)}
                found += sorted(states - set(found))
        return tuple(found)

    def _is_state(self, name: str) -> bool:
        variable = self.variables.get(name)
        return variable is not None and variable.role is Role.STATE

    # --- what breaks it ----------------------------------------------------------------------------------------------

    def problems(self) -> Iterator[Broken]:
        """Everything that breaks the symmetry, the plainest first."""
        yield from self._at_spikes()
        yield from self._drawn()
        others = [n for n in self.reached if n not in self.projection.symmetric]
        if len(others) > MOST_STATES:
            yield Broken(
                self.reached[0], self.projection.span, why=f"its change depends on {len(others)} other states, too many to be compared"
            )
            return
        tried = ({**self.partners, **pairs} for pairs in _involutions(others))
        self.partners = next((p for p in tried if next(self._differences(p, others), None) is None), self.partners)
        yield from self._differences(self.partners, self.projection.symmetric)
        yield from self._differences(self.partners, others)

    def _at_spikes(self) -> Iterator[Broken]:
        one_side = (h for h in self.block.handlers if h.trigger in (Trigger.PRE, Trigger.POST, Trigger.THIRD))
        changes: list[tuple[Assign | PairRule, str, str]] = [(pair, pair.source, "at spikes") for pair in self.block.pairs]
        changes[:0] = [(s, h.source, "at spikes of one side") for h in one_side for s in h.statements if isinstance(s, Assign)]
        for change, source, when in changes:
            name = change.target.name
            if name in self.reached:
                yield Broken(name, change.span, source, why=f"it changes {self._symbol(name)} {when}")

    def _drawn(self) -> Iterator[Broken]:
        symmetric = self.projection.symmetric
        for name in self.reached:
            for flow in self.block.flows:
                if flow.variable == name and flow.noise is not None:
                    yield Broken(name, flow.span, flow.source, why="its noise is drawn for each connection by itself")
            read = {r.name for e in self.changes(name) for r in refs(e) if r.owner is Whose.OWN and r.name in self.variables}
            for variable in (self.variables[n] for n in sorted(read - set(symmetric))):
                if isinstance(variable.value, Distribution):
                    yield Broken(name, self._place(name), why=f"{variable.symbol} is drawn for each connection by itself")
        for variable in (self.variables[n] for n in self.reached if n not in symmetric):
            if isinstance(variable.initial, Distribution):
                yield Broken(variable.name, variable.span, why=f"{variable.symbol} begins at a draw for each connection by itself")

    def _differences(self, partners: Partners, names: tuple[str, ...] | list[str]) -> Iterator[Broken]:
        for handler in self.block.handlers:
            if handler.trigger in (Trigger.STEP, Trigger.EVERY):
                yield from self._of_handler(handler, partners, names)
        for name in names:
            variable, other = self.variables[name], self.variables[partners[name]]
            for one, two in ((variable.low, other.low), (variable.high, other.high)):
                yield from self._compared(name, one, two, partners, variable.span, "")
            if name not in self.projection.symmetric and isinstance(variable.initial, Expr) and isinstance(other.initial, Expr):
                yield from self._compared(name, variable.initial, other.initial, partners, variable.span, "")
            one_flow, two_flow = (next((f for f in self.block.flows if f.variable == n), None) for n in (name, other.name))
            one_rate, two_rate = (None if f is None else f.rate for f in (one_flow, two_flow))
            yield from self._compared(name, one_rate, two_rate, partners, self._place(name), "" if one_flow is None else one_flow.source)

    def _of_handler(self, handler: Handler, partners: Partners, names: tuple[str, ...] | list[str]) -> Iterator[Broken]:
        """Symmetric variables and those with bounds statement by statement: what a bound in between does is alike only if everything before it is."""
        now: dict[Ref, Expr] = {}
        versions: dict[str, list[Expr]] = {}
        for s in handler.statements:
            if not isinstance(s, Assign):
                continue
            before = now.get(s.target, s.target)
            now[s.target] = at_this_moment(s.value, now, self.definitions)
            if s.target.name in names and s.target.name in self.projection.symmetric:
                change = Binary("-", now[s.target], before)
                yield from self._compared(s.target.name, change, change, partners, s.span, handler.source)
            if s.target.name in self.reached and self._is_bounded(s.target.name):
                known = versions.setdefault(s.target.name, [])
                known.append(now[s.target])
                now[s.target] = Ref(Whose.OWN, f"{s.target.name}{_VERSION}{len(known)}")
        for name in names:
            if name not in self.projection.symmetric:
                one, two = ([*versions.get(n, ()), now.get(Ref(Whose.OWN, n), Ref(Whose.OWN, n))] for n in (name, partners[name]))
                for mine, opposite in zip_longest(one, two):
                    yield from self._compared(name, mine, opposite, partners, handler.span, handler.source)

    def _is_bounded(self, name: str) -> bool:
        return self.variables[name].low is not None or self.variables[name].high is not None

    def _compared(self, name: str, one: Expr | None, two: Expr | None, partners: Partners, span: Span, source: str) -> Iterator[Broken]:
        """Whether `one`, with everything exchanged, is `two`."""
        one, two = (self._plain(e if e is not None else Number(0.0)) for e in (one, two))
        left, right = _ordered(exchanged(one, partners, self.each)), _ordered(two)
        if not surely_equal(left, right):
            term, opposite = _breaking_term(_without_versions(right), _without_versions(left))
            yield Broken(name, span, source, term, opposite)

    def _place(self, name: str) -> Span:
        for handler in self.block.handlers:
            for s in handler.statements:
                if s.target.owner is Whose.OWN and s.target.name == name:
                    return s.span
        return next((f.span for f in self.block.flows if f.variable == name), self.variables[name].span)

    def _symbol(self, name: str) -> str:
        return self.variables[name].symbol


def exchanged(expr: Expr, partners: Partners, each: frozenset[Owner]) -> Expr:
    """The expression of the connection in the other direction; `each`: arguments that are another unit there. A sum over incoming
    connections becomes one over outgoing ones, which is nothing else."""

    def read(node: Expr) -> Expr:
        match node:
            case Ref(Whose.OWN, name, limit):
                plain, sign, version = name.partition(_VERSION)
                return Ref(Whose.OWN, f"{partners.get(plain, plain)}{sign}{version}", limit)
            case Ref(OfProjection(other), name, limit):
                return Ref(OfOpposite(other), name, limit)
            case Ref(owner, name, limit) if owner in each:
                return Ref(OfOpposite(owner_text(owner)), name, limit)
            case Special("N_pre" | "N_post"):  # of one population
                return turned(node)
            case Incoming(body):
                return SumOver(("outgoing",), ("",), read(body))
            case Drawn():  # each connection draws for itself
                return rebuild(replace(node, number=-node.number), read)
            case _:
                return rebuild(node, read)

    return read(turned(expr))


def _without_versions(expr: Expr) -> Expr:
    return map_refs(expr, lambda ref: Ref(ref.owner, ref.name.partition(_VERSION)[0], ref.limit))


def _ordered(expr: Expr) -> Expr:
    """What has no order in one order, so that `x = y` and `y = x` are the same; both unit counts are that of the one population."""
    match rebuild(expr, _ordered):
        case Special("N_post"):
            return Special("N_pre")
        case Compare("==" | "!=" as operator, left, right):
            return Compare(operator, *sorted((left, right), key=repr))
        case Compare(">" | ">=" as operator, left, right):
            return Compare("<" if operator == ">" else "<=", right, left)
        case Logic("and" | "or" as connective, operands):
            return Logic(connective, tuple(sorted(operands, key=repr)))
        case Call("abs", (Binary("-", left, right),)):
            return Call("abs", (Binary("-", *sorted((left, right), key=repr)),))
        case Call("min" | "max" as function, arguments):
            return Call(function, tuple(sorted(arguments, key=repr)))
        case found:
            return found


def _involutions(names: list[str]) -> Iterator[dict[str, str]]:
    """All ways to leave names alone or to pair them, leaving alone first."""
    if not names:
        yield {}
        return
    first, *rest = names
    for others in _involutions(rest):
        yield {first: first, **others}
    for k, second in enumerate(rest):
        for others in _involutions(rest[:k] + rest[k + 1 :]):
            yield {first: second, second: first, **others}


def _breaking_term(change: Expr, opposite: Expr) -> tuple[Expr, Expr]:
    """The first term of a change that the change in the other direction does not have, and the first that only that one has."""
    translator = Translator()
    try:
        one, two = (translator.forward(e).expand().as_ordered_terms() for e in (change, opposite))
        own, others = [t for t in one if t not in two], [t for t in two if t not in one]
        if own and others:
            return translator.back(own[0]), translator.back(others[0])
    except NotAnalysable:
        pass
    return change, opposite
