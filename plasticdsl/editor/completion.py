"""What could be written at a place: an `Analysis`, a place and what is known of the model come in, `Completion`s go out.

Words are offered where the grammar can go on with them, units behind numbers, members behind a dot, names where a value or name can stand; behind a
backslash the letters that keyboards lack. Half-written statements are what this is for: nothing here needs the text to be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from plasticdsl.editor import built_in
from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.signs import SIGNS
from plasticdsl.editor.structure import Symbol, SymbolKind, symbols
from plasticdsl.library import library_models
from plasticdsl.model import Block, Network, Role, Variable
from plasticdsl.model.module import Module
from plasticdsl.model.owners import Whose, owner_text
from plasticdsl.names import canonical
from plasticdsl.source import SourceFile
from plasticdsl.syntax.grammar import following, words_of
from plasticdsl.syntax.layout import Line
from plasticdsl.syntax.parse_tables import tables
from plasticdsl.syntax.statements import rule_below
from plasticdsl.syntax.tokens import Token, cut
from plasticdsl.syntax.words import MEANINGS
from plasticdsl.units.display import name_dimension
from plasticdsl.units.table import lookup, unit_words


class CompletionKind(Enum):
    """What is offered."""

    KEYWORD = "keyword"
    UNIT = "unit"
    SIGN = "sign"
    FUNCTION = "function"
    CONSTANT = "constant"
    VARIABLE = "variable"
    PARAMETER = "parameter"
    BLOCK = "block"
    POPULATION = "population"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Completion:
    """`text` in place of what stands from `start` to `end`; `shown`: what the list says, `typed`: what has to be typed for it. `rank`: the least first."""

    shown: str
    kind: CompletionKind
    text: str
    start: int
    end: int
    detail: str = ""
    meaning: str = ""
    rank: int = 5
    typed: str = ""


_SIGN = re.compile(r"\\([^\s\\]*)$")
_WORD = re.compile(r"[\w₊₋∞\u0300-\u036f\u20d7]*$")
_MEMBER = re.compile(r"([^\W\d][\w₊₋∞\u0300-\u036f\u20d7]*)(?:\[[^\]]*\])?\.$")
#: Units that models are written in, before all others.
_USUAL = ("ms", "mV", "nA", "pA", "nS", "Hz", "s", "pF", "µm", "µM", "%", "steps", "kHz", "MΩ", "V", "µS", "nM", "mM")
_KINDS = {
    SymbolKind.NEURON: "neuron", SymbolKind.SYNAPSE: "synapse", SymbolKind.RULE: "rule", SymbolKind.NETWORK: "network",
    SymbolKind.EXPERIMENT: "experiment",
}  # fmt: skip
_ROLES = {
    Role.PARAMETER: "parameter", Role.GIVEN: "parameter", Role.STATE: "state", Role.DEFINITION: "definition", Role.INPUT: "input",
    Role.CLAMPED: "input", Role.REFRACTORY: "whether it is refractory",
}  # fmt: skip


def completions(analysis: Analysis, offset: int, module: Module | None) -> tuple[Completion, ...]:
    """All that could be written at a place, as far as it begins with what stands before it. `module`: the last that was known of the file."""
    text = analysis.source.text
    begin = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    before = text[begin:offset]
    sign = _SIGN.search(before)
    if sign is not None:
        return tuple(_signs(sign[1], begin + sign.start(), offset))
    if any(c.span.start < offset <= c.span.end for c in analysis.layout.comments) or _in_docstring(analysis.layout.lines, offset):
        return ()
    if before.count('"') % 2:
        return tuple(_files(before, begin, offset))
    word = _WORD.search(before)
    assert word is not None
    start = begin + word.start()
    place = _place(analysis, start)
    found = [c for c in _offered(place, module, start, offset) if c.text.startswith(word[0]) or c.shown.startswith(word[0])]
    return tuple(sorted({(c.shown, c.kind): c for c in found}.values(), key=lambda c: (c.rank, c.shown)))


def _signs(typed: str, start: int, end: int) -> Iterator[Completion]:
    for name, sign in SIGNS.items():
        if name.startswith(typed):
            yield Completion(f"\\{name}", CompletionKind.SIGN, sign, start, end, sign, rank=len(name), typed=f"\\{name}")


def _in_docstring(lines: Iterable[Line], offset: int) -> bool:
    return any((one.doc is not None and one.start < offset < one.end) or _in_docstring(one.body, offset) for one in lines)


def _files(before: str, begin: int, end: int) -> Iterator[Completion]:
    """The library behind `use … "`."""
    quote = before.rindex('"') + 1
    if before.lstrip().startswith("use"):
        for name in library_models():
            yield Completion(name, CompletionKind.FILE, name, begin + quote, end, "library")


# --- the place -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind `words` of a statement that `rule` reads, which the grammar can go on with by `following`. `block`: what stands around it."""

    analysis: Analysis
    rule: str
    words: tuple[Token, ...]
    following: frozenset[str]
    block: Symbol | None
    outline: tuple[Symbol, ...]

    @property
    def last(self) -> Token | None:
        return self.words[-1] if self.words else None


