"""The gallery: a page for each model of the library, with its picture, its text, its tables and what the compiler derives.

`sphinx-build` writes the pages anew into `gallery/` (they are not kept). The pictures are kept, in `images/gallery`, since making them runs the models:
`python docs/gallery_pages.py [NAME …]` makes them anew, of all models or of those named.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

import plasticdsl
from plasticdsl import driver
from plasticdsl.cli.library import Entry, entries
from plasticdsl.document.describe import describe
from plasticdsl.document.html import piece
from plasticdsl.explore.drawing import window_on, with_unit
from plasticdsl.explore.portraits import Window, beginnings, beside, window
from plasticdsl.model.lookup import UnknownParameter, find_parameter
from plasticdsl.model.module import Module
from plasticdsl.options import CompileOptions
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse

Floats = NDArray[np.float64]

HERE = Path(__file__).parent
PAGES = HERE / "gallery"
PICTURES = HERE / "images" / "gallery"
WINDOWS = HERE / "images" / "windows"
#: At most so many rules of a model are shown by their windows.
_MOST_WINDOWS = 4
#: Pairs of units that fire by chance, both sides at the same rate.
_RATES = (2, 5, 10, 20, 30, 40, 50)
_CHANCE = """
network Chance_of_{rule}:
    ν = 10 Hz
    pre = 1000 Poisson(rate = ν)
    post = 1000 Poisson(rate = ν)
    syn = pre → post: {rule}, one to one{beginning}

experiment Drift_of_{rule} on Chance_of_{rule}:
    dt = 0.1 ms
    sweep ν in [{rates}] Hz
    phase settle for 0.5 s
    phase drift for 2 s:
        record syn.w at 0 ms as before
        record syn.w at end as after
"""
#: What the folders of the library hold, in the order in which a lecture would come to them.
_PARTS = {
    "rules": "Learning rules",
    "synapses": "Synapses",
    "neurons": "Neurons",
    "molecules": "Molecules of a spine",
    "networks": "Networks",
}

#: Of these another figure than the first of the first experiment is shown, by its number: of a short experiment, or one that says more.
_PICTURED = {
    "molecules/camkii": ("Steps", 0),
    "networks/hopfield": ("Cues", 0),
    "networks/brunel_stdp": ("Short", 0),
    "networks/cobahh": ("Small", 0),
    "networks/distal_reward": ("Short", 0),
    "networks/pattern_generation": ("Learning", 2),
    "networks/ring_attractor": ("Small", 0),
    "networks/wang_decision": ("Small", 0),
    "rules/rate_rules": ("Selectivity", 0),
    "rules/reward_stdp": ("DistalReward", 2),
    "rules/scaling": ("Recovery", 1),
}


def write_pages() -> None:
    """The index and a page for each model."""
    PAGES.mkdir(exist_ok=True)
    found = list(entries())
    for entry in found:
        (PAGES / f"{_stem(entry.name)}.md").write_text(_page(entry), encoding="utf-8")
    (PAGES / "index.md").write_text(_index(found), encoding="utf-8")


def write_pictures(names: Iterable[str]) -> None:
    """The first figure of the first experiment that draws one, or of that named in `_PICTURED`, of each model named."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in names:
        model = plasticdsl.load(name)
        drawn = [e.name for e in model.loaded.module.experiments if e.plots]
        if not drawn:
            continue
        experiment, number = _PICTURED.get(name, (drawn[0], 0))
        _save(list(model.run(experiment).figures.values())[number], PICTURES / f"{_stem(name)}.png")
        print(name, flush=True)


def write_windows(names: Iterable[str]) -> None:
    """The windows of the rules of each model named, and beside them how weights drift where both sides fire by chance."""
    WINDOWS.mkdir(parents=True, exist_ok=True)
    for name in names:
        model = plasticdsl.load(name)
        rules = [b.name for b in model.loaded.module.blocks if b.kind == "rule" and b.span.path == model.loaded.module.path]
        shown = list(
            islice(
                ((found, drift) for rule in rules if (found := window(model, rule, {})) and (drift := _drift(model, rule))), _MOST_WINDOWS
            )
        )
        if shown:
            _save(_windows(shown), WINDOWS / f"{_stem(name)}.png")
            print(name, flush=True)


def _drift(model: plasticdsl.Model, rule: str) -> tuple[Floats, Floats] | None:
    """What the weight of a pair changes by in a second, in its unit as shown, and the standard error of that, at each rate."""
    for beginning in beginnings(model, rule):
        try:
            added = beside(model, _CHANCE.format(rule=rule, beginning=beginning, rates=", ".join(map(str, _RATES))))
            result = added.run(f"Drift_of_{rule}")
        except (plasticdsl.PlasError, KeyError, ValueError):
            continue
        weight = next(v for v in added.loaded.module.networks[-1].projections[0].connection.variables if v.name == "w")
        change = (result["after"].values - result["before"].values).reshape(len(_RATES), -1) / (2.0 * weight.scale)
        return change.mean(axis=1), change.std(axis=1) / np.sqrt(change.shape[1])
    return None


