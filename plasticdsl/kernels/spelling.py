"""The text by which a generated module knows each identifier of a loop program.

Comes in: identifiers. Goes out: a Python name for each, the same for the same input, no two alike and none that Python, NumPy or a support function
has. Variables of the model keep the name that their owner and they make together; what is the compiler's own gives way and is numbered.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Mapping

from plasticdsl.kernels.identifiers import RUN, Field, Identifier, Kernel, Local, Part
from plasticdsl.kernels.inlined import callable_names
from plasticdsl.kernels.kinds import every
from plasticdsl.kernels.program import For, Invoke, Let, Program

Spelling = Mapping[Identifier, str]

#: What the frame of generated modules calls by these names.
_FRAME = ("np", "math", "sys", "njit", "prange", "Any", "NDArray", "SimpleNamespace", "PARAMETERS", "allocate", "simulate", "main")


def spell(program: Program, more: Iterable[Field] = ()) -> Spelling:
    """Names for everything in the program, and for `more` fields that the set-up around it has."""
    fields = [*(s.name for s in program.sizes), *(s.name for s in program.scalars), *(a.name for a in program.arrays), *more]
    written = [f for f in fields if f.group == RUN or f.part is Part.VARIABLE]
    return _distinct([*written, *(f.name for f in program.functions), *fields, *_locals(program)])


def _distinct(identifiers: Iterable[Identifier]) -> Spelling:
    taken = {*keyword.kwlist, *dir(builtins), *_FRAME, *callable_names()}
    found: dict[Identifier, str] = {}
    for identifier in dict.fromkeys(identifiers):
        wish = text = _wish(identifier)
        number = 2
        while text in taken:
            text, number = f"{wish}_{number}", number + 1
        taken.add(text)
        found[identifier] = text
    return found


def _wish(identifier: Identifier) -> str:
    match identifier:
        case Field(group, part, of):
            return "_".join([*([group.name] if group.name else []), part.pattern.format(*of)])
        case Local(pattern, of) | Kernel(pattern, of):
            return pattern.format(*of)


def _locals(program: Program) -> Iterable[Local]:
    for function in program.functions:
        yield from function.locals_in
        for statement in every(function.body):
            match statement:
                case Let(name) | For(name):
                    yield name
                case Invoke(_, Local() as result):
                    yield result
                case _:
                    pass
