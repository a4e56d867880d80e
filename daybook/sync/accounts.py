"""A lawyer's own calendar accounts: to the provider and back, by password, connected again, disconnected."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any

import structlog
from django.db import transaction
from django.http import Http404

from daybook.calendars import operations as mirror
from daybook.calendars.models import Calendar
from daybook.connectors import exchange
from daybook.connectors.calendars import Listed
from daybook.connectors.errors import NotAuthorised, RemoteTrouble, Unreachable
from daybook.core.errors import Refusal, SubscriptionEnded
from daybook.firms import throttle
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, firm_may, may
from daybook.sync import (
    accounts_caldav,
    accounts_exchange,
    accounts_google,
    accounts_list,
    accounts_microsoft,
    watching,
)
from daybook.sync.models import Connection, Login

log = structlog.get_logger()

_PROVIDER, _STATE = Connection.Provider, Connection.State

#: Providers whose own page people sign in at. Each module has the same functions.
OAUTH: dict[str, ModuleType] = {_PROVIDER.GOOGLE: accounts_google, _PROVIDER.MICROSOFT: accounts_microsoft}
#: And those that are opened by a password typed here; the same again.
BY_PASSWORD: dict[str, ModuleType] = {
    _PROVIDER.CALDAV: accounts_caldav,
    _PROVIDER.EXCHANGE: accounts_exchange,
}
OWN: tuple[str, ...] = (*OAUTH, *BY_PASSWORD)
MOST = 10  # accounts of one lawyer
MOST_TRIES = 20  # passwords of one person in ten minutes: other people's servers are not ours to try them at


class AccountRefused(Refusal):
    """The provider did not let us in, or there is nothing to be let into; the text says why."""

    says = "This account cannot be connected. Please try again."


class NotRegistered(Refusal):
    """The operator has not registered this Daybook with the provider."""

    says = "This Daybook is not registered with that provider yet. Its operator has to do that first."


class OtherAccount(Refusal):
    """Somebody meant to renew one account, and signed in to another."""

    says = "You signed in to another account than the one to be renewed."


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to a provider that is about to begin. `state` and `verifier` stay here until it ends."""

    address: str
    state: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of it. `main_blocks` is the calendar that takes time from now on, where nobody had chosen before."""

    connection: Connection
    reconnected: bool


def may_connect(actor: Actor, provider: str) -> None:
    """Raises SubscriptionEnded, NotRegistered: reasons to be told before anybody is sent anywhere."""
    if not firm_may(actor.firm, "integrations"):
        raise SubscriptionEnded(
            "Connecting a calendar needs an active Daybook subscription. Nothing was connected."
        )
    if provider == _PROVIDER.EXCHANGE and not exchange.installed():
        raise NotRegistered(exchange.NOT_INSTALLED)
    if provider in OAUTH and not OAUTH[provider].registered():
        name = Connection.Provider(provider).label
        raise NotRegistered(
            f"This Daybook is not registered for {name} yet. Its operator has to do that first."
        )


def begin_oauth(
    *, actor: Actor, provider: str, redirect_uri: str, expected: Connection | None = None
) -> Visit:
    """Where to send the browser. `expected` is the account to be renewed, if it is one. Raises Refusal."""
    may_connect(actor, provider)
    state, verifier = secrets.token_urlsafe(32), OAUTH[provider].new_verifier()
    hint = expected.account_name if expected is not None else ""
    return Visit(OAUTH[provider].door(redirect_uri, state, verifier, hint), state, verifier)


def come_back(
    *,
    actor: Actor,
    lawyer: Lawyer,
    provider: str,
    code: str,
    verifier: str,
    redirect_uri: str,
    now: datetime,
    expected: str = "",
) -> Returned:
    """
    Exchange the code, ask whose account it is and which calendars it has, and store all of it, or nothing.

    The same account as before is attached again: same calendars, chosen as they were. `expected` is the id of the
    account to be renewed; another one is refused. Raises Refusal with the reason.
    """
    may_connect(actor, provider)
    door = OAUTH[provider]
    try:
        token = door.exchange(code, redirect_uri, verifier, now)
        who, service = door.whose(token)
        listed = service.calendars()
    except RemoteTrouble as trouble:
        raise AccountRefused(trouble.text) from trouble
    found = _Found(provider, who.id, who.email or who.id, user_name=getattr(who, "name", ""))
    try:
        if expected and expected != who.id:
            raise OtherAccount(
                f"You signed in as {found.account_name}. Please sign in to the account to be renewed."
            )
        return _store(actor, lawyer, found, listed, now, token=token)
    except Refusal:
        _revoke(provider, who.id, token, None)
        raise


def decline(*, actor: Actor, lawyer: Lawyer, provider: str, now: datetime) -> None:
    """Somebody said no over there: nothing is stored but the fact."""
    with transaction.atomic():
        _record("calendar_account_declined", lawyer, actor, now, provider=provider)


def connect_by_password(
    *,
    actor: Actor,
    lawyer: Lawyer,
    provider: str,
    address: str,
    username: str,
    password: str,
    now: datetime,
) -> Returned:
    """
    Find the account behind an address, a user name and a password, list its calendars, and keep it.

    Raises Refusal beside the field that is wrong: AccountRefused, SubscriptionEnded.
    """
    may_connect(actor, provider)
    door = BY_PASSWORD[provider]
    if not throttle.attempt("account_password", str(actor.user.pk), limit=MOST_TRIES, now=now):
        raise AccountRefused("That was tried too often. Please wait ten minutes.", field="password")
    try:
        account = door.find(address, username, password)
        listed = door.calendars(account, username, password, live=True, before=None).calendars()
    except NotAuthorised as trouble:
        raise AccountRefused(trouble.text, field="password") from trouble
    except Unreachable as trouble:
        raise AccountRefused(f"{trouble.text} Nothing was connected.", field="address") from trouble
    except RemoteTrouble as trouble:
        raise AccountRefused(trouble.text, field="address") from trouble
    if not listed:
        raise AccountRefused("There is no calendar in this account. Nothing was connected.", field="address")
    name, place = door.named(account, username)
    account_id = name if len(name) <= 255 else hashlib.sha256(name.encode()).hexdigest()
    found = _Found(provider, account_id, username, user_name=place)
    login = Login(
        address=address[:500],
        username=username[:300],
        password=password,
        found=door.written(account),
    )
    return _store(actor, lawyer, found, listed, now, login=login)


@dataclass(frozen=True, slots=True)
class _Found:
    provider: str
    account_id: str
    account_name: str
    user_name: str


def _store(
    actor: Actor,
    lawyer: Lawyer,
    found: _Found,
    listed: Sequence[Listed],
    now: datetime,
    *,
    token: Any = None,
    login: Login | None = None,
) -> Returned:
    with transaction.atomic():
        lawyer = Lawyer.objects.select_for_update(no_key=True).get(pk=lawyer.pk)
        own = Connection.objects.select_for_update().filter(lawyer=lawyer)
        connection = own.filter(provider=found.provider, account_id=found.account_id).first()
        known = connection is not None
        if connection is None:
            if own.filter(provider__in=OWN).exclude(state=_STATE.DISCONNECTED).count() >= MOST:
                raise AccountRefused(f"More than {MOST} accounts are too many. Disconnect one first.")
            connection = Connection(
                firm_id=lawyer.firm_id, lawyer=lawyer, provider=found.provider, account_id=found.account_id
            )
        connection.account_name = found.account_name[:255]
        connection.user_id = found.account_id
        connection.user_name = found.user_name[:255]
        connection.state, connection.trouble = _STATE.ACTIVE, ""
        connection.access_token = token.access if token else ""
        connection.refresh_token = token.refresh if token else ""
        connection.token_expires_at = token.expires_at if token else None
        connection.connected_by, connection.connected_at = actor.user, now
        connection.disconnected_at = None
        connection.save()
        if login is not None:
            Login.objects.filter(connection=connection).delete()
            login.connection = connection
            login.save()
        accounts_list.take_over(connection, listed, now)
        accounts_list.begin_with_main(connection, lawyer)
        _record(
            "calendar_account_connected",
            lawyer,
            actor,
            now,
            connection=connection.pk,
            provider=found.provider,
            again=known,
        )
    return Returned(connection, reconnected=known)


def disconnect(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    End an account: what opens it is erased and, where there is such a thing, revoked; nothing tells of changes any more,
    and its mirror is empty. Appointments written there stay. Which calendars were used how is kept for the day the same
    account is connected again.

    The provider being out of reach keeps nobody connected.
    """
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if row.state == _STATE.DISCONNECTED:
            return
        opened = OAUTH[row.provider].token_of(row) if row.provider in OAUTH else None
        watches = watching.end_here(row)
        Connection.objects.filter(pk=row.pk).update(
            state=_STATE.DISCONNECTED,
            access_token="",
            refresh_token="",
            token_expires_at=None,
            trouble="",
            disconnected_at=now,
        )
        Login.objects.filter(connection=row).delete()
        for calendar in Calendar.objects.filter(connection=row):
            mirror.empty(calendar_id=calendar.pk)
        lawyer = Lawyer.objects.get(pk=row.lawyer_id)
        _record("calendar_account_removed", lawyer, actor, now, connection=row.pk, provider=row.provider)
    if opened is not None:
        watching.end_there(row, watches)
        _revoke(row.provider, row.account_id, opened, row)


