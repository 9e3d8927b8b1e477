"""A figure as data: its panels from top to bottom, their axes, what is drawn in them, and what all is called.

Numbers are in the units of the axes that they belong to. Names are typeset: formulas stand between dollar signs, as matplotlib reads them. `describe`
makes a `Picture` of a plot line, `draw` a matplotlib figure of a `Picture`; what it shows can be looked at without either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.runtime.watch.series import Kind
from plasticdsl.support.arrays import Floats

# --- axes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Axis:
    """`label` with the unit; where it begins and ends (None: where the data do); `whole`: only whole numbers are marked; `places`: these are marked, with
    names, in place of numbers."""

    label: str = ""
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False
    whole: bool = False
    places: tuple[tuple[float, str], ...] = ()


Shades = Literal["sequential", "diverging", "two"]


@dataclass(frozen=True, slots=True)
class Scale:
    """What colours stand for: `label`, from `low` to `high`; `diverging` ones are white at 0, `two` are black and white."""

    label: str
    low: float
    high: float
    shades: Shades = "sequential"


# --- what is drawn ---------------------------------------------------------------------------------------------------
# Each has float64[points] unless it says otherwise; one without a `name` is not in the legend.

Weight = Literal["faint", "thin", "plain", "bold"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """y over x, joined (`joined`), with a dot at each point (`dotted`); what is computed and not simulated is `dashed`."""

    x: Floats
    y: Floats
    colour: str
    name: str = ""
    weight: Weight = "plain"
    dashed: bool = False
    dotted: bool = False
    joined: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """`values`, float64[bins], between `edges`, float64[bins + 1]; `filled` down to 0."""

    edges: Floats
    values: Floats
    colour: str
    name: str = ""
    filled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What lies between `low` and `high` is shaded; `stepped`: x are edges, one more than values."""

    x: Floats
    low: Floats
    high: Floats
    colour: str
    stepped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """A dot at each point, of this size (in points squared); or a ring."""

    x: Floats
    y: Floats
    colour: str
    size: float
    name: str = ""
    hollow: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A bar at each x, from `bottom` upwards for `height`."""

    x: Floats
    bottom: Floats
    height: float
    colour: str


@dataclass(frozen=True, slots=True, eq=False)
class Whiskers:
    """At each x a thin bar from `low` to `high`: how far values spread."""

    x: Floats
    low: Floats
    high: Floats
    colour: str


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A colour for each of `values`, float64[rows, columns], between the edges `x`, float64[columns + 1], and `y`, float64[rows + 1]; none where NaN."""

    x: Floats
    y: Floats
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """An image, float64[rows, columns], the first row on top, at column and row `place` of a grid of images."""

    values: Floats
    place: tuple[int, int]
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Lines where `z`, float64[points of y, points of x], has these values."""

    x: Floats
    y: Floats
    z: Floats
    levels: tuple[float, ...]


Mark = Line | Steps | Band | Dots | Bars | Whiskers | Field | Tile | Levels

# --- panels ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Panel:
    """Two axes and what is drawn between them. `scale`: of its colours. `note`: a remark above its right end. `explained`: a single name needs the legend
    too. `square`: both axes have the same unit, to scale."""

    kind: Kind
    horizontal: Axis
    vertical: Axis
    marks: tuple[Mark, ...]
    scale: Scale | None = None
    note: str = ""
    explained: bool = False
    square: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What stands in its legend, in order; nothing where there is nothing to tell apart."""
        found = tuple(name for mark in self.marks if (name := getattr(mark, "name", "")) and not isinstance(mark, Tile))
        return found if len(found) > 1 or self.explained else ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the time axis with a name: a phase."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure. `stretches`: the phases in sight, where there are several; they are marked in all panels over time, which have one axis in common.
    `chosen_title`: the line asks for it."""

    title: str
    panels: tuple[Panel, ...]
    stretches: tuple[Stretch, ...] = ()
    chosen_title: bool = False


#: Panels over time share their axis.
OVER_TIME: tuple[Kind, ...] = ("time", "raster", "at spikes", "map")


def sharing(upper: Panel, lower: Panel) -> bool:
    """Whether what is written along the horizontal axis of a panel is that of the panel below."""
    same_axis = upper.kind == lower.kind and upper.kind in ("sweep", "plane") and upper.horizontal == lower.horizontal
    return same_axis or (upper.kind in OVER_TIME and lower.kind in OVER_TIME)
