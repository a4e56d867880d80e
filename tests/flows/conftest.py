"""A firm connected to the sandbox, as the browser journeys leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office


@pytest.fixture
def office(db: None, clio: Sandbox) -> Office:
    from tests.flows.office import Office

    return Office(clio)
