"""Whatever goes wrong once while an entry is made, moved or deleted: in the end there is one, at the right time, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.flows.test_push import Killed, killed_after

if TYPE_CHECKING:
    from daybook.appointments.models import Appointment
    from tests.flows.entry_places import Place
    from tests.stage.caldav import CaldavServer

#: What is patient elsewhere is given up after this many seconds here, and what is slow takes longer.
SOON, SLOW = 0.5, 0.8

#: What happens once to a write.
FAULTS: dict[str, dict[str, Any]] = {
    "unavailable": {"kind": "status", "status": 503},
    "dropped before": {"kind": "drop_before"},
    "applied, then dropped": {"kind": "drop_after"},
    "applied, then 500": {"kind": "status_after", "status": 500},
    "applied, too slow": {"kind": "slow", "seconds": SLOW},
    "truncated": {"kind": "truncated"},
    "malformed": {"kind": "malformed"},
    "slow down": {"kind": "rate_limited", "retry_after": 1},
    "429": {"kind": "status", "status": 429, "retry_after": 1},
    "412": {"kind": "status", "status": 412},
    "409": {"kind": "status", "status": 409},
    "access taken away": {"kind": "revoke_token"},
}

#: By which request an entry is made, changed and deleted.
WRITES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "google": (
        {"method": "POST", "path": "/calendar/v3/calendars/*/events"},
        {"method": "PATCH", "path": "/calendar/v3/calendars/*/events/*"},
        {"method": "DELETE", "path": "/calendar/v3/calendars/*/events/*"},
    ),
    "microsoft": (
        {"method": "POST", "path": "/v1.0/me/calendars/*/events"},
        {"method": "PATCH", "path": "/v1.0/me/calendars/*/events/*"},
        {"method": "DELETE", "path": "/v1.0/me/calendars/*/events/*"},
    ),
    "caldav": ({"method": "PUT"}, {"method": "PUT"}, {"method": "DELETE"}),
    "exchange": ({"path": "*/CreateItem"}, {"path": "*/UpdateItem"}, {"path": "*/DeleteItem"}),
}


# --- the stand-ins, one of each for all of this -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[dict[str, Any]]:
    from daybook.connectors import http
    from sandbox import exchange, google, microsoft

    with google.start() as one, microsoft.start() as two, exchange.start() as three:
        yield {"google": one, "microsoft": two, "exchange": three}
        http.close_all()


@pytest.fixture(params=list(WRITES))
def place(
    request: pytest.FixtureRequest,
    db: None,
    settings: Any,
    stand_ins: dict[str, Any],
    caldav_server: CaldavServer,
) -> Iterator[Place]:
    from tests.flows import entry_places as places
    from tests.flows.office import Office

    office = Office(None, connected=False)  # type: ignore[arg-type]  # there is no Clio
    settings.PRIVATE_NETWORKS = True
    places.at_google_settings(settings, stand_ins["google"])
    places.at_microsoft_settings(settings, stand_ins["microsoft"])
    if request.param == "caldav":
        with places.at_caldav(office, caldav_server) as place:
            yield place
        return
    at: Callable[..., Place] = getattr(places, f"at_{request.param}")
    stand_ins[request.param].control.clear_faults()
    yield at(office, stand_ins[request.param])


def control(place: Place) -> Any:
    rig: Any = place.rig
    return rig.proxy.control if place.connection.provider == "caldav" else rig.control


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connector gives up soon."""
    from daybook.connectors.http import Http
    from daybook.sync import accounts_caldav, accounts_exchange

    monkeypatch.setitem(Http.__init__.__kwdefaults__, "read_seconds", SOON)
    monkeypatch.setattr(accounts_caldav, "BACKGROUND_SECONDS", SOON)
    monkeypatch.setattr(accounts_exchange, "BACKGROUND_SECONDS", SOON)


# --- what goes wrong --------------------------------------------------------------------------------------------------


def settle(place: Place) -> None:
    """The first try, and as many more as it takes; people do what only people can."""
    from django.utils import timezone

    from daybook.sync import pushes
    from daybook.sync.models import Push

    place.work()
    place.connection.refresh_from_db()
    if place.connection.state == "broken":
        open_again(place)
        pushes.want_of_lawyer(lawyer_id=place.office.cast.alice.pk, now=timezone.now())
    for _ in range(4):
        waiting = Push.objects.exclude(state="done").select_related("appointment").first()
        if waiting is None:
            return
        assert waiting.trouble
        if waiting.state != "pending":  # turned down: somebody presses Try again
            pushes.retry(
                actor=place.office.cast.alice_actor, appointment=waiting.appointment, now=timezone.now()
            )
        place.office.later()


