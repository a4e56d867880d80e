"""Clio's calendars, held to what every provider is held to; every exchange is one that Clio's description knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daybook.connectors import http
from daybook.connectors.calendars import Service
from daybook.connectors.clio import contacts, matters
from daybook.connectors.clio.oauth import App, Token
from daybook.connectors.clio.service import ClioCalendars
from daybook.connectors.clio.session import Session
from daybook.core.entries import Standing
from daybook.core.periods import Period
from sandbox import clio as sandbox_clio
from tests import clio_contract
from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.calendar_oracle import OracleContract
from tests.connectors.calendar_rig import NOW, UID, WINDOW, Mirror, Write, at, draft, hour

APP = App("daybook-demo", "daybook-demo-secret")
ALICE, BEN = "alice@hartvale.example", "ben@hartvale.example"
METHODS: dict[Write, str] = {"create": "POST", "update": "PATCH", "delete": "DELETE"}


@dataclass
class ClioRig:
    """Alice is connected; what is done over there, Ben does, who may write in her calendar."""

    control: Any
    session: Session
    service: Service
    calendar: str
    read_only: str
    nowhere: str = "999999"
    home: str = "America/Denver"
    tells: frozenset[Standing] = frozenset({Standing.BUSY})

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
        assert standing is Standing.BUSY
        # A series keeps its hour where its maker is, and Clio shows days to everybody as they are where they are.
        for user in (ALICE, BEN) if all_day else (BEN,):
            self.control.set_user(user, time_zone=time_zone)
        last = end - timedelta(days=1) if all_day else end
        more = {"recurrence_rule": rrule} if rrule else {}
        made = self.control.create_entry(
            BEN,
            title,
            start.isoformat(),
            last.isoformat(),
            calendar_id=int(self.calendar),
            all_day=all_day,
            **more,
        )
        return str(made["id"])

    def move(self, entry_id: str, start: datetime, end: datetime) -> None:
        self.control.move_entry(BEN, entry_id, start.isoformat(), end.isoformat())

    def retitle(self, entry_id: str, title: str) -> None:
        self.control.edit_entry(BEN, entry_id, summary=title)

    def remove(self, entry_id: str) -> None:
        self.control.delete_entry(BEN, entry_id)

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        (series,) = self.control.records("calendar_entries", id=int(entry_id))
        last = end - timedelta(days=1) if series["all_day"] else end
        self.move(_occurrence(entry_id, was), start, last)

    def leave_out(self, entry_id: str, was: datetime) -> None:
        self.remove(_occurrence(entry_id, was))

    def count(self) -> int:
        rows = self.control.records("calendar_entries", calendar_id=int(self.calendar), parent_id=None)
        return len(rows)

    def lose_tokens(self) -> None:
        """Clio has none."""

    def revoke(self) -> None:
        self.control.revoke(ALICE)

    def limit(self, seconds: int) -> None:
        self.control.fault("rate_limited", retry_after=seconds)

    def drop_after(self, write: Write) -> None:
        self.control.fault("drop_after", METHODS[write], "*/calendar_entries*")


def _occurrence(entry_id: str, was: datetime) -> str:
    return f"{entry_id}-{int(was.timestamp())}"


@pytest.fixture
def rig() -> Iterator[ClioRig]:
    with sandbox_clio.start(seed="bare") as sandbox:
        control = sandbox.control
        # Which end of a whole day Clio means is not known; this is the one in which a day is read as one day.
        control.set_quirk("all_day_end", "inclusive")
        control.set_user(BEN, time_zone="America/Denver")
        calendar, bens = (control.calendar_of(user) for user in (ALICE, BEN))
        control.share_calendar(calendar, BEN, "editor")
        control.share_calendar(bens, ALICE, "viewer")
        grant = control.token(ALICE)
        token = Token(grant["access_token"], grant["refresh_token"], None)
        session = Session(sandbox.url, APP, token, lambda _: None, None, lambda: datetime.now(UTC))
        yield ClioRig(control, session, ClioCalendars(session, now=NOW), str(calendar), str(bens))
        exchanges = sandbox.exchanges
    http.close_all()
    problems = clio_contract.problems(exchanges)
    assert not problems, "\n".join(map(str, problems))


class TestClio(CalendarContract):
    """All of it."""


class TestClioAgainstTheOracle(OracleContract):
    gaps = False  # Clio expands series itself


# What only Clio has --------------------------------------------------------------------------------------------------


def row_of(rig: ClioRig, entry_id: str) -> dict[str, Any]:
    (row,) = rig.control.records("calendar_entries", id=int(entry_id))
    return row


def requests(rig: ClioRig) -> list[str]:
    return [one["method"] for one in rig.control.log(path="/api/v4/")]


def test_an_appointment_carries_its_matter_and_who_attends_and_nobody_is_told(rig: ClioRig) -> None:
    dana = contacts.create(rig.session, first_name="Dana", last_name="Reyes")
    case = matters.create(rig.session, client_id=dana.id, description="Consultation")
    with_matter = ClioCalendars(rig.session, now=NOW, matter_id=case.id, contact_ids=(dana.id,))
    written = with_matter.create(rig.calendar, draft())
    row = row_of(rig, written.id)
    assert (row["matter_id"], row["attendees"]) == (int(case.id), [{"type": "Contact", "id": int(dana.id)}])
    # One who knows nothing of matters leaves them alone.
    rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1))
    row = row_of(rig, written.id)
    assert (row["matter_id"], len(row["attendees"])) == (int(case.id), 1)
    ClioCalendars(rig.session, now=NOW, matter_id=None).update(rig.calendar, written.id, draft())
    assert row_of(rig, written.id)["matter_id"] is None
    rig.service.delete(rig.calendar, written.id)
    assert rig.control.notices() == []


def test_whoever_has_looked_already_does_not_look_again(rig: ClioRig) -> None:
    rig.control.clear_log()
    assert rig.service.find(rig.calendar, UID, home=rig.home) == ()
    rig.service.create(rig.calendar, draft())
    assert requests(rig) == ["GET", "POST"]
    # That was then: the next creation looks.
    rig.service.create(rig.calendar, draft(at(11), sequence=1))
    assert requests(rig) == ["GET", "POST", "GET", "PATCH"]
    assert rig.count() == 1


def test_an_appointment_put_into_another_calendar_comes_back_when_it_is_written(rig: ClioRig) -> None:
    written = rig.service.create(rig.calendar, draft())
    rig.control.share_calendar(int(rig.read_only), ALICE, "editor")
    rig.control.edit_entry(BEN, written.id, calendar_owner={"id": int(rig.read_only)})
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    assert mirror.items == []
    rig.service.update(rig.calendar, written.id, draft(sequence=1))
    mirror.read()
    assert set(mirror.seen) == {written.id}


def test_an_appointment_that_somebody_made_repeat_is_still_ours_and_becomes_one_again(rig: ClioRig) -> None:
    written = rig.service.create(rig.calendar, draft())
    rig.control.edit_entry(BEN, written.id, recurrence_rule="FREQ=WEEKLY;COUNT=3")
    rig.move_one(written.id, at(10, day=7), at(12, day=7), at(13, day=7))
    (found,) = rig.service.find(rig.calendar, UID, home=rig.home)
    starts = [at(10), at(12, day=7), at(10, day=14)]
    assert (found.id, found.mark) == (written.id, UID)
    assert [item.during for item in found.items] == [hour(start) for start in starts]
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    assert mirror.seen == {written.id: found}
    rig.service.update(rig.calendar, written.id, draft(at(11), sequence=1))
    mirror.read()
    assert (mirror.periods, set(mirror.seen)) == ([hour(at(11))], {written.id})


def test_an_appointment_that_somebody_made_a_whole_day_is_an_hour_again(rig: ClioRig) -> None:
    written = rig.service.create(rig.calendar, draft())
    rig.control.edit_entry(BEN, written.id, all_day=True)
    assert rig.service.get(rig.calendar, written.id, home=rig.home).items[0].all_day
    rig.service.update(rig.calendar, written.id, draft(sequence=1))
    found = rig.service.get(rig.calendar, written.id, home=rig.home)
    assert [(item.during, item.all_day) for item in found.items] == [(hour(at(10)), False)]


def test_calendars_are_told_with_whose_they_are_and_where(rig: ClioRig) -> None:
    listed = {one.id: one for one in rig.service.calendars()}
    own, bens = listed[rig.calendar], listed[rig.read_only]
    assert (own.owner, own.time_zone, own.main) == ("Alice Hart", "America/Denver", True)
    assert (bens.owner, bens.main) == ("Ben Vale", False)


def test_a_day_whose_end_may_be_the_midnight_after_is_a_day_too_long_and_never_too_short(
    rig: ClioRig,
) -> None:
    rig.control.set_quirk("all_day_end", "exclusive")
    start, end = at(0), at(0, day=1)
    rig.control.create_entry(
        BEN, "Trial", start.isoformat(), end.isoformat(), calendar_id=int(rig.calendar), all_day=True
    )
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    assert mirror.periods == [Period(start, at(0, day=2))]
