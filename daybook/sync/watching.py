"""Calendars of which their provider tells us: watches made, renewed before their end, ended; and what arrives."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from daybook.appointments.models import AppointmentType
from daybook.calendars.models import Calendar, CalendarUse
from daybook.connectors.calendars import Watch, Watching
from daybook.connectors.errors import NotAuthorised, RemoteTrouble
from daybook.firms import throttle
from daybook.sync.models import Connection, Told
from daybook.sync.providers import WATCHED, noticing, watching_of
from daybook.sync.trouble import worth_repeating

log = structlog.get_logger()

_PROVIDER = Connection.Provider

PATHS: dict[str, str] = {_PROVIDER.GOOGLE: "/hooks/google/", _PROVIDER.MICROSOFT: "/hooks/microsoft/"}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: As long as any provider may agree to; each gives what it gives, Microsoft under seven days.
LIFE = timedelta(days=28)
#: The hourly look may fail for a day and a half before anything ends.
RENEW_BEFORE = timedelta(hours=36)
#: A calendar that cannot be watched (Google's holidays, somebody else's) is asked about again after this.
REFUSED = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)
#: Tellings at one address in ten minutes; whatever is beyond is found by the next round of asking.
MOST = 600


# --- where, and whether -----------------------------------------------------------------------------------------------


def reachable(connection: Connection) -> bool:
    """Whether the provider can post to this Daybook: by https, or both on one machine, as in the demo."""
    if connection.provider not in WATCHED or not settings.PUBLIC_URL:
        return False
    if settings.PUBLIC_URL.startswith("https://"):
        return True
    return urlsplit(_replaced(connection.provider)).hostname in LOOPBACK


def _replaced(provider: str) -> str:
    bases: dict[str, str] = {
        _PROVIDER.GOOGLE: settings.GOOGLE_BASE_URL,
        _PROVIDER.MICROSOFT: settings.MICROSOFT_BASE_URL,
    }
    return bases[provider]


def address_of(row: Told) -> str:
    return f"{settings.PUBLIC_URL}{PATHS[row.connection.provider]}{row.token}"


# --- keeping them alive -----------------------------------------------------------------------------------------------


def look_after(*, connection_id: int, now: datetime) -> datetime | None:
    """
    Have every calendar of an account that takes time or receives appointments watched, and no other. Returns when to
    come back, where a provider asked to wait or could not be reached.

    Safe to repeat and to interrupt: a row is there before the provider is asked, since it may post before it answers.
    One whose answer was lost ends by itself, and until then tells twice. Not inside a transaction.
    """
    connection = (
        Connection.objects.select_related("lawyer")
        .filter(pk=connection_id, state=Connection.State.ACTIVE, provider__in=WATCHED)
        .first()
    )
    if connection is None:
        return None
    service = watching_of(connection)
    if service is None:
        return None
    wanted = _wanted(connection) if reachable(connection) else {}
    try:
        with noticing(connection):
            _end_unwanted(connection, service, wanted)
            waits = [_keep(connection, service, calendar, now) for calendar in wanted.values()]
    except NotAuthorised:
        return None  # whoever renews the account starts this again
    return min((at for at in waits if at is not None), default=None)


def _wanted(connection: Connection) -> dict[int, Calendar]:
    used = CalendarUse.objects.filter(firm=connection.firm_id).filter(Q(blocks=True) | Q(is_primary=True))
    linked = AppointmentType.objects.filter(firm=connection.firm_id, linked_calendar__isnull=False)
    rows = Calendar.objects.filter(connection=connection, present=True).filter(
        Q(pk__in=used.values("calendar")) | Q(pk__in=linked.values("linked_calendar"))
    )
    return {row.pk: row for row in rows}


def _end_unwanted(connection: Connection, service: Watching, wanted: Iterable[int]) -> None:
    for row in Told.objects.filter(connection=connection).exclude(calendar__in=list(wanted)):
        if row.theirs:
            service.unwatch(_watch(row))
        row.delete()


def _keep(connection: Connection, service: Watching, calendar: Calendar, now: datetime) -> datetime | None:
    """Returns when to try again, if that is sooner than the next round. Raises NotAuthorised."""
    row, _ = Told.objects.get_or_create(
        calendar=calendar,
        defaults={
            "connection": connection,
            "token": secrets.token_urlsafe(32),
            "secret": secrets.token_urlsafe(32),
        },
    )
    lasts = row.expires_at is not None and row.expires_at - now > RENEW_BEFORE
    if lasts or (row.next_try_at is not None and row.next_try_at > now):
        return None
    row.connection = connection
    asked = {"address": address_of(row), "secret": row.secret, "until": now + LIFE}
    try:
        if row.expires_at is not None and row.theirs:
            made = service.rewatch(calendar.external_id, _watch(row), **asked)
        else:
            made = service.watch(calendar.external_id, **asked)
    except NotAuthorised:
        raise
    except RemoteTrouble as trouble:
        pause = timedelta(seconds=trouble.after or 300) if worth_repeating(trouble) else REFUSED
        Told.objects.filter(pk=row.pk).update(trouble=trouble.text[:300], next_try_at=now + pause)
        return now + pause if worth_repeating(trouble) else None
    Told.objects.filter(pk=row.pk).update(
        theirs=made.id[:300],
        resource=made.resource[:1000],
        expires_at=made.expires_at,
        trouble="",
        next_try_at=None,
    )
    return None


def _watch(row: Told) -> Watch:
    return Watch(row.theirs, row.resource, row.expires_at or NEVER)


def end_here(connection: Connection) -> list[Watch]:
    """Nobody can post to this account's addresses any more. Returns what is to be ended over there."""
    rows = Told.objects.filter(connection=connection)
    ended = [_watch(row) for row in rows if row.theirs]
    rows.delete()
    return ended


