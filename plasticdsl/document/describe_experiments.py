"""Experiments as tables: the step, phases with what is held in them, sweeps, what is recorded, shown and expected.

Comes in: an experiment of the syntax tree. Goes out: rows of a table, and sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from plasticdsl.document import statements as st
from plasticdsl.document.describe_blocks import paragraphs, with_remark
from plasticdsl.document.description import Cell, Inline, Line, Section, Table, Words, cell, words
from plasticdsl.document.formula import Fenced, Row
from plasticdsl.document.symbols import symbol
from plasticdsl.document.typeset import relation, separated, typeset
from plasticdsl.document.written import Written
from plasticdsl.syntax import tree

_HEAD = ("what", "how")


def experiment_sections(blocks: Sequence[tree.Block], text: Written) -> Iterator[Section]:
    """A section for each experiment; those that are like another one are rows of one table."""
    by_name = {b.name.name: b for b in blocks}
    for block in blocks:
        if block.base is not None:
            continue
        title = f"Experiment {block.name.text}" + (f" on {block.on.text}" if block.on is not None else "")
        variants = [b for b in blocks if b.base is not None and _origin(b, by_name) is block]
        tables = [Table(title, _HEAD, tuple(_rows(block, text)))]
        if variants:
            rows = tuple(_variant(b, text) for b in variants)
            tables.append(Table(f"Experiments like {block.name.text}", ("name", "what differs"), rows))
        yield Section("experiment", title, paragraphs(block.doc), None, tuple(tables))
    foreign = [b for b in blocks if b.base is not None and _origin(b, by_name) is None]
    if foreign:
        rows = tuple(_variant(b, text) for b in foreign)
        yield Section("experiment", "More experiments", (), None, (Table("More experiments", ("name", "what differs"), rows),))


def _origin(block: tree.Block, by_name: dict[str, tree.Block]) -> tree.Block | None:
    """The experiment that it goes back to; None where that is in another file."""
    seen: set[str] = set()
    found: tree.Block | None = block
    while found is not None and found.base is not None and found.name.name not in seen:
        seen.add(found.name.name)
        found = by_name.get(found.base.name)
    return found if found is None or found.base is None else None


def _variant(block: tree.Block, text: Written) -> tuple[Cell, ...]:
    lines: list[Line] = [(Words(f"like {block.base.text}{f' on {block.on.text}' if block.on is not None else ''}"),)] if block.base else []
    lines += [
        *paragraphs(block.doc),
        *(line for label, found in _items(block.body, text) for line in _labelled(label, _beside(label, found))),
    ]
    return cell(block.name.text), tuple(lines)


def _beside(label: str, lines: Sequence[Line]) -> Sequence[Line]:
    """Settings stand on one line: a row of a table of experiments has many."""
    return (
        [tuple(part for n, line in enumerate(lines) for part in (*((Words(", "),) if n else ()), *line))] if label == "settings" else lines
    )


def _labelled(label: str, lines: Sequence[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        yield (Words(f"{label}: "), *line) if number == 0 else line


def _rows(block: tree.Block, text: Written) -> Iterator[tuple[Cell, ...]]:
    for label, lines in _items(block.body, text):
        yield cell(label), tuple(lines)


def _items(body: Iterable[tree.Statement], text: Written) -> Iterator[tuple[str, list[Line]]]:
    """Labels, and what stands beside them, in the order of the text; neighbours of one kind are together."""
    label, lines = "", list[Line]()
    for statement in body:
        one, found = _item(statement, text)
        found[:1] = [with_remark(line, text, statement) for line in found[:1]]
        if one == label:
            lines += found
            continue
        if lines:
            yield label, lines
        label, lines = one, found
    if lines:
        yield label, lines


def _item(statement: tree.Statement, text: Written) -> tuple[str, list[Line]]:
    match statement:
        case tree.Define(target=tree.Name(name="dt")):
            return "step", [(st.defined(statement),)]
        case tree.Define(target=tree.Name(name="seed")):
            return "seed", [(typeset(statement.rhs),)]
        case tree.Define() | tree.Draw() | tree.Initial():
            return "settings", [(st.setting(statement),)]
        case tree.Phase():
            return f"phase {statement.name.text}", [tuple(_lasts(statement)), *_body(statement.body, text)]
        case tree.Repeat():
            return "repeated", [tuple(_repeat(statement)), *_body(statement.body, text)]
        case tree.Record(items=items, moment=moment, alias=alias):
            named = (Words(" as "), symbol(alias.text)) if alias is not None else ()
            return "recorded", [(*_listed(items), *_moment(moment), *named)]
        case tree.Plot():
            return "shown", [tuple(_figure(statement))]
        case tree.Expect():
            return "expected", [tuple(_expectation(statement))]
        case tree.Sweep():
            return "swept", list(_sweep(statement))
        case tree.Fit():
            return "fitted", list(_fit(statement))
        case tree.Begin(name=name):
            return "begins", [words(f"where {name.text} ended")]
        case tree.Data(name=name, path=path):
            return "data", [(symbol(name.text), Words(f" from {path}" if path else " given from outside"))]
        case _:
            return "in this phase", list(_of_phase(statement, text))


def _body(body: Iterable[tree.Statement], text: Written) -> Iterator[Line]:
    """What stands in a phase, or under `repeat`."""
    for label, lines in _items(body, text):
        yield from lines if label in ("in this phase", "settings") else _labelled(label, lines)


def _of_phase(statement: tree.Statement, text: Written) -> Iterator[Line]:
    match statement:
        case tree.RulesOff(names=names):
            yield words(f"rules off{f' for {_names(names)}' if names else ''}")
        case tree.Start(target=target, source=source, flipped=flipped, redrawn=redrawn):
            share = [(flipped, " flipped"), (redrawn, " redrawn")]
            more = tuple(part for value, word in share if value is not None for part in (Words(" with "), typeset(value), Words(word)))
            yield Words("start "), typeset(target), Words(" from "), typeset(source), *more
        case tree.Schedule(asynchronous=asynchronous, order=order):
            yield words(f"units update one by one, in {order} order" if asynchronous else "all units update at once")
        case _:
            yield words(f"`{text.text(statement.span)}`")


def _names(names: Iterable[tree.Name]) -> str:
    return ", ".join(name.text for name in names)


def _lasts(phase: tree.Phase) -> Iterator[Inline]:
    """How long a phase is, or what it shows, or what it waits for."""
    if phase.duration is not None:
        yield from (Words("for "), typeset(phase.duration))
    if phase.each is not None:
        yield from _each(phase.each)
    if phase.until is not None:
        yield from _until(phase.until)


def _each(each: tree.ForEach) -> Iterator[Inline]:
    names = _names(each.names)
    yield Words(f"for each {names if len(each.names) == 1 else f'({names})'} in {each.source.text}")
    if each.where is not None:
        yield from (Words(" where "), typeset(each.where))
    if each.shuffled:
        yield Words(", shuffled")
    if each.epochs is not None:
        yield from (Words(", "), typeset(each.epochs), Words(" epochs"))
    if each.each_for is not None:
        yield from (Words(", for "), typeset(each.each_for), Words(" each"))
    if each.pause is not None:
        yield from (Words(", pause "), typeset(each.pause))
    if each.again is not None:
        yield Words(", again ")
        yield from _until(each.again)


def _until(until: tree.Until) -> Iterator[Inline]:
    yield Words("until ")
    yield Words("stable") if until.condition is None else typeset(until.condition)
    for word, value in ((" within ", until.within), (", up to ", until.at_most), (", at most ", until.times)):
        if value is not None:
            yield from (Words(word), typeset(value))
    if until.times is not None:
        yield Words(" times")


def _repeat(repeat: tree.Repeat) -> Iterator[Inline]:
    if repeat.times is not None:
        yield from (typeset(repeat.times), Words(" times:"))
    if repeat.until is not None:
        yield from (*_until(repeat.until), Words(":"))


def _listed(items: Iterable[tree.Expr]) -> Iterator[Inline]:
    for number, item in enumerate(items):
        yield from (Words(", "), typeset(item)) if number else (typeset(item),)


def _moment(moment: tree.Moment | None) -> Iterator[Inline]:
    if moment is None:
        return
    if moment.at_end:
        yield Words(" at the end")
    for word, value in ((" at ", moment.at), (" every ", moment.every), (" over the last ", moment.last), (" over ", moment.over)):
        if value is not None:
            yield from (Words(word), typeset(value))
    if moment.start is not None and moment.stop is not None:
        yield from (Words(" from "), typeset(moment.start), Words(" to "), typeset(moment.stop))
    if moment.during is not None:
        yield Words(f" in phase {moment.during.text}")


def _figure(plot: tree.Plot) -> Iterator[Inline]:
    for number, drawing in enumerate(plot.drawings):
        yield from (Words(", "), typeset(drawing.item)) if number else (typeset(drawing.item),)
        for said in drawing.drawn_as:
            yield Words(f" as ‘{said.text}’" if said.text else f" as {said.kind}")
            yield from (Words(" "), typeset(said.shape)) if said.shape is not None else ()
    for number, side in enumerate(plot.over):
        yield from _side(side, number)
    yield from _moment(plot.moment)
    if plot.title:
        yield Words(f" (‘{plot.title}’)")
    for axis in plot.axes:
        yield Words(f", {'vertically' if axis.name == 'y' else 'horizontally'}{' on a logarithmic axis' if axis.logarithmic else ''}")
        if axis.text:
            yield Words(f" ‘{axis.text}’")
        if axis.start is not None and axis.stop is not None:
            yield from (Words(" from "), typeset(axis.start), Words(" to "), typeset(axis.stop))


def _side(side: tree.Range, number: int) -> Iterator[Inline]:
    yield from (Words(", " if number else " over "), typeset(side.target))
    if side.start is not None and side.stop is not None:
        yield from (Words(" from "), typeset(side.start), Words(" to "), typeset(side.stop))


def _expectation(expect: tree.Expect) -> Iterator[Inline]:
    for number, own in enumerate(expect.settings or ()):
        yield from (Words(", ") if number else Words("with "), st.setting(own))
    if expect.settings:
        yield Words(": ")
    if expect.right is not None:
        sides = [typeset(expect.left), relation(expect.relation), typeset(expect.right)]
        yield Row((*sides, *([relation("±"), typeset(expect.tolerance)] if expect.tolerance is not None else [])))
    else:
        yield typeset(expect.left)
        if expect.relation != "holds":
            yield Words(f" {expect.relation}")
    yield from _moment(expect.moment)
    if expect.when is not None:
        yield from (Words(" when "), typeset(expect.when))


def _sweep(sweep: tree.Sweep) -> Iterator[Line]:
    for axis in sweep.axes:
        for one in (axis, *axis.together):
            yield tuple(_axis(one))
        if axis.together:
            yield words("these together")
    if sweep.repeats is not None:
        yield typeset(sweep.repeats), Words(" repeats")


def _fit(fit: tree.Fit) -> Iterator[Line]:
    for axis in fit.axes:
        assert axis.start is not None
        assert axis.stop is not None
        ends = Fenced("[", separated([typeset(axis.start), typeset(axis.stop)]), "]")
        yield Row((typeset(axis.target), relation("∈"), ends)), Words(", on a logarithmic scale" if axis.logarithmic else "")
    goal = (Words("so that it is largest: " if fit.maximise else "so that it is smallest: "), typeset(fit.goal), *_moment(fit.moment))
    yield goal if fit.trials is None else (*goal, Words(", in "), typeset(fit.trials), Words(" trials"))


def _axis(axis: tree.SweepAxis) -> Iterator[Inline]:
    target = typeset(axis.target)
    if axis.start is None or axis.stop is None or axis.count is None:
        yield Row((target, relation("∈"), Fenced("{", separated([typeset(v) for v in axis.values]), "}")))
        return
    yield from (target, Words(" from "), typeset(axis.start), Words(" to "), typeset(axis.stop))
    yield from (Words(" in "), typeset(axis.count), Words(" values, logarithmic" if axis.logarithmic else " values"))
