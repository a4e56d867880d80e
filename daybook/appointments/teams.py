"""Types of several people: who they are, when enough of them are free, and whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from daybook.appointments.availability import Day, offer_for, offer_of, periods_of, survey
from daybook.appointments.models import Appointment, AppointmentType, TeamMember
from daybook.core import availability as engine
from daybook.core.errors import CalendarUnreadable, NotBookable, NotOnGrid, Refusal, SlotTaken
from daybook.core.periods import Period
from daybook.core.teams import Share, any_of, comes_along, in_turn, why_next
from daybook.firms import prepared
from daybook.firms.models import Lawyer

#: What not even the firm may overlook.
HARD = {"slot_taken", "slot_past", "calendar_unreadable"}


@dataclass(frozen=True, slots=True)
class Team:
    """
    Who may be met. `together`: all of `leads` are needed, the first of them leads; otherwise any one of them. Where
    there are `seconds`, one of them is needed as well.
    """

    leads: tuple[Lawyer, ...]
    seconds: tuple[Lawyer, ...] = ()
    together: bool = False
    weights: dict[int, int] = field(default_factory=dict)


def team_of(appointment_type: AppointmentType) -> Team:
    """The active people of a type, in the order of their names; of those who are met together its own lawyer first."""
    own = appointment_type.lawyer
    if not appointment_type.has_team:
        return Team((own,))
    rows = list(
        TeamMember.objects.filter(appointment_type=appointment_type, active=True, lawyer__active=True)
        .select_related("lawyer")
        .order_by("lawyer__name", "lawyer_id")
    )
    leads = [row.lawyer for row in rows if row.role == TeamMember.Role.LEAD]
    seconds = tuple(row.lawyer for row in rows if row.role == TeamMember.Role.SECOND)
    kind = AppointmentType.Kind(appointment_type.kind)
    if kind is AppointmentType.Kind.ONE:
        leads = [own]
    elif kind is AppointmentType.Kind.COLLECTIVE:
        leads.sort(key=lambda one: one.pk != own.pk)
    return Team(
        tuple(leads),
        seconds if appointment_type.needs_second else (),
        together=kind is AppointmentType.Kind.COLLECTIVE,
        weights={row.lawyer_id: row.weight for row in rows},
    )


def people_of(appointment: Appointment) -> tuple[Lawyer, ...]:
    """Who takes part in an appointment, its own lawyer first, the others by name."""
    if not appointment.others:
        return (appointment.lawyer,)
    others = Lawyer.objects.filter(pk__in=appointment.others).order_by("name", "pk")
    return (appointment.lawyer, *others)


def party_of(appointment_type: AppointmentType, moved: int) -> Team:
    """The team of a type; or the very people of the appointment `moved`, who stay the same."""
    if not moved:
        return team_of(appointment_type)
    return Team(people_of(Appointment.objects.select_related("lawyer").get(pk=moved)), together=True)


def named(team: Team, *, to_public: bool = False) -> str:
    """
    Who is met, as a page says it: "Alice Hart or Ben Vale", "Alice Hart and one of Chloe Okafor, Ivy Lund".

    Second people are named `to_public` only if each of them has a public page; else it is "a second person".
    """
    names = [one.name for one in team.leads]
    word = " and " if team.together else " or "
    leads = word.join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
    if not team.seconds:
        return leads
    beside = ", ".join(one.name for one in team.seconds)
    if len(team.seconds) > 1:
        beside = f"one of {beside}"
    if to_public and not all(one.public for one in team.seconds):
        beside = "a second person"
    return f"{leads}, and {beside}" if len(names) > 1 else f"{leads} and {beside}"


# When they are free ---------------------------------------------------------------------------------------------------


def open_starts(
    appointment_type: AppointmentType,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    without: int = 0,
    hold_key: str = "",
) -> tuple[list[int], str]:
    """
    The starts at which enough of the people are free, in epoch seconds, and why there are none if calendars cannot be
    trusted. Starts count from the opening of each lead's own hours (the first lead's, of those who are met together); whoever
    else is needed is free at them or not. Somebody whose calendar cannot be read is taken to be busy.
    """
    team = party_of(appointment_type, without)
    offer, second, tick = offer_of(appointment_type), int(now.timestamp()), 1 if now.microsecond else 0
    troubles: list[str] = []

    def look(lawyer: Lawyer) -> Day | None:
        day = survey(appointment_type, start, end, now, without=without, hold_key=hold_key, lawyer=lawyer)
        if day.trouble:
            troubles.append(f"{lawyer.name}: {day.trouble}")
        return None if day.trouble else day

    def alone(lawyer: Lawyer) -> list[int]:
        day = look(lawyer)
        if day is None:
            return []
        zone = lawyer.time_zone
        return engine.open_starts(
            offer, hours=day.hours, busy=day.busy, now=second, booked=day.booked, zone=zone, tick=tick
        )

    def along(starts: list[int], lawyer: Lawyer) -> list[int]:
        day = look(lawyer) if starts else None
        if day is None:
            return []
        zone = lawyer.time_zone
        return comes_along(offer, starts, hours=day.hours, busy=day.busy, booked=day.booked, zone=zone)

    if team.together:
        starts = alone(team.leads[0]) if team.leads else []
        for lawyer in team.leads[1:]:
            starts = along(starts, lawyer)
    else:
        starts = any_of(map(alone, team.leads))
    if appointment_type.needs_second and not without:
        starts = any_of(along(starts, lawyer) for lawyer in team.seconds)
    return starts, troubles[0] if troubles and not starts else ""


# Whose turn it is -----------------------------------------------------------------------------------------------------

_SHARES = """
    SELECT s.lawyer_id, count(*) FILTER (WHERE a.created_at > %(since)s), max(a.created_at)
      FROM appointments_appointment a
      JOIN appointments_seat s ON s.appointment_id = a.id
     WHERE a.appointment_type_id = %(type)s AND s.lawyer_id = ANY(%(people)s)
       AND (a.state IN ('requested', 'confirmed') OR (a.state = 'held' AND a.held_until > %(now)s))
     GROUP BY s.lawyer_id
