"""The fee of an appointment: what it is, what becomes of it when one cancels, and the way to Stripe's page and back."""

from __future__ import annotations

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from daybook.appointments import links, paying
from daybook.appointments.models import Appointment
from daybook.appointments.operations import ClientDetails
from daybook.billing import attempts, books, charges, steps, terms
from daybook.billing.attempts import Ways
from daybook.billing.models import Charge
from daybook.core.errors import Refusal
from daybook.core.money import Money
from daybook.core.payments import State
from daybook.core.payments_plan import Policy, Step
from daybook.core.payments_refunds import Who
from daybook.sync.trouble import RemoteTrouble
from daybook.web.public.linked import linked, names_of
from daybook.web.public.zones import visitor_zone

#: Where a form of ours may lead in the end (a browser checks every step of the way).
STRIPE_HOSTS = ("https://checkout.stripe.com",)

#: What the button says, by what is next.
BUTTONS: dict[Step, str] = {
    Step.ASK_TO_PAY: "Pay by card",
    Step.ASK_TO_HOLD: "Reserve the fee on a card",
    Step.ASK_FOR_CARD: "Leave a card",
}

#: What is said before the button, by what is next.
SAYS: dict[Step, str] = {
    Step.ASK_TO_PAY: "The fee is taken now.",
    Step.ASK_TO_HOLD: "The fee is reserved on your card now, and taken only once the appointment has taken place.",
    Step.ASK_FOR_CARD: (
        "Nothing is taken now. The fee is reserved on your card a few days before the appointment, and taken only once "
        "the appointment has taken place."
    ),
}

#: How it stands, for whoever has paid, or cannot: the heading and a sentence.
STANDS: dict[State, tuple[str, str]] = {
    State.DUE: ("The fee is due", ""),
    State.FAILED: ("The card was declined", "Please try again, or use another card."),
    State.CARD_SAVED: ("Your card is saved", "Nothing has been taken."),
    State.HELD: ("The fee is reserved", "It is taken only once the appointment has taken place."),
    State.CAPTURED: ("The fee is paid", "Thank you."),
    State.PARTLY_REFUNDED: ("A part of the fee went back", "It can take your bank some days to show it."),
    State.REFUNDED: ("The fee went back", "It can take your bank some days to show it."),
    State.RELEASED: ("Nothing is taken", "The reservation on your card was given up."),
    State.HOLD_EXPIRED: ("The reservation ran out", "Nothing was taken."),
    State.DISPUTED: ("Your bank is looking into the payment", ""),
    State.LOST: ("Your bank gave the payment back", ""),
    State.VOID: ("Nothing is due", ""),
}


def instead(request: HttpRequest, held: Appointment, details: ClientDetails) -> HttpResponse | None:
    """
    The way to payment, where a time that is kept is confirmed only once its fee is seen to; None where it is not.

    Raises the Refusal of what was typed that cannot be used.
    """
    if not held.fee_cents or not terms.offered():
        return None
    charge = paying.ask_while_booking(appointment=held, details=details, now=timezone.now())
    return redirect("public_pay", token=links.link_token(held)) if charge is not None else None


#: What the page of details says of a fee that Daybook takes, by policy, and what its button then says.
AHEAD: dict[Policy, tuple[str, str]] = {
    Policy.PAY_NOW: ("You pay it by card on the next page.", "Continue to payment"),
    Policy.HOLD_LATER: (
        "You leave a card on the next page; it is charged only once the appointment has taken place.",
        "Continue to your card",
    ),
    Policy.PAY_LATER: ("You can pay it online as soon as it is confirmed.", ""),
}


def ahead(held: Appointment) -> tuple[str, str]:
    """What is said of the fee before the details are sent, and the button's words; empty where they are as ever."""
    policy = terms.policy_of(held.firm_id, held.appointment_type_id) if held.fee_cents else None
    return AHEAD[policy] if policy is not None else ("", "")


def owed(appointment: Appointment) -> str:
    """What the client is asked to do about the fee of an appointment, as the words of a link; empty for nothing."""
    charge = books.charge_of(appointment.pk) if appointment.fee_cents and terms.offered() else None
    if charge is None:
        return ""
    return BUTTONS.get(charges.wanted(charges.known(charge.pk, lock=False), timezone.now()).step, "")


