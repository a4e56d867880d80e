"""Connect, come back, decline, disconnect, reconnect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction

from daybook.connectors.clio import oauth, users
from daybook.connectors.clio import settings as clio_settings
from daybook.connectors.clio.session import Priority, Session
from daybook.connectors.clio.shapes import WhoAmI
from daybook.connectors.errors import Forbidden, NotAuthorised, RemoteTrouble
from daybook.core.errors import Refusal, SubscriptionEnded
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor, firm_may
from daybook.sync import clio, lawyers, pushes, subscribing
from daybook.sync.mirror import terms
from daybook.sync.models import Connection, ContactSync, Cursor, Push

log = structlog.get_logger()

#: Where a firm's Clio account can live, as Clio names it.
REGIONS: dict[str, str] = {"US": "United States", "CA": "Canada", "EU": "Europe", "AU": "Australia"}


class ConnectionRefused(Refusal):
    """Clio did not let us in; the text says why, in words for an administrator."""

    says = "Clio did not accept the connection. Please try again."


class OtherAccount(Refusal):
    """A firm has one connection; another account needs the first one ended."""

    says = "The firm is already connected to another Clio account. Disconnect that one first."


class NotConfigured(Refusal):
    """The operator has not registered this Daybook with Clio."""

    says = "This Daybook has no Clio application yet. Its operator has to set CLIO_CLIENT_ID and CLIO_CLIENT_SECRET."


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of a visit to Clio."""

    connection: Connection
    reconnected: bool


def may_connect(actor: Actor) -> None:
    """Raises SubscriptionEnded or NotConfigured: reasons to be told before anybody is sent to Clio."""
    if not firm_may(actor.firm, "integrations"):
        raise SubscriptionEnded(
            "Connecting Clio needs an active Daybook subscription. Nothing was connected."
        )
    if not settings.CLIO_CLIENT_ID or not settings.CLIO_CLIENT_SECRET:
        raise NotConfigured


def door(*, actor: Actor, region: str, redirect_uri: str, state: str) -> str:
    """The address of Clio's own login, for somebody who may connect the firm. Raises Refusal."""
    may_connect(actor)
    if region not in REGIONS:
        raise ConnectionRefused("Please choose the region of your Clio account.", field="region")
    return oauth.authorize_url(clio.app(), clio.host(region), redirect_uri, state)


def come_back(*, actor: Actor, region: str, code: str, redirect_uri: str, now: datetime) -> Returned:
    """
    Exchange the code, ask Clio who we are, and store the connection: all of it, or nothing.

    The same account as before is attached again with its links; an unbroken connection to another account is refused.
    Raises Refusal with the reason, after which nothing is half-connected.
    """
    may_connect(actor)
    host = clio.host(region)
    try:
        token = oauth.exchange(clio.app(), host, code, redirect_uri, now=now)
    except NotAuthorised as trouble:
        raise ConnectionRefused(
            "Clio did not accept the sign-in. It may have taken too long, or the account belongs to another region: "
            "please choose the region you sign in to Clio with."
        ) from trouble
    except RemoteTrouble as trouble:
        raise ConnectionRefused(trouble.text) from trouble
    try:
        return _store(actor, region, _who(host, token, now), token, now)
    except Refusal:
        _give_back(host, token.access)
        raise


def _who(host: str, token: oauth.Token, now: datetime) -> WhoAmI:
    session = Session(host, clio.app(), token, lambda _: None, None, lambda: now, priority=Priority.LIVE)
    try:
        return users.who_am_i(session)
    except Forbidden as trouble:
        raise ConnectionRefused(
            "This Clio plan does not include access for other applications. "
            "Ask Clio about a plan with API access, then connect again. Nothing was connected."
        ) from trouble
    except NotAuthorised as trouble:
        raise ConnectionRefused(
            "Clio did not accept the connection. Please choose the region you sign in to Clio with."
        ) from trouble
    except RemoteTrouble as trouble:
        raise ConnectionRefused(trouble.text) from trouble


