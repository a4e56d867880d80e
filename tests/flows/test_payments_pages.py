"""Payments as people meet them: booking with a card, paying by a link, the firm's settings, books and refunds."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
from django.test import Client
from django.urls import reverse

from daybook.appointments import links
from daybook.appointments.models import Appointment
from daybook.billing.charges import EVENTS
from daybook.billing.models import Charge, FeeTerms, LedgerEntry, PaymentAccount
from daybook.core.ledger import Account, Kind
from daybook.core.payments import Happened, State
from daybook.core.payments_plan import Policy, Step
from daybook.core.payments_refunds import Tier
from daybook.web.office import payments_books, payments_fee
from daybook.web.public import paying
from tests.cast import add_member, at, marsh
from tests.flows.till import DECLINES, FEE, WORKS, Till

TIMES = "/book/hart-vale-llp/alice-hart/first-consultation/"
DANA = {"name": "Dana Reyes", "email": "dana@example.com", "phone": "303 555 0101"}


def words(page: bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.decode())).replace("\u00a0", " ").split())


def signed_in(till: Till) -> Client:
    client = Client()
    client.force_login(till.cast.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def details(client: Client, till: Till, hour: int = 10) -> str:
    start = int(at(till.cast.alice, till.day, hour).timestamp())
    return client.post(TIMES, {"start": start})["Location"]


def type_card(client: Client, page: str, number: str = WORKS) -> str:
    """On to Stripe's page, a card typed there; where the browser is led, as a path."""
    address = client.post(f"{page}go/")["Location"]
    answer = httpx2.post(address, data={"number": number})
    if answer.status_code != 303:
        return page
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


@pytest.mark.parametrize("policy", [Policy.PAY_NOW, Policy.HOLD_LATER])
def test_a_visitor_books_and_is_confirmed_once_the_fee_is_seen_to(
    till: Till, client: Client, policy: Policy
) -> None:
    till.agree(policy, (Tier(48, 100), Tier(24, 50)))
    held = details(client, till)
    page = words(client.get(held).content)
    assert paying.AHEAD[policy][0] in page
    assert paying.AHEAD[policy][1] in page
    assert "nothing is charged online" not in page
    answer = client.post(held, {**DANA, "email": "dana@"})
    assert (answer.status_code, Charge.objects.count()) == (422, 0), (
        "what is wrong is said before anybody pays"
    )
    pay = client.post(held, DANA)["Location"]
    page = words(client.get(pay).content)
    assert "$150" in page
    assert "Cancel at least 48 hours before: 100% of the fee goes back." in page
    assert "Later than that, nothing goes back." in page
    till.at(till.now + timedelta(minutes=15))
    assert Appointment.objects.get().state == "held", "the time is kept while it is paid"
    assert type_card(client, pay, DECLINES) == pay
    if policy is Policy.PAY_NOW:
        assert "The card was declined" in words(client.get(f"{pay}?back=done").content)
    done = client.get(type_card(client, pay))
    assert done["Location"].startswith("/appointment/")
    assert "Your appointment is confirmed" in words(client.get(done["Location"]).content)
    booked = Appointment.objects.get()
    assert (booked.state, booked.client_email) == ("confirmed", "dana@example.com")
    charge = Charge.objects.get()
    assert charge.details == {}
    assert charge.state == ("captured" if policy is Policy.PAY_NOW else "card_saved")


def test_whoever_leaves_the_page_of_payment_has_no_appointment(till: Till, client: Client) -> None:
    till.agree(Policy.PAY_NOW)
    pay = client.post(details(client, till), DANA)["Location"]
    assert "Nothing has arrived yet" in words(client.get(f"{pay}?back=done").content)
    till.at(till.now + timedelta(hours=1))
    till.work()
    till.work()
    assert Appointment.objects.get().state == "expired"
    assert not Appointment.objects.exclude(contact=None).exists()


def test_paid_too_late_the_page_says_what_happens(till: Till, client: Client) -> None:
    till.agree(Policy.PAY_NOW)
    pay = client.post(details(client, till), DANA)["Location"]
    stripe = client.post(f"{pay}go/")["Location"]
    Appointment.objects.update(held_until=till.now + timedelta(minutes=1))
    till.at(till.now + timedelta(minutes=5))
    till.work()
    other = till.book(key="omar")
    assert other.appointment_id
    httpx2.post(stripe, data={"number": WORKS})
    page = words(client.get(f"{pay}?back=done").content)
    assert "This time went to somebody else" in page
    till.work()
    assert till.at_stripe() == (FEE, FEE)


