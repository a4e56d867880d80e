"""Exchange calendars are busy when plain arithmetic with clocks says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.exchange import start
from tests.connectors.calendar_oracle import OracleContract
from tests.connectors.exchange_rig import AtTheClock


@pytest.fixture
def rig() -> Iterator[AtTheClock]:
    with start() as sandbox:
        yield AtTheClock(sandbox)


class TestExchange(OracleContract):
    pass