def _give_back(host: str, access: str) -> None:
    """Leave no token behind that nobody uses. If even that fails, Clio's own list of apps still shows it."""
    try:
        oauth.revoke(host, access)
    except RemoteTrouble as trouble:
        log.warning("clio_revoke_failed", reason=type(trouble).__name__)


def _store(actor: Actor, region: str, me: WhoAmI, token: oauth.Token, now: datetime) -> Returned:
    firm = actor.firm
    with transaction.atomic():
        clio_rows = Connection.objects.select_for_update().filter(
            firm=firm, provider=Connection.Provider.CLIO
        )
        current = clio_rows.exclude(state=Connection.State.DISCONNECTED).first()
        if current is not None and current.account_id != me.account.id:
            raise OtherAccount
        connection = clio_rows.filter(account_id=me.account.id).first()
        known = connection is not None
        if connection is None:
            connection = Connection(firm=firm, provider=Connection.Provider.CLIO, account_id=me.account.id)
        connection.region = region
        connection.account_name = me.account.name[:255]
        connection.user_id = me.user.id
        connection.user_name = me.user.name[:255]
        connection.state = Connection.State.ACTIVE
        connection.trouble = ""
        connection.access_token = token.access
        connection.refresh_token = token.refresh
        connection.token_expires_at = token.expires_at
        connection.connected_by = actor.user
        connection.connected_at = now
        connection.disconnected_at = None
        connection.rate_limit = connection.rate_remaining = connection.rate_resets_at = None
        connection.save()
        terms.begin(connection)
        ContactSync.objects.filter(connection=connection).update(next_cycle_at=now)
        record(
            "clio_connected",
            firm=firm,
            now=now,
            subject=connection.pk,
            actor=actor.user,
            region=region,
            again=known,
        )
    return Returned(connection, reconnected=known)


def decline(*, actor: Actor, now: datetime) -> None:
    """Somebody said no at Clio: nothing is stored but the fact."""
    with transaction.atomic():
        record("clio_declined", firm=actor.firm, now=now, actor=actor.user)


def disconnect(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    End the connection: webhooks removed, tokens revoked and erased, its calendars no longer asked, nothing scheduled
    any more. Records on both sides stay, and so do the links, so that connecting the same account again doubles nothing.

    Clio being out of reach does not keep anybody connected: the tokens are erased here all the same.
    """
    host, access = clio.host(connection.region), connection.access_token
    with transaction.atomic():
        ended = (
            Connection.objects.filter(pk=connection.pk)
            .exclude(state=Connection.State.DISCONNECTED)
            .update(
                state=Connection.State.DISCONNECTED,
                access_token="",
                refresh_token="",
                token_expires_at=None,
                trouble="",
                disconnected_at=now,
            )
        )
        if not ended:
            return
        Cursor.objects.filter(connection=connection).exclude(state=Cursor.State.DONE).update(
            state=Cursor.State.STOPPED, leased_until=None
        )
        hooks = subscribing.end_here(connection, now)
        record("clio_disconnected", firm=actor.firm, now=now, subject=connection.pk, actor=actor.user)
    if hooks and access:
        # With the tokens still in memory, the last thing they are used for; one renewed for it is the one to revoke.
        session = clio.session(connection, Priority.LIVE)
        subscribing.end_there(session, hooks)
        access = session.token.access
    if access:
        _give_back(host, access)


def settle_in(*, connection_id: int, now: datetime) -> None:
    """
    What follows a new connection: billing settings, users matched to lawyers, calendars, and every coming appointment
    queued for Clio. Safe to repeat. Raises RemoteTrouble.
    """
    from daybook.sync import calendars

    connection = Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).first()
    if connection is None:
        return
    session = clio.session(connection)
    with clio.noticing(connection):
        billing = clio_settings.billing(session)
        Connection.objects.filter(pk=connection.pk).update(rounding_minutes=billing.rounding_minutes)
        lawyers.match(connection=connection, now=now)
        calendars.refresh_list(connection=connection, now=now)
    pushes.want_coming(connection=connection, now=now)
    Push.objects.filter(firm=connection.firm_id, state=Push.State.PENDING).update(next_try_at=now)
