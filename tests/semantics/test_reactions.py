"""Random kinetic schemes, deterministic, by chance, mixed, and in leaps: kernels do what the interpreter does, and what reactions keep is kept.

A seed gives a scheme of 1 to 5 reactions among 2 to 4 species, each with up to two molecules on either side. Rates are moderate and runs short, so that no
scheme explodes. Where a species flows and jumps there are no two of one kind on a side: k A (A − 1) of a part of a molecule has no meaning. There a jump
may also take a whole molecule where there is a part of one, and the rates that this makes negative are refused, by both engines at the same step.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import plasticdsl

UNITS, STEPS = 3, 4
KINDS = ("deterministic", "stochastic", "mixed", "leaps")


def scheme(seed: int) -> tuple[str, list[dict[str, int]], tuple[str, ...]]:
    """The text of a network, what each reaction adds, and the species."""
    random = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    species = tuple(f"S{i}" for i in range(random.integers(2, 5)))
    lines, nets = [], []
    for _ in range(random.integers(1, 6)):
        sides = [list(random.choice(species, size=random.integers(0, 3), replace=kind != "mixed")) for _ in range(2)]
        if sorted(sides[0]) == sorted(sides[1]):
            sides = [[species[0]], [species[-1]]]
        written = [" + ".join(f"{side.count(s)} {s}" for s in dict.fromkeys(side)) or "∅" for side in sides]
        rates = [f"{random.uniform(0.2, 2) * (20, 1, 0.05)[len(side)]:.3g} Hz" for side in sides]
        both = bool(random.integers(2))
        if kind == "leaps" and (moved := [s for s in species if sides[0].count(s) != sides[1].count(s)]) and random.integers(2):
            rates = [f"{rate}·(1 + {moved[0]}²/(200² + {moved[0]}²))" for rate in rates]
        other = ", deterministic" if kind == "mixed" and random.integers(2) else ""
        lines.append(f"        {written[0]} {'⇌' if both else '→'} {written[1]} : {', '.join(rates[: 1 + both])}{other}")
        nets.append({s: sides[1].count(s) - sides[0].count(s) for s in species})
    how = {"deterministic": "", "leaps": f" stochastic, tolerance {random.uniform(0.01, 0.1):.2g}"}.get(kind, " stochastic")
    many = 500 if kind == "leaps" else 20
    begin = [f"    {s}(0) = {random.integers(0, many)}" for s in species]
    used = {s for net, line in zip(nets, lines, strict=True) for s in species if net[s] or f" {s} " in f"{line} "}
    species = tuple(s for s in species if s in used)
    text = "\n".join(["neuron Cell:", f"    reactions{how}:", *lines, *(b for b in begin if b.split("(")[0].strip() in used)])
    return f"{text}\n\nnetwork Net:\n    cells = {UNITS} Cell\n", nets, species


def run(text: str, engine: str, species: tuple[str, ...], seed: int) -> np.ndarray:
    """float64[step, species, unit]."""
    net = plasticdsl.parse(text).build("Net", dt="50 ms", seed=seed, engine=engine)
    found = [[np.asarray(getattr(net["cells"], s)) for s in species]]
    for _ in range(STEPS):
        net.run("50 ms")
        found.append([np.asarray(getattr(net["cells"], s)) for s in species])
    return np.array(found)


def conserved(nets: list[dict[str, int]], species: tuple[str, ...]) -> list[list[Fraction]]:
    """A basis of the combinations of species that no reaction changes, by elimination."""
    rows = [[Fraction(net[s]) for s in species] for net in nets]
    pivots: list[int] = []
    for column in range(len(species)):
        place = next((r for r in range(len(pivots), len(rows)) if rows[r][column]), None)
        if place is None:
            continue
        top = len(pivots)
        rows[top], rows[place] = rows[place], rows[top]
        rows[top] = [one / rows[top][column] for one in rows[top]]
        for r in range(len(rows)):
            if r != top:
                rows[r] = [a - rows[r][column] * b for a, b in zip(rows[r], rows[top], strict=True)]
        pivots.append(column)
    free = [c for c in range(len(species)) if c not in pivots]
    return [[Fraction(int(c == f)) if c not in pivots else -rows[pivots.index(c)][f] for c in range(len(species))] for f in free]


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(s, marks=pytest.mark.slow) for s in range(12, 200))])
def test_kernels_do_what_the_interpreter_does(seed: int) -> None:
    text, nets, species = scheme(seed)
    try:
        expected = run(text, "reference", species, seed)
    except plasticdsl.PlasError as refused:
        assert KINDS[seed % len(KINDS)] == "mixed", text
        with pytest.raises(plasticdsl.PlasError) as too:
            run(text, "python", species, seed)
        assert str(too.value) == str(refused)
        return
    found = run(text, "python", species, seed)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=text)
    for combination in conserved(nets, species):
        total = np.einsum("s,tsu->tu", np.array([float(c) for c in combination]), found)
        np.testing.assert_allclose(total, total[:1].repeat(STEPS + 1, axis=0), rtol=1e-9, atol=1e-9, err_msg=text)
    if KINDS[seed % len(KINDS)] in ("stochastic", "leaps"):
        assert (found >= 0.0).all() and (found == np.rint(found)).all(), text
