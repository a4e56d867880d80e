"""The fee of one appointment, for the firm: how it stands, the link to pay it with, and giving it back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from daybook.appointments import links, queries
from daybook.appointments.models import Appointment
from daybook.billing import books, charges
from daybook.billing.models import Charge
from daybook.core import money
from daybook.core.errors import ChangedMeanwhile, Refusal
from daybook.core.money import Money
from daybook.core.payments import State
from daybook.core.payments_plan import Step
from daybook.web.forms import RefusableForm, stale
from daybook.web.signed_in import OfficeRequest, office

#: How a fee stands, and the tone of that word.
WORDS: dict[State, tuple[str, str]] = {
    State.DUE: ("Due", "warn"),
    State.CARD_SAVED: ("Card saved", "info"),
    State.HELD: ("Reserved", "info"),
    State.CAPTURED: ("Paid", "good"),
    State.PARTLY_REFUNDED: ("Partly given back", "plain"),
    State.REFUNDED: ("Given back", "plain"),
    State.RELEASED: ("Released", "plain"),
    State.HOLD_EXPIRED: ("Reservation ran out", "warn"),
    State.FAILED: ("Card declined", "bad"),
    State.DISPUTED: ("Disputed", "bad"),
    State.LOST: ("Dispute lost", "bad"),
    State.VOID: ("Nothing due", "plain"),
}

#: Steps for which the client needs the link.
LINK = frozenset({Step.ASK_TO_PAY, Step.ASK_TO_HOLD, Step.ASK_FOR_CARD})


def fee_of(appointment: Appointment) -> dict[str, Any] | None:
    """What the page of an appointment shows of its fee; None where Daybook takes none for it."""
    charge = books.charge_of(appointment.pk) if appointment.fee_cents else None
    if charge is None:
        return None
    found = charges.known(charge.pk, lock=False)
    step = charges.wanted(found, timezone.now()).step
    word, tone = WORDS[State(charge.state)]
    return {
        "word": word,
        "tone": tone,
        "fee": str(Money(charge.fee_cents, charge.currency)),
        "had": str(Money(found.totals.net, charge.currency)) if found.totals.captured else "",
        "card": f"{charge.card_brand} ending in {charge.card_last4}".strip() if charge.card_last4 else "",
        "why": next((one.why for one in reversed(found.payments) if one.captured or one.held), ""),
        "trouble": charge.trouble,
        "token": links.link_token(appointment) if step in LINK else "",
        "may_waive": charge.waived_cents < charge.fee_cents and not charge.off,
    }


class WaiveForm(RefusableForm):
    amount = forms.CharField(label="Amount", max_length=20)
    why = forms.CharField(label="Reason", max_length=300, help_text="For your firm's records.")

    def __init__(self, charge: Charge, data: Any = None) -> None:
        left = Money(charge.fee_cents - charge.waived_cents, charge.currency)
        super().__init__(data, initial={"amount": left.amount})


@require_http_methods(["GET", "HEAD", "POST"])
@office()
def waive(request: OfficeRequest, appointment_id: int) -> HttpResponse:
    """Give some or all of the fee back, or do without it where it is not taken yet."""
    found = queries.access_appointment(request.actor, appointment_id, "manage_appointments")
    charge = books.charge_of(found.pk)
    if charge is None:
        raise Http404
    form = WaiveForm(charge, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if stale(request.POST.get("waived"), charge.waived_cents):
                    raise ChangedMeanwhile  # pressed twice, or somebody else was quicker
                amount = money.parse(form.cleaned_data["amount"], charge.currency)
                charges.waive(
                    charge_id=charge.pk,
                    cents=amount.cents,
                    why=form.cleaned_data["why"],
                    by=request.actor.user,
                    now=timezone.now(),
                )
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, f"{amount} of the fee goes back, or is not asked for.")
                return redirect("appointment", found.pk)
    context = {"appointment": found, "form": form, "fee": fee_of(found), "waived": charge.waived_cents}
    return render(request, "desk/waive.html", context, status=status)
