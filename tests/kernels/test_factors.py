"""What slope and offset of a flow have in common goes into its step, and nothing else does."""

from __future__ import annotations

import pytest

from plasticdsl.kernels.loops.factors import in_common
from tests.reference.nets import e


@pytest.mark.parametrize(
    ("slope", "offset", "expected"),
    [
        ("(-1 - g) * (1 / tau)", "(E + g * F) * (1 / tau)", ("dt / tau", "-1 - g", "E + g * F")),
        ("(-1 - g) * (1 / tau)", "(E + g * F) * (1 / sigma)", None),
        ("(-1 - g) * (1 / tau)", "E + g * F", None),
        ("(-1 - g) * (2 / tau)", "E * (2 / tau)", None),
        ("-g", "g * E", None),
    ],
)
def test_what_is_in_common(slope: str, offset: str, expected: tuple[str, str, str] | None) -> None:
    found = in_common(e(slope), e(offset), e("dt"))
    assert found == tuple(map(e, expected or ("dt", slope, offset)))
