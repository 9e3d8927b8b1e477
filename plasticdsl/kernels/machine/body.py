"""One function of a generated module as LLVM's: its syntax tree and the types of its arguments come in, a body goes out.

Locals are in memory while it is written; LLVM puts them into registers. It is written anew until no type of a local or of the result grows any more.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from plasticdsl.kernels.machine import calls
from plasticdsl.kernels.machine.code import Block, Code
from plasticdsl.kernels.machine.values import (
    I64,
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
        yield from (f"i64 {length.text}" for length in argument.lengths)
    else:
        yield f"{argument.number.text} {argument.text}"


def _memory(local: str) -> str:
    """Where a local is kept until LLVM puts it into a register."""
    return f'%"{local}.at"'


def settled(module: Around, node: ast.FunctionDef, types: tuple[TypeOf, ...]) -> Body:
    """The body, written anew until no type of a local or of the result grows any more."""
    body = Body(module, node, types, {}, None)
    while True:
        again = Body(module, node, types, body.types, body.result)
        if (again.types, again.result) == (body.types, body.result):
            return again
        body = again


@dataclass(slots=True)
class _Known:
    """What names stand for: locals in memory, arrays and named tuples."""

    arrays: dict[str, Array] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    fields: dict[tuple[str, str], Value | Array] = field(default_factory=dict)


class Body:
    """One function for arguments of given types. `types`: of its locals, as far as they are known; `result`: of what it returns."""

    def __init__(
        self, module: Around, node: ast.FunctionDef, types: tuple[TypeOf, ...], known: Mapping[str, Number], result: Number | Several | None
    ) -> None:
        self.module, self.code, self.types, self.result = module, Code(), dict(known), result
        self.parameters: list[str] = []
        self._known = _Known()
        for argument, of in zip(node.args.args, types, strict=True):
            self._parameter(argument.arg, of, module.taken(node.name)[argument.arg])
        self.statements(node.body)
        self._finish()

    def _parameter(self, name: str, of: TypeOf, taken: Mapping[str, None]) -> None:
        match of:
            case Group(group):
                self._known.groups[name] = of
                for attribute in taken:
                    self._known.fields[name, attribute] = self._received(f"{name}.{attribute}", self.module.field_type(group, attribute))
            case ArrayOf():
                array = self._received(name, of)
                assert isinstance(array, Array)
                self._known.arrays[name] = array
            case _:
                received = self._received(name, of)
                assert isinstance(received, Value)
                self._assign(name, received)

    def _received(self, name: str, of: Number | ArrayOf) -> Value | Array:
        if isinstance(of, Number):
            received = Value(of, f'%"{name}.in"')
            self.parameters.append(f"{of.text} {received.text}")
            return received
        array = Array(of, f'%"{name}.in"', tuple(Value(I64, f'%"{name}.length{place}"') for place in range(of.dimensions)))
        self.parameters += passed(array)
        return array

    def _finish(self) -> None:
        """Memory for locals, and the end of a function that returns nothing."""
        if self.result is None:
            self.code.end("ret void")
        else:
            self.code.end("unreachable")
        self.code.blocks[0].lines[:0] = [f"{_memory(name)} = alloca {of.text}" for name, of in self.types.items()]

    # --- statements ---

    def statements(self, body: Sequence[ast.stmt]) -> None:
        """One after the other."""
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=ast.Call() as call):
                self._call(call)
            case ast.Assign(targets=targets, value=value):
                self._assigned(targets, value)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                self._assigned([target], value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self._assign(name, self._operation(op, self._name(name), value))
            case ast.AugAssign(target=ast.Subscript() as target, op=op, value=value):
                place, of = self._place(target)
                self.code.store(self._operation(op, self.code.load(of, place), value), of, place)
            case ast.If(test=test, body=then, orelse=otherwise):
                self._if(test, then, otherwise)
            case ast.While(test=test, body=body):
                self._while(test, body)
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=bounds), body=body):
                self._for(name, bounds, body)
            case ast.Return(value=value):
                self._return(value)
            case _:
                raise Untranslatable(ast.unparse(statement))

    def _assigned(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        for target in targets:
            match target, value:
                case ast.Tuple(elts=names), ast.Tuple(elts=values):
                    for name, one in list(zip(names, [self._any(v) for v in values], strict=True)):
                        self._give(name, one)
                case ast.Tuple(elts=names), _:
                    several = self._value(value)
                    if not isinstance(several.type, Several):
                        raise Untranslatable(ast.unparse(value))
                    for place, (name, of) in enumerate(zip(names, several.type.parts, strict=True)):
                        self._give(name, self.code.let(of, f"extractvalue {several.type.text} {several.text}, {place}"))
                case _:
                    self._give(target, self._any(value))

    def _give(self, target: ast.expr, value: Value | Array) -> None:
        match target, value:
            case ast.Name(id=name), Array():
                self._known.arrays[name] = value
            case ast.Name(id=name), Value():
                self._assign(name, value)
            case ast.Subscript(), Value():
                place, of = self._place(target)
                self.code.store(value, of, place)
            case _:
                raise Untranslatable(ast.unparse(target))

    def _assign(self, name: str, value: Value) -> None:
        self.types[name] = wider(self.types.get(name, value.number), value.number)
        self.code.store(value, self.types[name], _memory(name))

    def _if(self, test: ast.expr, then: Sequence[ast.stmt], otherwise: Sequence[ast.stmt]) -> None:
        code = self.code
        yes, no, after = code.block("then"), code.block("else"), code.block("after")
        self._branch(test, yes, no)
        for block, body in ((yes, then), (no, otherwise)):
            code.begin(block)
            self.statements(body)
            code.go(after)
        code.begin(after)

    def _while(self, test: ast.expr, body: Sequence[ast.stmt]) -> None:
        code = self.code
        head, inner, after = code.block("while"), code.block("body"), code.block("after")
        code.go(head)
        code.begin(head)
        self._branch(test, inner, after)
        code.begin(inner)
        self.statements(body)
        code.go(head)
        code.begin(after)

    def _for(self, name: str, bounds: Sequence[ast.expr], body: Sequence[ast.stmt]) -> None:
        code = self.code
        first, last = [constant(0), *(code.to(self._value(b), I64) for b in bounds)][-2:]
        head, inner, after = code.block("for"), code.block("body"), code.block("after")
        counter = f"{head.label}.counter"
        self.types[counter] = I64
        code.store(first, I64, _memory(counter))
        code.go(head)
        code.begin(head)
        now = code.load(I64, _memory(counter))
        code.choose(code.compare("<", now, last), inner, after)
        code.begin(inner)
        self._assign(name, now)
        self.statements(body)
        following = code.let(I64, f"add nsw i64 {now.text}, 1")
        code.store(following, I64, _memory(counter))
        code.go(head)
        code.begin(after)

    def _return(self, value: ast.expr | None) -> None:
        match value:
            case None:
                self.code.end("ret void")
            case ast.Tuple(elts=values):
                self._return_several([self._value(v) for v in values])
            case _:
                found = self._value(value)
                if isinstance(found.type, Several):
                    self.result = found.type
                    self.code.end(f"ret {found.type.text} {found.text}")
                    return
                own = found.number if not isinstance(self.result, Number) else wider(self.result, found.number)
                self.result = own
                self.code.end(f"ret {own.text} {self.code.to(found, own).text}")

    def _return_several(self, values: Sequence[Value]) -> None:
        own = Several(tuple(value.number for value in values))
        if self.result is not None and self.result != own:
            raise Untranslatable("a function that returns several numbers of different types")
        self.result = own
        whole = Value(own, "undef")
        for place, value in enumerate(values):
            whole = self.code.let(own, f"insertvalue {own.text} {whole.text}, {value.number.text} {value.text}, {place}")
        self.code.end(f"ret {own.text} {whole.text}")

    # --- expressions ---

    def _any(self, node: ast.expr) -> Value | Array:
        """A number or an array."""
        match node:
            case ast.Name(id=name) if name in self._known.arrays:
                return self._known.arrays[name]
            case ast.Attribute(value=ast.Name(id=group), attr=name) if (group, name) in self._known.fields:
                return self._known.fields[group, name]
            case _:
                return self._value(node)

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return constant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=ast.Name(id="np" | "math"), attr=name) if name in _CONSTANTS:
                return constant(_CONSTANTS[name])
            case ast.Attribute():
                found = self._any_field(node)
                if isinstance(found, Value):
                    return found
            case ast.Subscript():
                place, of = self._place(node)
                return self.code.load(of, place)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(op, self._value(left), right)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return constant(-value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.code.negative(self._value(operand))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.code.opposite(self._value(operand))
            case ast.Compare() | ast.BoolOp():
                return self._condition(node)
            case ast.IfExp(test=test, body=body, orelse=otherwise):
                return self._choice(test, body, otherwise)
            case ast.Call():
                called = self._call(node)
                if called is not None:
                    return called
            case _:
                pass
        raise Untranslatable(ast.unparse(node))

    def _any_field(self, node: ast.Attribute) -> Value | Array | None:
        return self._known.fields.get((node.value.id, node.attr)) if isinstance(node.value, ast.Name) else None

    def _name(self, name: str) -> Value:
        if name in self.types:
            return self.code.load(self.types[name], _memory(name))
        if name in self.module.constants:
            return self.module.constants[name]
        raise Untranslatable(name)

    def _place(self, node: ast.Subscript) -> tuple[str, Number]:
        """Where an element of an array is, and its type."""
        array = self._any(node.value)
        if not isinstance(array, Array):
            raise Untranslatable(ast.unparse(node))
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return self.code.element(array, [self._value(index) for index in indices]), array.type.element

    def _operation(self, op: ast.operator, left: Value, node: ast.expr) -> Value:
        if not isinstance(op, ast.Pow):
            return self.code.binary(_OPERATORS[type(op)], left, self._value(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return self.code.power(left, node.value)
        return calls.power(self.code, left, self._value(node))

    def _condition(self, node: ast.expr) -> Value:
        """A truth value that is found by going different ways, since what stands after `and` and `or` may have no answer."""
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.code.compare(_OPERATORS[type(op)], self._value(left), self._value(right))
            case _:
                yes, no = ast.Constant(value=True), ast.Constant(value=False)
                return self._choice(node, yes, no)

    def _branch(self, node: ast.expr, yes: Block, no: Block) -> None:
        """Leaves for `yes` where a condition holds, else for `no`."""
        code = self.code
        match node:
            case ast.BoolOp(op=op, values=[*firsts, last]):
                for one in firsts:
                    following = code.block("next")
                    if isinstance(op, ast.And):
                        self._branch(one, following, no)
                    else:
                        self._branch(one, yes, following)
                    code.begin(following)
                self._branch(last, yes, no)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._branch(operand, no, yes)
            case ast.Compare(left=left, ops=[_, _, *_] as relations, comparators=rights):
                value = self._value(left)
                for place, (relation, right) in enumerate(zip(relations, rights, strict=True)):
                    other = self._value(right)
                    following = yes if place == len(rights) - 1 else code.block("next")
                    code.choose(code.compare(_OPERATORS[type(relation)], value, other), following, no)
                    if following is not yes:
                        code.begin(following)
                    value = other
            case _:
                code.choose(self._value(node), yes, no)

    def _choice(self, test: ast.expr, body: ast.expr, otherwise: ast.expr) -> Value:
        code = self.code
        yes, no, after = code.block("yes"), code.block("no"), code.block("chosen")
        self._branch(test, yes, no)
        ends = []
        for block, node in ((yes, body), (no, otherwise)):
            code.begin(block)
            ends.append((self._value(node), code.at))
        own = wider(ends[0][0].number, ends[1][0].number)
        ways = []
        for value, end in ends:
            code.at = end
            ways.append(f"[{code.to(value, own).text}, %{end.label}]")
            code.go(after)
        code.begin(after)
        return code.let(own, f"phi {own.text} {', '.join(ways)}")

    # --- calls ---

    def _call(self, call: ast.Call) -> Value | None:
        """What a function returns, if it returns something."""
        match call:
            case ast.Call(func=ast.Name(id="len"), args=[node]):
                array = self._any(node)
                if not isinstance(array, Array):
                    raise Untranslatable(ast.unparse(call))
                return array.lengths[0]
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in self.module.functions:
                return self._user(name, [self._argument(a) for a in arguments])
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return calls.builtin(self.code, name, [self._value(a) for a in arguments])
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "math" as module), attr=name), args=arguments):
                return calls.of_module(self.code, module, name, [self._value(a) for a in arguments])
            case ast.Call(func=ast.Attribute(value=value, attr="view"), args=[ast.Attribute(value=ast.Name(id="np"), attr=name)]):
                return calls.viewed(self.code, self._value(value), NAMED[name])
            case _:
                raise Untranslatable(ast.unparse(call))

    def _argument(self, node: ast.expr) -> tuple[str, Argument]:
        if isinstance(node, ast.Name) and node.id in self._known.groups:
            return node.id, self._known.groups[node.id]
        return "", self._any(node)

    def _user(self, name: str, arguments: Sequence[tuple[str, Argument]]) -> Value | None:
        types = tuple(type_of(argument) for _, argument in arguments)
        called, texts = self.module.called(name, types), list[str]()
        for (own, argument), fields in zip(arguments, self.module.taken(name).values(), strict=True):
            if isinstance(argument, Group):
                texts += [text for f in fields for text in passed(self._known.fields[own, f])]
            else:
                texts += passed(argument)
        result = called.result.text if called.result is not None else "void"
        instruction = f"call {result} {called.name}({', '.join(texts)})"
        if called.result is None:
            self.code.do(instruction)
            return None
        return self.code.let(called.result, instruction)
