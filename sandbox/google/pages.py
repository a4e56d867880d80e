"""The pages a person sees while connecting: plain, calm, and honest about being a sandbox."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from sandbox.pages import hidden, page

if TYPE_CHECKING:
    from sandbox.google.world import Row, World

#: What the person reads beside each box.
SCOPES = {
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly": "See the list of your calendars",
    "https://www.googleapis.com/auth/calendar.events": "View and edit events on all your calendars",
}


def _page(title: str, body: str, status: int = 200) -> Response:
    return page("Google", title, body, status)


def sign_in(
    world: World, asked: dict[str, str], *, problem: str | None = None, email: str = "", status: int = 200
) -> Response:
    shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "Sign in - Google Accounts (sandbox)",
        f"<h1>Sign in</h1><p>to continue to <strong>{escape(world.app.name)}</strong></p>{shown}"
        f'<form method="post" action="/signin">{hidden(asked)}'
        '<label for="email">Email</label>'
        '<input id="email" name="email" type="email" autocomplete="username" required autofocus '
        f'value="{escape(email)}">'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        '<button type="submit">Sign in</button></form>'
        '<p class="small">In the demo every password is <code>google</code>.</p>',
        status,
    )


def consent(world: World, asked: dict[str, str], account: Row) -> Response:
    app = escape(world.app.name)
    boxes = "".join(
        f'<label><input type="checkbox" name="granted" value="{escape(scope)}" checked '
        f'style="width:auto"> {escape(SCOPES.get(scope, scope))}</label>'
        for scope in asked["scope"].split()
    )
    return _page(
        f"Allow {world.app.name} (sandbox)",
        f"<h1>{app} wants access to your Google Account</h1>"
        f"<p><strong>{escape(account['email'])}</strong></p>"
        f'<form method="post" action="/consent">{hidden(asked)}<p>Select what {app} can access</p>{boxes}'
        '<button type="submit" name="decision" value="allow">Continue</button>'
        '<button type="submit" name="decision" value="cancel" class="quiet">Cancel</button></form>'
        f'<p class="small"><a href="/signout?{escape(urlencode(asked))}">Use another account</a></p>',
    )


def problem(title: str, text: str, status: int) -> Response:
    return _page(f"{title} (sandbox)", f"<h1>{escape(title)}</h1><p>{escape(text)}</p>", status)


def home(world: World) -> Response:
    """What somebody sees who opens the sandbox's address."""
    people = "".join(f"<li>{escape(email)}</li>" for email in world.tables["accounts"])
    shown = f"<ul>{people}</ul>" if people else "<p>There are no accounts yet: seed some.</p>"
    return _page(
        "Google sandbox",
        f"<h1>Google sandbox</h1>{shown}"
        '<p class="small">Every call of the control interface: <a href="/_control/">/_control/</a></p>',
    )
