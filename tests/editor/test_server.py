"""The language server as an editor sees it: a client of its own, over standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from plasticdsl.cli.console import WrongUsage
from plasticdsl.cli.lsp import lsp as lsp_command
from plasticdsl.library import library_models
from plasticdsl.source import SourceFile
from plasticdsl.syntax.printer import format_file
from tests.editor.client import Client, Server, running

WRONG = "neuron A:\n    τ₊ = 3 ms\n    \U0001d465 = 1 mV\n    y = \U0001d465 + τ₊\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One whose client would rather count in bytes or letters."""
    others = lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind.Utf8, lsp.PositionEncodingKind.Utf32])
    with running(lsp.ClientCapabilities(general=others)) as found:
        yield found


def at(uri: str, line: int, character: int) -> dict[str, object]:
    return {"text_document": lsp.TextDocumentIdentifier(uri), "position": lsp.Position(line, character)}


def test_findings_stand_where_editors_count_them(server: Server) -> None:
    """‘𝑥 + τ₊’: the letter of two units makes everything behind it stand one further."""

    async def conversation(client: Client) -> None:
        client.open("untitled:one", WRONG)
        (found,) = await client.diagnostics("untitled:one")
        assert found.code == "inconsistent-units"
        line = WRONG.splitlines()[3]
        begin = len(line[: line.index("τ")].encode("utf-16-le")) // 2
        assert begin == 13
        assert found.range == lsp.Range(lsp.Position(3, begin), lsp.Position(3, begin + 2))
        assert found.related_information is not None
        assert found.related_information[0].location.range == lsp.Range(lsp.Position(3, 8), lsp.Position(3, 10))
        client.change("untitled:one", WRONG.replace("1 mV", "1 s"))
        assert await client.diagnostics("untitled:one") == []

    server.talk(conversation)


def test_a_text_is_written_and_asked_about(server: Server) -> None:
    async def conversation(client: Client) -> None:
        uri, speaking = "untitled:two", client.speaking
        client.open(uri, "neuron A:\n  x = 3 \n")
        found = await speaking.text_document_completion_async(lsp.CompletionParams(**at(uri, 1, 8)))
        assert isinstance(found, lsp.CompletionList)
        units = {item.label: item for item in found.items}
        assert units["ms"].text_edit == lsp.TextEdit(lsp.Range(lsp.Position(1, 8), lsp.Position(1, 8)), "ms")
        client.change(uri, "neuron A:\n  𝑥\\tau = 3  ms\n")
        found = await speaking.text_document_completion_async(lsp.CompletionParams(**at(uri, 1, 8)))
        assert isinstance(found, lsp.CompletionList)
        (tau,) = [item for item in found.items if item.label == "\\tau"]
        assert tau.text_edit == lsp.TextEdit(lsp.Range(lsp.Position(1, 4), lsp.Position(1, 8)), "τ")
        client.change(uri, "neuron A:\n  𝑥τ = 3  ms\n")
        hover = await speaking.text_document_hover_async(lsp.HoverParams(**at(uri, 1, 11)))
        assert hover is not None
        assert isinstance(hover.contents, lsp.MarkupContent)
        assert "time; 0.001 s" in hover.contents.value
        assert hover.range == lsp.Range(lsp.Position(1, 11), lsp.Position(1, 13))
        options = lsp.FormattingOptions(4, True)
        edits = await speaking.text_document_formatting_async(lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(uri), options))
        assert edits is not None
        assert [(e.range.start.line, e.new_text) for e in edits] == [(1, "    𝑥τ = 3 ms\n")]
        symbols = await speaking.text_document_document_symbol_async(lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(uri)))
        assert symbols is not None
        outer = symbols[0]
        assert isinstance(outer, lsp.DocumentSymbol)
        assert outer.children is not None
        assert [outer.name, *(s.name for s in outer.children)] == ["A", "𝑥τ"]

    server.talk(conversation)


def test_hints_are_quick_fixes(server: Server) -> None:
    async def conversation(client: Client) -> None:
        uri = "untitled:three"
        text = "neuron A:\n    τ_m = 20ms\n"
        client.open(uri, text)
        (found,) = await client.diagnostics(uri)
        context = lsp.CodeActionContext([found])
        actions = await client.speaking.text_document_code_action_async(
            lsp.CodeActionParams(lsp.TextDocumentIdentifier(uri), found.range, context)
        )
        assert actions is not None
        assert [a.title for a in actions] == ["Replace ‘20ms’ by ‘20 ms’", "Replace ‘20ms’ by ‘20·ms’"]
        action = actions[0]
        assert isinstance(action, lsp.CodeAction)
        assert action.edit is not None
        assert action.edit.changes is not None
        (change,) = action.edit.changes[uri]
        lines = text.splitlines()
        lines[1] = lines[1][: change.range.start.character] + change.new_text + lines[1][change.range.end.character :]
        client.change(uri, "\n".join(lines))
        assert await client.diagnostics(uri) == []

    server.talk(conversation)