def _place(analysis: Analysis, offset: int) -> _Place:
    outline = symbols(analysis)
    block = next((s for s in reversed(outline) if s.span.start <= offset and s.kind in _KINDS), None)
    source = SourceFile(analysis.source.path, analysis.source.text[:offset])
    line, rule, parents = _line(analysis, offset)
    if line is None:
        words: tuple[Token, ...] = ()
    else:
        words = cut(source, [(a, min(b, offset)) for a, b in line.stretches if a < offset], in_table=rule == "row")
    if words and words[-1].kind == ":" and words[0].text in ("on", "every", "spike", "event", "phase", "repeat"):
        rule = "dynamics" if words[0].text == "on" else rule
        words = ()
    if rule == "item" and not parents:
        block = block if line is None else None
    found = words_of(words, rule)
    return _Place(analysis, rule, found, following(found, rule), block, outline)


def _line(analysis: Analysis, offset: int) -> tuple[Line | None, str, tuple[Line, ...]]:
    """The line that is being written at a place (None: a new one), the rule that reads it, and the lines around it."""
    text = analysis.source.text
    begin = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    for statement in reversed(analysis.statements):
        if any(begin <= a <= offset for a, _ in statement.line.stretches):
            if statement.words and statement.words[0].span.start > offset and statement.rule != "item":
                continue  # behind a colon, another statement begins
            return statement.line, statement.rule, statement.parents
    indent = len(text[begin:offset]) - len(text[begin:offset].lstrip(" "))
    for statement in reversed(analysis.statements):
        line = statement.line
        if line.start < begin and line.indent < indent:
            return None, rule_below(line, analysis.source, statement.rule), (*statement.parents, line)
    return None, "item", ()


# --- what is offered -------------------------------------------------------------------------------------------------


def _offered(place: _Place, module: Module | None, start: int, end: int) -> Iterator[Completion]:
    text = place.analysis.source.text
    member = _MEMBER.search(text[max(0, start - 200) : start])
    if member is not None:
        yield from _members(member[1], place, module, start, end)
        return
    if place.last is not None and place.last.kind == "NUMBER" and not place.last.unit and text[start - 1 : start].isspace():
        yield from _units(start, end)
    yield from _keywords(place, start, end)
    if place.following & {"NAME", "CALLED"}:
        yield from _names(place, module, start, end)


def _units(start: int, end: int) -> Iterator[Completion]:
    for word in unit_words():
        dim = lookup(word)[1]
        rank = _USUAL.index(word) if word in _USUAL else 100
        yield Completion(word, CompletionKind.UNIT, word, start, end, name_dimension(dim), rank=rank)
    yield Completion("steps", CompletionKind.UNIT, "steps", start, end, "time steps", rank=_USUAL.index("steps"))


def _keywords(place: _Place, start: int, end: int) -> Iterator[Completion]:
    for word, terminal in tables().keywords.items():
        if {word, terminal} & place.following:
            yield Completion(word, CompletionKind.KEYWORD, word, start, end, meaning=MEANINGS.get(word, ""), rank=4)


