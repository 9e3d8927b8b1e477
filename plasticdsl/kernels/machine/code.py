"""The body of one LLVM function while it is written: blocks of instructions, and arithmetic as numba's `error_model="numpy"` has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plasticdsl.kernels.machine.values import (
    BOOL,
    F32,
    F64,
    I64,
    Array,
    ArrayOf,
    Number,
    Several,
    Untranslatable,
    Value,
    computed,
    constant,
    wider,
)

_ORDERED = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq"}
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul"}
_BITS = {"&": "and", "|": "or", "^": "xor"}


@dataclass(slots=True)
class Block:
    """Instructions that run one after the other; `ended` once the last one leaves it."""

    label: str
    lines: list[str] = field(default_factory=list)
    ended: bool = False


class Code:
    """Instructions are added to the block `at`. `flags`: what LLVM may do to arithmetic of floats, "" for nothing."""

    def __init__(self, flags: str = "") -> None:
        self._count, self._flags = 0, flags and f"{flags} "
        self.blocks: list[Block] = []
        self.at = self.begin(self.block("entry"))

    # --- blocks ---

    def block(self, name: str) -> Block:
        """A new block, to be begun later."""
        self._count += 1
        return Block(f"{name}.{self._count}")

    def begin(self, block: Block) -> Block:
        """From here on instructions belong to `block`."""
        self.blocks.append(block)
        self.at = block
        return block

    def end(self, instruction: str) -> None:
        """Leaves the block; what follows in it is never reached."""
        if not self.at.ended:
            self.at.lines.append(instruction)
            self.at.ended = True

    def go(self, to: Block, note: str = "") -> None:
        """Leaves for `to`. `note`: what LLVM is told of it."""
        self.end(f"br label %{to.label}{note}")

    def choose(self, condition: Value, yes: Block, no: Block) -> None:
        """Leaves for one of two."""
        self.end(f"br i1 {self.truth(condition).text}, label %{yes.label}, label %{no.label}")

    def text(self) -> str:
        """All blocks."""
        return "\n".join(f"{block.label}:\n" + "\n".join(f"  {line}" for line in block.lines) for block in self.blocks)

    # --- instructions ---

    def do(self, instruction: str) -> None:
        """An instruction without a result."""
        if not self.at.ended:
            self.at.lines.append(instruction)

    def let(self, of: Number | Several, instruction: str) -> Value:
        """The result of an instruction."""
        self._count += 1
        name = f"%v{self._count}"
        self.do(f"{name} = {instruction}")
        return Value(of, name)

    def load(self, of: Number, pointer: str) -> Value:
        """The number at a place."""
        return self.let(of, f"load {of.text}, ptr {pointer}")

    def store(self, value: Value, of: Number, pointer: str) -> None:
        """Puts a number there, as one of this type."""
        self.do(f"store {of.text} {self.to(value, of).text}, ptr {pointer}")

    def element(self, array: Array, indices: Sequence[Value]) -> str:
        """Where an element is."""
        if len(indices) != array.type.dimensions:
            raise Untranslatable("an array with fewer indices than dimensions")
        _from_the_beginning(indices)
        place = self.to(indices[0], I64)
        for stride in array.stride:
            place = self._product(place, stride)
        for index, length in zip(indices[1:], array.lengths[1:], strict=True):
            place = self.let(I64, f"add nsw i64 {self._product(place, length).text}, {self.to(index, I64).text}")
        return self.at_place(array, place)

    def at_place(self, array: Array, place: Value) -> str:
        """Where the element is that has so many before it in memory."""
        return self.let(I64, f"getelementptr inbounds {array.type.element.text}, ptr {array.pointer}, i64 {place.text}").text

    def _product(self, one: Value, other: Value) -> Value:
        return self.let(I64, f"mul nsw i64 {one.text}, {other.text}")

    # --- parts of arrays ---

    def row(self, array: Array, index: Value) -> Array:
        """`array[index]` of a matrix."""
        pointer = self.element(array, [index, constant(0)])
        return Array(ArrayOf(array.type.element, 1), pointer, array.lengths[1:])

    def stretch(self, array: Array, begin: Value | None, end: Value | None) -> Array:
        """`array[begin:end]`, cut off where the array ends."""
        if array.type.dimensions != 1 or array.stride:
            raise Untranslatable("a part of what is no row")
        (length,) = array.lengths
        first, last = self._bounds(length, begin, end)
        return Array(array.type, self.at_place(array, first), (self.let(I64, f"sub nsw i64 {last.text}, {first.text}"),))

    def column(self, array: Array, begin: Value | None, end: Value | None, index: Value) -> Array:
        """`array[begin:end, index]` of a matrix."""
        first, last = self._bounds(array.lengths[0], begin, end)
        pointer = self.element(array, [first, index])
        return Array(
            ArrayOf(array.type.element, 1, True), pointer, (self.let(I64, f"sub nsw i64 {last.text}, {first.text}"),), array.lengths[1:]
        )

    def _bounds(self, length: Value, begin: Value | None, end: Value | None) -> tuple[Value, Value]:
        _from_the_beginning([bound for bound in (begin, end) if bound is not None])
        first = constant(0) if begin is None else self._smaller(self.to(begin, I64), length)
        last = length if end is None else self._smaller(self.to(end, I64), length)
        return first, self.select(self.compare("<", last, first), first, last)

    def _smaller(self, one: Value, other: Value) -> Value:
        return self.select(self.compare("<", one, other), one, other)

    # --- types ---

    def to(self, value: Value, of: Number) -> Value:
        """The number in another type: floats are cut off towards zero, whole numbers to their last bits."""
        own = value.number
        if own.text == of.text:
            return Value(of, value.text)
        if of == BOOL:
            return self.truth(value)
        if own.is_float and of.is_float:
            how = "fpext" if of == F64 else "fptrunc"
        elif own.is_float:
            how = "fptosi" if of.signed else "fptoui"
        elif of.is_float:
            how = "sitofp" if own.signed else "uitofp"
        else:
            how = "trunc" if of.bits < own.bits else "sext" if own.signed else "zext"
        return self.let(of, f"{how} {own.text} {value.text} to {of.text}")

    def truth(self, value: Value) -> Value:
        """Whether it is not zero."""
        own = value.number
        if own == BOOL:
            return value
        return self.let(BOOL, f"{'fcmp une' if own.is_float else 'icmp ne'} {own.text} {value.text}, {'0.0' if own.is_float else '0'}")

    # --- arithmetic ---

    def negative(self, value: Value) -> Value:
        """−x."""
        own = computed(value.number, value.number)
        operand = self.to(value, own).text
        return self.let(own, f"fneg {self._flags}{own.text} {operand}" if own.is_float else f"sub i64 0, {operand}")

    def opposite(self, value: Value) -> Value:
        """not x."""
        return self.let(BOOL, f"xor i1 {self.truth(value).text}, true")

    def compare(self, operator: str, left: Value, right: Value) -> Value:
        """A truth value. What is no number is unequal to everything."""
        own = wider(left.number, right.number)
        a, b = self.to(left, own).text, self.to(right, own).text
        if operator == "!=":
            return self.let(BOOL, f"{'fcmp une' if own.is_float else 'icmp ne'} {own.text} {a}, {b}")
        how = _ORDERED[operator]
        if own.is_float:
            return self.let(BOOL, f"fcmp o{how} {own.text} {a}, {b}")
        return self.let(BOOL, f"icmp {how if how == 'eq' else ('s' if own.signed else 'u') + how} {own.text} {a}, {b}")

    def binary(self, operator: str, left: Value, right: Value) -> Value:
        """An operation on two numbers."""
        if operator == "/":
            of = F32 if left.number == right.number == F32 else F64
            return self.let(of, f"fdiv {self._flags}{of.text} {self.to(left, of).text}, {self.to(right, of).text}")
        as_they_are = operator in _BITS and left.type == right.type
        own = left.number if as_they_are else computed(left.number, right.number)
        a, b = self.to(left, own).text, self.to(right, own).text
        if operator in _ARITHMETIC:
            how = f"f{_ARITHMETIC[operator]} {self._flags}" if own.is_float else f"{_ARITHMETIC[operator]} "
            return self.let(own, f"{how}{own.text} {a}, {b}")
        if own.is_float:
            raise Untranslatable(f"{operator} of floats")
        if operator in _BITS:
            return self.let(own, f"{_BITS[operator]} {own.text} {a}, {b}")
        match operator:
            case "<<":
                return self.let(own, f"shl {own.text} {a}, {b}")
            case ">>":
                return self.let(own, f"{'ashr' if own.signed else 'lshr'} {own.text} {a}, {b}")
            case "//":
                return self._quotient(a, b, own)[0]
            case "%":
                return self._quotient(a, b, own)[1]
            case _:
                raise Untranslatable(operator)

    def _quotient(self, a: str, b: str, own: Number) -> tuple[Value, Value]:
        """As Python rounds it, downwards, and the rest; both 0 where the divisor is."""
        zero = self.let(BOOL, f"icmp eq i64 {b}, 0").text
        divisor = self.let(own, f"select i1 {zero}, i64 1, i64 {b}").text
        if not own.signed:
            whole, rest = (self.let(own, f"{how} i64 {a}, {divisor}").text for how in ("udiv", "urem"))
        else:
            down, left = (self.let(own, f"{how} i64 {a}, {divisor}").text for how in ("sdiv", "srem"))
            inexact = self.let(BOOL, f"icmp ne i64 {left}, 0").text
            signs = self.let(I64, f"xor i64 {left}, {divisor}").text
            apart = self.let(BOOL, f"icmp slt i64 {signs}, 0").text
            wrong = self.let(BOOL, f"and i1 {inexact}, {apart}").text
            less, more = self.let(own, f"sub i64 {down}, 1").text, self.let(own, f"add i64 {left}, {divisor}").text
            whole = self.let(own, f"select i1 {wrong}, i64 {less}, i64 {down}").text
            rest = self.let(own, f"select i1 {wrong}, i64 {more}, i64 {left}").text
        return self.let(own, f"select i1 {zero}, i64 0, i64 {whole}"), self.let(own, f"select i1 {zero}, i64 0, i64 {rest}")

    def power(self, base: Value, exponent: int) -> Value:
        """xⁿ for n ≥ 0, by squares, in the order in which numba multiplies."""
        own = computed(base.number, base.number)
        square, found = self.to(base, own), self.to(constant(1), own)
        while exponent:
            if exponent & 1:
                found = self.binary("*", found, square)
            exponent >>= 1
            if exponent:
                square = self.binary("*", square, square)
        return found

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """One of two numbers that are both there."""
        own = wider(yes.number, no.number)
        return self.let(own, f"select i1 {condition.text}, {own.text} {self.to(yes, own).text}, {own.text} {self.to(no, own).text}")


def _from_the_beginning(indices: Sequence[Value]) -> None:
    """Indices are taken as they are: those that Python counts from the end are refused where the text shows them."""
    if any(index.text.startswith("-") for index in indices):
        raise Untranslatable("an index from the end")
