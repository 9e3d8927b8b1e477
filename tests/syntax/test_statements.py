"""Statements become the nodes that the tree promises; Unicode and ASCII files are the same."""

from pathlib import Path

import pytest

from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.layout import layout
from tests.syntax.trees import SAMPLES, bare, block, findings, first, parsed

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples_and_library_models_parse(path: Path) -> None:
    assert parsed(path.read_text(encoding="utf-8")).items


def test_unicode_and_ascii_are_the_same_file() -> None:
    unicode = parsed((HERE / "samples/everything.plas").read_text(encoding="utf-8"))
    ascii_file = parsed((HERE / "samples/everything_ascii.plas").read_text(encoding="utf-8"))
    assert bare(unicode.items) == bare(ascii_file.items)


def test_line_ends_do_not_matter() -> None:
    text = (HERE / "samples/everything.plas").read_text(encoding="utf-8")
    assert bare(parsed(text.replace("\n", "\r\n")), True)[1:] == bare(parsed("\ufeff" + text), True)[1:]


def test_left_sides_tell_definitions_initial_values_and_functions_apart() -> None:
    assert isinstance(first("V(0) = 3 mV"), tree.Initial)
    assert first("V(0) ~ U(0, 1)").drawn
    assert [name.name for name in first("F(Δt) = Δt").arguments] == ["Delta_t"]
    assert isinstance(first("post.h = Σ w x"), tree.Define)
    assert isinstance(first("w ~ N(0, 1)"), tree.Draw)
    assert isinstance(first("w ∈ [0, 1]"), tree.Bound)


def test_delta_is_a_change_where_the_block_uses_the_name() -> None:
    jump = first("Δw = x")
    assert isinstance(jump, tree.Jump) and jump.operator == "Delta" and bare(jump.target) == "w"
    assert isinstance(first("Δw_ij = x"), tree.Jump)
    assert isinstance(first("Δ_T = 2 mV"), tree.Define)
    assert isinstance(first("Δt = t_post − t_pre"), tree.Define)
    assert isinstance(first("Δθ = 1\n    Δw = θ"), tree.Jump)
    assert isinstance(first("on post:\n        Δs = 1").body[0], tree.Jump)
    child = parsed("rule A:\n    s = 1\nrule B like A:\n    Δs = 2\n").items[1]
    assert isinstance(child, tree.Block) and isinstance(child.body[0], tree.Jump)


def test_populations_and_products_are_told_apart() -> None:
    text = """
neuron lif:
    V = 1
network A:
    r = 3
    a = 2 r
    b = 2 lif
    c = N Unknown
    d = 3 mV Unknown
    e = 2 Poisson(rate = 3 Hz)
    f = 2 exp(3)
"""
    network = parsed(text).items[1]
    assert isinstance(network, tree.Block)
    kinds = [isinstance(statement, tree.Population) for statement in network.body]
    assert kinds == [False, False, True, True, False, True, False]


def test_a_network_that_restates_another_sees_its_names() -> None:
    network = parsed("network A:\n    R = 1\nnetwork B like A:\n    a = 2 R\n").items[1]
    assert isinstance(network, tree.Block) and isinstance(network.body[0], tree.Define)


def test_a_body_may_stand_on_the_line_of_its_header() -> None:
    assert bare(first("on pre: w += 1")) == bare(first("on pre:\n        w += 1"))


def test_projections() -> None:
    node = first("a → b: S(x = 1) with R and Q, p = 0.1, w = 1, V(0) = 2, axonal delay ~ U(0, 1), delay = 1 ms, except self", "network")
    assert node.name is None and bare(node.source) == "a"
    assert [use.name.name for use in node.with_rules] == ["R", "Q"]
    assert [c.kind for c in node.connectivity] == ["probability", "except self"]
    assert [(d.side, d.drawn) for d in node.delays] == [("axonal", True), ("", False)]
    assert [type(v) for v in node.values] == [tree.Define, tree.Initial]
    assert [use.name.name for use in first("a → b: S and R", "network").uses] == ["S", "R"]


def test_moments() -> None:
    node = first("record a, b at end every 10 s over last 5 s in phase p as c", "experiment")
    assert node.moment.at_end and bare(node.moment.every)[1] == "10" and bare(node.moment.last)[1] == "5"
    assert node.moment.during.name == "p" and node.alias.name == "c"
    assert [bare(end)[1] for end in (first("record a from 1 s to 2 s", "experiment").moment.start,)] == ["1"]
    assert first("plot a over time", "experiment").over[0].target.name == "time"
    assert [f.code for f in findings(block("record a at end at end", "experiment"))] == ["twice"]


def test_docstrings() -> None:
    file = parsed('"""File.\n\n  More.\n"""\nrule A:\n    """Block."""\n    a = 1\n')
    assert file.doc == "File.\n\nMore."
    block_node = file.items[0]
    assert isinstance(block_node, tree.Block) and block_node.doc == "Block."


def test_comments_are_kept_and_strings_hold_none() -> None:
    text = '# one\nuse "a#b"  # two\n'
    file = parsed(text)
    assert [(c.text, c.own_line) for c in layout(SourceFile("test.plas", text)).comments] == [("one", True), ("two", False)]
    assert isinstance(file.items[0], tree.UseFile) and file.items[0].path == "a#b"


def test_an_empty_file_is_a_file() -> None:
    assert parsed("").items == ()
    assert parsed("\n# only a comment").items == ()
