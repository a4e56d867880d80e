"""A calendar feed takes its lawyer's time: added, kept fresh, broken, mended, removed; over a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast

SECRET = "a-very-secret-token"


class Publisher:
    """A server that gives a calendar file, knows when it has not changed, and can break."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.status = 200
        self.answers: list[int] = []
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = publisher.body()
                mark = f'"{hash(body)}"'
                status = publisher.status
                if status == 200 and self.headers.get("If-None-Match") == mark:
                    status, body = 304, b""
                publisher.answers.append(status)
                self.send_response(status)
                self.send_header("ETag", mark)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 304:
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/{SECRET}/basic.ics"

    def body(self) -> bytes:
        return "\r\n".join(["BEGIN:VCALENDAR", *self.entries, "END:VCALENDAR", ""]).encode()

    def busy(self, start: datetime, *more: str, minutes: int = 60) -> None:
        self.entries += [
            "BEGIN:VEVENT",
            f"UID:{len(self.entries)}@publisher",
            "SUMMARY:Confidential matter",
            f"DTSTART:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DURATION:PT{minutes}M",
            *more,
            "END:VEVENT",
        ]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    here = Publisher()
    thread = threading.Thread(target=here.server.serve_forever, daemon=True)
    thread.start()
    yield here
    here.server.shutdown()
    here.server.server_close()


@pytest.fixture
def cast(db: None, settings: object) -> Cast:
    from django.utils import timezone

    from tests.cast import hart_and_vale

    settings.PRIVATE_NETWORKS = True  # type: ignore[attr-defined]
    return hart_and_vale(timezone.now())


class Desk:
    """Alice's times, and the jobs that keep them right."""

    def __init__(self, cast: Cast, publisher: Publisher) -> None:
        from django.utils import timezone

        from tests.cast import at, next_weekday

        self.cast, self.publisher = cast, publisher
        self.now = timezone.now()
        self.day = next_weekday(self.now, weekday=2, weeks=3)
        self.at = lambda hour, minute=0: at(cast.alice, self.day, hour, minute)

    def add(self) -> None:
        from daybook.sync import calendars, feeds

        feeds.add(
            lawyer=self.cast.alice,
            actor=self.cast.alice_actor,
            address=self.publisher.address,
            name="Court calendar",
            until=self.now + calendars.ahead(self.cast.firm.pk),
            now=self.now,
        )

    def tick(self, after: timedelta = timedelta(0)) -> None:
        """What the five-minute job does, as if `after` had passed."""
        from daybook.sync import calendars

        calendars.refresh_firm(firm_id=self.cast.firm.pk, now=self.now + after)

    def free(self, after: timedelta = timedelta(0)) -> tuple[list[str], str]:
        from zoneinfo import ZoneInfo

        from daybook.appointments import queries

        denver = ZoneInfo("America/Denver")
        start = datetime.combine(self.day, time(), denver).astimezone(UTC)
        starts, trouble = queries.open_starts(
            self.cast.consultation, start=start, end=start + timedelta(days=1), now=self.now + after
        )
        return [datetime.fromtimestamp(second, denver).strftime("%H:%M") for second in starts], trouble

    def calendar(self) -> object:
        from daybook.calendars.models import Calendar

        return Calendar.objects.get(kind="feed")


@pytest.fixture
def desk(cast: Cast, publisher: Publisher) -> Desk:
    return Desk(cast, publisher)


def test_a_feed_blocks_from_the_moment_it_is_added_and_follows_its_calendar(desk: Desk) -> None:
    desk.publisher.busy(desk.at(10))
    desk.add()
    times, _ = desk.free()
    assert "09:30" in times
    assert not {"10:00", "10:30"} & set(times)
    desk.publisher.entries.clear()
    desk.publisher.busy(desk.at(14))
    desk.tick()
    times, _ = desk.free()
    assert "10:00" in times
    assert "14:00" not in times


def test_the_five_minute_job_finds_a_firm_that_has_nothing_but_a_feed(desk: Desk, drain_jobs) -> None:
    from daybook.jobs.schedule import calendars_tick, hooks_tick, lists_tick

    desk.add()
    drain_jobs()
    desk.publisher.busy(desk.at(9))
    calendars_tick.func(0)
    lists_tick.func(0)
    hooks_tick.func(0)
    assert drain_jobs() == ["read_calendars"]
    assert "09:00" not in desk.free()[0]