def _members(owner: str, place: _Place, module: Module | None, start: int, end: int) -> Iterator[Completion]:
    """What stands behind `pre.`, `E.`, `ex.`."""
    if module is None:
        return
    if owner in ("pre", "post"):
        blocks = [b for b in module.blocks if b.kind == "neuron"]
    else:
        network = _network(place, module)
        blocks = [] if network is None else [b for part, b in network.blocks.items() if owner_text(part) == canonical(owner)]
    for block in blocks:
        yield from _variables(block, start, end)


def _variables(block: Block, start: int, end: int) -> Iterator[Completion]:
    for variable in block.variables:
        yield Completion(variable.symbol, CompletionKind.VARIABLE, variable.symbol, start, end, _detail(variable), f"of {block.name}", 1)


def _detail(variable: Variable) -> str:
    return f"{_ROLES[variable.role]}{f', {variable.unit}' if variable.unit else ''}"


def _network(place: _Place, module: Module) -> Network | None:
    """The network that a place is about: the one around it, or that of the experiment around it."""
    if place.block is None or place.block.kind not in (SymbolKind.NETWORK, SymbolKind.EXPERIMENT):
        return None
    name = canonical(place.block.name)
    if place.block.kind is SymbolKind.EXPERIMENT:
        named = re.search(r"\bon\s+([^\s:]+)", place.block.detail)
        known = next((e.network for e in module.experiments if e.name == name), None)
        name = canonical(named[1]) if named is not None else known or ""
    found = next((n for n in module.networks if n.name == name), None)
    return found if found is not None or place.block.kind is SymbolKind.NETWORK or len(module.networks) != 1 else module.networks[0]


def _names(place: _Place, module: Module | None, start: int, end: int) -> Iterator[Completion]:
    """Blocks where a block is named, else what has a value here."""
    kinds = _blocks_wanted(place)
    if kinds:
        yield from _blocks(kinds, place, module, start, end)
        if "neuron" in kinds:
            yield from _built_in(built_in.SOURCES, CompletionKind.BLOCK, start, end, 3)
        return
    if place.rule == "item":
        return
    if place.last is not None and place.last.kind == "ON":
        yield from _built_in({side: built_in.OF_CONNECTIONS[side] for side in ("pre", "post")}, CompletionKind.CONSTANT, start, end, 1)
        return
    yield from _arguments(place, module, start, end)
    yield from _clauses(place, module, start, end)
    yield from _in_scope(place, module, start, end)
    if place.words:
        yield from _functions(place, start, end)


def _blocks_wanted(place: _Place) -> tuple[str, ...]:
    """The kinds of blocks of which a name can stand here; none where other names can."""
    if place.last is None:
        return ()
    kinds = [w.kind for w in place.words]
    match place.rule, place.last.kind:
        case "item", "LIKE":
            return (place.words[0].text,)
        case "item", "ON":
            return ("network",)
        case "network", "NUMBER" | "NAME" | ")" if "->" not in kinds and kinds[1:2] == ["="] and len(kinds) < 7:
            return ("neuron",)
        case "network", ":" if "->" in kinds:
            return ("synapse", "rule")
        case "network", "with" | "and" if "->" in kinds:
            return ("rule",)
        case _:
            return ()


def _blocks(kinds: Sequence[str], place: _Place, module: Module | None, start: int, end: int) -> Iterator[Completion]:
    own = {s.name: _KINDS[s.kind] for s in place.outline if s.kind in _KINDS}
    used = {b.name: b.kind for b in (module.blocks if module is not None else ()) if canonical(b.name) not in map(canonical, own)}
    used |= {n.name: "network" for n in (module.networks if module is not None else ()) if n.name not in map(canonical, own)}
    for name, kind in {**used, **own}.items():
        if kind in kinds and (place.block is None or name != place.block.name or place.rule != "item"):
            yield Completion(name, CompletionKind.BLOCK, name, start, end, kind, rank=2)


