"""What notebooks show: models in cells, errors, and results. The shell is IPython's own."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import plasticdsl
from tests.markup import Page

CELL = """%%plas cell
neuron A:
    τ = 10 ms
    τ dV/dt = 20 mV − V
    V(0) = 0 mV
    spike when V > 10 mV:
        V → 0 mV

network Net:
    a = 3 A

experiment E on Net:
    dt = 0.1 ms
    phase go for 50 ms
    record a.V every 1 ms
    plot a.V over time
    expect rate(a) > 1 Hz
    expect rate(a) < 1 Hz
"""


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.run_line_magic("load_ext", "plasticdsl")
    yield made
    made.run_line_magic("unload_ext", "plasticdsl")
    assert "plas" not in made.magics_manager.magics["cell"]


def shown(shell: InteractiveShell, cell: str) -> str:
    """What the cell prints, without colours, but for errors; they are marked."""
    with capture_output() as captured:
        shell.run_cell(cell)
    return re.sub(r"\x1b\[1;31m(.*?)\x1b\[0m", r"«\1»", captured.stdout + captured.stderr)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_a_cell_is_a_model(shell: InteractiveShell) -> None:
    assert not shown(shell, CELL.replace("cell\n", "quiet -q\n", 1))
    assert shell.user_ns["quiet"].networks == ("Net",)
    assert "Net" in shown(shell, CELL)
    assert isinstance(shell.user_ns["cell"], plasticdsl.Model)


def test_a_cell_shows_warnings(shell: InteractiveShell) -> None:
    printed = shown(shell, CELL.replace("cell\n", "odd -q\n", 1).replace("    τ = 10 ms\n", "    τ = 10 ms\n    c = 1\n"))
    assert "%%plas odd:4:5: \x1b[1;33mwarning[no-effect]:" in printed
    assert shell.user_ns["odd"].warnings


def test_a_cell_needs_a_name(shell: InteractiveShell) -> None:
    printed = shown(shell, "%%plas two words\nneuron A:\n    τ = 1 ms\n")
    assert printed.strip() == "UsageError: %%plas takes a name for the model, and -q to show nothing: %%plas NAME"
    assert shown(shell, "%%plas class\nneuron A:\n    τ = 1 ms\n") == printed


def test_errors_show_the_place_in_colour_and_nothing_of_ours(shell: InteractiveShell) -> None:
    printed = shown(shell, "%%plas wrong\nneuron A:\n    τ = 10 mx\n    τ dV/dt = −V\n")
    assert "«PlasError»" in printed
    assert "%%plas wrong:3:12: «error[unknown-name]:»" in printed  # the line of the cell
    assert "τ = 10 «mx»" in printed
    assert "«^^»" in printed
    assert "Traceback" not in printed
    assert "driver" not in printed


def test_errors_name_the_lines_of_the_program(shell: InteractiveShell) -> None:
    printed = shown(shell, 'import plasticdsl\ndef read(text):\n    return plasticdsl.parse(text)\nread("neuron A:\\n    a = b\\n")')
    assert [line for line in printed.split("\n") if "«PlasError»" in line] == [
        '«PlasError» in <module>, line 4: read("neuron A:\\n    a = b\\n")',
        "«PlasError» in read, line 3: return plasticdsl.parse(text)",
    ]


def test_errors_of_calls_show_nothing_of_ours(shell: InteractiveShell) -> None:
    shown(shell, CELL.replace("cell\n", "model -q\n", 1))
    printed = plain(shown(shell, 'net = model.build(engine="python")\nnet["b"]'))
    assert '2 net["b"]' in printed
    assert "there is no population, projection or observable b; there is a" in printed
    assert "net_parts" not in printed
    printed = plain(shown(shell, 'import plasticdsl\nplasticdsl.load("no such model")'))
    assert "there is no file and no library model no such model" in printed
    assert "library.py" not in printed
    assert "ValueError: invalid literal" in plain(shown(shell, 'int("x")'))
    assert "2     return {}[0]" in plain(shown(shell, "def f():\n    return {}[0]\nf()"))


def test_errors_are_called_what_they_are_caught_as() -> None:
    with pytest.raises(plasticdsl.PlasError) as caught:
        plasticdsl.parse("neuron A:\n    a = b\n")
    assert type(caught.value) is plasticdsl.PlasError
    assert (type(caught.value).__module__, type(caught.value).__qualname__) == ("plasticdsl", "PlasError")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.diagnostics, again.sources) == (str(caught.value), caught.value.diagnostics, caught.value.sources)
    assert plain("\n".join(again._render_traceback_())).endswith(str(caught.value))


def test_a_result_displays_expectations_and_figures(shell: InteractiveShell) -> None:
    shell.run_cell(CELL.replace("cell\n", "model -q\n", 1))
    result = shell.user_ns["model"].run("E")
    page = Page(result._repr_html_())
    assert page.tags.count("img") == 1
    assert {"passed", "failed", "rate(a) > 1 Hz", "rate(a) < 1 Hz", 'result["a.V"]'} <= set(page.text)
    assert result.expectations[0].found in page.text


def test_a_model_displays_equations_parameters_and_a_diagram(shell: InteractiveShell) -> None:
    shell.run_cell(CELL.replace("cell\n", "model -q\n", 1))
    page = Page(shell.user_ns["model"]._repr_html_())
    assert page.tags.count("svg") == 1
    assert {"Neuron A", "Parameters of A", "dynamics", "spikes when", "%%plas model:3"} <= set(page.text)
    assert {"10", "20", "ms"} <= {*page.inside["mn"], *page.inside["mi"]}
    assert page.tags.count("mfrac") == 1
