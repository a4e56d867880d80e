"""What people do to a firm: sign it up, invite, join, change roles, edit, act for one another."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from daybook.core import hours
from daybook.core.errors import Refusal
from daybook.core.people import clean_text, normalise_email
from daybook.firms.models import Firm, Invitation, Lawyer, Member, User
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor

INVITATION_LASTS = timedelta(days=14)


class AlreadyHere(Refusal):
    says = "Somebody with this email address is already here."
    about = "email"


class LastAdministrator(Refusal):
    says = "A firm needs at least one administrator. Make somebody else one first."
    about = "role"


class InvitationOver(Refusal):
    says = "This invitation has ended or was withdrawn. Ask your firm's administrator for a new one."


def _free_slug(text: str, taken: set[str], fallback: str) -> str:
    base = slugify(text)[:50] or fallback
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def sign_up(
    *,
    firm_name: str,
    user: User,
    name: str,
    is_lawyer: bool,
    time_zone: str,
    now: datetime,
    country: str = "US",
) -> Firm:
    """Open a firm on trial; `user` is its first administrator, and a lawyer when they say so."""
    hours.zone(time_zone)
    firm_name, name = clean_text(firm_name, 200), clean_text(name, 200)
    with transaction.atomic():
        user.name = name
        user.save(update_fields=["name"])
        base = slugify(firm_name)[:50]
        taken = set(Firm.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        firm = Firm.objects.create(
            name=firm_name,
            slug=_free_slug(firm_name, taken, "firm"),
            time_zone=time_zone,
            country=country,
        )
        member = Member.objects.create(firm=firm, user=user, role=Member.Role.ADMINISTRATOR)
        record("firm_signed_up", firm=firm, now=now, subject=firm.pk, actor=user)
        if is_lawyer:
            add_lawyer(firm=firm, name=name, email=user.email, time_zone=time_zone, now=now, member=member)
    return firm


def add_lawyer(
    *,
    firm: Firm,
    name: str,
    email: str,
    time_zone: str,
    now: datetime,
    member: Member | None = None,
    actor: User | None = None,
    title: str = "",
) -> Lawyer:
    hours.zone(time_zone)
    email = normalise_email(email)
    with transaction.atomic():
        if Lawyer.objects.filter(firm=firm, email__iexact=email).exists():
            raise AlreadyHere()
        taken = set(Lawyer.objects.filter(firm=firm).values_list("slug", flat=True))
        lawyer = Lawyer.objects.create(
            firm=firm,
            member=member,
            name=clean_text(name, 200),
            email=email,
            time_zone=time_zone,
            title=clean_text(title, 100),
            slug=_free_slug(name, taken, "lawyer"),
        )
        record("lawyer_added", firm=firm, now=now, subject=lawyer.pk, actor=actor)
    return lawyer


def invite(
    *, actor: Actor, name: str, email: str, role: str, now: datetime, time_zone: str = ""
) -> Invitation:
    """
    Invite one address into the firm; a lawyer gets their Lawyer row at once, so calendars and types can be
    prepared on their behalf. The mail follows from the event. Raises AlreadyHere.
    """
    email, name = normalise_email(email), clean_text(name, 200)
    with transaction.atomic():
        if User.objects.filter(email__iexact=email, member__isnull=False).exists():
            raise AlreadyHere()
        lawyer = None
        if role == Member.Role.LAWYER:
            lawyer = Lawyer.objects.filter(firm=actor.firm, email__iexact=email, member=None).first()
            lawyer = lawyer or add_lawyer(
                firm=actor.firm,
                name=name,
                email=email,
                time_zone=time_zone or actor.firm.time_zone,
                now=now,
                actor=actor.user,
            )
        try:
            with transaction.atomic():
                invitation = Invitation.objects.create(
                    firm=actor.firm,
                    email=email,
                    name=name,
                    role=role,
                    lawyer=lawyer,
                    invited_by=actor.user,
                    expires_at=now + INVITATION_LASTS,
                )
        except IntegrityError as error:
            raise AlreadyHere("An invitation to this address is already open.") from error
        record("member_invited", firm=actor.firm, now=now, subject=invitation.pk, actor=actor.user)
    return invitation


def withdraw_invitation(*, actor: Actor, invitation: Invitation, now: datetime) -> None:
    with transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk, firm=actor.firm, accepted_at=None).update(
            withdrawn_at=now
        )
        record("invitation_withdrawn", firm=actor.firm, now=now, subject=invitation.pk, actor=actor.user)


def accept_invitation(*, invitation_id: int, name: str, password: str, now: datetime) -> User:
    """Make the invited person a member. The signed link proves the address. Raises InvitationOver, AlreadyHere."""
    with transaction.atomic():
        invitation = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("firm")
            .filter(pk=invitation_id)
            .first()
        )
        if (
            invitation is None
            or invitation.accepted_at
            or invitation.withdrawn_at
            or invitation.expires_at < now
        ):
            raise InvitationOver()
        if User.objects.filter(email__iexact=invitation.email).exists():
            raise AlreadyHere()
        user = User.objects.create_user(invitation.email, password, name=clean_text(name, 200))
        member = Member.objects.create(firm=invitation.firm, user=user, role=invitation.role)
        if invitation.lawyer_id:
            Lawyer.objects.filter(pk=invitation.lawyer_id, member=None).update(member=member)
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        record("member_joined", firm=invitation.firm, now=now, subject=member.pk, actor=user)
    return user


def change_role(*, actor: Actor, member: Member, role: str, active: bool, now: datetime) -> None:
    """Raises LastAdministrator when nobody would be left to run the firm."""
    with transaction.atomic():
        others = (
            Member.objects.select_for_update()
            .filter(firm=actor.firm, role=Member.Role.ADMINISTRATOR, active=True)
            .exclude(pk=member.pk)
        )
        if (role != Member.Role.ADMINISTRATOR or not active) and not others:
            raise LastAdministrator()
        member.role, member.active = role, active
        member.save(update_fields=["role", "active"])
        # Whoever has left, or sees no clients any more, cannot be booked. What was booked stays.
        Lawyer.objects.filter(member=member).update(active=active and role != Member.Role.STAFF)
        if role == Member.Role.LAWYER and not Lawyer.objects.filter(member=member).exists():
            user = member.user
            add_lawyer(
                firm=actor.firm,
                name=user.name or user.email,
                email=user.email,
                member=member,
                now=now,
                time_zone=actor.firm.time_zone,
                actor=actor.user,
            )
        record(
            "role_changed",
            firm=actor.firm,
            now=now,
            subject=member.pk,
            actor=actor.user,
            role=role,
            active=active,
        )


def act_for(*, actor: Actor, lawyer: Lawyer, now: datetime) -> None:
    """Leave a trace that somebody sat down at a lawyer's desk."""
    with transaction.atomic():
        record("acted_for", firm=actor.firm, now=now, subject=lawyer.pk, actor=actor.user, behalf_of=lawyer)


