"""Immutable values as bytes that hold data alone, and back.

Comes in: a value made of the package's own dataclasses, named tuples, enumerations and functions, of numbers, texts, containers and arrays. Goes out: JSON
of a table, one line for each value, those that others are made of before them; what occurs several times is there once, and once it is read.

Nothing in such bytes is executed: a class is one of this package's dataclasses with the fields that it has now, a function one of `support`, and anything
else ends in ValueError. (Whoever calls such a function later gives it checked arguments; that the table is one this user wrote, `cache` looks after.) What
the fields of such a dataclass hold is whatever the table says; `of_type` looks whether it is what they are declared to be.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from functools import cache, partial
from importlib import import_module
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

#: What heads the line of a container; those of the package's classes come after them, in a table of their own.
TUPLE, LIST, DICT, SET, FROZEN, BYTES, FRACTION, ARRAY, FUNCTION, MEMBER = range(10)

PACKAGE = __name__.partition(".")[0]
BUILT_IN: Mapping[str, Any] = {"float": float, "int": int, "len": len, "range": range}
_NAMES = {value: name for name, value in BUILT_IN.items()}

# --- to bytes --------------------------------------------------------------------------------------------------------


def written(value: object, apart: list[Any] | None = None) -> bytes:
    """The table of a value. `apart`: where arrays are put, of which the table then has the numbers alone. Raises TypeError for what is no data."""
    table = _Table(apart)
    table.add(value)
    return json.dumps(
        {"classes": [_described(kind) for kind in table.classes], "lines": table.lines}, separators=(",", ":"), ensure_ascii=False
    ).encode()


class _Table:
    """`places`: of values by identity, and of atoms by type and text, in `lines`."""

    def __init__(self, apart: list[Any] | None) -> None:
        self.apart = apart
        self.classes: dict[type[Any], int] = {}
        self.lines: list[Any] = []
        self.places: dict[object, int] = {}
        self._held: list[object] = []  # parts that are made on the way: a second one must not have the identity of the first

    def add(self, root: object) -> None:
        """What a value is made of and then itself, without recursion: formulas are deep."""
        waiting: list[tuple[object, tuple[object, ...] | None]] = [(root, None)]
        while waiting:
            value, parts = waiting.pop()
            if _name(value) in self.places:
                continue
            if parts is None:
                parts = _parts(value) if self.apart is None or not _is_array(value) else self._put_apart(value)
                self._held.append(parts)
                waiting.append((value, parts))
                waiting += [(part, None) for part in reversed(parts)]
            else:
                self.places[_name(value)] = len(self.lines)
                self._held.append(value)
                self.lines.append(self._line(value, parts))

    def _put_apart(self, array: object) -> tuple[object, ...]:
        assert self.apart is not None, "arrays are put apart where they are asked for so"
        self.apart.append(array)
        return (len(self.apart) - 1,)

    def _line(self, value: object, parts: tuple[object, ...]) -> object:
        if _is_atom(value):
            return value
        return [self._head(value), *(self.places[_name(part)] for part in parts)]

    def _head(self, value: Any) -> int:
        match value:
            case Enum():
                return MEMBER
            case _ if is_dataclass(value) or hasattr(value, "_fields"):
                return self.classes.setdefault(type(value), len(self.classes)) + MEMBER + 1
            case tuple():
                return TUPLE
            case list():
                return LIST
            case dict():
                return DICT
            case set():
                return SET
            case frozenset():
                return FROZEN
            case bytes():
                return BYTES
            case Fraction():
                return FRACTION
            case _:
                return ARRAY if _is_array(value) else FUNCTION


def _is_atom(value: object) -> bool:
    return value is None or type(value) in (str, int, float, bool)


def _name(value: object) -> object:
    """Atoms are the same where they read the same (−0 is not 0, 1 not 1.0), others where they are one thing."""
    return (type(value), repr(value)) if _is_atom(value) else id(value)


def _parts(value: Any) -> tuple[object, ...]:
    """What the line of a value is about. Raises TypeError."""
    match value:
        case _ if _is_atom(value):
            return ()
        case Enum():
            return f"{type(value).__module__}:{type(value).__qualname__}", value.name
        case _ if is_dataclass(value) and not isinstance(value, type) and type(value).__module__.partition(".")[0] == PACKAGE:
            return tuple(getattr(value, field.name) for field in fields(value))
        case tuple() | list() | set() | frozenset():
            return tuple(value)
        case dict():
            return tuple(part for item in value.items() for part in item)
        case bytes():
            return (b64encode(value).decode(),)
        case Fraction():
            return value.numerator, value.denominator
        case _ if _is_array(value):
            return value.dtype.str, value.shape, value.tobytes()
        case _ if callable(value) and (name := _called(value)):
            return (name,)
        case _:
            raise TypeError(f"{type(value).__name__} is no data")


def _is_array(value: Any) -> bool:
    """Of numbers. (NumPy need not be there for a value without any.)"""
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray" and value.dtype.kind in "biuf"


def _called(value: Callable[..., Any]) -> str:
    """The name of a function by which it is found again; empty where there is none."""
    if value in _NAMES:
        return _NAMES[value]
    name = f"{value.__module__}:{value.__qualname__}"
    try:
        return name if _function(name) is value else ""
    except (ValueError, ImportError, AttributeError):
        return ""


def _described(kind: type[Any]) -> str:
    """A class with its fields."""
    return f"{kind.__module__}:{kind.__qualname__}({','.join(_fields(kind))})"


def _fields(kind: type[Any]) -> Iterable[str]:
    return getattr(kind, "_fields", None) or [field.name for field in fields(kind)]


# --- back ------------------------------------------------------------------------------------------------------------


def read(content: bytes, apart: Sequence[Any] = ()) -> object:
    """The value of a table; `apart`: the arrays that are no part of it. Raises ValueError for what is none, or one of other classes than there are now."""
    try:
        table = json.loads(content)
        makers = [*_CONTAINERS, *map(_maker, table["classes"])]
        makers[ARRAY] = partial(_array, apart)
        values: list[Any] = []
        for line in table["lines"]:
            if type(line) is list:
                head, *places = line
                values.append(makers[head]([values[place] for place in places]))
            else:
                values.append(line)
        return values[-1]
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        ImportError,
        RecursionError,
        MemoryError,
        ZeroDivisionError,
    ) as problem:
        raise ValueError(f"no table of values: {problem}") from None


@cache
def _maker(described: str) -> Callable[[list[Any]], Any]:
    """What makes an instance of its fields. Raises ValueError where there is no such class now."""
    kind = _named(described.partition("(")[0])
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        make: Callable[[list[Any]], Any] = kind._make  # type: ignore[attr-defined]
    elif isinstance(kind, type) and is_dataclass(kind):
        make = _instances(kind)
    else:
        raise ValueError(described)
    if _described(kind) != described:
        raise ValueError(described)
    return make


def _instances(kind: type[Any]) -> Callable[[list[Any]], Any]:
    names, new, put = [field.name for field in fields(kind)], object.__new__, object.__setattr__

    def instance(values: list[Any]) -> Any:
        made = new(kind)
        for name, value in zip(names, values, strict=True):
            put(made, name, value)
        return made

    return instance


def _named(name: str) -> Any:
    """Something of a module of this package. Raises ValueError, ImportError or AttributeError."""
    module, _, path = name.partition(":")
    if module.partition(".")[0] != PACKAGE or "__" in module:
        raise ValueError(name)
    found = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    if getattr(found, "__module__", None) != module:
        raise ValueError(name)
    return found


def _function(name: str) -> Any:
    """A function that sets networks up. Raises ValueError for another one."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    if not name.startswith((f"{PACKAGE}.support.", f"{PACKAGE}.kernels.")) or not callable(found := _named(name)):
        raise ValueError(name)
    return found


