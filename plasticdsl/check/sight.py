"""What stands in sight of the text of each file: its own blocks and functions, and those that its `use` lines bring in.

Comes in: the files read. Goes out: `Sight`, in which a name is looked up from the place where it is written, so that a block that is used means what it
means in its own file; with findings for names that mean two things in one file. Where something is missing because of an error, only what does not
depend on it can be judged, so that nothing that is found in it can be a mere consequence of the other errors: `known` is that part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from plasticdsl.check.files import Read
from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.graph import reached
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.reading import Lost
from plasticdsl.syntax.resolve import resolve
from plasticdsl.syntax.walk import nodes, of_kind

Item = tree.Block | tree.Function

#: (kind, name). Synapses and rules share their names, because a projection may name either.
Key = tuple[str, str]
#: Where a block or function is written, and the name under which it is in sight.
Identity = tuple[Span, str]


@dataclass(frozen=True, slots=True)
class Sight:
    """The items in sight by the path of the file and their key. `lost`: (path, name) of what is missing because a file could not be used; None where
    that could be anything."""

    items: Mapping[str, Mapping[Key, Item]]
    lost: frozenset[tuple[str, str]] | None = frozenset()

    def find(self, kind: str, name: tree.Name) -> Item | None:
        """What a name of this kind means where it is written."""
        return self.items.get(name.span.path, {}).get((group(kind), name.name))

    def block(self, kind: str, name: tree.Name) -> tree.Block | None:
        """The block of just this kind that the name means."""
        found = self.find(kind, name)
        return found if isinstance(found, tree.Block) and found.kind == kind else None

    def blocks(self, path: str) -> tuple[tree.Block, ...]:
        """The blocks in sight in a file, those that it uses first."""
        return tuple(i for i in self.items.get(path, {}).values() if isinstance(i, tree.Block))

    def as_seen(self, block: tree.Block, path: str) -> tree.Block:
        """The same block under the name that it has in a file, where it is in sight there."""
        return next((b for b in self.blocks(path) if b.span == block.span), block)

    def functions(self) -> dict[str, tuple[tree.Function, ...]]:
        """The functions in sight by the path of the file."""
        return {path: tuple(i for i in items.values() if isinstance(i, tree.Function)) for path, items in self.items.items()}


def group(kind: str) -> str:
    """The kind in a `Key`."""
    return "connection" if kind in ("synapse", "rule") else kind


def key_of(item: Item) -> Key:
    """Its kind and name."""
    return ("function" if isinstance(item, tree.Function) else group(item.kind)), item.name.name


def identity(item: Item) -> Identity:
    """What tells it from every other."""
    return item.span, item.name.name


def parts_named(block: tree.Block) -> Iterator[tuple[str, tree.Name]]:
    """Kind and name of the blocks that a network is made of."""
    for statement in block.body:
        match statement:
            case tree.Population(kind=kind):
                yield "neuron", kind
            case tree.Projection(uses=uses, with_rules=rules):
                yield from (("connection", use.name) for use in (*uses, *rules))
            case _:
                pass


def says_no_network(item: Item) -> bool:
    """Whether it is an experiment that does not say on which network it is done."""
    return isinstance(item, tree.Block) and item.kind == "experiment" and item.on is None and item.base is None


def on_the_only_network(block: tree.Block, sight: Sight) -> tree.Block:
    """An experiment that does not say on which network it is done is done on the only one in sight."""
    if not says_no_network(block):
        return block
    networks = [b for b in sight.blocks(block.span.path) if b.kind == "network"]
    return replace(block, on=replace(networks[0].name, span=block.name.span)) if len(networks) == 1 else block


def needed(sight: Sight, path: str) -> tuple[tree.Block, ...]:
    """The blocks in sight in a file, with all that they are like, made of and done on; each experiment says on which network it is done."""
    waiting = list(reversed(sight.blocks(path)))
    found: dict[Identity, tree.Block] = {}
    while waiting:
        block = on_the_only_network(waiting.pop(), sight)
        if identity(block) in found:
            continue
        found[identity(block)] = block
        mentioned = list(parts_named(block))
        mentioned += [(kind, name) for kind, name in ((block.kind, block.base), ("network", block.on)) if name is not None]
        others = (sight.find(kind, name) for kind, name in mentioned)
        waiting.extend(other for other in others if isinstance(other, tree.Block))
    return tuple(found.values())


def mention_headers(blocks: Iterable[tree.Block], sight: Sight, report: Reporter) -> None:
    """Remembers which blocks others are like, and on which networks experiments are done."""
    for block in blocks:
        for kind, name in ((block.kind, block.base), ("network", block.on)):
            found = None if name is None or name.span == block.name.span else sight.find(kind, name)
            if found is not None and name is not None:
                report.means(name, found.name.span, "an experiment" if kind == "experiment" else f"a {kind}")


def in_sight(read: Read, report: Reporter) -> Sight:
    """Carries out the `use` lines of all files."""
    looking = _Looking(read, report)
    items = _settled(read, {path: looking.names(path) for path in read.files})
    return Sight(items, None if looking.anything_lost else frozenset(looking.lost))


def _settled(read: Read, items: Mapping[str, Mapping[Key, Item]]) -> Mapping[str, Mapping[Key, Item]]:
    """The same, where what only other files tell is known too: `5 C` is a population of a neuron C that is used, `ΔX` a change of what a base has."""
    known: dict[Span, tree.Block | tree.Function] = {}
    for path, file in read.files.items():
        used = [i for i in items[path].values() if isinstance(i, tree.Block) and i.span.path != path]
        if used:
            known |= {i.span: i for i in resolve(file, used).items if not isinstance(i, tree.UseFile)}
    if not known:
        return items
    return {p: {k: replace(known.get(i.span, i), name=i.name) for k, i in names.items()} for p, names in items.items()}


@dataclass(slots=True)
class _Looking:
    """Names are followed from file to file; files may use each other in a circle."""

    read: Read
    report: Reporter
    own: dict[str, dict[Key, Item]] = field(default_factory=dict)
    lost: set[tuple[str, str]] = field(default_factory=set)
    anything_lost: bool = False

    def __post_init__(self) -> None:
        for path, file in self.read.files.items():
            kept = self.own.setdefault(path, {})
            for item in (i for i in file.items if not isinstance(i, tree.UseFile)):
                first = kept.setdefault(key_of(item), item)
                if first is not item:
                    self.report.twice(f"‘{item.name.text}’ is declared twice.", item.name.span, first.name.span)

    def names(self, path: str) -> dict[Key, Item]:
        """Everything in sight in a file, what is used first; reports what means two things."""
        found: dict[Key, tuple[Item, Span]] = {}
        own = self.own[path]
        for use in of_kind(self.read.files[path].items, tree.UseFile):
            for item, place, text in self._brought(use, path):
                key = key_of(item)
                mine = own.get(key)
                first, where = (mine, mine.name.span) if mine is not None else found.setdefault(key, (item, place))
                if identity(first) != identity(item):
                    self._clash(use, item, text, Label(where, "the file’s own" if mine is not None else "the first"), place)
        return {key: item for key, (item, _) in found.items()} | own

    def _brought(self, use: tree.UseFile, path: str) -> Iterator[tuple[Item, Span, str]]:
        """What one line brings in, where it says so, and what it is called there; reports names that are not there."""
        used = self.read.uses[use.span]
        if used is None:
            self.anything_lost |= not use.names
            self.lost.update((path, one.here.name) for one in use.names)
            return
        if not use.names:
            yield from ((item, use.span, item.name.text) for item in self.own[used].values())
        for one in use.names:
            found: dict[str, Item] = {}  # the first of each kind
            for item in self._meant(used, one.name.name, set()):
                found.setdefault(key_of(item)[0], item)
            if not found:
                self.lost.add((path, one.here.name))
                hint = did_you_mean(one.name.text, [i.name.text for i in self.own[used].values()], "It has")
                self.report.error("unknown-name", f"‘{use.path}’ has nothing called ‘{one.name.text}’.", one.name.span, hint)
            for item in found.values():
                self.report.means(one.name, item.name.span)
                self.report.means(one.here, item.name.span)
                yield _called(item, one.here), one.name.span, one.name.text

    def _meant(self, path: str, name: str, seen: set[tuple[str, str]]) -> Iterator[Item]:
        """The items that a name has in a file: its own, then those that it uses itself."""
        if (path, name) in seen:
            return
        seen.add((path, name))
        yield from (item for (_, called), item in self.own[path].items() if called == name)
        for use in of_kind(self.read.files[path].items, tree.UseFile):
            used = self.read.uses[use.span]
            if used is not None:
                there = [one.name.name for one in use.names if one.here.name == name] if use.names else [name]
                yield from (item for other in there for item in self._meant(used, other, seen))

    def _clash(self, use: tree.UseFile, item: Item, text: str, other: Label, place: Span) -> None:
        """`text`: what the item is called in its own file."""
        here = item.name.text
        message = f"‘{here}’ of ‘{use.path}’ would be in sight in this file beside another ‘{here}’."
        write = f"{text} as {text}_2"
        words = "Use it under another name: " if use.names else "Name what you use, and one of these two otherwise: "
        hint = Hint(f'{words}‘use {write} from "{use.path}"’.', (write,) if use.names and here == text else ())
        self.report.error("name-clash", message, place, hint, (other,))


def _called(item: Item, name: tree.Name) -> Item:
    """The item under the name that it has where it is used."""
    return replace(item, name=replace(item.name, name=name.name, text=name.text))


# --- what can be judged where something is missing -------------------------------------------------------------------


def known(sight: Sight, main: str, lost: Lost) -> Sight:
    """What is in sight without the items that mention anything lost, directly or by others that do. `lost`: what could not be read of the file `main`."""
    missing = {(main, name) for _, name in lost} | (sight.lost or frozenset())
    if not missing:
        return sight
    items = {identity(item): item for names in sight.items.values() for item in names.values()}
    places: dict[Identity, list[tuple[str, str]]] = {}
    for path, names in sight.items.items():
        for (_, name), item in names.items():
            places.setdefault(identity(item), []).append((path, name))
    users: dict[tuple[str, str], list[Identity]] = {}
    on_the_only_network: dict[str, list[Identity]] = {}
    for one, item in items.items():
        for name in mentioned(item):
            users.setdefault((item.span.path, name), []).append(one)
        if says_no_network(item):
            on_the_only_network.setdefault(item.span.path, []).append(one)

    def without(names: Iterable[tuple[str, str]], networks: Iterable[str]) -> list[Identity]:
        """What depends on something that is missing under one of the names, or on a network that is missing in one of the files."""
        return [*(u for place in names for u in users.get(place, ())), *(e for path in networks for e in on_the_only_network.get(path, ()))]

    def depending(one: Identity) -> list[Identity]:
        item = items[one]
        is_network = isinstance(item, tree.Block) and item.kind == "network"
        return without(places[one], (path for path, _ in places[one]) if is_network else ())

    no_network = {main} if any(kind in ("network", "") for kind, _ in lost) else set[str]()
    gone = reached(without(missing, no_network | {path for path, _ in sight.lost or ()}), depending)
    kept = {path: {k: item for k, item in names.items() if identity(item) not in gone} for path, names in sight.items.items()}
    return Sight(kept, sight.lost)


def mentioned(item: Item | tree.Statement) -> frozenset[str]:
    """Every name in an item, its own among them; a unit may be the name of a neuron (`10 A`)."""
    found = list(nodes(item))
    units = {word for n in found if isinstance(n, tree.Number) for word, _ in n.unit}
    return frozenset(units | {n.name for n in found if isinstance(n, tree.Name)})


def that_mention(statements: Iterable[tree.Statement], names: Set[str]) -> list[Span]:
    """The places of the statements in which one of the names occurs."""
    return [s.span for s in statements if names and mentioned(s) & names]
