"""What a kernel computes with, as LLVM knows it.

Types are those that numba would find: Python's whole numbers have 64 bits, elements of arrays may have 32, and where two kinds meet the wider one is used.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


class Untranslatable(Exception):
    """Text that no generated module holds."""


@dataclass(frozen=True, slots=True)
class Number:
    """A type of numbers; truth values are whole numbers of one bit."""

    is_float: bool
    bits: int
    signed: bool = True

    @property
    def text(self) -> str:
        """As LLVM writes it."""
        return f"i{self.bits}" if not self.is_float else "double" if self.bits == 64 else "float"


F64, F32 = Number(True, 64), Number(True, 32)
I64, I32 = Number(False, 64), Number(False, 32)
U64, U32, U16 = Number(False, 64, False), Number(False, 32, False), Number(False, 16, False)
BOOL = Number(False, 1, False)

#: By the names that NumPy has for them.
NAMED = {"float64": F64, "float32": F32, "int64": I64, "int32": I32, "uint64": U64, "uint32": U32, "uint16": U16}


@dataclass(frozen=True, slots=True)
class Several:
    """The type of a function's results where it returns several."""

    parts: tuple[Number, ...]

    @property
    def text(self) -> str:
        """As LLVM writes it."""
        return "{" + ", ".join(part.text for part in self.parts) + "}"


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """The type of arrays in C order; `strided`: a column of one."""

    element: Number
    dimensions: int
    strided: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The type of a named tuple: the class by this name. Its fields are arguments of their own."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number, or several, by LLVM's name; a constant where it begins with no `%`."""

    type: Number | Several
    text: str

    @property
    def number(self) -> Number:
        """The type of one number."""
        if isinstance(self.type, Several):
            raise Untranslatable("several numbers where there should be one")
        return self.type


@dataclass(frozen=True, slots=True)
class Array:
    """Where an array begins, its lengths, and how far its elements are apart where it is strided."""

    type: ArrayOf
    pointer: str
    lengths: tuple[Value, ...]
    stride: tuple[Value, ...] = ()


#: An argument, and the type it has.
Argument = Value | Array | Group
TypeOf = Number | ArrayOf | Group


def type_of(argument: Argument) -> TypeOf:
    """The type of an argument."""
    match argument:
        case Value():
            return argument.number
        case Array(of):
            return of
        case Group():
            return argument


def constant(value: bool | int | float) -> Value:
    """A number of the text."""
    if isinstance(value, bool):
        return Value(BOOL, "true" if value else "false")
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise Untranslatable(f"{value} has more than 64 bits")
        return Value(I64, str(value))
    return Value(F64, f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}")


def wider(one: Number, other: Number) -> Number:
    """The type that holds both."""
    if one == other:
        return one
    if one.is_float or other.is_float:
        return F64
    if one == BOOL or other == BOOL:
        return other if one == BOOL else one
    if U64 in (one, other) and (one.signed or other.signed):
        raise Untranslatable("whole numbers with and without a sign meet")
    return Number(False, 64, one.signed or other.signed)


def computed(one: Number, other: Number) -> Number:
    """The type of a sum or product of both."""
    if one == other == F32:
        return F32
    found = wider(one, other)
    return F64 if found.is_float else Number(False, 64, found.signed or found == BOOL)
