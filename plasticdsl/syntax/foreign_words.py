"""Words of other programs inside a line: what they look like, what is said of them, and what is written in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.syntax import foreign_arrays as arrays
from plasticdsl.syntax.foreign_draws import DRAWN, drawn
from plasticdsl.syntax.foreign_texts import Where, unit_word, units_like

_UNKNOWN = frozenset(("unknown-name", "unknown-function"))
_APPLIED = _UNKNOWN | {"not-a-function"}
_NUMBER = r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][-+−]?\d+)?)"
_WORD = r"([^\W\d]\w*)"
#: A unit and its exponent.
_POWER = r"([A-Za-zµμΩ]+(?:⁻?[¹²³⁴]|\^-?\d)?)"


Writing = str | Callable[[Sequence[str | None], Where], tuple[str, ...] | Hint]


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a line that looks like `pattern`, where a finding with one of the `codes` (those of strange lines, where none are named) lies in it, or
    `anywhere` in its line.

    `sentence` says what is wrong, `write` what stands in its place, both as in `foreign_lines.Shape`; a function gives all texts of which one is meant,
    or none, or a hint in words. `kinds`: of blocks; all where none are named.
    """

    pattern: re.Pattern[str]
    sentence: str
    write: Writing
    codes: frozenset[str] = frozenset()
    anywhere: bool = False
    kinds: tuple[str, ...] = ()


def _word(
    pattern: str, sentence: str, write: Writing, codes: frozenset[str] = frozenset(), *, anywhere: bool = False, kinds: tuple[str, ...] = ()
) -> Word:
    return Word(re.compile(pattern), sentence, write, codes, anywhere, kinds)


def _units(groups: Sequence[str | None], where: Where) -> tuple[str, ...]:
    """`10 hz`, `3 PA`: the number with each unit that may be meant."""
    number, word = groups
    return tuple(f"{number} {unit}" for unit in units_like(word or ""))


def _powers_of_ten(groups: Sequence[str | None], where: Where) -> tuple[str, ...]:
    """`5·10⁻³ mV` as `5e-3 mV`."""
    number, power, word = (group or "" for group in groups)
    unit = unit_word(word)
    if unit is None or "e" in number.lower():
        return ()
    return (f"{number or '1'}e{power.translate(_RAISED)} {unit}",)


def _noise(groups: Sequence[str | None], where: Where) -> tuple[str, ...]:
    """`η(t)` in a flow."""
    return ("ξ(t)",) if "/dt" in where.text else ()


def _distribution(groups: Sequence[str | None], where: Where) -> tuple[str, ...]:
    """`V(0) = N(−65 mV, 3 mV)`; a line of a network draws nothing unless it is about a population or a projection."""
    if where.kind == "network" and not re.search(r"→|->|=\s*\w+\s+[^\W\d]", where.text):
        return ()
    target, kind, inner = groups
    return (f"{target} ~ {kind}({inner})",)


_KINDS = {
    "uniform": "U",
    "normal": "N",
    "gauss": "N",
    "gaussian": "N",
    "u": "U",
    "n": "N",
    "logn": "LogN",
    "exp": "Exp",
    "exponential": "Exp",
}
_SCRIPT = {"𝒩": "N", "𝓝": "N", "𝒰": "U", "𝓤": "U"}


def _with_units(groups: Sequence[str | None], where: Where) -> tuple[str, ...]:
    """`~ U(−70, −55) mV`: each number with the unit."""
    kind, inner, word = (group or "" for group in groups)
    name, unit, numbers = _KINDS.get(kind.lower()), unit_word(word), [part.strip() for part in inner.split(",")]
    if name is None or unit is None or not all(re.fullmatch(r"[-−+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-−+]?\d+)?", number) for number in numbers):
        return ()
    return (f"~ {name}({', '.join(f'{number} {unit}' for number in numbers)})",)


