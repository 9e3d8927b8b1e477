"""`X like Y`: what a block restates replaces what its base says; the rest stays.

Comes in: the blocks of a file and what is in sight of each. Goes out: the same blocks with every `like` carried out, so that no later
stage knows of it, and findings for bases that do not exist, are of another kind, or go in a circle.

What replaces what:

- neuron, synapse, rule: a definition, draw, flow, jump or input replaces the one of the same variable; an initial value and a
  bound likewise; a reaction the one with the same two sides, `every T:` the one of the same period; `on pre:`, `on post:`, the pairing, the spike
  condition, `output`, `refractory` and `method` are restated as a whole.
- network: a parameter or observable, a population or a set of patterns replaces the one of the same name. A projection replaces the one of its
  name; without a name (or over one without a name) the only one between the same two populations; an `expect` line the one with the same left side.
- experiment: `dt`, settings, data and phases by name; the sweep, all `record` lines, all `plot` lines and all `expect` lines each as a
  whole. What is swept anew is no longer set, and what is set anew no longer swept. `like A on Net2` keeps the experiment and changes the network.

What is new is added at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.sight import Identity, Sight, identity
from plasticdsl.diagnostics.diagnostic import Diagnostic, Label, diagnostic
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.source import Span
from plasticdsl.syntax import tree

Key = tuple[str, str]


def resolve_likes(blocks: Sequence[tree.Block], sight: Sight) -> tuple[tuple[tree.Block, ...], tuple[Diagnostic, ...]]:
    """Every block with its base merged in (`base` is then None), in the order given. `sight`: where bases are looked for."""
    return _Resolver(blocks, sight).run()


#: All blocks together may have so many statements once `like` is carried out.
MOST_STATEMENTS = 20_000


class _Resolver:
    """Merges bases before the blocks built on them, remembering what is done. Without recursion: a chain of likes may be as long as the file."""

    def __init__(self, blocks: Sequence[tree.Block], sight: Sight) -> None:
        self._blocks = {identity(b): b for b in blocks}
        self._sight = sight
        self._done: dict[Identity, tree.Block] = {}
        self._findings: list[Diagnostic] = []
        self._statements = sum(len(b.body) for b in blocks)

    def run(self) -> tuple[tuple[tree.Block, ...], tuple[Diagnostic, ...]]:
        return tuple(self._resolve(b) for b in self._blocks.values()), tuple(self._findings)

    def _resolve(self, block: tree.Block) -> tree.Block:
        chain: dict[Identity, tree.Block] = {}
        base: tree.Block | None = block
        while base is not None and identity(base) not in self._done:
            chain[identity(base)] = base
            base = self._base(base, chain)
        for one in reversed(chain.values()):
            self._done[identity(one)] = replace(one, base=None) if base is None else self._merged(self._done[identity(base)], one)
            base = one
        return self._done[identity(block)]

    def _base(self, block: tree.Block, chain: Mapping[Identity, tree.Block]) -> tree.Block | None:
        """The block it is like; None where it is like nothing, or after reporting that this is nothing, or itself."""
        if block.base is None:
            return None
        base = self._sight.block(block.kind, block.base)
        if base is None:
            self._findings.append(self._unknown(block, block.base))
        elif identity(base) in chain:
            names = [b.name.text for b in chain.values()]
            circle = " → ".join([*names[list(chain).index(identity(base)) :], base.name.text])
            message = f"‘{block.name.text}’ is like itself: {circle}."
            self._findings.append(Diagnostic("like-cycle", message, block.base.span))
            return None
        return None if base is None else self._blocks.get(identity(base))

    def _merged(self, base: tree.Block, block: tree.Block) -> tree.Block:
        self._statements += len(base.body)
        if self._statements > MOST_STATEMENTS:
            message = f"With what they are like, the blocks have more than {MOST_STATEMENTS} statements."
            hint = "Put what is common into fewer blocks."
            self._findings.append(Diagnostic("expression-too-large", message, block.name.span, hint))
            return replace(block, base=None)
        merged, findings = merge(base, block)
        self._findings.extend(findings)
        return merged

    def _unknown(self, block: tree.Block, name: tree.Name) -> Diagnostic:
        known = self._sight.blocks(name.span.path)
        other = next((b for b in known if b.name.name == name.name), None)
        if other is not None:
            message = f"‘{name.text}’ is a {other.kind}; a {block.kind} can only be like another {block.kind}."
            return diagnostic("unknown-base", message, name.span, labels=(Label(other.name.span, f"the {other.kind}"),))
        candidates = [b.name.text for b in known if b.kind == block.kind and b is not block]
        return diagnostic("unknown-base", f"There is no {block.kind} ‘{name.text}’.", name.span, did_you_mean(name.text, candidates))


def merge(base: tree.Block, block: tree.Block) -> tuple[tree.Block, tuple[Diagnostic, ...]]:
    """`block` over `base`, both of one kind."""
    findings: tuple[Diagnostic, ...] = ()
    old, new = base.body, block.body
    if block.kind == "network":
        old, new, findings = _named_alike(base.body, block.body)
    old, new = _split(old), _split(new)
    body = merge_statements(tuple(_without_start(old, new)), new, block.kind)
    merged = replace(
        block,
        base=None,
        on=block.on or base.on,
        doc=block.doc or base.doc,
        parameters=block.parameters or base.parameters,
        body=body,
    )
    return merged, findings


def _without_start(old: Sequence[tree.Statement], new: Sequence[tree.Statement]) -> Iterator[tree.Statement]:
    """The statements of a base without the initial values of what `new` fixes: a definition, draw or input has none."""
    fixed = {key for s in new if isinstance(s, tree.Define | tree.Draw | tree.Input) for key in _keys(s, "")}
    return (s for s in old if not (isinstance(s, tree.Initial) and ("name", s.variable.name) in fixed))


def merge_statements(base: Sequence[tree.Statement], new: Sequence[tree.Statement], kind: str) -> tuple[tree.Statement, ...]:
    """The statements of `base` with those that `new` restates replaced where they stood, then what is new. `kind`: of the block."""
    restating: dict[Key, list[int]] = {}
    for place, statement in enumerate(new):
        for key in _keys(statement, kind):
            restating.setdefault(key, []).append(place)
    taken: set[int] = set()
    result: list[tree.Statement] = []
    for old in base:
        places = sorted({place for key in _keys(old, kind) for place in restating.get(key, ())})
        result.extend([new[p] for p in places if p not in taken] if places else [old])
        taken.update(places)
    return (*result, *(s for place, s in enumerate(new) if place not in taken))


def _split(body: Sequence[tree.Statement]) -> tuple[tree.Statement, ...]:
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


def _keys(statement: tree.Statement, kind: str) -> tuple[Key, ...]:
    """What the statement settles; two statements that share a key say the same thing differently."""
    match statement:
        case tree.Define(target=target) | tree.Draw(target=target) | tree.Jump(target=target):
            return (("name", path_text(target)),)
        case tree.Flow(variable=variable):
            return (("name", variable.name),)
        case tree.Initial(variable=variable):
            return (("initial", variable.name),)
        case tree.Bound(target=target):
            return (("bound", path_text(target)),)
        case tree.Input(names=names):
            return tuple(("name", n.name) for n in names)
        case tree.Reactions(body=(tree.Reaction(reactants=reactants, products=products),)):
            return (("reaction", spelling((reactants, products))),)
        case tree.Every(period=period):
            return (("every", spelling(period)),)
        case tree.Expect(left=tree.Compare(operands=(left, *_))) if kind == "network":
            return (("expect", spelling(left)),)
        case tree.Population(name=name):
            return (("population", name.name),)
        case tree.Patterns(name=name):
            return (("patterns", name.name),)
        case tree.Projection():
            return (("projection", projection_key(statement)),)
        case tree.Phase(name=name):
            return (("phase", name.name),)
        case tree.Data(name=name):
            return (("data", name.name),)
        case tree.OnEvent(event=event):
            return (("event", event),)
        case tree.Truncate(function=function):
            return (("truncate", function.name),)
        case _:
            return ((_WHOLE.get(type(statement), type(statement).__name__), ""),)


#: Statements of which a block has one group, restated as a whole; types that share a word replace each other.
_WHOLE: dict[type, str] = {tree.SpikeWhen: "spike", tree.SpikeAtRate: "spike", tree.OnPairs: "pairs", tree.RulesOff: "rules off"}


def spelling(node: object) -> str:
    """What a part of the tree says, whatever the spaces and spellings of its names."""
    match node:
        case tree.Name(name=name):
            return name
        case tuple():
            return f"({', '.join(map(spelling, node))})"
        case _ if dataclasses.is_dataclass(node):
            parts = (getattr(node, f.name) for f in dataclasses.fields(node))
            return f"{type(node).__name__}({', '.join(spelling(p) for p in parts if not isinstance(p, Span))})"
        case _:
            return repr(node)


def path_text(target: tree.Expr) -> str:
    """`w` or `post.h` of an assignment's target, canonical; subscripts in brackets are not part of it."""
    return _path(target, lambda name: name.name)


