"""Google's calendars are busy when plain arithmetic with clocks says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.calendar_oracle import OracleContract
from tests.connectors.google_rig import GoogleRig, held_to_the_description


@pytest.fixture
def rig() -> Iterator[GoogleRig]:
    with held_to_the_description() as sandbox:
        yield GoogleRig(sandbox)


class TestGoogle(OracleContract):
    pass
