"""The pages a person sees while connecting."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from sandbox.pages import hidden, page

if TYPE_CHECKING:
    from sandbox.microsoft.world import Row, World

SERVICE = "Microsoft"


def sign_in(
    world: World, asked: dict[str, str], *, problem: str = "", email: str = "", status: int = 200
) -> Response:
    shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return page(
        SERVICE,
        "Sign in to your account (sandbox)",
        f"<h1>Sign in</h1><p>to continue to <strong>{escape(world.app.name)}</strong></p>{shown}"
        f'<form method="post" action="/sandbox/sign_in">{hidden(asked)}'
        '<label for="email">Email</label>'
        f'<input id="email" name="email" type="email" autocomplete="username" required autofocus value="{escape(email)}">'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        '<button type="submit">Sign in</button></form>'
        '<p class="small">In the demo every password is <code>microsoft</code>.</p>',
        status,
    )


def consent(world: World, asked: dict[str, str], account: Row, ticket: str) -> Response:
    app = escape(world.app.name)
    return page(
        SERVICE,
        "Permissions requested (sandbox)",
        f"<h1>{app} asks for your permission</h1>"
        f"<p>Signed in as <strong>{escape(account['name'])}</strong> ({escape(account['email'])}).</p>"
        "<ul><li>Have full access to your calendars</li><li>Read your profile</li>"
        "<li>Maintain access to data you have given it access to</li></ul>"
        f'<form method="post" action="/sandbox/consent">{hidden(asked | {"ticket": ticket})}'
        '<button type="submit" name="decision" value="accept">Accept</button>'
        '<button type="submit" name="decision" value="cancel" class="quiet">Cancel</button></form>',
    )


def approval(world: World, account: Row, back: str) -> Response:
    return page(
        SERVICE,
        "Need admin approval (sandbox)",
        f"<h1>Need admin approval</h1><p><strong>{escape(world.app.name)}</strong> needs permission to reach resources in "
        f"the organization of {escape(account['email'])} that only an administrator can grant.</p>"
        f'<p><a class="button" href="{escape(back)}">Return to the application without granting consent</a></p>',
    )


def problem(title: str, text: str, status: int) -> Response:
    return page(SERVICE, f"{title} (sandbox)", f"<h1>{escape(title)}</h1><p>{escape(text)}</p>", status)


def home(world: World) -> Response:
    """What somebody sees who opens the sandbox's address."""
    rows = "".join(f"<li>{escape(a['email'])} ({escape(a['kind'])})</li>" for a in world["accounts"].values())
    return page(
        SERVICE,
        "Microsoft sandbox",
        f"<h1>Microsoft sandbox</h1>{f'<ul>{rows}</ul>' if rows else '<p>There are no accounts yet: seed some.</p>'}"
        '<p class="small">Every call of the control interface: <a href="/_control/">/_control/</a></p>',
    )
