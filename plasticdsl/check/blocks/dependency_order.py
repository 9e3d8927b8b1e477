"""Variables in an order in which each parameter and definition comes after what it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.model import Distribution, Value, Variable
from plasticdsl.model.owners import Owner, Whose


def in_working_order(variables: Iterable[Variable], owner: Owner = Whose.OWN) -> tuple[Variable, ...]:
    """The variables, moved no further than needed; those on a circle stay where they are. `owner` is that of references among them."""
    all_of = {v.name: v for v in variables}
    placed: dict[str, Variable] = {}
    for start in all_of:
        _walk(start, all_of, placed, owner)
    return tuple(placed.values())


def circle(variables: Iterable[Variable], owner: Owner = Whose.OWN) -> tuple[str, ...]:
    """Names that depend on each other in a circle, the first again at the end; empty when there is none."""
    all_of = {v.name: v for v in variables}
    placed: dict[str, Variable] = {}
    return next((found for start in all_of if (found := _walk(start, all_of, placed, owner))), ())


def _walk(start: str, all_of: Mapping[str, Variable], placed: dict[str, Variable], owner: Owner) -> tuple[str, ...]:
    """Places `start` after all it depends on; returns the first circle met. Without recursion: chains may be long."""
    found: tuple[str, ...] = ()
    path: dict[str, Iterator[str]] = {} if start in placed else {start: _reads(all_of[start], owner)}
    while path:
        name, rest = next(reversed(path.items()))
        following = next((r for r in rest if r in all_of and r not in placed), None)
        if following is None:
            del path[name]
            placed[name] = all_of[name]
        elif following in path:
            above = list(path)
            found = found or (*above[above.index(following) :], following)
        else:
            path[following] = _reads(all_of[following], owner)
    return found


def _reads(variable: Variable, owner: Owner) -> Iterator[str]:
    """The names that the value of a parameter or definition reads; an initial value is worked out after all of them."""
    if variable.value is None:
        return iter(())
    return iter([r.name for e in _expressions(variable.value) for r in sorted(refs(e), key=lambda r: r.order) if r.owner == owner])


def _expressions(value: Value) -> tuple[Expr, ...]:
    return value.arguments if isinstance(value, Distribution) else (value,)
