"""Reads: what was sent about an appointment, why nothing was, and what mail to the firm's people is about."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from daybook.appointments.models import Appointment
from daybook.calendars.models import Calendar, CalendarUse
from daybook.firms.models import Event, Invitation, Lawyer, Member, User
from daybook.messaging.models import Message

Kind, State = Message.Kind, Message.State

#: What ends a broken connection, and what begins one.
_CONNECTION_EVENTS = ("clio_broken", "clio_connected", "clio_disconnected")


def messages_of(appointment: Appointment) -> list[Message]:
    """
    Everything planned or sent about it, in the order it is due.

    `get_state_display()` says how each stands, and `trouble` why it was dropped, failed, or waits.
    """
    return list(Message.objects.filter(appointment=appointment).order_by("due_at", "pk"))


def why_silent(appointment: Appointment) -> str:
    """Why the client gets no mail about it, for the lawyer's page; "" when they do."""
    return "" if appointment.client_email else "No email address is known, so the client gets no mail."


def last_told(appointment_id: int, before_sequence: int) -> datetime | None:
    """The start of which the client was last told by mail before that sequence; None if they never were."""
    return (
        Message.objects.filter(
            appointment=appointment_id,
            kind__in=(Kind.CONFIRMATION, Kind.CHANGE),
            state=State.SENT,
            sequence__lt=before_sequence,
        )
        .order_by("-sequence", "-pk")
        .values_list("starts_at", flat=True)
        .first()
    )


def moved_by(appointment_id: int) -> str:
    """Which party moved it last: "client", "firm", or "" if nobody ever did."""
    details = (
        Event.objects.filter(name="appointment_rescheduled", subject=appointment_id)
        .order_by("-pk")
        .values_list("details", flat=True)
        .first()
    )
    return str(details.get("by", "")) if details else ""


def find_invitation(invitation_id: int) -> Invitation | None:
    """With its firm and who sent it."""
    return Invitation.objects.select_related("firm", "invited_by").filter(pk=invitation_id).first()


def find_calendar(calendar_id: int) -> Calendar | None:
    """With its firm."""
    return Calendar.objects.select_related("firm").filter(pk=calendar_id).first()


def lawyers_closed_by(calendar_id: int) -> list[Lawyer]:
    """The lawyers whose time this calendar takes, by name."""
    uses = CalendarUse.objects.filter(calendar=calendar_id, blocks=True, lawyer__active=True)
    return sorted((use.lawyer for use in uses.select_related("lawyer")), key=lambda who: (who.name, who.pk))


def administrators(firm_id: int) -> list[User]:
    """Who may mend a firm's connections, longest here first."""
    members = Member.objects.filter(
        firm=firm_id, role=Member.Role.ADMINISTRATOR, active=True, user__is_active=True
    )
    return [member.user for member in members.select_related("user").order_by("pk")]


def when(event_id: int) -> datetime:
    """When an event happened. Raises Event.DoesNotExist."""
    return Event.objects.values_list("at", flat=True).get(pk=event_id)


def broken_connection(firm_id: int) -> Event | None:
    """The event with which the firm's connection broke, unless it was mended or ended since."""
    last = Event.objects.filter(firm=firm_id, name__in=_CONNECTION_EVENTS).order_by("-pk").first()
    return last if last is not None and last.name == "clio_broken" else None


def broken_account(connection_id: int) -> Event | None:
    """The event with which a lawyer's own calendar account broke, unless it was renewed or ended since."""
    of_it = Q(name="calendar_account_broken", subject=connection_id) | Q(
        name__in=("calendar_account_connected", "calendar_account_removed"), details__connection=connection_id
    )
    last = Event.objects.filter(of_it).order_by("-pk").first()
    return last if last is not None and last.name == "calendar_account_broken" else None


def event(event_id: int) -> Event:
    """With its firm. Raises Event.DoesNotExist."""
    return Event.objects.select_related("firm").get(pk=event_id)


def lawyer_of(broken: Event) -> Lawyer | None:
    """Whose account it is that broke, or whose time is taken twice, if they still work there."""
    return Lawyer.objects.filter(pk=broken.details.get("lawyer"), firm=broken.firm_id, active=True).first()


def overlap_is_open(noticed: Event) -> bool:
    """Whether the overlap that was noticed has not been settled since."""
    settled = Event.objects.filter(name="overlap_settled", subject=noticed.subject, firm=noticed.firm_id)
    return not settled.filter(pk__gt=noticed.pk).exists()


def appointment_of(noticed: Event) -> Appointment | None:
    """The appointment of an overlap."""
    return Appointment.objects.filter(pk=noticed.details["appointment"], firm=noticed.firm_id).first()
