"""Writes: the time an appointment is to have on a bill, and the matters it may go to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from django.db import transaction

from daybook.billing.models import Matter, TimeEntry
from daybook.core.billing import check_seconds
from daybook.core.people import clean_text
from daybook.firms.models import User


@dataclass(frozen=True, slots=True)
class Time:
    """What somebody wants on the bill. `rate_cents` is per hour; None leaves the rate to Clio."""

    seconds: int
    note: str = ""
    rate_cents: int | None = None
    category: str = ""
    non_billable: bool = False


def new_matter(
    *,
    firm_id: int,
    client_id: int,
    description: str,
    practice_area: str = "",
    status: str = "open",
) -> Matter:
    """A matter that is to be created in Clio; its reference is how it is found again there."""
    return Matter.objects.create(
        firm_id=firm_id,
        client_id=client_id,
        description=clean_text(description, 255, field="description"),
        practice_area=practice_area,
        status=status,
        reference=f"daybook-{uuid4().hex[:20]}",
    )


def set_time(
    *,
    firm_id: int,
    appointment_id: int,
    matter: Matter,
    on: date,
    time: Time,
    scheduled_seconds: int,
    sent_by: User | None,
) -> tuple[TimeEntry, bool]:
    """
    Say what the one activity of an appointment is to be; a second call changes the same one. Returns it, and whether
    anything changed. Raises BadDuration, TextTooLong.
    """
    check_seconds(time.seconds)
    values = {
        "firm_id": firm_id,
        "matter": matter,
        "wanted": True,
        "on": on,
        "seconds": time.seconds,
        "seconds_edited": time.seconds != scheduled_seconds,
        "note": clean_text(time.note, 4000, lines=True, field="note"),
        "rate_cents": time.rate_cents,
        "category": time.category,
        "non_billable": time.non_billable,
    }
    with transaction.atomic():
        entry = TimeEntry.objects.select_for_update().filter(appointment_id=appointment_id).first()
        if entry is None:
            entry, created = TimeEntry.objects.get_or_create(
                appointment_id=appointment_id, defaults={**values, "sent_by": sent_by}
            )
            if created:
                return entry, True
        changed = {name: value for name, value in values.items() if getattr(entry, name) != value}
        for name, value in changed.items():
            setattr(entry, name, value)
        if changed:
            entry.save()
        return entry, bool(changed)


def follow(*, appointment_id: int, on: date, seconds: int) -> None:
    """The appointment was moved: its time goes along, except a duration that somebody had set by hand."""
    TimeEntry.objects.filter(appointment_id=appointment_id, seconds_edited=False).update(
        on=on, seconds=seconds
    )
    TimeEntry.objects.filter(appointment_id=appointment_id, seconds_edited=True).update(on=on)


def withdraw(*, appointment_id: int) -> None:
    """The appointment was cancelled: its time is no longer wanted on a bill."""
    TimeEntry.objects.filter(appointment_id=appointment_id).update(wanted=False)


def note_billing(
    *, entry: TimeEntry, state: str, number: str, seconds: int | None, cents: int | None, now: datetime
) -> None:
    """Keep what Clio last told of the activity: its bill, and what its rounding made of the time."""
    TimeEntry.objects.filter(pk=entry.pk).update(
        bill_state=state[:40],
        bill_number=number[:60],
        billed_seconds=seconds,
        billed_cents=cents,
        updated_at=now,
    )