def test_files_that_use_each_other_are_followed(tmp_path: Path, server: Server) -> None:
    (tmp_path / "parts.plas").write_text("neuron Part:\n    τ = 3 ms\n    τ dV/dt = −V\n", encoding="utf-8")
    main, parts = ((tmp_path / name).as_uri() for name in ("main.plas", "parts.plas"))
    text = 'use "parts"\n\nnetwork N:\n    E = 3 Part(τ = 2 ms)\n'

    async def conversation(client: Client) -> None:
        client.open(main, text)
        assert await client.diagnostics(main) == []
        client.open(parts, "neuron Part:\n    T = 3 ms\n    T dV/dt = −V\n")
        assert await client.diagnostics(parts) == []
        (found,) = await client.until(main, lambda found: len(found) == 1)
        assert found.code == "unknown-parameter"
        client.change(parts, "neuron Part:\n    τ = 3 ms\n    τ dV/dt = −(V\n")
        assert [d.code for d in await client.diagnostics(parts)] == ["missing-bracket"]
        (found,) = await client.until(main, lambda found: [d.code for d in found] == ["missing-bracket"])
        assert found.range.start.line == 0
        assert found.related_information is not None
        assert found.related_information[0].location.uri == parts
        client.speaking.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(parts)))
        assert await client.until(main, lambda found: not found) == []

    server.talk(conversation)


def test_what_only_the_compiler_finds_comes_later(server: Server) -> None:
    text = "neuron A:\n    τ = 1 ms\n    τ dx/dt = −x²\n    method: exact\n\nnetwork N:\n    a = 2 A\n"

    async def conversation(client: Client) -> None:
        client.open("untitled:four", text)
        found = await client.until("untitled:four", bool)
        assert [d.code for d in found] == ["method-impossible"]

    server.talk(conversation)


def test_a_text_is_broken_in_its_middle_and_mended_again(server: Server) -> None:
    """All edits of a library model, letter by letter through a statement, and answers in between."""
    text = library_models()["networks/song_abbott"].read_text(encoding="utf-8")
    begin = text.index("    τ_m dV/dt")
    end = text.index("\n", begin)

    async def conversation(client: Client) -> None:
        uri = "untitled:five"
        client.open(uri, text)
        assert await client.diagnostics(uri) == []
        for stop in range(begin, end, 3):
            client.change(uri, text[:stop] + text[end:])
            place = text[:stop].count("\n")
            found = await client.speaking.text_document_document_symbol_async(lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(uri)))
            assert found is not None
            assert [s.name for s in found][:4] == ["LIF", "Excitatory", "Inhibitory", "STDP"]
            offers = await client.speaking.text_document_completion_async(lsp.CompletionParams(**at(uri, place, 40)))
            assert isinstance(offers, lsp.CompletionList)
        client.change(uri, text)
        assert await client.diagnostics(uri) == []
        options = lsp.FormattingOptions(4, True)
        edits = await client.speaking.text_document_formatting_async(lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(uri), options))
        assert not edits
        assert format_file(SourceFile(uri, text)) == text

    server.talk(conversation)


PARTS = "neuron Part:\n    τ₊ = 3 ms\n    τ₊ dV/dt = −V\n"
WHOLE = 'use "parts"\n\nnetwork N:\n    𝑥 = 3 Part(τ₊ = 2 ms)  # 𝑥\n\nexperiment E on N:\n    phase p for 1 ms\n    expect 𝑥.τ₊ = 1\n'


def test_names_lead_from_file_to_file(tmp_path: Path, server: Server) -> None:
    (tmp_path / "parts.plas").write_text(PARTS, encoding="utf-8")
    (tmp_path / "other.plas").write_text('use Part as P from "parts"\n\nnetwork M:\n    q = 1 P(τ₊ = 1 ms)\n', encoding="utf-8")
    main, parts, other = ((tmp_path / name).as_uri() for name in ("main.plas", "parts.plas", "other.plas"))

    async def conversation(client: Client) -> None:
        added = lsp.WorkspaceFolder(tmp_path.as_uri(), "models")
        client.speaking.workspace_did_change_workspace_folders(
            lsp.DidChangeWorkspaceFoldersParams(lsp.WorkspaceFoldersChangeEvent([added], []))
        )
        client.open(main, WHOLE)
        await client.diagnostics(main)
        begin = "    𝑥 = 3 Part(".encode("utf-16-le").__len__() // 2
        found = await client.speaking.text_document_definition_async(lsp.DefinitionParams(**at(main, 3, begin)))
        assert isinstance(found, Sequence)
        assert list(found) == [lsp.Location(parts, lsp.Range(lsp.Position(1, 4), lsp.Position(1, 6)))]
        context = lsp.ReferenceContext(include_declaration=True)
        places = await client.speaking.text_document_references_async(lsp.ReferenceParams(context, **at(main, 3, begin)))
        assert places is not None
        assert sorted((p.uri.rpartition("/")[2], p.range.start.line, p.range.start.character) for p in places) == [
            ("main.plas", 3, 16),
            ("main.plas", 7, 14),
            ("other.plas", 3, 12),
            ("parts.plas", 1, 4),
            ("parts.plas", 2, 4),
        ]
        prepared = await client.speaking.text_document_prepare_rename_async(lsp.PrepareRenameParams(**at(main, 3, begin)))
        assert isinstance(prepared, lsp.PrepareRenamePlaceholder)
        assert prepared.placeholder == "τ₊"
        edit = await client.speaking.text_document_rename_async(lsp.RenameParams(new_name="τ_fast", **at(main, 3, begin)))
        assert edit is not None
        assert edit.changes is not None
        assert {uri: len(changes) for uri, changes in edit.changes.items()} == {main: 2, parts: 2, other: 1}
        assert {change.new_text for changes in edit.changes.values() for change in changes} == {"τ_fast"}
        with pytest.raises(JsonRpcException, match="reserved word"):
            await client.speaking.text_document_rename_async(lsp.RenameParams(new_name="if", **at(main, 3, begin)))
        marked = await client.speaking.text_document_document_highlight_async(lsp.DocumentHighlightParams(**at(main, 3, 4)))
        assert marked is not None
        assert [(m.range.start.line, m.range.start.character, m.range.end.character) for m in marked] == [(3, 4, 6), (7, 11, 13)]

    server.talk(conversation)


