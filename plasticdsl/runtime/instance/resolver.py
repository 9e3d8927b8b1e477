"""The numbers behind the names of one population, projection or network, each computed when it is first asked for, and whether the model allows them.

Comes in: right sides (`model.right_sides`), how many values an array has, and where names from outside get their values. Goes out: shared
numbers (float) or arrays (float64[count]), or `PlasError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.graph import ordered
from plasticdsl.model import Distribution, Role, Variable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Owner, Whose, owner_text
from plasticdsl.runtime.instance.divided import draw_in_part
from plasticdsl.runtime.instance.instance import Floats, ProjectionInstance, Values
from plasticdsl.runtime.instance.settings import Given, Sides
from plasticdsl.runtime.numbers.evaluate import Lookup, Name, evaluate
from plasticdsl.source import NOWHERE, Span
from plasticdsl.support.distributions import draw
from plasticdsl.support.elementwise import OtherCount
from plasticdsl.support.random import stream_of
from plasticdsl.support.units import whole
from plasticdsl.support.values import on_bounds, outside

#: Brings an array that the user gave into the order of the values; raises ValueError where its shape does not fit.
Arrange = Callable[[Floats], Floats]

#: What becomes of a name's value once it is known, given its right side.
Finish = Callable[[str, Given, Values], Values]


def fail(code: str, message: str, span: Span = NOWHERE, hint: str = "") -> NoReturn:
    """Raises `PlasError` with one finding."""
    raise PlasError((Diagnostic(code, message, span, hint),), f"error[{code}]: {message}" + (f"\n  hint: {hint}" if hint else ""))


def counted(value: float, what: str, span: Span) -> int:
    """A whole number from 1; `what` says in messages which."""
    count = whole(value)
    if not count:
        fail("not-whole", f"{what} must be a whole number of at least 1, not {value:g}.", span)
    return count


class Resolver:
    """The values of one owner. `symbol`: what the user calls it; `variables`: for messages; `outside`: the values of names that are not
    the owner's own, raising KeyError where there is none before the run; `finish`: has the last word on each value."""

    def __init__(
        self,
        owner: Owner,
        symbol: str,
        sides: Sides,
        variables: tuple[Variable, ...],
        count: int,
        seed: int,
        outside: Lookup,
        arrange: Arrange,
        finish: Finish | None = None,
        part: ProjectionInstance | None = None,
    ) -> None:
        self.owner, self.symbol, self.count = owner, symbol, count
        self._sides, self._seed, self._outside, self._arrange, self._finish = sides, seed, outside, arrange, finish
        self._part = part
        self._variables = {v.name: v for v in variables}
        self._known: dict[str, Values] = {}

    def value(self, name: str) -> Values:
        """The value of one of the owner's names; raises `PlasError` where it cannot be had, ValueError where an array does not fit."""
        if name not in self._known:
            needed, circles = ordered((name,), self._reads)
            if circles:
                shown = " → ".join(map(self.named, circles[0]))
                fail("definition-cycle", f"These values depend on each other before the run: {shown}.", self._span(name))
            for each in needed:
                self._known[each] = self._compute(each)
        return self._known[name]

    def of(self, given: Given, purpose: str, span: Span) -> Values:
        """The value of something written for this owner; `purpose` keys the draw and says in messages what it is for."""
        if isinstance(given, Distribution):
            return self._drawn(given.name, [self._evaluated(a, purpose, span) for a in given.arguments], purpose, span)
        if isinstance(given, Expr):
            return self._evaluated(given, purpose, span)
        return self._given(np.array(given, dtype=np.float64), purpose)

    def named(self, name: str) -> str:
        """The name as the user wrote it."""
        symbol = self._variables[name].symbol if name in self._variables else name
        return f"{self.symbol}.{symbol}" if self.symbol else symbol

    def _span(self, name: str) -> Span:
        return self._variables[name].span if name in self._variables else NOWHERE

    def _reads(self, name: str) -> list[str]:
        """What it depends on and is not known yet."""
        side = self._sides[name]
        read = {r.name for expr in expressions(side) for r in refs(expr) if r.owner in (Whose.OWN, self.owner)}
        return sorted((read & self._sides.keys()) - self._known.keys())

    def _compute(self, name: str) -> Values:
        side = self._sides[name]
        if side is None:
            fail("not-given", f"‘{self.named(name)}’ has no value.", self._span(name), "Give one where it is used, or a default.")
        value = self.of(side, name, self._span(name))
        return value if self._finish is None else self._finish(name, side, value)

    def _evaluated(self, expr: Expr, purpose: str, span: Span) -> Values:
        def lookup(node: Name) -> Values:
            if isinstance(node, Ref) and node.owner in (Whose.OWN, self.owner) and node.name in self._sides:
                return self.value(node.name)
            try:
                return self._outside(node)
            except KeyError:
                shown = node.path if isinstance(node, Ref) else str(getattr(node, "name", node))
                message = f"‘{self.named(purpose)}’ is needed before the run, when ‘{shown}’ has no value yet."
                fail("not-a-constant", message, span)

        try:
            return evaluate(expr, lookup)
        except OtherCount as problem:
            fail("sizes-differ", f"‘{self.named(purpose)}’ has no value: {problem}.", span)

    def _drawn(self, name: str, arguments: list[Values], purpose: str, span: Span) -> Values:
        try:
            stream = stream_of(owner_text(self.owner), "set-up", purpose)
            if self._part is not None and self._part.places is not None:
                return draw_in_part(name, arguments, self._part.numbers, self._part.count_of_all, self._seed, stream)
            values = draw(name, arguments, self.count, self._seed, stream)
        except ValueError as problem:
            fail("out-of-range", f"‘{self.named(purpose)}’ cannot be drawn: {problem}.", span)
        return float(values[0]) if self.owner is Whose.NETWORK else values

    def _given(self, values: Floats, purpose: str) -> Values:
        if values.ndim == 0:
            return float(values)
        try:
            return self._arrange(values)
        except ValueError as problem:
            raise ValueError(f"{self.named(purpose)}: {problem}") from None


