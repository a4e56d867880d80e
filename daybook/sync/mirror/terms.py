"""How a firm wants its contacts kept alike: filters, rules, and whether it may be done now."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from daybook.core.cards import Card
from daybook.core.reconcile import Rule, policy
from daybook.firms.outbox import record
from daybook.firms.permissions import Actor
from daybook.sync.mirror.records import Theirs
from daybook.sync.models import Connection, ContactSync, Cursor

#: The cursors of contact sync: what has changed, and which ids there are.
CHANGES = "contacts"
IDS = "contact_ids"


def begin(connection: Connection) -> ContactSync:
    """The terms of a connection, made when it is connected; those of an earlier time still hold."""
    terms, _ = ContactSync.objects.get_or_create(connection=connection)
    Cursor.objects.get_or_create(connection=connection, kind=CHANGES)
    return terms


def of_active(connection_id: int) -> ContactSync | None:
    """The terms of a connection that works, with connection and firm."""
    return (
        ContactSync.objects.filter(connection=connection_id, connection__state=Connection.State.ACTIVE)
        .select_related("connection__firm")
        .first()
    )


def of_connection(connection: Connection) -> ContactSync:
    """Raises DoesNotExist for a connection that was never begun."""
    return ContactSync.objects.select_related("connection__firm").get(connection=connection)


def hold(connection: Connection) -> Cursor:
    """Wait for one's turn to say which contact is which, until the transaction ends."""
    return Cursor.objects.select_for_update().get(connection=connection, kind=CHANGES)


def wants(terms: ContactSync, record: Theirs) -> bool:
    """Whether a contact of Clio's that is not linked is one the firm wants in Daybook."""
    return (record.is_client or not terms.clients_only) and (
        record.card.kind == "person" or not terms.people_only
    )


def gives(terms: ContactSync, card: Card) -> bool:
    """
    Whether a contact of ours that is not linked shall be added to Clio by a cycle. What a booking needs is sent all
    the same. Nobody is a client in Clio who is not in Clio, so a firm that wants clients only gives by booking only.
    """
    return not terms.clients_only and (card.kind == "person" or not terms.people_only)


def rules(terms: ContactSync) -> dict[str, Rule]:
    return policy(terms.policy)


def choose(
    *,
    actor: Actor,
    terms: ContactSync,
    clients_only: bool,
    people_only: bool,
    rules: dict[str, str],
    now: datetime,
) -> None:
    """
    Save filters and rules. Filters say who comes in from then on; who is linked already stays so. Raises ValueError
    for a rule there is not.
    """
    policy(rules)
    with transaction.atomic():
        ContactSync.objects.filter(pk=terms.pk).update(
            clients_only=clients_only, people_only=people_only, policy=rules
        )
        record(
            "contact_sync_set",
            firm=actor.firm,
            now=now,
            subject=terms.connection_id,
            actor=actor.user,
            clients_only=clients_only,
            people_only=people_only,
            rules=rules,
        )


def stop(*, terms: ContactSync, now: datetime, because: str, actor: Actor | None = None) -> None:
    """Let nothing more happen between the two books until somebody resumes. Bookings still reach Clio."""
    Phase = ContactSync.Phase
    with transaction.atomic():
        locked = ContactSync.objects.select_for_update().get(pk=terms.pk)
        if locked.phase == Phase.STOPPED:
            return
        locked.stopped_from, locked.phase, locked.stopped_because = locked.phase, Phase.STOPPED, because[:300]
        locked.save(update_fields=["stopped_from", "phase", "stopped_because"])
        record(
            "contact_sync_stopped",
            firm=terms.connection.firm_id,
            now=now,
            subject=terms.connection_id,
            actor=actor.user if actor else None,
        )


def resume(*, actor: Actor, terms: ContactSync, now: datetime) -> None:
    """Go on where it was stopped."""
    with transaction.atomic():
        locked = ContactSync.objects.select_for_update().get(pk=terms.pk)
        if locked.phase != ContactSync.Phase.STOPPED:
            return
        locked.phase, locked.stopped_from, locked.stopped_because = locked.stopped_from, "", ""
        locked.save(update_fields=["stopped_from", "phase", "stopped_because"])
        record(
            "contact_sync_resumed", firm=actor.firm, now=now, subject=terms.connection_id, actor=actor.user
        )
