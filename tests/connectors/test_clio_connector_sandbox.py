"""The connector against Clio's stand-in over real sockets; every request and answer is held to Clio's contract."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx2
import pytest

from daybook.connectors import http
from daybook.connectors.clio import (
    activities,
    calendars,
    contacts,
    entries,
    matters,
    oauth,
    settings,
    users,
    webhooks,
)
from daybook.connectors.clio.contacts import EmailWrite, PhoneWrite
from daybook.connectors.clio.oauth import App, Token
from daybook.connectors.clio.session import Session
from daybook.connectors.errors import (
    Billed,
    Forbidden,
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    Stale,
    Unreachable,
)
from sandbox import clio as sandbox_clio
from tests import clio_contract

APP = App("daybook-demo", "daybook-demo-secret")
BACK = "http://127.0.0.1:1/back"
ALICE, BEN = "alice@hartvale.example", "ben@hartvale.example"
DENVER = ZoneInfo("America/Denver")
NINE = datetime(2026, 10, 5, 9, 0, tzinfo=DENVER)
HOUR = timedelta(hours=1)


@dataclass
class Firm:
    """A sandbox, and a session of its Alice."""

    sandbox: Any
    saved: list[Token]
    session: Session

    @property
    def control(self) -> Any:
        return self.sandbox.control

    def calendar(self, user: str = ALICE) -> str:
        return str(self.control.user_row(user)["default_calendar_id"])


def session_of(sandbox: Any, user: str, saved: list[Token]) -> Session:
    grant = sandbox.control.token(user)
    token = Token(grant["access_token"], grant["refresh_token"], None)
    return Session(sandbox.url, APP, token, saved.append, None, lambda: datetime.now(UTC))


@pytest.fixture
def firm() -> Iterator[Firm]:
    with sandbox_clio.start(seed="bare") as sandbox:
        saved: list[Token] = []
        yield Firm(sandbox, saved, session_of(sandbox, ALICE, saved))
        exchanges = sandbox.exchanges
    http.close_all()
    problems = clio_contract.problems(exchanges)
    assert not problems, "\n".join(map(str, problems))


def person(firm: Firm, first: str = "Dana", last: str = "Reyes", **more: Any) -> contacts.ClioContact:
    return contacts.create(firm.session, first_name=first, last_name=last, **more)


def matter(firm: Firm, **more: Any) -> matters.Matter:
    return matters.create(firm.session, client_id=person(firm).id, description="Consultation", **more)


def entry(firm: Firm, mark: str = "A-1") -> entries.CalendarEntry:
    return entries.create(
        firm.session,
        calendar_id=firm.calendar(),
        start=NINE,
        end=NINE + HOUR,
        summary="Appointment",
        external={"daybook": mark},
    )


def time_entry(firm: Firm, matter_id: str, **more: Any) -> activities.Activity:
    return activities.create_time_entry(
        firm.session,
        matter_id=matter_id,
        user_id=None,
        date=date(2026, 10, 5),
        seconds=1800,
        note="x",
        **more,
    )


# Connecting ----------------------------------------------------------------------------------------------------------


def test_a_firm_connects_works_and_disconnects(firm: Firm) -> None:
    with httpx2.Client(base_url=firm.sandbox.url) as browser:
        page = browser.get(oauth.authorize_url(APP, firm.sandbox.url, BACK, "s1"))
        hidden = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        form = {name: html.unescape(value) for name, value in hidden.items()}
        page = browser.post(
            "/oauth/sign_in", data=form | {"email": ALICE, "password": "clio"}, follow_redirects=True
        )
        form = {
            k: html.unescape(v)
            for k, v in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        }
        answer = browser.post("/oauth/authorize", data=form | {"decision": "allow"})
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["s1"]
    now = datetime.now(UTC)
    token = oauth.exchange(APP, firm.sandbox.url, query["code"][0], BACK, now=now)
    assert token.expires_at == now + timedelta(days=30)
    session = Session(firm.sandbox.url, APP, token, firm.saved.append, None, lambda: now)
    me = users.who_am_i(session)
    assert (me.user.email, me.user.time_zone, me.account.name) == (
        ALICE,
        "America/Denver",
        "Bare & Empty LLP",
    )
    with pytest.raises(NotAuthorised):
        oauth.exchange(APP, firm.sandbox.url, query["code"][0], BACK, now=now)
    oauth.revoke(firm.sandbox.url, token.access)
    with pytest.raises(NotAuthorised):
        users.who_am_i(session)


def test_a_wrong_app_is_not_authorised(firm: Firm) -> None:
    with pytest.raises(NotAuthorised):
        oauth.refresh(App("daybook-demo", "wrong"), firm.sandbox.url, firm.session.token.refresh, now=NINE)


def test_an_expired_token_is_renewed_once_and_the_refresh_token_stays(firm: Firm) -> None:
    before = firm.session.token
    firm.control.advance(31 * 86400)
    assert users.who_am_i(firm.session).user.email == ALICE
    assert len(firm.saved) == 1
    assert firm.saved[0].access != before.access
    assert firm.saved[0].refresh == before.refresh


def test_a_firm_that_removes_the_app_is_told_from_one_that_is_down(firm: Firm) -> None:
    firm.control.down()
    with pytest.raises(Unreachable):
        users.who_am_i(firm.session)
    firm.control.down(False)
    firm.control.revoke(ALICE)
    with pytest.raises(NotAuthorised):
        users.who_am_i(firm.session)


def test_the_fifty_first_request_of_a_minute_waits(firm: Firm) -> None:
    firm.control.set_rate_limit(3)
    for _ in range(3):
        settings.billing(firm.session)
    with pytest.raises(Limited) as caught:
        settings.billing(firm.session)
    assert caught.value.after is not None
    assert 0 < caught.value.after <= 60


# Reading lists -------------------------------------------------------------------------------------------------------


def test_everybody_and_every_calendar_is_listed(firm: Firm) -> None:
    everybody = {user.email: user for user in users.all_users(firm.session)}
    assert everybody.keys() == {ALICE, BEN}
    assert everybody[ALICE].rate == 32000
    own = everybody[ALICE].default_calendar_id
    assert own == firm.calendar()
    assert {found.id: found.writable for found in calendars.all(firm.session)}[own] is True
    assert settings.billing(firm.session).rounding_minutes == 6


def test_a_calendar_shared_for_reading_only_is_not_writable(firm: Firm) -> None:
    bens = firm.calendar(BEN)
    firm.control.share_calendar(int(bens), ALICE, "viewer")
    assert {found.id: found.writable for found in calendars.all(firm.session)}[bens] is False
    with pytest.raises(Forbidden):
        entries.create(
            firm.session,
            calendar_id=bens,
            start=NINE,
            end=NINE + HOUR,
            summary="x",
            external={"daybook": "1"},
        )
    firm.control.share_calendar(int(bens), ALICE, "editor")
    assert {found.id: found.writable for found in calendars.all(firm.session)}[bens] is True


def test_all_contacts_come_page_by_page(firm: Firm) -> None:
    firm.control.bulk_contacts(450)
    pages = list(contacts.pages(firm.session))
    assert [len(page.items) for page in pages] == [200, 200, 50]
    assert len({item.id for page in pages for item in page.items}) == 450
    assert all(item.emails and item.phones for page in pages for item in page.items)
    rest = list(contacts.pages(firm.session, start_url=pages[0].next_url))
    assert [page.items for page in rest] == [page.items for page in pages[1:]]
    assert [len(page.items) for page in contacts.refs(firm.session)] == [200, 200, 50]


def test_only_what_changed_since_is_asked_for(firm: Firm) -> None:
    person(firm, "Old")
    firm.control.advance(3600)
    since = datetime.fromisoformat(firm.control.now())
    firm.control.advance(60)
    new = person(firm, "New")
    found = [item.id for page in contacts.pages(firm.session, updated_since=since) for item in page.items]
    assert found == [new.id]


# Contacts ------------------------------------------------------------------------------------------------------------


def test_a_contact_is_found_by_email_and_by_name(firm: Firm) -> None:
    dana = person(firm, emails=[EmailWrite("Dana.Reyes@mail.example", primary=True)])
    person(firm, "Dan", "Reyes", emails=[EmailWrite("xdana.reyes@mail.example")])
    assert [found.id for found in contacts.find_by_email(firm.session, "dana.reyes@MAIL.example")] == [
        dana.id
    ]
    assert [found.id for found in contacts.find_by_name(firm.session, "dana  reyes")] == [dana.id]
    assert contacts.get(firm.session, dana.id) == dana
    assert contacts.find_by_email(firm.session, "nobody@mail.example") == ()


def test_an_address_added_stands_beside_the_others(firm: Firm) -> None:
    dana = person(
        firm, emails=[EmailWrite("one@x.example", primary=True)], phones=[PhoneWrite("+13035550101")]
    )
    dana = contacts.add_email(firm.session, dana, "two@x.example")
    dana = contacts.add_phone(firm.session, dana, "+13035550102", label="Mobile")
    assert [item.address for item in dana.emails] == ["one@x.example", "two@x.example"]
    assert [item.number for item in dana.phones] == ["+13035550101", "+13035550102"]
    changed = EmailWrite("uno@x.example", id=dana.emails[0].id)
    dana = contacts.update(
        firm.session, dana.id, {"emails": [changed, EmailWrite(id=dana.emails[1].id, remove=True)]}, dana.etag
    )
    assert [item.address for item in dana.emails] == ["uno@x.example"]


def test_two_who_change_the_same_contact_do_not_overwrite_each_other(firm: Firm) -> None:
    dana = person(firm)
    firm.control.edit_contact(ALICE, int(dana.id), title="CFO")
    with pytest.raises(Stale):
        contacts.update(firm.session, dana.id, {"title": "CEO"}, dana.etag)
    again = contacts.get(firm.session, dana.id)
    assert again.title == "CFO"
    assert contacts.update(firm.session, dana.id, {"last_name": "Cole"}, again.etag).title == "CFO"


def test_a_deleted_and_a_hidden_contact_are_both_missing(firm: Firm) -> None:
    gone, hidden = person(firm, "Gone"), person(firm, "Hidden")
    firm.control.delete_contact(ALICE, int(gone.id))
    with pytest.raises(Missing):
        contacts.get(firm.session, gone.id)
    firm.control.hide_contact(int(hidden.id), ALICE)
    with pytest.raises((Missing, Forbidden)):
        contacts.get(firm.session, hidden.id)


def test_a_twenty_first_email_is_rejected_in_clios_words(firm: Firm) -> None:
    with pytest.raises(Rejected) as caught:
        person(firm, emails=[EmailWrite(f"d{n}@x.example") for n in range(21)])
    assert caught.value.words


@pytest.mark.parametrize("kind", ["drop_after", "truncated", "status_after"])
def test_a_contact_created_and_then_lost_is_found_before_it_is_created_again(firm: Firm, kind: str) -> None:
    firm.control.fault(kind, "POST", "*/contacts.json")
    with pytest.raises(Unreachable) as caught:
        person(firm, emails=[EmailWrite("dana@x.example")])
    assert caught.value.maybe_applied is True
    assert len(contacts.find_by_email(firm.session, "dana@x.example")) == 1


def test_a_contact_created_behind_a_garbled_answer_is_in_doubt_too(firm: Firm) -> None:
    firm.control.fault("malformed", "POST", "*/contacts.json")
    with pytest.raises(Garbled) as caught:
        person(firm, emails=[EmailWrite("dana@x.example")])
    assert caught.value.maybe_applied is True


# Calendar entries ----------------------------------------------------------------------------------------------------


def busy(
    firm: Firm, calendar: str | None = None, start: datetime = NINE, days: int = 1
) -> list[tuple[str, str]]:
    found = entries.busy(firm.session, calendar or firm.calendar(), start, start + timedelta(days=days))
    return [(f"{one.start.astimezone(DENVER):%d %H:%M}", one.summary) for one in found if not one.all_day]


def test_an_appointment_is_made_found_moved_and_deleted(firm: Firm) -> None:
    made = entry(firm)
    assert (made.start, made.end, made.external) == (
        NINE.astimezone(UTC),
        (NINE + HOUR).astimezone(UTC),
        {"daybook": "A-1"},
    )
    entry(firm, "A-10")
    assert [
        found.id for found in entries.find_by_external(firm.session, firm.calendar(), "daybook", "A-1")
    ] == [made.id]
    moved = entries.update(firm.session, made.id, etag=made.etag, start=NINE + HOUR, end=NINE + 2 * HOUR)
    assert (moved.id, moved.start, moved.external) == (made.id, (NINE + HOUR).astimezone(UTC), made.external)
    with pytest.raises(Stale):
        entries.update(firm.session, made.id, etag=made.etag, summary="y")
    entries.delete(firm.session, made.id)
    with pytest.raises(Missing):
        entries.get(firm.session, made.id)
    with pytest.raises(Missing):
        entries.delete(firm.session, made.id)
    assert firm.control.notices() == []


def test_an_entry_moved_in_clio_is_busy_where_it_is_now(firm: Firm) -> None:
    made = entry(firm)
    assert busy(firm) == [("05 09:00", "Appointment")]
    firm.control.move_entry(ALICE, made.id, "2026-10-05T15:00:00-06:00", "2026-10-05T16:00:00-06:00")
    assert busy(firm) == [("05 15:00", "Appointment")]


def test_every_occurrence_of_a_series_is_busy_at_its_wall_clock_hour(firm: Firm) -> None:
    firm.control.create_entry(
        ALICE,
        "Standup",
        "2026-10-26T09:00:00-06:00",
        "2026-10-26T09:30:00-06:00",
        recurrence_rule="FREQ=WEEKLY;BYDAY=MO",
    )
    # The clocks go back on 1 November 2026.
    assert busy(firm, start=datetime(2026, 10, 20, tzinfo=DENVER), days=21) == [
        ("26 09:00", "Standup"),
        ("02 09:00", "Standup"),
        ("09 09:00", "Standup"),
    ]


def test_one_occurrence_moved_is_busy_once(firm: Firm) -> None:
    series = firm.control.create_entry(
        ALICE,
        "Standup",
        "2026-10-05T09:00:00-06:00",
        "2026-10-05T09:30:00-06:00",
        recurrence_rule="FREQ=DAILY;COUNT=3",
    )
    second = firm.control.occurrence_ids(
        series["id"], "2026-10-06T00:00:00-06:00", "2026-10-07T00:00:00-06:00"
    )[0]
    firm.control.move_entry(ALICE, second, "2026-10-06T14:00:00-06:00", "2026-10-06T14:30:00-06:00")
    start = datetime(2026, 10, 5, tzinfo=DENVER)
    assert busy(firm, start=start, days=4) == [
        ("05 09:00", "Standup"),
        ("06 14:00", "Standup"),
        ("07 09:00", "Standup"),
    ]


@pytest.mark.parametrize("end", ["exclusive", "inclusive"])
def test_an_all_day_entry_closes_its_day_whatever_clio_means_by_its_end(firm: Firm, end: str) -> None:
    firm.control.set_quirk("all_day_end", end)
    firm.control.create_entry(
        ALICE, "Trial", "2026-10-05T00:00:00-06:00", "2026-10-05T00:00:00-06:00", all_day=True
    ) if end == "inclusive" else firm.control.create_entry(
        ALICE, "Trial", "2026-10-05T00:00:00-06:00", "2026-10-06T00:00:00-06:00", all_day=True
    )
    (found,) = entries.busy(firm.session, firm.calendar(), NINE, NINE + HOUR)
    assert found.all_day
    blocked = found.blocks(DENVER)
    assert blocked is not None
    assert blocked.start == datetime(2026, 10, 5, tzinfo=DENVER)
    assert blocked.end >= datetime(2026, 10, 6, tzinfo=DENVER)


def test_a_private_entry_of_somebody_else_is_busy_without_its_words(firm: Firm) -> None:
    bens = firm.calendar(BEN)
    firm.control.share_calendar(int(bens), ALICE, "limited_viewer")
    firm.control.create_entry(BEN, "Secret client", "2026-10-05T09:00:00-06:00", "2026-10-05T10:00:00-06:00")
    (found,) = entries.busy(firm.session, bens, NINE, NINE + HOUR)
    assert found.redacted
    assert found.summary == ""
    assert found.blocks(DENVER) is not None
    firm.control.set_quirk("redacted_entries_show_times", False)
    with pytest.raises(Garbled):
        entries.busy(firm.session, bens, NINE, NINE + HOUR)


def test_a_calendar_that_is_no_longer_shared_does_not_look_free(firm: Firm) -> None:
    bens = firm.calendar(BEN)
    firm.control.share_calendar(int(bens), ALICE, "viewer")
    firm.control.create_entry(BEN, "Hearing", "2026-10-05T09:00:00-06:00", "2026-10-05T10:00:00-06:00")
    assert len(entries.busy(firm.session, bens, NINE, NINE + HOUR)) == 1
    firm.control.unshare_calendar(int(bens), ALICE)
    assert bens not in {found.id for found in calendars.all(firm.session)}
    with pytest.raises((Missing, Forbidden)):
        entries.busy(firm.session, bens, NINE, NINE + HOUR)


def test_an_empty_calendar_is_free(firm: Firm) -> None:
    assert entries.busy(firm.session, firm.calendar(), NINE, NINE + HOUR) == ()


def test_a_calendar_that_never_was_does_not_look_free(firm: Firm) -> None:
    with pytest.raises(Missing):
        entries.busy(firm.session, "999999", NINE, NINE + HOUR)


# Matters and activities ----------------------------------------------------------------------------------------------


def test_a_matter_is_opened_and_found_again(firm: Firm) -> None:
    made = matter(firm, client_reference="daybook-9")
    assert (made.status, made.client_name, made.client_reference) == ("pending", "Dana Reyes", "daybook-9")
    assert made.client_id is not None
    assert [found.id for found in matters.find_by_reference(firm.session, made.client_id, "daybook-9")] == [
        made.id
    ]
    assert matters.find_by_reference(firm.session, made.client_id, "daybook-90") == ()
    assert [found.id for found in matters.search(firm.session, "reyes")] == [made.id]
    assert [found.id for found in matters.search(firm.session, "", client_id=made.client_id)] == [made.id]
    assert matters.search(firm.session, "reyes", status=("closed",)) == ()
    assert matters.get(firm.session, made.id) == made


def test_practice_areas_and_categories_are_listed(firm: Firm) -> None:
    firm.control.act(ALICE, "POST", "practice_areas.json", {"name": "Family"})
    firm.control.act(ALICE, "POST", "activity_descriptions.json", {"name": "Consultation"})
    assert "Family" in [area.name for area in matters.practice_areas(firm.session)]
    assert "Consultation" in [found.name for found in activities.descriptions(firm.session)]


def test_time_is_entered_once_for_an_appointment(firm: Firm) -> None:
    case, meeting = matter(firm), entry(firm)
    made = time_entry(firm, case.id, calendar_entry_id=meeting.id)
    assert (made.quantity, made.matter_id, made.date) == (1800, case.id, date(2026, 10, 5))
    assert (made.price, made.total, made.locked) == (32000, 16000, False)
    assert [found.id for found in activities.find_for_entry(firm.session, meeting.id)] == [made.id]
    changed = activities.update(firm.session, made.id, etag=made.etag, seconds=420, price=10050)
    assert (changed.quantity, changed.rounded, changed.price) == (420, 720, 10050)
    activities.delete(firm.session, made.id)
    assert activities.find_for_entry(firm.session, meeting.id) == ()
    with pytest.raises(Missing):
        activities.delete(firm.session, made.id)


def test_time_without_an_appointment_is_found_by_its_mark(firm: Firm) -> None:
    case = matter(firm)
    made = activities.create_time_entry(
        firm.session,
        matter_id=case.id,
        user_id=None,
        date=date(2026, 10, 5),
        seconds=60,
        note="Call [Daybook A-1]",
    )
    for day in (date(2026, 10, 5), None):
        assert [f.id for f in activities.find_by_marker(firm.session, case.id, day, "[Daybook A-1]")] == [
            made.id
        ]
    assert activities.find_by_marker(firm.session, case.id, date(2026, 10, 6), "[Daybook A-1]") == ()


@pytest.mark.parametrize("state", ["draft", "awaiting_approval", "awaiting_payment", "paid"])
def test_what_is_on_a_bill_stays_as_it_is(firm: Firm, state: str) -> None:
    made = time_entry(firm, matter(firm).id)
    firm.control.bill_activity(int(made.id), state)
    found = activities.get(firm.session, made.id)
    assert found.locked
    assert found.bill_state == state
    with pytest.raises(Billed):
        activities.update(firm.session, made.id, seconds=60)
    with pytest.raises(Billed):
        activities.delete(firm.session, made.id)
    assert activities.get(firm.session, made.id).quantity == 1800


@pytest.mark.parametrize("kind", ["drop_after", "truncated", "status_after"])
def test_time_entered_and_then_lost_is_found_before_it_is_entered_again(firm: Firm, kind: str) -> None:
    case, meeting = matter(firm), entry(firm)
    firm.control.fault(kind, "POST", "*/activities.json")
    with pytest.raises(Unreachable) as caught:
        time_entry(firm, case.id, calendar_entry_id=meeting.id)
    assert caught.value.maybe_applied is True
    assert len(activities.find_for_entry(firm.session, meeting.id)) == 1


def test_a_read_survives_one_dropped_connection(firm: Firm) -> None:
    firm.control.fault("drop_before", "GET")
    assert users.who_am_i(firm.session).user.email == ALICE


# Webhooks ------------------------------------------------------------------------------------------------------------


def test_a_webhook_is_subscribed_renewed_and_ended(firm: Firm) -> None:
    now = datetime.fromisoformat(firm.control.now()).replace(microsecond=0)
    made = webhooks.create(
        firm.session,
        url="https://127.0.0.1:1/hook",
        model="contact",
        fields="id,etag,updated_at",
        expires_at=now + timedelta(days=2),
    )
    assert (made.model, made.status) == ("contact", "pending")
    assert made.shared_secret
    assert webhooks.renew(firm.session, made.id, now + timedelta(days=20)).expires_at == now + timedelta(
        days=20
    )
    webhooks.activate(firm.session, made.id, made.shared_secret)
    assert [(found.id, found.status) for found in webhooks.list(firm.session)] == [(made.id, "enabled")]
    webhooks.delete(firm.session, made.id)
    assert webhooks.list(firm.session) == ()
    with pytest.raises(Missing):
        webhooks.delete(firm.session, made.id)


def test_a_webhook_that_would_outlive_a_month_is_rejected(firm: Firm) -> None:
    now = datetime.fromisoformat(firm.control.now())
    with pytest.raises(Rejected):
        webhooks.create(
            firm.session,
            url="https://x.example",
            model="contact",
            fields="id",
            expires_at=now + timedelta(days=40),
        )
