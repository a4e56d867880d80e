"""Exchange Server, held to what every calendar provider is held to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.exchange import Sandbox, start
from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.exchange_rig import ExchangeRig
from tests.exchange_contract import problems


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running


@pytest.fixture(params=["whole views", "views that tell three entries"])
def rig(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[ExchangeRig]:
    rig = ExchangeRig(sandbox)
    if request.param != "whole views":
        rig.control.set_most_rows(3)
    yield rig
    assert problems(sandbox.exchanges) == []


class TestExchange(CalendarContract):
    """Everything in the suite, over sockets."""
