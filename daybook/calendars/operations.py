"""Writes: hours and exceptions, which calendars are used how, the mirror of busy times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least, Now

from daybook.calendars.models import (
    BusyPeriod,
    Calendar,
    CalendarUse,
    HolidayCalendar,
    HoursException,
    WorkingHours,
)
from daybook.calendars.shared import EXPECTED
from daybook.core.entries import TAKEN_BY_DEFAULT, Standing
from daybook.core.errors import Refusal
from daybook.core.hours import WeeklyHours
from daybook.core.periods import Period
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor


class NotWritable(Refusal):
    """Appointments can only be written where the connection may write."""

    says = "The connection may not write to that calendar, so it cannot receive appointments."
    about = "primary"


@dataclass(frozen=True, slots=True)
class Busy:
    """One busy stretch as another system tells it."""

    external_id: str
    during: Period
    all_day: bool = False
    appointment_id: int | None = None
    standing: Standing = Standing.BUSY


def _behalf(actor: Actor | None, lawyer: Lawyer) -> dict[str, object]:
    if actor is None:
        return {}
    return {
        "actor": actor.user,
        "behalf_of": lawyer if actor.own is None or lawyer.pk != actor.own.pk else None,
    }


def save_hours(
    *,
    lawyer: Lawyer,
    weekly: WeeklyHours,
    now: datetime,
    actor: Actor | None = None,
    appointment_type_id: int | None = None,
) -> None:
    """Replace the lawyer's usual week, or a type's own week; an empty week for a type means the usual one."""
    with transaction.atomic():
        WorkingHours.objects.filter(lawyer=lawyer, appointment_type=appointment_type_id).delete()
        WorkingHours.objects.bulk_create(
            WorkingHours(
                firm_id=lawyer.firm_id,
                lawyer=lawyer,
                appointment_type_id=appointment_type_id,
                weekday=weekday,
                opens=opens,
                closes=closes,
            )
            for weekday, stretches in weekly.days.items()
            for opens, closes in stretches
        )
        record("hours_saved", firm=lawyer.firm_id, now=now, subject=lawyer.pk, **_behalf(actor, lawyer))


def save_exception(
    *,
    lawyer: Lawyer,
    on: date,
    opens: int | None,
    closes: int | None,
    reason: str,
    now: datetime,
    actor: Actor | None = None,
) -> HoursException:
    """Set one date's hours, or close it with both minutes None; whatever was said of that date before is replaced."""
    with transaction.atomic():
        HoursException.objects.filter(lawyer=lawyer, on=on).delete()
        exception = HoursException.objects.create(
            firm_id=lawyer.firm_id, lawyer=lawyer, on=on, opens=opens, closes=closes, reason=reason
        )
        record("exception_saved", firm=lawyer.firm_id, now=now, subject=lawyer.pk, **_behalf(actor, lawyer))
    return exception


def drop_exception(*, exception: HoursException, now: datetime, actor: Actor) -> None:
    with transaction.atomic():
        lawyer = exception.lawyer
        exception.delete()
        record("exception_removed", firm=lawyer.firm_id, now=now, subject=lawyer.pk, **_behalf(actor, lawyer))


def observe_holidays(
    *, lawyer: Lawyer, country: str, subdivision: str = "", now: datetime, actor: Actor | None = None
) -> None:
    """Close the public holidays of a country; an empty country observes none."""
    with transaction.atomic():
        HolidayCalendar.objects.filter(lawyer=lawyer).delete()
        if country:
            HolidayCalendar.objects.create(
                firm_id=lawyer.firm_id, lawyer=lawyer, country=country, subdivision=subdivision
            )
        record("hours_saved", firm=lawyer.firm_id, now=now, subject=lawyer.pk, **_behalf(actor, lawyer))


