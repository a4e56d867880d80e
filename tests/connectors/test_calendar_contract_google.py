"""Google passes the suite every calendar provider is held to, and every request of it is one Google has published."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.google import Sandbox, start
from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.google_rig import GoogleRig
from tests.google_contract import absent, problems


@pytest.fixture(scope="module")
def google() -> Iterator[Sandbox]:
    with start() as sandbox:
        yield sandbox


@pytest.fixture
def rig(google: Sandbox) -> GoogleRig:
    return GoogleRig(google)


@pytest.fixture(autouse=True)
def _held_to_googles_description(google: Sandbox) -> Iterator[None]:
    yield
    assert problems(google.exchanges) == []


class TestGoogle(CalendarContract):
    pass


def test_googles_description_is_at_hand() -> None:
    if reason := absent():
        pytest.skip(reason)
    assert problems([]) == []
