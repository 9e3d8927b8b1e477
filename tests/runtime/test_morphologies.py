"""Files of morphologies: what comes of them, and that nothing but a sentence comes of files that are none."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from plasticdsl.data.swc import branches

TREE = (Path(__file__).parents[1] / "cases" / "tree.swc").read_text(encoding="utf-8")
UM = 1e-6


def test_a_tapering_cable_keeps_its_area_and_its_resistance() -> None:
    """A frustum of 100 µm from 2 to 1 µm: π (r + s) √(h² + (r − s)²), and h/(π r s)."""
    text = "1 3 0 0 0 1 -1\n2 3 100 0 0 0.5 1"
    (branch,) = branches(text, 7 * UM)
    assert len(branch.pieces) == 15
    assert sum(p.area for p in branch.pieces) == pytest.approx(math.pi * 1.5 * UM * math.hypot(100 * UM, 0.5 * UM), rel=1e-12)
    assert sum(2 * p.half for p in branch.pieces) == pytest.approx(100 * UM / (math.pi * 0.5 * UM**2), rel=1e-12)


def test_a_soma_of_three_points_is_a_sphere() -> None:
    found = branches("1 1 0 0 0 8 -1\n2 1 0 8 0 8 1\n3 1 0 -8 0 8 1\n4 3 8 0 0 1 1\n5 3 58 0 0 1 4", 10 * UM)
    assert [(b.kind, b.sphere, len(b.pieces), b.parent) for b in found] == [("soma", True, 1, -1), ("dendrite", False, 5, 0)]
    assert found[0].pieces[0].area == pytest.approx(4 * math.pi * (8 * UM) ** 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no points"),
        ("1 3 0 0 0 1", "seven"),
        ("1 3 0 0 zero 1 -1", "no number"),
        ("1 3 0 0 0 1 -1\n1 3 5 0 0 1 1", "twice"),
        ("1 3 0 0 0 1 -1\n2 3 5 0 0 1 3\n3 3 9 0 0 1 2", "a gap or a loop"),
        ("1 3 0 0 0 1 1", "a gap or a loop"),
        ("1 3 0 0 0 1 -1\n2 3 5 0 0 1 -1", "two trees"),
        ("1 3 0 0 0 -1 -1", "radius"),
        ("1 3 0 0 0 nan -1", "radius"),
        ("1 3 0 0 0 1 -1\n2 3 1e9 0 0 1 1", "lengths are in µm"),
        ("1 3 0 0 0 1 -1", "no cable"),
    ],
)
def test_what_is_no_morphology(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        branches(text, 10 * UM)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_files_give_a_tree_or_a_sentence(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(50):
        lines = TREE.splitlines()
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(lines))
            words = lines[at].split()
            match draw.randrange(4):
                case 0:
                    del lines[at]
                    lines.append("")
                case 1 if words:
                    words[draw.randrange(len(words))] = draw.choice(
                        ["0", "-1", "7", "1e300", "inf", "nan", "x", "", "3.5", "99999999999999999999"]
                    )
                    lines[at] = " ".join(words)
                case 2:
                    draw.shuffle(lines)
                case _:
                    lines[at] = lines[at][: draw.randint(0, len(lines[at]))] + draw.choice(["\0", "é", "\t", " 5", ";"])
        try:
            found = branches("\n".join(lines), draw.choice([1e-6, 1e-5, 1.0]))
        except ValueError:
            continue
        assert all(b.parent < n for n, b in enumerate(found))
        assert all(math.isfinite(p.area) and p.area > 0.0 and math.isfinite(p.half) for b in found for p in b.pieces)
