"""Exchange Server as a lawyer's own account: found from what was typed, opened with a user name and a password."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from daybook.connectors import exchange
from daybook.connectors.calendars import Service
from daybook.connectors.exchange.settings import BACKGROUND_SECONDS, LIVE_SECONDS, Account
from daybook.sync.models import Connection
from daybook.sync.providers import Before


def find(address: str, username: str, password: str) -> Account:
    """The account behind what was typed. Raises RemoteTrouble: NotAuthorised for a wrong password."""
    return exchange.discover(address, username=username, password=password, private=settings.PRIVATE_NETWORKS)


def calendars(account: Account, username: str, password: str, *, live: bool, before: Before) -> Service:
    return exchange.exchange_calendars(
        account,
        username=username,
        password=password,
        private=settings.PRIVATE_NETWORKS,
        seconds=LIVE_SECONDS if live else BACKGROUND_SECONDS,
        before=before,
    )


def service(connection: Connection, *, live: bool, before: Before) -> Service:
    login = connection.login
    account = account_of(login.found)
    return calendars(account, login.username, login.password, live=live, before=before)


def named(account: Account, username: str) -> tuple[str, str]:
    """What tells this account from others: a server has one address for everybody. And what people call its place."""
    return f"{username.casefold()} {account.url}", urlsplit(account.url).hostname or ""


def written(account: Account) -> dict[str, Any]:
    """An account as it is kept."""
    return asdict(account)


def account_of(found: dict[str, Any]) -> Account:
    """And read again."""
    return Account(url=found["url"], auth=found["auth"])
