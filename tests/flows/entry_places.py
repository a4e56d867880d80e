"""A lawyer whose appointments go to an account of their own: at a real CalDAV server, or at a stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.calendars.models import Calendar, CalendarUse
from daybook.connectors.calendars import Seen
from daybook.connectors.exchange import Account
from daybook.core.periods import Period
from daybook.sync import accounts_caldav, accounts_exchange, accounts_list, calendars
from daybook.sync.models import Connection, Link, Login, Proposal, Push
from sandbox.exchange import Sandbox as Exchange
from sandbox.google import Sandbox as Google
from sandbox.microsoft import Sandbox as Microsoft
from tests.connectors import exchange_rig
from tests.connectors.caldav_rig import PASSWORD, CaldavRig, rig_at
from tests.connectors.calendar_rig import Rig
from tests.connectors.exchange_rig import ExchangeRig
from tests.connectors.google_rig import ALICE as GOOGLE_ALICE
from tests.connectors.google_rig import APP, GoogleRig
from tests.connectors.test_calendar_contract_microsoft import BEN, MicrosoftRig
from tests.flows.office import Office
from tests.stage.caldav import CaldavServer

Provider = Connection.Provider


@dataclass
class Place:
    """Alice's own calendar at some provider, which receives her appointments, and what others do in it."""

    office: Office
    rig: Rig
    connection: Connection
    calendar: Calendar

    # What Daybook does ---------------------------------------------------------------------------------------------

    def book(self, hour: int, key: str = "visitor") -> Appointment:
        appointment = self.office.book(hour, key=key)
        return Appointment.objects.select_related("lawyer", "firm", "appointment_type").get(pk=appointment.pk)

    def move(self, appointment: Appointment, hour: int, days: int = 0) -> None:
        operations.reschedule(
            appointment=Appointment.objects.get(pk=appointment.pk),
            start=self.office.start(hour) + timedelta(days=days),
            by="firm",
            now=timezone.now(),
            actor=self.office.cast.alice_actor,
        )

    def cancel(self, appointment: Appointment) -> None:
        operations.cancel(
            appointment=Appointment.objects.get(pk=appointment.pk),
            by="firm",
            now=timezone.now(),
            actor=self.office.cast.alice_actor,
        )

    def read(self) -> None:
        """What the tick of the calendars comes to, and everything that follows."""
        calendars.refresh_busy(calendar_id=self.calendar.pk, now=timezone.now())
        self.office.work()

    def work(self) -> None:
        self.office.work()

    # What is there -------------------------------------------------------------------------------------------------

    def entries(self, appointment: Appointment) -> tuple[Seen, ...]:
        return self.rig.service.find(self.rig.calendar, str(appointment.uid), home=self.rig.home)

    def entry(self, appointment: Appointment) -> Seen:
        (found,) = self.entries(appointment)
        return found

    def push_of(self, appointment: Appointment) -> Push:
        return Push.objects.get(appointment=appointment)

    def proposal(self) -> Proposal:
        return Proposal.objects.get(answered_at=None)

    def agrees(self, appointment: Appointment) -> None:
        """Push done; one entry in the calendar, at the appointment's time; the link knows it."""
        appointment.refresh_from_db()
        push = self.push_of(appointment)
        assert (push.state, push.trouble) == ("done", "")
        found = self.entry(appointment)
        assert [item.during for item in found.items] == [Period(appointment.start, appointment.end)]
        link = Link.objects.get(kind="entry", ours=appointment.pk)
        assert (link.theirs, link.etag) == (found.id, found.etag)
        assert not Proposal.objects.filter(appointment=appointment, answered_at=None).exists()

    def is_gone(self, appointment: Appointment) -> None:
        push = self.push_of(appointment)
        assert (push.state, push.trouble) == ("done", "")
        assert self.entries(appointment) == ()
        assert not Link.objects.filter(kind="entry", ours=appointment.pk).exists()


def _settle(office: Office, rig: Rig, connection: Connection) -> Place:
    """The account's calendars listed, the one of the rig blocking and receiving; read once."""
    listed = rig.service.calendars()
    with transaction.atomic():
        accounts_list.take_over(connection, listed, office.now)
    calendar = Calendar.objects.get(connection=connection, external_id=rig.calendar)
    CalendarUse.objects.filter(lawyer=office.cast.alice, is_primary=True).update(is_primary=False)
    CalendarUse.objects.create(
        firm=office.cast.firm, lawyer=office.cast.alice, calendar=calendar, blocks=True, is_primary=True
    )
    place = Place(office, rig, connection, calendar)
    place.read()
    return place


def at_google(office: Office, google: Google) -> Place:
    rig = GoogleRig(google)
    given = google.control.token(GOOGLE_ALICE)
    return _settle(office, rig, _opened(office, Provider.GOOGLE, GOOGLE_ALICE, given))


def at_microsoft(office: Office, microsoft: Microsoft) -> Place:
    rig = MicrosoftRig(microsoft)
    return _settle(office, rig, _opened(office, Provider.MICROSOFT, BEN, microsoft.control.token(BEN)))


def _opened(office: Office, provider: Provider, name: str, given: dict[str, Any]) -> Connection:
    """What Allow comes to."""
    return Connection.objects.create(
        firm=office.cast.firm,
        lawyer=office.cast.alice,
        provider=provider,
        account_id=f"{provider} {name}",
        account_name=name,
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        connected_at=office.now,
    )


def at_exchange(office: Office, exchange: Exchange) -> Place:
    rig = ExchangeRig(exchange)
    connection = Connection.objects.create(
        firm=office.cast.firm,
        lawyer=office.cast.alice,
        provider=Provider.EXCHANGE,
        account_id=exchange_rig.DANA,
        account_name=exchange_rig.DANA,
        connected_at=office.now,
    )
    Login.objects.create(
        connection=connection,
        address=exchange.ews_url,
        username=exchange_rig.DANA,
        password=exchange_rig.PASSWORD,
        found=accounts_exchange.written(Account(exchange.ews_url)),
    )
    return _settle(office, rig, connection)


@contextmanager
def at_caldav(office: Office, server: CaldavServer) -> Iterator[Place]:
    with rig_at(server) as rig:
        yield caldav_account(office, rig)


def caldav_account(office: Office, rig: CaldavRig) -> Place:
    connection = Connection.objects.create(
        firm=office.cast.firm,
        lawyer=office.cast.alice,
        provider=Provider.CALDAV,
        account_id=rig.username,
        account_name=rig.username,
        connected_at=office.now,
    )
    Login.objects.create(
        connection=connection,
        address=rig.proxy.url,
        username=rig.username,
        password=PASSWORD,
        found=accounts_caldav.written(rig.service.account),
    )
    return _settle(office, rig, connection)


def at_microsoft_settings(settings: Any, microsoft: Microsoft) -> None:
    settings.MICROSOFT_BASE_URL = microsoft.url
    settings.MICROSOFT_CLIENT_ID, settings.MICROSOFT_CLIENT_SECRET = APP.client_id, APP.client_secret


def at_google_settings(settings: Any, google: Google) -> None:
    settings.GOOGLE_BASE_URL = google.url
    settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = APP.client_id, APP.client_secret
