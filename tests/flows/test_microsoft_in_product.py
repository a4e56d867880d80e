"""A lawyer's Microsoft account over time: taken away and renewed, edited over there, watched on, disconnected."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from daybook.calendars.models import BusyPeriod
from daybook.firms.models import Event
from daybook.jobs import schedule
from daybook.sync import proposals, watching
from daybook.sync.models import Connection, Proposal, Told
from tests.flows.accounts_desk import ALICE, Desk, text_of
from tests.flows.entry_places import Place, at_microsoft
from tests.flows.office import Office
from tests.microsoft_contract import problems

if TYPE_CHECKING:
    from sandbox.microsoft import Sandbox

HALF = timedelta(minutes=30)


@pytest.fixture
def desk(db: None, microsoft: Sandbox) -> Iterator[Desk]:
    yield Desk()
    assert problems(microsoft.exchanges) == []


@pytest.fixture
def place(db: None, microsoft: Sandbox) -> Iterator[Place]:
    """A lawyer without Clio, whose appointments go to a Microsoft account."""
    yield at_microsoft(Office(None, connected=False), microsoft)  # type: ignore[arg-type]  # there is no Clio
    assert problems(microsoft.exchanges) == []


class Echo(BaseHTTPRequestHandler):
    """Answers the question that Microsoft asks an address before it tells it anything, as Daybook's address does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        asked = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(asked)))
        self.end_headers()
        self.wfile.write(asked)

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""