def _arguments(place: _Place, module: Module | None, start: int, end: int) -> Iterator[Completion]:
    """Parameters in `LIF(`, `STDP(a = 1, `."""
    opened = _called(place.words)
    if opened is None or module is None or place.last is None or place.last.kind not in ("(", ","):
        return
    for block in (b for b in module.blocks if b.name == canonical(opened)):
        for variable in block.variables:
            if variable.role in (Role.PARAMETER, Role.GIVEN):
                text = f"{variable.symbol} = "
                yield Completion(variable.symbol, CompletionKind.PARAMETER, text, start, end, _detail(variable), f"of {block.name}", 1)


def _clauses(place: _Place, module: Module | None, start: int, end: int) -> Iterator[Completion]:
    """Values that a projection can give: those of the blocks that it names."""
    kinds = [w.kind for w in place.words]
    if place.rule != "network" or module is None or "->" not in kinds or kinds[-1] != ",":
        return
    named = {canonical(w.text) for w in place.words if w.kind in ("NAME", "CALLED")}
    for block in (b for b in module.blocks if b.kind in ("synapse", "rule") and b.name in named):
        needed = [(n.symbol, "has to be given") for n in block.needs if n.owner is Whose.OWN]
        for symbol, detail in (*needed, *((v.symbol, _detail(v)) for v in block.variables if v.role in (Role.PARAMETER, Role.GIVEN))):
            yield Completion(symbol, CompletionKind.PARAMETER, f"{symbol} = ", start, end, detail, f"of {block.name}", 1)


def _called(words: Sequence[Token]) -> str | None:
    """The name before the innermost bracket that is open."""
    depth = 0
    for number in range(len(words) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(words[number].kind, 0)
        if depth < 0:
            return words[number - 1].text if words[number - 1].kind == "CALLED" else None
    return None


def _in_scope(place: _Place, module: Module | None, start: int, end: int) -> Iterator[Completion]:
    """Names of the block around, of what it is like, of the network of an experiment, and functions of the file."""
    for one in place.block.inside if place.block is not None else ():
        kind = CompletionKind.POPULATION if one.kind in (SymbolKind.POPULATION, SymbolKind.PROJECTION) else CompletionKind.VARIABLE
        yield Completion(one.name, kind, one.name, start, end, one.detail, one.kind.value, 2)
    for one in (s for s in place.outline if s.kind is SymbolKind.FUNCTION):
        yield Completion(one.name, CompletionKind.FUNCTION, one.name, start, end, one.detail, "function of this file", 3)
    if module is None or place.block is None:
        return
    network = _network(place, module)
    if network is not None:
        for symbol in (*(p.symbol for p in network.populations), *(p.symbol for p in network.projections)):
            yield Completion(symbol, CompletionKind.POPULATION, symbol, start, end, "", f"of {network.name}", 2)
        for variable in network.variables:
            yield Completion(
                variable.symbol, CompletionKind.VARIABLE, variable.symbol, start, end, _detail(variable), f"of {network.name}", 2
            )
    around = _KINDS[place.block.kind]
    base = re.search(r"\blike\s+([^\s:]+)", place.block.detail)
    names = {canonical(place.block.name), canonical(base[1]) if base is not None else ""}
    for block in (b for b in module.blocks if b.kind == around and b.name in names):
        yield from _variables(block, start, end)
    if around in ("synapse", "rule"):
        yield from _built_in(built_in.OF_CONNECTIONS, CompletionKind.CONSTANT, start, end, 4)


def _functions(place: _Place, start: int, end: int) -> Iterator[Completion]:
    if place.last is not None and place.last.kind == "~":
        yield from _built_in(built_in.DISTRIBUTIONS, CompletionKind.FUNCTION, start, end, 1)
        return
    if place.rule in ("procedure", "row"):
        yield from _built_in(built_in.STATISTICS, CompletionKind.FUNCTION, start, end, 3)
    yield from _built_in(built_in.FUNCTIONS, CompletionKind.FUNCTION, start, end, 5)
    yield from _built_in(built_in.CONSTANTS, CompletionKind.CONSTANT, start, end, 7)


def _built_in(table: Mapping[str, tuple[str, str]], kind: CompletionKind, start: int, end: int, rank: int) -> Iterator[Completion]:
    for name, (written, meaning) in table.items():
        yield Completion(name, kind, name, start, end, written, meaning, rank)
