"""Appointments of ours on CalDAV servers: what is written, what of others' stays, and what is never made twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybook.connectors.caldav.drafting import edited, written
from daybook.connectors.caldav.objects import Eyes, seen, uid_of
from daybook.connectors.errors import Forbidden, Limited, Missing, Rejected, Stale
from daybook.core.entries import Standing
from daybook.core.periods import Period
from tests.connectors.caldav_rig import CaldavRig, object_of, rig_at
from tests.connectors.calendar_rig import HOUR, TITLE, UID, WINDOW, Mirror, at, draft, hour
from tests.stage.caldav import CaldavServer, radicale, xandikos

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEARS = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, CaldavServer]]:
    with radicale() as one, xandikos() as other:
        yield {"radicale": one, "xandikos": other}


@pytest.fixture(params=["radicale", "xandikos"])
def rig(request: pytest.FixtureRequest, servers: dict[str, CaldavServer]) -> Iterator[CaldavRig]:
    with rig_at(servers[request.param]) as rig:
        yield rig


def lines(text: str | bytes) -> list[str]:
    """The unfolded lines of a calendar file."""
    whole = text if isinstance(text, str) else text.decode()
    return whole.replace("\r\n", "\n").replace("\n ", "").strip().split("\n")


def with_more(text: str, *more: str) -> str:
    return text.replace("END:VEVENT", "\r\n".join([*more, "END:VEVENT"]))


# What is written ---------------------------------------------------------------------------------------------------


def test_it_is_private_takes_time_reminds_nobody_and_invites_nobody():
    text = written(draft(), NOW)
    names = {line.partition(":")[0].partition(";")[0] for line in lines(text)}
    assert not names & {"ATTENDEE", "ORGANIZER", "DESCRIPTION", "METHOD", "TRIGGER", "RRULE"}
    assert {"CLASS:PRIVATE", "TRANSP:OPAQUE", "STATUS:CONFIRMED", "X-APPLE-DEFAULT-ALARM:FALSE"} <= set(
        lines(text)
    )
    assert "BEGIN:VALARM" not in lines(text)
    assert f"UID:{UID}@daybook" in lines(text)
    assert f"X-DAYBOOK:{UID}" in lines(text)
    assert f"DTSTART:{draft().start.astimezone(UTC):%Y%m%dT%H%M%SZ}" in lines(text)


def test_the_uid_is_that_of_the_calendar_files_that_are_sent_by_mail():
    assert uid_of(UID) == f"{UID}@daybook"
    assert uid_of(f"{UID}@daybook") == f"{UID}@daybook"


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200), st.integers(0, 10**6)
)
def test_any_title_is_read_back_as_it_was_written(title: str, minutes: int):
    one = draft(title=title.strip() or "x")
    eyes = Eyes("Here", YEARS, "America/Denver", frozenset())
    first = written(one, NOW)
    assert [item.title.strip() for item in seen("/a", "", first, eyes).items] == [one.title]
    again = edited(first, draft(at(9), sequence=minutes, title=one.title), NOW)
    assert again is not None
    (item,) = seen("/a", "", again, eyes).items
    assert (item.title.strip(), item.during) == (one.title, hour(at(9)))
    assert all(len(line.encode()) <= 75 for line in again.decode().split("\r\n"))
    assert edited(again, draft(at(9), sequence=minutes, title=one.title), NOW) is None


# What others have added --------------------------------------------------------------------------------------------

ADDED = (
    "DESCRIPTION:Bring the file\\, and the key\\nRoom 4",
    'X-SOMEBODY;PARAM="a;b:c":kept as it is \\\\ here',
    "ATTENDEE;CN=Bob:mailto:bob@firm.example",
    "CATEGORIES:Court,Denver",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER:-PT10M",
    "DESCRIPTION:soon",
    "X-ALARM-UID:1",
    "END:VALARM",
)


def test_a_change_keeps_every_line_that_somebody_else_added(rig: CaldavRig):
    made = rig.service.create(rig.calendar, draft())
    rig.put_text(with_more(rig.text(made.id), *ADDED), made.id.rpartition("/")[2].removesuffix(".ics"))
    there = set(lines(rig.text(made.id))) & set(ADDED)
    assert len(there) >= 8
    changed = rig.service.update(rig.calendar, made.id, draft(at(15), sequence=3, title="Moved"))
    after = lines(rig.text(changed.id))
    assert there <= set(after)
    assert {"SUMMARY:Moved", "SEQUENCE:3"} <= set(after)
    assert sum(line.startswith("DTSTART") for line in after) == 1
    (found,) = rig.service.find(rig.calendar, UID, home=rig.home)
    assert (found.mark, [item.during for item in found.items]) == (UID, [hour(at(15))])


def test_the_sequence_always_grows_whoever_counted_on():
    text = written(draft(sequence=2), NOW).replace(b"SEQUENCE:2", b"SEQUENCE:7")
    assert b"SEQUENCE:8" in (edited(text, draft(at(9), sequence=3), NOW) or b"")


def test_an_appointment_somebody_made_repeat_cancelled_or_free_is_set_right_again(rig: CaldavRig):
    made = rig.service.create(rig.calendar, draft())
    text = rig.text(made.id)
    change = text[text.index("BEGIN:VEVENT") : text.index("END:VEVENT")]
    second = f"RECURRENCE-ID:{at(10, day=7).astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n"
    text = with_more(text, "RRULE:FREQ=WEEKLY;COUNT=3").replace("TRANSP:OPAQUE", "TRANSP:TRANSPARENT")
    text = text.replace("END:VCALENDAR", f"{change}{second}END:VEVENT\r\nEND:VCALENDAR")
    rig.put_text(text, made.id.rpartition("/")[2].removesuffix(".ics"))
    before = rig.service.get(rig.calendar, made.id, home=rig.home)
    assert sorted(item.standing for item in before.items) == [Standing.BUSY, Standing.FREE, Standing.FREE]
    rig.service.update(rig.calendar, made.id, draft(sequence=1), etag=before.etag)
    after = rig.service.get(rig.calendar, made.id, home=rig.home)
    assert [(item.during, item.standing) for item in after.items] == [(hour(at(10)), Standing.BUSY)]


def test_a_cancelled_entry_is_missing_and_found_without_items(rig: CaldavRig):
    made = rig.service.create(rig.calendar, draft())
    text = rig.text(made.id).replace("STATUS:CONFIRMED", "STATUS:CANCELLED")
    rig.put_text(text, made.id.rpartition("/")[2].removesuffix(".ics"))
    with pytest.raises(Missing):
        rig.service.get(rig.calendar, made.id, home=rig.home)
    assert [(one.id, one.items) for one in rig.service.find(rig.calendar, UID, home=rig.home)] == [
        (made.id, ())
    ]
    rig.service.update(rig.calendar, made.id, draft(sequence=1))
    assert rig.service.get(rig.calendar, made.id, home=rig.home).items


def test_what_is_cut_off_or_strange_is_written_anew():
    for text in (b"", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"):
        assert b"BEGIN:VEVENT" in (edited(text, draft(), NOW) or b"")


def test_a_zone_somebodys_program_wrote_beside_it_stays():
    text = written(draft(), NOW).decode()
    zone = "BEGIN:VTIMEZONE\r\nTZID:Here\r\nX-LIC-LOCATION:America/Denver\r\nEND:VTIMEZONE\r\n"
    moved = text.replace("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT").replace("DTSTART:", "DTSTART;TZID=Here:")
    after = edited(moved.encode(), draft(at(9), sequence=1), NOW)
    assert after is not None
    assert "TZID:Here" in lines(after)
    assert f"DTSTART:{at(9).astimezone(UTC):%Y%m%dT%H%M%SZ}" in lines(after)
    assert sum(line.startswith("DTSTART") for line in lines(after)) == 1


# Once and not twice ------------------------------------------------------------------------------------------------


def test_made_twice_it_is_there_once_and_says_the_later(rig: CaldavRig):
    first = rig.service.create(rig.calendar, draft())
    second = rig.service.create(rig.calendar, draft(at(16), sequence=1))
    assert (second.id, rig.count()) == (first.id, 1)
    assert second.etag != first.etag
    third = rig.service.create(rig.calendar, draft(at(16), sequence=1))
    assert third == second


def test_made_twice_at_a_server_that_cannot_look_for_it_it_is_there_once_as_well(rig: CaldavRig):
    rig.proxy.control.lacks("find")
    first = rig.service.create(rig.calendar, draft())
    second = rig.service.create(rig.calendar, draft(at(16), sequence=1))
    assert (second.id, rig.count()) == (first.id, 1)
    (item,) = rig.service.get(rig.calendar, first.id, home=rig.home).items
    assert item.during == hour(at(16))


def test_one_that_somebodys_program_stored_under_another_name_is_found_and_not_made_again(rig: CaldavRig):
    made = rig.service.create(rig.calendar, draft())
    text = rig.text(made.id)
    rig.remove(made.id)
    elsewhere = rig.put_text(text, "another-name")
    assert [one.id for one in rig.service.find(rig.calendar, UID, home=rig.home)] == [elsewhere]
    again = rig.service.create(rig.calendar, draft(at(16), sequence=1))
    assert (again.id, rig.count()) == (elsewhere, 1)


def test_what_somebody_else_put_under_our_name_is_not_overwritten(rig: CaldavRig):
    theirs = "\r\n".join(
        [
            "BEGIN:VEVENT",
            "UID:somebody-elses",
            "DTSTAMP:20260101T000000Z",
            f"DTSTART:{at(9).astimezone(UTC):%Y%m%dT%H%M%SZ}",
            "DURATION:PT1H",
            "SUMMARY:Theirs",
            "END:VEVENT",
        ]
    )
    id = rig.put_text(object_of(theirs), UID)
    with pytest.raises(Stale):
        rig.service.create(rig.calendar, draft())
    assert "SUMMARY:Theirs" in rig.text(id)


def test_saying_the_same_again_sends_nothing(rig: CaldavRig):
    made = rig.service.create(rig.calendar, draft())
    rig.proxy.control.clear_log()
    assert rig.service.update(rig.calendar, made.id, draft(), etag=made.etag) == made
    assert [one.method for one in rig.proxy.exchanges] == ["REPORT"]


def test_a_server_that_tells_no_etag_after_a_write_is_asked_for_it(rig: CaldavRig):
    rig.proxy.control.etags(False)
    made = rig.service.create(rig.calendar, draft())
    assert made.etag
    changed = rig.service.update(rig.calendar, made.id, draft(at(11), sequence=1), etag=made.etag)
    rig.service.delete(rig.calendar, made.id, etag=changed.etag)
    assert rig.count() == 0


def test_an_etag_that_cannot_be_learned_does_not_undo_a_write(rig: CaldavRig):
    rig.proxy.control.etags(False)
    rig.proxy.control.fault("status", method="REPORT", status=403)
    made = rig.service.create(rig.calendar, draft())
    assert (made.etag, rig.count()) == ("", 1)


def test_writing_takes_few_requests(rig: CaldavRig):
    made = rig.service.create(rig.calendar, draft())
    made = rig.service.update(rig.calendar, made.id, draft(at(11), sequence=1), etag=made.etag)
    rig.service.delete(rig.calendar, made.id, etag=made.etag)
    assert [one.method for one in rig.proxy.exchanges] == ["PUT", "REPORT", "PUT", "DELETE"]


@pytest.mark.parametrize(
    ("status", "kind"), [(507, Rejected), (423, Rejected), (413, Rejected), (403, Forbidden), (404, Missing)]
)
def test_a_write_that_is_turned_down_says_why(rig: CaldavRig, status: int, kind: type):
    rig.proxy.control.fault("status", method="PUT", status=status)
    with pytest.raises(kind) as caught:
        rig.service.create(rig.calendar, draft())
    assert not caught.value.maybe_applied
    assert rig.count() == 0


def test_a_limit_while_writing_is_told_with_its_seconds(rig: CaldavRig):
    made = rig.service.create(rig.calendar, draft())
    rig.proxy.control.fault("rate_limited", method="PUT", retry_after=7)
    with pytest.raises(Limited) as caught:
        rig.service.update(rig.calendar, made.id, draft(at(11), sequence=1), etag=made.etag)
    assert caught.value.after == 7
    mirror = Mirror(rig, WINDOW)
    mirror.read()
    assert [(item.during, item.title) for item in mirror.items] == [(hour(at(10)), TITLE)]
    assert mirror.items[0].during.length == HOUR
