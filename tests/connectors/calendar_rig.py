"""What the suites of calendars need of a provider: a calendar to steer from its other side, and a mirror of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from daybook.connectors.calendars import Draft, Item, Reading, Seen, Service
from daybook.core.entries import Standing
from daybook.core.periods import Period

Write = Literal["create", "update", "delete"]

DENVER = ZoneInfo("America/Denver")
NOW = datetime.now(UTC)
#: A day soon: providers tell the future of an entry only when asked for it alone.
DAY = NOW.astimezone(DENVER).date() + timedelta(days=10)
HOUR = timedelta(hours=1)
UID = "5a0f0c7e-6f5e-4f0e-9d57-0d8a4a9f5a01"
TITLE = "Appointment with Dana Reyes"


def at(hour: int, minute: int = 0, *, day: int = 0) -> datetime:
    """A time in Denver, on `DAY` or so many days later."""
    return datetime.combine(DAY + timedelta(days=day), time(hour, minute), DENVER)


def hour(start: datetime) -> Period:
    return Period(start, start.astimezone(UTC) + HOUR)


def around(start: datetime, end: datetime) -> Period:
    return Period(start - timedelta(days=5), end + timedelta(days=40))


WINDOW = around(at(0), at(0))
TEN = at(10)


def draft(
    start: datetime = TEN, *, uid: str = UID, sequence: int = 0, title: str = TITLE, length: timedelta = HOUR
) -> Draft:
    """What is to be written; an hour from ten to eleven on `DAY` unless told otherwise."""
    end = start.astimezone(UTC) + length
    return Draft(uid, sequence, title, "Market Street 1, Denver", start, end, "America/Denver")


class Rig(Protocol):
    """
    One account at a provider's stand-in (or at a real server), connected and empty, made anew for every test.

    What its methods do, somebody else does over there: with a phone, past Daybook. All times are aware.
    """

    service: Service
    """Of a working connection."""
    calendar: str
    """The id of the account's own calendar, which can be written to."""
    read_only: str
    """The id of a calendar that can only be read, or empty where the provider has no such thing."""
    nowhere: str
    """A well-formed id of a calendar that does not exist."""
    home: str
    """"America/Denver", the zone of the account as well."""
    tells: frozenset[Standing]
    """What this provider can say of an entry; `add` takes any of them."""

    def add(
        self,
        title: str,
        start: datetime,
        end: datetime,
        *,
        all_day: bool = False,
        rrule: str = "",
        time_zone: str = "America/Denver",
        standing: Standing = Standing.BUSY,
    ) -> str:
        """
        Put an entry into `calendar` and return the id by which readings know it, for a series that of the whole.

        `start` and `end` are shown on clocks in `time_zone`, where a series keeps its hour. For whole days they are the
        midnights there of the first day and of the day after the last. `rrule` is the body of a rule, made of FREQ
        (DAILY, WEEKLY, MONTHLY), INTERVAL, BYDAY (weekdays without a number, WEEKLY only) and COUNT; MONTHLY goes by
        the day of the month. Without COUNT the series has no end.
        """
        ...

    def move(self, entry_id: str, start: datetime, end: datetime) -> None:
        """Give a single entry other times."""
        ...

    def retitle(self, entry_id: str, title: str) -> None:
        """Give an entry or a whole series another title."""
        ...

    def remove(self, entry_id: str) -> None:
        """Delete an entry or a whole series."""
        ...

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        """
        Give the one occurrence that begins at `was` other times. For a series of days all three are midnights in the
        series' zone.
        """
        ...

    def leave_out(self, entry_id: str, was: datetime) -> None:
        """Delete the one occurrence that begins at `was`."""
        ...

    def count(self) -> int:
        """How many entries, not occurrences, `calendar` has over there; exceptions of a series belong to it."""
        ...

    def lose_tokens(self) -> None:
        """What readings have given to go on with is not known any more. Nothing happens where there is no such thing."""
        ...

    def revoke(self) -> None:
        """Access is taken away: the app removed, the password changed."""
        ...

    def limit(self, seconds: int) -> None:
        """The next request is told to come back in so many seconds; the one after it is answered."""
        ...

    def drop_after(self, write: Write) -> None:
        """The next such write is carried out, and the connection dropped without an answer."""
        ...


class Mirror:
    """
    What Daybook keeps of a calendar: it reads whole once and then asks what has changed.

    A whole reading replaces everything, any other one the entries it names. So a provider without tokens passes the same
    tests as one with them.
    """

    def __init__(self, rig: Rig, window: Period, *, home: str = "") -> None:
        self._rig, self._window, self._home = rig, window, home or rig.home
        self._token = ""
        self.seen: dict[str, Seen] = {}

    def read(self) -> Reading:
        """Read again, take over what is told, and return it. Asserts what holds for every reading."""
        reading = self._rig.service.read(self._rig.calendar, self._window, home=self._home, since=self._token)
        ids = [one.id for one in reading.seen]
        assert len(ids) == len(set(ids)), "an entry is told twice in one reading"
        assert reading.whole or self._token, "a first reading is whole"
        for one in reading.seen:
            assert list(one.items) == sorted(one.items, key=lambda item: item.during), "earliest first"
            assert all(item.during.overlaps(self._window) for item in one.items), "an item lies elsewhere"
        if reading.whole:
            self.seen.clear()
        self.seen |= {one.id: one for one in reading.seen}
        self.seen = {id: one for id, one in self.seen.items() if one.items}
        self._token = reading.token
        return reading

    @property
    def items(self) -> list[Item]:
        """All occurrences of all entries, earliest first."""
        return sorted((item for one in self.seen.values() for item in one.items), key=lambda one: one.during)

    @property
    def periods(self) -> list[Period]:
        return [item.during for item in self.items]


def midnight(day: date, zone: str) -> datetime:
    """The beginning of a day, of one that has a midnight."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def changeovers(zone: str, after: datetime) -> tuple[date, date]:
    """The next two days after an instant on which the clocks in `zone` change."""
    place = ZoneInfo(zone)
    found: list[date] = []
    day = after.astimezone(place).date()
    while len(found) < 2:
        day += timedelta(days=1)
        begins, ends = (datetime.combine(day + timedelta(days=n), time(), place) for n in (0, 1))
        if ends.astimezone(UTC) - begins.astimezone(UTC) != timedelta(days=1):
            found.append(day)
    return found[0], found[1]
