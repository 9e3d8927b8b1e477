"""Long lines of generated code are folded.

Comes in: a module's text whose statements have one line each. Goes out: the same statements, no line longer than the limit where
Python's brackets allow it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

WIDTH = 110
_STEP = 4
_BREAK = re.compile(r" (?=(?:[-+*/%<>=!]=?|\*\*|and|or|if|else) )|(?<=,) ")
_ASSIGNMENT = re.compile(r"(?P<head>(?:[\w\[\]., +*-]+ \+?= |return )?)(?P<value>.+)")
_HEADED = re.compile(r"(?P<head>if|elif|while) (?P<value>.+):")


def fold(text: str) -> str:
    """`text` with long comments and statements outside docstrings folded."""
    lines: list[str] = []
    quoted = False
    for line in text.splitlines():
        quotes = line.count('"""')
        if len(line) <= WIDTH or quoted or quotes:
            lines.append(line)
        else:
            lines += fold_line(line)
        quoted = quoted != (quotes % 2 == 1)
    return "\n".join(lines) + "\n"


def fold_line(line: str) -> list[str]:
    """One line of code or comment as several."""
    code = line.lstrip(" ")
    indent = line[: len(line) - len(code)]
    if code.startswith("# "):
        return [f"{indent}# {piece}" for piece in textwrap.wrap(code[2:], max(WIDTH - len(indent) - 2, 40), break_long_words=False)]
    headed = _HEADED.fullmatch(code)
    if headed is not None:
        return _bracketed(indent, f"{headed['head']} (", headed["value"], "):")
    opening = _outer_call(code)
    if opening is not None:
        end = code.rindex(")")
        return _bracketed(indent, code[: opening + 1], code[opening + 1 : end], code[end:])
    assignment = _ASSIGNMENT.fullmatch(code)
    if assignment is None or not assignment["head"]:
        return [line]
    return _bracketed(indent, f"{assignment['head']}(", assignment["value"], ")")


def _bracketed(indent: str, head: str, inner: str, tail: str) -> list[str]:
    deeper = indent + " " * _STEP
    return [indent + head, *(deeper + piece for piece in _pieces(inner, max(WIDTH - len(deeper), 40))), indent + tail]


def _outer_call(code: str) -> int | None:
    """Where the one bracket opens that ends the statement, in `f(…)`, `x = f(…)`, `def f(…):`, `for i in range(…):`."""
    body = code.removesuffix(":")
    if not body.endswith(")"):
        return None
    depth = 0
    for position in range(len(body) - 1, -1, -1):
        depth += {")": 1, "]": 1, "(": -1, "[": -1}.get(body[position], 0)
        if depth == 0:
            before = body[:position]
            named = re.search(r"[\w.]+$", before)
            plain = named is not None and re.fullmatch(r"(?:[\w\[\]., +*-]+ \+?= |return |def |for \w+ in )?", before[: named.start()])
            return position if plain else None
    return None


def _pieces(text: str, width: int) -> Iterator[str]:
    """`text` cut at operators and commas into lines of at most `width`, at the outermost brackets where that fills a good part of a line."""
    while len(text) > width:
        places = [m.start() for m in _BREAK.finditer(text, 0, width + 1) if 0 < m.start() <= width]
        if not places:
            break
        depths = _depths(text)
        good = [p for p in places if p >= width // 2] or places
        cut = min(good, key=lambda p: (depths[p], -p))
        yield text[:cut]
        text = text[cut + 1 :]
    yield text


def _depths(text: str) -> list[int]:
    depth, found = 0, []
    for character in text:
        depth += character in "(["
        depth -= character in ")]"
        found.append(depth)
    return found
