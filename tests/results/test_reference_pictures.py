"""Figures of each kind beside pictures that were looked at: structure, labels and numbers as text, exactly; what is drawn, with a tolerance.

In `reference` stands for each experiment of `figures.plas` what `described` says (`NAME.txt`) and a small picture (`NAME.png`). After a deliberate change
run this file as a script, and look at what has changed.
"""

from __future__ import annotations

import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import assert_never

import numpy as np
import pytest
from PIL import Image

import plasticdsl
from plasticdsl.results.describe import picture
from plasticdsl.results.draw import draw
from plasticdsl.results.look import LOOKS, style
from plasticdsl.results.picture import Axis, Band, Bars, Dots, Field, Levels, Line, Mark, Panel, Picture, Steps, Tile, Whiskers
from plasticdsl.support.arrays import Floats

HERE = Path(__file__).parent
REFERENCE = HERE / "reference"
MODEL = HERE / "figures.plas"
NAMES = [line.split()[1].rstrip(":") for line in MODEL.read_text(encoding="utf-8").splitlines() if line.startswith("experiment ")]

#: A page's figure, 420 points wide. Pictures are compared in squares of so many points, since letters are smoothed otherwise on other machines; of 255.
_DOTS_PER_INCH, _SQUARE = 60, 6
_MOST_IN_A_SQUARE, _MOST_ON_AVERAGE = 35.0, 1.0


@cache
def shown(name: str) -> Picture:
    return picture(plasticdsl.load(MODEL).run(name, engine="python").study, 0)


# --- as text ---------------------------------------------------------------------------------------------------------


def described(found: Picture) -> str:
    """All that stands in a figure, a line for each thing; numbers with five digits."""
    lines = [f"title: {found.title}{' (chosen)' if found.chosen_title else ''}"]
    lines += [f"phase {s.name}: {_n(s.begin)} to {_n(s.end)}" for s in found.stretches]
    for panel in found.panels:
        lines += _panel(panel)
    return "\n".join(lines) + "\n"


def _panel(panel: Panel) -> list[str]:
    said = [f"panel {panel.kind}{' to scale' if panel.square else ''}", f"  x: {_axis(panel.horizontal)}", f"  y: {_axis(panel.vertical)}"]
    if panel.scale is not None:
        said.append(f"  colours: {panel.scale.label!r} {_n(panel.scale.low)} to {_n(panel.scale.high)} {panel.scale.shades}")
    if panel.note:
        said.append(f"  note: {panel.note}")
    if panel.names:
        said.append(f"  legend: {' | '.join(panel.names)}")
    return [*said, *(f"  {_mark(mark)}" for mark in panel.marks)]


def _axis(axis: Axis) -> str:
    ends = "" if axis.low is None and axis.high is None else f" {_n(axis.low)} to {_n(axis.high)}"
    more = f"{' log' if axis.logarithmic else ''}{' whole' if axis.whole else ''}"
    return f"{axis.label!r}{ends}{more}" + "".join(f" | {_n(at)}: {name!r}" for at, name in axis.places)


def _mark(mark: Mark) -> str:
    match mark:
        case Line():
            how = f"{mark.weight}{' dashed' if mark.dashed else ''}{' dotted' if mark.dotted else ''}{'' if mark.joined else ' not joined'}"
            return f"line {mark.colour} {how} {mark.name!r}: {_numbers(mark.x)}; {_numbers(mark.y)}"
        case Steps():
            return f"steps {mark.colour}{' filled' if mark.filled else ''} {mark.name!r}: {_numbers(mark.edges)}; {_numbers(mark.values)}"
        case Band() | Whiskers():
            return f"{type(mark).__name__.lower()} {mark.colour}: {_numbers(mark.x)}; {_numbers(mark.low)}; {_numbers(mark.high)}"
        case Dots():
            how = f"{_n(mark.size)}{' hollow' if mark.hollow else ''}"
            return f"dots {mark.colour} {how} {mark.name!r}: {_numbers(mark.x)}; {_numbers(mark.y)}"
        case Bars():
            return f"bars {mark.colour} {_n(mark.height)}: {_numbers(mark.x)}; {_numbers(mark.bottom)}"
        case Field():
            return f"field {mark.values.shape}: {_numbers(mark.x)}; {_numbers(mark.y)}; {_numbers(mark.values.ravel())}"
        case Tile():
            return f"tile {mark.place} {mark.name!r} {mark.values.shape}: {_numbers(mark.values.ravel())}"
        case Levels():
            return f"levels {', '.join(map(_n, mark.levels))}: {_numbers(mark.x)}; {_numbers(mark.y)}; {_numbers(mark.z.ravel())}"
        case _:
            assert_never(mark)


