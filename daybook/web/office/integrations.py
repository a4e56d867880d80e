"""Integrations: how the firm's connection stands, and ending it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from daybook.calendars.queries import troubled_calendars
from daybook.core.errors import Refusal
from daybook.firms.permissions import may
from daybook.sync import connecting, lawyers, queries
from daybook.sync.mirror import shown
from daybook.sync.models import Connection
from daybook.web.office.account_cards import cards, who_connects
from daybook.web.office.sync_progress import progress_of
from daybook.web.signed_in import OfficeRequest, office

#: How each state is colored, as a word with a color.
TONES: dict[str, str] = {
    Connection.State.ACTIVE: "good",
    Connection.State.BROKEN: "bad",
    Connection.State.DISCONNECTED: "plain",
}


@require_safe
@office("see_integrations")
def integrations(request: OfficeRequest) -> HttpResponse:
    now, actor = timezone.now(), request.actor
    connection = queries.connection_of(actor.firm.pk)
    connects = may(actor, "connect_firm")
    setting = shown.of_connection(connection) if connection else None
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
            "progress": progress_of(connection, setting, now) if connection else None,
            "before": connection is not None and shown.before_go_ahead(connection),
            "questions": shown.open_questions(actor.firm.pk).count() if connection else 0,
            "chooses_any": may(actor, "choose_calendars"),
            "who_connects": who_connects(actor.lawyer) if actor.lawyer else "",
            "cards": cards(actor, actor.lawyer) if actor.lawyer else [],
            "desk_lawyer": actor.lawyer,
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
        "progress": progress_of(connection, shown.of_connection(connection), timezone.now()),
        "before": shown.before_go_ahead(connection),
        "questions": shown.open_questions(request.actor.firm.pk).count(),
        "matched": lawyers.matched(connection),
        "connects": may(request.actor, "connect_firm"),
        "again": True,
    }
    return render(request, "firm/reading_again.html", context)


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
