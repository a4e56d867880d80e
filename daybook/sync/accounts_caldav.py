"""CalDAV as a lawyer's own account: found from what was typed, opened with a user name and a password."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings

from daybook.connectors.caldav.discovery import discover
from daybook.connectors.caldav.service import CaldavCalendars
from daybook.connectors.caldav.session import BACKGROUND_SECONDS, LIVE_SECONDS
from daybook.connectors.caldav.settings import Account
from daybook.sync.models import Connection
from daybook.sync.providers import Before


def find(address: str, username: str, password: str) -> Account:
    """The account behind what was typed. Raises RemoteTrouble: NotAuthorised for a wrong password."""
    return discover(address, username=username, password=password, private=settings.PRIVATE_NETWORKS)


def calendars(
    account: Account, username: str, password: str, *, live: bool, before: Before
) -> CaldavCalendars:
    return CaldavCalendars(
        account,
        username=username,
        password=password,
        private=settings.PRIVATE_NETWORKS,
        seconds=LIVE_SECONDS if live else BACKGROUND_SECONDS,
        before=before,
    )


def service(connection: Connection, *, live: bool, before: Before) -> CaldavCalendars:
    login = connection.login
    return calendars(account_of(login.found), login.username, login.password, live=live, before=before)


def named(account: Account, username: str) -> tuple[str, str]:
    """What tells this account from others, and what people call its place."""
    return account.principal or account.homes[0], account.name


def written(account: Account) -> dict[str, Any]:
    """An account as it is kept."""
    return asdict(account)


def account_of(found: dict[str, Any]) -> Account:
    """And read again: JSON knows no tuples."""
    return Account(
        name=found["name"],
        principal=found["principal"],
        homes=tuple(found["homes"]),
        addresses=tuple(found["addresses"]),
        origins=tuple(found["origins"]),
    )
