"""`X like Y`: what a block restates replaces what its base says; the rest stays.

Comes in: the blocks of a file and what is in sight of each. Goes out: the same blocks with every `like` carried out, so that no later
stage knows of it, and findings for bases that do not exist, are of another kind, or go in a circle.

What replaces what:

- neuron, synapse, rule: a definition, draw, flow, jump or input replaces the one of the same variable; an initial value and a
  bound likewise; a reaction the one with the same two sides, while a header without reactions says how all of them happen; `every T:` the one of the
  same period; `on pre:`, `on post:`, the pairing, the spike condition, `output`, `refractory` and `method` are restated as a whole.
- network: a parameter or observable, a population or a set of patterns replaces the one of the same name. A projection replaces the one of its
  name; without a name (or over one without a name) the only one between the same two populations; an `expect` line the one with the same left side.
- experiment: `dt`, settings, data and phases by name, a phase that is repeated where it stands; what is repeated replaces all phases of these
  names; the sweep, all `record` lines, all `plot` lines and all `expect` lines each as a whole. What is swept anew is no longer set, and what is set
  anew no longer swept. `like A on Net2` keeps the experiment and changes the network.

What is new is added at the end.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from plasticdsl.check.report import Reporter
from plasticdsl.check.sight import Identity, Sight, identity
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.graph import ordered
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind, phases_of, rebuilt

#: All blocks together may have so many statements once `like` is carried out.
MOST_STATEMENTS = 20_000


def resolve_likes(blocks: Sequence[tree.Block], sight: Sight, report: Reporter) -> tuple[tree.Block, ...]:
    """Every block with its base merged in (`base` is then None), in the order given. `sight`: where bases are looked for."""
    given = {identity(b): b for b in blocks}
    bases = {i: _base(b, given, sight, report) for i, b in given.items()}
    order, circles = ordered(given, lambda i: () if (base := bases[i]) is None else (base,))
    for circle in circles:
        last, names = given[circle[-2]], " → ".join(given[i].name.text for i in circle)
        bases[circle[-2]] = None
        assert last.base is not None
        report.error("like-cycle", f"‘{last.name.text}’ is like itself: {names}.", last.base.span)
    done: dict[Identity, tree.Block] = {}
    statements = sum(len(b.body) for b in blocks)
    for one in order:
        block, base = given[one], bases[one]
        statements += len(done[base].body) if base is not None else 0
        if base is not None and statements > MOST_STATEMENTS:
            message = f"With what they are like, the blocks have more than {MOST_STATEMENTS} statements."
            report.error("expression-too-large", message, block.name.span, "Put what is common into fewer blocks.")
            base = None
        inherited = done[base].body if base is not None else ()
        for header in _only_headers(block.body) if not of_kind(inherited, tree.Reactions) else ():
            message = "No reactions stand below this line" + (f", and ‘{done[base].name.text}’ has none." if base is not None else ".")
            hint = "Write them below, indented deeper. Alone it says how the reactions happen of a block that this one is like."
            report.error("empty-block", message, header.span, hint)
        done[one] = replace(block, base=None) if base is None else merge(done[base], block, report)
    return tuple(done[i] for i in given)


def _base(block: tree.Block, given: Mapping[Identity, tree.Block], sight: Sight, report: Reporter) -> Identity | None:
    """The block it is like; None where it is like nothing, or after reporting that this is nothing."""
    name = block.base
    if name is None:
        return None
    base = sight.block(block.kind, name)
    if base is not None:
        return identity(base) if identity(base) in given else None
    known = sight.blocks(name.span.path)
    other = next((b for b in known if b.name.name == name.name), None)
    if other is not None:
        message = f"‘{name.text}’ is a {other.kind}; a {block.kind} can only be like another {block.kind}."
        report.error("unknown-base", message, name.span, labels=(Label(other.name.span, f"the {other.kind}"),))
    else:
        candidates = [b.name.text for b in known if b.kind == block.kind and b is not block]
        report.error("unknown-base", f"There is no {block.kind} ‘{name.text}’.", name.span, did_you_mean(name.text, candidates))
    return None


def merge(base: tree.Block, block: tree.Block, report: Reporter) -> tree.Block:
    """`block` over `base`, both of one kind."""
    old, new = base.body, block.body
    if block.kind == "network":
        old, new = _named_alike(old, new, report)
    if block.kind == "experiment":
        old, new = _in_rounds(old, new)
    old, new = split(_happening(old, new)), split(new)
    return replace(
        block,
        base=None,
        on=block.on or base.on,
        doc=block.doc or base.doc,
        parameters=block.parameters or base.parameters,
        body=_merged(old, new, block.kind),
    )


def _happening(base: Sequence[tree.Statement], new: Sequence[tree.Statement]) -> tuple[tree.Statement, ...]:
    """The statements of `base`, its reactions as headers without lines in `new` say: whether by chance, in which volume, with what tolerance."""
    for header in _only_headers(new):
        said = {name: value for name in ("stochastic", "volume", "tolerance") if (value := getattr(header, name)) is not None}
        base = [replace(s, **said) if isinstance(s, tree.Reactions) else s for s in base]
    return tuple(base)


def _only_headers(body: Sequence[tree.Statement]) -> tuple[tree.Reactions, ...]:
    """`reactions stochastic` with nothing below."""
    return tuple(s for s in of_kind(body, tree.Reactions) if not s.body)


def _merged(base: Sequence[tree.Statement], new: Sequence[tree.Statement], kind: str) -> tuple[tree.Statement, ...]:
    """The statements of `base` with those that `new` restates replaced where they stood, then what is new. `kind`: of the block.

    What `new` fixes by a definition, draw or input has no initial value any more.
    """
    restating: dict[Hashable, list[tree.Statement]] = {}
    for statement in new:
        restating.setdefault(_about(statement, kind), []).append(statement)
    fixed = {_about(s, kind) for s in new if isinstance(s, tree.Define | tree.Draw | tree.Input)}
    result: list[tree.Statement] = []
    placed: set[Hashable] = set()
    for old in base:
        about = _about(old, kind)
        if isinstance(old, tree.Initial) and ("name", old.variable.name) in fixed:
            continue
        if about not in restating:
            result.append(old)
        elif about not in placed:
            placed.add(about)
            result.extend(restating[about])
    return (*result, *(s for s in new if _about(s, kind) not in placed))


def split(body: Iterable[tree.Statement]) -> tuple[tree.Statement, ...]:
    """`input a, b`, `reactions:` and `output y = …` as a statement for each thing that they say, so that one of them can be restated."""

    def parts(statement: tree.Statement) -> Iterator[tree.Statement]:
        match statement:
            case tree.Input(names=names):
                yield from (replace(statement, names=(name,)) for name in names)
            case tree.Reactions(body=reactions):
                yield from (replace(statement, body=(reaction,)) for reaction in reactions)
            case tree.Output(variable=variable, rhs=rhs, domain=domain, span=span):
                yield tree.Output(variable, None, None, span)
                if rhs is not None:
                    yield tree.Define(variable, (), rhs, span)
                if domain is not None:
                    yield tree.Bound(variable, domain, span)
            case _:
                yield statement

    return tuple(part for statement in body for part in parts(statement))


# --- what a statement is about ---------------------------------------------------------------------------------------


def subject(statement: tree.Statement) -> tree.Expr | None:
    """The left side of a statement about one variable, once it is `split`; of `r⁺ = …` the whole name."""
    match statement:
        case tree.Define(target=left) | tree.Draw(target=left) | tree.Jump(target=left) | tree.Bound(target=left):
            return left.whole if isinstance(left, tree.Limit) else left
        case tree.Flow(variable=name) | tree.Initial(variable=name) | tree.Input(names=(name,)):
            return name
        case _:
            return None


def _about(statement: tree.Statement, kind: str) -> Hashable:
    """What the statement settles, once it is `split`; two statements about the same say the same thing differently."""
    word = type(statement).__name__
    match statement:
        case tree.Define(target=tree.Member(base=tree.Indexed()) as target) | tree.Draw(target=tree.Member(base=tree.Indexed()) as target):
            return "name", _spelt(target)
        case tree.Initial(variable=name, of=of) if of is not None:
            return word, _spelt((of, name))
        case tree.Define() | tree.Draw() | tree.Jump() | tree.Flow() | tree.Input():
            return "name", path_text(subject(statement))
        case tree.Initial() | tree.Bound():
            return word, path_text(subject(statement))
        case tree.Population(name=name) | tree.Patterns(name=name) | tree.Phase(name=name) | tree.Data(name=name):
            return word, name.name
        case tree.Truncate(function=name):
            return word, name.name
        case tree.Repeat(body=inner):
            return word, tuple(phase.name.name for phase in phases_of(inner))
        case tree.OnEvent(event=event, name=name):
            return word, event.name, name and name.name
        case tree.SpikeWhen(name=tree.Name(name=name)):
            return word, name
        case tree.Reactions(body=(tree.Reaction(reactants=reactants, products=products),)):
            return word, _spelt((reactants, products))
        case tree.Every(period=period):
            return word, _spelt(period)
        case tree.Expect(left=tree.Compare(operands=(left, *_))) if kind == "network":
            return word, _spelt(left)
        case tree.Projection(name=given):
            return word, given.name if given is not None else ends_of(statement)
        case tree.SpikeWhen() | tree.SpikeAtRate():
            return "spike"
        case _:  # of others a block has one group, restated as a whole
            return word


def _spelt(node: Any) -> Any:
    """A part of the tree, whatever its place and the spellings of its names."""
    match node:
        case tree.Name(name=name):
            return name
        case Span():
            return None
        case _:
            return rebuilt(node, _spelt)


def path_text(target: tree.Expr | None, as_written: bool = False) -> str:
    """`w` or `post.h` of an assignment's target, canonical unless `as_written`; subscripts in brackets are not part of it."""
    match target:
        case tree.Name(name=name, text=text) | tree.Limit(whole=tree.Name(name=name, text=text)):
            return text if as_written else name
        case tree.Member(base=base, attribute=attribute):
            return f"{path_text(base, as_written)}.{path_text(attribute, as_written)}"
        case tree.Indexed(base=base):
            return path_text(base, as_written)
        case _:
            return ""


