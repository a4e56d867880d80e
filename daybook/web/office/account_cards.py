"""The cards of lawyers' own calendar accounts on Integrations."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from daybook.core.errors import Refusal
from daybook.core.times import say_moment
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor
from daybook.sync import accounts
from daybook.sync.models import Connection

_PROVIDER = Connection.Provider


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a card."""

    id: int
    name: str
    word: str
    tone: str
    note: str
    broken: bool


@dataclass(frozen=True, slots=True)
class Card:
    """What one kind of account looks like; `button` ends "Connect to …"."""

    key: str
    title: str
    button: str
    text: str
    connect_url: str
    accounts: tuple[Account, ...]
    refused: str

    @property
    def attention(self) -> bool:
        return any(account.broken for account in self.accounts)


@dataclass(frozen=True, slots=True)
class _Kind:
    """`text` has places for the words of _SPOKEN_TO."""

    title: str
    button: str
    text: str


_KINDS: dict[str, _Kind] = {
    _PROVIDER.GOOGLE: _Kind(
        _PROVIDER.GOOGLE.label,
        _PROVIDER.GOOGLE.label,
        "Google calendars block {time}: they are checked before every booking, and one can receive {appointments}.",
    ),
    _PROVIDER.MICROSOFT: _Kind(
        _PROVIDER.MICROSOFT.label,
        _PROVIDER.MICROSOFT.label,
        "Calendars of Microsoft 365, Exchange Online, Outlook.com or Hotmail block {time}: they are checked before every booking, "
        "and one can receive {appointments}.",
    ),
    _PROVIDER.EXCHANGE: _Kind(
        "Exchange Server",
        "an Exchange server",
        "Calendars of an Exchange Server in your firm's own house, opened with {password} there: read every five minutes and before each booking.",
    ),
    _PROVIDER.CALDAV: _Kind(
        "Apple iCloud, Fastmail, Nextcloud or another CalDAV server",
        "a calendar server",
        "Calendars that are opened with an app password: read every five minutes and before each booking.",
    ),
}

#: To the lawyer at their own desk, and to somebody else about them.
_SPOKEN_TO: dict[bool, dict[str, str]] = {
    True: {"time": "your time", "appointments": "your appointments", "password": "your password"},
    False: {
        "time": "the time of {name}",
        "appointments": "the appointments",
        "password": "the lawyer's password",
    },
}

#: How each state is colored, as a word with a color.
_TONES: dict[str, str] = {Connection.State.ACTIVE: "good", Connection.State.BROKEN: "bad"}


def cards(actor: Actor, lawyer: Lawyer) -> list[Card]:
    """A card for each kind, with the lawyer's accounts on it."""
    own = accounts.of_lawyer(lawyer)
    themselves = actor.own is not None and actor.own.pk == lawyer.pk
    words = {key: word.format(name=lawyer.name) for key, word in _SPOKEN_TO[themselves].items()}
    return [
        Card(
            key=provider,
            title=kind.title,
            button=kind.button,
            text=kind.text.format(**words),
            connect_url=_connect_url(provider),
            accounts=tuple(_account(one, lawyer) for one in own if one.provider == provider),
            refused=_refused(actor, provider),
        )
        for provider, kind in _KINDS.items()
    ]


def who_connects(lawyer: Lawyer) -> str:
    """Who may choose this lawyer's calendars, for somebody who may not."""
    return f"{lawyer.name} or an administrator of your firm"


def _connect_url(provider: str) -> str:
    if provider in accounts.BY_PASSWORD:
        return reverse(f"account_{provider}")
    return reverse("account_connect", args=[provider])


def _account(connection: Connection, lawyer: Lawyer) -> Account:
    broken = connection.state == Connection.State.BROKEN
    since = f"Connected {say_moment(connection.connected_at, lawyer.time_zone)}."
    if connection.provider == _PROVIDER.CALDAV:
        since = f"{connection.user_name}. {since}"
    return Account(
        id=connection.pk,
        name=connection.account_name,
        word=connection.get_state_display(),
        tone=_TONES[connection.state],
        note=f"{connection.trouble} Until then free times of {lawyer.name} are hidden." if broken else since,
        broken=broken,
    )


def _refused(actor: Actor, provider: str) -> str:
    """Why this kind cannot be connected now, before anybody tries."""
    try:
        accounts.may_connect(actor, provider)
    except Refusal as refusal:
        return refusal.text
    return ""