def written_path(target: tree.Expr) -> str:
    """The same as the text writes it."""
    return _path(target, lambda name: name.text)


def _path(target: tree.Expr, spelt: Callable[[tree.Name], str]) -> str:
    match target:
        case tree.Name():
            return spelt(target)
        case tree.Limit(whole=name):
            return spelt(name)
        case tree.Member(base=base, attribute=attribute):
            return f"{_path(base, spelt)}.{spelt(attribute)}"
        case tree.Indexed(base=base):
            return _path(base, spelt)
        case _:
            return ""


# --- projections -----------------------------------------------------------------------------------------------------


def projection_key(projection: tree.Projection) -> str:
    """Its name, else `pre -> post`."""
    return projection.name.name if projection.name is not None else ends_of(projection)


def ends_of(projection: tree.Projection) -> str:
    """`pre -> post`, canonical."""
    return f"{_source(projection)} -> {', '.join(sorted(t.name for t in projection.targets))}"


def _source(projection: tree.Projection) -> str:
    source = projection.source
    return source.function.name if isinstance(source, tree.Apply) and isinstance(source.function, tree.Name) else path_text(source)


def _named_alike(
    base: Sequence[tree.Statement], new: Sequence[tree.Statement]
) -> tuple[tuple[tree.Statement, ...], tuple[tree.Statement, ...], tuple[Diagnostic, ...]]:
    """Both lists, with one name for an old projection and the new one that replaces it, where only their populations tell.

    A new name beside a named projection between the same populations is one more projection.
    """
    old = [s for s in base if isinstance(s, tree.Projection)]
    names = {p.name.name: p for p in old if p.name is not None}
    findings: list[Diagnostic] = []
    given: dict[int, tree.Name] = {}
    for statement in new:
        if not isinstance(statement, tree.Projection):
            continue
        restated = names.get(statement.name.name) if statement.name is not None else None
        if restated is not None:
            findings += [_partly(statement, restated)] if _drops(restated, statement) else []
            continue
        nameless = [p for p in old if statement.name is None or p.name is None]
        same = [p for p in nameless if ends_of(p) == ends_of(statement)]
        if not same:
            findings += [_partly(statement, p) for p in nameless if _overlap(p, statement)]
        if len(same) > 1:
            findings.append(_ambiguous(statement, same))
        for pair in (statement, same[0]) if same else ():
            name = statement.name or same[0].name
            if name is not None:
                given[id(pair)] = name

    def renamed(body: Sequence[tree.Statement]) -> tuple[tree.Statement, ...]:
        return tuple(replace(s, name=given[id(s)]) if isinstance(s, tree.Projection) and id(s) in given else s for s in body)

    return renamed(base), renamed(new), tuple(findings)


