"""What CalDAV servers keep, read right: flags, zones, thousands of entries, limits, and what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from daybook.connectors.caldav.objects import Eyes, own, seen
from daybook.connectors.errors import Garbled, Missing, RemoteTrouble, Unreachable
from daybook.core.entries import Standing
from daybook.core.periods import Period
from tests.connectors.caldav_rig import CaldavRig, object_of, rig_at
from tests.connectors.calendar_rig import HOUR, WINDOW, Mirror, at, hour
from tests.stage.caldav import CaldavServer, radicale, xandikos

#: Three weeks around the Sunday on which clocks in Denver go back, and three around the one they go forward.
AUTUMN = Period(datetime(2026, 10, 26, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
SPRING = Period(datetime(2027, 3, 7, tzinfo=UTC), datetime(2027, 3, 28, tzinfo=UTC))
DANA = frozenset({"dana@firm.example"})


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, CaldavServer]]:
    with radicale() as one, xandikos() as other:
        yield {"radicale": one, "xandikos": other}


@pytest.fixture(params=["radicale", "xandikos"])
def rig(request: pytest.FixtureRequest, servers: dict[str, CaldavServer]) -> Iterator[CaldavRig]:
    with rig_at(servers[request.param]) as rig:
        yield rig


@pytest.fixture
def radicale_rig(servers: dict[str, CaldavServer]) -> Iterator[CaldavRig]:
    with rig_at(servers["radicale"]) as rig:
        yield rig


def event(*lines: str, uid: str = "one", start: str = "20261028T150000Z", length: str = "PT1H") -> str:
    begins = start if start.startswith("DTSTART") else f"DTSTART:{start}"
    stamps = ["DTSTAMP:20260101T000000Z", begins, f"DURATION:{length}"]
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *stamps, *lines, "END:VEVENT"])


def standings(*lines: str) -> list[Standing]:
    eyes = Eyes("Here", AUTUMN, "America/Denver", DANA)
    return [item.standing for item in seen("/a", "", object_of(event(*lines)).encode(), eyes).items]


# What an entry says of itself --------------------------------------------------------------------------------------

ME, JUDGE = "mailto:dana@firm.example", "mailto:judge@court.example"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((), [Standing.BUSY]),
        (("TRANSP:OPAQUE",), [Standing.BUSY]),
        (("TRANSP:TRANSPARENT",), [Standing.FREE]),
        (("STATUS:TENTATIVE",), [Standing.TENTATIVE]),
        (("STATUS:CANCELLED",), []),
        ((f"ATTENDEE;PARTSTAT=ACCEPTED:{ME}",), [Standing.BUSY]),
        ((f"ATTENDEE;PARTSTAT=NEEDS-ACTION:{ME}",), [Standing.UNANSWERED]),
        ((f"ATTENDEE;CN=Dana:{ME.upper()}",), [Standing.UNANSWERED]),
        ((f"ATTENDEE;PARTSTAT=TENTATIVE:{ME}",), [Standing.TENTATIVE]),
        ((f"ATTENDEE;PARTSTAT=DECLINED:{ME}",), [Standing.DECLINED]),
        ((f"ATTENDEE;PARTSTAT=DECLINED:{JUDGE}",), [Standing.BUSY]),
        ((f'ATTENDEE;CN="Reyes; Dana";PARTSTAT=DECLINED:{ME}',), [Standing.DECLINED]),
        # iCloud hides the address behind one of its own, and tells it beside it.
        (("ATTENDEE;EMAIL=dana@firm.example;PARTSTAT=DECLINED:/123/principal/",), [Standing.DECLINED]),
        # One's own meeting needs no answer of one's own.
        ((f"ORGANIZER:{ME}", f"ATTENDEE;PARTSTAT=NEEDS-ACTION:{ME}"), [Standing.BUSY]),
        ((f"ATTENDEE;PARTSTAT=DECLINED:{ME}", "TRANSP:TRANSPARENT"), [Standing.DECLINED]),
        ((f"ATTENDEE;PARTSTAT=NEEDS-ACTION:{ME}", "TRANSP:TRANSPARENT"), [Standing.FREE]),
        ((f"ATTENDEE;PARTSTAT=NEEDS-ACTION:{ME}", "STATUS:CANCELLED"), []),
        (("X-MICROSOFT-CDO-BUSYSTATUS:OOF",), [Standing.OUT_OF_OFFICE]),
        (("X-MICROSOFT-CDO-BUSYSTATUS:FREE",), [Standing.FREE]),
        (("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",), [Standing.TENTATIVE]),
        (("X-APPLE-TRAVEL-DURATION;VALUE=DURATION:PT30M",), [Standing.TRAVEL, Standing.BUSY]),
        (("X-APPLE-TRAVEL-DURATION;VALUE=DURATION:PT30M", "TRANSP:TRANSPARENT"), [Standing.FREE]),
        (("X-APPLE-TRAVEL-DURATION:PT0S",), [Standing.BUSY]),
    ],
)
def test_an_entry_says_what_it_is_to_whose_calendar_it_is(lines: tuple[str, ...], says: list[Standing]):
    assert standings(*lines) == says


def test_travel_that_is_no_length_makes_the_entry_unreadable():
    with pytest.raises(Garbled):
        standings("X-APPLE-TRAVEL-DURATION:soon")


def test_the_way_to_an_appointment_just_after_the_window_still_takes_time_in_it():
    eyes = Eyes("Here", Period(AUTUMN.start, datetime(2026, 10, 28, 15, tzinfo=UTC)), "America/Denver", DANA)
    text = object_of(event("X-APPLE-TRAVEL-DURATION:PT45M")).encode()
    (item,) = seen("/a", "", text, eyes).items
    assert (item.standing, item.during.end - item.during.start) == (Standing.TRAVEL, timedelta(minutes=45))


def test_addresses_are_compared_as_mail_does():
    assert own(["mailto:Dana@Firm.example", " bob@firm.example"]) == {"dana@firm.example", "bob@firm.example"}


def test_a_copy_of_ours_that_somebody_made_is_not_ours():
    eyes = Eyes("Here", AUTUMN, "America/Denver", DANA)
    copied = object_of(event("X-DAYBOOK:5a0f", uid="somebody-elses")).encode()
    assert seen("/a", "", copied, eyes).mark == ""
    ours = object_of(event("X-DAYBOOK:5a0f", uid="5a0f@daybook")).encode()
    assert seen("/a", "", ours, eyes).mark == "5a0f"


# Zones and clocks, at real servers -----------------------------------------------------------------------------------


def test_times_without_a_zone_and_days_are_as_clocks_show_them_where_the_lawyer_is(rig: CaldavRig):
    for number, day in enumerate(("20261028", "20261104", "20270310", "20270317")):
        rig.put_text(object_of(event(uid=f"floating {number}", start=f"{day}T090000")))
    rig.put_text(object_of(event(uid="day", start="DTSTART;VALUE=DATE:20261101", length="P1D")))
    found = [
        item.during.start
        for window in (AUTUMN, SPRING)
        for one in rig.service.read(rig.calendar, window, home="America/Denver").seen
        for item in one.items
    ]
    assert sorted(found) == [
        datetime(2026, 10, 28, 15, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
        datetime(2026, 11, 4, 16, tzinfo=UTC),
        datetime(2027, 3, 10, 16, tzinfo=UTC),
        datetime(2027, 3, 17, 15, tzinfo=UTC),
    ]


def test_extra_and_left_out_times_and_windows_zone_names_over_both_changes(rig: CaldavRig):
    zone = "BEGIN:VTIMEZONE\r\nTZID:Mountain Standard Time\r\n" + "".join(
        f"BEGIN:{kind}\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:{was}\r\nTZOFFSETTO:{now}\r\n"
        f"RRULE:FREQ=YEARLY;BYDAY={day};BYMONTH={month}\r\nEND:{kind}\r\n"
        for kind, was, now, day, month in (
            ("STANDARD", "-0600", "-0700", "1SU", 11),
            ("DAYLIGHT", "-0700", "-0600", "2SU", 3),
        )
    )
    for first, out, extra in (
        ("20261027", "20261103", "20261105"),
        ("20270309", "20270316", "20270318"),
    ):
        weekly = event(
            "RRULE:FREQ=WEEKLY;COUNT=3",
            f"EXDATE;TZID=Mountain Standard Time:{out}T090000",
            f"RDATE;TZID=Mountain Standard Time:{extra}T140000",
            uid=first,
            start=f"DTSTART;TZID=Mountain Standard Time:{first}T090000",
        )
        rig.put_text(object_of(zone + "END:VTIMEZONE", weekly))
    found = [
        f"{item.during.start:%m-%d %H}"
        for window in (AUTUMN, SPRING)
        for one in rig.service.read(rig.calendar, window, home="Europe/London").seen
        for item in one.items
    ]
    assert found == ["10-27 15", "11-05 21", "11-10 16", "03-09 16", "03-18 20", "03-23 15"]


# What cannot be read -------------------------------------------------------------------------------------------------


def test_an_entry_in_the_window_that_cannot_be_read_makes_the_reading_fail(radicale_rig: CaldavRig):
    rig = radicale_rig
    rig.put_text(object_of(event(start="DTSTART;TZID=Nowhere/Land:20261028T090000")))
    with pytest.raises(Garbled) as caught:
        rig.service.read(rig.calendar, AUTUMN, home=rig.home)
    assert "2026-10-28" in caught.value.text
    assert "Nowhere/Land" in caught.value.text
    assert not rig.service.read(rig.calendar, SPRING, home=rig.home).seen


def test_a_change_that_cannot_be_read_makes_the_reading_fail_too(radicale_rig: CaldavRig):
    rig = radicale_rig
    token = rig.service.read(rig.calendar, AUTUMN, home=rig.home).token
    rig.put_text(object_of(event(start="DTSTART;TZID=Nowhere/Land:20261028T090000")))
    for _ in range(2):
        with pytest.raises(Garbled):
            rig.service.read(rig.calendar, AUTUMN, home=rig.home, since=token)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "truncated"}, Unreachable),
        ({"kind": "malformed"}, Garbled),
        ({"kind": "drop_after"}, Unreachable),
        ({"kind": "status", "status": 503}, Unreachable),
        ({"kind": "status", "status": 500}, Unreachable),
        ({"kind": "status", "status": 404}, Missing),
    ],
)
def test_a_reading_that_is_not_answered_properly_fails(radicale_rig: CaldavRig, fault: dict, kind: type):
    rig = radicale_rig
    rig.add("Lunch", at(12), at(13))
    rig.proxy.control.fault(method="REPORT", count=None, **fault)
    with pytest.raises(kind):
        rig.service.read(rig.calendar, WINDOW, home=rig.home)
    rig.proxy.control.clear_faults()
    assert rig.service.read(rig.calendar, WINDOW, home=rig.home).seen


def test_a_calendar_that_vanishes_is_missing_with_and_without_a_token(rig: CaldavRig):
    rig.add("Lunch", at(12), at(13))
    token = rig.service.read(rig.calendar, WINDOW, home=rig.home).token
    rig.ask("DELETE", rig.made.pop())
    for since in ("", token, "ctag:1", "list:1", "sync:", "nonsense"):
        with pytest.raises(Missing):
            rig.service.read(rig.calendar, WINDOW, home=rig.home, since=since)


# Much ----------------------------------------------------------------------------------------------------------------


def test_five_thousand_entries_are_read_and_then_only_what_changes(radicale_rig: CaldavRig):
    rig = radicale_rig
    events = "\r\n".join(
        event(uid=f"n{n}", start=f"{at(8) - timedelta(days=200) + n * 2 * HOUR:%Y%m%dT%H%M%S}Z")
        for n in range(5_000)
    )
    # A whole calendar in one PUT: Radicale takes it apart into its entries.
    rig.ask("DELETE", rig.path)
    rig.ask("PUT", rig.path, object_of(events).encode(), {"Content-Type": "text/calendar"})
    rig.proxy.control.clear_log()
    mirror = Mirror(rig, WINDOW)
    reading = mirror.read()
    in_window = WINDOW.length / (2 * HOUR)
    assert in_window - 2 < len(reading.seen) < in_window + 2
    assert len(rig.proxy.exchanges) == 2
    everything = Period(at(0) - timedelta(days=300), at(0) + timedelta(days=400))
    assert len(rig.service.read(rig.calendar, everything, home=rig.home).seen) == 5_000
    added = rig.add("One more", at(12), at(13))
    rig.proxy.control.clear_log()
    assert [one.id for one in mirror.read().seen] == [added]
    assert len(rig.proxy.exchanges) == 2


def test_a_quiet_calendar_costs_one_request(rig: CaldavRig):
    rig.add("Lunch", at(12), at(13))
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    for lacking in ((), ("sync",), ("sync", "ctag")):
        rig.proxy.control.lacks(*lacking)
        mirror.read()
        rig.proxy.control.clear_log()
        assert mirror.read().seen == ()
        assert len(rig.proxy.exchanges) == 1


def test_a_server_that_tells_only_so_much_at_once_is_asked_for_parts(rig: CaldavRig):
    for day in range(12):
        rig.add(f"Lunch {day}", at(12, day=day), at(13, day=day))
    rig.add("Standup", at(9), at(10), rrule="FREQ=DAILY;COUNT=12")
    rig.proxy.control.most(4)
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    assert mirror.periods == [hour(at(clock, day=day)) for day in range(12) for clock in (9, 12)]
    rig.proxy.control.most(1)
    rig.add("At the same time", at(12), at(13))
    with pytest.raises(Garbled) as caught:
        rig.service.read(rig.calendar, WINDOW, home=rig.home)
    assert "does not tell all entries" in caught.value.text


def test_what_changes_while_a_calendar_is_read_is_told_the_next_time(radicale_rig: CaldavRig):
    rig = radicale_rig
    rig.proxy.control.fault("slow", method="PROPFIND", seconds=0.0)
    seen_at: list[str] = []

    def between() -> None:
        # Ahead of the second request, which asks for the entries: the token has been taken.
        if len(seen_at) == 1:
            rig.remove(lunch)
            seen_at.append(rig.add("Tea", at(16), at(17)))
        elif not seen_at:
            seen_at.append("first request")

    lunch = rig.add("Lunch", at(12), at(13))
    rig.service._session._before = between
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    mirror.read()
    assert set(mirror.seen) == {seen_at[-1]}


# Which calendars -----------------------------------------------------------------------------------------------------


def test_only_what_holds_entries_of_time_is_listed_with_name_and_zone(radicale_rig: CaldavRig):
    rig = radicale_rig
    home = rig.path.rstrip("/").rpartition("/")[0]
    zone = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:America/Denver\nEND:VTIMEZONE\nEND:VCALENDAR"
    for name, parts in (("court", "VEVENT"), ("tasks", "VTODO")):
        body = (
            '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            f"<D:displayname>Calendar of {name} &amp; more</D:displayname>"
            f'<C:supported-calendar-component-set><C:comp name="{parts}"/></C:supported-calendar-component-set>'
            f"<C:calendar-timezone>{zone}</C:calendar-timezone></D:prop></D:set></C:mkcalendar>"
        )
        rig.ask("MKCALENDAR", f"{home}/{name}/", body.encode())
    listed = {one.name: one for one in rig.service.calendars()}
    assert "Calendar of court & more" in listed
    assert "Calendar of tasks & more" not in listed
    assert listed["Calendar of court & more"].time_zone == "America/Denver"
    assert {one.owner for one in listed.values()} == {""}


def test_an_account_whose_home_has_gone_says_so(radicale_rig: CaldavRig):
    rig = radicale_rig
    rig.proxy.control.fault("status", method="PROPFIND", status=404, count=None)
    with pytest.raises(RemoteTrouble) as caught:
        rig.service.calendars()
    assert isinstance(caught.value, Missing)
