"""How a time is written: one way for pages, mail, text messages and calendar files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from daybook.core.hours import to_local, zone
from daybook.core.periods import as_utc

#: Short English names, whatever the language of the machine.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def say(
    start: datetime,
    end: datetime | None,
    zone_name: str,
    other_zone: str | None = None,
    *,
    plain: bool = False,
) -> str:
    """
    A time as people read it: "Tue 24 Nov 2026, 2:30 pm – 3:00 pm (Denver, MST)".

    When clocks in `other_zone` show something else, its time of the start follows: " · 9:30 pm London (GMT)", with the date
    if that differs too. An end on another day names its day; an end under another rule of daylight saving names both
    rules. `end` may be None. `plain` uses only signs that a text message carries cheaply.

    `start` and `end` are aware. Raises: UnknownTimeZone. ValueError for a naive time.
    """
    first = to_local(start, zone_name)
    dash, dot = (" to ", ", ") if plain else (" – ", " · ")
    city, rule = _city(zone_name), _rule(first)
    text = f"{_day(first, year=True)}, {_clock(first)}"
    if end is not None:
        last = to_local(end, zone_name)
        until = _clock(last)
        if last.date() != first.date():
            until = f"{_day(last, year=last.year != first.year)}, {until}"
        if last.utcoffset() != first.utcoffset():
            text, until, rule = f"{text} {rule}", f"{until} {_rule(last)}", ""
        text += dash + until
    label = ", ".join(part for part in (city, rule) if part)
    text += f" ({label})" if label else ""
    other = _other(start, zone_name, other_zone)
    return f"{text}{dot}{other}" if other else text


def say_start(start: datetime, zone_name: str, other_zone: str | None = None) -> str:
    """
    A start in few words, for a text message or a list: "Tue 24 Nov, 2:30 pm (Denver, MST)"; with `other_zone` as in `say`.

    Raises: as `say`.
    """
    first = to_local(start, zone_name)
    text = f"{_day(first)}, {_clock(first)} ({zone_label(zone_name, start)})"
    other = _other(start, zone_name, other_zone)
    return f"{text}, {other}" if other else text


def say_moment(at: datetime, zone_name: str) -> str:
    """
    A moment where the zone is plain from the page: "Tue 24 Nov 2026, 2:30 pm".

    Raises: as `say`.
    """
    local = to_local(at, zone_name)
    return f"{_day(local, year=True)}, {_clock(local)}"


def say_day(on: date | datetime, zone_name: str | None = None, *, year: bool = True) -> str:
    """
    A day: "Tue 24 Nov 2026". An instant (aware) needs the zone whose date is meant.

    Raises: ValueError for an instant without a zone. UnknownTimeZone.
    """
    if isinstance(on, datetime):
        if zone_name is None:
            raise ValueError("which day an instant falls on depends on the zone")
        on = to_local(on, zone_name).date()
    return _day(on, year=year)


def say_time(at: datetime, zone_name: str) -> str:
    """
    The clock time of an instant (aware): "2:30 pm"; noon is "12:00 pm", midnight "12:00 am".

    Raises: as `say`.
    """
    return _clock(to_local(at, zone_name))


def say_length(length: timedelta) -> str:
    """How long something takes: "45 minutes", "1 hour", "1 hour 30 minutes", "2 days"."""
    minutes = int(length.total_seconds()) // 60
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [_many(days, "day"), _many(hours, "hour"), _many(minutes, "minute")]
    return " ".join(part for part in parts if part) or "0 minutes"


def zone_label(zone_name: str, at: datetime) -> str:
    """
    A zone as people know it, at that instant: "Denver, MST", "Kathmandu, UTC+5:45", "UTC".

    Raises: as `say`.
    """
    return ", ".join(part for part in (_city(zone_name), _rule(to_local(at, zone_name))) if part)


def same_clock(one: str, other: str, at: datetime) -> bool:
    """
    Whether clocks in both zones show the same at that instant (aware).

    Raises: as `say`.
    """
    return to_local(at, one).utcoffset() == to_local(at, other).utcoffset()


def group_by_day(starts: Iterable[datetime], zone_name: str) -> tuple[tuple[date, tuple[datetime, ...]], ...]:
    """
    The starts (aware) under the dates they have in the visitor's zone.

    Days and starts come earliest first; a day without starts is left out. A date depends on the visitor's zone, so
    group again when it changes. The starts are in UTC, to be written with `say_time`: in a zone, Python takes the two
    passes of a repeated hour for equal, and for unequal to the same instant elsewhere (PEP 495).

    Raises: as `say`.
    """
    zone(zone_name)
    days: dict[date, list[datetime]] = {}
    for start in sorted(map(as_utc, starts)):
        days.setdefault(to_local(start, zone_name).date(), []).append(start)
    return tuple((day, tuple(days[day])) for day in sorted(days))


def _other(start: datetime, zone_name: str, other_zone: str | None) -> str:
    if other_zone is None or same_clock(zone_name, other_zone, start):
        return ""
    here, there = to_local(start, zone_name), to_local(start, other_zone)
    text = _clock(there)
    if there.date() != here.date():
        text = f"{_day(there, year=there.year != here.year)}, {text}"
    city, rule = _city(other_zone), _rule(there)
    return f"{text} {city} ({rule})" if city else f"{text} {rule}"


def _day(on: date, *, year: bool = False) -> str:
    text = f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"
    return f"{text} {on.year}" if year else text


def _clock(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


def _city(zone_name: str) -> str:
    area, slash, place = zone_name.rpartition("/")
    return place.replace("_", " ") if slash and area != "Etc" else ""


def _rule(local: datetime) -> str:
    """The zone's short name, or its distance from UTC where the database has no letters for it."""
    name = local.tzname() or ""
    if name.isalpha():
        return name
    minutes = int((local.utcoffset() or timedelta(0)).total_seconds()) // 60
    hours, part = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{part:02d}" if part else "")


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
