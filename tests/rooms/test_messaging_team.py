"""Mail to the firm's own people: invitations, calendars that cannot be read, a connection that broke."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from daybook.calendars import operations as calendars
from daybook.calendars.models import Calendar, CalendarUse
from daybook.firms import operations as firms
from daybook.firms.models import Invitation, Lawyer, Member
from daybook.firms.operations import InvitationOver
from daybook.firms.outbox import record
from daybook.messaging import operations
from daybook.messaging.alerts import PATIENCE, QUIET, calendar_alert, connection_alert
from daybook.messaging.invitations import invitation_token, read_invitation_token, send_invitation
from daybook.messaging.models import Message
from daybook.sync.models import Connection
from tests.cast import NOW, Cast, add_member

LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://book.example"


def tick(now: datetime) -> None:
    for message_id in operations.due(now):
        operations.deliver(message_id=message_id, now=now)


def tos() -> list[str]:
    return sorted(one.to[0] for one in mail.outbox)


# Invitations ----------------------------------------------------------------------------------------------------------


def invited(cast: Cast) -> Invitation:
    return firms.invite(
        actor=cast.alice_actor, name="Bob Vale", email="bob@hartvale.example", role=Member.Role.STAFF, now=NOW
    )


def test_an_invitation_says_who_invites_whereto_and_until_when(cast: Cast) -> None:
    invitation = invited(cast)
    send_invitation(invitation_id=invitation.pk, now=NOW)
    (one,) = mail.outbox
    assert one.to == ["bob@hartvale.example"]
    assert one.reply_to == ["alice@hartvale.example"]
    assert "Alice Hart invites you to join Hart & Vale LLP" in one.body
    assert "Mon 7 Dec 2026, 8:00 am (Denver, MST)" in one.body
    (token,) = re.findall(r"https://book\.example/join/(\S+)/", one.body)
    assert read_invitation_token(token, NOW) == invitation.pk


def test_an_invitation_is_sent_once(cast: Cast) -> None:
    invitation = invited(cast)
    for _ in range(3):
        send_invitation(invitation_id=invitation.pk, now=NOW)
    assert len(mail.outbox) == 1


def test_a_withdrawn_an_accepted_and_an_ended_invitation_are_not_sent(cast: Cast) -> None:
    withdrawn = invited(cast)
    firms.withdraw_invitation(actor=cast.alice_actor, invitation=withdrawn, now=NOW)
    send_invitation(invitation_id=withdrawn.pk, now=LATER)
    accepted = invited(cast)
    firms.accept_invitation(
        invitation_id=accepted.pk, name="Bob Vale", password="a quiet library 1886", now=LATER
    )
    send_invitation(invitation_id=accepted.pk, now=LATER)
    ended = Invitation.objects.create(
        firm=cast.firm, email="eve@example.com", name="Eve", role="staff", expires_at=NOW
    )
    send_invitation(invitation_id=ended.pk, now=LATER)
    send_invitation(invitation_id=999_999, now=LATER)
    assert mail.outbox == []


def test_an_invitation_waits_for_the_mail_server_and_goes_out_with_the_tick(
    cast: Cast, settings: Any
) -> None:
    invitation = invited(cast)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    send_invitation(invitation_id=invitation.pk, now=NOW)
    assert Message.objects.get(kind="invitation").state == "queued"
    settings.EMAIL_BACKEND = working
    tick(LATER)
    assert len(mail.outbox) == 1


def test_an_invitations_link_ends_with_it_and_cannot_be_changed(cast: Cast) -> None:
    invitation = invited(cast)
    token = invitation_token(invitation)
    assert read_invitation_token(token, invitation.expires_at - timedelta(seconds=1)) == invitation.pk
    other = token.replace(str(invitation.pk), str(invitation.pk + 1), 1)
    for bad in (other, token[:-1], "", "1-2", "x" * 500):
        with pytest.raises(InvitationOver):
            read_invitation_token(bad, NOW)
    with pytest.raises(InvitationOver):
        read_invitation_token(token, invitation.expires_at)


# Alerts ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clio(cast: Cast) -> Connection:
    return Connection.objects.create(
        firm=cast.firm,
        provider="clio",
        account_id="1",
        account_name="H",
        user_id="1",
        user_name="A",
        connected_at=NOW,
    )


def calendar_of(lawyer: Lawyer, clio: Connection, name: str = "Alice's calendar") -> Calendar:
    calendar = Calendar.objects.create(
        firm=lawyer.firm, connection=clio, external_id=f"{lawyer.pk}-{name}", name=name, permission="owner"
    )
    CalendarUse.objects.create(firm=lawyer.firm, lawyer=lawyer, calendar=calendar)
    return calendar


@pytest.fixture
def erin(cast: Cast) -> Lawyer:
    """A second lawyer, who administers nothing."""
    actor = add_member(cast, "Erin Vale", "erin@hartvale.example", Member.Role.LAWYER)
    return firms.add_lawyer(
        firm=cast.firm,
        name="Erin Vale",
        email="erin@hartvale.example",
        time_zone="America/New_York",
        now=NOW,
        member=actor.member,
    )


def breaks(clio: Connection, now: datetime = NOW, name: str = "clio_broken") -> None:
    with transaction.atomic():
        record(name, firm=clio.firm_id, now=now, subject=clio.pk)


def test_a_calendar_that_cannot_be_read_is_told_to_its_lawyer_and_the_administrators_once(
    cast: Cast, other: Cast, erin: Lawyer, clio: Connection
) -> None:
    add_member(cast, "Bob", "bob@hartvale.example", Member.Role.STAFF)
    calendar = calendar_of(erin, clio, "Erin's calendar")
    calendars.mark_trouble(calendar=calendar, text="Access was taken away.", final=True, now=NOW)
    for _ in range(2):
        calendar_alert(calendar_id=calendar.pk, now=NOW)
    tick(LATER)
    assert tos() == ["alice@hartvale.example", "erin@hartvale.example"]
    text = next(one.body for one in mail.outbox if one.to == ["erin@hartvale.example"])
    assert (
        'unable to read the calendar "Erin\'s calendar" since Mon 23 Nov 2026, 10:00 am (New York, EST)'
        in text
    )
    assert "Access was taken away." in text
    assert "https://book.example/integrations/" in text
    assert all("Erin" not in one.subject for one in mail.outbox)


def test_a_trouble_that_passes_soon_is_not_worth_a_mail(cast: Cast, clio: Connection) -> None:
    calendar = calendar_of(cast.alice, clio)
    calendars.mark_trouble(calendar=calendar, text="Timed out.", final=False, now=NOW)
    calendar_alert(calendar_id=calendar.pk, now=NOW)
    assert mail.outbox == []
    Calendar.objects.filter(pk=calendar.pk).update(trouble="", trouble_since=None)
    tick(NOW + PATIENCE)
    assert mail.outbox == []
    assert Message.objects.get(kind="calendar_alert").trouble == "The calendar can be read again."


def test_a_trouble_that_lasts_is_told_and_one_that_keeps_coming_back_not_each_time(
    cast: Cast, clio: Connection
) -> None:
    calendar = calendar_of(cast.alice, clio)
    now = NOW
    for _ in range(4):
        calendars.mark_trouble(calendar=calendar, text="Timed out.", final=False, now=now)
        calendar_alert(calendar_id=calendar.pk, now=now)
        tick(now + PATIENCE)
        Calendar.objects.filter(pk=calendar.pk).update(trouble="", trouble_since=None)
        now += timedelta(minutes=30)
        tick(now)
    assert len(mail.outbox) == 1
    calendars.mark_trouble(calendar=calendar, text="Timed out.", final=False, now=now)
    calendar_alert(calendar_id=calendar.pk, now=now)
    tick(NOW + PATIENCE + QUIET)
    assert len(mail.outbox) == 2


def test_a_calendar_that_takes_nobodys_time_is_not_worth_a_mail(cast: Cast, clio: Connection) -> None:
    calendar = calendar_of(cast.alice, clio)
    CalendarUse.objects.update(blocks=False)
    calendars.mark_trouble(calendar=calendar, text="Gone.", final=True, now=NOW)
    calendar_alert(calendar_id=calendar.pk, now=NOW)
    calendar_alert(calendar_id=999_999, now=NOW)
    assert mail.outbox == []


def test_a_broken_connection_is_told_to_the_administrators_once(
    cast: Cast, other: Cast, erin: Lawyer, clio: Connection
) -> None:
    add_member(cast, "Finn", "finn@hartvale.example", Member.Role.ADMINISTRATOR)
    breaks(clio)
    for _ in range(2):
        connection_alert(firm_id=cast.firm.pk, now=NOW)
    assert tos() == ["alice@hartvale.example", "finn@hartvale.example"]
    assert mail.outbox[0].subject == "The connection to Clio needs to be renewed"
    assert "Alice Hart <alice@hartvale.example>, Finn <finn@hartvale.example>" in mail.outbox[0].body
    assert "https://book.example/integrations/" in mail.outbox[0].body


def test_a_connection_that_was_renewed_is_not_written_about_and_one_that_breaks_again_is(
    cast: Cast, clio: Connection
) -> None:
    connection_alert(firm_id=cast.firm.pk, now=NOW)
    breaks(clio)
    breaks(clio, name="clio_connected")
    connection_alert(firm_id=cast.firm.pk, now=NOW)
    assert mail.outbox == []
    breaks(clio, LATER)
    connection_alert(firm_id=cast.firm.pk, now=LATER)
    breaks(clio, LATER, "clio_connected")
    breaks(clio, LATER)
    connection_alert(firm_id=cast.firm.pk, now=LATER)
    assert len(mail.outbox) == 2


def test_calendars_lost_with_their_connection_are_one_mail_to_each_lawyer(
    cast: Cast, erin: Lawyer, clio: Connection
) -> None:
    mine = [calendar_of(cast.alice, clio, name) for name in ("one", "two")]
    hers = [calendar_of(erin, clio, name) for name in ("one", "two", "three")]
    breaks(clio)
    connection_alert(firm_id=cast.firm.pk, now=NOW)
    for calendar in mine + hers:
        calendars.mark_trouble(calendar=calendar, text="Not authorized.", final=True, now=NOW)
        calendar_alert(calendar_id=calendar.pk, now=NOW)
    tick(LATER)
    assert tos() == ["alice@hartvale.example", "erin@hartvale.example"]
    text = next(one.body for one in mail.outbox if one.to == ["erin@hartvale.example"])
    assert "An administrator of Hart & Vale LLP has to renew it: Alice Hart" in text