def _member(parts: list[Any]) -> Enum:
    kind = _named(parts[0])
    if not (isinstance(kind, type) and issubclass(kind, Enum)):
        raise ValueError(parts[0])
    return kind[parts[1]]


def _array(apart: Sequence[Any], parts: list[Any]) -> Any:
    if len(parts) == 1:
        return apart[range(len(apart))[parts[0]]]
    import numpy as np

    dtype, shape, content = parts
    if np.dtype(dtype).kind not in "biuf":
        raise ValueError(dtype)
    return np.frombuffer(content, dtype=dtype).reshape(shape).copy()


def _bytes(parts: list[Any]) -> bytes:
    return b64decode(parts[0], validate=True)


def _dict(parts: list[Any]) -> dict[Any, Any]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _fraction(parts: list[Any]) -> Fraction:
    return Fraction(*parts)


_CONTAINERS: tuple[Callable[[list[Any]], Any], ...] = (
    tuple, list, _dict, set, frozenset, _bytes, _fraction, partial(_array, ()), lambda parts: _function(parts[0]), _member,
)  # fmt: skip

# --- looked through --------------------------------------------------------------------------------------------------

T = TypeVar("T")


def of_type(value: object, kind: type[T]) -> T:
    """The value, with all that it is made of, where that is of the types that its classes declare. Raises ValueError where something is not."""
    waiting: list[tuple[object, Any]] = [(value, kind)]
    seen: set[tuple[int, int]] = set()
    while waiting:
        one, declared = waiting.pop()
        if _is_atom(one) or (id(one), id(declared)) not in seen:
            seen.add((id(one), id(declared)))
            waiting += _inside(one, declared)
    return value  # type: ignore[return-value]


def _inside(value: Any, declared: Any) -> Iterable[tuple[object, Any]]:
    """What a value is made of, and of what type each has to be. Raises ValueError where the value itself is of another type."""
    for choice in _choices(declared):
        kind, of = get_origin(choice) or choice, get_args(choice)
        if kind is Any or (kind is Literal and value in of):
            return ()
        if kind is Literal or getattr(kind, "_is_protocol", False) or not isinstance(value, (int, float) if kind is float else kind):
            continue
        if is_dataclass(kind) or hasattr(kind, "_fields"):
            return [(getattr(value, name), part) for name, part in _types(kind).items()]
        if _is_array(value):
            return _numbers(value, *get_args(of[-1]))
        match value:
            case Mapping():
                return [*((key, of[0]) for key in value), *((part, of[1]) for part in value.values())]
            case tuple() if of[-1] is not ...:
                return zip(value, of, strict=True)
            case tuple() | list():
                return [(part, of[0]) for part in value]
            case _:
                return ()
    raise ValueError(f"{type(value).__name__} in place of {getattr(declared, '__name__', declared)}")


def _numbers(array: Any, kind: Any) -> tuple[()]:
    """Nothing, where an array has numbers of that kind; ValueError where it has others."""
    if kind is not Any and not issubclass(array.dtype.type, kind):
        raise ValueError(f"numbers of type {array.dtype} in place of {kind.__name__}")
    return ()


@cache
def _choices(declared: Any) -> tuple[Any, ...]:
    return get_args(declared) if get_origin(declared) in (Union, UnionType) else (declared,)


@cache
def _types(kind: type[Any]) -> Mapping[str, Any]:
    types = get_type_hints(kind)
    return {name: types[name] for name in _fields(kind)}
