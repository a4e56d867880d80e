"""
The contract of every calendar provider: what it is asked, and what it answers. `tests/connectors/test_calendar_contract*.py`
holds each provider to it, over real sockets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from daybook.core.entries import Standing
from daybook.core.periods import Period


@dataclass(frozen=True, slots=True)
class Listed:
    """A calendar of the account. `time_zone` is an IANA name, or empty where the provider tells none."""

    id: str
    name: str
    may_write: bool
    owner: str = ""
    time_zone: str = ""
    main: bool = False  # the account's own


@dataclass(frozen=True, slots=True)
class Item:
    """One occurrence. `title` is read to recognize our own appointments and is never kept."""

    during: Period
    all_day: bool = False
    standing: Standing = Standing.BUSY
    title: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """
    One entry as it is now, under the id it can be asked for, changed and deleted by: all its occurrences inside the
    window that was asked for, earliest first. Without any it is gone, cancelled, or lies elsewhere.

    `mark` is the UID of the appointment for which Daybook made it, empty on everybody else's. `uid` is the iCalendar
    UID, where the provider tells it.
    """

    id: str
    items: tuple[Item, ...] = ()
    etag: str = ""
    uid: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a calendar says. `whole`: `seen` is all there is in the window, and whatever else the mirror has is gone.
    Otherwise it is what has changed since the token given, each entry whole.

    `token` is what to ask with next time, empty where the provider has no such thing.
    """

    seen: tuple[Seen, ...]
    token: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """
    What an entry of ours is to say. `uid` is the appointment's, the same in every calendar; `sequence` grows with each
    change. Always private, never reminding, never inviting anybody: what people are told, Daybook tells them.
    """

    uid: str
    sequence: int
    title: str
    location: str
    start: datetime
    end: datetime
    time_zone: str  # IANA: where its lawyer is


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that has been made or changed."""

    id: str
    etag: str


class Service(Protocol):
    """
    One account's calendars. An instance holds one connection's access, is cheap to make, and is used by one thread.

    Every method raises `RemoteTrouble`: `NotAuthorised` when access was taken away or the password is wrong, `Missing`
    for a calendar or entry that is not there (any more), `Limited` when asked to slow down.
    """

    def calendars(self) -> tuple[Listed, ...]:
        """Every calendar of the account, those that can only be read included."""
        ...

    def read(self, calendar_id: str, window: Period, *, home: str, since: str = "") -> Reading:
        """
        What lies in `window`, or with the token of an earlier reading of the same window, what has changed since. A
        token that the provider no longer knows makes it a whole reading. Series are expanded; days, and times without
        a zone, are as clocks show them in `home`. An entry that may lie in the window and cannot be read makes the
        reading fail with `Garbled`: free is not what it says.
        """
        ...

    def get(self, calendar_id: str, entry_id: str, *, home: str) -> Seen:
        """One entry, with its occurrences of the coming two years at most. Raises `Missing` also for a cancelled one."""
        ...

    def find(self, calendar_id: str, uid: str, *, home: str) -> tuple[Seen, ...]:
        """The entries in that calendar which Daybook has made for the appointment with that UID; usually one or none."""
        ...

    def create(self, calendar_id: str, draft: Draft) -> Written:
        """
        Make the entry. Where the provider can promise it, making the one that is there already, because an earlier
        answer was lost, brings that one up to `draft` and makes no second; whoever calls looks with `find` all the same.
        """
        ...

    def update(self, calendar_id: str, entry_id: str, draft: Draft, *, etag: str = "") -> Written:
        """Bring one up to `draft`, its times included. With `etag`, raises `Stale` when somebody changed it since."""
        ...

    def delete(self, calendar_id: str, entry_id: str, *, etag: str = "") -> None:
        """Raises `Missing` when there is none any more (the caller may be content), `Stale` as `update`."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """A provider's promise to tell of changes until `expires_at`. `resource` is what it calls the thing watched."""

    id: str
    resource: str
    expires_at: datetime


class Watching(Protocol):
    """What providers have that tell of changes by themselves. A telling is a hint to look, and never believed."""

    def watch(self, calendar_id: str, *, address: str, secret: str, until: datetime) -> Watch:
        """Ask to be told at `address` (https), `secret` coming back with each telling, at most until `until`."""
        ...

    def rewatch(self, calendar_id: str, watch: Watch, *, address: str, secret: str, until: datetime) -> Watch:
        """Go on being told; where the provider cannot prolong, a new one is made and the old one ended."""
        ...

    def unwatch(self, watch: Watch) -> None:
        """End it. One that has ended already is no trouble."""
        ...
