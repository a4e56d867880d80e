"""A lawyer's account at an Exchange Server: connected, read, written to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from daybook.connectors import exchange as connector
from daybook.sync.models import Connection
from sandbox.exchange import Sandbox, start
from tests.cast import add_member, marsh
from tests.flows.accounts_desk import Desk, browser, text_of

DANA = "dana@hartvale.example"


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


@pytest.fixture
def exchange(settings: Any) -> Iterator[Sandbox]:
    settings.PRIVATE_NETWORKS = True
    with start(seed="bare") as sandbox:
        yield sandbox


def connect(desk: Desk, sandbox: Sandbox, password: str = "exchange") -> Any:
    typed = {"address": sandbox.url, "username": DANA, "password": password}
    return desk.client.post(f"{reverse('account_exchange')}?lawyer={desk.cast.alice.pk}", typed, follow=True)


def test_an_exchange_account_is_connected_read_and_written_to(desk: Desk, exchange: Sandbox) -> None:
    page = connect(desk, exchange)
    assert "Successfully connected to Exchange Server" in text_of(page)
    desk.work()
    assert desk.uses() == {"Calendar": (True, True)}
    (folder,) = exchange.control.records("folders", fixed="calendar")
    times = (desk.start(10).isoformat(), desk.start(11).isoformat())
    exchange.control.create_event(folder["id"], "Hearing", *times)
    desk.tick()
    desk.refresh()
    free, trouble = desk.free()
    assert not trouble
    assert "10:00" not in free
    assert "11:00" in free
    appointment = desk.book(14)
    desk.work()
    ours = exchange.control.records("items", sensitivity="Private")
    assert [list(one["marks"].values()) for one in ours] == [[str(appointment.uid)]]


def test_a_wrong_password_is_told_at_once(desk: Desk, exchange: Sandbox) -> None:
    page = connect(desk, exchange, "wrong")
    assert page.status_code == 409
    assert "turned down" in page.content.decode()
    assert "wrong" not in page.content.decode()
    assert f'value="{DANA}"' in page.content.decode()  # all that was typed but the password stays
    assert f'value="{exchange.url}"' in page.content.decode()
    assert not Connection.objects.exists()


def test_an_address_of_a_private_network_is_not_visited_unless_the_operator_allows_it(
    desk: Desk, exchange: Sandbox, settings: Any
) -> None:
    settings.PRIVATE_NETWORKS = False
    page = connect(desk, exchange)
    assert page.status_code == 409
    assert not Connection.objects.exists()
    assert exchange.exchanges == []


def test_where_it_is_not_installed_the_page_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "installed", lambda: False)
    page = desk.client.get(f"{reverse('account_exchange')}?lawyer={desk.cast.alice.pk}")
    assert "no support for Exchange Server installed" in text_of(page)


def test_another_firms_people_and_staff_find_nothing(desk: Desk) -> None:
    carol = browser(marsh(desk.now).alice_user)
    bob = browser(add_member(desk.cast, "Bob Lane", "bob@hartvale.example", "staff").user)
    address = f"{reverse('account_exchange')}?lawyer={desk.cast.alice.pk}"
    for who in (carol, bob):
        assert who.get(address).status_code == 404
        assert who.post(address).status_code == 404
