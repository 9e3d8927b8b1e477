"""The model library: every file reads like a methods section, names its source, and does what it says it does."""

import re
from pathlib import Path

import pytest

import plasticdsl
from plasticdsl.library import library_models, read
from plasticdsl.model.experiments import Experiment
from plasticdsl.syntax.printer import format_file
from tests.models.runs import ran

LIBRARY = library_models()
REFERENCE = re.compile(r"\b[A-Z][\w’'-]+,? .*\((18|19|20)\d\d\)")

#: Experiments that take long; each file with one has a shorter experiment as well, or it is looked at closely in tests/science.
LONG = {
    ("molecules/bouton", "Pairs_3"),
    ("molecules/spine_plasticity", "Pairing"),
    ("molecules/spine_plasticity", "Peaks_1"),
    ("molecules/spine_plasticity", "Peaks_2"),
    ("molecules/spine_plasticity", "Peaks_3"),
    ("molecules/spine_plasticity", "Peaks_4"),
    ("molecules/spine_plasticity", "Protocol"),
    ("molecules/spine_plasticity", "Protocols_1"),
    ("molecules/spine_plasticity", "Protocols_2"),
    ("molecules/spine_plasticity", "Protocols_3"),
    ("molecules/spine_plasticity", "Protocols_4"),
    ("molecules/spine_plasticity", "Protocols_5"),
    ("molecules/spine_plasticity", "Protocols_6"),
    ("molecules/spine_plasticity", "Protocols_7"),
    ("molecules/spine_plasticity", "Protocols_8"),
    ("molecules/spine_voltage", "Train"),
    ("networks/hopfield_graded", "Map"),
    ("networks/digits", "FirstEpoch"),
    ("networks/digits", "Learning"),
    ("networks/assemblies", "Formation"),
    ("networks/assemblies", "Recall"),
    ("networks/assemblies", "Whole"),
    ("networks/assemblies", "Halves"),
    ("networks/assemblies", "Alone"),
    ("networks/barrel_cortex", "Learning"),
    ("networks/digits_stdp", "Learning"),
    ("networks/force", "Sine"),
    ("networks/force_spiking", "Sine"),
    ("networks/force_spiking", "Short"),
    ("networks/nonmatch", "Learning"),
    ("networks/pattern_generation", "Descending"),
    ("networks/song_abbott", "Competition"),
    ("networks/song_abbott", "Buffering"),
    ("networks/correlated_inputs", "Selection"),
    ("networks/brunel_stdp", "Plastic"),
    ("networks/hopfield", "Capacity"),
    ("networks/hopfield", "Cues"),
    ("networks/hopfield", "OneStep"),
    ("networks/dentate_ca3", "Transfer"),
    ("networks/distal_reward", "Hour"),
    ("networks/distal_reward", "Short"),
    ("networks/cobahh", "Full"),
    ("networks/cobahh", "Small"),
    ("networks/ring_attractor", "Bump"),
    ("networks/ring_attractor", "Small"),
    ("networks/wang_decision", "Choice"),
    ("networks/wang_decision", "Small"),
    ("networks/working_memory", "Cue"),
    ("rules/burst_dependent", "Crossing"),
    ("rules/eprop", "Random"),
    ("rules/inhibitory_stdp", "TargetRate"),
    ("rules/orchestrated", "Spikes"),
    ("rules/reward_stdp", "Selective"),
    ("rules/structural_rewiring", "Development"),
}


def experiments() -> list[object]:
    """Every experiment of the library, found in the text, since nothing is compiled before tests begin."""
    found: list[object] = []
    for name, path in LIBRARY.items():
        text = path.read_text(encoding="utf-8")
        tables = re.findall(r"^table (\w+) of \w+:\n((?: .*\n)+)", text, re.MULTILINE)
        rows = [f"{table}_{k}" for table, lines in tables for k in range(1, lines.count("\n"))]
        for experiment in [*re.findall(r"^experiment (\w+)", text, re.MULTILINE), *rows]:
            marks = [pytest.mark.slow] if (name, experiment) in LONG else []
            found.append(pytest.param(name, experiment, id=f"{name}-{experiment}", marks=marks))
    return found


def has_expectations(experiment: Experiment) -> bool:
    return bool(experiment.expectations) or any(p.expectations for p in experiment.phases)


def test_the_library_is_there() -> None:
    assert len(LIBRARY) >= 14
    assert {(name, e) for name, e in LONG} <= {tuple(p.values) for p in experiments()}  # type: ignore[attr-defined]


def test_names_are_unique_over_all_folders() -> None:
    short = [Path(name).name for name in LIBRARY]
    assert len(short) == len(set(short))


@pytest.mark.parametrize("name", LIBRARY)
def test_checks_without_a_finding(name: str) -> None:
    model = plasticdsl.load(name)
    assert not model.loaded.warnings


@pytest.mark.parametrize("name", LIBRARY)
def test_is_laid_out(name: str) -> None:
    source = read(LIBRARY[name])
    assert format_file(source) == source.text


@pytest.mark.parametrize("name", LIBRARY)
def test_names_its_source(name: str) -> None:
    doc = plasticdsl.load(name).loaded.module.doc
    title, *further = [line.strip() for line in doc.strip().splitlines() if line.strip()]
    assert len(title) <= 140
    assert any(REFERENCE.search(line) for line in (title, *further)), "author (year)"


@pytest.mark.parametrize("name", LIBRARY)
def test_every_experiment_expects_something(name: str) -> None:
    found = plasticdsl.load(name).loaded.module.experiments
    assert found
    assert all(has_expectations(e) for e in found)


@pytest.mark.parametrize(("name", "experiment"), experiments())
def test_does_what_it_says(name: str, experiment: str) -> None:
    result = ran(name, experiment)
    problems = [f"{o.text}: found {o.value}" for o in result.expectations if o.passed is not True]
    assert not problems
