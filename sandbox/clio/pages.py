"""The pages a person sees while connecting: plain, calm, and honest about being a sandbox."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from sandbox.clio.store import Row
from sandbox.pages import hidden, page

if TYPE_CHECKING:
    from sandbox.clio.world import World

REGION_NAMES = {"us": "United States", "ca": "Canada", "eu": "Europe", "au": "Australia"}


def _page(title: str, body: str, status: int = 200) -> Response:
    return page("Clio Manage", title, body, status)


def sign_in(
    world: World, asked: dict[str, str], *, problem: str | None = None, email: str = "", status: int = 200
) -> Response:
    shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "Sign in to Clio (sandbox)",
        f"<h1>Sign in to Clio</h1><p>to continue to <strong>{escape(world.app.name)}</strong> "
        f"({REGION_NAMES[world.region]})</p>{shown}"
        f'<form method="post" action="/oauth/sign_in">{hidden(asked)}'
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
        f'<form method="post" action="/oauth/authorize">{hidden(asked)}'
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


def _role(user: Row) -> str:
    """What they are in their firm, in the words of Clio's user list."""
    parts = ["Administrator"] if "Admin" in user["roles"] else []
    return ", ".join([*parts, "Non-attorney" if user["subscription_type"] == "NonAttorney" else "Attorney"])


def _people(world: World, account: Row) -> str:
    rows = "".join(
        f"<tr><td>{escape(user['name'])}<br><code>{escape(user['email'])}</code></td>"
        f"<td>{_role(user)}</td><td><code>{escape(user['password'])}</code></td></tr>"
        for user in world.store["users"].of(account["id"])
    )
    region = REGION_NAMES.get(account["region"], account["region"])
    return (
        f"<table><caption><strong>{escape(account['name'])}</strong>, {escape(region)}</caption>"
        f'<thead><tr><th scope="col">Who</th><th scope="col">Role</th><th scope="col">Password</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def home(world: World) -> Response:
    """What somebody sees who opens the sandbox's address: who can sign in, and where the controls are."""
    tables = "".join(_people(world, account) for account in world.store["accounts"].rows.values())
    return _page(
        "Clio sandbox",
        f"<h1>Clio sandbox</h1>{tables or '<p>There are no accounts yet: seed some.</p>'}"
        f"<p>To connect a firm, begin in Daybook: Integrations, Connect to Clio, {REGION_NAMES[world.region]}. Sign in here "
        "as an administrator and press Allow Access.</p>"
        '<p class="small">Every call of the control interface: <a href="/_control/">/_control/</a></p>',
    )
