"""Microsoft's calendars are busy when plain arithmetic with clocks says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from sandbox.microsoft import start
from tests.connectors.calendar_oracle import OracleContract
from tests.connectors.test_calendar_contract_microsoft import MicrosoftRig
from tests.microsoft_contract import problems


class AtTheClock(MicrosoftRig):
    """Somebody types what a clock shows, even where it has no midnight that day."""

    def add(self, title: str, start: datetime, end: datetime, **more: Any) -> str:
        return super().add(title, start.replace(tzinfo=None), end.replace(tzinfo=None), **more)

    def move_one(self, entry_id: str, was: datetime, start: datetime, end: datetime) -> None:
        super().move_one(entry_id, *(one.replace(tzinfo=None) for one in (was, start, end)))

    def leave_out(self, entry_id: str, was: datetime) -> None:
        super().leave_out(entry_id, was.replace(tzinfo=None))


@pytest.fixture
def rig() -> Iterator[AtTheClock]:
    with start() as sandbox:
        yield AtTheClock(sandbox)
        assert problems(sandbox.exchanges) == []


class TestMicrosoft(OracleContract):
    pass
