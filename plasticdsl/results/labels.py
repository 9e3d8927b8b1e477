"""What figures call things: items of a panel, its axis, and runs of a sweep. Labels of items come in, typeset text goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plasticdsl.runtime.play.sweep import Axis, Study
from plasticdsl.runtime.watch.series import Label
from plasticdsl.units.display import name_dimension

#: Letters that fit beside a panel.
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Named:
    """What stands along an axis, and what each item is called in the legend."""

    axis: str
    items: tuple[str, ...]


def with_unit(text: str, unit: str) -> str:
    """`V (mV)`."""
    return f"{text} ({unit})" if unit else text


def whole(label: Label) -> str:
    """`V of cell`; or as the line says."""
    if label.given:
        return label.given
    quantity, of = label.words.quantity or label.text, label.words.whose
    return f"{quantity} of {of}" if of else quantity


def along(label: Label) -> str:
    """Along an axis: `V of cell (mV)`."""
    return with_unit(whole(label), label.unit)


def named(labels: Sequence[Label]) -> Named:
    """Of items that share an axis: what they have in common stands along it, the rest in the legend."""
    if len(labels) == 1:
        return Named(along(labels[0]), (whole(labels[0]),))
    unit = labels[0].unit
    quantities = dict.fromkeys(_quantity(label) for label in labels)
    owners = dict.fromkeys("" if label.given else label.words.whose for label in labels)
    if len(quantities) == 1:
        (quantity,) = quantities
        of, *others = dict.fromkeys("" if label.given else label.words.of for label in labels)
        if of and not others and all(label.words.chosen for label in labels):
            return Named(with_unit(f"{quantity} of {of}", unit), tuple(label.words.chosen for label in labels))
        return Named(with_unit(quantity, unit), tuple(label.words.whose or quantity for label in labels))
    items = tuple(_quantity(label) if len(owners) == 1 else whole(label) for label in labels)
    (owner,) = owners if len(owners) == 1 else ("",)
    if unit and labels[0].dimension is not None:
        return Named(with_unit(name_dimension(labels[0].dimension) + (f" of {owner}" if owner else ""), unit), items)
    joined = ", ".join(dict.fromkeys(items)) + (f" of {owner}" if owner else "")
    return Named(with_unit(joined, unit) if len(plain(joined)) <= _LONGEST else unit, items)


def _quantity(label: Label) -> str:
    return label.given or label.words.quantity or label.text


def plain(text: str) -> str:
    """About what is seen of a typeset text."""
    return text.replace(r"\mathrm", "").translate(str.maketrans("", "", "${}_^\\"))


def of_all(label: Label) -> Label:
    """The label where each line says itself which unit it is of."""
    return replace(label, words=replace(label.words, chosen=""))


# --- runs ------------------------------------------------------------------------------------------------------------


def of_run(study: Study, number: int, without: Axis | None = None) -> str:
    """What sets run `number` apart from the others: the values of its parameters, but for that of one axis."""
    index = np.unravel_index(number, study.shape) if study.shape else ()
    chosen = [(axis, i) for axis, i in zip(study.axes, index, strict=False) if axis is not without]
    return ", ".join(value_of(one, float(one.values[i])) for axis, i in chosen for one in axis.all)


def value_of(axis: Axis, value: float) -> str:
    """`τ = 10 ms`."""
    shown = f"{value / axis.scale:g}".replace("-", "−")
    return f"{axis.words.quantity or axis.name} = {shown}{f' {axis.unit}' if axis.unit else ''}"


def joined(*parts: str) -> str:
    """Those that are not empty, with commas."""
    return ", ".join(filter(None, parts))
