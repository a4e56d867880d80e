"""Payments: the firm's accounts at Stripe, how it takes fees, and where the money goes and why."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daybook.appointments.models import AppointmentType
from daybook.billing import terms
from daybook.billing.models import FeeTerms, PaymentAccount
from daybook.billing.terms import Terms
from daybook.core.errors import Refusal
from daybook.core.payments_place import DEFAULT, PLACES, Handling, place_of
from daybook.core.payments_plan import Policy
from daybook.core.payments_refunds import Tier
from daybook.firms.models import Firm
from daybook.sync.trouble import RemoteTrouble
from daybook.web.forms import RefusableForm
from daybook.web.signed_in import OfficeRequest, office

#: Where the forms of these pages may lead in the end.
STRIPE_HOSTS = ("https://connect.stripe.com", "https://dashboard.stripe.com")

POLICIES: dict[Policy, str] = {
    Policy.HOLD_LATER: "Save the card while booking, reserve the fee shortly before, take it after the meeting",
    Policy.PAY_NOW: "The client pays while booking",
    Policy.PAY_LATER: "The client pays later, by a link",
}
HANDLINGS: dict[Handling, str] = {
    Handling.TRUST: "Into the client trust account, until the meeting has taken place",
    Handling.OPERATING: "Into the firm's own account at once",
}
STILL_TRUST = (
    "Fees taken before the meeting still go into the client trust account: the rules you chose know no other case, or it "
    "was not confirmed that your agreements meet them."
)
#: How many lines of cancellation terms there are.
LINES = 3


class TermsForm(RefusableForm):
    policy = forms.ChoiceField(
        label="How fees are taken",
        widget=forms.RadioSelect,
        choices=[(p.value, w) for p, w in POLICIES.items()],
    )
    place = forms.ChoiceField(
        label="Rules on fees paid in advance",
        required=False,
        choices=[("", "The strictest reading"), *((code, place.name) for code, place in PLACES.items())],
    )
    handling = forms.ChoiceField(
        label="Fees taken before the meeting go",
        widget=forms.RadioSelect,
        choices=[(h.value, w) for h, w in HANDLINGS.items()],
    )
    confirmed = forms.BooleanField(
        label="Our fee agreements meet what our jurisdiction asks for before such a fee may go into the firm's own account",
        required=False,
    )
    no_show_percent = forms.IntegerField(
        label="Percent of the fee that goes back after a no-show",
        min_value=0,
        max_value=100,
        help_text="100 keeps nothing. No fee is taken for a meeting that did not take place unless you say so here.",
    )

    def __init__(self, saved: FeeTerms | None, data: Any = None) -> None:
        tiers = saved.tiers if saved else [[0, 100]]
        initial: dict[str, Any] = {
            "policy": saved.policy if saved else Policy.HOLD_LATER,
            "place": saved.place if saved else "",
            "handling": saved.handling if saved else Handling.TRUST,
            "confirmed": bool(saved and saved.handling == Handling.OPERATING),
            "no_show_percent": saved.no_show_percent if saved else 100,
        }
        for line, (hours, percent) in enumerate(tiers[:LINES]):
            initial |= {f"hours_{line}": hours, f"percent_{line}": percent}
        super().__init__(data, initial=initial)
        for line in range(LINES):
            self.fields[f"hours_{line}"] = forms.IntegerField(
                label=f"Hours before, line {line + 1}", required=False, min_value=0
            )
            self.fields[f"percent_{line}"] = forms.IntegerField(
                label=f"Percent back, line {line + 1}", required=False, min_value=0, max_value=100
            )

    @property
    def lines(self) -> list[tuple[Any, Any]]:
        return [(self[f"hours_{line}"], self[f"percent_{line}"]) for line in range(LINES)]

    def terms(self) -> Terms:
        data = self.cleaned_data
        tiers = tuple(
            Tier(data[f"hours_{line}"], data[f"percent_{line}"])
            for line in range(LINES)
            if data.get(f"hours_{line}") is not None and data.get(f"percent_{line}") is not None
        )
        return Terms(
            Policy(data["policy"]),
            tiers,
            data["no_show_percent"],
            data["place"],
            Handling(data["handling"]),
            data["confirmed"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
@office("edit_firm")
def payments(request: OfficeRequest) -> HttpResponse:
    firm = request.actor.firm
    saved = FeeTerms.objects.filter(firm=firm).first()
    form = TermsForm(saved, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                wanted = form.terms()
                saved = terms.save_terms(firm=firm, terms=wanted, by=request.actor.user, now=timezone.now())
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, "Saved. Appointments already booked keep their terms.")
                if saved.handling != wanted.handling:
                    messages.info(request, STILL_TRUST)
                return redirect("payments")
    place = place_of(saved.place if saved else "")
    context = {
        "form": form,
        "saved": saved,
        "offered": terms.offered(),
        "accounts": [_shown(firm, purpose) for purpose in PaymentAccount.Purpose],
        "why": place.says,
        "source": place.source,
        "strictest": DEFAULT,
        "places": list(PLACES.values()),
        "types": _types(firm) if saved else [],
        "policies": [(policy.value, words) for policy, words in POLICIES.items()],
    }
    page = render(request, "firm/payments.html", context, status=status)
    hosts = [*STRIPE_HOSTS, *([settings.STRIPE_BASE_URL] if settings.STRIPE_BASE_URL else [])]
    return csp_update({"form-action": hosts})(lambda _: page)(request)


def _shown(firm: Firm, purpose: PaymentAccount.Purpose) -> dict[str, Any]:
    account = PaymentAccount.objects.filter(firm=firm, purpose=purpose, active=True).first()
    if account is None or not account.stripe_id:
        word, tone = "Not connected", "plain"
    elif account.charges:
        word, tone = "Ready", "good"
    else:
        word, tone = "Not finished", "warn"
    return {"purpose": purpose, "label": purpose.label, "account": account, "word": word, "tone": tone}


def _types(firm: Firm) -> list[tuple[AppointmentType, str]]:
    """The types that have a fee, and how theirs is taken where that differs from the firm's others."""
    own = terms.type_policies(firm.pk)
    priced = AppointmentType.objects.filter(firm=firm, active=True, fee_cents__gt=0)
    return [(one, own.get(one.pk, "")) for one in priced.select_related("lawyer").order_by("name", "pk")]


