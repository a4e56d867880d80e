"""A lawyer's own calendar accounts: to the provider's own sign-in and back, or by a password; ended."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from daybook.calendars.queries import primary_calendar
from daybook.core.errors import Refusal
from daybook.firms.models import Lawyer
from daybook.firms.queries import access_lawyer
from daybook.sync import accounts
from daybook.sync.models import Connection
from daybook.web.forms import RefusableForm
from daybook.web.office.calendars import lawyer_of
from daybook.web.signed_in import OfficeRequest, office

DOOR = "account_door"  # the session's key for a visit to a provider that has begun
#: Codes live about ten minutes; signing in over there may take some more.
VISIT = timedelta(minutes=30)

GOOGLE, MICROSOFT, CALDAV, EXCHANGE = (
    Connection.Provider.GOOGLE,
    Connection.Provider.MICROSOFT,
    Connection.Provider.CALDAV,
    Connection.Provider.EXCHANGE,
)

#: Where a form of ours may lead in the end: a browser checks every step until the first page.
HOSTS: dict[str, tuple[str, ...]] = {
    GOOGLE: ("https://accounts.google.com",),
    MICROSOFT: ("https://login.microsoftonline.com", "https://login.live.com"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How a provider is spoken of: its name, what people press over there, whose password it is, what is asked for."""

    name: str
    allow: str
    asks: str


WORDS: dict[str, Words] = {
    GOOGLE: Words(
        GOOGLE.label,
        "Continue",
        "Google asks whether Daybook may see the list of your calendars and work with their events. Leave both boxes ticked.",
    ),
    MICROSOFT: Words(
        MICROSOFT.label,
        "Accept",
        "It works with accounts of a firm or a school and with Outlook.com, Hotmail and Live. Some firms allow it only after "
        "their administrator has approved it.",
    ),
}


class CaldavForm(RefusableForm):
    address = forms.CharField(
        label="Email address or server address",
        max_length=500,
        help_text="For Apple iCloud and Fastmail your email address there is enough. Nextcloud and others: the address of the server.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Please enter an email address or the address of a server."},
    )
    username = forms.CharField(
        label="User name",
        max_length=300,
        required=False,
        help_text="Leave it empty if it is that email address.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label="App password",
        max_length=500,
        strip=False,
        help_text="Apple and Fastmail want one made for Daybook in your account's settings there, not the one you sign in with.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Please enter the password."},
    )

    def clean_address(self) -> str:
        typed: str = self.cleaned_data["address"]
        if any(character.isspace() for character in typed):
            raise forms.ValidationError("That is not a web address or a mail address.")
        return typed

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        if not typed.get("username") and "address" in typed:
            if "@" not in typed["address"]:
                self.add_error("username", "Please enter the user name you have on that server.")
            typed["username"] = typed["address"].removeprefix("mailto:")
        return typed


