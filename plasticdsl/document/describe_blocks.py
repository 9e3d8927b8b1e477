"""Neurons, synapses, rules and functions: a table of what each does, and one of its parameters.

Comes in: a block of the syntax tree, and what the checker made of it, which knows what is a parameter and its dimension. Goes out: a `Section`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from plasticdsl.document import statements as st
from plasticdsl.document.description import Cell, Inline, Line, Section, Table, Words, cell, words
from plasticdsl.document.formula import Formula, Measure, Row, Sign
from plasticdsl.document.symbols import symbol
from plasticdsl.document.typeset import relation, typeset
from plasticdsl.document.written import Written
from plasticdsl.model import Block, Role, Variable
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import Dimension
from plasticdsl.units.display import display_unit

PARAMETER_HEAD = ("symbol", "value", "unit", "meaning", "written in")


def block_section(block: tree.Block, meant: Block | None, text: Written) -> Section:
    """The section of a neuron, synapse or rule. `meant` is None where it is not known."""
    known = {v.name: v for v in meant.variables} if meant is not None else {}
    like = cell((Words(f"like {block.base.text}, with what is written here instead"),)) if block.base is not None else ()
    rows = [(cell("based on"), like)] if like else []
    rows += [(cell(label), found) for label, found in _collected(_rows(block, known, text))]
    tables = [Table(f"{block.kind.capitalize()} {block.name.text}", ("what", "how"), tuple(rows))] if rows else []
    parameters = tuple(_parameters(block, known, text))
    if parameters:
        tables.append(Table(f"Parameters of {block.name.text}", PARAMETER_HEAD, parameters))
    return Section("block", f"{block.kind.capitalize()} {block.name.text}", paragraphs(block.doc), None, tuple(tables))


def functions_section(functions: Iterable[tuple[tree.Function, Written]]) -> Section:
    """The functions of a file."""
    rows = [(cell((_function(f),)), cell(text.remark(f.span))) for f, text in functions]
    return Section("block", "Functions", (), None, (Table("Functions", ("function", "meaning"), tuple(rows)),))


def _function(function: tree.Function) -> Formula:
    return st.defined(tree.Define(function.name, function.arguments, function.body, function.span))


def paragraphs(doc: str) -> tuple[Line, ...]:
    """A docstring, paragraph by paragraph."""
    parts = (" ".join(part.split()) for part in doc.strip().split("\n\n"))
    return tuple(words(part) for part in parts if part)


# --- what it does ----------------------------------------------------------------------------------------------------


def _collected(rows: Iterable[tuple[str, Line]]) -> Iterator[tuple[str, Cell]]:
    """Neighbours with the same label share a row."""
    label, lines = "", list[Line]()
    for one, line in rows:
        if one != label and lines:
            yield label, tuple(lines)
            lines = []
        label = one
        lines.append(line)
    if lines:
        yield label, tuple(lines)


#: The order of rows, as in the tables of Nordlie et al.: type, dynamics, spiking.
_ORDER = (
    tree.Input, tree.Section, tree.Define, tree.Flow, tree.Reactions, tree.Conserved, tree.Initial, tree.Draw, tree.Jump, tree.Bound, tree.OnEvent,
    tree.OnPairs, tree.Truncate, tree.Every, tree.Prune, tree.Grow, tree.SpikeWhen, tree.SpikeAtRate, tree.Refractory, tree.Output, tree.Method,
)  # fmt: skip


def _rows(block: tree.Block, known: Mapping[str, Variable], text: Written) -> Iterator[tuple[str, Line]]:
    if block.parameters:
        yield "takes", tuple(_with_commas([symbol(name.text) for name in block.parameters]))
    for statement in sorted(block.body, key=lambda s: _ORDER.index(type(s)) if type(s) in _ORDER else len(_ORDER)):
        if not is_parameter(statement, known):
            for label, lines in rows_of(statement):
                yield from ((label, with_remark(line, text, statement) if number == 0 else line) for number, line in enumerate(lines))


def with_remark(line: Line, text: Written, statement: tree.Statement) -> Line:
    """The line with what the author wrote beside it."""
    remark = text.remark(statement.span)
    return (*line, Words(" — "), *words(remark)) if remark else line


def _with_commas(parts: Iterable[Inline]) -> Iterator[Inline]:
    for number, part in enumerate(parts):
        yield from (Words(", "), part) if number else (part,)


Rows = Iterator[tuple[str, list[Line]]]


def rows_of(statement: tree.Statement) -> Rows:
    """Labels, and what stands beside them."""
    match statement:
        case tree.Define():
            yield "definitions", [(st.defined(statement),)]
        case tree.Initial() | tree.Draw():
            yield "initial values", [(st.setting(statement),)]
        case tree.Flow():
            yield "dynamics", [(st.flow(statement),)]
        case tree.Reactions(body=body):
            yield "reactions", [line for line in (st.reactions(statement), *st.happens(body)) if line]
        case tree.Jump():
            yield "at each step", [(st.jump(statement),)]
        case tree.Bound():
            yield "bounds", [(st.bound(statement),)]
        case tree.OnEvent() | tree.OnPairs():
            yield st.when(statement), list(st.happens(statement.body))
        case tree.Every():
            yield "periodically", [st.every(statement), *st.happens(statement.body)]
        case tree.SpikeWhen() | tree.SpikeAtRate() | tree.Refractory():
            yield from _spiking(statement)
        case _:
            yield from _more(statement)


def _spiking(statement: tree.SpikeWhen | tree.SpikeAtRate | tree.Refractory) -> Rows:
    match statement:
        case tree.SpikeWhen(name=name, body=body):
            yield "spikes when" if name is None else f"event {name.text} when", [st.condition(statement)]
            yield from [("at a spike" if name is None else f"at event {name.text}", list(st.happens(body)))] if body else []
        case tree.SpikeAtRate(rate=rate, body=body):
            yield "spikes at rate", [(typeset(rate),)]
            yield from [("at a spike", list(st.happens(body)))] if body else []
        case tree.Refractory():
            yield "refractory", [st.refractory(statement)]


def _more(statement: tree.Statement) -> Rows:
    match statement:
        case tree.Input():
            yield "inputs", [(st.taken(statement),)]
        case tree.Output():
            yield "outputs", [(st.output(statement),)]
        case tree.Method():
            yield "integrator", [st.method(statement)]
        case tree.Truncate():
            yield "window", [(st.truncated(statement),)]
        case tree.Prune():
            yield "structure", [st.prune(statement)]
        case tree.Grow():
            yield "structure", [st.grow(statement)]
        case tree.Section():
            yield "shape", [(st.section(statement),)]
        case tree.Conserved(value=value):
            yield "conserved", [(typeset(value),)]
        case _:
            return


# --- its parameters --------------------------------------------------------------------------------------------------


def is_parameter(statement: object, known: Mapping[str, Variable]) -> bool:
    """Whether a statement gives a parameter its value."""
    if not isinstance(statement, tree.Define | tree.Draw) or not isinstance(statement.target, tree.Name):
        return False
    if isinstance(statement, tree.Define) and (statement.arguments or isinstance(statement.rhs, tree.OverTime)):
        return False
    found = known.get(statement.target.name)
    return found is not None and found.role in PARAMETERS


def _parameters(block: tree.Block, known: Mapping[str, Variable], text: Written) -> Iterator[tuple[Cell, ...]]:
    for statement in block.body:
        if isinstance(statement, tree.Define | tree.Draw) and isinstance(statement.target, tree.Name) and is_parameter(statement, known):
            yield parameter_row(statement, statement.target, known[statement.target.name].dimension, text)
    declared = {s.target.name for s in block.body if isinstance(s, tree.Define | tree.Draw) and isinstance(s.target, tree.Name)}
    for variable in known.values() if block.base is None else ():
        if variable.role is Role.GIVEN and variable.name not in declared:
            yield cell((symbol(variable.symbol),)), cell("given where it is used"), unit_cell(variable.dimension), cell(), cell()


def parameter_row(statement: tree.Define | tree.Draw, target: tree.Expr, dimension: Dimension | None, text: Written) -> tuple[Cell, ...]:
    """Symbol, value, unit, meaning and place of a parameter."""
    value = statement.rhs if isinstance(statement, tree.Define) else statement.distribution
    sign = None
    while isinstance(value, tree.Unary) and value.operator == "-" and isinstance(value.operand, tree.Number):
        sign, value = Sign("−"), value.operand
    if isinstance(value, tree.Number) and value.unit:
        digits = typeset(tree.Number(value.text, (), value.span))
        shown: Formula = digits if sign is None else Row((sign, digits))
        unit: Cell = cell((Measure(value.unit),))
    else:
        shown, unit = typeset(value), unit_cell(dimension)
        shown = shown if sign is None else Row((sign, shown))
    drawn = Row((relation("∼"), shown)) if isinstance(statement, tree.Draw) else shown
    return cell((typeset(target),)), cell((drawn,)), unit, cell(text.remark(statement.span)), cell(text.place(statement.span))


def unit_cell(dimension: Dimension | None) -> Cell:
    """The unit that quantities of a dimension are shown in; a pure number has none."""
    text = "" if dimension is None else display_unit(dimension)[0]
    return cell(text or "1")
