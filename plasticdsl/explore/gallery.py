"""The pictures of a model, each drawn once: a rule or neuron that means what it meant looks as it did.

A checked model comes in, pieces of SVG go out, those of before among them.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from plasticdsl.api import Model
from plasticdsl.explore.added import NO_TEXTS, Texts, of_block
from plasticdsl.explore.drawing import as_svg, draw_plane, draw_window
from plasticdsl.explore.forced import forced_window
from plasticdsl.explore.portraits import plane, plane_alone, rules_of, small_neurons
from plasticdsl.explore.stands import Kind, stand
from plasticdsl.explore.windows import window
from plasticdsl.model import Network
from plasticdsl.source import Span

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: At most so many windows are shown, and so many planes: each is compiled when it is first looked at.
_MOST = 4


@dataclass(slots=True)
class Gallery:
    """`hung`: the pictures that were asked for last, by what they show; "" where there was nothing to be seen."""

    hung: dict[bytes, str] = field(default_factory=dict)

    def pictures(
        self, model: Model, settings: Mapping[str, str] = MappingProxyType({}), network: Network | None = None, texts: Texts = NO_TEXTS
    ) -> Iterator[str]:
        """Windows of rules, then planes of small neurons. `network`: the one whose pictures are wanted; None for all of a file and for the rules and
        neurons that it declares beside them. `texts`: what stands for files that are used."""
        before, self.hung = self.hung, {}
        blocks = {b.name: b for b in model.loaded.module.blocks}
        steps = [(e.network, e.dt) for e in model.loaded.module.experiments]

        def hung(what: object, draw: Callable[[], Figure | None]) -> str:
            key = _meaning(what)
            if key in before:
                self.hung[key] = before[key]
            else:
                figure = draw()
                self.hung[key] = "" if figure is None else as_svg(figure)
            return self.hung[key]

        def of_rule(rule: str) -> str:
            def draw() -> Figure | None:
                found = window(model, rule, settings, texts) or forced_window(model, rule, settings)
                return None if found is None else draw_window(found)

            between = stand(model.loaded.module, rule)
            within = None if between is None or between.kind is not Kind.CELLS else (between.used, dict(settings))
            return hung((rule, blocks.get(rule), of_block(rule, settings), "" if between is None else between.text(rule), within), draw)

        def of_neuron(neuron: Network | str) -> str:
            def draw() -> Figure | None:
                found = plane_alone(model, neuron, settings, texts) if isinstance(neuron, str) else plane(model, neuron, settings)
                return None if found is None else draw_plane(found)

            if isinstance(neuron, str):
                return hung((blocks[neuron], of_block(neuron, settings)), draw)
            return hung((neuron, [dt for name, dt in steps if name == neuron.name], dict(settings)), draw)

        yield from islice(filter(None, map(of_rule, rules_of(model, network))), _MOST)
        yield from islice(filter(None, map(of_neuron, small_neurons(model, network))), _MOST)


def _meaning(part: object) -> bytes:
    """A digest of a part of a model and of values beside it, but for the places where it is written."""
    text = io.BytesIO()
    writer = _Placeless(text)
    writer.fast = True  # what is equal is written alike, whether or not it is the same object
    writer.dump(part)
    return hashlib.blake2b(text.getvalue(), digest_size=16).digest()


class _Placeless(pickle.Pickler):
    """Writes all places alike."""

    def reducer_override(self, part: object) -> Any:
        """What stands for a place."""
        return (str, ()) if isinstance(part, Span) else NotImplemented