def choose_calendars(
    *,
    lawyer: Lawyer,
    blocking: dict[int, bool],
    primary: Calendar | None,
    now: datetime,
    actor: Actor | None = None,
    all_day_blocks: dict[int, bool] | None = None,
    standings: dict[int, frozenset[Standing]] | None = None,
    requests_when_unread: bool | None = None,
) -> None:
    """
    Say which calendars take the lawyer's time and which one receives appointments. `blocking` is by calendar id;
    calendars left out are not used. The primary calendar always blocks. `standings` says by calendar id what takes time
    there beside plain entries; where it says nothing, the defaults hold. `requests_when_unread` is as `prefer_requests`
    has it; None leaves that as it is.

    Raises NotWritable when the connection may not write to `primary`.
    """
    if primary is not None and not primary.writable:
        raise NotWritable
    lenient = {key for key, blocks in (all_day_blocks or {}).items() if not blocks}
    with transaction.atomic():
        lawyer = Lawyer.objects.select_for_update(no_key=True).get(pk=lawyer.pk)
        wanted = {
            calendar.pk: calendar
            for calendar in Calendar.objects.filter(firm_id=lawyer.firm_id, pk__in=blocking)
        }
        if primary is not None:
            wanted[primary.pk] = primary
        # Calendars of a disconnected account are not asked about, and come back with it as they were.
        CalendarUse.objects.filter(lawyer=lawyer).exclude(calendar__connection__state="disconnected").delete()
        if primary is not None:
            CalendarUse.objects.filter(lawyer=lawyer, is_primary=True).update(is_primary=False)
        CalendarUse.objects.bulk_create(
            CalendarUse(
                firm_id=lawyer.firm_id,
                lawyer=lawyer,
                calendar_id=key,
                blocks=blocking.get(key, True) or (primary is not None and key == primary.pk),
                is_primary=primary is not None and key == primary.pk,
                all_day_blocks=key not in lenient,
                standings=sorted((standings or {}).get(key, TAKEN_BY_DEFAULT) | {Standing.BUSY}),
            )
            for key in sorted(wanted)
        )
        record(
            "calendars_chosen",
            firm=lawyer.firm_id,
            now=now,
            subject=lawyer.pk,
            primary=primary.pk if primary else None,
            calendars=sorted(wanted),
            **_behalf(actor, lawyer),
        )
        if requests_when_unread is not None:
            prefer_requests(lawyer=lawyer, wanted=requests_when_unread, now=now, actor=actor)


def prefer_requests(*, lawyer: Lawyer, wanted: bool, now: datetime, actor: Actor | None = None) -> None:
    """Say whether times can be requested while a calendar of the lawyer's cannot be read; otherwise none are shown."""
    with transaction.atomic():
        changed = Lawyer.objects.filter(pk=lawyer.pk).exclude(requests_when_unread=wanted)
        if changed.update(requests_when_unread=wanted):
            record(
                "requests_preferred",
                firm=lawyer.firm_id,
                now=now,
                subject=lawyer.pk,
                wanted=wanted,
                **_behalf(actor, lawyer),
            )


def store_busy(
    *, calendar_id: int, busy: Iterable[Busy], start: datetime, end: datetime, read_at: datetime, whole: bool
) -> None:
    """
    Make the mirror of one calendar say exactly `busy` between `start` and `end`.

    Rows that reach into the window are replaced, but for those of `shared.expect`; `whole` marks a reading of the full
    mirror window, which renews `read_at` and clears trouble; a partial one only corrects its window. A calendar removed
    meanwhile stays removed.
    """
    rows = [_row(calendar_id, item) for item in busy]
    window = DateTimeTZRange(start, end)
    with transaction.atomic():
        if not _turn(calendar_id):
            return
        said = _said(calendar_id, rows)
        said.filter(during__overlap=window).delete()
        if whole:
            said.exclude(during__overlap=window).delete()
        BusyPeriod.objects.bulk_create(rows, batch_size=1000)
        if whole:
            renew(calendar_id=calendar_id, read_at=read_at)
            Calendar.objects.filter(pk=calendar_id).update(read_from=start, read_until=end)


def store_changes(*, calendar_id: int, changes: Mapping[str, Iterable[Busy]], read_at: datetime) -> None:
    """
    Replace all that the mirror has of each entry in `changes`, by the other system's id, with what it is now; nothing
    for one that is gone. All else stands as it was, and the mirror is as good as one just read.
    """
    rows = [_row(calendar_id, item) for items in changes.values() for item in items]
    with transaction.atomic():
        if not _turn(calendar_id):
            return
        _said(calendar_id, rows).filter(external_id__in=list(changes)).delete()
        BusyPeriod.objects.bulk_create(rows, batch_size=1000)
        renew(calendar_id=calendar_id, read_at=read_at)


