"""How far the contacts of a connection have come, in finished sentences: reading, review, taking in, writing, in sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from daybook.core.times import say_length, say_moment, say_time
from daybook.sync import queries
from daybook.sync.mirror import shown
from daybook.sync.models import Connection, ContactSync, Cursor

#: The word for each phase, and its tone.
WORDS: dict[str, tuple[str, str]] = {
    ContactSync.Phase.READING: ("Reading", "info"),
    ContactSync.Phase.REVIEW: ("Waiting for your go-ahead", "warn"),
    ContactSync.Phase.TAKING_IN: ("First import", "info"),
    ContactSync.Phase.LIVE: ("In sync", "good"),
    ContactSync.Phase.STOPPED: ("Stopped", "warn"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """What is going on, in finished sentences. `running` asks for another look soon."""

    running: bool
    headline: str
    note: str = ""
    trouble: str = ""
    share: int | None = None  # of a hundred, where the whole is known
    word: str = ""
    tone: str = "plain"


def progress_of(connection: Connection, setting: ContactSync | None, now: datetime) -> Progress:
    if connection.state != Connection.State.ACTIVE:
        return Progress(
            False,
            "Contacts are not read while the connection is broken.",
            "What has been read is kept, and reading goes on where it stopped.",
            word="Paused",
            tone="warn",
        )
    if setting is None:
        return Progress(True, "Reading contacts starts in a moment.", word="Waiting", tone="info")
    return SAYS[setting.phase](setting, now)


def left_text(left: timedelta | None) -> str:
    """ "about 4 minutes left"; empty where it cannot be told."""
    if left is None:
        return ""
    if left < timedelta(minutes=1):
        return "less than a minute left"
    return f"about {say_length(timedelta(minutes=round(left / timedelta(minutes=1))))} left"


def _rate(number: int, began: datetime | None, now: datetime) -> str:
    """ ", about 900 a minute"; empty where it cannot be told."""
    seconds = (now - began).total_seconds() if began else 0
    rate = round(number * 60 / seconds) if seconds >= 1 and number else 0
    return f", about {rate:,} a minute" if rate else ""


def _reading(setting: ContactSync, now: datetime) -> Progress:
    cursor = queries.contact_import(setting.connection)
    if cursor is None or cursor.state == Cursor.State.WAITING:
        return Progress(True, "Reading contacts starts in a moment.", word="Waiting", tone="info")
    if cursor.state == Cursor.State.STOPPED:
        return Progress(False, "Reading contacts was stopped.", word="Stopped", tone="warn")
    pages = "1 page" if cursor.pages == 1 else f"{cursor.pages:,} pages"
    share = min(100, cursor.seen * 100 // cursor.expected) if cursor.expected else None
    trouble = _trouble(cursor, setting.connection.firm.time_zone)
    return Progress(
        True,
        f"Reading all contacts for the first time: {cursor.seen:,} so far",
        f"{pages}{_rate(cursor.seen, cursor.started_at, now)}. You can leave this page; reading goes on. "
        f"{_so_far(setting, now)} Nothing more is before you say so.",
        trouble,
        share,
        "Waiting to go on" if trouble else "Reading",
        "warn" if trouble else "info",
    )


def _trouble(cursor: Cursor, zone: str) -> str:
    if not cursor.trouble:
        return ""
    again = f" at {say_time(cursor.next_try_at, zone)}" if cursor.next_try_at else ""
    return f"{cursor.trouble} What has been read is kept; Daybook goes on by itself{again}."


def _so_far(setting: ContactSync, now: datetime) -> str:
    """What has been changed before anybody said go: whoever has a coming appointment is in Clio at once."""
    number = queries.booked_in_clio(setting.connection, now)
    if not number:
        return "The first import has changed nothing yet, here or in Clio."
    people = (
        "1 person with a coming appointment is"
        if number == 1
        else f"{number:,} people with coming appointments are"
    )
    return (
        f"{people} in Clio already: appointments go there at once. "
        "The first import has changed nothing else yet, here or in Clio."
    )


def _review(setting: ContactSync, now: datetime) -> Progress:
    cursor = queries.contact_import(setting.connection)
    seen = cursor.seen if cursor else 0
    contacts = "1 contact was" if seen == 1 else f"{seen:,} contacts were"
    return Progress(
        False,
        "Clio's contacts have been read and wait for your go-ahead.",
        f"{contacts} read. {_so_far(setting, now)}",
        word="Your go-ahead",
        tone="warn",
    )


def _taking_in(setting: ContactSync, now: datetime) -> Progress:
    left = left_text(shown.time_left(setting.done, setting.to_do, setting.approved_at, now))
    return Progress(
        True,
        f"Taking in Clio's contacts: {setting.done:,} of {setting.to_do:,}",
        f"{left.capitalize() or 'It begins in a moment'}{_rate(setting.done, setting.approved_at, now)}. "
        "You can leave this page; it goes on.",
        share=setting.done * 100 // setting.to_do if setting.to_do else None,
        word="First import",
        tone="info",
    )


def _live(setting: ContactSync, now: datetime) -> Progress:
    writing = shown.writing(setting)
    if writing is not None:
        left = left_text(timedelta(minutes=writing.minutes))
        stuck = f" {writing.stuck:,} more need attention." if writing.stuck else ""
        return Progress(
            True,
            f"Writing to Clio: {writing.done:,} of {writing.total:,}",
            f"{left.capitalize()} at Clio's limit.{stuck} You can leave this page; it goes on.",
            share=writing.done * 100 // writing.total,
            word="Writing to Clio",
            tone="info",
        )
    zone = setting.connection.firm.time_zone
    last = shown.last_round(setting)
    ended = f"Last synced on {say_moment(last.finished_at, zone)}." if last and last.finished_at else ""
    cursor = queries.contact_import(setting.connection)
    trouble = _trouble(cursor, zone) if cursor else ""
    return Progress(
        False,
        "Contacts are up to date." if not trouble else "Contacts agreed when they were last synced.",
        ended,
        trouble,
        word="In sync",
        tone="good" if not trouble else "warn",
    )


def _stopped(setting: ContactSync, now: datetime) -> Progress:
    return Progress(
        False,
        "Contact sync is stopped.",
        "Nothing is read, and nothing but bookings is written to Clio, until somebody resumes it.",
        setting.stopped_because,
        word="Stopped",
        tone="warn",
    )


SAYS: dict[str, Callable[[ContactSync, datetime], Progress]] = {
    ContactSync.Phase.READING: _reading,
    ContactSync.Phase.REVIEW: _review,
    ContactSync.Phase.TAKING_IN: _taking_in,
    ContactSync.Phase.LIVE: _live,
    ContactSync.Phase.STOPPED: _stopped,
}
