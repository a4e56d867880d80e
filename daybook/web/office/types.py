"""My Appointment Types: the list, Appointment Information, retiring."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daybook.appointments import operations, queries, teams
from daybook.appointments.models import AppointmentType
from daybook.calendars.operations import save_hours
from daybook.calendars.queries import primary_calendar, usual_hours
from daybook.core.errors import Refusal
from daybook.firms import operations as firms_operations
from daybook.firms import queries as firms
from daybook.firms.models import Lawyer
from daybook.firms.permissions import Actor, may
from daybook.web.office.desks import at_desk
from daybook.web.office.type_form import TypeForm
from daybook.web.office.week_form import WeekForm
from daybook.web.signed_in import OfficeRequest, office

#: Who can use the link, by who may book.
NOT_PUBLIC: dict[str, str] = {
    AppointmentType.WhoMayBook.ANYONE: "",
    AppointmentType.WhoMayBook.CLIENTS: "Existing clients only",
    AppointmentType.WhoMayBook.FIRM: "Only the firm",
}


def public_link(request: OfficeRequest, appointment_type: AppointmentType) -> str:
    """The address clients book this type at; empty where there is none to give away."""
    lawyer = appointment_type.lawyer
    if NOT_PUBLIC[appointment_type.who_may_book] or not lawyer.public or not appointment_type.active:
        return ""
    path = reverse("public_times", args=[lawyer.firm.slug, lawyer.slug, appointment_type.slug])
    return _address(request, path)


def _address(request: OfficeRequest, path: str) -> str:
    """As clients are given it."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_safe
@at_desk("edit_types")
def types(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    everything = list(queries.types_of(lawyer))
    offered = [
        {"type": one, "link": public_link(request, one), "closed": _closed(one, lawyer), "also": _also(one)}
        for one in everything
        if one.active
    ]
    context = {
        "lawyer": lawyer,
        "offered": offered,
        "shared": [
            {
                "type": one,
                "link": public_link(request, one),
                "closed": NOT_PUBLIC[one.who_may_book] or f"The public page of {one.lawyer.name} is off",
                "also": _also(one),
                "edits": may(request.actor, "edit_types", one.lawyer),
            }
            for one in queries.shared_types(lawyer)
        ],
        "retired": [one for one in everything if not one.active],
        "profile": may(request.actor, "edit_profile", lawyer),
        "may_switch": may(request.actor, "switch_page", lawyer),
        "page": _address(request, reverse("public_lawyer", args=[lawyer.firm.slug, lawyer.slug])),
    }
    return render(request, "firm/types.html", context)


@require_POST
@at_desk("switch_page")
def switch_page(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    """Show the public page of the lawyer whose desk this is, or take it away."""
    on = request.POST.get("page") == "on"
    firms_operations.switch_page(actor=request.actor, lawyer=lawyer, on=on, now=timezone.now())
    messages.success(
        request,
        "The public page is on: clients can book there."
        if on
        else "The public page is off. Appointments already made stay, and their links go on working.",
    )
    return redirect("types")


def _also(one: AppointmentType) -> str:
    """Who is needed beside the lawyers: "Ivy Lund", "one of Ivy Lund, Jo Park"; empty where nobody is."""
    names = [second.name for second in teams.team_of(one).seconds]
    return f"one of {', '.join(names)}" if len(names) > 1 else "".join(names)


def _closed(one: AppointmentType, lawyer: Lawyer) -> str:
    """Why clients cannot book it online, in few words."""
    return NOT_PUBLIC[one.who_may_book] or ("" if lawyer.public else "The public page is off")


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk("edit_types")
def new(request: OfficeRequest, lawyer: Lawyer) -> HttpResponse:
    fresh = AppointmentType(
        firm=lawyer.firm, lawyer=lawyer, places=[AppointmentType.Place.VIDEO], reminder_minutes=[1440]
    )
    return _edit(request, fresh, lawyer)


@require_http_methods(["GET", "HEAD", "POST"])
@office("edit_types")
def edit(request: OfficeRequest, type_id: int) -> HttpResponse:
    found = queries.access_type(request.actor, type_id)
    return _edit(request, found, found.lawyer)


def _edit(request: OfficeRequest, row: AppointmentType, lawyer: Lawyer) -> HttpResponse:
    people = [one for one in firms.lawyers(request.actor.firm) if may(request.actor, "edit_types", one)]
    form = TypeForm(row, lawyer, request.POST if request.method == "POST" else None, people)
    status = 422 if form.is_bound else 200
    name = row.name
    if form.is_valid():
        try:
            saved = operations.save_type(
                appointment_type=form.filled(),
                now=timezone.now(),
                actor=behind(request.actor, lawyer),
                team=form.team.choice(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("types")
    context = {
        "form": form,
        "type": row,
        "name": name,
        "lawyer": lawyer,
        "link": public_link(request, row) if row.pk else "",
        "primary": primary_calendar(lawyer.pk),
        "own_hours": bool(row.pk and usual_hours(lawyer, row.pk)),
        "fairness": teams.fairness(row, timezone.now()) if row.pk and not form.is_bound else None,
        "met": teams.named(teams.team_of(row)) if row.pk and row.has_team else "",
    }
    return render(request, "firm/type.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@office("edit_types")
def retire(request: OfficeRequest, type_id: int) -> HttpResponse:
    row = queries.access_type(request.actor, type_id)
    if request.method != "POST":
        return render(request, "firm/retire.html", {"type": row})
    operations.retire_type(appointment_type=row, now=timezone.now(), actor=behind(request.actor, row.lawyer))
    messages.success(request, f"{row.name} is no longer offered.")
    return redirect("types")


@require_POST
@office("edit_types")
def restore(request: OfficeRequest, type_id: int) -> HttpResponse:
    """Offer a retired type again."""
    row = queries.access_type(request.actor, type_id)
    row.active = True
    operations.save_type(appointment_type=row, now=timezone.now(), actor=behind(request.actor, row.lawyer))
    messages.success(request, f"{row.name} is offered again.")
    return redirect("types")


@require_http_methods(["GET", "HEAD", "POST"])
@office("edit_hours")
def hours(request: OfficeRequest, type_id: int) -> HttpResponse:
    """Hours of this type only; an empty week means the usual one."""
    row = queries.access_type(request.actor, type_id)
    form = WeekForm(usual_hours(row.lawyer, row.pk), request.POST if request.method == "POST" else None)
    if form.is_valid():
        save_hours(
            lawyer=row.lawyer,
            weekly=form.weekly(),
            now=timezone.now(),
            actor=request.actor,
            appointment_type_id=row.pk,
        )
        messages.success(request, f"The hours of {row.name} are saved.")
        return redirect("type", row.pk)
    context = {"type": row, "lawyer": row.lawyer, "form": form}
    return render(request, "firm/type_hours.html", context, status=422 if form.is_bound else 200)


def behind(actor: Actor, lawyer: Lawyer) -> Actor:
    """The same person, at the desk of the lawyer a type belongs to: so the audit trail names both."""
    return replace(actor, acting_for=None if lawyer == actor.own else lawyer)
