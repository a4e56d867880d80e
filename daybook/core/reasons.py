"""Why a time is not free, in words: everything that stands in its way, named, the most telling first."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from daybook.core import times
from daybook.core.availability import Offer, Span, stretches
from daybook.core.entries import Standing
from daybook.core.hours import DayException, WeeklyHours, day_period, local_day, open_spans, to_local
from daybook.core.periods import as_utc

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


class Cause(enum.StrEnum):
    """What can stand in the way, the most telling first."""

    NOT_OFFERED = "not_offered"
    UNREADABLE = "unreadable"
    PAST = "past"
    HOLIDAY = "holiday"
    EXCEPTION = "exception"
    HOURS = "hours"
    APPOINTMENT = "appointment"
    REQUEST = "request"
    HOLD = "hold"
    CALENDAR = "calendar"
    BUFFER = "buffer"
    CAP = "cap"
    NOTICE = "notice"
    HORIZON = "horizon"
    GRID = "grid"


_ORDER = {cause: place for place, cause in enumerate(Cause)}


class By(enum.StrEnum):
    """What takes time."""

    APPOINTMENT = "appointment"
    REQUEST = "request"
    HOLD = "hold"
    CALENDAR = "calendar"
    UNREAD = "unread"  # what lies beyond what has been read of a calendar


#: The cause of whatever lies across the meeting itself.
_ACROSS: dict[By, Cause] = {
    By.APPOINTMENT: Cause.APPOINTMENT,
    By.REQUEST: Cause.REQUEST,
    By.HOLD: Cause.HOLD,
    By.CALENDAR: Cause.CALENDAR,
    By.UNREAD: Cause.UNREADABLE,
}

#: What an entry of a calendar is called, by what it says of itself. Never its title.
STANDINGS: dict[Standing, str] = {
    Standing.BUSY: "busy",
    Standing.TENTATIVE: "a tentative entry",
    Standing.UNANSWERED: "an invitation not answered yet",
    Standing.OUT_OF_OFFICE: "out of office",
    Standing.TRAVEL: "travel",
    Standing.FREE: "an entry marked as free, which takes time here",
    Standing.DECLINED: "a declined invitation, which takes time here",
    Standing.CANCELLED: "a cancelled entry",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """
    One thing that takes time, from `start` to `end` in epoch seconds, and whose it is.

    `before` and `after` are buffers of its own, in seconds. `name` is the calendar with its account, or the appointment
    type; `key` finds the row again.
    """

    start: int
    end: int
    by: By
    name: str = ""
    before: int = 0
    after: int = 0
    all_day: bool = False
    standing: Standing = Standing.BUSY
    key: int = 0

    @property
    def span(self) -> Span:
        """As the slot engine is told of it."""
        return self.start - self.before, self.end + self.after


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands in the way: its kind, a sentence for the office, and what takes the time, if anything does."""

    cause: Cause
    text: str
    taken: Taken | None = None


def explain(
    offer: Offer,
    start: datetime,
    *,
    weekly: WeeklyHours,
    exceptions: Sequence[DayException],
    zone: str,
    taken: Iterable[Taken],
    now: datetime,
    booked: Mapping[date, int] | None = None,
    holidays: Collection[date] = (),
    also: Iterable[Reason] = (),
    grid: bool = True,
) -> tuple[Reason, ...]:
    """
    Name everything that keeps `offer` from being booked at `start` (aware), the most telling first.

    It is empty exactly for the starts that `availability.open_slots` lists for the hours of `weekly` and `exceptions`
    and with the spans of `taken` as what is busy. `holidays` says which of the exceptions are public holidays. `also`
    are reasons that do not lie in time: a type that is not offered, a calendar that cannot be read. Without `grid` any
    start will do: for somebody who comes along to a time that another's grid has set.

    Raises: UnknownTimeZone. ValueError for a naive time.
    """
    asked = _Asked(offer, as_utc(start), zone)
    found = [*also, *_limits(asked, as_utc(now)), *_around(asked, taken), *_full(asked, booked or {})]
    found += _hours(asked, weekly, exceptions, holidays, grid)
    found.sort(key=lambda reason: (_ORDER[reason.cause], reason.taken.start if reason.taken else 0))
    return tuple(found)


