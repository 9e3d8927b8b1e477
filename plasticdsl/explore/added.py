"""A model with more text behind it: networks in which a part of it stands by itself.

A checked model and text come in, a checked model goes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from plasticdsl import driver
from plasticdsl.api import Model
from plasticdsl.model import Block, Handler, Network, Trigger
from plasticdsl.model.expr import Incoming, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.source import SourceFile
from plasticdsl.syntax.layout import layout

Texts = Mapping[Path, str]

NO_TEXTS: Texts = MappingProxyType({})

#: What is no part of what rules and neurons mean.
_ELSEWHERE = ("network ", "experiment ", "table ")
_WRITTEN = re.compile(r"[^\n]")


def beside(model: Model, text: str, texts: Texts = NO_TEXTS, *, by_itself: bool = False, paired: str = "") -> Model:
    """The rules and neurons of the model with more text behind them; they stay where they are, so that what was found of them stands. `by_itself`: without
    the noise of connections, and without what they do now and then by a sum over all that reach a unit. `paired`: a variable whose flow is left out too
    where pairs of spikes change it. Raises `PlasError` where that does not fit."""
    source = model.loaded.sources[model.loaded.module.path]
    path = Path(source.path).resolve()
    folder = path.parent if path.is_file() else None
    own = source.text
    for line in layout(source).lines:
        if own[line.start : line.end].startswith(_ELSEWHERE):
            last = line
            while last.body:
                last = last.body[-1]
            own = own[: line.start] + _WRITTEN.sub(" ", own[line.start : last.end]) + own[last.end :]
    source = SourceFile(source.path, f"{own}\n{text}")
    if not by_itself:
        return Model(driver.load(source, folder, texts))
    found = driver.read(source, folder, texts)
    if found.module is not None:
        found = replace(found, module=replace(found.module, networks=tuple(_by_itself(n, paired) for n in found.module.networks)))
    loaded = driver.examined(found)
    return Model(replace(loaded, digest=f"{loaded.digest} by itself {paired}"))


def of_block(block: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Those of the settings that are of a block."""
    return {name: value for name, value in settings.items() if name.partition(".")[0] == block}


def _by_itself(network: Network, paired: str) -> Network:
    return replace(network, projections=tuple(replace(p, connection=_alone(p.connection, paired)) for p in network.projections))


def _alone(connection: Block, paired: str) -> Block:
    left_out = {paired} & {pairs.target.name for pairs in connection.pairs}
    flows = tuple(replace(flow, noise=None) for flow in connection.flows if flow.variable not in left_out)
    return replace(connection, flows=flows, handlers=tuple(h for h in connection.handlers if not _is_of_all(h)))


def _is_of_all(handler: Handler) -> bool:
    """Whether it scales or shifts synapses by what all of them are."""
    within = (node for expr in expressions(handler.statements) for node in walk(expr))
    return handler.trigger is Trigger.EVERY and any(isinstance(node, Incoming) for node in within)