"""


def shares(
    appointment_type: AppointmentType,
    people: Sequence[Lawyer],
    weights: dict[int, int],
    now: datetime,
    days: int | None = None,
) -> list[Share]:
    """What each of the people was given of this type in the last `days` (the type's own number of them)."""
    since = now - timedelta(days=days or appointment_type.fair_days)
    ids = [one.pk for one in people]
    asked = {"type": appointment_type.pk, "people": ids, "now": now, "since": since}
    given = {person: (booked, last) for person, booked, last in prepared.rows(_SHARES, asked)}

    def share(one: Lawyer) -> Share:
        booked, last = given.get(one.pk, (0, None))
        return Share(one.pk, one.name, booked, last, weights.get(one.pk, 1))

    return [share(one) for one in people]


def _in_turn(
    appointment_type: AppointmentType, people: Sequence[Lawyer], team: Team, now: datetime
) -> list[Lawyer]:
    if len(people) < 2:
        return list(people)
    by_id = {one.pk: one for one in people}
    return [by_id[share.person] for share in in_turn(shares(appointment_type, people, team.weights, now))]


@dataclass(frozen=True, slots=True)
class Given:
    """What one person was given: appointments of the type in the last 30 and 90 days, and when the last one was."""

    name: str
    weight: int
    month: int
    quarter: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Fairness:
    """How a type is shared out: its lawyers, whoever is next first, and why they are; the same of the second people."""

    leads: tuple[Given, ...]
    why: str
    seconds: tuple[Given, ...]
    why_second: str


def fairness(appointment_type: AppointmentType, now: datetime) -> Fairness | None:
    """Who got how many and who is next; None where nobody takes turns."""
    team = team_of(appointment_type)
    leads = () if team.together or len(team.leads) < 2 else team.leads
    if not leads and len(team.seconds) < 2:
        return None

    def given(people: Sequence[Lawyer]) -> tuple[tuple[Given, ...], str]:
        month = {one.person: one.booked for one in shares(appointment_type, people, {}, now, 30)}
        quarter = {one.person: one.booked for one in shares(appointment_type, people, {}, now, 90)}
        order = in_turn(shares(appointment_type, people, team.weights, now))
        rows = tuple(
            Given(one.name, one.weight, month[one.person], quarter[one.person], one.last) for one in order
        )
        return rows, why_next(order, appointment_type.fair_days)

    return Fairness(*given(leads), *given(team.seconds if len(team.seconds) > 1 else ()))


# Who can have a time --------------------------------------------------------------------------------------------------


def refusal_of(
    appointment_type: AppointmentType,
    lawyer: Lawyer,
    during: Period,
    now: datetime,
    *,
    without: int = 0,
    hold_key: str = "",
    grid: bool = True,
) -> Refusal | None:
    """Why one of the people cannot be had at that time, looked at without a lock; None when they can."""
    day = survey(
        appointment_type, during.start, during.end, now, without=without, hold_key=hold_key, lawyer=lawyer
    )
    if day.trouble:
        return CalendarUnreadable()
    found = engine.reasons(
        offer_for(appointment_type, during),
        during.start,
        hours=periods_of(day.hours),
        busy=periods_of(day.busy),
        now=now,
        booked=day.booked,
        zone=lawyer.time_zone,
    )
    return next((one for one in found if grid or not isinstance(one, NotOnGrid)), None)


def require_offered(
    appointment_type: AppointmentType, during: Period, now: datetime, *, without: int
) -> None:
    """Check that the people of an appointment that is to be moved are all free. Raises the Refusal that says why not."""
    for place, lawyer in enumerate(party_of(appointment_type, without).leads):
        refusal = refusal_of(appointment_type, lawyer, during, now, without=without, grid=place == 0)
        if refusal is not None:
            raise refusal


def parties(
    appointment_type: AppointmentType,
    during: Period,
    now: datetime,
    *,
    hold_key: str = "",
    by_firm: bool = False,
) -> list[tuple[Lawyer, ...]]:
    """
    Who can be met at that time, the lead of each party first; the party whose turn it is comes first. Nothing is reserved.

    The firm (`by_firm`) may overlook hours, notice, horizon, grid and caps: those who would need that come last. Raises
    the Refusal that says why there is nobody.
    """
    team = team_of(appointment_type)
    if not team.leads or (appointment_type.needs_second and not team.seconds):
        raise NotBookable
    refusals: list[Refusal] = []

    def free(people: Sequence[Lawyer], first: bool) -> list[Lawyer]:
        good, overlooked = [], []
        for place, lawyer in enumerate(people):
            grid = first and not (team.together and place)
            refusal = refusal_of(appointment_type, lawyer, during, now, hold_key=hold_key, grid=grid)
            if refusal is None:
                good.append(lawyer)
            elif by_firm and refusal.code not in HARD:
                overlooked.append(lawyer)
            else:
                refusals.append(refusal)
        return (
            good + overlooked
            if team.together and first
            else [
                *_in_turn(appointment_type, good, team, now),
                *_in_turn(appointment_type, overlooked, team, now),
            ]
        )

    leads = free(team.leads, first=True)
    if not leads or (team.together and refusals):
        raise _weightiest(refusals)
    seconds = free(team.seconds, first=False)
    if appointment_type.needs_second and not seconds:
        raise _weightiest(refusals)
    if team.together:
        whole = tuple(sorted(leads, key=lambda one: one.pk != team.leads[0].pk))
        return [(*whole, second) for second in seconds] if seconds else [whole]
    return [(lead, *more) for lead, *more in product(leads, *([seconds] if seconds else []))]


def _weightiest(refusals: Sequence[Refusal]) -> Refusal:
    """Of several people's reasons the one to tell: that the time is taken, if it is for anybody."""
    return next((one for one in refusals if isinstance(one, SlotTaken)), refusals[0])
