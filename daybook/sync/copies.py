"""Which entries of a calendar are appointments of ours: those we wrote, and copies that other programs made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from daybook.appointments.models import Appointment, Seat
from daybook.calendars.models import Calendar
from daybook.calendars.operations import Busy
from daybook.connectors.calendars import Seen
from daybook.core.entries import Standing
from daybook.core.periods import Period
from daybook.firms.models import Event
from daybook.sync.models import Push

#: How long a copy may stand where its appointment no longer is before it is taken for somebody's own entry. Clio's sync
#: with Google and with Office 365 looks every hour, and after an hour without changes not for another seven (its
#: articles on calendar sync, read 2026-11): the slowest sync there is to a calendar must fit.
COPIES_FOLLOW = timedelta(hours=8)

#: An entry of ours that we are about to change is left out; what became of it is looked at again after this.
ABOUT_TO_CHANGE = timedelta(minutes=15)

State = Appointment.State
_OVER = (State.CANCELLED, State.EXPIRED)

#: A copy has the time and the title of what it copies: start, end, title.
Looks = tuple[datetime, datetime, str]


@dataclass(slots=True)
class Sorted:
    """What a reading comes to: by entry what it takes, and when all has to be read again, were nothing told till then."""

    busy: dict[str, list[Busy]] = field(default_factory=dict)
    again_at: datetime | None = None

    def look_again(self, at: datetime) -> None:
        self.again_at = min(self.again_at or at, at)


def sort(calendar: Calendar, seen: Iterable[Seen], window: Period, now: datetime) -> Sorted:
    """
    What each entry takes of the calendar's owner's time, our appointments known for what they are.

    An entry of ours that is about to move or to go takes nothing where it still stands, nor does a copy of one, for as
    long as copies take to follow.
    """
    seen = list(seen)
    ours = _marked(calendar.firm_id, seen)
    copies = _Copies(calendar, seen, window, now)
    told = Sorted()
    for one in seen:
        appointment = ours.get(one.mark)
        if appointment is None:
            appointment, gone_at = copies.match(one)
            skipped = gone_at is not None
            if gone_at is not None:
                told.look_again(gone_at + COPIES_FOLLOW)
        else:
            skipped = _leaves(appointment, one)
            if skipped and appointment.state not in _OVER:
                told.look_again(now + ABOUT_TO_CHANGE)
        told.busy.setdefault(one.id, []).extend([] if skipped else _busy(one, appointment))
    return told


def _busy(one: Seen, appointment: Appointment | None) -> list[Busy]:
    return [
        Busy(
            external_id=one.id,
            during=item.during,
            all_day=item.all_day,
            standing=item.standing,
            appointment_id=appointment.pk if appointment else None,
        )
        for item in one.items
        if item.standing is not Standing.CANCELLED
    ]


def _marked(firm_id: int, seen: Iterable[Seen]) -> dict[str, Appointment]:
    """Our appointments by the mark on their entries; a mark that is not ours means nothing."""
    marks = {one.mark for one in seen if len(one.mark) == 36}
    if not marks:
        return {}
    found = Appointment.objects.filter(firm=firm_id, uid__in=marks).select_related("push")
    return {str(appointment.uid): appointment for appointment in found}


def _leaves(appointment: Appointment, one: Seen) -> bool:
    """
    Whether the entry over there is about to be moved or deleted by us: it must not block the old time.

    One that waits for a person is not about to: where it stands, somebody may have put it.
    """
    if appointment.state in _OVER:
        return True
    push: Push | None = getattr(appointment, "push", None)
    if push is None or push.state != Push.State.PENDING:
        return False
    if appointment.proposals.filter(answered_at=None).exists():
        return False  # somebody put it there, and has not been answered yet: both times are taken
    return [item.during for item in one.items] != [Period(appointment.start, appointment.end)]


class _Copies:
    """Entries without our mark that are appointments all the same, because something else copied them."""

    def __init__(self, calendar: Calendar, seen: list[Seen], window: Period, now: datetime) -> None:
        self._now = now
        self._by_uid: dict[str, Appointment] = {}
        self._here: dict[Looks, Appointment] = {}
        self._left: dict[Looks, tuple[Appointment, datetime]] = {}
        if any(not one.mark and len(one.items) == 1 for one in seen):
            self._gather(calendar, window)

    def match(self, one: Seen) -> tuple[Appointment | None, datetime | None]:
        """
        The appointment an entry is a copy of, and since when that has left the place where the copy stands; None for
        somebody's own entry.
        """
        if one.mark or len(one.items) != 1 or one.items[0].all_day:
            return None, None
        item = one.items[0]
        by_uid = self._by_uid.get(one.uid)
        if by_uid is not None:
            if by_uid.state == State.CONFIRMED and item.during == Period(by_uid.start, by_uid.end):
                return by_uid, None
            left_at = by_uid.cancelled_at or by_uid.updated_at
            return (by_uid, left_at) if self._now < left_at + COPIES_FOLLOW else (None, None)
        looks = (item.during.start, item.during.end, _plain(item.title))
        if looks in self._here:
            return self._here[looks], None
        return self._left.get(looks, (None, None))

    def _gather(self, calendar: Calendar, window: Period) -> None:
        since = self._now - COPIES_FOLLOW
        lawyers = _whose(calendar)
        reaches = Q(during__endswith__gt=window.start, during__startswith__lt=window.end)
        lately = Q(updated_at__gt=since)
        beside = Seat.objects.filter(lawyer__in=lawyers, lead=False).values("appointment")
        rows = Appointment.objects.filter(Q(lawyer__in=lawyers) | Q(pk__in=beside), firm=calendar.firm_id)
        rows = rows.filter(
            Q(state=State.CONFIRMED) & (reaches | lately) | Q(state__in=_OVER, cancelled_at__gt=since)
        )
        found = {row.pk: row for row in rows}
        for row in found.values():
            self._by_uid[str(row.uid)] = row
            looks = (row.start, row.end, title_of(row))
            if row.state == State.CONFIRMED:
                self._here[looks] = row
            elif row.cancelled_at is not None:
                self._left[looks] = (row, row.cancelled_at)
        moves = Event.objects.filter(
            firm=calendar.firm_id, name="appointment_rescheduled", subject__in=list(found), at__gt=since
        )
        for move in moves.order_by("pk"):
            row = found[move.subject or 0]
            start = datetime.fromisoformat(move.details["was"])
            self._left[(start, start + (row.end - row.start), title_of(row))] = (row, move.at)


def _whose(calendar: Calendar) -> list[int]:
    """The lawyers whose appointments may show in a calendar: those who use it."""
    users: Mapping[int, None] = dict.fromkeys(calendar.uses.values_list("lawyer_id", flat=True))
    own = calendar.connection.lawyer_id
    return list({*users, own} if own else users)


def entry_title(appointment: Appointment) -> str:
    """What its entry is called in any calendar. Neutral: who is met, and nothing of what it is about."""
    return f"Appointment with {appointment.client_name}"[:255]


def title_of(appointment: Appointment) -> str:
    """How the title of its entry is compared."""
    return _plain(entry_title(appointment))


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