def _row(calendar_id: int, item: Busy) -> BusyPeriod:
    return BusyPeriod(
        calendar_id=calendar_id,
        external_id=item.external_id,
        during=DateTimeTZRange(item.during.start, item.during.end),
        all_day=item.all_day,
        standing=item.standing,
        appointment_id=item.appointment_id,
    )


def _turn(calendar_id: int) -> bool:
    """One writer at a time for a mirror: two readings that cross would leave rows of both. False when it is gone."""
    return Calendar.objects.select_for_update(no_key=True).filter(pk=calendar_id).first() is not None


def _said(calendar_id: int, rows: list[BusyPeriod]) -> QuerySet[BusyPeriod]:
    """What the other system has said so far. What is about to be written there is taken although it does not say so yet."""
    shown = [row.appointment_id for row in rows if row.appointment_id]
    return BusyPeriod.objects.filter(calendar_id=calendar_id).exclude(
        Q(external_id=EXPECTED) & ~Q(appointment__in=shown)
    )


def renew(*, calendar_id: int, read_at: datetime) -> None:
    """The other system was asked, and says that nothing has changed since the mirror was last read whole."""
    Calendar.objects.filter(pk=calendar_id).update(
        read_at=read_at, trouble="", trouble_since=None, trouble_final=False
    )


def empty(*, calendar_id: int) -> None:
    """Forget all that the mirror has of a calendar, as if it had never been read."""
    with transaction.atomic():
        if not _turn(calendar_id):
            return
        BusyPeriod.objects.filter(calendar_id=calendar_id).delete()
        Calendar.objects.filter(pk=calendar_id).update(
            read_at=None,
            read_from=None,
            read_until=None,
            token="",
            whole_at=None,
            trouble="",
            trouble_since=None,
            trouble_final=False,
        )


def add_own(*, lawyer: Lawyer, connection_id: int, external_id: str, name: str, kind: str) -> Calendar:
    """A calendar of a lawyer's own, which can be read and blocks their time until they say otherwise."""
    with transaction.atomic():
        calendar = Calendar.objects.create(
            firm_id=lawyer.firm_id,
            connection_id=connection_id,
            external_id=external_id,
            name=name[:255],
            kind=kind,
            time_zone=lawyer.time_zone,
            permission=Calendar.Permission.VIEWER,
        )
        CalendarUse.objects.create(firm_id=lawyer.firm_id, lawyer=lawyer, calendar=calendar)
    return calendar


def mark_trouble(*, calendar: Calendar, text: str, final: bool, now: datetime) -> None:
    """
    Note that a calendar could not be read; the first time is recorded as an event, so somebody is told once.

    What waiting will not mend stays so until the calendar has been read: silence afterwards does not make it better.
    """
    with transaction.atomic():
        row = Calendar.objects.filter(pk=calendar.pk)
        first = row.filter(trouble_since=None).update(trouble_since=now)
        (row if final else row.filter(trouble_final=False)).update(trouble=text[:300], trouble_final=final)
        if first:
            record("calendar_unreadable", firm=calendar.firm_id, now=now, subject=calendar.pk)


#: A copy of an appointment that stays behind without being told of again is looked for after this (sync/copies.py).
LOOK_AGAIN = timedelta(hours=8)


def forget_own(*, appointment_id: int) -> None:
    """
    Drop our own appointment from the mirrors: it was moved or cancelled here, and the copy over there is about to be.

    Should nothing more be told of it, those calendars are read whole again in a while.
    """
    shown = BusyPeriod.objects.filter(appointment_id=appointment_id)
    told = Calendar.objects.filter(pk__in=list(shown.values_list("calendar", flat=True))).exclude(token="")
    again = Least(F("whole_at"), Now() + LOOK_AGAIN)  # of NULL and a time, PostgreSQL's least is the time
    # In the order in which every writer of several calendars takes its turns.
    for calendar_id in told.order_by("pk").values_list("pk", flat=True):
        Calendar.objects.filter(pk=calendar_id).update(whole_at=again)
    shown.delete()
