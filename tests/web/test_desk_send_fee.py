"""Send to Clio and the fee of an appointment: what cost nothing is not proposed as billable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.test import Client
from django.urls import reverse

from daybook.billing.models import TimeEntry
from tests.web.test_desk_send import alice, dana, office, pytestmark, words

if TYPE_CHECKING:
    from tests.flows.office import Office

__all__ = ["alice", "dana", "office", "pytestmark"]


def _billable(page: bytes) -> bool:
    box = re.search(r"<input[^>]*id=\"id_billable\"[^>]*>", page.decode())
    assert box
    return "checked" in box[0]


def test_what_has_no_fee_is_proposed_as_not_billable_and_can_be_billed_all_the_same(
    alice: Client, office: Office
):
    office.cast.consultation.fee_cents = 0
    office.cast.consultation.save()
    free = office.book(11)
    office.work()
    url = reverse("send_to_clio", args=[free.pk])
    answer = alice.get(url)
    assert not _billable(answer.content)
    assert "This appointment has no fee, so its time is proposed as not billable" in words(answer)
    assert "Clio will record 0.5 h, not billable" in words(answer)
    new = {"link": "new", "description": "Lease", "duration": "0:30", "note": "", "rate": ""}
    assert alice.post(url, new).status_code == 302
    assert TimeEntry.objects.get(appointment=free).non_billable
    office.work()
    assert [one["non_billable"] for one in office.activities()] == [True]
    assert alice.post(url, new | {"billable": "on"}).status_code == 302
    office.work()
    assert [one["non_billable"] for one in office.activities()] == [False]
    assert _billable(alice.get(url).content)


def test_a_fee_for_booking_is_told_apart_from_billable_time(alice: Client, dana):
    answer = alice.get(reverse("send_to_clio", args=[dana.pk]))
    assert _billable(answer.content)
    assert "The fee for booking ($150) and billable time are different things" in words(answer)