def test_a_link_to_pay_later_is_on_the_clients_page_and_on_the_firms(till: Till, client: Client) -> None:
    till.agree(Policy.PAY_LATER)
    done = client.post(details(client, till), DANA)["Location"]
    till.work()
    assert "Pay by card" in words(client.get(done).content)
    booked = Appointment.objects.get()
    token = links.link_token(booked)
    office = signed_in(till).get(reverse("appointment", args=[booked.pk])).content.decode()
    assert reverse("public_pay", args=[token]) in office
    back = type_card(client, reverse("public_pay", args=[token]))
    assert client.get(back)["Location"] == reverse("public_appointment", args=[token])
    assert "Pay by card" not in words(client.get(done).content)
    assert Charge.objects.get().state == "captured"


def test_while_stripe_is_down_the_client_is_asked_to_come_back(till: Till, client: Client) -> None:
    till.agree(Policy.PAY_NOW)
    pay = client.post(details(client, till), DANA)["Location"]
    till.stripe.control.down()
    assert "not possible just now" in words(client.post(f"{pay}go/", follow=True).content)


def test_before_cancelling_both_sides_read_what_becomes_of_the_fee(till: Till, client: Client) -> None:
    till.agree(Policy.PAY_NOW, (Tier(48, 100), Tier(24, 50)))
    charge = till.booked()
    theirs = reverse("public_cancel", args=[links.link_token(till.appointment(charge))])
    ours = reverse("cancel_appointment", args=[charge.appointment_id])
    assert "All of the $150 that was paid or reserved goes back." in words(client.get(theirs).content)
    till.at(till.appointment(charge).start - timedelta(hours=30))
    assert "$75 of the fee stays with the firm; $75 goes back." in words(client.get(theirs).content)
    assert "All of the $150" in words(signed_in(till).get(ours).content)
    till.cancel(charge)
    assert till.at_stripe() == (FEE, FEE // 2)


def test_the_firm_gives_back_with_a_reason(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    office = signed_in(till)
    url = reverse("waive_fee", args=[charge.appointment_id])
    assert "your firm has $150" in words(office.get(url).content)
    assert office.post(url, {"amount": "151", "why": "x"}).status_code == 409
    assert office.post(url, {"amount": "a lot", "why": "x"}).status_code == 422
    pressed = {"amount": "50", "why": "Short meeting", "waived": "0"}
    assert office.post(url, pressed).status_code == 302
    assert office.post(url, pressed).status_code == 409, "pressed twice"
    till.work()
    assert till.at_stripe() == (FEE, 5_000)
    page = words(office.get(reverse("appointment", args=[charge.appointment_id])).content)
    assert "Partly given back" in page
    assert LedgerEntry.objects.get(kind="refunded").why == "The firm gave it back: Short meeting"
    assert "ABA Formal Opinion 505" in page


# The firm's settings --------------------------------------------------------------------------------------------------

FORM = {
    "policy": "pay_now",
    "place": "",
    "handling": "trust",
    "no_show_percent": "100",
    "hours_0": "48",
    "percent_0": "100",
    "hours_1": "24",
    "percent_1": "50",
}


def test_an_administrator_connects_stripe_and_says_how_fees_are_taken(till: Till) -> None:
    PaymentAccount.objects.all().delete()
    office = signed_in(till)
    url = reverse("payments")
    assert "Not connected" in words(office.get(url).content)
    assert "ABA Formal Opinion 505" in words(office.get(url).content)
    assert "connect your account" in words(office.post(url, FORM).content)
    for purpose in ("operating", "trust"):
        page = office.post(reverse("payments_connect", args=[purpose]))["Location"]
        back = httpx2.post(page, data={"do": "submit"}).headers["Location"]
        assert "Successfully connected to Stripe" in words(
            office.get(urlsplit(back).path, follow=True).content
        )
    assert office.post(url, {**FORM, "percent_1": "101"}).status_code == 422
    assert office.post(url, {**FORM, "percent_0": "10"}).status_code == 422
    assert not FeeTerms.objects.exists()
    assert office.post(url, FORM).status_code == 302
    saved = FeeTerms.objects.get()
    assert (saved.policy, saved.tiers, saved.handling) == ("pay_now", [[48, 100], [24, 50]], "trust")
    own = {**FORM, "handling": "operating", "confirmed": "on"}
    assert "still go into the client trust account" in words(office.post(url, own, follow=True).content)
    page = office.post(url, {**own, "place": "US-TN"}, follow=True).content
    assert "still go into" not in words(page)
    assert FeeTerms.objects.get().handling == "operating"
    assert re.search(r'name="confirmed"[^>]* checked', page.decode())
    office.post(reverse("payments_disconnect", args=["trust"]))
    assert "Not connected" in words(office.get(url).content)


def test_a_type_can_take_its_fee_in_its_own_way(till: Till, client: Client) -> None:
    till.agree(Policy.PAY_NOW)
    office, carol = signed_in(till), Client()
    carol.force_login(marsh(till.now).alice_user, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("payments_type", args=[till.cast.consultation.pk])
    assert carol.post(url, {"policy": "hold_later"}).status_code == 404
    assert office.post(url, {"policy": "gladly"}).status_code == 404
    assert "Saved for First consultation" in words(
        office.post(url, {"policy": "hold_later"}, follow=True).content
    )
    client.post(details(client, till), DANA)
    assert Charge.objects.get().policy == "hold_later"
    PaymentAccount.objects.filter(purpose="trust").update(active=False)
    assert "trust account" in words(office.post(url, {"policy": "pay_later"}, follow=True).content)
    office.post(url, {"policy": ""})
    client.post(details(client, till, 14), DANA)
    assert Charge.objects.latest("pk").policy == "pay_now"


def test_the_books_are_shown_and_downloaded(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    till.cancel(till.booked())
    office = signed_in(till)
    page = words(office.get(reverse("ledger")).content)
    assert "Taken" in page
    assert "Given back" in page
    file = b"".join(office.get(reverse("ledger_file")).streaming_content).decode()
    lines = file.splitlines()
    assert lines[0].startswith("entry,at_utc,kind,")
    assert len(lines) == 1 + LedgerEntry.objects.count()
    assert "150" in lines[1]


def test_what_waits_for_the_firm_is_on_the_dashboard(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    office, carol = signed_in(till), Client()
    carol.force_login(marsh(till.now).alice_user, backend="django.contrib.auth.backends.ModelBackend")
    assert "disputed" not in words(office.get(reverse("dashboard")).content)
    till.stripe.control.dispute(till.stripe.control.records("intents")[0]["id"])
    till.told()
    assert "Dana Reyes: the payment is disputed" in words(office.get(reverse("dashboard")).content)
    assert "disputed" not in words(carol.get(reverse("dashboard")).content)
    Charge.objects.filter(pk=charge.pk).update(state="failed")
    assert "another one on the page for paying" in words(office.get(reverse("dashboard")).content)


def test_only_the_firms_own_administrators_see_payments(till: Till) -> None:
    till.agree(Policy.PAY_NOW)
    charge = till.booked()
    carol, bob = Client(), Client()
    carol.force_login(marsh(till.now).alice_user, backend="django.contrib.auth.backends.ModelBackend")
    staff = add_member(till.cast, "Bob Ortiz", "bob@hartvale.example", "staff").user
    bob.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert carol.get(reverse("waive_fee", args=[charge.appointment_id])).status_code == 404
    assert carol.post(reverse("waive_fee", args=[charge.appointment_id])).status_code == 404
    assert "Ready" not in words(carol.get(reverse("payments")).content)
    assert "Nothing here yet" in words(carol.get(reverse("ledger")).content)
    assert len(list(carol.get(reverse("ledger_file")).streaming_content)) == 1
    carol.post(reverse("payments_disconnect", args=["trust"]))
    assert PaymentAccount.objects.filter(firm=till.cast.firm, active=True).count() == 2
    for name in ("payments", "ledger", "ledger_file"):
        assert bob.get(reverse(name)).status_code == 404
        assert Client().get(reverse(name)).status_code == 302
    assert carol.post(reverse("payments_connect", args=["elsewhere"])).status_code == 404
    assert Client().get(reverse("public_pay", args=["forged:token"])).status_code == 404


def test_everything_that_can_be_has_its_words() -> None:
    assert set(paying.STANDS) == set(payments_fee.WORDS) == set(State)
    assert set(paying.AHEAD) == set(Policy)
    assert set(paying.BUTTONS) == set(paying.SAYS) == payments_fee.LINK <= set(Step)
    assert set(payments_books.KINDS) == set(Kind)
    assert set(payments_books.SHOWN) <= set(Account)
    assert set(EVENTS) == set(Happened)
