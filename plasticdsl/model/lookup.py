"""What a parameter's name, as a user writes it, refers to.

Comes in: a network of the checked model and a text such as `tau_m`, `τ_m`, `STDP.A_plus`, `cell.V_θ`, `ex.w` or `inputs`. Goes out: a
`Setting`, which says what is set where. Used by `--set NAME=VALUE` and by keyword arguments of `model.build`; it needs neither the parser
nor sympy.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.model import Block, Network, Role, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.module import Module
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.names import canonical
from plasticdsl.source import Span
from plasticdsl.units.dimension import ONE, Dimension

Kind = Literal["size", "network", "block", "population", "projection"]

_SETTABLE = (Role.PARAMETER, Role.GIVEN)


class UnknownParameter(KeyError):
    """No parameter, or more than one, has the name; `candidates` are the names that would do."""

    def __init__(self, message: str, candidates: tuple[str, ...], hint: Hint | str = "") -> None:
        self.message = message
        self.candidates = candidates
        self.hint = Hint(hint) if isinstance(hint, str) else hint
        super().__init__(f"{message} {self.hint.words}".rstrip())

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Setting:
    """One settable value.

    `kind`: `size` (the number of units of population `owner`), `network` (a parameter of the network), `block` (parameter `name` of
    block `owner`, wherever the network uses it), `population` or `projection` (of that one alone). `targets`: what to set, the
    population as such for `size`. A state is set in its initial value.
    `dimension` is None where the model is free of units.
    """

    kind: Kind
    owner: str
    name: str
    dimension: Dimension | None
    targets: tuple[Ref, ...]

    @property
    def text(self) -> str:
        """The name that says it without doubt."""
        return self.owner if self.kind == "size" else f"{self.owner}.{self.name}"


def find_parameter(network: Network, module: Module, text: str) -> Setting:
    """The setting that `text` names in `network`; raises `UnknownParameter` (a KeyError) that lists what could be meant."""
    return Lookup(network, module).find(text)


class Lookup:
    """The settings of one network by their names, for many look-ups."""

    def __init__(self, network: Network, module: Module) -> None:
        self.network = network
        self.module = module
        self.everything = tuple(settings(network))
        self.owners = frozenset(s.owner for s in self.everything)
        self._declared: dict[tuple[Owner, str], list[Span]] = {}
        variables: dict[Owner, tuple[Variable, ...]] = {owner: block.variables for owner, block in network.blocks.items()}
        variables[Whose.NETWORK] = network.variables
        for owner, name, span in ((owner, v.name, v.span) for owner, those in variables.items() for v in those):
            self._declared.setdefault((owner, name), []).append(span)
        self._exact: dict[str, list[Setting]] = {}
        self._bare: dict[str, list[Setting]] = {}
        for one in self.everything:
            self._exact.setdefault(one.text, []).append(one)
            if one.kind in ("network", "block"):
                self._bare.setdefault(one.name, []).append(one)

    def find(self, text: str) -> Setting:
        """As `find_parameter`. `V(0)` is the state V, which is set in its initial value."""
        if text.rstrip().endswith("(0)"):
            return self._initial(text)
        wanted = canonical_path(text)
        exact = self._exact.get(wanted)
        if exact:
            return min(exact, key=lambda s: _PRECEDENCE.index(s.kind))
        bare = self._bare.get(wanted, [])
        if len(bare) == 1:
            return bare[0]
        if bare:
            names = tuple(s.text for s in bare)
            hint = Hint(f"Write one of: {', '.join(names)}.", names)
            raise UnknownParameter(f"‘{text}’ is a parameter of several blocks.", names, hint)
        raise _unknown(self.network, self.module, text, wanted, self.everything)

    def places(self, found: Setting) -> Iterator[Span]:
        """Where what a setting sets is declared."""
        if found.kind == "size":
            yield from (p.span for p in self.network.populations if p.name == found.owner)
        for target in found.targets:
            yield from self._declared.get((target.owner, target.name), ())

    def _initial(self, text: str) -> Setting:
        whole = text.rstrip()[:-3]
        found = self.find(whole)
        blocks = self.network.blocks
        variables = [blocks[t.owner].variable(t.name) for t in found.targets if t.owner in blocks]
        if any(v is not None and v.role is Role.STATE for v in variables):
            return found
        raise UnknownParameter(f"‘{whole}’ is no state, so it has no initial value.", (whole,), Hint(f"It is set as ‘{whole} = …’."))

    def value(self, name: str) -> Setting | None:
        """The parameter of the network or of the only block that has this bare canonical name."""
        bare = self._bare.get(name, [])
        return bare[0] if len(bare) == 1 else None


#: A population or projection that has a block's name is meant before the block.
_PRECEDENCE: tuple[Kind, ...] = ("size", "population", "projection", "network", "block")


def canonical_path(text: str) -> str:
    """`ex.w_max`, `pre -> post.w` with each name in its canonical spelling."""
    path = text.strip().replace("→", "->")
    if "->" in path:
        before, after = path.split("->", 1)
        return f"{canonical_path(before)} -> {canonical_path(after)}"
    return ".".join(canonical(part.strip()) for part in path.split("."))


def settings(network: Network) -> Iterator[Setting]:
    """Everything of a network that can be set: sizes, parameters of the network, of blocks, of populations and of projections."""
    named = [population for population in network.populations if not population.hidden]
    for population in named:
        yield Setting("size", population.name, "", ONE, (population.number,))
    for variable in network.variables:
        if variable.role in _SETTABLE:
            yield Setting("network", network.name, variable.name, variable.dimension, (Ref(Whose.NETWORK, variable.name),))
    for population in network.populations:
        for v in settable(population.block) if population.hidden else ():
            yield Setting("network", network.name, v.name, v.dimension, (Ref(population.as_owner, v.name),))
    for population in named:
        for v in settable(population.block):
            yield Setting("population", population.name, v.name, v.dimension, (Ref(population.as_owner, v.name),))
    for projection in network.projections:
        for owner in dict.fromkeys((projection.name, canonical_path(projection.symbol))):
            for v in settable(projection.connection):
                yield Setting("projection", owner, v.name, v.dimension, (Ref(projection.as_owner, v.name),))
    yield from _of_blocks(network)


def settable(block: Block) -> Iterator[Variable]:
    """Parameters, and states by their initial value."""
    return (v for v in block.variables if v.role in (*_SETTABLE, Role.STATE))


def _of_blocks(network: Network) -> Iterator[Setting]:
    """Parameters by the block that declares them: a neuron in its populations, synapses and rules in the projections they are part of."""
    found: dict[tuple[str, str], tuple[Dimension | None, list[Ref]]] = {}
    for population in network.populations:
        for v in settable(population.block) if population.source is None and not population.hidden else ():
            found.setdefault((population.block.name, v.name), (v.dimension, []))[1].append(Ref(population.as_owner, v.name))
    for projection in network.projections:
        known = {v.name: v for v in settable(projection.connection)}
        for name, key in projection.origins:
            if key[0] and name in known:
                found.setdefault(key, (known[name].dimension, []))[1].append(Ref(projection.as_owner, name))
    for (block, name), (dimension, targets) in found.items():
        yield Setting("block", block, name, dimension, tuple(targets))


def _unknown(network: Network, module: Module, text: str, wanted: str, everything: tuple[Setting, ...]) -> UnknownParameter:
    owner, _, name = wanted.rpartition(".")
    names = tuple(s.text for s in everything)
    if owner:
        own = tuple(s.name for s in everything if s.owner == owner and s.name)
        if own:
            return UnknownParameter(f"‘{owner}’ has no parameter ‘{name}’.", own, f"It has: {', '.join(own)}.")
    elsewhere = next((b for b in module.blocks if b.name == owner), None)
    if elsewhere is not None:
        return UnknownParameter(f"‘{owner}’ is not used in the network {network.name}.", names)
    counted = Counter(s.name for s in everything if s.kind in ("network", "block"))
    short = [name for name, count in counted.items() if count == 1]
    near = tuple(difflib.get_close_matches(wanted, [*names, *short], n=3, cutoff=0.6))
    message = f"There is no parameter ‘{text}’ in the network {network.name}."
    if near:
        return UnknownParameter(message, near, Hint(f"Did you mean {' or '.join(f'‘{n}’' for n in near)}?", near))
    candidates = tuple(dict.fromkeys(s.text for s in everything if s.kind in ("size", "network", "block")))
    return UnknownParameter(message, candidates, f"There is: {', '.join(candidates)}.")
