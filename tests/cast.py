"""The cast of the tests: Alice (lawyer), Bob (her paralegal), Carol (another firm), Dana (client)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from daybook.appointments.models import AppointmentType
from daybook.appointments.operations import ClientDetails
from daybook.calendars import operations as calendars
from daybook.core.hours import WeeklyHours, local_to_utc
from daybook.firms import operations as firms
from daybook.firms.models import Firm, Lawyer, Member, User
from daybook.firms.permissions import Actor
from daybook.firms.queries import actor_of

PASSWORD = "a quiet library 1886"
NINE_TO_FIVE = WeeklyHours(dict.fromkeys(range(5), ((540, 1020),)))
DANA = ClientDetails(
    name="Dana Reyes", email="dana@example.com", phone="+13035550101", time_zone="America/New_York"
)


@dataclass(frozen=True)
class Cast:
    firm: Firm
    alice: Lawyer
    alice_user: User
    consultation: AppointmentType

    @property
    def alice_actor(self) -> Actor:
        actor = actor_of(self.alice_user)
        assert actor is not None
        return actor


def make_firm(
    name: str, lawyer: str, email: str, zone: str, now: datetime, role: str = Member.Role.ADMINISTRATOR
) -> Cast:
    """A firm with one lawyer who is its administrator, usual hours, and one half-hour type on a 30-minute grid."""
    user = User.objects.create_user(email, PASSWORD)
    firm = firms.sign_up(firm_name=name, user=user, name=lawyer, is_lawyer=True, time_zone=zone, now=now)
    who = Lawyer.objects.get(firm=firm)
    if role != Member.Role.ADMINISTRATOR:
        Member.objects.filter(user=user).update(role=role)
    calendars.save_hours(lawyer=who, weekly=NINE_TO_FIVE, now=now)
    consultation = AppointmentType.objects.create(
        firm=firm,
        lawyer=who,
        name="First consultation",
        slug="first-consultation",
        minutes=30,
        step_minutes=30,
        notice_minutes=60,
        horizon_days=60,
        places=["phone"],
        reminder_minutes=[1440],
    )
    return Cast(firm, who, user, consultation)


def hart_and_vale(now: datetime) -> Cast:
    return make_firm("Hart & Vale LLP", "Alice Hart", "alice@hartvale.example", "America/Denver", now)


def marsh(now: datetime) -> Cast:
    return make_firm("Carol Marsh Law", "Carol Marsh", "carol@marsh.example", "Europe/London", now)


def add_member(cast: Cast, name: str, email: str, role: str) -> Actor:
    user = User.objects.create_user(email, PASSWORD, name=name)
    Member.objects.create(firm=cast.firm, user=user, role=role)
    actor = actor_of(user)
    assert actor is not None
    return actor


def next_weekday(now: datetime, weekday: int = 1, weeks: int = 1) -> date:
    """The first such weekday at least `weeks` weeks after `now`, far from notice and horizon."""
    day = now.date() + timedelta(weeks=weeks)
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def at(lawyer: Lawyer, on: date, hour: int, minute: int = 0) -> datetime:
    """That clock time on the lawyer's wall, in UTC."""
    return local_to_utc(datetime(on.year, on.month, on.day, hour, minute), lawyer.time_zone)


NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday morning in Denver
