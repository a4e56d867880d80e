"""Calendars of two real CalDAV servers are busy when plain arithmetic with clocks says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.caldav_rig import CaldavRig, rig_at
from tests.connectors.calendar_oracle import OracleContract
from tests.stage.caldav import radicale, xandikos


class TestRadicale(OracleContract):
    @pytest.fixture
    def rig(self) -> Iterator[CaldavRig]:
        with radicale() as server, rig_at(server) as rig:
            yield rig


class TestXandikos(OracleContract):
    @pytest.fixture
    def rig(self) -> Iterator[CaldavRig]:
        with xandikos() as server, rig_at(server) as rig:
            yield rig
