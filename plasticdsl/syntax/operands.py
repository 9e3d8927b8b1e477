"""A sign that is missing between two operands, or brackets around them: what both readings look like.

Comes in: the tokens of a statement and the number of the one that does not fit. Goes out: a `Refusal` whose hint shows the readings.
"""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.source import Span
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import CLOSING, OPENING, Token

#: What a condition crosses.
_CROSSINGS = {"rises": "above", "falls": "below"}


def number_after_value(tokens: Sequence[Token], number: int) -> Refusal:
    """`x 2`; `1..5`, which is read as two numbers."""
    before, token = tokens[number - 1], tokens[number]
    path = token.span.path
    if before.kind == "NUMBER" and before.span.end == token.span.start:
        inside = any(t.kind == "INDEX" for t in tokens[:number]) and tokens[number - 2].kind in ("INDEX", ",")
        digits = Span(before.span.start, token.span.start + len(token.text), path)  # without the unit of the second
        return _two_points(before.text, token.text, digits, inside)
    crossing = tokens[number - 2].text if number > 1 else ""
    if before.kind == "NAME" and crossing in _CROSSINGS:
        meant = _CROSSINGS[crossing]
        message = f"‘{crossing} {before.text}’ is no condition."
        return Refusal("unexpected", before.span, message, Hint(f"Write ‘{meant}’.", (meant,)))
    operand = Span(tokens[begin_of(tokens, number - 1)].span.start, before.span.end, path)
    texts: tuple[str, ...] = ("{0}·{1}",)
    words = "‘{0}·{1}’ for the product"
    if before.kind in ("NAME", ")") and not token.unit:
        texts, words = (*texts, "{0}^{1}"), f"{words}, ‘{{0}}^{{1}}’ for the power"
    if _in_list(tokens[:number]):
        texts, words = ("{0}, {1}", "{0}·{1}"), "‘{0}, {1}’ for two items, ‘{0}·{1}’ for the product"
    hint = Hint(f"Write {words}.", texts, operand.to(token.span))
    message = "The number ‘{1}’ cannot follow ‘{0}’ without a sign between."
    return Refusal("number-after-value", token.span, message, hint, quoted=(operand, token.span))


def _in_list(tokens: Sequence[Token]) -> bool:
    """Whether the innermost bracket that is open is that of a list."""
    opened: list[str] = []
    for token in tokens:
        if token.kind in OPENING:
            opened.append(token.kind)
        elif token.kind in CLOSING and opened:
            opened.pop()
    return opened[-1:] == ["["]


def _two_points(left: str, right: str, place: Span, of_units: bool) -> Refusal:
    meant = f"{left.rstrip('.')} to {right.lstrip('.')}" if of_units else left + right.removeprefix(".")
    hint = Hint(f"Write ‘{meant}’.", (meant,)) if left.endswith(".") else Hint("A number has one point.")
    return Refusal("number-after-value", place, f"‘{left}{right}’ is no number.", hint)


def second_power(tokens: Sequence[Token], number: int) -> Refusal | None:
    """`a^b^c`, `a²^c`, `√x²`: the token at `number` raises what is a power or root already, or a derivative
    (`∂L/∂w²`); None where it raises something else."""
    token = tokens[number]
    path = token.span.path
    begin = begin_of(tokens, number - 1)
    end = tokens[number if token.kind == "POWER" else end_of(tokens, number + 1)].span.end
    second = Span(token.span.start, end, path)
    raised = tokens[number - 1].kind == "POWER"
    what, first, below, above = "a power", begin, begin, begin
    texts: tuple[str, ...] = ("({0}){1}",)
    if begin and tokens[begin - 1].kind == "√":
        what, first, texts = "a root", begin - 1, ("({0}){1}", "√({2}{1})")
    elif begin and tokens[begin - 1].kind == "∂":
        what, first = "a derivative", max((k for k in range(begin - 1) if tokens[k].kind == "∂"), default=begin - 1)
    elif not raised:
        below = max((k for k in range(number) if tokens[k].kind == "^"), default=0) - 1
        if below < 0:
            return None
        first, above, texts = begin_of(tokens, below), below + 2, ("({0}){1}", "{3}^({2}{1})")
    whole = Span(tokens[first].span.start, tokens[number - 1].span.end, path)
    quoted = (whole, second, Span(tokens[above].span.start, whole.end, path), Span(whole.start, tokens[below].span.end, path))
    hint = Hint(f"Write {' or '.join(f'‘{text}’' for text in texts)}.", texts, whole.to(second))
    return Refusal("ambiguous-power", token.span, f"A power of {what} can be read in two ways.", hint, quoted=quoted)


def begin_of(tokens: Sequence[Token], end: int) -> int:
    """Where the operand that ends at `end` begins: a name, a number, brackets with what stands before them, any of them raised."""
    while tokens[end].kind in ("POWER", "LIMIT", "ᵀ"):
        end -= 1
    depth, number = 0, end
    while number > 0:
        depth += (tokens[number].kind in CLOSING) - (tokens[number].kind in OPENING)
        if depth <= 0:
            break
        number -= 1
    if number and tokens[number].kind in OPENING and (tokens[number].kind == "INDEX" or tokens[number - 1].kind == "CALLED"):
        number -= 1
    while number > 1 and tokens[number - 1].kind == ".":
        number -= 2
    return number


def end_of(tokens: Sequence[Token], number: int) -> int:
    """Where the operand that begins at `number`, after a sign perhaps, ends."""
    depth, last = 0, len(tokens) - 1
    number = min(number, last)
    while number < last and (depth or tokens[number].kind in ("-", "√", "CALLED", *OPENING)):
        depth += (tokens[number].kind in OPENING) - (tokens[number].kind in CLOSING)
        if depth == 0 and tokens[number].kind in CLOSING:
            break
        number += 1
    return number


def closing(tokens: Sequence[Token], number: int) -> int:
    """Where the bracket at `number` is closed; `number` itself where none is opened there."""
    depth, last = 0, len(tokens) - 1
    for place in range(number, last + 1):
        kind = tokens[place].kind
        depth += (kind in OPENING or kind == "BAR_OPEN") - (kind in CLOSING or kind == "BAR_CLOSE")
        if depth <= 0:
            return place
    return last


def end_of_postfix(tokens: Sequence[Token], number: int) -> int:
    """Where the operand that begins at `number` ends, with its arguments, members and indices but no power."""
    last = len(tokens) - 1
    if number >= last or tokens[number].kind == "√":
        return last if number >= last else end_of_postfix(tokens, number + 1)
    end = closing(tokens, number + (tokens[number].kind == "CALLED"))
    while end < last:
        match tokens[end + 1].kind:
            case "." if end + 2 <= last:
                end = closing(tokens, end + 2 + (tokens[end + 2].kind == "CALLED"))
            case "INDEX":
                end = closing(tokens, end + 1)
            case "LIMIT" | "ᵀ":
                end += 1
            case _:
                break
    return end
