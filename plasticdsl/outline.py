"""Any stage of the compiler as text, for people who work on it.

Comes in: frozen dataclasses, and what they hold. Goes out: lines, the same for the same value. Fields that have no default stand without a name; fields
that have their default, and places in the source, are left out. What fits stands on one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any

from plasticdsl.source import Span

_WIDTH = 120


def outline(value: object) -> str:
    """The value as indented text."""
    return "\n".join(_lines(value, 0))


def _lines(value: object, indent: int, before: str = "", after: str = "") -> Iterator[str]:
    margin = "    " * indent
    line = f"{margin}{before}{_inline(value)}{after}"
    if len(line) <= _WIDTH or not _parts(value):
        yield line
        return
    begin, end = _frame(value)
    yield f"{margin}{before}{begin}"
    for name, part in _parts(value):
        yield from _lines(part, indent + 1, name, ",")
    yield f"{margin}{end}{after}"


def _inline(value: object) -> str:
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case _ if _is_said(value):
            return f"{type(value).__name__}({value})"
        case _ if _is_data(value) or isinstance(value, tuple | list | frozenset | set | Mapping):
            begin, end = _frame(value)
            return f"{begin}{', '.join(f'{name}{_inline(part)}' for name, part in _parts(value))}{end}"
        case _:
            return repr(value)


def _is_data(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _is_said(value: object) -> bool:
    """Whether it has words of its own, as a dimension has."""
    return _is_data(value) and type(value).__str__ is not object.__str__


def _frame(value: object) -> tuple[str, str]:
    match value:
        case Mapping() | frozenset() | set():
            return "{", "}"
        case tuple() | list():
            return "[", "]"
        case _:
            return f"{type(value).__name__}(", ")"


def _parts(value: object) -> list[tuple[str, Any]]:
    """What a value consists of, each part with what stands before it."""
    match value:
        case Enum():
            return []
        case Mapping():
            return [(f"{_inline(key)}: ", value[key]) for key in sorted(value, key=_inline)]
        case frozenset() | set():
            return [("", part) for part in sorted(value, key=_inline)]
        case tuple() | list():
            return [("", part) for part in value]
        case _ if _is_data(value) and not _is_said(value):
            return list(_fields(value))
        case _:
            return []


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, Span):
            continue
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if default is MISSING:
            yield "", part
        elif part != default:
            yield f"{field.name}=", part
