"""Plot lines that Python programs ask for beside those of a file.

A text comes in, an experiment whose only plot line it is goes out; or the figure of it, about a network as it stands. The line is read where the file
ends, in an experiment that is like the one that was run (or has nothing but a phase as long as a network has run), so every name means what it means in
the file, and what is wrong is said as it is of a line of the file. Places are then moved to the line alone.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticdsl import cache
from plasticdsl.diagnostics.diagnostic import Diagnostic, Label, PlasError, Replacement
from plasticdsl.diagnostics.render import render_all, rendered
from plasticdsl.driver import Loaded, prepared_experiment, read, simulate
from plasticdsl.model import Network
from plasticdsl.model.experiments import Experiment, PlotSpec, Recording, Side
from plasticdsl.model.protocol import Asked
from plasticdsl.results.figures import one_line
from plasticdsl.source import SourceFile, Span

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from plasticdsl.options import CompileOptions
    from plasticdsl.runtime.play.experiment import Order
    from plasticdsl.runtime.play.sweep import Study
    from plasticdsl.runtime.watch.observer import Observer
    from plasticdsl.runtime.watch.spikes import SpikeHistory

#: What the text of such a line is called in findings.
LINE = "<plot line>"


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The experiment that draws a line, and what it asks of its network."""

    experiment: Experiment
    asked: Asked


def drawn_again(
    loaded: Loaded, folder: Path | None, experiment: Experiment, options: CompileOptions, order: Order, given: Mapping[str, Any], line: str
) -> Study:
    """What an experiment records once more, with this plot line in place of all that it records, shows and expects. `folder`: where the file lies;
    `given`: as in `driver.simulate`. Raises `PlasError` for what is wrong with the line."""
    from plasticdsl.runtime.play.progress import SILENT

    found = _drawing(loaded, folder, line, lambda name: f"experiment {name} like {experiment.name}:")
    phases = tuple(replace(phase, recordings=(), expectations=()) for phase in found.experiment.phases)
    kept = replace(found.experiment, name=experiment.name, doc=experiment.doc, phases=phases, recordings=(), expectations=(), fit=None)
    with rendered({**loaded.sources, **_text(line)}):
        return simulate(_asked(loaded, experiment.network, found.asked), kept, options, order, SILENT, **given)[0]


def _asked(loaded: Loaded, network: str, asked: Asked) -> Loaded:
    """The file with what is asked of a network: what is drawn at spikes is kept with them."""
    if asked == loaded.module.asked_of(network):
        return loaded
    others = tuple((name, before) for name, before in loaded.module.asked if name != network)
    digest = hashlib.blake2b(f"{loaded.digest} {asked!r}".encode(), digest_size=16).hexdigest()
    return replace(loaded, module=replace(loaded.module, asked=(*others, (network, asked))), digest=digest)


def line_on(loaded: Loaded, folder: Path | None, network: Network, dt: float | None, steps: int, line: str) -> Experiment:
    """An experiment that has run a network for so many steps of `dt` (s; None: time is counted in steps) and shows this line. Raises `PlasError`."""
    begin = "" if dt is None else f"\n    dt = {dt!r} s"
    header = f" on {network.name}:{begin}\n    phase so_far for {steps} steps"
    found = _drawing(loaded, folder, line, lambda name: f"experiment {name}{header}")
    return replace(found.experiment, name="")


def figure_now(experiment: Experiment, line: str, observer: Observer, spikes: SpikeHistory) -> Figure:
    """The figure of a line (`line_on`) about a network as it stands. Raises `PlasError` for what a network does not keep."""
    from plasticdsl.results.plots import figure
    from plasticdsl.runtime.play.experiment import Order
    from plasticdsl.runtime.play.standing import as_run
    from plasticdsl.runtime.play.sweep import Study

    with rendered(_text(line)):
        run = as_run(experiment, observer, spikes)
    return figure(Study(experiment, observer.network, Order(run.seed), (), 1, [run]), 0)


def _text(line: str) -> dict[str, SourceFile]:
    return {LINE: SourceFile(LINE, one_line(line))}


def _drawing(loaded: Loaded, folder: Path | None, line: str, header: Callable[[str], str]) -> _Drawing:
    source, text = loaded.sources[loaded.module.path], one_line(line)
    taken = {e.name for e in loaded.module.experiments}
    name = next(n for k in itertools.count() if (n := f"Plotted_{k}") not in taken)
    before = f"{source.text}\n\n{header(name)}\n    plot "
    key = cache.key("plot line", loaded.digest, folder, before, text)
    known = cache.recall("plots", key, _Drawing)
    if isinstance(known, _Drawing):
        return known

    def here(span: Span) -> Span:
        """A place in the line alone."""
        inside = span.path == source.path and span.start >= len(before) - len("plot ")
        return Span(max(span.start - len(before), 0), max(span.end - len(before), 0), LINE) if inside else span

    try:
        checked = read(SourceFile(source.path, f"{before}{text}\n"), folder)
        with rendered(checked.sources):
            if checked.module is None:
                raise PlasError(checked.diagnostics)
            found = next(e for e in checked.module.experiments if e.name == name)
            network = next(n for n in loaded.module.networks if n.name == found.network)
            asked = checked.module.asked_of(network.name)
            ready = prepared_experiment(found, network)
    except PlasError as error:
        moved = tuple(_finding(d, here) for d in error.diagnostics)
        wrong, sources = tuple(d for d in moved if d.span.path == LINE) or moved, {**loaded.sources, **_text(line)}
        raise PlasError(wrong, render_all(wrong, sources), sources) from None
    plots = (_plot(spec, here) for spec in ready.plots)  # phases may have some of their own
    made = _Drawing(replace(ready, plots=tuple(spec for spec in plots if spec.span.path == LINE)), asked)
    cache.keep("plots", key, made)
    return made


# --- places ----------------------------------------------------------------------------------------------------------


def _finding(found: Diagnostic, here: Callable[[Span], Span]) -> Diagnostic:
    labels = tuple(Label(here(label.span), label.text) for label in found.labels)
    fixes = tuple(Replacement(here(fix.span), fix.text) for fix in found.fixes)
    return replace(found, span=here(found.span), labels=labels, fixes=fixes)


def _plot(spec: PlotSpec, here: Callable[[Span], Span]) -> PlotSpec:
    def item(one: Recording) -> Recording:
        return replace(one, span=here(one.span))

    def side(one: Side) -> Side:
        return replace(one, item=item(one.item))

    plane = None if spec.plane is None else replace(spec.plane, horizontal=side(spec.plane.horizontal), vertical=side(spec.plane.vertical))
    return replace(spec, items=tuple(map(item, spec.items)), span=here(spec.span), plane=plane)
