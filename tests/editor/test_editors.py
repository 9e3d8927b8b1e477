"""What editors ask that other editors do not: what was seen in Emacs, VS Code and Vim."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from plasticdsl.editor import protocol
from plasticdsl.editor.marks import without_marks
from tests.editor.client import Client, Server, running
from tests.editor.test_server import at

PARTS = """\
neuron Cell:
    \"\"\"Leaks < all > the time, E_L[1](x) by <b> _ too.\"\"\"
    τ = 20 ms           # of the *membrane*, not of a_b
    τ dV/dt = −V
    input I_in: mV
    spike when V > 1 mV: V → 0 mV
"""
NET = """\
use "parts"

network N:
    cell = 2 Cell
    own = 3 Cell

experiment Short on N:
    dt = 1 ms
    phase rest for 10 ms
    phase more for 10 ms

experiment Longer like Short:
    phase again for 20 ms
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def plain() -> Iterator[Server]:
    """An editor that shows no Markdown and no other places, as Emacs without `markdown-mode`."""
    only_text = lsp.HoverClientCapabilities(content_format=[lsp.MarkupKind.PlainText])
    one_place = lsp.PublishDiagnosticsClientCapabilities(related_information=False)
    with running(
        lsp.ClientCapabilities(text_document=lsp.TextDocumentClientCapabilities(hover=only_text, publish_diagnostics=one_place))
    ) as found:
        yield found


async def said(client: Client, uri: str, line: int, character: int) -> lsp.MarkupContent:
    """What a hover says."""
    hover = await client.speaking.text_document_hover_async(lsp.HoverParams(**at(uri, line, character)))
    assert hover is not None
    assert isinstance(hover.contents, lsp.MarkupContent)
    return hover.contents


def test_hovers_are_plain_text_where_the_editor_shows_no_markdown(plain: Server) -> None:
    async def conversation(client: Client) -> None:
        uri = "untitled:plain"
        client.open(uri, PARTS)
        contents = await said(client, uri, 2, 4)
        assert contents.kind == lsp.MarkupKind.PlainText
        assert contents.value == "τ = 20 ms\n\nof the *membrane*, not of a_b\n\nparameter of neuron Cell, time in ms\n\n= 20 ms"
        assert (await said(client, uri, 2, 11)).value == "ms – time; 0.001 s in SI."
        assert "spikes when: V > 1 mV\n" in (await said(client, uri, 0, 7)).value

    plain.talk(conversation)


def test_other_places_are_said_where_the_editor_does_not_show_them(plain: Server) -> None:
    async def conversation(client: Client) -> None:
        uri = "untitled:places%20of"
        client.open(uri, "neuron A:\n    τ₊ = 3 ms\n    x = 1 mV\n    y = x + τ₊\n")
        (found,) = await client.diagnostics(uri)
        first, *others = found.message.split("\n")
        assert first == "These cannot be added: the left side is in mV (voltage), the right side in ms (time)."
        assert [line.partition(": ")[0] for line in others] == ["untitled:places of:4", "untitled:places of:3", "untitled:places of:2"]
        assert found.related_information is None

    plain.talk(conversation)


def test_signs_of_comments_mean_nothing_to_markdown(server: Server) -> None:
    async def conversation(client: Client) -> None:
        uri = "untitled:marks"
        client.open(uri, PARTS)
        contents = await said(client, uri, 2, 4)
        assert contents.kind == lsp.MarkupKind.Markdown
        assert r"of the \*membrane\*, not of a_b" in contents.value
        block = (await said(client, uri, 0, 8)).value
        assert r"Leaks < all > the time, E_L[1\](x) by \<b> \_ too." in block
        assert "spikes when: V > 1 mV  \n" in block

    server.talk(conversation)


def test_in_fences_every_sign_stands_for_itself() -> None:
    assert (
        without_marks("```plas\nx = 2*y  # `a\\_b`\n```\n\n**x** – *a \\*name\\**  \nof `B`") == "x = 2*y  # `a\\_b`\n\nx – a *name*\nof B"
    )


def test_what_nothing_in_its_file_names_is_found_and_renamed_all_the_same(tmp_path: Path, server: Server) -> None:
    (tmp_path / "net.plas").write_text(NET, encoding="utf-8")
    (tmp_path / "parts.plas").write_text(PARTS, encoding="utf-8")
    net, parts = ((tmp_path / name).as_uri() for name in ("net.plas", "parts.plas"))

    async def conversation(client: Client) -> None:
        client.open(parts, PARTS)
        client.open(net, NET)
        assert "a neuron" in (await said(client, parts, 0, 8)).value
        for line, character, what in ((4, 5, "a population"), (8, 11, "a phase"), (6, 12, "an experiment"), (11, 12, "an experiment")):
            assert what in (await said(client, net, line, character)).value
        asked = lsp.ReferenceParams(context=lsp.ReferenceContext(include_declaration=True), **at(net, 8, 11))
        found = await client.speaking.text_document_references_async(asked)
        assert [(one.uri, one.range.start.line) for one in found or ()] == [(net, 8)]
        edit = await client.speaking.text_document_rename_async(lsp.RenameParams(new_name="begin", **at(net, 8, 11)))
        assert edit is not None
        assert edit.changes == {net: (lsp.TextEdit(lsp.Range(lsp.Position(8, 10), lsp.Position(8, 14)), "begin"),)}
        edit = await client.speaking.text_document_rename_async(lsp.RenameParams(new_name="Long", **at(net, 11, 11)))
        assert edit is not None
        assert edit.changes is not None
        assert [e.range.start.line for e in edit.changes[net]] == [11]

    server.talk(conversation)