@require_POST
@office("edit_firm")
def type_policy(request: OfficeRequest, type_id: int) -> HttpResponse:
    """One type's own way of taking its fee, or the firm's again."""
    own = AppointmentType.objects.filter(pk=type_id, firm=request.actor.firm).first()
    asked = request.POST.get("policy", "")
    if own is None or asked not in ("", *POLICIES):
        raise Http404
    try:
        terms.set_type_policy(
            firm=request.actor.firm, type_id=own.pk, policy=Policy(asked) if asked else None
        )
    except Refusal as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, f"Saved for {own.name}.")
    return redirect("payments")


def _purpose(purpose: str) -> str:
    if purpose not in PaymentAccount.Purpose.values:
        raise Http404
    return purpose


@require_POST
@office("edit_firm")
def connect(request: OfficeRequest, purpose: str) -> HttpResponse:
    """On to Stripe's own pages, where the firm opens an account or signs in to one."""
    return _on(request, _purpose(purpose))


@require_safe
@office("edit_firm")
def again(request: OfficeRequest, purpose: str) -> HttpResponse:
    """Stripe's address ran out: a new one, if somebody had begun."""
    begun = PaymentAccount.objects.filter(firm=request.actor.firm, purpose=_purpose(purpose), active=True)
    return _on(request, purpose) if begun.exists() else redirect("payments")


def _on(request: OfficeRequest, purpose: str) -> HttpResponse:
    try:
        return redirect(
            terms.connect_url(
                firm=request.actor.firm,
                purpose=purpose,
                email=request.actor.user.email,
                again_url=request.build_absolute_uri(reverse("payments_again", args=[purpose])),
                back_url=request.build_absolute_uri(reverse("payments_back", args=[purpose])),
                by=request.actor.user,
                now=timezone.now(),
            )
        )
    except RemoteTrouble as trouble:
        messages.error(request, trouble.text)
    except Refusal as refusal:
        messages.error(request, refusal.text)
    return redirect("payments")


@require_safe
@office("edit_firm")
def back(request: OfficeRequest, purpose: str) -> HttpResponse:
    """Back from Stripe, finished or not."""
    account = PaymentAccount.objects.filter(
        firm=request.actor.firm, purpose=_purpose(purpose), active=True
    ).first()
    if account is not None:
        try:
            account = terms.read_account(account_id=account.pk, by=request.actor.user, now=timezone.now())
        except RemoteTrouble as trouble:
            messages.error(request, trouble.text)
            return redirect("payments")
        if account.charges:
            messages.success(request, "Successfully connected to Stripe")
        else:
            messages.info(request, "Stripe still wants to know something. You can go on whenever you like.")
    return redirect("payments")


@require_POST
@office("edit_firm")
def disconnect(request: OfficeRequest, purpose: str) -> HttpResponse:
    """Nothing new is taken with the account; what was taken stays in the books."""
    account = PaymentAccount.objects.filter(
        firm=request.actor.firm, purpose=_purpose(purpose), active=True
    ).first()
    if account is not None:
        terms.disconnect(account=account, by=request.actor.user, now=timezone.now())
        messages.success(request, "Disconnected. What was taken stays in the books.")
    return redirect("payments")
