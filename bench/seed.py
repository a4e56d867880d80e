"""Firms for the benchmarks: a lawyer with ordinary hours, a mirror full of busy times, a past."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.text import slugify

from daybook.appointments.models import Appointment, AppointmentType
from daybook.calendars import operations as calendars
from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
from daybook.core.hours import WeeklyHours
from daybook.firms import operations as firms
from daybook.firms.models import Firm, Lawyer, User
from daybook.sync.models import Connection

ZONE = "America/Denver"
NINE_TO_FIVE = WeeklyHours(dict.fromkeys(range(5), ((540, 1020),)))
BUSY = 200
DAYS = 31


@dataclass(frozen=True, slots=True)
class Office:
    firm: Firm
    lawyer: Lawyer
    user: User
    offer: AppointmentType

    @property
    def path(self) -> str:
        return f"/book/{self.firm.slug}/{self.lawyer.slug}/{self.offer.slug}/"


def office(name: str, now: datetime, *, notice_minutes: int = 0) -> Office:
    """One lawyer, weekdays from 9 to 5, a service of 30 minutes on a grid of 15."""
    user = User.objects.create_user(f"lawyer@{slugify(name)}.example", "a quiet library 1886")
    firm = firms.sign_up(
        firm_name=name, user=user, name="Alice Hart", is_lawyer=True, time_zone=ZONE, now=now
    )
    lawyer = Lawyer.objects.get(firm=firm)
    calendars.save_hours(lawyer=lawyer, weekly=NINE_TO_FIVE, now=now)
    offer = AppointmentType.objects.create(
        firm=firm,
        lawyer=lawyer,
        name="First consultation",
        slug="first-consultation",
        minutes=30,
        step_minutes=15,
        notice_minutes=notice_minutes,
        horizon_days=62,
        places=["phone"],
        reminder_minutes=[1440],
    )
    return Office(firm, lawyer, user, offer)


def mirror(
    where: Office, now: datetime, *, busy: int = BUSY, days: int = DAYS, seed: int = 7, account: str = ""
) -> Calendar:
    """
    A connected calendar, just read, with that many busy stretches of 15 to 60 minutes in the coming days: of the firm's
    Clio, or of an `account` of the lawyer's own.
    """
    joined = Connection.objects.create(
        firm=where.firm,
        provider="google" if account else "clio",
        lawyer=where.lawyer if account else None,
        account_id=account or "1",
        account_name=where.firm.name,
        user_id="1",
        user_name="Alice Hart",
        connected_at=now,
    )
    calendar = Calendar.objects.create(
        firm=where.firm,
        connection=joined,
        external_id="1",
        name="Alice Hart",
        permission="owner",
        read_at=now,
        read_from=now,
        read_until=now + timedelta(days=370),
    )
    CalendarUse.objects.create(firm=where.firm, lawyer=where.lawyer, calendar=calendar, is_primary=True)
    chance = random.Random(seed)
    first = now.replace(minute=0, second=0, microsecond=0)
    starts = [first + timedelta(minutes=5 * chance.randrange(days * 288)) for _ in range(busy)]
    BusyPeriod.objects.bulk_create(
        BusyPeriod(
            calendar=calendar,
            external_id=str(number),
            during=DateTimeTZRange(start, start + timedelta(minutes=chance.choice((15, 30, 45, 60)))),
        )
        for number, start in enumerate(starts)
    )
    return calendar


def past(where: Office, now: datetime, count: int) -> None:
    """That many appointments behind the lawyer, every half hour of the working days before today."""
    at = datetime(now.year, now.month, now.day, 22, tzinfo=UTC) - timedelta(days=1)
    rows = []
    while len(rows) < count:
        if at.weekday() < 5 and 15 <= at.hour < 23:
            rows.append(
                Appointment(
                    firm=where.firm,
                    lawyer=where.lawyer,
                    appointment_type=where.offer,
                    uid=uuid.uuid4(),
                    state=Appointment.State.CONFIRMED,
                    during=DateTimeTZRange(at, at + timedelta(minutes=30)),
                    place="phone",
                    client_name="Somebody Before",
                    client_email=f"before{len(rows)}@example.com",
                    confirmed_at=at - timedelta(days=3),
                )
            )
        at -= timedelta(minutes=30)
    Appointment.objects.bulk_create(rows, batch_size=1000)


def just_read() -> None:
    """Say that every calendar was read this moment, so that no promise asks another system first."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE calendars_calendar SET read_at = now()")
