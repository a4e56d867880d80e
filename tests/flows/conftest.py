"""A firm connected to the sandbox, as the browser journeys leave it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from sandbox.google import Sandbox as Google
    from tests.flows.entry_places import Place
    from tests.flows.mirror_books import Books
    from tests.flows.office import Office
    from tests.flows.till import Till
    from tests.stage.caldav import CaldavServer


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


@pytest.fixture(scope="session")
def caldav_server() -> Iterator[CaldavServer]:
    from tests.stage.caldav import radicale

    with radicale() as server:
        yield server


@pytest.fixture
def google(settings: Any) -> Iterator[Google]:
    """Google's stand-in, and Daybook pointed at it; what was said has to be what Google has published."""
    from daybook.connectors import http
    from sandbox.google import start
    from tests.flows.entry_places import at_google_settings
    from tests.google_contract import problems

    with start(seed="bare") as sandbox:
        at_google_settings(settings, sandbox)
        yield sandbox
        http.close_all()
        assert problems(sandbox.exchanges) == []


@pytest.fixture(params=["google", "caldav"])
def place(request: pytest.FixtureRequest, db: None, settings: Any) -> Iterator[Place]:
    """A lawyer of a firm without Clio, whose appointments go to an account of their own."""
    from tests.flows.entry_places import at_caldav, at_google
    from tests.flows.office import Office

    office = Office(None, connected=False)  # type: ignore[arg-type]  # there is no Clio
    if request.param == "google":
        yield at_google(office, request.getfixturevalue("google"))
        return
    settings.PRIVATE_NETWORKS = True
    with at_caldav(office, request.getfixturevalue("caldav_server")) as place:
        yield place


@pytest.fixture
def till(db: None, settings: Any) -> Iterator[Till]:
    """A firm that takes fees, and Stripe's stand-in; the clock stands still until it is moved."""
    import time_machine

    from daybook.connectors import http
    from sandbox.stripe import KEY, SECRET, start
    from tests.cast import NOW
    from tests.flows.till import Till

    with time_machine.travel(NOW, tick=False) as clock, start() as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
        settings.STRIPE_BASE_URL = sandbox.url
        yield Till(sandbox, clock, NOW)
        http.close_all()
