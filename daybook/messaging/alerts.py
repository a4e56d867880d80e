"""Mail to lawyers and administrators when something of theirs stopped working: once a trouble, to whoever can act."""

from __future__ import annotations

from datetime import datetime, timedelta

from daybook.messaging.models import Message
from daybook.messaging.operations import deliver, plan_team
from daybook.messaging.queries import (
    administrators,
    broken_account,
    broken_connection,
    event,
    find_calendar,
    lawyer_of,
    lawyers_closed_by,
    overlap_is_open,
)
from daybook.messaging.team_letters import (
    by_connection,
    calendar_occasion,
    connection_occasion,
    overlap_occasion,
)

Kind = Message.Kind

#: A trouble that may pass is given this long before anybody is written to.
PATIENCE = timedelta(minutes=15)
#: A calendar that fails again and again is written about no more often than this.
QUIET = timedelta(hours=6)


def calendar_alert(*, calendar_id: int, now: datetime) -> None:
    """
    Tell the lawyers whose time a calendar takes, and the administrators, that it cannot be read.

    What may pass by itself is told after PATIENCE, if it lasts (the minute tick sends it). When the whole connection
    broke, administrators have the `connection_alert`, and each lawyer hears once, however many calendars they have.
    Not inside a transaction.
    """
    calendar = find_calendar(calendar_id)
    if calendar is None or calendar.trouble_since is None:
        return
    lawyers = lawyers_closed_by(calendar.pk)
    if not lawyers or broken_account(calendar.connection_id) is not None:
        return  # of a whole account the `account_alert` tells
    to = {lawyer.email.lower() for lawyer in lawyers}
    bosses = {user.email.lower() for user in administrators(calendar.firm_id)}
    due_at = now if calendar.trouble_final else now + PATIENCE
    occasion = calendar_occasion(calendar)
    broken = broken_connection(calendar.firm_id)
    if broken is not None and by_connection(calendar.firm_id, calendar.connection_id):
        to, due_at, occasion = to - bosses, now, connection_occasion(broken)
    else:
        to |= bosses
        last = (
            Message.objects.filter(
                firm=calendar.firm_id, kind=Kind.CALENDAR_ALERT, about=calendar.pk, state=Message.State.SENT
            )
            .order_by("-sent_at")
            .values_list("sent_at", flat=True)
            .first()
        )
        due_at = max(due_at, last + QUIET) if last else due_at
    planned = plan_team(
        firm_id=calendar.firm_id,
        kind=Kind.CALENDAR_ALERT,
        about=calendar.pk,
        occasion=occasion,
        to=to,
        due_at=due_at,
    )
    for message_id in planned:
        deliver(message_id=message_id, now=now)


def connection_alert(*, firm_id: int, now: datetime) -> None:
    """
    Tell the administrators that the firm's connection broke, once for each time it did.

    A connection that was renewed or ended meanwhile is not written about. Not inside a transaction.
    """
    broken = broken_connection(firm_id)
    if broken is None:
        return
    planned = plan_team(
        firm_id=firm_id,
        kind=Kind.CONNECTION_ALERT,
        about=broken.pk,
        occasion=connection_occasion(broken),
        to=[user.email for user in administrators(firm_id)],
        due_at=now,
    )
    for message_id in planned:
        deliver(message_id=message_id, now=now)


def account_alert(*, connection_id: int, now: datetime) -> None:
    """
    Tell a lawyer, and the administrators, that the lawyer's own calendar account has to be connected again, once for each
    time it broke. Not inside a transaction.
    """
    broken = broken_account(connection_id)
    lawyer = lawyer_of(broken) if broken is not None else None
    if broken is None or lawyer is None:
        return
    planned = plan_team(
        firm_id=broken.firm_id,
        kind=Kind.ACCOUNT_ALERT,
        about=broken.pk,
        occasion=connection_occasion(broken),
        to=[lawyer.email, *(user.email for user in administrators(broken.firm_id))],
        due_at=now,
    )
    for message_id in planned:
        deliver(message_id=message_id, now=now)


def overlap_alert(*, event_id: int, now: datetime) -> None:
    """
    Tell a lawyer, once, that an appointment of theirs turned out to overlap with an entry in one of their calendars,
    unless that was settled meanwhile. Not inside a transaction.
    """
    noticed = event(event_id)
    lawyer = lawyer_of(noticed)
    if lawyer is None or not lawyer.email or not overlap_is_open(noticed):
        return
    planned = plan_team(
        firm_id=noticed.firm_id,
        kind=Kind.OVERLAP_ALERT,
        about=noticed.pk,
        occasion=overlap_occasion(noticed),
        to=[lawyer.email],
        due_at=now,
    )
    for message_id in planned:
        deliver(message_id=message_id, now=now)
