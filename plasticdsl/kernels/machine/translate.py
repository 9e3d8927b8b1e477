"""The text of a generated module as one LLVM module with an entry point over a table of plain pointers.

Comes in: a program and its text. Goes out: LLVM's text, the same for the same input. The text is read as numba reads it: functions are translated for the
types that they are called with, and a local has the type that holds all it is given. Generated modules use little of Python (`templates/`, `printer`,
`support/`); whatever else is met is `Untranslatable`. Indices count from 0, and none is negative.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from plasticdsl.kernels.inlined import parsed
from plasticdsl.kernels.layout import members
from plasticdsl.kernels.machine import calls
from plasticdsl.kernels.machine.body import WIDTHS, settled
from plasticdsl.kernels.machine.code import Code
from plasticdsl.kernels.machine.expressions import Called, passed
from plasticdsl.kernels.machine.values import I64, NAMED, Array, ArrayOf, Group, Number, TypeOf, Value, constant
from plasticdsl.kernels.program import Array as ArrayField
from plasticdsl.kernels.program import Member, Program
from plasticdsl.kernels.spelling import spell

#: The symbol of the entry point: int64 first_step, int64 steps, and a table of pointers to the floats, the whole numbers, the sizes and each array in
#: this order. One pointer for all, since Python needs some 80 ns for each argument of a call.
ENTRY = "plasticdsl_advance"
_ADVANCE = "advance"
#: With more kernels than this a step calls them. LLVM's time grows faster than what becomes one function.
MANY = 40


def translated(program: Program, text: str) -> str:
    """The whole LLVM module."""
    module = _Module(program, parsed(text))
    entry = module.entry()
    return "\n\n".join((calls.DECLARATIONS, *module.written, entry, WIDTHS)) + "\n"


class _Module:
    """Functions and constants of the text, and what has been written so far."""

    def __init__(self, program: Program, tree: ast.Module) -> None:
        self._program, self._spelling = program, spell(program)
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._apart = _kernels(self.functions)
        self.constants = {
            target.id: constant(_number(node.value))
            for node in tree.body
            if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Subscript)  # types have names too
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.fields: dict[str, dict[str, Member]] = {
            self._spelling.classes[group]: {self._spelling.fields[m.name]: m for m in many} for group, many in members(program).items()
        }
        self.written: list[str] = []
        self._known: dict[tuple[str, tuple[TypeOf, ...]], Called] = {}
        self._taken: dict[str, dict[str, dict[str, None]]] = {}

    def flags(self, name: str) -> str:
        """What LLVM may do to the arithmetic of a function: what its `fastmath` says."""
        match self._wish(name, "fastmath"):
            case ast.Set(elts=flags):
                return " ".join(sorted(str(ast.literal_eval(flag)) for flag in flags))
            case _:
                return ""

    def _wish(self, name: str, keyword: str) -> ast.expr | None:
        """What the decorator of a function gives for a keyword."""
        calls = (d for d in self.functions[name].decorator_list if isinstance(d, ast.Call))
        return next((k.value for call in calls for k in call.keywords if k.arg == keyword), None)

    def taken(self, name: str) -> Mapping[str, Mapping[str, None]]:
        """The fields that a function and all it calls take of the named tuples among its arguments."""
        if name not in self._taken:
            node = self.functions[name]
            found: dict[str, dict[str, None]] = {argument.arg: {} for argument in node.args.args}
            for inner in ast.walk(node):
                match inner:
                    case ast.Attribute(value=ast.Name(id=argument), attr=attribute) if argument in found:
                        found[argument][attribute] = None
                    case ast.Call(func=ast.Name(id=called), args=arguments) if called in self.functions:
                        for given, theirs in zip(arguments, self.taken(called).values(), strict=True):
                            if isinstance(given, ast.Name) and given.id in found:
                                found[given.id] |= theirs
            self._taken[name] = found
        return self._taken[name]

    def field_type(self, group: str, name: str) -> Number | ArrayOf:
        """Of a field of a named tuple."""
        match self.fields[group][name]:
            case ArrayField(dtype=dtype, shape=shape):
                return ArrayOf(NAMED[dtype], len(shape))
            case member:
                return NAMED[getattr(member, "dtype", "int64")]

    def called(self, name: str, types: tuple[TypeOf, ...]) -> Called:
        """A function for arguments of these types, translated when it is first called so."""
        if (name, types) not in self._known:
            own = f"@{name}.{len(self._known)}"
            body = settled(self, self.functions[name], types)
            inline = self._wish(name, "forceinline") is not None
            apart = name in self._apart or bool(self.flags(name))  # with flags: products of matrices, which are large and called seldom
            where = "alwaysinline " if inline else "noinline " if apart else ""
            result = body.result.text if body.result is not None else "void"
            head = f"define internal {result} {own}({', '.join(body.parameters)}) {where}nounwind"
            self.written.append(f"{head} {{\n{body.text}\n}}")
            self._known[name, types] = Called(own, body.result)
        return self._known[name, types]

    def entry(self) -> str:
        """The function over a table of pointers, which gives `advance` its arguments."""
        program, spelling, code = self._program, self._spelling, Code()
        pointers = ("%floats", "%integers", "%sizes", *(f"%array_{place}" for place in range(len(program.arrays))))
        for place, pointer in enumerate(pointers):
            code.do(f"{pointer}_at = getelementptr inbounds ptr, ptr %table, i64 {place}")
            code.do(f"{pointer} = load ptr, ptr {pointer}_at")
        lengths = {s.name: code.load(I64, _at(code, "%sizes", I64, place)) for place, s in enumerate(program.sizes)}
        found: dict[tuple[str, str], Value | Array] = {}
        for name, value in lengths.items():
            found[spelling.classes[name.group], spelling.fields[name]] = value
        for where, dtype in (("%floats", "float64"), ("%integers", "int64")):
            for place, scalar in enumerate(s for s in program.scalars if s.dtype == dtype):
                key = spelling.classes[scalar.name.group], spelling.fields[scalar.name]
                found[key] = code.load(NAMED[dtype], _at(code, where, NAMED[dtype], place))
        for place, a in enumerate(program.arrays):
            key = spelling.classes[a.name.group], spelling.fields[a.name]
            found[key] = Array(ArrayOf(NAMED[a.dtype], len(a.shape)), f"%array_{place}", tuple(lengths[s] for s in a.shape))
        classes = {name: spelling.classes[group] for group, name in spelling.groups.items()}
        groups = {classes[name]: fields for name, fields in list(self.taken(_ADVANCE).items())[2:]}
        called = self.called(_ADVANCE, (I64, I64, *map(Group, groups)))
        texts = ["i64 %first_step", "i64 %steps"]
        texts += [text for group, fields in groups.items() for name in fields for text in passed(found[group, name])]
        assert called.result is not None
        result = code.let(called.result, f"call {called.result.text} {called.name}({', '.join(texts)})")
        code.end(f"ret i64 {code.to(result, I64).text}")
        return f"define i64 @{ENTRY}(i64 %first_step, i64 %steps, ptr %table) nounwind {{\n{code.text()}\n}}"


def _kernels(functions: Mapping[str, ast.FunctionDef]) -> frozenset[str]:
    """What a step calls, where it is too much to be one function with it."""
    calls = (node.func for node in ast.walk(functions[_ADVANCE]) if isinstance(node, ast.Call))
    called = frozenset(f.id for f in calls if isinstance(f, ast.Name) and f.id in functions)
    return called if len(called) > MANY else frozenset()


def _number(node: ast.expr) -> int | float:
    """A constant of a module."""
    match node:
        case ast.BinOp(left=left, op=ast.LShift(), right=right):
            return int(_number(left)) << int(_number(right))
        case _:
            value: int | float = ast.literal_eval(node)
            return value


def _at(code: Code, pointer: str, of: Number, place: int) -> str:
    return code.let(I64, f"getelementptr inbounds {of.text}, ptr {pointer}, i64 {place}").text
