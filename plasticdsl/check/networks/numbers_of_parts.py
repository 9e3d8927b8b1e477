"""Whose numbers the arrays of files are that stand beside variables: `A.V − d.V mV`, `ex.w − d.W`, `mean(abs(A.V − d.V mV))`.

Comes in: translated expressions, in which such an array is `Ref(OfData(name), array)`. Goes out: the same with `Call("numbers", (array, part))`, the
numbers of the units of a population (or of a part of it), or of the connections of a projection, that is read beside it, outside of statistics or within
the same one; beside an observable with index letters `Ref(OfTable(name, axes), array)`, beside what was recorded or is shown the array as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from plasticdsl.check.terms.amounts import Values, constant
from plasticdsl.check.terms.context import Context
from plasticdsl.model import Population, Projection, Role, Variable
from plasticdsl.model.expr import EACH, At, Call, Expr, Ref, SumOver, children, is_stored, rebuild, substitute, walk
from plasticdsl.model.owners import OfData, OfPopulation, OfProjection, OfTable, Part, Whose, owner_text
from plasticdsl.model.parts import NUMBERS, SEVERAL, Units, count, numbered, several
from plasticdsl.model.patterns import DataSet
from plasticdsl.source import Span
from plasticdsl.units.display import counted

_UNITS = "Units have one each beside one of their variables, ‘A.V − d.V mV’, connections an entry of a matrix, ‘ex.w − d.W’; a single one is ‘d.V[1]’."
_INDEX = "Write the index of the sum behind it: ‘Σ_i (A.V_i − d.V_i mV)²’, ‘Σ_ij w_ij d.W_ij’."


@dataclass(frozen=True, slots=True)
class _OfPart:
    """Units of a population or connections of a projection; of them `units`."""

    owner: Part
    units: Units


@dataclass(frozen=True, slots=True)
class _AtLetters:
    """An observable whose letters run over these sets; or, where they are None, numbers in an order of their own."""

    sets: tuple[str, ...] | None


_Read = _OfPart | _AtLetters


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What there is beside arrays. `observables`: of the network, by name; `constants`: what is known of its parameters. `together`: whether a call is a
    statistic that takes values together."""

    populations: Mapping[str, Population]
    projections: Mapping[str, Projection]
    observables: Mapping[str, Variable]
    data: Mapping[str, DataSet]
    constants: Values
    sizes: Mapping[str, float | None]
    together: Callable[[Call], bool] = lambda _: False

    def placed(self, exprs: Sequence[Expr], span: Span, context: Context, alone: bool = False) -> tuple[Expr, ...]:
        """Expressions that are taken together, with the numbers of what they read; findings go to the report of `context`. `alone`: an array may stand
        there beside nothing else."""
        if not self.data:
            return tuple(exprs)
        inner = [self._within(expr, span, context) for expr in exprs]
        stored = dict.fromkeys(ref for expr in inner for ref in self._arrays(expr))
        read = dict.fromkeys(one for expr in inner for one in self._beside(expr)) if stored else {}
        read = read or dict.fromkeys([_AtLetters(None)] if alone else [])
        found: dict[Expr, Expr] = {ref: self._numbers(ref, list(read), span, context) for ref in stored}
        return tuple(substitute(expr, found) for expr in inner) if found else tuple(inner)

    def without_letters(self, expr: Expr, span: Span, context: Context) -> None:
        """Reports arrays without an index where letters number what is read."""
        for node in walk(expr):
            if isinstance(node, Ref) and is_stored(node):
                context.report.error("unknown-index", f"‘{node.path}’ has several numbers, and needs an index here.", span, _INDEX)

    def _within(self, expr: Expr, span: Span, context: Context) -> Expr:
        """What statistics take, and sums over letters, done by themselves."""
        match expr:
            case Call(function, arguments) if self.together(expr):
                return Call(function, self.placed(arguments, span, context, alone=True))
            case SumOver():
                self.without_letters(expr, span, context)
                return expr
            case _:
                return rebuild(expr, lambda child: self._within(child, span, context))

    def _arrays(self, expr: Expr) -> Iterator[Ref]:
        match expr:
            case Ref(OfData()):
                yield expr
            case SumOver():
                return
            case Call() if self.together(expr):
                return
            case _:
                for child in children(expr):
                    yield from self._arrays(child)

    def _beside(self, expr: Expr) -> Iterator[_Read]:
        """What an expression has numbers of, outside of what is taken together."""
        match expr:
            case Call(function, (Ref(OfPopulation() | OfProjection() as owner), *numbers)) if function == SEVERAL:
                yield _OfPart(owner, numbered(numbers))
            case Call(_, (whose, *_, last)) if last == EACH:
                yield from self._beside(whose)
            case Call(function) if function == "unit" or self.together(expr):
                return
            case SumOver() | At():
                return
            case Ref(OfPopulation() | OfProjection() as owner):
                yield _OfPart(owner, ())
            case Ref(Whose.NETWORK, name) if name in self.observables:
                of = self.observables[name]
                if of.indices:
                    yield _AtLetters(tuple(over for _, over in of.indices))
                elif of.formula is not None:
                    yield from self._beside(of.formula)
            case Ref(Whose.RECORDED | Whose.ITEM):
                yield _AtLetters(None)
            case _:
                for child in children(expr):
                    yield from self._beside(child)

    def _numbers(self, ref: Ref, read: Sequence[_Read], span: Span, context: Context) -> Expr:
        """What stands for an array beside what is read; the array itself after reporting that it does not fit."""
        of = self.data[owner_text(ref.owner)]
        shape, symbol = dict(of.arrays)[ref.name], f"{of.symbol}.{ref.name}"
        for one in read:
            match one:
                case _OfPart(OfPopulation(name) as owner, units) if len(shape) == 1:
                    few = constant(count(units), self.constants) if units else None
                    if self.sizes.get(name) in (None, shape[0]):
                        return Call(NUMBERS, (ref, several(Ref(owner, ""), units)))
                    if few == shape[0]:
                        return Ref(OfTable(of.name, (None,)), ref.name)
                case _OfPart(OfProjection(name) as owner, units) if self._fits(self.projections[name], of, shape):
                    return Call(NUMBERS, (ref, several(Ref(owner, ""), units)))
                case _AtLetters(None):
                    return Ref(OfTable(of.name, (None,) * len(shape)), ref.name)
                case _AtLetters(tuple() as sets) if len(sets) == len(shape):
                    if all(self.sizes.get(over) in (None, length) for over, length in zip(sets, shape, strict=True)):
                        return Ref(OfTable(of.name, sets), ref.name)
                case _:
                    pass
        has = counted(shape[0], "number") if len(shape) == 1 else f"the shape {shape}"
        owners = [f"‘{self._named(one.owner)}’" for one in read if isinstance(one, _OfPart)]
        if owners:
            message = f"‘{symbol}’ has {has}, which are not those of {' or '.join(dict.fromkeys(owners))}."
        else:
            message = f"‘{symbol}’ has {has}, and nothing here says what they belong to."
        context.report.error("sizes-differ", message, span, _UNITS)
        return ref

    def _fits(self, projection: Projection, of: DataSet, shape: tuple[int, ...]) -> bool:
        if len(shape) == 2:
            ends = (projection.post, projection.pre)
            return all(self.sizes.get(end) in (None, length) for end, length in zip(ends, shape, strict=True))
        return len(shape) == 1 and len(projection.connectivity.data) == 2 and projection.connectivity.data[0].owner == OfData(of.name)

    def _named(self, owner: Part) -> str:
        named = self.populations if isinstance(owner, OfPopulation) else self.projections
        return named[owner.name].symbol


def observables_of(variables: Sequence[Variable]) -> dict[str, Variable]:
    """Those that are computed, by name."""
    return {v.name: v for v in variables if v.role is Role.DEFINITION}
