"""To Clio's own login and back: region, state, answer."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from daybook.core.errors import Refusal
from daybook.sync import connecting, queries
from daybook.sync.mirror import shown
from daybook.sync.models import Connection
from daybook.web.forms import RefusableForm
from daybook.web.signed_in import OfficeRequest, office

DOOR = "clio_door"  # the session's key for a visit to Clio that has begun

#: A code from Clio lives ten minutes; signing in there may take some more.
VISIT = timedelta(minutes=30)

#: Where a form of ours may lead in the end: Clio's own hosts (a browser checks every step of the way).
CLIO_HOSTS = ("https://*.clio.com",)

#: The region somebody probably means, by the firm's country.
LIKELY: dict[str, str] = {"CA": "CA", "AU": "AU", "NZ": "AU", "GB": "EU", "IE": "EU"}


class RegionForm(RefusableForm):
    region = forms.ChoiceField(
        label="Region of your Clio account",
        help_text="It is in the address you sign in at, such as eu.app.clio.com. Without a prefix it is the United States.",
        choices=[(code, f"{name} ({code})") for code, name in connecting.REGIONS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Please choose the region of your Clio account."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@office("connect_firm")
def connect(request: OfficeRequest) -> HttpResponse:
    """Choose the region, then on to Clio's own login; Daybook never sees the password."""
    firm = request.actor.firm
    if request.method != "POST":
        known = queries.connection_of(firm.pk) or queries.earlier_connection(firm.pk)
        form = RegionForm(initial={"region": known.region if known else LIKELY.get(firm.country, "US")})
        return _page(request, form)
    form = RegionForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    state, back = secrets.token_urlsafe(32), _back(request)
    region = form.cleaned_data["region"]
    try:
        address = connecting.door(actor=request.actor, region=region, redirect_uri=back, state=state)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(request, form, status=refusal.status)
    request.session[DOOR] = {
        "state": state,
        "region": region,
        "back": back,
        "firm": firm.pk,
        "user": request.actor.user.pk,
        "until": (timezone.now() + VISIT).timestamp(),
    }
    return redirect(address)


def _page(request: OfficeRequest, form: RegionForm, status: int = 200) -> HttpResponse:
    refused = ""
    if not form.is_bound:
        try:
            connecting.may_connect(request.actor)
        except Refusal as refusal:
            refused = refusal.text
    context = {"form": form, "provider": Connection.Provider.CLIO.label, "refused": refused}
    hosts = [*CLIO_HOSTS, *([settings.CLIO_BASE_URL] if settings.CLIO_BASE_URL else [])]
    page = render(request, "firm/connect.html", context, status=status)
    return csp_update({"form-action": hosts})(lambda _: page)(request)


def _back(request: OfficeRequest) -> str:
    """The address Clio sends people back to. It has to be registered there, letter by letter."""
    path = reverse("clio_callback")
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_safe
@never_cache
@office("connect_firm")
def callback(request: OfficeRequest) -> HttpResponse:
    """Clio's answer: believed once, for the visit that began in this session, firm and person."""
    visit = request.session.pop(DOOR, None)
    provider = Connection.Provider.CLIO.label
    if not _ours(visit, request):
        messages.error(
            request,
            f"This answer does not belong to a visit to {provider} that began here, or it came too late. "
            "Nothing was connected. Please begin again.",
        )
        return redirect("integrations")
    now = timezone.now()
    code = request.GET.get("code", "")
    if request.GET.get("error") or not code:
        connecting.decline(actor=request.actor, now=now)
        messages.info(request, _declined(provider, request.GET.get("error_description", "")))
        return redirect("integrations")
    try:
        returned = connecting.come_back(
            actor=request.actor, region=visit["region"], code=code, redirect_uri=visit["back"], now=now
        )
    except Refusal as refusal:
        messages.error(request, refusal.text)
        return redirect("integrations")
    name = returned.connection.get_provider_display()
    messages.success(request, f"Successfully connected to {name}")
    return redirect("sync_first" if shown.before_go_ahead(returned.connection) else "integrations")


def _ours(visit: Any, request: OfficeRequest) -> bool:
    if not isinstance(visit, dict):
        return False
    same = secrets.compare_digest(str(visit["state"]).encode(), request.GET.get("state", "").encode())
    return (
        same
        and visit["firm"] == request.actor.firm.pk
        and visit["user"] == request.actor.user.pk
        and timezone.now().timestamp() < visit["until"]
    )


def _declined(provider: str, why: str) -> str:
    reason = " ".join(why.split())[:200].rstrip(".")
    if reason:
        return f"Nothing was connected. {provider} says: {reason}."
    return f"Nothing was connected. Access was declined at {provider}; you can begin again whenever you like."
