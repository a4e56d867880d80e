"""The cast, signed in, with the clock standing at a Monday morning in Denver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import Cast
    from tests.web.sync_room import Room


@pytest.fixture
def clock(db: None) -> Iterator[object]:
    import time_machine

    from tests.cast import NOW

    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock: object) -> Cast:
    from tests.cast import NOW, hart_and_vale  # models cannot be imported before Django is set up

    return hart_and_vale(NOW)


@pytest.fixture
def other(clock: object) -> Cast:
    """Carol, of another firm: she must see nothing."""
    from tests.cast import NOW, marsh

    return marsh(NOW)


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    """Alice's browser."""
    client.force_login(cast.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def room(db: None, clio: object) -> Room:
    """Alice's office, joined to the sandbox, everything taken in."""
    from tests.flows.office import Office
    from tests.web.sync_room import Room

    return Room(Office(clio))  # type: ignore[arg-type]


@pytest.fixture
def fresh(db: None, clio: object) -> Room:
    """The same before anybody has connected Clio."""
    from tests.flows.office import Office
    from tests.web.sync_room import Room

    return Room(Office(clio, connected=False))  # type: ignore[arg-type]
