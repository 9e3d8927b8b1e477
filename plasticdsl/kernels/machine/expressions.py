"""Expressions of a generated module: their syntax tree comes in, instructions go out, and the value that these find.

What stands behind `and`, `or`, `if` and `else` may have no value where it is not asked for (an element that is not there), so it is reached by a branch.
Where there are many cases and all have a value anyway, all are computed and chosen from in pairs, since LLVM takes a time for branches that grows with the
square of their number.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from typing import Protocol

from plasticdsl.kernels.machine import calls
from plasticdsl.kernels.machine.code import Block, Code
from plasticdsl.kernels.machine.values import (
    NAMED,
    Argument,
    Array,
    ArrayOf,
    Group,
    Number,
    Several,
    TypeOf,
    Untranslatable,
    Value,
    constant,
    type_of,
    wider,
)

_OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_CONSTANTS = {"nan": math.nan, "inf": math.inf}
_YES, _NO = constant(True), constant(False)

#: From so many cases on they are chosen from in pairs.
MANY = 32
#: What has a value wherever its parts have one.
_TOTAL = (
    ast.Constant, ast.Name, ast.Attribute, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.Not,
    ast.cmpop, ast.boolop, ast.expr_context,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Called:
    """A translated function: its name, and what it returns (None: nothing)."""

    name: str
    result: Number | Several | None


class Around(Protocol):
    """The module of a function."""

    @property
    def functions(self) -> Mapping[str, ast.FunctionDef]:
        """By their names."""

    @property
    def constants(self) -> Mapping[str, Value]:
        """By their names."""

    def flags(self, name: str) -> str:
        """What LLVM may do to the arithmetic of a function."""

    def taken(self, name: str) -> Mapping[str, Mapping[str, None]]:
        """The fields that a function and all it calls take of the named tuples among its arguments."""

    def field_type(self, group: str, name: str) -> Number | ArrayOf:
        """Of a field of a named tuple."""

    def called(self, name: str, types: tuple[TypeOf, ...]) -> Called:
        """A function for arguments of these types."""


def passed(argument: Value | Array) -> Iterator[str]:
    """An argument as it is given to a function."""
    if isinstance(argument, Array):
        yield f"ptr {argument.pointer}"
        yield from (f"i64 {length.text}" for length in (*argument.lengths, *argument.stride))
    else:
        yield f"{argument.number.text} {argument.text}"


def memory(local: str) -> str:
    """Where a local is kept until LLVM puts it into a register."""
    return f'%"{local}.at"'


@dataclass(slots=True)
class Known:
    """What has been written of a function, and what names stand for there: locals of these `types` in memory, arrays, and named tuples with fields."""

    code: Code
    types: dict[str, Number]
    arrays: dict[str, Array] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    fields: dict[tuple[str, str], Value | Array] = field(default_factory=dict)


class Expressions:
    """Of one function in its module."""

    def __init__(self, module: Around, known: Known) -> None:
        self._module, self._known, self._code = module, known, known.code

    def any(self, node: ast.expr) -> Value | Array:
        """A number or an array."""
        match node:
            case ast.Name(id=name) if name in self._known.arrays:
                return self._known.arrays[name]
            case ast.Attribute(value=ast.Name(id=group), attr=name) if (group, name) in self._known.fields:
                return self._known.fields[group, name]
            case ast.Subscript(value=of, slice=index) if (part := self._part(of, index)) is not None:
                return part
            case _:
                return self.value(node)

    def _part(self, of: ast.expr, index: ast.expr) -> Array | None:
        """A row, a column or a stretch of an array; None where it is an element."""
        array, code = self.any(of), self._code
        if not isinstance(array, Array):
            raise Untranslatable(ast.unparse(of))
        match index:
            case ast.Slice(lower=lower, upper=upper, step=None):
                return code.stretch(array, self._bound(lower), self._bound(upper))
            case ast.Tuple(elts=[first, ast.Slice(lower=lower, upper=upper, step=None)]):
                return code.stretch(code.row(array, self.value(first)), self._bound(lower), self._bound(upper))
            case ast.Tuple(elts=[ast.Slice(lower=lower, upper=upper, step=None), last]):
                return code.column(array, self._bound(lower), self._bound(upper), self.value(last))
            case ast.Tuple():
                return None
            case _:
                return code.row(array, self.value(index)) if array.type.dimensions == 2 else None

    def _bound(self, node: ast.expr | None) -> Value | None:
        return None if node is None else self.value(node)

    def value(self, node: ast.expr) -> Value:
        """A number, or what a function returns."""
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return constant(value)
            case ast.Name(id=name):
                return self.name(name)
            case ast.Attribute(value=ast.Name(id="np" | "math"), attr=name) if name in _CONSTANTS:
                return constant(_CONSTANTS[name])
            case ast.Attribute(value=ast.Name(id=group), attr=name) if isinstance(found := self._known.fields.get((group, name)), Value):
                return found
            case ast.Subscript():
                place, of = self.place(node)
                return self._code.load(of, place)
            case ast.BinOp():
                return self._chain(node)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return constant(-value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._code.negative(self.value(operand))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._code.opposite(self.value(operand))
            case ast.Compare() | ast.BoolOp():
                return self._condition(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.Call():
                called = self.call(node)
                if called is not None:
                    return called
            case _:
                pass
        raise Untranslatable(ast.unparse(node))

    def name(self, name: str) -> Value:
        """A local, or a constant of the module."""
        if name in self._known.types:
            return self._code.load(self._known.types[name], memory(name))
        if name in self._module.constants:
            return self._module.constants[name]
        raise Untranslatable(name)

    def place(self, node: ast.Subscript) -> tuple[str, Number]:
        """Where an element of an array is, and its type."""
        array = self.any(node.value)
        if not isinstance(array, Array):
            raise Untranslatable(ast.unparse(node))
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return self._code.element(array, [self.value(index) for index in indices]), array.type.element

    def _chain(self, node: ast.BinOp) -> Value:
        """Of sums that hang to the left, possibly deeper than Python's stack."""
        links = [node]
        while isinstance(links[-1].left, ast.BinOp):
            links.append(links[-1].left)
        value = self.value(links[-1].left)
        for link in reversed(links):
            value = self.operation(link.op, value, link.right)
        return value

    def operation(self, op: ast.operator, left: Value, node: ast.expr) -> Value:
        """What an operator makes of a value and an expression."""
        if not isinstance(op, ast.Pow):
            return self._code.binary(_OPERATORS[type(op)], left, self.value(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return self._code.power(left, node.value)
        return calls.power(self._code, left, self.value(node))

    def _condition(self, node: ast.expr) -> Value:
        """A truth value that is found by going different ways, since what stands after `and` and `or` may have no answer."""
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._code.compare(_OPERATORS[type(op)], self.value(left), self.value(right))
            case _:
                return self._choice(ast.IfExp(test=node, body=ast.Constant(value=True), orelse=ast.Constant(value=False)))

    def branch(self, node: ast.expr, yes: Block, no: Block) -> None:
        """Leaves for `yes` where a condition holds, else for `no`."""
        code = self._code
        match node:
            case ast.BoolOp(op=op, values=[*firsts, last]):
                for one in firsts:
                    following = code.block("next")
                    if isinstance(op, ast.And):
                        self.branch(one, following, no)
                    else:
                        self.branch(one, yes, following)
                    code.begin(following)
                self.branch(last, yes, no)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.branch(operand, no, yes)
            case ast.Compare(left=left, ops=[_, _, *_] as relations, comparators=rights):
                value = self.value(left)
                for place, (relation, right) in enumerate(zip(relations, rights, strict=True)):
                    other = self.value(right)
                    following = yes if place == len(rights) - 1 else code.block("next")
                    code.choose(code.compare(_OPERATORS[type(relation)], value, other), following, no)
                    if following is not yes:
                        code.begin(following)
                    value = other
            case _:
                code.choose(self.value(node), yes, no)

    def _choice(self, node: ast.IfExp) -> Value:
        """The cases in turn, however many."""
        cases, rest = [node], node.orelse
        while isinstance(rest, ast.IfExp):
            cases.append(rest)
            rest = rest.orelse
        if len(cases) >= MANY and _have_values(cases, rest):
            return self._in_pairs(cases, rest)
        code, after, ends = self._code, self._code.block("chosen"), list[tuple[Value, Block]]()
        for case in cases:
            yes, no = code.block("yes"), code.block("no")
            self.branch(case.test, yes, no)
            code.begin(yes)
            ends.append((self.value(case.body), code.at))
            code.begin(no)
        ends.append((self.value(rest), code.at))
        own, ways = reduce(wider, (value.number for value, _ in ends)), list[str]()
        for value, code.at in ends:
            ways.append(f"[{code.to(value, own).text}, %{code.at.label}]")
            code.go(after)
        code.begin(after)
        return code.let(own, f"phi {own.text} {', '.join(ways)}")

    def _in_pairs(self, cases: Sequence[ast.IfExp], otherwise: ast.expr) -> Value:
        """The value of the first case that holds, or else the last."""
        holds, found = self._first_of(cases)
        return self._code.select(holds, found, self.value(otherwise))

    def _first_of(self, cases: Sequence[ast.IfExp]) -> tuple[Value, Value]:
        """Whether one of them holds, and the value of the first that does: of two halves that of the first, where one of it holds."""
        if len(cases) == 1:
            return self._truth(cases[0].test), self.value(cases[0].body)
        half = len(cases) // 2
        (one, found), (other, next_found) = self._first_of(cases[:half]), self._first_of(cases[half:])
        return self._code.select(one, _YES, other), self._code.select(one, found, next_found)

    def _truth(self, node: ast.expr) -> Value:
        """A condition of which every part has an answer."""
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return reduce(lambda one, other: self._code.select(one, other, _NO), map(self._truth, values))
            case ast.BoolOp(values=values):
                return reduce(lambda one, other: self._code.select(one, _YES, other), map(self._truth, values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._code.opposite(self._truth(operand))
            case _:
                return self._code.truth(self.value(node))

    # --- calls ---

    def call(self, call: ast.Call) -> Value | None:
        """What a function returns, if it returns something."""
        match call:
            case ast.Call(keywords=[_, *_]):
                raise Untranslatable(ast.unparse(call))
            case ast.Call(func=ast.Name(id="len"), args=[node]):
                array = self.any(node)
                if not isinstance(array, Array):
                    raise Untranslatable(ast.unparse(call))
                return array.lengths[0]
            case ast.Call(func=ast.Name(id="fetch"), args=[place, node]) if isinstance(array := self.any(node), Array):
                calls.fetch(self._code, array, self.value(place))
                return None
            case ast.Call(func=ast.Name(id="wait_for_all"), args=[threads, node]) if isinstance(array := self.any(node), Array):
                calls.wait_for_all(self._code, self.value(threads), array)
                return None
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in self._module.functions:
                return self._user(name, [self._argument(a) for a in arguments])
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return calls.builtin(self._code, name, [self.value(a) for a in arguments])
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "math" as module), attr=name), args=arguments):
                return calls.of_module(self._code, module, name, [self.value(a) for a in arguments])
            case ast.Call(func=ast.Attribute(value=value, attr="view"), args=[ast.Attribute(value=ast.Name(id="np"), attr=name)]):
                return calls.viewed(self._code, self.value(value), NAMED[name])
            case _:
                raise Untranslatable(ast.unparse(call))

    def _argument(self, node: ast.expr) -> tuple[str, Argument]:
        if isinstance(node, ast.Name) and node.id in self._known.groups:
            return node.id, self._known.groups[node.id]
        return "", self.any(node)

    def _user(self, name: str, arguments: Sequence[tuple[str, Argument]]) -> Value | None:
        types = tuple(type_of(argument) for _, argument in arguments)
        called, texts = self._module.called(name, types), list[str]()
        for (own, argument), fields in zip(arguments, self._module.taken(name).values(), strict=True):
            if isinstance(argument, Group):
                texts += [text for f in fields for text in passed(self._known.fields[own, f])]
            else:
                texts += passed(argument)
        result = called.result.text if called.result is not None else "void"
        instruction = f"call {result} {called.name}({', '.join(texts)})"
        if called.result is None:
            self._code.do(instruction)
            return None
        return self._code.let(called.result, instruction)


def _have_values(cases: Sequence[ast.IfExp], otherwise: ast.expr) -> bool:
    """Whether everything in them has a value whichever holds: arithmetic with numbers and such elements as the first condition reads in any case."""
    always = {ast.dump(n) for n in ast.walk(_asked_first(cases[0].test)) if isinstance(n, ast.Subscript)}
    parts = (node for case in cases for part in (case.test, case.body) for node in ast.walk(part))
    every = chain(parts, ast.walk(otherwise))
    return all(ast.dump(n) in always if isinstance(n, ast.Subscript) else isinstance(n, _TOTAL) for n in every)


def _asked_first(test: ast.expr) -> ast.expr:
    """The part of a condition that is looked at whatever it says."""
    while isinstance(test, ast.BoolOp):
        test = test.values[0]
    return test if isinstance(test, ast.Compare) and len(test.ops) == 1 else ast.Constant(value=True)