def save_firm(*, actor: Actor, firm: Firm, now: datetime) -> None:
    """Store a firm whose fields a checked form has set."""
    hours.zone(firm.time_zone)
    with transaction.atomic():
        firm.save()
        record("firm_saved", firm=firm, now=now, subject=firm.pk, actor=actor.user)


def save_profile(*, actor: Actor, lawyer: Lawyer, now: datetime) -> None:
    """Store a lawyer's public profile whose fields a checked form has set."""
    hours.zone(lawyer.time_zone)
    with transaction.atomic():
        lawyer.save()
        record(
            "profile_saved",
            firm=actor.firm,
            now=now,
            subject=lawyer.pk,
            actor=actor.user,
            behalf_of=lawyer if lawyer != actor.own else None,
        )


def switch_page(*, actor: Actor, lawyer: Lawyer, on: bool, now: datetime) -> None:
    """Show a lawyer's public page, or make it as if there were none. Appointments and their links stay as they are."""
    with transaction.atomic():
        if not Lawyer.objects.filter(pk=lawyer.pk, public=not on).update(public=on):
            return
        record(
            "page_switched",
            firm=actor.firm,
            now=now,
            subject=lawyer.pk,
            actor=actor.user,
            behalf_of=lawyer if lawyer != actor.own else None,
            on=on,
        )


def set_subscription(*, firm: Firm, state: str, now: datetime) -> None:
    """The operator's switch."""
    with transaction.atomic():
        firm.subscription = state
        firm.save(update_fields=["subscription"])
        record("subscription_set", firm=firm, now=now, subject=firm.pk, state=state)
