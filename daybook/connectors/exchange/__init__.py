"""
Calendars of an Exchange Server in somebody's own house, by Exchange Web Services (EWS), spoken through exchangelib.

exchangelib is an extra (`pip install daybook[exchange]`) and is only imported by `exchange_calendars` and `discover`.
It does the signing in (Basic, NTLM), the envelopes, the agreement on a version and the reading of faults; connections
are ours (`transport`), since the address is typed by people, and so is the reading of entries (`items`): exchangelib
mends broken XML and passes over values it cannot read, and what is passed over would look free.
"""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from daybook.connectors.exchange.settings import BACKGROUND_SECONDS, NAME, NOT_INSTALLED, Account
from daybook.connectors.guard import Refused, Resolver

if TYPE_CHECKING:
    from daybook.connectors.exchange.service import ExchangeCalendars

__all__ = ["NOT_INSTALLED", "Account", "discover", "exchange_calendars", "installed"]


def installed() -> bool:
    """Whether this Daybook can speak to an Exchange Server."""
    return importlib.util.find_spec("exchangelib") is not None


def exchange_calendars(
    account: Account,
    *,
    username: str,
    password: str,
    private: bool = False,
    seconds: float = BACKGROUND_SECONDS,
    before: Callable[[], None] | None = None,
    resolve: Resolver | None = None,
    certificates: ssl.SSLContext | None = None,
) -> ExchangeCalendars:
    """
    The calendars of an account that `discover` found. `private` allows private networks, and http; `seconds` end each
    request; `before` is called ahead of each. Nothing is sent yet. Raises Refused where exchangelib is not installed.
    """
    _need()
    from daybook.connectors.exchange.service import ExchangeCalendars  # the library takes a second to import
    from daybook.connectors.exchange.session import Session

    session = Session(
        account,
        username=username,
        password=password,
        private=private,
        seconds=seconds,
        before=before,
        resolve=resolve,
        certificates=certificates,
    )
    return ExchangeCalendars(session)


def discover(
    typed: str,
    *,
    username: str,
    password: str,
    private: bool = False,
    before: Callable[[], None] | None = None,
    resolve: Resolver | None = None,
    certificates: ssl.SSLContext | None = None,
) -> Account:
    """
    Find the account that `username` and `password` open at what was typed: a server's address or name, or a mail
    address. Raises RemoteTrouble with a text for whoever typed, Refused where exchangelib is not installed.
    """
    _need()
    from daybook.connectors.exchange import discovery

    return discovery.discover(
        typed,
        username=username,
        password=password,
        private=private,
        before=before,
        resolve=resolve,
        certificates=certificates,
    )


def _need() -> None:
    if not installed():
        raise Refused(NAME, text=NOT_INSTALLED)
