"""Expressions of a loop program as Python text that compiles.

Comes in: an expression whose names are locals, arguments and array elements, and their kinds. Goes out: text with no more brackets than
needed, the same for the same input. Also tells which functions of `support/` that text calls.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plasticdsl.kernels.identifiers import Field, Local
from plasticdsl.kernels.kinds import COUNTS, DRAWS, KEYS, Kind, Kinds, counted, is_whole, joined, settled
from plasticdsl.kernels.program import Element, Read
from plasticdsl.kernels.widths import Width, Widths, is_lost
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, walk

_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)
_LEVEL = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}

#: Whole exponents up to this size become multiplications (numba unrolls them), beyond it `pow`.
LARGEST_WHOLE_EXPONENT = 16

_NUMPY: Mapping[str, str] = {
    "log": "np.log", "log10": "np.log10", "sqrt": "np.sqrt", "sin": "np.sin", "cos": "np.cos", "tan": "np.tan", "arcsin": "np.arcsin",
    "arccos": "np.arccos", "arctan": "np.arctan", "sinh": "np.sinh", "cosh": "np.cosh", "log1p": "np.log1p", "erf": "math.erf",
    "abs": "abs", "sign": "np.sign", "floor": "np.floor", "ceil": "np.ceil", "round": "np.rint",
}  # fmt: skip

#: Function → function of `support/`; `min`, `max` and `mod` only of floats.
_SUPPORT: Mapping[str, str] = {
    "min": "minimum", "max": "maximum", "at_least": "at_least", "at_most": "at_most", "mod": "modulo", "exp": "exp", "expm1": "expm1",
    "tanh": "tanh", "x_over_expm1": "x_over_expm1", "expm1_over_x": "expm1_over_x", "expm1_over_small_x": "expm1_over_small_x",
    "vanishing": "vanishing",
    "in_grains": "in_grains", "steps_to_use_up": "steps_to_use_up",
    **{name: name for name in sorted(DRAWS | COUNTS.keys())},
}  # fmt: skip
_OF_INTEGERS_TOO = frozenset({"min", "max", "mod", "abs"})

#: Functions that give 32 bits for 32 bits: by another name, or by the same.
_SINGLE = frozenset({"exp", "expm1", "tanh", "x_over_expm1", "expm1_over_x", "expm1_over_small_x", "vanishing"})
_ANY_WIDTH = frozenset({"min", "max", "at_least", "at_most", "abs"})


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints expressions of one function; `names`: of its locals and of the fields that it unpacks; `widths`: where some floats have 32 bits."""

    kinds: Kinds
    names: Mapping[Local | Field, str]
    widths: Widths | None = None

    def floating(self, expr: Expr) -> str:
        """As a float of 64 bits (an integer expression is left as it is, numba converts it)."""
        return self._of_width(expr, Kind.FLOAT, Width.DOUBLE)[0]

    def integer(self, expr: Expr) -> str:
        """As an integer; a float expression is cut off towards zero."""
        return self._text(expr, Kind.INT)[0]

    def condition(self, expr: Expr) -> str:
        """As a truth value."""
        return self._text(expr, Kind.BOOL)[0]

    def plain(self, expr: Expr) -> str:
        """In the kind it has of its own."""
        return self._text(expr, settled(self.kinds.of(expr)))[0]

    def stored(self, array: Field, expr: Expr) -> str:
        """As a value for an element of an array."""
        return self._text(expr, self.kinds.arrays[array])[0]

    def added(self, array: Field, expr: Expr) -> str:
        """As a value that is added to an element of an array: in the width of these."""
        wide = Width.EITHER if self.widths is None or self.widths.arrays[array] is not Width.SINGLE else Width.SINGLE
        return self._of_width(expr, self.kinds.arrays[array], wide)[0]

    def assigned(self, name: Local, expr: Expr) -> str:
        """As a value for a local."""
        wide = Width.EITHER if self.widths is None else self.widths.locals.get(name, Width.EITHER)
        return self._of_width(expr, self.kinds.names[name], wide)[0]

    def element(self, target: Element) -> str:
        """An array element, `a[i, j]`."""
        return f"{self.names[target.array]}[{', '.join(self.integer(i) for i in target.indices)}]"

    def support(self, expr: Expr) -> Iterator[str]:
        """The functions of `support/` that the text of `expr` calls."""
        for node in walk(expr):
            if isinstance(node, Call) and node.function in _SUPPORT and not self._is_builtin(node):
                yield f"{_SUPPORT[node.function]}_single" if self._is_single(node) and node.function in _SINGLE else _SUPPORT[node.function]

    # --- text, and how tightly its outermost operation binds ---

    def _text(self, expr: Expr, want: Kind) -> tuple[str, int]:
        own = self.kinds.of(expr)
        if want is Kind.BOOL and own is not Kind.BOOL:
            zero = "0.0" if own is Kind.FLOAT else "0"
            return f"{self._within(expr, settled(own), _SUM)} != {zero}", _COMPARE
        if want is not Kind.BOOL and own is Kind.BOOL:
            one, zero = ("1.0", "0.0") if want is Kind.FLOAT else ("1", "0")
            return f"{one} if {self._within(expr, Kind.BOOL, _OR)} else {zero}", _CHOICE
        if want is Kind.INT and own is Kind.FLOAT:
            return f"int({self._text(expr, Kind.FLOAT)[0]})", _ATOM
        return self._of_kind(expr, want)

    def _of_kind(self, expr: Expr, want: Kind) -> tuple[str, int]:
        match expr:
            case Number(value):
                return literal(value, want), _SIGN if math.copysign(1.0, value) < 0 else _ATOM
            case Read(name):
                return self.names[name], _ATOM
            case Element():
                return self.element(expr), _ATOM
            case Binary("^", base, exponent):
                return self._power(base, exponent)
            case Binary():
                return self._chain(expr, want)
            case Negate(operand):
                return f"-{self._within(operand, want, _SIGN)}", _SIGN
            case Call():
                return self._call(expr, want)
            case Compare(operator, left, right):
                kind, wide = settled(joined((self._counted(left), self._counted(right)))), self._widest(left, right)
                return f"{self._within(left, kind, _SUM, wide)} {operator} {self._within(right, kind, _SUM, wide)}", _COMPARE
            case Logic("not", operands):
                return f"not {self._within(operands[0], Kind.BOOL, _NOT)}", _NOT
            case Logic(connective, operands):
                level, least = (_AND, _NOT) if connective == "and" else (_OR, _AND)
                return f" {connective} ".join(self._within(o, Kind.BOOL, least) for o in operands), level
            case Choice(branches, otherwise):
                wide = self._widest(expr)
                cases = [f"{self._within(v, want, _OR, wide)} if {self._within(c, Kind.BOOL, _OR)}" for c, v in branches]
                return f"{' else '.join(cases)} else {self._within(otherwise, want, _CHOICE, wide)}", _CHOICE
            case _:  # what has no place in a loop program has no kind either
                raise AssertionError(expr)

    def _within(self, expr: Expr, want: Kind, least: int, wide: Width = Width.EITHER) -> str:
        text, level = self._of_width(expr, want, wide)
        return text if level >= least else f"({text})"

    def _of_width(self, expr: Expr, want: Kind, wide: Width) -> tuple[str, int]:
        return _rounded(self._text(expr, want), self._widest(expr), wide)

    def _widest(self, *exprs: Expr) -> Width:
        """The width in which these meet."""
        return max(map(self.widths.of, exprs)) if self.widths is not None else Width.EITHER

    def _is_single(self, expr: Expr) -> bool:
        return self._widest(expr) is Width.SINGLE

    def _counted(self, expr: Expr) -> Kind:
        """The kind of an operand; truth values count as 0 and 1."""
        return counted(self.kinds.of(expr))

    def _chain(self, expr: Binary, want: Kind) -> tuple[str, int]:
        """A chain that hangs to the left, possibly deeper than Python's stack."""
        links = [expr]
        while isinstance(links[-1].left, Binary) and links[-1].left.operator != "^" and not is_lost(links[-1].left):
            links.append(links[-1].left)
        first = links[-1].left
        text, level = self._text(first, self._operand(links[-1].operator, self._counted(first), self._counted(links[-1].right), want))
        kind, width = self._counted(first), self._widest(first)
        for link in reversed(links):
            own, right, both = _LEVEL[link.operator], self._counted(link.right), max(width, self._widest(link.right))
            text, level = _rounded((text, level), width, both)
            left_text = text if level >= own else f"({text})"
            right_text = self._within(link.right, self._operand(link.operator, right, kind, want), own + 1, both)
            text, level, width = f"{left_text} {link.operator} {right_text}", own, both
            kind = Kind.FLOAT if link.operator == "/" else joined((kind, right))
        return text, level

    @staticmethod
    def _operand(operator: str, own: Kind, other: Kind, want: Kind) -> Kind:
        """What an operand of + - * / is printed as: in its own kind, whole numbers in that of the other side."""
        if own is not Kind.ANY:
            return own
        if operator == "/":
            return Kind.FLOAT
        return want if other is Kind.ANY else other

    def _power(self, base: Expr, exponent: Expr) -> tuple[str, int]:
        """Bases become floats first: a whole number to a whole power would be an integer."""
        if exponent == Number(0.5):
            return self._in_double(f"np.sqrt({self.floating(base)})", _ATOM, base)
        whole = self._counted(base) is Kind.INT
        shown = f"float({self.plain(base)})" if whole else self._within(base, Kind.FLOAT, _ATOM)
        if isinstance(exponent, Number) and is_whole(exponent.value) and abs(exponent.value) <= LARGEST_WHOLE_EXPONENT:
            # A negative whole exponent would make numba raise an exception at 0.
            power = shown if abs(exponent.value) == 1.0 else f"{shown}**{abs(int(exponent.value))}"
            one = "np.float32(1.0)" if self._is_single(base) else "1.0"
            return (power, _POWER) if exponent.value >= 0 else (f"{one} / {power}", _PRODUCT)
        if not whole:
            shown = self._within(base, Kind.FLOAT, _ATOM, Width.DOUBLE)
        if self._counted(exponent) is Kind.INT:
            return self._in_double(f"{shown}**float({self.plain(exponent)})", _POWER, base, exponent)
        return self._in_double(f"{shown}**{self._within(exponent, Kind.FLOAT, _SIGN, Width.DOUBLE)}", _POWER, base, exponent)

    def _in_double(self, text: str, level: int, *of: Expr) -> tuple[str, int]:
        """What was computed in 64 bits, rounded where its operands have 32."""
        return _rounded((text, level), Width.DOUBLE, self._widest(*of))

    def _call(self, call: Call, want: Kind) -> tuple[str, int]:
        function, arguments = call.function, call.arguments
        if function == "step":
            return f"1.0 if {self._within(arguments[0], Kind.FLOAT, _SUM)} > 0.0 else 0.0", _CHOICE
        if function in DRAWS or function in COUNTS:
            texts = [self.integer(a) if place < COUNTS.get(function, KEYS) else self.floating(a) for place, a in enumerate(arguments)]
            return f"{function}({', '.join(texts)})", _ATOM
        if function == "whole":  # an element of an array of 32-bit numbers is one of these in plain Python
            return f"int({self.integer(arguments[0])})", _ATOM
        if function == "index":  # from an array of numbers without sign: that none is negative spares a look at each
            return f"np.int64({self.integer(arguments[0])})", _ATOM
        if function == "quotient" or (function == "mod" and self._counted(call) in (Kind.ANY, Kind.INT)):
            left, right = (self._within(a, Kind.INT, least) for a, least in zip(arguments, (_PRODUCT, _PRODUCT + 1), strict=True))
            return f"{left} {'//' if function == 'quotient' else '%'} {right}", _PRODUCT
        if function not in _OF_INTEGERS_TOO:
            name = _SUPPORT.get(function) or _NUMPY.get(function)
            if name is None:
                raise ValueError(f"{function} is no function that kernels have")
            if self._is_single(call) and function in _SINGLE | _ANY_WIDTH:
                texts = [self._of_width(a, Kind.FLOAT, Width.SINGLE)[0] for a in arguments]
                return f"{name}{'_single' if function in _SINGLE else ''}({', '.join(texts)})", _ATOM
            return self._in_double(f"{name}({', '.join(self.floating(a) for a in arguments)})", _ATOM, call)
        kind = self._counted(call)
        if kind is Kind.ANY:
            kind = want if function == "abs" else Kind.INT
        name = function if self._is_builtin(call) else _SUPPORT[function]
        if function == "mod" and kind is Kind.FLOAT:
            return self._in_double(f"{name}({', '.join(self.floating(a) for a in arguments)})", _ATOM, call)
        return f"{name}({', '.join(self._of_width(a, kind, self._widest(call))[0] for a in arguments)})", _ATOM

    def _is_builtin(self, call: Call) -> bool:
        """Python's own min, max and % serve integers; floats need some that hand on NaN and divide by 0 without an error."""
        return call.function == "abs" or (call.function in _OF_INTEGERS_TOO and self.kinds.of(call) is not Kind.FLOAT)


def _rounded(text: tuple[str, int], own: Width, wide: Width) -> tuple[str, int]:
    """Text of a width in another one; what is of either width is of 64 bits by itself."""
    if wide is Width.SINGLE and own is not Width.SINGLE:
        return f"np.float32({text[0]})", _ATOM
    if wide is Width.DOUBLE and own is Width.SINGLE:
        return f"np.float64({text[0]})", _ATOM
    return text


def literal(value: float, want: Kind = Kind.FLOAT) -> str:
    """A number as Python text: the shortest that reads back as the same double, or an integer where one is wanted."""
    if want is Kind.INT and is_whole(value):
        return str(int(value))
    if math.isnan(value):
        return "np.nan"
    if math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return repr(float(value))
