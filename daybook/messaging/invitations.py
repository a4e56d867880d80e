"""The mail that asks somebody to join a firm, and the signed link in it."""

from __future__ import annotations

from datetime import datetime

from daybook.messaging.links import invitation_token, read_invitation_token
from daybook.messaging.models import Message
from daybook.messaging.operations import deliver, plan_team
from daybook.messaging.queries import find_invitation

__all__ = ["invitation_token", "read_invitation_token", "send_invitation"]


def send_invitation(*, invitation_id: int, now: datetime) -> None:
    """
    Send an invitation once; while the mail server is away it stays due, and the minute tick tries again.

    An invitation that was withdrawn, accepted or has ended is not sent. Not inside a transaction.
    """
    invitation = find_invitation(invitation_id)
    if invitation is None:
        return
    planned = plan_team(
        firm_id=invitation.firm_id,
        kind=Message.Kind.INVITATION,
        about=invitation.pk,
        occasion=f"invitation:{invitation.pk}",
        to=[invitation.email],
        due_at=now,
    )
    for message_id in planned:
        deliver(message_id=message_id, now=now)
