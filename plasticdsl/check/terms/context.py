"""What a translation needs to know: names in sight, dimensions so far, where to report, and what the surroundings add to the notation.

`Context` is immutable but for the solver and the reporter it points to; `context.inside(scope)` is the same context with other names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.scope import Scope, UserFunction
from plasticdsl.check.terms.unification import Dim, Solver
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.model.expr import Expr, Number
from plasticdsl.source import Span
from plasticdsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Typed:
    """A translated expression with its dimension (of the context's solver). `is_condition` tells a comparison from a number; `is_truth` is a number,
    1 or 0, that may stand for a condition too."""

    expr: Expr
    dim: Dim
    is_condition: bool = False
    is_truth: bool = False


Extension = Callable[[tree.Expr, "Context"], "Typed | None"]


@dataclass(frozen=True, slots=True)
class Context:
    """Where an expression is read.

    `extend` is asked first at every node and may translate what has a meaning only here (`Σ w x` in a synapse, `mean(ex.w)` in an
    experiment, `w_ij` in a network); it returns None to leave the node to the ordinary translation. `calls` are the user functions being inlined;
    `written_out` counts them, so that functions of functions cannot keep the compiler busy for ever.
    """

    scope: Scope
    solver: Solver
    report: Reporter
    extend: Extension | None = None
    calls: tuple[UserFunction, ...] = ()
    written_out: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def unknown(self) -> Typed:
        """What stands for something that has been reported: its dimension fits everywhere, and nothing is known of its value."""
        return Typed(Number(math.nan), self.solver.fresh())

    def refuse(self, code: str, message: str, span: Span, hint: Hint | str = "", labels: tuple[Label, ...] = ()) -> Typed:
        """Reports an error; what stands for the expression that has it."""
        self.report.error(code, message, span, hint, labels)
        return self.unknown

    def inside(self, scope: Scope) -> Context:
        """The same context with other names in sight."""
        return replace(self, scope=scope)

    def called(self, function: UserFunction, scope: Scope) -> Context:
        """The same context inside a user function's body."""
        return replace(self, scope=scope, calls=(*self.calls, function))

    def extended(self, extend: Extension) -> Context:
        """The same context with one more extension, which is asked before those that it has."""
        before = self.extend
        return replace(self, extend=extend if before is None else lambda node, context: extend(node, context) or before(node, context))
