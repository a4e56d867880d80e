"""The mailbox in the browser, and as JSON under `/_control/`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.mail.box import Mail, Mailbox, as_json, attachments_of, body_of, content_of

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2b3a; --paper: #f4f6f8; --card: #fff; --line: #c9d1d9; --act: #0b5cab; --soft: #5b6875; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7edf3; --paper: #131a21; --card: #1c262f; --line: #394652; --act: #6db3f2; --soft: #9aa8b5; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
a { color: var(--act); }
ul.mails { list-style: none; margin: 1rem 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
ul.mails li + li { border-top: 1px solid var(--line); }
ul.mails a { display: block; padding: .7rem 1rem; text-decoration: none; }
ul.mails strong { display: block; overflow-wrap: anywhere; }
small, .soft { color: var(--soft); }
form { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin: 1rem 0; }
label { font-weight: 600; }
input { display: block; width: 100%; padding: .5rem .6rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--soft); border-radius: .4rem; }
button { padding: .5rem 1rem; font: inherit; font-weight: 600; border: 1px solid var(--act); border-radius: .4rem;
  background: transparent; color: var(--act); cursor: pointer; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
pre { padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
details pre { font: .85rem/1.5 ui-monospace, monospace; }
iframe { width: 100%; height: 32rem; border: 1px solid var(--line); border-radius: .6rem; background: #fff; }
"""

#: What the mail's own HTML may do: show itself. No scripts, no forms, nothing fetched from anywhere.
_LOCKED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


class Application:
    """One mailbox, answering HTTP."""

    def __init__(self, box: Mailbox) -> None:
        self.box = box

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        to = request.args.get("to") or None
        if path == "/" and request.method == "GET":
            return _list(self.box.all(to), to)
        if path == "/clear" and request.method == "POST":
            self.box.clear()
            return redirect("/", 303)
        if path == "/_control/messages":
            if request.method == "DELETE":
                self.box.clear()
                return Response(status=204)
            return _json(self.box.listed(to))
        if path == "/_control/clear" and request.method == "POST":
            self.box.clear()
            return _json({"result": None})
        if match := re.fullmatch(r"/(?:_control/)?messages/(\d+)(?:/(html|raw|attachments/(\d+)))?", path):
            mail = self.box.get(int(match[1]))
            if mail is not None:
                return _part(mail, match[2], match[3], plain=path.startswith("/_control"))
        return _page(
            "Not here", "<h1>There is nothing at this address</h1><p><a href='/'>All mails</a></p>", 404
        )


def _part(mail: Mail, what: str | None, n: str | None, *, plain: bool) -> Response:
    message = mail.parsed()
    if what is None:
        return _json(as_json(mail)) if plain else _show(mail)
    if what == "raw":
        return _text(mail.raw, "text/plain; charset=utf-8")
    if what == "html":
        html = (body_of(message, "html") or "").encode()
        return _text(html, "text/html; charset=utf-8", {"Content-Security-Policy": _LOCKED})
    listed = as_json(mail)["attachments"]
    if n is None or int(n) >= len(listed):
        return _page("Not here", "<h1>There is no such attachment</h1>", 404)
    one = listed[int(n)]
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(one['filename'], safe='')}",
        "Content-Security-Policy": _LOCKED,
    }
    return _text(content_of(attachments_of(message)[int(n)]), one["content_type"], headers)


def _list(mails: list[Mail], to: str | None) -> Response:
    rows = []
    for mail in mails:
        message = mail.parsed()
        subject = escape(str(message.get("Subject", "")) or "(no subject)")
        about = escape(f"to {', '.join(mail.recipients)} · {mail.received_at}")
        rows.append(
            f'<li><a href="/messages/{mail.id}"><strong>{subject}</strong><small>{about}</small></a></li>'
        )
    shown = f'<ul class="mails">{"".join(rows)}</ul>' if rows else '<p class="soft">No mail yet.</p>'
    everyone = ' <a href="/">All mails</a>' if to else ""
    return _page(
        "Mail sandbox",
        "<h1>Mail sandbox</h1><p class='soft'>Mails sent by the demo end here and nowhere else, newest first.</p>"
        '<form method="get" action="/"><div><label for="to">Only to</label>'
        f'<input id="to" name="to" type="text" inputmode="email" value="{escape(to or "")}"></div>'
        f"<button>Filter</button></form>{everyone}{shown}"
        '<form method="post" action="/clear"><button>Delete all</button></form>',
    )


def _show(mail: Mail) -> Response:
    shown = as_json(mail)
    about = {"From": shown["from"], "To": ", ".join(mail.recipients), "Received": mail.received_at}
    facts = "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in about.items())
    parts = [f"<h1>{escape(shown['subject'] or '(no subject)')}</h1><dl>{facts}</dl>"]
    if shown["text"]:
        parts.append(f"<h2>Text</h2><pre>{_linked(shown['text'])}</pre>")
    if shown["html"]:
        parts.append(
            f'<h2>HTML</h2><iframe sandbox title="The mail\'s HTML" src="/messages/{mail.id}/html"></iframe>'
        )
    if shown["attachments"]:
        parts.append("<h2>Attachments</h2>" + "".join(_attachment(mail, one) for one in shown["attachments"]))
    headers = "\n".join(f"{name}: {value}" for name, value in shown["headers"])
    parts.append(f"<details><summary>Headers</summary><pre>{escape(headers)}</pre></details>")
    back = urlencode({"to": mail.recipients[0]}) if mail.recipients else ""
    parts.append(
        f'<p><a href="/messages/{mail.id}/raw">Source</a> · <a href="/?{escape(back)}">To the same person</a> · '
        '<a href="/">All mails</a></p>'
    )
    return _page(shown["subject"] or "(no subject)", "".join(parts))


def _attachment(mail: Mail, one: dict[str, Any]) -> str:
    link = f'<a href="/messages/{mail.id}/attachments/{one["n"]}">{escape(one["filename"])}</a>'
    about = f"<p>{link} <small>{escape(one['content_type'])}, {one['size']} bytes</small></p>"
    if one["text"] is None:
        return about
    return f"{about}<details><summary>Show</summary><pre>{escape(one['text'])}</pre></details>"


def _linked(text: str) -> str:
    """Text with its addresses clickable: people follow links from mails, also in the demo."""
    found, last = [], 0
    for match in _LINK.finditer(text):
        found.append(escape(text[last : match.start()]))
        found.append(f'<a href="{escape(match[0])}" rel="noreferrer">{escape(match[0])}</a>')
        last = match.end()
    return "".join(found) + escape(text[last:])


def _page(title: str, body: str, status: int = 200) -> Response:
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
    )
    return Response(
        html, status, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy}
    )


def _text(body: bytes, kind: str, headers: dict[str, str] | None = None) -> Response:
    return Response(body, content_type=kind, headers={"X-Content-Type-Options": "nosniff"} | (headers or {}))


def _json(body: Any) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), content_type="application/json; charset=utf-8")
