"""Integrations: how the firm's connection stands, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from daybook.calendars.queries import troubled_calendars
from daybook.core.errors import Refusal
from daybook.core.times import say_moment, say_time
from daybook.firms.permissions import may
from daybook.sync import connecting, lawyers, queries
from daybook.sync.models import Connection, Cursor
from daybook.web.signed_in import OfficeRequest, office

#: How each state is colored, as a word with a color.
TONES: dict[str, str] = {
    Connection.State.ACTIVE: "good",
    Connection.State.BROKEN: "bad",
    Connection.State.DISCONNECTED: "plain",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How the reading of contacts goes, in finished sentences. `running` asks for another look soon."""

    running: bool
    headline: str
    note: str = ""
    trouble: str = ""
    share: int | None = None  # of a hundred, where the whole is known
    word: str = ""
    tone: str = "plain"


@require_safe
@office("see_integrations")
def integrations(request: OfficeRequest) -> HttpResponse:
    now, actor = timezone.now(), request.actor
    connection = queries.connection_of(actor.firm.pk)
    connects = may(actor, "connect_firm")
    return render(
        request,
        "firm/integrations.html",
        {
            "provider": Connection.Provider.CLIO.label,
            "connection": connection,
            "tone": TONES[connection.state] if connection else "plain",
            "region": connecting.REGIONS.get(connection.region, connection.region) if connection else "",
            "broken": connection is not None and connection.state == Connection.State.BROKEN,
            "earlier": queries.earlier_connection(actor.firm.pk) if connection is None else None,
            "connects": connects,
            "refused": _refused(request) if connects else "",
            "chooses": may(actor, "choose_calendars", actor.lawyer),
            "matched": lawyers.matched(connection) if connection else [],
            "reading": reading_of(connection, now) if connection else None,
            "troubled": troubled_calendars([lawyer.pk for lawyer in request.desks], now),
        },
    )


def _refused(request: OfficeRequest) -> str:
    """Why Clio cannot be connected now, before anybody tries."""
    try:
        connecting.may_connect(request.actor)
    except Refusal as refusal:
        return refusal.text
    return ""


@require_safe
@office("see_integrations")
def reading(request: OfficeRequest) -> HttpResponse:
    """The parts that change while contacts are being read: how far that is, and who is who in Clio."""
    connection = queries.access_connection(request.actor)
    context = {
        "provider": Connection.Provider.CLIO.label,
        "reading": reading_of(connection, timezone.now()),
        "matched": lawyers.matched(connection),
        "connects": may(request.actor, "connect_firm"),
        "again": True,
    }
    return render(request, "firm/reading_again.html", context)


def reading_of(connection: Connection, now: datetime) -> Reading:
    cursor = queries.contact_import(connection)
    if connection.state != Connection.State.ACTIVE:
        return Reading(
            False,
            "Contacts are not read while the connection is broken.",
            "What has been read is kept, and reading goes on where it stopped.",
            word="Paused",
            tone="warn",
        )
    if cursor is None or cursor.state == Cursor.State.WAITING:
        return Reading(True, "Reading contacts starts in a moment.", word="Waiting", tone="info")
    if cursor.state == Cursor.State.STOPPED:
        return Reading(False, "Reading contacts was stopped.", word="Stopped", tone="warn")
    if cursor.state == Cursor.State.DONE:
        return _finished(cursor, connection)
    return _running(cursor, connection, now)


def _finished(cursor: Cursor, connection: Connection) -> Reading:
    zone = connection.firm.time_zone
    ended = f" ended on {say_moment(cursor.finished_at, zone)}" if cursor.finished_at else ""
    return Reading(
        False,
        "Contacts are up to date.",
        f"The last reading{ended}: {cursor.seen:,} looked at, {cursor.created:,} added, {cursor.changed:,} changed.",
        trouble=cursor.trouble,
        word="Up to date",
        tone="good",
    )


def _running(cursor: Cursor, connection: Connection, now: datetime) -> Reading:
    first = cursor.since is None
    doing = "Reading all contacts for the first time" if first else "Reading contacts that changed"
    pages = "1 page" if cursor.pages == 1 else f"{cursor.pages:,} pages"
    seconds = (now - cursor.started_at).total_seconds() if cursor.started_at else 0
    rate = round(cursor.seen * 60 / seconds) if seconds >= 1 and cursor.seen else 0
    speed = f", about {rate:,} a minute" if rate else ""
    share = min(100, cursor.seen * 100 // cursor.expected) if cursor.expected else None
    trouble = ""
    if cursor.trouble:
        again = f" at {say_time(cursor.next_try_at, connection.firm.time_zone)}" if cursor.next_try_at else ""
        trouble = f"{cursor.trouble} What has been read is kept; Daybook goes on by itself{again}."
    return Reading(
        True,
        f"{doing}: {cursor.seen:,} so far",
        f"{pages}{speed}. You can leave this page; reading goes on.",
        trouble,
        share,
        "Waiting to go on" if trouble else "Reading",
        "warn" if trouble else "info",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@office("connect_firm")
def disconnect(request: OfficeRequest) -> HttpResponse:
    """Asks once, on a page that says what will happen."""
    connection = queries.connection_of(request.actor.firm.pk)
    if connection is None:
        messages.info(request, "Nothing is connected.")
        return redirect("integrations")
    provider = connection.get_provider_display()
    if request.method != "POST":
        return render(request, "firm/disconnect.html", {"connection": connection, "provider": provider})
    connecting.disconnect(actor=request.actor, connection=connection, now=timezone.now())
    messages.success(request, f"Disconnected from {provider}. Records on both sides stay as they are.")
    return redirect("integrations")