def if_cancelled(appointment: Appointment, by: Who) -> str:
    """What becomes of the fee when the appointment is called off now, as a sentence; empty where Daybook takes none."""
    charge = books.charge_of(appointment.pk) if appointment.fee_cents and terms.offered() else None
    if charge is None:
        return ""
    there, stays = charges.on_cancelling(charge.pk, by=by, now=timezone.now())
    if not there:
        return "Nothing is taken of the fee."
    if not stays:
        return f"All of the {there} that was paid or reserved goes back."
    goes = f"{there - stays} goes back" if stays < there else "nothing goes back"
    return f"By the terms of the booking {stays} of the fee stays with the firm; {goes}."


@require_http_methods(["GET", "HEAD"])
@linked
def pay(request: HttpRequest, appointment: Appointment, token: str) -> HttpResponse:
    """The fee, its terms and how it stands; whoever comes back from Stripe's page is told what came of it."""
    charge = books.charge_of(appointment.pk)
    if charge is None:
        return redirect("public_appointment" if appointment.confirmed_at else "public_hold", token=token)
    if request.GET.get("back") == "done":
        made = _look(charge)
        if made is not None:
            return redirect("public_appointment", token=links.link_token(made))
        charge.refresh_from_db()
    response = render(request, "public/pay.html", _context(request, appointment, charge, token))
    hosts = [*STRIPE_HOSTS, *([settings.STRIPE_BASE_URL] if settings.STRIPE_BASE_URL else [])]
    return csp_update({"form-action": hosts})(lambda _: response)(request)


def _look(charge: Charge) -> Appointment | None:
    """Read what came of it; the appointment, if it is one now. An event or the next tick does the same without a visitor."""
    now = timezone.now()
    if steps.look_at(charge_id=charge.pk, now=now).confirm:
        return paying.confirm_paid(charge_id=charge.pk, now=now)
    found = Appointment.objects.get(pk=Charge.objects.get(pk=charge.pk).appointment_id)
    return found if found.state == Appointment.State.CONFIRMED else None


def _context(request: HttpRequest, appointment: Appointment, charge: Charge, token: str) -> dict[str, object]:
    now = timezone.now()
    found = charges.refresh(charge.pk, now)
    step = charges.wanted(found, now).step
    fee = charge.fee_cents - charge.waived_cents
    heading, sentence = STANDS[State(charge.state)]
    if charge.gone:
        heading, sentence = "This time went to somebody else", "Whatever was taken goes back in full."
    return {
        "firm": appointment.firm,
        "lawyer": appointment.lawyer,
        "people": names_of(appointment),
        "type": appointment.appointment_type,
        "held": appointment,
        "zone": visitor_zone(request, appointment.lawyer.time_zone).name,
        "fee": str(Money(fee, charge.currency)),
        "heading": heading,
        "sentence": sentence,
        "failed": charge.state == State.FAILED,
        "button": BUTTONS.get(step, ""),
        "says": SAYS.get(step, ""),
        "waits": request.GET.get("back") == "done" and bool(BUTTONS.get(step)),
        "keeps": terms_in_words(charge) if step in BUTTONS else (),
        "confirmed": appointment.confirmed_at is not None,
        "token": token,
    }


def terms_in_words(charge: Charge) -> tuple[str, ...]:
    """What goes back when the client cancels, as sentences."""
    tiers = terms.tiers_of(charge.tiers)
    if not tiers or tiers[-1].percent == 100:
        return ("If you cancel, nothing is kept of the fee.",)
    said = [
        f"Cancel at least {tier.hours} hours before: {tier.percent}% of the fee goes back."
        for tier in tiers
        if tier.hours
    ]
    last = tiers[-1].percent if tiers[-1].hours == 0 else 0
    return (*said, f"Later than that: {last}% goes back." if last else "Later than that, nothing goes back.")


@require_POST
@linked
def go(request: HttpRequest, appointment: Appointment, token: str) -> HttpResponse:
    """On to Stripe's page. Cards are typed there, never here."""
    charge = books.charge_of(appointment.pk)
    here = reverse("public_pay", args=[token])
    if charge is None:
        return redirect(here)
    whole = request.build_absolute_uri(here)
    email = appointment.client_email or str(charge.details.get("email", ""))
    ways = Ways(f"{whole}?back=done", whole, email=email)
    try:
        return redirect(attempts.page_for(charge_id=charge.pk, ways=ways, now=timezone.now()))
    except RemoteTrouble:
        messages.error(request, "Paying is not possible just now. Please try again in a few minutes.")
    except Refusal as refusal:
        messages.error(request, refusal.text)
    return redirect(here)
