from __future__ import annotations

import inspect
import pickle

import pytest

from daybook.core import errors
from daybook.core.errors import Refusal, SlotTaken, TextTooLong

EVERY = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, Refusal) and found is not Refusal
]


def test_a_code_is_the_name_in_small_letters() -> None:
    assert SlotTaken().code == "slot_taken"
    assert errors.NotOnGrid.code == "not_on_grid"
    assert Refusal().code == "refusal"


@pytest.mark.parametrize("refusal", EVERY)
def test_every_refusal_has_a_calm_sentence_and_a_status(refusal: type[Refusal]) -> None:
    made = refusal()
    assert made.text == str(made) == refusal.says
    assert made.text != Refusal.says
    assert made.text.endswith(".")
    assert "!" not in made.text
    assert made.status in (409, 422)
    assert refusal.__doc__


def test_no_two_refusals_share_a_code() -> None:
    assert len({refusal.code for refusal in EVERY}) == len(EVERY)


def test_the_text_and_the_field_can_be_made_more_exact() -> None:
    refusal = TextTooLong("At most 200 characters, please.", field="note")
    assert (refusal.text, refusal.field, refusal.status) == ("At most 200 characters, please.", "note", 422)
    assert SlotTaken().field == "start"


def test_a_refusal_survives_being_sent_between_processes() -> None:
    again = pickle.loads(pickle.dumps(TextTooLong("Shorter, please.", field="note")))
    assert (again.text, again.field) == ("Shorter, please.", "note")