@pytest.fixture
def reached(settings: Any) -> Iterator[None]:
    """Daybook has an address at which Microsoft finds somebody; what is told there is heard by nobody."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
        yield
        server.shutdown()
        thread.join()


def hearing(desk: Desk, microsoft: Sandbox) -> None:
    times = (desk.wall(10)["dateTime"], desk.wall(11)["dateTime"])
    microsoft.control.create_event(ALICE, "Hearing", *times)


def answer(place: Place, how: str, **more: Any) -> None:
    proposal = place.proposal()
    getattr(proposals, how)(
        actor=place.office.cast.alice_actor,
        proposal=proposal,
        edits_seen=proposal.edits,
        now=timezone.now(),
        **more,
    )
    place.work()


# --- access is taken away ------------------------------------------------------------------------------------------


def test_a_revoked_account_hides_the_times_is_told_once_and_renewing_mends_it(
    desk: Desk, microsoft: Sandbox, mailoutbox: list[Any]
) -> None:
    connection = desk.connect("microsoft")
    hearing(desk, microsoft)
    before = desk.uses()
    mailoutbox.clear()
    microsoft.control.revoke(ALICE)
    desk.tick()
    desk.tick()
    connection.refresh_from_db()
    assert connection.state == Connection.State.BROKEN
    times, trouble = desk.free()
    assert times == []
    assert "connect" in trouble.lower()
    assert [mail.subject for mail in mailoutbox] == ["A calendar account needs to be renewed"]
    again = reverse("account_reconnect", args=[connection.pk])
    for page in ("integrations", "dashboard"):
        assert again in desk.client.get(reverse(page)).content.decode()
    assert "Successfully connected" in text_of(desk.visit("microsoft", url=again))
    desk.work()
    assert Connection.objects.get().pk == connection.pk
    assert desk.uses() == before
    times, trouble = desk.free()
    assert not trouble
    assert "09:30" in times
    assert "10:00" not in times  # what was entered while nobody could look is known now


# --- an appointment's event is edited over there -------------------------------------------------------------------


@pytest.mark.parametrize("how", ["reschedule", "restore"])
def test_an_event_moved_in_outlook_is_proposed_and_the_answer_stands_on_both_sides(
    place: Place, how: str, mailbox: Any
) -> None:
    appointment = place.book(9)
    place.work()
    place.agrees(appointment)
    start = place.office.start(11)
    place.rig.move(place.entry(appointment).id, start, start + HALF)
    place.read()
    proposal = place.proposal()
    assert (proposal.kind, proposal.start, proposal.end) == ("moved", start, start + HALF)
    appointment.refresh_from_db()
    assert appointment.start == place.office.start(9)  # nothing is moved before somebody answers
    answer(place, how, **({"tell_client": True} if how == "reschedule" else {}))
    place.agrees(appointment)
    assert appointment.start == (start if how == "reschedule" else place.office.start(9))
    assert place.rig.count() == 1
    place.read()
    assert not Proposal.objects.filter(answered_at=None).exists()


@pytest.mark.parametrize("how", ["cancel", "restore"])
def test_an_event_deleted_in_outlook_is_proposed_and_cancelled_or_put_back(
    place: Place, how: str, mailbox: Any
) -> None:
    appointment = place.book(9)
    place.work()
    place.rig.remove(place.entry(appointment).id)
    place.read()
    assert (place.proposal().kind, place.proposal().start) == ("deleted", None)
    appointment.refresh_from_db()
    assert appointment.state == "confirmed"
    answer(place, how, **({"tell_client": True} if how == "cancel" else {}))
    appointment.refresh_from_db()
    if how == "cancel":
        assert (appointment.state, appointment.cancelled_by) == ("cancelled", "firm")
        place.is_gone(appointment)
    else:
        place.agrees(appointment)
        assert place.rig.count() == 1
    place.read()
    assert not Proposal.objects.filter(answered_at=None).exists()


# --- being told of changes -----------------------------------------------------------------------------------------


def test_a_subscription_is_renewed_before_it_ends_and_left_alone_until_then(
    desk: Desk, microsoft: Sandbox, reached: None
) -> None:
    desk.connect("microsoft")
    made = Told.objects.get()
    (row,) = microsoft.control.records("subscriptions")
    assert (made.theirs, made.trouble) == (row["id"], "")
    look_hourly(desk)
    assert prolonged(microsoft) == []
    near_its_end = timezone.now() + watching.RENEW_BEFORE - timedelta(minutes=1)
    Told.objects.update(expires_at=near_its_end)
    look_hourly(desk)
    renewed = Told.objects.get()
    assert (renewed.theirs, renewed.token, renewed.secret) == (made.theirs, made.token, made.secret)
    assert renewed.expires_at is not None
    assert renewed.expires_at - timezone.now() > watching.RENEW_BEFORE
    assert prolonged(microsoft) == [f"/v1.0/subscriptions/{row['id']}"]
    (there,) = microsoft.control.records("subscriptions")
    assert datetime.fromisoformat(there["expirationDateTime"]) == renewed.expires_at


def test_a_subscription_that_ended_meanwhile_is_made_anew(
    desk: Desk, microsoft: Sandbox, reached: None
) -> None:
    desk.connect("microsoft")
    made = Told.objects.get()
    microsoft.control.lifecycle(made.theirs, "subscriptionRemoved")
    assert microsoft.control.records("subscriptions") == []
    Told.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    look_hourly(desk)
    (row,) = microsoft.control.records("subscriptions")
    again = Told.objects.get()
    assert again.theirs == row["id"] != made.theirs
    assert (again.token, again.trouble) == (made.token, "")


def prolonged(microsoft: Sandbox) -> list[str]:
    """Where Microsoft was asked to let a subscription go on."""
    return [one.path for one in microsoft.exchanges if one.method == "PATCH"]


def look_hourly(desk: Desk) -> None:
    schedule.watches_tick.func(0)
    desk.work()


# --- the account is let go -----------------------------------------------------------------------------------------


def test_disconnecting_erases_the_tokens_ends_the_subscription_and_leaves_the_events(
    desk: Desk, microsoft: Sandbox, reached: None
) -> None:
    hearing(desk, microsoft)
    connection = desk.connect("microsoft")
    appointment = desk.book(14)
    desk.work()
    calendar = microsoft.control.calendar_of(ALICE)
    kept = microsoft.control.records("events", calendar=calendar)
    starts = [(row["start"], row["zone"]) for row in kept if row["sensitivity"] == "private"]
    assert starts == [(desk.start(14).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "UTC")]
    assert "10:00" not in desk.free()[0]
    assert len(microsoft.control.records("subscriptions")) == 1
    address = reverse("account_disconnect", args=[connection.pk])
    assert "The primary calendar is in this account" in text_of(desk.client.get(address))
    desk.client.post(address)
    desk.work()
    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED
    assert connection.access_token == connection.refresh_token == ""
    assert not Told.objects.exists()
    assert microsoft.control.records("subscriptions") == []
    assert microsoft.control.records("events", calendar=calendar) == kept
    assert not BusyPeriod.objects.exists()
    times, trouble = desk.free()
    assert not trouble
    assert "10:00" in times
    assert "14:00" not in times  # the appointment itself keeps its time
    appointment.refresh_from_db()
    assert appointment.state == "confirmed"
    assert Event.objects.filter(name="calendar_account_removed").count() == 1
    asked = len(microsoft.exchanges)
    desk.tick()
    assert len(microsoft.exchanges) == asked