def test_a_file_is_known_to_the_open_ones_that_use_it(tmp_path: Path, server: Server) -> None:
    """Neither lies in a folder of the workspace."""
    net, parts = ((tmp_path / name).as_uri() for name in ("net.plas", "parts.plas"))
    (tmp_path / "parts.plas").write_text(PARTS, encoding="utf-8")

    async def conversation(client: Client) -> None:
        client.open(parts, PARTS)
        client.open(net, NET)
        asked = lsp.ReferenceParams(context=lsp.ReferenceContext(include_declaration=True), **at(parts, 0, 8))
        found = await client.speaking.text_document_references_async(asked)
        assert [(one.uri, one.range.start.line) for one in found or ()] == [(net, 3), (net, 4), (parts, 0)]
        edit = await client.speaking.text_document_rename_async(lsp.RenameParams(new_name="Zelle", **at(parts, 0, 8)))
        assert edit is not None
        assert edit.changes is not None
        assert {uri: [e.range.start.line for e in edits] for uri, edits in edit.changes.items()} == {net: [3, 4], parts: [0]}

    server.talk(conversation)


def test_a_name_behind_a_number_has_the_colour_of_a_name(server: Server) -> None:
    """Grammars colour it as a unit; what editors are told of meaning stands over them."""
    text = "function block(V) = exp(−0.062 V) + 2 s\n\nsynapse S:\n    V = 3\n    y = 2 V² + exp(𝓧)\n    𝓧 = ½ V\n"

    async def conversation(client: Client) -> None:
        uri = "untitled:colours"
        client.open(uri, text)
        lines = [line.encode("utf-16-le") for line in text.split("\n")]
        tokens = await client.speaking.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(lsp.TextDocumentIdentifier(uri)))
        assert tokens is not None
        found: list[tuple[str, str]] = []
        line = character = 0
        for down, right, length, kind, _ in zip(*[iter(tokens.data)] * 5, strict=True):
            line, character = line + down, right + (0 if down else character)
            found.append((lines[line][2 * character : 2 * (character + length)].decode("utf-16-le"), protocol.SHADES[kind].name))
        assert [kind for word, kind in found if word == "V"] == ["ARGUMENT", "ARGUMENT", "CONSTANT", "CONSTANT", "CONSTANT"]
        assert [kind for word, kind in found if word == "s"] == ["UNIT"]
        assert ("²", "OPERATOR") in found
        edit = await client.speaking.text_document_rename_async(lsp.RenameParams(new_name="U", **at(uri, 0, 31)))
        assert edit is not None
        assert edit.changes is not None
        assert [e.range.start.character for e in edit.changes[uri]] == [15, 31]

    server.talk(conversation)


def test_units_are_asked_for_at_each_letter(server: Server) -> None:
    """VS Code narrows a list down by letters of either case: of all units it took M for what ‘5 m’ began."""

    async def conversation(client: Client) -> None:
        uri = "untitled:units"
        client.open(uri, "neuron A:\n    x = 5 m")
        begun = await client.speaking.text_document_completion_async(lsp.CompletionParams(**at(uri, 1, 10)))
        assert isinstance(begun, lsp.CompletionList)
        assert begun.is_incomplete
        typed = await client.speaking.text_document_completion_async(lsp.CompletionParams(**at(uri, 1, 11)))
        assert isinstance(typed, lsp.CompletionList)
        assert "ms" in (labels := [item.label for item in typed.items])
        assert {label[0] for label in labels} == {"m"}
        client.change(uri, "neuron A:\n    x = 5 mV\n    sp")
        words = await client.speaking.text_document_completion_async(lsp.CompletionParams(**at(uri, 2, 6)))
        assert isinstance(words, lsp.CompletionList)
        assert not words.is_incomplete

    server.talk(conversation)


def test_where_no_page_can_be_shown_its_address_is_told() -> None:
    """Neovim on a machine without a browser says that it can, and then that it could not."""
    can = lsp.WindowClientCapabilities(show_document=lsp.ShowDocumentClientCapabilities(support=True))
    with running(lsp.ClientCapabilities(window=can)) as found:

        async def conversation(client: Client) -> None:
            client.browser = False
            client.open("untitled:page", PARTS)
            command = lsp.ExecuteCommandParams("plasticdsl.preview", arguments=["untitled:page"])
            address = await client.speaking.workspace_execute_command_async(command)
            for _ in range(100):
                if client.messages:
                    break
                await asyncio.sleep(0.1)
            assert client.shown == [address]
            assert client.messages.pop() == f"The preview is at {address}"

        found.talk(conversation)


def test_blocks_and_what_they_say_of_themselves_keep_their_colours_when_the_server_starts(server: Server) -> None:
    """The grammar has the words of blocks as types of storage, and what blocks say of themselves as comments."""

    async def conversation(client: Client) -> None:
        uri = "untitled:begin"
        client.open(uri, PARTS)
        tokens = await client.speaking.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(lsp.TextDocumentIdentifier(uri)))
        assert tokens is not None
        found = list(zip(*[iter(tokens.data)] * 5, strict=True))
        kinds = [(length, protocol.SHADES[kind].name, flags) for _, _, length, kind, flags in found]
        assert kinds[0] == (6, "KEYWORD", 1)
        assert kinds[3] == (len(PARTS.splitlines()[1].strip()), "COMMENT", 0)
        assert [flags for _, name, flags in kinds[1:] if name == "KEYWORD"] == [0, 0, 0]

    server.talk(conversation)
