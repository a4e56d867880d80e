"""Every setting an operator can give: name, meaning, default; as a text and as `docs/operate/settings.md`."""

from __future__ import annotations

from dataclasses import dataclass


class BadSetting(Exception):
    """A setting that cannot work; the text names it and says what would."""


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    means: str
    default: str = ""
    secret: bool = False


#: The documented list: `daybook check --settings` prints it, `docs/operate/settings.md` is made from it.
SETTINGS: tuple[Setting, ...] = (
    Setting("DATABASE_URL", "PostgreSQL 15 or newer, as postgres://user:password@host:port/name"),
    Setting("SECRET_KEY", "signs sessions and links; at least 32 characters", secret=True),
    Setting("ENCRYPTION_KEYS", "comma list of keys for tokens at rest; the first one encrypts", secret=True),
    Setting("PUBLIC_URL", "where clients and Clio reach this Daybook: https, or http on loopback"),
    Setting("ALLOWED_HOSTS", "comma list of host names to answer to; PUBLIC_URL's is always in it"),
    Setting("EMAIL_URL", "outgoing mail, as smtp://user:password@host:port", "consolemail://"),
    Setting("MAIL_FROM", "the sender of our mails", "Daybook <daybook@localhost>"),
    Setting("CLIO_CLIENT_ID", "the key of your Clio developer application"),
    Setting("CLIO_CLIENT_SECRET", "its secret", secret=True),
    Setting("CLIO_BASE_URL", "replaces the hosts of Clio's four regions, for testing"),
    Setting("GOOGLE_CLIENT_ID", "the client id of your web application in Google Cloud, for Google Calendar"),
    Setting("GOOGLE_CLIENT_SECRET", "its secret", secret=True),
    Setting("GOOGLE_BASE_URL", "replaces Google's hosts, for testing"),
    Setting("MICROSOFT_CLIENT_ID", "the id of your app registration in Microsoft Entra, for Microsoft 365"),
    Setting("MICROSOFT_CLIENT_SECRET", "its secret", secret=True),
    Setting("MICROSOFT_BASE_URL", "replaces Microsoft's hosts, for testing"),
    Setting(
        "STRIPE_SECRET_KEY", "the secret key of your Stripe platform; empty offers no payments", secret=True
    ),
    Setting(
        "STRIPE_WEBHOOK_SECRET",
        "what Stripe signs its events with, at its endpoint for connected accounts",
        secret=True,
    ),
    Setting("STRIPE_BASE_URL", "replaces Stripe's host, for testing"),
    Setting("BOOKING_ATTEMPTS", "booking attempts from one address in ten minutes; 0 is no limit", "60"),
    Setting(
        "PRIVATE_NETWORKS",
        "1 lets addresses that lawyers type (feeds, CalDAV and Exchange servers) lie in private networks, and be http",
        "0",
    ),
    Setting("FEEDS_PRIVATE_NETWORKS", "the earlier name of PRIVATE_NETWORKS", "0"),
    Setting("LOG_LEVEL", "debug, info, warning or error", "info"),
    Setting("LOG_FORMAT", "json for machines, text for people", "json"),
    Setting("DEBUG", "1 shows tracebacks in the browser; never on a server", "0"),
    Setting("STATIC_ROOT", "where collected static files are kept; empty serves them from the code", ""),
    Setting("DAYBOOK_HOME", "the data folder of `daybook run` and of our own PostgreSQL", ".daybook"),
)

_HEAD = """# Settings

All settings come from the environment; what is empty counts as not given. This page is made by
`bin/daybook check --settings --markdown > docs/operate/settings.md`, and a test checks that it is current.

| name | meaning | default |
|---|---|---|
"""


def as_text() -> str:
    """The list for a terminal."""
    wide = max(len(setting.name) for setting in SETTINGS)
    return (
        "\n".join(
            f"{s.name:<{wide}}  {s.means}{' (secret)' if s.secret else ''}{f' [{s.default}]' if s.default else ''}"
            for s in SETTINGS
        )
        + "\n"
    )


def as_markdown() -> str:
    """The list as a page."""
    rows = (
        f"| `{s.name}` | {s.means}{'; **secret**' if s.secret else ''} | {f'`{s.default}`' if s.default else ''} |"
        for s in SETTINGS
    )
    return _HEAD + "\n".join(rows) + "\n"