def grid_of_day(
    offer: Offer, on: date, *, weekly: WeeklyHours, exceptions: Sequence[DayException], zone: str
) -> list[datetime]:
    """
    Every start that the hours of one local date give, free or not, earliest first; none on a day that is closed.

    Raises: UnknownTimeZone.
    """
    step = _seconds(offer.step)
    spans = open_spans(weekly, exceptions, zone, on, on)
    return [_moment(at) for opens, closes, _ in stretches(spans) for at in range(opens, closes, step)]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A meeting that somebody asks about."""

    offer: Offer
    begin: datetime
    zone: str

    @property
    def at(self) -> int:
        return _floor(self.begin)

    @property
    def until(self) -> int:
        return self.at + _seconds(self.offer.length)

    @property
    def on(self) -> date:
        return local_day(self.begin, self.zone)

    def clock(self, second: int) -> str:
        """The time on the lawyer's wall: with its date where that is another, with its rule where clocks change."""
        moment = _moment(second)
        text = times.say_time(moment, self.zone)
        whole = day_period(self.on, self.zone)
        if whole is not None and whole.length != timedelta(hours=24):
            text = f"{text} {to_local(moment, self.zone).tzname()}"
        on = local_day(moment, self.zone)
        return text if on == self.on else f"{text} on {times.say_day(on, year=on.year != self.on.year)}"

    def span(self, start: int, end: int) -> str:
        return f"{self.clock(start)} – {self.clock(end)}"


def _limits(asked: _Asked, now: datetime) -> Iterable[Reason]:
    offer = asked.offer
    if asked.begin < now:
        yield Reason(Cause.PAST, "This time has already begun.")
    elif asked.begin < now + offer.notice:
        from_when = times.say_moment(now + offer.notice, asked.zone)
        yield Reason(
            Cause.NOTICE,
            f"The minimum notice is {times.say_length(offer.notice)}: from {from_when} it can be booked.",
        )
    if asked.at > _floor(now) + _seconds(offer.horizon):
        until = times.say_moment(now + offer.horizon, asked.zone)
        yield Reason(
            Cause.HORIZON,
            f"The horizon is {times.say_length(offer.horizon)}: bookings are open until {until}.",
        )


def _around(asked: _Asked, taken: Iterable[Taken]) -> Iterable[Reason]:
    lead, trail = _seconds(asked.offer.after), _seconds(asked.offer.before)
    for one in taken:
        low, high = one.span
        if not (low < high and low < asked.until + lead and high > asked.at - trail):
            continue
        if one.start < asked.until and one.end > asked.at:
            yield Reason(_ACROSS[one.by], f"{_what(asked, one)}.", one)
        else:
            yield Reason(Cause.BUFFER, _near(asked, one), one)


def _what(asked: _Asked, one: Taken) -> str:
    """What takes time, with its name and its time and nothing private."""
    when = asked.span(one.start, one.end)
    match one.by:
        case By.APPOINTMENT:
            return f"An appointment ({one.name}), {when}"
        case By.REQUEST:
            return f"Requested ({one.name}) and not answered yet, {when}"
        case By.HOLD:
            return f"Held for somebody who is booking {one.name} online, {when}"
        case By.UNREAD:
            return f"{one.name} has been read only up to {times.say_moment(_moment(one.start), asked.zone)}"
        case By.CALENDAR:
            whole = ", whole day" if one.all_day else ""
            return f"In {one.name}: {STANDINGS[one.standing]}{whole}, {when}"


def _near(asked: _Asked, one: Taken) -> str:
    """Which buffer reaches into which neighbor."""
    if one.start >= asked.until:
        own, theirs, sides = _seconds(asked.offer.after), one.before, ("after", "before")
    else:
        own, theirs, sides = _seconds(asked.offer.before), one.after, ("before", "after")
    buffers = [
        f"{times.say_length(timedelta(seconds=length))} {side} {whose}"
        for length, side, whose in (
            (own, sides[0], "this appointment"),
            (theirs, sides[1], "the one beside it"),
        )
        if length
    ]
    return f"Too close to its neighbor. {_what(asked, one)}. Kept free: {' and '.join(buffers)}."


