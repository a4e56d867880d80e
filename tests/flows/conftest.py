"""A firm connected to the sandbox, as the browser journeys leave it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.mirror_books import Books
    from tests.flows.office import Office


@pytest.fixture
def office(db: None, clio: Sandbox) -> Office:
    from tests.flows.office import Office

    return Office(clio)


@pytest.fixture
def books(office: Office) -> Iterator[Books]:
    """Both contact books of a firm, empty but for what the sandbox was seeded with; Carol's next door stay as they are."""
    from tests.flows.mirror_books import Books, next_door

    books = Books(office)
    with next_door(books):
        office.clio.control.clear_log()
        yield books
