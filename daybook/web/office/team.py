"""Team: who belongs to the firm, who is invited, what each may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daybook.core.errors import Refusal
from daybook.core.people import clean_name
from daybook.firms import operations, queries
from daybook.firms.models import Firm, Invitation, Lawyer, Member
from daybook.web.forms import RefusableForm
from daybook.web.office.choices import zones_with
from daybook.web.office.desks import named_id
from daybook.web.signed_in import OfficeRequest, office

#: What a role means, beside its name.
MEANINGS: dict[str, str] = {
    Member.Role.ADMINISTRATOR: "Administrator – connects Clio, invites people, acts for every lawyer",
    Member.Role.LAWYER: "Lawyer – has appointments, hours and a public page of their own",
    Member.Role.STAFF: "Staff – books and manages appointments for every lawyer",
}


class InviteForm(RefusableForm):
    name = forms.CharField(
        label="Name", max_length=200, error_messages={"required": "Please enter their name."}
    )
    email = forms.EmailField(
        label="Email",
        max_length=254,
        help_text="The invitation goes there. It lasts 14 days.",
        error_messages={"required": "Please enter their email address."},
    )
    role = forms.ChoiceField(
        label="Role",
        choices=list(MEANINGS.items()),
        widget=forms.RadioSelect,
        initial=Member.Role.LAWYER,
        error_messages={"required": "Please choose a role."},
    )
    time_zone = forms.ChoiceField(
        label="Time zone", required=False, help_text="For lawyers: the clock their hours are written by."
    )

    def __init__(self, firm: Firm, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zones_with(firm.time_zone)
        self.fields["time_zone"].initial = firm.time_zone

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"])
        except Refusal as refusal:
            raise forms.ValidationError(refusal.text) from refusal


class MemberForm(RefusableForm):
    role = forms.ChoiceField(label="Role", choices=list(MEANINGS.items()), widget=forms.RadioSelect)
    active = forms.BooleanField(
        label="May sign in",
        required=False,
        help_text="Without this they keep their place, and what they did stays in the audit trail.",
    )


@require_safe
@office("manage_team")
def team(request: OfficeRequest) -> HttpResponse:
    firm, now = request.actor.firm, timezone.now()
    invitations = list(queries.open_invitations(firm))
    invited = {invitation.lawyer_id for invitation in invitations}
    context = {
        "members": queries.members(firm),
        "invitations": [{"row": one, "over": one.expires_at <= now} for one in invitations],
        "waiting": [
            lawyer
            for lawyer in queries.lawyers(firm)
            if lawyer.member_id is None and lawyer.pk not in invited
        ],
    }
    return render(request, "firm/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office("manage_team")
def invite(request: OfficeRequest) -> HttpResponse:
    firm = request.actor.firm
    if request.method != "POST":
        return render(request, "firm/invite.html", {"form": InviteForm(firm, initial=_known(request))})
    form = InviteForm(firm, request.POST)
    status = 422
    if form.is_valid():
        try:
            operations.invite(actor=request.actor, now=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, f"{form.cleaned_data['name']} is invited. The mail is on its way.")
            return redirect("team")
    return render(request, "firm/invite.html", {"form": form}, status=status)


def _known(request: OfficeRequest) -> dict[str, Any]:
    """What is known of a lawyer who has not signed in yet, when the address names one."""
    asked = request.GET.get("lawyer", "")
    if not asked:
        return {}
    lawyer = queries.access_lawyer(request.actor, named_id(asked), "manage_team")
    return {
        "name": lawyer.name,
        "email": lawyer.email,
        "role": Member.Role.LAWYER,
        "time_zone": lawyer.time_zone,
    }


@require_POST
@office("manage_team")
def withdraw(request: OfficeRequest, invitation_id: int) -> HttpResponse:
    invitation = queries.access_invitation(request.actor, invitation_id)
    operations.withdraw_invitation(actor=request.actor, invitation=invitation, now=timezone.now())
    messages.success(request, f"The invitation of {invitation.name} is withdrawn; its link no longer works.")
    return redirect("team")


@require_POST
@office("manage_team")
def resend(request: OfficeRequest, invitation_id: int) -> HttpResponse:
    """A new invitation in the old one's place: the earlier link ends."""
    invitation = queries.access_invitation(request.actor, invitation_id)
    _renew(request, invitation)
    messages.success(request, f"A new invitation is on its way to {invitation.email}.")
    return redirect("team")


def _renew(request: OfficeRequest, invitation: Invitation) -> None:
    now = timezone.now()
    zone = Lawyer.objects.filter(pk=invitation.lawyer_id).values_list("time_zone", flat=True).first()
    with transaction.atomic():
        operations.withdraw_invitation(actor=request.actor, invitation=invitation, now=now)
        operations.invite(
            actor=request.actor,
            name=invitation.name,
            email=invitation.email,
            role=invitation.role,
            time_zone=zone or "",
            now=now,
        )


@require_http_methods(["GET", "HEAD", "POST"])
@office("manage_team")
def member(request: OfficeRequest, member_id: int) -> HttpResponse:
    found = queries.access_member(request.actor, member_id)
    if request.method != "POST":
        form = MemberForm(initial={"role": found.role, "active": found.active})
        return _member_page(request, found, form)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _member_page(request, found, form, status=422)
    try:
        operations.change_role(actor=request.actor, member=found, now=timezone.now(), **form.cleaned_data)
    except Refusal as refusal:
        form.refuse(refusal)
        return _member_page(request, found, form, status=refusal.status)
    messages.success(request, f"{found.user} is {found.get_role_display().lower()}{_out(found)}.")
    return redirect("team" if found.pk != request.actor.member.pk else "dashboard")


def _out(found: Member) -> str:
    return "" if found.active else ", and may no longer sign in"


def _member_page(request: OfficeRequest, found: Member, form: MemberForm, status: int = 200) -> HttpResponse:
    lawyer = Lawyer.objects.filter(member=found).first()
    context = {"member": found, "form": form, "lawyer": lawyer}
    return render(request, "firm/member.html", context, status=status)


@require_POST
@office("manage_team")
def sees_clients(request: OfficeRequest, member_id: int) -> HttpResponse:
    """Make a member bookable without changing what they may do."""
    found = queries.access_member(request.actor, member_id)
    try:
        operations.add_lawyer(
            firm=request.actor.firm,
            name=found.user.name or found.user.email,
            email=found.user.email,
            time_zone=request.actor.firm.time_zone,
            now=timezone.now(),
            member=found,
            actor=request.actor.user,
        )
    except Refusal as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(
            request, f"{found.user} can have appointments now. Set hours and appointment types next."
        )
    return redirect("team")
