"""CalDAV against the suite every calendar provider is held to: with Radicale, with Xandikos, and with older servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.caldav_rig import CaldavRig, rig_at
from tests.connectors.calendar_contract import CalendarContract
from tests.stage.caldav import CaldavServer, radicale, xandikos


@pytest.fixture(scope="module")
def radicale_server() -> Iterator[CaldavServer]:
    with radicale() as server:
        yield server


@pytest.fixture(scope="module")
def xandikos_server() -> Iterator[CaldavServer]:
    with xandikos() as server:
        yield server


class TestRadicale(CalendarContract):
    @pytest.fixture
    def rig(self, radicale_server: CaldavServer) -> Iterator[CaldavRig]:
        with rig_at(radicale_server) as rig:
            yield rig


class TestXandikos(CalendarContract):
    @pytest.fixture
    def rig(self, xandikos_server: CaldavServer) -> Iterator[CaldavRig]:
        with rig_at(xandikos_server) as rig:
            yield rig


class TestServerWithoutSyncTokens(CalendarContract):
    @pytest.fixture
    def rig(self, radicale_server: CaldavServer) -> Iterator[CaldavRig]:
        with rig_at(radicale_server) as rig:
            rig.proxy.control.lacks("sync")
            yield rig


class TestServerWithoutAnyToken(CalendarContract):
    @pytest.fixture
    def rig(self, radicale_server: CaldavServer) -> Iterator[CaldavRig]:
        with rig_at(radicale_server) as rig:
            rig.proxy.control.lacks("sync", "ctag")
            yield rig


class TestPages(CalendarContract):
    """Of two changes a page."""

    @pytest.fixture
    def rig(self, radicale_server: CaldavServer) -> Iterator[CaldavRig]:
        with rig_at(radicale_server) as rig:
            rig.proxy.control.pages(2)
            yield rig
