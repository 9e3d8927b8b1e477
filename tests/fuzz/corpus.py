"""What is mutated: every text of the language in the checkout, and the words that mutants are made with. Nothing here is random."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from plasticdsl.model.expr import FUNCTIONS
from plasticdsl.names import NAME
from plasticdsl.syntax.words import FIRST_WORDS, MEANINGS, RESERVED
from tests.docs.pages import examples, pages

ROOT = Path(__file__).parents[2]
FOLDERS = ("models", "tests/cases", "tests/bad", "tests/syntax/samples", "tests/everywhere", "tests/fuzz/found", "benchmarks/models")

#: Numbers at the edges of what floats and whole numbers hold, and of what is expected where they stand.
NUMBERS = (
    "0", "-0", "1", "-1", "2", "½", "0.5", "1e308", "1.8e308", "1e-308", "1e-320", "5e-324", "1e400", "1e-400", "1e99999",
    "1e999999999999", "1e-999999999", "-1e308", "-1e-320", "2147483647", "2147483648", "4294967296", "9007199254740993",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "100000", "1000000000", "1e9", "1e18", "1e30", "0.1",
    "0.30000000000000004", "3.141592653589793", "1e-9", "9" * 400, "0." + "0" * 400 + "1", "65535", "65536", "32768", "256", "1e15",
    "1e-15", "100 %", "1e300 %", "⅓", "00", "1.", ".5", "1e+5", "1e−5",
)  # fmt: skip
UNITS = (
    "s", "ms", "µs", "min", "h", "Hz", "kHz", "mV", "V", "pA", "nS", "µM", "%", "steps", "°C", "K", "m", "µm", "cm²", "s⁻¹", "1/s",
    "mV/ms", "M", "mol", "Ω", "MΩ", "µF/cm²", "mV²", "s^0.5", "V^-1", "s²⁰", "fL", "eV", "rad", "step",
)  # fmt: skip
#: What templates, support functions and numba call by these names, and what Python does.
HOSTILE = (
    "np", "math", "njit", "prange", "numba", "llvmlite", "jit", "self", "int64", "float64", "uint64", "bool_", "inf", "nan", "NaN", "Inf",
    "infinity", "True", "None", "__class__", "__import__", "_", "__", "_0", "__init__", "lambda_", "dtype", "shape", "size", "T", "real",
    "step", "steps", "seed", "clock", "allocate", "advance", "simulate", "learn", "main", "pre", "post", "unit", "units", "spikes",
    "delay", "weight", "w", "t", "dt", "i", "j", "k", "n", "e", "E", "I", "S", "N", "Q", "O", "C", "oo", "zoo", "pi", "beta", "gamma",
    "zeta", "lamda", "lambda", "Symbol", "present", "refractory", "time", "p", "x_0", "τ", "Δt", "Δw", "Δ", "V⁺", "r⁻", "x̄", "A₂₊", "∞",
    "x_∞", "x_{ij}", "w_ij", "µ", "μ", "Ω", "Å", "ﬁ", "𝑥", "ı", "ſ", "ß", "名", "a" * 300,
)  # fmt: skip
SIGNS = (
    "+", "-", "*", "/", "^", "=", "<", ">", "<=", ">=", "!=", "~=", "±", "->", "→", "⇌", "+=", "-=", "*=", "/=", "~", "(", ")", "[", "]",
    "{", "}", ",", ":", ".", "|", "·", "²", "⁻¹", "⁺", "⁻", "ᵀ", "∂", "√", "⟨", "⟩", "⟩_τ", "∅", "Σ", "Σ_ij", "Σ_{", "]₊", "'", '"',
    '"""', "#", "==", "**", ":=", "//", "&&", "++", "\t", "\n", "\\", "\0", "\u200b", "\ufeff", "\u0304", "\u202e", "\xa0", "\r", "\x0c",
    "\u2028", "🧠", "%", "@", "$", "?", "!", ";", "`", "…", "−", "–",
)  # fmt: skip


@cache
def texts() -> tuple[tuple[Path, str], ...]:
    """Every file, and every example of the documentation, with the folder in which it finds what it names; in the order of their names."""
    found = [(p.parent, p.read_text(encoding="utf-8")) for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.plas"))]
    prelude = (ROOT / "tests" / "docs" / "prelude.plas").read_text(encoding="utf-8")
    for page in pages():
        for example in examples(page.read_text(encoding="utf-8")):
            if example.language == "plas" and "mistake" not in example.marks:
                found.append((page.parent, _whole(example.kind, example.text, "fragment" in example.marks, prelude)))
    return tuple(dict.fromkeys(found))


def _whole(kind: str, text: str, fragment: bool, prelude: str) -> str:
    """A fragment in a block of its kind, behind what it reads."""
    if not fragment:
        return text
    if not kind:
        return f"{prelude}\n{text}"
    header = f"{kind} Fragment{' on Net' if kind == 'experiment' else ''}:\n"
    return f"{prelude}\n{header}{''.join(f'    {line}' + chr(10) if line else chr(10) for line in text.splitlines())}"


@cache
def language() -> frozenset[str]:
    """Words that the language has, and names that need no declaration."""
    first = (w for some in FIRST_WORDS.values() for w in some)
    return frozenset((*RESERVED, *MEANINGS, *first, *FUNCTIONS, *UNITS, "t", "dt", "pre", "post"))


@cache
def words() -> tuple[str, ...]:
    """Words of the language, of its functions, of Python, and of what is made of models."""
    python = [*keyword.kwlist, *(name for name in dir(builtins) if not name.startswith("_"))]
    return tuple(sorted({*language(), *python, *HOSTILE, *_in_kernels()}))


def _in_kernels() -> Iterator[str]:
    """Names in templates and support functions."""
    for folder, ending in (("kernels/templates", "jinja"), ("support", "py")):
        for path in sorted((ROOT / "plasticdsl" / folder).glob(f"*.{ending}")):
            yield from re.findall(r"(?<![\w.])[a-z_]\w{0,20}(?= = |\()", path.read_text(encoding="utf-8"))


_INDENT = re.compile(r"[ \t]*")


def blocks_of(text: str) -> list[str]:
    """The pieces of a file that begin at the left margin."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if found and (line[:1] in " \t\n#" or found[-1].count('"""') % 2):
            found[-1] += line
        else:
            found.append(line)
    return found


def kind_of(block: str) -> str:
    """Its first word."""
    return block.split(maxsplit=1)[0].rstrip(":") if block.strip() else ""


def statements_of(block: str) -> list[str]:
    """The lines of a block below its head, each with what is indented deeper below it."""
    found: list[str] = []
    lines = block.splitlines(keepends=True)[1:]
    least = min((len(_INDENT.match(line)[0]) for line in lines if line.strip()), default=0)  # type: ignore[index]
    for line in lines:
        if found and (not line.strip() or len(_INDENT.match(line)[0]) > least):  # type: ignore[index]
            found[-1] += line
        elif line.strip():
            found.append(line)
    return found


@cache
def statements() -> dict[str, tuple[str, ...]]:
    """All statements of all files, by the kind of block that they stand in."""
    found: dict[str, dict[str, None]] = {}
    for _, text in texts():
        for block in blocks_of(text):
            found.setdefault(kind_of(block), {}).update(dict.fromkeys(statements_of(block)))
    return {kind: tuple(lines) for kind, lines in found.items()}


def names_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The names in some texts, in order, each once."""
    return tuple(dict.fromkeys(name for text in texts for name in re.findall(NAME, text)))
