"""What the prose of a page says that a run finds: numbers with a comment right behind them, which readers do not see.

    … moves a shunted cell by 0.79 mV<!-- expect max(shunted.V) + 70 mV ≈ this over last 80 ms --> in place of …

The text of a page comes in, its claims go out. A comment has statements of an experiment, with `;` between them. `≈ this` is as close to the number
before the comment as its last digit says, or its own `± …`; `this` elsewhere is the number. Lines other than `expect` change the experiment, as in one
that is `like` it:

    … 23 %<!-- r_ex = 20 Hz; expect fraction(ex.w > 0.5·ex.w_max) ≈ this at end --> of them …

The experiment is the last of a `plas` block: the one in the section of the comment, else the one before it, else the first of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from .pages import Example, examples

_COMMENT = re.compile(r"<!--(?P<lines>.*?)-->", re.DOTALL)
_NUMBER = re.compile(r"(?P<value>−?\d+(?:\.\d+)?)(?: ± (?P<by>\d+(?:\.\d+)?))?(?: (?P<unit>%|[A-Za-zµ]+(?:/[A-Za-z]+)?))?$")
_EXPERIMENT = re.compile(r"^experiment (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Claim:
    """One comment. `block`: the model it is about; `changes`: the lines that change its experiment; `expected`: `expect` lines with their numbers."""

    line: int
    block: Example
    changes: tuple[str, ...]
    expected: tuple[str, ...]


def claims(text: str) -> tuple[Claim, ...]:
    """Those of a page, in order. Raises ValueError for a comment that has `this` and no number before it."""
    found = examples(text)
    models = [
        e for e in found if e.language == "plas" and not {"error", "mistake", "fragment"} & set(e.marks) and _EXPERIMENT.search(e.text)
    ]
    prose = _without(text, found)
    return tuple(_claim(comment, prose, models) for comment in _COMMENT.finditer(prose) if "expect " in comment["lines"])


def checked(block: Example, page: tuple[Claim, ...]) -> Example:
    """The block with what is said of its experiment as it stands among its expectations."""
    return replace(block, text=block.text + _indented(line for c in page if c.block == block and not c.changes for line in c.expected))


def changed(page: tuple[Claim, ...]) -> dict[tuple[int, tuple[str, ...]], Example]:
    """What is said of experiments that are changed, or of models that tests do not run where they stand: for each block (by its line) and each way to
    change its experiment, the block with an experiment that looks."""
    apart = [c for c in page if c.changes or "run" not in c.block.marks]
    return {
        (c.block.line, c.changes): replace(
            c.block,
            text=f"{c.block.text}\nexperiment Claimed like {_EXPERIMENT.findall(c.block.text)[-1]}:\n"
            + _indented((*c.changes, *(e for o in apart if (o.block, o.changes) == (c.block, c.changes) for e in o.expected))),
        )
        for c in apart
    }


def _claim(comment: re.Match[str], prose: str, models: list[Example]) -> Claim:
    line = prose.count("\n", 0, comment.start()) + 1
    statements = [" ".join(s.split()) for s in comment["lines"].split(";")]
    expected = [s for s in statements if s.startswith("expect ")]
    number = _NUMBER.search(prose[: comment.start()])
    if number is None and any(re.search(r"\bthis\b", s) for s in expected):
        raise ValueError(f"line {line}: no number before the comment")
    value, by, unit = ("", "", "") if number is None else _read(number)
    return Claim(
        line,
        _model_of(line, prose, models),
        tuple(s for s in statements if not s.startswith("expect ")),
        tuple(s.replace("≈ this", f"≈ {value}{unit} ± {by}{unit}").replace("this", f"{value}{unit}") for s in expected),
    )


def _read(number: re.Match[str]) -> tuple[str, str, str]:
    """The number, how close it is, and the unit of both: `0.79 mV` as 0.79 and 0.005 mV, `23 %` as 0.23 and 0.005."""
    value, unit = Decimal(number["value"].replace("−", "-")), number["unit"] or ""
    by = Decimal(number["by"]) if number["by"] else Decimal((0, (5,), int(value.as_tuple().exponent) - 1))
    if unit == "%":
        value, by, unit = value / 100, by / 100, ""
    return f"{value:f}".replace("-", "−"), f"{by:f}", unit and f" {unit}"


def _model_of(line: int, prose: str, models: list[Example]) -> Example:
    heads = [n for n, text in enumerate(prose.split("\n"), 1) if text.startswith("#")]
    begins = max((n for n in heads if n <= line), default=0)
    ends = min((n for n in heads if n > line), default=prose.count("\n") + 2)
    within = [m for m in models if begins <= m.line < ends]
    before = [m for m in models if m.line < line]
    if not models:
        raise ValueError(f"line {line}: no model on the page")
    return within[0] if within else before[-1] if before else models[0]


def _without(text: str, blocks: tuple[Example, ...]) -> str:
    """The text with empty lines where its blocks are."""
    lines = text.split("\n")
    for block in blocks:
        for n in range(block.line - 1, block.line + block.text.count("\n")):
            lines[n] = ""
    return "\n".join(lines)


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"    {line}\n" for line in lines)
