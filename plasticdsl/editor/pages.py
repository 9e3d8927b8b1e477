"""Pages for a browser on this machine: what each shows can change at any time, and a page that is open follows.

The server listens on the loopback address alone. Pages lie behind a token that is made anew each time; a request that names another host than this one, as
one that another site’s name was bent here for does, or that comes from a page of another site, is refused, and no other site is allowed to read an answer.
"""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from plasticdsl.markup import node, text_of

#: How long a page waits for news before it asks again (s).
_WAIT = 20.0
_STYLE = """
body { font-family: sans-serif; line-height: 1.4; max-width: 60em; margin: 1em auto; padding: 0 1em; color: #111; background: #fff; }
h1 { font-size: 1.2em; } h2 { font-size: 1.05em; }
#state { color: #a33; min-height: 1.4em; }
figure { margin: 1em 0; } figure svg { max-width: 100%; height: auto; }
pre { white-space: pre-wrap; background: #f5f5f5; padding: 0.8em; }
"""
_FOLLOW = """
const shown = document.getElementById("shown"), state = document.getElementById("state");
let number = Number(document.body.dataset.number);
(async () => {
  for (;;) {
    try {
      const answer = await fetch(location.pathname + "/next?after=" + number);
      if (!answer.ok) throw answer;
      const news = await answer.json();
      if (news.number !== number) {
        const open = [...shown.querySelectorAll("details")].map((one) => one.open);
        shown.innerHTML = news.html;
        shown.querySelectorAll("details").forEach((one, n) => { one.open = Boolean(open[n]); });
      }
      state.textContent = news.state;
      number = news.number;
    } catch {
      state.textContent = "The language server has ended.";
      await new Promise((done) => setTimeout(done, 2000));
    }
  }
})();
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: a piece of HTML, and a sentence above it. `number`: of how many changes."""

    title: str
    html: str = ""
    state: str = ""
    number: int = 0


@dataclass(slots=True)
class Pages:
    """A running server. `shown`: what is on each page, by its key."""

    shown: dict[str, Shown] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    news: threading.Condition = field(default_factory=threading.Condition)
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        pages = self

        class Handler(_Handler):
            """Of these pages."""

            asked = pages

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, name="plasticdsl pages", daemon=True).start()

    @property
    def hosts(self) -> tuple[str, str]:
        """What this server may be called."""
        port = self.server.server_address[1]
        return f"127.0.0.1:{port}", f"localhost:{port}"

    def address(self, key: str) -> str:
        """Where a page is."""
        return f"http://{self.hosts[0]}/{self.token}/{key}"

    def show(self, key: str, html: str | None = None, state: str = "", title: str = "") -> None:
        """From now on a page shows that; without `html` what it showed before."""
        with self.news:
            old = self.shown.get(key, Shown(title))
            self.shown[key] = Shown(old.title, old.html if html is None else html, state, old.number + 1)
            self.news.notify_all()

    def after(self, key: str, number: int) -> Shown | None:
        """What a page shows, once it is newer than that, or has not changed for long; None where there is no such page."""
        with self.news:
            self.news.wait_for(lambda: key not in self.shown or self.shown[key].number > number, _WAIT)
            return self.shown.get(key)

    def end(self) -> None:
        """No more pages."""
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    asked: Pages
    server_version = "plasticdsl"
    sys_version = ""

    def do_GET(self) -> None:
        """The page itself, or its news."""
        pages, where = self.asked, urlsplit(self.path)
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in pages.hosts or (origin is not None and origin not in [f"http://{host}" for host in pages.hosts]):
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        token, _, rest = where.path.removeprefix("/").partition("/")
        key, _, what = rest.partition("/")
        known = secrets.compare_digest(token.encode(), pages.token.encode()) and key in pages.shown
        if not known or what not in ("", "next"):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        after = parse_qs(where.query).get("after", ["-1"])[0]
        shown = pages.after(key, int(after) if what and after.isdecimal() else -1)
        if shown is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif what:
            self._answer("application/json", json.dumps({"number": shown.number, "html": shown.html, "state": shown.state}))
        else:
            nonce = secrets.token_urlsafe(16)
            self._answer("text/html", _page(shown, nonce), nonce)

    def _answer(self, kind: str, text: str, nonce: str = "") -> None:
        content = text.encode("utf-8")
        self.send_response(HTTPStatus.OK)
        policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; script-src 'nonce-{nonce}'"
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(content)),
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Nothing: standard error is the log of the language server."""


def _page(shown: Shown, nonce: str) -> str:
    head = node("head", node("meta", charset="utf-8"), node("title", shown.title), node("style", _STYLE))
    body = node("body", node("h1", shown.title), node("p", shown.state, id="state"), data_number=str(shown.number))
    whole = text_of(node("html", head, body, lang="en"))
    follow = f'<main id="shown">{shown.html}</main><script nonce="{nonce}">{_FOLLOW}</script>'
    return f"<!DOCTYPE html>\n{whole.removesuffix('</body></html>')}{follow}</body></html>"
