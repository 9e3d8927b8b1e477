"""Variables in an order in which each parameter and definition comes after what it depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.model import Distribution, Value, Variable


def in_working_order(variables: Iterable[Variable], owner: str = "") -> tuple[Variable, ...]:
    """The variables, moved no further than needed; those on a circle stay where they are. `owner` is that of references among them."""
    waiting = {v.name: v for v in variables}
    names = list(waiting)
    placed: dict[str, Variable] = {}
    for start in names:
        path: list[tuple[str, Iterator[str]]] = [(start, _reads(waiting[start], owner))] if start not in placed else []
        while path:
            name, rest = path[-1]
            on_path = {n for n, _ in path}
            following = next((r for r in rest if r in waiting and r not in placed and r not in on_path), None)
            if following is not None:
                path.append((following, _reads(waiting[following], owner)))
            else:
                path.pop()
                placed[name] = waiting[name]
    return tuple(placed.values())


def circle(variables: Iterable[Variable], owner: str = "") -> tuple[str, ...]:
    """Names that depend on each other in a circle, the first again at the end; empty when there is none."""
    all_of = {v.name: v for v in variables}
    done: set[str] = set()
    for start, variable in all_of.items():
        path: list[tuple[str, Iterator[str]]] = [(start, _reads(variable, owner))]
        while path:
            following = next((r for r in path[-1][1] if r in all_of and r not in done), None)
            if following is None:
                done.add(path.pop()[0])
                continue
            names = [n for n, _ in path]
            if following in names:
                return (*names[names.index(following) :], following)
            path.append((following, _reads(all_of[following], owner)))
    return ()


def _reads(variable: Variable, owner: str) -> Iterator[str]:
    """The names that the value of a parameter or definition reads; an initial value is worked out after all of them."""
    if variable.value is None:
        return iter(())
    return iter([r.name for e in _expressions(variable.value) for r in sorted(refs(e), key=_by_name) if r.owner == owner])


def _by_name(ref: Ref) -> tuple[str, str]:
    return ref.owner, ref.name


def _expressions(value: Value) -> tuple[Expr, ...]:
    return value.arguments if isinstance(value, Distribution) else (value,)
