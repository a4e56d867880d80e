"""Words and calendar files: neutral, in both zones, and safe whatever a stranger types. No database is needed."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from icalendar import Calendar

from daybook.appointments.models import Appointment, AppointmentType
from daybook.firms.models import Firm, Lawyer
from daybook.messaging.calendar_file import calendar_file
from daybook.messaging.words import SUBJECTS, client_words, notice_words

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
START = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
#: Nothing of this may ever stand in a mail or a file.
SECRETS = (
    "Divorce",
    "divorce",
    "Custody",
    "custody",
    "opponent",
    "Reyes v. Reyes",
    "urgent reason",
    "Partner for",
)
KINDS = tuple(SUBJECTS)


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://book.example"


def appointment(**changes: Any) -> Appointment:
    """An appointment full of what must not leave Daybook; not saved."""
    firm = Firm(name="Hart & Vale LLP", phone="+1 303 555 0100", currency="USD")
    lawyer = Lawyer(
        firm=firm,
        name="Alice Hart",
        email="alice@hartvale.example",
        time_zone="America/Denver",
        title="Partner for Divorce",
        about="All about custody",
        practice_areas=["Divorce", "Custody"],
    )
    kind = AppointmentType(
        firm=firm,
        lawyer=lawyer,
        name="Divorce consultation",
        slug="divorce",
        description="Custody and more",
        change_cutoff_minutes=1440,
    )
    values = {
        "firm": firm,
        "lawyer": lawyer,
        "appointment_type": kind,
        "uid": uuid.UUID(int=7),
        "state": "confirmed",
        "during": DateTimeTZRange(START, START + timedelta(minutes=30)),
        "place": "in_person",
        "place_detail": "1 Main St; 2nd floor, Denver",
        "client_name": "Dana Reyes",
        "client_email": "dana@example.com",
        "client_phone": "+13035550101",
        "client_time_zone": "Europe/London",
        "answers": [{"label": "The opponent?", "answer": "Reyes v. Reyes"}],
        "note": "custody",
        "cancel_reason": "urgent reason",
        "fee_cents": 15000,
    }
    return Appointment(**{**values, **changes})


def event_of(one: Appointment) -> Any:
    (event,) = Calendar.from_ical(calendar_file(one, NOW)).walk("VEVENT")
    return event


@pytest.mark.parametrize("kind", KINDS)
def test_a_clients_mail_never_says_what_the_appointment_is_about(kind: str) -> None:
    words = client_words(kind, appointment(), now=NOW, was=START - timedelta(days=1))
    everything = f"{words.subject}\n{words.text}\n{words.html}"
    assert not [secret for secret in SECRETS if secret in everything]


@pytest.mark.parametrize("act", ["booked", "moved", "cancelled"])
def test_a_lawyers_notice_is_as_silent_and_keeps_the_client_out_of_the_subject(act: str) -> None:
    words = notice_words(act, appointment())
    assert not [secret for secret in SECRETS if secret in f"{words.subject}\n{words.text}\n{words.html}"]
    assert "Dana" not in words.subject
    assert "Dana Reyes" in words.text


@pytest.mark.parametrize("state", ["confirmed", "cancelled"])
def test_a_calendar_file_is_as_silent(state: str) -> None:
    text = calendar_file(appointment(state=state), NOW).decode().replace("\r\n ", "")
    assert not [secret for secret in SECRETS if secret in text]
    assert "SUMMARY:Appointment with Alice Hart\r\n" in text


def test_subjects_hold_a_time_in_the_clients_zone_and_nothing_else() -> None:
    assert [client_words(kind, appointment(), now=NOW).subject for kind in KINDS] == [
        "Your appointment on Tue 24 Nov, 9:30 pm",
        "New time: your appointment on Tue 24 Nov, 9:30 pm",
        "Cancelled: your appointment on Tue 24 Nov, 9:30 pm",
        "Reminder: your appointment on Tue 24 Nov, 9:30 pm",
        "Your request for Tue 24 Nov, 9:30 pm",
        "About your request for Tue 24 Nov, 9:30 pm",
        "About your request for Tue 24 Nov, 9:30 pm",
    ]


def test_a_confirmation_reads_like_this() -> None:
    text = client_words("confirmation", appointment(), now=NOW).text
    link = re.search(r"https://book\.example/appointment/\S+/", text)
    assert link
    assert text.replace(link[0], "LINK") == (
        "Hello Dana Reyes,\n\n"
        "Your appointment with Alice Hart, Hart & Vale LLP, is confirmed.\n\n"
        "When: Tue 24 Nov 2026, 9:30 pm – 10:00 pm (London, GMT) · 2:30 pm Denver (MST)\n"
        "Where: 1 Main St; 2nd floor, Denver\n"
        "Fee: $150\n\n"
        "To move or cancel it, open this page until Mon 23 Nov 2026, 9:30 pm (London, GMT):\n"
        "LINK\n\n"
        "The attached file adds it to your calendar.\n\n"
        "Hart & Vale LLP\n"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_both_zones_are_shown_when_clocks_differ_and_one_when_they_do_not(kind: str) -> None:
    far = client_words(kind, appointment(), now=NOW).text
    assert "London" in far
    assert "2:30 pm Denver (MST)" in far
    near = client_words(kind, appointment(client_time_zone="America/Denver"), now=NOW).text
    assert "2:30 pm – 3:00 pm (Denver, MST)" in near
    limit = kind in ("confirmation", "change", "reminder")  # which is at that time as well
    assert near.count("2:30 pm") == (2 if limit else 1)
    assert " · " not in near


def test_the_week_in_which_only_one_side_has_changed_its_clocks_is_told_right() -> None:
    between = datetime(
        2026, 10, 27, 15, tzinfo=UTC
    )  # London went back on the 25th, Denver does on 1 November
    one = appointment(during=DateTimeTZRange(between, between + timedelta(hours=1)))
    words = client_words("confirmation", one, now=NOW - timedelta(days=60))
    assert "3:00 pm – 4:00 pm (London, GMT) · 9:00 am Denver (MDT)" in words.text
    assert "3:00 pm – 4:00 pm (London\\, GMT) · 9:00 am Denver (MDT)" in calendar_file(
        one, NOW
    ).decode().replace("\r\n ", "")


def test_without_a_public_address_the_firm_is_to_be_asked(settings: Any) -> None:
    settings.PUBLIC_URL = ""
    words = client_words("confirmation", appointment(), now=NOW)
    assert "http" not in words.text
    assert "please answer this mail or call +1 303 555 0100" in words.text
    assert "http" not in calendar_file(appointment(), NOW).decode()


def test_after_the_limit_the_page_is_only_for_looking() -> None:
    words = client_words("reminder", appointment(), now=START - timedelta(hours=1))
    assert "To look it up" in words.text
    assert "please answer this mail or call" in words.text


def test_a_calendar_file_says_until_when_its_link_moves_or_cancels() -> None:
    assert "To move or cancel until Mon 23 Nov 2026, 9:30 pm (London, GMT): https://book.example/" in str(
        event_of(appointment())["description"]
    )
    late = appointment(during=DateTimeTZRange(NOW + timedelta(hours=3), NOW + timedelta(hours=4)))
    text = str(event_of(late)["description"])
    assert "To look it up: https://book.example/" in text
    assert "cancel" not in text
    assert "To look it up" in client_words("confirmation", late, now=NOW).text


@pytest.mark.parametrize(
    "name", ["Win at evil.example", "http://evil.example/x", "a@b.example", "<b>You won</b>", "x\\y"]
)
def test_a_strangers_advertisement_is_not_sent_on_as_a_name(name: str) -> None:
    words = client_words("confirmation", appointment(client_name=name), now=NOW)
    assert words.text.startswith("Hello,\n")
    assert name not in words.html


def test_the_html_says_the_same_loads_nothing_and_links_only_to_us() -> None:
    one = appointment(client_name="Dana <img src=x> https://evil.example/")
    words = notice_words("booked", one)
    assert "&lt;img src=x&gt;" in words.html
    assert re.findall(r'href="([^"]+)"', words.html) == ["https://book.example/dashboard/"]
    assert "src=" not in words.html.replace("&lt;img src=x&gt;", "")
    confirmation = client_words("confirmation", appointment(), now=NOW)
    bare = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", confirmation.html.split("<body")[1].partition(">")[2]))
    assert bare.replace("&amp;", "&").split() == confirmation.text.split()


def test_a_video_link_can_be_followed() -> None:
    one = appointment(place="video", place_detail="https://meet.example/room?a=1&b=2")
    html = client_words("confirmation", one, now=NOW).html
    assert 'href="https://meet.example/room?a=1&amp;b=2"' in html


def test_a_file_is_published_in_utc_without_inviting_anybody() -> None:
    raw = calendar_file(appointment(sequence=3), NOW)
    lines = raw.decode().replace("\r\n ", "").split("\r\n")
    for line in (
        "METHOD:PUBLISH",
        "UID:00000000-0000-0000-0000-000000000007@daybook",
        "SEQUENCE:3",
        "DTSTAMP:20261120T150000Z",
        "DTSTART:20261124T213000Z",
        "DTEND:20261124T220000Z",
        "LOCATION:1 Main St\\; 2nd floor\\, Denver",
        "CLASS:PRIVATE",
        "STATUS:CONFIRMED",
    ):
        assert line in lines
    assert not {"ORGANIZER", "ATTENDEE", "BEGIN:VTIMEZONE"} & {re.split("[:;]", line)[0] for line in lines}
    assert "BEGIN:VTIMEZONE" not in lines


def test_the_file_of_a_cancelled_appointment_takes_it_out() -> None:
    lines = calendar_file(appointment(state="cancelled", sequence=4), NOW).decode().split("\r\n")
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:4"} <= set(lines)


@pytest.mark.parametrize(
    "name",
    [
        "אֲבִיגַיִל כֹּהֵן-לֵוִי מִמִּשְׂרַד עוֹרְכֵי הַדִּין שֶׁל תֵּל אָבִיב וִירוּשָׁלַיִם",
        "محمد بن عبد الله الطويل الاسم جدا لكي يتجاوز خمسة وسبعين بايتا في السطر",
        "👩‍⚖️👨‍👩‍👧‍👦" * 12,
        "Semi; Comma, Back\\slash \\n not a break",
    ],
)
def test_any_script_survives_folding_and_escaping(name: str) -> None:
    one = appointment(place_detail=name)
    one.lawyer.name = name
    raw = calendar_file(one, NOW)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    for line in raw.split(b"\r\n"):
        line.decode()  # no letter is cut in two
    event = event_of(one)
    assert str(event["SUMMARY"]) == f"Appointment with {name}"
    assert str(event["LOCATION"]) == name


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), "1:30 am MDT – 1:00 am MST"),
        (datetime(2027, 3, 14, 8, 45, tzinfo=UTC), "1:45 am MST – 3:15 am MDT"),
    ],
)
def test_an_appointment_across_a_changeover_says_which_rule_holds_when(start: datetime, shown: str) -> None:
    one = appointment(
        during=DateTimeTZRange(start, start + timedelta(minutes=30)), client_time_zone="America/Denver"
    )
    assert shown in client_words("confirmation", one, now=NOW - timedelta(days=30)).text
    event = event_of(one)
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=30)
