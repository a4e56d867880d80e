"""Join: what an invitation's link leads to."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from daybook.core.errors import Refusal
from daybook.core.people import clean_name
from daybook.firms.models import Invitation, User
from daybook.firms.operations import InvitationOver, accept_invitation
from daybook.firms.queries import invitation_to_answer
from daybook.messaging.invitations import read_invitation_token
from daybook.web.accounts.forms import HOW_TO_CHOOSE
from daybook.web.forms import RefusableForm

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class JoinForm(RefusableForm):
    name = forms.CharField(
        label="Your name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Please enter your name."},
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=128,
        help_text=HOW_TO_CHOOSE,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Please choose a password."},
    )

    def __init__(self, invitation: Invitation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"])
        except Refusal as refusal:
            raise forms.ValidationError(refusal.text) from refusal

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        validate_password(password, User(email=self.invitation.email, name=self.data.get("name", "")))
        return password


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Name and password, and the invited person is in. The signed link has proved the address."""
    now = timezone.now()
    try:
        invitation = invitation_to_answer(read_invitation_token(token, now), now)
    except InvitationOver:
        invitation = None
    if invitation is None:
        return over(request, InvitationOver().text)
    form = JoinForm(
        invitation,
        request.POST if request.method == "POST" else None,
        initial={"name": invitation.name},
    )
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            user = accept_invitation(
                invitation_id=invitation.pk,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                now=now,
            )
        except InvitationOver as refusal:
            return over(request, refusal.text)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            EmailAddress.objects.get_or_create(user=user, email=user.email, verified=True, primary=True)
            login(request, user, backend=BACKEND)
            messages.success(request, f"Welcome to {invitation.firm.name}.")
            return redirect("dashboard")
    return render(request, "firm/join.html", {"form": form, "invitation": invitation}, status=status)


def over(request: HttpRequest, text: str) -> HttpResponse:
    """A link that opens nothing, said kindly: it may have been used a moment ago by the same person."""
    return render(request, "firm/join_over.html", {"text": text}, status=410)