def _windows(shown: list[tuple[Window, tuple[Floats, Floats]]]) -> Figure:
    """A row for each rule: its window, and its drift."""
    figure = Figure(figsize=(9.2, 2.9 * len(shown)), layout="constrained")
    for (left, right), (found, (drift, error)) in zip(figure.subplots(len(shown), 2, squeeze=False), shown, strict=True):
        window_on(left, found)
        right.axhline(0.0, color="0.8", linewidth=0.8)
        right.errorbar(_RATES, drift, error, color="#d55e00", marker="o", markersize=4)
        right.set_xlabel("rate of both sides, by chance (Hz)")
        right.set_ylabel(with_unit(r"$\langle Δw \rangle$ in a second", found.unit))
        right.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=True)
        right.spines[["top", "right"]].set_visible(False)
    return figure


def _save(figure: Figure, path: Path) -> None:
    """A small picture: 660 points wide, of few colours."""
    figure.savefig(file := io.BytesIO(), format="png", dpi=60)
    Image.open(file).convert("RGB").quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def _words(text: str) -> str:
    """As Markdown shows it as it is."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", text)


def _stem(name: str) -> str:
    return name.replace("/", "-")


def _picture(entry: Entry) -> Path | None:
    path = PICTURES / f"{_stem(entry.name)}.png"
    return path if path.is_file() else None


def _page(entry: Entry) -> str:
    model = plasticdsl.load(entry.name)
    loaded = model.loaded
    short = entry.name.rpartition("/")[2]
    run = next(
        (f"plasticdsl run {short} {name} --out results" for name in sorted(model.experiments, key=_is_long)), f"plasticdsl explain {short}"
    )
    picture, shown = _picture(entry), piece(describe(loaded.module, loaded.sources))
    parts = [
        f"# {short}",
        f"{_words(entry.title)}.",
        f"*{_words(entry.reference)}.*" if entry.reference else "",
        f"```sh\n{run}\nplasticdsl new mine --from {short}\n```",
        f"![{_words(entry.title)}](../images/gallery/{picture.name})" if picture is not None else "",
        _windows_of(entry),
        changes(short, model),
        f"## The model\n\n```plas\n{entry.text.rstrip()}\n```",
        f"## As a methods section\n\n`plasticdsl show {short}`, also as LaTeX and PDF.\n\n```{{raw}} html\n{shown}\n```",
        f"## What the compiler derives\n\n```text\n{driver.explain(loaded, CompileOptions()).rstrip()}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _windows_of(entry: Entry) -> str:
    if not (WINDOWS / f"{_stem(entry.name)}.png").is_file():
        return ""
    words = (
        "Left: the change of a weight by one pair of spikes. Right: what it changes by where both sides fire by chance, at the same rate."
    )
    return f"## Window and drift\n\n{words}\n\n![Window and drift](../images/windows/{_stem(entry.name)}.png)"


def _is_long(experiment: str) -> bool:
    """Experiments cut short for tests come first in a quick start."""
    return not experiment.endswith("Short")


def changes(short: str, model: plasticdsl.Model) -> str:
    """Lines that set what the file gives a number: of its first network, and of its rules, each with the first experiment that has it."""
    module = model.loaded.module
    if not module.experiments:
        return ""
    source = model.loaded.sources[module.path]
    blocks = [item for item in parse(source).items if isinstance(item, tree.Block)]
    first = module.experiments[0].network
    lines = [
        f'plasticdsl run {short} {experiment} --set "{setting}"'
        for block in (*(b for b in blocks if b.kind == "network" and b.name.name == first), *(b for b in blocks if b.kind == "rule"))
        for one in block.body
        if isinstance(one, tree.Define) and isinstance(one.target, tree.Name) and isinstance(one.rhs, tree.Number)
        for experiment, setting in islice(_settings(module, block, one, source.text[one.span.start : one.span.end]), 1)
    ]
    if not lines:
        return ""
    shown = "\n".join(lines[:4])
    return f"## What to change\n\nThese are its own numbers; write others, or sweep them in a file of your own:\n\n```sh\n{shown}\n```"


def _settings(module: Module, block: tree.Block, one: tree.Define, text: str) -> Iterator[tuple[str, str]]:
    """Each experiment that knows the number, and what is set: its name alone where no other block has it, else with its block's."""
    name, _, number = re.sub(r"\s*=\s*", "=", text).partition("=")
    whole = f"{block.name.text}.{name}"
    networks = {network.name: network for network in module.networks}
    for experiment in module.experiments:
        for said in (name, whole) if block.kind == "network" else (whole,):
            with suppress(UnknownParameter):
                find_parameter(networks[experiment.network], module, said)
                yield experiment.name, f"{said}={number}"
                break


def _index(found: list[Entry]) -> str:
    lines = [
        "# Gallery",
        f"The {len(found)} models of the library. Each runs by its name, is its own test, and names the paper whose numbers it reproduces.",
    ]
    for folder, title in _PARTS.items():
        lines.append(f"## {title}")
        for entry in (one for one in found if one.name.startswith(f"{folder}/")):
            stem, short = _stem(entry.name), entry.name.rpartition("/")[2]
            picture = _picture(entry)
            shown = f"\n\n  [![{short}](../images/gallery/{picture.name})]({stem}.md)" if picture is not None else ""
            lines.append(f"- [{short}]({stem}.md): {_words(entry.title)}.{shown}")
    lines.append("```{toctree}\n:hidden:\n\n" + "\n".join(_stem(entry.name) for entry in found) + "\n```")
    return "\n\n".join(lines) + "\n"


if __name__ == "__main__":
    write_pictures(sys.argv[1:] or [entry.name for entry in entries()])
    write_windows(sys.argv[1:] or [entry.name for entry in entries()])