def end_there(connection: Connection, watches: Iterable[Watch]) -> None:
    """`connection` still in memory as it was. What cannot be ended ends by itself, within days."""
    service = watching_of(connection)
    if service is None:
        return
    try:
        for watch in watches:
            service.unwatch(watch)
    except RemoteTrouble as trouble:
        log.warning("watch_not_ended", provider=connection.provider, reason=type(trouble).__name__)


def due(now: datetime) -> list[int]:
    """Accounts to look after: every working one that can be watched at all."""
    rows = Connection.objects.filter(state=Connection.State.ACTIVE, provider__in=WATCHED)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def accounts_of(lawyer_id: int) -> list[int]:
    """The same of one lawyer."""
    rows = Connection.objects.filter(lawyer=lawyer_id, state=Connection.State.ACTIVE, provider__in=WATCHED)
    return list(rows.order_by("pk").values_list("pk", flat=True))


# --- what arrives -----------------------------------------------------------------------------------------------------

#: Called inside a transaction: with the calendar to be read, or with the account whose watches are to be looked after.
OnChange = Callable[[int], None]
_on_change: list[OnChange] = []
_on_end: list[OnChange] = []


def listen(on_change: OnChange, on_end: OnChange) -> None:
    """Name who reads a calendar, and who looks after an account's watches. Called once, at start."""
    _on_change[:], _on_end[:] = [on_change], [on_end]


def told_at(provider: str, token: str, now: datetime) -> Told | int:
    """
    The row of an address that was posted to; or what to answer instead: 404 for nobody's, 429 for too much at once.
    """
    row = Told.objects.select_related("connection").filter(token=token, connection__provider=provider).first()
    if row is None or row.connection.state != Connection.State.ACTIVE:
        return 404
    if not throttle.attempt("calendar_hook", str(row.pk), limit=MOST, now=now):
        return 429
    return row


def believed(row: Told, secret: str) -> bool:
    """Whether a telling comes with the secret that was given to the provider."""
    return bool(secret) and constant_time_compare(row.secret, secret)


def changed(row: Told, now: datetime) -> None:
    """Something happened in that calendar: have it read. What, is not believed."""
    with transaction.atomic():
        Told.objects.filter(pk=row.pk).update(heard_at=now)
        for listener in _on_change:
            listener(row.calendar_id)


def ended(row: Told, now: datetime, *, lost: bool) -> None:
    """The provider says that a watch is over, or about to be: have it renewed, and where it is lost, made anew."""
    with transaction.atomic():
        Told.objects.filter(pk=row.pk).update(
            expires_at=None if lost else now,
            theirs="" if lost else row.theirs,
            next_try_at=None,
            heard_at=now,
        )
        for listener in _on_end:
            listener(row.connection_id)
