"""Send to Clio: an appointment becomes one billable Activity on a matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from daybook.appointments.models import Appointment
from daybook.billing import operations as billing
from daybook.billing.models import Matter, TimeEntry
from daybook.billing.operations import Time
from daybook.core import billing as rules
from daybook.core import lifecycle
from daybook.core.errors import MatterMissing, NotAllowedNow, Refusal
from daybook.core.money import Money
from daybook.core.people import clean_name
from daybook.core.periods import Period
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor
from daybook.sync import lawyers, questions
from daybook.sync.clio import NotConnected, active
from daybook.sync.models import Connection, Link, Question


class LawyerNotMatched(Refusal):
    """An activity belongs to a Clio user, and we do not know which."""

    says = (
        "This lawyer is not matched with a Clio user yet. An administrator can match them under Integrations."
    )


class OtherFirmsMatter(Refusal):
    """Never seen by anybody who uses the pages as they are."""

    says = "Please choose a matter from the list."
    about = "matter"


@dataclass(frozen=True, slots=True)
class NewMatter:
    """A matter to be opened in Clio. `practice_area` is Clio's id, or empty."""

    description: str
    practice_area: str = ""
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form starts with: the time as scheduled or as it was sent, and what Clio will make of it."""

    entry: TimeEntry | None
    matter: Matter | None
    seconds: int
    note: str
    rate_cents: int | None
    billable: bool
    rounding_minutes: int | None
    preview: rules.Preview


def draft(appointment: Appointment) -> Draft:
    """What Send to Clio would send if nobody changed anything. Raises NotConnected."""
    connection = active(appointment.firm_id)
    if connection is None:
        raise NotConnected
    entry = TimeEntry.objects.select_related("matter").filter(appointment=appointment).first()
    matter = entry.matter if entry else _likely_matter(appointment)
    seconds = entry.seconds if entry else rules.scheduled_seconds(Period(appointment.start, appointment.end))
    link = lawyers.link_of(connection, appointment.lawyer_id)
    rate = link.agreed.get("rate_cents") if link else None
    own_rate = entry.rate_cents if entry else None
    return Draft(
        entry=entry,
        matter=matter,
        seconds=seconds,
        note=entry.note if entry else f"Meeting with {appointment.client_name}",
        rate_cents=own_rate,
        billable=not entry.non_billable if entry else rules.billed_unless_said(appointment.fee_cents),
        rounding_minutes=connection.rounding_minutes,
        preview=preview(appointment, connection, seconds, own_rate if own_rate is not None else rate),
    )


def preview(
    appointment: Appointment, connection: Connection, seconds: int, rate_cents: int | None
) -> rules.Preview:
    """What Clio will make of a duration: its rounding, and the amount where a rate is known."""
    rate = Money(rate_cents, appointment.firm.currency) if rate_cents is not None else None
    return rules.preview(seconds, rounding_minutes=connection.rounding_minutes, rate=rate)


def _likely_matter(appointment: Appointment) -> Matter | None:
    if appointment.contact_id is None:
        return None
    last = (
        TimeEntry.objects.filter(appointment__contact=appointment.contact_id, firm=appointment.firm_id)
        .select_related("matter")
        .order_by("-created_at")
        .first()
    )
    if last is not None:
        return last.matter
    own = list(
        Matter.objects.filter(firm=appointment.firm_id, client=appointment.contact_id).exclude(
            status="closed"
        )[:2]
    )
    return own[0] if len(own) == 1 else None


def send(
    *,
    actor: Actor,
    appointment: Appointment,
    matter: Matter | None,
    new_matter: NewMatter | None,
    time: Time,
    now: datetime,
) -> TimeEntry:
    """
    Put an appointment's time on a matter, existing or new. However often it is pressed, the appointment has one
    activity; pressing it again changes that one.

    Raises NotConnected, LawyerNotMatched, NotAllowedNow, MatterMissing, BadDuration, TextTooLong.
    """
    lifecycle.may_send(lifecycle.State(appointment.state), lifecycle.Actor.FIRM)
    connection = active(appointment.firm_id)
    if connection is None:
        raise NotConnected
    if lawyers.link_of(connection, appointment.lawyer_id) is None:
        raise LawyerNotMatched
    if matter is not None and matter.firm_id != appointment.firm_id:
        raise OtherFirmsMatter
    if matter is None and new_matter is None:
        raise MatterMissing
    during = Period(appointment.start, appointment.end)
    with transaction.atomic():
        locked = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment.pk)
        lifecycle.may_send(lifecycle.State(locked.state), lifecycle.Actor.FIRM)
        if matter is None and new_matter is not None:
            matter = _opened(appointment, new_matter, now, actor)
        assert matter is not None
        entry, changed = billing.set_time(
            firm_id=appointment.firm_id,
            appointment_id=appointment.pk,
            matter=matter,
            on=rules.entry_date(during.start, appointment.lawyer.time_zone),
            time=time,
            scheduled_seconds=rules.scheduled_seconds(during),
            sent_by=actor.user,
        )
        if changed:
            record(
                "time_sent",
                firm=appointment.firm_id,
                now=now,
                subject=appointment.pk,
                actor=actor.user,
                behalf_of=actor.on_behalf,
                matter=matter.pk,
                seconds=time.seconds,
            )
    return entry


def _opened(appointment: Appointment, wanted: NewMatter, now: datetime, actor: Actor) -> Matter:
    """The new matter of this appointment: a second press finds the one the first has made."""
    if appointment.contact_id is None:
        raise NotAllowedNow("This appointment has no client yet, so no matter can be opened for it.")
    description = clean_name(wanted.description, 255, field="description")
    entry = TimeEntry.objects.select_related("matter").filter(appointment=appointment).first()
    if entry is not None and entry.matter.description == description:
        return entry.matter
    matter = billing.new_matter(
        firm_id=appointment.firm_id,
        client_id=appointment.contact_id,
        description=description,
        practice_area=wanted.practice_area,
        status=wanted.status,
    )
    record(
        "matter_linked",
        firm=appointment.firm_id,
        now=now,
        subject=appointment.pk,
        actor=actor.user,
        matter=matter.pk,
    )
    return matter


def send_again(*, actor: Actor, appointment: Appointment, question: Question, now: datetime) -> None:
    """
    The activity was deleted in Clio and is wanted after all: forget the old one, so that a new one is made, and close
    the question that asked. Raises NotConnected.
    """
    connection = active(appointment.firm_id)
    if connection is None:
        raise NotConnected
    with transaction.atomic():
        Link.objects.filter(connection=connection, kind=Link.Kind.ACTIVITY, ours=appointment.pk).delete()
        record(
            "time_sent",
            firm=appointment.firm_id,
            now=now,
            subject=appointment.pk,
            actor=actor.user,
            again=True,
        )
        questions.answer(actor=actor, question=question, answer="sent again", now=now)