class ExchangeForm(CaldavForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        says = {
            "address": (
                "Server address or email address",
                "The name of the firm's Exchange server, as in mail.firm.example; whoever runs it knows it.",
            ),
            "username": (
                "User name",
                "As you sign in to Windows or to Outlook on the web, often with the firm's domain in front: FIRM\\dana. "
                "Leave it empty if it is that email address.",
            ),
            "password": ("Password", "The one that goes with that user name."),
        }
        for name, (label, help_text) in says.items():
            self.fields[name].label, self.fields[name].help_text = label, help_text


#: What is opened by a password: its form, what one connects to, and which those are.
BY_PASSWORD: dict[str, tuple[type[CaldavForm], str, str]] = {
    CALDAV: (CaldavForm, "a calendar server", "Apple iCloud, Fastmail, Nextcloud or another CalDAV server"),
    EXCHANGE: (ExchangeForm, "an Exchange server", "Exchange Server in your firm's own house"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def connect(request: OfficeRequest, provider: str) -> HttpResponse:
    """Says what will be asked, then on to the provider's own sign-in; Daybook never sees that password."""
    if provider not in accounts.OAUTH:
        raise Http404
    lawyer = lawyer_of(request)
    if lawyer is None:
        return render(request, "desk/choose.html", {"next": request.path})
    return _to_door(request, provider, lawyer, None)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def caldav(request: OfficeRequest) -> HttpResponse:
    lawyer = lawyer_of(request)
    if lawyer is None:
        return render(request, "desk/choose.html", {"next": request.path})
    return _by_password(request, lawyer, CALDAV, None)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def exchange(request: OfficeRequest) -> HttpResponse:
    lawyer = lawyer_of(request)
    if lawyer is None:
        return render(request, "desk/choose.html", {"next": request.path})
    return _by_password(request, lawyer, EXCHANGE, None)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def reconnect(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """The same again for an account that is there: its calendars stay as they were chosen."""
    connection = accounts.access_account(request.actor, connection_id)
    assert connection.lawyer is not None
    if connection.provider in accounts.OAUTH:
        return _to_door(request, connection.provider, connection.lawyer, connection)
    return _by_password(request, connection.lawyer, connection.provider, connection)


def _to_door(
    request: OfficeRequest, provider: str, lawyer: Lawyer, expected: Connection | None
) -> HttpResponse:
    refused, status = "", 200
    try:
        if request.method == "POST":
            return _leave(request, provider, lawyer, expected)
        accounts.may_connect(request.actor, provider)
    except Refusal as refusal:
        refused, status = refusal.text, refusal.status if request.method == "POST" else 200
    context = {"words": WORDS[provider], "lawyer": lawyer, "expected": expected, "refused": refused}
    page = render(request, "firm/account_connect.html", context, status=status)
    return csp_update({"form-action": [*HOSTS[provider], *_stand_in(provider)]})(lambda _: page)(request)


def _stand_in(provider: str) -> list[str]:
    base = settings.GOOGLE_BASE_URL if provider == GOOGLE else settings.MICROSOFT_BASE_URL
    return [base] if base else []


def _leave(
    request: OfficeRequest, provider: str, lawyer: Lawyer, expected: Connection | None
) -> HttpResponse:
    back = _back(request, provider)
    visit = accounts.begin_oauth(actor=request.actor, provider=provider, redirect_uri=back, expected=expected)
    request.session[DOOR] = {
        "state": visit.state,
        "verifier": visit.verifier,
        "provider": provider,
        "back": back,
        "firm": request.actor.firm.pk,
        "user": request.actor.user.pk,
        "lawyer": lawyer.pk,
        "expected": expected.account_id if expected is not None else "",
        "until": (timezone.now() + VISIT).timestamp(),
    }
    return redirect(visit.address)


def _back(request: OfficeRequest, provider: str) -> str:
    """The address people are sent back to. It has to be registered over there, letter by letter."""
    path = reverse("account_callback", args=[provider])
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_safe
@never_cache
@office("see_integrations")
def callback(request: OfficeRequest, provider: str) -> HttpResponse:
    """The answer: believed once, for the visit that began in this session, by this person, for this lawyer."""
    if provider not in accounts.OAUTH:
        raise Http404
    visit = request.session.pop(DOOR, None)
    if not _ours(visit, provider, request):
        messages.error(
            request,
            f"This answer does not belong to a visit to {WORDS[provider].name} that began here, or it came too late. "
            "Nothing was connected. Please begin again.",
        )
        return redirect("integrations")
    lawyer = access_lawyer(request.actor, visit["lawyer"], "choose_calendars")
    now, code = timezone.now(), request.GET.get("code", "")
    if request.GET.get("error") or not code:
        accounts.decline(actor=request.actor, lawyer=lawyer, provider=provider, now=now)
        messages.info(
            request,
            f"Nothing was connected. Access was declined at {WORDS[provider].name}; you can begin again whenever you like.",
        )
        return redirect("integrations")
    try:
        returned = accounts.come_back(
            actor=request.actor,
            lawyer=lawyer,
            provider=provider,
            code=code,
            verifier=visit["verifier"],
            redirect_uri=visit["back"],
            now=now,
            expected=visit["expected"],
        )
    except Refusal as refusal:
        messages.error(request, refusal.text)
        return redirect("integrations")
    return _welcome(request, returned, lawyer)


def _ours(visit: Any, provider: str, request: OfficeRequest) -> bool:
    if not isinstance(visit, dict) or visit["provider"] != provider:
        return False
    same = secrets.compare_digest(str(visit["state"]).encode(), request.GET.get("state", "").encode())
    return (
        same
        and visit["firm"] == request.actor.firm.pk
        and visit["user"] == request.actor.user.pk
        and timezone.now().timestamp() < visit["until"]
    )


def _by_password(
    request: OfficeRequest, lawyer: Lawyer, provider: str, known: Connection | None
) -> HttpResponse:
    typed = request.POST if request.method == "POST" else None
    kind, what, which = BY_PASSWORD[provider]
    form = kind(typed, initial=_typed_before(known))
    status, refused = (422 if form.is_bound else 200), ""
    try:
        accounts.may_connect(request.actor, provider)
    except Refusal as refusal:
        refused, status = refusal.text, refusal.status if form.is_bound else 200
    if not refused and form.is_valid():
        try:
            returned = accounts.connect_by_password(
                actor=request.actor,
                lawyer=lawyer,
                provider=provider,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return _welcome(request, returned, lawyer)
    context = {
        "form": form,
        "lawyer": lawyer,
        "known": known,
        "refused": refused,
        "what": what,
        "which": which,
    }
    return render(request, "firm/account_caldav.html", context, status=status)


def _typed_before(known: Connection | None) -> dict[str, str]:
    login = getattr(known, "login", None)
    return {"address": login.address, "username": login.username} if login is not None else {}


def _welcome(request: OfficeRequest, returned: accounts.Returned, lawyer: Lawyer) -> HttpResponse:
    messages.success(request, f"Successfully connected to {provider_of(returned.connection)}")
    return redirect(f"{reverse('manage_calendars')}?{urlencode({'lawyer': lawyer.pk})}")


def provider_of(connection: Connection) -> str:
    """The provider as people know it: of CalDAV servers, the one it is."""
    if connection.provider == CALDAV:
        name = connection.user_name
        return f"{name[:1].lower()}{name[1:]}" if name.startswith("The ") else name
    return connection.get_provider_display()


@require_http_methods(["GET", "HEAD", "POST"])
@office("see_integrations")
def disconnect(request: OfficeRequest, connection_id: int) -> HttpResponse:
    """Asks once, on a page that says what will happen."""
    connection = accounts.access_account(request.actor, connection_id)
    lawyer, name = connection.lawyer, provider_of(connection)
    assert lawyer is not None
    if request.method == "POST":
        accounts.disconnect(actor=request.actor, connection=connection, now=timezone.now())
        messages.success(request, f"Disconnected from {name}. Appointments already written there stay.")
        return redirect("integrations")
    primary = primary_calendar(lawyer.pk)
    context = {
        "connection": connection,
        "provider": name,
        "lawyer": lawyer,
        "primary": primary if primary is not None and primary.connection_id == connection.pk else None,
        "revokes": connection.provider == GOOGLE,
        "password": connection.provider in accounts.BY_PASSWORD,
    }
    return render(request, "firm/account_disconnect.html", context)
