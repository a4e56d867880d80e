"""Reads of firms and their people. `access_*` fetches and checks: tenancy lives here."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from django.db.models import QuerySet
from django.http import Http404

from daybook.firms.models import Event, Firm, Invitation, Lawyer, Member, User
from daybook.firms.permissions import Actor, may
from daybook.firms.prepared import Columns, rows

_MEMBER, _FIRM, _LAWYER = Columns(Member, "m"), Columns(Firm, "f"), Columns(Lawyer, "l")


@cache
def _actor_sql() -> str:
    return f"""
        SELECT {_MEMBER.sql}, {_FIRM.sql}, {_LAWYER.sql}
          FROM firms_member m
          JOIN firms_user u ON u.id = m.user_id
          JOIN firms_firm f ON f.id = m.firm_id
          LEFT JOIN firms_lawyer l ON l.member_id = m.id AND l.active
         WHERE m.user_id = %s AND m.active AND u.is_active
    """  # noqa: S608 - our own columns


def actor_of(user: User, acting_for: int | None = None) -> Actor | None:
    """Who this user is in their firm, or None without an active membership. One question, two where somebody acts."""
    found = rows(_actor_sql(), [user.pk])
    if not found:
        return None
    to_firm, to_lawyer = len(_MEMBER), len(_MEMBER) + len(_FIRM)
    member = _MEMBER.instance(found[0][:to_firm])
    member.user, member.firm = user, _FIRM.instance(found[0][to_firm:to_lawyer])
    own = None
    if found[0][to_lawyer] is not None:
        own = _LAWYER.instance(found[0][to_lawyer:])
        own.member, own.firm = member, member.firm
    other = None
    if acting_for and (own is None or own.pk != acting_for) and VERDICT_FOR_OTHERS[member.role]:
        other = Lawyer.objects.filter(pk=acting_for, firm=member.firm, active=True).first()
    return Actor(user=user, member=member, firm=member.firm, own=own, acting_for=other)


#: Who may sit down at another lawyer's desk.
VERDICT_FOR_OTHERS = {Member.Role.ADMINISTRATOR: True, Member.Role.LAWYER: False, Member.Role.STAFF: True}


def desks(actor: Actor) -> list[Lawyer]:
    """The lawyers whose dashboard this person may open, their own first."""
    if not VERDICT_FOR_OTHERS[actor.member.role]:
        return [actor.own] if actor.own else []
    lawyers = list(Lawyer.objects.filter(firm=actor.firm, active=True))
    return sorted(lawyers, key=lambda lawyer: (actor.own is None or lawyer.pk != actor.own.pk, lawyer.name))


def access_lawyer(actor: Actor, lawyer_id: int, action: str) -> Lawyer:
    """Raises Http404 for another firm's lawyer, and for what this person may not do to this one."""
    lawyer = Lawyer.objects.select_related("firm").filter(pk=lawyer_id, firm=actor.firm).first()
    if lawyer is None or not may(actor, action, lawyer):
        raise Http404
    return lawyer


def lawyers(firm: Firm) -> QuerySet[Lawyer]:
    return Lawyer.objects.filter(firm=firm, active=True).select_related("member__user")


def members(firm: Firm) -> QuerySet[Member]:
    return Member.objects.filter(firm=firm).select_related("user", "lawyer").order_by("user__name", "pk")


def open_invitations(firm: Firm) -> QuerySet[Invitation]:
    return Invitation.objects.filter(firm=firm, accepted_at=None, withdrawn_at=None).order_by("created_at")


def access_invitation(actor: Actor, invitation_id: int) -> Invitation:
    """Raises Http404 for another firm's invitation, and for one that is no longer open."""
    found = open_invitations(actor.firm).filter(pk=invitation_id).first()
    if found is None or not may(actor, "manage_team"):
        raise Http404
    return found


def access_member(actor: Actor, member_id: int) -> Member:
    """Raises Http404 for another firm's member."""
    found = members(actor.firm).filter(pk=member_id).first()
    if found is None or not may(actor, "manage_team"):
        raise Http404
    return found


def invitation_to_answer(invitation_id: int, now: datetime) -> Invitation | None:
    """An invitation that can still be accepted."""
    return (
        Invitation.objects.select_related("firm", "invited_by")
        .filter(pk=invitation_id, accepted_at=None, withdrawn_at=None, expires_at__gt=now)
        .first()
    )


def public_firm(slug: str) -> Firm | None:
    return Firm.objects.filter(slug=slug).first()


def public_lawyer(firm_slug: str, lawyer_slug: str) -> Lawyer | None:
    """The lawyer of a public page; None when there is none to be shown."""
    return (
        Lawyer.objects.select_related("firm")
        .filter(firm__slug=firm_slug, slug=lawyer_slug, public=True, active=True)
        .first()
    )


def audit_trail(firm: Firm) -> QuerySet[Event]:
    return Event.objects.filter(firm=firm).select_related("actor", "behalf_of").order_by("-at", "-pk")
