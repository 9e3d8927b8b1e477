"""The text by which a generated module knows each identifier of a loop program.

Comes in: a program. Goes out: Python names, the same for the same input, none that Python, NumPy or a support function has. Variables keep the name that
the author gave them as attributes of their group, and groups that of the population or projection; what is the compiler's own gives way and is numbered.
Inside a kernel a field has its plain name where no other field and no local has it, else that of its group before it (`cells_V`).
"""

from __future__ import annotations

import builtins
import keyword
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from plasticdsl.kernels.identifiers import ADVANCE, Field, Group, Kernel, Local, Part
from plasticdsl.kernels.inlined import callable_names, defined_names
from plasticdsl.kernels.layout import in_order, members, unpacked
from plasticdsl.kernels.loops.collect import statements
from plasticdsl.kernels.program import For, Function, Invoke, Let, Program
from plasticdsl.names import free_name

#: What the frame of generated modules calls by these names, and attributes of the object that holds all groups.
_FRAME = (
    "np", "math", "sys", "njit", "prange", "Any", "NamedTuple", "SimpleNamespace", "PARAMETERS", "advance", "allocate", "simulate", "run_steps", "step",
    "learn", "main",
)  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spelling:
    """`groups`: the argument (and attribute) that holds a group's tuple; `classes`: of these tuples; `fields`: attributes in them; `inside`: locals and
    unpacked fields in each kernel."""

    groups: Mapping[Group, str]
    classes: Mapping[Group, str]
    fields: Mapping[Field, str]
    kernels: Mapping[Kernel, str]
    inside: Mapping[Kernel, Mapping[Local | Field, str]]

    def at(self, field: Field) -> str:
        """A field of the object that holds all groups: `cells.V`."""
        return f"{self.groups[field.group]}.{self.fields[field]}"


def spell(program: Program, more: Iterable[Field] = ()) -> Spelling:
    """Names for everything in the program, and for `more` fields that the set-up around it has."""
    words = {*keyword.kwlist, *dir(builtins), *_FRAME, *callable_names()}
    found: dict[Field, None] = dict.fromkeys([*(m.name for many in members(program).values() for m in many), *more])
    every_group: dict[Group, None] = dict.fromkeys(f.group for f in found)
    named = sorted(every_group, key=lambda group: group.kind not in ("population", "projection"))
    groups = distinct({group: _text(group) or group.kind for group in named}, words)
    classes = distinct({group: text[:1].upper() + text[1:] for group, text in groups.items()}, words | defined_names())
    words |= set(groups.values())
    wishes = {f.name: f.name.text for f in program.functions if f.name != ADVANCE}
    kernels = {**distinct(wishes, words | defined_names() | set(classes.values())), ADVANCE: ADVANCE.pattern}
    ordered, fields = sorted(found, key=_is_own), dict[Field, str]()
    for group in every_group:
        fields |= distinct({f: f.text for f in ordered if f.group == group}, keyword.kwlist)
    words |= set(kernels.values())
    inside = {f.name: _inside(f, groups, fields, words) for f in program.functions}
    groups = {group: groups[group] for group in in_order(found)}
    return Spelling(groups, classes, fields, kernels, inside)


def distinct(wishes: Mapping[T, str], taken: Collection[str]) -> dict[T, str]:
    """The wishes in order, none twice and none that is taken already."""
    found: dict[T, str] = {}
    used = set(taken)
    for key, wish in wishes.items():
        found[key] = free_name(wish, used)
        used.add(found[key])
    return found


def flat(fields: Iterable[Field]) -> dict[Field, str]:
    """One name for each field among all: `cells_V`."""
    found = dict.fromkeys(fields)
    return distinct({f: f"{_text(f.group)}_{f.text}".removeprefix("_") for f in sorted(found, key=_is_own)}, keyword.kwlist)


def _text(group: Group) -> str:
    return group.called.replace(".", "_")


def _is_own(field: Field) -> bool:
    """Whether it is the compiler's own."""
    return field.part is not Part.VARIABLE


def _inside(
    function: Function, groups: Mapping[Group, str], fields: Mapping[Field, str], words: Collection[str]
) -> Mapping[Local | Field, str]:
    names = distinct({local: local.text for local in _locals(function)}, words)
    own = unpacked(function)
    often, taken = Counter(fields[f] for f in own), {*words, *names.values()}
    plain = {f: fields[f] for f in own if often[fields[f]] == 1 and fields[f] not in taken}
    others = distinct({f: f"{groups[f.group]}_{fields[f]}" for f in own if f not in plain}, {*taken, *plain.values()})
    return {key: text for part in (names, plain, others) for key, text in part.items()}


def _locals(function: Function) -> Iterator[Local]:
    yield from function.locals_in
    for statement in statements(function.body):
        match statement:
            case Let(name) | For(name):
                yield name
            case Invoke(_, Local() as result):
                yield result
            case _:
                pass
