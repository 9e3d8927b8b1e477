"""Functions of Python, `math` and NumPy that kernels call: their names and arguments come in, instructions go out."""

from __future__ import annotations

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

#: What all modules declare; LLVM drops what is not called.
DECLARATIONS = "\n".join(
    (
        *(f"declare double @llvm.{name}.f64(double)" for name in sorted(INTRINSIC.values())),
        "declare double @llvm.pow.f64(double, double)",
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
        *(f"declare double @{name}(double) nounwind willreturn memory(none)" for name in sorted(EXTERNAL.values())),
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
                return code.let(F64, f"call double @llvm.fabs.f64(double {code.to(value, F64).text})")
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
