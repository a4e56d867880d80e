"""A firm to look around in: three lawyers in three time zones, clients, past and coming appointments; and a second firm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from django.contrib.auth.hashers import make_password

from daybook.appointments import operations as appointments
from daybook.appointments.models import Appointment, AppointmentType
from daybook.appointments.operations import ClientDetails
from daybook.calendars import operations as calendars
from daybook.calendars.queries import exceptions_of
from daybook.core.errors import Refusal
from daybook.core.hours import WeeklyHours, local_to_utc
from daybook.directory import operations as directory
from daybook.directory.models import Profile
from daybook.firms import operations as firms
from daybook.firms.models import Firm, Lawyer, Member, User
from daybook.firms.queries import actor_of
from daybook.messaging.models import Message

PASSWORD = "a quiet library"  # noqa: S105 - shown on the terminal, for a database of invented people


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    zone: str
    title: str
    about: str
    areas: tuple[str, ...]
    languages: tuple[str, ...]
    office: str
    phone: str
    week: dict[int, tuple[tuple[int, int], ...]]
    country: str
    serves: tuple[str, ...]
    admission: dict[str, str]


def _days(days: range, *stretches: tuple[int, int]) -> dict[int, tuple[tuple[int, int], ...]]:
    return dict.fromkeys(days, stretches)


LAWYERS = (
    Person(
        "Alice Hart", "alice@hartvale.example", "America/Denver", "Partner",
        "Alice helps families through separation, custody and everything that follows, calmly and in plain words.",
        ("Family", "Mediation"), ("English", "Spanish"), "1801 Wynkoop Street, Denver, CO 80202", "+13035550110",
        _days(range(5), (9 * 60, 12 * 60), (13 * 60, 17 * 60)), "US",
        ("Denver", "Colorado"), {"place": "Colorado", "number": "41877"},
    ),
    Person(
        "Ben Vale", "ben@hartvale.example", "America/New_York", "Partner",
        "Ben writes wills that are read once and argued over never, and looks after estates of every size.",
        ("Wills and estates", "Tax"), ("English",), "48 Wall Street, New York, NY 10005", "+12125550120",
        _days(range(4), (10 * 60, 18 * 60)), "US",
        ("New York",), {"place": "New York", "number": "2204519"},
    ),
    Person(
        "Chloe Okafor", "chloe@hartvale.example", "Europe/London", "Associate",
        "Chloe advises people who move between countries: visas, work permits, and families on two continents.",
        ("Immigration",), ("English", "French"), "12 Gray's Inn Road, London WC1X 8HB", "+442079460130",
        _days(range(5), (8 * 60 + 30, 16 * 60 + 30)), "GB",
        ("London", "England and Wales"), {"place": "England and Wales", "number": "612345"},
    ),
)  # fmt: skip

#: name, minutes, fee in cents, places, step, buffer after, notice in minutes, description, questions
TYPES = (
    ("First consultation", 30, 15000, ["video", "phone", "in_person"], 30, 10, 240,
     "A first conversation: what has happened, what you want, what can be done.",
     [{"label": "What would you like to talk about?", "kind": "text", "required": False}]),
    ("Follow-up", 45, 0, ["video", "phone"], 15, 0, 120, "For clients we already work with.", []),
    ("Document signing", 20, 0, ["in_person"], 20, 0, 1440, "Please bring a photo ID.", []),
)  # fmt: skip

CLIENTS = (
    ("Dana Reyes", "dana.reyes@mail.example", "+13035550101", "America/New_York"),
    ("Omar Said", "omar.said@example.com", "+13035550102", "America/Denver"),
    ("María de la Cruz", "maria.delacruz@example.com", "+17205550103", "America/Denver"),
    ("Søren Åkesson", "soren@example.com", "+46701740605", "Europe/Stockholm"),
    ("Priya Raman", "priya.raman@example.com", "+12125550104", "America/New_York"),
    ("Noah Lindqvist", "noah@example.com", "+13035550105", "America/Chicago"),
    ("Aiko Tanaka", "aiko.tanaka@example.com", "+81312345678", "Asia/Tokyo"),
    ("Grace Mensah", "grace.mensah@example.com", "+442079460146", "Europe/London"),
)

#: lawyer, type, client, working days from today, hour and minute on the lawyer's clock
BOOKINGS = (
    (0, 0, 0, 1, 14, 30), (0, 1, 1, 1, 16, 0), (0, 0, 2, 2, 9, 0), (0, 1, 5, 3, 10, 30), (0, 0, 3, 6, 11, 0),
    (1, 0, 4, 1, 11, 0), (1, 1, 6, 3, 15, 0), (2, 0, 7, 1, 9, 0), (2, 1, 3, 4, 14, 0),
    (0, 0, 1, -2, 9, 30), (0, 1, 0, -4, 15, 15), (0, 0, 5, -6, 10, 0), (0, 1, 2, -9, 13, 30),
    (1, 0, 6, -3, 10, 30), (2, 0, 3, -5, 11, 0),
)  # fmt: skip


def fill(now: datetime) -> list[tuple[str, str, str]]:
    """Fill an empty database; returns who may sign in, with address and password."""
    users = [_user(person.name, person.email) for person in LAWYERS]
    firm = firms.sign_up(
        firm_name="Hart & Vale LLP", user=users[0], name="Alice Hart", is_lawyer=True,
        time_zone="America/Denver", now=now,
    )  # fmt: skip
    Firm.objects.filter(pk=firm.pk).update(subscription=Firm.Subscription.ACTIVE, phone="+13035550100")
    firm.refresh_from_db()
    types = [_lawyer(firm, person, user, now) for person, user in zip(LAWYERS, users, strict=True)]
    bob = _user("Bob Lane", "bob@hartvale.example")
    Member.objects.create(firm=firm, user=bob, role=Member.Role.STAFF)
    for booking in BOOKINGS:
        _book(firm, types, booking, now)
    directory.refresh([offered[0].lawyer_id for offered in types], now)
    _other_firm(now)
    return [
        ("Alice Hart, lawyer and administrator", LAWYERS[0].email, PASSWORD),
        ("Ben Vale, lawyer", LAWYERS[1].email, PASSWORD),
        ("Chloe Okafor, lawyer", LAWYERS[2].email, PASSWORD),
        ("Bob Lane, staff", "bob@hartvale.example", PASSWORD),
        ("Carol Marsh, of another firm", "carol@marsh.example", PASSWORD),
        ("Alice's Clio account (Connect to Clio, region US)", LAWYERS[0].email, "clio"),
        ("Alice's Google account (Connect to Google Calendar)", LAWYERS[0].email, "google"),
        ("Alice's Microsoft account (Connect to Microsoft 365)", LAWYERS[0].email, "microsoft"),
    ]


def _user(name: str, email: str) -> User:
    user = User.objects.create(email=email, password=_hashed(), name=name)
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@cache
def _hashed() -> str:
    """Everybody here has the same password, and a good hash takes a third of a second."""
    return make_password(PASSWORD)


def _lawyer(firm: Firm, person: Person, user: User, now: datetime) -> list[AppointmentType]:
    lawyer = Lawyer.objects.filter(firm=firm, email=person.email).first()
    if lawyer is None:
        member = Member.objects.create(firm=firm, user=user, role=Member.Role.LAWYER)
        lawyer = firms.add_lawyer(
            firm=firm, name=person.name, email=person.email, time_zone=person.zone, now=now, member=member
        )
    lawyer.title, lawyer.about, lawyer.phone = person.title, person.about, person.phone
    lawyer.practice_areas, lawyer.languages = list(person.areas), list(person.languages)
    lawyer.office_address = person.office
    lawyer.video_link = f"https://meet.example.com/{lawyer.slug}"
    lawyer.save()
    calendars.save_hours(lawyer=lawyer, weekly=WeeklyHours(person.week), now=now)
    calendars.observe_holidays(lawyer=lawyer, country=person.country, now=now)
    Profile.objects.create(
        lawyer=lawyer, firm=firm, listed=True, serves=list(person.serves), admissions=[person.admission]
    )
    return [
        appointments.save_type(
            appointment_type=AppointmentType(
                firm=firm, lawyer=lawyer, name=name, minutes=minutes, fee_cents=fee, places=places,
                step_minutes=step, after_minutes=after, notice_minutes=notice, description=description,
                questions=questions, horizon_days=90, reminder_minutes=[1440, 120],
            ),
            now=now,
        )
        for name, minutes, fee, places, step, after, notice, description, questions in TYPES
    ]  # fmt: skip


def _working_day(lawyer: Lawyer, today: date, offset: int) -> date:
    """So many working days from today: Monday to Thursday, when all three work, and no public holiday."""
    day, left, step = today, abs(offset), 1 if offset > 0 else -1
    while left:
        day += timedelta(days=step)
        closed = any(exception.on == day for exception in exceptions_of(lawyer, day, day))
        left -= day.weekday() < 4 and not closed
    return day


def _book(
    firm: Firm,
    types: list[list[AppointmentType]],
    booking: tuple[int, int, int, int, int, int],
    now: datetime,
) -> None:
    who, what, client, offset, hour, minute = booking
    appointment_type = types[who][what]
    lawyer = appointment_type.lawyer
    on = _working_day(lawyer, now.date(), offset)
    start = local_to_utc(datetime(on.year, on.month, on.day, hour, minute), lawyer.time_zone)  # noqa: DTZ001 - a wall clock
    name, email, phone, zone = CLIENTS[client]
    booked_at = min(now, start - timedelta(days=3))
    details = ClientDetails(
        name=name, email=email, phone=phone, place=appointment_type.places[0], time_zone=zone
    )
    actor = actor_of(User.objects.get(email=LAWYERS[who].email))
    assert actor is not None
    try:
        appointment = appointments.book(
            actor=actor, appointment_type=appointment_type, start=start, details=details, now=booked_at
        )
    except Refusal:
        return  # a clash on the day somebody starts the demo: one booking fewer
    if start < now:
        # What would have been said weeks ago is not said today.
        Message.objects.filter(appointment=appointment).update(
            state=Message.State.DROPPED, trouble="Made by the demo, in the past."
        )
        if offset != -2:  # one is left for somebody to record
            outcome = Appointment.Outcome.NO_SHOW if offset == -6 else Appointment.Outcome.ATTENDED
            appointments.record_outcome(appointment=appointment, outcome=outcome, now=now, actor=actor)


def _other_firm(now: datetime) -> None:
    carol = _user("Carol Marsh", "carol@marsh.example")
    firm = firms.sign_up(
        firm_name="Carol Marsh Law", user=carol, name="Carol Marsh", is_lawyer=True,
        time_zone="Europe/London", now=now, country="GB",
    )  # fmt: skip
    lawyer = Lawyer.objects.get(firm=firm)
    calendars.save_hours(lawyer=lawyer, weekly=WeeklyHours(_days(range(5), (9 * 60, 17 * 60))), now=now)
    appointments.save_type(
        appointment_type=AppointmentType(
            firm=firm, lawyer=lawyer, name="Consultation", minutes=30, places=["phone"], step_minutes=30
        ),
        now=now,
    )
