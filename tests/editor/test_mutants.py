"""A real client types broken texts into the server: whatever stands there, every question gets an answer, and nothing is a fault of the compiler.

`test_robust` asks the functions behind it, with places in the text that are checked; here all of it goes through the protocol, one text after the other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle

import pytest
from lsprotocol import types as lsp

from plasticdsl.editor.text import Text
from plasticdsl.library import library_models
from tests.editor.client import Client, Server, running
from tests.editor.mutants import BAD, mutant, place_in

ODD = "\U0001d465₊"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def questions(client: Client, uri: str, text: str, seed: str) -> list[Callable[[], Awaitable[object]]]:
    """Everything that an editor asks about a place in a text, and about all of it."""
    document, speaking = lsp.TextDocumentIdentifier(uri), client.speaking
    found = Text(text).position(place_in(text, seed))
    place = lsp.Position(found.line, found.character)
    here = {"text_document": document, "position": place}
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(text.count("\n") + 1, 0))
    return [
        lambda: speaking.text_document_hover_async(lsp.HoverParams(**here)),
        lambda: speaking.text_document_completion_async(lsp.CompletionParams(**here)),
        lambda: speaking.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(document)),
        lambda: speaking.text_document_definition_async(lsp.DefinitionParams(**here)),
        lambda: speaking.text_document_document_highlight_async(lsp.DocumentHighlightParams(**here)),
        lambda: speaking.text_document_inlay_hint_async(lsp.InlayHintParams(document, whole)),
        lambda: speaking.text_document_code_lens_async(lsp.CodeLensParams(document)),
        lambda: speaking.text_document_document_symbol_async(lsp.DocumentSymbolParams(document)),
        lambda: speaking.text_document_folding_range_async(lsp.FoldingRangeParams(document)),
        lambda: speaking.text_document_formatting_async(lsp.DocumentFormattingParams(document, lsp.FormattingOptions(4, True))),
        lambda: speaking.text_document_code_action_async(lsp.CodeActionParams(document, whole, lsp.CodeActionContext([]))),
    ]


async def faults(client: Client, uri: str) -> list[str]:
    """What the compiler says of itself; nothing of it is a finding about the text."""
    return [found.message for found in await client.diagnostics(uri) if found.code == "internal-error"]


def test_all_mutants_of_all_bad_texts(server: Server) -> None:
    """Each with two of the questions, one after the other."""

    async def conversation(client: Client) -> None:
        uri, number = "untitled:mutants", cycle(range(11))
        client.open(uri, "")
        for path in BAD:
            text = mutant(path.read_text(encoding="utf-8"), path.stem)
            client.change(uri, text)
            assert await faults(client, uri) == [], path.stem
            asked = questions(client, uri, text, path.stem)
            await asked[next(number)]()
            await asked[next(number)]()

    server.talk(conversation)


@pytest.mark.slow
def test_many_mutants_of_all_bad_texts(server: Server) -> None:
    async def conversation(client: Client) -> None:
        uri = "untitled:more"
        client.open(uri, "")
        for seed in range(6):
            for path in BAD:
                text = mutant(path.read_text(encoding="utf-8"), f"{seed} {path.stem}")
                client.change(uri, text)
                assert await faults(client, uri) == [], f"{seed} {path.stem}"
                for ask in questions(client, uri, text, f"{seed} {path.stem}"):
                    await ask()

    server.talk(conversation)


@pytest.mark.parametrize("name", ["networks/song_abbott", "rules/triplet"])
def test_edits_in_the_middle_of_a_library_model(server: Server, name: str) -> None:
    """Stretches are cut out and odd letters put in at places all over it, with every question after each edit; then it is whole again."""
    text = library_models()[name].read_text(encoding="utf-8")

    async def conversation(client: Client) -> None:
        uri = f"untitled:{name}"
        client.open(uri, text)
        assert await client.diagnostics(uri) == []
        for number, begin in enumerate(range(7, len(text), len(text) // 6)):
            broken = text[:begin] + ODD * (number % 2) + text[begin + 5 * number :]
            client.change(uri, broken)
            for ask in questions(client, uri, broken, str(number)):
                await ask()
            assert await faults(client, uri) == []
        client.change(uri, text)
        assert await client.diagnostics(uri) == []

    server.talk(conversation)


WRONG = "neuron A:\n    𝑥 = 2 mV\n    τ₊ = 20 ms\n    τ₊ dV/dt = 𝑥 − V\n    y = 𝑥 + 2·𝑥 + 3mV + 𝑥\n"


def test_all_places_are_counted_in_utf_16(server: Server) -> None:
    """Behind `𝑥`, which has two units, and `τ₊`, which has one for each letter: what is asked and what is answered."""
    right = WRONG.replace("3mV", "3 mV")

    def units(text: str, line: int, before: str, word: str) -> lsp.Range:
        """Where a word stands behind others on a line."""
        begin = text.splitlines()[line].index(before + word) + len(before)
        start = len(text.splitlines()[line][:begin].encode("utf-16-le")) // 2
        return lsp.Range(lsp.Position(line, start), lsp.Position(line, start + len(word.encode("utf-16-le")) // 2))

    async def conversation(client: Client) -> None:
        uri, speaking = "untitled:wide", client.speaking
        document = lsp.TextDocumentIdentifier(uri)
        client.open(uri, WRONG)
        wrong = units(WRONG, 4, "2·𝑥 + ", "3mV")
        assert wrong.start.character == 4 + len("y = ") + 2 + len(" + 2·") + 2 + len(" + ")
        assert [found.range for found in await client.diagnostics(uri)] == [wrong]
        actions = await speaking.text_document_code_action_async(lsp.CodeActionParams(document, wrong, lsp.CodeActionContext([])))
        assert actions
        assert isinstance(actions[0], lsp.CodeAction)
        assert actions[0].edit is not None
        assert actions[0].edit.changes is not None
        assert [(c.range, c.new_text) for c in actions[0].edit.changes[uri]] == [(wrong, "3 mV")]
        client.change(uri, right)
        assert await client.diagnostics(uri) == []
        last = units(right, 4, "3 mV + ", "𝑥")
        hover = await speaking.text_document_hover_async(lsp.HoverParams(document, last.start))
        assert hover is not None
        assert hover.range == last
        edit = await speaking.text_document_rename_async(lsp.RenameParams(document, last.start, "z"))
        assert edit is not None
        assert edit.changes is not None
        places = [units(right, 1, "    ", "𝑥"), units(right, 3, "= ", "𝑥"), units(right, 4, "y = ", "𝑥"), units(right, 4, "2·", "𝑥"), last]
        assert sorted((c.range for c in edit.changes[uri]), key=lambda r: (r.start.line, r.start.character)) == places
        more = right.rstrip() + " + \\tau"
        client.change(uri, more)
        typed = units(more, 4, " + ", "\\tau")
        offers = await speaking.text_document_completion_async(lsp.CompletionParams(document, typed.end))
        assert isinstance(offers, lsp.CompletionList)
        (tau,) = [one for one in offers.items if one.text_edit is not None and one.text_edit.new_text == "τ"]
        assert isinstance(tau.text_edit, lsp.TextEdit)
        assert tau.text_edit.range == typed

    server.talk(conversation)