def open_again(place: Place) -> None:
    """The account is connected again with what opens it now."""
    from daybook.sync import providers
    from daybook.sync.models import Connection

    name = place.connection.account_name
    assert Connection.objects.get(pk=place.connection.pk).trouble
    if place.connection.provider in ("google", "microsoft"):
        given = control(place).token(name)
        tokens = {key: given[key] for key in ("access_token", "refresh_token")}
        Connection.objects.filter(pk=place.connection.pk).update(**tokens)
    if place.connection.provider == "exchange":
        control(place).set_password(name, "exchange")
    Connection.objects.filter(pk=place.connection.pk).update(state="active")
    place.connection = Connection.objects.get(pk=place.connection.pk)
    place.rig.service = providers.service_of(place.connection)
    place.read()


@pytest.mark.parametrize("fault", FAULTS)
def test_any_fault_at_any_write_leaves_one_entry_and_then_none(
    place: Place, fault: str, request: pytest.FixtureRequest
) -> None:
    provider = place.connection.provider
    create, change, delete = ({**FAULTS[fault], **write} for write in WRITES[provider])
    if fault == "applied, too slow":
        request.getfixturevalue("hurried")
    if (provider, fault) == ("caldav", "access taken away"):
        # The server behind knows of no tokens: it turns the password down once.
        create, change, delete = (
            {**one, "kind": "status", "status": 401} for one in (create, change, delete)
        )

    control(place).fault(**create)
    appointment = place.book(9)
    settle(place)
    place.agrees(appointment)
    assert place.rig.count() == 1
    before = place.entry(appointment).id

    control(place).fault(**change)
    place.move(appointment, 14)
    settle(place)
    place.agrees(appointment)
    assert place.rig.count() == 1
    assert place.entry(appointment).id == before

    control(place).fault(**delete)
    place.cancel(appointment)
    settle(place)
    place.is_gone(appointment)
    assert place.rig.count() == 0
    assert control(place).faults() == []  # each has happened


def test_an_entry_changed_over_there_in_the_meantime_still_follows_the_appointment(place: Place) -> None:
    """Its etag is another one by now: looked at, and as only its title is somebody else's, brought along."""
    appointment = place.book(9)
    settle(place)
    place.rig.retitle(place.entry(appointment).id, "Coffee")
    place.move(appointment, 14)
    settle(place)
    place.agrees(appointment)
    assert place.entry(appointment).items[0].title == "Appointment with Newly Arrived"


# --- killed -----------------------------------------------------------------------------------------------------------


@contextmanager
def dying(place: Place, answers: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker dies right after its n-th answer, before it can note anything; Exchange is spoken to in its own way."""
    from daybook.connectors.exchange.transport import GuardedAdapter

    if place.connection.provider != "exchange":
        with killed_after(answers), suppress(Killed):
            yield
        return
    send, left = GuardedAdapter.send, [answers]

    def once(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = send(self, *args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return answer

    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(GuardedAdapter, "send", once)
        yield


def push_once(appointment: Appointment) -> None:
    from django.utils import timezone

    from daybook.sync import appointments

    appointments.push(appointment_id=appointment.pk, now=timezone.now())


@pytest.mark.parametrize("answers", range(1, 5))
def test_killed_after_any_answer_at_any_write_it_is_finished_later(
    place: Place, answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointment = place.book(9)
    with dying(place, answers, monkeypatch):
        push_once(appointment)
    settle_after_death(place)
    place.agrees(appointment)
    assert place.rig.count() == 1

    place.move(appointment, 14)
    with dying(place, answers, monkeypatch):
        push_once(appointment)
    settle_after_death(place)
    place.agrees(appointment)
    assert place.rig.count() == 1

    place.cancel(appointment)
    with dying(place, answers, monkeypatch):
        push_once(appointment)
    settle_after_death(place)
    place.is_gone(appointment)
    assert place.rig.count() == 0


def settle_after_death(place: Place) -> None:
    """Whoever died holds the lease until it has run out."""
    for _ in range(2):
        place.office.later()
