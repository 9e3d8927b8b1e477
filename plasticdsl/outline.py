"""Any stage of the compiler as text, for people who work on it.

Comes in: frozen dataclasses, and what they hold. Goes out: lines, the same for the same value. Fields that have no default stand without a name; fields
that have their default, and places in the source, are left out. What fits stands on one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import FunctionType
from typing import Any

from plasticdsl.source import Span

_WIDTH = 120


def outline(value: object) -> str:
    """The value as indented text."""
    return "\n".join(_lines(value, 0))


def _lines(value: object, indent: int, before: str = "", after: str = "") -> Iterator[str]:
    margin = "    " * indent
    line = f"{margin}{before}{_inline(value)}{after}"
    begin, parts, end = _opened(value)
    if len(line) <= _WIDTH or not parts:
        yield line
        return
    yield f"{margin}{before}{begin}"
    for name, part in parts:
        yield from _lines(part, indent + 1, name, ",")
    yield f"{margin}{end}{after}"


def _inline(value: object) -> str:
    begin, parts, end = _opened(value)
    return f"{begin}{', '.join(f'{name}{_inline(part)}' for name, part in parts)}{end}"


def _opened(value: object) -> tuple[str, list[tuple[str, Any]], str]:
    """How the text of a value begins, the parts it consists of, each with what stands before it, and how it ends."""
    name = type(value).__name__
    match value:
        case Enum():
            return f"{name}.{value.name}", [], ""
        case Mapping():
            return "{", [(f"{_inline(key)}: ", value[key]) for key in sorted(value, key=_inline)], "}"
        case frozenset() | set():
            return "{", [("", part) for part in sorted(value, key=_inline)], "}"
        case FunctionType():
            return value.__name__, [], ""
        case tuple() | list():
            return "[", [("", part) for part in value], "]"
        case _ if not is_dataclass(value) or isinstance(value, type):
            return repr(value), [], ""
        case _ if type(value).__str__ is not object.__str__:  # it has words of its own, as a dimension has
            return f"{name}({value})", [], ""
        case _:
            return f"{name}(", list(_fields(value)), ")"


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
