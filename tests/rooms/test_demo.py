"""The demo fills an empty database and looks like a firm at work."""

from __future__ import annotations

import pytest

from tests.cast import NOW


@pytest.mark.django_db
def test_the_demo_is_a_firm_of_three_lawyers_with_past_and_coming_appointments() -> None:
    from daybook.appointments.models import Appointment
    from daybook.config import demo
    from daybook.firms.models import Firm, Lawyer
    from daybook.messaging.models import Message

    sign_ins = demo.fill(NOW)
    assert Firm.objects.count() == 2
    assert (
        len(set(Lawyer.objects.filter(firm__slug="hart-vale-llp").values_list("time_zone", flat=True))) == 3
    )
    confirmed = Appointment.objects.filter(state="confirmed")
    assert confirmed.filter(during__endswith__gt=NOW).count() >= 7
    assert confirmed.filter(during__endswith__lte=NOW).count() >= 5
    assert not Message.objects.filter(state="queued", appointment__during__endswith__lte=NOW).exists()
    assert ("Alice Hart, lawyer and administrator", "alice@hartvale.example", demo.PASSWORD) in sign_ins