def _hours(
    asked: _Asked,
    weekly: WeeklyHours,
    exceptions: Sequence[DayException],
    holidays: Collection[date],
    grid: bool,
) -> Iterable[Reason]:
    a_day = timedelta(days=1)
    last = local_day(_moment(asked.until), asked.zone)
    found = stretches(open_spans(weekly, exceptions, asked.zone, asked.on - a_day, last + a_day))
    stretch = next((one for one in found if one[0] <= asked.at < one[1]), None)
    if stretch is None:
        yield _closed(asked, weekly, exceptions, holidays)
        return
    opens, _, runs_to = stretch
    if asked.until > runs_to:
        text = f"It would last until {asked.clock(asked.until)}, and the hours end at {asked.clock(runs_to)}."
        yield Reason(Cause.HOURS, text)
    step = _seconds(asked.offer.step)
    beyond = (asked.at - opens) % step
    if grid and (beyond or asked.begin.microsecond):
        before = asked.at - beyond
        text = (
            f"Appointments start every {times.say_length(asked.offer.step)} from {asked.clock(opens)}:"
            f" the nearest are {asked.clock(before)} and {asked.clock(before + step)}."
        )
        yield Reason(Cause.GRID, text)


def _closed(
    asked: _Asked, weekly: WeeklyHours, exceptions: Sequence[DayException], holidays: Collection[date]
) -> Reason:
    """Outside the hours: of an ordinary day, of a date with hours of its own, or of one that is closed."""
    on = asked.on
    here = [exception for exception in exceptions if exception.on == on]
    names = ", ".join(dict.fromkeys(exception.reason for exception in here if exception.reason))
    spans = [asked.span(*span) for span in open_spans(weekly, exceptions, asked.zone, on, on)]
    day = times.say_day(on)
    if not here:
        usual = _DAYS[on.weekday()]
        return Reason(
            Cause.HOURS,
            f"Outside the hours of {usual}: {_and(spans)}." if spans else f"There are no hours on {usual}.",
        )
    if on in holidays:
        return Reason(Cause.HOLIDAY, f"{day} is a public holiday: {names}.")
    named = f"{day} ({names})" if names else day
    if spans:
        return Reason(Cause.EXCEPTION, f"Outside the hours of {named}, which has its own: {_and(spans)}.")
    return Reason(Cause.EXCEPTION, f"{named} is closed.")


def _full(asked: _Asked, booked: Mapping[date, int]) -> Iterable[Reason]:
    """The caps that the day and the week have reached."""
    per_day, per_week = asked.offer.cap_per_day, asked.offer.cap_per_week
    near = [asked.on + timedelta(days=offset) for offset in (-1, 0, 1)]
    # A clock that goes back over midnight shows two dates in turn: the instant may belong to either.
    days = [
        day for day in near if (whole := day_period(day, asked.zone)) and whole.contains(_moment(asked.at))
    ]
    if per_day is not None:
        for day in days if per_day else [asked.on]:
            count = booked.get(day, 0)
            if count >= per_day:
                yield Reason(
                    Cause.CAP, f"{times.say_day(day)} has {count}, and the cap per day is {per_day}."
                )
    if per_week is not None:
        mondays = {day - timedelta(days=day.weekday()) for day in (days if per_week else [asked.on])}
        for monday in sorted(mondays):
            count = sum(booked.get(monday + timedelta(days=offset), 0) for offset in range(7))
            if count >= per_week:
                week = times.say_day(monday)
                yield Reason(
                    Cause.CAP, f"The week from {week} has {count}, and the cap per week is {per_week}."
                )


def _and(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _seconds(span: timedelta) -> int:
    return span // _SECOND


def _floor(moment: datetime) -> int:
    return (moment - _EPOCH) // _SECOND


def _moment(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)
