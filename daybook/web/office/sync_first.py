"""Integrations > Contacts, the first import: what was read, what will be done with it, and the go-ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from daybook.core.cards import from_json
from daybook.firms.permissions import may
from daybook.sync.mirror import first, shown, terms
from daybook.sync.models import ContactSync, Staged
from daybook.web.office.sync_progress import progress_of
from daybook.web.office.sync_words import first_reach, name_of
from daybook.web.signed_in import OfficeRequest, office

#: How many of each kind are shown before somebody says go.
EXAMPLES = 6

#: The filters: name of the column, words, and what each does.
FILTERS: tuple[tuple[str, str, str], ...] = (
    (
        "clients_only",
        "Clients only",
        "Only contacts that are the client of a matter in Clio come in. Those of Daybook go to Clio with a booking.",
    ),
    ("people_only", "People only", "Companies stay where they are; people keep their company's name."),
)


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    words: str
    help: str
    on: bool


def filters_of(setting: ContactSync) -> list[Filter]:
    return [Filter(name, words, text, getattr(setting, name)) for name, words, text in FILTERS]


@dataclass(frozen=True, slots=True)
class Example:
    """One contact of a plan: who it is in Clio, by what to tell them, who they are here, and why."""

    name: str
    reach: str = ""
    ours: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing the first import will do, in numbers and first examples."""

    title: str
    text: str
    number: str
    examples: list[Example]
    more: int


@require_safe
@office("see_integrations")
def page(request: OfficeRequest) -> HttpResponse:
    """The first import, as far as it has come."""
    setting = shown.access(request.actor)
    phase = _phase(setting)
    context = _context(request, setting) | {
        "filters": filters_of(setting) if phase in (_PHASE.READING, _PHASE.REVIEW) else [],
        "parts": plan(setting) if phase == _PHASE.REVIEW else [],
    }
    return render(request, "firm/sync_first.html", context)


_PHASE = ContactSync.Phase


def _phase(setting: ContactSync) -> str:
    """How far it has come, also while it is stopped."""
    return setting.stopped_from if setting.phase == _PHASE.STOPPED else setting.phase


@require_safe
@office("see_integrations")
def progress(request: OfficeRequest) -> HttpResponse:
    """The part that changes by itself. Once it has come further the page is loaded anew."""
    setting = shown.access(request.actor)
    context = _context(request, setting)
    response = render(request, "firm/sync_progress.html", context)
    if request.GET.get("was", setting.phase) != setting.phase or not context["progress"].running:
        response["HX-Refresh"] = "true"
    return response


def _context(request: OfficeRequest, setting: ContactSync) -> dict[str, Any]:
    phase = setting.phase
    return {
        "setting": setting,
        "phase": _phase(setting),
        "stopped": phase == _PHASE.STOPPED,
        "stoppable": phase in (_PHASE.READING, _PHASE.TAKING_IN, _PHASE.LIVE),
        "progress": progress_of(setting.connection, setting, timezone.now()),
        "acts": may(request.actor, "connect_firm"),
    }


def plan(setting: ContactSync) -> list[Part]:
    """What saying go would do."""
    found = first.preview(setting, EXAMPLES)
    out = shown.left_out(setting, EXAMPLES)
    by = found.examples
    verdict = Staged.Verdict
    ours = shown.contacts_of(
        setting.connection.firm_id, [row.ours for rows in by.values() for row in rows if row.ours]
    )

    def examples(rows: list[Staged]) -> list[Example]:
        return [
            Example(
                from_json(row.card).name or "No name",
                first_reach(from_json(row.card)),
                name_of(ours.get(row.ours)) if row.ours else "",
                row.because,
            )
            for row in rows
        ]

    def part(title: str, text: str, number: int, some: list[Example]) -> Part:
        return Part(title, text, f"{number:,}", some, number - len(some))

    parts = [
        part(
            "Link",
            "Found on both sides. They become one, and each side gets what it lacks.",
            found.link,
            examples(by[verdict.LINK]),
        ),
        part("Add to Daybook", "Only in Clio so far.", found.pull, examples(by[verdict.NEW])),
        part(
            "Add to Clio",
            "Only in Daybook so far. Each is looked for in Clio once more before it is added.",
            found.create,
            [Example(name or "No name") for name in found.examples_create],
        ),
        part(
            "Ask you",
            "Perhaps the same person. Nothing happens to them before you have said so.",
            found.ask,
            examples(by[verdict.ASK]),
        ),
    ]
    if found.known:
        parts.append(part("Linked already", "From an earlier connection, or a booking.", found.known, []))
    if found.left_out:
        text = "They stay in Clio alone."
        parts.append(part("Left out by your filters", text, found.left_out, examples(out)))
    return parts


def _ticked(request: HttpRequest, name: str) -> bool:
    return request.POST.get(name) == "on"


@require_POST
@office("connect_firm")
def save_filters(request: OfficeRequest) -> HttpResponse:
    setting = shown.access(request.actor)
    terms.choose(
        actor=request.actor,
        terms=setting,
        clients_only=_ticked(request, "clients_only"),
        people_only=_ticked(request, "people_only"),
        rules=setting.policy,
        now=timezone.now(),
    )
    messages.success(request, "Filters saved. What follows from them is shown below.")
    return redirect("sync_first")


@require_POST
@office("connect_firm")
def start(request: OfficeRequest) -> HttpResponse:
    """The go-ahead."""
    setting = shown.access(request.actor)
    if first.approve(actor=request.actor, setting=setting, now=timezone.now()):
        messages.success(request, "Syncing has started.")
    else:
        messages.info(
            request, "There was nothing to start: somebody has done it already, or sync is stopped."
        )
    return redirect("sync_first")


@require_POST
@office("connect_firm")
def stop(request: OfficeRequest) -> HttpResponse:
    setting, user = shown.access(request.actor), request.actor.user
    because = f"Stopped by {user}."
    terms.stop(terms=setting, now=timezone.now(), because=because, actor=request.actor)
    messages.success(request, "Contact sync is stopped. Bookings still reach Clio.")
    return _back(request)


@require_POST
@office("connect_firm")
def resume(request: OfficeRequest) -> HttpResponse:
    terms.resume(actor=request.actor, terms=shown.access(request.actor), now=timezone.now())
    messages.success(request, "Contact sync goes on.")
    return _back(request)


def _back(request: OfficeRequest) -> HttpResponse:
    """To the page the button was on."""
    return redirect("sync_first" if request.POST.get("next") == "first" else "sync_centre")
