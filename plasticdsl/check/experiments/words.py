"""What figures call a quantity: an expression as written comes in, `Words` go out.

`mean(ff.w / ff.w_max)` is *mean w/w_max* of ff, `rate(E)` is *rate* of E, `cell.V[2]` is *V* of cell 2. Where an expression reads several populations or
projections, they are indices of their variables (V_E − V_I). Formulas stand between dollar signs, as matplotlib typesets them. Whatever has no
customary form is shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plasticdsl.check.experiments.readings import Taking, text_of
from plasticdsl.check.experiments.statistics import statistic
from plasticdsl.model.experiments import Words
from plasticdsl.names import GREEK, canonical
from plasticdsl.syntax import tree
from plasticdsl.units.display import unit_text

#: What stands before what a statistic is taken of.
_OF_VALUES = {
    "mean": "mean ",
    "sd": "sd of ",
    "median": "median ",
    "min": "least ",
    "max": "largest ",
    "sum": "sum of ",
    "argmax": "number of the largest ",
    "fraction": "fraction with ",
    "count": "number with ",
    "synchrony": "synchrony of ",
    "spectrum": "power of ",
    "histogram": "",
    "contours": "",
}
#: What statistics of spikes are called.
_OF_SPIKES = {
    "rate": "rate",
    "spike_count": "spikes",
    "cv": "CV",
    "cv2": "CV₂",
    "lv": "LV",
    "fano": "Fano factor",
    "count_correlation": "correlation of counts",
    "psth": "rate",
    "correlogram": "pairs of spikes",
    "autocorrelogram": "pairs of spikes",
    "intervals": "intervals",
    "isi_histogram": "intervals",
    "raster": "spikes",
    "spikes": "spikes",
}
_SIGNS = {"<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq", "=": "=", "!=": r"\neq"}
_ACCENTS = {"bar": "bar", "hat": "hat", "tilde": "tilde", "dot": "dot", "ddot": "ddot", "vec": "vec"}
_FUNCTIONS = ("sin", "cos", "tan", "exp", "log", "tanh", "min", "max")

_BLANK = "\\ "

#: How many of the first arguments are populations; all of them where nothing is said.
_POPULATIONS = {"correlogram": 2, **dict.fromkeys(("psth", "autocorrelogram", "intervals", "rate", "fano", "count_correlation"), 1)}


@dataclass(frozen=True, slots=True)
class Names:
    """What has to be known of names: the text `written` at a node, the output of a population that stands for it, and which are `projections`."""

    written: Callable[[tree.Expr], str]
    output_of: Callable[[tree.Name], str | None]
    projections: frozenset[str] = frozenset()


def words_of(node: tree.Expr, taking: Taking) -> Words:
    """What an expression of a plot line, or what is swept, is called."""

    def output_of(name: tree.Name) -> str | None:
        """That of a population, or a part of one, by its name."""
        named = next((p.population for p in taking.network.parts if p.name == name.name), name.name)
        block = next((p.block for p in taking.network.populations if p.name == named), None)
        found = None if block is None or block.output is None else block.variable(block.output)
        return None if found is None else found.symbol

    projections = frozenset(p.name for p in taking.network.projections)
    return words(node, Names(lambda one: text_of(one.span, taking.sources), output_of, projections))


def words(node: tree.Expr, names: Names) -> Words:
    """What `node` is called."""
    owners = tuple(dict.fromkeys(_owners(node, names)))
    of, chosen = (owners[0].name, owners[0].chosen) if len(owners) == 1 else ("", "")
    match node:
        case tree.Apply(function=tree.Name(name=name)) if name in _OF_SPIKES and len(owners) > 1:
            return Words(_Setter(names, False).phrase(node), " and ".join(owner.text for owner in owners))
        case _:
            return Words(_Setter(names, len(owners) > 1).phrase(node), of, chosen)


def symbol(text: str, whose: str = "") -> str:
    """A name as a formula: `τ_m`, `w_max`, `A₊`, `ū`; words of several letters stand upright. `whose`: one more index."""
    base, *below = canonical(text).split("_")
    over: list[str] = []
    while base == "Delta" and below:
        base, prefix = below.pop(0), "Δ"
        over.append(prefix)
    prefix = "".join(over)
    accents = [below.pop(0) for _ in tuple(below) if below and below[0] in _ACCENTS and len(base) <= 7]
    shown = _letters(base)
    for accent in accents:
        shown = rf"\{_ACCENTS[accent]}{{{shown}}}"
    primes = "'" * below.count("prime")
    below = [index for index in below if index != "prime" and index]
    upper = [{"supplus": "+", "supminus": "−"}[index] for index in below if index in ("supplus", "supminus")]
    indices = [_index(index) for index in below if index not in ("supplus", "supminus")]
    indices += [_upright(whose)] if whose else []
    lower = rf"_{{{','.join(indices)}}}" if indices else ""
    raised = f"^{{{upper[0]}}}" if upper else ""
    return f"{prefix}{shown}{lower}{raised}{primes}"


def plain(text: str) -> str:
    """A name in running text: that of a population, a projection or a block."""
    is_word = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) and not text.endswith("_prime")
    if not is_word or re.fullmatch(r"[A-Za-z]_[A-Za-z0-9]+", text):
        return f"${symbol(text)}$"
    return text.replace("_", " ")


def _letters(base: str) -> str:
    """One letter, Greek or not, in italics; a word upright."""
    for name in sorted(GREEK, key=len, reverse=True):
        for spelt, letter in ((name, _LOWER[name]), (name.capitalize(), _UPPER[name])):
            if base == spelt:
                return letter
    if len(base) == 1:
        return base
    return rf"\mathrm{{{base}}}"


_LOWER = dict(zip(GREEK, "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
_UPPER = dict(zip(GREEK, "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", strict=True))


def _index(text: str) -> str:
    """`plus` → +, `2plus` → 2+, `m` in italics as all single letters are, `max` upright."""
    signs = re.sub("plus$", "+", re.sub("minus$", "−", text))
    if signs != text:
        return f"{_letters(signs[:-1]) if signs[:-1] else ''}{signs[-1]}"
    if text.isdigit() or text == "inf":
        return "∞" if text == "inf" else text
    return _letters(text)


def _upright(text: str) -> str:
    """Words in a formula."""
    return rf"\mathrm{{{text.replace('$', '').replace(' ', _BLANK)}}}"


# --- whose it is -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Owner:
    """A population or projection, and which of its units or connections."""

    name: str
    chosen: str = ""

    @property
    def text(self) -> str:
        return ", ".join(filter(None, (self.name, self.chosen)))


def _owners(node: tree.Expr, names: Names) -> Iterator[_Owner]:
    """The populations and projections that an expression reads, with the units that it chooses of them."""
    match node:
        case tree.Member(base=tree.Name(text=text)):
            yield _Owner(plain(text))
        case tree.Member(base=tree.Indexed(base=tree.Name() as name, indices=indices)):
            yield _part(name, indices, names)
        case tree.Indexed(base=tree.Member(base=tree.Name() as name), indices=indices):
            yield _part(name, indices, names)
        case tree.Indexed(base=tree.Name() as name, indices=indices) if names.output_of(name) is not None:
            yield _part(name, indices, names)
        case tree.Name() if names.output_of(node) is not None:
            yield _Owner(plain(node.text))
        case tree.Apply(function=tree.Name(name=name), arguments=arguments) if name in _OF_SPIKES:
            for argument in arguments[: _POPULATIONS.get(name, len(arguments))]:
                yield from _population(argument.value, names)
        case tree.Apply(function=tree.Name(name="spike_time" | "isi"), arguments=(first, *_)):
            yield from _population(first.value, names)
        case _:
            for child in _children(node):
                yield from _owners(child, names)


def _population(node: tree.Expr, names: Names) -> Iterator[_Owner]:
    match node:
        case tree.Name(text=text) if text != "each":
            yield _Owner(plain(text))
        case tree.Member(base=tree.Name(text=text), attribute=event):
            yield _Owner(f"{plain(text)}, {event.text}")
        case tree.Indexed(base=tree.Name() as name, indices=indices):
            yield _part(name, indices, names)
        case _:
            pass


def _part(name: tree.Name, indices: tuple[tree.Expr, ...], names: Names) -> _Owner:
    """`E, unit 3`, `E, units 1 to 5, 8`; of connections `ex, 5 → 2`: from the pre- to the postsynaptic unit."""
    numbers = _numbers(indices)
    if not numbers:
        return _Owner(plain(name.text))
    if name.name in names.projections:
        return _Owner(plain(name.text), " → ".join(reversed(numbers)))
    single = len(indices) == 1 and not isinstance(indices[0], tree.Interval)
    return _Owner(plain(name.text), f"unit{'' if single else 's'} {', '.join(numbers)}")


def _numbers(indices: tuple[tree.Expr, ...]) -> list[str]:
    """What is chosen, as written; nothing where that is no plain number or name."""
    numbers = [_number(index) for index in indices]
    return [number for number in numbers if number is not None] if None not in numbers else []


def _number(node: tree.Expr) -> str | None:
    match node:
        case tree.Number(text=text, unit=()):
            return text
        case tree.Unary(operator="-", operand=tree.Number(text=text, unit=())):
            return f"−{text}"
        case tree.Interval(low=low, high=high):
            ends = _number(low), _number(high)
            return None if None in ends else f"{ends[0]} to {ends[1]}"
        case tree.Name(text=text):
            return text
        case _:
            return None


def _children(node: tree.Expr) -> Iterator[tree.Expr]:
    match node:
        case (
            tree.Unary(operand=inner)
            | tree.Group(inner=inner)
            | tree.AtSpikes(item=inner)
            | tree.Along(item=inner)
            | tree.Average(body=inner)
        ):
            yield inner
        case tree.Binary(left=left, right=right):
            yield from (left, right)
        case tree.Compare(operands=operands) | tree.Logic(operands=operands):
            yield from operands
        case tree.Apply(arguments=arguments):
            yield from (argument.value for argument in arguments)
        case tree.Indexed(base=base):
            yield base
        case _:
            pass


# --- what it is called -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Setter:
    """`owned`: variables have their owners as indices."""

    names: Names
    owned: bool

    def phrase(self, node: tree.Expr) -> str:
        """In running text, with formulas between dollar signs."""
        match node:
            case tree.AtSpikes(item=item):
                return f"{self.phrase(item)} at spikes"
            case tree.Along(item=item):
                return f"{self.phrase(item)} over time"
            case tree.Apply(function=tree.Name(name=name), arguments=arguments, primes=0) if statistic(name, len(arguments)) is not None:
                return self._statistic(node, statistic(name, len(arguments)), arguments)
            case tree.Member(attribute=name) | tree.Indexed(base=tree.Member(attribute=name)) if not self.owned:
                return self._word(name.text)
            case tree.Name(text=text):
                return self._word(self.names.output_of(node) or text)
            case _:
                found = self.formula(node)
                return self.names.written(node) if found is None else f"${found}$"

    def _word(self, text: str) -> str:
        """A name alone: a word as it is written, anything else as a formula."""
        base = canonical(text).split("_")[0]
        is_word = len(base) > 1 and base not in _LOWER and base.lower() not in _LOWER and text.isascii()
        return text.replace("_", " ") if is_word else f"${symbol(text)}$"

    def _statistic(self, node: tree.Apply, found: tuple[str, object] | None, arguments: tuple[tree.Argument, ...]) -> str:
        name = found[0] if found is not None else ""
        first = arguments[0].value
        if name in _OF_SPIKES:
            said = _OF_SPIKES[name]
            sliding = name == "rate" and len(arguments) > 1 and isinstance(arguments[1].value, tree.Number)
            if sliding:
                said = f"rate in {self.names.written(arguments[1].value)}"
            owners = list(_population(first, self.names)) if self.owned else []
            return f"{said} of {owners[0].text}" if owners else said
        if name in ("spike_time", "isi"):
            return f"{'time of spike' if name == 'spike_time' else 'interval'} {self.names.written(arguments[1].value)}"
        if name == "correlation":
            return f"correlation of {self.phrase(first)} and {self.phrase(arguments[1].value)}"
        if name == "norm":
            whole = self.formula(node)
            return self.names.written(node) if whole is None else f"${whole}$"
        if name in ("fraction", "count") and not isinstance(first, tree.Compare | tree.Logic):
            return f"{_OF_VALUES[name].removesuffix('with ')}{self.phrase(first)}"
        return f"{_OF_VALUES[name]}{self.phrase(first)}"

    def formula(self, node: tree.Expr) -> str | None:
        """As a formula; None where it has no customary form."""
        match node:
            case tree.Number(text=digits, unit=unit):
                return digits.replace("-", "−") + (rf"\,\mathrm{{{unit_text(unit)}}}" if unit else "")
            case tree.Name(text=text):
                return symbol(self.names.output_of(node) or text, text if self.owned and self.names.output_of(node) else "")
            case tree.Member(base=tree.Name(text=text), attribute=name):
                return symbol(name.text, text if self.owned else "")
            case tree.Indexed(base=base):
                return self._unit(node, base)
            case tree.Group(inner=inner):
                found = self.formula(inner)
                return None if found is None else f"({found})"
            case tree.Unary() | tree.Binary() | tree.Compare():
                return self._operation(node)
            case tree.Apply(function=tree.Name(name=name), arguments=arguments, primes=0):
                return self._applied(node, name, arguments)
            case _:
                return None

    def _unit(self, node: tree.Indexed, base: tree.Expr) -> str | None:
        found = self.formula(base)
        if not self.owned or found is None or not isinstance(base, tree.Member):
            return found
        chosen = "→".join(reversed(_numbers(node.indices)))
        return found[:-1] + rf"\,{chosen.replace(' ', '')}}}" if found.endswith("}") else found

    def _operation(self, node: tree.Unary | tree.Binary | tree.Compare) -> str | None:
        match node:
            case tree.Unary(operator=operator, operand=operand):
                inner = self.formula(operand)
                frames = {"-": "−{}", "abs": "|{}|", "pos": "[{}]_{{+}}"}
                return None if inner is None or operator not in frames else frames[operator].format(inner)
            case tree.Binary(operator=operator, left=left, right=right, implicit=implicit):
                sides = self.formula(left), self.formula(right)
                if None in sides:
                    return None
                if operator == "^":
                    return f"{{{sides[0]}}}^{{{sides[1]}}}"
                sign = {"*": r"\," if implicit else r"\,\cdot\,", "-": " − ", "+": " + ", "/": "/"}[operator]
                return f"{sides[0]}{sign}{sides[1]}"
            case tree.Compare(operands=operands, operators=operators):
                parts = [self.formula(operand) for operand in operands]
                if any(part is None for part in parts):
                    return None
                return f"{parts[0]}" + "".join(f" {_SIGNS[sign]} {part}" for sign, part in zip(operators, parts[1:], strict=True))

    def _applied(self, node: tree.Apply, name: str, arguments: tuple[tree.Argument, ...]) -> str | None:
        found = statistic(name, len(arguments))
        if found is not None and found[0] == "mean":
            inner = self.formula(arguments[0].value)
            return None if inner is None else rf"\langle {inner}\rangle"
        if found is not None and found[0] == "norm":
            inner = self.formula(arguments[0].value)
            return None if inner is None else rf"\Vert {inner}\Vert"
        if found is not None and found[0] in _OF_SPIKES:
            owners = list(_population(arguments[0].value, self.names)) if self.owned else []
            index = f"_{{{_upright(owners[0].text)}}}" if owners else ""
            return f"{_upright(_OF_SPIKES[found[0]])}{index}"
        if found is not None:
            return None
        inside = [self.formula(argument.value) for argument in arguments]
        if any(part is None for part in inside):
            return None
        return f"{_upright(name) if name in _FUNCTIONS else symbol(name)}({', '.join(map(str, inside))})"
