"""A calendar that several lawyers use, and what was noticed of overlaps there: shorthand for flows."""

from __future__ import annotations

from unittest.mock import patch

from django.utils import timezone

from daybook.appointments import operations
from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars import operations as calendars
from daybook.calendars.models import Calendar, CalendarUse
from daybook.firms.models import Event, Lawyer
from daybook.messaging.models import Message
from daybook.sync import clashes as room
from daybook.sync.models import Clash
from tests.cast import DANA, NINE_TO_FIVE
from tests.flows.entry_places import Place


def clashes(*, open: bool = True) -> list[Clash]:
    found = Clash.objects.order_by("starts_at")
    return list(found.filter(answered_at=None) if open else found)


def mails() -> list[Message]:
    return list(Message.objects.filter(kind="overlap_alert"))


def told() -> int:
    return Event.objects.filter(name="overlap_noticed").count()


def read_whole(place: Place) -> None:
    """A reading that asks for everything and not for what has changed."""
    Calendar.objects.filter(pk=place.calendar.pk).update(token="")
    place.read()


def ben_of(place: Place) -> AppointmentType:
    """What clients book with Ben, of Alice's firm."""
    cast = place.office.cast
    ben = Lawyer.objects.create(
        firm=cast.firm,
        name="Ben Vale",
        slug="ben-vale",
        email="ben@hartvale.example",
        time_zone=cast.alice.time_zone,
    )
    calendars.save_hours(lawyer=ben, weekly=NINE_TO_FIVE, now=place.office.now)
    offer = AppointmentType.objects.get(pk=cast.consultation.pk)
    offer.pk, offer.lawyer = None, ben
    offer.save()
    return AppointmentType.objects.select_related("lawyer", "firm").get(pk=offer.pk)


def use(place: Place, offer: AppointmentType) -> None:
    CalendarUse.objects.create(firm=place.office.cast.firm, lawyer=offer.lawyer, calendar=place.calendar)


def book_for(place: Place, offer: AppointmentType, hour: int) -> Appointment:
    held = operations.hold(
        appointment_type=offer, start=place.office.start(hour), hold_key=f"ben {hour}", now=timezone.now()
    )
    return operations.confirm(appointment=held, details=DANA, now=timezone.now())


def at_once(place: Place) -> int:
    """How often a reading asks what overlaps."""
    with patch.object(room, "_pairs", wraps=room._pairs) as asked:
        place.read()
    return asked.call_count