def _revoke(provider: str, account_id: str, token: Any, ended: Connection | None) -> None:
    """
    Leave no token behind that nobody uses. Revoking ends the whole permission of that account (Google's guide, read
    2026-11), so it is left alone while somebody else has the same account connected.
    """
    used = Connection.objects.filter(provider=provider, account_id=account_id).exclude(
        state=_STATE.DISCONNECTED
    )
    if used.exclude(pk=ended.pk if ended else None).exists():
        return
    try:
        OAUTH[provider].revoke(token)
    except RemoteTrouble as trouble:
        log.warning("account_revoke_failed", provider=provider, reason=type(trouble).__name__)


def _record(event: str, lawyer: Lawyer, actor: Actor, now: datetime, **details: Any) -> None:
    own = actor.own is not None and actor.own.pk == lawyer.pk
    record(
        event,
        firm=lawyer.firm_id,
        now=now,
        subject=lawyer.pk,
        actor=actor.user,
        behalf_of=None if own else lawyer,
        **details,
    )


# --- reads ------------------------------------------------------------------------------------------------------------


def of_lawyer(lawyer: Lawyer) -> list[Connection]:
    """The lawyer's accounts that are connected or need to be renewed, oldest first."""
    own = Connection.objects.filter(lawyer=lawyer, provider__in=OWN).exclude(state=_STATE.DISCONNECTED)
    return list(own.select_related("lawyer", "connected_by").order_by("connected_at", "pk"))


def is_broken(connection_id: int) -> bool:
    """Whether a lawyer's own account has to be connected again."""
    return Connection.objects.filter(pk=connection_id, provider__in=OWN, state=_STATE.BROKEN).exists()


def access_account(actor: Actor, connection_id: int) -> Connection:
    """Raises Http404 for another firm's, and for a lawyer whose calendars this person may not choose."""
    found = (
        Connection.objects.filter(pk=connection_id, firm=actor.firm, provider__in=OWN)
        .exclude(state=_STATE.DISCONNECTED)
        .select_related("lawyer")
        .first()
    )
    if found is None or found.lawyer is None or not may(actor, "choose_calendars", found.lawyer):
        raise Http404
    return found
