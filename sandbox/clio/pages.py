"""The pages a person sees while connecting: plain, calm, and honest about being a sandbox."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from sandbox.clio.store import Row

if TYPE_CHECKING:
    from sandbox.clio.world import World

REGION_NAMES = {"us": "United States", "ca": "Canada", "eu": "Europe", "au": "Australia"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2b3a; --paper: #f4f6f8; --card: #fff; --line: #7b8896; --act: #0b5cab; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7edf3; --paper: #131a21; --card: #1c262f; --line: #8493a1; --act: #6db3f2; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
.sandbox { margin: 0; padding: .6rem 1rem; text-align: center; font-size: .9rem; border-bottom: 1px solid var(--line); }
main { max-width: 27rem; margin: 3rem auto; padding: 2rem; background: var(--card); border-radius: .75rem;
  box-shadow: 0 1px 12px rgb(0 0 0 / 8%); }
h1 { font-size: 1.35rem; margin: 0 0 1rem; line-height: 1.3; }
label { display: block; margin: 1rem 0 .3rem; font-weight: 600; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .4rem; }
button, .button { display: inline-block; margin: 1.5rem .6rem 0 0; padding: .6rem 1.2rem; font: inherit; font-weight: 600;
  border: 1px solid var(--act); border-radius: .4rem; background: var(--act); color: var(--card); cursor: pointer;
  text-decoration: none; }
button.quiet { background: transparent; color: var(--act); }
a { color: var(--act); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.problem { padding: .6rem .8rem; border-left: 4px solid #b3261e; }
.small { font-size: .9rem; }
"""


def _page(title: str, body: str, status: int = 200) -> Response:
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body>"
        '<p class="sandbox">This is a <strong>sandbox</strong> standing in for Clio Manage. It is not Clio.</p>'
        f"<main>{body}</main></body></html>"
    )
    return Response(
        html, status, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def _hidden(values: dict[str, str]) -> str:
    return "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in values.items())


def sign_in(
    world: World, asked: dict[str, str], *, problem: str | None = None, email: str = "", status: int = 200
) -> Response:
    shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "Sign in to Clio (sandbox)",
        f"<h1>Sign in to Clio</h1><p>to continue to <strong>{escape(world.app.name)}</strong> "
        f"({REGION_NAMES[world.region]})</p>{shown}"
        f'<form method="post" action="/oauth/sign_in">{_hidden(asked)}'
        '<label for="email">Email</label>'
        f'<input id="email" name="email" type="email" autocomplete="username" required autofocus value="{escape(email)}">'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        '<button type="submit">Sign in</button></form>'
        '<p class="small">In the demo every password is <code>clio</code>.</p>',
        status,
    )


def consent(world: World, asked: dict[str, str], user: Row, account: Row) -> Response:
    app = escape(world.app.name)
    again = urlencode(asked)
    return _page(
        f"Allow {world.app.name} (sandbox)",
        f"<h1>{app} asks for access to your Clio account</h1>"
        f"<p>Signed in as <strong>{escape(user['name'])}</strong> ({escape(user['email'])}), {escape(account['name'])}.</p>"
        f"<p>{app} will be able to read and change contacts, matters, calendars and activities, with your own rights.</p>"
        f'<form method="post" action="/oauth/authorize">{_hidden(asked)}'
        '<button type="submit" name="decision" value="allow">Allow Access</button>'
        '<button type="submit" name="decision" value="decline" class="quiet">Decline</button></form>'
        f'<p class="small"><a href="/oauth/sign_out?{escape(again)}">Not you? Sign in as somebody else</a></p>',
    )


def no_api_access(world: World, account: Row, back: str | None) -> Response:
    """Inferred: the words Clio uses for a plan without API access are unpublished."""
    link = (
        f'<p><a class="button" href="{escape(back)}">Back to {escape(world.app.name)}</a></p>' if back else ""
    )
    return _page(
        "No API access (sandbox)",
        f"<h1>Your plan does not include API access</h1><p>{escape(account['name'])} is on the "
        f"{escape(account['plan'])} plan. Connecting applications needs a plan with API access.</p>{link}",
        403,
    )


def approval(code: str) -> Response:
    return _page(
        f"Success code={code}", "<h1>Access allowed</h1><p>The code stands in the title of this page.</p>"
    )


def problem(title: str, text: str, status: int) -> Response:
    return _page(f"{title} (sandbox)", f"<h1>{escape(title)}</h1><p>{escape(text)}</p>", status)


def home(world: World) -> Response:
    """What somebody sees who opens the sandbox's address: who can sign in, and where the controls are."""
    rows = []
    for account in world.store["accounts"].rows.values():
        names = ", ".join(escape(u["email"]) for u in world.store["users"].of(account["id"]))
        rows.append(
            f"<li><strong>{escape(account['name'])}</strong> ({escape(account['region'])}): {names}</li>"
        )
    people = f"<ul>{''.join(rows)}</ul>" if rows else "<p>There are no accounts yet: seed some.</p>"
    return _page(
        "Clio sandbox",
        f"<h1>Clio sandbox</h1>{people}"
        '<p class="small">Every call of the control interface: <a href="/_control/">/_control/</a></p>',
    )
