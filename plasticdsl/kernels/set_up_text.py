"""Recipes as Python text, for modules that run by themselves.

Comes in: recipes, how fields are called, and whose names expressions use. Goes out: text in which everything that was set up is an attribute of `a`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from plasticdsl.kernels.identifiers import Field, Group, Part, of_data
from plasticdsl.kernels.numpy_printer import numpy_text
from plasticdsl.kernels.printer import literal
from plasticdsl.kernels.recipes import Apply, Called, Default, Formula, Recipe, Word
from plasticdsl.kernels.set_up import Assignment, Scope
from plasticdsl.model.expr import Ref, Special
from plasticdsl.model.owners import OfArgument, OfData, OfTable, Whose
from plasticdsl.model.pretty import pretty

_Naming = Callable[[Ref | Special], str]


@dataclass(frozen=True, slots=True)
class Writer:
    """`names`: the attributes that hold fields; `scopes`: whose names expressions use; `known`: recipes whose value has a name already."""

    names: Mapping[Field, str]
    scopes: Mapping[Group, Scope]
    known: Mapping[Recipe, str]

    def at(self, group: Group, part: Part) -> str:
        """One of the fields of a group; what nobody has is empty."""
        return self.text(group.field(part))

    def text(self, recipe: Recipe) -> str:
        """An expression in Python."""
        match recipe:
            case Apply() if recipe in self.known:
                return self.known[recipe]
            case Apply(function, arguments, words):
                texts = [*map(self.text, arguments), *(f"{name}={self.text(value)}" for name, value in words)]
                return f"{function.__name__}({', '.join(texts)})"
            case Field():
                return f"a.{self.names[recipe]}" if recipe in self.names else "()"
            case Default(field):
                return f'PARAMETERS["{self.names[field]}"]'
            case Called(field):
                return f'"{self.names[field]}"'
            case Word(name):
                return name if isinstance(name, str) else self.names[name]
            case Formula(owner, value, pairs):
                return ("lambda pre, post: " if pairs else "") + numpy_text(value, self._naming(self.scopes[owner], pairs))
            case tuple():
                return f"({', '.join(map(self.text, recipe))}{',' if len(recipe) == 1 else ''})"
            case str():
                return f'"{recipe}"'
            case float():
                return literal(recipe)
            case _:
                return repr(recipe)

    def _naming(self, scope: Scope, pairs: bool) -> _Naming:
        """What names are in the text of expressions: NumPy's numbers or arrays."""
        units = {Whose.PRE: "pre", Whose.POST: "post"}
        if scope.ends and not pairs:
            units = {Whose.PRE: self.at(scope.group, Part.SOURCES), Whose.POST: self.at(scope.group, Part.TARGETS)}

        def named(node: Ref | Special) -> str:
            match node:
                case Special("dt"):
                    return "a.dt"
                case Special("t"):
                    return "np.float64(0.0)"
                case Special("i" | "j" as letter) if scope.ends:
                    return f"({units[Whose.POST if letter == 'i' else Whose.PRE]} + np.float64(1.0))"
                case Special("i") if scope.group.kind == "population":
                    return f"np.arange(1.0, {self.at(scope.group, Part.UNITS)} + 1.0)"
                case Special("N_pre" | "N_post") if scope.group.kind == "population":
                    return f"np.float64({self.at(scope.group, Part.UNITS)})"
                case Special("N_pre" | "N_post" as size) if scope.ends:
                    return f"np.float64({self.at(scope.ends[Whose.PRE if size == 'N_pre' else Whose.POST], Part.UNITS)})"
                case Ref(Whose.PRE | Whose.POST as side, name) if side in scope.ends and name in self.scopes[scope.ends[side]].sides:
                    return f"taken(a.{self.names[scope.ends[side].variable(name)]}, {units[side]})"
                case Ref(OfData() | OfTable() as owner, name):
                    return self._of_file(owner, f"a.{self.names[of_data(owner.name).variable(name)]}", scope, pairs)
                case Ref(OfArgument() as whose, name) if whose in scope.ends and name in self.scopes[scope.ends[whose]].sides:
                    third = next(t for t in scope.thirds if t.owner == whose)
                    unit = f"np.int64({numpy_text(third.first, named)})" + (f" + {units[Whose.POST]}" if third.each else "")
                    return f"taken(a.{self.names[scope.ends[whose].variable(name)]}, {unit})"
                case Ref(owner, name):
                    for near in self.scopes.values():
                        if name in near.sides and (owner == near.itself or (owner is Whose.OWN and near is scope)):
                            return f"a.{self.names[near.group.variable(name)]}"
            raise ValueError(f"‘{pretty(node)}’ has no value before the first step, and {scope.group.name} needs it")

        return named

    def _of_file(self, owner: OfData | OfTable, array: str, scope: Scope, pairs: bool) -> str:
        """What an array of a file is there: its only number, all of it, or a number for each unit or connection."""
        match owner:
            case OfTable(_, ()):
                return f"single({array})"
            case OfData() if pairs:
                return f"{array}[post, pre]"
            case OfData() if scope.ends:
                return f"in_order({array}, found, {self.at(scope.ends[Whose.POST], Part.UNITS)})"
            case _:
                return array


def lines(assignments: Iterable[Assignment], writer: Writer) -> Iterator[str]:
    """One line for each assignment."""
    for made in assignments:
        targets = ", ".join(map(writer.text, made.targets))
        yield f"{targets} = {writer.text(made.value)}" if targets else writer.text(made.value)


def common(recipes: Iterable[Recipe]) -> Iterator[tuple[str, Apply]]:
    """What occurs more than once in recipes, each after what it contains, with a name for it."""
    often: Counter[Apply] = Counter()
    found: list[Apply] = []

    def look(recipe: Recipe) -> None:
        for argument in recipe.arguments if isinstance(recipe, Apply) else recipe if isinstance(recipe, tuple) else ():
            if isinstance(argument, Apply):
                often[argument] += 1
            if not isinstance(argument, Apply) or often[argument] == 1:
                look(argument)
            if isinstance(argument, Apply) and often[argument] == 1:
                found.append(argument)

    for recipe in recipes:
        look(recipe)
    repeated = (recipe for recipe in found if often[recipe] > 1)
    return ((f"{recipe.function.__name__}_{number}", recipe) for number, recipe in enumerate(repeated, 1))