def test_what_has_not_changed_is_neither_sent_nor_read_again(desk: Desk, monkeypatch) -> None:
    from daybook.sync import feeds

    desk.publisher.busy(desk.at(10))
    desk.add()

    def never(*args: object, **more: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(feeds, "read", never)
    desk.tick(timedelta(minutes=10))
    assert desk.publisher.answers == [200, 304]
    assert desk.calendar().read_at == desk.now + timedelta(minutes=10)
    assert "10:00" not in desk.free(timedelta(minutes=20))[0]


def test_a_body_that_is_the_same_is_not_read_again_even_where_the_server_cannot_say_so(
    desk: Desk, monkeypatch
) -> None:
    from daybook.sync import feeds
    from daybook.sync.models import Feed

    desk.add()
    Feed.objects.update(etag="", modified="")
    monkeypatch.setattr(feeds, "read", lambda *args, **more: pytest.fail("read again"))
    desk.tick(timedelta(minutes=10))
    assert desk.publisher.answers == [200, 200]


def test_when_days_have_passed_what_has_not_changed_is_read_again_as_far_as_the_mirror_must_reach(
    desk: Desk,
) -> None:
    desk.publisher.busy(desk.now + timedelta(days=80), "RRULE:FREQ=DAILY;COUNT=2")
    desk.add()
    reached = desk.calendar().read_until
    desk.tick(timedelta(days=8))
    assert desk.publisher.answers == [200, 200]
    assert desk.calendar().read_until > reached


def test_when_the_lawyer_moves_days_are_read_again_as_their_clock_shows_them(desk: Desk) -> None:
    from daybook.calendars.models import BusyPeriod
    from daybook.firms.models import Lawyer

    desk.publisher.entries = ["BEGIN:VEVENT", f"DTSTART;VALUE=DATE:{desk.day:%Y%m%d}", "END:VEVENT"]
    desk.add()
    before = BusyPeriod.objects.get().during.lower
    Lawyer.objects.update(time_zone="Europe/London")
    desk.tick()
    assert BusyPeriod.objects.get().during.lower < before


@pytest.mark.parametrize(("status", "words"), [(503, "could not be reached"), (404, "no calendar at this")])
def test_a_feed_that_breaks_hides_the_times_with_the_reason_until_it_is_mended(
    desk: Desk, status: int, words: str
) -> None:
    desk.add()
    assert desk.free()[0]
    desk.publisher.status = status
    late = timedelta(minutes=16)
    desk.tick(late)
    times, trouble = desk.free(late)
    assert times == []
    assert words in trouble
    desk.publisher.status = 200
    desk.tick(late)
    times, trouble = desk.free(late)
    assert times
    assert trouble == ""


def test_an_outage_of_minutes_hides_nothing_and_an_unreadable_entry_hides_at_once(desk: Desk) -> None:
    desk.add()
    desk.publisher.status = 503
    desk.tick(timedelta(minutes=5))
    assert desk.free(timedelta(minutes=5))[0]
    desk.publisher.status = 200
    desk.publisher.busy(desk.at(9), "RRULE:FREQ=SOMETIMES")
    desk.tick(timedelta(minutes=6))
    times, trouble = desk.free(timedelta(minutes=6))
    assert times == []
    assert "The entry on line 2 of the calendar" in trouble
    assert "Confidential" not in trouble


def test_a_feed_is_read_again_when_an_appointment_is_confirmed(desk: Desk) -> None:
    from daybook.appointments import operations
    from daybook.calendars.models import Calendar
    from daybook.core.errors import SlotTaken
    from tests.cast import DANA

    desk.add()
    held = operations.hold(
        appointment_type=desk.cast.consultation, start=desk.at(11), hold_key="dana", now=desk.now
    )
    desk.publisher.busy(desk.at(11))
    Calendar.objects.update(read_at=desk.now - timedelta(minutes=4))
    with pytest.raises(SlotTaken):
        operations.confirm(appointment=held, details=DANA, now=desk.now)


def test_tentative_entries_block_unless_the_lawyer_says_otherwise(desk: Desk) -> None:
    from daybook.calendars.operations import choose_calendars
    from daybook.core.entries import TAKEN_BY_DEFAULT, Standing

    desk.publisher.busy(desk.at(10), "STATUS:TENTATIVE")
    desk.publisher.busy(desk.at(12), "TRANSP:TRANSPARENT")
    desk.add()
    times, _ = desk.free()
    assert "10:00" not in times
    assert "12:00" in times
    pk = desk.calendar().pk
    choose_calendars(
        lawyer=desk.cast.alice,
        blocking={pk: True},
        primary=None,
        standings={pk: TAKEN_BY_DEFAULT - {Standing.TENTATIVE}},
        now=desk.now,
    )
    assert "10:00" in desk.free()[0]


def test_what_the_table_of_flags_says_is_what_the_database_does(desk: Desk) -> None:
    """Every standing, for whole days and not, under every choice about it."""
    from daybook.calendars.models import BusyPeriod, CalendarUse
    from daybook.calendars.operations import Busy, store_busy
    from daybook.calendars.queries import blocking_uses, busy_spans
    from daybook.core.entries import TAKEN_BY_DEFAULT, Entry, Standing, may_take, takes
    from daybook.core.periods import Period

    desk.add()
    pk, during = desk.calendar().pk, Period(desk.at(10), desk.at(11))
    for standing, all_day in product(Standing, (True, False)):
        entry = Entry("x", during, all_day, standing)
        kept = [Busy("x", during, all_day, standing=standing)] * may_take(entry)
        store_busy(
            calendar_id=pk, busy=kept, start=during.start, end=during.end, read_at=desk.now, whole=False
        )
        choices = (TAKEN_BY_DEFAULT, TAKEN_BY_DEFAULT - {standing}, TAKEN_BY_DEFAULT | {standing})
        for days, chosen in product((True, False), choices):
            CalendarUse.objects.update(all_day_blocks=days, standings=sorted(chosen))
            expected = bool(kept) and takes(entry, all_day=days, standings=chosen)
            spans = busy_spans(blocking_uses(desk.cast.alice.pk), during.start, during.end)
            assert bool(spans) is expected, (standing, all_day, days, chosen)
            assert ("10:00" not in desk.free()[0]) is expected
    store_busy(calendar_id=pk, busy=[], start=during.start, end=during.end, read_at=desk.now, whole=False)
    assert BusyPeriod.objects.count() == 0


def test_removing_a_feed_erases_it_and_gives_the_time_back(desk: Desk) -> None:
    from daybook.calendars.models import BusyPeriod, Calendar, CalendarUse
    from daybook.sync import feeds
    from daybook.sync.models import Connection, Feed

    desk.publisher.busy(desk.at(10))
    desk.add()
    pk = desk.calendar().pk
    feeds.remove(connection=Connection.objects.get(), actor=desk.cast.alice_actor, now=desk.now)
    for model in (BusyPeriod, Calendar, CalendarUse, Feed, Connection):
        assert not model.objects.exists()
    assert "10:00" in desk.free()[0]
    from daybook.sync import calendars

    assert calendars.refresh_busy(calendar_id=pk, now=desk.now)  # a job that comes too late does no harm


def test_a_feed_removed_while_it_is_read_stays_removed(desk: Desk, monkeypatch) -> None:
    from daybook.calendars.models import BusyPeriod
    from daybook.sync import calendars, feeds
    from daybook.sync.models import Connection, Feed

    desk.add()
    desk.publisher.busy(desk.at(10))
    pk, really = desk.calendar().pk, feeds.read

    def meanwhile(*args: object, **more: object) -> object:
        feeds.remove(connection=Connection.objects.get(), actor=desk.cast.alice_actor, now=desk.now)
        return really(*args, **more)

    monkeypatch.setattr(feeds, "read", meanwhile)
    assert calendars.refresh_busy(calendar_id=pk, now=desk.now)
    assert not BusyPeriod.objects.exists()
    assert not Feed.objects.exists()


def test_the_address_is_unreadable_in_the_database_and_in_no_log_and_no_event(desk: Desk, capfd) -> None:
    from django.db import connection

    from daybook.firms.models import Event

    desk.add()
    desk.publisher.status = 404
    desk.tick()
    with connection.cursor() as cursor:
        for table in ("sync_feed", "sync_connection", "calendars_calendar", "firms_event"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert SECRET not in str(cursor.fetchall())
    assert Event.objects.filter(name="feed_added", behalf_of=None).count() == 1
    out, err = capfd.readouterr()
    assert SECRET not in out + err


def test_adding_the_same_calendar_twice_and_unreadable_ones_is_refused(desk: Desk) -> None:
    from daybook.sync.feeds import FeedRefused
    from daybook.sync.models import Connection

    desk.add()
    with pytest.raises(FeedRefused, match="already"):
        desk.add()
    desk.publisher.entries = ["BEGIN:VEVENT", "DTSTART:soon", "END:VEVENT"]
    Connection.objects.all().delete()
    with pytest.raises(FeedRefused, match="not a time"):
        desk.add()
    assert not Connection.objects.exists()
