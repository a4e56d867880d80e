"""Alice's office joined to the sandbox: shorthand for flows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from daybook.appointments import operations
from daybook.appointments.models import Appointment
from daybook.billing.operations import Time
from daybook.calendars.models import Calendar
from daybook.connectors.clio import oauth
from daybook.jobs import schedule
from daybook.jobs.drain import drain
from daybook.sync import clio as sync_clio
from daybook.sync import connecting, sending
from daybook.sync.mirror import cycle, first
from daybook.sync.models import Connection, ContactSync, Push
from sandbox.clio import Sandbox
from tests.cast import DANA, at, hart_and_vale, next_weekday

ALICE = "alice@hartvale.example"
NOBODY = replace(DANA, name="Newly Arrived", email="newly@example.com", phone="+13035550177")


class Office:
    """One firm, one lawyer, a sandbox; `now` is the real present, since the sandbox lives there too."""

    def __init__(self, clio: Sandbox, *, connected: bool = True) -> None:
        self.clio = clio
        self.now = timezone.now()
        self.cast = hart_and_vale(self.now)
        self.day = next_weekday(self.now, weekday=2, weeks=3)
        if connected:
            self.connect()

    def connect(self, *, approve: bool = True) -> Connection:
        """What Allow Access comes to, and everything that follows from it."""
        token = self.clio.control.token(ALICE)
        mine = oauth.Token(token["access_token"], token["refresh_token"], self.now + timedelta(days=30))
        me = connecting._who(sync_clio.host("US"), mine, self.now)
        connection = connecting._store(self.cast.alice_actor, "US", me, mine, self.now).connection
        self.work()
        if approve:
            self.approve()
        return connection

    def approve(self) -> None:
        """Say go to the first import, as somebody does who has seen what it will do."""
        first.approve(actor=self.cast.alice_actor, setting=ContactSync.objects.get(), now=timezone.now())
        self.work()

    def work(self) -> list[str]:
        """Run what is due."""
        return [ran.task for ran in drain()]

    def look_at(self, *theirs: int) -> None:
        """Clio told of these contacts: look at them, and do what follows."""
        cycle.look_at(
            connection_id=Connection.objects.get(firm=self.cast.firm).pk,
            theirs=[str(one) for one in theirs],
            now=timezone.now(),
        )
        self.tick()

    def tick(self) -> None:
        """Do what is due about contacts."""
        schedule.contacts_tick.func(0)
        self.work()

    def later(self, appointment: Appointment | None = None) -> None:
        """Let the next tries be due now, as if time had passed."""
        rows = Push.objects.exclude(state=Push.State.DONE)
        rows.update(next_try_at=timezone.now(), leased_until=None)
        from daybook.jobs.schedule import minute

        minute.func(0)
        self.work()

    def start(self, hour: int, minute: int = 0) -> datetime:
        return at(self.cast.alice, self.day, hour, minute)

    def hold(self, hour: int, minute: int = 0, key: str = "visitor") -> Appointment:
        return operations.hold(
            appointment_type=self.cast.consultation,
            start=self.start(hour, minute),
            hold_key=key,
            now=timezone.now(),
        )

    def book(self, hour: int, minute: int = 0, details: Any = NOBODY, key: str = "visitor") -> Appointment:
        held = self.hold(hour, minute, key)
        return operations.confirm(appointment=held, details=details, now=timezone.now())

    def send(self, appointment: Appointment, description: str = "Consultation matter", **time: Any) -> None:
        sending.send(
            actor=self.cast.alice_actor,
            appointment=Appointment.objects.select_related("lawyer", "firm").get(pk=appointment.pk),
            matter=None,
            new_matter=sending.NewMatter(description),
            time=Time(**{"seconds": 1800, "note": "Consultation", **time}),
            now=timezone.now(),
        )

    # What Clio holds ---------------------------------------------------------------------------------------------

    def contacts(self, email: str = NOBODY.email) -> list[dict[str, Any]]:
        rows = self.clio.control.records("contacts")
        return [row for row in rows if any(e["address"] == email for e in row["email_addresses"])]

    def entries(self, appointment: Appointment) -> list[dict[str, Any]]:
        rows = self.clio.control.records("calendar_entries")
        marks = str(appointment.uid)
        return [r for r in rows if any(p["value"] == marks for p in r["external_properties"])]

    def activities(self) -> list[dict[str, Any]]:
        return self.clio.control.records("activities")

    def calendar(self, name: str) -> Calendar:
        return Calendar.objects.get(name=name)
