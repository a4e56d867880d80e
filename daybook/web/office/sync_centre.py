"""The Sync centre: how contacts stand, what was done, what waits, who is not synced, and the rules."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daybook.contacts import queries as contacts
from daybook.core.errors import Refusal
from daybook.core.reconcile import DEFAULT_POLICY, GROUPS
from daybook.firms.permissions import may
from daybook.sync import asked, hooks
from daybook.sync.mirror import answers, shown, terms
from daybook.sync.models import Apart, Connection, ContactSync, Owed, Question
from daybook.web.office.desks import named_id
from daybook.web.office.sync_first import filters_of
from daybook.web.office.sync_progress import WORDS, progress_of
from daybook.web.office.sync_words import (
    APART_WORDS,
    RULES,
    choices,
    did,
    lines,
    moment,
    name_of,
    round_row,
)
from daybook.web.signed_in import OfficeRequest, office

A_PAGE = 20

#: The button that undoes each way of not being synced: its value and words.
UNDO: dict[str, tuple[str, str]] = {
    Apart.Why.UNLINKED: ("relink", "Link again"),
    Apart.Why.GONE: ("add", "Add to Clio again"),
    Apart.Why.REMOVED: ("bring", "Bring back"),
}


def frame(request: OfficeRequest, setting: ContactSync, tab: str) -> dict[str, Any]:
    """What every page of the Sync centre shows."""
    return {
        "setting": setting,
        "connection": setting.connection,
        "tab": tab,
        "summary": shown.summary(setting),
        "acts": may(request.actor, "connect_firm"),
        "zone": request.actor.firm.time_zone,
        "live": setting.phase == ContactSync.Phase.LIVE,
        "stopped": setting.phase == ContactSync.Phase.STOPPED,
    }


def paged(request: HttpRequest, rows: QuerySet[Any]) -> Page[Any]:
    return Paginator(rows, A_PAGE).get_page(request.GET.get("page"))


@require_safe
@office("see_integrations")
def overview(request: OfficeRequest) -> HttpResponse:
    """How it stands, and the latest rounds."""
    setting, now = shown.access(request.actor), timezone.now()
    connection, zone = setting.connection, request.actor.firm.time_zone
    last, page = shown.last_round(setting), paged(request, shown.rounds(setting))
    phase = ContactSync.Phase
    context = frame(request, setting, "overview") | {
        "progress": progress_of(connection, setting, now),
        "word": WORDS[setting.phase],
        "broken": connection.state == Connection.State.BROKEN,
        "hooks": hooks.state_of(connection, now),
        "last": (moment(last.finished_at, zone), did(last)) if last else None,
        "next": _next(setting, now),
        "first": setting.phase in (phase.READING, phase.REVIEW, phase.TAKING_IN),
        "alarm": shown.open_questions(connection.firm_id).filter(kind=Question.Kind.ALARM).exists(),
        "page": page,
        "rounds": [round_row(cycle, zone) for cycle in page],
    }
    return render(request, "firm/sync_centre.html", context)


def _next(setting: ContactSync, now: Any) -> str:
    if setting.phase != ContactSync.Phase.LIVE or setting.connection.state != Connection.State.ACTIVE:
        return ""
    at = setting.next_cycle_at
    return moment(at, setting.connection.firm.time_zone) if at and at > now else "in a moment"


@require_POST
@office("connect_firm")
def sync_now(request: OfficeRequest) -> HttpResponse:
    try:
        asked.sync_now(actor=request.actor, setting=shown.access(request.actor), now=timezone.now())
    except Refusal as refusal:
        messages.info(request, refusal.text)
    else:
        messages.success(request, "Syncing begins. It appears below within a moment.")
    return redirect("sync_centre")


# --- what waits -------------------------------------------------------------------------------------------------------


@require_safe
@office("see_integrations")
def waiting(request: OfficeRequest) -> HttpResponse:
    """Everything of which Clio has not heard yet, with the reason, the next try, and what differs."""
    setting, now, zone = shown.access(request.actor), timezone.now(), request.actor.firm.time_zone
    page = paged(request, shown.owed_rows(setting))
    rows = [
        {
            "owed": one.owed,
            "contact": one.contact,
            "name": name_of(one.contact),
            "stuck": one.owed.state == Owed.State.TROUBLE,
            "reason": one.owed.trouble or _why(one),
            "since": moment(one.owed.since, zone),
            "next": _next_try(setting, one.owed, now),
            "lines": lines(one.differences, request.actor.firm.country),
        }
        for one in shown.waiting(setting, list(page))
    ]
    return render(
        request, "firm/sync_waiting.html", frame(request, setting, "waiting") | {"page": page, "rows": rows}
    )


def _why(one: shown.Waiting) -> str:
    return (
        "Changed in Daybook; Clio hears of it next."
        if one.in_clio
        else "Clio does not have this contact yet."
    )


def _next_try(setting: ContactSync, row: Owed, now: Any) -> str:
    if row.state == Owed.State.TROUBLE:
        return "when you press Try again"
    if setting.phase != ContactSync.Phase.LIVE:
        return "when sync goes on"
    if setting.connection.state != Connection.State.ACTIVE:
        return "when Clio is connected again"
    at = row.next_try_at
    return moment(at, setting.connection.firm.time_zone) if at and at > now else "in a moment"


@require_POST
@office("connect_firm")
def try_again(request: OfficeRequest) -> HttpResponse:
    """One contact, or all."""
    setting = shown.access(request.actor)
    named = request.POST.get("contact", "")
    contact_id = contacts.access_contact(request.actor, named_id(named) or 0).pk if named else None
    asked.try_again(actor=request.actor, setting=setting, contact_id=contact_id, now=timezone.now())
    messages.success(request, "It is being tried again.")
    return redirect("sync_waiting")


# --- who is not synced ------------------------------------------------------------------------------------------------


@require_safe
@office("see_integrations")
def unlinked(request: OfficeRequest) -> HttpResponse:
    """Contacts that are not synced any more, why, since when, and how to undo it."""
    setting, zone = shown.access(request.actor), request.actor.firm.time_zone
    page = paged(request, shown.unlinked(setting))
    rows = [
        {
            "apart": one.apart,
            "contact": one.contact or one.into,
            "name": name_of(one.contact or one.into, one.apart.name),
            "why": "Its twin in Clio: the two were merged in Daybook, and Clio still has both."
            if one.into
            else APART_WORDS[one.apart.why],
            "at": moment(one.apart.at, zone),
            "undo": _undo(one),
        }
        for one in shown.who_is_unlinked(setting, list(page))
    ]
    return render(
        request, "firm/sync_unlinked.html", frame(request, setting, "unlinked") | {"page": page, "rows": rows}
    )


def _undo(one: shown.Unlinked) -> tuple[str, str] | None:
    if one.apart.why == Apart.Why.REMOVED:  # a merge is undone on the contact's page
        return None if one.into or not one.apart.theirs else UNDO[Apart.Why.REMOVED]
    return UNDO[one.apart.why] if one.contact else None


@require_POST
@office("connect_firm")
def undo(request: OfficeRequest, apart_id: int) -> HttpResponse:
    """Sync a contact again."""
    actor, now = request.actor, timezone.now()
    setting = shown.access(actor)
    apart = shown.access_apart(setting, apart_id)
    try:
        if apart.why == Apart.Why.REMOVED:
            asked.bring_back(actor=actor, setting=setting, apart=apart, now=now)
            said = (
                "It is read from Clio again, and is in Daybook in a moment, unless your filters leave it out."
            )
        elif apart.why == Apart.Why.UNLINKED:
            answers.relink(actor=actor, setting=setting, apart=apart, now=now)
            said = "Linked again. Both sides are compared in a moment."
        else:
            contact = contacts.access_contact(actor, apart.ours or 0)
            answers.add_again(actor=actor, setting=setting, contact=contact, now=now)
            said = "It is being added to Clio again."
    except Refusal as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, said)
    return redirect("sync_unlinked")


# --- the rules --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def rules(request: OfficeRequest) -> HttpResponse:
    """Whose value holds where both sides changed the same thing, and which contacts are synced at all."""
    if request.method == "POST":
        return _save_rules(request)
    setting = shown.access(request.actor)
    context = frame(request, setting, "rules") | {
        "choices": choices(terms.rules(setting)),
        "filters": filters_of(setting),
        "words": RULES,
    }
    return render(request, "firm/sync_rules.html", context)


@office("connect_firm")
def _save_rules(request: OfficeRequest) -> HttpResponse:
    setting = shown.access(request.actor)
    chosen = {group: request.POST.get(group, DEFAULT_POLICY[group]) for group in GROUPS}
    if any(rule not in RULES for rule in chosen.values()):
        messages.error(request, "There is no such rule. Nothing was saved.")
        return redirect("sync_rules")
    terms.choose(
        actor=request.actor,
        terms=setting,
        clients_only=request.POST.get("clients_only") == "on",
        people_only=request.POST.get("people_only") == "on",
        rules={group: rule for group, rule in chosen.items() if rule != DEFAULT_POLICY[group]},
        now=timezone.now(),
    )
    messages.success(request, "Saved. The rules hold from the next change on.")
    return redirect("sync_rules")