def _reached(projection: tree.Projection) -> frozenset[str]:
    return frozenset(t.name for t in projection.targets)


def _drops(old: tree.Projection, new: tree.Projection) -> bool:
    """Whether one of several targets would be lost."""
    return len(old.targets) > 1 and not _reached(old) <= _reached(new)


def _overlap(old: tree.Projection, new: tree.Projection) -> bool:
    """Whether some of the targets are the same, but not all."""
    common = _reached(old) & _reached(new)
    return _source(old) == _source(new) and bool(common) and not common == _reached(old) == _reached(new)


def _partly(new: tree.Projection, old: tree.Projection) -> Diagnostic:
    name = f"‘{old.name.text}’" if old.name is not None else "A projection without a name"
    there, here = (", ".join(t.text for t in p.targets) for p in (old, new))
    message = f"{name} goes to {there}, and this one, which restates it in part, to {here}."
    whole = f"each of {there}" if len(old.targets) > 1 else there
    hint = f"Write it again as a whole, ‘→ {whole}’, or give this one a name of its own."
    return Diagnostic("ambiguous-projection", message, new.span, hint, (Label(old.span, "what is restated"),))


def _ambiguous(new: tree.Projection, same: Sequence[tree.Projection]) -> Diagnostic:
    names = ", ".join(p.name.text if p.name is not None else "one without a name" for p in same)
    message = f"More than one projection goes {ends_of(new).replace('->', '→')}: {names}."
    return Diagnostic("ambiguous-projection", message, new.span, "Write the name of the one to replace before it.")
