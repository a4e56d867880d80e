"""Which lawyer is which Clio user: by email, corrected by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from daybook.connectors.clio import users
from daybook.connectors.clio.session import Priority
from daybook.connectors.clio.shapes import ClioUser
from daybook.core.errors import Refusal
from daybook.firms.models import Lawyer
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor
from daybook.sync import clio
from daybook.sync.models import Connection, Link


class UserTaken(Refusal):
    """One Clio user is one lawyer."""

    says = "This Clio user is already matched with another lawyer."
    about = "user"


@dataclass(frozen=True, slots=True)
class Matched:
    """A lawyer, and the Clio user they are, if anybody."""

    lawyer: Lawyer
    user_id: str
    user_name: str
    by_hand: bool


def match(*, connection: Connection, now: datetime) -> list[ClioUser]:
    """
    Match lawyers without a Clio user to the enabled user with the same email. What a person chose stays as it is.
    Returns Clio's users. Raises RemoteTrouble.
    """
    found = users.all_users(clio.session(connection))
    by_email = {user.email.lower(): user for user in found if user.enabled and user.email}
    with transaction.atomic():
        linked = Link.objects.filter(connection=connection, kind=Link.Kind.LAWYER)
        ours = set(linked.values_list("ours", flat=True))
        theirs = set(linked.values_list("theirs", flat=True))
        for lawyer in Lawyer.objects.filter(firm=connection.firm_id, active=True):
            user = by_email.get(lawyer.email.lower())
            if user is None or lawyer.pk in ours or user.id in theirs:
                continue
            Link.objects.create(
                connection=connection,
                kind=Link.Kind.LAWYER,
                ours=lawyer.pk,
                theirs=user.id,
                agreed=_facts(user),
                agreed_at=now,
            )
        for link in linked:
            user = next((one for one in found if one.id == link.theirs), None)
            if user is not None and link.agreed != _facts(user):
                link.agreed, link.agreed_at = _facts(user), now
                link.save(update_fields=["agreed", "agreed_at"])
    return list(found)


def _facts(user: ClioUser) -> dict[str, object]:
    return {
        "name": user.name,
        "email": user.email,
        "time_zone": user.time_zone or "",
        "calendar": user.default_calendar_id or "",
        "rate_cents": user.rate,
    }


def choices(connection: Connection) -> list[ClioUser]:
    """Clio's users who can be a lawyer. Raises RemoteTrouble."""
    with clio.noticing(connection):
        found = users.all_users(clio.session(connection, Priority.LIVE))
    return [user for user in found if user.enabled]


def matched(connection: Connection) -> list[Matched]:
    """Every lawyer of the firm, with their Clio user."""
    links = {link.ours: link for link in Link.objects.filter(connection=connection, kind=Link.Kind.LAWYER)}
    return [
        Matched(
            lawyer,
            links[lawyer.pk].theirs if lawyer.pk in links else "",
            str(links[lawyer.pk].agreed.get("name", "")) if lawyer.pk in links else "",
            lawyer.pk in links and links[lawyer.pk].by_hand,
        )
        for lawyer in Lawyer.objects.filter(firm=connection.firm_id, active=True)
    ]


def choose(
    *, actor: Actor, connection: Connection, lawyer: Lawyer, user: ClioUser | None, now: datetime
) -> None:
    """Say by hand who a lawyer is in Clio; None says nobody. Raises UserTaken."""
    with transaction.atomic():
        links = Link.objects.filter(connection=connection, kind=Link.Kind.LAWYER)
        if user is not None and links.filter(theirs=user.id).exclude(ours=lawyer.pk).exists():
            raise UserTaken
        links.filter(ours=lawyer.pk).delete()
        if user is not None:
            Link.objects.create(
                connection=connection,
                kind=Link.Kind.LAWYER,
                ours=lawyer.pk,
                theirs=user.id,
                agreed=_facts(user),
                agreed_at=now,
                by_hand=True,
            )
        record("lawyer_matched", firm=actor.firm, now=now, subject=lawyer.pk, actor=actor.user)


def link_of(connection: Connection, lawyer_id: int) -> Link | None:
    return Link.objects.filter(connection=connection, kind=Link.Kind.LAWYER, ours=lawyer_id).first()