def _source(groups: Sequence[str | None], where: Where) -> tuple[str, ...]:
    """`Poisson neurons at 150 Hz`."""
    kind, rate = (group or "" for group in groups)
    return (f"{kind.capitalize()}(rate = {rate})",)


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--", "^*()")
_UNIT_STANDS = "A unit stands behind its number and a blank."
_NOISE = "White noise in a flow is ξ(t)."
_DRAWN = "What is drawn{1:once} has a ‘~’ before its distribution."
_ONE_VALUE = "One value holds for all units and connections."
_NETWORK = ("network",)
_CONNECTION = ("synapse", "rule")
_VALUE = "‘{2}’ has no value here; as a unit it stands behind a number."
#: What a connection is to give, since nothing declares it.
OPEN = frozenset(("rule-needs", "missing-value"))
_UNUSED = frozenset(("no-effect", "misspelt-target"))

WORDS: tuple[Word, ...] = (
    _word(DRAWN, _DRAWN, drawn, _APPLIED),
    _word(arrays.EQUAL, _ONE_VALUE, arrays.equal, _APPLIED),
    _word(r"(?<![\w.])ones(?![\w(.])", _ONE_VALUE, "1", frozenset(("unknown-name",))),
    _word(r"(?<![\w.])zeros(?![\w(.])", _ONE_VALUE, "0", frozenset(("unknown-name",))),
    _word(arrays.LISTED, "A list is written as it is.", arrays.listed, _APPLIED),
    _word(arrays.IDENTITY, "How a projection connects is said in words.", arrays.joined, _APPLIED),
    _word(arrays.SWEPT, "The values of a sweep are listed, or evenly spaced.", arrays.swept, frozenset(("bad-sweep",)), anywhere=True),
    _word(
        arrays.SPACED, "Values that go up from unit to unit are a formula of their number i, which begins at 1.", arrays.spaced, _APPLIED
    ),
    _word(
        r"(?:(?<=[/·*])|(?<=\d ))([^\W\d_]+)([23])(?![\w(.])", "The power of a unit is written ‘cm²’ or ‘cm^2’.", "{1:unit}^{2}", _UNKNOWN
    ),
    _word(rf"{_NUMBER}\s+{_POWER}\s+{_POWER}(?![\w(.])", "Units are joined by ‘·’ and ‘/’.", "{1} {2:power}·{3:power}", _UNKNOWN | OPEN),
    _word(
        rf"{_NUMBER}\s+{_POWER}/\(\s*{_POWER}[\s·*]+{_POWER}\s*\)",
        "Units are joined by ‘·’ and ‘/’, without brackets.",
        "{1} {2:power}/{3:power}/{4:power}",
        _UNKNOWN,
    ),
    _word(
        rf"{_NUMBER}\s*/\s*([^\W\d]\w+)(?=\s+[\w(])",
        "A unit stands behind a number.",
        "{1} {2:unit}^-1",
        frozenset(("ambiguous-product",)),
    ),
    _word(
        rf"(?:{_NUMBER}(?:\s*[·*×]\s*|\s+))?(?<![\w.])10((?:\^|\*\*)\(?[-−]?\d+\)?|⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)\s*[·*]?\s*{_WORD}(?![\w(.])",
        "A unit stands behind one number.",
        _powers_of_ten,
        _UNKNOWN | OPEN,
    ),
    _word(rf"{_NUMBER}\s*[·*]\s*{_WORD}(?:\s*/\s*{_WORD})?(?![\w(.])", _UNIT_STANDS, "{1} {2:unit}{3:per}", _UNKNOWN),
    _word(rf"{_NUMBER}\s+{_WORD}(?![\w(.])", "Units are written with their signs.", "{1} {2:unit}", _UNKNOWN),
    _word(rf"{_NUMBER}\s+{_WORD}(?![\w(.])", "‘{2}’ is no unit; small and large letters are different ones.", _units, _UNKNOWN),
    _word(
        rf"{_NUMBER}\s+{_POWER}\s*/\s*(?:{_WORD}|\(\s*{_WORD}\s*\))(?![\w(.^])",
        "Units are joined by ‘·’ and ‘/’, without blanks and brackets.",
        "{1} {2:power}{3:per}{4:per}",
        _UNKNOWN | OPEN,
    ),
    _word(rf"{_NUMBER}\s*/\s*\(\s*{_WORD}\s*\)", "A unit stands behind a number.", "{1} {2:unit}^-1", _UNKNOWN | OPEN),
    _word(rf"{_NUMBER}\s*[\[(]\s*{_WORD}\s*[\])]", "A unit stands behind its number, without brackets.", "{1} {2:unit}", _UNKNOWN | OPEN),
    _word(rf"{_NUMBER}\s*/\s*{_WORD}\s*/\s*{_WORD}(?![\w(.])", "A unit stands behind a number.", "{1} {2:unit}^-1/{3:unit}", _UNKNOWN),
    _word(rf"{_NUMBER}\s*/\s*{_WORD}(?![\w(.])", "A unit stands behind a number.", "{1} {2:unit}^-1", _UNKNOWN),
    _word(rf"/\s*{_WORD}(?![\w(.])", "A unit stands behind a number.", "/1 {1:unit}", _UNKNOWN),
    _word(rf"{_NUMBER}\s*/\s*{_WORD}\s*/\s*{_WORD}(?![\w(.])", _VALUE, "{1} {2:unit}^-1/{3:unit}", OPEN),
    _word(rf"{_NUMBER}\s*/\s*{_WORD}(?![\w(.])", _VALUE, "{1} {2:unit}^-1", OPEN),
    _word(rf"{_NUMBER}\s*[·*]\s*{_WORD}(?:\s*/\s*{_WORD})?(?![\w(.])", _VALUE, "{1} {2:unit}{3:per}", OPEN),
    _word(r"/\s*((?:[mµu]?s|min|k?Hz))(?![\w(.])", "‘{1}’ has no value here; as a unit it stands behind a number.", "/1 {1:unit}", OPEN),
    _word(
        rf"{_NUMBER}\s+1\s*/\s*{_WORD}(?![\w(.])", "A unit stands behind one number.", "{1} {2:unit}^-1", frozenset(("number-after-value",))
    ),
    _word(rf"{_NUMBER}\s+per\s+{_WORD}(?![\w(.])", "A unit that divides is written with its sign.", "{1} {2:unit}^-1", _UNKNOWN | OPEN),
    _word(rf"(?<![\d.])\s*\*\s*{_WORD}(?![\w(.])", "A unit stands behind a number.", "*1 {1:unit}", _UNKNOWN),
    _word(
        r"\b([^\W\d]\w*?)_(?:post|target)\b",
        "What belongs to a unit has ‘post.’ or ‘pre.’ before its name.",
        "post.{1}",
        _UNUSED,
        kinds=_CONNECTION,
    ),
    _word(rf"/\s*{_NUMBER}\s*°\s*C\b", "A difference of temperatures is in kelvin.", "/{1} K"),
    _word(rf"{_NUMBER}\s*°\s*C\b", "Temperatures are in kelvin.", "{1:celsius} K"),
    _word(
        r"(?<![\w.,(\[{])(\d+),(\d+)(?![\w.]|,\d)",
        "Decimals stand behind a point; commas stand between items.",
        "{1}.{2}",
        frozenset(("unexpected", "incomplete", "missing-value", "number-after-value")),
        anywhere=True,
    ),
    _word(r"\b(?:xi|ξ)(_\w+)?\b(?!\()", _NOISE, "ξ{1}(t)", _UNKNOWN),
    _word(r"(\S+)\s*=\s*(?:\w+\.)?(?:uniform|Uniform)\(([^()]*)\)", _DRAWN, "{1} ~ U({2:plain})", _UNKNOWN),
    _word(r"(\S+)\s*=\s*(?:\w+\.)?(?:normal|Normal|gauss|Gaussian|gaussian|norm)\(([^()]*)\)", _DRAWN, "{1} ~ N({2:plain})", _UNKNOWN),
    _word(r"(\S+)\s*=\s*(?:\w+\.)?(?:lognormal|LogNormal)\(([^()]*)\)", _DRAWN, "{1} ~ LogN({2:plain})", _UNKNOWN),
    _word(r"(\S+)\s*=\s*(?:\w+\.)?(?:exponential|Exponential)\(([^()]*)\)", _DRAWN, "{1} ~ Exp({2:plain})", _UNKNOWN),
    _word(r"\b(?:randn|gauss)\(\s*\)", _NOISE, "ξ(t)", _UNKNOWN),
    _word(
        r"(?<![\w.])(?:η|ζ|ε|ϵ|eta|zeta|noise|white_?noise|gwn)\(\s*t?\s*\)",
        _NOISE,
        _noise,
        frozenset(("unknown-function",)),
        kinds=("neuron", "synapse", "rule"),
    ),
    _word(r"\b(?:np|numpy|math|torch)\.(\w+)(?=\()", "Functions have no module before them.", "{1}", _UNKNOWN | {"not-a-function"}),
    _word(r"(\S+)\s*=\s*(N|U|LogN|Gamma|Exp)\(([^()]*)\)", _DRAWN, _distribution, _UNKNOWN, anywhere=True),
    _word(
        rf"~\s*({'|'.join(_KINDS)}|[NU]|LogN|Exp|[Uu]niform|[Nn]ormal|Gaussian)\(([^()]*)\)\s*[·*]?\s*{_WORD}",
        "A unit stands behind each number.",
        _with_units,
        frozenset(("not-a-distribution",)),
        anywhere=True,
    ),
    _word(
        r"~\s*([𝒩𝓝𝒰𝓤])(?=\()",
        "Distributions are written in plain letters.",
        lambda groups, where: (f"~ {_SCRIPT[groups[0] or '']}",),
        frozenset(("unknown-distribution",)),
        anywhere=True,
    ),
    _word(r"\b(?:positive|relu|ReLU|rectify|rect)\(([^()]*)\)", "The positive part is written ‘[x]₊’ or ‘pos(x)’.", "pos({1})", _UNKNOWN),
    _word(r"\bheaviside\(([^()]*)\)", "The step function is written ‘Θ(x)’ or ‘step(x)’.", "step({1})", _UNKNOWN),
    _word(r"(?<=\s)//(?=\s*[^\W\d])", "A comment begins with ‘#’; a quotient has one ‘/’.", "#", frozenset(("foreign-sign",))),
    _word(r"\[\s*:\s*(\d+)\s*\]", "Units are numbered from 1, and ‘to’ stands between the first and the last.", "[1 to {1}]"),
    _word(r"\[\s*(\d+)\s*:\s*\]", "Units are numbered from 1, and −1 is the last.", "[{1} to −1]"),
    _word(r"\ball[_-]to[_-]all\b", "How it connects is said in words.", "all to all", anywhere=True, kinds=_NETWORK),
    _word(r"\bone[_-]to[_-]one\b", "How it connects is said in words.", "one to one", anywhere=True, kinds=_NETWORK),
    _word(
        r"\b(?:fixed_)?prob(?:ability)?\s*=?\s*([\d.]+)",
        "The probability of a connection is ‘p’.",
        "p = {1}",
        anywhere=True,
        kinds=_NETWORK,
    ),
    _word(
        r"\b(?:fixed_)?(?:in_?degree|fan_?in)\s*=?\s*(\d+)",
        "How many connections a unit gets is ‘in-degree 80’.",
        "in-degree {1}",
        anywhere=True,
        kinds=_NETWORK,
    ),
    _word(
        r"\b(?:fixed_)?(?:out_?degree|fan_?out)\s*=?\s*(\d+)",
        "How many units one reaches is ‘out-degree 80’.",
        "out-degree {1}",
        anywhere=True,
        kinds=_NETWORK,
    ),
    _word(
        r"\b(?!(?:Poisson|Regular)\s*\(\s*[\d.])([Pp]oisson|[Rr]egular)(?:\s+(?:(?:spike\s+)?(?:neurons?|cells?|units?|inputs?|sources?|trains?|process(?:es)?|generators?)))?"
        r"\s*[(,]?\s*(?:(?:firing|spiking)\s+)?(?:at|@|with|of)?\s*(?:an?\s+)?(?:(?:mean\s+)?rate(?:\s+of)?)?\s*=?\s*"
        r"((?:\d+\.?\d*|\.\d+)(?:[eE][-+−]?\d+)?\s*(?:k?Hz|/m?s))(?!\w)(?:\s*\))?",
        "The rate of a source stands in brackets behind it.",
        _source,
        frozenset(("number-after-value", "unexpected", "unknown-function")),
        anywhere=True,
        kinds=_NETWORK,
    ),
    _word(
        r"\b(all to all|one to one)\s+where\b", "Clauses stand apart by commas.", "{1}, where", frozenset(("unexpected",)), kinds=_NETWORK
    ),
)
