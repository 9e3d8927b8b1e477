"""The live preview, through a client over standard input and output and a browser’s requests: what it shows, when, and to whom."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lsprotocol import types as lsp

from plasticdsl.editor.pages import Pages
from plasticdsl.editor.sketch import Job, sketch
from plasticdsl.explore.gallery import Gallery
from tests.editor.client import Client, Server, running

RULE = """
rule STDP:
    A = 0.02
    τ = 20 ms
    w ∈ [0, 1]
    on all pairs: Δw = F(t_post − t_pre)
    F(Δt) =  A exp(−Δt/τ)  if Δt > 0
            −A exp(Δt/τ)   otherwise
"""
NEURON = """
neuron Oscillator:
    ω = 100 Hz
    dx/dt = ω y
    dy/dt = −ω x
    x(0) = 1
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    can = lsp.WindowClientCapabilities(show_document=lsp.ShowDocumentClientCapabilities(support=True))
    with running(lsp.ClientCapabilities(window=can), {"formulas": "latex"}) as found:
        yield found


def asked(address: str, where: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("GET", parts.path + where, headers=headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8")


async def news(address: str, *words: str) -> dict[str, str]:
    """What a page shows and says, once all these words are in it."""
    number = 0
    for _ in range(40):
        _, _, text = await asyncio.to_thread(asked, address, f"/next?after={number}")
        found = json.loads(text)
        if all(word in found["html"] + found["state"] for word in words):
            return dict(found)
        number = found["number"]
    raise AssertionError(found)


async def preview(client: Client, uri: str) -> str:
    address = await client.speaking.workspace_execute_command_async(lsp.ExecuteCommandParams("plasticdsl.preview", arguments=[uri]))
    assert isinstance(address, str)
    assert client.shown.pop() == address
    return address


def curve(html: str) -> list[str]:
    """The longest line of the first picture."""
    return max((path.split() for path in re.findall(r' d="([^"]*)"', html.partition("</figure>")[0])), key=len)


def test_the_window_and_what_the_compiler_made_follow_each_edit_that_checks(server: Server) -> None:
    async def conversation(client: Client) -> None:
        uri = "untitled:rule"
        client.open(uri, RULE)
        address = await preview(client, uri)
        first = await news(address, "What the compiler made of it")
        assert first["html"].count("<svg") == 1
        assert "derived from the learning window" in first["html"]
        client.change(uri, RULE.replace("A = 0.02", "A = 0.02 +"))
        second = await news(address, "The text has errors")
        assert second["html"] == first["html"]
        client.change(uri, RULE.replace("−A exp", "2·A exp"))
        third = await another_curve(address, first["html"])
        assert third["state"] == ""
        assert curve(third["html"]) != curve(first["html"])

    server.talk(conversation)


async def another_curve(address: str, before: str) -> dict[str, str]:
    for _ in range(40):
        found = await news(address, "What the compiler made of it")
        if curve(found["html"]) != curve(before):
            return found
        await asyncio.sleep(0.25)
    raise AssertionError("nothing else was drawn")


@pytest.mark.slow
def test_a_browser_follows(server: Server) -> None:
    """In headless Chromium, where it and Selenium are installed: what is drawn anew comes without anybody’s doing, and the page complains of nothing."""
    selenium = pytest.importorskip("selenium.webdriver")
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait

    options = selenium.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        browser = selenium.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    except (WebDriverException, ValueError) as missing:
        pytest.skip(str(missing))
    uri, picture = "untitled:browser", "const f = document.querySelector('figure'); return f && f.innerHTML"

    async def opened(client: Client) -> str:
        client.open(uri, RULE)
        return await preview(client, uri)

    async def changed(client: Client) -> None:
        client.change(uri, RULE.replace("−A exp", "3·A exp"))

    try:
        browser.get(server.talk(opened))
        before = WebDriverWait(browser, 120).until(lambda _: browser.execute_script(picture))
        server.talk(changed)
        WebDriverWait(browser, 120).until(lambda _: browser.execute_script(picture) != before)
        assert browser.get_log("browser") == []
    finally:
        browser.quit()


def test_the_plane_of_a_neuron_without_a_network(server: Server) -> None:
    async def conversation(client: Client) -> None:
        client.open("untitled:neuron", NEURON)
        found = await news(await preview(client, "untitled:neuron"), "exact propagator")
        assert found["html"].count("<svg") == 1

    server.talk(conversation)


def test_a_text_that_is_refused_is_not_run(server: Server) -> None:
    async def conversation(client: Client) -> None:
        client.open("untitled:wrong", RULE.replace("20 ms", "20 mV"))
        found = await news(await preview(client, "untitled:wrong"), "The text has errors")
        assert found["html"] == ""

    server.talk(conversation)


def test_files_that_are_open_elsewhere_count_as_they_are_there(tmp_path: Path) -> None:
    """On disk the rule changes nothing, in the editor it does: its window is that of the editor."""
    (tmp_path / "rule.plas").write_text(RULE.replace("0.02", "0"), encoding="utf-8")
    text = 'use STDP from "rule"\n\nrule Mine like STDP:\n    τ = 5 ms\n'
    (tmp_path / "main.plas").write_text(text, encoding="utf-8")
    main = str(tmp_path / "main.plas")
    assert sketch(Job(main, text, str(tmp_path), {}), Gallery()).count("<svg") == 0
    assert sketch(Job(main, text, str(tmp_path), {str(tmp_path / "rule.plas"): RULE}), Gallery()).count("<svg") == 1
    assert "‘U’" in sketch(Job(main, "neuron A:\n    dV/dt = U\n", str(tmp_path), {}), Gallery())


def test_what_means_what_it_meant_is_not_drawn_again() -> None:
    """Comments, places and other blocks change no picture; numbers do, those of a block that it is like among them, and so does a delay with which a
    network uses a rule."""
    gallery, text = Gallery(), f"{RULE}\nrule Faster like STDP:\n    τ = 5 ms\n{NEURON}"

    def shown(text: str) -> tuple[int, int]:
        """How many pictures there are, and how many of them were drawn before."""
        before = {id(picture) for picture in gallery.hung.values()}
        assert sketch(Job("untitled:both", text, "", {}), gallery).count("<figure><svg") == 3
        return len(gallery.hung), len(before & {id(picture) for picture in gallery.hung.values()})

    assert shown(text) == (3, 0)
    assert shown(f"# one line more\n\n{text}# and one\n") == (3, 3)
    assert shown(text.replace("τ = 5 ms", "τ = 6 ms")) == (3, 2)
    assert shown(text.replace("A = 0.02", "A = 0.03").replace("τ = 5 ms", "τ = 6 ms")) == (3, 1)
    assert shown(text.replace("100 Hz", "50 Hz").replace("τ = 5 ms", "τ = 6 ms")) == (3, 0)
    ends = "    a = 2 Poisson(rate = 1 Hz)\n    b = 2 Poisson(rate = 1 Hz)\n"
    used = f"{text}\nnetwork Two:\n{ends}    s = a → b: STDP, one to one, w = 0.5, axonal delay = 1 ms\n"
    assert shown(used) == (3, 0) and shown(used.replace("delay = 1 ms", "delay = 2 ms")) == (3, 2)


def test_pages_are_for_who_knows_the_token_on_this_machine() -> None:
    pages = Pages()
    pages.show("1", "<p>secret</p>", title="a & b")
    address = pages.address("1")
    host = urlsplit(address).netloc
    try:
        status, headers, text = asked(address)
        assert (status, "<p>secret</p>" in text, "<title>a &amp; b</title>" in text) == (200, True, True)
        assert not [name for name in headers if name.startswith("Access-Control")]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert pages.server.server_address[0] == "127.0.0.1"
        assert asked(address, Host=f"localhost:{host.partition(':')[2]}")[0] == 200
        for wrong in (
            asked(address, Host="attacker.example"),
            asked(address, Host=f"attacker.example:{host.partition(':')[2]}"),
            asked(address, Origin="https://attacker.example"),
            asked(address, Origin="null"),
            asked(f"{address[:-3]}{'y' if address[-3] == 'x' else 'x'}/1"),
            asked(f"http://{host}/"),
            asked(f"http://{host}//1"),
            asked(address, "/other"),
            asked(pages.address("2")),
        ):
            assert wrong[0] in (403, 404)
            assert "secret" not in wrong[2]
        assert asked(address, "/next?after=x")[0] == 200
    finally:
        pages.end()


def test_hovers_have_latex_for_an_editor_that_sets_it(server: Server) -> None:
    async def conversation(client: Client) -> None:
        client.open("untitled:formula", NEURON)
        asking = lsp.HoverParams(lsp.TextDocumentIdentifier("untitled:formula"), lsp.Position(3, 5))
        found = await client.speaking.text_document_hover_async(asking)
        assert found is not None
        assert isinstance(found.contents, lsp.MarkupContent)
        assert r"$\frac{\mathrm{d} x}{\mathrm{d} t} = \omega \, y$" in found.contents.value

    server.talk(conversation)


def test_without_an_open_text_or_a_client_that_shows_pages_words_say_what_to_do() -> None:
    with running() as other:

        async def conversation(client: Client) -> None:
            command = lsp.ExecuteCommandParams("plasticdsl.preview", arguments=["untitled:none"])
            assert await client.speaking.workspace_execute_command_async(command) is None
            assert "Open a text first" in client.messages.pop()
            client.open("untitled:some", NEURON)
            command = lsp.ExecuteCommandParams("plasticdsl.preview", arguments=["untitled:some"])
            address = await client.speaking.workspace_execute_command_async(command)
            assert client.messages.pop() == f"The preview is at {address}"

        other.talk(conversation)
