"""`37 C` is a charge of 37 coulombs: said where a temperature is meant, with what to write."""

from __future__ import annotations

import pytest

from plasticdsl.driver import read
from plasticdsl.mending import mended
from plasticdsl.source import SourceFile


def neuron(*lines: str) -> SourceFile:
    return SourceFile("model.plas", "\n    ".join(("neuron A:", *lines, "10 ms dV/dt = −V")) + "\n")


@pytest.mark.parametrize("name", ["T", "T_room", "temperature", "celsius", "temp", "bath_temperature"])
def test_what_is_called_a_temperature(name: str) -> None:
    [found] = read(neuron(f"{name} = 37 C")).diagnostics
    assert (found.code, [fix.text for fix in found.fixes]) == ("degrees-in-coulombs", ["310.15 K"])


@pytest.mark.parametrize("line", ["Q = 37 C", "T = 37 pC", "T = 37", "T = 310.15 K", "tempo = 2 C", "C = 2\n    T = 3·C", "t_0 = 3 C"])
def test_what_is_a_charge_or_no_quantity(line: str) -> None:
    assert read(neuron(line)).diagnostics == ()


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        (("T = 37 C", "φ = 3^((T − 293.15 K)/10 K)"), ("T = 310.15 K", "φ = 3^((T − 293.15 K)/10 K)")),
        (("T = 37 C", "q = 1 + T/300 K", "φ = 3^((T − 6.3 C)/10 C)"), ("T = 310.15 K", "q = 1 + T/300 K", "φ = 3^((T − 279.45 K)/10 K)")),
        (("T = 18.5", "φ = 3^((T − 6.3 C)/10)"), ("T = 18.5", "φ = 3^((T − 6.3)/10)")),
        (("T = 37 C", "φ = 3^((T − 6.3)/10)"), ("T = 37", "φ = 3^((T − 6.3)/10)")),
        (("T = −2 C", "φ = T/(300 K) + 1"), ("T = 271.15 K", "φ = T/(300 K) + 1")),
    ],
)
def test_what_the_hints_show_mends_it(lines: tuple[str, ...], right: tuple[str, ...]) -> None:
    result = mended(neuron(*lines), None)
    assert (result.source.text, result.left) == (neuron(*right).text, ())


def test_a_temperature_that_a_network_gives() -> None:
    text = neuron("T = 300 K", "φ = T/(300 K)").text + "\nnetwork N:\n    a = 1 A, T = 6.3 C\n"
    [found] = read(SourceFile("model.plas", text)).diagnostics
    assert (found.code, [fix.text for fix in found.fixes]) == ("inconsistent-units", ["279.45 K"])