def checked(variable: Variable, values: Values, resolver: Resolver) -> Values:
    """`values` of `variable`, all of them allowed."""
    low = resolver.of(variable.low, variable.name, variable.span) if variable.low is not None else -np.inf
    high = resolver.of(variable.high, variable.name, variable.span) if variable.high is not None else np.inf
    if np.isnan(values).any():
        name = resolver.named(variable.name)
        fail("not-finite", f"‘{name}’ has no value (0/0, or a root or logarithm of a negative number) before the run.", variable.span)
    if not variable.values and np.all((values >= low) & (values <= high)):
        return values
    wrong = outside(values, low, high, variable.values)
    if wrong.any():
        _outside(variable, values, wrong, low, high, resolver)
    return values if variable.low is None and variable.high is None else on_bounds(values, low, high)


def _outside(variable: Variable, values: Values, wrong: NDArray[np.bool_], low: Values, high: Values, resolver: Resolver) -> None:
    first = int(np.argmax(wrong))

    def shown(value: Values) -> str:
        number = float(np.broadcast_to(value, wrong.shape).reshape(-1)[first])
        unit = f" {variable.unit}" if variable.unit else ""
        return f"{number / variable.scale:.6g}{unit}"

    code, hint = "initial-outside-bounds", "Give another value, or other bounds."
    if variable.values:
        code, hint = "value-not-allowed", "Give one of these values, or draw from others."
    allowed = "{" + ", ".join(f"{v:g}" for v in variable.values) + "}" if variable.values else f"[{shown(low)}, {shown(high)}]"
    many = f" ({np.count_nonzero(wrong)} of {wrong.size} values are outside)" if wrong.size > 1 else ""
    name = resolver.named(variable.name)
    begins = "starts at" if variable.role is Role.STATE else "is"
    message = f"‘{name}’ {begins} {shown(values)}, but only {allowed} is allowed{many}."
    fail(code, message, variable.span, hint)