def _numbers(values: Floats) -> str:
    """How many, their mean, and some of them."""
    known = values[np.isfinite(values)]
    some = values[np.unique(np.linspace(0, len(values) - 1, 5).astype(int))] if len(values) else values
    return f"{len(values)} of mean {_n(float(known.mean())) if known.size else '–'} ({', '.join(map(_n, some))})"


def _n(value: float | None) -> str:
    return "–" if value is None else f"{round(float(value), 9) + 0.0:.5g}"


# --- as drawn --------------------------------------------------------------------------------------------------------


def drawn(found: Picture) -> Image.Image:
    """The figure as pixels."""
    made = draw(found, LOOKS["page"])
    with style(LOOKS["page"]):
        made.savefig(file := BytesIO(), format="png", dpi=_DOTS_PER_INCH)
    return Image.open(file).convert("RGB")


def in_squares(image: Image.Image) -> Floats:
    """Means over squares, float64[rows, columns, 3]."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    rows, columns = (side // _SQUARE for side in pixels.shape[:2])
    return pixels[: rows * _SQUARE, : columns * _SQUARE].reshape(rows, _SQUARE, columns, _SQUARE, 3).mean(axis=(1, 3))


def apart(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """How far two pictures differ, in the worst square and on average."""
    if one.size != other.size:
        return 255.0, 255.0
    differences = np.abs(in_squares(one) - in_squares(other))
    return float(differences.max()), float(differences.mean())


def same(one: Image.Image, other: Image.Image) -> bool:
    worst, average = apart(one, other)
    return worst <= _MOST_IN_A_SQUARE and average <= _MOST_ON_AVERAGE


# --- the tests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_says_what_it_said(name: str) -> None:
    assert described(shown(name)) == (REFERENCE / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_looks_as_it_looked(name: str) -> None:
    worst, average = apart(drawn(shown(name)), Image.open(REFERENCE / f"{name}.png"))
    assert worst <= _MOST_IN_A_SQUARE, "a place differs"
    assert average <= _MOST_ON_AVERAGE, "the whole differs"


def test_the_tolerance_tells_pictures_apart() -> None:
    """No two of the pictures are the same, nor is one whose line has another colour or whose label is missing."""
    images = [Image.open(REFERENCE / f"{name}.png").convert("RGB") for name in NAMES]
    for number, one in enumerate(images):
        assert not any(same(one, other) for other in images[:number])
    line = images[NAMES.index("Traces")]
    pixels = np.asarray(line)
    recoloured = pixels.copy()
    blue = (pixels[:, :, 2] > pixels[:, :, 0].astype(int) + 60)[:, :, np.newaxis]
    assert not same(line, Image.fromarray(np.where(blue, pixels[:, :, ::-1], recoloured)))
    unlabelled = pixels.copy()
    unlabelled[-20:] = 255
    assert not same(line, Image.fromarray(unlabelled))


def test_every_kind_of_panel_is_there() -> None:
    kinds = {panel.kind for name in NAMES for panel in shown(name).panels}
    assert kinds == {
        "time", "raster", "at spikes", "map", "plane", "contours", "intervals", "histogram", "curve", "units", "sweep", "grid", "matrix", "image",
    }  # fmt: skip


def main() -> None:
    """Writes texts and pictures as they are now."""
    REFERENCE.mkdir(exist_ok=True)
    for name in sys.argv[1:] or NAMES:
        (REFERENCE / f"{name}.txt").write_text(described(shown(name)), encoding="utf-8")
        drawn(shown(name)).quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(REFERENCE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
