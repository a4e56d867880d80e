"""Alice's office with calendar accounts of her own: shorthand for flows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daybook.appointments import operations, queries
from daybook.appointments.models import Appointment
from daybook.calendars.models import Calendar, CalendarUse
from daybook.firms.models import User
from daybook.jobs import schedule
from daybook.jobs.drain import drain
from daybook.sync.models import Connection
from tests.cast import DANA, at, hart_and_vale, next_weekday
from tests.stage.accounts import Person

ALICE, BEN = "alice@hartvale.example", "ben@hartvale.example"
DENVER = ZoneInfo("America/Denver")
PASSWORDS = {"google": "google", "microsoft": "microsoft"}


class Desk:
    """One firm, one lawyer, no Clio; `now` is the real present, since the stand-ins live there too."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.cast = hart_and_vale(self.now)
        self.day = next_weekday(self.now, weekday=2, weeks=3)
        self.client = browser(self.cast.alice_user)

    # --- connecting ----------------------------------------------------------------------------------------------

    def door(self, provider: str, client: Client | None = None, url: str = "") -> str:
        """Where the browser is sent by Continue."""
        address = url or f"{reverse('account_connect', args=[provider])}?lawyer={self.cast.alice.pk}"
        answer = (client or self.client).post(address)
        assert answer.status_code == 302, answer.content.decode()
        return str(answer["Location"])

    def visit(self, provider: str, email: str = ALICE, *, url: str = "", allow: bool = True) -> Any:
        """To the provider and back; gives the page one ends at."""
        person = Person(email, PASSWORDS[provider])
        door = self.door(provider, url=url)
        back = person.allow(door) if allow else person.decline(door)
        parts = urlsplit(back)
        return self.client.get(f"{parts.path}?{parts.query}", follow=True)

    def connect(self, provider: str, email: str = ALICE) -> Connection:
        self.visit(provider, email)
        self.work()
        return Connection.objects.get(provider=provider, account_name=email)

    def connect_caldav(self, url: str, password: str = "caldav") -> Any:
        typed = {"address": url, "username": "alice", "password": password}
        return self.client.post(
            f"{reverse('account_caldav')}?lawyer={self.cast.alice.pk}", typed, follow=True
        )

    # --- what time does ------------------------------------------------------------------------------------------

    def work(self) -> list[str]:
        return [ran.task for ran in drain()]

    def tick(self) -> list[str]:
        schedule.calendars_tick.func(0)
        return self.work()

    def refresh(self, after: timedelta = timedelta(0)) -> None:
        """What the five-minute job does, as if `after` had passed."""
        from daybook.sync import calendars

        for connection in Connection.objects.filter(state=Connection.State.ACTIVE):
            calendars.refresh_account(connection_id=connection.pk, now=self.now + after)

    # --- what there is -------------------------------------------------------------------------------------------

    def start(self, hour: int, minute: int = 0) -> datetime:
        return at(self.cast.alice, self.day, hour, minute)

    def wall(self, hour: int, minute: int = 0) -> dict[str, str]:
        """A time of that day as Google and Microsoft write it."""
        said = datetime.combine(self.day, time(hour, minute)).isoformat()
        return {"dateTime": said, "timeZone": "America/Denver"}

    def free(self, after: timedelta = timedelta(0)) -> tuple[list[str], str]:
        """The free times of that day on Alice's clock, and why there are none."""
        start = datetime.combine(self.day, time(), DENVER).astimezone(UTC)
        starts, trouble = queries.open_starts(
            self.cast.consultation, start=start, end=start + timedelta(days=1), now=self.now + after
        )
        return [datetime.fromtimestamp(one, DENVER).strftime("%H:%M") for one in starts], trouble

    def book(self, hour: int, minute: int = 0) -> Appointment:
        held = operations.hold(
            appointment_type=self.cast.consultation,
            start=self.start(hour, minute),
            hold_key=f"{hour}:{minute}",
            now=timezone.now(),
        )
        return operations.confirm(appointment=held, details=DANA, now=timezone.now())

    def calendar(self, name: str) -> Calendar:
        return Calendar.objects.get(name=name)

    def uses(self) -> dict[str, tuple[bool, bool]]:
        """Whether each calendar blocks, and whether it is the primary one."""
        return {
            use.calendar.name: (use.blocks, use.is_primary)
            for use in CalendarUse.objects.select_related("calendar")
        }


def browser(user: User) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")  # where stand-ins let people be sent back to
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
