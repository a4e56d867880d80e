"""Awkward calendar files, with the busy times a person reads out of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daybook.connectors.errors import Garbled, RemoteTrouble, Unreachable
from daybook.connectors.ics.read import read
from daybook.core.entries import Standing
from daybook.core.periods import Period

FEEDS = Path(__file__).parent / "feeds"
#: Three weeks around the Sunday on which clocks in Denver go back, 1 November: -6 hours before, -7 after.
WINDOW = Period(datetime(2026, 10, 26, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
ONE = ["10-28 15:00 - 10-28 16:00"]

#: What is busy, in UTC, written by hand. "day", and any standing but busy, behind it.
BUSY: dict[str, list[str]] = {
    "plain_utc": ONE,
    "lf_only": ONE,
    "cr_only": ONE,
    "bom_and_blank_lines": ONE,
    "utf16": ONE,
    "folded_in_the_middle": ONE,
    "lower_case": ONE,
    "floating": ["10-28 15:00 - 10-28 16:00", "11-04 16:00 - 11-04 17:00"],
    "all_day": [
        "11-01 06:00 - 11-02 07:00 day",  # 25 hours
        "11-05 07:00 - 11-06 07:00 day",
        "11-10 07:00 - 11-12 07:00 day",
    ],
    "all_day_that_ends_where_it_begins": ["11-05 07:00 - 11-06 07:00 day"],
    "all_day_of_outlook": ["11-05 07:00 - 11-06 07:00 day out_of_office"],
    "weekly_over_the_change": [
        "10-26 15:00 - 10-26 16:00",
        "11-02 16:00 - 11-02 17:00",
        "11-09 16:00 - 11-09 17:00",
    ],
    "night_over_the_change": [
        "10-31 04:00 - 10-31 12:00",
        "11-01 04:00 - 11-01 13:00",  # until six on the wall, which is the later of the two readings
        "11-02 05:00 - 11-02 13:00",
    ],
    "night_by_duration": [
        "10-31 04:00 - 10-31 12:00",
        "11-01 04:00 - 11-01 12:00",  # eight hours are eight hours
        "11-02 05:00 - 11-02 13:00",
    ],
    "a_day_long_by_duration": [
        "10-31 18:00 - 11-01 19:00",  # a day on the wall
        "11-07 19:00 - 11-08 19:00",
        "11-10 19:00 - 11-16 00:00",  # a week, cut at the end of the window
    ],
    "extra_and_left_out": [
        "10-27 15:00 - 10-27 15:30",
        "10-29 20:00 - 10-29 20:30",
        "10-30 20:00 - 10-30 20:30",
        "11-10 16:00 - 11-10 16:30",
    ],
    "left_out_in_utc": ["10-27 15:00 - 10-27 15:30", "11-10 16:00 - 11-10 16:30"],
    "left_out_by_day": ["10-27 15:00 - 10-27 15:30", "11-10 16:00 - 11-10 16:30"],
    "left_out_without_zone": ["10-27 13:00 - 10-27 13:30"],
    "extra_periods": [
        "10-28 15:00 - 10-28 16:00",
        "10-29 15:00 - 10-29 18:00",
        "10-30 15:00 - 10-30 15:15",
    ],
    "until_a_day": ["10-28 02:00 - 10-28 03:00", "10-29 02:00 - 10-29 03:00", "10-30 02:00 - 10-30 03:00"],
    "moved_and_cancelled": ["10-26 15:00 - 10-26 16:00", "11-04 20:00 - 11-04 20:30"],
    "moved_into_the_window": ["11-03 16:00 - 11-03 17:00"],
    "changed_twice": ["10-26 15:00 - 10-26 16:00", "11-02 20:00 - 11-02 21:00"],
    "this_and_future": [
        "10-26 15:00 - 10-26 16:00",
        "11-02 17:00 - 11-02 18:00",
        "11-09 17:00 - 11-09 18:00",
    ],
    "a_change_without_its_series": ["11-02 17:00 - 11-02 18:00"],
    "first_day_beside_the_rule": [
        "10-26 15:00 - 10-26 16:00",
        "10-28 15:00 - 10-28 16:00",
        "11-04 15:00 - 11-04 16:00",
    ],
    "flags": [
        "10-26 15:00 - 10-26 16:00 free",
        "10-27 15:00 - 10-27 16:00 tentative",
        "10-29 15:00 - 10-29 16:00 free",
        "10-30 15:00 - 10-30 16:00 tentative",
        "10-31 15:00 - 10-31 16:00",
        "11-02 15:00 - 11-02 16:00",
        "11-03 15:00 - 11-03 16:00 out_of_office",
        "11-04 14:15 - 11-04 15:00 travel",
        "11-04 15:00 - 11-04 16:00",
        "11-05 15:00 - 11-05 16:00 free",
    ],
    "windows_zones": ["10-28 15:00 - 10-28 16:00", "11-02 16:00 - 11-02 17:00"],
    "zones_with_paths": ["10-28 15:00 - 10-28 16:00", "10-29 15:00 - 10-29 16:00"],
    "zone_described": ["10-28 15:00 - 10-28 16:00", "11-04 16:00 - 11-04 17:00"],
    "zone_with_a_location": ["10-28 09:00 - 10-28 10:00"],
    "no_uid": ["10-28 15:00 - 10-28 16:00", "10-29 15:00 - 10-29 16:00"],
    "one_uid_for_all": [
        "10-28 15:00 - 10-28 16:00",
        "10-29 15:00 - 10-29 16:00",
        "10-30 15:00 - 10-30 16:00",
        "10-31 15:00 - 10-31 16:00",
    ],
    "a_broken_line_in_the_text": ONE,
    "no_length": [],
    "end_before_beginning": ONE,
    "free_busy": [
        "10-28 15:00 - 10-28 16:00",
        "10-29 15:00 - 10-29 15:30",
        "10-30 15:00 - 10-30 16:00 free",
        "10-31 15:00 - 10-31 16:00 tentative",
        "11-02 15:00 - 11-02 16:00 out_of_office",
    ],
    "todos_and_journals": [],
    "broken_but_elsewhere": ONE,
    "reaches_in_from_outside": ["10-26 00:00 - 10-27 00:00", "11-15 12:00 - 11-16 00:00"],
    "empty": [],
    "two_calendars": ["10-28 15:00 - 10-28 16:00", "10-29 15:00 - 10-29 16:00"],
    # Cairo goes back an hour at midnight before the 30th; 1:30 comes twice in Denver, and the first is meant.
    "clocks_forward_gap": ["10-29 20:00 - 10-29 22:00", "11-01 07:30 - 11-01 08:30"],
    "hourly": ["10-28 15:00 - 10-28 15:10", "10-28 16:00 - 10-28 16:10"],
    "month_ends": ["10-30 15:00 - 10-30 16:00", "10-31 15:00 - 10-31 16:00"],
}

#: Files that cannot be read, and a part of what is said about them.
UNREADABLE: dict[str, tuple[type[RemoteTrouble], str]] = {
    "bad_zone": (Garbled, "line 4 of the calendar, starting 2026-10-28, cannot be read: nothing says which"),
    "bad_beginning": (Garbled, "line 4 of the calendar cannot be read: its DTSTART is not a time"),
    "bad_no_beginning": (Garbled, "it has no beginning"),
    "bad_colon": (Garbled, "its RRULE is broken"),
    "bad_end": (Garbled, "its DTEND is not a time"),
    "bad_length": (Garbled, "its DURATION is not a length of time"),
    "bad_mixture": (Garbled, "it begins with a day and ends with a time"),
    "bad_rule": (Garbled, "its rule of repeating is not understood"),
    "bad_rule_part": (Garbled, "its times make no sense"),
    "bad_every_second": (Garbled, "its rule of repeating is not understood"),
    "bad_interval": (Garbled, "its rule of repeating is not understood"),
    "bad_never": (Garbled, "names days that do not exist"),
    "bad_extra_time": (Garbled, "its RDATE is not a time"),
    "bad_change": (Garbled, "line 10 of the calendar cannot be read: its DTSTART is not a time"),
    "bad_nesting": (Garbled, "Line 4 of this calendar begins an entry inside another"),
    "bad_two_beginnings": (Garbled, "it has several DTSTART"),
    "cut_off": (Unreachable, "stops in the middle"),
    "web_page": (Garbled, "is not a calendar"),
}


def load(name: str, home: str = "America/Denver"):
    return read((FEEDS / f"{name}.ics").read_bytes(), window=WINDOW, home=home)


def say(entry) -> str:
    flags = [" day"] * entry.all_day + [f" {entry.standing}"] * (entry.standing is not Standing.BUSY)
    return f"{entry.during.start:%m-%d %H:%M} - {entry.during.end:%m-%d %H:%M}{''.join(flags)}"


@pytest.mark.parametrize("name", BUSY)
def test_a_file_is_busy_when_a_person_would_say_so(name: str):
    assert sorted({say(entry) for entry in load(name)}) == sorted(BUSY[name])


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_says_so_and_names_the_entry(name: str):
    kind, words = UNREADABLE[name]
    with pytest.raises(kind) as caught:
        load(name)
    assert words in caught.value.text


def test_every_file_of_the_corpus_is_asked_about():
    assert {path.stem for path in FEEDS.glob("*.ics")} == set(BUSY) | set(UNREADABLE)


def test_a_time_without_a_zone_and_a_day_are_the_lawyers_own():
    (first, *_) = load("floating", "Europe/London")
    assert first.during.start == datetime(2026, 10, 28, 9, tzinfo=UTC)
    (first, *_) = load("all_day", "Europe/London")
    assert first.during.length == timedelta(hours=24)


def test_a_zone_described_in_one_file_means_nothing_in_another():
    load("zone_described")
    text = (FEEDS / "bad_zone.ics").read_bytes().replace(b"Nowhere", b"Customized Time Zone")
    with pytest.raises(Garbled):
        read(text, window=WINDOW, home="America/Denver")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY;BYMONTH=2",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))),
    ],
)
def test_a_rule_that_would_keep_us_busy_is_refused(rule: str):
    entry = f"UID:a\nDTSTART:20200106T150000Z\nDURATION:PT1H\nRRULE:{rule}"
    text = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{entry}\nEND:VEVENT\nEND:VCALENDAR\n"
    with pytest.raises(Garbled):
        read(text.encode(), window=WINDOW, home="America/Denver")