def test_colours_units_and_lenses_are_told(server: Server) -> None:
    text = "neuron A:\n    𝑥 = 2 mV  # 𝑥\n    y = 2 𝑥\n\nnetwork N:\n    a = 1 A\n\nexperiment E on N:\n    phase p for 1 steps\n    expect a.y = 1\n"

    async def conversation(client: Client) -> None:
        uri = "untitled:seven"
        document = lsp.TextDocumentIdentifier(uri)
        client.open(uri, text)
        tokens = await client.speaking.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(document))
        assert tokens is not None
        assert len(tokens.data) % 5 == 0
        assert list(tokens.data[:25])[0::5] == [0, 0, 0, 1, 0]
        lengths = list(tokens.data)[2::5]
        assert lengths[:7] == [6, 1, 1, 2, 1, 1, 2]
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0))
        hints = await client.speaking.text_document_inlay_hint_async(lsp.InlayHintParams(document, whole))
        assert hints is not None
        assert [(h.position, h.label) for h in hints] == [(lsp.Position(2, 5), ": mV")]
        lenses = await client.speaking.text_document_code_lens_async(lsp.CodeLensParams(document))
        assert lenses is not None
        assert [(one.command.command, list(one.command.arguments or [])) for one in lenses if one.command] == [
            ("plasticdsl.run", [uri, "E"]),
            ("plasticdsl.test", [uri, "E"]),
        ]

    server.talk(conversation)


def test_hovers_say_what_the_compiler_made_of_it_and_survive_a_broken_text(server: Server) -> None:
    text = "neuron A:\n    τ = 20 ms\n    τ dV/dt = −V\n\nnetwork N:\n    a = 1 A\n"

    async def conversation(client: Client) -> None:
        uri = "untitled:eight"
        client.open(uri, text)
        await client.until(uri, lambda found: not found)
        for _ in range(100):
            hover = await client.speaking.text_document_hover_async(lsp.HoverParams(**at(uri, 2, 7)))
            assert hover is not None
            assert isinstance(hover.contents, lsp.MarkupContent)
            if "exact propagator" in hover.contents.value:
                break
            await asyncio.sleep(0.1)
        assert "exact propagator for V" in hover.contents.value
        client.change(uri, text.replace("neuron A:\n", "neuron A:\n    z = (3 +\n"))
        assert [d.code for d in await client.diagnostics(uri)] == ["missing-bracket"]
        hover = await client.speaking.text_document_hover_async(lsp.HoverParams(**at(uri, 3, 4)))
        assert hover is not None
        assert isinstance(hover.contents, lsp.MarkupContent)
        assert "= 20 ms" in hover.contents.value
        with pytest.raises(JsonRpcException, match="errors of notation"):
            await client.speaking.text_document_rename_async(lsp.RenameParams(new_name="τ_m", **at(uri, 3, 4)))

    server.talk(conversation)


def test_experiments_are_run_and_tested_in_processes_of_their_own(tmp_path: Path, server: Server) -> None:
    text = "neuron A:\n    x = 3\n\nnetwork N:\n    a = 1 A\n\nexperiment E on N:\n    phase p for 1 steps\n    expect a.x = 3\n"
    path = tmp_path / "one.plas"
    path.write_text(text, encoding="utf-8")

    async def conversation(client: Client) -> None:
        client.open(path.as_uri(), text)
        await client.speaking.workspace_execute_command_async(lsp.ExecuteCommandParams("plasticdsl.test", arguments=[path.as_uri(), "E"]))
        assert "passed" in client.messages[-1]
        assert "a.x = 3" in client.messages[-1]
        await client.speaking.workspace_execute_command_async(lsp.ExecuteCommandParams("plasticdsl.run", arguments=["untitled:nine", "E"]))
        assert "Save the text first" in client.messages[-1]
        client.messages.clear()

    server.talk(conversation)


def test_without_pygls_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    monkeypatch.delitem(sys.modules, "plasticdsl.editor.server", raising=False)
    with pytest.raises(WrongUsage, match=r"pip install 'plasticdsl\[lsp\]'"):
        lsp_command()