# --- what is repeated ------------------------------------------------------------------------------------------------


def _in_rounds(
    base: Sequence[tree.Statement], new: Sequence[tree.Statement]
) -> tuple[tuple[tree.Statement, ...], tuple[tree.Statement, ...]]:
    """Both lists, with what concerns repeats settled: new ones stand where the first of their phases stood, and a phase that the base repeats is
    restated there."""
    owners = {phase.name.name: repeat for repeat in of_kind(new, tree.Repeat) for phase in phases_of(repeat.body)}
    restated = {phase.name.name: phase for phase in of_kind(new, tree.Phase)}
    old: list[tree.Statement] = []
    for statement in base:
        named = (owners.get(phase.name.name) for phase in phases_of((statement,)))
        old += [repeat for repeat in dict.fromkeys(named) if repeat is not None and repeat not in old]
        old += _settled((statement,), owners, restated) if isinstance(statement, tree.Phase | tree.Repeat) else (statement,)
    there = {phase.name.name for repeat in of_kind(old, tree.Repeat) for phase in phases_of(repeat.body)}
    rest = (s for s in new if s not in old and not (isinstance(s, tree.Phase) and s.name.name in there))
    return tuple(old), tuple(rest)


def _settled(
    body: Iterable[tree.Statement], gone: Mapping[str, tree.Repeat], restated: Mapping[str, tree.Phase], inside: bool = False
) -> tuple[tree.Statement, ...]:
    """Phases and repeats of the base without phases that others repeat now, and with what is restated `inside` of repeats."""
    left: list[tree.Statement] = []
    for statement in body:
        match statement:
            case tree.Phase(name=name) if name.name not in gone:
                left.append(restated.get(name.name, statement) if inside else statement)
            case tree.Repeat(body=inner) if kept := _settled(inner, gone, restated, True):
                left.append(replace(statement, body=kept))
    return tuple(left)


