"""One function of a generated module as LLVM's: its syntax tree and the types of its arguments come in, a body goes out.

Locals are in memory while it is written; LLVM puts them into registers.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from plasticdsl.kernels.machine.code import Code
from plasticdsl.kernels.machine.expressions import Around, Expressions, Known, memory, passed
from plasticdsl.kernels.machine.values import (
    F32,
    I64,
    Array,
    ArrayOf,
    Group,
    Number,
    Several,
    TypeOf,
    Untranslatable,
    Value,
    constant,
    wider,
)

#: At the end of a loop: so many iterations are to be done at once; what that refers to stands in the module.
WIDE = ", !llvm.loop !0"
WIDTHS = '!0 = distinct !{!0, !1}\n!1 = !{!"llvm.loop.vectorize.width", i32 16}'


def settled(module: Around, node: ast.FunctionDef, types: tuple[TypeOf, ...]) -> Body:
    """The body, written anew until no type of a local or of the result grows any more."""
    body = Body(module, node, types, {}, None)
    while True:
        again = Body(module, node, types, body.types, body.result)
        if (again.types, again.result) == (body.types, body.result):
            return again
        body = again


def _fixed(step: Value) -> int:
    """The step of a `range`: a number of the text, since its sign says where the loop ends."""
    if step.text.startswith("%") or step.text == "0":
        raise Untranslatable(f"a step that is {'0' if step.text == '0' else 'no number of the text'}")
    return int(step.text)


class Body:
    """One function for arguments of given types. `types`: of its locals, as far as they are known; `result`: of what it returns."""

    def __init__(
        self, module: Around, node: ast.FunctionDef, types: tuple[TypeOf, ...], known: Mapping[str, Number], result: Number | Several | None
    ) -> None:
        self.result, self.parameters = result, list[str]()
        self._module, self._code = module, Code(module.flags(node.name))
        self._known = Known(self._code, dict(known))
        self._expressions = Expressions(module, self._known)
        for argument, of in zip(node.args.args, types, strict=True):
            self._parameter(argument.arg, of, module.taken(node.name)[argument.arg])
        self.statements(node.body)
        self._finish()

    def _parameter(self, name: str, of: TypeOf, taken: Mapping[str, None]) -> None:
        match of:
            case Group(group):
                self._known.groups[name] = of
                for attribute in taken:
                    self._known.fields[name, attribute] = self._received(f"{name}.{attribute}", self._module.field_type(group, attribute))
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
        lengths = tuple(Value(I64, f'%"{name}.length{place}"') for place in range(of.dimensions))
        array = Array(of, f'%"{name}.in"', lengths, (Value(I64, f'%"{name}.stride"'),) * of.strided)
        self.parameters += passed(array)
        return array

    def _finish(self) -> None:
        """Memory for locals, and the end of a function that returns nothing."""
        if self.result is None:
            self._code.end("ret void")
        else:
            self._code.end("unreachable")
        self._code.blocks[0].lines[:0] = [f"{memory(name)} = alloca {of.text}" for name, of in self._known.types.items()]

    @property
    def types(self) -> Mapping[str, Number]:
        """Of its locals."""
        return self._known.types

    @property
    def text(self) -> str:
        """All its blocks."""
        return self._code.text()

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
                self._expressions.call(call)
            case ast.Assign(targets=targets, value=value):
                self._assigned(targets, value)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                self._assigned([target], value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self._assign(name, self._expressions.operation(op, self._expressions.name(name), value))
            case ast.AugAssign(target=ast.Subscript() as target, op=op, value=value):
                place, of = self._expressions.place(target)
                self._code.store(self._expressions.operation(op, self._code.load(of, place), value), of, place)
            case ast.If(test=test, body=then, orelse=otherwise):
                self._if(test, then, otherwise)
            case ast.While(test=test, body=body, orelse=[]):
                self._while(test, body)
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=bounds, keywords=[]), body=body, orelse=[]
            ):
                self._for(name, bounds, body)
            case ast.Return(value=value):
                self._return(value)
            case _:
                raise Untranslatable(ast.unparse(statement))

    def _assigned(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        for target in targets:
            match target, value:
                case ast.Tuple(elts=names), ast.Tuple(elts=values):
                    for name, one in list(zip(names, [self._expressions.any(v) for v in values], strict=True)):
                        self._give(name, one)
                case ast.Tuple(elts=names), _:
                    several = self._expressions.value(value)
                    if not isinstance(several.type, Several):
                        raise Untranslatable(ast.unparse(value))
                    for place, (name, of) in enumerate(zip(names, several.type.parts, strict=True)):
                        self._give(name, self._code.let(of, f"extractvalue {several.type.text} {several.text}, {place}"))
                case _:
                    self._give(target, self._expressions.any(value))

    def _give(self, target: ast.expr, value: Value | Array) -> None:
        match target, value:
            case ast.Name(id=name), Array():
                self._known.arrays[name] = value
            case ast.Name(id=name), Value():
                self._assign(name, value)
            case ast.Subscript(), Value():
                place, of = self._expressions.place(target)
                self._code.store(value, of, place)
            case _:
                raise Untranslatable(ast.unparse(target))

    def _assign(self, name: str, value: Value) -> None:
        self._known.types[name] = wider(self._known.types.get(name, value.number), value.number)
        self._code.store(value, self._known.types[name], memory(name))

    def _if(self, test: ast.expr, then: Sequence[ast.stmt], otherwise: Sequence[ast.stmt]) -> None:
        code = self._code
        yes, no, after = code.block("then"), code.block("else"), code.block("after")
        self._expressions.branch(test, yes, no)
        for block, body in ((yes, then), (no, otherwise)):
            code.begin(block)
            self.statements(body)
            code.go(after)
        code.begin(after)

    def _while(self, test: ast.expr, body: Sequence[ast.stmt]) -> None:
        code = self._code
        head, inner, after = code.block("while"), code.block("body"), code.block("after")
        code.go(head)
        code.begin(head)
        self._expressions.branch(test, inner, after)
        code.begin(inner)
        self.statements(body)
        code.go(head)
        code.begin(after)

    def _for(self, name: str, bounds: Sequence[ast.expr], body: Sequence[ast.stmt]) -> None:
        code = self._code
        values = [code.to(self._expressions.value(b), I64) for b in bounds]
        first, last = values[:2] if len(values) > 1 else (constant(0), *values)
        step = _fixed(values[2]) if len(values) > 2 else 1
        head, inner, after = code.block("for"), code.block("body"), code.block("after")
        counter = f"{head.label}.counter"
        self._known.types[counter] = I64
        code.store(first, I64, memory(counter))
        code.go(head)
        code.begin(head)
        now = code.load(I64, memory(counter))
        code.choose(code.compare("<" if step > 0 else ">", now, last), inner, after)
        code.begin(inner)
        self._assign(name, now)
        self.statements(body)
        following = code.let(I64, f"add nsw i64 {now.text}, {step}")
        code.store(following, I64, memory(counter))
        code.go(head, WIDE if self._is_wide(name, body) else "")
        code.begin(after)

    def _is_wide(self, name: str, body: Sequence[ast.stmt]) -> bool:
        """Whether as many iterations as there are 32-bit floats in a vector go well together: each works on such floats that lie side by side, and does
        the same. By itself LLVM takes as many as there are of the widest type."""
        here, accessed = {name}, list[str]()
        for statement in body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=unit)], value=ast.BinOp(op=ast.Add(), right=ast.Name(id=member))) if member in here:
                    here.add(unit)
                case ast.Assign() | ast.AugAssign() | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    return False
            for node in ast.walk(statement):
                match node:
                    case ast.Subscript(value=ast.Name(id=array), slice=ast.Name(id=index)) if index in here:
                        accessed.append(array)
                    case ast.Subscript():
                        return False
        return any(self._known.arrays[array].type.element == F32 for array in accessed if array in self._known.arrays)

    def _return(self, value: ast.expr | None) -> None:
        match value:
            case None:
                self._code.end("ret void")
            case ast.Tuple(elts=values):
                self._return_several([self._expressions.value(v) for v in values])
            case _:
                found = self._expressions.value(value)
                if isinstance(found.type, Several):
                    self.result = found.type
                    self._code.end(f"ret {found.type.text} {found.text}")
                    return
                own = found.number if not isinstance(self.result, Number) else wider(self.result, found.number)
                self.result = own
                self._code.end(f"ret {own.text} {self._code.to(found, own).text}")

    def _return_several(self, values: Sequence[Value]) -> None:
        own = Several(tuple(value.number for value in values))
        if self.result is not None and self.result != own:
            raise Untranslatable("a function that returns several numbers of different types")
        self.result = own
        whole = Value(own, "undef")
        for place, value in enumerate(values):
            whole = self._code.let(own, f"insertvalue {own.text} {whole.text}, {value.number.text} {value.text}, {place}")
        self._code.end(f"ret {own.text} {whole.text}")
