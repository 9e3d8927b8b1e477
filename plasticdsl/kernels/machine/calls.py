"""Functions of Python, `math` and NumPy that kernels call: their names and arguments come in, instructions go out."""

from __future__ import annotations

import os
from collections.abc import Sequence

from plasticdsl.kernels.machine.code import Code
from plasticdsl.kernels.machine.values import F64, I64, NAMED, Array, Number, Untranslatable, Value, computed, constant

#: One double in, one out: LLVM's own, and those of the C library.
INTRINSIC = {
    "sqrt": "sqrt", "exp": "exp", "log": "log", "log10": "log10", "sin": "sin", "cos": "cos", "floor": "floor", "ceil": "ceil", "rint": "rint",
    "fabs": "fabs",
}  # fmt: skip
EXTERNAL = {
    "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "log1p": "log1p", "erf": "erf",
    "lgamma": "lgamma",
}  # fmt: skip

#: So often a thread that waits looks whether it may go on before it gives way to others: for some microseconds.
LOOKS = 5000

#: `support.memory.wait_for_all`: threads look at a number that the last one changes. Where threads are more than processors, those that wait give way.
WAIT = f"""
define internal void @wait_for_all(i64 %threads, ptr %barrier) noinline nounwind {{
  %alone = icmp sle i64 %threads, 1
  br i1 %alone, label %done, label %come
come:
  %turns = getelementptr i64, ptr %barrier, i64 1
  %before = load atomic i64, ptr %turns seq_cst, align 8
  %others = atomicrmw add ptr %barrier, i64 1 seq_cst
  %come_too = add i64 %others, 1
  %all = icmp eq i64 %come_too, %threads
  br i1 %all, label %open, label %look
open:
  store atomic i64 0, ptr %barrier seq_cst, align 8
  %after = add i64 %before, 1
  store atomic i64 %after, ptr %turns seq_cst, align 8
  br label %done
look:
  %looks = phi i64 [ 0, %come ], [ %more, %again ]
  %now = load atomic i64, ptr %turns seq_cst, align 8
  %closed = icmp eq i64 %now, %before
  br i1 %closed, label %wait, label %done
wait:
  %more = add i64 %looks, 1
  %long = icmp ugt i64 %more, {LOOKS}
  br i1 %long, label %give_way, label %again
give_way:
  {"%given = call i32 @sched_yield()" if os.name == "posix" else ""}
  br label %again
again:
  br label %look
done:
  ret void
}}
"""

#: What all modules declare; LLVM drops what is not called.
DECLARATIONS = "\n".join(
    (
        *(f"declare double @llvm.{name}.f64(double)" for name in sorted(INTRINSIC.values())),
        "declare float @llvm.fabs.f32(float)",
        "declare double @llvm.pow.f64(double, double)",
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
        "declare i32 @sched_yield() nounwind",
        *(f"declare double @{name}(double) nounwind willreturn memory(none)" for name in sorted(EXTERNAL.values())),
        WAIT,
    )
)


def of_module(code: Code, module: str, name: str, arguments: Sequence[Value]) -> Value:
    """`np.name(…)` or `math.name(…)`."""
    match arguments:
        case [value] if module == "np" and name in NAMED:
            return code.to(value, NAMED[name])
        case [value] if name == "sign":
            return _sign(code, code.to(value, F64))
        case [value] if name in INTRINSIC:
            found = code.let(F64, f"call double @llvm.{INTRINSIC[name]}.f64(double {code.to(value, F64).text})")
            return code.to(found, I64) if module == "math" and name in ("floor", "ceil") else found
        case [value] if name in EXTERNAL:
            return code.let(F64, f"call double @{EXTERNAL[name]}(double {code.to(value, F64).text})")
        case [left, right] if name == "fmod":
            return code.let(F64, f"frem double {code.to(left, F64).text}, {code.to(right, F64).text}")
        case _:
            raise Untranslatable(f"{module}.{name} of {len(arguments)}")


def fetch(code: Code, array: Array, place: Value) -> None:
    """Asks for the line of memory around an element, to be read, for all caches; what is not there does no harm."""
    pointer = code.let(I64, f"getelementptr {array.type.element.text}, ptr {array.pointer}, i64 {code.to(place, I64).text}")
    code.do(f"call void @llvm.prefetch.p0(ptr {pointer.text}, i32 0, i32 3, i32 1)")


def wait_for_all(code: Code, threads: Value, barrier: Array) -> None:
    """Goes on when so many threads have come."""
    code.do(f"call void @wait_for_all(i64 {code.to(threads, I64).text}, ptr {barrier.pointer})")


def builtin(code: Code, name: str, arguments: Sequence[Value]) -> Value:
    """`abs`, `int`, `float`, `min` and `max`."""
    match name, arguments:
        case "float", [value]:
            return code.to(value, F64)
        case "int", [value]:
            return code.to(value, I64) if value.number.is_float or value.number.bits == 1 else value
        case "abs", [value]:
            own = computed(value.number, value.number)
            if own.is_float:
                return code.let(own, f"call {own.text} @llvm.fabs.f{own.bits}({own.text} {code.to(value, own).text})")
            return code.select(code.compare("<", value, constant(0)), code.negative(value), code.to(value, own))
        case (("min" | "max"), [first, *others]):
            for other in others:
                first = code.select(code.compare("<" if name == "min" else ">", other, first), other, first)
            return first
        case _:
            raise Untranslatable(f"{name} of {len(arguments)}")


def viewed(code: Code, value: Value, of: Number) -> Value:
    """`value.view(of)`: the same bits."""
    return code.let(of, f"bitcast {value.number.text} {value.text} to {of.text}")


def power(code: Code, base: Value, exponent: Value) -> Value:
    """x to the power of what is no whole constant."""
    return code.let(F64, f"call double @llvm.pow.f64(double {code.to(base, F64).text}, double {code.to(exponent, F64).text})")


def _sign(code: Code, value: Value) -> Value:
    """−1, 0 or 1; NaN for NaN."""
    one, none = constant(1.0), constant(0.0)
    below = code.select(code.compare("<", value, none), constant(-1.0), value)
    above = code.select(code.compare(">", value, none), one, below)
    return code.select(code.compare("==", value, none), none, above)
