"""A result as a `neo.Block`: a segment for each run, with spike trains and analogue signals.

Neo is imported here and nowhere else; it belongs to the extra `neo`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from plasticdsl.results.signals import Firing, Signal, firing, signals

if TYPE_CHECKING:
    from plasticdsl.results.result import Result


def block_of(result: Result) -> Any:
    """As `Result.to_neo` says."""
    try:
        import neo
    except ModuleNotFoundError:
        raise ModuleNotFoundError("this takes Neo: ‘pip install plasticdsl[neo]’") from None
    study, summary = result.study, result.summary
    known = {name: summary[name] for name in ("model", "experiment", "version", "seed", "dt_s") if summary[name] is not None}
    block = neo.Block(name=study.experiment.name, description=study.experiment.doc or None, **known)
    block.annotate(parameters=json.dumps(summary["parameters"], ensure_ascii=False))
    for number, run in enumerate(study.runs):
        segment = neo.Segment(name=study.label(number) or study.experiment.name, index=number, seed=run.seed)
        for train in firing(run):
            segment.spiketrains.extend(_trains(neo, train))
        for signal in signals(run):
            _add(neo, segment, signal)
        block.segments.append(segment)
    return block


def _trains(neo: Any, train: Firing) -> list[Any]:
    window = {"t_start": train.begin, "t_stop": train.end, "units": "s"}
    return [
        neo.SpikeTrain(times, **window, name=f"{train.name}[{unit}]", population=train.name, unit=int(unit))
        for unit, times in zip(train.units, train.times, strict=True)
    ]


def _add(neo: Any, segment: Any, signal: Signal) -> None:
    """Signals at equal intervals are analogue, others irregularly sampled."""
    units, kept = _units(signal.unit), {"units_si": signal.unit, "owner": signal.owner}
    arrays: dict[str, Any] = {} if signal.numbers is None else {"unit": signal.numbers}
    arrays |= {} if signal.ends is None else {"pre": signal.ends[0], "post": signal.ends[1]}
    arrays |= {} if signal.along is None else {signal.along.name: signal.along.values}
    if signal.interval is not None:
        made = neo.AnalogSignal(
            signal.values,
            units=units,
            t_start=_seconds(signal.times[0]),
            sampling_period=_seconds(signal.interval),
            name=signal.name,
            array_annotations=arrays,
            **kept,
        )
        segment.analogsignals.append(made)
    else:
        made = neo.IrregularlySampledSignal(
            signal.times, signal.values, units=units, time_units="s", name=signal.name, array_annotations=arrays, **kept
        )
        segment.irregularlysampledsignals.append(made)


def _seconds(value: float) -> Any:
    import quantities

    return value * quantities.s


def _units(text: str) -> str:
    """The unit as quantities reads it; what it does not know is a pure number, and the annotation says what it is."""
    import quantities

    spelt = text.replace("·", "*").replace("²", "**2").replace("³", "**3").replace("⁻¹", "**-1").replace("Ω", "ohm").replace("µ", "u")
    if text == "1":
        return "dimensionless"
    try:
        quantities.Quantity(1.0, spelt)
    except Exception:  # LookupError or SyntaxError, by what it stumbles over
        return "dimensionless"
    return spelt