# --- projections -----------------------------------------------------------------------------------------------------


def ends_of(projection: tree.Projection) -> str:
    """`pre -> post`, canonical."""
    return f"{_source(projection)} -> {', '.join(sorted(_reached(projection)))}"


def _end(node: tree.Expr) -> str:
    """A population, or a part of it."""
    return f"{path_text(node)}{_spelt(node.indices)}" if isinstance(node, tree.Indexed) else path_text(node)


def _source(projection: tree.Projection) -> str:
    source = projection.source
    return source.function.name if isinstance(source, tree.Apply) and isinstance(source.function, tree.Name) else _end(source)


def _named_alike(
    base: Sequence[tree.Statement], new: Sequence[tree.Statement], report: Reporter
) -> tuple[tuple[tree.Statement, ...], tuple[tree.Statement, ...]]:
    """Both lists, with one name for an old projection and the new one that replaces it, where only their populations tell.

    A new name beside a named projection between the same populations is one more projection.
    """
    old = [s for s in base if isinstance(s, tree.Projection)]
    names = {p.name.name: p for p in old if p.name is not None}
    given: dict[int, tree.Name] = {}
    for statement in new:
        if not isinstance(statement, tree.Projection):
            continue
        restated = names.get(statement.name.name) if statement.name is not None else None
        if restated is not None:
            if len(restated.targets) > 1 and not _reached(restated) <= _reached(statement):
                _restated_in_part(statement, restated, report)
            continue
        nameless = [p for p in old if statement.name is None or p.name is None]
        same = [p for p in nameless if ends_of(p) == ends_of(statement)]
        if not same:
            for other in (p for p in nameless if _overlap(p, statement)):
                _restated_in_part(statement, other, report)
        if len(same) > 1:
            listed = ", ".join(p.name.text if p.name is not None else "one without a name" for p in same)
            targets = ", ".join(map(path_text, statement.targets))
            message = f"More than one projection goes {path_text(statement.source) or _source(statement)} → {targets}: {listed}."
            report.error("ambiguous-projection", message, statement.span, "Write the name of the one to replace before it.")
        for pair in (statement, same[0]) if same else ():
            name = statement.name or same[0].name
            if name is not None:
                given[id(pair)] = name

    def renamed(body: Sequence[tree.Statement]) -> tuple[tree.Statement, ...]:
        return tuple(replace(s, name=given[id(s)]) if isinstance(s, tree.Projection) and id(s) in given else s for s in body)

    return renamed(base), renamed(new)


def _reached(projection: tree.Projection) -> frozenset[str]:
    return frozenset(map(_end, projection.targets))


def _overlap(old: tree.Projection, new: tree.Projection) -> bool:
    """Whether some of the targets are the same, but not all."""
    there, here = _reached(old), _reached(new)
    return _source(old) == _source(new) and there != here and not there.isdisjoint(here)


def _restated_in_part(new: tree.Projection, old: tree.Projection, report: Reporter) -> None:
    name = f"‘{old.name.text}’" if old.name is not None else "A projection without a name"
    there, here = (", ".join(path_text(t, as_written=True) for t in p.targets) for p in (old, new))
    message = f"{name} goes to {there}, and this one, which restates it in part, to {here}."
    whole = f"each of {there}" if len(old.targets) > 1 else there
    hint = f"Write it again as a whole, ‘→ {whole}’, or give this one a name of its own."
    report.error("ambiguous-projection", message, new.span, hint, (Label(old.span, "what is restated"),))
