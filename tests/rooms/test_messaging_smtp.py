"""Over a real socket: what a mail server sees, two deliverers at once, a server that is down, one that refuses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, transaction

from daybook.appointments import operations as appointments
from daybook.appointments.models import Appointment
from daybook.firms.models import Event
from daybook.messaging import operations
from daybook.messaging.models import Message
from tests.cast import DANA, NOW, Cast, at, next_weekday

TUESDAY = next_weekday(NOW)


class MailServer:
    """A mail server that keeps what it gets. `refuse` and `refuse_data` are its next answers to RCPT and DATA."""

    def __init__(self) -> None:
        self.got: list[tuple[list[str], EmailMessage]] = []
        self.refuse: list[str] = []
        self.refuse_data: list[str] = []
        self.hang_up_after_taking = 0
        self.port = _free_port()
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuse:
            return self.refuse.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse_data:
            return self.refuse_data.pop(0)
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        if self.hang_up_after_taking:
            self.hang_up_after_taking -= 1
            server.transport.abort()
        return "250 taken"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    running = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.PUBLIC_URL = "https://book.example"
    settings.DEFAULT_FROM_EMAIL = "Daybook <mail@book.example>"
    running.start()
    yield running
    running.stop()


def confirmation(cast: Cast) -> Message:
    """Dana has booked; the confirmation is planned."""
    held = appointments.hold(
        appointment_type=cast.consultation, start=at(cast.alice, TUESDAY, 14), hold_key="dana", now=NOW
    )
    appointment = appointments.confirm(appointment=held, details=DANA, now=NOW)
    with transaction.atomic():
        operations.plan(appointment_id=appointment.pk, occasion_event="appointment_confirmed", now=NOW)
    return Message.objects.get(appointment=appointment, kind="confirmation")


def test_a_mail_server_gets_text_html_and_the_calendar_file_from_the_firm(
    cast: Cast, server: MailServer
) -> None:
    cast.firm.name = "Łódź & Söhne 🏛"
    cast.firm.save()
    one = confirmation(cast)
    assert operations.deliver(message_id=one.pk, now=NOW) == "sent"
    ((to, mail),) = server.got
    assert to == [DANA.email]
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    sender = mail["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Łódź & Söhne 🏛", "mail@book.example")
    assert mail["Message-ID"].endswith("@book.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    (part,) = mail.iter_attachments()
    assert part.get_filename() == "appointment.ics"
    content = part.get_payload(decode=True)
    assert content.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_while_the_server_is_down_the_mail_waits_longer_and_longer_and_then_goes_out_once(
    cast: Cast, server: MailServer
) -> None:
    one = confirmation(cast)
    server.stop()
    now = NOW
    pauses = []
    for _ in range(3):
        assert operations.deliver(message_id=one.pk, now=now) == "queued"
        one.refresh_from_db()
        assert one.trouble == "The mail server could not be reached."
        assert one.pk not in operations.due(now)
        pauses.append(one.due_at - now)
        now = one.due_at
    assert pauses == sorted(set(pauses))
    server.start()
    assert one.pk in operations.due(now)
    assert operations.deliver(message_id=one.pk, now=now) == "sent"
    one.refresh_from_db()
    assert (one.trouble, one.attempts, one.interruptions) == ("", 4, 0)
    assert len(server.got) == 1


def test_a_server_that_stays_down_ends_in_a_failure_that_is_told(cast: Cast, server: MailServer) -> None:
    one = confirmation(cast)
    server.stop()
    tries = 0
    while one.state == "queued":
        operations.deliver(message_id=one.pk, now=one.due_at)
        one.refresh_from_db()
        tries += 1
    assert (tries, one.state, one.trouble) == (
        operations.MOST_ATTEMPTS,
        "failed",
        "The mail server could not be reached.",
    )
    assert Event.objects.filter(name="message_failed", subject=one.pk).count() == 1


def test_a_refused_address_fails_at_once_with_the_servers_reason(cast: Cast, server: MailServer) -> None:
    one = confirmation(cast)
    server.refuse = ["550 5.1.1 No such person here"]
    assert operations.deliver(message_id=one.pk, now=NOW) == "failed"
    one.refresh_from_db()
    assert one.trouble == "The mail server answered: 550 5.1.1 No such person here"
    assert (one.attempts, server.got) == (1, [])
    assert Event.objects.filter(name="message_failed", subject=one.pk).count() == 1


def test_a_refused_text_fails_at_once_as_well(cast: Cast, server: MailServer) -> None:
    one = confirmation(cast)
    server.refuse_data = ["554 5.7.1 Looks like an advertisement"]
    assert operations.deliver(message_id=one.pk, now=NOW) == "failed"


def test_please_come_back_later_is_obeyed(cast: Cast, server: MailServer) -> None:
    one = confirmation(cast)
    server.refuse = ["451 4.7.1 Greylisted"]
    assert operations.deliver(message_id=one.pk, now=NOW) == "queued"
    one.refresh_from_db()
    assert "Greylisted" in one.trouble
    assert operations.deliver(message_id=one.pk, now=one.due_at) == "sent"
    assert len(server.got) == 1


def test_a_line_that_breaks_after_the_mail_was_taken_causes_at_most_one_duplicate(
    cast: Cast, server: MailServer
) -> None:
    one = confirmation(cast)
    server.hang_up_after_taking = 5
    assert operations.deliver(message_id=one.pk, now=NOW) == "queued"
    one.refresh_from_db()
    assert operations.deliver(message_id=one.pk, now=one.due_at) == "failed"
    one.refresh_from_db()
    assert "may have arrived" in one.trouble
    assert len({mail["Message-ID"] for _, mail in server.got}) == 1
    assert len(server.got) == 2


def test_an_address_that_cannot_be_written_fails_at_once(cast: Cast, server: MailServer) -> None:
    one = confirmation(cast)
    Appointment.objects.filter(pk=one.appointment_id).update(
        client_email="dana@example.com\nBcc: all@example.com"
    )
    assert operations.deliver(message_id=one.pk, now=NOW) == "failed"
    assert server.got == []


@pytest.mark.django_db(transaction=True)
def test_of_many_deliverers_one_sends(cast: Cast, server: MailServer) -> None:
    one = confirmation(cast)
    start = threading.Barrier(6)
    answers: list[str] = []
    troubles: list[BaseException] = []

    def work() -> None:
        try:
            start.wait(10)
            for message_id in operations.due(NOW) or [one.pk]:
                answers.append(operations.deliver(message_id=message_id, now=NOW))
        except BaseException as trouble:  # noqa: BLE001  # shown below
            troubles.append(trouble)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert troubles == []
    assert "sent" in answers
    assert sorted(to for (to,), _ in server.got) == sorted([DANA.email, cast.alice.email])
    assert set(Message.objects.filter(due_at__lte=NOW).values_list("state", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_the_mail_server_is_not_spoken_to_inside_a_transaction(
    cast: Cast, server: MailServer, monkeypatch: Any
) -> None:
    one = confirmation(cast)
    open_blocks: list[bool] = []
    real = operations.post

    def post(letter: Any) -> Any:
        open_blocks.append(connection.in_atomic_block)
        return real(letter)

    monkeypatch.setattr(operations, "post", post)
    operations.deliver(message_id=one.pk, now=NOW)
    assert open_blocks == [False]
    with pytest.raises(RuntimeError), transaction.atomic():
        operations.deliver(message_id=one.pk, now=NOW)
    with pytest.raises(RuntimeError):
        operations.plan(
            appointment_id=one.appointment_id or 0, occasion_event="appointment_confirmed", now=NOW
        )


@pytest.mark.django_db(transaction=True)
def test_what_is_in_somebodys_hands_is_not_listed_as_due(cast: Cast, server: MailServer) -> None:
    one = confirmation(cast)
    listed: list[list[int]] = []

    def look() -> None:
        try:
            listed.append(operations.due(NOW))
        finally:
            connection.close()

    with transaction.atomic():
        Message.objects.select_for_update().get(pk=one.pk)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(10)
    assert one.pk not in listed[0]
    assert one.pk in operations.due(NOW)


def test_due_lists_the_longest_waiting_first_and_no_more_than_asked(cast: Cast) -> None:
    one = confirmation(cast)
    later: datetime = NOW + timedelta(minutes=1)
    Message.objects.filter(pk=one.pk).update(due_at=NOW - timedelta(hours=1))
    assert operations.due(later)[0] == one.pk
    assert operations.due(later, 1) == [one.pk]
    assert operations.due(NOW - timedelta(hours=2)) == []
