"""Send to Clio for a client without a matter: a new one is chosen, and another client's is never taken unnoticed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.test import Client
from django.urls import reverse

from tests.web.test_desk_send import alice, dana, office, pytestmark, words

if TYPE_CHECKING:
    from daybook.appointments.models import Appointment
    from tests.flows.office import Office

__all__ = ["alice", "dana", "office", "pytestmark"]


def chosen(page: str) -> str:
    return re.findall(r'name="link" value="(\w+)" checked', page)[0]


def test_who_has_no_matter_starts_with_a_new_one_and_each_other_says_whose_it_is(
    alice: Client, office: Office
):
    appointment = office.book(11)
    office.work()
    appointment.refresh_from_db()
    answer = alice.get(reverse("send_to_clio", args=[appointment.pk]))
    page = answer.content.decode()
    assert chosen(page) == "new"
    others = re.findall(r'name="matter" value="(\d+)"[^>]*aria-describedby="whose-\1"', page)
    assert others
    assert len(others) == len(re.findall(r'name="matter"', page))
    assert re.search(rf"This matter is [^.]+’s, not {appointment.client_name}’s\.", words(answer))


def test_the_clients_own_matter_is_chosen_without_a_warning(alice: Client, dana: Appointment):
    answer = alice.get(reverse("send_to_clio", args=[dana.pk]))
    page = answer.content.decode()
    assert chosen(page) == "existing"
    assert "This matter is" not in words(answer)
